"""How designations of models are written: the shapes of `iX3`, `#2`, `MX-30`, `001`, and what only looks like them.

A shape alone proves little: "V8" and "5G" are none, "7X" is. What stands beside a name is weighed in `spaced_names` and
`unspaced_names`; no list of models exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from monitor.parser.lexicon import Lexicon

BRANDED, CODED, BESIDE, ALONE, GUESS = 4, 3, 2, 1, 0
"""How far a name vouches for itself: after the brand; a code; beside a word such as "SUV"; a capital after "the"; a
guess, for others to judge."""
_MIXED = re.compile(r"[A-Z]{2}[a-z]|[a-z][A-Z]")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[^\W_]{1,6}(?:[-.][^\W_]{1,6}){0,2}\+?$|#\d{1,2}[A-Za-z]?$")
_MEASURE = re.compile(
    r"\d[\d.,]*(?:[kmgt]?wh?|[kmc]?m|hp|ps|ch|cv|bhp|nm|mph|km/h|kg|t|l|v|a|ah|mah|[kmgt]b|g?hz|k|bn|mn|m|x|s|th|st|nd|rd|er|re|e"
    r"|eme|ème|º|ª|o|a|d|mp|mpx|p|h|min|in|ft|fps|nits|ml|cc|inch|zoll|pulgadas|º)$",
    re.I,
)
_TECH = re.compile(
    r"(?:v\d{1,2}|[2-6][gd]|l[0-5]\+?|co2|cop\d+|g(?:7|8|20)|ip\d\d|usb.*|iso\d+|my\d\d|ddr\d|4x4|[24]wd|nox|b2[bc]|h[12]|q[1-4]|[1-4][qht]"
    r"|[st][1-4]|24/7|mp[34]|hdr\d*\+?|ps\d+|\d+x\d+|[ij]pad|web\d|ai\d|eu\d+|us\d+|rs\d|gen\d|80211.*|euro\d)$",
    re.I,
)  # fmt: skip
_NEVER = frozenset(
    [
        "rs",
        "inr",
        "eur",
        "usd",
        "gbp",
        "chf",
        "rmb",
        "cny",
        "co",
        "corp",
        "corporation",
        "inc",
        "ltd",
        "llc",
        "plc",
        "ag",
        "se",
        "gmbh",
        "sa",
        "spa",
        "nv",
        "bv",
        "kg",
        "ceo",
        "cfo",
        "coo",
        "cto",
        "suv",
        "suvs",
        "ev",
        "evs",
        "bev",
        "phev",
        "hev",
        "lfp",
        "nasdaq",
        "nyse",
        "pr",
        "os",
        "wltp",
        "cltc",
        "epa",
        "nedc",
        "ai",
        "app",
        "android",
        "ios",
        "windows",
        "usb",
        "euro",
        "gps",
        "kwh",
        "kw",
        "usa",
        "us",
        "uk",
        "eu",
        "oled",
        "lcd",
        "led",
        "nfc",
        "ota",
        "adas",
        "lidar",
    ]
)
"""Capitals that name no model in any language."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A model's name where it stands; `name` is canonical, `brand` the one written before it, if any; `signs` tell what
    it looks like and has beside it, as the modules of guesses name them."""

    start: int
    end: int
    name: str
    brand: str | None
    trust: int
    signs: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)  # not frozen: there is one for every word of a text
class Token:
    start: int
    end: int
    text: str

    @property
    def plain(self) -> bool:
        """Whether this is an ordinary word, with which no name begins."""
        return self.text.islower() and self.text.isalpha()

    @property
    def code(self) -> bool:
        return is_code(self.text)

    @property
    def capital(self) -> bool:
        return self.text[0].isupper() or (len(self.text) > 2 and self.text[0].islower() and self.text[1].isupper())

    @property
    def number(self) -> bool:
        return len(self.text) <= 4 and self.text.isdecimal()


@dataclass(frozen=True, slots=True)
class Habits:
    """How a language surrounds a model's name: its `[model_announcement.names]` table."""

    articles: frozenset[str]
    fresh: frozenset[str]
    """Words between an article and a name: "new", "all-new"."""
    after: frozenset[str]
    """Small words that may follow a name; a noun there would make the name a part of something else."""
    never: frozenset[str]
    """Capital words that are no model: "Group", "Chief", "The"."""
    definite: frozenset[str]
    """What opens "the electric SUV", when that means a model named before."""
    prepositions: frozenset[str]
    """What governs a name: "south of the Sahara" neither acts nor is acted on."""
    glue: frozenset[str]
    """Characters that are no part of a name, in a script without spaces."""
    words: tuple[str, ...]
    """Words that are no part of a name, in such a script."""
    endings: tuple[str, ...]
    """How common nouns end, where every noun has a capital."""
    nouns_capital: bool
    spaced: bool


@lru_cache(maxsize=4096)
def is_code(text: str) -> bool:
    """Whether letters and digits mix as in a model's code, and not as in a measure, a quarter or a standard."""
    if text[0] == "0" and 2 <= len(text) <= 3 and text.isdecimal() and text.strip("0"):
        return True  # 001: no count begins with a nought
    if text.startswith("N°"):
        return True
    if not _CODE.match(text) or _TECH.match(text):
        return False
    if text[0] == "#":
        return True
    if _MEASURE.match(text):
        return text[-1] in "XSTEO" and len(text) <= 3 and text[:-1].isdigit()  # 7X, 15T, but no 5km
    return not any(len(piece) > 1 and piece.isalpha() and piece.islower() for piece in re.split(r"[-.]", text)[1:])


@cache
def habits(words: Lexicon) -> Habits:
    table: dict[str, Any] = dict(words.data("model_announcement", "names"))
    return Habits(
        articles=frozenset(table.get("articles", ())),
        fresh=frozenset(table.get("fresh", ())),
        after=frozenset(table.get("after", ())),
        never=_NEVER.union(word.lower() for word in table.get("never", ())),
        definite=frozenset(table.get("definite", ())),
        prepositions=frozenset(table.get("prepositions", ())),
        glue=frozenset(table.get("glue", "")),
        words=tuple(table.get("words", ())),
        endings=tuple(table.get("endings", ())),
        nouns_capital=table.get("nouns_capital", False),
        spaced=words.spaced,
    )


def is_mixed(name: str) -> bool:
    """Whether capitals stand inside a word, as in `EcoSport` or `CLOiD`."""
    return bool(_MIXED.search(name))
