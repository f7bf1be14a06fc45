"""Hosts that have asked to be left alone: kept, so that a restart does not forget it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from monitor.history.storable import moment, not_before, plain
from monitor.models import utc_text


def standing(db: Database, now: datetime) -> dict[str, datetime]:
    """The hosts that want to be left alone now, and until when."""
    rows = db.execute("SELECT host, until FROM pause WHERE until > ?", [utc_text(now)])
    return {host: moment(until) for host, until in rows}


def put(db: Database, pauses: Mapping[str, datetime], now: datetime) -> None:
    """Keeps what hosts have asked for; forgets what is over."""
    db.conn.executemany(
        """
        INSERT INTO pause (host, until) VALUES (?, ?)
        ON CONFLICT (host) DO UPDATE SET until = excluded.until WHERE excluded.until > until
        """,
        [(plain(host), not_before(until)) for host, until in pauses.items()],
    )
    db.execute("DELETE FROM pause WHERE until <= ?", [utc_text(now)])
