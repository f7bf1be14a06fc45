"""Rows on standard output: as a table for people, as JSON, lines of JSON or CSV for programs.

Notes for people go to standard error. Knows no command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

import click

from monitor.exports.cells import Column, Row, inert
from monitor.exports.written import csv_text, inert_json


def emit(rows: Iterable[Row], form: str, columns: Sequence[Column], *, zone: tzinfo, fields: Sequence[str] = ()) -> int:
    """Writes the rows in the format; returns how many there were. `fields` are CSV's columns, else the rows' keys."""
    match form:
        case "json":
            listed = list(rows)
            click.echo(inert_json(listed, indent=2))
            return len(listed)
        case "jsonl":
            count = 0
            for row in rows:
                click.echo(inert_json(row))
                count += 1
            return count
        case "csv":
            listed = list(rows)
            click.echo(csv_text(listed, fields), nl=False)
            return len(listed)
    listed = list(rows)
    if listed:
        _table(listed, columns, zone)
    return len(listed)


def note(text: str) -> None:
    """A line for people, on standard error."""
    click.echo(inert(text), err=True)


def _table(rows: list[Row], columns: Sequence[Column], zone: tzinfo) -> None:
    from monitor.cli import tables  # late: rich takes longer to load than most answers to be found

    cells = [[column.text(row, zone) for column in columns] for row in rows]
    filled = [place for place in range(len(columns)) if any(line[place] for line in cells)]
    tables.show([columns[place] for place in filled], [[line[place] for place in filled] for line in cells])
