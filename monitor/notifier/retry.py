"""When to try a message again: by kind of channel how long to wait after which attempt, and when to give up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.models import Alert, Health
from monitor.notifier.health import JITTER, in_trouble

_WEBHOOK = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The schedule of Standard Webhooks: ten attempts in 76 hours."""

LONGEST_TRY = timedelta(days=5)
"""How long a message is tried while its channel as a whole takes none: as long as mail servers do."""

_EMAIL_FIRST = timedelta(minutes=5)
_EMAIL_STEP = timedelta(minutes=30)
_EMAIL = (_EMAIL_FIRST, *(_EMAIL_STEP,) * (LONGEST_TRY // _EMAIL_STEP))
"""Greylisting wants a retry after minutes; a mailbox that is full is waited for as long as mail servers do."""

SCHEDULES: dict[str, tuple[timedelta, ...]] = {
    "webhook": _WEBHOOK,
    "apprise": _WEBHOOK,
    "command": _WEBHOOK,
    "email": _EMAIL,
    "console": (),
}
"""Channel kind -> the wait after each attempt. After the last, the alert has failed for good."""


def next_attempt(kind: str, alert: Alert, health: Health, now: datetime, jitter: float) -> datetime | None:
    """When to try again what has just failed; None: give up. `health` is how the channel is after it.

    `jitter` is a random number from 0 to 1; alerts that failed together get the same one and keep their order. While
    the channel is in trouble its attempts say nothing of the message: it waits for the channel, up to LONGEST_TRY.
    """
    schedule = SCHEDULES[kind]
    spent = alert.attempts >= len(schedule)
    if schedule and in_trouble(health):
        lost = spent and alert.tried_since is not None and now - alert.tried_since > LONGEST_TRY
        return None if lost else health.resting_until or now + schedule[0]
    if spent:
        return None
    again: datetime = now + schedule[alert.attempts] * (1 + JITTER * jitter)
    return max(again, health.resting_until or again)
