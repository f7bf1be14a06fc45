"""What may be a model's name though nothing vouches for it: candidates for whoever judges, weighed by signs.

    sightings (spaced_guesses, unspaced_guesses) ─► points a name over the whole text ─► the best ─► Mention (GUESS)

A sign is what a name looks like ("Phone (1)", "e Vitara") or has beside it (a brand, "SUV", "called", quotes). Finding
a name matters more here than being right, but what is likely a person, a company or a place is not worth a judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.parser.designations import GUESS, Mention
from monitor.parser.wording import Wording

MOST = 24
"""How many guesses a document may hold."""
FEW, SLACK = 3, 1
"""A text about products with fewer names gets weaker guesses too, weaker by this many points at most."""
AGAIN = 1
"""What a second sighting is worth."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A possible name where it stands, the brand written before it, what speaks for it there and against, and how
    much, all in all."""

    start: int
    end: int
    name: str
    brand: str | None
    signs: frozenset[str]
    points: int


def completed(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings with what a bracket leaves out put back: "the (3a) Pro" after "Phone (3a)" is "Phone (3a) Pro"."""
    heads = {
        bracket: name.removesuffix(bracket)
        for name in (one.name for one in sightings)
        if name.endswith(")") and not name.startswith("(")
        for bracket in (name[name.rindex("(") :],)
    }
    return [
        replace(one, name=heads.get(one.name.partition(" ")[0], "") + one.name) if one.name.startswith("(") else one
        for one in sightings
    ]


def choose(sightings: Sequence[Sighting], known: frozenset[str], *, enough: int, products: bool) -> dict[str, Sighting]:
    """The names worth proposing, the best first, each with its best sighting; none that are `known`. A text that
    says nothing of `products` must say more for a name."""
    best: dict[str, Sighting] = {}
    points: dict[str, int] = {}
    for one in sightings:
        if one.name in known:
            continue
        first = best.setdefault(one.name, one)
        if first is not one:
            points[one.name] = AGAIN + max(first.points, one.points)
            best[one.name] = max(first, one, key=lambda sighting: sighting.points)
        else:
            points[one.name] = one.points
    ranked = sorted(best, key=lambda name: -points[name])
    if not products:
        return {name: best[name] for name in ranked[:MOST] if points[name] > enough}
    wanted = FEW - len(known)
    return {
        name: best[name]
        for rank, name in enumerate(ranked[:MOST])
        if points[name] >= (enough if rank >= wanted else enough - SLACK)
    }


def mentions(line: Wording, chosen: Mapping[str, Sighting]) -> Iterator[Mention]:
    """Every place where a sentence says one of the chosen names."""
    for name, sighting in chosen.items():
        written = name[sighting.start - sighting.end :]  # without what was put back
        at = line.text.find(written)
        while at >= 0:
            end = at + len(written)
            if not (_joins(line, at - 1, written[0]) or _joins(line, end, written[-1])):
                yield Mention(line.start + at, line.start + end, name, sighting.brand, GUESS)
            at = line.text.find(written, end)


def _joins(line: Wording, at: int, edge: str) -> bool:
    """Whether a character beside a name makes it a part of a longer word."""
    return line.line.spaced and 0 <= at < len(line.text) and (line.text[at].isalnum() and edge.isalnum())
