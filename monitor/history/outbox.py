"""The outbox: messages that wait, who is sending them, what became of them.

    queue ─► pending ─► taken up under a lease ─► sent
                 ▲               │                failed    the other side will never take it
                 └── retry, or ──┘                dropped   its channel or recipient is gone from the config
                     the lease ran out

A message is written in the transaction that wrote its changes, so it is never lost; the lease is taken by one UPDATE,
so two senders never have the same one. A sender that dies may have sent it: it goes out again, under the same id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.history.beliefs import changes_of
from monitor.history.health import notices_of
from monitor.history.rows import insert
from monitor.history.storable import moment, plain, utc_or_none
from monitor.models import Alert, Answer, Change, Delivery, Notice, utc_text

Claimed = tuple[Alert, tuple[Change, ...] | tuple[Notice, ...]]
"""A message with all that it tells of."""

_TAKE = """
UPDATE alert SET leased_until = :until, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM alert
    WHERE channel = :channel AND status = 'pending' AND not_before <= :now
        AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY seq LIMIT :limit
)
RETURNING seq, id, channel, recipient, rule, digest, not_before, attempts
"""


def queue(db: Database, alerts: Iterable[Alert], now: datetime) -> None:
    """Adds messages. One that is there already is left as it is; a digest gathers its changes in one row."""
    for alert in alerts:
        row_id = _open_row(db, alert) if alert.digest else plain(alert.id)
        if db.execute("SELECT 1 FROM alert WHERE id = ?", [row_id]).fetchone() is None:
            _add(db, alert, row_id, now)
        elif not alert.digest:
            continue
        _tell(db, row_id, "change", alert.changes)
        _tell(db, row_id, "notice", alert.notices)


def _tell(db: Database, row_id: str, what: str, ids: Sequence[str]) -> None:
    """Adds changes or notices to what a message tells of."""
    (next_position,) = db.execute(
        f"SELECT coalesce(max(position) + 1, 0) FROM alert_{what} WHERE alert = ?",  # noqa: S608
        [row_id],
    ).fetchone()
    db.conn.executemany(
        f"INSERT OR IGNORE INTO alert_{what} (alert, {what}, position) VALUES (?, ?, ?)",  # noqa: S608
        [(row_id, one, position) for position, one in enumerate(ids, next_position)],
    )


def _add(db: Database, alert: Alert, row_id: str, now: datetime) -> None:
    row = {
        "id": row_id,
        "channel": plain(alert.channel),
        "recipient": plain(alert.recipient),
        "rule": plain(alert.rule),
        "digest": alert.digest,
        "status": "pending",
        "queued_at": utc_text(now),
        "not_before": utc_text(alert.not_before),
    }
    insert(db, "alert", row)


def _open_row(db: Database, alert: Alert) -> str:
    """The id under which a digest still gathers.

    A row that was ever taken up gathers no more: the other side may have that message already, and would take a longer
    one under the same id for a repeat.
    """
    wanted, place = plain(alert.id), 1
    while True:
        row_id = wanted if place == 1 else f"{wanted}-{place}"
        found = db.execute("SELECT status = 'pending' AND attempts = 0 FROM alert WHERE id = ?", [row_id]).fetchone()
        if found is None or found[0]:
            return row_id
        place += 1


def claim(db: Database, channel: str, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Takes up to `limit` messages of a channel to send, oldest first, until the lease runs out."""
    values = {"channel": channel, "now": utc_text(now), "until": utc_text(now + lease), "limit": limit}
    claimed = []
    for _, row_id, name, recipient, rule, digest, not_before, attempts in sorted(db.execute(_TAKE, values).fetchall()):
        changes, notices = changes_of(db, row_id), notices_of(db, row_id)
        alert = Alert(
            id=row_id,
            channel=name,
            recipient=recipient,
            rule=rule,
            digest=bool(digest),
            changes=tuple(change.id for change in changes),
            notices=tuple(notice.id for notice in notices),
            not_before=moment(not_before),
            attempts=attempts - 1,  # before this one
        )
        claimed.append((alert, notices or changes))
    return claimed


def settle(db: Database, alert_id: str, delivery: Delivery, now: datetime, next_attempt: datetime | None) -> None:
    """Writes down an attempt. Without a next one, what was not sent has failed for good.

    A sender whose lease ran out may be late: its success counts, but it takes no other sender's success back.
    """
    detail = plain(delivery.detail)
    insert(
        db,
        "attempt",
        {"alert": alert_id, "attempted_at": utc_text(now), "answer": str(delivery.answer), "detail": detail},
    )
    values = {"id": alert_id, "now": utc_text(now), "next": utc_or_none(next_attempt), "reason": detail}
    if delivery.answer is Answer.SENT:
        db.execute(
            """
            UPDATE alert SET status = 'sent', reason = NULL, leased_until = NULL, settled_at = :now
            WHERE id = :id AND status <> 'sent'
            """,
            values,
        )
    elif delivery.answer is Answer.RETRY and next_attempt is not None:
        db.execute(
            "UPDATE alert SET not_before = :next, leased_until = NULL WHERE id = :id AND status = 'pending'", values
        )
    else:
        db.execute(
            """
            UPDATE alert SET status = 'failed', reason = :reason, leased_until = NULL, settled_at = :now
            WHERE id = :id AND status = 'pending'
            """,
            values,
        )


def drop_outside(db: Database, channels: Mapping[str, Collection[str]], now: datetime) -> int:
    """Drops what waits for channels and recipients that are no longer configured. Returns how many messages."""
    waiting = db.execute("SELECT DISTINCT channel, recipient FROM alert WHERE status = 'pending'").fetchall()
    dropped = 0
    for channel, recipient in waiting:
        if channel not in channels:
            reason = f"the channel {channel} is no longer configured"
        elif recipient not in channels[channel]:
            reason = f"the channel {channel} no longer has the recipient {recipient}"
        else:
            continue
        dropped += db.execute(
            """
            UPDATE alert SET status = 'dropped', reason = ?, leased_until = NULL, settled_at = ?
            WHERE status = 'pending' AND channel = ? AND recipient = ?
            """,
            [reason, utc_text(now), channel, recipient],
        ).rowcount
    return dropped
