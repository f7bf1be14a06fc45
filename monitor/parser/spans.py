"""Dates of any precision as spans of time: whether two can mean one day, which is the finer, when one is over."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from monitor.models import When

_WHEN = re.compile(r"(\d{4})(?:-(?:(\d\d)(?:-(\d\d)(?:T.*)?)?|Q([1-4])|H([12])|(early|mid|late)))?")
_PARTS = {"early": (1, 4), "mid": (5, 4), "late": (9, 4)}
"""First month, and for how many."""

Span = tuple[datetime, datetime]
"""The first moment, and the first that is no longer in it."""


def span(when: When | None) -> Span | None:
    """The time that a date names; None for what is no date."""
    match = _WHEN.fullmatch(when or "")
    if match is None:
        return None
    year, month, day, quarter, half, part = match.groups()
    try:
        if day:
            start = datetime(int(year), int(month), int(day), tzinfo=UTC)
            return start, start + timedelta(days=1)
        first, length = _months(month, quarter, half, part)
        return datetime(int(year), first, 1, tzinfo=UTC), _after(int(year), first + length)
    except (ValueError, OverflowError):
        return None


def _months(month: str | None, quarter: str | None, half: str | None, part: str | None) -> tuple[int, int]:
    if month:
        return int(month), 1
    if quarter:
        return int(quarter) * 3 - 2, 3
    if half:
        return int(half) * 6 - 5, 6
    return _PARTS[part] if part else (1, 12)


def _after(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def overlap(one: When, other: When) -> bool:
    """Whether both can mean one moment; so they do when one of them is no date."""
    first, second = span(one), span(other)
    if first is None or second is None:
        return True
    return first[0] < second[1] and second[0] < first[1]


def length(when: When) -> timedelta:
    """How long the span is: the shorter, the finer."""
    found = span(when)
    return found[1] - found[0] if found else timedelta.max
