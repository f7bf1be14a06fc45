"""A brand comes to a country, plans to, or leaves it: the kind `market_entry`.

How a sentence is read: lists of places ("Peru, Chile and, next year, Ecuador") ─► the words that govern each list
(enter, come, exit, present) ─► whose doing ─► the brand's own coming, and not one model's, a plant's, a race's ─► done,
planned, only considered ─► a date. What fails a step is dropped with the reason. One fact per market and document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from monitor.models import Fact
from monitor.parser.clauses import Modality, first_day, last_day, modality
from monitor.parser.entry_actors import whose
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.step_standing import Basis, EntryStatus, standing, why_no_entry
from monitor.parser.step_tense import is_upcoming
from monitor.parser.steps import Event, events
from monitor.parser.territories import Territory, english_name, members


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEntry(Fact):
    """`market` is an ISO 3166-1 alpha-2 code or `region:<English name>`. Plans are a subject of their own."""

    kind: ClassVar[str] = "market_entry"

    market: str
    status: EntryStatus = "entered"
    basis: Basis = "event"

    @property
    def subject(self) -> str:
        place = self.market.removeprefix("region:")
        return f"{place}, planned" if self.status == "planned" else place

    @property
    def value(self) -> str:
        return self.status

    def headline(self, before: Fact | None) -> str:
        verb = {"entered": "enters", "planned": "plans to enter", "exited": "leaves"}[self.status]
        if self.basis == "presence":
            verb = "is in"
        due = f" ({self.when})" if self.when else ""
        return f"{self.brand} {verb} {english_name(self.market)}{due}"


def propose(scene: Scene) -> tuple[Finding, ...]:
    """Every list of places that something is said of, kept or dropped with the reason. One fact per market."""
    found: list[Finding] = []
    for line in scene.lines:
        for event in events(scene, line):
            found += _judge(scene, line, event, found)
    return _one_per_market(without_regions(found))


def without_regions(findings: list[Finding]) -> list[Finding]:
    """A part of the world is dropped when countries of it are named for the same step."""
    facts = [finding.fact for finding in findings if isinstance(finding.fact, MarketEntry)]

    def is_told_by_country(fact: Fact | None) -> bool:
        if not isinstance(fact, MarketEntry) or fact.basis == "presence":
            return False
        inside = members(fact.market)
        return fact.status != "exited" and any(
            other.market in inside and other.brand == fact.brand and other.basis == "event" and other.status != "exited"
            for other in facts
        )

    return [
        replace(finding, fact=None, why="its countries are named") if is_told_by_country(finding.fact) else finding
        for finding in findings
    ]


def _judge(scene: Scene, line: Line, event: Event, earlier: list[Finding]) -> Iterator[Finding]:
    low, high = event.low, event.high
    told_after = (event.last or _is_noun(line, event)) and not _is_past(line, event)
    plans = _own_end(line, event, high) if told_after else event.end
    doubts = None if event.role in ("entry", "first") and event.last else event.end
    how = modality(
        line, low, high, scene.document.published, near=(event.cue.start, event.cue.end), plans=plans, doubts=doubts
    )
    planned = line.has("market_entry.plan", start=low, end=high) or _is_to_come(scene, line, event, plans)
    how = replace(how, planned=how.planned or planned)
    brand, reason = whose(scene, line, event, low)
    reason = reason or how.why_not or why_no_entry(scene, line, event, how, earlier)
    roles = line.described("market_entry.", "shared.", start=low, end=high)
    for place in event.chain.places:
        why = reason or ("the brand's home" if place.code == scene.cast.home and event.role != "exit" else None)
        if why or brand is None:
            yield Finding(line, "market_entry", roles, None, f'{place.code} "{event.cue.text}": {why}', place.code)
        else:
            fact = _fact(scene, line, event, place, how, brand)
            why = event.role if event.chain.named else f"meant, {event.role}"
            yield Finding(line, "market_entry", roles, fact, f'{why} "{event.cue.text}"', place.code)


def _is_to_come(scene: Scene, line: Line, event: Event, end: int) -> bool:
    """ "goes on sale in October": a verb in the present tense makes the month the coming one."""
    published = scene.document.published
    if not published or not line.has("market_entry.present_tense", start=event.cue.start, end=event.cue.end):
        return False
    moments = [moment for moment in line.moments if event.low <= moment.start and moment.end <= end]
    return any(first_day(moment.ahead) > last_day(published) for moment in moments if moment.ahead != moment.behind)


def _is_past(line: Line, event: Event) -> bool:
    """Whether a verb in the past tense tells of the step, so that what is still to come behind it is something else."""
    start = event.low if event.role in ("first", "shop") else event.cue.start
    return line.has("market_entry.past_tense", start=start, end=event.cue.end)


def _is_noun(line: Line, event: Event) -> bool:
    """Whether the step is told by a noun, of which the verb follows: "the launch in Italy is due in May"."""
    return any(cue.start == event.cue.start for cue in line.of("market_entry.launch_noun", start=event.cue.start))


def _own_end(line: Line, event: Event, high: int) -> int:
    """Where the words end that may make a plan of the last step of a sentence: before an "and" with another verb, or
    before the main clause: "after its debut in Japan, the brand will …"."""
    ends = [cue.start for cue in line.of("shared.and", start=event.end, end=high)]
    subjects = [name.start for name in line.names] + [cue.start for cue in line.of("shared.self", start=event.end)]
    ends += [start for start in subjects if start > event.end and line.between(start - 2, start).startswith(",")]
    return min(ends, default=high)


def _fact(scene: Scene, line: Line, event: Event, place: Territory, how: Modality, brand: str) -> MarketEntry:
    if is_upcoming(scene, line, event):
        how = replace(how, planned=True)
    status, basis = standing(scene, line, event, how)
    return MarketEntry(
        brand=brand,
        market=place.code,
        status=status,
        basis=basis,
        hedged=how.hedged,
        evidence=line.text,
        start=line.start,
        end=line.end,
    )


def _one_per_market(findings: list[Finding]) -> tuple[Finding, ...]:
    """Of several claims about one market the best stays: an event before mere presence, one that is done before a
    plan."""
    best: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        fact = finding.fact
        if isinstance(fact, MarketEntry):
            key = (fact.brand, fact.market)
            if key not in best or _strength(finding) > _strength(best[key]):
                best[key] = finding
    kept = {id(finding) for finding in best.values()}
    return tuple(
        finding
        if finding.fact is None or id(finding) in kept
        else replace(finding, fact=None, why="the document says it better elsewhere")
        for finding in findings
    )


def _strength(finding: Finding) -> tuple[bool, ...]:
    fact = finding.fact
    assert isinstance(fact, MarketEntry)
    plain = not finding.why.startswith(("first", "sign"))
    named = not finding.why.startswith("meant")
    return fact.basis == "event", named, fact.status != "planned", plain
