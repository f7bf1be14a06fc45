"""Which brand-monitor this is, to the letter: two that are the same read the same page alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.resources.abc import Traversable
from pathlib import Path

from monitor.resources import shipped

PRIVATE = {"monitor.toml"}
"""What users of a checkout write into."""


@cache
def release() -> str:
    """The version and a hash of the code and of what ships with it: `0.1.0+5f2c9d1e`. Takes some 20 ms, once."""
    digest = hashlib.sha256()
    for name, content in sorted((*_files(_code()), *_files(shipped("config")), *_files(shipped("db")))):
        digest.update(f"{name}\x00{len(content)}\x00".encode())
        digest.update(content)
    return f"{metadata.version('brand-monitor')}+{digest.hexdigest()[:8]}"


def _code() -> Traversable:
    return Path(__file__).parent


def _files(folder: Traversable, place: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{place}/{entry.name}"
        if entry.is_dir():
            if not entry.name.startswith(("_", ".")):
                yield from _files(entry, name)
        elif entry.name.endswith((".py", ".toml", ".json", ".txt", ".sql", ".npz")) and entry.name not in PRIVATE:
            yield name, entry.read_bytes()
