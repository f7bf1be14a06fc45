"""`make bench`: every figure with its target and whether it holds. Rounds of ours and the floor in turns; medians.

Whole processes, from start to end, CPU first: wall clocks mean little on a machine that others use too. Ratios are of
one round each, then their median.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import ours, site
from bench.parts import parts
from bench.running import Run, Steered, measured, used
from bench.running import site as newsroom

HERE = Path(__file__).parent
MONITOR = (sys.executable, "-m", "monitor")
MB = 1_000_000
SEVERAL = 10
"""Times as many checks among many sources as among few: the start, which is taken off, is longer there."""
NEWS = 10
"""New articles on a listing."""


class Table:
    """Rows as they come; whether each reaches its target."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def row(self, what: str, value: float, target: float | None, *, least: bool = False, beside: str = "") -> None:
        """A figure. `least`: the target is the least it should be, not the most."""
        good = None if target is None else (value >= target) if least else (value <= target)
        verdict = {None: "", True: "holds", False: "MISSED"}[good]
        wanted = "" if target is None else f"{'>=' if least else '<='} {target:g}"
        self.rows.append({"what": what, "value": value, "target": target, "holds": good, "beside": beside})
        print(f"{what:58} {value:10.3f}   {wanted:10} {verdict:7} {beside}", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, prog="make bench")
    asked.add_argument("--pages", type=int, default=1_000)
    asked.add_argument("--articles", type=int, default=300)
    asked.add_argument("--sources", type=int, default=100_000, help="the large number of sources")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--idle", type=float, default=30.0, help="seconds that the idle service is watched")
    asked.add_argument("--only", default="rounds,articles,large,parts", help="which of these, with commas")
    asked.add_argument("--out", type=Path, help="the figures as JSON")
    given = asked.parse_args()
    table, only = Table(), given.only.split(",")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.pages:,} pages, {given.rounds} rounds\n")
    with tempfile.TemporaryDirectory() as name, newsroom(site.PORT) as steered:
        folder = Path(name)
        if "rounds" in only:
            rounds(table, folder / "rounds", steered, given.pages, given.rounds)
        if "articles" in only:
            articles(table, folder / "articles", steered, given.articles)
        if "large" in only:
            large(table, folder / "large", steered, given.pages, given.sources, given.idle)
        if "parts" in only:
            print("\nparts, CPU ms")
            primed(folder / "parts", site.HOSTS)
            steered.control("set")
            for what, took in parts(folder / "parts"):
                table.row(what, took, None)
    if given.out:
        given.out.write_text(json.dumps(table.rows, indent=1))


def primed(folder: Path, count: int) -> list[str]:
    """A folder with a config of so many sources, all due, and a history of them. Returns their addresses."""
    folder.mkdir()
    urls = ours.addresses(count)
    ours.prime(ours.write_config(folder, urls), site.CARDS, datetime.now(UTC), ours.overdue(), outlines=True)
    return urls


def primed_unchanging(folder: Path, count: int) -> list[str]:
    """The same of sources that are due in some hours, know ten links each, and will not change."""
    folder.mkdir()
    urls, now = ours.addresses(count), datetime.now(UTC)
    ours.prime(ours.write_config(folder, urls), 10, now, now + timedelta(hours=8), outlines=False)
    return urls


def check(folder: Path, names: Sequence[str] = ()) -> Run:
    return measured([*MONITOR, "check", "--config", str(folder / "monitor.toml"), *names], folder / "log")


def rounds(table: Table, folder: Path, steered: Steered, count: int, times: int) -> None:
    """Changed, unchanged and slow, ours and the floor in turns."""
    urls = primed(folder, count)
    (folder / "urls").write_text("\n".join(urls))
    floor = [sys.executable, str(HERE / "floor.py"), str(folder / "urls"), str(folder / "floor.db")]
    sides: dict[str, Callable[[], Run]] = {
        "ours": lambda: check(folder),
        "floor": lambda: measured(floor, folder / "log"),
    }
    sides["floor"]()  # its first sight of the pages
    found: dict[tuple[str, str], list[Run]] = {}
    for turn in range(times):
        for what, delay in (("changed", 0), ("unchanged", 0), ("slow", 100)):
            steered.control(f"set?delay_ms={delay}")
            if what == "changed":
                steered.control(f"bump?from=0&to={count}")
            for side in list(sides)[:: 1 if turn % 2 else -1]:
                found.setdefault((what, side), []).append(sides[side]())
    steered.control("set")

    def median(what: str, side: str, of: Callable[[Run], float]) -> float:
        return statistics.median(of(run) for run in found[what, side])

    def beside(what: str, of: Callable[[Run], float]) -> str:
        pairs = zip(found[what, "ours"], found[what, "floor"], strict=True)
        ratio = statistics.median(of(mine) / of(its) for mine, its in pairs)
        return f"floor {median(what, 'floor', of):.3f}, ratio {ratio:.2f}"

    def cost(run: Run) -> float:
        return run.cpu * 1000 / count

    def rate(run: Run) -> float:
        return count / run.wall

    for what, target in (("unchanged", 1.3), ("changed", 3.5)):
        words = f"{what}{' page without news' if what == 'changed' else ' (304)'}"
        table.row(f"{words}: CPU ms a check", median(what, "ours", cost), target, beside=beside(what, cost))
    for what, target in (("unchanged", 900), ("slow", 380)):
        words = "answers after 100 ms" if what == "slow" else "unchanged (304)"
        table.row(f"{words}: checks/s", median(what, "ours", rate), target, least=True, beside=beside(what, rate))
    most = max(run.memory for (_, side), runs in found.items() if side == "ours" for run in runs) / MB
    table.row(f"peak memory, {count:,} sources: MB", most, 130, beside="largest process")


def articles(table: Table, folder: Path, steered: Steered, count: int) -> None:
    """New articles, several on each listing, less what the same round costs with one or two of them: that has the start
    of the program and of the children that read, too."""
    listings = count // NEWS
    steered.control("rewind")  # what is primed knows the first version of each page
    primed(folder, listings)
    taken = []
    for first, last, news in ((0, 1, 2), (1, listings, NEWS)):
        steered.control(f"set?news={news}")
        steered.control(f"bump?from={first}&to={last}")
        steered.control("reset")
        run = check(folder)
        taken.append((steered.control("stats")["articles"], run))
    steered.control("set")
    (few, start), (many, brought) = taken
    assert (few, many) == (2, (listings - 1) * NEWS), "every article was read"
    each = (brought.cpu - start.cpu) * 1000 / (many - few)
    words = f"fetched, parsed, facts, recorded; with a {NEWS}th of a listing"
    table.row("new article of 100 KB, to facts: CPU ms", each, 15, beside=words)
    rate = (many - few) / (brought.wall - start.wall)
    table.row("new articles on all cores: a second", rate, 120, least=True)


def large(table: Table, folder: Path, steered: Steered, few: int, many: int, seconds: float) -> None:
    """What a service with many sources needs, and whether a check among many costs more than one among few."""
    small = folder.with_name("small")
    steered.control("rewind")
    costs = []
    for place, count in ((small, few), (folder, many)):
        urls = primed_unchanging(place, count)
        names = [f"listing {ours.number(url)}" for url in urls[:: max(1, count // (SEVERAL * few))]]
        nearly_nothing = check(place, names[:1])
        costs.append((check(place, names).cpu - nearly_nothing.cpu) * 1000 / (len(names) - 1))
    words = f"{costs[0]:.3f} ms among {few:,}, {costs[1]:.3f} ms among {many:,}"
    table.row("cost of a check, many sources to few: ratio", costs[1] / costs[0], 1.15, beside=words)
    serve(table, folder, steered, many, seconds)


def serve(table: Table, folder: Path, steered: Steered, count: int, seconds: float) -> None:
    """The service itself: how long until its first check, what it needs when little is due."""
    ours.make_due(folder / "monitor.db", "listing 7")
    steered.control("reset")
    with (folder / "log").open("wb") as log:
        began = time.perf_counter()
        command = [*MONITOR, "run", "--config", str(folder / "monitor.toml")]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        steered.first_request(60)
        table.row(f"start with {count:,} sources, to the first check: s", time.perf_counter() - began, 3)
        cpu = used(process.pid)[0]
        table.row("    of which CPU: s", cpu, None)
        time.sleep(3)
        before = used(process.pid)[0]
        time.sleep(seconds)
        after, memory = used(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait()
    table.row(f"idle with {count:,} daily sources: CPU %", (after - before) / seconds * 100, 1)
    table.row(f"peak memory, {count:,} sources: MB", memory / MB, 400)


if __name__ == "__main__":
    main()
