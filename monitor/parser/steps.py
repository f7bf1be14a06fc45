"""Lists of places in a sentence, and the words that govern each: enter, come, leave, a partner's signing.

"launched in Peru, Chile and, next year, Ecuador" is one list and one step. A step has a role (a key of
`[market_entry]`) and the stretch of the sentence that is its own. Whose step it is, and whether it is done or planned,
is decided in `market_entry`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.parser.clauses import bounds, is_light
from monitor.parser.counting import counted_markets, is_own_ordinal
from monitor.parser.governing import governs_left, governs_right, is_origin
from monitor.parser.lexicon import Cue
from monitor.parser.place_lists import FILLER, SMALL, Chain, chains_of, meant_chains
from monitor.parser.scene import Line, Scene

FIRST_REACH = 90
"""How far behind "opened a shop in" may stand "its first there"."""

OF_REACH = 14
"""How far behind "the arrival" may stand the brand that arrives."""

MOST = 20
"""How many lists of places, and how many verbs, are read in one sentence; no sane one has more."""


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


def _goes_on(line: Line, last: Event, chain: Chain, cue: Cue | None) -> bool:
    """Whether a list without a cue of its own belongs to the last event: "… in Spain, and in Asia Japan and Korea"."""
    if cue is not None and cue is not last.cue:
        return False
    start = max(last.chain.end, last.cue.end) if last.cue.end <= chain.start else last.chain.end
    return is_light(line, start, chain.start, *FILLER)


def _last(chain: Chain) -> Chain:
    """ "After Mexico and Chile, Colombia is its third market": an ordinal is said of one place."""
    return Chain(chain.places[-1:])


def _events(scene: Scene, line: Line) -> Iterator[Event]:
    """Each list of places with its governing cue: the nearest before it that reaches it, else a free one after it."""
    chains = sorted([*chains_of(line), *meant_chains(scene, line)], key=lambda chain: chain.start)[:MOST]
    cues = _cues(scene, line)[:MOST] if chains else []
    used: set[int] = set()
    spent: set[int] = set()  # cues whose places stand inside them, as in "zieht sich aus … zurück"
    last: Event | None = None
    for chain in chains:
        if _is_dateline(scene, line, chain):
            continue
        cue = next((cue for cue in reversed(cues) if cue.start not in spent and governs_right(line, cue, chain)), None)
        if cue is None or cue.start in used:
            cue = next(
                (
                    other
                    for other in cues
                    if other.start not in used
                    and governs_left(line, other, chain, scene.words.verbs_follow)
                    and not (other.key in ONE_PLACE and _is_parted(chains, chain, other))
                ),
                cue,
            )
        if last is not None and _goes_on(line, last, chain, cue):
            cue = last.cue
        if (
            cue is not None
            and cue.key != "exit"
            and not cue.start < chain.start < cue.end
            and is_origin(line, chain, cue)
        ):
            cue = last = None
        if cue is not None:
            used.add(cue.start)
            if chain.end <= cue.end:
                spent.add(cue.start)
            event = Event(_last(chain) if cue.key in ONE_PLACE else chain, cue, line.start, line.end)
            if chain.named:
                last = event
            if chain.named or cue.key in FOR_MEANT:
                yield event


_RANKS = {
    "exit": 0,
    "first": 1,
    "enter": 2,
    "entry": 2,
    "grant": 3,
    "sign": 3,
    "assign": 3,
    "open": 4,
    "follow": 5,
    "listing": 5,
    "present": 6,
    "come": 7,
    "sell": 8,
    "avail": 9,
    "arrival": 10,
}

WEAK = ("bring", "carry", "receive", "debut_market")
"""Roles that need more than their own words; they never keep others from being read."""

ONE_PLACE = ("ordinal", "debut_market")
"""Roles said of one place."""

FOR_MEANT = ("enter", "entry", "first", "exit", "come", "shop", "debut_market", "grant", "bring")
"""Roles strong enough for a place that the sentence does not name."""


def _cues(scene: Scene, line: Line) -> list[Cue]:
    """What may govern places, the strongest of those that overlap, in order."""
    found = sorted(
        line.of(*(f"market_entry.{key}" for key in _RANKS)), key=lambda cue: (cue.start - cue.end, _RANKS[cue.key])
    )
    kept: list[Cue] = [*_ordinals(line), *_first_shops(line), *_launches(line)]
    for cue in found:
        if not any(cue.start < other.end and other.start < cue.end for other in kept):
            kept.append(cue)
    weak = line.of(*(f"market_entry.{key}" for key in WEAK))
    return sorted([*weak, *kept], key=lambda cue: (cue.start, cue.key not in WEAK))


def _is_parted(chains: list[Chain], chain: Chain, cue: Cue) -> bool:
    """Whether another list stands between a list and a cue behind it."""
    return any(chain.end <= other.start and other.end <= cue.start for other in chains)


def _first_shops(line: Line) -> Iterator[Cue]:
    """ "opened a shop in Spain, its first there": a shop counts only as the first."""
    for cue in line.of("market_entry.shop"):
        for first in line.of("shared.first", start=cue.end, end=min(line.end, cue.end + FIRST_REACH)):
            if not any(moment.start <= first.start < moment.end for moment in line.moments):
                yield cue
                break


def _launches(line: Line) -> Iterator[Cue]:
    """ "the arrival of Leapmotor in Malaysia": a noun and the brand that is its subject."""
    subjects = [(name.start, name.end) for name in line.names] + [(c.start, c.end) for c in line.of("shared.self")]
    for noun in line.of("market_entry.launch_noun"):
        for start, end in subjects:
            near = 0 < start - noun.end <= OF_REACH and line.has("shared.of", start=noun.end, end=start)
            if near and is_light(line, noun.end, start, "shared.of", *SMALL):
                yield Cue(noun.start, end, "market_entry.entry", line.between(noun.start, end))
                break


def _ordinals(line: Line) -> Iterator[Cue]:
    """ "France is the brand's 28th market" says that it has come to France."""
    for counted in counted_markets(line):
        if counted.number.ordinal and counted.number.value > 1 and is_own_ordinal(line, counted):
            yield Cue(counted.start, counted.end, "market_entry.ordinal", line.between(counted.start, counted.end))


def _is_dateline(scene: Scene, line: Line, chain: Chain) -> bool:
    """ "SHENZHEN, China (Reuters) - …": where the text was written."""
    if line is not scene.lines[0] or chain.start - line.start > 40:
        return False
    return bool(re.match(r"[^.]{0,30}?(?:\([^)]{2,30}\)\s*[-–—]|\s[-–—]\s|—)", line.between(chain.end, chain.end + 60)))
