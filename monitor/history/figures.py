"""The history in figures, for whoever watches the monitor itself. Reads only; quick however much there is: it is asked
every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.history.storable import moment, moment_or_none
from monitor.models import utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much the history holds, and what waits."""

    documents: int
    facts: int
    changes: int
    alerts: Mapping[str, int]  # by status: pending, sent, failed, dropped, silenced
    sources: Mapping[str, int]  # the enabled ones by health: new, ok, failing, trouble
    due: int  # sources that wait for their check
    waiting_articles: int  # links found and not read yet
    oldest_due: datetime | None  # since when the source waits that has waited longest
    oldest_alert: datetime | None  # since when the message waits that could have gone out first
    size: int  # bytes of the database, without the write-ahead log
    free: int  # bytes of it that hold nothing


@dataclass(frozen=True, slots=True)
class Waiting:
    """A source that is due and that nobody is checking."""

    source: str
    due: datetime
    every: timedelta | None
    cron: str | None


_DUE = "configured AND enabled AND next_due <= :now AND (leased_until IS NULL OR leased_until <= :now)"

_NUMBERS = f"""
SELECT
    (SELECT count(*) FROM document) AS documents,
    (SELECT count(*) FROM fact) AS facts,
    (SELECT count(*) FROM change) AS changes,
    (SELECT count(*) FROM source WHERE {_DUE}) AS due,
    (SELECT min(next_due) FROM source WHERE {_DUE}) AS oldest_due,
    (SELECT count(*) FROM link WHERE state = 'waiting') AS waiting_articles,
    (
        SELECT min(not_before) FROM alert
        WHERE status = 'pending' AND not_before <= :now AND (leased_until IS NULL OR leased_until <= :now)
    ) AS oldest_alert,
    (SELECT page_count FROM pragma_page_count) AS pages,
    (SELECT freelist_count FROM pragma_freelist_count) AS free_pages,
    (SELECT page_size FROM pragma_page_size) AS page_size
"""  # noqa: S608 - a constant

_HEALTH = """
SELECT
    iif(trouble IS NOT NULL, 'trouble', iif(last_outcome IS NULL, 'new', iif(failures = 0, 'ok', 'failing'))) AS health,
    count(*)
FROM source WHERE configured AND enabled GROUP BY 1
"""


def figures(db: Database, now: datetime) -> Figures:
    """All of them, as of now."""
    numbers = db.execute(_NUMBERS, {"now": utc_text(now)}).fetchone()
    documents, facts, changes, due, oldest_due, articles, oldest_alert, pages, free_pages, page_size = numbers
    return Figures(
        documents=documents,
        facts=facts,
        changes=changes,
        alerts=dict(db.execute("SELECT status, count(*) FROM alert GROUP BY status").fetchall()),
        sources=dict(db.execute(_HEALTH).fetchall()),
        due=due,
        waiting_articles=articles,
        oldest_due=moment_or_none(oldest_due),
        oldest_alert=moment_or_none(oldest_alert),
        size=pages * page_size,
        free=free_pages * page_size,
    )


def waiting(db: Database, now: datetime) -> list[Waiting]:
    """The sources that wait for their check, those first that have waited longest."""
    rows = db.execute(
        f"SELECT name, next_due, rhythm FROM source WHERE {_DUE} ORDER BY next_due, name",  # noqa: S608 - a constant
        {"now": utc_text(now)},
    )
    return [Waiting(name, moment(due), *_rhythm(rhythm)) for name, due, rhythm in rows]


def _rhythm(stored: str) -> tuple[timedelta | None, str | None]:
    """An interval or a cron expression, as `sources.add` writes them."""
    try:
        return timedelta(seconds=float(stored)), None
    except ValueError:
        return None, stored or None
