"""A person's word about one claim: stored, weighed and told in one transaction, as `pipeline.record` does for a check.

fact, verdict ─► history: the review, a corrected claim, what it overrules ─► settle ─► changes ─► outbox rows
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from monitor.history import History
from monitor.history.reviews import Target
from monitor.models import Change, Claim, State, Subject
from monitor.notifier.route import route
from monitor.parser.corrections import corrected
from monitor.parser.facts import revive
from monitor.parser.judged import overruled, step
from monitor.parser.reconcile import settle
from monitor.settings import Settings

Claims = Mapping[Subject, tuple[Claim, ...]]

_DONE = {
    "accept": "accepted",
    "reject": "rejected",
    "untrue": "rejected",
    "correct": "corrected",
    "undo": "undid the review of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person says of a claim. `corrections` are fields as they were written, for `correct` only."""

    verdict: Literal["accept", "reject", "untrue", "correct", "undo"]
    reviewer: str
    note: str | None = None
    corrections: Mapping[str, str] = field(default_factory=dict)

    def rule(self, about: Target) -> str:
        """Why what is believed changed, in words."""
        note = f": {self.note}" if self.note else ""
        return f"{self.reviewer} {_DONE[self.verdict]} the claim of {about.outlet}{note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a judgement: the changes, and what is believed now of the subjects it is about."""

    review: int
    changes: tuple[Change, ...]
    states: Mapping[Subject, State | None]
    overruled: tuple[Claim, ...]


def judge(history: History, fact: int, judgement: Judgement, settings: Settings | None, now: datetime) -> Judged:
    """Stores a judgement and all that follows from it. Without settings nobody is told. Raises UsageError."""
    with history.writing():
        about = history.review_target(fact, undone=judgement.verdict == "undo")
        mine = revive(about.attributes)
        if judgement.verdict == "correct":
            mine = corrected(mine, judgement.corrections)
        subject = Subject(brand=mine.brand, kind=mine.kind, name=mine.subject)
        subjects = {subject, *history.review_subjects(about)}
        before = history.claims(subjects, 0)
        made = history.make_claim(about, mine, now) if judgement.verdict == "correct" else None
        review = history.add_review(about, judgement.verdict, judgement.reviewer, judgement.note, now, made=made)
        losers = _overrule(history, subject, before, made or about.fact, judgement, review, now)
        after = history.claims(subjects, 0)
        states = {one: settle(one, _open(after[one])) for one in after}
        changes = tuple(
            change
            for one in after
            if (change := _step(one, before, states[one], judgement, judgement.rule(about), review, now))
        )
        _put(history, states, now)
        if settings is None:
            changes = tuple(replace(change, silence="a review without a config: no alert rules") for change in changes)
        history.add_changes(changes, None)
        if settings is not None:
            asked = settings.alerts, settings.channels, now, settings.timezone, history.silences(now)
            history.queue(route(changes, *asked, history.identity), now)
    return Judged(review=review, changes=changes, states=states, overruled=losers)


def _overrule(
    history: History, subject: Subject, before: Claims, fact: int, judgement: Judgement, review: int, now: datetime
) -> tuple[Claim, ...]:
    """Stores that what cannot be true beside the claim that a person vouches for is not believed."""
    if judgement.verdict not in ("accept", "correct"):
        return ()
    after = history.claims([subject], 0)[subject]
    mine = next(claim for claim in after if claim.id == fact)
    still = [claim for claim in _open(before[subject]) if any(other.id == claim.id for other in _open(after))]
    losers = overruled(settle(subject, still), mine, history.accepted(subject, after))
    for loser in losers:
        about = history.review_target(loser.id)
        history.add_review(about, "overruled", judgement.reviewer, None, now, because=review)
    return losers


def _open(claims: tuple[Claim, ...]) -> list[Claim]:
    return [claim for claim in claims if not claim.closed]


def _step(
    subject: Subject,
    before: Claims,
    after: State | None,
    judgement: Judgement,
    rule: str,
    review: int,
    now: datetime,
) -> Change | None:
    was = settle(subject, _open(before[subject]))
    return step(subject, was, after, reviewer=judgement.reviewer, rule=rule, review=review, now=now)


def _put(history: History, states: Mapping[Subject, State | None], now: datetime) -> None:
    history.put_states([state for state in states.values() if state], now)
    for subject, state in states.items():
        if state is None:
            history.forget_state(subject, now)
