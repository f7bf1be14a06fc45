"""Believing: from all claims about a subject to what is believed, and from two beliefs to what changed.

Pure functions, two steps:

    believe    claims, oldest first ─► State    which value holds, who supports it, who speaks against it, by which rule
    reconcile  the state before what is fresh, the state after ─► Change, or nothing

The rules, in the order they are tried when a claim differs from what is believed:

1. What was believed before and has been left is old news when somebody other than the brand repeats it; so is an
   earlier stage of a model. A rumour overturns nothing.
2. An outlet may take back what it alone said.
3. A step that contradicts nobody (unveiled after confirmed) may be told by anyone.
4. The brand itself is believed; so are two independent outlets; so is one outlet when the brand has said nothing else
   lately.
5. Otherwise good sources disagree: both values are kept, and the subject is disputed until the brand, or the outlet
   that disagreed, settles it.

Absence plays no part: a claim that is no longer found stays what it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.models import Authority, Change, ChangeKind, Citation, Claim, State, Subject

LATELY = timedelta(days=30)
"""Claims further apart than this differ because time passed, not because somebody is wrong."""

SHOWN = 20
"""How many sources of one change are listed; all of them stay in the history."""


def reconcile(claims: Mapping[Subject, Sequence[Claim]], now: datetime) -> tuple[tuple[State, ...], tuple[Change, ...]]:
    """The states that follow from all claims, and the changes that follow from the fresh ones."""
    states: list[State] = []
    changes: list[Change] = []
    for subject, about in claims.items():
        state = believe(subject, [claim for claim in about if not claim.closed])
        if state is None:
            continue
        known = [claim for claim in about if not claim.fresh and (claim.closed_now or not claim.closed)]
        states.append(state)
        change = _step(believe(subject, known), state, about, now)
        if change:
            changes.append(change)
    return tuple(states), tuple(changes)


def believe(subject: Subject, claims: Iterable[Claim]) -> State | None:
    """What follows from the claims, whatever order they come in; None when there are none."""
    state: State | None = None
    left: list[Claim] = []  # what was believed once
    for claim in sorted(claims, key=lambda claim: (claim.date, claim.id)):
        if state is None:
            state = State(subject=subject, believed=claim, supports=(claim,), rule="the first that was said of it")
            continue
        following = _heard(state, claim, left)
        if following.believed.fact.value != state.believed.fact.value:
            left.append(state.believed)
        state = following
    return state


def _heard(state: State, claim: Claim, left: Sequence[Claim]) -> State:
    """The state after one more, newer claim."""
    if claim.fact.agrees(state.believed.fact):
        return _supported(state, claim)
    if _is_old_news(state, claim, left) or (claim.fact.hedged and not state.believed.fact.hedged):
        return state
    rivals = tuple(rival for rival in state.rivals if rival.outlet != claim.outlet)
    allies = (*(rival for rival in rivals if rival.fact.agrees(claim.fact)), claim)
    rule = _why_enough(state, claim, allies)
    if rule is None:
        return replace(state, rivals=(*rivals, claim), rule="the sources disagree")
    against = (
        other
        for other in (*state.supports, *rivals)
        if other.outlet != claim.outlet and not other.fact.agrees(claim.fact) and _contradicts(other, claim)
    )
    return State(subject=state.subject, believed=claim, supports=allies, rivals=tuple(against), rule=rule)


def _supported(state: State, claim: Claim) -> State:
    """One more voice for what is believed. The brand's own word ends a dispute, and a fact ends a rumour."""
    rivals = tuple(rival for rival in state.rivals if rival.outlet != claim.outlet)
    settled = bool(state.rivals) and claim.authority is Authority.OFFICIAL and claim.id > state.rivals[-1].id
    confirmed = state.believed.fact.hedged and not claim.fact.hedged
    return replace(
        state,
        believed=claim if confirmed else state.believed,
        supports=(*state.supports, claim),
        rivals=() if settled else rivals,
        rule="the brand itself confirms it" if settled else state.rule,
    )


def _is_old_news(state: State, claim: Claim, left: Sequence[Claim]) -> bool:
    believed = state.believed
    if not claim.fact.lags(believed.fact):
        repeats = any(claim.fact.agrees(past.fact) and past.outlet != claim.outlet for past in left)
        return repeats and claim.authority is not Authority.OFFICIAL and not state.disputed
    if claim.authority is Authority.OFFICIAL and believed.authority is not Authority.OFFICIAL:
        return believed.fact.advances(claim.fact)  # a model goes on; a count that the brand puts lower does not
    official = any(support.authority is Authority.OFFICIAL for support in state.supports)
    return official or believed.fact.advances(claim.fact) or any(claim.fact.agrees(past.fact) for past in left)


def _why_enough(state: State, claim: Claim, allies: Sequence[Claim]) -> str | None:
    """The rule by which a differing claim is believed at once, or None."""
    if claim.fact.advances(state.believed.fact):
        return "the next step after what was known"
    if claim.authority is Authority.OFFICIAL:
        return "the brand itself says so"
    if {support.outlet for support in state.supports} == {claim.outlet}:
        return f"{claim.outlet}, which alone said otherwise, says so now"
    outlets = {ally.outlet for ally in allies if ally.authority is not Authority.SPONSORED}
    if len(outlets) >= 2:
        return f"{len(outlets)} independent outlets say so"
    official = [s for s in state.supports if s.authority is Authority.OFFICIAL and claim.date - s.date <= LATELY]
    if not official and claim.authority is not Authority.SPONSORED:
        return "one outlet says so, and the brand has said nothing else lately"
    return None


def _contradicts(older: Claim, newer: Claim) -> bool:
    """Whether an older claim speaks against a newer one, rather than of the time before it."""
    natural = older.fact.lags(newer.fact) or newer.fact.advances(older.fact)
    return newer.date - older.date <= LATELY and not natural and not older.fact.hedged


def _step(before: State | None, after: State, claims: Sequence[Claim], now: datetime) -> Change | None:
    """The change from one state to the next, or None when nothing that people should hear of happened."""
    kind = _kind_of_step(before, after, claims)
    if kind is None:
        return None
    old, new = (before.believed if before else None), after.believed
    if kind is ChangeKind.DISPUTED and (old is None or old.fact.agrees(new.fact)):
        old, new = after.believed, after.rivals[-1]
    elif kind is ChangeKind.CORRECTED or kind is ChangeKind.RESOLVED:
        assert before is not None
        if old and old.fact.agrees(new.fact):
            old = before.rivals[-1]
    cited = (*after.supports, *after.rivals) if kind is ChangeKind.DISPUTED else after.supports
    cause = new if new.fresh else next((claim for claim in reversed(claims) if claim.fresh), new)
    return Change(
        id=_identity(after.subject, kind, old, new, cause),
        detected_at=now,
        brand=after.subject.brand,
        kind=after.subject.kind,
        change=kind,
        subject=after.subject.name,
        before=old.fact.as_json() if old else None,
        after=new.fact.as_json(),
        text=_headline(kind, old, new),
        rule=_rule(kind, after, claims),
        sources=_citations(cited, cause if cause in cited else new),
        silence="baseline" if cause.baseline else None,
    )


def _kind_of_step(before: State | None, after: State, claims: Sequence[Claim]) -> ChangeKind | None:
    if before is None:
        return ChangeKind.DISPUTED if after.disputed else ChangeKind.NEW
    same = before.believed.fact.value == after.believed.fact.value or before.believed.fact.agrees(after.believed.fact)
    taken_back = {claim.id for claim in claims if claim.closed_now}
    if same:
        if _values(after.rivals) - _values(before.rivals):
            return ChangeKind.DISPUTED
        if before.disputed and not after.disputed:
            return ChangeKind.CORRECTED if taken_back & _ids(before.rivals) else ChangeKind.RESOLVED
        confirmed = before.believed.fact.hedged and not after.believed.fact.hedged
        return ChangeKind.CHANGED if confirmed else None
    if taken_back & {before.believed.id}:
        return ChangeKind.CORRECTED
    if after.disputed and not before.disputed:
        return ChangeKind.DISPUTED
    return ChangeKind.RESOLVED if before.disputed and not after.disputed else ChangeKind.CHANGED


def _rule(kind: ChangeKind, after: State, claims: Sequence[Claim]) -> str:
    if kind is ChangeKind.CORRECTED:
        outlets = sorted({claim.outlet for claim in claims if claim.closed_now})
        return f"{' and '.join(outlets)} took back what the article said before"
    return after.rule


def _values(claims: Iterable[Claim]) -> set[str]:
    return {claim.fact.value for claim in claims}


def _ids(claims: Iterable[Claim]) -> set[int]:
    return {claim.id for claim in claims}


def _headline(kind: ChangeKind, old: Claim | None, new: Claim) -> str:
    match kind:
        case ChangeKind.DISPUTED:
            assert old is not None
            return f"{new.fact.headline(old.fact)}, disputed"
        case ChangeKind.CORRECTED:
            return f"{new.fact.headline(old.fact if old else None)}, corrected by the source"
        case ChangeKind.RESOLVED:
            return f"{new.fact.headline(None)}, dispute resolved"
        case _:
            return new.fact.headline(old.fact if old else None)


def _citations(claims: Sequence[Claim], news: Claim) -> tuple[Citation, ...]:
    """Each document once: the one that brought the news first, then the brand's own, then by date."""
    rank = {authority: place for place, authority in enumerate(Authority)}
    ordered = sorted(claims, key=lambda claim: (claim.id != news.id, rank[claim.authority], claim.date, claim.id))
    cited = {
        (claim.url, claim.fact.evidence): Citation(
            url=claim.url,
            title=claim.title,
            published=claim.published,
            authority=claim.authority,
            outlet=claim.outlet,
            evidence=claim.fact.evidence,
        )
        for claim in ordered
    }
    return tuple(cited.values())[:SHOWN]


def _identity(subject: Subject, kind: ChangeKind, old: Claim | None, new: Claim, cause: Claim) -> str:
    """The same step of the same history has the same id, so that writing it twice writes it once."""
    step = (subject.brand, subject.kind, subject.name, kind, old.fact.value if old else "", new.fact.value, cause.id)
    return hashlib.sha256("\x1f".join(map(str, step)).encode()).hexdigest()[:16]
