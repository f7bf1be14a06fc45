"""`replay`: the kept pages read again with today's reader, in child processes, with no network."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from monitor.cli.asking import Filters, filtered, opened
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.engine.cage import Cage
from monitor.exports.cells import Column
from monitor.history import History, ServiceLock
from monitor.models import Fact
from monitor.notifier.wording import fact_words
from monitor.parser.facts import revive
from monitor.replay import Replay, Replayed
from monitor.settings import Settings

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
    same database. Exits 1 when a page cannot be read.
    """
    settings = place.settings() if alert else None
    with opened(place) as (queries, zone):
        wanted = filters.checked(queries, zone, "jsonl")
    database, _ = place.history()
    with ServiceLock(database), History(database, revive=revive) as history:
        addresses = history.addresses(**{name: wanted.get(name) for name in ("source", "brand", "since")})
        result = asyncio.run(_replayed(history, addresses, dry_run, settings))
    emit(list(_rows(result)), form, COLUMNS, zone=zone, fields=FIELDS)
    for address, reason in result.unreadable.items():
        note(f"left as it is: {address}: {reason}")
    note(_summary(result, dry_run))
    if result.unreadable:
        click.get_current_context().exit(1)


async def _replayed(history: History, addresses: list[str], dry_run: bool, settings: Settings | None) -> Replayed:
    cage = Cage()
    bar = click.progressbar(
        length=len(addresses), label="reading again", file=sys.stderr, hidden=not sys.stderr.isatty()
    )
    try:
        with bar:
            work = Replay(history=history, run=cage.run, now=datetime.now(UTC), alert=settings)
            return await work.over(addresses, dry_run=dry_run, step=lambda: bar.update(1))
    finally:
        cage.close()


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
