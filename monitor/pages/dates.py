"""A publication date as feeds, tags and listings write it, made `When`.

Only whole dates are read, and only when they can mean one day: `03/05/2025` is none. Vague dates in running text are
read elsewhere. The future beyond tomorrow and anything before 1990 is a mistake of the page and is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

from babel import Locale

from monitor.models import When, utc_text

_EARLIEST = date(1990, 1, 1)
_AHEAD = timedelta(days=1)  # a page east of us may already be in tomorrow
_LANGUAGES = "en de fr es it pt nl pl cs sv da nb fi tr ru uk ro hu el id vi ar"

_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:T|t|\s+)(\d\d?):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?\d{4,6}Z?)?")
_EAST = re.compile(r"(\d{4})\s*[年년.]\s*(\d\d?)\s*[月월.]\s*(\d\d?)\s*[日일号號.]?")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d\d?)[./](\d\d?)(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d\d?)[.](\s?)(\d\d?)[.]\2(\d{4})(?!\d)")
_SLASHED = re.compile(r"(?<!\d)(\d\d?)[/-](\d\d?)[/-](\d{4})(?!\d)")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|\.|º|ª)?[\s-]+(?:de |d')?([^\W\d_]{3,15})\.?,?[\s-]+(?:de )?(\d{4})"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,15})\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+(\d{4})")
_MAIL = re.compile(
    r"(?:[^\W\d_]{2,9}\.?,?\s+)?\d\d?[\s-][A-Za-z]{3,9}[\s-]\d{2,4}\s+\d|[A-Z][a-z]{2} [A-Z][a-z]{2}\s+\d"
)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_MAIL_ZONES = {"CET": "+0100", "CEST": "+0200", "BST": "+0100", "IST": "+0530", "JST": "+0900", "KST": "+0900"}


def published(text: str | None, now: datetime) -> When | None:
    """The one date that `text` states, with the precision it has; None when it states none that can be so."""
    text = unicodedata.normalize("NFKC", text or "").strip()[:200]
    if not text:
        return None
    moment = _moment(text)
    if moment is not None:
        return utc_text(moment) if _plausible(moment.date(), now) else None
    day = _day(text)
    return day.isoformat() if day and _plausible(day, now) else None


def beside(text: str, now: datetime) -> When | None:
    """The date in a short text that may hold more, such as the line under a headline; None when there are several."""
    found = {day for pattern in _PATTERNS for match in pattern.finditer(text) if (day := _read(pattern, match))}
    days = [day for day in found if _plausible(day, now)]
    return days[0].isoformat() if len(days) == 1 else None


def without(text: str) -> str:
    """The rest of such a text: what is no date in it."""
    for pattern in _PATTERNS:
        for match in tuple(pattern.finditer(text)):
            text = text.replace(match[0], " ") if _read(pattern, match) else text
    return text


def _moment(text: str) -> datetime | None:
    """A date with a time of day."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    iso = _ISO.fullmatch(text)
    if iso:
        return _iso_moment(iso)
    try:
        words = " ".join(_MAIL_ZONES.get(word, word) for word in text.split())
        parsed = parsedate_to_datetime(words) if _MAIL.match(words) and ":" in words else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed and (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def _iso_moment(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, zone = found.groups()
    if hour is None:
        return None
    try:
        naive = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
        return naive - _offset(zone)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    digits = re.sub(r"\D", "", zone or "")
    if not digits:
        return timedelta(0)
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -size if zone and zone.startswith("-") else size


def _day(text: str) -> date | None:
    for pattern in _PATTERNS:
        match = pattern.search(text)
        day = match and _read(pattern, match)
        if day:
            return day
    return None


def _read(pattern: re.Pattern[str], match: re.Match[str]) -> date | None:
    groups = match.groups()
    try:
        if pattern is _DAY_FIRST:
            return date(int(groups[3]), int(groups[2]), int(groups[0]))
        if pattern is _SLASHED:
            return _slashed(*map(int, groups))
        if pattern is _DAY_MONTH:
            return date(int(groups[2]), _months()[groups[1].casefold()], int(groups[0]))
        if pattern is _MONTH_DAY:
            return date(int(groups[2]), _months()[groups[0].casefold()], int(groups[1]))
        return date(*map(int, groups[:3]))
    except (ValueError, KeyError):
        return None


def _slashed(first: int, second: int, year: int) -> date | None:
    """Day and month in either order: told only when one of them cannot be a month, or both are the same."""
    if first > 12 or first == second:
        return date(year, second, first)
    return date(year, first, second) if second > 12 else None


def _plausible(day: date, now: datetime) -> bool:
    return _EARLIEST <= day <= (now.astimezone(UTC) + _AHEAD).date()


@cache
def _months() -> dict[str, int]:
    """Names and short names of months in the languages we meet, as they stand within a date."""
    found: dict[str, int] = {}
    for language in _LANGUAGES.split():
        for form in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in form.get(width, {}).items():
                    found.setdefault(name.rstrip(".").casefold(), number)
    return found | {"sept": 9, "märz": 3, "mrz": 3}


_PATTERNS = (_EAST, _ISO, _YEAR_FIRST, _DAY_FIRST, _SLASHED, _DAY_MONTH, _MONTH_DAY, _COMPACT)
