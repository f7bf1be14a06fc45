"""Ends a service that has come to a standstill, so that its supervisor starts it again.

Progress is counted by completed cycles of the scheduler. A thread of its own looks at them now and then: a look that
sees some is a sign of life, so many in a row that see none are a standstill. Looks are counted and not time, so that a
machine that slept is none.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta

log = logging.getLogger(__name__)

PERIOD = 10.0
"""Seconds between two looks; a cycle takes a second or two."""

PATIENCE = 12
"""Looks in a row without progress that are a standstill."""


class Watchdog:
    """From its own thread, calls `alive` while `progress` moves, and `stuck` when it stands still."""

    def __init__(
        self,
        progress: Callable[[], int],
        *,
        stuck: Callable[[], None],
        alive: Callable[[], None] = lambda: None,
        period: float = PERIOD,
        patience: int = PATIENCE,
    ) -> None:
        self._progress = progress
        self._stuck = stuck
        self._alive = alive
        self._period = period
        self._patience = patience
        self._looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def still(self) -> timedelta:
        """For how long no progress has been seen, by the looks."""
        return timedelta(seconds=self._looks * self._period)

    def _watch(self) -> None:
        seen = self._progress()
        while not self._over.wait(self._period):
            now = self._progress()
            if now != seen:
                seen, self._looks = now, 0
                self._alive()
                continue
            self._looks += 1
            if self._looks >= self._patience:
                self._stuck()
                return


def die() -> None:
    """Ends the process at once: whatever hangs would hang an orderly end too. The history takes it as a kill."""
    log.critical("the service has come to a standstill; it ends, so that its supervisor starts it again")
    os._exit(1)
