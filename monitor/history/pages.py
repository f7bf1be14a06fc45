"""The raw pages: compressed, named by the SHA-256 of their bytes, each kept once, dropped when they are old."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.history.storable import squeeze, unsqueeze
from monitor.models import Page, utc_text

_UNUSED = """
NOT EXISTS (SELECT 1 FROM document WHERE document.page = page.hash)
AND NOT EXISTS (SELECT 1 FROM source WHERE source.page = page.hash)
"""

_WITHOUT_TRACE = """
NOT EXISTS (SELECT 1 FROM document WHERE document.visit = visit.id)
AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.visit = visit.id)
AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.closed_by = visit.id)
AND NOT EXISTS (SELECT 1 FROM change WHERE change.visit = visit.id)
"""

FOLDED = 200
"""Sources whose checks are folded in one transaction: tenths of a second, in which nothing else is recorded."""

_DAYS = f"""
SELECT max(id) AS id, min(started_at) AS first, sum(times) AS times, sum(requests) AS requests FROM visit
WHERE source = :source AND started_at < :before AND outcome <> 'skipped' AND NOT baseline AND links = 0
    AND {_WITHOUT_TRACE}
GROUP BY substr(started_at, 1, 10), outcome, reason, listed HAVING count(*) > 1
"""  # noqa: S608 - made of constants, like the two below

_FOLD = f"""
UPDATE visit SET started_at = day.first, times = day.times, requests = day.requests FROM ({_DAYS}) AS day
WHERE visit.id = day.id RETURNING visit.id
"""  # noqa: S608

_FOLDED_AWAY = f"""
DELETE FROM visit WHERE source = :source AND id < :id AND outcome <> 'skipped' AND NOT baseline AND links = 0
    AND {_WITHOUT_TRACE}
    AND (substr(started_at, 1, 10), outcome, coalesce(reason, ''), coalesce(listed, -1)) = (
        SELECT substr(started_at, 1, 10), outcome, coalesce(reason, ''), coalesce(listed, -1) FROM visit WHERE id = :id
    )
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Swept:
    """How much housekeeping removed."""

    pages: int
    checks: int


def keep_page(db: Database, page: Page, now: str) -> str:
    """Stores the body of a page, if it is not there yet. Returns its name."""
    name = hashlib.sha256(page.content).hexdigest()
    if db.execute("SELECT 1 FROM page WHERE hash = ?", [name]).fetchone() is None:
        db.execute(
            "INSERT INTO page (hash, size, content, stored_at) VALUES (?, ?, ?, ?)",
            [name, len(page.content), squeeze(page.content), now],
        )
    return name


def forget_page(db: Database, name: str) -> None:
    """Removes the body of a page unless a document or a source still points to it."""
    db.execute(f"DELETE FROM page WHERE hash = ? AND {_UNUSED}", [name])  # noqa: S608 - a constant


def content_of(db: Database, name: str) -> bytes | None:
    """The body of a page, as it was fetched; None when it is not kept."""
    row = db.execute("SELECT content FROM page WHERE hash = ?", [name]).fetchone()
    return None if row is None else unsqueeze(row[0])


def sweep(db: Database, now: datetime, keep_pages: timedelta, keep_checks: timedelta) -> Swept:
    """Removes old pages and old checks. Documents, facts, changes and the checks they came from stay for good.

    The newest body of each source stays too: its validators are worth nothing without it.
    """
    db.execute(
        "UPDATE document SET page = NULL WHERE page IS NOT NULL AND fetched_at < ?", [utc_text(now - keep_pages)]
    )
    pages = db.execute(f"DELETE FROM page WHERE {_UNUSED}")  # noqa: S608 - a constant
    checks = db.execute(
        f"DELETE FROM visit WHERE recorded_at < ? AND {_WITHOUT_TRACE}",  # noqa: S608 - a constant
        [utc_text(now - keep_checks)],
    )
    return Swept(pages=pages.rowcount, checks=checks.rowcount)


def fold(db: Database, now: datetime, after: str) -> str | None:
    """Makes one row of the checks of a day that brought nothing and came to the same, for the next few sources by name.

    Today and yesterday are left as they are. Returns the last source that was looked at; None when there are no more.
    """
    names = db.execute("SELECT name FROM source WHERE name > ? ORDER BY name LIMIT ?", [after, FOLDED]).fetchall()
    before = utc_text(now - timedelta(days=1))[:10]
    for (name,) in names:
        for (last,) in db.execute(_FOLD, {"source": name, "before": before}).fetchall():
            db.execute(_FOLDED_AWAY, {"source": name, "id": last})
    return names[-1][0] if names else None
