"""Rows on standard output: as a table for people, as JSON, lines of JSON or CSV for programs.

What the web wrote is shown as text and nothing else: control characters never reach a terminal, cells never become
formulas. Notes for people go to standard error. Knows no command.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import chain
from typing import Any

import click

from monitor.cli.cells import ACTIVE, Column, Row, inert

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def inert_json(value: Any, indent: int | None = None) -> str:
    """JSON whose strings hold the same text, but with everything that a terminal would obey escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return ACTIVE.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def csv_text(rows: Sequence[Row], fields: Sequence[str] = ()) -> str:
    """The rows as CSV with a head, harmless for terminals and spreadsheets. `fields`: see `emit`."""
    names = list(fields) or list(dict.fromkeys(chain.from_iterable(rows)))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """A CSV cell. Spreadsheets compute what begins like a formula, so that such a text gets an apostrophe before it."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    lines = guarded.replace("\r\n", "\n").replace("\r", "\n")  # a bare CR would end the row for some readers
    return ACTIVE.sub(lambda found: found[0] if found[0] in "\t\n" else "\ufffd", lines)


def _table(rows: list[Row], columns: Sequence[Column], zone: tzinfo) -> None:
    from monitor.cli import tables  # late: rich takes longer to load than most answers to be found

    cells = [[column.text(row, zone) for column in columns] for row in rows]
    filled = [place for place in range(len(columns)) if any(line[place] for line in cells)]
    tables.show([columns[place] for place in filled], [[line[place] for place in filled] for line in cells])
