"""Housekeeping: what is old and no longer needed goes, in steps so small that checks go on between them.

    what the search does not know yet ─► pages no standing claim rests on ─► old checks nothing came of
    ─► the younger ones of a day to one row ─► free space back to the disk ─► the write-ahead log

Documents with their texts, claims and changes stay for good, and so do the checks they came from. A page stays for as
long as a standing claim rests on it, and the newest body of each source does: its validators are worth nothing without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.history import indexing
from monitor.history.pages import UNUSED
from monitor.history.store import Store, told
from monitor.models import utc_text

ROWS = 500
"""Rows that one step looks at: some milliseconds."""

SOURCES = 50
"""Sources whose checks one step folds: some ten milliseconds."""

SPACE = 1_000
"""Pages of the database that one step gives back: 4 MB."""

SPARE = 0.05
"""The part of the database that may stay free: it fills up again."""

_OLD_PAGES = """
UPDATE document SET page = NULL
WHERE page IN (SELECT value FROM json_each(:hashes)) AND fetched_at < :before
    AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.document = document.id AND fact.closed_at IS NULL)
"""

_WITHOUT_TRACE = """
NOT EXISTS (SELECT 1 FROM document WHERE document.visit = visit.id)
AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.visit = visit.id)
AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.closed_by = visit.id)
AND NOT EXISTS (SELECT 1 FROM change WHERE change.visit = visit.id)
"""

_OLD_CHECKS = f"""
DELETE FROM visit WHERE id IN (SELECT value FROM json_each(:ids)) AND {_WITHOUT_TRACE}
"""  # noqa: S608 - made of constants, like those below

_DAYS = f"""
SELECT max(id) AS id, min(started_at) AS first, sum(times) AS times, sum(requests) AS requests FROM visit
WHERE source = :source AND started_at < :before AND outcome <> 'skipped' AND NOT baseline AND links = 0
    AND {_WITHOUT_TRACE}
GROUP BY substr(started_at, 1, 10), outcome, reason, listed HAVING count(*) > 1
"""  # noqa: S608

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
    """How much housekeeping removed: rows, and bytes given back to the disk."""

    pages: int = 0
    checks: int = 0
    space: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(self.pages + other.pages, self.checks + other.checks, self.space + other.space)


def steps(store: Store, now: datetime, keep_pages: timedelta, keep_checks: timedelta) -> Iterator[Swept]:
    """Each `next` is one step with a short transaction of its own, and says what it removed."""
    while indexing.step(store):
        yield Swept()
    yield from _pages(store, utc_text(now - keep_pages))
    yield from _checks(store, utc_text(now - keep_checks))
    yield from _days(store, utc_text(now - timedelta(days=1))[:10])
    yield from _space(store)
    store.settle()
    yield Swept()


def _pages(store: Store, before: str) -> Iterator[Swept]:
    """Walks the pages by their names, so that none is looked at twice: most are kept."""
    last = ""
    while True:
        with store.writing() as db:
            query = "SELECT hash FROM page WHERE hash > ? ORDER BY hash LIMIT ?"
            hashes = [name for (name,) in db.execute(query, [last, ROWS]).fetchall()]
            if not hashes:
                return
            chosen = {"hashes": json.dumps(hashes), "before": before}
            db.execute(_OLD_PAGES, chosen)
            gone = db.execute(
                f"DELETE FROM page WHERE hash IN (SELECT value FROM json_each(:hashes)) AND {UNUSED}",  # noqa: S608
                {"hashes": chosen["hashes"]},
            )
        yield Swept(pages=gone.rowcount)
        last = hashes[-1]


def _checks(store: Store, before: str) -> Iterator[Swept]:
    """Walks the old checks by their time, those that stay too."""
    last = ("", 0)
    while True:
        with store.writing() as db:
            rows = db.execute(
                """
                SELECT recorded_at, id FROM visit WHERE recorded_at < ? AND (recorded_at, id) > (?, ?)
                ORDER BY recorded_at, id LIMIT ?
                """,
                [before, *last, ROWS],
            ).fetchall()
            if not rows:
                return
            gone = db.execute(_OLD_CHECKS, {"ids": json.dumps([row_id for _, row_id in rows])})
        yield Swept(checks=gone.rowcount)
        last = rows[-1]


def _days(store: Store, before: str) -> Iterator[Swept]:
    """Makes one row of the checks of a day that brought nothing and came to the same, so that the database grows with
    the news and not with the checks. Each counts on in `times`: none is removed. Today and yesterday stay as they are.
    """
    last = ""
    while True:
        with store.writing() as db:
            query = "SELECT name FROM source WHERE name > ? ORDER BY name LIMIT ?"
            names = [name for (name,) in db.execute(query, [last, SOURCES]).fetchall()]
            if not names:
                return
            for name in names:
                for (kept,) in db.execute(_FOLD, {"source": name, "before": before}).fetchall():
                    db.execute(_FOLDED_AWAY, {"source": name, "id": kept})
        yield Swept()
        last = names[-1]


def _space(store: Store) -> Iterator[Swept]:
    """Gives free pages back. A database that was not made for it keeps and reuses them."""
    with told(store.path):
        if _pragma(store.db, "auto_vacuum") != INCREMENTAL:
            return
        size = _pragma(store.db, "page_size")
    while True:
        with store.writing() as db:
            free = _pragma(db, "freelist_count")
            if free <= SPARE * _pragma(db, "page_count"):
                return
            db.execute(f"PRAGMA incremental_vacuum({SPACE})").fetchall()
            given = free - _pragma(db, "freelist_count")
        yield Swept(space=given * size)


INCREMENTAL = 2


def _pragma(db: Database, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
