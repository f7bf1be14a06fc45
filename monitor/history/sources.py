"""The rows of the sources: which are configured, when each is due, who is checking it, what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from monitor.history.links import LONGEST_WAIT
from monitor.history.pages import forget_page, keep_page
from monitor.history.rows import insert
from monitor.history.storable import moment, not_before, plain, plain_or_none
from monitor.models import Observation, Outcome, Page, Skipped, Source, SourceKind, utc_text

_ADD = """
INSERT INTO source (name, kind, url, brand, authority, outlet, language, rhythm, alert_on_first, enabled, configured,
                    added_at, next_due)
VALUES (:name, :kind, :url, :brand, :authority, :outlet, :language, :rhythm, :alert_on_first, :enabled, 1, :now, :now)
ON CONFLICT (name) DO UPDATE SET
    -- another address or another way of reading it is another page: what was remembered of the old one does not hold
    baseline_at = iif(url = excluded.url AND kind = excluded.kind, baseline_at, NULL),
    moved_url = iif(url = excluded.url AND kind = excluded.kind, moved_url, NULL),
    body_hash = iif(url = excluded.url AND kind = excluded.kind, body_hash, NULL),
    outline = iif(url = excluded.url AND kind = excluded.kind, outline, NULL),
    page = iif(url = excluded.url AND kind = excluded.kind, page, NULL),
    etag = iif(url = excluded.url AND kind = excluded.kind, etag, NULL),
    last_modified = iif(url = excluded.url AND kind = excluded.kind, last_modified, NULL),
    trouble = iif(url = excluded.url AND kind = excluded.kind, trouble, NULL),
    trouble_since = iif(url = excluded.url AND kind = excluded.kind, trouble_since, NULL),
    -- and one that is switched on again has a new chance
    gone_at = iif(url = excluded.url AND kind = excluded.kind AND enabled >= excluded.enabled, gone_at, NULL),
    next_due = iif(url = excluded.url AND rhythm = excluded.rhythm, next_due, :now),
    kind = excluded.kind, url = excluded.url, brand = excluded.brand, authority = excluded.authority,
    outlet = excluded.outlet, language = excluded.language, rhythm = excluded.rhythm,
    alert_on_first = excluded.alert_on_first, enabled = excluded.enabled, configured = 1
"""


_CONFIG = (
    *("kind", "url", "brand", "authority", "outlet", "language", "rhythm"),
    *("alert_on_first", "enabled", "configured"),
)
_KNOWN = f"SELECT name, {', '.join(_CONFIG)} FROM source"  # noqa: S608 - a constant


def sync(db: Database, sources: Iterable[Source], now: datetime) -> None:
    """Makes the configured sources the known ones. New ones, and those with another rhythm or address, are due now."""
    known = {row[0]: row[1:] for row in db.execute(_KNOWN)}
    wanted = {plain(source.name): source for source in sources}
    gone = [(name,) for name in known if name not in wanted]
    db.conn.executemany("UPDATE source SET configured = 0 WHERE name = ? AND configured", gone)
    other = (source for name, source in wanted.items() if known.get(name) != _values(source))
    db.conn.executemany(_ADD, (_row(source) | {"now": utc_text(now)} for source in other))


def add(db: Database, source: Source, now: datetime) -> None:
    """Makes one source known, or brings its row up to date."""
    db.execute(_ADD, _row(source) | {"now": utc_text(now)})


def _row(source: Source) -> dict[str, Any]:
    values = dict(zip(("name", *_CONFIG), (source.name, *_values(source)), strict=True))
    return {name: plain(str(value)) if isinstance(value, str) else value for name, value in values.items()}


def _values(source: Source) -> tuple[Any, ...]:
    """What the row of a source says of how it is configured."""
    return (
        source.kind,
        source.url,
        source.brand,
        source.authority,
        source.outlet,
        source.language,
        source.cron or _seconds(source.every),
        source.alert_on_first,
        source.enabled,
        True,
    )


@lru_cache(1_000)
def _seconds(every: timedelta | None) -> str:
    return f"{every.total_seconds():g}" if every else ""


def due(db: Database, now: datetime, limit: int) -> list[str]:
    """Names of the sources to check, oldest due first; not those that are being checked, or gone for good."""
    rows = db.execute(
        """
        SELECT name FROM source
        WHERE configured AND enabled AND gone_at IS NULL AND next_due <= :now
            AND (leased_until IS NULL OR leased_until <= :now)
        ORDER BY next_due, name LIMIT :limit
        """,
        {"now": utc_text(now), "limit": limit},
    )
    return [name for (name,) in rows]


def overdue(db: Database, now: datetime) -> dict[str, datetime]:
    """The due sources that have been checked before and when they were due, oldest first."""
    rows = db.execute(
        """
        SELECT name, next_due FROM source
        WHERE configured AND enabled AND gone_at IS NULL AND next_due <= ? AND last_checked_at IS NOT NULL
        ORDER BY next_due, name
        """,
        [utc_text(now)],
    )
    return {name: moment(due) for name, due in rows}


def gone(db: Database) -> dict[str, str]:
    """The configured sources that are gone for good, and what was told of them."""
    return dict(db.execute("SELECT name, trouble FROM source WHERE configured AND gone_at IS NOT NULL").fetchall())


def defer(db: Database, due_times: Mapping[str, datetime]) -> None:
    db.conn.executemany(
        "UPDATE source SET next_due = ? WHERE name = ?", [(utc_text(due), name) for name, due in due_times.items()]
    )


def lease(db: Database, names: Iterable[str], until: datetime) -> dict[str, datetime]:
    """Says that somebody is checking these sources. Returns when those that are known were due."""
    due: dict[str, datetime] = {}
    for name in names:
        row = db.execute(
            "UPDATE source SET leased_until = ? WHERE name = ? RETURNING next_due", [utc_text(until), name]
        ).fetchone()
        if row:
            due[name] = moment(row[0])
    return due


def release(db: Database, names: Iterable[str]) -> None:
    """Nobody is checking these sources any more, and nothing came of it."""
    db.conn.executemany("UPDATE source SET leased_until = NULL WHERE name = ?", [(name,) for name in names])


def skip(db: Database, skipped: Iterable[Skipped], now: datetime) -> None:
    """Writes down the checks that are left out: one row for those of one source and one reason."""
    for gap in skipped:
        checks = "1 check was left out" if gap.runs == 1 else f"{gap.runs} checks were left out"
        row = {
            "source": gap.source,
            "started_at": utc_text(gap.since),
            "finished_at": utc_text(gap.until),
            "recorded_at": utc_text(now),
            "outcome": str(Outcome.SKIPPED),
            "reason": f"{checks}: {gap.reason}",
        }
        insert(db, "visit", row | dict.fromkeys(("requests", "baseline", "links", "documents", "facts"), 0))


def turn_back(db: Database, now: datetime) -> int:
    """After the clock was set back: what was checked in what is the future now is due after the same wait from now on,
    messages of that future go out at once, channels that failed in it rest no more, tasks of it were done just now.
    What is wrong with a source since then is so from now on, and no article and no host waits longer than any may.
    Returns how many sources that were."""
    rows = db.execute("SELECT name, last_checked_at, next_due FROM source WHERE last_checked_at > ?", [utc_text(now)])
    waits = [(name, moment(due) - moment(checked)) for name, checked, due in rows.fetchall()]
    db.conn.executemany(
        "UPDATE source SET next_due = ?, last_checked_at = ? WHERE name = ?",
        [(utc_text(now + max(wait, timedelta(0))), utc_text(now), name) for name, wait in waits],
    )
    db.execute(
        """
        UPDATE source SET failing_since = min(failing_since, :now), trouble_since = min(trouble_since, :now),
            gone_at = min(gone_at, :now)
        WHERE failing_since > :now OR trouble_since > :now OR gone_at > :now
        """,
        {"now": utc_text(now)},
    )
    latest = {"latest": utc_text(now + LONGEST_WAIT)}
    db.execute("UPDATE link SET not_before = :latest WHERE state = 'waiting' AND not_before > :latest", latest)
    db.execute("UPDATE pause SET until = :latest WHERE until > :latest", latest)
    db.execute(
        """
        UPDATE alert SET not_before = :now, queued_at = min(queued_at, :now), tried_since = min(tried_since, :now)
        WHERE status = 'pending' AND (queued_at > :now OR tried_since > :now)
        """,
        {"now": utc_text(now)},
    )
    db.execute(
        "UPDATE channel SET failing_since = :now, resting_until = NULL WHERE failing_since > :now",
        {"now": utc_text(now)},
    )
    db.execute("UPDATE task SET done_at = :now WHERE done_at > :now", {"now": utc_text(now)})
    return len(waits)


def release_leases(db: Database) -> None:
    """Forgets who was checking and sending what: for a service that has just taken the lock."""
    db.execute("UPDATE source SET leased_until = NULL WHERE leased_until IS NOT NULL")
    db.execute("UPDATE alert SET leased_until = NULL WHERE status = 'pending'")


def schedule(db: Database, name: str, next_due: datetime, observation: Observation, failures: int) -> None:
    """Writes down how a check went, what its body was, and when the next is due; ends the lease."""
    finished = utc_text(observation.finished_at)
    db.execute(
        """
        UPDATE source SET next_due = :next_due, leased_until = NULL, last_checked_at = :finished,
            last_outcome = :outcome, last_reason = :reason, failures = :failures,
            last_good_at = iif(:good, :finished, last_good_at),
            baseline_at = iif(:good, coalesce(baseline_at, :finished), baseline_at),
            outline = iif(:good, coalesce(:outline, outline), outline)
        WHERE name = :name
        """,
        {
            "name": name,
            "next_due": not_before(next_due),
            "finished": finished,
            "outcome": str(observation.outcome),
            "reason": plain_or_none(observation.reason),
            "failures": failures,
            "good": observation.outcome.good,
            "outline": observation.outline,
        },
    )
    page = _own_page(db, name, observation)
    if observation.outcome.good and page is not None and not page.unchanged:
        _remember_body(db, name, page, observation.body_hash, finished)


def validators(page: Page | None) -> dict[str, Any]:
    """What to ask with next time, as values; `asked`: whether the server gave an answer that says so."""
    asked = page is not None and not page.unchanged
    return {
        "asked": asked,
        "etag": plain_or_none(page.validators.etag) if page else None,
        "modified": plain_or_none(page.validators.last_modified) if page else None,
        "moved": plain_or_none(page.moved_to) if page and asked else None,
    }


def _own_page(db: Database, name: str, observation: Observation) -> Page | None:
    """The body of the source's own address: the index, or the page or article itself."""
    if observation.page is not None:
        return observation.page
    row: tuple[Any, ...] | None = db.execute("SELECT kind FROM source WHERE name = ?", [name]).fetchone()
    alone = row is not None and row[0] in (SourceKind.PAGE, SourceKind.ARTICLE)
    return observation.readings[0].page if alone and observation.readings else None


def _remember_body(db: Database, name: str, page: Page, body_hash: str | None, now: str) -> None:
    """Keeps the newest body of a source that said something, and only that one: validators, its own and those of later
    ones that say the same, are good for as long as it is kept."""
    (old,) = db.execute("SELECT page FROM source WHERE name = ?", [name]).fetchone() or (None,)
    kept = keep_page(db, page, now) if page.content else old
    db.execute(
        """
        UPDATE source SET page = :page, body_hash = :hash, etag = :etag, last_modified = :modified,
            moved_url = nullif(coalesce(:moved, moved_url), url)
        WHERE name = :name
        """,
        {"name": name, "page": kept, "hash": kept if page.content else body_hash} | validators(page),
    )
    if old and old != kept:
        forget_page(db, old)
