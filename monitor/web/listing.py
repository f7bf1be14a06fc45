"""The lists as pages, JSON, CSV and Atom; and SQL that a person writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from monitor.errors import TooSlow, UsageError
from monitor.exports.atom import feed
from monitor.exports.rows import flat
from monitor.exports.written import csv_text
from monitor.history import Queries, Table
from monitor.history.searching import BEGIN, END
from monitor.resources import shipped
from monitor.web.answers import as_json, page, took
from monitor.web.asking import FILTERS, FORMS, Asked, Form, asked, form_of
from monitor.web.lists import Listing, Rows
from monitor.web.reading import ask
from monitor.web.site import Site

MOST_CHOICES = 1_000


async def listed(request: Request, site: Site, listing: Listing) -> Response:
    """One part of a list, in the form that is asked for."""
    form, now = form_of(request), site.clock()
    wanted = asked(request, listing.filters, form, now, site.zone)
    if "brand" in wanted.filters:
        wanted = await ask(site, partial(_as_stored, wanted))
    choices: dict[str, list[str]] = {}
    if form == "html":
        choices = await ask(site, lambda queries: _choices(queries, listing))
    rows, more = await ask(site, lambda queries: listing.rows(queries, wanted, now))
    if form != "html":
        return _for_programs(listing, rows, more, wanted, form, now)
    recent: dict[str, Rows] = {}
    yields: dict[str, dict[str, Any]] = {}
    if listing.name == "sources" and rows:
        names = [row["name"] for row in rows]
        recent, yields = await ask(site, lambda queries: (queries.recent_checks(names), queries.yields(names)))
    unindexed = await ask(site, Queries.unindexed) if listing.name == "search" else 0
    return page(
        request,
        "list.html.j2",
        site.zone,
        listing=listing,
        rows=rows,
        now=now,
        more=more,
        asked=wanted,
        choices=choices,
        about_filters=FILTERS,
        forms=FORMS[1:],
        recent=recent,
        yields=yields,
        took={name: took(checks) for name, checks in recent.items()},
        unindexed=unindexed,
        served=site.served,
    )


def _as_stored(wanted: Asked, queries: Queries) -> Asked:
    """What is asked for, with the brand as the history writes it, whatever its capitals."""
    given = wanted.written["brand"]
    brand = queries.brand_as_stored(given) or given
    return replace(wanted, written={**wanted.written, "brand": brand}, filters={**wanted.filters, "brand": brand})


def _choices(queries: Queries, listing: Listing) -> dict[str, list[str]]:
    """The names to choose from in its filters, as far as they are few enough to be of help."""
    of: tuple[Literal["brand", "source"], ...] = ("brand", "source")
    known = {name: queries.names(name) for name in of if name in listing.filters}
    return {name: names for name, names in known.items() if len(names) <= MOST_CHOICES}


def _for_programs(listing: Listing, rows: Rows, more: bool, wanted: Asked, form: Form, now: datetime) -> Response:
    rows = [_unmarked(row) for row in rows]
    following = f"/{listing.name}.{form}?{wanted.query(page=wanted.page + 1, limit=wanted.limit)}" if more else None
    match form:
        case "csv":
            text = csv_text([flat(row) for row in rows], listing.fields)
            answer = Response(text, media_type="text/csv; charset=utf-8")
            answer.headers["content-disposition"] = f"inline; filename={quote(listing.name, safe='')}.csv"
        case "atom":
            about = ", ".join(f"{name} {value}" for name, value in wanted.written.items())
            title = f"brand-monitor: {listing.title.lower()}{f' ({about})' if about else ''}"
            answer = Response(feed([listing.entry(row) for row in rows], title, now), media_type="application/atom+xml")
        case _:
            answer = as_json({"list": listing.name, "rows": rows, "next": following})
    if following:
        answer.headers["link"] = f'<{following}>; rel="next"'
    return answer


def _unmarked(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose text has no marks around what was found in it."""
    if "snippet" not in row:
        return row
    return row | {"snippet": row["snippet"].replace(BEGIN, "").replace(END, "")}


async def sql(request: Request, site: Site) -> Response:
    """The answer to SQL that a person wrote: it may read, for two seconds, and nothing else."""
    for name in sorted(request.query_params.keys() - {"q", "format"}):
        raise UsageError(f'SQL is asked as q; there is no "{name[:40]}"')
    text, form = request.query_params.get("q", "").strip(), form_of(request)
    if text and request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise UsageError("SQL is answered when it was written here, not when another site's link brings it")
    table, wrong = None, None
    if text:
        try:
            table = await run_in_threadpool(site.reader.sql, text)
        except (UsageError, TooSlow) as error:
            if form != "html":
                raise
            wrong = f"This cannot be answered: {error}"
    if form == "html":
        status = 200 if wrong is None else 400
        return page(request, "sql.html.j2", site.zone, status, sql=text, table=table, wrong=wrong, examples=examples())
    return _table(table or Table((), (), False), form)


def _table(table: Table, form: Form) -> Response:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    match form:
        case "csv":
            return Response(csv_text(rows, table.columns), media_type="text/csv; charset=utf-8")
        case "json":
            return as_json({"columns": table.columns, "rows": rows, "more": table.more})
        case _:
            raise UsageError("the answer to SQL is a table; it comes as html, json or csv")


def examples() -> list[tuple[str, str]]:
    """The questions that ship: what each answers, and its SQL, as far as it asks for no value."""
    texts = [
        entry.read_text(encoding="utf-8")
        for entry in sorted(shipped("db", "queries").iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    ]
    return [(text.splitlines()[0].removeprefix("-- "), text.split("\n", 1)[1].strip()) for text in texts]
