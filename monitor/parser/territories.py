"""Countries, territories and parts of the world in a text, with their codes.

Names come from Babel (CLDR); `config/territories.toml` adds what CLDR lacks: short and spoken names, parts of the
world, and for each language the adjectives (`Indian`), the people (`Poles`) and the cities (`Milan`). A name inside a
name ("Guinea" in "Papua New Guinea") is none, and a name that is part of another word or of a known phrase ("Georgia
Tech", "New England") is none either.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any, Literal, get_args

from ahocorasick_rs import AhoCorasick
from babel import Locale

from monitor.parser.lexicon import lexicon
from monitor.resources import shipped

WORLD_PARTS = {
    "002": "Africa",
    "003": "North America",
    "005": "South America",
    "009": "Oceania",
    "013": "Central America",
    "019": "Americas",
    "029": "Caribbean",
    "035": "Southeast Asia",
    "039": "Southern Europe",
    "142": "Asia",
    "143": "Central Asia",
    "150": "Europe",
    "151": "Eastern Europe",
    "154": "Northern Europe",
    "155": "Western Europe",
    "202": "Sub-Saharan Africa",
    "419": "Latin America",
    "015": "North Africa",
    "011": "West Africa",
    "014": "East Africa",
    "018": "Southern Africa",
    "030": "East Asia",
    "034": "South Asia",
}
"""CLDR's numbers of parts of the world, and what we call them."""


Form = Literal["name", "adjective", "people", "city"]
"""What names a place: "Poland", "Polish", "Poles", "Warsaw"."""

FORMS: frozenset[Form] = frozenset(get_args(Form))
THEMSELVES: frozenset[Form] = frozenset({"name", "adjective"})
"""The forms that name a country or region itself, not someone or something in it."""


@dataclass(frozen=True, slots=True)
class Territory:
    """A named place. `code` is ISO 3166-1 alpha-2, or `region:<English name>`; a city has its country's."""

    start: int
    end: int
    code: str
    form: Form = "name"

    @property
    def adjective(self) -> bool:
        """ "Indian", not "India"."""
        return self.form == "adjective"

    @property
    def is_region(self) -> bool:
        return self.code.startswith("region:")


_TABLES: dict[Form, str] = {"name": "names", "adjective": "adjectives", "people": "people", "city": "cities"}
"""The tables of `config/territories.toml`."""

_Meanings = dict[str, tuple[str, Form]]
"""What a name means: a code and a form. No code: the name means no place, and hides the places in it."""


class _Gazetteer:
    """The names of one language, ready to be found. Case matters in scripts that have it."""

    def __init__(self, names: _Meanings) -> None:
        self._meanings = list(names.values())
        self._automaton = AhoCorasick(list(names))

    def find(self, text: str, forms: Set[Form]) -> list[Territory]:
        """The places in these forms. Countries and regions are chosen first, then people and cities laid over them."""
        themselves: list[Territory] = []
        others: list[Territory] = []
        for index, start, end in self._automaton.find_matches_as_indexes(text.replace("’", "'"), overlapping=True):
            code, form = self._meanings[index]
            (themselves if form in THEMSELVES else others).append(Territory(start, end, code, form))
        chosen = [place if _whole(text, place) else replace(place, code="") for place in _leftmost_longest(themselves)]
        starts = [place.start for place in chosen]
        hidden: set[Territory] = set()
        shown: list[Territory] = []
        for other in _leftmost_longest(others):
            first = max(bisect_right(starts, other.start) - 1, 0)
            over = [place for place in chosen[first : bisect_left(starts, other.end)] if place.end > other.start]
            inside = [place for place in over if other.start <= place.start and place.end <= other.end]
            if not _whole(text, other) or any(
                place not in inside and (place.code or place.start <= other.start) for place in over
            ):
                continue
            if other.form in forms:
                shown.append(other)
            hidden.update(place for place in inside if other.form in forms or place.code != other.code)
        shown += (place for place in chosen if place.code and place.form in forms and place not in hidden)
        return sorted(shown, key=attrgetter("start"))


def find(text: str, language: str | None, offset: int = 0, *, forms: Set[Form] = THEMSELVES) -> tuple[Territory, ...]:
    """The places that a sentence names in these forms, in order; `offset` is added to where they stand.

    A longer name hides the names in it whether its own form is asked for or not ("Port of Spain" tells of no Spain),
    but a city not asked for leaves the name of its own country ("Mexico City" tells of Mexico).
    """
    words = lexicon(language)
    found = _gazetteer(words.code).find(words.plain(text), forms)
    return tuple(replace(place, start=place.start + offset, end=place.end + offset) for place in found)


def _leftmost_longest(matches: list[Territory]) -> Iterator[Territory]:
    """Of matches that overlap, the one that begins first; of those, the longest."""
    free = 0
    for match in sorted(matches, key=lambda match: (match.start, -match.end)):
        if match.start >= free:
            free = match.end
            yield match


@cache
def english_name(code: str) -> str:
    """`DE` -> Germany, `region:Europe` -> Europe; for people."""
    return code.removeprefix("region:") if ":" in code else str(Locale("en").territories.get(code, code))


@cache
def members(code: str) -> frozenset[str]:
    """The countries that a part of the world holds, as far as `config/territories.toml` lists them."""
    return frozenset(_aliases().get("members", {}).get(code, "").split())


def _whole(text: str, place: Territory) -> bool:
    """Whether a name is not part of a longer word. Scripts without spaces have no such edges."""
    start, end = place.start, place.end
    if text[start] >= "\u2e80":
        return True
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() and before < "\u2e80") and not (after.isalnum() and after < "\u2e80")


@cache
def _aliases() -> dict[str, Any]:
    return tomllib.loads(shipped("config", "territories.toml").read_text(encoding="utf-8"))


@cache
def _gazetteer(code: str) -> _Gazetteer:
    names: _Meanings = {}
    for number, name in Locale.parse(code).territories.items():
        meaning = f"region:{WORLD_PARTS[number]}" if number in WORLD_PARTS else number
        if meaning in ("ZZ", "EZ", "UN", "QO", "XA", "XB") or (meaning.isdigit() and number not in WORLD_PARTS):
            continue
        names[name.replace("’", "'")] = ("region:European Union" if meaning == "EU" else meaning, "name")
    tables = _aliases()
    for table in (tables.get("all", {}), tables.get(code, {})):
        for form, key in _TABLES.items():
            names |= {name: (meaning, form) for meaning, written in table.get(key, {}).items() for name in written}
        names |= dict.fromkeys(table.get("not", ()), ("", "name"))
    if not lexicon(code).spaced:
        names |= dict(_other_script(code, names))
    return _Gazetteer(names)


def _other_script(code: str, names: _Meanings) -> Iterator[tuple[str, tuple[str, Form]]]:
    """Chinese is written in two scripts; CLDR has the names in both, and those of Taiwan and Hong Kong differ."""
    for variant in (f"{code}_Hant", f"{code}_Hant_HK"):
        for number, name in Locale.parse(variant).territories.items():
            if len(number) == 2 and number not in ("ZZ", "EZ", "UN", "QO", "XA", "XB", "EU") and name not in names:
                yield name, (number, "name")
