"""Whom to tell of which change, and when: changes and rules in, outbox rows out. Pure; renders and sends nothing.

change ─► rules that match ─► per channel the one that tells soonest ─► one row per recipient
                                                               └─ digest: one row for all changes of that time
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from monitor import cron
from monitor.models import Alert, Change, Notice
from monitor.settings import AlertRule, Channel, EmailChannel

NO_RULES = "no rules: everything to every channel"
"""What stands for the rule when the config has no [[alerts]]."""


GATHERED = timedelta(minutes=5)
"""Notices about sources that come within one such span go out as one message: when a network fails, many come."""


def route(
    changes: Iterable[Change], rules: Sequence[AlertRule], channels: Sequence[Channel], now: datetime, zone: tzinfo
) -> tuple[Alert, ...]:
    """The outbox rows for these changes, in their order. Silent changes have none.

    `zone` is the one that digests and quiet hours are meant in.
    """
    if not channels:
        return ()
    rules = rules or _no_rules(channels)
    times = {rule.name: telling_time(rule, now, zone) for rule in rules}
    alerts: dict[str, Alert] = {}
    for change in changes:
        matching = [rule for rule in rules if change.silence is None and matches(rule, change)]
        for channel in channels:
            telling = [rule for rule in matching if channel.name in rule.channels]
            if telling:
                rule = min(telling, key=lambda rule: times[rule.name])
                _add(alerts, change, rule, channel, times[rule.name])
    return tuple(alerts.values())


def route_notices(
    notices: Sequence[Notice], rules: Sequence[AlertRule], channels: Sequence[Channel], now: datetime, zone: tzinfo
) -> tuple[Alert, ...]:
    """The outbox rows for notices about sources: to every channel that a rule names for their brand, whatever kinds of
    change it asks for. They keep quiet hours and wait for the digest where there is no other rule."""
    rules = rules or _no_rules(channels)
    gathered = datetime.fromtimestamp((now.timestamp() // GATHERED.total_seconds() + 1) * GATHERED.total_seconds(), UTC)
    times = {rule.name: telling_time(rule, gathered, zone) for rule in rules}
    alerts: dict[str, Alert] = {}
    for notice in notices:
        for channel in channels:
            telling = [rule for rule in rules if channel.name in rule.channels and _about(rule, notice.brand)]
            if telling:
                rule = min(telling, key=lambda rule: times[rule.name])
                _gather(alerts, notice, rule, channel, times[rule.name])
    return tuple(alerts.values())


def matches(rule: AlertRule, change: Change) -> bool:
    """Whether the rule speaks of the change. Brands are the same in whatever case they are written."""
    return (
        _about(rule, change.brand)
        and (not rule.kinds or change.kind in rule.kinds)
        and (not rule.changes or change.change in rule.changes)
    )


def _about(rule: AlertRule, brand: str | None) -> bool:
    """Whether the rule speaks of the brand, or of every; None: it is not known whose news it is."""
    return not rule.brands or brand is None or brand.casefold() in {one.casefold() for one in rule.brands}


def _no_rules(channels: Sequence[Channel]) -> tuple[AlertRule, ...]:
    return (AlertRule(name=NO_RULES, channels=tuple(channel.name for channel in channels)),) if channels else ()


def telling_time(rule: AlertRule, now: datetime, zone: tzinfo) -> datetime:
    """When the rule tells of something that is known now: at once, with the next digest, after the quiet hours."""
    moment = cron.next_time(rule.digest, zone, now) if rule.digest else now
    return _after_quiet(moment, rule.quiet, zone) if rule.quiet else moment


def recipients(channel: Channel) -> tuple[str, ...]:
    """Who gets a row of their own: each mail address; else the channel's name, so that its address may change."""
    return tuple(dict.fromkeys(channel.to)) if isinstance(channel, EmailChannel) else (channel.name,)


def _after_quiet(moment: datetime, quiet: tuple[time, time], zone: tzinfo) -> datetime:
    """The end of the quiet span around `moment`, or `moment` itself.

    It is quiet when the next bound that comes is an end. Said so, spans over midnight and the two days a year when
    clocks jump need no case of their own.
    """
    start, end = (cron.next_time(f"{bound.minute} {bound.hour} * * *", zone, moment) for bound in quiet)
    return end if end < start else moment


def _add(alerts: dict[str, Alert], change: Change, rule: AlertRule, channel: Channel, when: datetime) -> None:
    for recipient in recipients(channel):
        if rule.digest:
            alert_id = _id("digest", channel.name, recipient, rule.name, when.isoformat())
        else:
            alert_id = _id("change", change.id, channel.name, recipient)
        if alert_id in alerts:
            merged = (*alerts[alert_id].changes, change.id)
            alerts[alert_id] = replace(alerts[alert_id], changes=tuple(dict.fromkeys(merged)))
        else:
            alerts[alert_id] = Alert(
                id=alert_id,
                channel=channel.name,
                recipient=recipient,
                rule=rule.name,
                digest=rule.digest is not None,
                changes=(change.id,),
                not_before=when,
            )


def _gather(alerts: dict[str, Alert], notice: Notice, rule: AlertRule, channel: Channel, when: datetime) -> None:
    for recipient in recipients(channel):
        alert_id = _id("notices", channel.name, recipient, rule.name, when.isoformat())
        told = alerts[alert_id].notices if alert_id in alerts else ()
        alerts[alert_id] = Alert(
            id=alert_id,
            channel=channel.name,
            recipient=recipient,
            rule=rule.name,
            digest=True,
            changes=(),
            notices=(*told, notice.id),
            not_before=when,
        )


def _id(*parts: str) -> str:
    """The same for the same parts, over crashes and versions: what recipients tell repeats by."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
