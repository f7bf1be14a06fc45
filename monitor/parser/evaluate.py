"""Predicted facts scored against labelled ones: precision, recall, F1, and every miss and false fact.

A predicted fact is right when the labels hold one of its kind with the same key: brand, count and status; brand, market
and status; brand and model. Labels marked `optional` or not `primary` are neither misses nor false alarms, nor are
predictions of mere presence or of a count with a scope that no label has. A fact whose evidence is not in the text is
false, whatever it says. `stage`, `when`, `qualifier`, `segment`, `platform` and `markets` are scored apart, over the
facts found where the label has a value.

Facts are taken in their JSON form (`Fact.as_json`), labels as a gold file holds them. Nothing is read or printed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

KINDS = ("market_count", "new_markets", "market_entry", "model_announcement")
ATTRIBUTES = ("stage", "when", "qualifier", "segment", "platform", "markets")

Json = Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """How many facts were found, made up and missed."""

    found: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        """1 when there was nothing to find and nothing was found."""
        total = 2 * self.found + self.false + self.missed
        return 2 * self.found / total if total else 1.0

    def add(self, other: Tally) -> None:
        self.found += other.found
        self.false += other.false
        self.missed += other.missed


@dataclass(slots=True)
class Share:
    """How many of the labelled values of an attribute were right."""

    right: int = 0
    of: int = 0

    @property
    def accuracy(self) -> float:
        return self.right / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """A labelled fact that was not found, or a predicted one that is false."""

    document: str
    language: str
    what: Literal["missed", "false"]
    fact: Json
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of one evaluation. `tallies` has a row for each kind and language, `macro` one figure a document."""

    tallies: Mapping[tuple[str, str], Tally]
    macro: Mapping[str, float]
    languages: Mapping[str, str]
    """The language of each document."""
    attributes: Mapping[tuple[str, str], Share]
    """Kind and attribute -> how often it was right."""
    mistakes: Sequence[Mistake]

    def tally(self, *, kind: str | None = None, language: str | None = None) -> Tally:
        """The sum over the rows asked for; all of them without arguments."""
        total = Tally()
        for (row_kind, row_language), tally in self.tallies.items():
            if kind in (None, row_kind) and language in (None, row_language):
                total.add(tally)
        return total

    def macro_f1(self, language: str | None = None) -> float:
        """The mean over documents."""
        values = [value for name, value in self.macro.items() if language in (None, self.languages[name])]
        return sum(values) / len(values) if values else 1.0


@dataclass(slots=True)
class _Sheet:
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    macro: dict[str, float] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    attributes: dict[tuple[str, str], Share] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def score(documents: Iterable[Json], predictions: Mapping[str, Iterable[Json]]) -> Score:
    """Scores predictions (by the documents' ids) against the documents' `facts`. A document nobody predicted for has
    none."""
    sheet = _Sheet()
    for document in documents:
        name, language = str(document["id"]), str(document.get("lang") or "?")
        sheet.languages[name] = language
        sheet.macro[name] = _document(sheet, document, list(predictions.get(name, ())), name, language)
    return Score(sheet.tallies, sheet.macro, sheet.languages, sheet.attributes, sheet.mistakes)


def _document(sheet: _Sheet, document: Json, predicted: list[Json], name: str, language: str) -> float:
    whole = Tally()
    for kind in KINDS:
        labels = [fact for fact in document.get("facts", ()) if fact["kind"] == kind]
        claims = [fact for fact in predicted if fact["kind"] == kind]
        tally = Tally()
        pairs, misses, extra = _match(labels, claims, str(document["text"]))
        for label, claim in pairs:
            tally.found += _counts(label)
            _attributes(sheet, label, claim)
        for label in misses:
            if _counts(label):
                tally.missed += 1
                sheet.mistakes.append(Mistake(name, language, "missed", label, "not found"))
        for claim, reason in extra:
            tally.false += 1
            sheet.mistakes.append(Mistake(name, language, "false", claim, reason))
        sheet.tallies.setdefault((kind, language), Tally()).add(tally)
        whole.add(tally)
    return whole.f1


def _match(
    labels: list[Json], claims: list[Json], text: str
) -> tuple[list[tuple[Json, Json]], list[Json], list[tuple[Json, str]]]:
    """Pairs of label and claim, labels left over, and false claims with the reason."""
    open_labels, pairs, extra = list(labels), [], []
    for claim in claims:
        if not _is_quoted(claim, text):
            extra.append((claim, "its evidence is not in the text"))
            continue
        fitting = [label for label in open_labels if _same(label, claim)]
        if fitting:
            label = max(fitting, key=lambda label: (_counts(label), _likeness(label, claim)))
            open_labels.remove(label)
            pairs.append((label, claim))
        elif any(_same(label, claim) for label in labels):
            extra.append((claim, "said twice"))
        elif not _is_optional(claim):
            extra.append((claim, "no such fact"))
    return pairs, open_labels, extra


def _is_quoted(claim: Json, text: str) -> bool:
    evidence = claim.get("evidence")
    if not evidence or evidence not in text:
        return False
    start, end = claim.get("start"), claim.get("end")
    return start is None or end is None or text[start:end] == evidence


def _counts(label: Json) -> bool:
    """Whether a label is required: about the document's brand, not optional, no mere presence, no scope."""
    return not label.get("optional") and label.get("primary", True) and not _is_optional(label)


def _is_optional(fact: Json) -> bool:
    return fact.get("basis") == "presence" or fact.get("scope") is not None


def _same(label: Json, claim: Json) -> bool:
    if not _is_one_of(claim["brand"], label, "brand"):
        return False
    match label["kind"]:
        case "market_entry":
            return _is_one_of(claim["market"], label, "market") and claim["status"] == label["status"]
        case "model_announcement":
            return _is_one_of(claim["model"], label, "model")
        case _:
            return bool(claim["count"] == label["count"] and claim["status"] == label["status"])


def _is_one_of(value: str, label: Json, name: str) -> bool:
    return plain(value) in {plain(accepted) for accepted in (label[name], *(label.get(f"{name}_alt") or ()))}


def plain(value: str) -> str:
    return " ".join(value.casefold().split())


def _likeness(label: Json, claim: Json) -> int:
    return sum(label.get(name) == claim.get(name) for name in (*ATTRIBUTES, "evidence"))


def _attributes(sheet: _Sheet, label: Json, claim: Json) -> None:
    for name in ATTRIBUTES:
        wanted = label.get(name)
        if wanted in (None, [], ()):
            continue
        share = sheet.attributes.setdefault((label["kind"], name), Share())
        share.of += 1
        share.right += _is_right(name, wanted, label, claim.get(name))


def _is_right(name: str, wanted: Any, label: Json, value: Any) -> bool:
    match name:
        case "when":
            return value is not None and value in (wanted, label.get("next_when"))
        case "markets":
            return set(wanted) == set(value or ())
        case "stage":
            return value in (wanted, *(label.get("stage_alt") or ()))
        case "segment" | "platform":
            return value is not None and plain(value) == plain(wanted)
        case _:
            return bool(value == wanted)
