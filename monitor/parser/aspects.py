"""The attributes of a fact that sources may contradict each other in: what a plan's date is, what drives a model, where
it was first shown.

Each is a small fact of its own, so that it is believed, disputed and settled by the same rules as a value. Only real
contradictions count: what can be true together agrees, and so does what is too vague to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from monitor.models import Claim, Statement, When
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.spans import overlap
from monitor.parser.territories import english_name, members

AHEAD = ("teased", "confirmed")
"""Stages whose date is of a step that is to come."""

_DRIVES = {
    "fuel": r"\b(petrol|gasoline|diesel|combustion|ICE|benzin\w*|verbrenner\w*|gasolina|essence|thermique)\b|燃油|汽油",
    "fuel cell": r"\b(fuel[ -]cells?|hydrogen|brennstoffzelle\w*|hydrogène|hidrógeno|idrogeno|hidrogênio)\b|氢",
    "range extender": r"\b(range[ -]extend\w+|extended[ -]range|EREV|REEV)\b|增程",
    "plug-in hybrid": r"\b(plug[ -]?in|PHEVs?|enchufable|EHD|hybride rechargeable)\b|插电|插混",
    "hybrid": r"\b(hybrid\w*|híbrid\w+|ibrid\w+|M?HEVs?)\b|混合动力|混动",
    "electric": r"\b((all|fully|pure|battery)[ -])?(electric|EVs?|BEVs?|elektro\w*|elektrisch\w*|eléctric\w+|elétric\w+"
    r"|électriques?|elettric\w+)\b|纯电|电动",
}
"""What drives a car, by the words of a description; looked for in this order, each in what the ones before left."""
_DRIVE = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _DRIVES.items()}
_TOGETHER = ({"electric", "range extender"}, {"hybrid", "plug-in hybrid"}, {"range extender", "plug-in hybrid"})
"""Pairs that are said of one car: a range extender is driven by electricity and plugged in, a plug-in is a hybrid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect(Statement):
    """One attribute of the fact `whole`. `said` is what is claimed, short."""

    name: ClassVar[str]

    whole: Statement
    said: str

    @property
    def value(self) -> str:
        return self.said

    def headline(self, before: Self | None) -> str:
        step = f"{before.value} → {self.said}" if before and before.value != self.said else self.said
        return f"{_about(self.whole)}: {self.name} {step}"

    def as_json(self) -> dict[str, Any]:
        """The whole fact: an attribute has no public form of its own."""
        return self.whole.as_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(Aspect):
    """The date of what is planned. `places` are those it is for, empty: all; `target` is the count planned."""

    name: ClassVar[str] = "when"

    places: tuple[str, ...] = ()
    target: int | None = None

    def agrees(self, other: Self) -> bool:
        if self.target != other.target or _apart(self.places, other.places):
            return True
        return overlap(self.said, other.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debut(Aspect):
    """When and for which markets something was first shown. Another day alone contradicts nobody: an article's own day
    stands in for the day of the event too often."""

    name: ClassVar[str] = "debut"

    date: When
    places: tuple[str, ...]

    def agrees(self, other: Self) -> bool:
        return overlap(self.date, other.date) or not _apart(self.places, other.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive(Aspect):
    """What drives a model; `ways` are those that the description names."""

    name: ClassVar[str] = "drive"

    ways: frozenset[str]

    def agrees(self, other: Self) -> bool:
        return bool(self.ways & other.ways) or any(self.ways | other.ways <= pair for pair in _TOGETHER)


def aspects(fact: Statement) -> Iterator[Aspect]:
    """The attributes that a fact states: when it is due, its debut, its drive."""
    if fact.when and is_plan(fact):
        target = fact.count if isinstance(fact, MarketCount) else None
        places = fact.markets if isinstance(fact, ModelAnnouncement) else ()
        yield Due(**_shared(fact), said=fact.when, places=places, target=target)
    if not isinstance(fact, ModelAnnouncement):
        return
    if fact.when and fact.markets and fact.stage == "unveiled":
        said = f"{fact.when} for {', '.join(map(english_name, fact.markets))}"
        yield Debut(**_shared(fact), said=said, date=fact.when, places=fact.markets)
    ways = drives(fact.segment)
    if len(ways) == 1:  # "electric and hybrid" is said of several
        yield Drive(**_shared(fact), said=min(ways), ways=ways)


def _shared(fact: Statement) -> dict[str, Any]:
    return {f.name: getattr(fact, f.name) for f in fields(Statement)} | {"whole": fact}


def is_plan(fact: Statement) -> bool:
    """Whether it is about what is to come."""
    if isinstance(fact, ModelAnnouncement):
        return fact.stage in AHEAD
    return isinstance(fact, MarketCount | MarketEntry) and fact.status == "planned"


def drives(segment: str | None) -> frozenset[str]:
    """What drives a model, by its description."""
    rest, found = segment or "", set()
    for name, pattern in _DRIVE.items():
        rest, count = pattern.subn(" ", rest)
        if count:
            found.add(name)
    if found & {"plug-in hybrid", "range extender"}:  # "plug-in hybrid electric" is one thing
        found -= {"hybrid", "electric"}
    elif "hybrid" in found and re.search(r"hybrid electric|electrified", segment or "", re.IGNORECASE):
        found -= {"electric"}
    return frozenset(found)


def of_claims(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """The claims again for each attribute that some of them state, holding only that."""
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        for aspect in aspects(claim.fact):
            found.setdefault(aspect.name, []).append(replace(claim, fact=aspect))
    return found


def _about(fact: Statement) -> str:
    """What the attribute is of, in a few words."""
    match fact:
        case ModelAnnouncement():
            return f"{fact.brand} {fact.model}"
        case MarketCount():
            return f"{fact.brand}: {fact.value} markets planned"
        case MarketEntry():
            return f"{fact.brand} plans to enter {english_name(fact.market)}"
        case _:
            return fact.brand


def _apart(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether both name places and have none in common, also as a part of the other's."""
    mine, yours = _all(ours), _all(theirs)
    return bool(mine and yours) and not mine & yours


def _all(places: tuple[str, ...]) -> set[str]:
    return {place for named in places for place in (named, *members(named))}
