"""How each channel is, what people have silenced, and when set tasks were last done: the rows beside the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from monitor.history.rows import insert, select
from monitor.history.storable import moment, moment_or_none, plain, plain_or_none, utc_or_none
from monitor.models import Health, Silence, utc_text


def sync(db: Database, channels: Mapping[str, str]) -> None:
    """Makes these the known channels: name -> a hash of the settings. One with other settings starts afresh."""
    for (name,) in db.execute("SELECT name FROM channel").fetchall():
        if name not in channels:
            db.execute("DELETE FROM channel WHERE name = ?", [name])
    for name, config in channels.items():
        db.execute(
            """
            INSERT INTO channel (name, config) VALUES (:name, :config)
            ON CONFLICT (name) DO UPDATE SET config = excluded.config, failures = 0, failing_since = NULL,
                resting_until = NULL, disabled_at = NULL, reason = NULL, told = 0
            WHERE config <> excluded.config
            """,
            {"name": plain(name), "config": config},
        )


def health(db: Database, name: str) -> Health:
    rows = select(db, "SELECT * FROM channel WHERE name = :name", {"name": plain(name)})
    if not rows:
        return Health()
    (row,) = rows
    return Health(
        failures=row["failures"],
        failing_since=moment_or_none(row["failing_since"]),
        resting_until=moment_or_none(row["resting_until"]),
        disabled_at=moment_or_none(row["disabled_at"]),
        reason=row["reason"],
        told=bool(row["told"]),
    )


def put_health(db: Database, name: str, now_so: Health) -> None:
    """Writes down how a channel is, if it is a known one."""
    db.execute(
        """
        UPDATE channel SET failures = :failures, failing_since = :failing_since, resting_until = :resting_until,
            disabled_at = :disabled_at, reason = :reason, told = :told
        WHERE name = :name
        """,
        {
            "name": plain(name),
            "failures": now_so.failures,
            "failing_since": utc_or_none(now_so.failing_since),
            "resting_until": utc_or_none(now_so.resting_until),
            "disabled_at": utc_or_none(now_so.disabled_at),
            "reason": plain_or_none(now_so.reason),
            "told": now_so.told,
        },
    )


def silences(db: Database, now: datetime) -> tuple[Silence, ...]:
    """The silences that are in force, oldest first."""
    rows = select(
        db,
        "SELECT id, until, brand, kind, channel, note FROM silence WHERE until > :now ORDER BY id",
        {"now": utc_text(now)},
    )
    return tuple(Silence(**row | {"until": moment(row["until"])}) for row in rows)


def add_silence(db: Database, silence: Silence, now: datetime) -> int:
    """Stores a silence. Returns its id; the one it has says nothing."""
    row = {"added_at": utc_text(now), "until": utc_text(silence.until), "kind": silence.kind}
    named = {"brand": silence.brand, "channel": silence.channel, "note": silence.note}
    return insert(db, "silence", row | {name: plain_or_none(value) for name, value in named.items()})


def end_silence(db: Database, silence_id: int, now: datetime) -> bool:
    """Ends a silence now. Says whether there was such a one in force."""
    ended = db.execute(
        "UPDATE silence SET until = :now WHERE id = :id AND until > :now", {"id": silence_id, "now": utc_text(now)}
    )
    return bool(ended.rowcount)


def last_done(db: Database, task: str) -> datetime | None:
    found = db.execute("SELECT done_at FROM task WHERE name = ?", [task]).fetchone()
    return moment(found[0]) if found else None


def put_done(db: Database, task: str, now: datetime) -> None:
    db.execute("INSERT OR REPLACE INTO task (name, done_at) VALUES (?, ?)", [task, utc_text(now)])
