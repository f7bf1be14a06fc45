"""Ends a service that has come to a standstill, so that its supervisor starts it again.

Progress is counted by completed cycles of the scheduler. A thread of its own looks at them now and then; two looks in a
row without progress are a standstill. Looks are counted and not time, so that a machine that slept is none.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds between two looks; a cycle takes a second or two."""


class Watchdog:
    """Calls `stuck` from its own thread when `progress` stands still."""

    def __init__(self, progress: Callable[[], int], *, stuck: Callable[[], None], period: float = PERIOD) -> None:
        self._progress = progress
        self._stuck = stuck
        self._period = period
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        seen, still = self._progress(), 0
        while not self._over.wait(self._period):
            now = self._progress()
            still = still + 1 if now == seen else 0
            seen = now
            if still >= 2:
                self._stuck()
                return


def die() -> None:
    """Ends the process at once: whatever hangs would hang an orderly end too. The history takes it as a kill."""
    log.critical("the service has come to a standstill; it ends, so that its supervisor starts it again")
    os._exit(1)
