"""What engines do, wherever they do it: all that the rest of the program knows of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from monitor.models import Memory, Observation, Source

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One source to observe, and what is remembered of it."""

    source: Source
    memory: Memory


Observe = Callable[[Sequence[Errand]], AsyncGenerator[Observation, None]]
"""Makes the errands of one host, one after the other; each observation comes as soon as it is there.

Where it is stopped or the machine is lost on the way, it comes to less: errands without an observation are to be made
again.
"""


class Engine(Protocol):
    """Where sources are observed. `open` first, `close` at the end."""

    async def open(self) -> None:
        """Makes ready what takes a moment. Raises UsageError when the engine cannot be had."""
        ...

    @property
    def children_replaced(self) -> int:
        """Children of this process that read pages, were killed or died, and made room for new ones."""
        ...

    def room(self, host: str) -> AbstractAsyncContextManager[Observe]:
        """Waits until there is room for the errands of one host, and holds it."""
        ...

    def stop(self) -> None:
        """What is in hand ends early: observations after the article they are at, errands after the source."""
        ...

    async def close(self) -> None:
        """Waits for what is in hand and gives everything back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The other machines that observe and read."""

    scheduler: str
    ready: int
    slots: int
    """How many hosts they ask at once, all together."""
    refused: Mapping[str, str]
    """Those that will not do, by their address, and why."""


Run = Callable[..., Awaitable[Any]]
"""Calls a pure function in a child process: `await run(function, *arguments)`. Raises ReadError, as `Cage.run`."""

Job = Callable[[T, Run], Awaitable[R]]
"""Work on one item, its heavy parts through `run`. A function of a module: it may be called on another machine."""


class Readers(Protocol):
    """Where stored pages are read. `open` first, `close` at the end."""

    async def open(self) -> None:
        """Makes ready what takes a moment. Raises UsageError when the readers cannot be had."""
        ...

    def map(self, job: Job[T, R], items: Iterable[T]) -> AsyncGenerator[tuple[T, R], None]:
        """Each item with what the job makes of it, in the order in which they are done."""
        ...

    async def close(self) -> None:
        """Gives everything back; what is in hand is given up."""
        ...
