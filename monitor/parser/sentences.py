"""A text cut into sentences with their places: `text[start:end] == sentence.text`, always.

Lines are cut first, so that headings, list items, table rows and captions are sentences of their own; then sentencex
cuts within a line. What it cuts too early (abbreviations, initials) is joined again. Lines that only serve the page
(related stories, credits, sharing) are marked, not dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sentencex

from monitor.parser.lexicon import Lexicon, lexicon

Kind = Literal["prose", "heading", "item", "service"]

MAX_SENTENCE = 1_500
"""Longer ones are cut: no rule may take time beyond this."""
MAX_TEXT = 40_000
"""What stands later in a text is not read: no article is longer, and a trap may be."""

_ITEM = re.compile(r"\s*(?:[-–—*•·▪●◦‣]|\d{1,2}[.)])\s+")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"“'])(?:[A-Z]|[A-Z]\.[A-Z]|z\.\s?B|Mr|Mrs|Ms|Dr|Prof|St|Co|Corp|Inc|Ltd|No|Nr|vs|Jr|Sr|ca|approx|Sept?|Oct|Nov|Dec|Jan|Feb|Aug)\.\s*$"
)
_STARTS_ANEW = re.compile(r"[\s\"“”'‘’«»(\[„]*[A-ZÀ-ÞĀ-Ž0-9#一-鿿]")
_AFTER_CAPITALS = re.compile(r"(?<=[A-Z]{3})\.\s+(?=[A-ZÀ-Þ])")
"""A stop after a word in capitals ("three SUV. In Italia"), which sentencex takes for an abbreviation."""
_FIRST_WORD = re.compile(r"\W*(\w+)")
_NUMBERED = re.compile(r"(\w+)\s+\d{1,3}\.\s*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a text that is read on its own. `paragraph` counts lines."""

    start: int
    end: int
    text: str
    kind: Kind
    paragraph: int


def split(text: str, language: str | None) -> tuple[Sentence, ...]:
    """The sentences of a text, in order, without white space around them."""
    words = lexicon(language)
    found: list[Sentence] = []
    for number, (start, end) in enumerate(_lines(text[:MAX_TEXT])):
        kind = _kind(text[start:end], words)
        found += (Sentence(a, b, text[a:b], kind, number) for a, b in _cut(text, start, end, words))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"[^\n\r\u2028\u2029]+", text):
        if match.group().strip():
            yield match.span()


def _kind(line: str, words: Lexicon) -> Kind:
    if _is_service(line, words):
        return "service"
    if _ITEM.match(line):
        return "item"
    stripped = line.strip()
    ends = stripped[-1:] in '.!?…。！？:：;"”»)'
    return "prose" if ends or len(stripped) > 120 else "heading"


def _is_service(line: str, words: Lexicon) -> bool:
    """Lines that serve the page. Rows of short pieces between bars are menus or related stories."""
    start = len(line) - len(line.lstrip())
    cues = words.find(line[:200])
    if any(cue.role == "shared.service" and cue.start <= start + 2 for cue in cues):
        return True
    return line.count(" | ") >= 2 and not re.search(r"[.!?]\s", line)


def _cut(text: str, start: int, end: int, words: Lexicon) -> Iterator[tuple[int, int]]:
    begin = start
    for boundary in _boundaries(text[start:end], words.code):
        stop = start + boundary
        if stop < end and (
            _continues(text, begin, stop, end, words) or _is_ordinal(text[max(begin, stop - 24) : stop], words)
        ):
            continue
        yield from _bounded(text, begin, stop)
        begin = stop
    if begin < end:
        yield from _bounded(text, begin, end)


def _boundaries(line: str, code: str) -> list[int]:
    if len(line) < MAX_SENTENCE or re.search(r"[.!?。！？]", line):
        found = {piece["end_index"] for piece in sentencex.get_sentence_boundaries(code, line)}
        return sorted(found | {match.end() for match in _AFTER_CAPITALS.finditer(line)})
    return [len(line)]


def _continues(text: str, begin: int, stop: int, end: int, words: Lexicon) -> bool:
    """Whether a cut was made too early: after an abbreviation, or before a word in lower case."""
    if _ABBREVIATED.search(text[max(begin, stop - 12) : stop]):
        following = _FIRST_WORD.match(text, stop, end)
        return following is None or following[1].lower() not in words.phrases("shared", "link")
    return not _STARTS_ANEW.match(text, stop, min(end, stop + 12))


def _is_ordinal(before: str, words: Lexicon) -> bool:
    """Whether a cut stands inside "der 18. Markt", in languages that write ordinals so."""
    match = _NUMBERED.search(before)
    return match is not None and match[1].lower() in words.phrases("numerals", "ordinal_lead")


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE:
        space = text.rfind(" ", start + MAX_SENTENCE // 2, start + MAX_SENTENCE)
        cut = space if space > 0 else start + MAX_SENTENCE
        yield from _trimmed(text, start, cut)
        start = cut
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if end > start:
        yield start, end
