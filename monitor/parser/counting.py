"""Numbers that count markets, and the part of the world that they are about.

"over 40 overseas markets", "its 40th market", "the number of markets rose from 10 to 19", "three more will follow"
are found here. What else such a number may count is told by `miscounts`; whose markets they are, and whether now or in
future, is decided in `market_count`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.parser.clauses import is_light
from monitor.parser.lexicon import Cue
from monitor.parser.numerals import Numeral
from monitor.parser.scene import Line

NEAR = 60
"""How many characters may stand between a number and what it counts."""


MOST = 16
"""How many numbers of one sentence are looked at."""


_QUALIFYING = ("market_count.modifier", "market_count.new", "market_count.city", "shared.of")


_LIGHT = re.compile(r"[\s,'’\-–()+&]*")


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of markets in a sentence: from its hedge to the end of the word for what is counted."""

    number: Numeral
    start: int
    end: int
    new: bool
    noun: Cue


def counted_markets(line: Line) -> Iterator[Counted]:
    """Numbers that count markets: "40 overseas markets", "its 40th market", "number of markets … from 10 to 19"."""
    nouns = line.of("market_count.market")
    if not nouns:
        return
    dates = [(moment.start, moment.end) for moment in line.moments]
    taken = False
    for number in line.numbers[:MOST]:
        if any(start < number.end and number.start < end for start, end in dates):
            continue
        noun = next((noun for noun in nouns if number.end <= noun.start <= number.end + NEAR), None)
        if noun and is_joined(line, number.outer_end, noun.start):
            new = line.has("market_count.new", start=number.outer_end, end=noun.end) or follows(
                line, number, "market_count.new"
            )
            new = new or any(0 <= cue.start - noun.end <= 2 for cue in line.of("market_count.added", start=noun.end))
            yield Counted(number, number.outer_start, _noun_end(line, noun), new, noun)
            taken = True
    if taken:
        yield from number_after(line, line.of("market_count.figure"), nouns)
    else:
        yield from _number_of(line, nouns)
        yield from _numbered(line, nouns)
    yield from of_them(line, nouns)


def more_of(line: Line, nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """ "Three more will follow": new ones of what the sentence before has counted."""
    for number in line.numbers[:MOST]:
        new = line.of("market_count.new", start=number.outer_end, end=number.outer_end + 12)
        if new and any(0 <= cue.start - new[0].end <= 2 for cue in line.of("market_count.added", start=new[0].end)):
            yield Counted(number, number.outer_start, new[0].end, True, nouns[0])


def of_them(line: Line, nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """ "120 countries, and X will be in 50 of them": of what was counted before."""
    for cue in line.of("market_count.of_them"):
        number = next((n for n in line.numbers[:MOST] if 0 <= cue.start - n.end <= 1), None)
        if number and nouns[0].start < number.start and follows(line, number, "market_count.within"):
            yield Counted(number, number.outer_start, cue.end, False, nouns[0])
            return


def follows(line: Line, number: Numeral, role: str) -> bool:
    """Whether a cue stands right before a number: "another 12", "weitere 12"."""
    cues = line.of(role, end=number.outer_start)
    return bool(cues) and number.outer_start - cues[-1].end <= 2


def is_joined(line: Line, start: int, end: int) -> bool:
    """Whether nothing but words that may qualify a market stands between two places."""
    covered = sorted(
        [(cue.start, cue.end) for cue in line.of(*_QUALIFYING, start=start, end=end)]
        + [(place.start, place.end) for place in line.places if start <= place.start and place.end <= end]
    )
    for left, right in covered:
        if left > start and not _LIGHT.fullmatch(line.between(start, left)):
            return False
        start = max(start, right)
    return start >= end or bool(_LIGHT.fullmatch(line.between(start, end)))


def _noun_end(line: Line, noun: Cue) -> int:
    """The end of "countries, territories and other markets"."""
    end = noun.end
    for cue in line.of("market_count.market", "market_count.region", start=noun.end):
        if is_light(line, end, cue.start, "shared.and", "shared.also", "market_count.modifier"):
            end = cue.end
    return end


def _number_of(line: Line, nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """The number follows what is counted: "the number of markets rose from 10 to 19" counts 19."""
    counts = line.of("market_count.number_of")
    yield from _number_before(line, counts, nouns)
    yield from number_after(line, counts, nouns)


def _number_before(line: Line, cues: tuple[Cue, ...], nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """ "raises to 44 the number of markets": common in Romance languages."""
    for cue in cues:
        for number in line.numbers[:MOST]:
            led = line.has("market_count.reached", start=number.outer_start - 12, end=number.outer_start)
            if led and 0 <= cue.start - number.outer_end <= 4:
                yield Counted(number, number.outer_start, cue.end, False, nouns[0])
                return


def _numbered(line: Line, nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """ "market number 18", "el mercado número 18": an ordinal behind what it counts."""
    for noun in nouns:
        for cue in line.of("market_count.numero", start=noun.end, end=noun.end + 12):
            for number in line.numbers[:MOST]:
                if cue.start - noun.end <= 1 and 0 <= number.start - cue.end <= 1:
                    ordinal = replace(number, ordinal=True)
                    yield Counted(ordinal, noun.start, number.end, False, noun)
                    return


def number_after(line: Line, cues: tuple[Cue, ...], nouns: tuple[Cue, ...]) -> Iterator[Counted]:
    """The number that is told of what the cues name: the last of two ("from 10 to 19")."""
    reach = 12 if line.spaced else 3
    for cue in cues:
        numbers = [
            n for n in line.numbers if n.start >= cue.end and not any(m.start <= n.start < m.end for m in line.moments)
        ]
        numbers = [
            n
            for n in numbers
            if line.has("market_count.reached", start=n.outer_start - reach, end=n.outer_start)
            or n.outer_start - cue.end <= 2
        ]
        if numbers:
            last = numbers[-1] if len(numbers) <= 2 else numbers[0]
            yield Counted(last, cue.start, last.outer_end, False, nouns[0])
            return


def is_own_ordinal(line: Line, counted: Counted) -> bool:
    """ "its 40th market", "the brand's 40th market", "the 40th market of the brand", "40th market worldwide"."""
    start, end = counted.start, counted.end
    before = [name.end for name in line.names if name.end <= start] + [
        cue.end for cue in line.of("shared.self", "shared.pronoun", end=start)
    ]
    small = ("shared.link", "shared.passive", "market_entry.filler")
    if before and (
        start - max(before) <= 4 or (start - max(before) <= 12 and is_light(line, max(before), start, *small))
    ):
        return True
    if any(0 <= start - cue.end <= 4 for cue in line.of("market_count.as", end=start)):
        return True
    after = [name.start for name in line.names if name.start >= end] + [
        cue.start for cue in line.of("shared.self", "shared.pronoun", "market_count.worldwide", start=end)
    ]
    return bool(after) and min(after) - end <= NEAR


def scope_of(line: Line, counted: Counted) -> str | None:
    """The one part of the world that the count is about; None when there are several."""
    inside = [
        place for place in line.places if counted.start <= place.start and place.end <= counted.end and place.is_region
    ]
    if inside:
        return inside[0].code
    beside = [
        place for place in line.places if 0 <= place.start - counted.end <= 1 and place.adjective and place.is_region
    ]
    if beside:  # "mercati europei"
        return beside[0].code
    after = [place for place in line.places if place.start >= counted.end and not place.adjective]
    if after and after[0].is_region and _is_right_after(line, counted.end, after[0].start):
        alone = len(after) < 2 or after[1].start - after[0].end > 8
        return after[0].code if alone else None
    before = [place for place in line.places if place.end <= counted.start and place.is_region and not place.adjective]
    near = before and (before[0].start - line.start <= 8 or counted.start - before[-1].end <= 2)
    return before[-1].code if near else None


def _is_right_after(line: Line, end: int, start: int) -> bool:
    cues = line.of("market_count.within", start=end, end=start)
    return bool(cues) and not line.between(end, cues[0].start).strip(" ,") and start - cues[-1].end <= 6
