"""The course of a subject: each step of what was believed of it, by since when it was so. Pure.

What was so on a day follows from the claims of that day and before, and from nothing else: a claim about later times
never moves an earlier step, and a late find takes its place among them. What the monitor knew when is not told here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.models import ChangeKind, Claim, Fact, State, Step, Subject
from monitor.parser.believing import Hearing
from monitor.parser.spans import span
from monitor.parser.voices import Voices, by_date

CITED = 10
"""How many facts of one step are named; all of them are in the history."""


def so_since(claim: Claim) -> datetime:
    """Since when it is so: since the time that the text states, when that was over as it was written; else since it was
    written. A plan is one from the day on which it is told."""
    stated = None if getattr(claim.fact, "status", None) == "planned" else span(claim.fact.when)
    return stated[0] if stated and stated[1] <= claim.date else claim.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The steps, and what is believed at the end of them."""

    steps: tuple[Step, ...]
    state: State | None


def run(
    subject: Subject, claims: Sequence[Claim], of: Voices, *, aspect: str | None = None, passing: bool = False
) -> Run:
    """Hears the claims as time brought them. `of` is of all claims of the subject."""
    hearing = Hearing(subject, of, aspect, passing)
    heard: list[Claim] = []
    steps: list[Step] = []
    before: State | None = None
    for claim in sorted(claims, key=lambda claim: (so_since(claim), by_date(claim))):
        heard.append(claim)
        if len(heard) > 1 and by_date(claim) < by_date(heard[-2]):
            hearing = Hearing(subject, of, aspect, passing)
            heard.sort(key=by_date)
            for earlier in heard:
                hearing.hear(earlier)
        else:
            hearing.hear(claim)
        after = hearing.state
        assert after is not None
        if step := _step(before, after, so_since(claim), aspect):
            steps.append(step)
        before = after
    return Run(steps=tuple(steps), state=hearing.verdict())


def _step(before: State | None, after: State, since: datetime, aspect: str | None) -> Step | None:
    kind = _kind(before, after)
    if kind is None:
        return None
    old = before.believed.fact if before else None
    new, cited = after.believed.fact, after.supports
    if kind is ChangeKind.DISPUTED and (old is None or old.agrees(new)):
        old, new, cited = after.believed.fact, after.rivals[-1].fact, (*after.rivals[-1:], after.believed)
    return Step(
        since=since,
        change=kind,
        aspect=aspect,
        before=old.value if old else None,
        after=new.value,
        value=after.believed.fact.value,
        disputed=after.disputed,
        text=_text(kind, old, new),
        rule=after.rule,
        fact=after.believed.id,
        cited=tuple(dict.fromkeys(claim.id for claim in cited))[:CITED],
    )


def _kind(before: State | None, after: State) -> ChangeKind | None:
    if before is None:
        return ChangeKind.DISPUTED if after.disputed else ChangeKind.NEW
    if {rival.fact.value for rival in after.rivals} - {rival.fact.value for rival in before.rivals}:
        return ChangeKind.DISPUTED
    if before.disputed and not after.disputed:
        return ChangeKind.RESOLVED
    if before.believed.fact.value == after.believed.fact.value or before.believed.fact.agrees(after.believed.fact):
        return None
    return ChangeKind.CHANGED


def _text(kind: ChangeKind, old: Fact | None, new: Fact) -> str:
    match kind:
        case ChangeKind.DISPUTED:
            return f"{new.headline(old)}, disputed"
        case ChangeKind.RESOLVED:
            return f"{new.headline(None)}, dispute resolved"
        case _:
            return new.headline(old)
