"""Facts and changes in English words: one line each, from their public JSON form.

Knows the four kinds of fact by their fields and says what it can of any other. Lays nothing out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from monitor.models import ChangeKind, Health, News, Notice
from monitor.notifier.inert import one_line

KINDS = {
    "market_count": "Number of markets",
    "new_markets": "New markets",
    "market_entry": "Market entry",
    "model_announcement": "Model",
}

MEANINGS = {
    ChangeKind.NEW: "Nothing was known of this before.",
    ChangeKind.CHANGED: "This has changed.",
    ChangeKind.CORRECTED: "What was said before was wrong.",
    ChangeKind.DISPUTED: "Good sources disagree.",
    ChangeKind.RESOLVED: "This was disputed and is settled.",
    Health.TROUBLE: "News of this source may be missed until it is mended. What was learned from it stays.",
    Health.WELL: "This source is watched again as before.",
}

_QUALIFIERS = {"at_least": "at least ", "about": "about "}
_ASIDE = ("kind", "brand", "when", "hedged", "evidence", "start", "end")


def headline(news: News, limit: int = 200) -> str:
    """The news in a few words: `smart: 39 → 40 markets, disputed`, `smart-newsroom is well again`."""
    if isinstance(news, Notice):
        state = "is well again" if news.health is Health.WELL else f"is in trouble: {news.reason}"
        return one_line(f"{news.source} {state}", limit)
    aside = news.change in (ChangeKind.CORRECTED, ChangeKind.DISPUTED, ChangeKind.RESOLVED)
    text = one_line(news.text, limit)
    return f"{text}, {news.change}" if aside and str(news.change) not in text.lower() else text


def kind_words(kind: str) -> str:
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def fact_words(fact: Mapping[str, Any] | None) -> str:
    """What a fact claims, without its brand: `at least 39 markets in Europe`, `confirmed: two-seat car (2026-late)`."""
    if fact is None:
        return "nothing"
    match fact.get("kind"):
        case "market_count" | "new_markets":
            words = _count_words(fact)
        case "market_entry":
            words = f"{fact.get('status')}: {_place(fact.get('market'))}"
        case "model_announcement":
            words = _model_words(fact)
        case _:
            words = ", ".join(str(value) for name, value in fact.items() if name not in _ASIDE and value is not None)
    when = f" ({fact['when']})" if fact.get("when") else ""
    hedged = ", said with reserve" if fact.get("hedged") else ""
    return one_line(f"{words}{when}{hedged}")


def moment_words(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _count_words(fact: Mapping[str, Any]) -> str:
    number = f"{_QUALIFIERS.get(str(fact.get('qualifier')), '')}{fact.get('count')}"
    new = "new " if fact.get("kind") == "new_markets" else ""
    scope = f" in {_place(fact['scope'])}" if fact.get("scope") else ""
    planned = ", planned" if fact.get("status") == "planned" else ""
    return f"{number} {new}markets{scope}{planned}"


def _model_words(fact: Mapping[str, Any]) -> str:
    stage = str(fact.get("stage")).replace("_", " ")
    platform = f"{fact['platform']} platform" if fact.get("platform") else None
    details = [fact.get("segment"), platform, *map(_place, fact.get("markets") or ())]
    stated = ", ".join(str(detail) for detail in details if detail)
    return f"{fact.get('model')} {stage}" + (f": {stated}" if stated else "")


def _place(code: Any) -> str:
    return str(code).removeprefix("region:")
