"""Alerts under hostile words, kills and failing writes: `python -m torture.alerts --help`.

    a process of sinks: a real SMTP server and a real web server that fail at random
    life after life of the real service, forked: checks that bring news, deliveries; killed, or its n-th write fails
    then a last life that nothing disturbs, and the reckoning: what is stored against what arrived

The fetching and reading of pages is left out there: each check brings home a new claim. The clock is injected and goes
on by a minute at every step, so that retries, rests and leases of days pass in seconds. Some hundred lives more are
those of the whole program as it is started, with a page to fetch and by the clock on the wall.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import errno
import io
import itertools
import json
import logging
import mmap
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from posts import hostile_changes_arrive
from sinks import mail_server

from monitor import config
from monitor.cli import service as parts
from monitor.engine.errands import Errand, Observe
from monitor.errors import DatabaseError
from monitor.models import Alert, Change, Document, Link, Observation, Outcome, Reading, Source
from monitor.parser.market_count import MarketCount
from monitor.settings import Settings
from torture.bench import Tally, suite

HERE = Path(__file__).parent
SHIM = HERE / "failing_writes.c"
WRITES = 401
"""Into which of a life's writes the failure falls: three checks with their deliveries make about so many."""

ROUND = 250
"""How many disturbed lives one database sees; then the reckoning."""

SHORTEST, LONGEST = 0.03, 0.2
"""Within how many seconds a life is killed that starts, and one that has started: about twice as long as a start takes,
and some checks with their deliveries."""

PROGRAM = 1.5
"""The same for the whole program, which looks once a second for what is to be done."""

CONFIG = """
database = "monitor.db"
[http]
allow_private_networks = ["127.0.0.0/8"]
per_host_delay = "0s"
[[sources]]
name = "newsroom"
brand = "smart"
kind = "page"
url = "http://127.0.0.1:{web}/"
every = "1s"
authority = "official"
alert_on_first = true
[[channels]]
name = "hook"
kind = "webhook"
url = "http://127.0.0.1:{web}/hook"
[[channels]]
name = "desk"
kind = "email"
to = ["desk@example.org", "second@example.org"]
from = "monitor@example.org"
smtp = "smtp://127.0.0.1:{mail}"
[[alerts]]
name = "all"
channels = ["hook", "desk"]
group = "{group}"
"""
RECIPIENTS = {"hook", "desk@example.org", "second@example.org"}


# The sinks


@dataclass
class Sinks:
    """What is asked of the other sides; runs in a process of its own and writes down what it took."""

    log: Path
    rng: random.Random
    calm: Any
    """A shared flag: everything is taken."""
    faults: float
    """How often something goes wrong; on each side on its own."""
    asked: int = 0

    def fate(self, *fates: str) -> str:
        """Mostly `take`; now and then one of the fates."""
        return "take" if self.calm.value or self.rng.random() > self.faults else self.rng.choice(fates)

    def took(self, channel: str, message: str, changes: list[str], *, answered: bool) -> None:
        with self.log.open("a") as log:
            log.write(json.dumps([channel, message, changes, answered]) + "\n")

    async def web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if head.startswith(b"GET "):
                    writer.write(self._page(head.split()[1]))
                    continue
                headers = dict(line.split(": ", 1) for line in head.decode().lower().splitlines()[1:] if line)
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                fate = self.fate("500", "503", "429", "cut before", "cut after")
                if fate == "cut before":
                    break
                if fate in ("take", "cut after"):
                    ids = (
                        [one["id"] for one in body.get("changes", [body])]
                        if body["type"] in ("change", "digest")
                        else []
                    )
                    self.took("hook", headers["webhook-id"], ids, answered=fate == "take")
                if fate == "cut after":
                    break
                status = "200 OK" if fate == "take" else f"{fate} Not now"
                wait = "retry-after: 90\r\n" if fate == "429" else ""
                writer.write(f"HTTP/1.1 {status}\r\n{wait}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _page(self, path: bytes) -> bytes:
        """News whenever it is asked for."""
        self.asked += path == b"/"
        page = f"<html><body><p>smart is now at home in {38 + self.asked} markets.</p></body></html>"
        status = "200 OK" if path == b"/" else "404 Not found"
        return f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {len(page)}\r\n\r\n{page}".encode()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fate("451 4.7.1 greylisted", "450 4.2.1 busy").startswith("4"):
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fate = self.fate("refuse", "cut after")
        if fate == "refuse":
            return "451 4.3.0 later"
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=default)
        text = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr, attr-defined]
        told = re.findall(r"brand-monitor why (\w+)", text)
        message = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        self.took(envelope.rcpt_tos[0], message, told, answered=fate == "take")
        if fate == "cut after" and server.transport is not None:
            server.transport.abort()
        return "250 taken"


def _serve_sinks(log: Path, calm: Any, faults: float, ports: Any) -> None:
    async def serve() -> None:
        sinks = Sinks(log, random.Random(6), calm, faults)
        web = await asyncio.start_server(sinks.web, "127.0.0.1", 0)
        async with mail_server(sinks) as mail:  # type: ignore[arg-type]
            ports.send((web.sockets[0].getsockname()[1], mail))
            await asyncio.Event().wait()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logging.disable(logging.CRITICAL)
    asyncio.run(serve())


@contextmanager
def sinks(folder: Path, faults: float) -> Iterator[tuple[Path, Any, int, int]]:
    """What they write down, the flag that calms them, the ports of the web and the mail server."""
    context = multiprocessing.get_context("fork")
    calm, (mine, theirs) = context.Value("b", 0), context.Pipe()
    log = folder / "taken.jsonl"
    log.touch()
    process = context.Process(target=_serve_sinks, args=(log, calm, faults, theirs), daemon=True)
    process.start()
    try:
        yield log, calm, *mine.recv()
    finally:
        process.terminate()
        process.join()


# The service


class News:
    """Stands for the engine: every check brings home one claim about a brand of which nothing is known."""

    def __init__(self, *_: Any, clock: Callable[[], datetime], **__: Any) -> None:
        self._clock = clock

    @asynccontextmanager
    async def room(self, host: str) -> AsyncIterator[Observe]:
        yield self._observe

    async def _observe(self, errands: Sequence[Errand]) -> AsyncGenerator[Observation, None]:
        for errand in errands:
            yield self._news(errand.source)

    def _news(self, source: Source) -> Observation:
        now, name = self._clock(), os.urandom(6).hex()
        text = f"Brand {name} is in 39 markets."
        url = f"https://newsroom.example/{name}"
        fact = MarketCount(brand=f"Brand {name}", count=39, qualifier="exact", evidence=text, start=0, end=len(text))
        document = Document(
            url=url, title="News", published=f"{now:%Y-%m-%d}", published_from="given", language="en", text=text
        )
        reading = Reading(link=Link(url=url), outcome=Outcome.OK, document=document, facts=(fact,))
        return Observation(
            source=source.name, started_at=now, finished_at=now, outcome=Outcome.OK, readings=(reading,), requests=1
        )

    async def open(self) -> None: ...

    def stop(self) -> None: ...

    async def close(self) -> None: ...


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Hands:
    """What a life has in hand, in memory that outlives it: one byte each."""

    STARTED, CHECKING, MESSAGES = range(3)

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 3)

    def forget(self) -> None:
        self._shared[:] = bytes(3)

    def add(self, what: int, number: int) -> None:
        self._shared[what] = max(0, min(self._shared[what] + number, 255))

    def told(self) -> str:
        """Where the life is, or was at its end."""
        started, checking, messages = self._shared[:]
        if not started:
            return "starting"
        return "with messages in hand" if messages else "in a check" if checking else "idle"


class Watched(parts.Service):
    """The service, and what it has in hand."""

    def __init__(self, settings: Settings, hands: Hands, **options: Any) -> None:
        super().__init__(settings, **options)
        self._hands = hands

    async def open(self) -> None:
        await super().open()
        self._hands.add(Hands.STARTED, 1)

    async def check(self, *arguments: Any) -> None:
        self._hands.add(Hands.CHECKING, 1)
        await super().check(*arguments)
        self._hands.add(Hands.CHECKING, -1)

    async def claim(self, *arguments: Any, **options: Any) -> Sequence[tuple[Alert, tuple[Change, ...]]]:
        claimed = await super().claim(*arguments, **options)
        self._hands.add(Hands.MESSAGES, len(claimed))
        return claimed

    async def settle(self, *arguments: Any) -> None:
        await super().settle(*arguments)
        self._hands.add(Hands.MESSAGES, -1)

    async def release(self, alerts: Sequence[Alert]) -> None:
        await super().release(alerts)
        self._hands.add(Hands.MESSAGES, -len(alerts))


async def live(path: Path, start: datetime, hands: Hands, *, checks: int, step: timedelta) -> None:
    """So many checks, deliveries beside them, then deliveries until nothing waits (or the life is ended)."""
    clock = Clock(start)
    service = Watched(config.load(path), hands, clock=clock, rng=random.Random(1))
    try:
        await service.open()
        [source] = service.settings.sources
        for number in itertools.count():
            clock.now += step
            await asyncio.gather(service.deliver(), *([service.check([source])] if number < checks else ()))
            waiting = await service.db(lambda: service._history.queries.activity(start)["waiting"])
            if number >= checks and (waiting == 0 or number > 2_000):
                return
    finally:
        await service.close()


def forked(life: Callable[[], None]) -> int:
    """A life in a process of its own: its pid. What this process has loaded, it need not load."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        life()
        code = 0
    except DatabaseError:
        code = 2
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """How a life came to its end: its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


Disturb = Callable[[Path, datetime, Hands, random.Random], str | None]
"""One life on the database of this config, from this moment on, and what disturbs it. Says where it was then, or
nothing when it did not come to that."""


@dataclass(frozen=True)
class Torment:
    """Lives that are disturbed in one way."""

    what: str
    disturb: Disturb
    faults: float = 0.3
    group: str = "30s"


def killed(path: Path, start: datetime, hands: Hands, rng: random.Random) -> str:
    """A life that ends by a kill: one of ten while it starts, the others a while after."""
    pid = forked(lambda: asyncio.run(live(path, start, hands, checks=10**9, step=timedelta(minutes=1))))
    if rng.random() < 0.9:
        while hands.told() == "starting" and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.001)
    time.sleep(rng.uniform(0, LONGEST if hands.told() != "starting" else SHORTEST))  # a random moment is the point
    os.kill(pid, signal.SIGKILL)
    end = ended(pid)
    assert end == -signal.SIGKILL, f"the service ended by itself: {end}"
    return hands.told()


def starved(path: Path, start: datetime, hands: Hands, rng: random.Random) -> str | None:
    """A life whose n-th write fails, that one or all from it on."""
    shim, failed = ctypes.CDLL(None), mmap.mmap(-1, 1)
    error, number, for_good = rng.choice((errno.ENOSPC, errno.EIO)), rng.randrange(WRITES), rng.random() < 0.5

    def life() -> None:
        shim.fail_write(ctypes.c_long(1 + number), error, int(for_good))
        try:
            asyncio.run(live(path, start, hands, checks=3, step=timedelta(minutes=10)))
        finally:
            failed[0] = shim.failed_writes() > 0

    end = ended(forked(life))
    assert end in (0, 2), f"not told as an error of the disk: {end}"
    return hands.told() if failed[0] else None


def killed_program(path: Path, start: datetime, hands: Hands, rng: random.Random) -> str:
    """The whole program, killed from its start on: one of five while it starts, the others after their first news."""
    log, said_in = path.with_name("taken.jsonl"), path.with_name("run.log")
    before = log.stat().st_size
    with said_in.open("w") as said:
        program = subprocess.Popen([sys.executable, "-m", "monitor", "run", "--config", path], stderr=said, stdout=said)
        if rng.random() < 0.8:
            while program.poll() is None and "document read" not in said_in.read_text():
                time.sleep(0.01)
        time.sleep(rng.uniform(0, PROGRAM))  # a random moment is the point
        program.kill()
        end, words = program.wait(), said_in.read_text()
    assert end == -signal.SIGKILL, f"the service ended by itself: {end}, {words[-500:]}"
    assert "bug" not in words, words[-500:]
    if log.stat().st_size > before:
        return "after messages"
    return "after news" if "document read" in words else "watching" if "watching" in words else "starting"


KILLS = Torment("killed", killed)
PROGRAMS = Torment("killed programs", killed_program, faults=0.1, group="0s")
WRITES_FAIL = Torment("failed writes", starved)


# The reckoning


@dataclass
class Reckoning:
    changes: int = 0
    messages: int = 0
    repeats: int = 0
    disturbed: Counter[str] = field(default_factory=Counter)
    """Kills, or writes that failed, by what was in hand."""

    def __add__(self, other: Reckoning) -> Reckoning:
        return Reckoning(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


def reckon(folder: Path, log: Path, disturbed: Counter[str]) -> Reckoning:
    """What is stored against what arrived. Raises AssertionError."""
    with closing(sqlite3.connect(folder / "monitor.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        stored = {change for (change,) in db.execute("SELECT id FROM change WHERE silence IS NULL")}
        taken = "iif(reason LIKE '%may have been taken%', 'sent', status)"  # and it did arrive, as is seen below
        alerts = db.execute(f"SELECT id, recipient, {taken}, notice IS NOT NULL FROM alert").fetchall()
        told = Counter(
            db.execute("SELECT change, recipient FROM alert_change JOIN alert ON alert.id = alert_change.alert")
        )
        given_up = db.execute("SELECT channel, reason FROM alert WHERE status = 'failed'").fetchall()
    assert {status for _, _, status, _ in alerts} <= {"sent"}, given_up
    assert told == Counter((change, recipient) for change in stored for recipient in RECIPIENTS)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    arrived = Counter((message, recipient) for recipient, message, _, _ in lines)
    assert arrived.keys() == {(message, recipient) for message, recipient, _, _ in alerts}
    for recipient in RECIPIENTS:
        heard = {change for to, _, changes, _ in lines if to == recipient for change in changes}
        assert heard == stored, f"{recipient}: {len(stored - heard)} lost, {len(heard - stored)} not stored"
        repeats = sum(number - 1 for (_, to), number in arrived.items() if to == recipient)
        cut = sum(to == recipient and not answered for to, _, _, answered in lines)
        bound = disturbed.total() + cut
        assert repeats <= bound, f"{recipient}: {repeats} repeats, {disturbed.total()} disturbed, {cut} cut"
    return Reckoning(len(stored), len(lines), sum(arrived.values()) - len(arrived), disturbed)


def round_of(torment: Torment, number: int, seed: int) -> Reckoning:
    """Lives on one new database until so many were disturbed, a calm one, the reckoning. What a round leaves behind
    that does not add up is kept for who looks into it."""
    folder, rng, hands = Path(mkdtemp(prefix="torture-")), random.Random(seed), Hands()
    disturbed: Counter[str] = Counter()
    with sinks(folder, torment.faults) as (log, calm, web, mail):
        path = folder / "monitor.toml"
        path.write_text(CONFIG.format(web=web, mail=mail, group=torment.group))
        began = datetime.now(UTC)
        starts = (began + timedelta(hours=4) * life for life in itertools.count())
        while disturbed.total() < number:
            hands.forget()
            where = torment.disturb(path, next(starts), hands, rng)
            disturbed += Counter([where] if where else [])
        calm.value = 1
        assert ended(forked(lambda: settled(path, next(starts), hands))) == 0
        reckoning = reckon(folder, log, disturbed)
    shutil.rmtree(folder)
    return reckoning


def settled(path: Path, start: datetime, hands: Hands) -> None:
    """A life that nothing disturbs: brings everything to its end."""
    asyncio.run(live(path, start, hands, checks=1, step=timedelta(hours=1)))


def loaded() -> None:
    """A life in this process: what it loads, those forked from it have. They live for tenths of a second, and most of
    that would be spent with loading."""
    with TemporaryDirectory() as name, sinks(Path(name), faults=0) as (_, _, web, mail):
        path = Path(name, "monitor.toml")
        path.write_text(CONFIG.format(web=web, mail=mail, group="0s"))
        settled(path, datetime.now(UTC), Hands())


def reckoned(torment: Torment, total: int) -> None:
    """So many disturbed lives, in rounds, as many rounds at a time as there are processors."""
    done, began, jobs = Reckoning(), time.monotonic(), os.cpu_count() or 1
    size = min(ROUND, -(-total // jobs))
    sizes = [min(size, total - before) for before in range(0, total, size)]
    loaded()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        rounds = [pool.submit(round_of, torment, number, seed) for seed, number in enumerate(sizes)]
        for finished in as_completed(rounds):
            done += finished.result()
            told = ", ".join(f"{number:,} {where}" for where, number in done.disturbed.most_common())
            print(
                f"{torment.what}: {done.disturbed.total()} of {total} ({told}); changes: {done.changes}, 0 lost; "
                f"messages: {done.messages}, {done.repeats} of them repeats under the same id; "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )


# Each in a process of its own: lives are forked from it, and writes fail by a library that it is started with


@suite("N1", "hostile changes through every kind of channel: they arrive and are inert", full=1_000, sample=20)
def hostile(tally: Tally) -> None:
    apart(tally, "hostile", rf"hostile: {tally.count} of {tally.count} arrived and are inert")


@suite(
    "N2", "kills at random moments, channels that fail at random: nothing lost, nothing twice", full=10_000, sample=8
)
def kills(tally: Tally) -> None:
    apart(tally, "kills", rf"killed: {tally.count} of {tally.count} \(.*\); changes: [1-9]\d*, 0 lost")


@suite("N3", "writes that fail: nothing is told that is not stored", full=2_000, sample=8)
def writes(tally: Tally) -> None:
    apart(tally, "writes", rf"failed writes: {tally.count} of {tally.count}")


@suite("N4", "kills of the whole program from its start on: nothing lost, nothing twice", full=200, sample=4)
def programs(tally: Tally) -> None:
    apart(tally, "programs", rf"killed programs: {tally.count} of {tally.count}")


def apart(tally: Tally, which: str, success: str) -> None:
    paths = os.pathsep.join(map(str, (HERE.parent, HERE.parent.parent)))
    numbers = {"hostile": 0, "kills": 0, "programs": 0, "writes": 0} | {which: tally.count}
    done = subprocess.run(
        [sys.executable, "-m", "torture.alerts", *(f"--{name}={number}" for name, number in numbers.items())],
        env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(tally.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    good = done.returncode == 0 and re.search(success, done.stdout) is not None
    for _ in range(tally.count):
        tally.check(good, done.stderr[-300:] or done.stdout[-300:])
    tally.remarks += done.stdout.splitlines()[-1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostile", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--writes", type=int, default=2_000)
    wanted = parser.parse_args()
    if wanted.hostile:
        logged = io.StringIO()
        logging.basicConfig(stream=logged)
        with TemporaryDirectory() as folder:
            hostile_changes_arrive(Path(folder), wanted.hostile, logged.getvalue)
        print(f"hostile: {wanted.hostile} of {wanted.hostile} arrived and are inert", flush=True)
    parts.observing = News  # type: ignore[misc, assignment]
    logging.disable(logging.CRITICAL)
    if wanted.kills:
        reckoned(KILLS, wanted.kills)
    if wanted.programs:
        reckoned(PROGRAMS, wanted.programs)
    if wanted.writes and "LD_PRELOAD" in os.environ:
        reckoned(WRITES_FAIL, wanted.writes)
    elif wanted.writes and shutil.which("cc"):
        with TemporaryDirectory() as folder:
            library = Path(folder, "failing_writes.so")
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SHIM, "-ldl"], check=True)
            again = [sys.executable, "-m", "torture.alerts", "--hostile", "0", "--kills", "0", "--programs", "0"]
            again += ["--writes", str(wanted.writes)]
            sys.exit(subprocess.run(again, env=os.environ | {"LD_PRELOAD": str(library)}, check=False).returncode)
    elif wanted.writes:
        sys.exit("failing writes need a C compiler (cc)")


if __name__ == "__main__":
    main()
