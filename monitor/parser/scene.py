"""A document read once for all kinds of facts: its sentences with everything that was found in each.

Document -> language -> sentences -> mentions (cues, places, numbers, dates, brands, references to a brand). Places in
the text are offsets into `Document.text` throughout. The title is read too, as `Scene.title`, with offsets of its own:
no fact can point into it. Kinds of facts decide from here; nothing here decides what is a fact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

from monitor.models import Document, Fact
from monitor.parser import brands, dates, numerals, origin, sentences, territories
from monitor.parser.brands import Cast, Name
from monitor.parser.dates import Moment
from monitor.parser.lexicon import Cue, Lexicon, lexicon
from monitor.parser.numerals import Numeral
from monitor.parser.proper import beyond, proper_names
from monitor.parser.sentences import Sentence
from monitor.parser.territories import Territory

MAX_SENTENCES = 800
"""Of one document; an article has no more."""
MAX_TITLE = 500
MAX_CUES = 300
MANY = 60
"""Names, places, numbers, dates of one sentence; what stands behind them is no news, and reading it takes time."""
FOLLOWED = 8
"""For how many sentences a brand that opened one may be spoken of without its name."""
OWNER_REACH = 25
"""How far from "the brand" its owner's name may stand: "the premium brand of the Dongfeng group"."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with what stands in it, all in document offsets."""

    number: int
    """Its place among the lines of the scene; -1 for the title."""
    spaced: bool
    """Whether its language puts spaces between words."""
    sentence: Sentence
    cues: tuple[Cue, ...]
    names: tuple[Name, ...]
    places: tuple[Territory, ...]
    hints: tuple[Territory, ...]
    """Places that are named by their people or one of their cities: "the Poles", "in Lima"."""
    numbers: tuple[Numeral, ...]
    moments: tuple[Moment, ...]
    by_role: Mapping[str, tuple[Cue, ...]]
    """The cues again, by role."""
    strangers: tuple[tuple[int, int], ...]
    """Proper names that are neither brands nor places nor dates: models, people, other companies."""

    @property
    def start(self) -> int:
        return self.sentence.start

    @property
    def end(self) -> int:
        return self.sentence.end

    @property
    def text(self) -> str:
        return self.sentence.text

    def between(self, start: int, end: int) -> str:
        """The words between two places of the document, as far as they are in this sentence."""
        return self.text[max(0, start - self.start) : max(0, end - self.start)]

    def is_possessive(self, end: int) -> bool:
        """Whether a name that ends here is followed by "'s"."""
        return self.between(end, end + 2) in ("'s", "’s") or self.between(end - 1, end + 1) in ("s'", "s’")

    def has(self, *roles: str, start: int | None = None, end: int | None = None) -> bool:
        """Whether a cue of one of these roles lies (wholly) between two places."""
        low = self.start if start is None else start
        high = self.end if end is None else end
        return any(low <= cue.start and cue.end <= high for role in roles for cue in self.by_role.get(role, ()))

    def of(self, *roles: str, start: int | None = None, end: int | None = None) -> tuple[Cue, ...]:
        """The cues of these roles that lie (wholly) between two places, in order."""
        low = self.start if start is None else start
        high = self.end if end is None else end
        found = [cue for role in roles for cue in self.by_role.get(role, ()) if low <= cue.start and cue.end <= high]
        return tuple(sorted(found)) if len(roles) > 1 else tuple(found)

    def described(self, *tables: str, start: int, end: int) -> tuple[str, ...]:
        """The cues of whole tables between two places, for people."""
        return tuple(
            f'{cue.key} "{cue.text}"'
            for cue in self.cues
            if start <= cue.start and cue.end <= end and cue.role.startswith(tables)
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind made of a sentence: a fact, or the reason for none. `roles` are what matched, for people."""

    line: Line
    kind: str
    roles: tuple[str, ...]
    fact: Fact | None
    why: str
    about: str | int | None = None
    """What in the sentence it is about: a market's code, the place of a number, a model's name."""
    named: tuple[int, int] | None = None
    """Where the sentence names a model that is news; nothing long where it speaks of "it"."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A document, ready to be read by each kind of fact."""

    document: Document
    words: Lexicon
    cast: Cast
    title: Line
    lines: tuple[Line, ...]
    """The sentences that may hold facts: none of those that only serve the page."""

    @property
    def language(self) -> str:
        return self.words.code

    @property
    def brand(self) -> str | None:
        """The brand that the document is about."""
        return self.cast.main

    def text_of(self, line: Line) -> str:
        """What the places of a sentence are offsets into: the text, or the title."""
        return (self.document.title or "") if line.number < 0 else self.document.text

    def speaker(self, line: Line, position: int) -> str | None:
        """Whose doing is told at this place: the brand named or referred to nearest before it; else the document's."""
        before: list[tuple[int, str | None]] = [(name.end, name.brand) for name in line.names if name.end <= position]
        before += [(cue.end, self.brand) for cue in line.of("shared.self", "shared.pronoun", end=position)]
        return max(before, key=lambda found: found[0])[1] if before else self.brand

    def is_of_another(self, line: Line, position: int) -> bool:
        """Whether the last sentence to open with a brand's name opens with another one's, and no sentence from there to
        this place speaks of anyone else: "Tesla is sold in 50 markets"."""
        for told in reversed(self.lines[max(0, line.number - FOLLOWED) : line.number + 1]):
            end = position if told is line else told.end
            before = [name for name in told.names if name.end <= end]
            if any(name.brand == self.brand or self.cast.is_kin(name.brand) for name in before):
                return False
            if before and not any(map(str.isalnum, told.between(told.start, before[0].start))):
                return not told.has("shared.self", "shared.pronoun", end=end)
        return False

    def referent(self, line: Line, position: int) -> str | None:
        """The brand that a pronoun means: what its sentence, else the sentence before, has spoken of first; None for
        a thing."""
        earlier = [
            self._first(line, position),
            *(self._first(previous, previous.end) for previous in self._before(line)),
        ]
        return next((brand for found, brand in earlier if found), self.brand)

    def _first(self, line: Line, end: int) -> tuple[bool, str | None]:
        """The first brand, company word or other name of a sentence up to a place: whether there is one, and the
        brand."""
        things = [start for start, stop in line.strangers if stop <= end and self._is_thing(line, start, stop)]
        named = [name for name in line.names if name.end <= end and not line.is_possessive(name.end)]
        found: list[tuple[int, str]] = [(name.start, name.brand) for name in named if name.end + 1 not in things]
        found += [(cue.start, self.brand) for cue in line.of("shared.self", end=end) if self.brand]
        first = min(found, default=None)
        if things and (first is None or min(things) < first[0]):
            return True, None
        return (True, first[1]) if first else (False, None)

    @staticmethod
    def _is_thing(line: Line, start: int, stop: int) -> bool:
        """Whether a name looks like a product's: it holds a digit, or follows a brand's name."""
        after_brand = any(name.end + 1 == start for name in line.names)
        return after_brand or any(char.isdigit() for char in line.between(start, stop))

    def _before(self, line: Line) -> tuple[Line, ...]:
        """Up to two sentences before one, the nearer first, within the paragraph or the one before."""
        return tuple(reversed(self.lines[max(0, line.number - 2) : max(0, line.number)]))


def mentions(line: Line) -> tuple[str, ...]:
    """What was recognised in a sentence, for people: `brand smart`, `place DE "Germany"`, `market_entry.enter
    "entered"`."""
    found = [(name.start, f"brand {name.brand}") for name in line.names]
    found += [(place.start, f"place {place.code} {_quoted(line, place.start, place.end)}") for place in line.places]
    found += [(n.start, f"number {n.value} {n.qualifier}{' ordinal' if n.ordinal else ''}") for n in line.numbers]
    found += [(moment.start, f"date {moment.when}") for moment in line.moments]
    found += [(start, f"name {_quoted(line, start, end)}") for start, end in line.strangers]
    found += [(cue.start, f'{cue.role} "{cue.text}"') for cue in line.cues]
    return tuple(text for _, text in sorted(found))


def _quoted(line: Line, start: int, end: int) -> str:
    return f'"{line.between(start, end)}"'


def read(document: Document, *, brand: str | None) -> Scene:
    """The scene of a document; `brand` is what its source is about, if that is known."""
    words = lexicon(document.language)
    title, text = (document.title or "")[:MAX_TITLE], document.text[: sentences.MAX_TEXT]
    members = brands.cast(title, text, brand, words)
    told = [sentence for sentence in sentences.split(text, words.code, members.own) if sentence.kind != "service"]
    lines = tuple(_lines(text, told[:MAX_SENTENCES], words, members, document.published))
    if members.main and members.home is None:
        members = replace(members, home=origin.home(lines, members.main))
    heading = Sentence(0, len(title), title, "heading", -1)
    (titled,) = _lines(title, [heading], words, members, document.published)
    return Scene(document, words, members, replace(titled, number=-1), lines)


def _lines(text: str, told: list[Sentence], words: Lexicon, members: Cast, published: str | None) -> Iterator[Line]:
    """The sentences with their mentions; what is found by words is sought in the whole text at once."""
    text = text[: told[-1].end] if told else ""
    spans = [(sentence.start, sentence.end) for sentence in told]
    groups = zip(
        told,
        words.scan(text, spans),
        members.names(text, spans),
        _apart(territories.find(text, words.code, forms=territories.FORMS), spans),
        _apart(dates.find(text, words.code, published), spans),
        strict=True,
    )
    for number, (sentence, cues, named, places, moments) in enumerate(groups):
        yield _line(number, sentence, words, members, cues[:MAX_CUES], named[:MANY], places[:MANY], moments[:MANY])


class Placed(Protocol):
    """Something with a place in a text."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


P = TypeVar("P", bound=Placed)


def _apart(found: Iterable[P], spans: list[tuple[int, int]]) -> list[tuple[P, ...]]:
    """What was found in a text, by the sentences that hold it."""
    held: list[list[P]] = [[] for _ in spans]
    starts = [start for start, _ in spans]
    for one in found:
        place = bisect_right(starts, one.start) - 1
        if place >= 0 and one.end <= spans[place][1]:
            held[place].append(one)
    return [tuple(group) for group in held]


def _line(
    number: int,
    sentence: Sentence,
    words: Lexicon,
    members: Cast,
    cues: tuple[Cue, ...],
    named: tuple[Name, ...],
    places: tuple[Territory, ...],
    moments: tuple[Moment, ...],
) -> Line:
    offset = sentence.start
    cues = tuple(cue for cue in cues if cue.role != "shared.maybe" or not _inside(cue.start, cue.end, moments))  # May
    names = _speaking(named, cues, members)
    places = tuple(place for place in places if not _inside(place.start, place.end, names))
    hints = tuple(place for place in places if place.form not in territories.THEMSELVES)
    places = tuple(place for place in places if place.form in territories.THEMSELVES)
    known = [(found.start, found.end) for group in (named, places, moments) for found in group]
    return Line(
        number=number,
        spaced=words.spaced,
        sentence=sentence,
        cues=cues,
        names=names,
        places=places,
        hints=hints,
        numbers=numerals.find(sentence.text, words.code, cues, offset)[:MANY],
        moments=moments,
        by_role=_by_role(cues),
        strangers=tuple(islice(_strangers(sentence.text, offset, words, known), MANY)),
    )


def _by_role(cues: tuple[Cue, ...]) -> dict[str, tuple[Cue, ...]]:
    grouped: dict[str, list[Cue]] = {}
    for cue in cues:
        grouped.setdefault(cue.role, []).append(cue)
    return {role: tuple(found) for role, found in grouped.items()}


def _speaking(names: tuple[Name, ...], cues: tuple[Cue, ...], members: Cast) -> tuple[Name, ...]:
    """The names that stand for their brand: not the owner's in "the Geely subsidiary", "the premium brand of
    Dongfeng"."""
    references = [(cue.start, cue.end) for cue in cues if cue.role == "shared.self"]
    joints = {cue.end: cue.start for cue in cues if cue.role == "shared.of"}

    def is_owner(name: Name) -> bool:
        if any(start <= name.start and name.end <= end for start, end in references):
            return True
        joint = next((joints[end] for end in (name.start, name.start - 1) if end in joints), None)
        return joint is not None and any(0 < joint - end <= OWNER_REACH for _, end in references)

    return tuple(name for name in names if name.brand == members.main or not is_owner(name))


def _inside(start: int, end: int, things: Iterable[Placed]) -> bool:
    return any(thing.start <= start and end <= thing.end for thing in things)


def _strangers(text: str, offset: int, words: Lexicon, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The proper names of a sentence, less the brands, places and dates in them."""
    for start, end in proper_names(text, words.capitals):
        start, end = start + offset, end + offset
        cut = [(a, b) for a, b in known if a < end and start < b]
        if not cut:
            yield start, end
            continue
        rest = (max(b for _, b in cut), end)
        name = text[rest[0] - offset : rest[1] - offset]
        if beyond(name):
            yield rest[1] - len(name.lstrip(" -'’s")), rest[1]
