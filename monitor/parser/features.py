"""Something that stands in a text, described by numbers that know no language: what means what, and how far away.

A feature is `left meaning.enter` (characters to the nearest such word before it in its sentence), `clause meaning.plan`
(such a word in its clause), `before meaning.market` (in the sentence before), `title …`, `text …` (in how many
sentences); distances to brands, names, dates, numbers; and where in its sentence and text it stands. The words come
from the `[meaning]` tables of `config/languages/`; so a new language needs no training. What is absent has no feature.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from monitor.parser.clauses import first_day, last_day
from monitor.parser.network import Seen, network
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.threads import brands, follow
from monitor.parser.tokens import Piece, pieces

DISTANCES = ("left ", "right ")
"""How the names of features begin whose values are distances."""
MEANING = "meaning."
"""How the names of the roles begin that tell what a word means."""
UNSPACED = 3
"""How many characters of other scripts one of a script without spaces is worth."""
MOST = 120
"""How many candidates of one kind are weighed in a text; no article has more."""
LARGE = 250
"""Numbers above this count things, not markets."""
_BREAK = re.compile(r"[;:；：。,，、(（)）—]|\s[–-]\s")


@dataclass(frozen=True, slots=True)
class Candidates:
    """All that may be facts of one kind in a text, in order, and the features that they have in common."""

    each: tuple[Candidate, ...]
    text: Mapping[str, float]
    aside: Any = None
    """What else the kind made of the text and needs again."""


@dataclass
class Candidate:
    """Something in a sentence that may be a fact's subject: a place, a number, a model's name."""

    line: Line
    start: int
    end: int
    key: Any
    """What it is: a market's code, a number, a name."""
    describe: Callable[[], dict[str, float]]
    """Tells its own features, without what the network thinks."""
    proposal: Finding | None
    """What the rules say of it: a fact, or why there is none; None if they say nothing."""
    mentions: tuple[int, ...]
    """Where the text names it, in order."""
    shared: tuple[Finding, ...] = ()
    """The same proposal of each other brand that it is told of too: "Omoda and Jaecoo are in 40 markets"."""
    share: Mapping[str, float] = field(default_factory=dict)
    """How likely each label is by the network, once it is told (`opinions`)."""
    hear: Callable[[], dict[str, float]] = dict
    """Tells what the network thinks of it and of what stands around, as features."""

    @cached_property
    def features(self) -> dict[str, float]:
        """All of its own, worked out when they are first asked for: most candidates are plainly nothing; those of the
        text apart."""
        return self.describe() | self.hear()


class Describer:
    """Describes what stands in the sentences of one document."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._published = scene.document.published
        self._seen: dict[int, Seen] = {}
        lines = (*scene.lines, scene.title)  # the title is the last, as number -1
        self._told = [_Told(line, tuple(self.things(line))) for line in lines]
        self.leads = _leads(scene.lines)
        """For each item of a list, by its number, the number of the sentence that opens the list."""
        self._threads = follow(
            [brands(scene.text_of(line), line, self._whose) for line in lines],
            [line.number >= 0 and line.sentence.kind == "heading" for line in lines],
        )
        self._words_beside: dict[int, dict[str, float]] = {}
        self._things_beside: dict[int, dict[str, float]] = {}
        everywhere = Counter(role for told in self._told[:-1] for role in told.roles)
        self.text = {f"text {role}": float(min(count, 3)) for role, count in everywhere.items()}
        """What is the same for all that stands in the text; not among the features of each."""
        self.text |= {f"title {role}": 1.0 for role in self._told[-1].roles}

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The document as tokens."""
        return pieces(self.scene, self.things, lambda line: f"about {self._threads[line.number].about}")

    def heard(self, question: str, things: Sequence[tuple[int, Sequence[int]]]) -> list[Mapping[str, float]]:
        """What the network says of each thing, told as a piece and the tokens that name it there."""
        found: dict[int, Iterator[Mapping[str, float]]] = {}
        for number in {piece for piece, _ in things}:
            there = [tokens for piece, tokens in things if piece == number]
            found[number] = iter(network().weigh(question, self.seen(number), there))
        return [next(found[piece]) for piece, _ in things]

    def seen(self, number: int) -> Seen:
        """What the network makes of a piece, read when it is first asked for."""
        if number not in self._seen:
            self._seen[number] = network().read(self.pieces[number])
        return self._seen[number]

    def describe(self, line: Line, start: int, end: int) -> dict[str, float]:
        """The features of what stands between two places of a sentence."""
        found = self.structure(line, start, end)
        told = self._told[line.number]
        worth = 1 if line.spaced else UNSPACED
        low, high = told.clause(start, end)
        for cue_start, cue_end, (left, right, at, clause) in told.cues:
            if cue_end <= start:
                _nearest(found, left, (start - cue_end) * worth)
            elif cue_start >= end:
                _nearest(found, right, (cue_start - end) * worth)
            else:
                found[at] = 1.0
            if low <= cue_start and cue_end <= high:
                found[clause] = 1.0
        if line.number not in self._words_beside:
            self._words_beside[line.number] = self._words_around(line)
        return found | self._words_beside[line.number]

    def structure(self, line: Line, start: int, end: int) -> dict[str, float]:
        """Those features that ask for no word's meaning: names, dates, numbers, and the place among them."""
        found: dict[str, float] = {}
        told = self._told[line.number]
        worth = 1 if line.spaced else UNSPACED
        for name, low, high in told.things:
            if high <= start:
                _nearest(found, f"left {name}", (start - high) * worth)
            elif low >= end:
                _nearest(found, f"right {name}", (low - end) * worth)
            else:
                found[f"at {name}"] = 1.0
        if line.number not in self._things_beside:
            self._things_beside[line.number] = self._things_around(line)
        return found | self._things_beside[line.number] | self._place(line, told, start, end, worth)

    def things(self, line: Line) -> Iterator[tuple[str, int, int]]:
        """The brands, names, dates and numbers of a sentence: what each is, and where it stands."""
        for name in line.names:
            yield f"brand {self._whose(name.brand)}", name.start, name.end
        for start, end in line.strangers:
            yield "name", start, end
        for moment in line.moments:
            yield f"date {self._when(moment.ahead, moment.behind)}", moment.start, moment.end
        for number in line.numbers:
            yield "number large" if number.value > LARGE else "number", number.start, number.end

    def _whose(self, brand: str) -> str:
        return "own" if brand == self.scene.brand else "kin" if self.scene.cast.is_kin(brand) else "other"

    def _when(self, ahead: str, behind: str) -> str:
        if not self._published:
            return "unknown"
        if first_day(ahead) > last_day(self._published):
            return "future"
        return "past" if last_day(behind) < first_day(self._published) else "present"

    def _beside(self, line: Line) -> Iterator[tuple[str, _Told]]:
        """The sentences beside, the one that opens the list of an item, and the heading above."""
        if line.number in self.leads:
            yield "lead", self._told[self.leads[line.number]]
        section = self._threads[line.number].section
        if section is not None:
            yield "section", self._told[section]
        for word, number in (("before", line.number - 1), ("earlier", line.number - 2), ("after", line.number + 1)):
            if line.number >= 0 and 0 <= number < len(self.scene.lines):
                yield word, self._told[number]

    def _words_around(self, line: Line) -> dict[str, float]:
        """What is said in the sentences beside."""
        return {f"{word} {role}": 1.0 for word, told in self._beside(line) for role in told.roles}

    def _things_around(self, line: Line) -> dict[str, float]:
        """Whose news the sentence goes on with, and how much stands in those beside."""
        found = dict(self._threads[line.number].features)
        for word, told in self._beside(line):
            found[f"{word} places"] = min(len(told.line.places), 5)
            found[f"{word} brands"] = len(told.line.names)
            found[f"{word} future"] = any(name == "date future" for name, _, _ in told.things)
        return found

    def _place(self, line: Line, told: _Told, start: int, end: int, worth: int) -> dict[str, float]:
        """Where in its sentence and text it stands, and how much stands there."""
        found: dict[str, float] = {
            "breaks before": bisect_left(told.breaks, start),
            "breaks after": len(told.breaks) - bisect_left(told.breaks, end),
            "from start": (start - line.start) * worth,
            "to end": (line.end - end) * worth,
            "length": (line.end - line.start) * worth,
            "sentence": line.number,
            "sentences left": len(self.scene.lines) - 1 - line.number,
            "heading": line.sentence.kind == "heading",
            "item": line.sentence.kind == "item",
            "places": len(line.places),
            "brands": len(line.names),
            "names": len(line.strangers),
        }
        if self._published and line.moments:
            years = [int(moment.when[:4]) - int(self._published[:4]) for moment in line.moments]
            found |= {"first year": min(years), "last year": max(years)}
        return found


def beside(line: Line, start: int, end: int, subject: tuple[int, int]) -> dict[str, float]:
    """How what stands between two places of a sentence stands to the subject of a fact there, and what lies between."""
    low, high = gap(start, end, *subject)
    stretch = line.between(low, high)
    side = "left" if start >= subject[1] else "right"
    return {
        "sentences apart": 0.0,
        f"{side} subject": max(high - low, 0) * (1 if line.spaced else UNSPACED),
        "commas": commas(stretch),
        "words between": len(stretch.split()) if line.spaced else len(stretch) / 2,
        "places between": sum(low <= place.start and place.end <= high for place in line.places),
        "dates between": sum(low <= other.start and other.end <= high for other in line.moments),
        "names between": sum(low <= one and two <= high for one, two in line.strangers),
    }


def gap(start: int, end: int, low: int, high: int) -> tuple[int, int]:
    """What lies between two stretches of a sentence, whichever comes first."""
    return (high, start) if start >= high else (end, low)


def commas(stretch: str) -> int:
    return sum(stretch.count(mark) for mark in ",，、;；")


def _leads(lines: Sequence[Line]) -> dict[int, int]:
    found: dict[int, int] = {}
    for line in lines[1:]:
        if line.sentence.kind == "item":
            before = lines[line.number - 1]
            found[line.number] = found.get(before.number, before.number)
    return found


class _Told:
    """A sentence's words by meaning, and where it breaks."""

    def __init__(self, line: Line, things: tuple[tuple[str, int, int], ...]) -> None:
        self.line = line
        self.things = things
        """Names, dates, numbers: what each is, and where it stands."""
        self.cues = [(cue.start, cue.end, _features(cue.role)) for cue in line.cues]
        self.roles = frozenset(cue.role for cue in line.cues if cue.role.startswith(MEANING))

    @cached_property
    def breaks(self) -> list[int]:
        return [self.line.start + match.start() for match in _BREAK.finditer(self.line.text)]

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """From the last comma or other break before a stretch to the first behind it."""
        before, after = bisect_left(self.breaks, start), bisect_left(self.breaks, end)
        low = self.breaks[before - 1] if before else self.line.start
        return low, self.breaks[after] if after < len(self.breaks) else self.line.end


@cache
def _features(role: str) -> tuple[str, str, str, str]:
    """What a word of this meaning is called where it stands before, behind, on, and in the clause of something."""
    return f"left {role}", f"right {role}", f"at {role}", f"clause {role}"


def _nearest(found: dict[str, float], name: str, distance: float) -> None:
    if distance < found.get(name, float("inf")):
        found[name] = distance
