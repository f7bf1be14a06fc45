"""Where the files that ship with the program are: the catalogue, the languages, the migrations, the queries.

In a wheel they lie inside the package (`monitor/_data`), in a checkout beside it. The user's own config and database
never live here.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def shipped(*parts: str) -> Traversable:
    """The shipped file or folder, e.g. `shipped("config", "brands.toml")`. Raises FileNotFoundError if missing."""
    packaged = resources.files("monitor") / "_data"
    root: Traversable = packaged if packaged.is_dir() else Path(__file__).parent.parent
    found = root.joinpath(*parts)
    if not (found.is_file() or found.is_dir()):
        raise FileNotFoundError(f"{'/'.join(parts)} is missing from this installation of brand-monitor")
    return found
