"""`backtest`: archived documents run as if they had been watched as they came out, into a database of their own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from monitor import backtest as running
from monitor.backtest import Outcomes, Ready, Skipped
from monitor.cli.archives import archived
from monitor.cli.asking import brand_name
from monitor.cli.feeding import try_feeds
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.engine.cage import Cage
from monitor.errors import UsageError
from monitor.exports.cells import Column, inert
from monitor.exports.written import inert_json
from monitor.history import History
from monitor.models import Change, Source, utc_text
from monitor.parser.facts import revive

FIELDS = ("at", "told", "silence", *("id", "brand", "kind", "change", "subject", "text", "rule", "before", "after"))
COLUMNS = (
    Column("date", lambda row: row["at"][:10]),
    Column("change", "change"),
    Column("what", "text", wide=True),
    Column("first said by", lambda row: row["sources"][0]["outlet"] if row["sources"] else ""),
    Column("words", lambda row: row["sources"][0]["evidence"] if row["sources"] else "", wide=True),
)


@click.command(short_help="Run archived pages as if they had been watched.")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--feeds",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Instead: read a folder of feed files, and compare with feedparser.",
)
@click.option("--brand", metavar="NAME", help="Report of this brand only.")
@formatted
@placed
def backtest(place: Place, form: str, paths: Sequence[str], brand: str | None, feeds: Path | None) -> None:
    """Run archived documents in the order of their dates, as if the service had been watching.

    PATH is a folder of .html and .txt files, a file of JSON lines as `extract --jsonl` reads them, or a web archive
    (.warc, .warc.gz). Says what would have been told, and when; the same documents always give the same answer. Fetches
    and sends nothing. --db names a new database to write, else it is a passing one; the sources of the config, if there
    is one, say who speaks at their addresses.

    --feeds DIR reads every file of a folder as a feed, and says what is read of each. Exit 1 when a well-formed one
    gives other items than feedparser, when one takes more than two seconds, or cannot be read within bounds.
    """
    if bool(paths) is (feeds is not None):
        raise UsageError("name what to run: archives as PATH, or a folder of feed files as --feeds DIR")
    if feeds is not None:
        if not try_feeds(feeds, form):
            click.get_current_context().exit(1)
        return
    settings = place.settings_if_any()
    ready, skipped = asyncio.run(_read(paths, settings.sources if settings else ()))
    with _database(place.db) as path, History(path, revive=revive) as history:
        with _bar("running", len(ready)) as bar:
            outcome = running.play(ready, history, lambda: bar.update(1))
        only = brand_name(history.queries, brand) if brand else None
        changes = [change for change in outcome.changes if only in (None, change.brand)]
        steps = {
            name: history.queries.timeline(name) for name in history.queries.names("brand") if only in (None, name)
        }
    _report(form, changes, steps, outcome, skipped)
    if not ready:
        note("nothing was run: no document could be placed in time")
        click.get_current_context().exit(1)


async def _read(paths: Sequence[str], own: Sequence[Source]) -> tuple[list[Ready], list[Skipped]]:
    cage = Cage()
    try:
        with _bar("reading", None) as bar:
            return await running.read_all(archived(paths), cage.run, own, lambda: bar.update(1))
    finally:
        cage.close()


def _bar(label: str, length: int | None) -> Any:
    return click.progressbar(
        length=length or 0, label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=length is None
    )


@contextmanager
def _database(given: Path | None) -> Iterator[Path]:
    if given is not None:
        if given.exists():
            raise UsageError(
                f"{given}: is there already; a backtest writes a new database, so that no history is mixed"
            )
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="backtest-") as folder:
        yield Path(folder) / "backtest.db"


def _report(
    form: str,
    changes: Sequence[Change],
    steps: dict[str, list[dict[str, Any]]],
    outcome: Outcomes,
    skipped: Sequence[Skipped],
) -> None:
    rows = [_row(change) for change in changes]
    if form == "json":
        figures = {"documents": outcome.documents, "facts": outcome.facts}
        left_out = [{"document": one.id, "reason": one.reason} for one in skipped]
        timeline = [step for brand in sorted(steps) for step in steps[brand]]
        click.echo(inert_json(figures | {"skipped": left_out, "changes": rows, "timeline": timeline}, indent=2))
        return
    told = [row for row in rows if row["told"]]
    emit(told if form == "table" else rows, form, COLUMNS, zone=UTC, fields=(*FIELDS, "sources"))
    if form == "table":
        _timeline(steps)
    for one in skipped:
        note(f"skipped: {one.id}: {one.reason}")
    note(f"{outcome.documents} documents, {outcome.facts} facts; told {len(told)}, silent {len(rows) - len(told)}")


def _row(change: Change) -> dict[str, Any]:
    whole = change.as_json()
    values = {"at": utc_text(change.detected_at), "told": change.silence is None, "silence": change.silence}
    values |= {"rule": change.rule, "sources": whole["sources"]}
    return values | {name: whole[name] for name in FIELDS if name in whole}


def _timeline(steps: dict[str, list[dict[str, Any]]]) -> None:
    """How each belief moved, as the `timeline` command would tell it."""
    for brand in sorted(name for name, moved in steps.items() if moved):
        click.echo(inert(f"\nTimeline of {brand}"))
        for step in steps[brand]:
            click.echo(
                inert(f"  {step['since'][:10]}  {step['text']}  [{step['change']}, known {step['detected_at'][:10]}]")
            )
