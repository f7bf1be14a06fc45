"""Which markets a document says a brand enters, plans to enter, or leaves: every named place is weighed.

    scene ─► places, also by their people and cities ─► described by `features`, with what the rules of `market_entry`
          propose ─► the classifier's shares ─► one fact a market, where a step is likely enough

The rules read plain statements well and miss what is told in another way; the classifier hears them as one voice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from monitor.parser.clauses import bounds, modality
from monitor.parser.dating import Spot, dated
from monitor.parser.features import MOST, Candidate, Candidates, Describer
from monitor.parser.market_entry import MarketEntry, propose, without_regions
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.step_standing import EntryStatus
from monitor.parser.territories import Territory
from monitor.parser.weighing import weighed

LIKELY, AGREED = 0.65, 0.15
"""How likely a step must be to be told, all kinds of steps together; and where the rules propose the same one, as they
do of plain statements."""
STEPS = ("entered", "planned", "exited")
PRESENCE = "presence"
NONE = "none"
LABELS = (*STEPS, PRESENCE, NONE)
NEXT = 8
"""How far two places of one list are apart at most."""


def read(described: Describer, found: Candidates, *, reasons: bool = False) -> tuple[Finding, ...]:
    """Every place of a document, kept or dropped with its share; `reasons` tells what spoke for it and against."""
    if described.scene.brand is None:
        return propose(described.scene)
    each = weighed(MarketEntry.kind, described, found)
    judged = [_judged(described.scene, one.candidate, one.share) for one in each]
    spots = [_spot(one.candidate, finding) for one, finding in zip(each, judged, strict=True)]
    told = dated(described, zip(judged, spots, strict=True))
    if reasons:
        told = [one.explained(finding) for one, finding in zip(each, told, strict=True)]
    likely = [sum(one.share[step] for step in STEPS) for one in each]
    return tuple(without_regions(_likeliest(list(zip(likely, told, strict=True)))))


def _likeliest(told: list[tuple[float, Finding]]) -> list[Finding]:
    """Of several claims about one market the likeliest stays; of equals the first."""
    best: dict[tuple[str, str], tuple[float, Finding]] = {}
    for share, finding in told:
        if isinstance(fact := finding.fact, MarketEntry):
            key = (fact.brand, fact.market)
            if key not in best or share > best[key][0]:
                best[key] = share, finding
    kept = {id(finding) for _, finding in best.values()}
    return [
        finding
        if finding.fact is None or id(finding) in kept
        else replace(finding, fact=None, why="the document says it better elsewhere")
        for _, finding in told
    ]


def candidates(described: Describer) -> Candidates:
    """Every place that the sentences name, with its features; the brand's own name is no place. None where no brand is
    known."""
    scene = described.scene
    if scene.brand is None:
        return Candidates((), described.text)
    proposals = propose(scene)
    steps = Counter(f"proposed {_label(finding)}" for finding in proposals if finding.fact)
    markets = {finding.about: _label(finding) for finding in proposals if finding.fact}
    times = Counter(place.code for line in scene.lines for place in _places(line))
    titled = {place.code for place in _places(scene.title)}
    found = []
    for line in scene.lines:
        own = [finding for finding in proposals if finding.line is line]
        places = _places(line)
        for number, place in enumerate(places):
            said = [finding for finding in own if finding.about == place.code]
            common: dict[str, float] = {"times named": min(times[place.code], 4), "titled": place.code in titled}
            common |= {f"text {step}": min(count, 3) for step, count in steps.items()}
            if place.code in markets:
                common[f"market proposed {markets[place.code]}"] = 1.0
            common |= {f"rules {_label(finding)}": 1.0 for finding in said}
            proposal = next((one for one in said if one.fact), next(iter(said), None))
            describe = partial(_features, described, line, places, number, common)
            found.append(Candidate(line, place.start, place.end, place, describe, proposal, (place.start,)))
        if len(found) >= MOST:
            break
    return Candidates(tuple(found), described.text)


def _features(
    described: Describer, line: Line, places: tuple[Territory, ...], number: int, common: dict[str, float]
) -> dict[str, float]:
    """Those of one of the places of a sentence, with some that are known of it."""
    place = places[number]
    found = described.describe(line, place.start, place.end)
    return found | as_place(described.scene, line, places, number) | common


def _places(line: Line) -> tuple[Territory, ...]:
    if not line.hints:
        return line.places
    return tuple(sorted((*line.places, *line.hints), key=lambda place: place.start))


def _label(finding: Finding) -> str:
    fact = finding.fact
    if not isinstance(fact, MarketEntry):
        return NONE
    return PRESENCE if fact.basis == "presence" else fact.status


def as_place(scene: Scene, line: Line, places: tuple[Territory, ...], number: int) -> dict[str, float]:
    """How a place is named, and where it stands among the others of its sentence."""
    place = places[number]
    first = number
    while first and places[first].start - places[first - 1].end <= NEXT:
        first -= 1
    found: dict[str, float] = {
        f"form {place.form}": 1.0,
        "region": place.is_region,
        "home": place.code == scene.cast.home,
        "in list": number - first,
        "possessive": line.is_possessive(place.end),
        "comma behind": line.between(place.end, place.end + 1) in tuple(",，、"),
        "in brackets": line.between(place.start - 1, place.start) in tuple("(（"),
    }
    if number:
        found["left place"] = place.start - places[number - 1].end
    if number + 1 < len(places):
        found["right place"] = places[number + 1].start - place.end
    return found


def _judged(scene: Scene, candidate: Candidate, share: Mapping[str, float]) -> Finding:
    """The fact that a place makes, if a step is likely enough; mere presence only where the rules see it too."""
    place = cast(Territory, candidate.key)
    step = max(STEPS, key=lambda one: share[one])
    likely = 0.0 if scene.is_of_another(candidate.line, candidate.start) else sum(share[one] for one in STEPS)
    line, said = candidate.line, candidate.proposal
    roles = said.roles if said else ()
    agreed = said is not None and said.fact is not None and _label(said) == step
    if likely >= (AGREED if agreed else LIKELY):
        why = f"{place.code} {step}, {share[step]:.0%}"
        fact = _fact(scene, candidate, cast(EntryStatus, step))
        return Finding(line, MarketEntry.kind, roles, fact, why, place.code)
    if said and isinstance(said.fact, MarketEntry) and said.fact.basis == PRESENCE and share[PRESENCE] > share[NONE]:
        return replace(said, why=f"{place.code} present, {share[PRESENCE]:.0%}")
    why = f"{place.code} no step, {1 - likely:.0%}"
    if said and said.fact is None:
        why += f": {said.why}"
    return Finding(line, MarketEntry.kind, roles, None, why, place.code)


def _spot(candidate: Candidate, finding: Finding) -> Spot | None:
    told = _label(finding)
    return Spot(candidate.line, candidate.start, candidate.end, told) if told in STEPS else None


def _fact(scene: Scene, candidate: Candidate, step: EntryStatus) -> MarketEntry:
    """The fact as the rules propose it, if they see the same step; else made of what stands around the place."""
    said = candidate.proposal.fact if candidate.proposal else None
    if isinstance(said, MarketEntry) and said.status == step and said.basis == "event":
        owned = scene.cast.is_parent(said.brand) and any(name.brand == scene.brand for name in candidate.line.names)
        return (
            replace(said, brand=cast(str, scene.brand)) if owned else said
        )  # "Omoda, a brand of Chery's, has entered"
    line, place = candidate.line, cast(Territory, candidate.key)
    low, high = bounds(line, place.start, place.end)
    return MarketEntry(
        brand=cast(str, scene.brand),
        market=place.code,
        status=step,
        hedged=modality(line, low, high, scene.document.published, near=(place.start, place.end)).hedged,
        evidence=line.text,
        start=line.start,
        end=line.end,
    )
