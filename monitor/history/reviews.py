"""What people say of single claims, and what follows from it when claims are read.

A review is bound to the address, the subject and the value of the claim, so that it holds for the same claim read anew.
The last review of a claim is in force. A person's word outranks sources:

    accepted                               counts as the brand's own word, also when the article was changed since
    rejected, untrue, overruled            is not believed any more
    corrected                              as rejected; the corrected claim is a row of its own, and counts as accepted
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlite_utils import Database

from monitor.errors import UsageError
from monitor.history.rows import insert, select
from monitor.history.storable import plain, plain_or_none, to_json
from monitor.models import Authority, Change, Claim, Fact, State, Subject, utc_text

Verdict = Literal["accept", "reject", "untrue", "correct", "undo", "overruled"]
"""`reject`: the text does not say so; `untrue`: it does, and is wrong. `overruled` follows from another review: a claim
that cannot be true beside the one that was accepted."""

_IN_FORCE = """
SELECT reviews.id, reviews.reviewer, reviews.verdict, reviews.url, reviews.value, reviews.made, 0 AS elsewhere
FROM reviews
WHERE reviews.brand = :brand AND reviews.kind = :kind AND reviews.subject = :subject AND reviews.in_force
UNION ALL
SELECT reviews.id, reviews.reviewer, reviews.verdict, reviews.url, reviews.value, reviews.made, 1
FROM reviews JOIN fact ON fact.id = reviews.made
WHERE reviews.made IS NOT NULL AND reviews.in_force AND fact.brand = :brand AND fact.kind = :kind
    AND fact.subject = :subject
ORDER BY 1
"""

_TARGET = """
SELECT fact.id, document.url, document.outlet, fact.document, fact.visit, fact.brand, fact.kind, fact.subject,
    fact.value, fact.attributes
FROM fact JOIN document ON document.id = fact.document
WHERE fact.id = coalesce((SELECT fact FROM review WHERE :undone AND made = :fact), :fact)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The claim that a person speaks of."""

    fact: int
    document: int
    visit: int
    url: str
    outlet: str
    subject: Subject
    value: str
    attributes: Mapping[str, Any]


def target(db: Database, fact: int, *, undone: bool = False) -> Target:
    """The claim of that number; to be undone, a correction stands for what it corrects. Raises UsageError."""
    rows = select(db, _TARGET, {"fact": fact, "undone": undone})
    if not rows:
        raise UsageError(f"there is no fact {fact}; `brand-monitor facts` lists them with their ids")
    row = rows[0]
    return Target(
        fact=row["id"],
        document=row["document"],
        visit=row["visit"],
        url=row["url"],
        outlet=row["outlet"],
        subject=Subject(brand=row["brand"], kind=row["kind"], name=row["subject"]),
        value=row["value"],
        attributes=json.loads(row["attributes"]),
    )


def touched(db: Database, about: Target) -> frozenset[Subject]:
    """The claim's subject, and those that earlier corrections of it made it one of."""
    rows = select(
        db,
        """
        SELECT DISTINCT fact.brand, fact.kind, fact.subject AS name FROM review JOIN fact ON fact.id = review.made
        WHERE review.brand = :brand AND review.kind = :kind AND review.subject = :subject
            AND review.value = :value AND review.url = :url
        """,
        _of(about.subject) | {"value": about.value, "url": about.url},
    )
    return frozenset({about.subject, *(Subject(**row) for row in rows)})


def add(
    db: Database,
    about: Target,
    verdict: Verdict,
    reviewer: str,
    note: str | None,
    now: datetime,
    *,
    made: int | None = None,
    because: int | None = None,
) -> int:
    """Writes down a review. Corrections that are no longer in force by it are closed. Returns its number."""
    row = {
        "reviewed_at": utc_text(now),
        "reviewer": plain(reviewer),
        "verdict": verdict,
        "note": plain_or_none(note),
        "url": about.url,
        "value": about.value,
        "fact": about.fact,
        "made": made,
        "because": because,
    }
    added = insert(db, "review", row | _of(about.subject))
    db.execute(
        """
        UPDATE fact SET closed_at = :now WHERE closed_at IS NULL
        AND id IN (SELECT made FROM reviews WHERE made IS NOT NULL AND NOT in_force)
        """,
        {"now": utc_text(now)},
    )
    return added


def make(db: Database, about: Target, fact: Fact, now: datetime) -> int:
    """Stores what a claim should have said, as a claim of the same document. Returns its number."""
    row = {
        "document": about.document,
        "visit": about.visit,
        "kind": fact.kind,
        "brand": plain(fact.brand),
        "subject": plain(fact.subject),
        "value": plain(fact.value),
        "attributes": to_json(fact.as_json()),
        "recorded_at": utc_text(now),
    }
    return insert(db, "fact", row)


def apply(db: Database, subject: Subject, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims about a subject, as people have judged them."""
    rows = _in_force(db, subject) if claims else []
    return tuple(_judged(claim, _last(rows, claim)) for claim in claims) if rows else tuple(claims)


def _in_force(db: Database, subject: Subject) -> list[dict[str, Any]]:
    return select(db, _IN_FORCE, _of(subject))


def _of(subject: Subject) -> dict[str, Any]:
    return {"brand": subject.brand, "kind": subject.kind, "subject": subject.name}


def _last(rows: Iterable[Mapping[str, Any]], claim: Claim) -> Mapping[str, Any] | None:
    """The last review of a claim: of the claim that it made, or of the same words of the same document."""
    bound = (claim.url, plain(claim.fact.value))
    about = [
        row for row in rows if row["made"] == claim.id or (not row["elsewhere"] and (row["url"], row["value"]) == bound)
    ]
    return about[-1] if about else None


def _judged(claim: Claim, review: Mapping[str, Any] | None) -> Claim:
    if review is None or review["verdict"] == "undo":
        return claim
    if _vouches(review, claim):
        fact = replace(claim.fact, hedged=False)
        return replace(claim, fact=fact, authority=Authority.OFFICIAL, closed=False, closed_now=False)
    return replace(claim, closed=True, closed_now=False)


def _vouches(review: Mapping[str, Any], claim: Claim) -> bool:
    verdict: str = review["verdict"]
    return verdict == "accept" or (verdict == "correct" and review["made"] == claim.id)


def accepted(db: Database, subject: Subject, claims: Iterable[Claim]) -> frozenset[int]:
    """The numbers of the claims that a person vouches for."""
    rows = _in_force(db, subject)
    last = ((claim, _last(rows, claim)) for claim in claims)
    return frozenset(claim.id for claim, review in last if review and _vouches(review, claim))


def signed(db: Database, states: Iterable[State]) -> list[State]:
    """The states with the person's name as the rule where the believed claim is one that a person vouches for."""
    return [_signed(state, _last(_in_force(db, state.subject), state.believed)) for state in states]


def _signed(state: State, review: Mapping[str, Any] | None) -> State:
    if review is None or not _vouches(review, state.believed):
        return state
    return replace(state, rule=f"{review['reviewer']} {'corrected' if review['made'] else 'accepted'} it")


def as_published(db: Database, changes: Iterable[Change]) -> list[Change]:
    """The changes with each source's own authority: that a person vouches for a claim makes no outlet official."""
    if not db.execute("SELECT 1 FROM review LIMIT 1").fetchone():
        return list(changes)
    return [replace(change, sources=tuple(_own_authority(db, change))) for change in changes]


def _own_authority(db: Database, change: Change) -> Iterable[Any]:
    for citation in change.sources:
        sql = "SELECT authority FROM document WHERE url = ? ORDER BY version DESC LIMIT 1"
        row = db.execute(sql, [plain(citation.url)]).fetchone()
        yield replace(citation, authority=Authority(row[0])) if row else citation
