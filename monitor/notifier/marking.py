"""The words that matter in a sentence: the number, model or market that the fact is about, found to be marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from monitor.notifier.territories import territories

Pieces = tuple[tuple[str, bool], ...]
"""A sentence in parts, each with whether it is marked."""


def marked(sentence: str, facts: Iterable[Mapping[str, Any] | None], languages: Sequence[str]) -> Pieces:
    """The sentence with what these facts state marked. `languages`: in which the names of places may be written."""
    patterns = [pattern for fact in facts if fact for pattern in _patterns(fact, languages)]
    if not patterns:
        return ((sentence, False),)
    parts = re.split(f"({'|'.join(dict.fromkeys(patterns))})", sentence, flags=re.IGNORECASE)
    return tuple((part, place % 2 == 1) for place, part in enumerate(parts) if part)


def _patterns(fact: Mapping[str, Any], languages: Sequence[str]) -> Iterator[str]:
    if isinstance(fact.get("count"), int):
        yield rf"(?<![\w.,]){fact['count']}(?:st|nd|rd|th)?(?![\w])(?![.,]\d)"
    names = [fact["model"]] if fact.get("model") else []
    for code in (fact.get("market"), fact.get("scope"), *(fact.get("markets") or ())):
        names += _place_names(str(code), tuple(languages)) if code else ()
    for name in sorted(names, key=len, reverse=True):
        yield rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)


@lru_cache(maxsize=1024)
def _place_names(code: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """How a place may be called; Hong Kong is "Hong Kong SAR China" in full."""
    if code.startswith("region:"):
        return (code.removeprefix("region:"),)
    names = [name for language in languages if (name := territories(language).get(code))]
    short = [name.partition(" SAR ")[0].removeprefix("Sonderverwaltungsregion ") for name in names]
    return tuple(dict.fromkeys(names + short))
