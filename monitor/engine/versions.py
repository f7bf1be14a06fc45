"""What has to be the same on every machine of a cluster."""

from __future__ import annotations

import sys
from importlib import metadata

from monitor.release import release

Versions = dict[str, str]


def versions() -> Versions:
    """Of this process: what runs is what was loaded, whatever has been installed since."""
    return dict(_VERSIONS)


_VERSIONS = {
    "brand-monitor": release(),
    "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
    "distributed": metadata.version("distributed"),
}


def difference(theirs: Versions, ours: Versions) -> str | None:
    """In words what differs: `brand-monitor 0.1.0+1b2c there, 0.1.0+5f2c here`; None when nothing does."""
    told = [
        f"{name} {theirs.get(name, '?')} there, {mine} here" for name, mine in ours.items() if theirs.get(name) != mine
    ]
    return "; ".join(told) or None
