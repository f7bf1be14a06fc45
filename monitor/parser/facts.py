"""All facts of a document: the register of kinds, and an account of how each sentence was read.

    Document ─► scene (sentences with their mentions) ─► each kind's `read` ─► Findings ─► Facts

A kind of fact is a module with a `read(scene)`; adding one means adding it to `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.models import Document, Fact
from monitor.parser import announcements, counts, entries, market_count, market_entry, model_announcement, scene
from monitor.parser.features import Describer
from monitor.parser.scene import Finding, Scene


class Reader(Protocol):
    """Reads one kind of fact from a scene; with `reasons`, each finding tells what spoke for it and against."""

    def __call__(self, described: Describer, *, reasons: bool = False) -> tuple[Finding, ...]: ...


KINDS: tuple[Reader, ...] = (counts.read, entries.read, announcements.read)

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
    return read_scene(scene.read(document, brand=brand))


def read_scene(told: Scene) -> tuple[Fact, ...]:
    """The facts of a document that has been made a scene, in the order of the text."""
    described = Describer(told)
    found = [finding.fact for kind in KINDS for finding in kind(described) if finding.fact is not None]
    return tuple(sorted(found, key=lambda fact: (fact.start, fact.kind)))


def explain(document: Document, *, brand: str | None = None) -> tuple[Account, ...]:
    """How each sentence was read: what stands in it, and why a fact was kept or dropped."""
    read = scene.read(document, brand=brand)
    described = Describer(read)
    findings = [finding for kind in KINDS for finding in kind(described, reasons=True)]
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
