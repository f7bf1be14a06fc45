"""Whether a round of the demo went as the story says. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.cli.demo.stage import Message, Seen
from monitor.cli.demo.story import SITES, Round, Told

_VALUES = {"market_count": "count", "market_entry": "status", "model_announcement": "stage"}


def complaints(expected: Round, seen: Seen) -> Iterator[str]:
    """What went otherwise, one line each, the cause before its effects."""
    yield from _unread(seen)
    facts = sum(len(reading.facts) for checked in seen.checks for reading in checked.observation.readings)
    if facts != expected.facts:
        yield f"facts read: {facts}; in the articles: {expected.facts}"
    told = sorted(map(_told, seen.told))
    if told != sorted(expected.told):
        yield f"told: {_listed(told)}; expected: {_listed(sorted(expected.told))}"
    yield from _lost(seen)


def _unread(seen: Seen) -> Iterator[str]:
    if len(seen.checks) != len(SITES):
        yield f"{len(seen.checks)} of {len(SITES)} sources were checked"
    for checked in seen.checks:
        observation = checked.observation
        if not observation.outcome.good:
            yield f"{checked.source.name} could not be read: {observation.reason}"
        for reading in observation.readings:
            if not reading.outcome.good:
                yield f"{reading.link.url} could not be read: {reading.reason}"


def _lost(seen: Seen) -> Iterator[str]:
    if seen.refused:
        yield f"webhook messages without a right signature: {seen.refused}"
    for message in seen.told:
        arrived = {"mail": message.mail is not None, "webhook": message.posted}
        missing = [name for name, here in arrived.items() if not here]
        if missing:
            answers = "; ".join(f"{alert['channel']}: {alert['last_answer']}" for alert in message.alerts)
            yield f"“{message.change.text}” did not arrive by {' and '.join(missing)} ({answers})"
    if not seen.mails == seen.posts == len(seen.told):
        yield f"changes told: {len(seen.told)}; mails: {seen.mails}; webhook messages: {seen.posts}"


def _told(message: Message) -> Told:
    change = message.change
    return Told(change.change, change.subject, str((change.after or {}).get(_VALUES.get(change.kind, ""))))


def _listed(told: list[Told]) -> str:
    return ", ".join(f"{one.change} {one.subject} {one.value}" for one in told) or "nothing"
