"""Which brand a text speaks of, and where it names brands.

The brand of a document is the one its source is about (the hint); else the listed brand that title and text name
most; else a name that the text itself treats as one. Names that are common words (`smart`, `Seat`, `Lucid`) count only
near a word that vouches for them, as the catalogue says; the brand that the source is about needs no voucher. This
module finds names; what "the company" or "it" means is decided in `clauses`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from monitor.catalogue import Brand, load
from monitor.parser.lexicon import fold
from monitor.parser.proper import proper_names

TITLE_WEIGHT = 3
"""A name in the title counts as much as this many in the text."""

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

    def names(self, text: str, offset: int = 0) -> tuple[Name, ...]:
        """Where a sentence names brands, in order; a name of the main brand wins over any it overlaps."""
        found = [Name(start + offset, end + offset, self.main) for start, end in _spans(text, self.own) if self.main]
        for name in _listed(text, self._text, offset):
            if name.brand != self.main and not any(name.start < own.end and own.start < name.end for own in found):
                found.append(name)
        return tuple(sorted(found, key=lambda name: name.start))

    def is_kin(self, brand: str) -> bool:
        """Whether another brand is a sub-brand of the main brand, or the one that it is a sub-brand of."""
        catalogue = load()
        other, main = catalogue.brand(brand), catalogue.brand(self.main or "")
        if other is None or main is None:
            return False
        return other.parent == main.id or main.parent == other.id


def cast(title: str, text: str, hint: str | None) -> Cast:
    """The brands of a document."""
    whole = f"{title}\n{text}"
    main = canonical(hint) if hint else _most_named(title, text) or _unlisted(title, text)
    if not main:
        return Cast(None, (), None, whole)
    brand = load().brand(main)
    return Cast(main, _spellings(main, hint or main, brand), brand.home if brand else None, whole)


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


def _listed(text: str, whole: str, offset: int = 0) -> Iterator[Name]:
    """The names of brands in the catalogue, where they mean the brand."""
    known = _all()
    for index, start, end in known.automaton.find_matches_as_indexes(fold(text)):
        brand = known.brands[index]
        if (
            brand is not None
            and _whole(text, start, end)
            and _means(brand, known.names[index], text, start, end, whole)
        ):
            yield Name(start + offset, end + offset, brand.name)


def _means(brand: Brand, name: str, text: str, start: int, end: int, whole: str) -> bool:
    written = text[start:end]
    if written not in brand.names and (brand.case == "exact" or written[0].islower()):
        return False
    if name not in brand.ambiguous:
        return True
    rest = f"{text[:start]} {text[end:]}" if brand.ambiguity == "high" else whole.replace(name, " ")
    return brand.vouched(rest)


def _most_named(title: str, text: str) -> str | None:
    whole = f"{title}\n{text}"
    counts = Counter(name.brand for name in _listed(text, whole))
    counts.update({name.brand: TITLE_WEIGHT for name in _listed(title, whole)})
    return counts.most_common(1)[0][0] if counts else None


def _unlisted(title: str, text: str) -> str | None:
    """A name that no list knows and that the title or the text repeats."""
    counts = Counter(text[start:end] for start, end in proper_names(text))
    titled = {title[start:end] for start, end in proper_names(title)} & set(counts)
    counts.update(dict.fromkeys(titled, TITLE_WEIGHT))
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] >= 2 else None
