"""Whether the monitor keeps up: what makes `/healthz` red, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from monitor import cron
from monitor.errors import DatabaseError
from monitor.history import Queries
from monitor.history.figures import Waiting

PATIENCE = 2
"""How many of its intervals a source may be overdue."""

LEAST = timedelta(minutes=1)
"""Being late by less is never neglect, however short the interval."""

STILL = timedelta(minutes=1)
"""How long the scheduler may go without completing a cycle; one takes a second or two."""


def examine(database: Path, still: timedelta | None, now: datetime, zone: tzinfo, *, watched: bool = True) -> list[str]:
    """As `reasons`, over the history; one that cannot be read is a reason too. Not `watched`: the only one."""
    try:
        with Queries.open(database) as queries:
            waiting = queries.waiting(now) if watched else []
    except DatabaseError as error:
        return [*reasons((), still, now, zone), str(error)]
    return reasons(waiting, still, now, zone)


def neglected_from(source: Waiting, zone: tzinfo) -> datetime:
    """The moment from which a source that still waits then is neglected: two of its intervals after it was due."""
    late = source.due
    if source.every:
        late += PATIENCE * source.every
    else:
        for _ in range(PATIENCE):
            late = cron.next_time(source.cron or cron.HOURLY, zone, late)
    return max(late, source.due + LEAST)


def reasons(waiting: Iterable[Waiting], still: timedelta | None, now: datetime, zone: tzinfo) -> list[str]:
    """What is wrong, a sentence each; nothing when all is well.

    `still`: for how long the service of this process has completed no cycle; None when there is none here.
    """
    found = []
    if still is not None and still > STILL:
        seconds = still.total_seconds()
        found.append(f"the service has completed no cycle for {seconds:.0f} s: its event loop or its database hangs")
    neglected = [source for source in waiting if neglected_from(source, zone) <= now]
    if neglected:
        oldest = min(neglected, key=lambda source: source.due)
        more = len(neglected) - 1
        others = f", and {more} more {'source is' if more == 1 else 'sources are'} neglected" if more else ""
        since = f"{oldest.due:%Y-%m-%d %H:%M} UTC"
        found.append(f'the source "{oldest.source}" has been due since {since}, two of its intervals or more{others}')
    return found
