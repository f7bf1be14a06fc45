"""What a person's word about one claim changes: which other claims it overrules, and the step from state to state.

Pure functions, beside `reconcile`, which does the same for what sources say. Times passing makes no contradiction:
a higher count later, a further stage of a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.models import Change, ChangeKind, Citation, Claim, State, Subject
from monitor.parser.news import worded

LATELY = timedelta(days=30)
"""Claims further apart than this differ because time passed."""


def overruled(state: State | None, mine: Claim, vouched: Iterable[int] = ()) -> tuple[Claim, ...]:
    """The claims for and against what is believed that cannot be true beside the one that a person vouches for.

    `vouched` are claims that people stand by: only they themselves can take that back. To vouch for an old claim that
    is no longer spoken of overrules nothing newer.
    """
    if state is None:
        return ()
    kept = set(vouched)
    involved = any(claim.id == mine.id for claim in (*state.supports, *state.rivals))
    party = {claim.id: claim for claim in (*state.supports, *state.rivals) if claim.id != mine.id}
    return tuple(
        claim
        for claim in party.values()
        if claim.id not in kept and _contradicts(claim, mine) and (involved or claim.date <= mine.date)
    )


def _contradicts(claim: Claim, mine: Claim) -> bool:
    natural = claim.fact.advances(mine.fact) or mine.fact.advances(claim.fact)
    before = claim.date <= mine.date and claim.fact.lags(mine.fact)
    near = abs(claim.date - mine.date) <= LATELY
    return near and not natural and not before and not claim.fact.agrees(mine.fact)


def step(
    subject: Subject, before: State | None, after: State | None, *, reviewer: str, rule: str, review: int, now: datetime
) -> Change | None:
    """The change that a review brought about, or None when what is believed stays as it was."""
    kind = _kind(before, after)
    if kind is None:
        return None
    old, new = before.believed if before else None, after.believed if after else None
    if kind is ChangeKind.DISPUTED and after is not None and old is not None and old.fact.agrees(after.believed.fact):
        old, new = after.believed, after.rivals[-1]
    elif kind is ChangeKind.RESOLVED and before and old and new and old.fact.agrees(new.fact):
        old = before.rivals[-1]
    words = (subject.brand, subject.kind, subject.name, kind, "review", review)
    return Change(
        id=hashlib.sha256("\x1f".join(map(str, words)).encode()).hexdigest()[:16],
        detected_at=now,
        brand=subject.brand,
        kind=subject.kind,
        change=kind,
        subject=subject.name,
        before=old.fact.as_json() if old else None,
        after=new.fact.as_json() if new else None,
        text=_text(kind, old, new, reviewer),
        rule=rule,
        sources=_citations(before, after),
    )


def _kind(before: State | None, after: State | None) -> ChangeKind | None:
    if before is None or after is None:
        return ChangeKind.NEW if after else ChangeKind.CORRECTED if before else None
    same = _said(before.believed) == _said(after.believed) or before.believed.fact.agrees(after.believed.fact)
    if after.disputed and not before.disputed:
        return ChangeKind.DISPUTED
    if before.disputed and not after.disputed:
        return ChangeKind.RESOLVED
    other_details = before.believed.id != after.believed.id and _said(before.believed) != _said(after.believed)
    return ChangeKind.CORRECTED if not same or other_details else None


def _said(claim: Claim) -> dict[str, object]:
    """All that a claim says, without the words that say it."""
    aside = ("evidence", "start", "end", "hedged")
    return {name: value for name, value in claim.fact.as_json().items() if name not in aside}


def _text(kind: ChangeKind, old: Claim | None, new: Claim | None, reviewer: str) -> str:
    if new is None:
        assert old is not None
        return f"{old.fact.headline(None)}: no longer believed, corrected by {reviewer}"
    moved = old if old and old.fact.value != new.fact.value and kind is not ChangeKind.RESOLVED else None
    headline = new.fact.headline(moved.fact if moved else None)
    match kind:
        case ChangeKind.DISPUTED:
            return f"{headline}, disputed"
        case ChangeKind.RESOLVED:
            return f"{headline}, dispute resolved by {reviewer}"
        case ChangeKind.CORRECTED:
            return f"{headline}, corrected by {reviewer}"
        case _:
            return worded(new.fact, None)


def _citations(before: State | None, after: State | None) -> tuple[Citation, ...]:
    """The sources of what is believed now; of what was believed, when nothing is any more."""
    state = after or before
    assert state is not None
    others = (*state.supports, *(state.rivals if after else ()))
    claims = {claim.id: claim for claim in (state.believed, *others)}
    cited = {(claim.url, claim.fact.evidence): claim.citation() for claim in claims.values()}
    return tuple(cited.values())[:20]
