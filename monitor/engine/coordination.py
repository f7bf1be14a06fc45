"""In the Dask scheduler: who asks which host, which workers there are, what coordinators and workers tell each other.

Registered by the first coordinator that comes, it stays for all that follow. Needs brand-monitor beside the scheduler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from distributed import Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin

from monitor.engine.hosts import Hosts

NAME = "brand-monitor"
OBSERVED = "brand-monitor-observed"
"""What the message is called in which an observation comes home, from the worker and to the coordinator."""


class Coordination(SchedulerPlugin):
    """Answers the calls `brand_monitor_…` and takes the messages `brand-monitor-give` and OBSERVED of workers."""

    name = NAME
    idempotent = True

    async def start(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._posts: set[str] = set()
        self._hosts = Hosts(self._recall)
        self._changed = asyncio.Event()
        scheduler.handlers.update(
            brand_monitor_take=self._hosts.take,
            brand_monitor_post=self.post,
            brand_monitor_workers=self.workers,
            brand_monitor_halt=self.halt,
        )
        scheduler.stream_handlers.update({"brand-monitor-give": self._hosts.give, OBSERVED: self.observed})

    async def post(self, worker: str) -> None:
        """A worker has what it takes to observe, and understands our messages."""
        self._posts.add(worker)

    async def workers(self, known: Collection[str] | None) -> dict[str, int]:
        """All workers and how much each does at once, as soon as they are others than those known."""
        while set(self._scheduler.workers) == set(known or ()) and known is not None:
            await self._changed.wait()
        return {address: worker.nthreads for address, worker in self._scheduler.workers.items()}

    async def halt(self, coordinator: str) -> None:
        """What workers do for a coordinator is to end early."""
        self._tell({"op": "brand-monitor-halt", "coordinator": coordinator})

    def observed(self, worker: str, coordinator: str, batch: str, observation: bytes) -> None:
        """Passes an observation on to who asked for it. As an event that is sent, and not kept."""
        event = (0.0, {"batch": batch, "observation": observation})
        self._scheduler.client_send(coordinator, {"op": "event", "topic": OBSERVED, "event": event})

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        self._note()

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        self._posts.discard(worker)
        self._hosts.lost(worker)
        self._note()

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        self._tell({"op": "brand-monitor-dismiss", "coordinator": client})

    def _recall(self, worker: str, host: str, grant: int) -> None:
        self._scheduler.worker_send(worker, {"op": "brand-monitor-recall", "host": host, "grant": grant})

    def _tell(self, message: dict[str, Any]) -> None:
        for worker in self._posts:
            self._scheduler.worker_send(worker, dict(message))

    def _note(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
