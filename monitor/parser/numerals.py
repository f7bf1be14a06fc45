"""Whole numbers in a text, in digits or words, with what qualifies them.

`more than 30`, `30-odd`, `十多个`, `1.2 million`, `twenty-fifth`, `28e`. A number that is part of a word, a decimal, a
price or a percentage is none that counts things and is left out or marked. Nothing here knows what is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from text_to_num import find_numbers

from monitor.parser.lexicon import Cue, Lexicon, fold, lexicon

Qualifier = Literal["exact", "at_least", "about"]

NEAR = 3
"""How many characters may stand between a hedge and its number."""
WORD_LANGUAGES = frozenset({"en", "de", "fr", "es", "it", "pt", "nl"})
"""What text2num reads."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A whole number; `start` and `end` hold the number alone, `outer_start` and `outer_end` its hedges too."""

    start: int
    end: int
    value: int
    qualifier: Qualifier
    ordinal: bool
    outer_start: int
    outer_end: int


_HEDGES = frozenset(
    f"numerals.{key}" for key in ("at_least", "about", "at_least_after", "about_after", "ordinal_before")
)
Form = Literal["plain", "ordinal", "rough"]
_Found = tuple[int, int, int, Form]  # start, end, value, and how it is put

_DIGITS = re.compile(
    r"(?<![A-Za-zÀ-ɏ0-9_.,$€£¥#/+-])(\d{1,3}(?:[.,'’\u00a0\u202f]\d{3}){1,4}|\d{1,9})(?![\d%‰/]|[.,]\d)"
)
_ORDINAL = r"st|nd|rd|th|ère|ème|ième|\.?[ºª°]|\."
"""What makes an ordinal of digits in any language; a language's own endings ("28e") are in its `[numerals.marks]`."""
_CHINESE = re.compile(r"[零一二两三四五六七八九十百千万亿〇]{1,12}")
_SCALE = re.compile(r"\s?(万|亿|萬|億)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s]")


def find(text: str, language: str | None, cues: tuple[Cue, ...] | None = None, offset: int = 0) -> tuple[Numeral, ...]:
    """The numbers of a sentence, in order; `offset` is added to their places (and is in those of `cues`, if given)."""
    words = lexicon(language)
    known = words.find(text, offset) if cues is None else cues
    hedges = [(cue.start - offset, cue.end - offset, cue.key) for cue in known if cue.role in _HEDGES]
    spelled = any(cue.role == "numerals.spelled" for cue in known)
    return tuple(_qualified(text, number, hedges, offset) for number in _plain(text, words, spelled))


def _plain(text: str, words: Lexicon, spelled: bool) -> Iterator[_Found]:
    """Numbers in order; digits first where words and digits overlap."""
    reached = 0
    for found in sorted(
        {*_digits(text, words), *_words(text, words, spelled)}, key=lambda found: (found[0], -found[1])
    ):
        if found[0] >= reached:
            reached = found[1]
            yield found


def _digits(text: str, words: Lexicon) -> Iterator[_Found]:
    for match in _DIGITS.finditer(text):
        value = int(re.sub(r"\D", "", match.group()))
        end = match.end()
        if scale := _SCALE.match(text, end):
            end, value = scale.end(), value * (10_000 if scale[1] in "万萬" else 100_000_000)
        mark = _ordinal_mark(words).match(text, end)
        ordinal = bool(mark) and _is_ordinal(text, mark, words)  # type: ignore[arg-type]
        yield match.start(), mark.end() if ordinal and mark else end, value, "ordinal" if ordinal else "plain"


def _is_ordinal(text: str, mark: re.Match[str], words: Lexicon) -> bool:
    """`28.` is an ordinal in some languages, and only before a word that is no new sentence."""
    if mark.group() != ".":
        return True
    return bool(words.data("numerals", "marks").get("dot")) and bool(
        re.match(r"\s+[^\W\d_]", text[mark.end() : mark.end() + 3])
    )


@cache
def _ordinal_mark(words: Lexicon) -> re.Pattern[str]:
    own = "".join(f"|{re.escape(ending)}" for ending in words.data("numerals", "marks").get("ordinal", ()))
    return re.compile(rf"(?:{_ORDINAL}{own})(?!\w)", re.IGNORECASE)


def _words(text: str, words: Lexicon, any_spelled: bool) -> Iterator[_Found]:
    if not words.spaced:
        yield from _chinese(text)
    spelled = list(_spelled(text, words.code)) if any_spelled and words.code in WORD_LANGUAGES else []
    yield from spelled
    yield from _rough(text, words, spelled)


def _rough(text: str, words: Lexicon, spelled: list[_Found]) -> Iterator[_Found]:
    """ "une vingtaine", "a dozen", "two dozen": words of `[numerals.rough]`; a number right before one multiplies
    it."""
    pattern, values = _rough_words(words)
    folded = fold(text)
    if not any(word in folded for word in values):
        return
    for match in pattern.finditer(folded):
        times = next((found for found in spelled if 0 <= match.start() - found[1] <= 1), None)
        start = times[0] if times else match.start()
        yield start, match.end(), values[match[1]] * (times[2] if times else 1), "rough"


@cache
def _rough_words(words: Lexicon) -> tuple[re.Pattern[str], dict[str, int]]:
    values = {fold(word): int(value) for word, value in words.data("numerals", "rough").items()}
    return re.compile(rf"\b({'|'.join(values)})(?:s|en|e)?\b"), values


def _chinese(text: str) -> Iterator[_Found]:
    for match in _CHINESE.finditer(text):
        value = _cn(match.group())
        if value is not None:
            yield match.start(), match.end(), value, "plain"


@lru_cache(maxsize=2048)
def _cn(written: str) -> int | None:
    import cn2an  # late: slow to import, and only Chinese needs it

    try:
        return int(cn2an.cn2an(written, "smart"))
    except (ValueError, KeyError):
        return None


@dataclass(slots=True)
class _Token:
    """What text2num wants of a word."""

    written: str

    def text(self) -> str:
        return self.written

    def nt_separated(self, previous: _Token) -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


def _spelled(text: str, code: str) -> Iterator[_Found]:
    spots = list(_WORD.finditer(text))
    tokens = [_Token(spot.group()) for spot in spots]
    for found in find_numbers(tokens, code, 2.0):
        value = round(found.value)
        if value >= 2 or found.is_ordinal:
            yield (
                spots[found.start].start(),
                spots[found.end - 1].end(),
                value,
                "ordinal" if found.is_ordinal else "plain",
            )


def _qualified(text: str, found: _Found, hedges: list[tuple[int, int, str]], offset: int) -> Numeral:
    start, end, value, form = found
    ordinal = form == "ordinal"
    low, high = start, end
    plus = text[end : end + 1] == "+"
    qualifier: Qualifier = "about" if form == "rough" else "at_least" if plus else "exact"
    high += plus
    for left, right, key in hedges:
        before = right <= start and not text[right:start].strip(" \u00a0(")
        after = left >= end and not text[end:left].strip(" \u00a0-")
        if key == "ordinal_before":
            ordinal = ordinal or before
        elif before if key in ("at_least", "about") else after:
            qualifier = "about" if key.startswith("about") else "at_least"
            low, high = min(low, left), max(high, right)
    return Numeral(start + offset, end + offset, value, qualifier, ordinal, low + offset, high + offset)
