"""Countries, territories and parts of the world in a text, with their codes.

Names come from Babel (CLDR); `config/territories.toml` adds what CLDR lacks: short and spoken names, parts of the
world,
and for each language the adjectives (`Indian`). A name inside a name ("Guinea" in "Papua New Guinea") is none,
and a name that is part of another word or of a known phrase ("Georgia Tech", "New England") is none either.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind
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


@dataclass(frozen=True, slots=True)
class Territory:
    """A named place. `code` is ISO 3166-1 alpha-2, or `region:<English name>`. `adjective`: "Indian", not "India"."""

    start: int
    end: int
    code: str
    adjective: bool = False

    @property
    def is_region(self) -> bool:
        return self.code.startswith("region:")


class _Gazetteer:
    """The names of one language, ready to be found. Case matters in scripts that have it."""

    def __init__(self, names: dict[str, tuple[str, bool]]) -> None:
        self._names = list(names)
        self._meanings = [names[name] for name in self._names]
        self._automaton = AhoCorasick(self._names, matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str, offset: int) -> Iterator[Territory]:
        plain = text.replace("’", "'")
        for index, start, end in self._automaton.find_matches_as_indexes(plain):
            code, adjective = self._meanings[index]
            if code and _whole(text, start, end):
                yield Territory(start + offset, end + offset, code, adjective)


def find(text: str, language: str | None, offset: int = 0) -> tuple[Territory, ...]:
    """The places that a sentence names, in order; `offset` is added to where they stand."""
    words = lexicon(language)
    return tuple(_gazetteer(words.code).find(words.plain(text), offset))


@cache
def english_name(code: str) -> str:
    """`DE` -> Germany, `region:Europe` -> Europe; for people."""
    return code.removeprefix("region:") if ":" in code else str(Locale("en").territories.get(code, code))


@cache
def members(code: str) -> frozenset[str]:
    """The countries that a part of the world holds, as far as `config/territories.toml` lists them."""
    return frozenset(_aliases().get("members", {}).get(code, "").split())


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a name is not part of a longer word. Scripts without spaces have no such edges."""
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
    names: dict[str, tuple[str, bool]] = {}
    for number, name in Locale.parse(code).territories.items():
        meaning = f"region:{WORLD_PARTS[number]}" if number in WORLD_PARTS else number
        if meaning in ("ZZ", "EZ", "UN", "QO", "XA", "XB") or (meaning.isdigit() and number not in WORLD_PARTS):
            continue
        names[name.replace("’", "'")] = ("region:European Union" if meaning == "EU" else meaning, False)
    tables = _aliases()
    for table in (tables.get("all", {}), tables.get(code, {})):
        names |= {name: (meaning, False) for meaning, written in table.get("names", {}).items() for name in written}
        names |= {name: (meaning, True) for meaning, written in table.get("adjectives", {}).items() for name in written}
        names |= dict.fromkeys(table.get("not", ()), ("", False))
    if not lexicon(code).spaced:
        names |= dict(_other_script(code, names))
    return _Gazetteer(names)


def _other_script(code: str, names: dict[str, tuple[str, bool]]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Chinese is written in two scripts; CLDR has the names in both, and those of Taiwan and Hong Kong differ."""
    for variant in (f"{code}_Hant", f"{code}_Hant_HK"):
        for number, name in Locale.parse(variant).territories.items():
            if len(number) == 2 and number not in ("ZZ", "EZ", "UN", "QO", "XA", "XB", "EU") and name not in names:
                yield name, (number, False)
