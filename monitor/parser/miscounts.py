"""Why a number of markets says nothing of where the brand is: cities, shops, recalls, one country's parts, somebody
else's ordinal.

`why_no_count` gives the reason, for people; None when the number counts the brand's markets. Whose brand is not asked
here, nor whether the count is planned: that is `market_count`'s.
"""

from __future__ import annotations

import re

from monitor.parser.clauses import is_light, segment
from monitor.parser.counting import NEAR, Counted, follows, is_joined, is_own_ordinal
from monitor.parser.lexicon import Cue
from monitor.parser.scene import Line

COUNTABLE = range(2, 251)
"""More countries and territories than this nobody is in; one is no count."""

CITIES = 25
"""How far behind their number cities may stand."""
WHERE = 30
"""How far behind "countries where" the product may stand that is there."""

_LEADING = ("shared.link", "shared.also", "shared.now", "market_count.modifier", "market_count.lead")


def why_no_count(line: Line, counted: Counted, low: int, high: int) -> str | None:
    """Why a number of markets says nothing of where the brand is."""
    return _why_other(line, counted, low, high) or _why_not_reached(line, counted, low, high)


def _why_other(line: Line, counted: Counted, low: int, high: int) -> str | None:
    """What else than the brand's markets is counted."""
    number = counted.number
    if number.value not in COUNTABLE:
        return "no plausible number of markets"
    if _counts_cities(line, counted, low, high):
        return "cities or states"
    if any(counted.start <= p.start and p.end <= counted.noun.start and not p.is_region for p in line.places):
        return "shops or buyers in one country"
    if _counts_shops(line, counted):
        return "shops, counted in countries right after"
    if _counts_openings(line, counted, low):
        return "shops that were opened"
    if _within_one_country(line, counted.end):
        return "parts of one country"
    return _why_some(line, counted)


def _why_some(line: Line, counted: Counted) -> str | None:
    """Why the number is that of some of the markets."""
    number = counted.number
    if line.has("market_count.named", start=number.start, end=counted.end):
        return "markets that were named before"
    if number.value <= 10 and not number.ordinal and follows(line, number, "market_count.definite"):
        return "markets that were named before"
    if line.has("market_count.part", start=number.end, end=counted.noun.start) and not _is_told(line, counted):
        return "some of the markets"
    where = any(cue.start - counted.end <= 2 for cue in line.of("market_count.where", start=counted.end))
    if where and line.has("market_count.product", start=counted.end, end=counted.end + WHERE):
        return "a product is in these markets"
    return None


def _why_not_reached(line: Line, counted: Counted, low: int, high: int) -> str | None:
    whole = low
    if blocker := next(iter(line.of("market_count.not", start=low, end=high)), None):
        return f'something else is counted ("{blocker.text}")'
    low = max([low, segment(line, counted.start, counted.end)[0], *(cue.end for cue in _ands(line, counted))])
    doing = line.of("market_count.doing", start=low, end=counted.start)
    if doing and not counted.number.ordinal and not _is_told(line, counted):
        return f'something else is told of them ("{doing[-1].text}")'
    if counted.number.ordinal:
        return None if is_own_ordinal(line, counted) else "no market of the brand's own counting"
    if counted.new:
        return None
    if not _is_reached(line, counted):
        return "the countries do something, or have something done to them"
    if line.has("market_count.presence", "market_count.added", "market_count.figure", start=whole, end=high):
        return None
    return "nothing says that the brand is there"


def _is_told(line: Line, counted: Counted) -> bool:
    """Whether the sentence speaks of the number of markets itself."""
    return line.has("market_count.number_of", start=counted.start, end=counted.end)


def _ands(line: Line, counted: Counted) -> tuple[Cue, ...]:
    return line.of("shared.and", end=counted.start)


def _counts_shops(line: Line, counted: Counted) -> bool:
    """ "172 Märkte in neun Ländern": what is counted in so many countries is no country itself."""
    for number in line.numbers:
        if number.start > counted.end and line.has("market_count.within", start=counted.end, end=number.outer_start):
            noun = next((noun for noun in line.of("market_count.market", start=number.end)), None)
            joined = is_light(line, counted.end, number.outer_start, "market_count.within", "shared.link")
            return joined and noun is not None and is_joined(line, number.outer_end, noun.start)
    return False


def _is_reached(line: Line, counted: Counted) -> bool:
    """Whether a word of place or presence leads to the number: "in 40 countries", "serves 40 countries"; "40
    countries have" is none."""
    if counted.start < counted.number.outer_start or not line.spaced:  # "the number of countries … 40"
        return True
    roles = (
        "market_count.within",
        "market_count.presence",
        "market_count.entering",
        "market_count.reached",
        "shared.plan",
    )
    after = line.of("market_count.added", start=counted.end)
    if after and after[0].start - counted.end <= 2:
        return True
    before = [cue.end for cue in line.of(*roles, start=counted.start - NEAR, end=counted.start)]
    return bool(before) and is_light(line, _behind_cities(line, max(before)), counted.start, *_LEADING)


def _behind_cities(line: Line, start: int) -> int:
    """Past "450 cities", when they stand right behind a place and the countries follow: "in 450 cities and 70
    countries"."""
    for number in line.numbers:
        if 0 <= number.outer_start - start <= 1:
            cities = line.of("market_count.city", start=number.end, end=number.end + CITIES)
            return cities[0].end if cities else start
    return start


def _counts_cities(line: Line, counted: Counted, low: int, high: int) -> bool:
    """Whether cities or states are what the markets are; "450 cities and 70 countries" counts both, each by its own
    number."""
    for cue in line.of("market_count.city", start=max(low, counted.start - 30), end=min(high, counted.end + 12)):
        own = [n for n in line.numbers if n is not counted.number and 0 <= cue.start - n.end <= 25]
        if not own or counted.number.end <= cue.start <= counted.noun.start:
            return True
    return False


def _counts_openings(line: Line, counted: Counted, low: int) -> bool:
    """ "opened 12 stores in three countries last month": no count of all its markets."""
    opened = line.of("market_count.opened", start=low, end=counted.start)
    before = [number for number in line.numbers if number.end < counted.start]
    return bool(opened and before) and 0 <= before[-1].outer_start - opened[-1].end <= 4


def _within_one_country(line: Line, end: int) -> bool:
    """ "ten markets across the United States" are no countries."""
    for place in line.places:
        if place.start >= end and not place.is_region and not place.adjective:
            cues = line.of("market_count.within", start=end, end=place.start)
            joined = bool(cues) and not line.between(end, cues[0].start).strip() and place.start - cues[0].end <= 5
            return joined and not re.match(r"\s*(?:,|and\b)\s*", line.between(place.end, line.end))
    return False
