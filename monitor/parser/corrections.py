"""A fact as a person says it should have been: which fields each kind has, and what may stand in them.

Pure; the words of the document (evidence, start, end) stay as they are, for they are what was misread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from babel import Locale

from monitor.errors import UsageError
from monitor.models import Fact
from monitor.parser.market_count import CountStatus, Qualifier
from monitor.parser.moments import SPANS
from monitor.parser.step_standing import Basis, EntryStatus
from monitor.parser.wording import Stage

NOTHING = "none"
"""What is written to say that something is not stated."""

_COUNT = ("count", "qualifier", "status", "scope")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "market_count": _COUNT,
    "new_markets": _COUNT,
    "market_entry": ("market", "status", "basis"),
    "model_announcement": ("model", "stage", "markets", "segment", "platform"),
}
"""The fields of each kind that can be corrected, beside `brand`, `when` and `hedged`, which all have."""

_COMMON = ("brand", "when", "hedged")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "qualifier": get_args(Qualifier),
    "basis": get_args(Basis),
    "stage": get_args(Stage),
    "market_count status": get_args(CountStatus),
    "new_markets status": get_args(CountStatus),
    "market_entry status": get_args(EntryStatus),
}
_WHEN = re.compile(rf"\d{{4}}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?|-({'|'.join(SPANS)}))?")


def corrected(fact: Fact, given: Mapping[str, str]) -> Fact:
    """The fact with these fields as they were written on the command line. Raises UsageError, which says what fits."""
    allowed = (*FIELDS[fact.kind], *_COMMON)
    for name in given:
        if name not in allowed:
            raise UsageError(f"a {fact.kind} has no {name}; it has {', '.join(allowed)}")
    values = {name: _value(fact.kind, name, text.strip()) for name, text in given.items()}
    if not values:
        raise UsageError(
            "say what is right, as in --count 40; `brand-monitor review reject` only says that it is wrong"
        )
    changed = replace(fact, **values)
    if changed == fact:
        raise UsageError("that is what the fact says already; `brand-monitor review accept` vouches for it")
    return changed


def _value(kind: str, name: str, text: str) -> Any:
    words = _WORDS.get(name) or _WORDS.get(f"{kind} {name}")
    if words:
        return _word(name, text, words)
    return _READERS[name](name, text)


def _word(name: str, text: str, words: tuple[str, ...]) -> str:
    word = text.casefold().replace("-", "_")
    if word not in words:
        raise UsageError(f'"{text}" is no {name}; it must be one of {", ".join(words)}')
    return word


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not int(text):
        raise UsageError(f'"{text}" is no {name}; write a whole number, as in --{name} 40')
    return int(text)


def _text(name: str, text: str) -> str:
    if not text or not text.isprintable():
        raise UsageError(f"--{name} must be a text on one line")
    return text


def _optional_text(name: str, text: str) -> str | None:
    return None if text == NOTHING else _text(name, text)


def _when(name: str, text: str) -> str | None:
    if text != NOTHING and not _WHEN.fullmatch(text):
        raise UsageError(
            f'"{text}" is no date; write it like 2026, 2026-03, 2026-03-31, 2026-Q3 or 2026-late, or {NOTHING}'
        )
    return None if text == NOTHING else text


def _hedged(name: str, text: str) -> bool:
    return _word(name, text, ("yes", "no")) == "yes"


def _place(name: str, text: str) -> str:
    if text.startswith("region:") and text.removeprefix("region:").strip():
        return _text(name, text)
    code = text.upper()
    if not re.fullmatch("[A-Z]{2}", code) or code not in Locale("en").territories:
        raise UsageError(f'"{text}" is no market; write a country\'s two letters, as in PE, or region:Europe')
    return code


def _scope(name: str, text: str) -> str | None:
    if text != NOTHING and not re.fullmatch(r"region:\S.*", text):
        raise UsageError(f'"{text}" is no {name}; write region:Europe, or {NOTHING} for worldwide')
    return None if text == NOTHING else _text(name, text)


def _places(name: str, text: str) -> tuple[str, ...]:
    return () if text == NOTHING else tuple(dict.fromkeys(_place(name, part.strip()) for part in text.split(",")))


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "brand": _text,
    "count": _number,
    "scope": _scope,
    "market": _place,
    "model": _text,
    "markets": _places,
    "segment": _optional_text,
    "platform": _optional_text,
    "when": _when,
    "hedged": _hedged,
}
