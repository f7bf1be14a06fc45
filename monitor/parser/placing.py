"""For which markets a model's step is: every market that the text names is weighed.

    fact ─► the markets that the text names, each where it stands nearest to the model ─► what `entries` and the network
         know of that place, and how it stands to the model ─► the trees' shares

"Shown in Munich, made in Hungary, on sale in Italy" names three, and one of them is the step's. What the rules of
`model_announcement` propose is heard as one voice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from monitor.parser.classifier import classifier
from monitor.parser.dating import RIGHT, Spot
from monitor.parser.entries import as_place
from monitor.parser.features import Candidate, Candidates, Describer, beside
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.scene import Finding

NAME = "where"
"""Of the classifier."""
LIKELY = 0.4
"""How likely a market must be to be told."""
MOST = 16
"""How many markets are weighed for one fact."""


@dataclass(frozen=True, slots=True)
class Option:
    """A market that a fact may be for, with its features."""

    market: str
    features: dict[str, float]


def placed(described: Describer, findings: Iterable[tuple[Finding, Spot | None]], places: Candidates) -> list[Finding]:
    """The findings with the markets of the models' facts, those without a spot as they are; `places` are all that the
    text names."""
    told = list(findings)
    facts = [(cast(ModelAnnouncement, finding.fact), spot) for finding, spot in told if spot]
    weighed = [options(described, places, spot, fact.markets) for fact, spot in facts]
    shares = iter(classifier(NAME).weigh([option.features for each in weighed for option in each]))
    here = [tuple(option.market for option in each if next(shares)[RIGHT] >= LIKELY) for each in weighed]
    made = iter([replace(fact, markets=markets) for (fact, _), markets in zip(facts, here, strict=True)])
    return [replace(finding, fact=next(made)) if spot else finding for finding, spot in told]


def options(described: Describer, places: Candidates, spot: Spot, proposed: Sequence[str]) -> list[Option]:
    """The markets that a text names, each where it stands nearest to a fact, the nearest first."""
    nearest: dict[str, Candidate] = {}
    for place in (*sorted(places.each, key=lambda place: _distance(place, spot)), *_titled(described)):
        nearest.setdefault(place.key.code, place)
    own = {place.key.code for place in places.each if place.line is spot.line}
    chosen = [*nearest.items()][:MOST]
    common = {f"told {spot.told}": 1.0, "markets": len(chosen), "own markets": len(own), "rules none": not proposed}
    return [
        Option(
            code, place.features | common | _standing(place, spot) | {"nearer markets": rank, "rules": code in proposed}
        )
        for rank, (code, place) in enumerate(chosen)
    ]


def _titled(described: Describer) -> Iterator[Candidate]:
    title = described.scene.title
    for number, place in enumerate(title.places):
        yield Candidate(title, place.start, place.end, place, partial(_of_title, described, number), None, ())


def _of_title(described: Describer, number: int) -> dict[str, float]:
    """The features of one of the places that the title names."""
    title = described.scene.title
    place = title.places[number]
    found = described.describe(title, place.start, place.end)
    return found | as_place(described.scene, title, title.places, number) | {"titled": 1.0}


def _distance(place: Candidate, spot: Spot) -> tuple[int, int]:
    return abs(place.line.number - spot.line.number), max(place.start - spot.end, spot.start - place.end)


def _standing(place: Candidate, spot: Spot) -> dict[str, float]:
    """How a place stands to a fact: in its sentence, or so many sentences before or behind it."""
    if place.line.number < 0:
        return {"in title": 1.0}
    if place.line is not spot.line:
        return {"sentences apart": place.line.number - spot.line.number}
    return beside(spot.line, place.start, place.end, (spot.start, spot.end))
