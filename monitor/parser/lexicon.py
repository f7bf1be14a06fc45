"""The words of a language: one file `config/languages/xx.toml`, found in a text in one pass.

A file has tables; a list of phrases in a table is a **role**, named `table.key` (`market_entry.enter`). `find` says
where
phrases of which roles stand. Tables nested deeper are data for code that wants them as they are (`data`).

A phrase is written as it is read: `open* … first store`.
  word      that word, in any case, however much white space is between words
  word*     any ending: `launch*` is launch, launches, launched
  (a|b|)    one of these, or nothing
  _         any one word
  …         up to `GAP` characters of the same sentence
Nothing here knows what a role means, and nothing here knows a language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick

from monitor.resources import shipped

GAP = 60
"""How many characters `…` may skip."""

FALLBACK = "en"
"""Read when the language of a document is unknown or has no file."""


class Cue(NamedTuple):
    """A phrase of a role, where it stands."""

    start: int
    end: int
    role: str
    text: str

    @property
    def key(self) -> str:
        return self.role.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: what to look for first (`head`, in the form of `_marked`), and what must follow it."""

    head: str
    role: str
    rest: re.Pattern[str] | None
    open_end: bool  # any ending may follow


class Lexicon:
    """The words of one language. Make one with `lexicon(code)`."""

    def __init__(self, code: str, tables: Mapping[str, Any]) -> None:
        self.code = code
        self.spaced: bool = tables.get("language", {}).get("spaced", True)
        self.capitals: bool = tables.get("language", {}).get("capitals", True)
        """Whether a capital inside a sentence marks a proper name."""
        self.verbs_follow: bool = tables.get("language", {}).get("verbs_follow", False)
        """Whether verbs may stand after what they govern."""
        self.drops_subject: bool = tables.get("language", {}).get("drops_subject", False)
        """Whether a sentence may leave its subject to the one before."""
        variants = tables.get("language", {}).get("variants", {"from": "", "to": ""})
        self._variants = str.maketrans(variants["from"], variants["to"])
        self._tables = tables
        grouped: dict[str, list[Phrase]] = {}
        for phrase in _compile(tables, self.spaced):
            grouped.setdefault(phrase.head, []).append(phrase)
        self._groups = tuple(tuple(_merged(group)) for group in grouped.values())
        self._automaton = AhoCorasick(list(grouped))

    def find(self, text: str, offset: int = 0) -> tuple[Cue, ...]:
        """All cues of a sentence, in order; `offset` is added to their places. One role never overlaps itself."""
        longest: dict[tuple[str, int], Cue] = {}
        for start, end, role in self._hits(self.plain(fold(text))):
            known = longest.get((role, start))
            if known is None or known.end < end + offset:
                longest[role, start] = Cue(start + offset, end + offset, role, text[start:end])
        return tuple(_without_overlaps(longest.values()))

    def plain(self, text: str) -> str:
        """The text in the script that the language's file is written in, character for character."""
        return text.translate(self._variants) if self._variants else text

    def phrases(self, table: str, key: str) -> tuple[str, ...]:
        """The phrases of one role, as written."""
        return tuple(self._tables.get(table, {}).get(key, ()))

    def data(self, table: str, key: str) -> Mapping[str, Any]:
        """A table nested in a table, as written; empty when the language has none."""
        found: Mapping[str, Any] = self._tables.get(table, {}).get(key, {})
        return found

    def _hits(self, folded: str) -> Iterator[tuple[int, int, str]]:
        """Where phrases of which role stand. The automaton sees words between single spaces, so it finds whole
        words only."""
        shift = 1 if self.spaced else 0
        marked = f" {_SEPARATOR.sub(' ', folded)} " if self.spaced else folded
        for index, start, end in self._automaton.find_matches_as_indexes(marked, overlapping=True):
            for phrase in self._groups[index]:
                if phrase.rest is not None:
                    match = phrase.rest.match(folded, end - shift)
                    if match is not None:
                        yield start, match.end(), phrase.role
                elif phrase.open_end and self.spaced:
                    yield start, marked.find(" ", end) - 1, phrase.role
                else:
                    yield start, end - 2 * shift, phrase.role


def fold(text: str) -> str:
    """Lower case of the same length: offsets stay true."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered.replace("’", "'")


def _without_overlaps(cues: Iterable[Cue]) -> Iterator[Cue]:
    reached: dict[str, int] = {}
    for cue in sorted(cues, key=lambda cue: (cue.start, -cue.end)):
        if cue.start >= reached.get(cue.role, 0):
            reached[cue.role] = cue.end
            yield cue


def _compile(tables: Mapping[str, Any], spaced: bool) -> Iterator[Phrase]:
    for table, content in tables.items():
        for key, phrases in content.items():
            if isinstance(phrases, list):
                for written in phrases:
                    for plain in _expand(written):
                        yield _phrase(plain, f"{table}.{key}", spaced)


def _expand(written: str) -> Iterator[str]:
    """`(a|b) c` is `a c` and `b c`."""
    parts = re.split(r"\(([^()]*)\)", written)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    for choice in product(*choices):
        yield " ".join("".join(choice).split())


_SPECIAL = re.compile(r"[*…_]")
_SEPARATOR = re.compile(r"[\W_]")


def _phrase(plain: str, role: str, spaced: bool) -> Phrase:
    """The head ends where the first `*`, `_` or `…` stands; what follows is a pattern, read where the head was
    found."""
    folded = fold(plain)
    cut = _SPECIAL.search(folded)
    head, rest = (folded[: cut.start()], folded[cut.start() :]) if cut else (folded, "")
    if not head.strip():
        raise ValueError(f"the phrase {plain!r} of {role} must begin with a word")
    if not spaced:
        return Phrase(head, role, _pattern(rest) if rest.strip("*") else None, True)
    marked = " " + _SEPARATOR.sub(" ", head).lstrip()
    if not marked.strip():
        raise ValueError(f"the phrase {plain!r} of {role} has no letter or digit to begin with")
    if not rest:
        return Phrase(marked.rstrip() + " ", role, None, False)
    if rest == "*":
        return Phrase(marked, role, None, True)
    return Phrase(marked, role, re.compile(_pattern(rest).pattern + r"(?!\w)"), False)


def _merged(group: list[Phrase]) -> Iterator[Phrase]:
    """The phrases of one head, with one pattern for all of a role: the longest first."""
    rests: dict[str, list[str]] = {}
    for phrase in group:
        if phrase.rest is None:
            yield phrase
        else:
            rests.setdefault(phrase.role, []).append(phrase.rest.pattern)
    for role, patterns in rests.items():
        ordered = sorted(dict.fromkeys(patterns), key=len, reverse=True)
        yield Phrase(group[0].head, role, re.compile("|".join(ordered)), False)


def _pattern(rest: str) -> re.Pattern[str]:
    return re.compile("".join(_piece(piece) for piece in re.findall(r" ?… ?|\*|_| |[^*…_ ]+", rest)))


def _piece(piece: str) -> str:
    match piece.strip(" ") or " ":
        case " ":
            return r"\s+"
        case "*":
            return r"\w*"
        case "_":
            return r"[\w'&.-]+"
        case "…":
            gap = rf"(?:[^.;:!?。；！？\n]|\.(?=\w)){{0,{GAP}}}?"
            return (r"(?!\w)" if piece[0] == " " else "") + gap + (r"(?<!\w)" if piece[-1] == " " else "")
        case word:
            return re.escape(word)


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages that have a file, sorted."""
    files = shipped("config", "languages").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def lexicon(language: str | None) -> Lexicon:
    """The words of a language; English when it is unknown."""
    code = language.lower().partition("-")[0] if language else FALLBACK
    if code not in languages():
        code = FALLBACK
    source = shipped("config", "languages", f"{code}.toml").read_text(encoding="utf-8")
    return Lexicon(code, tomllib.loads(source))
