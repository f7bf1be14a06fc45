"""Whether a source is in trouble, and what people are told of it: once when it is sure, once when it is over. Pure.

    a check ─► failing, and further checks say so too ┐
               silent for long beyond its own rhythm  ├─► trouble ─► one notice ─► … ─► well again ─► one notice
               its articles cannot be read            │
               its articles say nothing any more      ┘
    gone for good ─► one notice, and no more checks until somebody asks for one that is good

Nothing that was learned is forgotten for it: absence is not news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import Any

from monitor import cron
from monitor.models import Observation, Outcome, Source, utc_text

CHECKS = 3
"""Failed checks in a row that make trouble: the first, and two that confirm it."""

INTERVALS = 2
"""Of the source's own, that the failing must have lasted."""

SHORTEST = timedelta(minutes=30)
"""Trouble that is over sooner is not worth a message, however often the source is checked."""

PAUSE = timedelta(hours=24)
"""A source that comes and goes is told of once in this time."""

SILENCE = 3
"""Times the longest silence known of a source, after which another one is trouble."""

SHORTEST_SILENCE = timedelta(days=7)
DAYS_KNOWN = 6
"""Days with articles that must be known before a source has a rhythm."""

UNREADABLE = 5
"""Articles in a row that could not be read."""

BARREN = 10
"""Articles in a row without a fact, at the least, and as many before them that show what is usual."""
CHANCE = 0.001
"""How unlikely such a row must be by what is usual."""

SHRUNKEN = 4
"""A list that holds less than this part of what it usually holds has shrunken."""
SHORTEST_LIST = 8
"""Lists that are usually shorter say nothing by their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of a source, as it was first read."""

    dated: datetime
    """By its own date, never after it was found."""
    found: datetime
    facts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the history has of a source's health, before a check and of its articles after it."""

    failing_since: datetime | None = None
    trouble: str | None = None
    """What people were told is wrong."""
    trouble_since: datetime | None = None
    told_at: datetime | None = None
    """When they were last told of trouble."""
    gone_at: datetime | None = None
    """Since when it is gone for good, and not checked any more."""
    articles: tuple[Article, ...] = ()
    """The latest articles of a source that lists some."""
    refusals: tuple[str | None, ...] = ()
    """Of the links last tried: why each could not be read; None: it was."""
    last_found: datetime | None = None
    """When the newest link was found that was not there from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    reason: str
    since: datetime


class Turn(StrEnum):
    """What becomes of a source, as people are told: in trouble, gone for good, well again."""

    TROUBLE = "trouble"
    GONE = "gone"
    WELL = "well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people are told of a source: that it is in trouble, gone for good, or well again."""

    source: Source
    turn: Turn
    reason: str
    """What is wrong, or was, in words."""
    since: datetime
    """Since when it is so."""
    told_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The public JSON form: one of the `sources` of a webhook's body."""
        return {
            "source": self.source.name,
            "brand": self.source.brand,
            "url": self.source.url,
            "health": str(self.turn),
            "reason": self.reason,
            "since": utc_text(self.since),
            "told_at": utc_text(self.told_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a source is after a check."""

    failing_since: datetime | None
    trouble: Trouble | None = None
    """What people know of, once they are told."""
    told: Told | None = None
    """What they are to be told now."""
    gone_at: datetime | None = None
    """Since when it is gone for good: it is not checked again until somebody says so."""


def judge(
    source: Source, observation: Observation, failures: int, vitals: Vitals, now: datetime, zone: tzinfo
) -> Condition:
    """How the source is after this check. `failures` counts those in a row, this one included."""
    good = observation.outcome.good
    failing_since = None if good else vitals.failing_since or now
    if not good and (vitals.gone_at or observation.outcome is Outcome.GONE_FOR_GOOD):
        return _gone(source, observation, vitals, failing_since, now)
    known = Trouble(reason=vitals.trouble, since=vitals.trouble_since or now) if vitals.trouble else None
    found = _ailment(source, vitals, now) if good else _failing(source, observation, failures, failing_since, now, zone)
    if known and good and found is None:
        well = Told(source=source, turn=Turn.WELL, reason=known.reason, since=now, told_at=now)
        return Condition(failing_since=None, told=well)
    if known:
        return Condition(failing_since=failing_since, trouble=known)
    if found is None or (vitals.told_at and timedelta(0) <= now - vitals.told_at < PAUSE):
        return Condition(failing_since=failing_since)
    told = Told(source=source, turn=Turn.TROUBLE, reason=found.reason, since=found.since, told_at=now)
    return Condition(failing_since=failing_since, trouble=found, told=told)


def _gone(
    source: Source, observation: Observation, vitals: Vitals, failing_since: datetime | None, now: datetime
) -> Condition:
    """A source whose server says that it is gone for good: nobody confirms that, since it is not asked again."""
    if vitals.gone_at:
        known = Trouble(reason=vitals.trouble or "", since=vitals.trouble_since or vitals.gone_at)
        return Condition(failing_since=failing_since, trouble=known, gone_at=vitals.gone_at)
    reason = observation.reason or str(observation.outcome)
    trouble = Trouble(reason=reason, since=now)
    told = Told(source=source, turn=Turn.GONE, reason=reason, since=now, told_at=now)
    return Condition(failing_since=failing_since, trouble=trouble, told=told, gone_at=now)


def shrunken(listed: int, usual: int | None) -> str | None:
    """Why a list of this length is suspect, if it is."""
    if usual is None or usual < SHORTEST_LIST or listed * SHRUNKEN >= usual:
        return None
    return f"the list holds {listed} articles, none of them new, where it has held {usual} and more"


def usual_length(lengths: Sequence[int]) -> int | None:
    """What a list has held at least, by its last lengths; the two shortest are left out as strays."""
    return sorted(lengths)[min(2, len(lengths) - 1)] if lengths else None


def _failing(
    source: Source, observation: Observation, failures: int, since: datetime | None, now: datetime, zone: tzinfo
) -> Trouble | None:
    if since is None or failures < CHECKS or now - since < max(INTERVALS * _rhythm(source, now, zone), SHORTEST):
        return None
    return Trouble(reason=observation.reason or str(observation.outcome), since=since)


def _rhythm(source: Source, now: datetime, zone: tzinfo) -> timedelta:
    if source.every:
        return source.every
    following = cron.next_time(source.cron or cron.HOURLY, zone, now)
    return cron.next_time(source.cron or cron.HOURLY, zone, following) - following


def _ailment(source: Source, vitals: Vitals, now: datetime) -> Trouble | None:
    """What is wrong with a source whose checks are good."""
    if not source.kind.lists:
        return None
    return _unreadable(vitals, now) or _silent(vitals, now) or _barren(vitals, now)


def _unreadable(vitals: Vitals, now: datetime) -> Trouble | None:
    latest = vitals.refusals[:UNREADABLE]
    if len(latest) < UNREADABLE or not all(latest) or not vitals.articles:
        return None
    return Trouble(reason=f"its last {len(latest)} articles could not be read: {latest[0]}", since=now)


def _silent(vitals: Vitals, now: datetime) -> Trouble | None:
    days = sorted({article.dated.date() for article in vitals.articles})
    if len(days) < DAYS_KNOWN:
        return None
    longest = max(later - earlier for earlier, later in pairwise(days))
    signs = [vitals.last_found, *(article.found for article in vitals.articles)]  # the watch's beginning is one too
    last = max(sign for sign in signs if sign is not None)
    if now - last <= max(SILENCE * longest, SHORTEST_SILENCE):
        return None
    usual = f"{longest.days} day{'' if longest.days == 1 else 's'}"
    return Trouble(reason=f"nothing new since {last:%Y-%m-%d}; it was never silent for more than {usual}", since=last)


def _barren(vitals: Vitals, now: datetime) -> Trouble | None:
    newest_first = sorted(vitals.articles, key=lambda article: article.dated, reverse=True)
    row = len(list(takewhile(lambda article: not article.facts, newest_first)))
    before = newest_first[row:]
    if row < BARREN or len(before) < BARREN:
        return None
    gave = sum(article.facts for article in before)
    if (1 - (gave + 1) / (len(before) + 2)) ** row >= CHANCE:
        return None
    reason = f"its last {row} articles say nothing that could be read as a fact; {gave} of the {len(before)} before did"
    return Trouble(reason=reason, since=now)
