"""What a file of another program holds: addresses to watch, and what could not be carried over. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.models import SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that somebody watches."""

    url: str
    title: str | None = None
    kind: SourceKind = SourceKind.PAGE
    every: str | None = None
    """As the config writes it; None: not stated."""
    enabled: bool = True
    lost: tuple[str, ...] = ()
    """What was set for it and has no counterpart here, by its name there; values may be secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a file holds. `left_out` are lines for people: what is no address at all, and why."""

    program: str
    candidates: tuple[Candidate, ...]
    left_out: tuple[str, ...] = ()
    broken: str | None = None
    """Where the file itself is broken, so that there may have been more in it; None: all of it was read."""


def text_or_none(value: object) -> str | None:
    """A text that says something, on one line."""
    text = " ".join(str(value).split()) if isinstance(value, str | int | float) and value is not True else ""
    return text or None


def shown(url: str) -> str:
    """An address for people, without a user and password and what may be a key."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{host}{parts.path}" if host else url.partition("?")[0][:100]


def same(url: str) -> str:
    """Addresses that mean the same page, alike: without scheme, default port, fragment, last slash."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').casefold()}{port}{parts.path.rstrip('/')}{query}"


def named(names: Iterable[str]) -> tuple[str, ...]:
    """Names for people, each once, in order."""
    return tuple(sorted({str(name)[:60] for name in names}))
