"""The course of a subject: each step of what was believed of it, by since when it was so. Pure.

What was so on a day follows from the claims of that day and before, and from nothing else: a claim about later times
never moves an earlier step, and a late find takes its place among them. What the monitor knew when is not told here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.models import ChangeKind, Claim, State, Statement, Step, Subject
from monitor.parser.believing import NOTHING, Heard, Hearing, contradicted_anew
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

    steps: tuple[Step, ...] = ()
    state: State | None = None
    claims: tuple[Claim, ...] = ()
    """Those that were heard, as time brought them."""
    of: Voices
    heard: Heard = NOTHING


def run(
    subject: Subject,
    claims: Sequence[Claim],
    of: Voices,
    *,
    aspect: str | None = None,
    passing: bool = False,
    earlier: Run | None = None,
) -> Run:
    """Hears the claims as time brought them. `of` is of all claims of the subject.

    An `earlier` run over some of these claims is taken up where it ended, if what is new comes after all of them.
    """
    dates = {claim.id: by_date(claim) for claim in claims}
    order = sorted(claims, key=lambda claim: (so_since(claim), dates[claim.id]))
    if earlier is None or not _begins(order, of, earlier):
        earlier = Run(of=of)
    hearing, heard, steps = Hearing(subject, of, aspect, passing), earlier.heard, list(earlier.steps)
    latest = max((dates[claim.id] for claim in earlier.claims), default=())
    for place, claim in enumerate(order[len(earlier.claims) :], len(earlier.claims)):
        before = heard.state
        if dates[claim.id] < latest:
            heard = NOTHING
            for known in sorted(order[: place + 1], key=lambda known: dates[known.id]):
                heard = hearing.hear(heard, known)
        else:
            heard, latest = hearing.hear(heard, claim), dates[claim.id]
        assert heard.state is not None
        if step := _step(before, heard.state, so_since(claim), aspect):
            steps.append(step)
    return Run(steps=tuple(steps), state=hearing.verdict(heard), claims=tuple(order), of=of, heard=heard)


def _begins(order: Sequence[Claim], of: Voices, earlier: Run) -> bool:
    """Whether an earlier run heard the first of these claims, and each as the same voice."""
    first = tuple(order[: len(earlier.claims)])
    return first == earlier.claims and all(of[claim.id] == earlier.of[claim.id] for claim in first)


def _step(before: State | None, after: State, since: datetime, aspect: str | None) -> Step | None:
    kind = None if after is before else _kind(before, after)
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
    if contradicted_anew(before, after):
        return ChangeKind.DISPUTED
    if before.disputed and not after.disputed:
        return ChangeKind.RESOLVED
    was, now = before.believed.fact, after.believed.fact
    same = was is now or was.value == now.value or (was.agrees(now) and not now.refines(was))
    return None if same else ChangeKind.CHANGED


def _text(kind: ChangeKind, old: Statement | None, new: Statement) -> str:
    match kind:
        case ChangeKind.DISPUTED:
            return f"{new.headline(old)}, disputed"
        case ChangeKind.RESOLVED:
            return f"{new.headline(None if old is None or old.agrees(new) else old)}, dispute resolved"
        case _:
            return new.headline(old)
