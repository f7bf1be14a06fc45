"""What is believed of each subject, and the steps by which that moved. Decides nothing: reconciling does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from monitor.history.claims import Revive
from monitor.history.rows import insert, select
from monitor.history.storable import moment, plain, plain_or_none, start_of, to_json
from monitor.models import Authority, Change, ChangeKind, Citation, State, utc_text

PLANS = "planned"

_PUT = """
INSERT INTO belief (brand, kind, subject, fact, value, rule, since, updated_at)
VALUES (:brand, :kind, :subject, :fact, :value, :rule, :now, :now)
ON CONFLICT (brand, kind, subject) DO UPDATE SET
    fact = excluded.fact, value = excluded.value, rule = excluded.rule, updated_at = excluded.updated_at,
    since = iif(value = excluded.value, since, excluded.since)
RETURNING id
"""


def put(db: Database, states: Iterable[State], now: datetime) -> None:
    """Writes down what is believed now; of each subject there is one belief."""
    for state in states:
        row = {
            "brand": plain(state.subject.brand),
            "kind": state.subject.kind,
            "subject": plain(state.subject.name),
            "fact": state.believed.id,
            "value": plain(state.believed.fact.value),
            "rule": plain(state.rule),
            "now": utc_text(now),
        }
        ((belief,),) = db.execute(_PUT, row).fetchall()
        _put_claims(db, belief, state)


def _put_claims(db: Database, belief: int, state: State) -> None:
    """Brings the claims for and against a belief up to date, touching only rows that differ."""
    wanted = {(claim.id, "supports") for claim in state.supports} | {(claim.id, "rivals") for claim in state.rivals}
    kept = set(db.execute("SELECT fact, role FROM belief_claim WHERE belief = ?", [belief]).fetchall())
    db.conn.executemany(
        "DELETE FROM belief_claim WHERE belief = ? AND fact = ?", [(belief, fact) for fact, _ in kept - wanted]
    )
    db.conn.executemany(
        "INSERT INTO belief_claim (belief, fact, role) VALUES (?, ?, ?)",
        [(belief, fact, role) for fact, role in sorted(wanted - kept)],
    )


def add_changes(db: Database, changes: Iterable[Change], check_id: int | None, revive: Revive) -> None:
    """Writes down steps. One that is known already (ids are of the step, not of the writing) is left as it is."""
    for change in changes:
        if db.execute("SELECT 1 FROM change WHERE id = ?", [change.id]).fetchone():
            continue
        row = {
            "id": change.id,
            "visit": check_id,
            "detected_at": utc_text(change.detected_at),
            "since": utc_text(_since(change)),
            "brand": plain(change.brand),
            "kind": change.kind,
            "subject": plain(change.subject),
            "change": str(change.change),
            "before_value": plain(revive(change.before).value) if change.before else None,
            "after_value": plain(revive(change.after).value) if change.after else None,
            "before": to_json(change.before) if change.before else None,
            "after": to_json(change.after) if change.after else None,
            "text": plain(change.text),
            "rule": plain(change.rule),
            "silence": plain_or_none(change.silence),
        }
        insert(db, "change", row)
        for position, citation in enumerate(change.sources):
            cited = {name: plain(value) if value else None for name, value in citation.as_json().items()}
            cited["evidence"] = cited["evidence"] or ""
            insert(db, "change_source", cited | {"change": change.id, "position": position})


def _since(change: Change) -> datetime:
    """Since when it is so: the date that the text states, unless that is of a plan; else that of the first source."""
    after = change.after or {}
    stated = None if after.get("status") == PLANS else start_of(after.get("when"))
    published = (start_of(citation.published) for citation in change.sources)
    return min(date for date in (change.detected_at, stated, *published) if date is not None)


def changes_of(db: Database, alert_id: str) -> tuple[Change, ...]:
    """The changes that an alert tells of, in its order."""
    rows = select(
        db,
        """
        SELECT change.* FROM alert_change JOIN change ON change.id = alert_change.change
        WHERE alert_change.alert = :alert ORDER BY alert_change.position
        """,
        {"alert": alert_id},
    )
    return tuple(_change(db, row) for row in rows)


def _change(db: Database, row: Mapping[str, Any]) -> Change:
    return Change(
        id=row["id"],
        detected_at=moment(row["detected_at"]),
        brand=row["brand"],
        kind=row["kind"],
        change=ChangeKind(row["change"]),
        subject=row["subject"],
        before=json.loads(row["before"]) if row["before"] else None,
        after=json.loads(row["after"]) if row["after"] else None,
        text=row["text"],
        rule=row["rule"],
        sources=citations(db, row["id"]),
        silence=row["silence"],
    )


def citations(db: Database, change_id: str) -> tuple[Citation, ...]:
    """The sources that a change cites, the one that brought it first."""
    rows = select(
        db,
        """
        SELECT url, title, published, authority, outlet, evidence FROM change_source
        WHERE change = :change ORDER BY position
        """,
        {"change": change_id},
    )
    return tuple(Citation(**row | {"authority": Authority(row["authority"])}) for row in rows)
