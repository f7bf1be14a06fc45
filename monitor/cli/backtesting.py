"""`backtest`: archived documents run as if they had been watched as they came out, into a database of their own."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from monitor import backtest as running
from monitor.backtest import Archived, Place, Ready, Skipped, read_safely
from monitor.cli.archives import Shard, read_slice, shards
from monitor.cli.asking import brand_name
from monitor.cli.feeding import try_feeds
from monitor.cli.options import Place as Named
from monitor.cli.options import formatted, placed
from monitor.cli.output import emit, note
from monitor.cli.progress import Progress
from monitor.engine.engines import reading
from monitor.engine.errands import Run
from monitor.errors import UsageError
from monitor.exports.cells import Column, inert
from monitor.exports.written import inert_json
from monitor.history import History, ServiceLock
from monitor.lanes import Waiting, abreast
from monitor.models import Change, Source, utc_text
from monitor.parser.facts import revive
from monitor.release import release
from monitor.settings import EngineSettings
from monitor.spool import OtherWork, Spool

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
ABREAST = 64
"""Documents of a slice that wait for a child at once: more than there are children."""

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
def backtest(place: Named, form: str, paths: Sequence[str], brand: str | None, feeds: Path | None) -> None:
    """Run archived documents in the order of their dates, as if the service had been watching.

    PATH is a folder of .html and .txt files, a file of JSON lines as `extract --jsonl` reads them, or a web archive
    (.warc, .warc.gz). Says what would have been told, and when; the same documents always give the same answer. Fetches
    and sends nothing. --db names a new database to write, else it is a passing one; when it was killed on the way, the
    same command goes on where it stopped. The config, if there is one, says who speaks at the addresses of its sources,
    and where documents are read ([engine]). Exit 1 when a document was skipped, with the reason; other files in a
    folder, and pages without news in a web archive, are none.

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
    own = settings.sources if settings else ()
    pieces = shards(paths)
    with _workshop(place.db, _about(pieces, own)) as (path, spool):
        places, skipped = asyncio.run(_read(pieces, own, settings.engine if settings else EngineSettings(), spool))
        with History(path, revive=revive) as history:
            history.identify("backtest")
            with Progress("running", len(places), "documents") as progress:
                progress.skip(max(0, history.recorded() - len({one.source for one in places})))
                running.play(places, lambda one: spool.record(one.part, one.number), history, progress.advance)
            queries = history.queries
            only = brand_name(queries, brand) if brand else None
            changes = [change for change in queries.changed_since(BEGINNING) if only in (None, change.brand)]
            steps = {name: queries.timeline(name) for name in queries.names("brand") if only in (None, name)}
        _report(form, changes, steps, places, skipped)
        sys.stdout.flush()
    if not places:
        note("nothing was run: no document could be placed in time")
    if not places or not all(one.foreign for one in skipped):
        click.get_current_context().exit(1)


@dataclass(frozen=True, slots=True)
class Task:
    """A shard, and the configured sources, which say who speaks at their addresses."""

    shard: Shard
    own: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the documents of a slice that was read."""

    places: tuple[Place, ...]
    skipped: tuple[Skipped, ...]
    rest: Shard | None


async def read_documents(task: Task, run: Run) -> tuple[list[Ready | Skipped], Shard | None]:
    """The next documents of a shard, read where this runs, in their order; and the shard from there on."""
    found = await asyncio.to_thread(read_slice, task.shard)

    async def one(numbered: tuple[int, Archived | Skipped]) -> tuple[int, Ready | Skipped]:
        number, document = numbered
        return number, await read_safely(document, task.own, run)

    results = [result async for result in abreast(one, enumerate(found.documents), ABREAST)]
    return [result for _, result in sorted(results, key=lambda numbered: numbered[0])], found.rest


async def _read(
    pieces: Sequence[Shard], own: Sequence[Source], engine: EngineSettings, spool: Spool
) -> tuple[list[Place], list[Skipped]]:
    """Reads what has not been read yet into the spool; what there is in it of all, the same in whatever order."""
    heads: dict[str, Head] = {}
    waiting: Waiting[Task] = Waiting()
    for piece in pieces:
        shard: Shard | None = piece
        while shard is not None and shard.part in spool:
            heads[shard.part] = spool.head(shard.part)
            shard = heads[shard.part].rest
        if shard is not None:
            waiting.append(Task(shard, tuple(own)))
    size = sum(piece.size for piece in pieces)
    with Progress("reading", size, "bytes") as progress:
        progress.skip(size - sum(task.shard.size for task in waiting.items))
        if waiting.items:
            readers = reading(engine)
            try:
                await readers.open()
                async for task, (results, rest) in readers.map(read_documents, waiting):
                    heads[task.shard.part] = _kept(task.shard, results, rest, spool)
                    if rest is not None:
                        waiting.append(Task(rest, task.own))
                    progress.advance(task.shard.size - (rest.size if rest else 0))
            finally:
                await readers.close()
    places = [place for part in sorted(heads) for place in heads[part].places]
    skipped = [one for part in sorted(heads) for one in heads[part].skipped]
    return places, sorted(skipped, key=lambda one: one.id)


def _kept(shard: Shard, results: Sequence[Ready | Skipped], rest: Shard | None, spool: Spool) -> Head:
    ready = [one for one in results if isinstance(one, Ready)]
    places = tuple(
        Place(at=one.at, id=one.id, source=one.source, facts=len(one.facts), part=shard.part, number=number)
        for number, one in enumerate(ready)
    )
    head = Head(places, tuple(one for one in results if isinstance(one, Skipped)), rest)
    spool.put(shard.part, head, ready)
    return head


def _about(pieces: Sequence[Shard], own: Sequence[Source]) -> dict[str, str]:
    """What a backtest depends on: another one cannot go on with what was read for it."""
    files = [(str(file.path), file.size, file.path.stat().st_mtime_ns) for piece in pieces for file in piece.files]
    hashes = {name: hashlib.sha256(repr(what).encode()).hexdigest() for name, what in (("f", files), ("o", own))}
    return {"files": hashes["f"], "sources in the config": hashes["o"], "version of brand-monitor": release()}


@contextmanager
def _workshop(given: Path | None, about: Mapping[str, str]) -> Iterator[tuple[Path, Spool]]:
    """The database to write, and beside it what is read for it, until all is done."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="backtest-") as folder:
            yield Path(folder) / "backtest.db", Spool(Path(folder) / "read", about)
        return
    unfinished = given.with_name(f"{given.name}.backtest")
    if given.exists() and not Spool.begun(unfinished):
        raise UsageError(f"{given}: is there already; a backtest writes a new database, so that no history is mixed")
    with ServiceLock(given):
        try:
            spool = Spool(unfinished, about)
        except OtherWork as other:
            raise UsageError(
                f"{unfinished}: a backtest with other {other} was not finished; run that one again, or remove this "
                f"folder and {given}"
            ) from None
        yield given, spool
        spool.remove()


def _report(
    form: str,
    changes: Sequence[Change],
    steps: dict[str, list[dict[str, Any]]],
    places: Sequence[Place],
    skipped: Sequence[Skipped],
) -> None:
    rows = [_row(change) for change in changes]
    facts = sum(one.facts for one in places)
    if form == "json":
        figures = {"documents": len(places), "facts": facts}
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
    note(f"{len(places)} documents, {facts} facts; told {len(told)}, silent {len(rows) - len(told)}")


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
