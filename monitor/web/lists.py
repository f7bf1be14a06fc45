"""Every list of the history: how it is asked for, which filters it has, and its form for programs.

A list is a value of `Listing`; the pages, the answers for programs and the OpenAPI document all follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.exports.atom import Entry, of_change
from monitor.exports.cells import Row
from monitor.exports.columns import COLUMNS
from monitor.exports.rows import ROWS, fact_row, health
from monitor.history import Queries
from monitor.web.asking import Asked

Rows = list[dict[str, Any]]

SOON = timedelta(days=90)
"""How far ahead a plan counts as due."""

Fetch = Callable[[Queries, Asked, datetime], Rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list. `fetch` gives its rows from the first up to `Asked.end`."""

    name: str
    title: str
    about: str
    fetch: Fetch
    filters: tuple[str, ...]
    entry: Callable[[Row], Entry]
    nothing: str
    """What to do when there is nothing at all."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of its CSV."""
        return COLUMNS[self.name]

    def rows(self, queries: Queries, asked: Asked, now: datetime) -> tuple[Rows, bool]:
        """The part that is asked for, and whether there is more behind it."""
        found = self.fetch(queries, asked, now)
        return found[asked.start : asked.end - 1], len(found) >= asked.end


def _public(what: str) -> Fetch:
    return lambda queries, asked, now: ROWS[what](queries, {**asked.filters, "limit": asked.end})


def _plans(queries: Queries, asked: Asked, now: datetime) -> Rows:
    return queries.plans(now, **asked.filters, limit=asked.end)


def _sources(queries: Queries, asked: Asked, now: datetime) -> Rows:
    found = queries.sources(**asked.filters, limit=asked.end)
    return [row | {"health_in_words": health(row)} for row in found]


def _brands(queries: Queries, asked: Asked, now: datetime) -> Rows:
    names = queries.brand_names()
    rows = queries.brands(names[asked.start : asked.end], now, now + SOON)
    return [{} for _ in names[: asked.start]] + rows  # those before are not looked at


def _brand_entry(row: Row) -> Entry:
    return Entry(
        key=f"brand/{row['brand']}/{row['changed_at']}",
        title=f"{row['brand']}: {row['newest'] or 'nothing has changed yet'}",
        updated=row["changed_at"] or "1970-01-01T00:00:00Z",
        categories={"brand": row["brand"]},
        lines=[f"{row['count'] or 'an unknown number of'} markets", f"{row['disputes']} disputes"],
    )


def _search(queries: Queries, asked: Asked, now: datetime) -> Rows:
    filters = dict(asked.filters)
    text = filters.pop("q", None)
    found = queries.search("documents", text, **filters, limit=asked.end) if text else []
    sentences = queries.sentences(row["id"] for row in found)
    return [row | {"evidence": sentences.get(row["id"], [])} for row in found]


def _search_facts(queries: Queries, asked: Asked, now: datetime) -> Rows:
    filters = dict(asked.filters)
    text = filters.pop("q", None)
    found = queries.search("facts", text, **filters, limit=asked.end) if text else []
    return [fact_row(row) | {"snippet": row["snippet"]} for row in found]


def _fact_entry(row: Row) -> Entry:
    return Entry(
        key=f"fact/{row['id']}",
        title=f"{row['brand']}: {row['subject']}: {row['value']}",
        updated=row["recorded_at"],
        categories={name: row[name] for name in ("brand", "kind")},
        links=[row["url"]],
        lines=[f"{row['outlet']} ({row['authority']}): {row['title'] or 'no title'}", f"“{row['evidence']}”"],
    )


def _document_entry(row: Row) -> Entry:
    return Entry(
        key=f"document/{row['id']}",
        title=row["title"] or row["url"],
        updated=row["fetched_at"],
        categories={"source": row["source"]},
        links=[row["url"]],
        lines=[f"{row['outlet']} ({row['authority']})", *(f"“{sentence}”" for sentence in row["evidence"])],
    )


def _check_entry(row: Row) -> Entry:
    return Entry(
        key=f"check/{row['id']}",
        title=f"{row['source']}: {row['outcome']}",
        updated=row["finished_at"],
        categories={"source": row["source"], "outcome": row["outcome"]},
        lines=[row["reason"] or f"{row['documents']} documents, {row['facts']} facts, {row['changes']} changes"],
    )


def _alert_entry(row: Row) -> Entry:
    return Entry(
        key=f"alert/{row['id']}/{row['status']}",
        title=f"{row['text']} ({row['status']})",
        updated=row["settled_at"] or row["queued_at"],
        categories={"channel": row["channel"], "status": row["status"]},
        lines=[f"{row['channel']} → {row['recipient']}, by the rule “{row['rule']}”", row["last_answer"] or ""],
    )


def _conflict_entry(row: Row) -> Entry:
    what = f"{row['brand']}: {row['subject']}" + (f", {row['attribute']}" if row["attribute"] else "")
    return Entry(
        key=f"conflict/{what}/{row['rival_url']}/{row['rival']}",
        title=f"{what}: {row['believed']} or {row['rival']}",
        updated=row["since"],
        categories={name: row[name] for name in ("brand", "kind")},
        links=[row["url"], row["rival_url"]],
        lines=[f"{row['outlet']}: “{row['evidence']}”", f"{row['rival_outlet']}: “{row['rival_evidence']}”"],
    )


def _plan_entry(row: Row) -> Entry:
    return Entry(
        key=f"plan/{row['fact']}",
        title=f"{row['brand']}: {row['subject']}: {row['value']}" + (f" ({row['dated']})" if row["dated"] else ""),
        updated=row["due"] or "1970-01-01T00:00:00Z",
        categories={name: row[name] for name in ("brand", "kind")},
        links=[row["url"]],
        lines=[f"{row['outlet']} ({row['authority']})", f"“{row['evidence']}”"],
    )


def _source_entry(row: Row) -> Entry:
    return Entry(
        key=f"source/{row['name']}/{row['health']}/{row['trouble_since'] or ''}",
        title=f"{row['name']}: {row['health_in_words']}",
        updated=row["trouble_since"] or row["failing_since"] or row["last_checked_at"] or "1970-01-01T00:00:00Z",
        categories={"health": row["health"]},
        links=[row["url"]],
        lines=[f"last check {row['last_checked_at'] or 'never'}, next {row['next_due']}"],
    )


def _review_entry(row: Row) -> Entry:
    return Entry(
        key=f"review/{row['id']}",
        title=f"{row['reviewer']}: {row['verdict']}: {row['brand']}, {row['subject']}: {row['value']}",
        updated=row["reviewed_at"],
        categories={"brand": row["brand"], "verdict": row["verdict"]},
        links=[row["url"]],
        lines=[row["note"] or ""],
    )


_BEGIN = "`brand-monitor check` reads the sources once, `brand-monitor run` watches them."

LISTS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing(
            name="brands",
            title="Brands",
            about="Each brand at a glance, those with the latest news first.",
            fetch=_brands,
            filters=(),
            entry=_brand_entry,
            nothing=_BEGIN,
        ),
        Listing(
            name="changes",
            title="Changes",
            about="What changed in what is believed, newest first, each with its sources.",
            fetch=_public("changes"),
            filters=("brand", "kind", "change", "since", "until"),
            entry=of_change,
            nothing=f"The first check of a source is its baseline and no news. {_BEGIN}",
        ),
        Listing(
            name="facts",
            title="Facts",
            about="The claims that documents make, newest first, each with the sentence that makes it.",
            fetch=_public("facts"),
            filters=("brand", "kind", "source", "since", "until", "rejected"),
            entry=_fact_entry,
            nothing=_BEGIN,
        ),
        Listing(
            name="documents",
            title="Documents",
            about="The articles that were read, newest first.",
            fetch=_public("documents"),
            filters=("brand", "source", "since", "until"),
            entry=_document_entry,
            nothing=_BEGIN,
        ),
        Listing(
            name="conflicts",
            title="Disputes",
            about="Where good sources disagree now: what is believed, and each claim against it.",
            fetch=lambda queries, asked, now: queries.conflicts(**asked.filters, limit=asked.end),
            filters=("brand", "kind"),
            entry=_conflict_entry,
            nothing="Good sources agree about everything that is known.",
        ),
        Listing(
            name="plans",
            title="Plans",
            about="What is planned, what is due soonest first: markets to enter, numbers to reach, models to come.",
            fetch=_plans,
            filters=("brand", "kind", "overdue"),
            entry=_plan_entry,
            nothing="Nothing is announced that has not come about.",
        ),
        Listing(
            name="sources",
            title="Sources",
            about="Where news is looked for, and how each source is.",
            fetch=_sources,
            filters=("brand", "unhealthy"),
            entry=_source_entry,
            nothing="Add a [[sources]] table to the config; `brand-monitor init` writes one to start from.",
        ),
        Listing(
            name="checks",
            title="Checks",
            about="The checks that were made, newest first, and what became of each.",
            fetch=lambda queries, asked, now: queries.checks(**asked.filters, limit=asked.end),
            filters=("brand", "source", "outcome", "since", "until"),
            entry=_check_entry,
            nothing=_BEGIN,
        ),
        Listing(
            name="alerts",
            title="Messages",
            about="The messages that were sent or wait to be, newest first, and what became of each.",
            fetch=lambda queries, asked, now: queries.alerts(**asked.filters, limit=asked.end),
            filters=("brand", "kind", "channel", "status", "since", "until"),
            entry=_alert_entry,
            nothing="Add [[channels]] and [[alerts]] to the config; `brand-monitor test-alert` sends a sample.",
        ),
        Listing(
            name="reviews",
            title="Reviews",
            about="What people have said of claims, newest first.",
            fetch=lambda queries, asked, now: queries.reviews(**asked.filters, limit=asked.end),
            filters=("brand",),
            entry=_review_entry,
            nothing="Accept, reject or correct a claim on the page of a change, or with `brand-monitor review`.",
        ),
        Listing(
            name="search",
            title="Documents found",
            about="The documents that hold all the words, newest first, with the sentences that make claims.",
            fetch=_search,
            filters=("q", "brand", "kind", "source", "language", "since", "until"),
            entry=_document_entry,
            nothing="Write one or more words.",
        ),
        Listing(
            name="search/facts",
            title="Claims found",
            about="The claims that hold all the words, newest first.",
            fetch=_search_facts,
            filters=("q", "brand", "kind", "source", "language", "since", "until"),
            entry=_fact_entry,
            nothing="Write one or more words.",
        ),
    )
}
