"""`replay`: the kept pages read again with today's reader, in child processes, with no network."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import click

from monitor.cli.asking import Filters, filtered, opened
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.cli.progress import Progress
from monitor.engine.engines import reading
from monitor.engine.errands import Run
from monitor.exports.cells import Column
from monitor.history import History, Kept, ServiceLock
from monitor.lanes import abreast
from monitor.models import Fact
from monitor.notifier.wording import fact_words
from monitor.parser.facts import revive
from monitor.release import release
from monitor.replay import SILENCE, Again, Replay, Replayed, read_again
from monitor.settings import EngineSettings, Settings
from monitor.spool import OtherWork, Spool, remove

CHUNK = 20
"""Addresses that are read in one go."""
RESULT = "result"
"""The part of the spool that holds what the replay came to."""

COLUMNS = (
    Column("what", "what"),
    Column("brand", "brand"),
    Column("claim", "claim", wide=True),
    Column("address", "url", wide=True),
    Column("words", "evidence", wide=True),
)
FIELDS = ("what", "brand", "kind", "claim", "url", "evidence", "fact", "change", "silence")


@click.command(short_help="Read the kept pages again with today's reader.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--alert", is_flag=True, help="Tell of changes that follow; without it nobody is told.")
@filtered("source", "brand", "since")
@formatted
@placed
def replay(place: Place, form: str, filters: Filters, dry_run: bool, alert: bool) -> None:
    """Read the kept pages again with today's reader: facts gained, facts lost, changes that follow.

    Facts that are read no more are closed, never deleted. Touches no network. The service must not be running on the
    same database. When it was killed on the way, the same command goes on where it stopped. Exits 1 when a page cannot
    be read.
    """
    settings = place.settings() if alert else None
    with opened(place) as (queries, zone):
        wanted = filters.checked(queries, zone, "jsonl")
    database, _ = place.history()
    with ServiceLock(database), History(database, revive=revive) as history:
        addresses = history.addresses(**{name: wanted.get(name) for name in ("source", "brand", "since")})
        about = _about(addresses, dry_run, alert)
        result = _known(history, about)
        if result is None:
            spool = _spool(history, about)
            asyncio.run(_read(history, addresses, place.engine(), spool))
            result = _applied(history, len(addresses), spool, dry_run, settings)
        _tell(result, form, zone, dry_run)
        sys.stdout.flush()
        remove(_folder(history))
    if result.unreadable:
        click.get_current_context().exit(1)


def _tell(result: Replayed, form: str, zone: tzinfo, dry_run: bool) -> None:
    emit(list(_rows(result)), form, COLUMNS, zone=zone, fields=FIELDS)
    for address, reason in result.unreadable.items():
        note(f"left as it is: {address}: {reason}")
    note(_summary(result, dry_run))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some addresses, each with its stored versions."""

    part: str
    versions: tuple[tuple[str, tuple[Kept, ...]], ...]


Read = tuple[str, tuple[Again, ...] | str]


async def read_chunk(chunk: Chunk, run: Run) -> list[Read]:
    """The versions of each address as they are read today, wherever this runs."""

    async def one(address: str) -> Read:
        return address, await read_again(versions[address], run)

    versions = dict(chunk.versions)
    read = {address: found async for address, found in abreast(one, versions, CHUNK)}
    return [(address, read[address]) for address in versions]


async def _read(history: History, addresses: Sequence[str], engine: EngineSettings, spool: Spool) -> None:
    """Reads what has not been read yet into the spool."""
    parts = _parts(len(addresses))
    missing = {part: place for part, place in parts.items() if part not in spool}
    if not missing:
        return
    chunks = (
        Chunk(part, tuple((address, history.versions(address)) for address in addresses[place]))
        for part, place in missing.items()
    )
    with Progress("reading again", len(addresses), "addresses") as progress:
        progress.skip(sum(len(addresses[place]) for part, place in parts.items() if part not in missing))
        readers = reading(engine)
        try:
            await readers.open()
            async for chunk, read in readers.map(read_chunk, chunks):
                spool.put(chunk.part, read)
                progress.advance(len(chunk.versions))
        finally:
            await readers.close()


def _applied(history: History, addresses: int, spool: Spool, dry_run: bool, settings: Settings | None) -> Replayed:
    work = Replay(history=history, now=datetime.fromisoformat(spool.since), alert=settings)
    with Progress("applying", addresses, "addresses") as progress:

        def read() -> Iterator[Read]:
            for part in _parts(addresses):
                for one in spool.head(part):
                    yield one
                    progress.advance()

        return work.apply(read(), dry_run=dry_run, kept=lambda result: spool.put(RESULT, result))


def _parts(addresses: int) -> dict[str, slice]:
    """The parts of the work by name."""
    return {f"{start:09}": slice(start, start + CHUNK) for start in range(0, addresses, CHUNK)}


def _known(history: History, about: Mapping[str, str]) -> Replayed | None:
    """The result of the same replay, where it was applied and then killed before it could tell."""
    folder = _folder(history)
    if not Spool.begun(folder):
        return None
    try:
        spool = Spool(folder, about)
    except OtherWork:
        return None
    done = history.last_done(SILENCE)
    if RESULT not in spool or done is None or done.isoformat() != spool.since:
        return None
    result: Replayed = spool.head(RESULT)
    return result


def _spool(history: History, about: Mapping[str, str]) -> Spool:
    """What is read again, beside the database until all is done. What was begun is gone on with while nothing else has
    come into the history."""
    whole = {**about, "history": history.extent()}
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    try:
        return Spool(_folder(history), whole, since)
    except OtherWork as other:
        note(f"a replay that was not finished is begun anew: it was of other {other}")
        remove(_folder(history))
        return Spool(_folder(history), whole, since)


def _folder(history: History) -> Path:
    return history.path.with_name(f"{history.path.name}.replay")


def _about(addresses: Sequence[str], dry_run: bool, alert: bool) -> dict[str, str]:
    return {
        "documents": hashlib.sha256("\n".join(addresses).encode()).hexdigest(),
        "options": f"{dry_run=} {alert=}",
        "version of brand-monitor": release(),
    }


def _rows(result: Replayed) -> Iterator[dict[str, Any]]:
    for restated in result.restated:
        for what in ("gained", "lost", "closed"):
            facts: tuple[Fact, ...] = getattr(restated, what)
            for fact in facts:
                plain = fact.as_json()
                yield {
                    "what": what,
                    "brand": fact.brand,
                    "kind": fact.kind,
                    "claim": fact_words(plain),
                    "url": restated.url,
                    "evidence": fact.evidence,
                    "fact": plain,
                }
        for one in restated.redated:
            dates = f"{one.before or 'no date'} → {one.after or 'no date'}"
            yield {"what": "dated", "claim": dates, "url": restated.url}
    for change in result.changes:
        source = change.sources[0] if change.sources else None
        yield {
            "what": "change",
            "brand": change.brand,
            "kind": change.kind,
            "claim": change.text,
            "url": source.url if source else None,
            "evidence": source.evidence if source else None,
            "change": change.as_json(),
            "silence": change.silence,
        }


def _summary(result: Replayed, dry_run: bool) -> str:
    gained, lost, closed = (
        sum(len(getattr(one, what)) for one in result.restated) for what in ("gained", "lost", "closed")
    )
    read = f"{result.documents} document versions read again"
    if not result.restated:
        return f"{read}: today's reader finds what is stored"
    dated = sum(len(one.redated) for one in result.restated)
    anew = f", {dated} dated otherwise" if dated else ""
    taken_back = f", {closed} taken back by their source" if closed else ""
    follows = f"{gained} facts gained, {lost} lost{taken_back}{anew}, {len(result.changes)} changes"
    return f"{read}: {follows}" + ("; nothing was written (--dry-run)" if dry_run else "")
