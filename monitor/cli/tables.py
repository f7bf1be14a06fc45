"""Tables on a terminal, by rich. What stands in a cell is text, never markup.

Where the terminal is too narrow for columns, each row is a paragraph: its short cells, then its texts.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.exports.cells import Column, shortened

LONGEST = 240
"""Characters of a cell of text; the whole of it is in the other formats."""
NARROWEST = 24
"""Columns of the terminal that a column of text needs to be readable."""
_GAP = 2


class _Screen(Console):
    """A console that leaves it to the caller what a reader who has gone away means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def show(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Prints the table, as wide as the terminal; 120 columns where there is none."""
    width = shutil.get_terminal_size((120, 24)).columns
    console = _Screen(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    cells = [[shortened(cell, LONGEST) for cell in row] for row in rows]
    needed = [_needed(column, [row[place] for row in cells]) for place, column in enumerate(columns)]
    if sum(needed) + _GAP * (len(columns) - 1) <= width:
        console.print(_table(columns, cells, needed))
    else:
        _paragraphs(console, columns, cells)


def _needed(column: Column, cells: Sequence[str]) -> int:
    natural = max(map(cell_len, (column.title, *cells)))
    return min(natural, NARROWEST) if column.wide else natural


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], needed: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column, width in zip(columns, needed, strict=True):
        table.add_column(
            column.title,
            justify="right" if column.number else "left",
            overflow="fold",
            no_wrap=not column.wide,
            min_width=width,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _paragraphs(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        pairs = list(zip(columns, row, strict=True))
        short = [f"{column.title} {cell}" for column, cell in pairs if cell and not column.wide]
        console.print(Text("  ".join(short), overflow="fold"))
        for text in (cell for column, cell in pairs if column.wide and cell):
            console.print(Padding(Text(text, overflow="fold"), (0, 0, 0, 4)))
