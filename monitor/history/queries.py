"""What people ask of the history: lists with filters, timelines, conflicts, and where a change came from.

Reads only, through a connection that cannot write, beside a running service. Times to filter by are those at which the
monitor knew; `since` is included, `until` is not. Lists are newest first, timelines oldest first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from monitor.errors import DatabaseError, UsageError
from monitor.history import beliefs, claims, explaining, gold, outbox, overview, pages, searching, timelines
from monitor.history import figures as figuring
from monitor.history.claims import Revive
from monitor.history.figures import Figures, Waiting
from monitor.history.rows import select
from monitor.history.store import (
    Store,
    check_content,
    check_no_folder,
    check_schema,
    connect_to_read,
    migrations,
    opening,
    told,
)
from monitor.models import Change, Claim, Subject, utc_text

Row = dict[str, Any]

FLAGS = {"hedged", "disputed", "latest", "baseline", "page_kept", "good", "digest", "configured", "enabled", "kept"}
FLAGS |= {"overdue", "date_disputed", "in_force"}
JSON = {"markets", "before", "after", "correction"}

_CITED_BY_MANY = """
SELECT change, url, title, published, authority, outlet, evidence, standing FROM change_source
WHERE change IN (SELECT value FROM json_each(:ids)) ORDER BY change, position
"""

_SENTENCES = """
SELECT DISTINCT document, json_extract(attributes, '$.evidence') AS evidence FROM fact
WHERE document IN (SELECT value FROM json_each(:ids)) ORDER BY document, json_extract(attributes, '$.start')
"""

_CONFLICTS = """
SELECT believed.brand, believed.kind, believed.subject, believed.value AS believed, mine.outlet, mine.authority,
    mine.published, mine.url, json_extract(claimed.attributes, '$.evidence') AS evidence, believed.rival,
    theirs.outlet AS rival_outlet, theirs.authority AS rival_authority, theirs.published AS rival_published,
    theirs.url AS rival_url, json_extract(against.attributes, '$.evidence') AS rival_evidence, believed.rule,
    believed.since, believed.attribute
FROM (
    SELECT belief.brand, belief.kind, belief.subject, belief.value, belief.fact, belief.rule, belief.since,
        claim.fact AS other, NULL AS attribute, (SELECT value FROM fact WHERE fact.id = claim.fact) AS rival
    FROM belief_claim AS claim INDEXED BY belief_claim_rival
    JOIN belief ON belief.id = claim.belief
    WHERE claim.role = 'rivals' AND (:brand IS NULL OR belief.brand = :brand)
        AND (:kind IS NULL OR belief.kind = :kind)
    UNION ALL
    SELECT belief.brand, belief.kind, belief.subject, aspect.value, aspect.fact, aspect.rule, belief.since, claim.fact,
        claim.name, claim.value
    FROM aspect_rival AS claim
    JOIN aspect ON aspect.belief = claim.belief AND aspect.name = claim.name
    JOIN belief ON belief.id = claim.belief
    WHERE (:brand IS NULL OR belief.brand = :brand) AND (:kind IS NULL OR belief.kind = :kind)
    ORDER BY 1, 2, 3, 9, 8 LIMIT :limit
) AS believed
JOIN fact AS claimed ON claimed.id = believed.fact
JOIN document AS mine ON mine.id = claimed.document
JOIN fact AS against ON against.id = believed.other
JOIN document AS theirs ON theirs.id = against.document
ORDER BY believed.brand, believed.kind, believed.subject, believed.attribute, against.id
"""

_MESSAGE = """
SELECT changes.id, changes.detected_at, changes.brand, changes.kind, changes.change, changes.text
FROM alert_change JOIN changes ON changes.id = alert_change.change
WHERE alert_change.alert = :id ORDER BY alert_change.position
"""

_ACTIVITY = """
SELECT
    (SELECT count(*) FROM source WHERE configured AND enabled) AS sources,
    (SELECT coalesce(sum(times), 0) FROM visit WHERE recorded_at >= :since AND outcome <> 'skipped') AS checks,
    (
        SELECT coalesce(sum(times), 0) FROM visit
        WHERE recorded_at >= :since AND outcome NOT IN ('ok', 'unchanged', 'skipped')
    ) AS failed_checks,
    (SELECT count(*) FROM document WHERE fetched_at >= :since) AS documents,
    (SELECT count(*) FROM alert WHERE status = 'sent' AND settled_at >= :since) AS sent,
    (SELECT count(*) FROM alert WHERE status = 'failed' AND settled_at >= :since) AS failed,
    (SELECT count(*) FROM alert WHERE status = 'pending') AS waiting
"""

_PLANS = """
SELECT *, due IS NOT NULL AND due <= :now AND NOT kept AS overdue FROM plans
WHERE {terms}
ORDER BY due IS NULL, due, brand, subject LIMIT :limit
"""


_KNOWN_BRANDS = """
WITH RECURSIVE known (name) AS (
    SELECT min(brand) FROM fact
    UNION ALL
    SELECT (SELECT min(brand) FROM fact WHERE brand > known.name) FROM known WHERE known.name IS NOT NULL
)
SELECT name FROM known WHERE name IS NOT NULL UNION SELECT brand FROM source WHERE brand IS NOT NULL ORDER BY name
"""  # skips from brand to brand by the index: a brand has thousands of facts


class Queries:
    """The questions, over one connection. `open` makes one from a path; close it afterwards."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Queries:
        """Opens a database to read. One of an older schema is brought up to date first. Raises DatabaseError."""
        if not path.exists():
            raise DatabaseError(f"there is no database {path} yet; `brand-monitor check` or `run` makes it")
        check_no_folder(path)
        if path.stat().st_size == 0:
            Store(path).close()
        with opening(path), closing(connect_to_read(path)) as db:
            check_schema(db, path)
            outdated = bool(migrations().pending(db))
        if outdated:
            Store(path).close()
        with opening(path):
            return cls(connect_to_read(path), path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Queries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts(self, *, rejected: bool = False, **filters: Any) -> list[Row]:
        """Claims; with `rejected` also those that a person does not let stand. Filters: brand, kind, source, subject,
        document, since and until (recorded), limit."""
        allowed = ("brand", "kind", "source", "subject", "document")
        standing = () if rejected else ("coalesce(facts.verdict, 'accept') = 'accept'",)
        return self._list("facts", "recorded_at", "facts.id", filters, allowed, standing)

    def state(self, **filters: Any) -> list[Row]:
        """What is believed now. Filters: brand, kind, subject, since and until (of the belief), limit."""
        return self._list("state", "since", "brand DESC, kind", filters, ("brand", "kind", "subject"))

    def changes(self, **filters: Any) -> list[Row]:
        """Steps of belief. Filters: brand, kind, subject, change, since and until (detected), limit."""
        allowed = ("brand", "kind", "subject", "change")
        return self._newest("changes", "change", "detected_at", filters, allowed)

    def documents(self, **filters: Any) -> list[Row]:
        """Document versions. Filters: source, url, brand (of a fact in it), since and until (fetched), limit."""
        return self._list("documents", "fetched_at", "id", filters, ("source", "url", "brand"))

    def checks(self, **filters: Any) -> list[Row]:
        """Checks. Filters: source, outcome, brand (of the source), since and until (started), limit."""
        return self._list("checks", "started_at", "id", filters, ("source", "outcome", "brand"))

    def alerts(self, **filters: Any) -> list[Row]:
        """Messages. Filters: channel, status, brand and kind (of a change in it), since and until (queued), limit."""
        return self._newest("alerts", "alert", "queued_at", filters, ("channel", "status", "brand", "kind"))

    def sources(
        self,
        *,
        brand: str | None = None,
        name: str | None = None,
        unhealthy: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """Sources by name, those in the config; with `unhealthy` only those in trouble or whose last check failed."""
        return self._rows(
            """
            SELECT * FROM sources
            WHERE configured AND (:brand IS NULL OR brand = :brand) AND (:name IS NULL OR name = :name)
                AND (NOT :unhealthy OR (health IN ('failing', 'trouble', 'gone') AND enabled))
            ORDER BY name LIMIT :limit
            """,
            {"brand": brand, "name": name, "unhealthy": unhealthy, "limit": -1 if limit is None else limit},
        )

    def timeline(
        self,
        brand: str,
        kind: str | None = None,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The steps of a brand, each with its sources, by since when they are so. With `as_of`, one row a subject: what
        was so then.

        `as_of` is about the world: claims of later dates play no part, whenever they arrive. `known_at` is about the
        monitor: what it did not know by then plays no part either. `id` is that of the change that told of a step.
        """
        return timelines.timeline(self._rows, brand, kind, as_of, known_at, limit)

    def conflicts(self, *, brand: str | None = None, kind: str | None = None, limit: int | None = None) -> list[Row]:
        """What good sources disagree on now: one row for each claim against a belief, with both sentences."""
        return self._rows(_CONFLICTS, {"brand": brand, "kind": kind, "limit": -1 if limit is None else limit})

    def message(self, beginning: str) -> tuple[Row, list[Row]]:
        """A message whose id begins so, and all changes that it tells of. Raises UsageError, as `why`."""
        with told(self._path):
            (alert_id,) = outbox.chosen(self._db, [beginning])
        (alert,) = self._rows("SELECT * FROM alerts WHERE id = :id", {"id": alert_id})
        return alert, self._rows(_MESSAGE, {"id": alert_id})

    def changed_since(self, since: datetime) -> tuple[Change, ...]:
        """The changes that were recorded since then, as they are told, oldest first."""
        with told(self._path):
            return beliefs.changes_since(self._db, since)

    def silences(self, now: datetime) -> list[Row]:
        """The silences that are in force, oldest first."""
        return self._rows("SELECT * FROM silence WHERE until > :now ORDER BY id", {"now": utc_text(now)})

    def channels(self) -> list[Row]:
        """How each channel is, by name."""
        return self._rows("SELECT * FROM channel ORDER BY name", {})

    def activity(self, since: datetime) -> Row:
        """What was done since then: counts, the headlines of what changed, the names of sources in trouble."""
        (counts,) = self._rows(_ACTIVITY, {"since": utc_text(since)})
        changes = self._rows(
            "SELECT text FROM change WHERE detected_at >= :since AND silence IS NULL ORDER BY seq",
            {"since": utc_text(since)},
        )
        unhealthy = [row["name"] for row in self.sources(unhealthy=True)]
        return counts | {"changes": [row["text"] for row in changes], "unhealthy": unhealthy}

    def figures(self, now: datetime) -> Figures:
        """How much there is, and what waits: quick, for whoever asks every few seconds."""
        with told(self._path):
            return figuring.figures(self._db, now)

    def waiting(self, now: datetime) -> list[Waiting]:
        """The sources that are due and that nobody is checking, those first that have waited longest."""
        with told(self._path):
            return figuring.waiting(self._db, now)

    def plans(
        self,
        now: datetime,
        *,
        brand: str | None = None,
        kind: str | None = None,
        overdue: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """What is planned, what is due soonest first; with `overdue` what was to be so by `now` and is not."""
        asked = {"brand = :brand": brand, "kind = :kind": kind, "due <= :now AND NOT kept": overdue}
        terms = " AND ".join([term for term, wanted in asked.items() if wanted] or ["TRUE"])
        values = {"now": utc_text(now), "brand": brand, "kind": kind, "limit": -1 if limit is None else limit}
        return self._rows(_PLANS.format(terms=terms), values)

    def why(self, change_id: str) -> Row:
        """Where a change came from and what became of it. The start of an id will do. Raises UsageError if unknown.

        Beside the columns of `changes`: `sources` (all of them), `plan` (what it keeps, or null), `check` (null for a
        reading of stored pages) and `alerts`, each with its `attempts`.
        """
        return explaining.why_change(self._rows, change_id)

    def why_fact(self, fact_id: int) -> Row:
        """What became of a claim: the columns of `facts`, and the `change` that it brought or the reason for `silence`.

        Raises UsageError if unknown.
        """
        return explaining.why_fact(self._rows, fact_id)

    def cited(self, change_ids: Iterable[str]) -> dict[str, list[Row]]:
        """The sources of each of these changes, the one that decided first."""
        found: dict[str, list[Row]] = {}
        for row in self._rows(_CITED_BY_MANY, {"ids": json.dumps(list(change_ids))}):
            found.setdefault(row.pop("change"), []).append(row)
        return found

    def claims(self, brand: str, revive: Revive) -> dict[Subject, tuple[Claim, ...]]:
        """All claims about a brand by subject, as people have judged them."""
        with told(self._path):
            rows = select(self._db, "SELECT DISTINCT kind, subject FROM fact WHERE brand = :brand", {"brand": brand})
            subjects = [Subject(brand=brand, kind=row["kind"], name=row["subject"]) for row in rows]
            return claims.read(self._db, subjects, 0, revive)

    def reviews(self, *, brand: str | None = None, limit: int | None = None) -> list[Row]:
        """What people have said of claims, newest first."""
        return self._rows(
            "SELECT * FROM reviews WHERE (:brand IS NULL OR brand = :brand) ORDER BY id DESC LIMIT :limit",
            {"brand": brand, "limit": -1 if limit is None else limit},
        )

    def reviewed_documents(self) -> list[Row]:
        """The documents of which people have reviewed claims, each with its text and its `claims`."""
        with told(self._path):
            return gold.documents(self._db)

    def sentences(self, document_ids: Iterable[int]) -> dict[int, list[str]]:
        """The sentences of each of these documents that make a claim, each once."""
        found: dict[int, list[str]] = {}
        for row in self._rows(_SENTENCES, {"ids": json.dumps(list(document_ids))}):
            found.setdefault(row["document"], []).append(row["evidence"])
        return found

    def search(self, what: Literal["documents", "facts"], text: str, **filters: Any) -> list[Row]:
        """Documents or claims that hold all these words, newest first, each with a `snippet`. See `searching`.

        Filters: brand, kind, source, language, since and until, limit (needed). Raises UsageError.
        """
        found = searching.search(self._rows, what, text, **filters)
        rows = self._rows(_FOUND[what], {"ids": searching.listed(found)})
        by_id = {row["id"]: row for row in rows}
        return [by_id[row["id"]] | row for row in found]

    def unindexed(self) -> int:
        """How many documents the search does not know yet: an older version's, after an upgrade."""
        ((count,),) = (row.values() for row in self._rows("SELECT count(*) FROM unindexed", {}))
        return int(count)

    def brand_names(self) -> list[str]:
        """The brands that something is believed of, those with the latest news first."""
        return overview.brand_names(self._rows)

    def brands(self, names: Iterable[str], now: datetime, soon: datetime) -> list[Row]:
        """These brands at a glance: see `overview.brands`."""
        return overview.brands(self._rows, list(names), now, soon)

    def source_health(self) -> dict[str, int]:
        """How many configured sources are `ok`, `new`, `failing`, in `trouble`, `gone`, `off`."""
        return overview.health(self._rows)

    def recent_checks(self, sources: Iterable[str]) -> dict[str, list[Row]]:
        """The latest checks of each of these sources, oldest first."""
        return overview.recent(self._rows, list(sources))

    def yields(self, sources: Iterable[str]) -> dict[str, Row]:
        """How many facts and changes each of these sources has brought."""
        return overview.yields(self._rows, list(sources))

    def document(self, number: int) -> Row:
        """One version of a document, with its text. Raises UsageError if unknown."""
        found = overview.document(self._rows, number)
        if found is None:
            raise UsageError(f"no document has the id {number}; `brand-monitor documents` lists them")
        return found

    def page(self, document: int) -> tuple[bytes, str | None] | None:
        """The kept page of a document as it was fetched, and its content type; None: it is not kept."""
        with told(self._path):
            rows = select(self._db, "SELECT page, content_type FROM document WHERE id = :id", {"id": document})
            content = pages.content_of(self._db, rows[0]["page"]) if rows and rows[0]["page"] else None
        return None if content is None else (content, rows[0]["content_type"])

    def quoted(self, change_id: str) -> dict[int, Row]:
        """Where the sentences of a change stand in the documents, by the position of the source."""
        return overview.quoted(self._rows, change_id)

    def names(self, of: Literal["brand", "source"]) -> list[str]:
        """The names of all brands, or of all sources, that the history knows."""
        rows = self._rows(_KNOWN_BRANDS if of == "brand" else "SELECT name FROM source ORDER BY name", {})
        return [row["name"] for row in rows]

    def brand_as_stored(self, asked: str) -> str | None:
        """A brand as the history writes it, whatever its capitals; None for one that it does not know."""
        known = self.names("brand")
        return asked if asked in known else next((n for n in known if n.casefold() == asked.casefold()), None)

    def examine(self) -> None:
        """Looks through the whole file for damage. Raises DatabaseError when it finds some."""
        check_content(self._db, self._path)

    def _list(
        self,
        view: str,
        time: str,
        order: str,
        filters: Mapping[str, Any],
        allowed: tuple[str, ...],
        always: tuple[str, ...] = (),
    ) -> list[Row]:
        """The rows of a view, newest first. Names of columns are the program's own; values are parameters."""
        where, values = self._terms(view, time, filters, allowed, always)
        sql = f"SELECT {view}.* FROM {view} {where} ORDER BY {order} DESC LIMIT :limit"  # noqa: S608
        return self._rows(sql, values)

    def _newest(
        self, view: str, table: str, time: str, filters: Mapping[str, Any], allowed: tuple[str, ...]
    ) -> list[Row]:
        """As `_list`, for a view over a table that is ordered by time and `seq`: its rows are chosen in the table, for
        the view's columns are dear."""
        where, values = self._terms(view, time, filters, allowed, ())
        chosen = f"SELECT id FROM {table} AS {view} {where} ORDER BY {time} DESC, seq DESC LIMIT :limit"  # noqa: S608
        order = f"(SELECT t.seq FROM {table} AS t WHERE t.id = {view}.id)"  # noqa: S608
        return self._rows(f"SELECT * FROM {view} WHERE id IN ({chosen}) ORDER BY {time} DESC, {order} DESC", values)  # noqa: S608

    def _terms(
        self, view: str, time: str, filters: Mapping[str, Any], allowed: tuple[str, ...], always: tuple[str, ...]
    ) -> tuple[str, dict[str, Any]]:
        """The WHERE of a list, and its values."""
        unknown = set(filters) - {*allowed, "since", "until", "limit"}
        if unknown:
            raise TypeError(f"{view} cannot be filtered by {', '.join(sorted(unknown))}")
        wanted = {name: filters[name] for name in allowed if filters.get(name) is not None}
        terms = [*always]
        terms += [_ELSEWHERE.get((view, name), f"{view}.{name} = :{name}") for name in wanted]
        for name, comparison in (("since", ">="), ("until", "<")):
            if filters.get(name) is not None:
                terms.append(f"{view}.{time} {comparison} :{name}")
                wanted[name] = utc_text(filters[name])
        limit = filters.get("limit")
        where = f"WHERE {' AND '.join(terms)}" if terms else ""
        return where, wanted | {"limit": -1 if limit is None else limit}

    def _rows(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        with told(self._path):
            return _tidied(select(self._db, sql, values))


_FOUND = {
    "documents": "SELECT * FROM documents WHERE id IN (SELECT value FROM json_each(:ids))",
    "facts": "SELECT * FROM facts WHERE id IN (SELECT value FROM json_each(:ids))",
}

_ELSEWHERE = {
    ("documents", "brand"): "documents.id IN (SELECT document FROM fact WHERE fact.brand = :brand)",
    ("checks", "brand"): "checks.source IN (SELECT name FROM source WHERE source.brand = :brand)",
    ("alerts", "brand"): (
        "alerts.id IN (SELECT alert FROM alert_change JOIN change ON change.id = alert_change.change"
        " WHERE change.brand = :brand)"
    ),
    ("alerts", "kind"): (
        "alerts.id IN (SELECT alert FROM alert_change JOIN change ON change.id = alert_change.change"
        " WHERE change.kind = :kind)"
    ),
}
"""Filters on what is not a column of the view."""


def _tidied(rows: list[Row]) -> list[Row]:
    """Flags as booleans, JSON as what it holds."""
    columns = rows[0].keys() if rows else set()
    for name in FLAGS & columns:
        for row in rows:
            if row[name] is not None:
                row[name] = bool(row[name])
    for name in JSON & columns:
        for row in rows:
            if isinstance(row[name], str):
                row[name] = json.loads(row[name])
    return rows
