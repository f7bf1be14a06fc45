"""`make torture`: every suite in full, each in a process of its own; rows (A5) or groups (A): only these."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from torture import alerts, content, feeds, server, service, serving, steady  # noqa: F401  (they register their suites)
from torture.bench import SUITES, Suite

MEMORY = next((str(path) for path in (Path("/dev/shm"),) if path.is_dir()), None)  # a disk's syncs prove nothing here


def main(wanted: list[str]) -> int:
    started = time.monotonic()
    rows = {name for suite in SUITES for name in (suite.row, suite.row[0])}
    if unknown := sorted({*wanted} - rows):
        print(f"no suite is called {', '.join(unknown)}; there are {', '.join(sorted(rows))}", file=sys.stderr)
        return 2
    chosen = [suite for suite in SUITES if not wanted or {suite.row, suite.row[0]} & set(wanted)]
    if len(chosen) == 1:
        return alone(chosen[0])
    ends = [subprocess.run([sys.executable, "-m", "torture", suite.row], check=False).returncode for suite in chosen]
    short = sum(map(bool, ends))
    print(f"{short} of {len(ends)} suites short, {time.monotonic() - started:.0f} s in all")
    return 1 if short else 0


def alone(suite: Suite) -> int:
    """One suite in this process: memory that earlier ones have left behind would hide what it takes."""
    began = time.monotonic()
    logging.lastResort = logging.NullHandler()  # what goes wrong here is meant to
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        tally = suite.torture(suite.full, Path(folder))
    print(suite.told(tally, time.monotonic() - began, sum(os.times()[:4])), flush=True)
    for failure in tally.failures[:5]:
        print(f"        {failure}", flush=True)
    return 0 if suite.reached(tally) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
