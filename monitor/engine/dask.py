"""The engines of many machines: the same `observe` and the same reading, on the workers of a Dask cluster.

    errands of one host ─► a batch for one worker ─► observations, one by one ─► the writer, here
                                                └─► the worker is lost: the rest of them are due again

Workers hold no database. What they are lost with is only what they have not sent yet.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from monitor.engine.cluster import Cluster, Hand, Lost
from monitor.engine.errands import Errand, Job, Observe, R, T, Workers
from monitor.engine.worker import Batch, observe, read
from monitor.lanes import abreast
from monitor.models import Observation
from monitor.settings import EngineSettings, HttpSettings

log = logging.getLogger(__name__)

SILENCE = 3_600.0
"""Seconds after which a worker that sends nothing is given up. A source whose host wants a minute between two requests
may take half of that."""

AHEAD = 2
"""Items that a worker has at once: it reads one while the next is on its way."""


class DaskEngine:
    """Observes sources on the workers of a cluster."""

    def __init__(self, settings: EngineSettings, http: HttpSettings, *, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._clock = clock
        self._cluster = Cluster(settings, self._heard)
        self._batches: dict[str, asyncio.Queue[Observation | None]] = {}
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._cluster.open()

    @property
    def children_replaced(self) -> int:
        return 0  # pages are read by children of the workers

    @asynccontextmanager
    async def room(self, host: str) -> AsyncIterator[Observe]:
        self._in_hand += 1
        self._idle.clear()
        try:
            async with AsyncExitStack() as stack:
                try:
                    hand = await stack.enter_async_context(self._cluster.hand(host))
                except Lost:
                    yield _nothing
                else:
                    yield partial(self._observe, host, hand)
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def _observe(self, host: str, hand: Hand, errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
        batch = Batch(
            id=uuid4().hex,
            coordinator=hand.client.id,
            http=self._http,
            now=self._clock(),
            host=host,
            errands=tuple(errands),
        )
        inbox: asyncio.Queue[Observation | None] = asyncio.Queue()
        self._batches[batch.id] = inbox
        ended = asyncio.create_task(self._cluster.call(hand, observe, batch))
        ended.add_done_callback(lambda _: inbox.put_nowait(None))
        try:
            while (observation := await asyncio.wait_for(inbox.get(), SILENCE)) is not None:
                yield observation
            ended.result()
        except (Lost, TimeoutError) as error:
            log.warning("%s: %s; what it had not sent yet is due again", host, error or "the worker says nothing")
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)
            del self._batches[batch.id]

    def _heard(self, message: dict[str, Any]) -> None:
        inbox = self._batches.get(message["batch"])
        if inbox is not None:  # else it was given up
            inbox.put_nowait(pickle.loads(message["observation"]))  # noqa: S301  # from our workers; see docs/cluster.md

    def stop(self) -> None:
        self._stopping = asyncio.create_task(self._cluster.halt())

    async def close(self) -> None:
        if self._stopping is not None:
            await self._stopping
        await self._cluster.leave()
        await self._idle.wait()
        await self._cluster.close()


async def examine(settings: EngineSettings) -> Workers:
    """The workers of the cluster. Raises ConfigError as `DaskEngine.open` does."""
    cluster = Cluster(settings)
    try:
        return await cluster.examine()
    finally:
        await cluster.close()


async def _nothing(errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
    """Where there is nobody to make them."""
    return
    yield


class DaskReaders:
    """Reads stored pages on the workers of a cluster."""

    def __init__(self, settings: EngineSettings) -> None:
        self._cluster = Cluster(settings)

    async def open(self) -> None:
        await self._cluster.open()

    async def map(self, job: Job[T, R], items: Iterable[T]) -> AsyncGenerator[tuple[T, R], None]:
        async for done in abreast(partial(self._one, job), items, AHEAD * self._cluster.size):
            yield done

    async def _one(self, job: Job[T, R], item: T) -> tuple[T, R]:
        while True:
            async with self._cluster.hand(most=AHEAD) as hand:
                try:
                    return item, await self._cluster.call(hand, read, job, item)
                except Lost as error:
                    log.warning("%s; it is read by another", error)

    async def close(self) -> None:
        await self._cluster.close()
