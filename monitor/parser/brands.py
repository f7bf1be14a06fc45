"""Which brand a text speaks of, and where it names brands.

The brand of a document is the one its source is about (the hint); else the listed brand that title and text name
most; else a name that the text itself treats as one. Names that are common words (`smart`, `Seat`, `Lucid`) count only
near a word that vouches for them, as the catalogue says; the brand that the source is about needs no voucher. This
module finds names; what "the company" or "it" means is decided in `clauses`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from monitor.catalogue import Brand, load
from monitor.parser import territories, topic
from monitor.parser.lexicon import Lexicon, fold

TITLE_WEIGHT = 3
"""A name in the title counts as much as this many in the text."""

OWN = 60
"""How many names of the main brand in one sentence are held against others."""

_NO_SHORT_FORM = frozenset({"the", "royal", "great", "first", "grand", "general", "air", "bank", "new", "united", "american", "burger", "pizza", "coffee", "hard", "five"})  # fmt: skip  # noqa: E501
"""First words of brand names that never stand for the brand."""


@dataclass(frozen=True, slots=True)
class Name:
    """A brand's name where it stands. `brand` is the canonical name."""

    start: int
    end: int
    brand: str


@dataclass(frozen=True, slots=True)
class Cast:
    """The brands that one document names. `main` is the one it is about; None when it is about none."""

    main: str | None
    own: tuple[str, ...]
    """How the main brand is written, longest first."""
    home: str | None
    """The main brand's home market, ISO alpha-2, if it is known."""
    _text: str
    """The whole document: where words that vouch for an ambiguous name may stand."""
    _words: Lexicon

    def names(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[Name, ...], ...]:
        """Where each of these sentences of a text names brands, in order; a name of the main brand wins over any it
        overlaps."""
        starts = [start for start, _ in spans]
        named: list[list[Name]] = [[] for _ in spans]
        for start, end in _spans(text, self.own) if self.main else ():
            place = bisect_right(starts, start) - 1
            if place >= 0 and end <= spans[place][1]:
                named[place].append(Name(start, end, self.main or ""))
        for name in _listed(text, spans, self._text, self._words):
            own = named[bisect_right(starts, name.start) - 1]
            if name.brand != self.main and not any(name.start < o.end and o.start < name.end for o in own[:OWN]):
                own.append(name)
        return tuple(tuple(sorted(group, key=lambda name: name.start)) for group in named)

    def is_kin(self, brand: str) -> bool:
        """Whether another brand is a sub-brand of the main brand, or the one that it is a sub-brand of."""
        return _is_sub_brand(self.main or "", brand) or _is_sub_brand(brand, self.main or "")

    def is_parent(self, brand: str) -> bool:
        """Whether the main brand is a sub-brand of this one."""
        return _is_sub_brand(self.main or "", brand)


def _is_sub_brand(brand: str, parent: str) -> bool:
    """Whether the catalogue calls one brand a sub-brand of another."""
    below, above = load().brand(brand), load().brand(parent)
    return below is not None and above is not None and below.parent == above.id


def cast(title: str, text: str, hint: str | None, words: Lexicon) -> Cast:
    """The brands of a document."""
    whole = f"{title}\n{text}"
    main = _called(hint) if hint else _most_named(title, text, words) or topic.guess(title, text, words)
    if not main:
        return Cast(None, (), None, whole, words)
    brand = load().brand(main)
    return Cast(main, _spellings(main, hint or main, brand), brand.home if brand else None, whole, words)


def _called(hint: str) -> str:
    """What a brand is called that a text is known to be about: as the one who asks writes it ("Skoda"), with the
    catalogue's capitals; an id stands for its brand's name."""
    brand = load().brand(hint)
    if brand is not None and (hint == brand.id or hint.casefold() == brand.name.casefold()):
        return brand.name
    return hint


def canonical(name: str) -> str:
    """The catalogue's way to write a brand's name; the name itself when it is no brand's name or id."""
    brand = load().brand(name)
    if brand is not None and fold(name) in (fold(brand.name), brand.id):
        return brand.name
    return name


def _spellings(main: str, hint: str, brand: Brand | None) -> tuple[str, ...]:
    written = {main, hint, *(brand.names if brand else ()), *_shortened(main)}
    return tuple(sorted(filter(None, written), key=lambda name: (-len(name), name)))


def _shortened(name: str) -> Iterator[str]:
    """Texts drop the last words of a long name: Luckin Coffee, Flying Tiger Copenhagen, Mercedes-Benz."""
    ends = [match.end() for match in re.finditer(r"[^\s-]+", name)]
    for end in ends[:-1]:
        short = name[:end]
        if len(short) >= 4 and short[0].isupper() and fold(short) not in _NO_SHORT_FORM:
            yield short


@lru_cache(maxsize=512)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(fold(name)) for name in names))


def _spans(text: str, names: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Where one of these names stands: as it is written, or in other capitals that still look like a name."""
    if not names:
        return
    for match in _pattern(names).finditer(fold(text)):
        start, end = match.span()
        if _whole(text, start, end) and (text[start:end] in names or not text[start].islower()):
            yield start, end


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a name is not part of a longer word. Scripts without spaces have no such edges."""
    before, after = text[start - 1 : start], text[end : end + 1]
    opens = text[start] >= "\u2e80" or not (before.isalnum() and before < "\u2e80")
    return opens and (text[end - 1] >= "\u2e80" or not (after.isalnum() and after < "\u2e80"))


@dataclass(frozen=True, slots=True)
class _Listed:
    """All names of all brands, ready to be found. A name without a brand holds a brand's and means something else."""

    automaton: AhoCorasick
    names: tuple[str, ...]
    brands: tuple[Brand | None, ...]


@cache
def _all() -> _Listed:
    pairs: list[tuple[str, Brand | None]] = []
    for brand in load().brands:
        pairs += [(name, brand) for name in brand.names]
        pairs += [(name, None) for name in brand.excluding]
    automaton = AhoCorasick([fold(name) for name, _ in pairs], matchkind=MatchKind.LeftmostLongest)
    return _Listed(automaton, tuple(name for name, _ in pairs), tuple(brand for _, brand in pairs))


def _listed(text: str, spans: Sequence[tuple[int, int]], whole: str, words: Lexicon) -> Iterator[Name]:
    """The names of brands in the catalogue, where they mean the brand, within these sentences of a text."""
    known = _all()
    starts = [start for start, _ in spans]
    judged: dict[tuple[str, int | None], bool] = {}
    places = () if words.spaced else territories.find(text, words.code)
    taken = {at for place in places for at in range(place.start, place.end)}  # a brand's characters in a country's name
    for index, start, end in known.automaton.find_matches_as_indexes(fold(text)):
        brand, name = known.brands[index], known.names[index]
        place = bisect_right(starts, start) - 1
        if brand is None or place < 0 or end > spans[place][1] or start in taken or not _whole(text, start, end):
            continue
        if not _is_written(brand, text[start:end]):
            continue
        if name in brand.ambiguous:
            near = place if brand.ambiguity == "high" else None
            if (name, near) not in judged:
                around = whole if near is None else text[slice(*spans[place])]
                judged[name, near] = brand.vouched(_without(around, name))
            if not judged[name, near]:
                continue
        yield Name(start, end, brand.name)


def _is_written(brand: Brand, written: str) -> bool:
    """Whether a name has the capitals that the brand's has, or, when any will do, is no common word."""
    return written in brand.names or not (brand.case == "exact" or written[0].islower())


def _without(text: str, name: str) -> str:
    """The text without a name: a name does not vouch for itself."""
    return re.sub(re.escape(name), " ", text, flags=re.IGNORECASE)


def _most_named(title: str, text: str, words: Lexicon) -> str | None:
    whole = f"{title}\n{text}"
    counts = Counter(name.brand for name in _listed(text, ((0, len(text)),), whole, words))
    counts.update({name.brand: TITLE_WEIGHT for name in _listed(title, ((0, len(title)),), whole, words)})
    counts.update(dict.fromkeys(_opening(title, words), TITLE_WEIGHT))
    counts.update(dict.fromkeys(_opening(text[: topic.OPENING], words), 1))
    return counts.most_common(1)[0][0] if counts else None


def _opening(text: str, words: Lexicon) -> set[str]:
    """The brands whose names are common words and that a title or an opening makes the subject of a brand's doing:
    "smart enters Uruguay"."""
    known = _all()
    found = set()
    for index, start, end in known.automaton.find_matches_as_indexes(fold(text)):
        brand = known.brands[index]
        written = text[start:end]
        if brand is None or known.names[index] not in brand.ambiguous or not _whole(text, start, end):
            continue
        if written in brand.names and topic.is_subject(text, end, words):
            found.add(brand.name)
    return found
