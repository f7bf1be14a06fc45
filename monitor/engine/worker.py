"""On a Dask worker: the same `observe` and the same cage as on one machine; turns with hosts are the whole cluster's.

a coordinator's batch ─► its station: a client of its settings, its clock ─► observations, sent one by one
a host's turn ─► this worker has the host? else it is taken from whoever has it ─► kept until it is recalled
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import time
import weakref
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from monitor.engine.cage import Cage
from monitor.engine.coordination import NAME, OBSERVED
from monitor.engine.errands import Errand, Job, R, T
from monitor.engine.hosts import Grant
from monitor.engine.local import LocalEngine
from monitor.scrapers.turns import Turn
from monitor.settings import HttpSettings

Ask = Callable[[str, float], Coroutine[Any, Any, Grant]]
Give = Callable[[str, int, float | None, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The errands of one host, for one worker. `now`: what time it is, by the coordinator's clock."""

    id: str
    coordinator: str
    http: HttpSettings
    now: datetime
    host: str
    errands: Sequence[Errand]


class SharedTurn(Turn):
    """A turn with a host that other workers ask too. Within this worker it is taken as any other."""

    def __init__(self, host: str, delay: timedelta, ask: Ask, give: Give) -> None:
        super().__init__(delay)
        self._host = host
        self._ask = ask
        self._give = give
        self._grant: int | None = None
        self._recalled: int | None = None

    def recall(self, grant: int) -> None:
        """Somebody else wants the host: they get it after the request at hand."""
        self._recalled = grant
        if not self._lock.locked():
            self._hand_on()

    async def _obtain(self) -> None:
        if self._grant is None:
            granted = await self._ask(self._host, self._delay)
            self._grant = granted["number"]
            self._ready_at = max(self._ready_at, self._now() + granted["wait"])
            self._blocked_until = max(self._blocked_until, self._now() + granted["blocked"])

    def _leave(self) -> None:
        self._hand_on()
        super()._leave()

    def _hand_on(self) -> None:
        if self._recalled is None:
            return
        if self._grant is None:
            self._give(self._host, self._recalled, None, 0.0)  # granted to who had gone away meanwhile
        else:
            now = self._now()
            self._give(self._host, self._grant, max(0.0, self._ready_at - now), max(0.0, self._blocked_until - now))
        self._grant = self._recalled = None


class Keeper:
    """The hosts of one worker: one turn a host, whichever of its clients asks."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._turns: weakref.WeakValueDictionary[str, SharedTurn] = weakref.WeakValueDictionary()

    def turn(self, host: str, delay: timedelta) -> SharedTurn:
        """The turn of a host. Lives for as long as a client has use for it."""
        turn = self._turns.get(host)
        if turn is None:
            turn = self._turns[host] = SharedTurn(host, delay, self._ask, self._give)
        turn.slow_down(delay)
        return turn

    def recalled(self, host: str, grant: int) -> None:
        turn = self._turns.get(host)
        if turn is None:
            self._give(host, grant, None, 0.0)
        else:
            turn.recall(grant)

    async def _ask(self, host: str, delay: float) -> Grant:
        granted: Grant = await self._worker.scheduler.brand_monitor_take(
            worker=self._worker.address, host=host, delay=delay
        )
        return granted

    def _give(self, host: str, grant: int, wait: float | None, blocked: float) -> None:
        message = {"op": "brand-monitor-give", "host": host, "grant": grant, "wait": wait, "blocked": blocked}
        self._worker.batched_stream.send(message)


class Clock:
    """A coordinator's clock, as it goes on here: workers' own clocks may differ."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        self._now, self._since = now, time.monotonic()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._since)


@dataclass(slots=True)
class Station:
    """What a worker has for one coordinator."""

    clock: Clock
    engine: LocalEngine


class Post(WorkerPlugin):
    """What a worker needs to observe and to read: a cage, the turns with hosts, and a station for each coordinator."""

    name = NAME

    def setup(self, worker: Worker) -> None:
        self._worker = worker
        self._stations: dict[str, Station] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.cage = Cage()
        self.keeper = Keeper(worker)
        worker.stream_handlers.update(
            {
                "brand-monitor-recall": self.keeper.recalled,
                "brand-monitor-halt": self.halt,
                "brand-monitor-dismiss": self.dismiss,
            }
        )

    def teardown(self, worker: Worker) -> None:
        self.cage.close()

    async def observe(self, batch: Batch) -> None:
        """Makes the errands and sends each observation home as soon as it is there."""
        station = self._stations.get(batch.coordinator)
        if station is None:
            clock = Clock(batch.now)
            engine = LocalEngine(batch.http, clock=clock, turns=self.keeper.turn, cage=self.cage)
            station = Station(clock, engine)
            self._stations[batch.coordinator] = station
            await station.engine.open()
        station.clock.set(batch.now)
        async with station.engine.room(batch.host) as observe, aclosing(observe(batch.errands)) as seen:
            async for observation in seen:
                self._worker.batched_stream.send(
                    {
                        "op": OBSERVED,
                        "coordinator": batch.coordinator,
                        "batch": batch.id,
                        "observation": pickle.dumps(observation),
                    }
                )

    def halt(self, coordinator: str) -> None:
        """A coordinator is about to end."""
        if coordinator in self._stations:
            self._stations[coordinator].engine.stop()

    def dismiss(self, coordinator: str) -> None:
        """A coordinator is gone, as it should or not."""
        station = self._stations.pop(coordinator, None)
        if station is not None:
            station.engine.stop()
            task = asyncio.create_task(station.engine.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def enlist(dask_worker: Worker) -> str | None:
    """Makes a worker ready. Returns why it cannot be, or None."""
    if NAME in dask_worker.plugins:
        return None
    if multiprocessing.current_process().daemon:
        return "its nanny lets it start no child processes, which pages are read in; start it with --no-nanny"
    await dask_worker.plugin_add(Post(), name=NAME)
    await dask_worker.scheduler.brand_monitor_post(worker=dask_worker.address)
    return None


async def observe(batch: Batch) -> None:
    """The task that a coordinator gives to a worker."""
    await _post().observe(batch)


async def read(job: Job[T, R], item: T) -> R:
    """The same, for reading stored pages."""
    return await job(item, _post().cage.run)


def _post() -> Post:
    post = get_worker().plugins[NAME]
    assert isinstance(post, Post)
    return post
