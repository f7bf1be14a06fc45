"""The outbox: messages that wait, who is sending them, what became of them.

    queue ─► gathers ─► pending ─► taken up under a lease ─► sent
                           ▲               │                failed    the other side will never take it
                           ├── retry, or ──┤                dropped   its channel is gone, or by a person
                           │ the lease ran out
                           └── not tried ──┘                silenced  never pending: somebody asked for silence

A message is written in the transaction that wrote its changes, so it is never lost; the lease is taken by one UPDATE,
so two senders never have the same one. A sender that dies may have sent it: it goes out again, under the same id.
From the first attempt on a message takes up no more changes: the other side may have it already, and would take a
longer one under the same id for a repeat.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.errors import UsageError
from monitor.history.beliefs import changes_of
from monitor.history.rows import insert, select
from monitor.history.storable import moment, plain, to_json, utc_or_none
from monitor.models import Alert, Answer, Change, Delivery, Notice, utc_text

Claimed = tuple[Alert, tuple[Change, ...]]

STORM = 20
"""How many messages to one recipient may wait to go out together; more are one message."""

STORM_WINDOW = timedelta(minutes=5)
"""How long such a message takes up what else there is to tell."""

STORM_RULE = f"more than {STORM} messages at once are one"

_TAKE = """
UPDATE alert SET leased_until = :until, tried_since = coalesce(tried_since, :now), gathers = NULL
WHERE id IN (
    SELECT id FROM alert
    WHERE channel = :channel AND status = 'pending' AND (not_before <= :now OR (:again AND tried_since IS NOT NULL))
        AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY seq LIMIT :limit
)
RETURNING seq, id, channel, recipient, rule, digest, not_before, attempts, notice, tried_since,
    EXISTS (SELECT 1 FROM attempt WHERE attempt.alert = alert.id AND attempt.answer = 'unanswered')
"""

_KNOWN = """
SELECT 1 FROM alert_change JOIN alert ON alert.id = alert_change.alert
WHERE alert_change.change = :change AND alert.channel = :channel AND alert.recipient = :recipient
"""

_OPEN = """
SELECT id FROM alert
WHERE channel = :channel AND recipient = :recipient AND gathers = :gathers AND status = 'pending'
"""

# What was never tried and goes out soon, or at one later moment (the end of quiet hours). A digest is one already.
_TOGETHER = """
SELECT id, gathers = 'storm' AS storm, not_before, iif(not_before <= :soon, NULL, not_before) AS later FROM alert
WHERE channel = :channel AND recipient = :recipient AND status = 'pending' AND tried_since IS NULL AND notice IS NULL
    AND (NOT digest OR gathers = 'storm') AND (not_before > :soon OR queued_at > :lately)
ORDER BY seq
"""


def queue(db: Database, alerts: Iterable[Alert], now: datetime) -> None:
    """Adds messages. What gathers joins the message of its key; nobody is told of a change twice."""
    touched: dict[tuple[str, str], None] = {}
    for alert in alerts:
        to = {"channel": plain(alert.channel), "recipient": plain(alert.recipient)}
        fresh = [change for change in alert.changes if not db.execute(_KNOWN, to | {"change": change}).fetchone()]
        if fresh:
            _put_changes(db, _open_row(db, alert) or _add(db, alert, now), fresh)
            touched[to["channel"], to["recipient"]] = None
        elif alert.notice and not db.execute("SELECT 1 FROM alert WHERE id = ?", [plain(alert.id)]).fetchone():
            gathering = _open_row(db, alert)
            if gathering:
                _put_notice(db, gathering, alert.notice)
            else:
                _add(db, alert, now)
    for channel, recipient in touched:
        _calm(db, channel, recipient, now)


def _open_row(db: Database, alert: Alert) -> str | None:
    """The message that still gathers under the alert's key."""
    if alert.gathers is None:
        return None
    to = {"channel": plain(alert.channel), "recipient": plain(alert.recipient), "gathers": plain(alert.gathers)}
    found = db.execute(_OPEN, to).fetchone()
    return found[0] if found else None


def _add(db: Database, alert: Alert, now: datetime) -> str:
    row_id = plain(alert.id)
    row = {
        "id": row_id,
        "channel": plain(alert.channel),
        "recipient": plain(alert.recipient),
        "rule": plain(alert.rule),
        "digest": alert.digest,
        "status": "silenced" if alert.silenced else "pending",
        "reason": plain(alert.silenced) if alert.silenced else None,
        "queued_at": utc_text(now),
        "not_before": utc_text(alert.not_before),
        "settled_at": utc_text(now) if alert.silenced else None,
        "gathers": plain(alert.gathers) if alert.gathers else None,
        "notice": to_json(asdict(alert.notice)) if alert.notice else None,
    }
    insert(db, "alert", row)
    return row_id


def _put_notice(db: Database, row_id: str, notice: Notice) -> None:
    (stored,) = db.execute("SELECT notice FROM alert WHERE id = ?", [row_id]).fetchone()
    together = to_json(asdict(_notice(stored).gathered(notice)))
    db.execute("UPDATE alert SET notice = ? WHERE id = ?", [together, row_id])


def _put_changes(db: Database, row_id: str, changes: Iterable[str]) -> None:
    (next_position,) = db.execute(
        "SELECT coalesce(max(position) + 1, 0) FROM alert_change WHERE alert = ?", [row_id]
    ).fetchone()
    db.conn.executemany(
        "INSERT OR IGNORE INTO alert_change (alert, change, position) VALUES (?, ?, ?)",
        [(row_id, change, position) for position, change in enumerate(changes, next_position)],
    )


def _calm(db: Database, channel: str, recipient: str, now: datetime) -> None:
    """Makes one message of those that would go out together, when they are too many or a storm has begun."""
    soon = now + STORM_WINDOW
    values = {"channel": channel, "recipient": recipient}
    values |= {"soon": utc_text(soon), "lately": utc_text(now - STORM_WINDOW)}
    together: dict[str | None, list[Mapping[str, str]]] = {}
    for row in select(db, _TOGETHER, values):
        together.setdefault(row["later"], []).append(row)
    for later, rows in together.items():
        storm = next((row for row in rows if row["storm"]), None)
        if len(rows) > STORM or (storm and len(rows) > 1):
            until = storm["not_before"] if storm else later or utc_text(soon)
            _merge(db, [storm["id"]] if storm else [], [row["id"] for row in rows], until)


def _merge(db: Database, storm: list[str], rows: list[str], until: str) -> None:
    """Moves the changes of these messages, none of which was ever tried, to the storm's or the first of them."""
    kept, *others = dict.fromkeys([*storm, *rows])
    db.execute(
        "UPDATE alert SET gathers = 'storm', digest = 1, rule = ?, not_before = ? WHERE id = ?",
        [STORM_RULE, until, kept],
    )
    for other in others:
        moved = db.execute("SELECT change FROM alert_change WHERE alert = ? ORDER BY position", [other]).fetchall()
        _put_changes(db, kept, [change for (change,) in moved])
        db.execute("DELETE FROM alert WHERE id = ?", [other])


def close_groups(db: Database, now: datetime, until: datetime) -> None:
    """What waits for more of its kind, no longer than `until`, waits no more. Digests do."""
    db.execute(
        """
        UPDATE alert SET not_before = :now
        WHERE gathers IS NOT NULL AND status = 'pending' AND not_before > :now AND not_before <= :until
            AND (NOT digest OR gathers = 'storm')
        """,
        {"now": utc_text(now), "until": utc_text(until)},
    )


def claim(
    db: Database, channel: str, now: datetime, lease: timedelta, limit: int, *, again: bool = False
) -> list[Claimed]:
    """Takes up to `limit` messages of a channel to send, oldest first, until the lease runs out.

    `again`: also those whose next attempt is later, so that none that is newer goes before them.
    """
    values = {"channel": channel, "now": utc_text(now), "until": utc_text(now + lease), "limit": limit, "again": again}
    claimed = []
    for _, row_id, name, recipient, rule, digest, not_before, attempts, notice, tried, unanswered in sorted(
        db.execute(_TAKE, values).fetchall()
    ):
        changes = changes_of(db, row_id)
        alert = Alert(
            id=row_id,
            channel=name,
            recipient=recipient,
            rule=rule,
            digest=bool(digest),
            changes=tuple(change.id for change in changes),
            not_before=moment(not_before),
            attempts=attempts,
            notice=_notice(notice) if notice else None,
            tried_since=moment(tried),
            unanswered=bool(unanswered),
        )
        claimed.append((alert, changes))
    return claimed


def _notice(stored: str) -> Notice:
    found = json.loads(stored)
    return Notice(**found | {"lines": tuple(found["lines"]), "sources": tuple(found["sources"])})


def release(db: Database, alert_ids: Iterable[str], until: datetime | None = None) -> None:
    """Gives back what was taken up and not tried; with `until`, it waits until then."""
    db.conn.executemany(
        """
        UPDATE alert SET leased_until = NULL, tried_since = iif(attempts = 0, NULL, tried_since),
            not_before = coalesce(:until, not_before)
        WHERE id = :id AND status = 'pending'
        """,
        [{"id": alert_id, "until": utc_or_none(until)} for alert_id in alert_ids],
    )


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
    db.execute("UPDATE alert SET attempts = attempts + 1 WHERE id = :id", values)
    if delivery.answer is Answer.SENT:
        db.execute(
            """
            UPDATE alert SET status = 'sent', reason = NULL, leased_until = NULL, settled_at = :now
            WHERE id = :id AND status <> 'sent'
            """,
            values,
        )
    elif next_attempt is not None:
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


def waits(db: Database, until: datetime) -> bool:
    """Whether a message is to be tried until then."""
    due = "SELECT 1 FROM alert WHERE status = 'pending' AND not_before <= ? LIMIT 1"
    return db.execute(due, [utc_text(until)]).fetchone() is not None


def retry_at_once(db: Database, channel: str, since: datetime, now: datetime) -> None:
    """Makes what a channel in trouble has kept waiting due: it works again. Not what was tried since then: that has
    failed beside one that was taken, and waits for its own next attempt."""
    db.execute(
        """
        UPDATE alert SET not_before = :now
        WHERE channel = :channel AND status = 'pending' AND tried_since IS NOT NULL
            AND not_before > :now AND leased_until IS NULL
            AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.alert = alert.id AND attempt.attempted_at >= :since)
        """,
        {"channel": channel, "since": utc_text(since), "now": utc_text(now)},
    )


def chosen(db: Database, beginnings: Iterable[str]) -> list[str]:
    """The ids of the messages whose ids begin so. Raises UsageError for one that names none or several."""
    found = []
    for text in beginnings:
        rows = db.execute("SELECT id FROM alert WHERE substr(id, 1, length(?)) = ? LIMIT 2", [text, text]).fetchall()
        if not rows or not text:
            raise UsageError(f"no message has the id {text!r}; `brand-monitor alerts` lists them")
        if len(rows) > 1:
            raise UsageError(f"more than one message has an id that starts with {text!r}; write more of it")
        found.append(rows[0][0])
    return found


def retry(db: Database, alert_ids: Iterable[str], now: datetime) -> list[str]:
    """Lets messages that were not sent go out at once, with all their attempts before them again. Returns which.

    Their channels are tried again, also those that rest or wanted no more.
    """
    changed = _changed(
        db,
        """
        UPDATE alert SET status = 'pending', reason = NULL, settled_at = NULL, not_before = :now, attempts = 0,
            tried_since = NULL
        WHERE id = :id AND status <> 'sent' AND (leased_until IS NULL OR leased_until <= :now)
        """,
        alert_ids,
        {"now": utc_text(now)},
    )
    db.conn.executemany(
        """
        UPDATE channel SET resting_until = NULL, disabled_at = NULL
        WHERE name = (SELECT channel FROM alert WHERE id = ?)
        """,
        [(alert_id,) for alert_id in changed],
    )
    return changed


def drop(db: Database, alert_ids: Iterable[str], reason: str, now: datetime) -> list[str]:
    """Drops messages that wait or have failed. Returns which."""
    return _changed(
        db,
        """
        UPDATE alert SET status = 'dropped', reason = :reason, settled_at = :now, leased_until = NULL, gathers = NULL
        WHERE id = :id AND status IN ('pending', 'failed') AND (leased_until IS NULL OR leased_until <= :now)
        """,
        alert_ids,
        {"now": utc_text(now), "reason": plain(reason)},
    )


def _changed(db: Database, sql: str, alert_ids: Iterable[str], values: Mapping[str, str]) -> list[str]:
    return [alert_id for alert_id in alert_ids if db.execute(sql, {**values, "id": alert_id}).rowcount]


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
            UPDATE alert SET status = 'dropped', reason = ?, leased_until = NULL, settled_at = ?, gathers = NULL
            WHERE status = 'pending' AND channel = ? AND recipient = ?
            """,
            [reason, utc_text(now), channel, recipient],
        ).rowcount
    return dropped
