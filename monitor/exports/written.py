"""Rows as JSON and CSV for programs: the same text, and nothing in it that a terminal or a spreadsheet would obey."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from monitor.exports.cells import ACTIVE, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert_json(value: Any, indent: int | None = None) -> str:
    """JSON whose strings hold the same text, but with everything that a terminal would obey escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return ACTIVE.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def csv_text(rows: Sequence[Row], fields: Sequence[str] = ()) -> str:
    """The rows as CSV with a head, harmless for terminals and spreadsheets. `fields`: its columns, else all keys."""
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
