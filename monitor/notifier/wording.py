"""Facts and changes in words: one line each, from their public JSON form, in the language of the reader.

A language is a file in `languages/`. Knows the four kinds of fact by their fields and says what it can of any other.
Lays nothing out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from typing import Any

from monitor.models import Change, ChangeKind
from monitor.notifier.inert import one_line
from monitor.notifier.territories import territories

_ASIDE = ("kind", "brand", "when", "hedged", "evidence", "start", "end")
_SIGNS = {"at_least": "≥ ", "about": "≈ "}
_PLANNED = ", planned"
"""How the name of a subject ends that holds plans."""
_STEPS = (" → ", "(before: ")
"""What shows in the text of a change that a value moved."""
_BY_THE_SOURCE = ", corrected by the source"
_WITHDRAWN = ": no longer believed, corrected by "
"""What stands before the reviewer's name in the text of a change that leaves nothing believed."""

Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its tables of words, by section and key."""

    language: str
    sections: Mapping[str, Mapping[str, str]]

    def say(self, section: str, key: str, /, **values: Any) -> str:
        """The words of a key with the values put in; a key that the language does not know as it is."""
        words = self.sections[section].get(key)
        return key.replace("_", " ") if words is None else words.format(**values)

    def headline(self, change: Change, limit: int = 200) -> str:
        """The news in a few words: `smart: 39 → 40 markets, disputed`."""
        text = one_line(self._news(change) or change.text, limit)
        key = self._certainty(change) or change.change
        aside = self.say("asides", key) if key in self.sections["asides"] else ""
        return f"{text}, {aside}" if aside and aside not in text.lower() else text

    def subject(self, change: Change) -> str:
        """What a change is about: `Ecuador, geplant`, `1. Halbjahr 2025: Europa`; a model by its name."""
        if change.kind == "model_announcement":
            return change.subject
        period, colon, place = change.subject.rpartition(": ")
        planned = self.say("facts", "planned") if place.endswith(_PLANNED) else ""
        return f"{self.date(period)}{colon}{self.place(place.removesuffix(_PLANNED))}{planned}"

    def fact(self, fact: Fact | None) -> str:
        """What a fact claims, without its brand: `at least 39 markets in Europe`, `confirmed: two-seat car (2026)`."""
        if fact is None:
            return self.say("notes", "nothing")
        match fact.get("kind"):
            case "market_count" | "new_markets":
                words = self._count(fact)
            case "market_entry":
                status = self.say("statuses", str(fact.get("status")))
                words = self.say("facts", "entry", status=status, place=self.place(fact.get("market")))
            case "model_announcement":
                words = self._model(fact)
            case _:
                words = ", ".join(
                    str(value) for name, value in fact.items() if name not in _ASIDE and value is not None
                )
        hedged = self.say("facts", "hedged") if fact.get("hedged") else ""
        return one_line(f"{words}{self._when(fact)}{hedged}")

    def rule(self, rule: str) -> str:
        """Why something is believed. What the language has no words for stays as it is."""
        return one_line("; ".join(self._reason(part) for part in rule.split("; ")))

    def place(self, code: Any) -> str:
        """`DE` -> Germany, Deutschland; `region:Europe`, or a subject's `Europe` -> Europe, Europa."""
        places = self.sections["places"]
        named = places.get(str(code)) or places.get(f"region:{code}")
        return named or territories(self.language).get(str(code), str(code).removeprefix("region:"))

    def date(self, when: str) -> str:
        """A date of any precision: `2026-late` -> Ende 2026, where the language has words for that."""
        year, _, part = when.partition("-")
        return self.say("dates", part, year=year) if part in self.sections["dates"] else when

    def _when(self, fact: Fact) -> str:
        return f" ({self.date(str(fact['when']))})" if fact.get("when") else ""

    def _count(self, fact: Fact) -> str:
        number = self.say("qualifiers", str(fact.get("qualifier")), number=fact.get("count"))
        scope = self._scope(fact)
        planned = self.say("facts", "planned") if fact.get("status") == "planned" else ""
        key = "new_markets" if fact.get("kind") == "new_markets" else "markets"
        return self.say("facts", key, number=number) + scope + planned

    def _scope(self, fact: Fact) -> str:
        return self.say("facts", "in_scope", place=self.place(fact["scope"])) if fact.get("scope") else ""

    def _model(self, fact: Fact) -> str:
        platform = self.say("facts", "platform", platform=fact["platform"]) if fact.get("platform") else None
        details = [fact.get("segment"), platform, *map(self.place, fact.get("markets") or ())]
        stated = ", ".join(str(detail) for detail in details if detail)
        return f"{fact.get('model')} {self.say('stages', str(fact.get('stage')))}" + (f": {stated}" if stated else "")

    def _news(self, change: Change) -> str | None:
        """The headline made of the facts, where the language has words for it."""
        fact = change.after or change.before
        key = "aspect" if change.aspect else _form(fact)
        if fact is None or key not in self.sections["headlines"]:
            return None
        news = self.say(
            "headlines",
            key,
            brand=change.brand,
            subject=fact.get("model") or self.subject(change),
            model=fact.get("model"),
            aspect=self.say("aspects", change.aspect or ""),
            step=self._step(change),
            scope=self._scope(fact),
            planned=self.say("facts", "planned") if fact.get("status") == "planned" else "",
            place=self.place(fact.get("market")),
            when=self._when(fact),
            details=self._details(fact),
        )
        return self._withdrawn(change, news) if change.after is None else news

    def _withdrawn(self, change: Change, news: str) -> str:
        """That the news is believed no more, and who says so, if a person does."""
        _, _, reviewer = change.text.partition(_WITHDRAWN)
        return self.say("headlines", "withdrawn_by" if reviewer else "withdrawn", news=news, reviewer=reviewer)

    def _certainty(self, change: Change) -> str | None:
        """The key of what to say of a rumour, or of the confirmation of one.

        A model that is confirmed, as a rumour has it, is not told as "confirmed, unconfirmed".
        """
        if change.after is None or change.change not in (ChangeKind.NEW, ChangeKind.CHANGED):
            return None
        if change.after.get("hedged"):
            return "reserved" if change.after.get("stage") == "confirmed" and not change.aspect else "unconfirmed"
        return "confirmed" if (change.before or {}).get("hedged") and self._is_same(change) else None

    def _is_same(self, change: Change) -> bool:
        """Whether the value is what it was."""
        if change.aspect:
            return change.before_value == change.after_value
        return self._value(change.before) == self._value(change.after)

    def _step(self, change: Change) -> str:
        """What was and what is, short: `38 → 39`."""
        values = [
            self._short(change, change.before, change.before_value) if moved(change) else "",
            self._short(change, change.after, change.after_value),
        ]
        told = dict.fromkeys(value for value in values if value)
        return " → ".join(told)

    def _short(self, change: Change, fact: Fact | None, value: str | None) -> str:
        """The value of a fact, or of the attribute that a change is about."""
        if change.aspect is None:
            return self._value(fact)
        if fact is None or value is None:
            return ""
        match change.aspect:
            case "debut":
                places = ", ".join(map(self.place, fact.get("markets") or ()))
                return self.say("headlines", "debut", when=self.date(str(fact.get("when"))), places=places)
            case "drive":
                return self.say("drives", value)
            case _:
                return self.date(value)

    def _value(self, fact: Fact | None) -> str:
        if fact is None:
            return ""
        if "count" in fact:
            return _SIGNS.get(str(fact.get("qualifier")), "") + str(fact["count"])
        if "status" in fact:
            return self.say("statuses", str(fact["status"]))
        return self.say("stages", str(fact.get("stage")))

    def _details(self, fact: Fact) -> str:
        details = [fact.get("segment"), ", ".join(map(self.place, fact.get("markets") or ()))]
        details += [self.date(str(fact["when"]))] if fact.get("when") else []
        stated = "; ".join(str(detail) for detail in details if detail)
        return f" ({stated})" if stated else ""

    def _reason(self, part: str) -> str:
        for pattern, words in self.sections["rules"].items():
            found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(pattern)), part)
            if found:
                return words.format(**found.groupdict())
        return part


@cache
def words_of(language: str) -> Words:
    """The words of a language that ships. Raises FileNotFoundError for another."""
    text = resources.files("monitor.notifier").joinpath("languages", f"{language}.toml").read_text(encoding="utf-8")
    return Words(language, tomllib.loads(text))


def fact_words(fact: Fact | None) -> str:
    """What a fact claims, in English: for the command line."""
    return words_of("en").fact(fact)


def moved(change: Change) -> bool:
    """Whether what is believed is another thing than before.

    When a dispute is settled, also by who takes back what was never believed, `before` may be what was held against the
    belief all along; the text then shows no step.
    """
    settled = change.change is ChangeKind.RESOLVED or change.text.endswith(_BY_THE_SOURCE)
    return not settled or any(sign in change.text for sign in _STEPS)


def moment_words(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _form(fact: Fact | None) -> str:
    """The key of the headline that suits a fact."""
    if fact is None or fact.get("kind") != "market_entry":
        return str((fact or {}).get("kind"))
    return "presence" if fact.get("basis") == "presence" else str(fact.get("status"))
