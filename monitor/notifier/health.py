"""How a channel is: when it counts as being in trouble, how long it rests then, and who is told. Pure.

works ─► fails ─► fails PATIENCE times in a row: in trouble ─► rests ─► tried by its oldest messages ─► works again
                  and with a message less tried      └─ for a while, or disabled: the other channels are told
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.models import Alert, Delivery, Health, Notice
from monitor.notifier.messages import Style
from monitor.notifier.route import alert_id, recipients
from monitor.notifier.wording import moment_words
from monitor.settings import Channel

PATIENCE = 3
"""How many attempts in a row may find the channel in trouble before it rests. More than one, so that a single message
that breaks every connection does not hold up those behind it."""

JITTER = 0.1
"""Waits are up to this much longer than scheduled, never shorter, so that many messages do not come back at once."""

SHORTEST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(minutes=30)
LONGEST_WAIT = timedelta(hours=24)
"""What another side may ask for with Retry-After."""

TELL_AFTER = timedelta(minutes=30)
"""For how long a channel is in trouble before the others are told."""


def in_trouble(health: Health) -> bool:
    return health.failures >= PATIENCE


def is_open(health: Health, now: datetime) -> bool:
    """Whether something may be tried now."""
    return health.disabled_at is None and (health.resting_until is None or health.resting_until <= now)


def after(
    health: Health, kind: str, delivery: Delivery, now: datetime, jitter: float, *, down: bool, enough: bool
) -> Health:
    """How a channel is after an attempt. `down`: it was the channel that failed; `enough`: it may rest now.

    A channel in trouble rests as long as it has been failing, within bounds; and whenever it asks for rest.
    """
    if delivery.gone:
        return replace(health, disabled_at=now, failing_since=health.failing_since or now, reason=delivery.detail)
    if not down:
        return Health()
    since = health.failing_since or now
    failures = health.failures + 1
    rest = min(delivery.retry_after or timedelta(0), LONGEST_WAIT)
    if failures >= PATIENCE and enough and kind != "console":
        rest = max(rest, min(max(now - since, SHORTEST_REST), LONGEST_REST) * (1 + JITTER * jitter))
    return replace(
        health,
        failures=failures,
        failing_since=since,
        resting_until=now + rest if rest else None,
        reason=delivery.detail,
    )


def told(
    channel: Channel, was: Health, health: Health, channels: Sequence[Channel], now: datetime, style: Style
) -> tuple[Health, tuple[Alert, ...]]:
    """The notices to the other channels that are due after an attempt, and the health with that noted."""
    if health.failing_since is None:
        again = ("channel_again",) if was.told and was.failing_since else ()
        return health, tuple(alert for key in again for alert in _notices(channel, key, was, channels, now, style))
    if health.told or not (health.disabled_at or now - health.failing_since >= TELL_AFTER):
        return health, ()
    key = "channel_gone" if health.disabled_at else "channel_down"
    return replace(health, told=True), tuple(_notices(channel, key, health, channels, now, style))


def notices(notice: Notice, to: Iterable[Channel], now: datetime, *, rule: str, key: Sequence[str]) -> Iterator[Alert]:
    """A message about the monitor itself for every recipient of these channels; the same `key`, the same ids."""
    for channel in to:
        for recipient in recipients(channel):
            yield Alert(
                id=alert_id(rule, *key, channel.name, recipient),
                channel=channel.name,
                recipient=recipient,
                rule=rule,
                digest=False,
                changes=(),
                not_before=now,
                notice=notice,
            )


def _notices(
    channel: Channel, key: str, health: Health, channels: Sequence[Channel], now: datetime, style: Style
) -> Iterator[Alert]:
    since = health.disabled_at or health.failing_since or now
    about = {"name": channel.name, "since": moment_words(since, style.zone), "reason": health.reason or ""}
    lines = [style.words.say("notices", f"{key}_since", **about)]
    if key != "channel_again":
        waiting = "channel_gone_waiting" if health.disabled_at else "channel_waiting"
        lines.append(style.words.say("notices", waiting, **about))
    notice = Notice(type="channel", subject=style.words.say("notices", key, **about), lines=tuple(lines))
    others = [other for other in channels if other.name != channel.name]
    yield from notices(notice, others, now, rule="about the channels", key=(channel.name, key, since.isoformat()))
