"""When each source is checked. Knows no scraper, parser or SQL: it is told what is due and starts the work.

The queue is the `next_due` of each source, kept by whoever does the work. A tick (APScheduler, in UTC) asks for what is
due and starts it host by host: the due sources of one host are one batch, checked one after the other. Never two
batches at one host, never more than `workers`. A slow host keeps its own place and nobody else's. It ticks each second,
and more rarely while nothing becomes due.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol

from monitor import cron
from monitor.errors import MonitorError
from monitor.models import Observation, Source

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
_AUTHORITY = re.compile(r"(?<=://)[^/?#]*")

TICK = timedelta(seconds=1)
REST = timedelta(seconds=20)
"""From one tick to the next while nothing becomes due: who wakes up after a pause finds every page of memory cold, and
needs up to a hundred times what the work takes. What another process makes due meanwhile waits as long at most."""
REPORTING = timedelta(minutes=1)
BATCH = 20
"""How many sources of one host are checked in a row; what became due at it meanwhile has its turn after them."""
BURST = 5
PACE = timedelta(milliseconds=10)
"""The pause after so many starts: a thousand checks that begin together also meet their deadlines together, and the
loop would have no time for anything else."""
JITTER = 0.1
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=6)
LONGEST_WAIT = timedelta(hours=24)
CATCH_UP = timedelta(seconds=60)
"""Over how long the sources that became due while nothing ran are spread."""


def next_check(
    source: Source, observation: Observation, failures: int, now: datetime, zone: tzinfo, rng: random.Random
) -> datetime:
    """When to check again. `failures` counts those in a row, this one included.

    Good checks keep the source's own rhythm (an interval with 10 % jitter, or cron); failed ones come sooner at first,
    then at doubling distances; never before what the server asked for, which is obeyed for up to a day.
    """
    if source.every:
        regular = now + source.every * rng.uniform(1 - JITTER, 1 + JITTER)
    else:
        regular = cron.next_time(source.cron or cron.HOURLY, zone, now)
    if failures == 0:
        return regular
    rhythm = source.every or LONGEST_RETRY
    backoff = min(min(rhythm, FIRST_RETRY) * 2 ** min(failures - 1, 20), max(rhythm, LONGEST_RETRY))
    again: datetime = now + backoff * rng.uniform(1, 1 + JITTER)
    asked = now + min(observation.retry_after or timedelta(0), LONGEST_WAIT)
    return max(min(again, regular) if failures == 1 else again, asked)


MOST_COUNTED = 1_000
"""Checks left out that are counted one by one; more are as many."""


def left_out(source: Source, due: datetime, now: datetime, zone: tzinfo) -> int:
    """How many checks of a source that was due at `due` and is checked only now are left out: those that would have
    come in between. Being late by less than the source's own rhythm leaves none out."""
    if now <= due:
        return 0
    if source.every:
        return min(int((now - due) / source.every), MOST_COUNTED)
    runs, moment = 0, due
    while runs < MOST_COUNTED and (moment := cron.next_time(source.cron or cron.HOURLY, zone, moment)) <= now:
        runs += 1
    return runs


def spread(names: Sequence[str], now: datetime) -> dict[str, datetime]:
    """New due times for sources that are overdue after a pause: the first at once, the rest a second apart or less."""
    step = min(CATCH_UP / max(len(names), 1), timedelta(seconds=1))
    return {name: now + step * place for place, name in enumerate(names)}


class Work(Protocol):
    """What the scheduler starts. Each returns when it is done; what goes wrong inside is theirs to record."""

    async def tick(self) -> None:
        """Comes first at every tick, also while nothing may be started: to notice pauses and steps of the clock."""
        ...

    async def due(self, busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
        """By host, a batch of what is due, longest overdue first: of so many hosts, if there are as many, and of none
        that is busy."""
        ...

    async def quiet(self, span: timedelta) -> bool:
        """Whether nothing becomes due for so long: no source, no message."""
        ...

    async def check(self, sources: Sequence[Source]) -> object:
        """Checks sources of one host."""
        ...

    async def deliver(self) -> object: ...

    async def report(self) -> object:
        """What is to be said at set times: that all is well."""
        ...

    async def housekeep(self) -> object:
        """Upkeep of what is kept, as far as it is time for some."""
        ...


class Scheduler:
    """Starts checks, deliveries and housekeeping until it is stopped."""

    def __init__(self, work: Work, *, workers: int, on_bug: Callable[[BaseException], None]) -> None:
        self.workers = workers
        self.cycles = 0
        """How many times it has looked for what is due: it stands still when the loop or the history hangs."""
        self._work = work
        self._on_bug = on_bug
        self._running: dict[str, asyncio.Task[object]] = {}
        self._at_job: set[asyncio.Task[object]] = set()
        self._stopping = False
        self._overdue: asyncio.TimerHandle | None = None
        self._jobs: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Starts ticking, at once. Call inside a running event loop."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler  # here: who checks once needs neither
        from apscheduler.triggers.interval import IntervalTrigger

        self._jobs = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        now = datetime.now(UTC)
        for job, every, first, overlapping in (
            (self._look, TICK, now, 1),
            (self._work.deliver, TICK, now, 10),  # a channel that stalls must not hold up the others' next round
            (self._work.report, REPORTING, now + REPORTING, 1),
            (self._work.housekeep, REPORTING, now + REPORTING, 1),
        ):
            self._jobs.add_job(
                self._job,
                IntervalTrigger(seconds=int(every.total_seconds())),
                [job],
                id=job.__name__,
                next_run_time=first,
                max_instances=overlapping,
            )
        self._jobs.start()

    def wake(self) -> None:
        """Does now whatever it does at its times: something new may be due, or its times are no longer the clock's."""
        if self._jobs is not None:
            for job in self._jobs.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))

    async def dispatch(self) -> None:
        """Starts what is due and may run now. The rest is asked for again at the next tick."""
        await self._work.tick()
        await self._start_due()
        self.cycles += 1

    async def _look(self) -> None:
        """A tick. The next comes in a second, or after a rest. APScheduler waits for it by the wall clock, and would be
        still for a day if that was set back by one."""
        if self._overdue is not None:
            self._overdue.cancel()
        self._overdue = asyncio.get_running_loop().call_later((REST + TICK).total_seconds(), self.wake)
        await self.dispatch()
        if self._jobs is not None and not self._running and await self._work.quiet(REST):
            for job in (self._look, self._work.deliver):
                self._jobs.modify_job(job.__name__, next_run_time=datetime.now(UTC) + REST)

    async def _start_due(self) -> None:
        free = self.workers - len(self._running)
        if self._stopping or free <= 0:
            return
        for host, batch in (await self._work.due(frozenset(self._running), free)).items():
            if self._stopping or len(self._running) >= self.workers:
                return
            self._running[host] = asyncio.create_task(self._check(host, batch), name=host)
            if len(self._running) % BURST == 0:
                await asyncio.sleep(PACE.total_seconds())

    async def any_done(self) -> None:
        """Returns when the checks at one host have ended, at once when none is running."""
        if self._running:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)

    async def idle(self) -> None:
        """Returns when no check is running."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def stop(self, grace: timedelta) -> None:
        """Starts nothing more; what is in hand has `grace` to finish, then it is given up (and done again later)."""
        self._stopping = True
        if self._overdue is not None:
            self._overdue.cancel()
        if self._jobs is not None:
            self._jobs.pause()
        in_hand = {*self._running.values(), *self._at_job}
        if in_hand:
            _, late = await asyncio.wait(in_hand, timeout=grace.total_seconds())
            for task in late:
                log.warning("%s: not finished after %d s, given up; it is due again", task.get_name(), grace.seconds)
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._jobs is not None:
            self._jobs.shutdown(wait=False)
            self._jobs = None

    async def _job(self, job: Callable[[], Awaitable[object]]) -> None:
        """A job of the ticker, as a task of our own: APScheduler cancels its own at once when it is shut down."""
        task: asyncio.Task[object] = asyncio.create_task(self._guarded(job), name=job.__name__)
        self._at_job.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._at_job.discard(task)

    async def _check(self, host: str, batch: Sequence[Source]) -> None:
        try:
            await self._guarded(lambda: self._work.check(batch))
        finally:
            self._running.pop(host, None)

    async def _guarded(self, job: Callable[[], Awaitable[object]]) -> None:
        """A bug is loud and ends the service (a supervisor starts it again): it must not go on half blind. A database
        that cannot be used ends it too, and is no bug."""
        try:
            await job()
        except MonitorError as error:
            log.error("the service stops: %s", error)  # noqa: TRY400
            self._on_bug(error)
        except Exception as bug:
            log.exception("this is a bug in brand-monitor; the service stops")
            self._on_bug(bug)


def batches(due: Iterable[Source], busy: Collection[str] = ()) -> dict[str, list[Source]]:
    """The due sources by host, in the order in which the first of each host is due; none of hosts that are busy."""
    found: dict[str, list[Source]] = {}
    for source in due:
        host = host_of(source)
        if host not in busy and len(batch := found.setdefault(host, [])) < BATCH:
            batch.append(source)
    return found


def host_of(source: Source) -> str:
    """Where a source is asked for: its host, with the port where it is not the usual one."""
    found = _AUTHORITY.search(source.url)  # a tenth of what urlsplit takes
    return found[0].lower() if found else ""
