"""Libraries without what they would load besides and nobody here uses: a third of what the program takes to start."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Generator[None, None, None]:
    """Imports in the block go as where these modules are not installed. One that is loaded already stays loaded."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: what the import system calls "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
