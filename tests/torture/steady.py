"""Group S: the whole service over a day, the clock turned by hand: it stays as small as it was, tells the truth about
itself, and can be brought back from its backup."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sinks import Hook, web_server
from starlette.applications import Starlette

from monitor import catalogue
from monitor.cli.loglines import JsonLines
from monitor.cli.narration import Round
from monitor.cli.service import Checked, Service
from monitor.engine.errands import Errand, Observe
from monitor.errors import FetchError
from monitor.history import backups
from monitor.models import Observation, Outcome, Page, Validators, utc_text
from monitor.pipeline import observe
from monitor.settings import Settings
from monitor.visits import Tools
from monitor.web.metrics import Metrics
from monitor.web.operations import operations_routes
from torture.bench import Tally, resident, suite

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOSTS = 1_000
"""More than there are."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SOURCES = 500
FEW = 40
"""Sources of a sample."""

STALL = (HOUR, HOUR + 40 * MINUTE)
"""Between these nothing is checked, as if checks hung."""

DOWN = (2 * HOUR, 4 * HOUR)
"""Between these every tenth newsroom is."""

KEEP = 3
GROWTH = 1_000_000
"""Bytes that the process may grow by in 10,000 checks, once it has warmed up."""


@dataclass
class Clock:
    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Newsrooms:
    """What all newsrooms show at a moment: a front page that grows by an article every few hours. Keeps nothing."""

    clock: Clock
    brands: tuple[str, ...]

    async def get(self, url: str, validators: Validators | None = None) -> Page:
        parts = urlsplit(url)
        number = int(str(parts.hostname).removeprefix("news").partition(".")[0])
        past = self.clock.now - BEGIN
        if number % 10 == 7 and DOWN[0] <= past < DOWN[1]:
            raise FetchError(Outcome.HTTP_ERROR, "HTTP 500: internal server error")
        brand = self.brands[number % len(self.brands)]
        published = 5 + int((past + number % 7 * HOUR) / (7 * HOUR))
        body = (
            _front(brand, published)
            if parts.path == "/news/"
            else _article(brand, int(parts.path.rpartition("-")[2]), number)
        )
        return Page(
            url=url,
            requested_url=url,
            status=200,
            content=body.encode(),
            content_type="text/html; charset=utf-8",
            fetched_at=self.clock.now,
        )


def _front(brand: str, published: int) -> str:
    cards = "".join(
        f'<article class="card"><h2><a href="/news/a-step-of-the-brand-{n}">{brand} takes step number {n} of its'
        f' journey around the world</a></h2><time datetime="{_day(n)}"></time></article>'
        for n in reversed(range(published))
    )
    return f'<html lang="en"><head><title>News</title></head><body><h1>News</h1><main>{cards}</main></body></html>'


def _article(brand: str, step: int, newsroom: int) -> str:
    """All newsrooms of a brand tell of the same count, each in words of its own."""
    title = f"{brand} takes step number {step} of its journey around the world"
    words = random.Random(newsroom * 1000 + step).sample(FILLING, 12)
    return f"""<html lang="en"><head><title>{title}</title>
<meta property="article:published_time" content="{_day(step)}"></head><body><article><h1>{title}</h1>
<p>{brand} is now present in {30 + step} countries and regions worldwide, the company said in a statement.</p>
<p>The {" ".join(words[:6])} was praised by the {" ".join(words[6:])} of the town, who came early that day.</p>
</article></body></html>"""


FILLING = (
    *("garden", "roof", "mayor", "showroom", "charger", "battery", "window"),
    *("harbour", "market", "bridge", "station", "library", "museum", "castle"),
)


def _day(step: int) -> str:
    return f"{BEGIN - timedelta(days=6) + step * timedelta(hours=24):%Y-%m-%d}"


class OwnEngine:
    """Where pages are read: in this process, of a web that is computed. All else of a check is the real one."""

    children_replaced = 0

    def __init__(self, newsrooms: Newsrooms, clock: Clock) -> None:
        self._tools = Tools(client=newsrooms, run=self._run, clock=clock)

    async def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    async def open(self) -> None: ...

    @asynccontextmanager
    async def room(self, host: str) -> AsyncIterator[Observe]:
        yield self._observe

    async def _observe(self, errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
        for errand in errands:
            yield await observe(errand.source, errand.memory, self._tools)

    def stop(self) -> None: ...

    async def close(self) -> None: ...


class Heard(logging.Handler):
    """The log: every line as JSON, and the errors."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0
        self.errors: list[str] = []
        self.setFormatter(JsonLines([]))

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        json.loads(line)
        self.lines += 1
        if record.levelno >= logging.ERROR or not line.isprintable():
            self.errors.append(line)


@dataclass
class Run:
    """One process's worth of the service, and what its watchers see of it."""

    settings: Settings
    clock: Clock
    checks: int = 0
    service: Service = field(init=False)

    async def __aenter__(self) -> Run:
        database = self.settings.database
        first = Round(self.settings)
        self.metrics = Metrics(
            database,
            self.clock,
            last_backup=lambda: backups.newest(database, self.settings.database.parent / "backups"),
        )

        def on_checked(checked: Checked) -> None:
            self.checks += 1
            self.metrics.checked(checked.observation)
            first.heard(checked)

        self.service = Service(
            self.settings,
            clock=self.clock,
            rng=random.Random(1),
            on_checked=on_checked,
            on_delivered=self.metrics.delivered,
        )
        brands = tuple(brand.name for brand in catalogue.load().brands[:100])
        await self.service._engine.close()
        self.service._engine = OwnEngine(Newsrooms(self.clock, brands), self.clock)  # type: ignore[assignment]
        await self.service.open()
        await self.service.catch_up()
        routes = operations_routes(self.metrics, database, clock=self.clock, zone=lambda: UTC)
        self._watcher = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=routes)), base_url="http://127.0.0.1"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._watcher.aclose()
        await self.service.close()

    def taken(self) -> list[tuple[datetime, Path]]:
        assert self.settings.backup
        return backups.taken(self.settings.database, self.settings.backup.path)

    async def minute(self) -> None:
        """What the scheduler does in a minute, the clock turned on by it."""
        service, past = self.service, self.clock.now - BEGIN
        await service.tick()
        if not STALL[0] <= past < STALL[1]:
            for source in chain.from_iterable((await service.due((), HOSTS)).values()):
                await service.check([source])
        await service.deliver()
        await service.report()
        await service.housekeep()
        self.clock.now += MINUTE

    async def health(self) -> tuple[int, Any]:
        answer = await self._watcher.get("/healthz")
        return answer.status_code, answer.json()

    async def scraped(self) -> Mapping[str, float]:
        text = (await self._watcher.get("/metrics")).text
        return {
            sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def configured(folder: Path, sources: int, hook: Hook) -> Settings:
    given = {
        "path": folder / "m.toml",
        "database": folder / "m.db",
        "http": {"allow_private_networks": ["127.0.0.0/8"]},
        "backup": {"path": folder / "backups", "cron": "30 */2 * * *", "keep": KEEP},
        "sources": [
            {"name": f"news{n}", "kind": "listing", "url": f"https://news{n}.example/news/", "every": "15m"}
            for n in range(sources)
        ],
        "channels": [{"name": "hook", "kind": "webhook", "url": hook.url}],
    }
    return Settings.model_validate(given)


def asked(database: Path, query: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute(query, values).fetchall()


@suite(
    "S1", "hours of the whole service, 500 sources: as small as ever, truthful, restored, no errors", full=24, sample=5
)
def a_day(tally: Tally) -> None:
    heard = Heard()
    logger = logging.getLogger("monitor")
    before = (logger.level, logger.propagate)
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with web_server(Hook()) as hook:
            asyncio.run(_day_of(tally, configured(tally.folder, SOURCES if tally.share == 1 else FEW, hook), hook))
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before[0])
        logger.propagate = before[1]
    tally.check(not heard.errors, heard.errors[:3])
    tally.note(f"{heard.lines:,} lines of the log")


async def _day_of(tally: Tally, settings: Settings, hook: Hook) -> None:
    clock, sizes = Clock(), []
    checks, most_log = 0, 0.0
    half = tally.count // 2
    for first, last in ((0, half), (half, tally.count)):
        since = asked(settings.database, "SELECT max(id) FROM visit")[0][0] if first else 0
        async with Run(settings, clock) as run:
            if first:
                await _anew(tally, run)
            for hour in range(first, last):
                for minute in range(60):
                    await run.minute()
                    if hour == 1 and minute == 38:  # the last check of each was up to 38 minutes ago
                        code, body = await run.health()
                        tally.check(code == 503 and "two of its intervals" in body["reasons"][0], (hour, body))
                code, body = await run.health()
                tally.check(code == 200, (hour, body))
                found = await run.scraped()
                _truthful(tally, run, hook, found, since, (hour, len(hook.posts)))
                most_log = max(most_log, found["brand_monitor_database_log_bytes"])
                gc.collect()
                sizes.append((checks + run.checks, resident(), _handles(), threading.active_count()))
            checks += run.checks
    _steady(tally, sizes, most_log)
    _brought_back(tally, settings, clock)
    changes = asked(settings.database, "SELECT count(*) FROM change")[0][0]
    tally.note(
        f"{checks:,} checks of {len(settings.sources)} sources, {changes:,} changes, {len(hook.posts):,} messages"
    )


async def _anew(tally: Tally, run: Run) -> None:
    """Right after a restart: what the history holds is there, what the process did is nothing yet."""
    found = await run.scraped()
    facts = asked(run.settings.database, "SELECT count(*) FROM fact")[0][0]
    tally.check(found["brand_monitor_facts"] == facts > 0, ("restart", found["brand_monitor_facts"], facts))
    tally.check(found["brand_monitor_check_duration_seconds_count"] == 0, "counters of a new process")
    tally.check((await run.health())[0] == 200, "health after a restart")


def _truthful(tally: Tally, run: Run, hook: Hook, found: Mapping[str, float], since: int, where: object) -> None:
    """The metrics against the tables and what the other side was sent."""
    database = run.settings.database
    counted = "SELECT outcome, count(*) FROM visit WHERE id > ? AND outcome <> 'skipped' GROUP BY 1"
    outcomes = {f"brand_monitor_checks_total{{{name}}}": number for name, number in asked(database, counted, since)}
    told = {name: value for name, value in found.items() if name.startswith("brand_monitor_checks_total")}
    tally.check(told == outcomes, (where, told, outcomes))
    for table in ("fact", "document", "change"):
        rows = asked(database, f"SELECT count(*) FROM {table}")[0][0]
        tally.check(found[f"brand_monitor_{table}s"] == rows, (where, table, rows))
    sent = len({post.headers["webhook-id"] for post in hook.posts})
    tally.check(found["brand_monitor_alerts{sent}"] == sent, (where, "sent", sent))
    tally.check(found["brand_monitor_alerts{failed}"] == 0, (where, "failed"))
    tally.check(found["brand_monitor_delivery_lag_seconds"] <= 60, (where, "lag"))
    unwell = found["brand_monitor_sources{failing}"] + found["brand_monitor_sources{trouble}"]
    ill = asked(database, "SELECT count(*) FROM sources WHERE health IN ('failing', 'trouble')")[0][0]
    tally.check(unwell == ill, (where, "unwell", unwell, ill))
    newest = max((time for time, _ in run.taken()), default=None)
    stamp = found.get("brand_monitor_last_backup_timestamp_seconds")
    tally.check(stamp == (newest.timestamp() if newest else None), (where, "backup", stamp))


def _handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def _steady(tally: Tally, sizes: list[tuple[int, int, int, int]], log: float) -> None:
    """Memory, files and threads over the hours; the first third is for warming up."""
    warm = sizes[len(sizes) // 3]
    last = sizes[-1]
    grown, made = last[1] - warm[1], last[0] - warm[0]
    if tally.share == 1:
        tally.check(grown <= GROWTH * made / 10_000, ("memory", grown, made, [size[1] for size in sizes]))
    tally.check(max(size[2] for size in sizes[1:]) - min(size[2] for size in sizes[1:]) <= 3, ("files", sizes))
    tally.check(max(size[3] for size in sizes) <= 40, ("threads", sizes))
    tally.check(log <= 64_000_000, ("write-ahead log", log))
    tally.note(f"{warm[1] / 1e6:.1f} MB after {warm[0]:,} checks, {last[1] / 1e6:.1f} MB after {last[0]:,}")


def _brought_back(tally: Tally, settings: Settings, clock: Clock) -> None:
    """The newest backup in the place of a lost database holds what was there when it was made."""
    assert settings.backup
    taken = backups.taken(settings.database, settings.backup.path)
    tally.check(1 <= len(taken) <= KEEP, ("backups", taken))
    made, newest = taken[-1]
    again = tally.folder / "again.db"
    restored = backups.restore(newest, again, clock.now)
    for table, column in (("fact", "recorded_at"), ("visit", "recorded_at"), ("change", "detected_at")):
        query = f"SELECT count(*) FROM {table} WHERE {column} <= ?"
        ours, theirs = (asked(path, query, utc_text(made))[0][0] for path in (settings.database, again))
        tally.check(ours == theirs > 0, ("restored", table, ours, theirs))
    tally.check(restored.facts == asked(again, "SELECT count(*) FROM facts")[0][0], restored)
    tally.check(asked(again, "PRAGMA integrity_check") == [("ok",)], "integrity of the restored")
    counts = Counter(health for (health,) in asked(again, "SELECT health FROM sources"))
    tally.check(counts.total() == len(settings.sources), counts)
