"""`make torture`: every suite in full, a line each; names of rows or groups as arguments run only those."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from torture import content, server, service  # noqa: F401  (they register their suites)
from torture.bench import SUITES


def main(wanted: list[str]) -> int:
    short, started = 0, time.monotonic()
    for suite in SUITES:
        if wanted and not any(suite.row == name or suite.row.rstrip("0123456789ab") == name for name in wanted):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            tally = suite.torture(suite.full, Path(folder))
        print(suite.told(tally, time.monotonic() - began), flush=True)
        for failure in tally.failures[:5]:
            print(f"        {failure}", flush=True)
        short += not suite.reached(tally)
    print(f"{short} suites short, {time.monotonic() - started:.0f} s in all")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
