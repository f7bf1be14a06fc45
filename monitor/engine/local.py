"""The engine of one machine: `observe` in this process's event loop, the reading of pages in a cage."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from monitor.engine.cage import Cage
from monitor.engine.errands import Errand, Observe
from monitor.models import Observation
from monitor.pipeline import observe
from monitor.scrapers import Browser, Client
from monitor.settings import HttpSettings
from monitor.visits import Tools


class LocalEngine:
    """Observes sources until it is closed."""

    def __init__(self, http: HttpSettings, *, clock: Callable[[], datetime]) -> None:
        self._client = Client(http, clock=clock)
        self._browser = Browser(self._client, http, clock=clock)
        self._cage = Cage(os.cpu_count() or 1)
        self._stopping = False
        run = self._cage.run
        self._tools = Tools(client=self._client, run=run, clock=clock, stopping=lambda: self._stopping)
        self._rendering = replace(self._tools, client=self._browser)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Makes ready what takes a moment at first."""
        await asyncio.to_thread(self._client.prepare)

    @asynccontextmanager
    async def room(self, host: str) -> AsyncIterator[Observe]:
        """Waits until there is room for the errands of one host, and holds it."""
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
            tools = self._rendering if errand.source.render else self._tools
            yield await observe(errand.source, errand.memory, tools)

    def stop(self) -> None:
        """What is in hand ends early: observations after the article they are at, errands after the source."""
        self._stopping = True

    async def close(self) -> None:
        """Waits for the observations in hand, then closes connections, ends the browser and the children."""
        await self._idle.wait()
        await self._browser.aclose()
        await self._client.aclose()
        self._cage.close()
