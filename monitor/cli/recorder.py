"""Records observations in groups: what comes while others are written, or within a moment of them, is one transaction.

    add ─► waits for company, for a moment ─► one commit, each record in it whole or not at all ─► its result

A commit waits for the disk, whatever is in it: one for each check that found nothing new would be most of what such a
check costs. News waits for nobody. What a kill takes with it is what was not yet committed: those checks are due again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

T = TypeVar("T")

MOMENT = 0.05
"""Seconds that a record waits for others, at the most."""

GROUP = 100
"""Records that wait for no more company. Nobody adds one while three times as many wait."""


class Recorder(Generic[T]):
    """`together` does all of the given work in one transaction, and returns what each came to: a result or an error."""

    def __init__(self, together: Callable[[Sequence[Callable[[], T]]], Awaitable[Sequence[T | Exception]]]) -> None:
        self._together = together
        self._waiting: list[tuple[Callable[[], T], asyncio.Future[T]]] = []
        self._room = asyncio.Semaphore(3 * GROUP)
        self._givers = 0
        self._now = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    @contextmanager
    def giving(self) -> Generator[None, None, None]:
        """Around the work of who may add more: when nobody is left who may, nothing waits for company."""
        self._givers += 1
        try:
            yield
        finally:
            self._givers -= 1
            if not self._givers:
                self._now.set()

    async def add(self, work: Callable[[], T], *, at_once: bool) -> asyncio.Future[T]:
        """Waits for room, not for the commit: that is when the future is done."""
        await self._room.acquire()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if at_once or len(self._waiting) >= GROUP:
            self._now.set()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return done

    async def aclose(self) -> None:
        """Waits until all that was added is written."""
        self._now.set()
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            if self._givers:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._now.wait(), MOMENT)
            self._now.clear()
            group, self._waiting = self._waiting, []
            await self._commit(group)
        self._writing = None

    async def _commit(self, group: Sequence[tuple[Callable[[], T], asyncio.Future[T]]]) -> None:
        results: Sequence[T | Exception]
        try:
            results = await self._together([work for work, _ in group])
        except Exception as error:
            results = [error] * len(group)
        for (_, done), result in zip(group, results, strict=True):
            self._room.release()
            if done.cancelled():
                continue
            if isinstance(result, Exception):
                done.set_exception(result)
                done.exception()  # seen: whoever waits for it may have given up, and is told by another's
            else:
                done.set_result(result)
