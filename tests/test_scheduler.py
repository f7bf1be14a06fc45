"""When sources are checked: next times as a table, and the rules of what runs at once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base as apscheduler_base

from monitor import scheduler as scheduler_module
from monitor.errors import DatabaseError
from monitor.models import Observation, Outcome, Source, SourceKind
from monitor.scheduler import BATCH, LONGEST_RETRY, REST, Scheduler, batches, host_of, left_out, next_check, spread

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def source(name: str = "a", url: str = "https://a.example/news", **more: object) -> Source:
    return Source(name=name, kind=SourceKind.FEED, url=url, **({"every": 15 * MINUTE} | more))  # type: ignore[arg-type]


def seen(outcome: Outcome = Outcome.OK, retry_after: timedelta | None = None) -> Observation:
    return Observation(source="a", started_at=NOW, finished_at=NOW, outcome=outcome, retry_after=retry_after)


def wait(failures: int = 0, retry_after: timedelta | None = None, **more: object) -> timedelta:
    outcome = Outcome.TIMEOUT if failures else Outcome.OK
    observation = seen(outcome, retry_after)
    return next_check(source(**more), observation, failures, NOW, UTC, random.Random(1)) - NOW


def test_an_interval_has_ten_percent_of_jitter() -> None:
    waits = [(next_check(source(), seen(), 0, NOW, UTC, random.Random(seed)) - NOW) / MINUTE for seed in range(500)]
    assert 13.5 <= min(waits) < 14
    assert 16 < max(waits) <= 16.5


def test_cron_is_kept_to_the_minute() -> None:
    assert wait(every=None, cron="0 7 * * *") == timedelta(hours=22)


@pytest.mark.parametrize(
    ("failures", "at_least", "at_most"),
    [(1, 5, 5.5), (2, 10, 11), (3, 20, 22), (4, 40, 44), (7, 320, 352), (8, 360, 396), (60, 360, 396)],
)
def test_failures_are_retried_at_doubling_distances(failures: int, at_least: float, at_most: float) -> None:
    assert at_least <= wait(failures) / MINUTE <= at_most


def test_a_fast_source_that_fails_once_keeps_its_rhythm() -> None:
    assert wait(1, every=timedelta(seconds=10)) <= timedelta(seconds=11)


def test_a_rare_source_is_never_retried_more_rarely_than_it_is_due() -> None:
    assert wait(60, every=timedelta(days=2)) <= timedelta(days=2) * 1.1
    assert wait(60, every=timedelta(days=2)) > LONGEST_RETRY


@pytest.mark.parametrize(
    ("asked", "kept"), [(timedelta(hours=3), timedelta(hours=3)), (timedelta(days=3650), timedelta(days=1))]
)
def test_retry_after_is_obeyed_for_up_to_a_day(asked: timedelta, kept: timedelta) -> None:
    assert wait(1, asked) == kept


@pytest.mark.parametrize(
    ("rhythm", "late", "runs"),
    [
        ({}, 14.9, 0),
        ({}, 15, 1),
        ({}, 61, 4),
        ({}, -5, 0),
        ({"every": None, "cron": "*/15 * * * *"}, 14.9, 0),
        ({"every": None, "cron": "*/15 * * * *"}, 61, 4),
        ({}, 10_000_000, 1_000),
        ({"every": None, "cron": "* * * * *"}, 10_000_000, 1_000),
    ],
)
def test_being_late_by_whole_intervals_leaves_checks_out(rhythm: dict[str, object], late: float, runs: int) -> None:
    assert left_out(source(**rhythm), NOW, NOW + late * MINUTE, UTC) == runs


def test_catching_up_is_spread_over_a_minute_at_most() -> None:
    assert spread([], NOW) == {}
    assert list(spread(["a", "b", "c"], NOW).values()) == [NOW, NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)]
    many = spread([str(number) for number in range(6000)], NOW)
    assert max(many.values()) - NOW < timedelta(seconds=60)
    assert len(set(many.values())) == 6000


class Recorded:
    """Work that runs until it is let go, and keeps account of what ran at once."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.waiting = list(sources)
        self.running: Counter[str] = Counter()
        self.started: list[str] = []
        self.release = asyncio.Event()
        self.most = 0

    async def tick(self) -> None: ...

    async def due(self, busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
        return batches(self.waiting, busy)

    async def quiet(self, span: timedelta) -> bool:
        return not self.waiting

    async def check(self, sources: Sequence[Source]) -> None:
        [host] = {source.url.split("/")[2] for source in sources}
        self.started += [source.name for source in sources]
        self.running[host] += 1
        self.most = max(self.most, self.running.total())
        assert self.running[host] == 1
        await self.release.wait()
        self.running[host] -= 1
        self.waiting = [other for other in self.waiting if other not in sources]

    async def deliver(self) -> None: ...

    async def report(self) -> None: ...

    async def housekeep(self) -> None: ...


def unexpected(bug: BaseException) -> None:
    raise AssertionError(bug)


def test_one_batch_a_host_and_so_many_overall() -> None:
    async def scenario() -> None:
        sources = [source(f"{host}{n}", f"https://host{host}.example/{n}") for n in range(3) for host in range(5)]
        sources += [source(f"0-{n}", f"https://host0.example/{n}") for n in range(BATCH)]
        work = Recorded(sources)
        scheduler = Scheduler(work, workers=4, on_bug=unexpected)
        await scheduler.dispatch()
        await asyncio.sleep(0)
        first = ["00", "01", "02", *(f"0-{n}" for n in range(BATCH - 3))]
        assert work.started == [*first, "10", "11", "12", "20", "21", "22", "30", "31", "32"]
        before = len(work.started)
        await scheduler.dispatch()  # nothing may start: batches at four hosts are running
        assert len(work.started) == before
        work.release.set()
        while work.waiting:
            await scheduler.dispatch()
            await scheduler.idle()
        assert sorted(work.started) == sorted(each.name for each in sources)
        assert work.most == 4

    asyncio.run(scenario())


def test_a_slow_source_delays_nobody_else() -> None:
    async def scenario() -> None:
        slow, good = source("slow", "https://slow.example/"), source("good", "https://good.example/")

        class OneHangs(Recorded):
            async def check(self, sources: Sequence[Source]) -> None:
                self.started.append(sources[0].name)
                if sources[0].name == "slow":
                    await self.release.wait()

        work = OneHangs([slow, good])
        scheduler = Scheduler(work, workers=5, on_bug=unexpected)
        for _ in range(4):
            await scheduler.dispatch()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert work.started.count("slow") == 1
        assert work.started.count("good") >= 3
        work.release.set()
        await scheduler.idle()

    asyncio.run(scenario())


def test_stopping_finishes_what_is_in_hand_and_starts_nothing() -> None:
    async def scenario() -> None:
        work = Recorded([source("first"), source("second", "https://b.example/")])
        scheduler = Scheduler(work, workers=1, on_bug=unexpected)
        await scheduler.dispatch()
        await asyncio.sleep(0)
        stopped = asyncio.create_task(scheduler.stop(timedelta(seconds=60)))
        await asyncio.sleep(0)
        assert not stopped.done()
        work.release.set()
        await stopped
        await scheduler.dispatch()
        assert work.started == ["first"]
        assert [each.name for each in work.waiting] == ["second"]

    asyncio.run(scenario())


def test_what_overstays_the_grace_is_given_up() -> None:
    async def scenario() -> None:
        work = Recorded([source()])
        scheduler = Scheduler(work, workers=1, on_bug=unexpected)
        await scheduler.dispatch()
        await asyncio.sleep(0)
        await scheduler.stop(timedelta(0))
        assert [each.name for each in work.waiting] == ["a"]

    asyncio.run(scenario())


def test_a_bug_is_told_and_stops_no_other_check() -> None:
    async def scenario() -> None:
        class Buggy(Recorded):
            async def check(self, sources: Sequence[Source]) -> None:
                self.started.append(sources[0].name)
                if sources[0].name == "bad":
                    raise RuntimeError("a bug")

        bugs: list[BaseException] = []
        work = Buggy([source("bad", "https://b.example/"), source("good")])
        scheduler = Scheduler(work, workers=5, on_bug=bugs.append)
        await scheduler.dispatch()
        await scheduler.idle()
        assert work.started == ["bad", "good"]
        assert [str(bug) for bug in bugs] == ["a bug"]

    asyncio.run(scenario())


def test_a_database_that_cannot_be_used_stops_the_service_and_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    class Full(Recorded):
        async def check(self, sources: Sequence[Source]) -> None:
            raise DatabaseError("the database m.db: the disk is full")

    async def scenario() -> list[BaseException]:
        ends: list[BaseException] = []
        scheduler = Scheduler(Full([source("good")]), workers=5, on_bug=ends.append)
        await scheduler.dispatch()
        await scheduler.idle()
        return ends

    assert len(asyncio.run(scenario())) == 1
    assert [(entry.getMessage(), entry.exc_info) for entry in caplog.records] == [
        ("the service stops: the database m.db: the disk is full", None)
    ]


def test_ticking_starts_what_becomes_due() -> None:
    async def scenario() -> None:
        work = Recorded([source()])
        work.release.set()
        delivered = asyncio.Event()

        async def deliver() -> None:
            delivered.set()

        work.deliver = deliver  # type: ignore[method-assign]
        scheduler = Scheduler(work, workers=5, on_bug=unexpected)
        scheduler.start()
        await asyncio.wait_for(delivered.wait(), 30)
        await asyncio.wait_for(scheduler.idle(), 30)
        await scheduler.stop(timedelta(seconds=1))
        assert work.started == ["a"]

    asyncio.run(scenario())


class Rested(logging.Filter):
    """Hears APScheduler say for how many seconds it waits, and notices when that is a rest."""

    def __init__(self) -> None:
        super().__init__()
        self.noticed = asyncio.Event()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg.startswith("Next wakeup is due") and isinstance(record.args, tuple):
            _, seconds = record.args
            if isinstance(seconds, float) and seconds > REST.total_seconds() / 2:
                self.noticed.set()
        return True


def test_it_rests_while_nothing_becomes_due_until_it_is_woken(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        work, looked, rested = Recorded([]), asyncio.Event(), Rested()

        async def due(busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
            looked.set()
            return {}

        work.due = due  # type: ignore[method-assign]
        scheduler = Scheduler(work, workers=5, on_bug=unexpected)
        with caplog.at_level(logging.DEBUG, "apscheduler"), caplog.filtering(rested):
            scheduler.start()
            await asyncio.wait_for(rested.noticed.wait(), 30)
            looked.clear()
            scheduler.wake()
            await asyncio.wait_for(looked.wait(), REST.total_seconds() / 2)  # by itself it would look after the rest
            await scheduler.stop(timedelta(seconds=1))

    asyncio.run(scenario())


def test_a_clock_that_is_set_back_stops_no_ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - timedelta(days=1)

    async def scenario() -> None:
        work = Recorded([])
        looked = asyncio.Event()

        async def due(busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
            looked.set()
            return {}

        work.due = due  # type: ignore[method-assign]
        work.waiting = [source()]  # not quiet
        scheduler = Scheduler(work, workers=5, on_bug=unexpected)
        scheduler.start()
        await asyncio.wait_for(looked.wait(), 30)
        for module in (apscheduler_base, scheduler_module):
            monkeypatch.setattr(module, "datetime", Earlier)
        for _ in range(2):
            looked.clear()
            await asyncio.wait_for(looked.wait(), 30)
        await scheduler.stop(timedelta(seconds=1))

    monkeypatch.setattr(scheduler_module, "REST", scheduler_module.TICK * -0.9)  # misses a tick at once
    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.example/news", "a.example"),
        ("http://a.example:8080?page=1", "a.example:8080"),
        ("https://a.example#top", "a.example"),
        ("https://a.example", "a.example"),
    ],
)
def test_sources_of_one_host_are_told_by_their_addresses(url: str, host: str) -> None:
    assert host_of(source(url=url)) == host
