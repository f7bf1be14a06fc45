"""Child processes for reading untrusted pages: bounded in time and memory, killed when they overstep, then replaced.

The main process never parses what the web sent, so that no page, however made, can stall or blow up the service.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import multiprocessing
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Any

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from monitor.errors import MonitorError, ReadError
from monitor.models import Outcome
from monitor.visits import prepare

log = logging.getLogger(__name__)

SECONDS = 10.0
"""What one page may take; an ordinary one takes a hundredth."""

STEP = 0.5
"""Seconds in which a page's time is counted."""

MEMORY = 1_500_000_000
"""Bytes of address space of one child. Libraries and language data alone map about a third of it."""

PAGES_A_CHILD = 2_000
"""A child is replaced after so many pages: whatever a parser leaks goes with it."""


class Cage:
    """`await cage.run(function, *arguments)` calls a picklable pure function in a child."""

    def __init__(self, processes: int = 1, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._processes = processes
        self.seconds = seconds
        self._memory = memory
        self._turns = asyncio.Semaphore(processes)
        self._pool = self._new_pool()
        self.replaced = 0
        """Children that were killed or died and made room for new ones."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function's result or its exception; ReadError when it overstepped the bounds."""
        async with self._turns:  # so that waiting for a turn does not count as reading
            try:
                return await self._twice(function, arguments)
            except TooLong:
                self.replaced += 1
                raise ReadError(
                    Outcome.PARSE_ERROR, f"reading the page took longer than {self.seconds:g} s; given up"
                ) from None
            except ProcessExpired as error:
                self.replaced += 1
                raise ReadError(
                    Outcome.PARSE_ERROR, f"the child that read the page {_end(error.exitcode)}, twice; given up"
                ) from None
            except MemoryError:
                raise ReadError(Outcome.PARSE_ERROR, "reading the page needed too much memory; given up") from None
            except MonitorError:
                raise
            except Exception as bug:
                # Ours or a parser's: told loudly, but a page that brings it about must not stop the watch over others.
                log.exception("this is a bug in brand-monitor: it cannot read a page")
                raise ReadError(Outcome.PARSE_ERROR, f"a bug in brand-monitor: {type(bug).__name__}") from bug

    async def _twice(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """A child may be killed for what is no fault of its page, such as the memory that others take: a page is judged
        when the child after it has died of it, too."""
        try:
            return await self._ask(function, arguments)
        except ProcessExpired:
            self.replaced += 1
            return await self._ask(function, arguments)

    async def _ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """One call in a child. A pool whose children died between calls is broken for good, so it is replaced, once."""
        pool = self._pool
        try:
            return await self._bounded(pool.schedule(function, args=arguments))
        except (BrokenProcessPool, RuntimeError) as broken:
            if pool.active and not isinstance(broken, BrokenProcessPool):
                raise  # an error of the function itself
            if self._pool is pool:
                log.warning("the children that read pages are gone; starting new ones")
                self._pool = self._new_pool()
                self.replaced += self._processes
        return await self._bounded(self._pool.schedule(function, args=arguments))

    async def _bounded(self, call: ProcessFuture[Any]) -> Any:
        """The result of a call. Raises TooLong, and the child is killed. Time counts from when a child has begun: by
        the loop's clock, which nobody sets, and step by step, so that a stop of this process (Ctrl-Z, a machine that
        sleeps) counts as two steps at most."""
        result, clock, taken = asyncio.wrap_future(call), asyncio.get_running_loop().time, 0.0
        try:
            while not result.done():
                if taken > self.seconds:
                    raise TooLong
                before = clock()
                await asyncio.wait([result], timeout=STEP)
                if call.running():
                    taken += min(clock() - before, 2 * STEP)
            return result.result()
        finally:
            call.cancel()  # type: ignore[no-untyped-call]  # kills the child that is at it, if one is

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=PAGES_A_CHILD,
            initializer=_settle,
            initargs=[self._memory],
            context=_context(),
        )

    def close(self) -> None:
        """Ends the children at once."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble's types are not whole
        self._pool.join(timeout=5)


class TooLong(Exception):
    """A call took longer than it may."""


def _end(code: int) -> str:
    """How a child ended, by its exit code."""
    return f"was killed (signal {-code})" if code < 0 else f"ended (exit code {code})"


def _context() -> BaseContext:
    """How children are made. This process has threads, and forking those is undefined; so on Linux they are forked from
    a server that has none, where what reads is loaded once. Elsewhere the system's libraries do not bear a fork."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["monitor.engine.preload"])
    atexit.unregister(_end_server)
    atexit.register(_end_server)
    return context


def _end_server() -> None:
    """Waits for the server's end, so that what it and the children took counts as ours for whoever measures us.
    Python has no public name for that; without it the server ends too, a little later."""
    with suppress(AttributeError):
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def _settle(memory: int) -> None:
    """In the child: the bounds, deafness to the terminal's Ctrl-C, which is the parent's to handle, and what reading
    needs, so that it is loaded before the time of the first page counts (where it was forked it is there)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":  # elsewhere the kernel does not keep to it, or refuses it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    prepare()
