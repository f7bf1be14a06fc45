"""Lists of places in a sentence, and the words that govern each: enter, come, leave, a partner's signing.

"launched in Peru, Chile and, next year, Ecuador" is one list and one step. A step has a role (a key of
`[market_entry]`) and the stretch
of the sentence that is its own. Whose step it is, and whether it is done or planned, is decided in `market_entry`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.parser.clauses import bounds, is_light
from monitor.parser.counting import counted_markets, is_own_ordinal
from monitor.parser.lexicon import Cue
from monitor.parser.scene import Line, Scene
from monitor.parser.territories import Territory, members

REACH = 45
"""How many characters may stand between a verb and the places that it governs, when not all of them are light."""


SIGN_REACH = 90
"""The same for partners, whose names and descriptions are long."""


MOST = 20
"""How many lists of places, and how many verbs, are read in one sentence; no sane one has more."""


SMALL = ("shared.also", "shared.link")


FILLER = (*SMALL, "shared.plan", "market_entry.filler", "market_entry.brand_object", "market_entry.marketlike")


@dataclass(frozen=True, slots=True)
class Chain:
    """Places named in one list: "Peru, Chile and, next year, Ecuador"."""

    places: tuple[Territory, ...]

    @property
    def start(self) -> int:
        return self.places[0].start

    @property
    def end(self) -> int:
        return self.places[-1].end


@dataclass(frozen=True, slots=True)
class Event:
    """A list of places with the words that say what the brand does there, and the role of these words."""

    chain: Chain
    cue: Cue
    low: int
    high: int
    """The clause, as far as it is this event's: not what belongs to the event before or after it in the sentence."""
    last: bool = True
    """No other event follows in the sentence."""

    @property
    def role(self) -> str:
        return self.cue.key

    @property
    def start(self) -> int:
        return min(self.cue.start, self.chain.start)

    @property
    def end(self) -> int:
        return max(self.cue.end, self.chain.end)


def events(scene: Scene, line: Line) -> Iterator[Event]:
    """The steps that a sentence tells of: each list of places with what governs it."""
    yield from _windows(line, list(_events(scene, line)))
    yield from _first_of_brand(scene, line)


def _windows(line: Line, events: list[Event]) -> Iterator[Event]:
    """Each event with the part of its clause that is its own."""
    for event in events:
        low, high = bounds(line, event.start, event.end)
        others = [other for other in events if other.cue != event.cue]
        before = [other.end for other in others if other.end <= event.start]
        after = [other.start for other in others if other.start >= event.end]
        yield replace(event, low=max([low, *before]), high=min([high, *after]), last=not after)


def _first_of_brand(scene: Scene, line: Line) -> Iterator[Event]:
    """ "the first H&M in Brazil": a brand's name stands for its shop."""
    for name in line.names:
        firsts = [cue for cue in line.of("shared.first", end=name.start) if name.start - cue.end <= 2]
        for chain in chains_of(line) if firsts else ():
            if 0 < chain.start - name.end <= 8 and is_light(line, name.end, chain.start, *SMALL):
                cue = Cue(firsts[-1].start, name.end, "market_entry.first", line.between(firsts[-1].start, name.end))
                yield Event(chain, cue, *bounds(line, cue.start, chain.end))


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


def _goes_on(line: Line, last: Event, chain: Chain, cue: Cue | None) -> bool:
    """Whether a list without a cue of its own belongs to the last event: "… in Spain, and in Asia Japan and Korea"."""
    if cue is not None and cue is not last.cue:
        return False
    start = max(last.chain.end, last.cue.end) if last.cue.end <= chain.start else last.chain.end
    return is_light(line, start, chain.start, *FILLER)


def _last(chain: Chain) -> Chain:
    """ "After Mexico and Chile, Colombia is its third market": an ordinal is said of one place."""
    return Chain(chain.places[-1:])


def _names_market(line: Line, place: Territory) -> bool:
    """Whether an adjective is as good as the country: "the Indian market", "its first Indian shop"."""
    if any(0 <= place.start - number.end <= 2 for number in line.numbers):  # "25 European markets" are a count
        return False
    if any(
        0 <= cue.start - place.end <= 2 for cue in line.of("market_entry.marketlike", "shared.partner", start=place.end)
    ):
        return True
    if any(0 <= place.start - cue.end <= 1 for cue in line.of("market_entry.first", end=place.start)):
        return True
    inside = line.of("market_entry.first", "market_entry.sign")
    return any(cue.start <= place.start and place.end <= cue.end for cue in inside)


def _events(scene: Scene, line: Line) -> Iterator[Event]:
    """Each list of places with its governing cue: the nearest before it that reaches it, else a free one after it."""
    chains = chains_of(line)[:MOST]
    cues = _cues(scene, line)[:MOST] if chains else []
    used: set[int] = set()
    spent: set[int] = set()  # cues whose places stand inside them, as in "zieht sich aus … zurück"
    last: Event | None = None
    for chain in chains:
        if _is_dateline(scene, line, chain):
            continue
        cue = next((cue for cue in reversed(cues) if cue.start not in spent and _governs_right(line, cue, chain)), None)
        if cue is None or cue.start in used:
            cue = next(
                (
                    other
                    for other in cues
                    if other.start not in used and _governs_left(line, other, chain, scene.words.verbs_follow)
                ),
                cue,
            )
        if last is not None and _goes_on(line, last, chain, cue):
            cue = last.cue
        if cue is not None and cue.key != "exit" and not cue.start < chain.start < cue.end and _is_origin(line, chain):
            cue = last = None
        if cue is not None:
            used.add(cue.start)
            if chain.end <= cue.end:
                spent.add(cue.start)
            last = Event(_last(chain) if cue.key == "ordinal" else chain, cue, line.start, line.end)
            yield last


_RANKS = {
    "exit": 0,
    "first": 1,
    "enter": 2,
    "entry": 2,
    "sign": 3,
    "open": 4,
    "follow": 5,
    "present": 6,
    "come": 7,
    "sell": 8,
    "avail": 9,
    "arrival": 10,
}


def _cues(scene: Scene, line: Line) -> list[Cue]:
    """What may govern places, the strongest of those that overlap, in order."""
    found = sorted(
        line.of(*(f"market_entry.{key}" for key in _RANKS)), key=lambda cue: (cue.start - cue.end, _RANKS[cue.key])
    )
    kept: list[Cue] = [*_ordinals(line)]
    for cue in found:
        if not any(cue.start < other.end and other.start < cue.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)


def _ordinals(line: Line) -> Iterator[Cue]:
    """ "France is the brand's 28th market" says that it has come to France."""
    for counted in counted_markets(line):
        if counted.number.ordinal and counted.number.value > 1 and is_own_ordinal(line, counted):
            yield Cue(counted.start, counted.end, "market_entry.ordinal", line.between(counted.start, counted.end))


def _reaches(line: Line, cue: Cue, chain: Chain, between: str) -> bool:
    """Whether a cue governs a list that other words than small ones keep it from; how far depends on its role."""
    gap = chain.start - cue.end
    match cue.key:
        case "sign":
            return gap <= SIGN_REACH
        case "enter" | "entry" | "first":
            return gap <= REACH and "," not in between
        case "exit":
            return gap <= REACH and line.has("market_entry.marketlike", start=cue.end, end=chain.end + 12)
        case "sell":
            goods = line.of("market_entry.brand_object", start=cue.end, end=chain.start)
            return bool(goods) and gap <= REACH and is_light(line, goods[-1].end, chain.start, *FILLER)
        case "present":
            return gap <= REACH
        case "follow":
            return gap <= REACH and re.search(r"[:：]", between) is not None
        case _:
            return False


def _governs_right(line: Line, cue: Cue, chain: Chain) -> bool:
    if cue.start <= chain.start and chain.end <= cue.end:
        return True
    if cue.end > chain.start:
        return False
    if cue.key == "arrival":
        return False
    if cue.key == "ordinal":
        return bool(re.fullmatch(r"[\s,:–—-]*", line.between(cue.end, chain.start)))
    low, _ = bounds(line, chain.start, chain.end)
    if cue.end < low and not is_light(line, cue.end, chain.start, *FILLER):
        return False
    between = line.between(cue.end, chain.start)
    if between.count(",") % 2:  # an insertion has two commas; with one, another clause begins
        return False
    if is_light(line, cue.end, chain.start, *FILLER) or _is_object(line, cue.end, chain.start):
        return True
    return _reaches(line, cue, chain, between)


def _is_object(line: Line, start: int, end: int) -> bool:
    """ "launches Lincoln in China": nothing but the name of a brand between a verb and a place, small words apart."""
    for name in line.names:
        if start <= name.start and name.end <= end:
            return is_light(line, start, name.start, *FILLER) and is_light(line, name.end, end, *FILLER)
    return False


def _governs_left(line: Line, cue: Cue, chain: Chain, verbs_follow: bool) -> bool:
    """ "Thailand is next in March", "Italy and Denmark were entered", "In Qatar, … the app goes dark"."""
    if cue.start < chain.end:
        return False
    if cue.key == "arrival":  # "its South Korean debut"
        return chain.places[-1].adjective and cue.start - chain.end <= 2
    whole = not any(small.end == cue.end for small in line.of("shared.link", start=cue.start))
    if cue.key == "entry" and whole and cue.start - chain.end <= 60 and "," not in line.between(chain.end, cue.start):
        return True
    if cue.key in ("enter", "follow", "exit", "come", "ordinal") and is_light(
        line, chain.end, cue.start, *FILLER, "shared.self"
    ):
        return cue.key != "come" or verbs_follow or line.has("shared.passive", start=chain.end, end=cue.end)
    if cue.key == "ordinal" or (cue.key == "sign" and cue.start - chain.end <= SIGN_REACH):
        return cue.start - chain.end <= SIGN_REACH
    if verbs_follow and cue.key in ("enter", "exit", "come", "first", "sell", "avail", "present", "open"):
        light = is_light(line, chain.end, cue.start, *FILLER)
        return light or (cue.start - chain.end <= REACH and not re.search(r"[,，]", line.between(chain.end, cue.start)))
    opens = line.of("shared.fronting", start=line.start, end=chain.start)
    fronted = bool(opens) and opens[0].start == line.start and is_light(line, line.start, chain.start, *SMALL)
    return fronted and cue.key in ("enter", "exit", "come", "first") and cue.start - chain.end <= SIGN_REACH


def _is_origin(line: Line, chain: Chain) -> bool:
    """ "from South Africa", "made in China", "outside Europe"."""
    return any(0 <= chain.start - cue.end <= 6 for cue in line.of("market_entry.origin", end=chain.start))


def _is_dateline(scene: Scene, line: Line, chain: Chain) -> bool:
    """ "SHENZHEN, China (Reuters) - …": where the text was written."""
    if line is not scene.lines[0] or chain.start - line.start > 40:
        return False
    return bool(re.match(r"[^.]{0,30}?(?:\([^)]{2,30}\)\s*[-–—]|\s[-–—]\s|—)", line.between(chain.end, chain.end + 60)))
