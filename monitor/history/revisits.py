"""Which articles are visited again, and when: young ones, at growing distances from their first reading.

first reading ─► due after each step of the schedule ─► visited again, whatever it says ─► the next step
                                                     └► vanished, or no step is left ─► never again

A visit that was missed is not made up for: the next step counts. What had been found before the watch began is young
only by its own date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.history.storable import moment, plain, plain_or_none, start_of, utc_or_none
from monitor.models import Link, Outcome, Reading, Revisit, Validators, utc_text

HANDED_OUT = 10
"""How many articles one check visits again at the most, those longest due first."""

VANISHED = {Outcome.GONE, Outcome.GONE_FOR_GOOD, Outcome.SUSPECT}
"""What ends the visits: the page is not there any more, or is no article any more."""

# CROSS JOIN keeps the order: few articles are due at any time.
_DUE = """
SELECT link.url, link.title, link.published, link.mark, link.language, revisit.body_hash,
    (SELECT text_hash FROM document WHERE document.link = link.id ORDER BY document.id DESC LIMIT 1),
    (SELECT fingerprint FROM document WHERE document.link = link.id ORDER BY document.id DESC LIMIT 1),
    revisit.etag, revisit.last_modified, EXISTS (SELECT 1 FROM page WHERE page.hash = revisit.body_hash)
FROM revisit CROSS JOIN link ON link.id = revisit.link
WHERE revisit.due <= :now AND link.source = :source AND link.state = 'read'
ORDER BY revisit.due, link.id LIMIT :limit
"""

_REMEMBER = """
INSERT INTO revisit (link, first_read, due, body_hash, etag, last_modified)
VALUES (:link, :now, :due, :hash, :etag, :modified)
ON CONFLICT (link) DO UPDATE SET due = excluded.due, body_hash = excluded.body_hash, etag = excluded.etag,
    last_modified = excluded.last_modified
"""


def due(db: Database, source: str, now: datetime) -> tuple[Revisit, ...]:
    """The articles of a source to visit again. Validators are handed out only with a body that is kept."""
    rows = db.execute(_DUE, {"now": utc_text(now), "source": source, "limit": HANDED_OUT})
    return tuple(
        Revisit(
            link=Link(url=url, title=title, published=published, updated=mark, language=language),
            body_hash=body_hash,
            text_hash=text_hash,
            fingerprint=int(likeness, 16) if likeness else None,
            validators=Validators(etag, modified) if kept and (etag or modified) else None,
        )
        for url, title, published, mark, language, body_hash, text_hash, likeness, etag, modified, kept in rows
    )


def settle(db: Database, source: str, reading: Reading, steps: Sequence[timedelta], now: datetime) -> None:
    """Writes down a visit to an article, the first or a later one, and when the next is due."""
    link, baseline, first_read = db.execute(
        """
        SELECT link.id, link.baseline, revisit.first_read FROM link LEFT JOIN revisit ON revisit.link = link.id
        WHERE link.source = ? AND link.url = ?
        """,
        [source, plain(reading.link.url)],
    ).fetchone()
    young = first_read is not None or not baseline or _is_young(reading, steps, now)
    next_due = _next(moment(first_read) if first_read else now, steps, now) if young else None
    if reading.page is not None and reading.page.content:
        values = {
            "link": link,
            "now": utc_text(now),
            "due": utc_or_none(next_due),
            "hash": hashlib.sha256(reading.page.content).hexdigest(),
            "etag": plain_or_none(reading.page.validators.etag),
            "modified": plain_or_none(reading.page.validators.last_modified),
        }
        db.execute(_REMEMBER, values)
    else:
        over = reading.outcome in VANISHED
        db.execute("UPDATE revisit SET due = ? WHERE link = ?", [None if over else utc_or_none(next_due), link])


def _is_young(reading: Reading, steps: Sequence[timedelta], now: datetime) -> bool:
    published = start_of(reading.document.published) if reading.document else None
    return bool(steps) and published is not None and now - published < max(steps)


def _next(first_read: datetime, steps: Sequence[timedelta], now: datetime) -> datetime | None:
    return min((first_read + step for step in steps if first_read + step > now), default=None)
