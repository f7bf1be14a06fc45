"""Replay: the kept pages read again with today's reader, and what follows for the history.

    addresses ─► versions ─► read again (elsewhere) ─► restated? ─► reconcile ─► changes, silent unless asked

What is read comes first, side by side and in no order; what follows from it is one transaction, address by address:
nobody ever sees a history of which a part is read with another reader. `dry_run` does all of it and undoes it. Touches
no network. A reader that got better is no correction by a source: what follows is told as an ordinary change, and that
only to who asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from monitor.errors import ReadError
from monitor.history import History, Kept, Reread, Restated
from monitor.models import Change, ChangeKind, Claim, Document, Fact, Subject
from monitor.notifier.route import route
from monitor.parser.facts import read_facts, revive
from monitor.parser.reconcile import reconcile
from monitor.settings import Settings
from monitor.visits import read

SILENCE = "replay"
RULE = "today's reader reads the kept page so"
NO_CHECK = 0


@dataclass(slots=True)
class Replayed:
    """What a replay came to."""

    documents: int = 0
    """Versions that were read again."""
    restated: list[Restated] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    """Address -> why it cannot be read today. Its facts stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One stored version as it is read today, without what the history has of it."""

    id: int
    document: Document
    facts: tuple[Fact, ...]


async def read_again(versions: Sequence[Kept], run: Callable[..., Awaitable[Any]]) -> tuple[Again, ...] | str:
    """All versions of one address, read elsewhere; or why one of them cannot be read today."""
    read = []
    for kept in versions:
        try:
            document, facts = await run(read_kept, kept)
        except ReadError as error:
            return error.reason
        read.append(Again(id=kept.id, document=document, facts=facts))
    return tuple(read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How to replay."""

    history: History
    now: datetime
    alert: Settings | None = None
    """Whom to tell of changes, by which rules; None: nobody."""

    def apply(
        self,
        read: Iterable[tuple[str, tuple[Again, ...] | str]],
        *,
        dry_run: bool,
        kept: Callable[[Replayed], object] = lambda result: None,
    ) -> Replayed:
        """Applies what was read again at each address. `kept` is called with the result at the end of the transaction,
        as its last step: what it raises undoes all."""
        result = Replayed()
        with self.history.trying() if dry_run else self.history.writing():
            for address, again in read:
                self._address(address, again, result)
            if not dry_run:
                self.history.done(SILENCE, self.now)
            kept(result)
        return result

    def _address(self, address: str, again: tuple[Again, ...] | str, result: Replayed) -> None:
        if isinstance(again, str):
            result.unreadable[address] = again
            return
        result.documents += len(again)
        versions = {kept.id: kept for kept in self.history.versions(address)}
        rereads = [Reread(kept=versions[one.id], document=one.document, facts=one.facts) for one in again]
        restated = self.history.restate(rereads, self.now)
        if restated:
            result.restated.append(restated)
            result.changes += self._follow(restated)

    def _follow(self, restated: Restated) -> list[Change]:
        """What is believed after a restatement, and the steps that led there."""
        before = {subject: self.history.believed(subject) for subject in restated.subjects}
        claims = self.history.claims(restated.subjects, NO_CHECK)
        marked = {subject: tuple(_marked(claim, restated) for claim in about) for subject, about in claims.items()}
        states, steps = reconcile(marked, self.now, known=_known(marked, restated))
        self.history.put_states(states, self.now)
        changes = [self._change(step, restated, before) for step in steps if step.after is not None]
        for subject in sorted(restated.subjects - {state.subject for state in states}, key=lambda one: one.name):
            self.history.forget_state(subject, self.now)
            last = before[subject]
            if last is not None:
                cited = [claim for claim in marked[subject] if claim.id in restated.ended]
                changes.append(_retraction(subject, last, cited, restated, self.now))
        self.history.add_changes(changes, None)
        if self.alert:
            alert, silences = self.alert, self.history.silences(self.now)
            asked = alert.alerts, alert.channels, self.now, alert.timezone, silences
            self.history.queue(route(changes, *asked, self.history.identity), self.now)
        return changes

    def _change(self, step: Change, restated: Restated, before: Mapping[Subject, Fact | None]) -> Change:
        """The step as a replay tells it: the source has corrected nothing, it is read better."""
        silence = step.silence or (None if self.alert else SILENCE)
        step = replace(step, id=_identity(step.id, restated), silence=silence)
        if step.change is not ChangeKind.CORRECTED:
            return replace(step, rule=f"{RULE}; {step.rule}")
        assert step.before is not None
        assert step.after is not None
        old, new = revive(step.before), revive(step.after)
        believed = before.get(Subject(brand=step.brand, kind=step.kind, name=step.subject))
        if believed is not None and believed.agrees(new):
            return replace(step, change=ChangeKind.RESOLVED, text=f"{new.headline(None)}, dispute resolved", rule=RULE)
        return replace(step, change=ChangeKind.CHANGED, text=new.headline(old), rule=RULE)


def read_kept(kept: Kept) -> tuple[Document, tuple[Fact, ...]]:
    """A kept version read with today's reader: its page, or the stored text where no page is kept. Pure."""
    if kept.page is not None:
        return read(kept.page, kept.source, kept.link)
    return kept.document, read_facts(kept.document, brand=kept.source.brand)


def _known(claims: Mapping[Subject, Sequence[Claim]], restated: Restated) -> dict[Subject, list[Claim]]:
    """The claims about each subject as they were dated until now, where they were dated otherwise."""
    dates = {one.document: one.counted_from for one in restated.redated}
    return {
        subject: [replace(claim, date=dates.get(claim.document, claim.date)) for claim in about]
        for subject, about in claims.items()
        if any(claim.document in dates for claim in about)
    }


def _marked(claim: Claim, restated: Restated) -> Claim:
    return replace(claim, fresh=claim.id in restated.added, closed_now=claim.id in restated.ended)


def _identity(step: str, restated: Restated) -> str:
    """Another one than the same step has when a check takes it; the same whenever this one is."""
    words = (step, SILENCE, *sorted(restated.notes))
    return hashlib.sha256("\x1f".join(map(str, words)).encode()).hexdigest()[:16]


def _retraction(subject: Subject, last: Fact, claims: Collection[Claim], restated: Restated, now: datetime) -> Change:
    """Nothing says it any more. Told to nobody: there is no news to cite."""
    return Change(
        id=_identity(f"{subject.brand}/{subject.kind}/{subject.name}", restated),
        detected_at=now,
        brand=subject.brand,
        kind=subject.kind,
        change=ChangeKind.CHANGED,
        subject=subject.name,
        before=last.as_json(),
        after=None,
        text=f"{last.headline(None)}, read no more",
        rule=RULE,
        sources=tuple(claim.citation() for claim in claims),
        silence=SILENCE,
    )
