"""The engine of one machine: `observe` in this process's event loop, the reading of pages in a cage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from monitor.engine.cage import Cage
from monitor.models import Memory, Observation, Source
from monitor.pipeline import observe
from monitor.scrapers import Browser, Client
from monitor.settings import HttpSettings
from monitor.visits import Tools


class LocalEngine:
    """Observes sources until it is closed."""

    def __init__(
        self, http: HttpSettings, *, clock: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._client = Client(http, clock=clock)
        self._browser = Browser(self._client, http, clock=clock)
        self._cage = Cage()
        self._tools = Tools(client=self._client, run=self._cage.run, clock=clock, stopping=stopping)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def prepare(self) -> None:
        """What takes a moment at first; for another thread, before there is any work."""
        self._client.prepare()

    async def observe(self, source: Source, memory: Memory) -> Observation:
        self._in_hand += 1
        self._idle.clear()
        try:
            self._client.pause(memory.pauses)
            client = self._browser if source.render else self._client
            observation = await observe(source, memory, replace(self._tools, client=client.of(source)))
            return replace(observation, pauses=self._client.pauses())
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    @property
    def children_replaced(self) -> int:
        """Children that read pages, were killed or died, and made room for new ones."""
        return self._cage.replaced

    async def close(self) -> None:
        """Waits for the observations in hand, then closes connections, ends the browser and the children."""
        await self._idle.wait()
        await self._browser.aclose()
        await self._client.aclose()
        self._cage.close()
