"""Work without what nobody here needs: what libraries would load besides, and searches for garbage that find none."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager

SELDOM = 20_000
"""After so many new objects garbage is looked for, and not after 700: a text is some ten thousand, and none of them is
garbage before all are. Such searches took a fourteenth of the reading."""


def seldom() -> None:
    """Looks for garbage more seldom in this process, and in those forked from it."""
    gc.set_threshold(SELDOM)


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


@contextmanager
def uncollected() -> Generator[None, None, None]:
    """No search for garbage in the block, and none later among what was made in it: it stays. Of imports, and of a
    config of 100,000 sources, such searches take an eighth to a third of the time and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # else the first search would come at once, and go through all of it
        if was:
            gc.enable()
