"""So many calls at once, and no more: what comes out first is handed on first, and what goes in waits for room."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Waiting(Iterator[T]):
    """Items that may become more while they are taken."""

    def __init__(self) -> None:
        self.items: deque[T] = deque()

    def append(self, item: T) -> None:
        self.items.append(item)

    def __next__(self) -> T:
        if not self.items:
            raise StopIteration
        return self.items.popleft()


async def abreast(call: Callable[[T], Awaitable[R]], items: Iterable[T], most: int) -> AsyncGenerator[R, None]:
    """The results in the order in which they are done. Takes an item only when there is room for it, and looks for more
    until nothing is running; the first error ends all."""
    waiting = iter(items)
    running: set[asyncio.Task[R]] = set()

    async def called(item: T) -> R:
        return await call(item)

    try:
        while True:
            while len(running) < most and (item := next(waiting, running)) is not running:
                running.add(asyncio.create_task(called(item)))  # type: ignore[arg-type]  # the sentinel is no item
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
