"""Sources observed on a Dask cluster of real processes: polite over all workers, and nothing lost or told twice whoever
is killed."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
import trustme
from commandline import command, everything, mistake
from distributed import Security
from distributed.client import FutureCancelledError
from machines import PATIENCE, THREADS, Machines, Site, config, end, machines, sites

from monitor import config as configs
from monitor.cli.running import Once
from monitor.cli.service import Service
from monitor.engine.cluster import Cluster, Hand, Lost
from monitor.engine.engines import observing
from monitor.engine.errands import Errand
from monitor.history import History, Queries
from monitor.models import Memory, Observation, Source, SourceKind
from monitor.scheduler import Scheduler
from monitor.settings import EngineSettings

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.timeout(600),  # processes are started, several a test
    # Dask drops a connection it is just making when its client is closed; the garbage collector closes it.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _dropped_connections_are_collected() -> Iterator[None]:
    """Here, where they are expected, and not in the middle of another test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    with machines(workers=2) as there:
        yield there


@pytest.fixture
def whole(cluster: Machines) -> Iterator[Machines]:
    """The cluster, made whole again afterwards."""
    yield cluster
    assert cluster.scheduler is not None
    if cluster.scheduler.poll() is not None:
        for worker in cluster.workers:
            end(worker)
        cluster.start_scheduler()
    cluster.workers = [worker for worker in cluster.workers if worker.poll() is None]
    while len(cluster.workers) < 2:
        cluster.start_worker()
    cluster.wait()


def publish(there: list[Site], feeds: int = 1) -> str:
    """At each site feeds, each with an article at every site; returns the sources for the config."""
    sources = []
    for number, site in enumerate(there):
        for feed in range(feeds):
            path = f"/news-{number}-{feed}"
            for count, other in enumerate(there):
                other.article(path, f"smart is now present in {30 + number + count} countries and regions worldwide.")
            site.feed(f"/feed-{feed}", [f"{other.url}{path}" for other in there])
            sources.append(
                f'[[sources]]\nname = "s{number}-{feed}"\nkind = "feed"\nurl = "{site.url}/feed-{feed}"\n'
                f'brand = "smart"\nalert_on_first = true\noutlet = "o{number}-{feed}"\nauthority = "official"\n'
            )
    channel = '[[channels]]\nname = "screen"\nkind = "console"\n[[alerts]]\nname = "all"\nchannels = ["screen"]\n'
    return "".join(sources) + channel


async def look(path: Path) -> None:
    """Checks every source once, until all are checked."""
    settings = configs.load(path)
    service = Service(settings, clock=lambda: datetime.now(UTC), rng=random.Random(1))
    bugs: list[BaseException] = []
    try:
        await service.open()
        once = Once(service, settings.sources, tell=lambda line: None)
        scheduler = Scheduler(once, workers=settings.workers, on_bug=bugs.append)
        while once.waiting and not bugs:
            await scheduler.dispatch()
            await scheduler.any_done()
        await scheduler.idle()
        assert bugs == []
    finally:
        await service.close()


@contextmanager
def looking(path: Path) -> Iterator[Future[None]]:
    with ThreadPoolExecutor() as threads:
        yield threads.submit(lambda: asyncio.run(look(path)))


def reckon(folder: Path, there: list[Site], delay: float) -> None:
    """Every source was checked, every article read, every change told, each once; no host was asked impolitely."""
    with Queries.open(folder / "monitor.db") as queries:
        checks = Counter(row["source"] for row in queries.checks())
        documents = Counter(row["url"] for row in queries.documents())
        told = Counter(change["id"] for row in queries.alerts() for change in queries.message(row["id"])[1])
        changes = [row["id"] for row in queries.changes() if row["silence"] is None]
        wanted = {row["name"] for row in queries.sources()}
    assert checks == Counter(wanted)
    assert documents == Counter(f"{site.url}{path}" for site in there for path in site.pages if "news" in path)
    assert told
    assert told == Counter(changes)
    for site in there:
        assert site.most == 1
        assert min(site.pauses()) >= delay


def worker_asking(machines: Machines, site: Site) -> subprocess.Popen[bytes]:
    port = int(site.url.rpartition(":")[2])
    for worker in machines.workers:
        connections = psutil.Process(worker.pid).net_connections(kind="tcp")
        if any(one.raddr and one.raddr.port == port for one in connections):
            return worker
    raise AssertionError("no worker asks this site")


def test_hosts_are_asked_politely_by_whichever_worker(cluster: Machines, tmp_path: Path) -> None:
    with sites(3) as there:
        path = config(tmp_path, cluster, publish(there, feeds=2), delay="0.1s")
        for site in there:
            site.gate.clear()
        with looking(path) as done:
            for site in there:
                site.wait_for(1)
            asking = {worker_asking(cluster, site).pid for site in there}
            for site in there:
                site.gate.set()
            done.result(PATIENCE)
        assert asking == {worker.pid for worker in cluster.workers}
        reckon(tmp_path, there, 0.1)


def test_the_pause_of_a_host_outlives_who_asked(cluster: Machines, tmp_path: Path) -> None:
    with sites(4) as there:
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            asyncio.run(look(config(folder, cluster, publish(there), delay="1s")))
        for site in there:
            assert site.most == 1
            assert min(site.pauses()) >= 1


def test_a_killed_worker_loses_nothing_and_tells_nothing_twice(whole: Machines, tmp_path: Path) -> None:
    with sites(2) as there:
        path = config(tmp_path, whole, publish(there, feeds=2), delay="0.3s")
        there[0].gate.clear()
        with looking(path) as done:
            there[0].wait_for(1)
            victim, killed = worker_asking(whole, there[0]), time.monotonic()
            end(victim)
            there[0].release()
            done.result(PATIENCE)
        first, began, _ = there[0].spans[0]
        assert there[0].paths.count(first) == 2
        there[0].spans[0] = (first, began, killed)
        reckon(tmp_path, there, 0.3)


def test_a_killed_scheduler_loses_nothing_and_tells_nothing_twice(whole: Machines, tmp_path: Path) -> None:
    with sites(2) as there:
        path = config(tmp_path, whole, publish(there), delay="0.1s")
        there[0].gate.clear()
        with looking(path) as done:
            there[0].wait_for(1)
            assert whole.scheduler is not None
            end(whole.scheduler)
            for worker in whole.workers:
                worker.wait(PATIENCE)
            there[0].release()
            whole.workers = []
            whole.start_scheduler()
            whole.start_worker()
            done.result(PATIENCE)
        reckon(tmp_path, there, 0.1)


def test_what_dask_cancels_when_its_scheduler_dies_is_lost_and_not_the_caller_s_end() -> None:
    class Cancelled:
        def __await__(self) -> Iterator[None]:
            raise FutureCancelledError("print-1", "scheduler-connection-lost")

        def release(self) -> None: ...

    dask = Mock(submit=lambda *_, **__: Cancelled())
    cluster = Cluster(EngineSettings(kind="dask", scheduler="tcp://127.0.0.1:1"))
    with pytest.raises(Lost):
        asyncio.run(cluster.call(Hand("tcp://127.0.0.1:2", 1, dask), print))


def test_a_killed_coordinator_loses_nothing_and_tells_nothing_twice(cluster: Machines, tmp_path: Path) -> None:
    with sites(2) as there:
        path = config(tmp_path, cluster, publish(there, feeds=2), delay="0.1s")
        for site in there:
            site.gate.clear()
        killed = subprocess.Popen(
            [sys.executable, "-m", "monitor", "check", "--config", path], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        for site in there:
            site.wait_for(1)
        end(killed)
        there[1].release()
        with looking(path) as done:
            there[1].wait_for(2)
            there[0].release()
            done.result(PATIENCE)
        reckon(tmp_path, there, 0.1)


def test_a_worker_that_does_not_answer_holds_up_no_other_and_is_used_when_it_does(
    whole: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = configs.load(config(tmp_path, whole, ""))

    async def used(there: Cluster, number: int) -> None:
        async with asyncio.timeout(PATIENCE), there._change:
            await there._change.wait_for(lambda: there.size == number)

    async def scenario() -> None:
        first = Cluster(settings.engine)
        await first.open()  # each has loaded what it needs
        await first.close()
        monkeypatch.setattr("monitor.engine.cluster.SILENCE", 3.0)
        frozen = whole.workers[0]
        frozen.send_signal(signal.SIGSTOP)
        there = Cluster(settings.engine)
        try:
            await there.open()
            assert there.size == 1
            monkeypatch.setattr("monitor.engine.cluster.SILENCE", 60.0)
            third = whole.start_worker()
            await used(there, 2)
            frozen.send_signal(signal.SIGCONT)
            await used(there, 3)
            end(third)
            await used(there, 2)
        finally:
            frozen.send_signal(signal.SIGCONT)
            await there.close()

    asyncio.run(scenario())


def test_what_is_stopped_is_due_as_before(cluster: Machines, tmp_path: Path) -> None:
    async def scenario(there: Site) -> None:
        settings = configs.load(config(tmp_path, cluster, publish([there], feeds=100), delay="0.1s"))
        service = Service(settings, clock=lambda: datetime.now(UTC), rng=random.Random(1))
        checked: list[str] = []
        try:
            await service.open()
            check = asyncio.create_task(service.check(settings.sources, lambda one: checked.append(one.source.name)))
            await asyncio.to_thread(there.wait_for, 1)
            service.stop()
            await check
            due = await service.history(History.due, datetime.now(UTC), 200)
        finally:
            await service.close()
        assert 0 < len(due) < 100
        assert sorted(checked + due) == sorted(source.name for source in settings.sources)

    with sites(1) as [there]:
        asyncio.run(scenario(there))


def test_who_waits_for_a_worker_is_let_go_when_the_engine_is_left(cluster: Machines, tmp_path: Path) -> None:
    async def scenario() -> None:
        settings = configs.load(config(tmp_path, cluster, ""))
        engine = observing(settings.engine, settings.http, clock=lambda: datetime.now(UTC))
        await engine.open()
        errand = Errand(source=Source(name="a", kind=SourceKind.FEED, url="http://127.0.0.1/"), memory=Memory())

        async def look() -> list[Observation]:
            async with engine.room("another") as observe:
                return [seen async for seen in observe([errand])]

        async with AsyncExitStack() as held:
            for place in range(2 * THREADS):
                await held.enter_async_context(engine.room(f"host {place}"))
            looking = asyncio.create_task(look())
            closing = asyncio.create_task(engine.close())
            assert await looking == []
            assert not closing.done()
        await closing

    asyncio.run(scenario())


def test_a_backtest_is_the_same_to_the_byte_wherever_and_in_whatever_order_it_is_read(
    cluster: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "press"
    archive.mkdir()
    with sites(1) as [there]:
        for number in range(12):
            there.article(f"/a-{number}", f"smart is now present in {30 + number % 5} countries and regions worldwide.")
            (archive / f"2026-01-{number + 1:02}.html").write_text(there.pages[f"/a-{number}"])
    for name in ("one", "two"):
        lines = [
            {"id": place, "published": f"2026-02-{place:02}", "text": f"smart is in {40 + place} markets."}
            for place in range(1, 6)
        ]
        (archive / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ways = {
        "one": "[engine]\nprocesses = 1\n",
        "two": "[engine]\nprocesses = 2\n",
        "dask": f'[engine]\nkind = "dask"\nscheduler = "{cluster.address}"\n',
    }
    found = {}
    for way, engine in ways.items():
        monkeypatch.setattr("monitor.cli.archives.SLICE", {"one": 200, "two": 3, "dask": 4}[way])
        (tmp_path / f"{way}.toml").write_text(engine)
        where = ("--config", tmp_path / f"{way}.toml", "--db", tmp_path / f"{way}.db")
        result = command("backtest", archive, *where, "--format", "json")
        assert result.code == 0, result.err
        found[way] = (result.out, everything(tmp_path / f"{way}.db"))
    assert json.loads(found["one"][0])["documents"] == 22
    assert found["one"] == found["two"] == found["dask"]

    monkeypatch.setattr("monitor.cli.replaying.CHUNK", 3)
    told = {}
    for way in ("two", "dask"):
        with closing(sqlite3.connect(tmp_path / f"{way}.db")) as db, db:
            db.execute("UPDATE fact SET attributes = replace(attributes, '34', '12'), value = '12' WHERE value = '34'")
        where = ("--config", tmp_path / f"{way}.toml", "--db", tmp_path / f"{way}.db")
        told[way] = command("replay", *where, "--dry-run", "--format", "csv").out
    assert "lost,smart,market_count,12 markets" in told["two"]
    assert told["two"] == told["dask"]


def certified(authority: trustme.CA, folder: Path) -> tuple[list[str], str]:
    """Files of a certificate for 127.0.0.1: as options of `dask`, and as lines of a config."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    names = {name: str(folder / f"{name}.pem") for name in ("ca_file", "cert_file", "key_file")}
    authority.cert_pem.write_to_path(names["ca_file"])
    issued.cert_chain_pems[0].write_to_path(names["cert_file"])
    issued.private_key_pem.write_to_path(names["key_file"])
    options = ["--tls-ca-file", names["ca_file"], "--tls-cert", names["cert_file"], "--tls-key", names["key_file"]]
    return options, "\n".join(f'{name} = "{place}"' for name, place in names.items())


def test_what_is_wrong_at_the_start_is_one_line_and_tls_protects_the_whole_way(tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    options, files = certified(trustme.CA(), tmp_path)
    _, stranger = certified(trustme.CA(), tmp_path / "stranger")
    security = Security(
        tls_ca_file=options[1], tls_client_cert=options[3], tls_client_key=options[5], require_encryption=True
    )
    with machines(workers=0, options=options, security=security) as there, sites(1) as web:
        sources = publish(web)
        good = config(tmp_path, there, sources, more=files)
        there.start_worker(environment=another_version(tmp_path))
        there.wait()
        said = mistake("check", "--config", good)
        assert "has no worker that will do" in said
        assert "another version: brand-monitor" in said
        assert examined(good) == [f"failed   cluster   {said.removeprefix('brand-monitor: ').strip()}"]

        there.start_worker()
        there.wait()
        reached, workers, refused = examined(good)
        assert reached == f"ok       cluster   {there.address} answers, with our certificate"
        assert workers == f"ok       cluster   workers of the same version: 1, hosts that they ask at once: {THREADS}"
        assert refused.startswith("warning  cluster   the worker tls://")
        assert "is not used: another version: brand-monitor" in refused
        while there.workers:
            end(there.workers.pop())

        assert "has no workers; start some" in mistake("check", "--config", good)
        [failed] = examined(good)
        assert "has no workers; start some" in failed

        bad = config(tmp_path / "stranger", there, sources, more=stranger)
        assert "its certificate is not good by [engine] ca_file" in mistake("check", "--config", bad)

        there.address = there.address.replace("tls", "tcp")
        plain = config(tmp_path / "stranger", there, sources)
        assert "if it was started with TLS, write tls://" in mistake("check", "--config", plain)
        there.address = there.address.replace("tcp", "tls")

        there.start_worker()
        there.wait()
        asyncio.run(look(good))
        reckon(tmp_path, web, 0.0)


def examined(path: Path) -> list[str]:
    """What `doctor` says of the cluster."""
    return [line for line in command("doctor", "--config", path).out.splitlines() if " cluster " in line]


def another_version(folder: Path) -> dict[str, str]:
    """An environment in which brand-monitor is a little different."""
    for name in ("monitor", "config", "db"):
        shutil.copytree(ROOT / name, folder / "other" / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "other" / "monitor" / "visits.py").open("a") as file:
        file.write("\n# another line\n")
    return {"PYTHONPATH": str(folder / "other")}


def test_no_scheduler_is_one_line(tmp_path: Path) -> None:
    with sites(1) as web:
        nobody = Machines("tcp://127.0.0.1:9")
        said = mistake("check", "--config", config(tmp_path, nobody, publish(web)))
        [failed] = examined(config(tmp_path, nobody, publish(web)))
    assert "tcp://127.0.0.1:9 cannot be reached" in said
    assert failed.startswith("failed   cluster   the Dask scheduler tcp://127.0.0.1:9 cannot be reached")


def test_a_scheduler_without_tls_is_one_line(cluster: Machines, tmp_path: Path) -> None:
    _, files = certified(trustme.CA(), tmp_path)
    secure = Machines(cluster.address.replace("tcp", "tls"))
    with sites(1) as web:
        said = mistake("check", "--config", config(tmp_path, secure, publish(web), more=files))
    assert "does not speak TLS" in said
