"""The lists: `facts changes conflicts documents checks sources`. Each reads the history and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import click

from monitor import catalogue
from monitor.catalogue import Brand, Outlet
from monitor.cli.asking import Filters, brand_name, capped, filtered, nothing, opened
from monitor.cli.lazy import LazyGroup
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.errors import UsageError
from monitor.exports.cells import Column
from monitor.exports.columns import COLUMNS
from monitor.exports.rows import fact_row, health, standing, voices
from monitor.notifier.wording import fact_words

FIRST_CHECK = "`brand-monitor check` reads the sources once, `brand-monitor run` watches them"

_CHANGE_FIELDS = (
    *("id", "detected_at", "brand", "kind", "change", "subject", "before", "after", "text", "rule", "sources"),
    *("alerts", "silence", "aspect", "independent", "syndicated", "sponsored", "fate"),
)
_DOCUMENT_FIELDS = (
    *("id", "url", "version", "latest", "title", "published", "published_from", "dated", "language", "outlet"),
    *("authority", "source", "fetched_at", "baseline", "characters", "facts", "page_kept", "check_id"),
)


@click.command(short_help="The claims that documents make, with their sentences.")
@click.option("--rejected", is_flag=True, help="Also those that a person has rejected, corrected or overruled.")
@filtered("brand", "kind", "source", "since", "until", "limit")
@formatted
@placed
def facts(place: Place, form: str, filters: Filters, rejected: bool) -> None:
    """The claims that documents make, newest first, each with the sentence that makes it."""
    columns = (
        Column("recorded", "recorded_at"),
        Column("brand", "brand"),
        Column("claim", fact_words, wide=True),
        Column("outlet", "outlet"),
        Column("counts", standing),
        Column("voices", voices),
        Column("evidence", "evidence", wide=True),
    )
    with opened(place) as (queries, zone):
        found = queries.facts(rejected=rejected, **filters.checked(queries, zone, form))
        rows = [fact_row(row) for row in found]
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=COLUMNS["facts"]):
            nothing("facts", filters, FIRST_CHECK)


@click.command(short_help="What changed, newest first.")
@filtered("brand", "kind", "since", "until", "limit")
@formatted
@placed
def changes(place: Place, form: str, filters: Filters) -> None:
    """What changed, newest first. `brand-monitor why ID` tells where a change came from."""
    columns = (
        Column("id", lambda row: row["id"][:8]),
        Column("detected", "detected_at"),
        Column("change", "change"),
        Column("what", "text", wide=True),
        Column("sources", lambda row: len(row["sources"]), number=True),
        Column("told", lambda row: row["alerts"] > 0),
    )
    with opened(place) as (queries, zone):
        found = queries.changes(**filters.checked(queries, zone, form))
        cited = queries.cited(row["id"] for row in found)
        rows = [{name: row[name] for name in _CHANGE_FIELDS} | {"sources": cited.get(row["id"], [])} for row in found]
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=_CHANGE_FIELDS):
            nothing("changes", filters, f"the first check of a source is its baseline; {FIRST_CHECK}")


@click.command(short_help="Where good sources disagree now.")
@filtered("brand", "kind", "limit")
@formatted
@placed
def conflicts(place: Place, form: str, filters: Filters) -> None:
    """Where good sources disagree now: what is believed, and each claim against it."""
    columns = (
        Column("brand", "brand"),
        Column("subject", lambda row: f"{row['subject']}, {row['attribute']}" if row["attribute"] else row["subject"]),
        Column("believed", lambda row: f"{row['believed']} ({row['outlet']})"),
        Column("against it", lambda row: f"{row['rival']} ({row['rival_outlet']})"),
        Column("their words", "rival_evidence", wide=True),
    )
    with opened(place) as (queries, zone):
        rows = queries.conflicts(**filters.checked(queries, zone, form))
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=COLUMNS["conflicts"]):
            note("no conflicts: good sources agree about everything that was asked for")


@click.command(short_help="The articles that were read.")
@filtered("brand", "source", "since", "until", "limit")
@formatted
@placed
def documents(place: Place, form: str, filters: Filters) -> None:
    """The articles that were read, newest first."""
    columns = (
        Column("read", "fetched_at"),
        Column("published", "published"),
        Column("source", "source"),
        Column("facts", "facts", number=True),
        Column("title", lambda row: row["title"] or row["url"], wide=True),
    )
    with opened(place) as (queries, zone):
        rows = queries.documents(**filters.checked(queries, zone, form))
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=_DOCUMENT_FIELDS):
            nothing("documents", filters, FIRST_CHECK)


@click.command(short_help="The checks that were made, and what became of each.")
@filtered("brand", "source", "since", "until", "limit")
@formatted
@placed
def checks(place: Place, form: str, filters: Filters) -> None:
    """The checks that were made, newest first, and what became of each."""
    columns = (
        Column("started", "started_at"),
        Column("source", "source"),
        Column("outcome", "outcome"),
        Column("new documents", "documents", number=True),
        Column("changes", "changes", number=True),
        Column("reason", "reason", wide=True),
    )
    with opened(place) as (queries, zone):
        rows = queries.checks(**filters.checked(queries, zone, form))
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=COLUMNS["checks"]):
            nothing("checks", filters, FIRST_CHECK)


@click.group(
    cls=LazyGroup,
    sections={"Commands": {"test": ("monitor.cli.probing:test", "What would be found on an address.")}},
    invoke_without_command=True,
    short_help="The sources and their health; the catalogue's addresses.",
)
@click.option("--unhealthy", is_flag=True, help="Only those in trouble; exit 1 if there are any.")
@click.option(
    "--catalogue", "listed", is_flag=True, help="The brands, outlets and addresses that ship with the program."
)
@filtered("brand", "limit")
@formatted
@placed
def sources(place: Place, form: str, filters: Filters, unhealthy: bool, listed: bool) -> None:
    """Each source: its health, its last and its next check. `sources test URL` tries an address."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    if listed and unhealthy:
        raise UsageError("--unhealthy is about your sources and --catalogue about the shipped addresses: use one")
    if listed:
        _catalogue(filters, form)
        return
    columns = (
        Column("source", "name"),
        Column("brand", "brand"),
        Column("health", health, wide=True),
        Column("last check", "last_checked_at"),
        Column("next check", lambda row: row["next_due"] if row["enabled"] and not row["gone_at"] else None),
        Column("documents", "documents", number=True),
    )
    with opened(place) as (queries, zone):
        brand = filters.brand and brand_name(queries, filters.brand)
        found = queries.sources(brand=brand, unhealthy=unhealthy, limit=filters.limit)
        rows = [row | {"health_in_words": health(row)} for row in found]
        shown = emit(rows, form, columns, zone=zone, fields=COLUMNS["sources"])
    if shown and unhealthy:
        click.get_current_context().exit(1)
    if not shown:
        note("no source is in trouble" if unhealthy else f"no sources are known here yet; {FIRST_CHECK}")


_SHIPPED_COLUMNS = (
    Column("name", "name"),
    Column("what", "what"),
    Column("kind", "kind"),
    Column("trust", "trust"),
    Column("desk", "desk"),
    Column("address", "url", wide=True),
)


def _catalogue(filters: Filters, form: str) -> None:
    shipped = catalogue.load()
    entries: Sequence[Brand | Outlet] = (*shipped.brands, *shipped.outlets)
    if filters.brand:
        entries = [shipped.require(filters.brand)]
    rows = [row for entry in entries for row in _addresses(entry)]
    emit(rows[: filters.limit], form, _SHIPPED_COLUMNS, zone=UTC)


def _addresses(entry: Brand | Outlet) -> Iterable[dict[str, Any]]:
    """A row for each address of a brand or an outlet; one without an address for a brand that has none."""
    brand = isinstance(entry, Brand)
    head = {"name": entry.name, "what": "brand" if brand else str(entry.authority)}  # type: ignore[union-attr]
    for source in entry.sources or (None,):
        names = ("kind", "url", "trust", "desk", "languages", "shared")
        values = {name: getattr(source, name) if source else None for name in names}
        yield head | {
            name: str(value) if name in ("kind", "trust") and value else value for name, value in values.items()
        }
