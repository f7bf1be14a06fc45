"""The frame of every suite: how many cases, how many may fail, and the figure that it prints."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Run = Callable[["Tally"], None]


@dataclass
class Tally:
    """The cases of one run: `count` are wanted; each is passed or told as failed."""

    count: int
    full: int
    folder: Path
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Which part of the full figure this run is: what takes long in a full run is shortened by it in a sample."""
        return self.count / self.full

    def check(self, good: bool, what: object) -> None:
        """One case."""
        self.tried += 1
        if not good:
            self.failures.append(str(what)[:300])

    def note(self, text: str) -> None:
        self.remarks.append(text)


@contextmanager
def silenced(name: str) -> Iterator[None]:
    """Faults that are brought about on purpose are not logged; the logger is as it was for what runs afterwards."""
    logger = logging.getLogger(name)
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


@dataclass(frozen=True)
class Suite:
    """A row of the table of faults."""

    row: str
    what: str
    full: int
    sample: int
    allowed: int
    run: Run

    def torture(self, count: int, folder: Path) -> Tally:
        tally = Tally(count, self.full, folder)
        self.run(tally)
        return tally

    def told(self, tally: Tally, seconds: float, at_work: float) -> str:
        """The figure. `at_work`: seconds of the processor, its children's too; on a busy machine it took longer."""
        verdict = "ok" if self.reached(tally) else "SHORT"
        remarks = f"; {', '.join(tally.remarks)}" if tally.remarks else ""
        cases = f"{tally.tried:>9,} tried {len(tally.failures):>4} failed"
        return f"{self.row:5} {verdict:5} {cases} {seconds:7.1f} s, {at_work:5.0f} at work  {self.what}{remarks}"

    def reached(self, tally: Tally) -> bool:
        return tally.tried >= tally.count and len(tally.failures) <= self.allowed


SUITES: list[Suite] = []


def suite(row: str, what: str, *, full: int, sample: int, allowed: int = 0) -> Callable[[Run], Run]:
    """Registers a suite: `full` cases in `make torture`, `sample` in the tests, at most `allowed` of them failed."""

    def register(run: Run) -> Run:
        SUITES.append(Suite(row, what, full, sample, allowed, run))
        return run

    return register


def resident() -> int:
    """Bytes of memory that this process has now."""
    return _status("VmRSS")


def peak_memory(work: Callable[[], object]) -> int:
    """The most that this process had while `work` ran, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark is that of now
    work()
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
