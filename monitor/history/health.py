"""The health of a source in rows: what judging it needs, and what was found."""

from __future__ import annotations

from sqlite_utils import Database

from monitor.health import Article, Condition, Turn, Vitals
from monitor.history.rows import select
from monitor.history.storable import moment, moment_or_none, plain, utc_or_none
from monitor.models import utc_text

ARTICLES = 60
"""How many of the latest articles show a source's rhythm and yield."""

TRIED = 10
"""How many of the latest links show whether its articles can be read."""

_ARTICLES = """
SELECT dated, fetched_at AS found, EXISTS (SELECT 1 FROM fact WHERE fact.document = document.id) AS facts
FROM document WHERE source = :source AND version = 1 ORDER BY id DESC LIMIT :limit
"""

_TRIED = """
SELECT state = 'read' AS good, coalesce(reason, 'for no known reason') AS reason FROM link
WHERE source = :source AND (state IN ('read', 'failed') OR attempts > 1) ORDER BY id DESC LIMIT :limit
"""


def vitals(db: Database, name: str) -> Vitals:
    """What the history has of a source's health."""
    row = db.execute(
        "SELECT failing_since, trouble, trouble_since, told_at, gone_at FROM source WHERE name = ?", [name]
    ).fetchone()
    failing_since, trouble, trouble_since, told_at, gone_at = row or (None,) * 5
    articles = select(db, _ARTICLES, {"source": name, "limit": ARTICLES})
    tried = select(db, _TRIED, {"source": name, "limit": TRIED})
    newest = db.execute(
        "SELECT found_at FROM link WHERE source = ? AND NOT baseline ORDER BY id DESC LIMIT 1", [name]
    ).fetchone()
    return Vitals(
        failing_since=moment_or_none(failing_since),
        trouble=trouble,
        trouble_since=moment_or_none(trouble_since),
        told_at=moment_or_none(told_at),
        gone_at=moment_or_none(gone_at),
        articles=tuple(
            Article(
                dated=moment(row["dated"]),
                found=moment(row["found"]),
                facts=bool(row["facts"]),
            )
            for row in articles
        ),
        refusals=tuple(None if row["good"] else row["reason"] for row in tried),
        last_found=moment(newest[0]) if newest else None,
    )


def put(db: Database, name: str, condition: Condition) -> None:
    """Writes down how a source is, and when people are told of trouble."""
    told = condition.told if condition.told and condition.told.turn is not Turn.WELL else None
    db.execute(
        """
        UPDATE source SET failing_since = :failing, trouble = :trouble, trouble_since = :since,
            told_at = coalesce(:told, told_at), gone_at = :gone
        WHERE name = :name
        """,
        {
            "name": name,
            "failing": utc_or_none(condition.failing_since),
            "trouble": plain(condition.trouble.reason) if condition.trouble else None,
            "since": utc_text(condition.trouble.since) if condition.trouble else None,
            "told": utc_text(told.told_at) if told else None,
            "gone": utc_or_none(condition.gone_at),
        },
    )
