"""Taking turns with a host: one request at a time, a pause between two, and none before the host wants any.

Knows no HTTP. Times are monotonic, so that a step of the clock neither hurries nor stalls anybody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType

from monitor.errors import FetchError
from monitor.models import Outcome


class Turn:
    """One host's queue: `async with turn:` waits until it is the caller's turn and the pause is over.

    Entering raises FetchError(RATE_LIMITED) while the host has asked to be left alone.
    """

    def __init__(
        self,
        delay: timedelta,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._delay = delay.total_seconds()
        self._now = now
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._ready_at = float("-inf")
        self._blocked_until = float("-inf")

    @property
    def idle(self) -> bool:
        """Nobody holds or awaits the turn, and neither a pause nor a wish of the host must be remembered."""
        return not self._lock.locked() and max(self._ready_at, self._blocked_until) <= self._now()

    def slow_down(self, delay: timedelta) -> None:
        """Pauses at least this long from now on: what the host's robots.txt asks for."""
        self._delay = max(self._delay, delay.total_seconds())

    def block(self, wait: timedelta) -> None:
        """Lets nobody in for this long: the host said so by Retry-After."""
        self._blocked_until = max(self._blocked_until, self._now() + wait.total_seconds())

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await self._obtain()
            self._refuse_when_blocked()
            pause = self._ready_at - self._now()
            if pause > 0:
                await self._sleep(pause)
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ready_at = self._now() + self._delay
        self._leave()

    async def _obtain(self) -> None:
        """Where others than this process ask the host too: gets the right to be the one who asks."""

    def _leave(self) -> None:
        self._lock.release()

    def _refuse_when_blocked(self) -> None:
        left = self._blocked_until - self._now()
        if left > 0:
            raise FetchError(
                Outcome.RATE_LIMITED,
                f"the host asked to be left alone for another {left:.0f} s",
                timedelta(seconds=left),
            )


Turns = Callable[[str, timedelta], Turn]
"""Makes the turn of a host: its name (with the port, unless it is the usual one), and the least pause."""


def own_turns(host: str, delay: timedelta) -> Turn:
    """For the process that alone asks the host."""
    return Turn(delay)
