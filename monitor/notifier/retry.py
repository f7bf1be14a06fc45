"""When to try again: for each kind of channel how long to wait after which attempt, and when to give up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

JITTER = 0.1
"""Waits are up to this much longer than scheduled, never shorter, so that many messages do not come back at once."""

LONGEST_WAIT = timedelta(hours=24)
"""What another side may ask for with Retry-After."""

_WEBHOOK = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The schedule of Standard Webhooks: ten attempts in 76 hours."""

_EMAIL_FIRST = timedelta(minutes=5)
_EMAIL_STEP = timedelta(minutes=30)
_EMAIL_FOR = timedelta(days=5)
_EMAIL = (_EMAIL_FIRST, *(_EMAIL_STEP,) * (_EMAIL_FOR // _EMAIL_STEP))
"""Greylisting wants a retry after minutes; a mail server that is down is waited for as long as mail servers do."""

SCHEDULES: dict[str, tuple[timedelta, ...]] = {
    "webhook": _WEBHOOK,
    "apprise": _WEBHOOK,
    "email": _EMAIL,
    "console": (),
}
"""Channel kind -> the wait after each attempt. After the last, the alert has failed for good."""


def next_attempt(
    kind: str, attempts: int, now: datetime, jitter: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after `attempts` attempts have failed (1 or more); None: give up.

    `jitter` is a random number from 0 to 1; alerts that failed together get the same one and keep their order.
    `retry_after` is what the other side asked for; it is obeyed up to a day and never shortens the schedule.
    """
    schedule = SCHEDULES[kind]
    if attempts > len(schedule):
        return None
    wait = schedule[attempts - 1] * (1 + JITTER * jitter)
    return now + max(wait, min(retry_after or wait, LONGEST_WAIT))
