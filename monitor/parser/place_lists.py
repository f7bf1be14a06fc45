"""Lists of places in a sentence: "Peru, Chile and, next year, Ecuador" is one.

A place meant but not named ("the country", "there") is the one named last before it. Nothing here knows what is said
of the places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.parser.clauses import is_light
from monitor.parser.scene import Line, Scene
from monitor.parser.territories import Territory, members

LOOK_BACK = 2
"""How many sentences before "the country" may name it."""

SMALL = ("shared.also", "shared.link")

FILLER = (*SMALL, "shared.plan", "market_entry.filler", "market_entry.brand_object", "market_entry.marketlike")


@dataclass(frozen=True, slots=True)
class Chain:
    """Places named in one list: "Peru, Chile and, next year, Ecuador"."""

    places: tuple[Territory, ...]
    named: bool = True
    """Whether the sentence names them; else it says "the country"."""

    @property
    def start(self) -> int:
        return self.places[0].start

    @property
    def end(self) -> int:
        return self.places[-1].end


def chains_of(line: Line) -> list[Chain]:
    """The lists of places of a sentence. Adjectives count only as "the Indian market" or "its first German shop"."""
    chains: list[list[Territory]] = []
    for place in line.places:
        if (place.adjective or line.is_possessive(place.end)) and not _names_market(line, place):
            continue
        if chains and not _contains(place, chains[-1]) and _is_listed(line, chains[-1], place):
            chains[-1].append(place)
        else:
            chains.append([place])
    return [Chain(tuple(chain)) for chain in chains]


def meant_chains(scene: Scene, line: Line) -> Iterator[Chain]:
    """What "the country" or "there" stands for: the place named last before it, the brand's home apart."""
    for cue in line.of("market_entry.anaphor", "market_entry.region_anaphor"):
        if line.has("shared.passive", start=cue.end, end=cue.end + 5) or _stands_for_named(line, cue.start, cue.end):
            continue
        wants_region = cue.key == "region_anaphor"
        meant = _last_named(scene, line, cue.start, wants_region)
        if meant is not None and meant.code != scene.cast.home:
            yield Chain((Territory(cue.start, cue.end, meant.code),), named=False)


def _stands_for_named(line: Line, start: int, end: int) -> bool:
    """ "the country of Georgia" names it; "the Chinese market" too."""
    return any(0 <= place.start - end <= 4 or start <= place.start < end for place in line.places)


def _last_named(scene: Scene, line: Line, end: int, wants_region: bool) -> Territory | None:
    """The place of a kind that was named last before an offset, in this sentence or the ones before it."""
    before = scene.lines[max(0, line.number - LOOK_BACK) : max(0, line.number)]
    for other in (line, *reversed(before), scene.title):
        fitting = [
            place
            for place in other.places
            if place.is_region == wants_region
            and place.code != scene.cast.home
            and not (other is line and place.end > end)
            and not _describes(other, place)
        ]
        if fitting:
            return fitting[-1]
    return None


def _describes(line: Line, place: Territory) -> bool:
    """Whether a place only describes what follows: "the U.S. group", and not "Germany to make a profit"."""
    if any(0 <= cue.start - place.end <= 2 for cue in line.of("shared.self", start=place.end)):
        return True
    if not line.spaced or not re.match(r" \w", line.between(place.end, place.end + 2)) or place.adjective:
        return False
    small = line.of(
        *FILLER,
        "market_entry.verb",
        "shared.passive",
        "shared.relative",
        "shared.clause",
        "market_entry.with",
        start=place.end,
    )
    return not any(cue.start == place.end + 1 for cue in small)


def _is_listed(line: Line, listed: list[Territory], place: Territory) -> bool:
    """Whether a place goes on with a list. "Mexico and Chile, Colombia …": what follows the end of a list is
    another."""
    if not is_light(line, listed[-1].end, place.start, *SMALL):
        return False
    ended = len(listed) > 1 and line.has("shared.and", start=listed[-2].end, end=listed[-1].start)
    return not ended or line.has("shared.also", start=listed[-1].end, end=place.start)


def _contains(place: Territory, listed: list[Territory]) -> bool:
    """Whether one of two places holds the other: "Singapore, its first market in Southeast Asia", "in Europe Spain"."""
    return any(other.code in members(place.code) or place.code in members(other.code) for other in listed)


def _names_market(line: Line, place: Territory) -> bool:
    """Whether an adjective is as good as the country: "the Indian market", "its first Indian shop"."""
    if any(0 <= place.start - number.end <= 2 for number in line.numbers):  # "25 European markets" are a count
        return False
    if any(
        0 <= cue.start - place.end <= (3 if line.is_possessive(place.end) else 2)
        for cue in line.of("market_entry.marketlike", "shared.partner", start=place.end)
    ):
        return True
    if any(0 <= place.start - cue.end <= 1 for cue in line.of("market_entry.first", end=place.start)):
        return True
    inside = line.of("market_entry.first", "market_entry.sign", "market_entry.exit", "market_entry.grant")
    return any(cue.start <= place.start and place.end <= cue.end for cue in inside)
