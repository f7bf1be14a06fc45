"""A brand comes to a country, plans to, or leaves it: the kind `market_entry`.

How a sentence is read: lists of places ("Peru, Chile and, next year, Ecuador") ─► the words that govern each list
(enter, come, exit,
present) ─► whose doing ─► the brand's own coming, and not one model's, a plant's, a race's ─► done, planned, only
considered ─►
a date. What fails a step is dropped with the reason. One fact per market and document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from monitor.models import Fact
from monitor.parser.clauses import Actor, Modality, actor, is_light, joint, modality, segment
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.step_dates import is_recent, upcoming_launch, when_of
from monitor.parser.steps import FILLER, Event, events
from monitor.parser.territories import Territory, english_name, members

EntryStatus = Literal["entered", "planned", "exited"]


Basis = Literal["event", "presence"]


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


FAR = 160
"""How far a verb may stand from its subject, when no other thing is named between them."""


def read(scene: Scene) -> tuple[Finding, ...]:
    """Every list of places that something is said of, kept or dropped with the reason. One fact per market."""
    found: list[Finding] = []
    for line in scene.lines:
        for event in events(scene, line):
            found += _judge(scene, line, event, found)
    return _one_per_market(_without_regions(found))


def _without_regions(findings: list[Finding]) -> list[Finding]:
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
    plans = _own_end(line, event, high) if event.last else event.end
    doubts = None if event.role in ("entry", "first") and event.last else event.end
    how = modality(
        line, low, high, scene.document.published, near=(event.cue.start, event.cue.end), plans=plans, doubts=doubts
    )
    brand, reason = _whose(scene, line, event, low)
    reason = reason or how.why_not or _no_entry(scene, line, event, how)
    if (
        not reason
        and event.role == "follow"
        and not (any(found.fact for found in earlier) or _is_about_markets(scene, line))
    ):
        reason = "nothing was entered before that this could follow"
    roles = line.described("market_entry.", "shared.", start=low, end=high)
    for place in event.chain.places:
        why = reason or ("the brand's home" if place.code == scene.cast.home and event.role != "exit" else None)
        if why or brand is None:
            yield Finding(line, "market_entry", roles, None, f'{place.code} "{event.cue.text}": {why}')
        else:
            fact = _fact(scene, line, event, place, how, brand)
            yield Finding(line, "market_entry", roles, fact, f'{event.role} "{event.cue.text}"')


def _own_end(line: Line, event: Event, high: int) -> int:
    """Where the words end that may make a plan of the last step of a sentence: before an "and" with another verb, or
    before the
    main clause: "after its debut in Japan, the brand will …"."""
    ends = [cue.start for cue in line.of("shared.and", start=event.end, end=high)]
    subjects = [name.start for name in line.names] + [cue.start for cue in line.of("shared.self", start=event.end)]
    ends += [start for start in subjects if start > event.end and line.between(start - 2, start).startswith(",")]
    return min(ends, default=high)


def _is_about_markets(scene: Scene, line: Line) -> bool:
    """Whether the title or the sentences right before speak of markets."""
    near = (scene.title, *scene.lines[max(0, line.number - 2) : line.number + 1])
    return any(other.has("market_count.market", "market_entry.entry") for other in near)


def _whose(scene: Scene, line: Line, event: Event, low: int) -> tuple[str | None, str | None]:
    """Whose entry it is, or the reason why it is none of the brand's."""
    if scene.brand is None:
        return None, "no brand"
    objects = [
        name
        for name in line.names
        if event.cue.start <= name.start and name.end <= max(event.cue.end, event.chain.start)
    ]
    for name in objects if event.role != "exit" else ():
        if name.brand == scene.brand or scene.cast.is_kin(name.brand):
            return name.brand, None
    others = [name for name in line.names if event.low <= name.start < event.high and name.brand != scene.brand]
    if event.role == "follow" and not others:
        return scene.brand, None
    who = actor(scene, line, event.cue.start)
    if scene.brand in joint(line, event.cue.start):
        return scene.brand, None
    if who.end is None and (after := _subject_after(scene, line, event)) is not None:
        who = after
    if who.brand is None:
        return None, "a product, or somebody else, comes"
    if who.brand != scene.brand and not scene.cast.is_kin(who.brand):
        return None, f"it is {who.brand} that acts"
    if objects and event.role in ("enter", "come", "first"):
        return None, f"it is about {objects[0].brand}"
    dropped = scene.words.drops_subject and scene.referent(line, line.start) == who.brand
    if not _is_brands_doing(line, event, who.end, low, dropped):
        return None, "a product comes, or nobody is said to"
    return who.brand, None


def _subject_after(scene: Scene, line: Line, event: Event) -> Actor | None:
    """The subject of languages that put it after the verb: "In Österreich startet die Marke"."""
    for start, brand in sorted(
        [(name.start, name.brand) for name in line.names if name.start >= event.cue.end]
        + [(cue.start, scene.brand or "") for cue in line.of("shared.self", start=event.cue.end)]
    ):
        if start - event.cue.end <= 3 or is_light(line, event.cue.end, start, *FILLER):
            return Actor(brand, event.cue.start)
        return None
    return None


def _is_brands_doing(line: Line, event: Event, subject: int | None, low: int, drops_subject: bool) -> bool:
    """For verbs that models take too: the brand itself is the subject, or all that it sells is what comes or goes."""
    if event.role in ("enter", "entry", "first", "sign", "follow", "ordinal"):
        return True
    left = max(low, subject if subject is not None else low)
    right = event.chain.start if event.cue.end <= event.chain.start else event.cue.end
    if any(left <= a < right for a, _ in line.strangers) or line.has("market_entry.product", start=left, end=right):
        return False
    if _is_of_thing(line, event, subject):
        return False
    if event.role in ("avail", "present") and any(cue.end == subject for cue in line.of("shared.pronoun")):
        return any(cue.start - (subject or 0) <= 1 for cue in line.of("market_entry.brand_object", start=subject))
    if event.role in ("exit", "open") or line.has("market_entry.brand_object", start=left, end=right):
        return True
    if subject is None:
        return drops_subject
    if re.match(r"-\w", line.between(subject, subject + 2)):  # "Zeekr-Kunden", "Tesla-owned"
        return False
    if event.role in ("avail", "sell", "present") and not _is_verb_next(line, subject):
        return False
    return event.cue.start - subject <= FAR and not line.is_possessive(subject)


def _is_verb_next(line: Line, subject: int) -> bool:
    """Whether a brand's name is not the first part of a longer one: "the Porsche radio is on sale"."""
    follows = re.match(r"\s+([a-z][\w-]*)", line.between(subject, line.end))
    if not follows:
        return True
    start, end = subject + follows.start(1), subject + follows.end(1)
    roles = (
        "shared.plan",
        "shared.passive",
        "shared.also",
        "shared.now",
        "shared.relative",
        "market_entry.filler",
        "market_entry.verb",
    )
    return (
        any(cue.start == start for cue in line.of(*roles))
        or any(
            cue.start <= start < cue.end
            for cue in line.of("market_entry.sell", "market_entry.present", "market_entry.avail")
        )
        or end == start
    )


def _is_of_thing(line: Line, event: Event, subject: int | None) -> bool:
    """ "the Meteor, ahead of its launch in India": a pronoun after the name of a thing means the thing."""
    pronouns = [cue for cue in line.of("shared.pronoun", end=event.cue.start) if cue.end == subject]
    if not pronouns:
        return False
    return any(stop <= pronouns[0].start for _, stop in line.strangers) or line.has(
        "market_entry.product", end=pronouns[0].start
    )


def _no_entry(scene: Scene, line: Line, event: Event, how: Modality) -> str | None:
    """What begins or ends in a place although the brand does not."""
    low, high = segment(line, event.start, event.end)
    low, high = max(low, event.low), min(high, event.high)
    blocking = "market_entry.not_exit" if event.role == "exit" else "market_entry.not"
    if event.role not in ("ordinal", "first") and (blocker := line.of(blocking, start=low, end=high)):
        return f'not the brand\'s presence ("{blocker[0].text}")'
    if event.role in ("sell", "avail") and not how.planned and not is_recent(scene, line, event):
        return "sold there, which is no step"
    if event.role == "open" and any(
        event.cue.start - 30 <= number.start < event.chain.start for number in line.numbers
    ):
        return "some shops more"
    return None


def _fact(scene: Scene, line: Line, event: Event, place: Territory, how: Modality, brand: str) -> MarketEntry:
    upcoming = upcoming_launch(scene, line, event)
    status, basis = _standing(scene, line, event, replace(how, planned=True) if upcoming else how)
    when = None
    if basis == "event":
        when = upcoming.ahead if upcoming else when_of(scene, line, event, place, status)
    return MarketEntry(
        brand=brand,
        market=place.code,
        status=status,
        basis=basis,
        when=when,
        hedged=how.hedged,
        evidence=line.text,
        start=line.start,
        end=line.end,
    )


def _standing(scene: Scene, line: Line, event: Event, how: Modality) -> tuple[EntryStatus, Basis]:
    """What became of the step, and whether it is one."""
    if event.role != "exit" and line.has("market_entry.postponed", start=event.low, end=event.high):
        return "planned", "event"
    match event.role:
        case "exit":
            return "exited", "event"
        case "present" if how.planned:
            return "planned", "event"
        case "present":
            return "entered", "event" if is_recent(scene, line, event) else "presence"
        case "sell" | "avail" if not how.planned:
            return "entered", "event"
        case "sell" | "avail" | "sign":
            return "planned", "event"
        case "follow":
            done = line.has("market_entry.followed", start=event.cue.start, end=event.cue.end)
            return "entered" if done and not how.planned else "planned", "event"
        case "entry" if line.has("shared.plan"):
            return "planned", "event"
        case "ordinal" if line.has("market_count.as", start=event.cue.start - 6, end=event.cue.start):
            return "entered" if line.has("market_entry.done", start=event.low, end=event.high) else "planned", "event"
        case "first" if not line.has("market_entry.done", start=event.low, end=event.high):
            return "planned", "event"
        case _:
            return "planned" if how.planned else "entered", "event"


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


def _strength(finding: Finding) -> tuple[bool, bool, bool, bool]:
    fact = finding.fact
    assert isinstance(fact, MarketEntry)
    plain = not finding.why.startswith(("first", "sign"))
    return fact.basis == "event", fact.status != "planned", plain, fact.when is not None
