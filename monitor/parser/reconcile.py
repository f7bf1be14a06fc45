"""What follows from an observation: from all claims to beliefs, and from two beliefs to the news. Pure.

claims ─► voices      whose word each is: copies and outlets of one publisher count once
       ─► believing   which value holds, who speaks for it and against it
       ─► course      since when it is so, step by step
       ─► aspects     the same for attributes: a plan's date, what drives a model, where it was shown
       ─► plans       what was planned and has come about
the belief without what is fresh, the belief with it
       ─► news        the change, if there is one ─► flapping   unless it only goes to and fro
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.models import Change, Claim, Past, State, Subject
from monitor.parser import aspects
from monitor.parser.believing import believe
from monitor.parser.course import Run, run
from monitor.parser.flapping import calmed
from monitor.parser.news import PASSING, keeping, news, withdrawn
from monitor.parser.plans import OVERTAKEN, concerned, due, gather, kept, overtaken
from monitor.parser.voices import voices

__all__ = ["believe", "concerned", "reconcile", "settle"]


def reconcile(
    claims: Mapping[Subject, Sequence[Claim]],
    now: datetime,
    past: Mapping[Subject, Sequence[Past]] | None = None,
    known: Mapping[Subject, Sequence[Claim]] | None = None,
) -> tuple[tuple[State, ...], tuple[Change, ...]]:
    """The states that follow from all claims, and the changes that follow from what is new of them.

    A subject that nothing is left to be believed of has no state; where that is new, a change says so.

    `claims` should hold the subjects of plans too (`concerned`). `past` are the latest changes of each subject. New is
    what is fresh and what was closed now, unless `known` holds the claims about a subject as they were until now.
    """
    states: list[State] = []
    changes: list[Change] = []
    for subject, about in claims.items():
        were = (known or {}).get(subject)
        before = _beliefs(subject, _standing_until_now(about if were is None else were))
        after = _beliefs(subject, [claim for claim in about if not claim.closed], before)
        if after is None:
            if before is not None and any(claim.closed_now for claim in about):
                changes.append(withdrawn(before.state, about, now))
            continue
        states.append(after.whole())
        if were is not None or any(claim.fresh or claim.closed_now for claim in about):
            found = _changes(before, after, about, claims, now)
            changes += [calmed(change, (past or {}).get(subject, ())) for change in found]
    return tuple(states), tuple(changes)


def _standing_until_now(claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if not claim.fresh and (claim.closed_now or not claim.closed)]


def settle(subject: Subject, claims: Sequence[Claim]) -> State | None:
    """All that follows from the claims about a subject, its attributes and its course included, without any news."""
    found = _beliefs(subject, claims)
    return found.whole() if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beliefs:
    """What is believed of a subject and of each of its attributes, and how that came about."""

    state: State
    runs: Mapping[str | None, Run]
    """Of the value (None) and of each attribute."""

    @property
    def aspects(self) -> dict[str, State]:
        return {name: run.state for name, run in self.runs.items() if name is not None and run.state is not None}

    def whole(self) -> State:
        gathered = gather(self.state, self.aspects.get("when"))
        return replace(
            self.state,
            aspects=tuple(self.aspects.values()),
            course=tuple(step for run in self.runs.values() for step in run.steps),
            gathered=gathered,
            due=due(self.state, gathered),
        )


def _beliefs(subject: Subject, claims: Sequence[Claim], before: _Beliefs | None = None) -> _Beliefs | None:
    """What follows from the claims. `before` is what followed from some of them, and spares hearing those again."""
    of = voices(claims)
    earlier = before.runs if before else {}
    whole = run(subject, claims, of, earlier=earlier.get(None))
    if whole.state is None:
        return None
    runs: dict[str | None, Run] = {None: whole}
    for name, about in aspects.of_claims(claims).items():
        runs[name] = run(subject, about, of, aspect=name, passing=name in PASSING, earlier=earlier.get(name))
    return _Beliefs(state=whole.state, runs=runs)


def _changes(
    before: _Beliefs | None,
    after: _Beliefs,
    about: Sequence[Claim],
    claims: Mapping[Subject, Sequence[Claim]],
    now: datetime,
) -> list[Change]:
    """The change of the value and those of its attributes. `about` are the subject's claims, `claims` those of all."""
    was = before.state if before else None
    change = news(was, after.state, about, now)
    plan = kept(after.state, was, claims) if change else None
    if change and not change.silence and overtaken(after.state.believed, claims, after.state.subject):
        change = replace(change, silence=OVERTAKEN)
    found = [keeping(change, plan) if change and plan else change]
    parts = aspects.of_claims(about) if after.aspects else {}
    for name, state in after.aspects.items():
        old = before.aspects.get(name) if before else None
        found.append(news(old, state, parts[name], now))
    return [change for change in found if change]
