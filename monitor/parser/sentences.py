"""A text cut into sentences with their places: `text[start:end] == sentence.text`, always.

Lines are cut first, so that headings, list items, table rows and captions are sentences of their own; then sentencex
cuts within a line. What it cuts too early (abbreviations, initials) is joined again. Lines that only serve the page
(related stories, credits, sharing) are marked, not dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal

import sentencex

from monitor.catalogue import load
from monitor.parser.lexicon import Lexicon, fold, lexicon

Kind = Literal["prose", "heading", "item", "service"]

MAX_SENTENCE = 1_500
"""Longer ones are cut: no rule may take time beyond this."""
MAX_TEXT = 40_000
"""What stands later in a text is not read: no article is longer, and a trap may be."""

AHEAD = 60
"""How far behind a cut the next word is looked for: there may be thousands of signs that are none."""
SHORT = 40
"""A line as short as this that opens with a word such as "Related" is a heading of the page."""
RETRACTS = 90
"""How far into its sentence the words stand that take something back."""
_BEFORE_SERVICE = " \t\u3000>»›•*▶►→-–—[(【"
_GOES_ON = re.compile(r"[;；]\s*|\s[—–]\s")

ROWS = 3
"""So many lines without a stop, each in two parts, are rows of one list; each in as many parts, between bars, of one
table."""
_ROW = re.compile(r"\S[^\S\n]+[-–—|][^\S\n]+\S|\S[:：][^\S\n]*\S|\S\t\S")
_ITEM = re.compile(r"\s*(?:[-–—*•·▪●◦‣|]|\d{1,2}[.)])\s+")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"“'])(?:[A-Z]|[A-Z]\.[A-Z]|z\.\s?B|Mr|Mrs|Ms|Dr|Prof|St|Co|Corp|Inc|Ltd|No|Nr|vs|Jr|Sr|ca|approx|Sept?|Oct|Nov|Dec|Jan|Feb|Aug)\.\s*$"
)
_STARTS_ANEW = re.compile(r"[\s\"“”'‘’«»(\[„]*[A-ZÀ-ÞĀ-Ž0-9#一-鿿]")
_AFTER_CAPITALS = re.compile(r"(?<=[A-Z]{3})\.\s+(?=[A-ZÀ-Þ])")
"""A stop after a word in capitals ("three SUV. In Italia"), which sentencex takes for an abbreviation."""
_FIRST_WORD = re.compile(r"\W*(\w+)")
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]\w*")
"""Names such as iX3 and eBay, which keep their first letter."""
_LATIN_STOP = re.compile(r"[一-鿿][A-Za-z]+\.\s*$")
"""Where characters have a stop of their own, this one is no end."""
_NUMBERED = re.compile(r"(\w+)\s+\d{1,3}\.\s*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a text that is read on its own. `paragraph` counts lines."""

    start: int
    end: int
    text: str
    kind: Kind
    paragraph: int


def split(text: str, language: str | None, names: tuple[str, ...] = ()) -> tuple[Sentence, ...]:
    """The sentences of a text, in order, without white space around them. `names` may open a sentence in lower case."""
    words = lexicon(language)
    small = _small_names() | {name.split()[0] for name in names if name[:1].islower()}
    found: list[Sentence] = []
    places = tuple(_lines(text[:MAX_TEXT]))
    kinds = _rows(text, places, [_kind(text[start:end], words) for start, end in places])
    for number, ((start, end), kind) in enumerate(zip(places, kinds, strict=True)):
        for a, b in _cut(text, start, end, words, small):
            if kind == "item" and (sign := _ITEM.match(text, a, b)):
                a = sign.end()
            told = a if kind == "service" else _retracted(text, a, b, words)
            if told > a:
                found.append(Sentence(a, told, text[a:told], "service", number))
            found += (Sentence(c, d, text[c:d], kind, number) for c, d in _trimmed(text, told, b))
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


def _rows(text: str, places: Sequence[tuple[int, int]], kinds: Sequence[Kind]) -> Iterator[Kind]:
    """The kinds of lines, where rows of a table or a list without bullets, "Dominar 160 - R$ 16.280", are items and no
    headings. Lone rows of short pieces between bars are menus or related stories."""
    told = [(kind, _parts(text[start:end], kind)) for (start, end), kind in zip(places, kinds, strict=True)]
    for parts, group in groupby(told, lambda one: one[1]):
        alike = list(group)
        for kind, _ in alike:
            if parts and kind != "service" and len(alike) >= ROWS:
                yield "item"
            else:
                yield "service" if parts > 2 else kind


def _parts(line: str, kind: Kind) -> int:
    """In how many parts a row of a list or a table is told; 0 of a line that may be no row."""
    bars = line.count(" | ")
    if bars >= 2 and not re.search(r"[.!?]\s", line):
        return bars + 1
    return 2 if kind == "heading" and _ROW.search(line) else 0


def _is_service(line: str, words: Lexicon) -> bool:
    """Lines that serve the page, by how they open."""
    opening = words.plain(fold(line[:200])).lstrip(_BEFORE_SERVICE)
    always, alone = _service(words)
    if always.match(opening):
        return True
    match = alone.match(opening)
    return match is not None and (
        len(line.strip()) <= SHORT or opening[match.end() :].lstrip()[:1] in (":", "：", "|", "")
    )


@cache
def _service(words: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What marks a line that serves the page: always, and (single common words) only when little else follows."""
    written = words.phrases("shared", "service")
    weak = [one for one in written if " " not in one and one[-1] not in ":：" and (words.spaced or len(one) <= 2)]
    return words.pattern(one for one in written if one not in weak), words.pattern(weak)


def _retracted(text: str, start: int, end: int, words: Lexicon) -> int:
    """Where a sentence that takes back what an article said before goes on with what is so; `start` when it takes
    nothing back: "Correction: an earlier version said 40 markets; it is 39"."""
    opening = words.plain(fold(text[start : min(end, start + RETRACTS)]))
    found = _retracting(words).search(opening)
    if found is None:
        return start
    goes_on = _GOES_ON.search(text, start + found.end(), end)
    return goes_on.end() if goes_on else end


@cache
def _retracting(words: Lexicon) -> re.Pattern[str]:
    return words.pattern(words.phrases("shared", "retract"))


def _cut(text: str, start: int, end: int, words: Lexicon, small: frozenset[str]) -> Iterator[tuple[int, int]]:
    begin = start
    for boundary in _boundaries(text[start:end], words.code):
        stop = start + boundary
        if stop < end and (
            _continues(text, begin, stop, end, words, small) or _is_ordinal(text[max(begin, stop - 24) : stop], words)
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


def _continues(text: str, begin: int, stop: int, end: int, words: Lexicon, small: frozenset[str]) -> bool:
    """Whether a cut was made too early: after an abbreviation, before a word in lower case, or within a Latin name
    among other characters, "大众ID. Polo"."""
    ahead = min(end, stop + AHEAD)
    if not words.spaced and _LATIN_STOP.search(text, begin, stop):
        return True
    if text[begin:stop].rstrip().endswith(_families()) or _ABBREVIATED.search(text[max(begin, stop - 12) : stop]):
        following = _FIRST_WORD.match(text, stop, ahead)
        return following is None or following[1].lower() not in words.phrases("shared", "link")
    if _STARTS_ANEW.match(text, stop, min(end, stop + 12)):
        return False
    following = _FIRST_WORD.match(text, stop, ahead)
    return following is None or not (following[1] in small or _CAMEL.fullmatch(following[1]))


@cache
def _small_names() -> frozenset[str]:
    """The brands that are written in lower case even at the start of a sentence, by their first word."""
    return frozenset(name.split()[0] for brand in load().brands for name in brand.names if name[:1].islower())


@cache
def _families() -> tuple[str, ...]:
    """What names of models begin with that looks like an end, behind a space or "l'": the "ID." of "ID. Polo"."""
    heads = {model.partition(" ")[0] for brand in load().brands for model in brand.models}
    return tuple(f"{before}{head}" for head in sorted(heads) if head.endswith(".") for before in " '’")


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
