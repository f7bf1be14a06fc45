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

from monitor.models import Change, Claim, Past, State, Step, Subject
from monitor.parser import aspects, course
from monitor.parser.believing import believe
from monitor.parser.flapping import calmed
from monitor.parser.news import PASSING, keeping, news
from monitor.parser.plans import concerned, due, gather, kept
from monitor.parser.voices import voices

__all__ = ["believe", "concerned", "reconcile", "settle"]


def reconcile(
    claims: Mapping[Subject, Sequence[Claim]], now: datetime, past: Mapping[Subject, Sequence[Past]] | None = None
) -> tuple[tuple[State, ...], tuple[Change, ...]]:
    """The states that follow from all claims, and the changes that follow from the fresh ones.

    `claims` should hold the subjects of plans too (`concerned`). `past` are the latest changes of each subject.
    """
    states: list[State] = []
    changes: list[Change] = []
    for subject, about in claims.items():
        after = _beliefs(subject, [claim for claim in about if not claim.closed])
        if after is None:
            continue
        states.append(after.whole())
        if not any(claim.fresh or claim.closed_now for claim in about):
            continue
        known = [claim for claim in about if not claim.fresh and (claim.closed_now or not claim.closed)]
        found = _changes(_beliefs(subject, known), after, about, claims, now)
        changes += [calmed(change, (past or {}).get(subject, ())) for change in found]
    return tuple(states), tuple(changes)


def settle(subject: Subject, claims: Sequence[Claim]) -> State | None:
    """All that follows from the claims about a subject, its attributes and its course included, without any news."""
    found = _beliefs(subject, claims)
    return found.whole() if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beliefs:
    """What is believed of a subject and of each of its attributes, and how that came about."""

    value: State
    aspects: Mapping[str, State]
    steps: tuple[Step, ...]

    def whole(self) -> State:
        gathered = gather(self.value, self.aspects.get("when"))
        return replace(
            self.value,
            aspects=tuple(self.aspects.values()),
            course=self.steps,
            gathered=gathered,
            due=due(self.value, gathered),
        )


def _beliefs(subject: Subject, claims: Sequence[Claim]) -> _Beliefs | None:
    of = voices(claims)
    whole = course.run(subject, claims, of)
    if whole.state is None:
        return None
    steps, found = [*whole.steps], {}
    for name, about in aspects.of_claims(claims).items():
        part = course.run(subject, about, of, aspect=name, passing=name in PASSING)
        assert part.state is not None
        found[name] = part.state
        steps += part.steps
    return _Beliefs(value=whole.state, aspects=found, steps=tuple(steps))


def _changes(
    before: _Beliefs | None,
    after: _Beliefs,
    about: Sequence[Claim],
    claims: Mapping[Subject, Sequence[Claim]],
    now: datetime,
) -> list[Change]:
    """The change of the value and those of its attributes. `about` are the subject's claims, `claims` those of all."""
    was = before.value if before else None
    change = news(was, after.value, about, now)
    plan = kept(after.value, was, claims) if change else None
    found = [keeping(change, plan) if change and plan else change]
    parts = aspects.of_claims(about)
    for name, state in after.aspects.items():
        old = before.aspects.get(name) if before else None
        found.append(news(old, state, parts[name], now))
    return [change for change in found if change]
