"""The words of a language: one file `config/languages/xx.toml`, found in a text in one pass.

A file has tables; a list of phrases in a table is a **role**, named `table.key` (`market_entry.enter`). `find` says
where phrases of which roles stand. Tables nested deeper are data for code that wants them as they are (`data`). English
has every table and every key, be they empty; another language may have fewer, and none that English has not.

A phrase is written as it is read: `open* … first store`.
  word      that word, in any case, however much white space is between words
  word*     any ending: `launch*` is launch, launches, launched
  (a|b|)    one of these, or nothing
  _         any one word
  …         up to `GAP` characters of the same sentence
Nothing here knows what a role means, and nothing here knows a language.
"""

from __future__ import annotations

import difflib
import gc
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import tomli
from ahocorasick_rs import AhoCorasick

from monitor.errors import ConfigError
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
    """Every phrase, ready to be looked for. Raises ValueError with a line for each that is none."""
    mistakes = []
    for table, content in tables.items():
        for key, phrases in content.items():
            for written in phrases if isinstance(phrases, list) else ():
                try:
                    yield from [_phrase(plain, f"{table}.{key}", spaced) for plain in _heads(written)]
                except ValueError as error:
                    mistakes.append(f"{table}.{key}: the phrase {written!r} {error}")
    if mistakes:
        raise ValueError("\n".join(mistakes))


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
    if written.count("(") != written.count(")"):
        raise ValueError("has a bracket without its other")
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
        raise ValueError("must begin with a word")
    if not spaced:
        return Phrase(head, role, rest if rest.strip("*") else None, True)
    marked = " " + _SEPARATOR.sub(" ", head).lstrip()
    if not marked.strip():
        raise ValueError("has no letter or digit to begin with")
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
    return tuple(sorted(name.removesuffix(".toml") for name in _files() if _NAME.fullmatch(name)))


@cache
def lexicon(language: str | None) -> Lexicon:
    """The words of a language; English when it is unknown. Raises ConfigError for a file that somebody broke."""
    code = language.lower().partition("-")[0] if language else FALLBACK
    if code not in languages():
        code = FALLBACK
    words = _read(code)
    gc.freeze()  # it stays: looking through its phrases for garbage, again and again, would take a fifth of the time
    return words


def check() -> None:
    """Reads the files of all languages and keeps none. Raises ConfigError with every mistake, a line each."""
    mistakes = [
        f"{FOLDER}/{name}: is named by no code of two or three small letters, as sv.toml is, and therefore not read"
        for name in _files()
        if not _NAME.fullmatch(name)
    ]
    for code in languages():
        try:
            _read(code)
        except ConfigError as error:
            mistakes += str(error).splitlines()
    if mistakes:
        raise ConfigError("\n".join(dict.fromkeys(mistakes)))  # one of English is found with every language


FOLDER = "config/languages"
_NAME = re.compile(r"[a-z]{2,3}\.toml")


def _files() -> list[str]:
    names = sorted(file.name for file in shipped(*FOLDER.split("/")).iterdir())
    return [name for name in names if name.endswith(".toml")]


def _read(code: str) -> Lexicon:
    try:
        return Lexicon(code, _checked(code))
    except ValueError as error:
        raise _broken(code, str(error)) from error


@cache
def _english() -> Mapping[str, Any]:
    return _tables(FALLBACK)


def _tables(code: str) -> Mapping[str, Any]:
    """The tables of a language as they stand in its file. Raises ConfigError."""
    try:
        text = shipped(*FOLDER.split("/"), f"{code}.toml").read_text(encoding="utf-8-sig")
        return tomli.loads(text)
    except UnicodeDecodeError as error:
        raise _broken(code, f"is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise _broken(code, f"not valid TOML: {error}") from error


def _checked(code: str) -> Mapping[str, Any]:
    """The tables of a language, of which English has all, and all keys, with values of the same forms."""
    known = _english()
    tables = known if code == FALLBACK else _tables(code)
    if mistakes := [mistake for name in tables for mistake in _table_mistakes(name, tables[name], known)]:
        raise _broken(code, "\n".join(mistakes))
    variants = tables.get("language", {}).get("variants", {})
    if len(variants.get("from", "")) != len(variants.get("to", "")):
        raise _broken(code, "language.variants: from and to must be of the same length")
    return tables


def _table_mistakes(name: str, given: Any, known: Mapping[str, Any]) -> Iterator[str]:
    if name not in known:
        yield f"{name}: there is no such table{_meant(name, known)}"
    elif not isinstance(given, dict):
        yield f"{name}: must be a table: write [{name}]"
    else:
        for key, value in given.items():
            yield from _mistakes(f"{name}.{key}", key, value, known[name])


def _mistakes(place: str, key: str, value: Any, known: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the value of a key in a table, of which English's is known."""
    if key not in known:
        yield f"{place}: there is no such key{_meant(key, known)}"
    elif not _alike(value, known[key]):
        yield f"{place}: must be {_form(known[key])}"
    elif isinstance(value, dict) and not _open(known[key]):
        for inner in value:
            yield from _mistakes(f"{place}.{inner}", inner, value[inner], known[key])
    elif isinstance(value, dict):
        form, numbered = next(iter(known[key].values())), all(map(_NUMBER.fullmatch, known[key]))
        for inner in value:
            if numbered and not _NUMBER.fullmatch(inner):
                yield f"{place}.{inner}: the key must be a whole number, as in {next(iter(known[key]))}"
            elif not _alike(value[inner], form):
                yield f"{place}.{inner}: must be {_form(form)}"


_NUMBER = re.compile(r"-?\d+")


def _open(table: Mapping[str, Any]) -> bool:
    """Whether its keys are a language's own: numbers of days or years, or words that stand for numbers."""
    return all(map(_NUMBER.fullmatch, table)) or all(type(value) is int for value in table.values())


def _alike(value: Any, known: Any) -> bool:
    return _form(value) == _form(known) or (value == [] and isinstance(known, list))


def _form(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case str():
            return "a text in quotes"
        case dict():
            return "a table"
        case list() if all(isinstance(item, str) for item in value):
            return "a list of texts in quotes"
        case list() if all(isinstance(item, list) and _form(item) == _form([]) for item in value):
            return "a list of lists of texts in quotes"
    return "something else"


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _broken(code: str, mistakes: str) -> ConfigError:
    return ConfigError("\n".join(f"{FOLDER}/{code}.toml: {line}" for line in mistakes.splitlines()))
