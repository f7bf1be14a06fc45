"""The command `demo`: plays the story day by day, shows it, and says when something did not go as it should."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import click

from monitor.cli.demo.screen import Screen
from monitor.cli.demo.stage import Message, Stage, Unexpected, staged
from monitor.cli.demo.story import BRAND, DAYS, Day
from monitor.cli.demo.verdict import complaints
from monitor.cli.narration import setup_logging
from monitor.models import ChangeKind
from monitor.parser.market_count import MarketCount

LIMIT = 60.0
"""Seconds after which the demo is given up; it takes about a tenth of that."""


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where config and history are written; an earlier demo's are replaced.",
)
def demo(directory: Path) -> int:
    """Show the whole of it on a newsroom of its own, without internet.

    Three invented sites on this machine publish over four simulated days. The real service checks them, records,
    believes or doubts, and tells by real mail and webhook. The history stays in DIR to explore. Exits 1 when anything
    went otherwise than it should.
    """
    setup_logging(logging.WARNING)
    try:
        asyncio.run(play(directory))
    except Unexpected as error:
        click.echo(f"brand-monitor: demo: this should not happen: {error}", err=True)
        return 1
    return 0


async def play(directory: Path, days: Sequence[Day] = DAYS) -> None:
    """Plays the days and shows them. Raises Unexpected at the first thing that goes otherwise, UsageError."""
    started = time.monotonic()
    screen = Screen()
    try:
        async with asyncio.timeout(LIMIT), staged(directory, days[0].rounds[0].at) as stage:
            screen.opening()
            told = [message for number, day in enumerate(days, 1) for message in await _day(number, day, stage, screen)]
            screen.timeline(BRAND, await stage.timeline(BRAND, MarketCount.kind))
            dispute = next(message for message in told if message.change.change is ChangeKind.DISPUTED)
            screen.mail(dispute)
    except TimeoutError:
        raise Unexpected(f"it was not done after {LIMIT:g} s, and was given up") from None
    screen.closing(directory, len(told), dispute.change.id, time.monotonic() - started)


async def _day(number: int, day: Day, stage: Stage, screen: Screen) -> Sequence[Message]:
    screen.day(number, day)
    told: list[Message] = []
    for round_ in day.rounds:
        stage.publish(round_.articles)
        screen.published(round_)
        seen = await stage.look(round_.at)
        screen.seen(round_, seen)
        for complaint in complaints(round_, seen):
            raise Unexpected(complaint)
        told += seen.told
    return told
