"""Whom to tell of which change, and when: changes and rules in, outbox rows out. Pure; renders and sends nothing.

change ─► rules that match ─► per channel the one that tells soonest ─► one row per recipient
                                                               │         └─ gathers: one message for all of its key
                                                               └─ silenced: kept, not sent
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from monitor import cron
from monitor.models import Alert, Change, Notice, Silence
from monitor.settings import AlertRule, AppriseChannel, Channel, EmailChannel

NO_RULES = "no rules: everything to every channel"
"""What stands for the rule when the config has no [[alerts]]."""

GATHERED = timedelta(minutes=5)
"""How long a notice about a source waits for others, on every channel: when a network fails, many come."""

GROUP = timedelta(seconds=30)
"""How long a message to people waits for more changes of the same brand, unless the rule says otherwise. Programs and
the console get each change at once."""


def route(
    changes: Iterable[Change],
    rules: Sequence[AlertRule],
    channels: Sequence[Channel],
    now: datetime,
    zone: tzinfo,
    silences: Sequence[Silence] = (),
    history: str = "",
) -> tuple[Alert, ...]:
    """The outbox rows for these changes, in their order. Silent changes have none.

    `zone` is the one that digests and quiet hours are meant in; `history` tells in the ids of messages one history's
    from another's.
    """
    if not channels:
        return ()
    rules = rules or _no_rules(channels)
    routes = [
        (
            channel,
            [
                (telling_time(rule, group_window(rule, channel), now, zone), rule)
                for rule in rules
                if channel.name in rule.channels
            ],
        )
        for channel in channels
    ]
    return tuple(
        alert
        for change in changes
        if change.silence is None
        for channel, ways in routes
        for alert in _alerts(change, channel, ways, silences, history)
    )


def route_notice(
    notice: Notice,
    rules: Sequence[AlertRule],
    channels: Sequence[Channel],
    now: datetime,
    zone: tzinfo,
    silences: Sequence[Silence] = (),
) -> tuple[Alert, ...]:
    """The outbox rows for a notice about one source.

    It goes to every channel that a rule names for the source's brand, whatever kinds of change that asks for, and keeps
    quiet hours, digests and silences (those of all kinds of change) as changes do.
    """
    if not channels:
        return ()
    brand = notice.sources[0]["brand"]
    speaking = [rule for rule in rules or _no_rules(channels) if brand is None or _names(rule.brands, [brand])]
    alerts: list[Alert] = []
    for channel in channels:
        ways = [(telling_time(rule, GATHERED, now, zone), rule) for rule in speaking if channel.name in rule.channels]
        if ways:
            when, rule = min(ways, key=lambda way: way[0])
            silenced = _silenced(silences, brand, None, channel)
            alerts += _source_alerts(notice, channel, rule, when, silenced)
    return tuple(alerts)


def matches(rule: AlertRule, change: Change) -> bool:
    """Whether the rule speaks of the change. Brands and models are the same in whatever case they are written."""
    told: dict[str, set[Any]] = {
        "languages": {citation.language for citation in change.sources},
        "sources": {citation.source for citation in change.sources},
        "authorities": {citation.authority for citation in change.sources},
    }
    return (
        _names(rule.brands, [change.brand])
        and _wants(rule.kinds, {change.kind})
        and _wants(rule.changes, {change.change})
        and _wants(rule.markets, set(_values(change, "market", "markets", "scope")))
        and _names(rule.models, _values(change, "model"))
        and _wants(rule.stages, set(_values(change, "stage")))
        and all(_wants(getattr(rule, name), values) for name, values in told.items())
        and change.independent >= rule.independent
        and _step(change) >= rule.step
    )


def telling_time(rule: AlertRule, window: timedelta, now: datetime, zone: tzinfo) -> datetime:
    """When the rule tells of something that is known now: after the window, with the next digest, after quiet hours."""
    moment = cron.next_time(rule.digest, zone, now) if rule.digest else now + window
    return _after_quiet(moment, rule.quiet, zone) if rule.quiet else moment


def held_until(alert: Alert, rules: Sequence[AlertRule], now: datetime, zone: tzinfo) -> datetime | None:
    """Until when quiet hours keep back a message that is due, if they do: those of its rule. What no rule of that name
    tells (a storm's message holds changes of many) is kept back while every rule of its channel is quiet."""
    own = [rule for rule in rules if rule.name == alert.rule]
    if not own and alert.notice is None:
        own = [rule for rule in rules if alert.channel in rule.channels]
    ends = [_after_quiet(now, rule.quiet, zone) if rule.quiet else now for rule in own]
    return min(ends) if ends and min(ends) > now else None


def group_window(rule: AlertRule, channel: Channel) -> timedelta:
    """How long the first change of a brand waits for others to be told with."""
    if rule.group is not None:
        return rule.group
    return GROUP if isinstance(channel, EmailChannel | AppriseChannel) else timedelta(0)


def recipients(channel: Channel) -> tuple[str, ...]:
    """Who gets a row of their own: each mail address; else the channel's name, so that its address may change."""
    return tuple(dict.fromkeys(channel.to)) if isinstance(channel, EmailChannel) else (channel.name,)


def _wants(wanted: Iterable[str], there: set[Any]) -> bool:
    """Whether one of those is there, or nothing is wanted in particular."""
    wanted = set(wanted)
    return not wanted or not wanted.isdisjoint(there)


def _no_rules(channels: Sequence[Channel]) -> tuple[AlertRule, ...]:
    return (AlertRule(name=NO_RULES, channels=tuple(channel.name for channel in channels)),)


def _names(wanted: Iterable[str], there: Iterable[str]) -> bool:
    return _wants((name.casefold() for name in wanted), {name.casefold() for name in there})


def _values(change: Change, *fields: str) -> list[str]:
    """What the facts before and after say in these fields."""
    found: list[str] = []
    for fact in (change.before, change.after):
        for field in fields:
            value = (fact or {}).get(field)
            found += [value] if isinstance(value, str) else [str(one) for one in value or ()]
    return found


def _step(change: Change) -> float:
    """By how much a count moved; endless for what is no step of a count."""
    counts = [fact.get("count") for fact in (change.before, change.after) if fact]
    before, after = counts if len(counts) == 2 else (None, None)
    return abs(after - before) if isinstance(before, int) and isinstance(after, int) else float("inf")


def _after_quiet(moment: datetime, quiet: tuple[time, time], zone: tzinfo) -> datetime:
    """The end of the quiet span around `moment`, or `moment` itself.

    It is quiet when the next bound that comes is an end. Said so, spans over midnight and the two days a year when
    clocks jump need no case of their own.
    """
    start, end = (cron.next_time(f"{bound.minute} {bound.hour} * * *", zone, moment) for bound in quiet)
    return end if end < start else moment


def _alerts(
    change: Change,
    channel: Channel,
    ways: Iterable[tuple[datetime, AlertRule]],
    silences: Iterable[Silence],
    history: str,
) -> Iterator[Alert]:
    """A row for each recipient, by the matching rule that tells soonest."""
    telling = [(when, rule) for when, rule in ways if matches(rule, change)]
    if not telling:
        return
    when, rule = min(telling, key=lambda way: way[0])
    silenced = _silenced(silences, change.brand, change.kind, channel)
    for recipient in recipients(channel):
        yield Alert(
            id=alert_id("change", history, change.id, channel.name, recipient),
            channel=channel.name,
            recipient=recipient,
            rule=rule.name,
            digest=rule.digest is not None,
            changes=(change.id,),
            not_before=when,
            gathers=None if silenced else _key(rule, channel, change, when),
            silenced=silenced,
        )


def _key(rule: AlertRule, channel: Channel, change: Change, when: datetime) -> str | None:
    if rule.digest:
        return f"digest {when.isoformat()} {rule.name}"
    return f"brand {change.brand} {rule.name}" if group_window(rule, channel) else None


def _source_alerts(
    notice: Notice, channel: Channel, rule: AlertRule, when: datetime, silenced: str | None
) -> Iterator[Alert]:
    about = notice.sources[0]
    key = f"sources {when.isoformat()} {rule.name}" if rule.digest else f"sources {rule.name}"
    for recipient in recipients(channel):
        yield Alert(
            id=alert_id("source", about["source"], about["health"], about["told_at"], channel.name, recipient),
            channel=channel.name,
            recipient=recipient,
            rule=rule.name,
            digest=rule.digest is not None,
            changes=(),
            not_before=when,
            gathers=None if silenced else key,
            silenced=silenced,
            notice=notice,
        )


def _silenced(silences: Iterable[Silence], brand: str | None, kind: str | None, channel: Channel) -> str | None:
    """Why nobody is to hear of it, or None; what is of no kind is silenced by what speaks of none."""
    for silence in silences:
        brands = silence.brand is None or (brand is not None and silence.brand.casefold() == brand.casefold())
        if brands and silence.kind in (None, kind) and silence.channel in (None, channel.name):
            return _reason(silence)
    return None


def _reason(silence: Silence) -> str:
    note = f": {silence.note}" if silence.note else ""
    return f"silence {silence.id}, until {silence.until:%Y-%m-%d %H:%M} UTC{note}"


def alert_id(*parts: str) -> str:
    """The same for the same parts, over crashes and versions: what recipients tell repeats by."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
