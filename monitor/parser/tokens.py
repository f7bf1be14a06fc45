"""A document as one row of tokens, for the network that reads words in their order.

    title, sentences ─► words, and one token for each brand, place, date, number and name ─► pieces of `MOST` tokens

A token is its **word** and its **marks**: what it is ("place country", "date future", "brand own"), what it means (the
roles of `config/languages/`), and whose news its sentence goes on with ("about other"). Of a brand, a place, a date or
a number the marks alone are told: which one it is does not matter. Scripts without spaces are read by pairs of
characters. Nothing here knows a language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from monitor.parser.lexicon import fold
from monitor.parser.scene import Line, Scene
from monitor.parser.territories import THEMSELVES

MOST = 350
"""How many tokens are read at once, as long as the texts that the network was trained on: of a page with more, or with
other news behind it, it loses its way (docs/quality.md)."""
BREAKS = frozenset(";:；：。,，、(（)）—–")
_SPACED = re.compile(r"([^\W\d_]+['’]?)|(\d+)|([^\w\s])")
_UNSPACED = re.compile(r"([^\W\d_a-zA-Z]|[a-zA-Z]+)|(\d+)|([^\s\w]|_)")
_KINDS = ("word", "digits", "stop")
_WORD, _DIGITS = 1, 2
"""The groups of these patterns."""


@dataclass(slots=True)
class Piece:
    """A stretch of a document in tokens, behind its title; parallel lists, one item a token."""

    words: list[str] = field(default_factory=list)
    """In lower case; "" where the word does not matter."""
    marks: list[tuple[str, ...]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """The number of its sentence; -1 in the title."""
    clauses: list[int] = field(default_factory=list)
    """Counts on at every comma or other break."""
    starts: list[int] = field(default_factory=list)
    """Where it begins in the document; -1 in the title."""
    end: int = 0
    """Where its last sentence ends."""

    def copy(self) -> Piece:
        return Piece(self.words[:], self.marks[:], self.lines[:], self.clauses[:], self.starts[:])

    def without(self, at: int) -> Piece:
        """The same with a word nobody knows in the place of a token."""
        other = self.copy()
        other.words[at], other.marks[at] = "", (self.marks[at][0], "word", self.marks[at][2])
        return other

    def at(self, start: int) -> int | None:
        """The token that a place of the document lies in; None where it lies before or behind the piece."""
        found = bisect_right(self.starts, start) - 1
        return found if found >= 0 and self.starts[found] >= 0 and start < self.end else None


Things = Callable[[Line], Iterable[tuple[str, int, int]]]
"""The brands, names, dates and numbers of a sentence: what each is, and where it stands."""
About = Callable[[Line], str]
"""The mark of a sentence that tells whose news it goes on with."""


def pieces(scene: Scene, things: Things, about: About) -> tuple[Piece, ...]:
    """The document in pieces of whole sentences, each behind the title. Nearly always there is one."""
    title = Piece()
    _add(title, scene.title, things, about(scene.title))
    found = [title.copy()]
    for line in scene.lines:
        if len(found[-1].words) >= MOST:
            found.append(title.copy())
        _add(found[-1], line, things, about(line))
    return tuple(found)


def named(pieces: Sequence[Piece], starts: Iterable[int]) -> tuple[int, list[int]]:
    """The first piece that holds one of these places of the document, and the tokens that stand there."""
    starts = tuple(starts)
    for number, piece in enumerate(pieces):
        if tokens := [at for start in starts if (at := piece.at(start)) is not None]:
            return number, tokens
    raise ValueError("none of these places is in a piece of the document")


def _add(piece: Piece, line: Line, things: Things, about: str) -> None:
    """The tokens of one more sentence."""
    text, folded = line.text, fold(line.text)
    pattern = _SPACED if line.spaced else _UNSPACED
    titled = line.number < 0
    place = "line title" if titled else f"line {line.sentence.kind}"
    kinds = ((), *((place, kind, about) for kind in _KINDS))
    clause = piece.clauses[-1] + 1 if piece.clauses else 0
    words: list[str] = []
    marks: list[tuple[str, ...]] = []
    starts: list[int] = []
    clauses = piece.clauses
    reached = 0
    for start, end, mark in (*_things(line, things), (len(text), len(text), "")):
        for match in pattern.finditer(text, reached, start):
            kind = match.lastindex or 0
            at = match.start()
            word = folded[at : match.end()] if kind != _DIGITS else ""
            if kind == _WORD and not line.spaced and len(word) == 1:
                word = text[at : min(at + 2, start)]
            starts.append(at)
            words.append(word)
            marks.append(kinds[kind])
            clauses.append(clause)
            if word in BREAKS:
                clause += 1
        if mark:
            starts.append(start)
            words.append(folded[start:end].split()[-1] if mark == "name" else "")
            marks.append((place, mark, about))
            clauses.append(clause)
        reached = max(reached, end)
    for cue in line.cues:
        at = max(bisect_right(starts, cue.start - line.start) - 1, 0)
        while at < len(starts) and starts[at] < cue.end - line.start:
            marks[at] += (cue.role,)
            at += 1
    piece.words += words
    piece.marks += marks
    piece.lines += [line.number] * len(words)
    piece.starts += [-1] * len(words) if titled else [start + line.start for start in starts]
    if not titled:
        piece.end = line.end


def _things(line: Line, things: Things) -> list[tuple[int, int, str]]:
    """What stands in a sentence as one token each, in order, apart from each other, from its beginning."""
    found = [(start, end, name) for name, start, end in things(line)]
    for place in (*line.places, *line.hints):
        how = "place" if place.form in THEMSELVES else "hint"
        found.append((place.start, place.end, f"{how} region" if place.is_region else f"{how} country"))
    apart: list[tuple[int, int, str]] = []
    reached = line.start
    for start, end, mark in sorted(found):
        if start >= reached and end > start:
            apart.append((start - line.start, end - line.start, mark))
            reached = end
    return apart
