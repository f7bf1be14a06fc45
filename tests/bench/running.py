"""A command measured from its start to its end: wall clock, CPU of it and its children, and the most memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

TICKS = 100
"""Of the kernel, a second: what /proc counts CPU in."""

# A process of its own starts the command: the kernel counts the memory of whoever forks as the child's.
_LAUNCH = """
import json, os, subprocess, sys, time
with open(sys.argv[1], "wb") as out:
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdout=out, stderr=subprocess.STDOUT)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""


@dataclass(frozen=True)
class Run:
    """What one run took: seconds, seconds, bytes of its largest process."""

    wall: float
    cpu: float
    memory: int


def measured(command: Sequence[str], log: Path) -> Run:
    """Runs a command to its end. Raises SystemExit, with the end of its output, when it fails."""
    launched = subprocess.run(
        [sys.executable, "-S", "-E", "-c", _LAUNCH, log, *command], capture_output=True, text=True
    )
    code, wall, cpu, memory = json.loads(launched.stdout)
    if code:
        raise SystemExit(f"{' '.join(command)[:200]} ended with {code}:\n{log.read_text()[-2000:]}")
    return Run(wall, cpu, memory)


def used(pid: int) -> tuple[float, int]:
    """Of a running process: seconds of CPU so far, and the most bytes of memory it has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return (int(fields[11]) + int(fields[12])) / TICKS, int(status["VmHWM"].split()[0]) * 1024


class Steered:
    """The site, from outside."""

    def __init__(self, port: int) -> None:
        self._port = port

    def control(self, what: str) -> dict[str, int]:
        with urlopen(f"http://127.0.0.1:{self._port}/__ctl/{what}", timeout=30) as answer:
            found: dict[str, int] = json.load(answer)
        return found

    def first_request(self, patience: float) -> float:
        """Waits until somebody asks for a page; how long that took, in seconds."""
        began = time.perf_counter()
        while not self.control("stats").get("pages"):
            if time.perf_counter() - began > patience:
                raise SystemExit(f"no page was asked for within {patience:g} s")
            time.sleep(0.02)
        return time.perf_counter() - began


@contextmanager
def site(port: int) -> Iterator[Steered]:
    """The site while it is needed."""
    command = [sys.executable, "-m", "bench.site", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # "ready"
        yield Steered(port)
    finally:
        process.terminate()
        process.communicate()
