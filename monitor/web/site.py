"""What the page needs of the program around it, and how the two kinds of process give it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol, TypeVar

from monitor.history import History, Reader, ServiceLock
from monitor.parser.facts import revive
from monitor.settings import Settings
from monitor.web.guard import Access

T = TypeVar("T")


class Writer(Protocol):
    """Who may write to the history: one at a time, never in the thread of the event loop."""

    def __call__(self, work: Callable[[History], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, kw_only=True)
class Site:
    """The page's surroundings."""

    reader: Reader
    writer: Writer
    access: Access
    clock: Callable[[], datetime]
    zone: tzinfo
    """Of the times that are shown, until the reader's browser knows better."""
    settings: Callable[[], Settings | None]
    """The settings in force, for who is told of a review; None: only a database was named, and nobody is."""

    @property
    def served(self) -> bool:
        """Whether a service is at work on the history: it makes the checks that are asked for."""
        return ServiceLock(self.reader.path).held()


class OwnWriter:
    """Writes over a connection of this process, opened when something is written first: for `brand-monitor web`."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._history: History | None = None

    async def __call__(self, work: Callable[[History], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._done, work)

    def _done(self, work: Callable[[History], T]) -> T:
        if self._history is None:
            self._history = History(self._database, revive=revive)
        return work(self._history)

    def close(self) -> None:
        """Closes the connection once what is being written is done."""
        if self._history is not None:
            self._thread.submit(self._history.close).result()
        self._thread.shutdown()
