"""The words of a language: one file `config/languages/xx.toml`, found in a text in one pass.

A file has tables; a list of phrases in a table is a **role**, named `table.key` (`market_entry.enter`). `find` says
where phrases of which roles stand. Tables nested deeper are data for code that wants them as they are (`data`).

A phrase is written as it is read: `open* … first store`.
  word      that word, in any case, however much white space is between words
  word*     any ending: `launch*` is launch, launches, launched
  (a|b|)    one of these, or nothing
  _         any one word
  …         up to `GAP` characters of the same sentence
Nothing here knows what a role means, and nothing here knows a language.
"""

from __future__ import annotations

import gc
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick

from monitor.resources import shipped

GAP = 60
"""How many characters `…` may skip."""

HEAD = 5
"""How many characters of a phrase are looked for first, at least, where it has a choice of words."""

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
    """One phrase: what to look for first (`head`, between single spaces), and what must follow it, as written."""

    head: str
    role: str
    rest: str | None
    open_end: bool  # any ending may follow


Ready = tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, re.Pattern[str]], ...]]
"""The phrases of one head, ready for use, by the numbers of their roles: those of the head alone, those that may have
any ending, those with a pattern of what must follow."""
Span = tuple[int, int]


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
        self._groups = tuple(grouped.values())
        self.roles = tuple(sorted({phrase.role for group in self._groups for phrase in group}))
        self._ready: list[Ready | None] = [None] * len(grouped)
        self._automaton = AhoCorasick(list(grouped))

    def find(self, text: str, offset: int = 0) -> tuple[Cue, ...]:
        """All cues of a sentence, in order; `offset` is added to their places. One role never overlaps itself."""
        (found,) = self.scan(text, ((0, len(text)),))
        return (
            tuple(Cue(cue.start + offset, cue.end + offset, cue.role, cue.text) for cue in found) if offset else found
        )

    def scan(self, text: str, spans: Sequence[Span]) -> tuple[tuple[Cue, ...], ...]:
        """The cues of each of the spans of a text (in order, apart from each other), in one pass over the text."""
        found: list[list[Cue]] = [[] for _ in spans]
        reached = [0] * len(self.roles)
        for key, (end, place) in sorted(self._longest(self.plain(fold(text)), spans).items()):
            start, role = divmod(key, len(self.roles))
            if start >= reached[role]:
                reached[role] = end
                found[place].append(Cue(start, end, self.roles[role], text[start:end]))
        return tuple(map(tuple, found))

    def plain(self, text: str) -> str:
        """The text in the script that the language's file is written in, character for character."""
        return text.translate(self._variants) if self._variants else text

    def phrases(self, table: str, key: str) -> tuple[str, ...]:
        """The phrases of one role, as written."""
        return tuple(self._tables.get(table, {}).get(key, ()))

    def pattern(self, phrases: Iterable[str]) -> re.Pattern[str]:
        """These phrases as one pattern for folded text; it matches nothing when there are none."""
        edge = r"(?!\w)" if self.spaced else ""
        plain = sorted({fold(one) for written in phrases for one in _expand(written)}, key=len, reverse=True)
        each = (_pattern(one) + (edge if one[-1:].isalnum() else "") for one in plain)
        return re.compile("|".join(each) if plain else r"(?!)")

    def data(self, table: str, key: str) -> Mapping[str, Any]:
        """A table nested in a table, as written; empty when the language has none."""
        found: Mapping[str, Any] = self._tables.get(table, {}).get(key, {})
        return found

    def _longest(self, folded: str, spans: Sequence[Span]) -> dict[int, Span]:
        """Start and role (as one number) of every phrase -> its end, and the number of the span that holds it. The
        automaton sees words between single spaces, so it finds whole words only."""
        shift, roles, ready = int(self.spaced), len(self.roles), self._ready
        marked = f" {_SEPARATOR.sub(' ', folded)} " if self.spaced else folded
        starts = [start for start, _ in spans]
        longest: dict[int, Span] = {}
        for index, start, end in self._automaton.find_matches_as_indexes(marked, overlapping=True):
            place = bisect_right(starts, start) - 1
            if place < 0 or (last := end - 2 * shift) > (stop := spans[place][1]):
                continue
            whole, opened, followed = ready[index] or self._prepare(index)
            for role in whole:
                if longest.get(start * roles + role, _NOWHERE)[0] < last:
                    longest[start * roles + role] = last, place
            if opened:
                last = min(marked.find(" ", end) - 1, stop) if shift else last
                for role in opened:
                    if longest.get(start * roles + role, _NOWHERE)[0] < last:
                        longest[start * roles + role] = last, place
            for role, rest in followed:
                match = rest.match(folded, end - shift, stop)
                if match and longest.get(start * roles + role, _NOWHERE)[0] < match.end():
                    longest[start * roles + role] = match.end(), place
        return longest

    def _prepare(self, index: int) -> Ready:
        """The phrases of one head, compiled when the head is first found: most never are."""
        group, number = self._groups[index], self.roles.index
        plain = [phrase for phrase in group if phrase.rest is None]
        ready = self._ready[index] = (
            tuple({number(phrase.role) for phrase in plain if not phrase.open_end}),
            tuple({number(phrase.role) for phrase in plain if phrase.open_end}),
            tuple((number(role), pattern) for role, pattern in _merged(group)),
        )
        return ready


_NOWHERE = (-1, -1)


def fold(text: str) -> str:
    """Lower case of the same length: offsets stay true."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered.replace("’", "'")


def _compile(tables: Mapping[str, Any], spaced: bool) -> Iterator[Phrase]:
    for table, content in tables.items():
        for key, phrases in content.items():
            if isinstance(phrases, list):
                for written in phrases:
                    for plain in _heads(written):
                        yield _phrase(plain, f"{table}.{key}", spaced)


def _expand(written: str) -> Iterator[str]:
    """`(a|b) c` is `a c` and `b c`."""
    parts = re.split(r"\(([^()]*)\)", written)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    for choice in product(*choices):
        yield " ".join("".join(choice).split())


def _heads(written: str) -> Iterator[str]:
    """A phrase with its first choices made, as far as it takes to have a head that is rare enough to look for:
    `(the|a) (car|bike)(s|es)` is `the car(s|es)`, ... Choices that
    may be empty, or end in no letter, are always made."""
    parts = re.split(r"\(([^()]*)\)", written)
    choices: list[list[str]] = []
    length = 0
    for index, part in enumerate(parts):
        if not index % 2:
            choices.append([part])
            length += len(part)
        elif length < HEAD or not all(map(_WORDS.fullmatch, part.split("|"))):
            choices.append(part.split("|"))
            length += min(map(len, part.split("|")))
        else:
            choices.append([f"({part})"])
    for choice in product(*choices):
        yield " ".join("".join(choice).split())


_SPECIAL = re.compile(r"[*…_(]")
_WORDS = re.compile(r"[^*…_]*[^\W_]")
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
        return Phrase(head, role, rest if rest.strip("*") else None, True)
    marked = " " + _SEPARATOR.sub(" ", head).lstrip()
    if not marked.strip():
        raise ValueError(f"the phrase {plain!r} of {role} has no letter or digit to begin with")
    if not rest:
        return Phrase(marked.rstrip() + " ", role, None, False)
    return Phrase(marked, role, None if rest == "*" else rest, rest == "*")


def _merged(group: list[Phrase]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """For each role, one pattern for all that must follow the head: the longest first."""
    rests: dict[str, list[str]] = {}
    for phrase in group:
        if phrase.rest is not None:
            edge = "" if phrase.open_end else r"(?!\w)"
            rests.setdefault(phrase.role, []).append(_pattern(phrase.rest) + edge)
    for role, patterns in rests.items():
        ordered = sorted(dict.fromkeys(patterns), key=len, reverse=True)
        yield role, re.compile("|".join(ordered))


def _pattern(rest: str) -> str:
    return "".join(_piece(piece) for piece in re.findall(r" ?… ?|\*|_| |\([^)]*\)|[^*…_ (]+", rest))


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
        case choice if choice[0] == "(":
            longest_first = sorted(choice[1:-1].split("|"), key=len, reverse=True)
            return "(?:" + "|".join(map(_pattern, longest_first)) + ")"
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
    words = Lexicon(code, tomllib.loads(source))
    gc.freeze()  # it stays: looking through its phrases for garbage, again and again, would take a fifth of the time
    return words
