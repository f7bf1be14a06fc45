"""Group T: time and process."""

from __future__ import annotations

import asyncio
import heapq
import multiprocessing
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from faultserver import FaultServer, reply
from watching import front, newsroom

from monitor import cron
from monitor.cli.service import Service
from monitor.cli.watchdog import Watchdog
from monitor.engine.errands import Errand
from monitor.errors import DatabaseError
from monitor.history import ServiceLock
from monitor.models import Observation, Outcome, Source
from monitor.scheduler import Scheduler, left_out, next_check
from monitor.settings import Settings
from torture.bench import Tally, silenced, suite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTS = 1_000
"""More than any suite has."""
DAY = timedelta(days=1)


class Clock:
    """A clock that is turned by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Counting(Service):
    """A service whose checks bring home nothing and take no time; keeps when each was made."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock=clock, rng=random.Random(1))
        self.made: list[tuple[str, datetime]] = []
        self._engine._observe = self._nothing  # type: ignore[attr-defined]

    async def _nothing(self, errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
        for errand in errands:
            now, name = self._clock(), errand.source.name
            self.made.append((name, now))
            yield Observation(source=name, started_at=now, finished_at=now, outcome=Outcome.UNCHANGED)

    async def pass_time(self, span: timedelta, step: timedelta, clock: Clock) -> None:
        """Ticks as the scheduler does, the clock turned on by `step` at each."""
        end = clock.now + span
        while clock.now < end:
            await self.tick()
            for source in chain.from_iterable((await self.due((), HOSTS)).values()):
                await self.check([source])
            clock.now += step

    async def skipped(self) -> list[tuple[str, str]]:
        query = "SELECT source, reason FROM visit WHERE outcome = 'skipped' ORDER BY id"
        return await self.db(lambda: self._history._store.db.execute(query).fetchall())

    async def dues(self) -> list[datetime]:
        query = "SELECT next_due FROM source"
        rows = await self.db(lambda: self._history._store.db.execute(query).fetchall())
        return [datetime.fromisoformat(due) for (due,) in rows]


def watched(folder: Path, *rhythms: str) -> Settings:
    sources = [
        {
            "name": f"s{n}",
            "kind": "feed",
            "url": f"https://h{n}.example/",
            ("every" if rhythm[-1] in "smhd" else "cron"): rhythm,
        }
        for n, rhythm in enumerate(rhythms)
    ]
    given = {"path": folder / "m.toml", "database": folder / "m.db", "sources": sources}
    return Settings.model_validate(given)


# T1, T2: steps of the clock, and sleep


async def _step(folder: Path, step: timedelta, restart: bool) -> tuple[list[tuple[str, datetime]], Counting, datetime]:
    """Three sources watched for two hours, the clock stepped (with the service down if `restart`), two hours more."""
    clock = Clock()
    settings = watched(folder, "15m", "1h", "30 * * * *")
    service = Counting(settings, clock)
    await service.open()
    await service.pass_time(2 * HOUR, timedelta(seconds=59), clock)
    if restart:
        await service.close()
        clock.now += step
        service = Counting(settings, clock)
        await service.open()
        await service.catch_up()
    else:
        service.made.clear()
        clock.now += step
    stepped = clock.now
    await service.pass_time(2 * HOUR + timedelta(minutes=10), timedelta(seconds=59), clock)
    return service.made, service, stepped


@suite("T1", "steps of the clock, running and stopped: one catch-up at most, never still for long", full=500, sample=12)
def clock_steps(tally: Tally) -> None:
    steps = [HOUR, DAY, 3650 * DAY, -HOUR, -DAY, timedelta(seconds=-90), timedelta(minutes=7), -30 * DAY]
    rng = random.Random(1)
    for case in range(tally.count):
        step = steps[case % len(steps)] + timedelta(seconds=rng.randrange(30))
        restart = case // len(steps) % 2 == 1

        async def work() -> None:
            made, service, stepped = await _step(tally.folder, step, restart)  # noqa: B023
            rows = await service.db(
                lambda: service._history._store.db.execute("SELECT started_at, finished_at FROM visit").fetchall()
            )
            await service.close()
            by_name = Counter(name for name, when in made if when - stepped < timedelta(minutes=13))
            gaps = {
                name: max(
                    (later - earlier for earlier, later in zip([stepped, *times], times, strict=False)),
                    default=9 * DAY,
                )
                for name in ("s0", "s1", "s2")
                for times in [[when for one, when in made if one == name]]
            }
            once = all(number <= 1 for number in by_name.values())
            moving = gaps["s0"] <= timedelta(minutes=18) and gaps["s1"] <= 1.2 * HOUR and gaps["s2"] <= 1.1 * HOUR
            aged = all(started <= finished for started, finished in rows)
            tally.check(once and moving and aged, (step, restart, by_name, gaps, aged))  # noqa: B023

        asyncio.run(work())
        for file in tally.folder.iterdir():
            file.unlink()


@suite("T2", "eight hours of sleep: each source once, spread, what was left out told", full=200, sample=10)
def sleep(tally: Tally) -> None:
    for case in range(tally.count):
        rng = random.Random(case)
        slept = timedelta(hours=rng.uniform(4.5, 12))
        rhythms = [rng.choice(["15m", "1h", "2h"]) for _ in range(12)]

        async def work() -> None:
            clock = Clock()
            service = Counting(watched(tally.folder, *rhythms), clock)  # noqa: B023
            await service.open()
            await service.pass_time(timedelta(minutes=30), timedelta(seconds=20), clock)
            service.made.clear()
            clock.now += slept  # noqa: B023
            woke = clock.now
            await service.pass_time(timedelta(minutes=4), timedelta(seconds=1), clock)
            told = await service.skipped()
            await service.close()
            runs = Counter(name for name, _ in service.made)
            at_once = max(Counter(when for _, when in service.made).values())
            first = {name: when - woke for name, when in reversed(service.made)}
            good = len(first) == 12 and max(runs.values()) == 1 and at_once <= 2 and len(told) == 12
            reasons = all("the machine slept" in reason for _, reason in told)
            tally.check(good and reasons, (slept, runs, at_once, told[:2]))  # noqa: B023

        asyncio.run(work())
        for file in tally.folder.iterdir():
            file.unlink()


# T3: local time


def _changes(zone: ZoneInfo, first: int, years: int) -> list[datetime]:
    """The days (local, naive) on which the zone's clocks jump."""
    found = []
    day = datetime(first, 1, 1)  # noqa: DTZ001
    while day.year < first + years:
        offsets = {(day + timedelta(hours=hour)).replace(tzinfo=zone).utcoffset() for hour in (0, 6, 12, 24)}
        if len(offsets) > 1:
            found.append(day)
        day += DAY
    return found


@suite("T3", "daily jobs over all changes of clocks, all zones, ten years: once a local day", full=10_000, sample=20)
def local_days(tally: Tally) -> None:
    names = sorted(available_timezones())
    rng = random.Random(3)
    if tally.count < tally.full:
        names = ["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", *rng.sample(names, 2)]
    jobs = ("30 2 * * *", "0 0 * * *", "59 23 * * *", "15 1 * * *")
    for name in names:
        zone = ZoneInfo(name)
        days = _changes(zone, 2022, 10 if tally.count == tally.full else 2) or [NOW.replace(hour=0, tzinfo=None)]
        for day in days:
            for job in jobs:
                moment = (day - DAY).replace(hour=12, tzinfo=zone).astimezone(UTC)
                fires = []
                for _ in range(3):
                    moment = cron.next_time(job, zone, moment)
                    fires.append(_stands_for(moment.astimezone(zone), job))
                start = (day - DAY).date() if job == "59 23 * * *" else day.date()
                skipped = _no_such_day(zone, start)
                wanted = [
                    start + timedelta(days=n) for n in range(4) if not _no_such_day(zone, start + timedelta(days=n))
                ]
                tally.check(fires == wanted[:3], (name, day, job, fires, skipped))
    tally.note(f"{len(names)} zones")


def _stands_for(fire: datetime, job: str) -> date:
    """The day of a fire. One whose minute the clocks leapt over comes at the next there is, which may be midnight."""
    minute, hour, *_ = map(int, job.split()[:2])
    return fire.date() - DAY if (fire.hour, fire.minute) < (hour, minute) else fire.date()


def _no_such_day(zone: ZoneInfo, day: Any) -> bool:
    """Whether the zone leapt over the whole day, as Samoa did."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() != day


# T4: more work than workers


@suite("T4", "a full pool and long checks: no run is dropped without a row", full=1_000_000, sample=5_000)
def full_pool(tally: Tally) -> None:
    """Simulated: sources with intervals and crons, checks that take up to three intervals, too few workers. A case
    is a moment at which a run was due: it is a check, or counted in a row."""
    rng = random.Random(4)
    crons = ("*/10 * * * *", "7 * * * *", "0 */2 * * *")
    sources = [replace(newsroom(), name=f"i{n}", every=timedelta(minutes=rng.choice([5, 15, 60]))) for n in range(190)]
    sources += [replace(newsroom(), name=f"c{n}", every=None, cron=crons[n % 3]) for n in range(10)]
    known = {source.name: source for source in sources}
    waiting = [(NOW, source.name) for source in sources]
    free = [NOW] * 25
    accounted: Counter[str] = Counter()
    last_due = dict.fromkeys(known, NOW)
    good = Observation(source="", started_at=NOW, finished_at=NOW, outcome=Outcome.UNCHANGED)
    heapq.heapify(waiting)
    runs = 0
    while runs < tally.count:
        due, name = heapq.heappop(waiting)
        source = known[name]
        worker = heapq.heappop(free)
        started = max(due, worker)
        left = left_out(source, due, started, UTC)
        took = (source.every or HOUR) * rng.choice([0.01] * 18 + [1.5, 3])
        ended = started + took
        left += left_out(source, started, ended, UTC) if source.cron else 0
        again = next_check(source, good, 0, ended, UTC, rng)
        if source.cron:  # every moment of the cron between two dues is a row's
            expected = _fires(source.cron, due, again) - 1
            tally.check(expected == left, (source.cron, due, started, ended, again, left, expected))
            accounted["cron"] += left
        else:
            lateness = started - due
            tally.check(left == int(lateness / source.every), (due, started, left))  # type: ignore[operator]
            accounted["interval"] += left
        last_due[name] = again
        heapq.heappush(waiting, (again, name))
        heapq.heappush(free, ended)
        runs += 1 + left
        tally.tried += left
    tally.note(f"{accounted['interval']:,} and {accounted['cron']:,} left out, all told")


def _fires(expression: str, after: datetime, until: datetime) -> int:
    """How many moments of a cron there are after one and up to another."""
    step = {"*/10 * * * *": timedelta(minutes=10), "7 * * * *": HOUR, "0 */2 * * *": 2 * HOUR}[expression]
    offset = timedelta(minutes=7) if expression.startswith("7") else timedelta()
    origin = datetime(2026, 1, 1, tzinfo=UTC) + offset
    return (until - origin) // step - (after - origin) // step


# T6, T7, T8: stopping, starting, standing still


@suite("T6", "SIGTERM in the middle of work, once and twice: exit 0 within 20 s, nothing lost", full=500, sample=3)
def stops(tally: Tally) -> None:
    slots, running, case = 4, [], 0
    rng = random.Random(6)
    with FaultServer({"/news/": reply(body=front(range(30)).encode())}) as server:
        while case < tally.count or running:
            while case < tally.count and len(running) < slots:
                folder = tally.folder / str(case)
                folder.mkdir()
                (folder / "monitor.toml").write_text(
                    'database = "m.db"\n[http]\nper_host_delay = "0s"\nallow_private_networks = ["127.0.0.0/8"]\n'
                    f'[[sources]]\nname = "n"\nkind = "listing"\nurl = "{server.url("/news/")}"\nevery = "1s"\n'
                )
                process = subprocess.Popen(
                    [sys.executable, "-m", "monitor", "run"],
                    cwd=folder,
                    stderr=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                )
                running.append((case, process, folder, rng.random()))
                case += 1
            number, process, folder, wait = running.pop(0)
            _until_it_watches(process)
            time.sleep(wait)
            process.send_signal(signal.SIGTERM)
            if number % 3 == 0:
                time.sleep(0.01)
                process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            try:
                _, err = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                _, err = process.communicate()
            seconds = time.monotonic() - began
            good = process.returncode == 0 and b"Traceback" not in err and _sound(folder / "m.db")
            tally.check(good and seconds <= 20, (number, process.returncode, seconds, err[-200:]))


def _until_it_watches(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if select.select([process.stderr], [], [], 1)[0] and b"watching" in process.stderr.readline():
            return


def _sound(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


@suite("T7", "starts on one database, also after kills: one service always, the others refuse", full=1_000, sample=60)
def starts(tally: Tally) -> None:
    context = multiprocessing.get_context("fork")  # a thousand starts; each is a process of its own all the same
    database, rng = tally.folder / "m.db", random.Random(7)
    for first in range(0, tally.count, 10):
        answers: Any = context.SimpleQueue()
        until_closed, held = os.pipe()  # an event of multiprocessing does not survive the kill of who waits for it
        starters = [context.Process(target=_starter, args=(database, answers, until_closed, held)) for _ in range(10)]
        for starter in starters:
            starter.start()
        told = [answers.get() for _ in starters]
        winners = [pid for pid, won in told if won]
        for _ in range(9):
            tally.check(len(winners) == 1, (first, told))
        if winners and rng.random() < 0.5:
            os.kill(winners[0], signal.SIGKILL)
        os.close(held)
        for starter in starters:
            starter.join()
        os.close(until_closed)
        with ServiceLock(database):  # whatever became of the winner, the lock is free
            tally.check(True, "free")


def _starter(database: Path, answers: Any, until_closed: int, held: int) -> None:
    os.close(held)
    lock = ServiceLock(database)
    try:
        lock.acquire()
    except DatabaseError:
        answers.put((os.getpid(), False))
        return
    answers.put((os.getpid(), True))
    os.read(until_closed, 1)


@suite("T8", "a loop that hangs, a history that hangs, a bug: noticed within two looks", full=50, sample=6)
def standstills(tally: Tally) -> None:
    for case in range(tally.count):
        ways = (_hanging_loop, _hanging_history, _bug)
        seen = asyncio.run(ways[case % 3]())
        tally.check(seen, ways[case % 3].__name__)


class _Work:
    """Nothing to do, in the way of the case."""

    def __init__(self, tick: Any = None) -> None:
        self._tick = tick

    async def tick(self) -> None:
        if self._tick is not None:
            await self._tick()

    async def due(self) -> Sequence[Source]:
        return ()

    async def quiet(self, span: timedelta) -> bool:
        return False

    async def check(self, sources: Sequence[Source]) -> None: ...

    async def deliver(self) -> None: ...

    async def housekeep(self) -> None: ...


async def _watch(tick: Any, block: bool) -> bool:
    period, stuck = 0.1, asyncio.Event()
    loop = asyncio.get_running_loop()
    scheduler = Scheduler(_Work(tick), workers=1, on_bug=lambda bug: stuck.set())
    noticed: list[float] = []
    dog = Watchdog(lambda: scheduler.cycles, stuck=lambda: noticed.append(time.monotonic()), period=period, patience=2)

    async def cycle() -> None:
        while not noticed and not stuck.is_set():
            await scheduler._guarded(scheduler.dispatch)
            await asyncio.sleep(0)

    task = loop.create_task(cycle())
    dog.start()
    if block:
        time.sleep(period * 5)  # noqa: ASYNC251  # the loop stands
    else:
        for _ in range(200):
            if noticed or stuck.is_set():
                break
            await asyncio.sleep(0.01)
    dog.stop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return bool(noticed) or stuck.is_set()


async def _hanging_loop() -> bool:
    return await _watch(None, block=True)


async def _hanging_history() -> bool:
    never = asyncio.Event()
    return await _watch(never.wait, block=False)


async def _bug() -> bool:
    async def bug() -> None:
        raise RuntimeError("a bug")

    with silenced("monitor.scheduler"):
        return await _watch(bug, block=False)
