"""The service: scheduler, engine, history and notifier put together. Lives in one event loop.

All SQL runs on one thread of its own, in order, so that a slow disk never stalls a fetch and a connection never meets a
second thread. `check` for cron users and the demo work with the same object, one step at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from monitor import cron
from monitor.cli.recorder import Recorder
from monitor.engine.engines import observing
from monitor.engine.errands import Engine, Errand
from monitor.errors import DatabaseError
from monitor.history import History, ServiceLock, backups
from monitor.history.outbox import STORM_WINDOW
from monitor.history.upkeep import Swept
from monitor.models import Alert, Answer, Change, Delivery, Fact, Health, Observation, Skipped, Source
from monitor.notifier.dispatch import Dispatcher
from monitor.notifier.health import notices
from monitor.notifier.heartbeat import beat
from monitor.notifier.messages import Style
from monitor.notifier.rendering import Templates
from monitor.notifier.route import GROUP, group_window, held_until, recipients
from monitor.notifier.summary import summary
from monitor.notifier.wording import words_of
from monitor.pipeline import record
from monitor.resting import tell_settled
from monitor.scheduler import batches, host_of, left_out, next_check, spread
from monitor.scrapers import browser
from monitor.settings import BackupSettings, Channel, Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = timedelta(minutes=15)
"""How long a check or a delivery may take before it counts as lost and is done again. Those of one host are checked one
after the other: the last of them may take as long as all."""

LATE = timedelta(minutes=10)
"""How late a check may be until there is no sign of life."""

UPKEEP = timedelta(hours=6)
"""How often the history is swept."""

BACKUP_AGAIN = timedelta(hours=1)
"""When a backup that failed is tried again."""

HOUSEKEEPING, BACKUP = "housekeeping", "backup"
"""The names of these tasks."""

SUMMARY = "summary"
"""The name of the task, and what stands for the rule of its messages."""

PAUSE = timedelta(seconds=60)
"""Between two ticks, after which nothing can have run meanwhile."""

DUE, MORE = 2_000, 8
"""How many due sources one tick looks at; so many times as many while they are of too few hosts."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of one source, recorded."""

    source: Source
    observation: Observation
    changes: tuple[Change, ...]


class Service:
    """Checks what is due and delivers what is queued. `open` first, `close` at the end."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        rng: random.Random,
        on_checked: Callable[[Checked], None] = lambda checked: None,
        on_delivered: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        """Raises ConfigError for what the settings name and is not there."""
        _all_there(settings)
        self.settings = settings
        self._sources = _by_name(settings)
        self.undelivered = 0
        """How many attempts to deliver have failed since the start."""
        self._clock = clock
        self._rng = rng
        self._on_checked = on_checked
        self._on_delivered = on_delivered
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._lock = ServiceLock(settings.database)
        self._engine = self._new_engine(settings)
        self._recorder: Recorder[Checked] = Recorder(partial(self.history, History.together))
        self._ticked: datetime | None = None
        self._stopping = False
        self._no_backup_before = datetime.min.replace(tzinfo=UTC)
        self._retiring: set[asyncio.Task[None]] = set()
        self._dispatcher = self._new_dispatcher(settings)

    async def open(self) -> None:
        """Takes the lock, opens the history, makes the configured sources known. Raises DatabaseError, ConfigError."""
        self._lock.acquire()
        await self._engine.open()
        self._history: History = await self.db(partial(History, self.settings.database, revive=revive))
        await self.history(History.turn_back, self._clock())
        await self.history(History.release_leases)  # whoever held them is gone: the lock is ours
        await self._known(self.settings)

    def stop(self) -> None:
        """What is in hand ends early: checks after the article they are at, deliveries after the message."""
        self._stopping = True
        self._engine.stop()
        self._dispatcher.stop()

    async def close(self) -> None:
        """Closes everything; safe after a failed `open`."""
        await asyncio.gather(self._engine.close(), self._dispatcher.aclose(), *self._retiring)
        await self._recorder.aclose()
        if hasattr(self, "_history"):
            await self.db(self._history.close)
        self._thread.shutdown()
        self._lock.release()

    @property
    def children_replaced(self) -> int:
        """Child processes that read pages and had to be replaced."""
        return self._engine.children_replaced

    async def db(self, work: Callable[[], T]) -> T:
        """Runs work on the history's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def history(self, method: Callable[..., T], *arguments: Any) -> T:
        """`await service.history(History.due, now, 10)`: one call of the history, on its thread."""
        return await self.db(partial(method, self._history, *arguments))

    async def catch_up(self, why: str = "the service did not run") -> None:
        """Spreads the sources that became due while nothing ran, and writes down what was left out meanwhile; those
        never checked are left to be first."""
        now = self._clock()
        overdue = await self.history(History.overdue, now)
        late = ((self._sources[name], due) for name, due in overdue.items() if name in self._sources)
        await self._skip([gap for source, due in late for gap in self._left_out(source, due, now, why)])
        await self.history(History.defer, spread(list(overdue), now))

    def _left_out(self, source: Source, due: datetime, now: datetime, why: str) -> Iterable[Skipped]:
        runs = left_out(source, due, now, self.settings.timezone)
        if runs:
            yield Skipped(source=source.name, since=due, until=now, runs=runs, reason=why)

    async def _skip(self, skipped: Sequence[Skipped]) -> None:
        if skipped:
            await self.history(History.skip, skipped, self._clock())

    async def use(self, settings: Settings) -> None:
        """Goes on with other settings, or, when it raises, with the old ones and nothing of the others. Checks in hand
        finish with the old ones."""
        if settings.database != self.settings.database:
            raise DatabaseError("the database cannot change while the service runs; restart it")
        _all_there(settings)
        async with AsyncExitStack() as unused:
            dispatcher, engine = self._new_dispatcher(settings), self._engine
            unused.push_async_callback(dispatcher.aclose)
            if (settings.http, settings.engine) != (self.settings.http, self.settings.engine):
                engine = self._new_engine(settings)
                unused.push_async_callback(engine.close)
                await engine.open()
            await self._known(settings)
            unused.pop_all()
        if engine is not self._engine:
            self._retire(self._engine.close())
        self._retire(self._dispatcher.aclose())
        self._engine, self._dispatcher = engine, dispatcher
        self.settings, self._sources = settings, _by_name(settings)

    async def _known(self, settings: Settings) -> None:
        """Makes known to the history, at once or not at all, what is configured."""
        now = self._clock()
        open_to = {channel.name: recipients(channel) for channel in settings.channels}

        def known(history: History) -> int:
            with history.writing():
                history.sync_sources(settings.sources, now)
                history.sync_channels({channel.name: _config(channel) for channel in settings.channels})
                return history.drop_alerts_outside(open_to, now)

        dropped = await self.history(known)
        if dropped:
            log.warning("%d waiting alerts were for channels no longer configured; dropped, see `alerts`", dropped)

    def _new_engine(self, settings: Settings) -> Engine:
        return observing(settings.engine, settings.http, clock=self._clock)

    def _new_dispatcher(self, settings: Settings) -> Dispatcher:
        return Dispatcher(self, settings.http, clock=self._clock, rng=self._rng, style=style_of(settings))

    def _retire(self, closing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(closing)
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    # What the scheduler starts

    async def tick(self) -> None:
        """Notices that time did not pass as it should since the last tick, and that somebody took the lock away."""
        if not self._lock.stands():
            raise DatabaseError(f"{self._lock.path} was removed, so that another service may write the same database")
        now, before = self._clock(), self._ticked
        self._ticked = now
        if before is None:
            return
        if now < before:
            log.warning("the clock was set back by %d s", (before - now).total_seconds())
            await self.history(History.turn_back, now)
        elif now - before > PAUSE:
            log.warning("nothing ran for %d s: the machine slept, or its clock was set", (now - before).total_seconds())
            await self.catch_up("the machine slept, or its clock was set forward")

    async def due(self, busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
        limit = DUE
        while True:
            names = await self.history(History.due, self._clock(), limit)
            found = batches((self._sources[name] for name in names if name in self._sources), busy)
            if len(found) >= hosts or len(names) < limit:
                return found
            limit *= MORE

    async def quiet(self, span: timedelta) -> bool:
        return await self.history(History.quiet, self._clock() + span)

    async def check(self, sources: Sequence[Source], heard: Callable[[Checked], None] = lambda checked: None) -> None:
        """Checks sources of one host, each recorded as soon as it is done; its alerts are in the outbox when it is
        `heard`. What is stopped or lost on the way stays due.
        """
        recorded: deque[asyncio.Future[Checked]] = deque()
        async with self._engine.room(host_of(sources[0])) as observe:
            errands = await self._leased(sources)
            try:
                with self._recorder.giving():
                    async with aclosing(observe(list(errands.values()))) as seen:
                        async for observation in seen:
                            recorded.append(await self._record(errands.pop(observation.source), observation))
                            while recorded[0].done():
                                self._heard(recorded.popleft(), heard)
                                if not recorded:
                                    break
            finally:
                if recorded:
                    await asyncio.wait(recorded)
                if errands:
                    await self.history(History.release, list(errands))
        for done in recorded:
            self._heard(done, heard)

    async def _leased(self, sources: Sequence[Source]) -> dict[str, Errand]:
        """The sources by name, leased, each with its memory."""
        now = self._clock()
        names = [source.name for source in sources]
        due, memories = await self.history(History.take, names, now, now + LEASE * len(sources))
        if self._ticked:  # without ticks it is somebody who asks for a check now, and nothing is late
            late = ((source, due[source.name]) for source in sources if source.name in due)
            why = "other checks had to be made first"
            await self._skip([gap for source, since in late for gap in self._left_out(source, since, now, why)])
        if not self.settings.revisit:
            memories = {name: replace(memory, revisits=()) for name, memory in memories.items()}
        return {source.name: Errand(source=source, memory=memories[source.name]) for source in sources}

    async def _record(self, errand: Errand, observation: Observation) -> asyncio.Future[Checked]:
        """Hands an observation over to be recorded."""
        source, now = errand.source, self._clock()
        if source.cron and self._ticked:  # an interval counts from the check's end: a long one leaves nothing out
            await self._skip([*self._left_out(source, observation.started_at, now, "the check before took so long")])
        failures = 0 if observation.outcome.good else errand.memory.failures + 1
        due = next_check(source, observation, failures, now, self.settings.timezone, self._rng)
        settings = self.settings

        def recorded() -> Checked:
            changes = record(
                observation,
                source,
                history=self._history,
                settings=settings,
                next_due=due,
                failures=failures,
                now=now,
            )
            return Checked(source, observation, changes)

        return await self._recorder.add(recorded, at_once=not observation.quiet)

    def _heard(self, recorded: asyncio.Future[Checked], heard: Callable[[Checked], None]) -> None:
        checked = recorded.result()
        self._on_checked(checked)
        heard(checked)

    async def deliver(self) -> int:
        """One round over the outbox. Returns how many messages were accepted by the other side."""
        return await self._dispatcher.deliver(self.settings.channels)

    async def deliver_now(self) -> int:
        """As `deliver`, and what waits for more of its kind waits no more: for who looks once and ends."""
        now = self._clock()
        windows = [
            group_window(rule, channel) for rule in self.settings.alerts or () for channel in self.settings.channels
        ]
        await self.history(History.close_groups, now, now + max([GROUP, STORM_WINDOW, *windows]))
        return await self.deliver()

    async def report(self) -> None:
        """The summary when it is time, and the sign of life when no source is late."""
        now = self._clock()
        await self._summarise(now)
        if self.settings.heartbeat and not await self.history(History.due, now - LATE, 1):
            await beat(self.settings.heartbeat, self.settings.http)

    async def _summarise(self, now: datetime) -> None:
        wanted = self.settings.summary
        if wanted is None:
            return
        since = await self.history(History.last_done, SUMMARY)
        if since is None:
            await self.history(History.done, SUMMARY, now)
            return
        if cron.next_time(wanted.when, self.settings.timezone, since) <= now:
            activity = await self.db(lambda: self._history.queries.activity(since))
            told = summary(activity, since, style_of(self.settings))
            to = [channel for channel in self.settings.channels if channel.name in wanted.channels]
            messages = list(notices(told, to, now, rule=SUMMARY, key=(now.isoformat(),)))
            await self.history(History.done, SUMMARY, now, messages)

    async def housekeep(self) -> None:
        """Upkeep of the history, and a backup, when it is time for them."""
        now = self._clock()
        swept_at = await self.history(History.last_done, HOUSEKEEPING)
        if swept_at is None or not timedelta(0) <= now - swept_at < UPKEEP:
            await self._sweep(now)
        if self.settings.backup:
            await self._back_up(self.settings.backup, now)

    async def _sweep(self, now: datetime) -> None:
        settings = self.settings
        await self.db(partial(tell_settled, self._history, settings, now))
        steps = await self.history(History.housekeep, now, settings.keep_pages, settings.keep_checks)
        removed = Swept()
        while step := await self.db(partial(next, steps, None)):
            if self._stopping:
                return
            removed += step
        await self.history(History.done, HOUSEKEEPING, now)
        log.info(
            "housekeeping: %d pages and %d checks removed, %.1f MB given back to the disk",
            removed.pages,
            removed.checks,
            removed.space / 1e6,
        )

    async def _back_up(self, wanted: BackupSettings, now: datetime) -> None:
        """Beside the history's thread, over a connection of its own: checks go on meanwhile."""
        since = await self.history(History.last_done, BACKUP)
        if since is None:
            await self.history(History.done, BACKUP, now)
            return
        if cron.next_time(wanted.cron, self.settings.timezone, since) > now or now < self._no_backup_before:
            return
        try:
            take = partial(backups.take, self.settings.database, wanted.path, wanted.keep, now, lambda: self._stopping)
            saved = await asyncio.to_thread(take)
        except DatabaseError as error:
            if self._stopping:
                return
            self._no_backup_before = now + BACKUP_AGAIN
            log.error("no backup was made: %s; the next try is in an hour", error)  # noqa: TRY400  # no bug
            return
        await self.history(History.done, BACKUP, now)
        log.info("backup: %s, %.1f MB, facts: %d, verified", saved.path, saved.size / 1e6, saved.facts)

    # The outbox, as the dispatcher uses it

    async def health(self, channel: str) -> Health:
        return await self.history(History.health, channel)

    async def claim(self, channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, tuple[Change, ...]]]:
        claim = partial(History.claim_alerts, again=again)
        return await self.history(claim, channel, self._clock(), LEASE, limit)

    async def settle(
        self,
        alert: Alert,
        delivery: Delivery,
        next_attempt: datetime | None,
        health: Health,
        notices: Sequence[Alert],
    ) -> None:
        self.undelivered += delivery.answer is not Answer.SENT
        self._on_delivered(delivery)
        await self.history(
            History.settle_alert, alert.id, delivery, self._clock(), next_attempt, alert.channel, health, notices
        )

    async def release(self, alerts: Sequence[Alert], until: datetime | None = None) -> None:
        if alerts:
            await self.history(History.release_alerts, [alert.id for alert in alerts], until)

    def held(self, alert: Alert) -> datetime | None:
        return held_until(alert, self.settings.alerts or (), self._clock(), self.settings.timezone)


def revive(stored: Mapping[str, Any]) -> Fact:
    """The fact that a stored form stands for. Late: what reads facts is most of what the program has to load."""
    from monitor.parser import facts

    return facts.revive(stored)


def style_of(settings: Settings) -> Style:
    """How messages look. Raises ConfigError for templates that are none."""
    return Style(settings.timezone, words_of(settings.language), Templates(settings.templates))


def _by_name(settings: Settings) -> Mapping[str, Source]:
    return {source.name: source for source in settings.sources}


def _config(channel: Channel) -> str:
    """A hash of a channel's settings, without the values of its secrets."""
    return hashlib.sha256(repr(channel).encode()).hexdigest()[:16]


def _all_there(settings: Settings) -> None:
    """Raises ConfigError when a secret, or the browser that a source needs, is not there: better now than at night."""
    settings.require_secrets()
    if any(source.render and source.enabled for source in settings.sources):
        browser.require(settings.http)
