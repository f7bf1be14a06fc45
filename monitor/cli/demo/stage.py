"""The demo's stage: sites and sinks on loopback, a simulated clock, and the real service between them.

`look` is one round: the service checks what is due and delivers what is to be told; what the sinks hold then and what
the history says of it is gathered as `Seen`. Nothing is put into the history and nothing is sent but by the service.
Prints nothing and judges nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from monitor import config
from monitor.cli.demo import folder
from monitor.cli.demo.hook import Hook
from monitor.cli.demo.mailbox import Mailbox
from monitor.cli.demo.newsroom import Newsroom
from monitor.cli.demo.story import SITES, Article
from monitor.cli.running import Once
from monitor.cli.service import Checked, Service
from monitor.history import Queries
from monitor.models import Change, Fact
from monitor.scheduler import Scheduler
from monitor.settings import Settings

_REASONS = {"baseline": "the baseline; what a source's first check finds is no news"}


class Unexpected(Exception):
    """The demo went otherwise than the story. Its text is one line."""


class Clock:
    """A clock that is set, and goes on from there at its usual speed."""

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def set(self, moment: datetime) -> None:
        self._base, self._started = moment, time.monotonic()

    def __call__(self) -> datetime:
        return self._base + timedelta(seconds=time.monotonic() - self._started)


@dataclass(frozen=True, slots=True)
class Message:
    """A change that was to be told: its alerts as the history has them, and what arrived."""

    change: Change
    alerts: Sequence[dict[str, Any]]
    mail: EmailMessage | None
    posted: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """Something that was read and not told, with the reason."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one round. `mails` and `posts` are all that arrived, whatever they were about."""

    checks: Sequence[Checked]
    told: Sequence[Message]
    silent: Sequence[Silence]
    mails: int
    posts: int
    refused: int


class Stage:
    """Sites, sinks and the service, as `staged` sets them up."""

    def __init__(
        self, settings: Settings, newsrooms: Sequence[Newsroom], hook: Hook, mailbox: Mailbox, clock: Clock
    ) -> None:
        self._newsrooms = newsrooms
        self._hook = hook
        self._mailbox = mailbox
        self._clock = clock
        self._checks: list[Checked] = []
        self._bugs: list[BaseException] = []
        self.service = Service(
            settings,
            clock=clock,
            rng=random.Random(2026),  # noqa: S311  # jitter only
            on_checked=self._checks.append,
        )

    async def close(self) -> None:
        """Ends the service; a check in hand reads no further articles."""
        self.service.stop()
        await self.service.close()

    def publish(self, articles: Sequence[Article]) -> None:
        for newsroom in self._newsrooms:
            newsroom.publish(article for article in articles if article.site is newsroom.site)

    async def look(self, moment: datetime) -> Seen:
        """One round at this time. Raises Unexpected when the service breaks."""
        self._clock.set(moment)
        self._checks.clear()
        mails, posts = len(self._mailbox.mails), len(self._hook.messages)
        # as `check` does it: days pass in a moment here, which the running service would take for a sleep
        once = Once(self.service, self.service.settings.sources, tell=lambda line: None)
        scheduler = Scheduler(once, workers=self.service.settings.workers, on_bug=self._bugs.append)
        while once.waiting and not self._bugs:
            await scheduler.dispatch()
            await scheduler.any_done()
        await scheduler.idle()
        if self._bugs:
            raise Unexpected("the service met a bug in brand-monitor; its traceback stands above") from self._bugs[0]
        await self.service.deliver()
        told, silent = await self.service.db(partial(self._became, tuple(self._checks)))
        return Seen(
            checks=self._in_order(),
            told=told,
            silent=silent,
            mails=len(self._mailbox.mails) - mails,
            posts=len(self._hook.messages) - posts,
            refused=self._hook.refused,
        )

    async def timeline(self, brand: str, kind: str) -> list[dict[str, Any]]:
        """How the belief moved, as the history tells it."""
        return await self.service.db(partial(self._timeline, brand, kind))

    def _timeline(self, brand: str, kind: str) -> list[dict[str, Any]]:
        with Queries.open(self.service.settings.database) as queries:
            return queries.timeline(brand, kind)

    def _in_order(self) -> list[Checked]:
        """The checks as the story lists their sites; they end in any order."""
        order = [site.source for site in SITES]
        return sorted(self._checks, key=lambda checked: order.index(checked.source.name))

    def _became(self, checks: Sequence[Checked]) -> tuple[list[Message], list[Silence]]:
        with Queries.open(self.service.settings.database) as queries:
            told: list[Message] = []
            silent: list[Silence] = []
            for checked in checks:
                for change in checked.changes:
                    known = queries.why(change.id)
                    if known["alerts"]:
                        told.append(self._message(change, known["alerts"]))
                    else:
                        reason = str(known["silence"])
                        silent.append(Silence(change.text, _REASONS.get(reason, reason)))
                silent += [Silence(fact.headline(None), _support(fact, queries)) for fact in _without_change(checked)]
            return told, silent

    def _message(self, change: Change, alerts: Sequence[dict[str, Any]]) -> Message:
        ids = {alert["id"] for alert in alerts}
        mails = (mail for mail in self._mailbox.mails if str(mail["Message-ID"]).strip("<>").partition("@")[0] in ids)
        posted = any(message.get("id") == change.id for message in self._hook.messages)
        return Message(change, alerts, next(mails, None), posted)


@asynccontextmanager
async def staged(directory: Path, start: datetime) -> AsyncIterator[Stage]:
    """Sets everything up in a demo's folder and takes it down again. Raises UsageError."""
    secret = folder.prepare(directory)
    clock = Clock(start)
    async with AsyncExitStack() as exits:
        newsrooms = [Newsroom(site) for site in SITES]
        hook, mailbox = Hook(secret, clock), Mailbox()
        for close in (*(newsroom.close for newsroom in newsrooms), hook.close):
            exits.callback(close)
        await mailbox.open()
        exits.push_async_callback(mailbox.close)
        path = folder.write_config(directory, newsrooms=newsrooms, hook=hook, mailbox=mailbox)
        stage = Stage(config.load(path), newsrooms, hook, mailbox, clock)
        exits.push_async_callback(stage.close)
        await stage.service.open()
        yield stage


def _without_change(checked: Checked) -> Iterator[Fact]:
    """Facts that moved nothing: what they say was known."""
    moved = {(change.brand, change.kind, change.subject) for change in checked.changes}
    for reading in checked.observation.readings:
        yield from (fact for fact in reading.facts if (fact.brand, fact.kind, fact.subject) not in moved)


def _support(fact: Fact, queries: Queries) -> str:
    rows = queries.facts(brand=fact.brand, kind=fact.kind, subject=fact.subject)
    outlets = sorted({row["outlet"] for row in rows if row["closed_at"] is None and row["value"] == fact.value})
    return f"known already; {' and '.join(outlets)} {'says' if len(outlets) == 1 else 'say'} so"
