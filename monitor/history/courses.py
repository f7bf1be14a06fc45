"""The courses of subjects, in both senses of time: since when a value holds, and from when until when we had it so.

A step that other claims have overtaken is ended, never edited: what the monitor had on an earlier day can be asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from monitor.history.rows import insert, select
from monitor.history.storable import plain, plain_or_none
from monitor.models import State, Step, Subject, utc_text

Key = tuple[Any, ...]

_KEPT = """
SELECT id, aspect, since, position, change, before_value, after_value, value, disputed, text, rule, fact FROM step
WHERE brand = :brand AND kind = :kind AND subject = :subject AND known_until IS NULL
"""


def put(db: Database, state: State, now: datetime) -> None:
    """Makes a subject's course what it is now, touching only steps that differ."""
    subject = {"brand": plain(state.subject.brand), "kind": state.subject.kind, "subject": plain(state.subject.name)}
    kept = {_key(row): row["id"] for row in select(db, _KEPT, subject)}
    wanted = {_key(row): (row, step) for row, step in _rows(state)}
    db.conn.executemany(
        "UPDATE step SET known_until = ? WHERE id = ?",
        [(utc_text(now), id_) for key, id_ in kept.items() if key not in wanted],
    )
    for key, (row, step) in wanted.items():
        if key not in kept:
            added = insert(db, "step", subject | row | {"known_from": utc_text(now)})
            db.conn.executemany(
                "INSERT INTO step_claim (step, position, fact) VALUES (?, ?, ?)",
                [(added, place, fact) for place, fact in enumerate(step.cited)],
            )


def end(db: Database, subject: Subject, now: datetime) -> None:
    """Ends a subject's course: from now on nothing is known of it."""
    db.execute(
        """
        UPDATE step SET known_until = :now
        WHERE brand = :brand AND kind = :kind AND subject = :subject AND known_until IS NULL
        """,
        {"brand": plain(subject.brand), "kind": subject.kind, "subject": plain(subject.name), "now": utc_text(now)},
    )


def _rows(state: State) -> list[tuple[dict[str, Any], Step]]:
    """A row for each step, with its place among those of one moment and one attribute."""
    places: dict[tuple[str | None, datetime], int] = {}
    found = []
    for step in state.course:
        place = places[step.aspect, step.since] = places.get((step.aspect, step.since), -1) + 1
        row = {
            "aspect": step.aspect,
            "since": utc_text(step.since),
            "position": place,
            "change": str(step.change),
            "before_value": plain_or_none(step.before),
            "after_value": plain(step.after),
            "value": plain(step.value),
            "disputed": step.disputed,
            "text": plain(step.text),
            "rule": plain(step.rule),
            "fact": step.fact,
        }
        found.append((row, step))
    return found


def _key(row: dict[str, Any]) -> Key:
    return tuple(value for name, value in row.items() if name != "id")
