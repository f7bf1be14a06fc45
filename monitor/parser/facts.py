"""All facts of a document: the register of kinds, and an account of how each sentence was read.

    Document ─► scene (sentences with their mentions) ─► each kind's `candidates` ─► what the network thinks of them all
             ─► each kind's `read` ─► Findings ─► when and where each model comes (`dating`, `placing`) ─► Facts

A kind of fact is a module with `candidates` and `read`; adding one means adding it to `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.models import Document, Fact
from monitor.parser import (
    announcements,
    counts,
    dating,
    entries,
    market_count,
    model_announcement,
    opinions,
    placing,
    scene,
)
from monitor.parser.features import Candidates, Describer
from monitor.parser.market_entry import MarketEntry
from monitor.parser.scene import Finding, Scene


class Kind(Protocol):
    """A module that reads one kind of fact."""

    def candidates(self, described: Describer) -> Candidates:
        """All that may be such a fact."""

    def read(self, described: Describer, found: Candidates, *, reasons: bool = False) -> tuple[Finding, ...]:
        """What becomes of the candidates; with `reasons`, each finding tells what spoke for it and against."""


KINDS: dict[str, Kind] = {
    market_count.MarketCount.kind: counts,
    MarketEntry.kind: entries,
    model_announcement.ModelAnnouncement.kind: announcements,
}
"""By the name of what weighs their candidates."""

FORMS: dict[str, Callable[..., Fact]] = {
    form.kind: form
    for form in (
        market_count.MarketCount,
        market_count.NewMarkets,
        MarketEntry,
        model_announcement.ModelAnnouncement,
    )
}


def revive(stored: Mapping[str, Any]) -> Fact:
    """The fact that a JSON form stands for. Raises KeyError for a kind that this program does not know."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    del values["kind"]
    return FORMS[stored["kind"]](**values)


@dataclass(frozen=True, slots=True)
class Account:
    """One sentence, what was recognised in it, and what each kind made of it."""

    text: str
    start: int
    end: int
    mentions: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_facts(document: Document, *, brand: str | None = None) -> tuple[Fact, ...]:
    """The facts that a document claims, in the order of the text. `brand` is what its source is about, if known."""
    return read_scene(scene.read(document, brand=brand))


def read_scene(told: Scene) -> tuple[Fact, ...]:
    """The facts of a document that has been made a scene, in the order of the text."""
    found = [finding.fact for finding in _findings(told) if finding.fact is not None]
    return tuple(sorted(found, key=lambda fact: (fact.start, fact.kind)))


def _findings(told: Scene, *, reasons: bool = False) -> list[Finding]:
    described = Describer(told)
    found = {name: kind.candidates(described) for name, kind in KINDS.items()}
    opinions.tell(described, found)
    read = [finding for name, kind in KINDS.items() for finding in kind.read(described, found[name], reasons=reasons)]
    entered = [fact.when for one in read if isinstance(fact := one.fact, MarketEntry) and fact.when]
    spots = [announcements.spot(one) for one in read]
    dated = dating.dated(described, zip(read, spots, strict=True), entered=entered)
    return placing.placed(described, zip(dated, spots, strict=True), found[MarketEntry.kind])


def explain(document: Document, *, brand: str | None = None) -> tuple[Account, ...]:
    """How each sentence was read: what stands in it, and why a fact was kept or dropped."""
    read = scene.read(document, brand=brand)
    findings = _findings(read, reasons=True)
    return tuple(
        Account(
            text=line.text,
            start=line.start,
            end=line.end,
            mentions=scene.mentions(line),
            findings=tuple(finding for finding in findings if finding.line is line),
        )
        for line in read.lines
    )
