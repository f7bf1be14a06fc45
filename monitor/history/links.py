"""The articles that sources point to: which are known, which wait to be read, when a failed one is tried again.

waiting ─► waiting               its host asked for a pause: no attempt, it was not refused
        ─► read                  a reading was good
        ─► failed                it failed too often
        ─► skipped               older than the watch: far down the index at the first good check
read, failed, skipped ─► waiting when the index marks another version, behind those that wait for the first time
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from monitor.history.storable import plain, plain_or_none
from monitor.models import Link, Observation, Outcome, Reading, utc_text

KNOWN = 20_000
"""How many links of a source `observe` is told of, the newest."""

HANDED_OUT = 50
"""How many waiting links one check is given: of those that were never read, and of those to be read again."""

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=24)

PATIENCE = 6
"""Failed attempts after which a link is given up."""

NO_PATIENCE = {Outcome.GONE_FOR_GOOD}
SHORT_PATIENCE = 3
UNLIKELY_TO_MEND = {
    Outcome.GONE,
    Outcome.ROBOTS,
    Outcome.SUSPECT,
    Outcome.FORBIDDEN_ADDRESS,
    Outcome.TOO_LARGE,
    Outcome.DECODE_ERROR,
    Outcome.PARSE_ERROR,
}

_ADD = """
INSERT INTO link (source, url, title, published, mark, language, text, state, baseline, found_at, settled_at)
VALUES (:source, :url, :title, :published, :mark, :language, :text, :state, :baseline, :now,
        iif(:state = 'waiting', NULL, :now))
"""

_UPDATE = """
UPDATE link SET
    attempts = iif(state = 'waiting', attempts, 0), not_before = iif(state = 'waiting', not_before, NULL),
    state = 'waiting', title = :title, published = :published, mark = :mark, language = :language, text = :text
WHERE source = :source AND url = :url
"""

_MARK = "UPDATE link SET mark = :mark WHERE source = :source AND url = :url"


@dataclass(frozen=True, slots=True)
class Found:
    """A link that is known."""

    id: int
    baseline: bool
    """The source's first good check found it."""


def find(db: Database, source: str, url: str) -> Found | None:
    """The link of a source to an address."""
    row = db.execute("SELECT id, baseline FROM link WHERE source = ? AND url = ?", [source, plain(url)]).fetchone()
    return Found(row[0], bool(row[1])) if row else None


def add(db: Database, observation: Observation, baseline: bool, now: str) -> int:
    """Stores what the index points to. Returns how many links are new."""
    found = {link.url: link for link in (*(reading.link for reading in observation.readings), *observation.links)}
    new = sum(_add_one(db, observation.source, link, baseline, False, now) for link in found.values())
    return new + sum(_add_one(db, observation.source, link, baseline, True, now) for link in observation.skipped)


def _add_one(db: Database, source: str, link: Link, baseline: bool, skip: bool, now: str) -> bool:
    values: dict[str, Any] = {
        "source": source,
        "url": plain(link.url),
        "title": plain_or_none(link.title),
        "published": plain_or_none(link.published),
        "mark": plain_or_none(link.updated),
        "language": plain_or_none(link.language),
        "text": None if skip else plain_or_none(link.text),
        "state": "skipped" if skip else "waiting",
        "baseline": baseline,
        "now": now,
    }
    known = db.execute("SELECT mark FROM link WHERE source = :source AND url = :url", values).fetchone()
    if known is None:
        db.execute(_ADD, values)
    elif link.updated and known[0] != values["mark"]:
        db.execute(_MARK if skip else _UPDATE, values)
    return known is None


def settle(db: Database, source: str, reading: Reading, now: datetime) -> None:
    """Writes down what became of reading a link."""
    values: dict[str, Any] = {"source": source, "url": plain(reading.link.url), "now": utc_text(now)}
    if reading.outcome.good:
        db.execute(
            """
            UPDATE link SET state = 'read', settled_at = :now, not_before = NULL, reason = NULL, text = NULL
            WHERE source = :source AND url = :url
            """,
            values,
        )
        return
    if reading.outcome is Outcome.RATE_LIMITED:
        values["not_before"] = utc_text(now + _wait(1, reading.retry_after))
        db.execute("UPDATE link SET not_before = :not_before WHERE source = :source AND url = :url", values)
        return
    (failed,) = db.execute("SELECT attempts FROM link WHERE source = :source AND url = :url", values).fetchone()
    attempts = failed + 1
    patience = SHORT_PATIENCE if reading.outcome in UNLIKELY_TO_MEND else PATIENCE
    patience = 1 if reading.outcome in NO_PATIENCE else patience
    values |= {
        "attempts": attempts,
        "over": attempts >= patience,
        "not_before": utc_text(now + _wait(attempts, reading.retry_after)),
        "reason": plain(f"{reading.outcome}: {reading.reason}" if reading.reason else str(reading.outcome)),
    }
    db.execute(
        """
        UPDATE link SET attempts = :attempts, reason = :reason, state = iif(:over, 'failed', 'waiting'),
            not_before = iif(:over, NULL, :not_before), settled_at = iif(:over, :now, settled_at),
            text = iif(:over, NULL, text)
        WHERE source = :source AND url = :url
        """,
        values,
    )


def _wait(attempts: int, asked: timedelta | None) -> timedelta:
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(max(FIRST_WAIT * doublings, asked or timedelta(0)), LONGEST_WAIT)


def waiting(db: Database, source: str, now: datetime, *, again: bool) -> tuple[Link, ...]:
    """The links to read at this check, besides new ones: those never settled, those never asked for before those that
    waited the longest, so that none that fails holds up the others; or, `again`, those that were settled and are marked
    as changed since, the longest settled first, so that each has its turn."""
    rows = db.execute(
        """
        SELECT url, title, published, mark, text, language FROM link
        WHERE source = ? AND state = 'waiting' AND (not_before IS NULL OR not_before <= ?)
            AND (settled_at IS NOT NULL) = ?
        ORDER BY settled_at, not_before, id LIMIT ?
        """,
        [source, utc_text(now), again, HANDED_OUT],
    )
    return tuple(
        Link(url=url, title=title, published=published, updated=mark, text=text, language=language)
        for url, title, published, mark, text, language in rows
    )


def known(db: Database, source: str) -> dict[str, str | None]:
    """The address and mark of the newest links of a source, whatever became of them."""
    rows = db.execute("SELECT url, mark FROM link WHERE source = ? ORDER BY id DESC LIMIT ?", [source, KNOWN])
    return dict(rows.fetchall())
