"""Who of a cluster may ask which host: one worker at a time, and not before the host's pause is over.

    take ─► granted, when nobody else has the host ─► requests, as many as there are ─► give, when it is recalled
        └─► queued; whoever has it is asked for it back, and gives it after the request at hand

A worker keeps a host until another one wants it, so that a host that only one worker asks costs one message. Nobody
waits for a host while holding back another: what is recalled is given, whatever its holder waits for. All hosts are
treated alike: those of sources, of articles, of redirects. Knows no Dask; lives in the scheduler, the one place that
every worker reaches and that outlives coordinators.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict

KEPT = 10_000
"""Hosts that are remembered; beyond that, those are forgotten that anybody may ask at once."""


class Grant(TypedDict):
    """The right to ask a host. `wait`: seconds until it may be asked; `blocked`: until it wants to be asked at all."""

    number: int
    wait: float
    blocked: float


@dataclass(slots=True)
class _Host:
    ready_at: float
    blocked_until: float = 0.0
    delay: float = 0.0
    holder: str | None = None
    grant: int = 0
    recalled: bool = False
    queue: deque[tuple[str, asyncio.Future[Grant]]] = field(default_factory=deque)

    def free(self, now: float) -> bool:
        return self.holder is None and not self.queue and max(self.ready_at, self.blocked_until) <= now


class Hosts:
    """`recall(worker, host, grant)` asks a worker for a host. What was asked before this began is not known: so each
    host's first pause is counted from now."""

    def __init__(self, recall: Callable[[str, str, int], None], now: Callable[[], float] = time.monotonic) -> None:
        self._recall = recall
        self._now = now
        self._began = now()
        self._hosts: dict[str, _Host] = {}
        self._grants = 0

    async def take(self, worker: str, host: str, delay: float) -> Grant:
        """Waits for the right to ask a host. `delay`: the least pause between two requests, in seconds."""
        state = self._hosts.get(host) or self._new(host, delay)
        state.delay = max(state.delay, delay)
        if state.holder == worker:  # it forgot the host with the client that asked, perhaps a moment ago
            state.ready_at = max(state.ready_at, self._now() + state.delay)
        if state.holder in (None, worker) and not (state.holder is None and state.queue):
            return self._grant(host, state, worker)
        waiting: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        state.queue.append((worker, waiting))
        self._ask_back(host, state)
        return await waiting

    def give(self, worker: str, host: str, grant: int, wait: float | None, blocked: float) -> None:
        """A worker hands a host on. `wait`: seconds until it may be asked again; None: the worker does not know."""
        state = self._hosts.get(host)
        if state is None or (state.holder, state.grant) != (worker, grant):
            return  # said twice, or of a grant that is over
        now = self._now()
        state.ready_at = now + (state.delay if wait is None else wait)
        state.blocked_until = max(state.blocked_until, now + blocked)
        self._next(host, state)

    def lost(self, worker: str) -> None:
        """A worker is gone: what it had is free after the pause, for it may have asked a moment ago."""
        for host, state in self._hosts.items():
            for other, waiting in state.queue:
                if other == worker:
                    waiting.cancel()
            state.queue = deque(entry for entry in state.queue if entry[0] != worker)
            if state.holder == worker:
                state.ready_at = self._now() + state.delay
                self._next(host, state)

    def _new(self, host: str, delay: float) -> _Host:
        if len(self._hosts) >= KEPT:
            now = self._now()
            self._hosts = {name: state for name, state in self._hosts.items() if not state.free(now)}
        state = _Host(ready_at=self._began + delay)
        self._hosts[host] = state
        return state

    def _next(self, host: str, state: _Host) -> None:
        state.holder, state.recalled = None, False
        while state.queue:
            worker, waiting = state.queue.popleft()
            if not waiting.done():  # its worker went away
                waiting.set_result(self._grant(host, state, worker))
                return

    def _grant(self, host: str, state: _Host, worker: str) -> Grant:
        now = self._now()
        self._grants += 1
        state.holder, state.grant, state.recalled = worker, self._grants, False
        if state.queue:
            self._ask_back(host, state)
        return Grant(
            number=state.grant, wait=max(0.0, state.ready_at - now), blocked=max(0.0, state.blocked_until - now)
        )

    def _ask_back(self, host: str, state: _Host) -> None:
        if state.holder is not None and not state.recalled:
            state.recalled = True
            self._recall(state.holder, host, state.grant)
