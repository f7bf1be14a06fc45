"""Group B: what pages, feeds and titles hold."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import os
import random
import string
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import newsdesk
from faultserver import FaultServer, redirect, reply
from sinks import Desk, mail_server
from stories import HOSTILE, alert, change, citation, email, webhook
from test_address_gate import SPELLINGS
from watching import SITE, newsroom

from monitor.engine.cage import Cage
from monitor.errors import FetchError, MonitorError, ReadError
from monitor.exports.written import csv_text, inert_json
from monitor.history import History
from monitor.indexes import read_index
from monitor.models import Link, Memory, Page, Source, SourceKind, Validators
from monitor.notifier.dispatch import Dispatcher
from monitor.notifier.letter import email_message
from monitor.notifier.mail import MailSender
from monitor.notifier.messages import Style, body, console_lines, json_body
from monitor.notifier.webhook import WebhookSender
from monitor.parser.facts import revive
from monitor.pipeline import observe
from monitor.scrapers import Client
from monitor.scrapers.feed import read_feed
from monitor.scrapers.sitemap import read_sitemap
from monitor.settings import HttpSettings, Settings
from monitor.visits import Tools, read
from torture.bench import Tally, silenced, suite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEALED = {"per_host_delay": "0s", "deadline": "5s", "respect_robots": False}
_HOOKED: list[Callable[[str, tuple[Any, ...]], None]] = []


def page_of(content: bytes, kind: str = "text/html") -> Page:
    return Page(url=SITE, requested_url=SITE, status=200, content=content, content_type=kind, fetched_at=NOW)


# B1: where nobody may be sent


@suite("B1", "37 spellings of loopback, through ten ways in: no connection", full=370, sample=40)
def private_addresses(tally: Tally) -> None:
    with FaultServer(reply(body=b"<html>secret</html>")) as canary:
        places = [(way, spelling) for way in WAYS_IN for spelling in SPELLINGS]
        if tally.count < tally.full:
            places = random.Random(1).sample(places, tally.count)
        for way, spelling in places:
            before = canary.connections
            reached, error = False, ""
            try:
                asyncio.run(way(spelling, canary.port))
            except (MonitorError, ValueError) as refused:
                error = str(refused)
            except _Reached:
                reached = True
            tally.check(canary.connections == before and not reached, (way.__name__, spelling, error))
        tally.note(f"{canary.connections} connections to the canary")


class _Reached(Exception):
    """Somebody was asked who would have let it through."""


async def _get(url: str, validators: Validators | None = None, **settings: object) -> None:
    own = Client(HttpSettings.model_validate(SEALED | settings), clock=lambda: NOW)
    try:
        await own.get(url, validators)
    finally:
        await own.aclose()


async def by_config(spelling: str, port: int) -> None:
    await _get(f"http://{spelling}:{port}/")


async def by_revisit(spelling: str, port: int) -> None:
    await _get(f"http://{spelling}:{port}/", Validators(etag='"a"'))


async def by_robots(spelling: str, port: int) -> None:
    await _get(f"http://{spelling}:{port}/", respect_robots=True)


async def by_redirect(spelling: str, port: int) -> None:
    with FaultServer(redirect(f"http://{spelling}:{port}/"), host="127.0.0.9") as server:
        await _get(server.url(), allow_private_networks=["127.0.0.9/32"])


async def by_redirected_robots(spelling: str, port: int) -> None:
    with FaultServer({"/robots.txt": redirect(f"http://{spelling}:{port}/robots.txt")}, host="127.0.0.9") as server:
        await _get(server.url(), allow_private_networks=["127.0.0.9/32"], respect_robots=True)


async def by_proxy(spelling: str, port: int) -> None:
    """The proxy is the canary's neighbour: what is asked of it is looked at, not let through."""
    with FaultServer(reply(body=b"<html>x</html>"), host="127.0.0.9") as proxy:
        os.environ["TORTURE_PROXY"] = proxy.url()
        with suppress(FetchError):
            await _get(f"http://{spelling}:{port}/", proxy="env:TORTURE_PROXY")
        if proxy.requests:
            raise _Reached


async def _by_index(kind: SourceKind, content: str) -> None:
    own = Client(HttpSettings.model_validate(SEALED), clock=lambda: NOW)

    class Web:
        async def get(self, url: str, *, validators: Validators | None = None) -> Page:
            return page_of(content.encode()) if url == SITE else await own.get(url, validators)

    async def here(function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    source = Source(name="s", kind=kind, url=SITE, links="a" if kind is SourceKind.LISTING else None, outlet="s")
    await observe(source, Memory(), Tools(client=Web(), run=here, clock=lambda: NOW))
    await own.aclose()


async def by_listing(spelling: str, port: int) -> None:
    link = f'<a href="http://{spelling}:{port}/news/a-story-of-some-length">A story of some length</a>'
    await _by_index(SourceKind.LISTING, f"<html><body><main>{link}</main></body></html>")


async def by_feed(spelling: str, port: int) -> None:
    item = f"<item><title>A story</title><link>http://{spelling}:{port}/a</link></item>"
    await _by_index(SourceKind.FEED, f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>')


async def by_webhook(spelling: str, port: int) -> None:
    sender = WebhookSender(webhook(f"http://{spelling}:{port}/hook"), HttpSettings(), clock=lambda: NOW, timeout=3)
    try:
        await sender.send(alert(), [change()])
    finally:
        await sender.aclose()


async def by_mail(spelling: str, port: int) -> None:
    sender = MailSender(
        email(port, smtp=f"smtp://{spelling}:{port}"), HttpSettings(), clock=lambda: NOW, style=Style(), timeout=3
    )
    try:
        await sender.send(alert(), [change()])
    finally:
        await sender.aclose()


WAYS_IN: tuple[Callable[[str, int], Awaitable[None]], ...] = (
    by_config, by_revisit, by_robots, by_redirect, by_redirected_robots, by_proxy,
    by_listing, by_feed, by_webhook, by_mail,
)  # fmt: skip


# B2, B3: XML and texts that name files and addresses


def _opens(work: Callable[[], object]) -> list[str]:
    """Files opened and addresses looked up while `work` ran; what it raises as an expected error is swallowed."""
    seen: list[str] = []
    if not _HOOKED:
        _HOOKED.append(lambda event, arguments: None)
        sys.addaudithook(lambda event, arguments: _HOOKED[0](event, arguments))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
            seen.append(f"{event} {arguments[0]}")

    with suppress(ReadError):
        work()  # whatever is loaded late is loaded now
    _HOOKED[0] = hook
    try:
        with suppress(ReadError):
            work()
    finally:
        _HOOKED[0] = lambda event, arguments: None
    return seen


@suite("B2", "entities, external DTDs, XInclude, XSLT: nothing is opened or fetched", full=30, sample=15)
def entities(tally: Tally) -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)) + '<!ENTITY a0 "ha">'
    hostile = [
        (f"<!DOCTYPE x [{laughs}]>", "&a8;"),
        ('<!DOCTYPE x [<!ENTITY q "' + "q" * 50_000 + '">]>', "&q;" * 2_000),
        ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>', "&f;"),
        ('<!DOCTYPE x [<!ENTITY f SYSTEM "http://127.0.0.1:9/">]>', "&f;"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "t"),
        ('<!DOCTYPE x PUBLIC "-//x" "file:///etc/hostname">', "t"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>', "t"),
        ('<?xml-stylesheet type="text/xsl" href="file:///etc/hostname"?>', "t"),
        ("", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'),
        ("", '<?php system("id") ?>'),
    ]
    encodings = ("utf-8", "utf-16", "utf-16-le")
    feed = Source(name="f", kind=SourceKind.FEED, url=SITE)
    for case in range(tally.count):
        head, inner = hostile[case % len(hostile)]
        encoding = encodings[case // len(hostile) % 3]
        item = f"<item><title>{inner}</title><link>https://x.example/a</link></item>"
        rss = f'{head}<rss version="2.0"><channel><title>t</title>{item}</channel></rss>'
        urls = f"{head}<urlset><url><loc>https://x.example/a</loc><lastmod>{inner}</lastmod></url></urlset>"
        told: list[Link] = []

        def work() -> None:
            told.extend(read_feed(page_of(rss.encode(encoding), "application/rss+xml"), feed).links)  # noqa: B023
            read_sitemap(page_of(urls.encode(encoding), "application/xml"), feed)  # noqa: B023

        seen = _opens(work)
        host = os.uname().nodename
        tally.check(seen == [] and not any(host in (link.title or "") for link in told), (head[:60], encoding, seen))


@suite("B3", "bodies that are paths or addresses: nothing is opened", full=20, sample=10)
def paths(tally: Tally) -> None:
    bodies = ["/etc/hostname", "file:///etc/hostname", "http://127.0.0.1:9/x", "ftp://127.0.0.1/", "../../etc/hostname"]
    bodies += ["~/.netrc", "\\\\127.0.0.1\\share", "C:\\boot.ini", "data:text/xml,<rss/>", "/proc/self/environ"]
    source = Source(name="s", kind=SourceKind.FEED, url=SITE)
    readers: list[Callable[[bytes], object]] = [
        lambda body: read_feed(page_of(body), source),
        lambda body: read_index(page_of(body), replace(source, kind=SourceKind.LISTING)),
    ]
    for case in range(tally.count):
        body, reader = bodies[case % len(bodies)].encode(), readers[case // len(bodies) % 2]
        seen = _opens(lambda: reader(body))  # noqa: B023
        tally.check(seen == [], (body, seen))


# B4: bait for parsers


def baits() -> list[bytes]:
    attributes = "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">text of the page</p>"
    counts = "smart is now present in 39 " * 30_000
    return [
        text.encode()
        for text in (
            attributes,
            "<div>" * 100_000 + "text" + "</div>" * 100_000,
            "<p><b><i>" * 300_000 + "text of the page",
            "&amp;" * 1_000_000,
            "<p>" + "(" * 200_000 + "</p>",
            "<p>" + counts + "</p>",
            "<p>" + "markets " * 100_000 + "</p>",
            "<p>" + "39, 40, 41, " * 60_000 + "markets</p>",
            "<title>" + " | - " * 100_000 + "</title><p>text of the page</p>",
            "<p>" + "A" * 2_000_000 + "</p>",
            "<p>" + "Mr. Dr. e.g. i.e. " * 60_000 + "</p>",
            '<script type="application/ld+json">' + '{"a":' * 200_000 + "</script><p>text</p>",
            "<a href='/news/a-b-c-d'>" * 100_000,
            "<!--" * 300_000,
            "<" * 1_000_000,
            "<table>" * 30_000 + "text",
            "<p>" + "東京市場に参入" * 100_000 + "</p>",
            "<p>" + "smart entered Germany, France, Spain and Italy " * 20_000 + "</p>",
            "<p>" + '"' * 500_000 + "</p>",
            "<svg>" + "<style>" * 100_000 + "</svg>",
        )
    ]


@suite("B4", "bait for parsers: ended in time or killed, the loop never held > 100 ms", full=200, sample=10)
def bait(tally: Tally) -> None:
    """Full: each bait as an article, a page, a listing and a feed, and cut to several lengths."""
    readers: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (read, (newsroom(kind=SourceKind.ARTICLE), Link(url=SITE))),
        (read, (newsroom(kind=SourceKind.PAGE), Link(url=SITE))),
        (read_index, (newsroom(),)),
        (read_index, (newsroom(kind=SourceKind.FEED),)),
        (read_index, (newsroom(kind=SourceKind.SITEMAP),)),
    ]
    pages = baits()
    random.Random(4).shuffle(pages)
    killed, worst, hold = 0, 0.0, 0.0

    async def probe(stop: asyncio.Event) -> None:
        nonlocal hold
        while not stop.is_set():
            wall, used = time.monotonic(), time.process_time()
            await asyncio.sleep(0.005)
            hold = max(hold, min(time.monotonic() - wall - 0.005, time.process_time() - used))

    async def work() -> None:
        nonlocal killed, worst
        cage = Cage(processes=2, seconds=5.0)
        await asyncio.gather(cage.run(os.getpid), cage.run(os.getpid))  # both children are there
        stop = asyncio.Event()
        watching = asyncio.create_task(probe(stop))

        async def one(case: int) -> None:
            nonlocal killed, worst
            content = pages[case % len(pages)]
            function, arguments = readers[case // len(pages) % len(readers)]
            length = len(content) >> (case // (len(pages) * len(readers)) * 2)
            began, result = time.monotonic(), "ok"
            try:
                await cage.run(function, page_of(b"<html><body>" + content[:length]), *arguments)
            except ReadError as error:
                result = str(error.outcome)
                killed += "given up" in error.reason
            worst = max(worst, time.monotonic() - began)
            tally.check("bug" not in result, (case, result))

        for case in range(0, tally.count, 2):
            await asyncio.gather(one(case), one(case + 1))
        stop.set()
        await watching
        cage.close()

    with silenced("monitor.engine.cage"):
        asyncio.run(work())
    tally.check(hold < 0.1 or tally.count < tally.full, f"the loop was held for {hold:.3f} s")
    tally.note(f"{killed} killed, longest {worst:.1f} s, loop held {hold:.3f} s at most")


# B5, B6, B7, B9: strangers' words in messages


class _Active(HTMLParser):
    """Counts what could act: elements and attributes that none of our templates has."""

    KNOWN = frozenset(
        [
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "article",
            "h1",
            "h2",
            "p",
            "dl",
            "dt",
            "dd",
            "blockquote",
            "a",
            "br",
            "code",
        ]
    )
    ATTRIBUTES = frozenset(["lang", "charset", "name", "content", "class", "href", "rel"])

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = next((value or "" for name, value in attrs if name == "href"), "https:")
        odd = [name for name, _ in attrs if name not in self.ATTRIBUTES]
        if tag not in self.KNOWN or odd or not href.startswith(("http:", "https:")):
            self.found.append(f"{tag} {odd} {href[:40]}")


def titles(number: int, seed: int) -> list[str]:
    """The hostile ones, then mixtures of them and of random characters."""
    rng = random.Random(seed)
    characters = [chr(code) for code in (*range(256), *range(0x2000, 0x2070), *range(0xD7F0, 0xD810), 0x1F697)]
    found = list(HOSTILE)
    while len(found) < number:
        found.append(rng.choice(HOSTILE)[:200] + "".join(rng.choices(characters, k=30)) + rng.choice(HOSTILE)[:100])
    return found[:number]


def _changed(words: str) -> Any:
    quoted = citation(words, url=f"https://example.org/{words}", title=words, outlet=words)
    script = citation(words, url="javascript:alert(1)", title=words)
    return change(text=f"smart {words}", brand=words, subject=words, rule=words, sources=(quoted, script))


_CONTROL = frozenset(
    chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F))
)


@suite("B5", "hostile titles in six sinks: nothing active", full=600, sample=120)
def sinks(tally: Tally) -> None:
    for words in titles(tally.count // 6, 5):
        strange = _changed(words)
        sent = email_message(alert(), [strange], sender="m@example.net", style=Style(), now=NOW)
        html = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
        parser = _Active()
        parser.feed(html)
        tally.check(parser.found == [], ("html", words, parser.found))
        for name, text in (
            ("mail", body(alert(), [strange], Style())),
            ("console", console_lines(alert(), [strange], Style())),
            ("subject", sent["Subject"]),
        ):
            tally.check(not _CONTROL.intersection(text), (name, words))
        tally.check(not _CONTROL.intersection(inert_json({"title": words})), ("terminal", words))
        tally.check(json.loads(json_body(alert(), [strange]))["type"] == "change", ("webhook", words))


@suite("B6", "cells of CSV that a spreadsheet would run", full=1_000, sample=100)
def cells(tally: Tally) -> None:
    rng = random.Random(6)
    starts = ("=", "+", "-", "@", "\t", "\r", "\n", "=1+", " =", "'=")
    for _ in range(tally.count):
        text = rng.choice(starts) + "".join(rng.choices(string.printable, k=12))
        ((cell,),) = list(csv.reader(io.StringIO(csv_text([{"a": text}], ("a",)))))[1:]
        tally.check(not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (text, cell))


@suite("B7", "line ends in subjects and names: each mail goes out, with no header of theirs", full=1_000, sample=40)
def headers(tally: Tally) -> None:
    breaks = ("\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "=?utf-8?q?=0d=0a?=")
    rng = random.Random(7)
    desk = Desk()

    async def work() -> None:
        async with mail_server(desk) as port:
            settings = HttpSettings.model_validate({"allow_private_networks": ["127.0.0.0/8"]})
            sender = MailSender(email(port), settings, clock=lambda: NOW, style=Style())
            for case in range(tally.count):
                words = rng.choice(breaks).join(("smart", "Bcc: victim@example.org", "X-Evil: 1", f"case {case}"))
                delivery = await sender.send(alert(f"a{case}"), [_changed(words)])
                got = desk.messages[-1] if len(desk.messages) == case + 1 else None
                clean = got is not None and got["Bcc"] is None and got["X-Evil"] is None
                tally.check(clean and desk.recipients[-1] == "desk@example.org", (words, delivery))
            await sender.aclose()

    asyncio.run(work())


@suite("B9", "templates in titles and names are not run", full=50, sample=25)
def templates(tally: Tally) -> None:
    payloads = [
        "{{ 7 * 191 }}",
        "{% for x in range(9) %}1337{% endfor %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('echo 1337').read() }}",
        "{{ lipsum.__globals__['os'].getpid() }}",
        "{{ self._TemplateReference__context }}",
        "${7*191}",
        "#{7*191}",
        "<%= 7*191 %>",
        "%(secret)s {0.__class__}",
    ]
    for case in range(tally.count):
        words = payloads[case % len(payloads)] + str(case)
        strange = _changed(words)
        for text in (
            body(alert(), [strange], Style()),
            console_lines(alert(), [strange], Style()),
            json_body(alert(), [strange]),
        ):
            if "1337" in text.replace("1337{%", "").replace("echo 1337", "") or str(os.getpid()) in text:
                tally.check(False, words)
                break
        else:
            tally.check(True, words)


# B8, B10, B12: the history, files, secrets


@suite("B8", "SQL in every filter: no row and no table changes", full=10_000, sample=200)
def injections(tally: Tally) -> None:
    path = tally.folder / "news.db"
    newsdesk.tell(path)
    pieces = [
        "'",
        '"',
        ";",
        "--",
        "/*",
        "*/",
        "DROP TABLE fact",
        "UNION SELECT 1",
        "OR 1=1",
        ")",
        "(",
        "\x00",
        "%",
        "_",
    ]
    pieces += [
        "' OR ''='",
        "1; DELETE FROM fact",
        "\\",
        "ATTACH DATABASE '/tmp/x' AS x",
        "PRAGMA writable_schema=1",
        "NEAR",
    ]
    rng = random.Random(8)
    with History(path, revive=revive) as history:
        db = history._store.db
        before = list(db.conn.iterdump())
        queries = history.queries
        asks: list[Callable[[str], object]] = [
            lambda text: queries.facts(brand=text, kind=text),
            lambda text: queries.changes(brand=text, subject=text),
            lambda text: queries.documents(source=text, url=text),
            lambda text: queries.checks(source=text, outcome=text),
            lambda text: queries.alerts(channel=text, status=text),
            lambda text: queries.sources(brand=text),
            lambda text: queries.timeline(text, text),
            lambda text: queries.why(text),
        ]
        for case in range(tally.count):
            text = " ".join(rng.choices(pieces, k=rng.randrange(1, 6)))
            try:
                found: object = asks[case % len(asks)](text)
            except MonitorError:
                found = []
            tally.check(found == [] or isinstance(found, list), (text, found))
        tally.check(list(db.conn.iterdump()) == before, "the database changed")


@suite("B10", "names that are paths: nothing is written outside", full=500, sample=50)
def traversal(tally: Tally) -> None:
    """A watch whose source, brand and articles are named like files, in a folder of its own."""
    inside, rng = tally.folder / "in", random.Random(10)
    inside.mkdir()
    parts = ["..", "/", "etc", "passwd", "\\", "C:", "~", "%2e%2e%2f", "\u2024\u2024", ".ssh", "con", "nul", "$HOME"]
    around = sorted(entry.name for entry in tally.folder.iterdir())
    with History(inside / "watch.db", revive=revive) as history:
        for case in range(tally.count):
            name = "".join(rng.choices(parts, k=5)) + str(case)
            source = newsroom(name=name[:90], brand=name[:90], outlet=name[:90])
            history.sync_sources([source], NOW)
            history.memory(source.name, NOW)
            kept = {entry.name for entry in inside.iterdir()} <= {"watch.db", "watch.db-wal", "watch.db-shm"}
            tally.check(kept and sorted(entry.name for entry in tally.folder.iterdir()) == around, name)


@suite("B12", "20 planted secrets, every way to fail: found nowhere", full=300, sample=60)
def secrets(tally: Tally) -> None:
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(self.format(record))

    ear = Ear(level=logging.DEBUG)
    logging.getLogger("monitor").addHandler(ear)
    try:
        for case in range(tally.count):
            way = WAYS_TO_FAIL[case % len(WAYS_TO_FAIL)]
            canary = f"CANARY{case // len(WAYS_TO_FAIL):02}x{random.Random(case).randrange(10**9)}"
            os.environ["TORTURE_SECRET"] = canary
            heard.clear()
            heard.append(repr(asyncio.run(way(canary))))
            tally.check(not any(canary in text for text in heard), (case % len(WAYS_TO_FAIL), heard[:2]))
    finally:
        logging.getLogger("monitor").removeHandler(ear)


class _NoOutbox:
    async def claim(self, channel: str, limit: int) -> Sequence[Any]:
        return ()

    async def settle(self, alert_id: str, delivery: Any, next_attempt: datetime | None) -> None: ...


async def _sample(channel: Any, **http: object) -> object:
    settings = HttpSettings.model_validate({"allow_private_networks": ["127.0.0.0/8"]} | http)
    dispatcher = Dispatcher(_NoOutbox(), settings, clock=lambda: NOW, rng=random.Random(1))
    try:
        return await dispatcher.send_sample(channel), repr(channel), repr(settings), str(channel)
    except MonitorError as error:
        return str(error), repr(error)
    finally:
        await dispatcher.aclose()


async def _hook(canary: str, answer: Any, **http: object) -> object:
    with FaultServer(answer) as server:
        return await _sample(webhook(f"{server.url('/hook')}?token={canary}", secret="env:TORTURE_SECRET"), **http)


async def _mail(canary: str, greeting: bytes) -> object:
    with FaultServer(lambda wire: wire.send(b"535 no " + canary[:0].encode() + b"\r\n"), greeting=greeting) as server:
        channel = email(server.port, smtp=f"smtp://user@127.0.0.1:{server.port}", password="env:TORTURE_SECRET")
        return await _sample(channel)


async def _page(canary: str, url: str, **http: object) -> object:
    settings = HttpSettings.model_validate(SEALED | {"allow_private_networks": ["127.0.0.0/8"]} | http)
    try:
        own = Client(settings, clock=lambda: NOW)
    except MonitorError as error:
        return str(error), repr(settings)
    try:
        return await own.get(url)
    except FetchError as error:
        return str(error), repr(error), repr(settings)
    finally:
        await own.aclose()


async def _config(canary: str) -> object:
    hook = {"name": "h", "kind": "webhook", "url": "https://x.example/", "secret": "env:TORTURE_SECRET"}
    return repr(Settings.model_validate({"path": "/x.toml", "channels": [hook]}, context={"folder": None}))


WAYS_TO_FAIL: tuple[Callable[[str], Awaitable[object]], ...] = (
    lambda canary: _hook(canary, reply(500, b"no")),
    lambda canary: _hook(canary, redirect(f"/elsewhere?token={canary}")),
    lambda canary: _hook(canary, reply(400, f"bad token at https://x.example/?t={canary}".encode())),
    lambda canary: _hook(canary, b"garbage\r\n\r\n"),
    lambda canary: _hook(canary, lambda wire: wire.reset()),
    lambda canary: _sample(webhook(f"http://127.0.0.1:9/hook?token={canary}")),
    lambda canary: _sample(webhook(f"https://127.0.0.1:9/{canary}")),
    lambda canary: _sample(webhook(f"http://10.0.0.1/hook?token={canary}")),
    lambda canary: _mail(canary, b"220 mail ESMTP\r\n250 mail\r\n"),
    lambda canary: _mail(canary, b"554 go away\r\n"),
    lambda canary: _page(canary, f"http://user:{canary}@127.0.0.1:9/"),
    lambda canary: _page(canary, f"http://user:{canary}@10.0.0.1/"),
    lambda canary: _page(canary, f"http://user:{canary}@[bad/"),
    lambda canary: _page(canary, "http://127.0.0.1:9/", proxy="env:TORTURE_SECRET"),
    _config,
)
