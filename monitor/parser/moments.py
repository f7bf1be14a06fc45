"""What the parts of a written date mean together: a `When`, read against the day of publication.

Parts come from `dates`, in any order and any language: a year, a month, "late", "third quarter", "yesterday". This
module knows no words; it only reckons. What cannot be known (no publication date, a winter) is None, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from monitor.models import When

Direction = Literal["near", "ahead", "behind"]
Parts = Mapping[str, int | str]

SEASONS = {"spring": 2, "summer": 3, "autumn": 4}
SPANS = {
    "Q1": ("01-01", "03-31"), "Q2": ("04-01", "06-30"), "Q3": ("07-01", "09-30"), "Q4": ("10-01", "12-31"),
    "H1": ("01-01", "06-30"), "H2": ("07-01", "12-31"),
    "early": ("01-01", "04-30"), "mid": ("05-01", "08-31"), "late": ("09-01", "12-31"),
}  # fmt: skip
PUBLISHED = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The day, month or year that relative words count from."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def date(self) -> date | None:
        return date(self.year, self.month, self.day) if self.month and self.day else None


def anchor(published: When | None) -> Anchor | None:
    """What is known of the publication date; a quarter or half counts as its year. None for what is no date."""
    match = PUBLISHED.match(published or "")
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    return Anchor(year or 0, month, day)


def resolve(parts: Parts, base: Anchor | None, direction: Direction = "near") -> When | None:
    """The date that the parts name. `direction` decides what an unqualified "in March" or "on Friday" means."""
    if "none" in parts:
        return None
    for reader in (_of_days, _of_months, _of_weeks, _of_spans, _of_years):
        found, when = reader(parts, base, direction)
        if found:
            return when
    return None


def span(when: When) -> tuple[str, str]:
    """The first and the last day of a date, as comparable text."""
    year, part = when[:4], when[5:]
    if part in SPANS:
        first, last = SPANS[part]
    elif len(part) == 2:
        first, last = f"{part}-01", f"{part}-31"
    elif part:
        first = last = part[:5]
    else:
        first, last = "01-01", "12-31"
    return f"{year}-{first}", f"{year}-{last}"


Answer = tuple[bool, When | None]
NOT_MINE: Answer = (False, None)


def _of_days(parts: Parts, base: Anchor | None, direction: Direction) -> Answer:
    if "rday" in parts:
        return True, _shifted(base, int(parts["rday"]))
    if "day" in parts and "month" not in parts:
        return True, _day_of_month(int(parts["day"]), parts, base, direction)
    return NOT_MINE


def _of_months(parts: Parts, base: Anchor | None, direction: Direction) -> Answer:
    if "month" in parts:
        month = int(parts["month"])
        day = int(parts["day"]) if "day" in parts else None
        year = _year(parts, base)
        if year is None:
            year = _year_of_month(month, day, parts, base, direction)
        return True, None if year is None else _text(year, month, day)
    if "rmonth" in parts and "rday" not in parts:
        return True, _month_shifted(base, int(parts["rmonth"]))
    return NOT_MINE


def _of_weeks(parts: Parts, base: Anchor | None, direction: Direction) -> Answer:
    today = base.date if base else None
    if "weekday" in parts:
        if today is None:
            return True, _shifted(base, 0)
        return True, _weekday(int(parts["weekday"]), parts, today, direction).isoformat()
    if "rweek" in parts:
        if today is None:
            return True, _shifted(base, 0)
        return True, (today + timedelta(days=7 * int(parts["rweek"]))).strftime("%Y-%m")
    return NOT_MINE


def _of_spans(parts: Parts, base: Anchor | None, direction: Direction) -> Answer:
    """Quarters, halves and seasons."""
    for kind, letter, months in (("rquarter", "Q", 3), ("rhalf", "H", 6)):
        if kind in parts:
            return True, _span_shifted(base, letter, months, int(parts[kind]))
    if "quarter" in parts:
        number, months, letter = int(parts["quarter"]), 3, "Q"
    elif "season" in parts:
        number, months, letter = SEASONS[str(parts["season"])], 3, "Q"
    elif "half" in parts:
        number, months, letter = int(parts["half"]), 6, "H"
    else:
        return NOT_MINE
    year = _year(parts, base)
    if year is None:
        year = _year_of_span((number - 1) * months + 1, number * months, parts, base, direction)
    return True, None if year is None else f"{year}-{letter}{number}"


def _of_years(parts: Parts, base: Anchor | None, direction: Direction) -> Answer:
    year = _year(parts, base)
    if year is None and "yearpart" in parts and base:
        year = base.year
    if year is None:
        return True, None
    part = parts.get("yearpart") or parts.get("part")
    return True, f"{year}-{part}" if part else str(year)


def _year(parts: Parts, base: Anchor | None) -> int | None:
    if "year" in parts:
        return int(parts["year"])
    if "ryear" in parts and base:
        return base.year + int(parts["ryear"])
    return None


def _shifted(base: Anchor | None, days: int) -> When | None:
    """So many days from the day of publication; of a month or year only that is known."""
    if base is None:
        return None
    if base.date is None:
        return f"{base.year}-{base.month:02}" if base.month else str(base.year)
    return (base.date + timedelta(days=days)).isoformat()


def _month_shifted(base: Anchor | None, months: int) -> When | None:
    if base is None:
        return None
    if base.month is None:
        return str(base.year) if months == 0 else None
    count = base.year * 12 + base.month - 1 + months
    return f"{count // 12}-{count % 12 + 1:02}"


def _span_shifted(base: Anchor | None, letter: str, months: int, shift: int) -> When | None:
    """The quarter or half of the day of publication, or one so many later."""
    if base is None or base.month is None:
        return None
    count = (base.year * 12 + base.month - 1) // months + shift
    each = 12 // months
    return f"{count // each}-{letter}{count % each + 1}"


def _day_of_month(day: int, parts: Parts, base: Anchor | None, direction: Direction) -> When | None:
    """A day without its month, as Chinese dispatches write it."""
    if base is None or base.month is None:
        return None
    shift = int(parts.get("rmonth", 0))
    if "rmonth" not in parts and base.day:
        late, early = day - base.day > (0 if direction == "behind" else 15), base.day > day
        shift = 1 if direction == "ahead" and early else (-1 if direction != "ahead" and late else 0)
    count = base.year * 12 + base.month - 1 + shift
    return _text(count // 12, count % 12 + 1, day)


def _year_of_month(month: int, day: int | None, parts: Parts, base: Anchor | None, direction: Direction) -> int | None:
    if base is None:
        return None
    if base.month is None or parts.get("direction") == "this":
        return base.year
    gap = (month - base.month) * 31 + ((day - base.day) if day and base.day else 0)
    match parts.get("direction", direction):
        case "next":
            return base.year if gap > 0 else base.year + 1
        case "last":
            return base.year if gap < 0 else base.year - 1
        case "ahead":
            return base.year if gap >= 0 else base.year + 1
        case "behind":
            return base.year if gap <= 0 else base.year - 1
    return base.year + 1 if gap < -186 else base.year - 1 if gap > 186 else base.year


def _year_of_span(first: int, last: int, parts: Parts, base: Anchor | None, direction: Direction) -> int | None:
    if base is None:
        return None
    month = base.month or 1
    match parts.get("direction", direction if base.month else "near"):
        case "next":
            return base.year if first > month else base.year + 1
        case "last":
            return base.year if last < month else base.year - 1
        case "ahead":
            return base.year if last >= month else base.year + 1
        case "behind":
            return base.year if first <= month else base.year - 1
    return base.year


def _weekday(weekday: int, parts: Parts, today: date, direction: Direction) -> date:
    if "rweek" in parts:
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * int(parts["rweek"]))
        return monday + timedelta(days=weekday)
    if parts.get("direction") == "next":
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if parts.get("direction") == "last":
        return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    if direction == "ahead":
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def _text(year: int, month: int, day: int | None) -> When | None:
    if day is None:
        return f"{year}-{month:02}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
