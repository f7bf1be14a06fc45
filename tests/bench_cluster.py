"""How much of a plain process pool's speed two Dask workers keep on the same work: `make bench-cluster`.

    the same articles, read into documents and facts
    a plain pool     two child processes, fed by this one
    the cluster      two workers on loopback, each with one child, fed through a scheduler

Prints what each takes by the clock, the best of some runs, and of the processors, all processes together; and the
ratios. By the clock the machine has to be otherwise idle.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context

import psutil
from machines import machines

from monitor.engine.dask import DaskReaders
from monitor.engine.errands import Run
from monitor.lanes import abreast
from monitor.models import Link, Page, Source, SourceKind
from monitor.settings import EngineSettings
from monitor.visits import read

PAGES = 400
CHUNK = 20
RUNS = 3
WORKERS = 2
TARGET = 0.8

SOURCE = Source(name="newsroom", kind=SourceKind.LISTING, url="https://media.smart.com/", brand="smart", outlet="smart")
SENTENCES = (
    "The all-electric brand is now present in {} countries and regions worldwide.",
    "A further {} showrooms will follow during the year, the company said in a statement on Monday.",
    "smart confirmed that the {} cars were handed over to customers in Costa Rica and in Uruguay.",
    "More than {} people visited the stand in Munich, where the smart #5 was shown to the public.",
)


def article(number: int) -> Page:
    """An article of some 100 KB, most of it markup."""
    words = "".join(
        f"<p class='{'x' * 400}'>{SENTENCES[n % len(SENTENCES)].format(number % 50 + n)}</p>" for n in range(12)
    )
    scripts = f"<script>{'var a = 1;' * 9_000}</script>"
    html = (
        f'<html lang="en"><head><title>smart grows, part {number}</title>{scripts}'
        f'<meta property="article:published_time" content="2026-01-05"></head>'
        f"<body><article><h1>smart grows, part {number}</h1>{words}</article></body></html>"
    )
    url = f"https://media.smart.com/news/{number}"
    return Page(
        url=url,
        requested_url=url,
        status=200,
        content=html.encode(),
        content_type="text/html",
        fetched_at=datetime(2026, 1, 5, tzinfo=UTC),
    )


def read_one(page: Page) -> int:
    return len(read(page, SOURCE, Link(url=page.url))[1])


def read_many(pages: Sequence[Page]) -> int:
    return sum(read_one(page) for page in pages)


async def read_there(pages: Sequence[Page], run: Run) -> int:
    return sum([found async for found in abreast(lambda page: run(read_one, page), pages, 4)])


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, seconds of the processors, and the facts that were read."""

    clock: float
    processors: float
    facts: int


def measured(work: Callable[[], int]) -> Took:
    clock, before = [], _processors()
    for _ in range(RUNS):
        began = time.perf_counter()
        facts = work()
        clock.append(time.perf_counter() - began)
    return Took(min(clock), (_processors() - before) / RUNS, facts)


def _processors() -> float:
    """What this process and all that it has started have used so far."""
    here = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (here, *here.children(recursive=True)))


def pooled(chunks: Sequence[Sequence[Page]]) -> Took:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(read_many, [chunk[:1] for chunk in chunks]))  # what is loaded once is no work
        return measured(lambda: sum(pool.map(read_many, chunks)))


def clustered(chunks: Sequence[Sequence[Page]]) -> Took:
    with machines(workers=WORKERS) as there, asyncio.Runner() as runner:
        readers = DaskReaders(EngineSettings(kind="dask", scheduler=there.address))

        async def work(chunks: Sequence[Sequence[Page]]) -> int:
            return sum([facts async for _, facts in readers.map(read_there, chunks)])

        runner.run(readers.open())
        try:
            runner.run(work([chunk[:1] for chunk in chunks]))
            return measured(lambda: runner.run(work(chunks)))
        finally:
            runner.run(readers.close())


def efficiency() -> tuple[float, float]:
    """The cluster's speed as a share of the pool's, by the clock and by the processors, after a line about each."""
    pages = [article(number) for number in range(PAGES)]
    chunks = [pages[start : start + CHUNK] for start in range(0, PAGES, CHUNK)]
    pool, cluster = pooled(chunks), clustered(chunks)
    assert pool.facts == cluster.facts > 0
    for name, took in (("plain process pool", pool), ("Dask, two workers", cluster)):
        each = 1_000 * took.processors / PAGES
        print(f"{name:20} {PAGES / took.clock:7.1f} articles/s  {each:6.1f} ms of a processor each", flush=True)
    return pool.clock / cluster.clock, pool.processors / cluster.processors


def main() -> None:
    clock, processors = efficiency()
    print(f"efficiency {clock:.2f} by the clock, {processors:.2f} by the processors (to reach: {TARGET})")
    sys.exit(clock < TARGET)


if __name__ == "__main__":
    import bench_cluster  # by the name under which workers know what is in here

    bench_cluster.main()
