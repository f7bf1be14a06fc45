"""How much of a plain process pool's speed two Dask workers keep on the same work: `make bench-cluster`.

    the same articles, read into documents and facts
    a plain pool     two child processes, fed by this one
    the cluster      two workers on loopback, each with one child, fed through a scheduler

Prints what each takes and the ratio, the best of some runs: other programs on the machine only ever slow a run down.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

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


def measured(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds of the best run, and how many facts were read."""
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        facts = work()
        took.append(time.perf_counter() - began)
    return min(took), facts


def pooled(chunks: Sequence[Sequence[Page]]) -> tuple[float, int]:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(read_many, [chunk[:1] for chunk in chunks]))  # what is loaded once is no work
        return measured(lambda: sum(pool.map(read_many, chunks)))


def clustered(chunks: Sequence[Sequence[Page]]) -> tuple[float, int]:
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


def efficiency() -> float:
    """The cluster's speed as a share of the pool's, after a line about each."""
    pages = [article(number) for number in range(PAGES)]
    chunks = [pages[start : start + CHUNK] for start in range(0, PAGES, CHUNK)]
    (pool, facts), (cluster, same) = pooled(chunks), clustered(chunks)
    assert facts == same > 0
    for name, took in (("plain process pool", pool), ("Dask, two workers", cluster)):
        print(f"{name:20} {took:6.2f} s  {PAGES / took:7.0f} articles/s")
    return pool / cluster


def main() -> None:
    found = efficiency()
    print(f"efficiency {found:.2f} (to reach: {TARGET})")
    sys.exit(found < TARGET)


if __name__ == "__main__":
    import bench_cluster  # by the name under which workers know what is in here

    bench_cluster.main()
