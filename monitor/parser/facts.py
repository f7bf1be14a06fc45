"""All facts of a document: the register of kinds, and an account of how each sentence was read.

    Document ─► scene (sentences with their mentions) ─► each kind's `read` ─► Findings ─► Facts

A kind of fact is a module with a `read(scene)`; adding one means adding it to `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.models import Document, Fact
from monitor.parser import market_count, market_entry, model_announcement, scene
from monitor.parser.scene import Finding, Scene

KINDS: tuple[Callable[[Scene], tuple[Finding, ...]], ...] = (
    market_count.read,
    market_entry.read,
    model_announcement.read,
)

FORMS: dict[str, Callable[..., Fact]] = {
    form.kind: form
    for form in (
        market_count.MarketCount,
        market_count.NewMarkets,
        market_entry.MarketEntry,
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
    return tuple(sorted(_facts(scene.read(document, brand=brand)), key=lambda fact: (fact.start, fact.kind)))


def _facts(read: Scene) -> list[Fact]:
    return [finding.fact for kind in KINDS for finding in kind(read) if finding.fact is not None]


def explain(document: Document, *, brand: str | None = None) -> tuple[Account, ...]:
    """How each sentence was read: what stands in it, and why a fact was kept or dropped."""
    read = scene.read(document, brand=brand)
    findings = [finding for kind in KINDS for finding in kind(read)]
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
