"""Rows B11 and T9: the page and `/healthz` of the program as people start it, `web` and `run --web`."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import newsdesk
from faultserver import FaultServer, Script, Wire, redirect, reply
from strangers import ACCEPT, ELSEWHERE, FOREIGN_HOSTS, KEPT_PAGES, OWN_HOSTS, from_elsewhere

from monitor import config
from monitor.history import History, Queries
from monitor.parser.facts import revive
from torture.bench import Tally, suite

PATIENCE = 120.0
"""Seconds for what another process is to bring about; far more than is ever needed."""


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`brand-monitor ARGUMENTS` in the folder, as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def program(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program with a page, for as long as the block lasts; and the page's address."""
    process = command(folder, *arguments)
    try:
        assert process.stdout
        assert process.stderr
        said = process.stdout if arguments[0] == "web" else process.stderr
        found = None
        while found is None and (line := said.readline()):
            found = re.search(r"(http://127\.0\.0\.1:\d+)/", line)
        assert found, process.communicate()
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object]) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + PATIENCE
    while not (met := bool(condition())) and time.monotonic() < end:
        time.sleep(0.05)
    return met


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


def ask(address: str, target: str = "/", method: str = "GET", body: str = "", **headers: str) -> Answer:
    """One request, sent just so; `host`: what it says in the place of the address, "-": nothing. `_` stands for `-`."""
    host = urlsplit(address).netloc
    with closing(HTTPConnection(host, timeout=PATIENCE)) as connection:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"host": host, "accept": "text/html"} | headers).items():
            if (name, value) != ("host", "-"):
                connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("content-type", "application/x-www-form-urlencoded")
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body.encode() or None)
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read().decode())


# B11: the page on this machine


@dataclass(frozen=True)
class Open:
    """A page that is served, the token and a cookie with which it lets write."""

    address: str
    database: Path
    token: str
    cookie: str

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def reviewed(self) -> bool:
        with Queries.open(self.database) as queries:
            return bool(queries.reviews())


Case = Callable[[Open], object]
"""Whether the page stood firm."""

FORM = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in ACCEPT.items())
EVIL = "https://evil.example/"


def _foreign(there: Open, host: str, target: str) -> bool:
    answer = ask(there.address, target.replace("{token}", there.token), host=host)
    return answer.status in (400, 421) and "smart" not in answer.body and "set-cookie" not in answer.headers


def _two_hosts(there: Open) -> bool:
    with closing(HTTPConnection(there.host, timeout=PATIENCE)) as connection:
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("host", there.host)
        connection.putheader("host", "evil.example")
        connection.endheaders()
        got = connection.getresponse()
        return got.status in (400, 421) and b"smart" not in got.read()


def _forged(there: Open, sent: Mapping[str, str], target: str) -> bool:
    """A write with the cookie of somebody who may, from another site."""
    headers = {name.replace("-", "_"): value for name, value in from_elsewhere(sent, there.host).items()}
    answer = ask(there.address, target, "POST", FORM, cookie=there.cookie, **headers)
    return answer.status == 403 and not there.reviewed() and "access-control-allow-origin" not in answer.headers


def _without_the_right(there: Open, **headers: str) -> bool:
    answer = ask(there.address, "/facts/3/review", "POST", FORM, origin=there.address, **headers)
    return answer.status == 403 and not there.reviewed()


def _not_by(there: Open, method: str) -> bool:
    """A write by a method that pages elsewhere may use, or may not without being asked."""
    answer = ask(there.address, f"/facts/3/review?{FORM}", method, origin=EVIL, cookie=there.cookie)
    silent = not any(name.startswith("access-control") for name in answer.headers)
    return answer.status in (403, 404, 405) and silent and not there.reviewed()


def _stays(there: Open, target: str, method: str = "GET", body: str = "", **headers: str) -> bool:
    """Wherever it sends the browser, that is on this page."""
    target = target.replace("{token}", there.token)
    answer = ask(there.address, target, method, body, origin=there.address, cookie=there.cookie, **headers)
    to = urljoin(there.address, answer.headers.get("location", "/").replace("\\", "/"))  # as browsers read it
    links = re.findall(r'href="([^"]*)"', answer.body)
    outside = [link for link in links if "evil.example" in urlsplit(urljoin(there.address, link)).netloc]
    return urlsplit(to).netloc == there.host and not outside


def _unframed(there: Open, target: str, method: str = "GET", **headers: str) -> bool:
    answer = ask(there.address, target, method, **headers)
    policy = answer.headers.get("content-security-policy", "")
    return (
        answer.headers.get("x-frame-options") == "DENY"
        and answer.headers.get("x-content-type-options") == "nosniff"
        and policy.startswith("default-src 'none'")
        and ("frame-ancestors 'none'" in policy or policy.endswith("sandbox"))
        and "unsafe" not in policy
    )


def _kept(there: Open, kept: tuple[str, bytes]) -> bool:
    """A kept page is text, whatever it was and whatever is asked for."""
    url = f"https://trade-site.example/kept/{KEPT_PAGES.index(kept)}"
    with Queries.open(there.database) as queries:
        [number] = [row["id"] for row in queries.documents() if row["url"] == url]
    answer = ask(there.address, f"/documents/{number}/page", accept="text/html, image/svg+xml, */*")
    return (
        answer.status == 200
        and answer.headers["content-type"] == "text/plain; charset=utf-8"
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    )


def _here_only(there: Open) -> bool:
    """By what the kernel says listens on the port: 127.0.0.1 alone."""
    port = f":{urlsplit(there.address).port:04X}"
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return [row[1] for row in rows if row[1].endswith(port) and row[3] == "0A"] == [f"0100007F{port}"]


def _needs_a_password(there: Open, host: str) -> bool:
    """The program does not start a page for other machines without one."""
    folder = there.database.with_name(f"open{abs(hash(host))}")
    folder.mkdir(exist_ok=True)
    (folder / "monitor.toml").write_text(f'database = "../news.db"\n[web]\nhost = "{host}"\nport = 0\n{QUIET}')
    process = command(folder, "web")
    out, err = process.communicate(timeout=PATIENCE)
    return (process.returncode, out) == (2, "") and "set password" in err


def _answers(there: Open, host: str) -> bool:
    return ask(there.address, host=host).status == 200


def _writes(there: Open) -> bool:
    """Last of all: our own page may write, so that the refusals mean something."""
    answer = ask(there.address, "/facts/3/review", "POST", FORM, origin=there.address, cookie=there.cookie)
    return answer.status == 303 and there.reviewed()


CASES: tuple[Case, ...] = (
    *(
        partial(_foreign, host=host, target=target)
        for host, target in zip(
            (*FOREIGN_HOSTS, "-", "evil.example", "evil.example"),
            (
                "/",
                "/changes.json",
                "/static/page.css",
                "/login",
                "/enter?token={token}",
                "/healthz",
                "/documents/1/page",
            )
            * 3,
            strict=False,
        )
    ),
    partial(_foreign, host="evil.example", target="http://127.0.0.1/"),
    _two_hosts,
    *(partial(_answers, host=host) for host in OWN_HOSTS),
    *(partial(_forged, sent=sent, target="/facts/3/review") for sent in ELSEWHERE),
    *(partial(_forged, sent=ELSEWHERE[0], target=target) for target in ("/sources/trade-site/check", "/logout")),
    _without_the_right,
    *(partial(_without_the_right, cookie=cookie) for cookie in ("brand-monitor-80=x.y", "brand-monitor=1")),
    partial(_without_the_right, authorization="Bearer wrong"),
    *(partial(_not_by, method=method) for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")),
    *(
        partial(_stays, target=target)
        for target in (
            *("//evil.example", "//evil.example/", "/\\evil.example", "/%2f%2fevil.example/", "//evil.example/brands/"),
            *("/enter?token={token}&next=//evil.example", "/login?next=https://evil.example/", "/static//evil.example"),
            *(
                "/brands//evil.example/",
                "/static/..//evil.example/",
                "https://evil.example/",
                "/search?q=//evil.example",
            ),
            "/sources/%0d%0alocation:%20https:%2f%2fevil.example/",
        )
    ),
    partial(_stays, target="/brands/", x_forwarded_host="evil.example", forwarded="host=evil.example"),
    partial(_stays, target="/enter?token={token}", x_forwarded_host="evil.example", referer=EVIL),
    partial(_stays, target="/sources//evil.example/check", method="POST", body="next=//evil.example"),
    partial(_stays, target="/facts/99/review", method="POST", body=f"{FORM}&change=//evil.example"),
    *(
        partial(_unframed, target=target)
        for target in (
            *("/", "/changes.json", "/changes.atom", "/facts/1", "/nothing", "/static/page.css", "/static/", "/login"),
            *("/enter?token=wrong", "/healthz", "/metrics", "/openapi.json", "/sql?q=select+1", "/documents/99/page"),
        )
    ),
    partial(_unframed, target="/", host="evil.example"),
    partial(_unframed, target="/", method="POST"),
    partial(_unframed, target="/facts/3/review", method="DELETE"),
    *(partial(_kept, kept=kept) for kept in KEPT_PAGES),
    _here_only,
    *(partial(_needs_a_password, host=host) for host in ("0.0.0.0", "::", "news.example")),
)

QUIET = '[[sources]]\nname = "trade-site"\nkind = "page"\nurl = "https://127.0.0.1:9/"\nevery = "1d"\n'


@suite("B11", "names, writes, redirects, frames and kept pages of strangers, against both servers", full=190, sample=24)
def local_page(tally: Tally) -> None:
    cases = CASES if tally.count == tally.full else random.Random(11).sample(CASES, tally.count // 2)
    for arguments in (("web",), ("run", "--web")):
        folder = tally.folder / arguments[0]
        database = _told(folder)
        with program(folder, *arguments) as (_, address):
            token = database.with_name("news.db.token").read_text().strip()
            cookie = ask(address, f"/enter?token={token}").headers["set-cookie"].partition(";")[0]
            there = Open(address, database, token, cookie)
            for case in (*cases, _writes):
                tally.check(case(there), (arguments, case))


def _told(folder: Path) -> Path:
    """A history with facts and kept pages, and its config; the database."""
    folder.mkdir()
    database = folder / "news.db"
    newsdesk.tell(database)
    with History(database, revive=revive) as history:
        for number, kept in enumerate(KEPT_PAGES):
            url, text = f"https://trade-site.example/kept/{number}", f"smart is present in {41 + number} markets."
            newsdesk.tell_more(history, database, url, f"News {number}", text, page=kept)
    (folder / "monitor.toml").write_text(f'database = "news.db"\n[web]\nport = 0\n{QUIET}')
    return database


# T9: whether anybody notices that the monitor is silent

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RHYTHMS = {
    "often": ('every = "1s"', 20 * SECOND, 61 * SECOND),  # less than a minute late is never neglect
    "quarterly": ('every = "15m"', 29 * MINUTE, 31 * MINUTE),
    "daily": ('every = "1d"', 47 * HOUR, 49 * HOUR),
    "by-cron": ('cron = "0 * * * *"', 59 * MINUTE, 2 * HOUR + SECOND),
}
"""Sources by how they are watched: overdue by so much they are only late, by so much neglected."""


def watch(folder: Path, sources: Mapping[str, tuple[str, str]], head: str = "", beat: str = "") -> Path:
    """Writes a config in a folder of its own: sources with their addresses and rhythms; the database it names."""
    folder.mkdir()
    if beat:
        (folder / "beat").write_text(beat)
        head += '\nheartbeat = "file:beat"'
    tables = "".join(
        f'[[sources]]\nname = "{name}"\nkind = "page"\nurl = "{url}"\n{rhythm}\n'
        for name, (url, rhythm) in sources.items()
    )
    (folder / "monitor.toml").write_text(
        f'database = "m.db"\n{head}\n[web]\nport = 0\n[http]\nallow_private_networks = ["127.0.0.0/8"]\n'
        f'respect_robots = false\nper_host_delay = "0s"\ndeadline = "10m"\n{tables}'
    )
    return folder / "m.db"


def overdue(database: Path, **by: timedelta) -> None:
    """Makes sources due so long ago."""
    with History(database, revive=revive) as history:
        history.defer({name: datetime.now(UTC) - late for name, late in by.items()})


def health(address: str) -> tuple[int, str]:
    """The status of `/healthz`, and the reasons."""
    answer = ask(address, "/healthz")
    return answer.status, " ".join(json.loads(answer.body)["reasons"])


PAGE = reply(
    body=b"<html lang='en'><head><title>About smart</title></head><body><article><h1>About smart</h1>"
    b"<p>The brand was founded in the last century, and builds small electric cars for large cities.</p>"
    b"<p>The all-electric brand is now present in 38 countries and regions worldwide.</p>"
    b"<p>More showrooms will follow during the year, the company said in a statement on Monday.</p></article>"
)


@suite(
    "T9", "/healthz red for what is overdue by two intervals; a heartbeat only while all is well", full=25, sample=18
)
def silence(tally: Tally) -> None:
    _page_beside_a_history(tally)
    _heartbeats_of_checks(tally)
    _service_that_falls_behind(tally)
    if tally.count == tally.full:
        _heartbeats_of_services(tally)


def _page_beside_a_history(tally: Tally) -> None:
    folder = tally.folder / "beside"
    database = watch(folder, {name: (f"https://{name}.example/", rhythm) for name, (rhythm, *_) in RHYTHMS.items()})
    settings = config.load(folder / "monitor.toml")
    with History(database, revive=revive) as history:
        history.sync_sources(settings.sources, datetime.now(UTC))
    well = dict.fromkeys(RHYTHMS, -HOUR)
    with program(folder, "web") as (_, address):
        for name, (_, late, neglected) in RHYTHMS.items():
            overdue(database, **well | {name: late})
            tally.check(health(address)[0] == 200, (name, late))
            overdue(database, **{name: neglected})
            status, why = health(address)
            tally.check(status == 503 and f'"{name}" has been due since' in why, (name, neglected, why))
        overdue(database, **{name: neglected for name, (*_, neglected) in RHYTHMS.items()})
        status, why = health(address)
        tally.check(status == 503 and '"daily"' in why and "3 more sources are neglected" in why, ("all", why))
        with program(folder, "web", "--db", "m.db", "--port", "0") as (_, archive):
            tally.check(health(archive)[0] == 200, "an archive, which nobody has to watch")
        with History(database, revive=revive) as history:
            history.sync_sources(settings.sources[:1], datetime.now(UTC))
        overdue(database, often=-HOUR)
        tally.check(health(address)[0] == 200, "sources that nobody watches any more")
        database.write_bytes(b"no database " * 1_000)
        status, why = health(address)
        tally.check(status == 503 and "not a SQLite database" in why, ("no database", why))


MISSING = reply(404, b"no")
"""A page that fails: no reason for silence, the monitor is well."""
CHECKS: tuple[tuple[str, Script, bytes, timedelta, int], ...] = (
    ("/too-late", reply(), MISSING, 11 * MINUTE, 0),
    ("/fails", reply(500, b"no"), MISSING, 5 * MINUTE, 1),
    ("/fine?key=1", reply(204), PAGE, -HOUR, 1),
    ("/late", reply(), MISSING, 5 * MINUTE, 1),
    ("/moved", redirect("/elsewhere"), MISSING, -HOUR, 1),
    ("/cut", Wire.reset, MISSING, -HOUR, 1),
)
"""The heartbeat's address, what it answers, the page of both sources, for how long the other source has been due, and
how many heartbeats there are to be."""


def _heartbeats_of_checks(tally: Tally) -> None:
    """`check`, as cron runs it: asks the address once all is done, and ends as it would whatever that answers."""
    for path, answer, page, late, beats in CHECKS if tally.count == tally.full else CHECKS[:2]:
        with FaultServer({"/page": page, "/elsewhere": reply(), path: answer}) as server:
            folder = tally.folder / f"check-{urlsplit(path).path[1:]}"
            sources = dict.fromkeys(("first", "second"), (server.url("/page"), 'every = "1h"'))
            database = watch(folder, sources, beat=server.url(path))
            with History(database, revive=revive) as history:
                history.sync_sources(config.load(folder / "monitor.toml").sources, datetime.now(UTC))
            overdue(database, second=late)
            process = command(folder, "check", "first")
            _, err = process.communicate(timeout=PATIENCE)
            asked = [(request.method, request.path) for request in server.requests]
            bare = all(request.headers.get("content-length", "0") == "0" for request in server.requests)
            told = ("no heartbeat" in err) == (path in ("/fails", "/moved", "/cut"))
            right = process.returncode == (page is MISSING) and "Traceback" not in err
            as_meant = asked == [("GET", "/page")] + [("GET", path)] * beats
            tally.check(as_meant and bare and told and right, (path, asked, process.returncode, err))


@contextmanager
def _behind(folder: Path, late: timedelta, beat: str = "") -> Iterator[tuple[str, Callable[[], None]]]:
    """A service whose only worker is held by a server that hangs, while another source is due for so long.

    Gives the address of its page, and what lets the worker go.
    """
    with ExitStack() as stack:
        hanging = stack.enter_context(ExitStack())
        server = hanging.enter_context(FaultServer(Wire.hang))
        other = stack.enter_context(FaultServer(MISSING, host="127.0.0.2"))
        sources = {"hangs": (server.url(), 'every = "1h"'), "waits": (other.url(), 'every = "1h"')}
        database = watch(folder, sources, head="workers = 1", beat=beat)
        _, address = stack.enter_context(program(folder, "run", "--web"))
        assert until(lambda: server.requests)
        overdue(database, waits=late)
        yield address, hanging.close


def _service_that_falls_behind(tally: Tally) -> None:
    with _behind(tally.folder / "behind", -HOUR) as (address, release):
        tally.check(health(address)[0] == 200, "a service at work")
        overdue(tally.folder / "behind/m.db", waits=119 * MINUTE)
        tally.check(health(address)[0] == 200, "a source that is late")
        overdue(tally.folder / "behind/m.db", waits=121 * MINUTE)
        status, why = health(address)
        tally.check(status == 503 and '"waits" has been due since' in why, ("a source that is neglected", why))
        release()
        tally.check(until(lambda: health(address)[0] == 200), "the worker is free again")


def _heartbeats_of_services(tally: Tally) -> None:
    """A service that is well, one that is behind since before, and one that has stopped: a minute for all three."""
    with FaultServer(PAGE) as server, ExitStack() as stack:
        stack.enter_context(_behind(tally.folder / "late", 11 * MINUTE, server.url("/beat-of-the-late")))
        database = watch(tally.folder / "stopped", {"daily": (server.url(), 'every = "1d"')})
        stopped, _ = stack.enter_context(program(tally.folder / "stopped", "run", "--web"))
        _, beside = stack.enter_context(program(tally.folder / "stopped", "web"))
        until(lambda: json.loads(ask(beside, "/sources.json").body)["rows"][0]["last_checked_at"])
        stopped.send_signal(signal.SIGSTOP)
        overdue(database, daily=49 * HOUR)
        tally.check(health(beside)[0] == 503, "nobody notices a service that has stopped")
        watch(tally.folder / "well", {"daily": (server.url(), 'every = "1d"')}, beat=server.url("/beat?key=1"))
        stack.enter_context(program(tally.folder / "well", "run", "--web"))
        beaten = until(lambda: "/beat?key=1" in server.paths)
        beats = [request for request in server.requests if request.path == "/beat?key=1"]
        bare = all(one.method == "GET" and one.headers.get("content-length", "0") == "0" for one in beats)
        tally.check(beaten and bare, ("a service that is well", beats))
        tally.check("/beat-of-the-late" not in server.paths, "a service that is behind says that all is well")
