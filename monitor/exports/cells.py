"""What stands in the cells of a table, and how a text from the web is made harmless for a terminal.

Control characters never reach a terminal: they are made visible. Prints nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

Row = Mapping[str, Any]

ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
"""Characters that a terminal or an editor obeys instead of showing: controls, and marks that turn the line around."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, and a row's key or what makes the cell of the row."""

    title: str
    cell: str | Callable[[Row], Any]
    wide: bool = False
    """It holds text and takes the room that the others leave; they are not broken."""
    number: bool = False

    def text(self, row: Row, zone: tzinfo) -> str:
        value = row.get(self.cell) if isinstance(self.cell, str) else self.cell(row)
        return shown(value, zone)


def inert(text: str) -> str:
    """The text with everything that a terminal would obey made visible; line ends become spaces."""
    return ACTIVE.sub(lambda found: " " if found[0] in "\t\n\r\u2028\u2029" else "\ufffd", text)


def shown(value: Any, zone: tzinfo) -> str:
    """A value as people read it; UTC times in their zone."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            return _local(value, zone)
        case list() | tuple():
            return ", ".join(shown(item, zone) for item in value)
        case _:
            return inert(str(value))


def _local(text: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):  # a page may state the 99th month
        return text


def shortened(text: str, width: int) -> str:
    """The text within `width` characters, cut at a word where one ends near."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    space = cut.rfind(" ", width * 2 // 3)
    return f"{cut[:space] if space > 0 else cut}…"
