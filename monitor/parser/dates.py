"""Dates in a text, exact and vague, as the contract's `when`.

    text ─► atoms (a month, a year, "late", "next") ─► chunks (atoms with nothing but linking words between) ─► Moment

The words are in each language's `[dates]` table; what a chunk means does not depend on the order of its atoms
(`moments.resolve`), so that "Ende 2026", "late 2026" and "2026年底" are one rule. A number becomes part of a date only
in company: a bare year needs a word such as "in" before it, a day needs its month. Nothing here judges what happened
on a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from ahocorasick_rs import AhoCorasick

from monitor.models import When
from monitor.parser.lexicon import fold, languages, lexicon
from monitor.parser.moments import Anchor, Parts, anchor, resolve

YEARS = range(1950, 2050)
RANGES = {"year": YEARS, "month": range(1, 13), "day": range(1, 32)}
NUMBER = re.compile(r"\d{1,4}")
NUMERIC = re.compile(r"(?<![\d./-])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?![\d])")
GAP = 14  # characters between two atoms of one date, at most
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]")
LAST_WORD = re.compile(r"([^\W\d_]+['’]?)\s*$")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date in the text. `when` is the likeliest reading; `ahead` and `behind` are what it means in a sentence
    about the future or the past (the same unless the text leaves the year, or the week, to the reader). `beside` is
    what it means in the year of the date named before it: "in May 2027 …, in June …"."""

    start: int
    end: int
    when: When
    ahead: When
    behind: When
    beside: When | None = None

    @property
    def readings(self) -> tuple[When, ...]:
        """All that it may mean, the likeliest first."""
        return tuple(dict.fromkeys(filter(None, (self.when, self.ahead, self.behind, self.beside))))


@dataclass(frozen=True, slots=True)
class Atom:
    start: int
    end: int
    kind: str
    value: int | str
    alone: bool = True
    """Whether it is a date by itself."""


@dataclass(frozen=True, slots=True)
class Words:
    """A language's `[dates]` table, ready for use."""

    automaton: AhoCorasick
    meanings: tuple[tuple[str, int | str], ...]
    links: frozenset[str]
    day_links: frozenset[str]
    before: frozenset[str]
    doubtful: frozenset[str]
    suffixes: tuple[tuple[str, str], ...]
    """What may follow a number, and what it makes of it."""
    capitals: bool
    bare_years: bool
    month_first: bool


KINDS = {"months": "month", "weekdays": "weekday", "quarters": "quarter", "halves": "half"}
RELATIVE = {
    "relative_days": "rday", "relative_weeks": "rweek", "relative_months": "rmonth", "relative_years": "ryear",
    "relative_quarters": "rquarter", "relative_halves": "rhalf", "following_years": "fyear",
}  # fmt: skip
VALUED = {
    "early": ("part", "early"), "mid": ("part", "mid"), "late": ("part", "late"),
    "early_year": ("yearpart", "early"), "mid_year": ("yearpart", "mid"), "late_year": ("yearpart", "late"),
    "this_year": ("yearpart", ""), "spring": ("season", "spring"), "summer": ("season", "summer"),
    "autumn": ("season", "autumn"), "none": ("none", ""), "last": ("direction", "last"),
    "this": ("direction", "this"), "next": ("direction", "next"),
}  # fmt: skip
UNITS = {"days": "day", "weeks": "week", "months": "month", "years": "year"}
FROM_NAMED = {"fday": "rday", "fweek": "rweek", "fmonth": "rmonth", "fyear": "ryear"}
"""What is counted from the date named before it, not from the day of publication: "two months later"."""
REACH = 300
"""How many characters before a date that date may stand."""
MOST = 24
"""The largest amount that is read: "24 months ago"."""
COMPANY = frozenset({"part", "direction", "none"})
"""Kinds that are no date by themselves."""
WITHIN_YEAR = frozenset({"month", "quarter", "half", "season"})
"""Kinds that leave the year open, without one of those that tell it."""
YEAR_TOLD = frozenset({"year", "ryear", "direction"})


def find(text: str, language: str, published: When | None, offset: int = 0) -> tuple[Moment, ...]:
    """Every date in the text that can be resolved, in order. `offset` is added to their places; languages without a
    file have no dates."""
    words = _words(language)
    if words is None:
        return ()
    base = anchor(published)
    moments: list[Moment] = []
    for chunk in _chunks(text, _atoms(text, words), words):
        parts = {atom.kind: atom.value for atom in chunk}
        start, end = chunk[0].start + offset, chunk[-1].end + offset
        named = anchor(moments[-1].when) if moments and start - moments[-1].end <= REACH else None
        moment = _moment(start, end, parts, base, named)
        if moment:
            moments.append(moment)
        if published is None and "year" in parts:
            base = Anchor(int(parts["year"]))  # an undated text: later months are of the year last named
    return tuple(moments)


def _moment(start: int, end: int, parts: Parts, base: Anchor | None, named: Anchor | None) -> Moment | None:
    """The date that the parts name; `named` is the date before it in the text."""
    if FROM_NAMED.keys() & parts.keys():
        parts = {FROM_NAMED.get(kind, kind): value for kind, value in parts.items()}
        base = named if named and resolve(parts, named) else base
    when = resolve(parts, base)
    if when is None:
        return None
    ahead, behind = resolve(parts, base, "ahead"), resolve(parts, base, "behind")
    left_open = WITHIN_YEAR & parts.keys() and not YEAR_TOLD & parts.keys()
    beside = resolve({**parts, "year": named.year}, base) if named and left_open else None
    return Moment(start, end, when, ahead or when, behind or when, beside)


@cache
def _words(language: str) -> Words | None:
    if language not in languages():
        return None
    words = lexicon(language)
    table = words.data("dates", "words")
    nested = {key: words.data("dates", key) for key in (*RELATIVE, "suffixes", "amounts")}
    return _prepare({**table, **nested}) if table else None


def _prepare(table: Mapping[str, Any]) -> Words:
    meanings = {fold(name): meaning for name, meaning in _meanings(table)}
    return Words(
        automaton=AhoCorasick(list(meanings)),
        meanings=tuple(meanings.values()),
        links=frozenset(table.get("links", ())) | {"-", "–"},
        day_links=frozenset(table.get("day_links", ())),
        before=frozenset(table.get("before", ())) | {"("},
        doubtful=frozenset(table.get("doubtful", ())),
        suffixes=tuple((mark, kind) for kind, marks in table.get("suffixes", {}).items() for mark in marks),
        capitals=table.get("capitals", False),
        bare_years=table.get("bare_years", False),
        month_first=table.get("month_first", False),
    )


def _meanings(table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, int | str]]]:
    for key, kind in KINDS.items():
        for number, names in enumerate(table.get(key, ()), start=0 if key == "weekdays" else 1):
            yield from ((name, (kind, number)) for name in names)
    for key, kind in RELATIVE.items():
        for shift, names in table.get(key, {}).items():
            yield from ((name, (kind, int(shift))) for name in names)
    for key, meaning in VALUED.items():
        yield from ((name, meaning) for name in table.get(key, ()))
    yield from _amounts(table.get("amounts", {}))


def _amounts(table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, int | str]]]:
    """ "three months ago", "in 2 years"; "three months later", "a year earlier" than the date named before: every
    template with every number and unit of a language."""
    named = dict(enumerate(table.get("numbers", ()), start=1))
    for direction, whence, sign in (("ago", "r", -1), ("ahead", "r", 1), ("before", "f", -1), ("after", "f", 1)):
        for template, (unit, kind), number in product(table.get(direction, ()), UNITS.items(), range(1, MOST + 1)):
            for name, word in product((str(number), *named.get(number, ())), table.get(unit, ())):
                yield template.replace("#", name).replace("@", word), (whence + kind, sign * number)


def _atoms(text: str, words: Words) -> list[Atom]:
    whole = list(_numeric(text, words))
    covered = {at for atom in whole for at in range(atom.start, atom.end)}
    numbers = [atom for atom in _numbers(text, words) if atom.start not in covered]
    return sorted([*whole, *numbers, *_named(text, words)], key=lambda atom: (atom.start, atom.end))


def _named(text: str, words: Words) -> Iterator[Atom]:
    hits = words.automaton.find_matches_as_indexes(fold(text), overlapping=True)
    whole = [(start, -end, index) for index, start, end in hits if _edge(text, start) and _edge(text, end)]
    reached, last = 0, ""
    for start, minus_end, index in sorted(whole):
        kind, value = words.meanings[index]
        shared = (last, kind) == ("rweek", "weekday")  # 上周 and 周六 of 上周六
        if (start < reached and not shared) or (
            words.capitals and kind in ("month", "weekday") and not text[start].isupper()
        ):
            continue
        reached = end = -minus_end
        last = kind
        doubtful = text[start:end].lower() in words.doubtful and _word_before(text, start) not in words.before
        yield Atom(start, end, kind, value, kind not in COMPANY and not doubtful)


def _numbers(text: str, words: Words) -> Iterator[Atom]:
    for match in NUMBER.finditer(text):
        start, end = match.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if (before.isascii() and (before.isalnum() or before in tuple("$€£#_")) and before) or after.isdigit():
            continue
        if (before and before in ".,/-" and text[start - 2 : start - 1].isdigit()) or before.isdigit():
            continue
        value = int(match[0])
        suffix = next(((m, k) for m, k in words.suffixes if text.startswith(m, end) and value in RANGES[k]), None)
        if suffix:
            mark, kind = suffix
            yield Atom(start, end + len(mark), kind, value, kind != "day" or not words.day_links)
        elif len(match[0]) == 4 and value in YEARS:
            if not _measured(text, end):
                yield Atom(start, end, "year", value, _lone_year(text, start, end, words))
        elif 1 <= value <= 31 and words.day_links and not _measured(text, end) and _edge(text, end):
            yield Atom(start, end, "day", value, False)


def _measured(text: str, end: int) -> bool:
    """Whether the number goes on or counts something: "2,000", "20%", "2010/11", "2010s", "2025-2026"."""
    following = text[end : end + 2]
    return following[:1] == "%" or following == "s " or (following[:1] in tuple(".,/-–:") and following[1:].isdigit())


def _lone_year(text: str, start: int, end: int, words: Words) -> bool:
    """Whether a year without company is one: after "in", "by", ...; in some languages, before anything but a noun."""
    if not _edge(text, end):
        return False
    if _word_before(text, start) in words.before or text[start - 1 : start] == "(":
        return True
    following = text[end:].lstrip(" ")[:1] if words.bare_years else "X"
    return not following.isupper()


def _word_before(text: str, start: int) -> str:
    match = LAST_WORD.search(text, max(0, start - 16), start)
    return match[1].lower() if match else ""


def _edge(text: str, at: int) -> bool:
    """Whether a word may begin or end here: not inside a run of letters or digits, Chinese excepted."""
    if at <= 0 or at >= len(text):
        return True
    left, right = text[at - 1], text[at]
    if left >= "\u2e80" or right >= "\u2e80":
        return True
    return not ((left.isalnum() or left == "_") and (right.isalnum() or right == "_"))


def _numeric(text: str, words: Words) -> Iterator[Atom]:
    """2025-07-15, 15.07.2025, 07/15/2025: a year atom of the whole span, and month and day atoms within."""
    for match in NUMERIC.finditer(text):
        first, second, third = int(match[1]), int(match[3]), int(match[4])
        year, month, day = (first, second, third) if first in YEARS else (third, second, first)
        if first not in YEARS and match[2] == "/" and words.month_first:
            month, day = (first, second) if second > 12 else (second, first) if first > 12 else (0, 0)
        if year in YEARS and 1 <= month <= 12 and 1 <= day <= 31:
            start, end = match.span()
            yield from (
                Atom(start, end, kind, value) for kind, value in (("year", year), ("month", month), ("day", day))
            )


def _chunks(text: str, atoms: list[Atom], words: Words) -> Iterator[list[Atom]]:
    """Runs of atoms that belong together; runs that are no date by themselves are dropped."""
    chunk: list[Atom] = []
    for atom in atoms:
        if chunk and not (atom.kind not in {a.kind for a in chunk} and _joined(text, chunk[-1], atom, words)):
            yield from _date(chunk)
            chunk = []
        chunk.append(atom)
    yield from _date(chunk)


def _date(chunk: list[Atom]) -> Iterator[list[Atom]]:
    kinds = {atom.kind for atom in chunk}
    if "day" in kinds and kinds.isdisjoint({"month", "rmonth"}):
        chunk = [atom for atom in chunk if atom.kind != "day" or atom.alone]
        kinds = {atom.kind for atom in chunk}
    dates = kinds - COMPANY
    if dates and (any(atom.alone for atom in chunk) or len(kinds) > 1):
        yield chunk


def _joined(text: str, left: Atom, right: Atom, words: Words) -> bool:
    gap = text[left.end : right.start] if right.start >= left.end else ""
    if len(gap) > GAP or "\n" in gap:
        return False
    between = [word.lower() for word in WORD.findall(gap)]
    if any(c.isdigit() for c in gap):
        return False
    pair = {left.kind, right.kind}
    if pair == {"day", "month"}:
        return all(word in words.day_links for word in between)
    if between == [","]:
        return "weekday" in pair or pair <= {"day", "year", "month"}
    return all(word in words.links for word in between)
