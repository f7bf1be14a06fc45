"""`plans`: what is planned, and what was to be so by now and is not."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from monitor.cli.asking import Filters, capped, filtered, nothing, opened
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.exports.cells import Column
from monitor.exports.columns import COLUMNS


@click.command(short_help="What is planned, and what is overdue.")
@click.option("--overdue", is_flag=True, help="Only what was to be so by now and is not.")
@filtered("brand", "kind", "limit")
@formatted
@placed
def plans(place: Place, form: str, filters: Filters, overdue: bool) -> None:
    """What is planned, what is due soonest first: markets to enter, numbers to reach, models to come.

    A plan is overdue when its date has passed whole and nothing says that it has come about.
    """
    columns = (
        Column("due", "dated"),
        Column("brand", "brand"),
        Column("plan", lambda row: f"{row['subject']}: {row['value']}"),
        Column("kept", "kept"),
        Column("overdue", "overdue"),
        Column("outlet", "outlet"),
        Column("evidence", "evidence", wide=True),
    )
    with opened(place) as (queries, zone):
        asked = filters.checked(queries, zone, form)
        rows = queries.plans(datetime.now(UTC), overdue=overdue, **asked)
        if emit(capped(rows, filters, form), form, columns, zone=zone, fields=COLUMNS["plans"]):
            return
    if overdue:
        note("no plan is overdue")
    else:
        nothing("plans", filters, "`brand-monitor facts` lists all claims")
