"""Cron expressions with people's meaning of them, on APScheduler's trigger.

Five fields, a time zone beside them. Sunday is 0 or 7 and Monday 1, as in every crontab (APScheduler's own reading
counts from Monday = 0). On the day clocks go forward a time that does not exist fires at the next valid minute; on the
day they go back a time that comes twice fires once, the first time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

HOURLY = "0 * * * *"
"""The rhythm of a source that names none."""

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=1024)
def _trigger(expression: str) -> CronTrigger:
    from apscheduler.triggers.cron import CronTrigger  # here: most commands start without

    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(f'{len(fields)} fields instead of 5 (minute hour day month weekday), as in "0 7 * * mon-fri"')
    minute, hour, day, month, weekday = fields
    names = re.sub(r"(?<![/\w])[0-7](?!\w)", lambda digit: DAYS[int(digit.group())], weekday.lower())
    names = ",".join(_unrolled(part) for part in names.split(","))
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=names, timezone=UTC)


def _unrolled(part: str) -> str:
    """`sun-tue` and `fri-sun` as lists: APScheduler's week ends on Sunday, a crontab's begins with it."""
    part = re.sub(r"^\*/", "sun-sat/", part)
    match = re.fullmatch(r"([a-z]{3})-([a-z]{3})(?:/([1-9]\d*))?", part)
    if not match or match[1] not in DAYS or match[2] not in DAYS:
        return part
    first = DAYS.index(match[1])
    length = (DAYS.index(match[2]) - first) % 7
    return ",".join(DAYS[(first + step) % 7] for step in range(0, length + 1, int(match[3] or 1)))


def check(expression: str) -> None:
    """Raises ValueError, in words, when the expression is none."""
    if _trigger(expression).get_next_fire_time(None, datetime(2026, 1, 1, tzinfo=UTC)) is None:
        raise ValueError("this never happens")


def next_time(expression: str, zone: tzinfo, after: datetime) -> datetime:
    """The first moment after `after` (UTC in, UTC out) that the expression names in the zone.

    Reckoned on the wall clock as if it never jumped, then mapped to real time: APScheduler's own reckoning in a zone
    skips the day after the clocks went forward and fires twice in the night they go back.
    """
    local = after.astimezone(zone)
    if expression.split()[1] == "*":  # several times an hour or hourly: real time counts, not the name of the hour
        offset = local.utcoffset()
        assert offset is not None
        zone = timezone(offset)
    trigger = _trigger(expression)
    wall = local.replace(tzinfo=UTC, fold=0)
    while True:
        fire = trigger.get_next_fire_time(None, wall.replace(microsecond=0) + timedelta(seconds=1))
        if fire is None:
            raise ValueError(f'cron "{expression}" never happens after {after:%Y-%m-%d}')
        moment = _real(fire, zone)
        if moment > after:
            return moment
        wall = fire


def _real(wall: datetime, zone: tzinfo) -> datetime:
    """The UTC moment when the zone's clocks show `wall`: the first of two, the next valid minute when none."""
    while True:
        local = wall.replace(tzinfo=zone, fold=0)
        moment = local.astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=UTC, fold=0) == wall:
            return moment
        wall += timedelta(minutes=1)
