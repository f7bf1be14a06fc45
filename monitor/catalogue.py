"""The catalogue that ships with the program: brands, how they are named, where they publish, and who reports on them.

Read from `config/brands.toml`, whose head explains every field. Nothing here fetches anything, and nothing here knows
the user's own config: the sources to check stand in `monitor.toml`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cached_property, lru_cache, partial
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from monitor.errors import ConfigError, UsageError
from monitor.models import Authority, SourceKind
from monitor.resources import shipped

SHIPPED = "config/brands.toml"


class Trust(StrEnum):
    """How well an address is known, best first. None was checked against the live web."""

    SEEN = "seen"
    CURATED = "curated"
    REPORTED = "reported"
    UNVERIFIED = "unverified"

    @property
    def good(self) -> bool:
        return self in (Trust.SEEN, Trust.CURATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSource:
    """An address where a brand or an outlet publishes. Not yet a source to check: `every` and so on are the user's."""

    kind: SourceKind
    url: str
    trust: Trust
    desk: str | None = None
    """Which press desk it is, when not the worldwide one: "Europe", "US", "investors"."""
    languages: tuple[str, ...] = ("en",)
    shared: bool = False
    """It carries every brand of the group, so that the text must say which one it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One brand: its names and what tells them from other words, its models' names, and where it publishes."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    home: str | None = None
    """ISO 3166-1 alpha-2."""
    group: str | None = None
    parent: str | None = None
    """The id of the brand that this is a sub-brand of."""
    wikidata: str | None = None
    website: str | None = None
    ambiguity: Literal["low", "medium", "high"] = "low"
    ambiguous: tuple[str, ...] = ()
    """Those of the names that need a context word: in the document (medium) or in the same sentence (high)."""
    context: tuple[str, ...] = ()
    case: Literal["any", "exact"] = "any"
    excluding: tuple[str, ...] = ()
    """Longer names that hold one of ours and mean something else."""
    models: tuple[str, ...] = ()
    model_style: str = ""
    sources: tuple[CatalogueSource, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name and all aliases, the name first."""
        return (self.name, *self.aliases)

    @property
    def certain(self) -> tuple[str, ...]:
        """The names that say the brand by themselves."""
        return tuple(name for name in self.names if name not in self.ambiguous)

    def vouched(self, text: str) -> bool:
        """Whether a context word stands in `text`, so that an ambiguous name in it means this brand."""
        return bool(self.context) and _context_pattern(self.context).search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A medium or a news wire that reports on many brands."""

    id: str
    name: str
    site: str
    language: str
    country: str | None = None
    authority: Authority = Authority.MEDIA
    about: str = ""
    publisher: str = ""
    """Who owns it, when that is said: outlets of one publisher are never independent of each other."""
    sources: tuple[CatalogueSource, ...]

    @property
    def feeds(self) -> tuple[CatalogueSource, ...]:
        return tuple(source for source in self.sources if source.kind is SourceKind.FEED)


@dataclass(frozen=True)  # no slots: cached_property needs a __dict__
class Catalogue:
    """All brands, the most watched first, and all outlets. Names are looked up without regard to case, accents,
    spaces and hyphens."""

    brands: tuple[Brand, ...] = ()
    outlets: tuple[Outlet, ...] = ()

    def brand(self, name: str) -> Brand | None:
        """The brand with this id, name or alias."""
        return self._brands.get(_key(name))

    def require(self, name: str) -> Brand:
        """The same, but a name that is not there is the user's mistake: UsageError with the closest names."""
        if (found := self.brand(name)) is not None:
            return found
        close = " or ".join(self.suggest(name))
        hint = f"did you mean {close}?" if close else "see config/brands.toml for the names"
        raise UsageError(f"the catalogue has no brand {name!r}: {hint}")

    def outlet(self, name: str) -> Outlet | None:
        """The outlet with this id or name."""
        return self._outlets.get(_key(name))

    def publisher(self, outlet: str) -> str:
        """Who owns an outlet, by its id, name or domain; the outlet itself when the catalogue does not say."""
        found = self.outlet(outlet) or self._domains.get(outlet.casefold())
        return found.publisher or found.name if found else outlet

    def suggest(self, name: str) -> tuple[str, ...]:
        """Up to three names of brands that look like `name`, the closest first."""
        close = difflib.get_close_matches(_key(name), self._brands, n=6)
        return tuple(dict.fromkeys(self._brands[key].name for key in close))[:3]

    def sources_for(self, brand: Brand) -> tuple[CatalogueSource, ...]:
        """Where the brand publishes, best first: trusted feeds, trusted listings, then the untested in that order."""

        def rank(source: CatalogueSource) -> tuple[bool, bool, bool, bool, int]:
            feed = source.kind is SourceKind.FEED
            guess = source.trust is Trust.UNVERIFIED
            return guess, not source.trust.good, not feed, source.shared, list(Trust).index(source.trust)

        return tuple(sorted(brand.sources, key=rank))

    @cached_property
    def _brands(self) -> dict[str, Brand]:
        return {_key(name): brand for brand in self.brands for name in (brand.id, *brand.names)}

    @cached_property
    def _domains(self) -> dict[str, Outlet]:
        """Outlets by their host without `www.`; the first of two that share one."""
        hosts = ((urlsplit(outlet.site).hostname or "", outlet) for outlet in reversed(self.outlets))
        return {host.removeprefix("www.").casefold(): outlet for host, outlet in hosts}

    @cached_property
    def _outlets(self) -> dict[str, Outlet]:
        return {_key(name): outlet for outlet in self.outlets for name in (outlet.name, outlet.id)}


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The shipped catalogue, read once in a process. Raises ConfigError if somebody broke it."""
    return read(shipped(*SHIPPED.split("/")).read_text(encoding="utf-8"), SHIPPED)


def read(text: str, where: str) -> Catalogue:
    """The catalogue in a TOML text; `where` names it in errors. Raises ConfigError with every mistake, a line each."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: {error}") from error
    mistakes = [f"unknown key {key!r}" for key in tables if key not in ("words", "brands", "outlets")]
    words = _words(tables.get("words", {}), mistakes)
    brands = tuple(_entries(Brand, tables.get("brands", []), mistakes))
    outlets = tuple(_entries(Outlet, tables.get("outlets", []), mistakes))
    if not mistakes:
        mistakes = [*_brand_mistakes(brands, words), *_clashes(brands, outlets)]
    if mistakes:
        raise ConfigError("\n".join(f"{where}: {mistake}" for mistake in mistakes))
    return Catalogue(tuple(_with_words(brand, words) for brand in brands), outlets)


def _words(table: Any, mistakes: list[str]) -> dict[str, tuple[str, ...]]:
    """The lists of words that a brand's context may name, by "@" and their name."""
    if not isinstance(table, dict):
        mistakes.append("words must be a table of lists")
        return {}
    try:
        return {f"@{name}": _texts(f"words {name}", listed) for name, listed in table.items()}
    except ValueError as error:
        mistakes.append(str(error))
        return {}


def _entries(kind: type[Any], tables: Any, mistakes: list[str]) -> Iterator[Any]:
    """The brands or outlets that are right; what is wrong with the others is added to `mistakes`."""
    noun = kind.__name__.lower()
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        mistakes.append(f"each {noun} must be a table under [[{noun}s]]")
        return
    for number, table in enumerate(tables, 1):
        try:
            yield _entry(kind, table)
        except ValueError as error:
            mistakes.append(f"{noun} {table.get('id', f'number {number}')!r}: {error}")


def _entry(kind: type[Any], table: Mapping[str, Any]) -> Any:
    """A value of `kind` from its table. The keys are the fields' names. Raises ValueError that names the key."""
    readers = _READERS[kind]
    for key in table:
        if key not in readers:
            close = difflib.get_close_matches(key, readers, n=1)
            raise ValueError(f"unknown key {key!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
    if missing := sorted(_REQUIRED[kind] - table.keys()):
        raise ValueError(f"needs {', '.join(missing)}")
    return kind(**{key: readers[key](key, value) for key, value in table.items()})


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a text in quotes")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValueError(f"{key} must be a list of texts in quotes")
    if len(set(value)) < len(value):
        raise ValueError(f"{key} holds {max(value, key=value.count)!r} twice")
    return tuple(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false")  # noqa: TRY004 -- the file's mistake, like the others
    return value


def _choice(choices: Mapping[str, str], key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{key} is {value!r}, must be one of {', '.join(choices)}")
    return choices[value]


def _sources(key: str, value: Any) -> tuple[CatalogueSource, ...]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise ValueError(f"{key} must be a list of tables")
    return tuple(map(_source, value))


def _source(table: Mapping[str, Any]) -> CatalogueSource:
    source: CatalogueSource = _entry(CatalogueSource, table)
    if source.kind not in (SourceKind.FEED, SourceKind.LISTING):
        raise ValueError(f"source kind is {str(source.kind)!r}, must be feed or listing")
    address = urlsplit(source.url)
    if address.scheme not in ("http", "https") or "." not in (address.hostname or ""):
        raise ValueError(f"source url {source.url!r} is no web address")
    return source


def _reader(annotation: Any) -> Callable[[str, Any], Any]:
    """What checks and converts the value of a field of this type."""
    plain = {bool: _flag, tuple[str, ...]: _texts, tuple[CatalogueSource, ...]: _sources}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return partial(_choice, {str(member): member for member in annotation})
    if get_origin(annotation) is Literal:
        return partial(_choice, {word: word for word in get_args(annotation)})
    return _text


_READERS = {
    kind: {key: _reader(annotation) for key, annotation in get_type_hints(kind).items()}
    for kind in (Brand, Outlet, CatalogueSource)
}
"""What a table of each kind may hold: its keys, and what reads the value of each."""
_REQUIRED = {kind: {f.name for f in fields(kind) if f.default is MISSING} for kind in _READERS}


def _brand_mistakes(brands: Iterable[Brand], words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What a single key cannot show: keys that contradict each other or point nowhere."""
    brands = tuple(brands)
    ids = {brand.id for brand in brands}
    for brand in brands:
        label = f"brand {brand.id!r}"
        if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", brand.id) is None:
            yield f"{label}: id must be lower-case letters and digits with single hyphens"
        if brand.home is None or re.fullmatch(r"[A-Z]{2}", brand.home) is None:
            yield f"{label}: home must be a country code of two capitals"
        if brand.parent is not None and brand.parent not in ids - {brand.id}:
            yield f"{label}: parent {brand.parent!r} is no other brand's id"
        if strange := [name for name in brand.ambiguous if name not in brand.names]:
            yield f"{label}: ambiguous {strange[0]!r} is none of its names"
        if (brand.ambiguity == "low") == bool(brand.ambiguous):
            yield f"{label}: ambiguity {brand.ambiguity!r} does not go with the names in ambiguous"
        if bool(brand.ambiguous) != bool(brand.context):
            yield f"{label}: ambiguous and context go together"
        if lost := [word for word in brand.context if word.startswith("@") and word not in words]:
            yield f"{label}: context {lost[0]!r} is no list under [words]"


def _clashes(brands: Iterable[Brand], outlets: Iterable[Outlet]) -> Iterator[str]:
    """Names that two brands or two outlets claim: a text could not say which it means."""
    owners: dict[str, str] = {}
    for brand in brands:
        for name in (brand.id, *brand.names):
            if (other := owners.setdefault(_key(name), brand.id)) != brand.id:
                yield f"brand {brand.id!r}: {name!r} is a name of brand {other!r} too"
    for ids, noun in (([brand.id for brand in brands], "brand"), ([outlet.id for outlet in outlets], "outlet")):
        for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            yield f"{noun} {id_!r}: the id is used twice"


def _with_words(brand: Brand, words: Mapping[str, tuple[str, ...]]) -> Brand:
    """The brand with each "@list" in its context replaced by the words of that list."""
    if not any(word in words for word in brand.context):
        return brand
    context = tuple(dict.fromkeys(w for word in brand.context for w in words.get(word, (word,))))
    return Brand(**{f.name: getattr(brand, f.name) for f in fields(Brand)} | {"context": context})


@lru_cache(maxsize=512)
def _context_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, as whole words where the script has word boundaries. Built when first needed."""
    ordered = sorted(words, key=len, reverse=True)
    spaced = "|".join(_context_word(word) for word in ordered if _has_edges(word))
    glued = "|".join(_context_word(word) for word in ordered if not _has_edges(word))
    whole = rf"(?<!{_SPACED})(?:{spaced})(?!{_SPACED})" if spaced else ""
    return re.compile("|".join(filter(None, (whole, glued))))


def _context_word(word: str) -> str:
    """A pattern for one context word; one in lower case stands for any case."""
    pattern = re.escape(word).replace("<digit>", r"\d")
    return f"(?i:{pattern})" if word == word.lower() else pattern


def _has_edges(word: str) -> bool:
    """Whether letters can run into a word: only those of scripts that put spaces between words."""
    return ord(max(word)) < 0x1100


_SPACED = r"[^\W\u1100-\uffff]"
"""A letter or digit that is not of the East Asian scripts: those glue words and particles to each other."""


def _key(name: str) -> str:
    """What of a name counts when it is looked up: letters and digits, no case, no accents."""
    letters = name.casefold() if name.isascii() else unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
