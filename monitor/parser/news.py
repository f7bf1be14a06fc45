"""From two beliefs to the news: what kind of change it is, in which words, by which sources. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.models import Authority, Change, ChangeKind, Citation, Claim, Standing, State, Statement
from monitor.parser.believing import CONFIRMED, FIRST, contradicted_anew

SHOWN = 20
"""How many sources of one change are listed; all of them stay in the history."""

PASSING = {"debut"}
"""Attributes of an event: another value much later is of another event, and no change."""


def news(before: State | None, after: State, claims: Sequence[Claim], now: datetime) -> Change | None:
    """The change from one belief to the next, or None when nothing that people should hear of happened."""
    kind = _kind(before, after, claims)
    old, new = (before.believed if before else None), after.believed
    if kind is None or (after.aspect and not _is_news_of_attribute(kind, after.aspect, old, new)):
        return None
    if kind is ChangeKind.DISPUTED:
        old, new = after.believed, after.rivals[-1]
    elif kind is ChangeKind.CORRECTED or kind is ChangeKind.RESOLVED:
        assert before is not None
        if old and old.fact.agrees(new.fact):
            old = before.rivals[-1]
    cited = (*after.supports, *after.rivals) if kind is ChangeKind.DISPUTED else after.supports
    cause = new if new.fresh else next((claim for claim in reversed(claims) if claim.fresh), new)
    counts = Counter(after.standings[claim.id] for claim in cited)
    return Change(
        id=_identity(after, kind, old, new, cause),
        detected_at=now,
        brand=after.subject.brand,
        kind=after.subject.kind,
        change=kind,
        subject=after.subject.name,
        aspect=after.aspect,
        before=old.fact.as_json() if old else None,
        after=new.fact.as_json(),
        before_value=old.fact.value if old else None,
        after_value=new.fact.value,
        text=_headline(kind, before, old, new),
        rule=_rule(kind, before, after, claims),
        sources=_citations(cited, cause if cause in cited else new, after),
        silence="baseline" if cause.baseline else None,
        independent=counts[Standing.INDEPENDENT],
        syndicated=counts[Standing.SYNDICATED],
        sponsored=counts[Standing.SPONSORED],
    )


def withdrawn(before: State, claims: Sequence[Claim], now: datetime) -> Change:
    """The change to nothing: whoever said what was believed has taken it back, and nobody else says it."""
    old, cause = before.believed, max((claim for claim in claims if claim.closed_now), key=lambda claim: claim.id)
    return Change(
        id=_identity(before, ChangeKind.CORRECTED, old, None, cause),
        detected_at=now,
        brand=before.subject.brand,
        kind=before.subject.kind,
        change=ChangeKind.CORRECTED,
        subject=before.subject.name,
        before=old.fact.as_json(),
        after=None,
        before_value=old.fact.value,
        text=f"{old.fact.headline(None)}: no longer believed, taken back by the source",
        rule=_taken_back(claims),
        sources=_citations(before.supports, old, before),
        silence="baseline" if cause.baseline else None,
    )


def keeping(change: Change, plan: Claim) -> Change:
    """The change, told as the keeping of a plan."""
    day = f"{plan.date:%Y-%m-%d}"
    said = f"{plan.outlet} told of the plan on {day}: “{plan.fact.evidence}”"
    return replace(
        change, text=f"{change.text}, planned since {plan.date:%Y-%m}", rule=f"{change.rule}; {said}", plan=plan.id
    )


def _is_news_of_attribute(kind: ChangeKind, aspect: str, old: Claim | None, new: Claim) -> bool:
    """An attribute that is learned is no news of its own; nor is another event, nor that a rumour is confirmed: that is
    told of the value."""
    if kind is ChangeKind.CHANGED:
        return aspect not in PASSING and not (old and old.fact.value == new.fact.value)
    return kind is not ChangeKind.NEW


def _kind(before: State | None, after: State, claims: Sequence[Claim]) -> ChangeKind | None:
    if before is None:
        return ChangeKind.DISPUTED if after.disputed else ChangeKind.NEW
    same = before.believed.fact.value == after.believed.fact.value or before.believed.fact.agrees(after.believed.fact)
    taken_back = {claim.id for claim in claims if claim.closed_now}
    if same:
        if contradicted_anew(before, after):
            return ChangeKind.DISPUTED
        if before.disputed and not after.disputed:
            return ChangeKind.CORRECTED if taken_back & _ids(before.rivals) else ChangeKind.RESOLVED
        confirmed = before.believed.fact.hedged and not after.believed.fact.hedged
        refined = after.believed.fact.refines(before.believed.fact)
        return ChangeKind.CHANGED if confirmed or refined else None
    if taken_back & {before.believed.id}:
        return ChangeKind.CORRECTED
    if after.disputed:
        return ChangeKind.DISPUTED
    return ChangeKind.RESOLVED if before.disputed else ChangeKind.CHANGED


def worded(new: Statement, old: Statement | None) -> str:
    """The news, and whether it is a rumour or confirms one. Of a model that is confirmed the confirmation is said
    already, and "unconfirmed" would contradict it."""
    is_said = new.value == "confirmed"
    if new.hedged:
        return f"{new.headline(old)}, {'said with reserve' if is_said else 'unconfirmed'}"
    if old is not None and old.hedged and old.value == new.value:
        return new.headline(None) if is_said else f"{new.headline(None)}, confirmed"
    return new.headline(old)


def _rule(kind: ChangeKind, before: State | None, after: State, claims: Sequence[Claim]) -> str:
    if kind is ChangeKind.CORRECTED:
        return _taken_back(claims)
    rule, new = after.rule or FIRST, after.believed
    if kind is ChangeKind.DISPUTED and before and not before.believed.fact.agrees(new.fact):
        return f"{rule}; before, {before.believed.fact.value} was believed"
    if kind not in (ChangeKind.NEW, ChangeKind.CHANGED):
        return rule
    if new.fact.hedged:
        return f"{rule}; it is said with reserve"
    if before and before.believed.fact.hedged and before.believed.fact.agrees(new.fact):
        return CONFIRMED if new.authority is Authority.OFFICIAL else f"{new.outlet} says so without reserve"
    return rule


def _taken_back(claims: Sequence[Claim]) -> str:
    outlets = sorted({claim.outlet for claim in claims if claim.closed_now})
    return f"{' and '.join(outlets)} took back what the article said before"


def _ids(claims: Iterable[Claim]) -> set[int]:
    return {claim.id for claim in claims}


def _headline(kind: ChangeKind, before: State | None, old: Claim | None, new: Claim) -> str:
    match kind:
        case ChangeKind.DISPUTED:
            assert old is not None
            return f"{new.fact.headline(old.fact)}, disputed"
        case ChangeKind.CORRECTED:
            return f"{new.fact.headline(_moved(before, new))}, corrected by the source"
        case ChangeKind.RESOLVED:
            return f"{new.fact.headline(_moved(before, new))}, dispute resolved"
        case _:
            return worded(new.fact, old.fact if old else None)


def _moved(before: State | None, new: Claim) -> Statement | None:
    """What was believed, where something else is now."""
    was = before.believed.fact if before else None
    return None if was is None or was.agrees(new.fact) else was


def _citations(claims: Sequence[Claim], first: Claim, state: State) -> tuple[Citation, ...]:
    """Each document once: the one that brought the news first, then those that speak for themselves, the brand's own
    before others, by date."""
    rank = {authority: place for place, authority in enumerate(Authority)}
    of = state.standings

    def place(claim: Claim) -> tuple[object, ...]:
        alone = of[claim.id] is Standing.INDEPENDENT
        return (claim.id != first.id, not alone, rank[claim.authority], claim.date, claim.id)

    cited = {(claim.url, claim.fact.evidence): claim.citation(of[claim.id]) for claim in sorted(claims, key=place)}
    return tuple(cited.values())[:SHOWN]


def _identity(state: State, kind: ChangeKind, old: Claim | None, new: Claim | None, cause: Claim) -> str:
    """The same step of the same history has the same id, so that writing it twice writes it once."""
    subject = state.subject
    step = (
        subject.brand,
        subject.kind,
        subject.name,
        kind,
        *(one.fact.value if one else "" for one in (old, new)),
        cause.id,
    )
    parts = (*step, state.aspect) if state.aspect else step
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
