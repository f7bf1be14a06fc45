"""The engines of one machine: `observe` in this process's event loop, the reading of pages in a cage."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from monitor.engine.cage import Cage
from monitor.engine.errands import Errand, Job, Observe, R, T
from monitor.lanes import abreast
from monitor.models import Observation
from monitor.pipeline import observe
from monitor.scrapers import Browser, Client
from monitor.scrapers.turns import Turns, own_turns
from monitor.settings import HttpSettings
from monitor.visits import Tools


class LocalEngine:
    """Observes sources until it is closed. `turns`: how turns are taken with hosts; `cage`: where pages are read, if it
    is not the engine's own."""

    def __init__(
        self,
        http: HttpSettings,
        *,
        clock: Callable[[], datetime],
        turns: Turns = own_turns,
        cage: Cage | None = None,
    ) -> None:
        self._client = Client(http, clock=clock, turns=turns)
        self._browser = Browser(self._client, http, clock=clock)
        self._cage, self._owns_cage = cage or Cage(os.cpu_count() or 1), cage is None
        self._stopping = False
        run = self._cage.run
        self._tools = Tools(client=self._client, run=run, clock=clock, stopping=lambda: self._stopping)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        await asyncio.to_thread(self._client.prepare)

    @asynccontextmanager
    async def room(self, host: str) -> AsyncIterator[Observe]:
        self._in_hand += 1
        self._idle.clear()
        try:
            yield self._observe
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def _observe(self, errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
        for errand in errands:
            if self._stopping:
                return
            source, memory = errand.source, errand.memory
            self._client.pause(memory.pauses)
            client = self._browser if source.render else self._client
            observation = await observe(source, memory, replace(self._tools, client=client.of(source)))
            yield replace(observation, pauses=self._client.pauses())

    @property
    def children_replaced(self) -> int:
        return self._cage.replaced

    def stop(self) -> None:
        self._stopping = True

    async def close(self) -> None:
        await self._idle.wait()
        await self._browser.aclose()
        await self._client.aclose()
        if self._owns_cage:
            self._cage.close()


class LocalReaders:
    """Reads in so many child processes; None: one for each processor."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._cage = Cage(self._processes)

    async def open(self) -> None:
        """Children start with the first page."""

    async def map(self, job: Job[T, R], items: Iterable[T]) -> AsyncGenerator[tuple[T, R], None]:
        async def one(item: T) -> tuple[T, R]:
            return item, await job(item, self._cage.run)

        async for done in abreast(one, items, self._processes):
            yield done

    async def close(self) -> None:
        self._cage.close()
