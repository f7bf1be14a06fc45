"""`review`: a person's word about single claims, which outranks their sources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import click

from monitor.cli.asking import Filters, brand_name, capped, filtered, opened
from monitor.cli.options import Command, Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.errors import UsageError
from monitor.exports.cells import Column, inert
from monitor.exports.columns import COLUMNS
from monitor.history import History
from monitor.judging import Judged, Judgement, judge
from monitor.notifier.wording import fact_words
from monitor.parser.facts import revive
from monitor.settings import Settings

_FIELDS = {
    "count": "N",
    "qualifier": "exact|at_least|about|ordinal",
    "status": "WORD",
    "scope": "region:NAME|none",
    "market": "CC",
    "basis": "event|presence",
    "model": "NAME",
    "stage": "WORD",
    "markets": "CC,CC",
    "segment": "TEXT",
    "platform": "TEXT",
    "when": "DATE|none",
    "hedged": "yes|no",
    "brand": "NAME",
}
"""What can be corrected, and how it is written."""


def _corrections(command: Command) -> Command:
    for name, metavar in reversed(_FIELDS.items()):
        command = click.option(f"--{name}", metavar=metavar)(command)
    return command


def _reviewed(command: Command) -> Command:
    """Gives the command the claim and who speaks."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.argument("fact", type=click.IntRange(min=1)),
        click.option("--by", "reviewer", required=True, metavar="NAME", help="Who says so."),
        click.option("--note", metavar="TEXT", help="Why."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(short_help="Accept, reject or correct single claims.")
def review() -> None:
    """Accept, reject or correct single claims. A person's word outranks sources.

    FACT is an id as `brand-monitor facts --format jsonl` lists it. A review holds for the same claim of the same
    document whenever it is read again, until the next review of it; `undo` takes it back.
    """


@review.command("accept", short_help="Vouch for a claim.")
@_reviewed
@placed
def accept(place: Place, fact: int, reviewer: str, note: str | None) -> None:
    """Vouch for a claim: it counts as the brand's own word, and what contradicts it now is overruled."""
    _judge(place, fact, "accept", reviewer, note)


@review.command("reject", short_help="Say that a claim is wrong.")
@click.option("--untrue", is_flag=True, help="It was read rightly, but it is not true.")
@_reviewed
@placed
def reject(place: Place, fact: int, reviewer: str, note: str | None, untrue: bool) -> None:
    """Say that a claim is wrong: the text does not say so, or, with --untrue, it does and errs."""
    _judge(place, fact, "untrue" if untrue else "reject", reviewer, note)


@review.command("correct", short_help="Say what a claim should have been.")
@_reviewed
@_corrections
@placed
def correct(place: Place, fact: int, reviewer: str, note: str | None, **fields: str | None) -> None:
    """Say what a claim should have been: give the fields that were wrong, as in `--count 40`.

    The corrected claim counts as the brand's own word, and what contradicts it now is overruled.
    """
    given = {name: text for name, text in fields.items() if text is not None}
    if "brand" in given:
        with opened(place) as (queries, _):
            given["brand"] = brand_name(queries, given["brand"])
    _judge(place, fact, "correct", reviewer, note, given)


@review.command("undo", short_help="Take the last review of a claim back.")
@_reviewed
@placed
def undo(place: Place, fact: int, reviewer: str, note: str | None) -> None:
    """Take the reviews of a claim back: the sources decide again. They stay in the list."""
    _judge(place, fact, "undo", reviewer, note)


def _judge(
    place: Place,
    fact: int,
    verdict: Literal["accept", "reject", "untrue", "correct", "undo"],
    reviewer: str,
    note: str | None,
    corrections: dict[str, str] | None = None,
) -> None:
    if not reviewer.strip() or not reviewer.isprintable():
        raise UsageError("--by must name who says so, on one line")
    with opened(place):
        pass  # there is a history, and it is sound: nothing is created by mistake
    settings = _settings(place)
    database = settings.database if settings else place.history()[0]
    judgement = Judgement(verdict=verdict, reviewer=reviewer.strip(), note=note, corrections=corrections or {})
    with History(database, revive=revive) as history:
        _tell(judge(history, fact, judgement, settings, datetime.now(UTC)))


def _settings(place: Place) -> Settings | None:
    """The settings, for who is to be told; None when only a database was named."""
    return None if place.db is not None and place.config is None else place.settings()


def _tell(judged: Judged) -> None:
    click.echo(f"review {judged.review} is kept")
    for claim in judged.overruled:
        click.echo(inert(f"overruled: {claim.outlet}: “{claim.fact.evidence}”"))
    for change in judged.changes:
        click.echo(inert(f"{change.change}: {change.text} [{change.id[:8]}]"))
    if judged.changes:
        return
    for subject, state in judged.states.items():
        believed = fact_words(state.believed.fact.as_json()) if state else "nothing"
        click.echo(inert(f"{subject.brand}, {subject.name}: what is believed stays the same: {believed}"))


@review.command("list", short_help="What people have said of claims.")
@filtered("brand", "limit")
@formatted
@placed
def list_reviews(place: Place, form: str, filters: Filters) -> None:
    """What people have said of claims, newest first; also what no longer holds."""
    columns = (
        Column("fact", "fact", number=True),
        Column("reviewed", "reviewed_at"),
        Column("by", "reviewer"),
        Column("verdict", "verdict"),
        Column("claim", lambda row: f"{row['brand']}, {row['subject']}: {row['value']}", wide=True),
        Column("corrected to", "corrected_value"),
        Column("note", "note", wide=True),
        Column("holds", "in_force"),
    )
    with opened(place) as (queries, zone):
        rows = queries.reviews(**filters.checked(queries, zone, form))
        if not emit(capped(rows, filters, form), form, columns, zone=zone, fields=COLUMNS["reviews"]):
            note("no reviews yet; `brand-monitor review accept FACT --by NAME` makes one")
