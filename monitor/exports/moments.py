"""Moments as people write them: a day, a minute, or how long ago."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo

from monitor.settings import LONGEST, UNITS

_UNITS = UNITS | {"w": 7 * UNITS["d"]}

Moment = date | datetime | timedelta


def parse(text: str) -> Moment:
    """A day (`2026-01-31`), a minute (`2026-01-31T09:00`) or a time ago (`7d`). Raises ValueError, which says so."""
    text = text.strip()
    try:
        if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text):
            return _span(float(match[1]) * _UNITS[match[2]])
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", text):
            return _in_any_zone(datetime.fromisoformat(text))
    except ValueError:  # the 30th of February; so far away that there may be no such moment
        pass
    years = LONGEST.days // 365
    raise ValueError(
        f'"{text}" is no date; write it like 2026-01-31, or as a time ago of at most {years} years: 7d, 12h, 2w.'
    )


def _span(seconds: float) -> timedelta:
    if seconds > LONGEST.total_seconds():
        raise ValueError("too long")
    return timedelta(seconds=seconds)


def _in_any_zone(moment: datetime) -> datetime:
    """The moment. Raises ValueError in the first and the last year: in some zones their ends lie outside of time."""
    if moment.year in (MINYEAR, MAXYEAR):
        raise ValueError("at an end of time")
    return moment


def resolve(moment: Moment | None, now: datetime, zone: tzinfo, *, end: bool) -> datetime | None:
    """The UTC moment that was meant. A day is its first moment or, with `end`, the first of the next day."""
    match moment:
        case None:
            return None
        case timedelta():
            return now - moment
        case datetime():
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        case _:
            try:
                day = moment + timedelta(days=1) if end else moment
                return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
            except OverflowError:
                return datetime.max.replace(tzinfo=UTC) if end else datetime.min.replace(tzinfo=UTC)
