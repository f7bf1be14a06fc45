"""`backtest --feeds`: a folder of feed files, each read as a check would read it, and held against feedparser alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from monitor.backtest import TIMELESS
from monitor.cli.inputs import read_bytes
from monitor.cli.output import emit, note
from monitor.engine.cage import Cage
from monitor.errors import ReadError, UsageError
from monitor.exports.cells import Column
from monitor.models import Outcome
from monitor.scrapers.corpus import Tried, agrees, attempt

SLOW = 2.0
"""Seconds of the processor that one file may take."""

FIELDS = ("file", "outcome", "items", "dated", "agrees", "reason")
COLUMNS = (
    Column("file", "file"),
    Column("outcome", "outcome"),
    Column("items", "items", number=True),
    Column("dated", "dated", number=True),
    Column("as feedparser", "agrees"),
    Column("reason", "reason", wide=True),
)


def try_feeds(folder: Path, form: str) -> bool:
    """Reads every file under `folder` and tells what became of each; whether all went well."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: --feeds names a folder of feed files, and there is no such folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise UsageError(f"{folder}: there are no files in it")
    with click.progressbar(length=len(files), file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        tried = asyncio.run(_tried(files, lambda: bar.update(1)))
    named = {path.relative_to(folder).as_posix(): one for path, one in zip(files, tried, strict=True)}
    emit([_row(name, one) for name, one in named.items()], form, COLUMNS, zone=UTC, fields=FIELDS)
    return _summed_up(named)


async def _tried(files: Sequence[Path], step: Callable[[], None]) -> list[Tried]:
    cage = Cage()
    found = []
    try:
        for path in files:
            content = read_bytes(str(path))
            try:
                one: Tried = await cage.run(attempt, content, TIMELESS)
            except ReadError as error:  # it overstepped what a child may take
                one = Tried(outcome=error.outcome, reason=error.reason, links=(), seconds=cage.seconds)
            with suppress(ReadError):  # feedparser alone oversteps it sooner
                one = replace(one, agrees=await cage.run(agrees, content, one.links))
            found.append(one)
            step()
    finally:
        cage.close()
    return found


def _row(name: str, one: Tried) -> dict[str, Any]:
    return {
        "file": name,
        "outcome": str(one.outcome),
        "items": len(one.links),
        "dated": sum(link.published is not None for link in one.links),
        "agrees": one.agrees,
        "reason": one.reason,
    }


def _summed_up(tried: dict[str, Tried]) -> bool:
    read = sum(one.outcome is Outcome.OK for one in tried.values())
    compared = [one.agrees for one in tried.values() if one.agrees is not None]
    slowest = max(tried, key=lambda name: tried[name].seconds)
    note(
        f"{len(tried)} files: {read} read, {len(tried) - read} refused with a reason; "
        f"as feedparser: {sum(compared)} of {len(compared)} well-formed ones; "
        f"slowest: {tried[slowest].seconds:.1f} s ({slowest})"
    )
    failed = {
        "differ from feedparser": [name for name, one in tried.items() if one.agrees is False],
        f"took longer than {SLOW:g} s": [name for name, one in tried.items() if one.seconds > SLOW],
        "could not be read within bounds": [n for n, one in tried.items() if one.outcome is Outcome.PARSE_ERROR],
    }
    for words, names in failed.items():
        if names:
            note(f"{len(names)} {words}: {', '.join(names[:20])}")
    return not any(failed.values())
