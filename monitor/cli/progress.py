"""How far long work is, at what rate, and how long it will take: on stderr, a bar on a terminal and lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """`with Progress("reading", 1_200, "documents") as progress: progress.advance()`."""

    def __init__(
        self,
        label: str,
        total: int,
        unit: str,
        *,
        out: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._total = total
        self._unit = unit
        self._out = out or sys.stderr
        self._now = now
        self._done = self._known = 0
        self._began = self._told = now()
        columns = (TextColumn("{task.description}"), BarColumn())
        self._bar = Bar(*columns, console=Console(file=self._out), transient=True) if self._out.isatty() else None
        self._task = self._bar.add_task(label, total=total) if self._bar else None

    def skip(self, amount: int) -> None:
        """So much was done before and counts for no rate."""
        self._known += amount
        self.advance(amount)

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=self.words())
        elif self._done < self._total and self._now() - self._told >= EVERY:
            self._told = self._now()
            self._out.write(f"{self.words()}\n")
            self._out.flush()

    def words(self) -> str:
        """`reading: 340 of 1,200 documents, 52/s, 17 s left`."""
        told = f"{self._label}: {self._done:,} of {self._total:,} {self._unit}"
        here, seconds = self._done - self._known, self._now() - self._began
        if here <= 0 or seconds <= 0:
            return told
        rate = here / seconds
        return f"{told}, {_rate(rate)}, {_span(max(0, self._total - self._done) / rate)} left"

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _rate(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
