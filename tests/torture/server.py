"""Group A: what servers, networks and sites do."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import trustme
from faultserver import FaultServer, Script, Wire, redirect, reply, then
from watching import SITE, Answer, Watch, front, newsroom, publish, story

from monitor.answers import refusal
from monitor.dialer import Resolve
from monitor.errors import FetchError, ReadError
from monitor.health import Turn
from monitor.models import Link, Outcome, Page, Validators
from monitor.parser.document import read_page
from monitor.scrapers import Client
from monitor.settings import HttpSettings
from torture.bench import Tally, peak_memory, resident, suite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONLY_LOOPBACK = {"allow_private_networks": ["127.0.0.1/32"], "per_host_delay": "0s", "respect_robots": False}
ARTICLE = story(1, 39, NOW).replace("<p>More", "<p>" + "The words of the press office. " * 640 + "</p><p>More").encode()
"""A page of 20 kB."""


def client(resolve: Resolve | None = None, **settings: object) -> Client:
    return Client(HttpSettings.model_validate(ONLY_LOOPBACK | settings), clock=lambda: NOW, resolve=resolve)


async def fetched(own: Client, url: str, validators: Validators | None = None) -> Page | FetchError:
    try:
        return await own.get(url, validators)
    except FetchError as error:
        return error


def outcome(result: Page | FetchError) -> Outcome:
    return result.outcome if isinstance(result, FetchError) else Outcome.OK


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def all_of(urls: Sequence[str], **settings: object) -> list[Page | FetchError]:
    """Every address with one client, in order."""

    async def work() -> list[Page | FetchError]:
        own = client(**settings)
        found = [await fetched(own, url) for url in urls]
        await own.aclose()
        return found

    return list(run(work()))


# A1, A2: time


@suite(
    "A1",
    "servers that hang, beside a tenth as many good ones: late < 5 s, memory < 300 MB, loop held < 100 ms",
    full=1_100,
    sample=44,
)
def hanging(tally: Tally) -> None:
    """The service in a process of its own; every server has an address of its own in 127.0.0.0/8. Each is a case."""
    good = tally.count // 11
    script = Path(__file__).with_name("hanging.py")
    seconds = 75 if tally.count == tally.full else 3
    done = subprocess.run(
        [sys.executable, str(script), str(tally.count - good), str(good), str(seconds), str(tally.folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        tally.check(False, done.stderr[-300:])
        return
    late, bad, memory, checks, hold = done.stdout.split()
    tally.note(
        f"latest {float(late):.2f} s, memory {int(memory) // 1_000_000} MB, loop held {float(hold) * 1e3:.0f} ms"
    )
    tally.note(f"{checks} good checks")
    tally.tried += tally.count - 2
    held = float(hold) > 0.1
    tally.check(
        float(late) < 5 and int(memory) < 300_000_000 and not held, f"late {late} s, memory {memory}, held {hold} s"
    )
    tally.check(bad == "0" and int(checks) >= good, f"{bad} good checks failed, {checks} made")


@suite("A2", "dripped heads, bodies, chunk sizes and handshakes meet the deadline", full=200, sample=8)
def dripping(tally: Tally) -> None:
    deadline = 30.0 * tally.share
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    ways: list[tuple[bytes, bytes]] = [
        (b"", head * 400),
        (head + b"Content-Length: 100000\r\n\r\n", b"<p>" * 30_000),
        (head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 10_000),
        (head + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 60_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000),
        (head + b"Content-Encoding: gzip\r\nContent-Length: 90000\r\n\r\n", zlib.compress(ARTICLE) * 90),
    ]
    pauses = [deadline / 3_000, deadline / 30, deadline / 3, deadline * 0.9]

    def script(way: int, pause: float) -> Script:
        first, rest = ways[way % len(ways)]
        return then(first, lambda wire: wire.drip(rest, pause)) if first else lambda wire: wire.drip(rest, pause)

    async def one(url: str) -> tuple[Outcome, float]:
        own = client(deadline=f"{deadline:.3f}s")
        started = time.monotonic()
        result = outcome(await fetched(own, url))
        await own.aclose()
        return result, time.monotonic() - started

    async def work(urls: Sequence[str]) -> list[tuple[Outcome, float]]:
        return await asyncio.gather(*map(one, urls))

    with ExitStack() as servers:
        urls = []
        for case in range(tally.count):
            if case % 8 == 7:  # something that never becomes a handshake
                server = servers.enter_context(FaultServer(Wire.hang, greeting=b"\x16\x03\x01\x02\x00"))
                urls.append(server.url().replace("http:", "https:"))
            else:
                server = servers.enter_context(FaultServer(script(case, pauses[case % len(pauses)])))
                urls.append(server.url())
        results = run(work(urls))
    worst = max(seconds for _, seconds in results)
    tally.note(f"longest {worst:.2f} s of {deadline:g} s")
    for url, (result, seconds) in zip(urls, results, strict=True):
        ended = {Outcome.TIMEOUT, Outcome.INCOMPLETE, Outcome.HTTP_ERROR}
        tally.check(result in ended and seconds < deadline + 1, (url, result, seconds))


# A3, A4: whole or not at all


@suite("A3", "a page of 20 kB cut at every byte is no page", full=20_000, sample=60)
def cut(tally: Tally) -> None:
    body = ARTICLE[:20_000].ljust(20_000)
    body = body[:-7] + b"</html>"
    random.seed(3)
    places = range(20_000) if tally.count == tally.full else random.sample(range(20_000), tally.count)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    ways = (
        (head + b"Content-Length: 20000\r\n\r\n", Wire.close),
        (head + b"Content-Length: 20000\r\n\r\n", Wire.reset),
        (head + b"Transfer-Encoding: chunked\r\n\r\n4e20\r\n", Wire.close),
        (head + b"\r\n", Wire.close),
    )

    def script(wire: Wire) -> None:
        place = int(wire.request.path[1:])
        first, end = ways[place % len(ways)]
        wire.send(first + body[:place])
        end(wire)

    with FaultServer(script) as server:
        for place, result in zip(places, all_of([server.url(f"/{place}") for place in places]), strict=True):
            tally.check(outcome(result) is Outcome.INCOMPLETE, (place, result))


@suite("A4", "compressed pages cut at any byte, with a bad sum or with something behind", full=5_000, sample=100)
def cut_gzip(tally: Tally) -> None:
    packed = gzip.compress(random.Random(4).randbytes(9_000) + ARTICLE)
    step = max(1, (len(packed) - 1) * 2 // tally.count)
    bodies = [packed[:place] for place in range(1, len(packed), step)]
    while len(bodies) < tally.count:
        place = len(bodies) % 8 + 1
        bodies.append(packed[:-place] + bytes([packed[-place] ^ 0x55]) + packed[len(packed) - place + 1 :])
        bodies.append(packed + bytes([len(bodies) % 255 + 1]) * (len(bodies) % 50 + 1))
    bodies = bodies[: tally.count]

    def script(wire: Wire) -> None:
        wire.send(reply(body=bodies[int(wire.request.path[1:])], headers=[("Content-Encoding", "gzip")]))

    with FaultServer(script) as server:
        for at, result in enumerate(all_of([server.url(f"/{at}") for at in range(len(bodies))])):
            tally.check(outcome(result) is Outcome.INCOMPLETE, (at, len(bodies[at]), result))


# A5, A6, A7: too much


def _bomb(size: int, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


@suite("A5", "bombs in pages, errors, redirects and robots.txt: memory + <= 64 MB", full=40, sample=8)
def bombs(tally: Tally) -> None:
    size = (1 << 30) if tally.count == tally.full else (1 << 26)
    packed = {"gzip": _bomb(size, 31), "deflate": _bomb(size, 15), "raw deflate": _bomb(size, -15)}
    double = gzip.compress(packed["gzip"])
    cases: list[tuple[dict[str, Script], bool]] = []
    for name, body in packed.items():
        encoding = [("Content-Encoding", name.split()[-1])]
        statuses = (200, 203, 301, 302, 400, 403, 404, 429, 500, 503)
        cases += [({"/": reply(status, body, encoding)}, False) for status in statuses]
        cases.append(({"/": reply(body=ARTICLE), "/robots.txt": reply(body=body, headers=encoding)}, True))
    chains = ("gzip, gzip", "gzip, deflate", "br", "zstd", ", ".join(["gzip"] * 100))
    cases += [({"/": reply(body=double, headers=[("Content-Encoding", chain)])}, False) for chain in chains]
    cases += [({"/": reply(body=body)}, False) for body in (b"a" * 11_000_000, b"\x1f\x8b" * 6_000_000)]
    cases = cases[:: max(1, len(cases) // tally.count)][: tally.count]
    worst, before = 0, resident()
    for scripts, robots in cases:
        results: list[Page | FetchError] = []
        with FaultServer(scripts) as server:
            grown = peak_memory(lambda: results.extend(all_of([server.url()], respect_robots=robots))) - before  # noqa: B023
        worst = max(worst, grown)
        small = isinstance(results[0], FetchError) or len(results[0].content) <= 10_000_000
        tally.check(grown <= 64 << 20 and small, (grown, results[0]))
    tally.note(f"memory + {worst >> 20} MB at most")


@suite("A6", "bodies without end stop at 10 MB: memory + <= 32 MB, <= 2 s", full=12, sample=4)
def endless(tally: Tally) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    block = b"<p>news</p>" * 6_000
    chunk = b"%x\r\n%s\r\n" % (len(block), block)
    ways: list[Script] = [
        then(head + b"\r\n", lambda wire: wire.pour(block)),
        then(head + b"Transfer-Encoding: chunked\r\n\r\n", lambda wire: wire.pour(chunk)),
        then(head + b"Content-Length: 10000000000\r\n\r\n", lambda wire: wire.pour(block)),
        then(head + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n", lambda wire: wire.pour(chunk)),
    ]
    worst, longest, before = 0, 0.0, resident()
    for case in range(tally.count):
        results: list[Page | FetchError] = []
        with FaultServer(ways[case % len(ways)]) as server:
            began = time.monotonic()
            grown = peak_memory(lambda: results.extend(all_of([server.url()]))) - before  # noqa: B023
            seconds = time.monotonic() - began
        worst, longest = max(worst, grown), max(longest, seconds)
        stopped = outcome(results[0]) in (Outcome.TOO_LARGE, Outcome.HTTP_ERROR, Outcome.INCOMPLETE)
        tally.check(
            stopped and grown <= 32 << 20 and seconds <= 2 * max(1.0, 0.2 / tally.share), (results, grown, seconds)
        )
    tally.note(f"memory + {worst >> 20} MB, {longest:.1f} s at most")


@suite("A7", "heads that are no HTTP, or have no end", full=100, sample=20)
def heads(tally: Tally) -> None:
    ok = b"HTTP/1.1 200 OK\r\n"
    end = b"\r\n\r\n<html>x</html>"
    rng = random.Random(7)
    ways: list[Callable[[], Script]] = [
        lambda: then(ok, lambda wire: wire.pour(b"X-A: " + b"b" * 900 + b"\r\n")),
        lambda: then(ok + b"X-A: ", lambda wire: wire.pour(b"b" * 65_536)),
        lambda: ok + b"".join(b"Set-Cookie: a%d=%s\r\n" % (n, b"c" * 40) for n in range(10_000)) + end,
        lambda: ok + b"no colon here\r\n" + end,
        lambda: ok + b"X-A: a\x00b\r\n" + end,
        lambda: ok + b": empty\r\n" + end,
        lambda: b"HTTP/9.9 200 OK\r\n" + end,
        lambda: b"HTTP/1.1 99999 Odd\r\n" + end,
        lambda: rng.randbytes(rng.randrange(1, 3_000)) + end,
        lambda: ok + b"Content-Length: " + rng.choice([b"-1", b"1e9", b"0x10", b"9" * 40, b"1, 2"]) + end,
    ]
    for case in range(tally.count):
        with FaultServer(ways[case % len(ways)]()) as server:
            (result,) = all_of([server.url()], deadline="5s")
        tally.check(isinstance(result, FetchError), (case % len(ways), result))


# A8, A11, A12: where to, and who it is


@suite("A8", "redirects: loops, chains, other schemes, private addresses, downgrades", full=60, sample=20)
def redirects(tally: Tally) -> None:
    nowhere = [
        "file:///etc/passwd",
        "ftp://x/",
        "gopher://x/",
        "data:text/html,x",
        "javascript:alert(1)",
        "mailto:a@b.c",
    ]
    private = [
        "http://127.0.0.2:{port}/",
        "http://[::1]:{port}/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "//0:{port}/",
    ]
    private += [
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://2130706434:{port}/",
        "http://127.2:{port}/",
        "http://192.168.1.1/",
    ]
    with FaultServer(reply(body=ARTICLE), host="127.0.0.2") as canary, FaultServer({}) as server:
        targets = [*nowhere, *(one.format(port=canary.port) for one in private), "/loop", "http://x:99999/"]
        scripts: dict[str, Script] = {"/loop": redirect("/loop"), "/a": redirect("/b"), "/b": redirect("/a")}
        for hop in range(21):
            scripts[f"/chain{hop}"] = redirect(f"/chain{hop + 1}")
        statuses = (301, 302, 303, 307, 308)
        urls = ["/a", "/chain0", "/chain14"]
        for case in range(tally.count - len(urls)):
            scripts[f"/to{case}"] = redirect(targets[case % len(targets)], statuses[case % len(statuses)])
            urls.append(f"/to{case}")
        server.scripts = scripts
        for url, result in zip(urls, all_of([server.url(path) for path in urls]), strict=True):
            refused = {Outcome.REDIRECT, Outcome.FORBIDDEN_ADDRESS, Outcome.DNS}
            tally.check(outcome(result) in refused, (url, scripts[url], result))
        tally.check(canary.connections == 0, f"{canary.connections} connections to the canary")
        tally.note(f"{canary.connections} connections to the canary")


@suite("A11", "certificates that are expired, of others, of nobody; old protocols; no TLS at all", full=20, sample=10)
def certificates(tally: Tally) -> None:
    ca, stranger = trustme.CA(), trustme.CA()
    ca_file = tally.folder / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)

    def context(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names, **options).configure_cert(made)
        return made

    def old(most: int) -> ssl.SSLContext:
        made = context(ca, "127.0.0.1")
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            made.maximum_version = ssl.TLSVersion(most)
        return made

    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    good = context(ca, "127.0.0.1")
    ways: list[Callable[[], ssl.SSLContext | None]] = [
        lambda: context(stranger, "127.0.0.1"),
        lambda: context(ca, "other.example"),
        lambda: context(ca, "127.0.0.1", not_after=past),
        lambda: context(ca, "127.0.0.2"),
        lambda: context(ca, "*.example"),
        lambda: context(stranger.create_child_ca(), "127.0.0.1"),
        lambda: None,
        lambda: context(ca, "127.0.0.1", not_before=future, not_after=future.replace(year=2091)),
        lambda: old(0x0302),
        lambda: old(0x0301),
    ]
    for case in range(tally.count - 1):
        tls = ways[case % len(ways)]()
        with FaultServer(reply(body=ARTICLE), tls=tls, greeting=b"" if tls else b"220 mail\r\n") as server:
            url = server.url().replace("http:", "https:")
            (result,) = all_of([url], ca_file=ca_file)
            asked = len(server.requests)
        tally.check(
            outcome(result) is Outcome.TLS and not (case % len(ways) != 6 and asked), (case % len(ways), result)
        )
    with FaultServer(reply(body=ARTICLE), tls=good) as server:
        tally.check(outcome(all_of([server.url()], ca_file=ca_file)[0]) is Outcome.OK, "the good one is refused")


@suite("A12", "names whose answers change, mix or take long: no private address is dialled", full=1_000, sample=50)
def rebinding(tally: Tally) -> None:
    rng = random.Random(12)
    public = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "1.1.1.1"]
    with FaultServer(reply(body=ARTICLE), host="127.0.0.2") as canary:
        private = [
            "127.0.0.2",
            "::ffff:127.0.0.2",
            "10.1.2.3",
            "169.254.169.254",
            "fe80::1",
            "100.64.0.1",
            "64:ff9b::7f00:2",
        ]
        asked = [0]

        async def resolve(host: str, port: int) -> Sequence[str]:
            """Public to whoever only checks, private to whoever dials; or both at once."""
            asked[0] += 1
            if "mixed" in host:
                return rng.sample([*rng.sample(public, 2), rng.choice(private)], 3)
            if "hundred" in host:
                return [*(f"93.184.{n}.1" for n in range(99)), rng.choice(private)]
            if "nobody" in host:
                raise OSError("no such name")
            return [rng.choice(private)]

        async def work() -> None:
            own = client(resolve, deadline="2s")
            for case in range(tally.count):
                kind = ("mixed", "hundred", "nobody", "rebound")[case % 4]
                result = await fetched(own, f"http://{kind}{case}.example:{canary.port}/")
                good = Outcome.DNS if kind == "nobody" else Outcome.FORBIDDEN_ADDRESS
                tally.check(outcome(result) is good, (kind, result))
            await own.aclose()

        run(work())
        tally.check(canary.connections == 0, f"{canary.connections} connections to the canary")
        tally.note(f"{canary.connections} connections to the canary, {asked[0]:,} look-ups")


# A9, A10, A13: what is said beside the page


@suite("A9", "labels of the encoding flip: the text stays", full=1_000, sample=60)
def labels(tally: Tally) -> None:
    texts = {
        "utf-8": "smart ist nun in 39 Märkten vertreten – größer denn je, sagt Zoë.",
        "cp1252": "smart ist nun in 39 Märkten vertreten und wächst über Österreich hinaus.",
        "gb18030": "smart精灵品牌目前已进入全球三十九个国家和地区市场，未来还将继续拓展更多的海外市场。" * 3,
        "utf-16-le": "smart ist nun in 39 Märkten vertreten.",
    }
    flips = [
        "utf-8",
        "iso-8859-1",
        "windows-1252",
        "us-ascii",
        "utf-7",
        "x-unknown",
        "",
        "UTF8",
        "latin1",
        "gb2312",
        "gbk",
    ]
    rng = random.Random(9)
    source = replace(newsroom(), brand=None)

    def read(encoding: str, header: str, meta: str) -> str:
        head = f'<head><meta charset="{meta}"><title>t</title></head>'
        html = f"<html>{head}<body><article><p>{texts[encoding]}</p></article></body></html>"
        kind = f"text/html; charset={header}" if header else "text/html"
        page = Page(
            url=SITE, requested_url=SITE, status=200, content=html.encode(encoding), content_type=kind, fetched_at=NOW
        )
        return read_page(page, source, Link(url=SITE)).text

    for _ in range(tally.count):
        encoding = rng.choice(list(texts))
        # an Asian label on a Western page is a claim that only a reader of the language could refute
        usable = [one for one in flips if encoding != "cp1252" or not one.startswith("gb")]
        header, meta = rng.choice(usable), rng.choice(usable)
        try:
            found = read(encoding, header, meta)
        except ReadError as error:
            found = error.reason
        tally.check(texts[encoding][:30] in found, (encoding, header, meta, found[:80]))


@suite("A10", "Retry-After in every spelling: never asked sooner, never later than a day", full=50, sample=20)
def retry_after(tally: Tally) -> None:
    rng = random.Random(10)
    spellings: list[Callable[[], tuple[str, timedelta]]] = [
        lambda: (str(seconds := rng.randrange(1, 80_000)), timedelta(seconds=seconds)),
        lambda: (
            (format_datetime(NOW + timedelta(hours=hours), usegmt=True), timedelta(hours=hours))
            if (hours := rng.randrange(1, 24))
            else ("", timedelta())
        ),
        lambda: (format_datetime(NOW - timedelta(days=3), usegmt=True), timedelta()),
        lambda: (str(10 * 365 * 86_400), timedelta(days=1)),
        lambda: ("-5", timedelta()),
        lambda: (rng.choice(["soon", "", "1e9", "٣", "nan", "Wed, 99 Foo 2026"]), timedelta()),
    ]
    for case in range(tally.count):
        status = (429, 503)[case % 2]
        spelling, asked = spellings[case % len(spellings)]()
        error = refusal(status, {"retry-after": spelling}, NOW)
        with Watch(tally.folder, newsroom(name=f"s{case}", every=timedelta(minutes=5)), seed=case) as watch:
            watch.now = NOW
            watch.web.everywhere = error
            watch.check()
            watch.history.sync_sources([watch.source], NOW)  # the service starts anew
            early = watch.history.due(NOW + max(asked - timedelta(seconds=1), timedelta()), 10)
            late = watch.history.due(NOW + timedelta(days=1, seconds=1), 10)
        tally.check(early == [] and late == [watch.source.name], (status, spelling, early, late))
        (tally.folder / "watch.db").unlink()


@suite(
    "A13",
    "304 unasked, tags that change, dates of the future: asked only with a body kept",
    full=30,
    sample=10,
)
def conditional(tally: Tally) -> None:
    rng = random.Random(13)
    page = front(range(20)).encode()
    for case in range(tally.count):
        tags = [("ETag", rng.choice(['"a"', 'W/"a"', f'"{case}"', '""', '"\x7f"']))]
        tags += [
            (
                "Last-Modified",
                rng.choice(["Fri, 01 Jan 2100 00:00:00 GMT", "yesterday", "Mon, 02 Mar 2026 09:00:00 GMT"]),
            )
        ]
        with (
            FaultServer({"/": reply(body=page, headers=tags)}) as server,
            Watch(tally.folder, newsroom(url=server.url())) as watch,
        ):

            async def check(asked: Validators | None) -> Page | FetchError:
                own = client()
                result = await fetched(own, server.url(), asked)
                await own.aclose()
                return result

            first = run(check(None))
            server.scripts = {"/": reply(304)}
            unasked = run(check(None))
            kept = watch.history.memory(watch.source.name, NOW).validators  # nothing is kept yet
            again = run(check(first.validators if isinstance(first, Page) else None))
            named = isinstance(first, Page) and bool(first.validators.etag or first.validators.last_modified)
            good = outcome(unasked) is Outcome.HTTP_ERROR and kept is None
            tally.check(good and (outcome(again) is Outcome.OK) == named, (tags, unasked, kept, again))
        (tally.folder / "watch.db").unlink()


# A14, A15, A16: what sites do

_BLANK = "<html><head><title>Newsroom</title></head><body><main></main></body></html>"
_TEXTS = {
    "maintenance": "We are down for maintenance. We will be back soon.",
    "soft 404": "404. The page you are looking for does not exist.",
    "consent": "Before you continue: we and our partners use cookies. Accept all. Reject all. Manage options.",
    "challenge": "Just a moment. Checking your browser before you proceed. Enable JavaScript and cookies to continue.",
    "login": 'Please log in to continue. <form><input name="user"><input type="password"></form>',
    "default": "Welcome to nginx! If you see this page, the web server is successfully installed and working.",
    "suspended": "This account has been suspended. Contact your hosting provider for more information.",
}


def outages() -> list[Answer]:
    walls = [
        f"<html><head><title>{text.split('.')[0]}</title></head><body><h1>{text.split('.')[0]}</h1><p>{text}</p></body></html>"
        for text in _TEXTS.values()
    ]
    stranger = front(range(20)).replace("smart", "NIO").replace("/news/NIO", "/news/smart")
    failures = [
        FetchError(Outcome.HTTP_ERROR, "HTTP 500"),
        FetchError(Outcome.TIMEOUT, "timed out after 30 s"),
        FetchError(Outcome.GONE, "HTTP 404: there is no such page"),
        FetchError(Outcome.INCOMPLETE, "the connection was lost before the answer was complete"),
        FetchError(Outcome.TLS, "the certificate is not valid: expired"),
    ]
    return [*walls, _BLANK, front([]), front([3]), stranger, *failures]


@suite(
    "A14a",
    "scripts of outages: nothing deleted or changed, one notice, one when it is over",
    full=1_000,
    sample=16,
)
def outage_scripts(tally: Tally) -> None:
    told = 0
    for case in range(tally.count):
        rng = random.Random(case)
        hours = rng.choice([0.25, 1, 6])
        source = newsroom(every=timedelta(hours=hours))
        interval = source.every or timedelta(0)
        with Watch(tally.folder, source, seed=case) as watch:
            publish(watch.web, range(20))
            watch.last(4 * interval)
            believed = _believed(watch)
            watch.changes.clear()
            expected: list[Turn] = []
            began = watch.now
            length = rng.choice([0.5, 1, 4, 8]) * interval
            answer = rng.choice(outages())
            if rng.random() < 0.5:  # the list alone, or everything
                front_page = watch.web.pages[source.url]
                watch.web.pages[source.url] = answer
                watch.until(began + length)
                watch.web.pages[source.url] = front_page
            else:
                watch.web.everywhere = answer
                watch.until(began + length)
                watch.web.everywhere = None
            if length >= 4 * interval:
                expected = [Turn.TROUBLE, Turn.WELL]
            publish(watch.web, range(1, 22))  # life goes on
            watch.last(20 * interval)
            notices = [notice.turn for notice in watch.notices]
            told += len(notices)
            same = watch.changes == [] and _believed(watch) == believed
            read = any("number-21" in row["url"] for row in watch.history.queries.documents())
            good = same and notices == expected and watch.health == "ok" and read
            tally.check(good, (case, str(answer)[:60], hours, length, notices, expected, watch.changes, watch.health))
        (tally.folder / "watch.db").unlink()
    tally.note(f"{told:,} notices")


def _believed(watch: Watch) -> list[tuple[str, str]]:
    return [(row["subject"], row["value"]) for row in watch.history._store.db.query("SELECT subject, value FROM state")]


@suite("A14b", "lists that are really emptied are reported within three intervals", full=200, sample=8)
def deletions(tally: Tally) -> None:
    for case in range(tally.count):
        rng = random.Random(case)
        interval = timedelta(hours=rng.choice([0.25, 1, 6]))
        with Watch(tally.folder, newsroom(every=interval), seed=case) as watch:
            publish(watch.web, range(rng.choice([12, 20, 40])))
            watch.last(4 * interval)
            began = watch.now
            publish(watch.web, range(rng.randrange(3)))
            watch.until(began + 3.1 * interval)
            (told,) = watch.notices or [None]
            tally.check(told is not None and told.told_at - began <= 3.1 * interval, (case, interval, told))
        (tally.folder / "watch.db").unlink()


def _mutants(rng: random.Random, page: str) -> str:
    """The same news in another dress."""
    cards = page.split('<article class="card">')
    head, *items = cards
    tail = items[-1][items[-1].index("</article>") + 10 :]
    items = [item[: item.index("</article>") + 10] for item in items]
    for change in rng.sample(range(8), rng.randrange(1, 5)):
        if change == 0:
            rng.shuffle(items)
        elif change == 1:
            items = [item.replace('datetime="2026-02', 'datetime="2026-03') for item in items]
        elif change == 2:
            items = [item.replace('">smart', f'?utm_source=x{rng.random()}&fbclid=1">smart') for item in items]
        elif change == 3:
            items = [item.replace('href="/news', f'href="{SITE}/news') for item in items]
        elif change == 4:
            items = [item.replace(" ", rng.choice(["  ", " \n"]), 1) for item in items]
        elif change == 5:
            items.insert(rng.randrange(len(items)), '<div class="ad"><a href="https://ads.example/x">Buy now</a></div>')
        elif change == 6:
            items.append(rng.choice([item for item in items if "<article" not in item] or items))
        else:
            items = items[rng.randrange(3) :]
    return head + "".join(f'<article class="card">{item}' if item[12:14] != "ad" else item for item in items) + tail


@suite("A15", "the same news in another order, dress and address: no alert", full=10_000, sample=60, allowed=1)
def mutants(tally: Tally) -> None:
    rng = random.Random(15)
    with Watch(tally.folder, newsroom(every=timedelta(minutes=15))) as watch:
        publish(watch.web, range(20))
        watch.last(timedelta(hours=1))
        good = watch.web.pages[watch.source.url]
        assert isinstance(good, str)
        watch.changes.clear()
        for _ in range(tally.count):
            watch.web.pages[watch.source.url] = _mutants(rng, good)
            if rng.random() < 0.1:  # an article in another dress
                at = f"{SITE}/news/smart-takes-step-number-{rng.randrange(20)}"
                text = str(watch.web.pages[at])
                watch.web.pages[at] = text.replace("<nav>", f"<nav><!-- {rng.random()} -->", 1)
            known = len(watch.changes)
            seen = watch.check()
            tally.check(
                len(watch.changes) == known and seen.outcome.good, (seen.outcome, seen.reason, watch.changes[-1:])
            )
        others = [told for told in watch.notices if not told.reason.startswith("nothing new since")]  # months of it
        tally.check(others == [], others)


@suite("A16", "a redesign: the same news under new addresses is no news, and nothing is lost", full=10_000, sample=40)
def redesign(tally: Tally) -> None:
    """Sites of twenty articles each, so many that the articles are the figure."""
    sites = max(1, tally.count // 20)
    for case in range(sites):
        with Watch(tally.folder, newsroom(), seed=case) as watch:
            publish(watch.web, range(20))
            watch.last(timedelta(hours=2))
            watch.changes.clear()
            before = len(watch.history.queries.documents())
            old = dict(watch.web.pages)
            watch.web.pages.clear()
            for url, page in old.items():
                watch.web.pages[url.replace("/news/smart-", "/stories/2026/smart-")] = str(page).replace(
                    "/news/smart-", "/stories/2026/smart-"
                )
            watch.last(timedelta(hours=12))
            rows = watch.history.queries.documents()
            articles = {row[0] for row in watch.history._store.db.execute("SELECT DISTINCT article FROM document")}
            good = watch.changes == [] and watch.notices == [] and len(rows) >= before and len(articles) == before
            for _ in range(20):
                tally.check(good, (case, len(rows), before, len(articles), watch.changes[:1]))
        (tally.folder / "watch.db").unlink()
