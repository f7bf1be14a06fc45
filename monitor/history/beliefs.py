"""What is believed of each subject, and the steps by which that moved. Decides nothing: reconciling does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from monitor.history import courses
from monitor.history.claims import Revive
from monitor.history.rows import insert, select
from monitor.history.storable import moment, plain, plain_or_none, start_of, to_json, utc_or_none
from monitor.models import Authority, Change, ChangeKind, Citation, Past, Standing, State, Subject, utc_text

PLANS = "planned"

REMEMBERED = 50
"""How many changes of one subject `past` goes back."""

CITED = ("url", "title", "published", "authority", "outlet", "evidence", "standing")
"""What is kept of a citation with its change; the rest follows from the document."""

_PUT = """
INSERT INTO belief (brand, kind, subject, fact, value, rule, since, updated_at, attributes, due, independent,
    syndicated, sponsored)
VALUES (:brand, :kind, :subject, :fact, :value, :rule, :now, :now, :attributes, :due, :independent, :syndicated,
    :sponsored)
ON CONFLICT (brand, kind, subject) DO UPDATE SET
    fact = excluded.fact, value = excluded.value, rule = excluded.rule, updated_at = excluded.updated_at,
    attributes = excluded.attributes, due = excluded.due, independent = excluded.independent,
    syndicated = excluded.syndicated, sponsored = excluded.sponsored,
    since = iif(value = excluded.value, since, excluded.since)
RETURNING id
"""


def forget(db: Database, subject: Subject, now: datetime) -> None:
    """Believes nothing of a subject any more: no claim about it is left."""
    values = {"brand": plain(subject.brand), "kind": subject.kind, "subject": plain(subject.name)}
    db.execute("DELETE FROM belief WHERE brand = :brand AND kind = :kind AND subject = :subject", values)
    courses.end(db, subject, now)


def put(db: Database, states: Iterable[State], now: datetime) -> None:
    """Writes down what is believed now; of each subject there is one belief."""
    for state in states:
        counts = Counter(state.standings.get(claim.id, Standing.INDEPENDENT) for claim in state.supports)
        row = {
            "brand": plain(state.subject.brand),
            "kind": state.subject.kind,
            "subject": plain(state.subject.name),
            "fact": state.believed.id,
            "value": plain(state.believed.fact.value),
            "rule": plain(state.rule),
            "attributes": to_json(state.gathered or state.believed.fact.as_json()),
            "due": utc_or_none(state.due),
            "independent": counts[Standing.INDEPENDENT],
            "syndicated": counts[Standing.SYNDICATED],
            "sponsored": counts[Standing.SPONSORED],
            "now": utc_text(now),
        }
        ((belief,),) = db.execute(_PUT, row).fetchall()
        _put_claims(db, belief, state)
        _put_aspects(db, belief, state)
        courses.put(db, state, now)


def _put_claims(db: Database, belief: int, state: State) -> None:
    """Brings the claims for and against a belief up to date, touching only rows that differ."""
    roles = {claim.id: "supports" for claim in state.supports} | {claim.id: "rivals" for claim in state.rivals}
    standing = state.standings
    wanted = {(fact, role, str(standing.get(fact, Standing.INDEPENDENT))) for fact, role in roles.items()}
    kept = set(db.execute("SELECT fact, role, standing FROM belief_claim WHERE belief = ?", [belief]).fetchall())
    db.conn.executemany(
        "DELETE FROM belief_claim WHERE belief = ? AND fact = ?", [(belief, fact) for fact, _, _ in kept - wanted]
    )
    db.conn.executemany(
        "INSERT INTO belief_claim (belief, fact, role, standing) VALUES (?, ?, ?, ?)",
        [(belief, *row) for row in sorted(wanted - kept)],
    )


def _put_aspects(db: Database, belief: int, state: State) -> None:
    """Brings what is believed of attributes up to date, and what is held against it."""
    aspects = {(str(one.aspect), plain(one.believed.fact.value), one.believed.id, one.rule) for one in state.aspects}
    rivals = {(str(one.aspect), rival.id, plain(rival.fact.value)) for one in state.aspects for rival in one.rivals}
    _replace(db, "aspect", ("name", "value", "fact", "rule"), belief, aspects)
    _replace(db, "aspect_rival", ("name", "fact", "value"), belief, rivals)


def _replace(db: Database, table: str, columns: tuple[str, ...], belief: int, wanted: set[tuple[Any, ...]]) -> None:
    """Makes the rows of a belief these. Names of tables and columns are the program's own."""
    listed = ", ".join(columns)
    kept = set(db.execute(f"SELECT {listed} FROM {table} WHERE belief = ?", [belief]).fetchall())  # noqa: S608
    if kept == wanted:
        return
    db.execute(f"DELETE FROM {table} WHERE belief = ?", [belief])  # noqa: S608
    holes = ", ".join("?" * (len(columns) + 1))
    rows = [(belief, *row) for row in sorted(wanted)]
    db.conn.executemany(f"INSERT INTO {table} (belief, {listed}) VALUES ({holes})", rows)  # noqa: S608


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
            "before_value": _value(change.before_value, change.before, revive),
            "after_value": _value(change.after_value, change.after, revive),
            "before": to_json(change.before) if change.before else None,
            "after": to_json(change.after) if change.after else None,
            "text": plain(change.text),
            "rule": plain(change.rule),
            "silence": plain_or_none(change.silence),
            "aspect": change.aspect,
            "plan": change.plan,
            "independent": change.independent,
            "syndicated": change.syndicated,
            "sponsored": change.sponsored,
        }
        insert(db, "change", row)
        for position, citation in enumerate(change.sources):
            said = citation.as_json()
            cited = {name: plain(said[name]) if said[name] else None for name in CITED}
            cited["evidence"] = cited["evidence"] or ""
            insert(db, "change_source", cited | {"change": change.id, "position": position})


def _value(given: str | None, fact: Mapping[str, Any] | None, revive: Revive) -> str | None:
    if fact is None:
        return None
    return plain(given if given is not None else revive(fact).value)


def past(db: Database, subjects: Iterable[Subject]) -> dict[Subject, tuple[Past, ...]]:
    """The latest changes of each subject, oldest first."""
    found = {}
    for subject in subjects:
        rows = db.execute(
            """
            SELECT detected_at, aspect, before_value, after_value, change FROM change
            WHERE brand = ? AND kind = ? AND subject = ? ORDER BY seq DESC LIMIT ?
            """,
            [subject.brand, subject.kind, subject.name, REMEMBERED],
        ).fetchall()
        found[subject] = tuple(
            Past(detected_at=moment(at), aspect=aspect, before=before, after=after, change=ChangeKind(change))
            for at, aspect, before, after, change in reversed(rows)
        )
    return found


_FLAPPED = """
SELECT * FROM change AS last WHERE silence = 'flapping' AND detected_at <= :before AND NOT EXISTS (
    SELECT 1 FROM change AS later
    WHERE later.brand = last.brand AND later.kind = last.kind AND later.subject = last.subject
        AND later.aspect IS last.aspect AND later.seq > last.seq
)
ORDER BY seq
"""

_TOLD = """
SELECT * FROM change
WHERE brand = :brand AND kind = :kind AND subject = :subject AND aspect IS :aspect AND silence IS NULL
ORDER BY seq DESC LIMIT 1
"""


def flapped(db: Database, before: datetime) -> list[tuple[Change, Change]]:
    """Where a value has not moved since a day, and its last move was silent as flapping: what was told last, and that
    move."""
    found = []
    for row in select(db, _FLAPPED, {"before": utc_text(before)}):
        named = {name: row[name] for name in ("brand", "kind", "subject", "aspect")}
        found += [(_change(db, told), _change(db, row)) for told in select(db, _TOLD, named)]
    return found


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


def changes_since(db: Database, since: datetime) -> tuple[Change, ...]:
    """The changes that were recorded since then, oldest first."""
    rows = select(db, "SELECT * FROM change WHERE detected_at >= :since ORDER BY seq", {"since": utc_text(since)})
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
        aspect=row["aspect"],
        plan=row["plan"],
        before_value=row["before_value"],
        after_value=row["after_value"],
        independent=row["independent"],
        syndicated=row["syndicated"],
        sponsored=row["sponsored"],
    )


def citations(db: Database, change_id: str) -> tuple[Citation, ...]:
    """The sources that a change cites, the one that brought it first."""
    rows = select(
        db,
        """
        SELECT cited.url, cited.title, cited.published, cited.authority, cited.outlet, cited.evidence, cited.standing,
            coalesce(document.source, '') AS source, document.language
        FROM change_source AS cited
        LEFT JOIN document ON document.url = cited.url
            AND document.version = (SELECT max(d.version) FROM document AS d WHERE d.url = cited.url)
        WHERE cited.change = :change ORDER BY cited.position
        """,
        {"change": change_id},
    )
    return tuple(
        Citation(**row | {"authority": Authority(row["authority"]), "standing": Standing(row["standing"])})
        for row in rows
    )
