"""The client against servers that lie, stall, cut and bomb: groups A and B of the faults, a sample of each row."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import trustme
from faultserver import FaultServer, Script, Wire, chunked, gzipped, redirect, reply, then

from monitor.answers import LONGEST_WAIT, retry_after
from monitor.errors import ConfigError, FetchError
from monitor.models import Outcome, Page, Validators
from monitor.scrapers import Client
from monitor.scrapers.bodies import Body
from monitor.scrapers.links import canonical
from monitor.scrapers.turns import Turn
from monitor.settings import HttpSettings

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAGE = b"<!doctype html><html><body><h1>39 markets</h1>" + b"<p>words of the page</p>" * 50 + b"</body></html>"
BIG = 200_000


def settings(**changed: object) -> HttpSettings:
    given = {
        "allow_private_networks": ["127.0.0.0/8"],
        "per_host_delay": "0s",
        "respect_robots": False,
        "max_body": "200KB",
    }
    return HttpSettings.model_validate(given | changed)


def fetch(url: str, validators: Validators | None = None, *, of: HttpSettings | None = None) -> Page:
    """One fetch by a client of its own."""

    async def run() -> Page:
        client = Client(of or settings(deadline="10s"), clock=lambda: NOW)
        try:
            return await client.get(url, validators)
        finally:
            await client.aclose()

    return asyncio.run(run())


def failure(script: Script | Mapping[str, Script], path: str = "/", *, of: HttpSettings | None = None) -> FetchError:
    """The error that fetching `path` of such a server ends in."""
    with FaultServer(script) as server, pytest.raises(FetchError) as caught:
        fetch(server.url(path), of=of)
    assert caught.value.reason
    assert "\n" not in caught.value.reason
    return caught.value


def test_a_page_comes_whole_with_what_the_server_said_about_it() -> None:
    headers = [("ETag", 'W/"1"'), ("Last-Modified", "Mon, 05 Jan 2026 08:00:00 GMT")]
    with FaultServer({"/news?a=1": reply(body=PAGE, headers=headers)}) as server:
        page = fetch(server.url("/news?a=1"))
    assert (page.status, page.content, page.fetched_at) == (200, PAGE, NOW)
    assert page.content_type == "text/html; charset=utf-8"
    assert page.validators == Validators('W/"1"', "Mon, 05 Jan 2026 08:00:00 GMT")
    assert page.url == page.requested_url == server.url("/news?a=1")
    assert page.moved_to is None
    sent = server.requests[0].headers
    assert sent["accept-encoding"] == "gzip, deflate"
    assert sent["user-agent"].startswith("brand-monitor/")
    assert "cookie" not in sent


@pytest.mark.parametrize(
    "answer",
    [
        gzipped(PAGE),
        chunked(PAGE, 7),
        reply(body=zlib.compress(PAGE), headers=[("Content-Encoding", "deflate")]),
        reply(body=zlib.compress(PAGE)[2:-4], headers=[("Content-Encoding", "deflate")]),  # raw, as some servers do
        reply(body=gzip.compress(PAGE[:99]) + gzip.compress(PAGE[99:]), headers=[("Content-Encoding", "x-gzip")]),
        reply(body=PAGE, headers=[("Content-Encoding", "identity")]),
        reply(body=PAGE, headers=[("Content-Encoding", "UTF-8")]),
        reply(body=PAGE, headers=[("Content-Encoding", "none")]),
    ],
)
def test_every_way_of_packing_that_was_asked_for_is_unpacked(answer: bytes) -> None:
    with FaultServer(answer) as server:
        assert fetch(server.url()).content == PAGE


RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>'
CACHED = b"\n<!-- cached by WP -->\n<!--\n" + b"Performance optimized by a cache. " * 10 + b"\n-->\n"


@pytest.mark.parametrize("body", [PAGE, PAGE + CACHED, RSS, RSS + CACHED])
@pytest.mark.parametrize("encoding", [[], [("Content-Encoding", "identity")]])
def test_a_body_without_length_counts_when_it_shows_its_end(body: bytes, encoding: list[tuple[str, str]]) -> None:
    with FaultServer(then(reply(body=body, headers=encoding, length=False), Wire.close)) as server:
        assert fetch(server.url()).content == body


@pytest.mark.parametrize("encoding", ["identity", "utf-8", ""])
@pytest.mark.parametrize("body", [PAGE[:-40], PAGE[:-40] + CACHED, RSS[:-6] + CACHED, PAGE + b"-->" + PAGE[:-40]])
def test_a_page_that_is_cut_is_none_whatever_label_names_no_packing(body: bytes, encoding: str) -> None:
    answer = reply(body=body, headers=[("Content-Encoding", encoding)], length=False)
    assert failure(then(answer, Wire.close)).outcome is Outcome.INCOMPLETE


def test_a_packed_body_without_length_shows_its_own_end() -> None:
    unended = PAGE.removesuffix(b"</html>")
    answer = reply(body=gzip.compress(unended), headers=[("Content-Encoding", "gzip")], length=False)
    with FaultServer(then(answer, Wire.close)) as server:
        assert fetch(server.url()).content == unended


# A1, A2: a server that does not come to an end


@pytest.mark.parametrize(
    "script",
    [
        Wire.hang,
        then(reply(body=PAGE)[:60], Wire.hang),
        then(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Wire.hang),
        lambda wire: wire.drip(reply(body=PAGE), 0.02),
        then(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", lambda wire: wire.drip(b"1\r\nx\r\n" * 99, 0.02)
        ),
        lambda wire: wire.pour(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
)
def test_the_deadline_is_of_the_whole_fetch(script: Script) -> None:
    error = failure(script, of=settings(deadline="0.3s"))
    assert (error.outcome, error.reason) == (Outcome.TIMEOUT, "timed out after 0.3 s")


def test_a_tls_handshake_that_never_ends_meets_the_deadline() -> None:
    with FaultServer(Wire.hang) as server, pytest.raises(FetchError) as caught:
        fetch(server.url().replace("http:", "https:"), of=settings(deadline="0.3s"))
    assert caught.value.outcome is Outcome.TIMEOUT


def test_a_hanging_host_holds_up_no_other() -> None:
    async def run(bad: FaultServer, good: FaultServer) -> tuple[Page, object]:
        client = Client(settings(deadline="2s"), clock=lambda: NOW)
        stuck = asyncio.create_task(client.get(bad.url()))
        page = await client.get(good.url())
        still_stuck = not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        await client.aclose()
        return page, still_stuck

    with FaultServer(Wire.hang) as bad, FaultServer(reply(body=PAGE)) as good:
        page, still_stuck = asyncio.run(run(bad, good))
    assert page.content == PAGE
    assert still_stuck


# A3, A4: cut short


@pytest.mark.parametrize("answer", [reply(body=PAGE), chunked(PAGE, 300), reply(body=PAGE, length=False)])
@pytest.mark.parametrize("end", [Wire.reset, Wire.close])
def test_a_page_that_is_cut_anywhere_is_no_page(answer: bytes, end: Callable[[Wire], None]) -> None:
    for cut in (*range(1, len(answer) - 8, 211), len(answer) - 8, len(answer) - 1):
        assert failure(then(answer[:cut], end)).outcome is Outcome.INCOMPLETE, cut


def test_a_connection_that_ends_without_an_answer_is_incomplete() -> None:
    assert failure(Wire.close).outcome is Outcome.INCOMPLETE
    assert failure(Wire.reset).outcome is Outcome.INCOMPLETE


def test_a_compressed_page_that_is_cut_or_damaged_is_no_page() -> None:
    packed = gzip.compress(PAGE)
    bad_crc = packed[:-8] + b"\x00\x00\x00\x00" + packed[-4:]
    for body in (*(packed[:cut] for cut in range(1, len(packed), 17)), bad_crc, packed + b"rubbish", b"no gzip"):
        answer = reply(body=body, headers=[("Content-Encoding", "gzip")])
        assert failure(answer).outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize(
    "body", [b'{"version": "https://jsonfeed.org', b"<?xml version='1.0'?><rss><channel></channel>"]
)
def test_data_without_length_and_end_is_incomplete(body: bytes) -> None:
    error = failure(then(reply(body=body, length=False, kind="application/xml"), Wire.close))
    assert error.outcome is Outcome.INCOMPLETE


# A5, A6: too much


@cache
def bomb() -> bytes:
    return gzip.compress(bytes(50_000_000), 6)


def test_bombs_stop_at_the_bound() -> None:
    packed = bomb()
    assert failure(reply(body=packed, headers=[("Content-Encoding", "gzip")])).outcome is Outcome.TOO_LARGE
    deflated = zlib.compress(bytes(5_000_000))
    assert failure(reply(body=deflated, headers=[("Content-Encoding", "deflate")])).outcome is Outcome.TOO_LARGE
    many = gzip.compress(b"") * 5_000
    assert failure(reply(body=many, headers=[("Content-Encoding", "gzip")])).outcome is Outcome.INCOMPLETE


def test_a_bomb_gives_no_more_than_a_step_beyond_the_bound() -> None:
    body = Body("gzip", 100_000)
    with pytest.raises(FetchError):
        body.feed(bomb())
    assert len(body._content) <= 100_000 + (1 << 20)


@pytest.mark.parametrize("status", [301, 404, 500])
def test_bombs_in_answers_that_are_no_page_are_not_even_read(status: int) -> None:
    answer = reply(status, bomb()[:40_000], [("Content-Encoding", "gzip"), ("Location", "/")])
    assert failure(answer).outcome in (Outcome.REDIRECT, Outcome.GONE, Outcome.HTTP_ERROR)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, deflate, br", "x-unknown"])
def test_packing_that_was_not_asked_for_fails_with_its_name(encoding: str) -> None:
    error = failure(reply(body=PAGE, headers=[("Content-Encoding", encoding)]))
    assert error.outcome is Outcome.DECODE_ERROR
    assert encoding in error.reason


def test_endless_bodies_stop_at_the_bound() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert failure(then(head, lambda wire: wire.pour(b"400\r\n" + b"x" * 1024 + b"\r\n"))).outcome is Outcome.TOO_LARGE
    assert failure(then(b"HTTP/1.1 200 OK\r\n\r\n", lambda wire: wire.pour(b"x" * 4096))).outcome is Outcome.TOO_LARGE
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
    error = failure(then(long, Wire.hang))  # not one byte of it is awaited
    assert (error.outcome, error.reason) == (Outcome.TOO_LARGE, "larger than 200,000 bytes")


# A7: heads


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(30_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: a=b; Path=/\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_heads_that_are_no_http_fail_in_words(head: bytes) -> None:
    error = failure(then(head, Wire.close))
    assert error.outcome in (Outcome.HTTP_ERROR, Outcome.INCOMPLETE)


# A8: redirects


def test_redirects_are_followed_five_times_and_a_permanent_move_is_told() -> None:
    hops: dict[str, Script] = {f"/{n}": redirect(f"/{n + 1}", 301 if n % 2 else 308) for n in range(6)}
    with FaultServer(hops | {"/5": reply(body=PAGE)}) as server:
        page = fetch(server.url("/0"))
    assert page.url == page.moved_to == server.url("/5")
    assert page.requested_url == server.url("/0")
    assert failure(hops | {"/6": reply(body=PAGE)}, "/0").reason == "more than 5 redirects"


def test_a_move_that_is_not_for_good_at_every_hop_is_none() -> None:
    with FaultServer({"/a": redirect("/b", 301), "/b": redirect("c", 302), "/c": reply(body=PAGE)}) as server:
        page = fetch(server.url("/a"))
    assert (page.url, page.moved_to) == (server.url("/c"), None)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:70/",
        "data:text/html,x",
        "javascript:alert(1)",
        "http://",
        "http://127.0.0.1:99999/",
        "http://[::1",
        "http://a\u00ff..b/",
        "http://xn--/",
    ],
)
def test_redirects_to_no_web_address_are_refused(location: str) -> None:
    assert failure(redirect(location)).outcome is Outcome.REDIRECT


def test_loops_end() -> None:
    error = failure({"/a": redirect("/b"), "/b": redirect("/a")}, "/a")
    assert error.outcome is Outcome.REDIRECT


def test_no_cookie_and_no_credentials_travel() -> None:
    answer = reply(302, headers=[("Location", "/b"), ("Set-Cookie", "session=1; Path=/")])
    with FaultServer({"/a": answer, "/b": reply(body=PAGE, headers=[("Set-Cookie", "x=y")])}) as server:

        async def run() -> Page:
            client = Client(settings(), clock=lambda: NOW)
            await client.get(server.url("/a").replace("http://", "http://user:hunter2@"))
            page = await client.get(server.url("/a").replace("http://", "http://user:hunter2@"))
            await client.aclose()
            return page

        page = asyncio.run(run())
    assert len(server.requests) == 4
    assert not any({"cookie", "authorization"} & set(request.headers) for request in server.requests)
    assert "hunter2" not in repr(page)


@pytest.mark.parametrize("path", ["/gone", "/stall", "/jump", "/cut"])
def test_no_error_names_the_credentials_of_an_address(path: str) -> None:
    scripts: dict[str, Script] = {
        "/stall": Wire.hang,
        "/jump": redirect("ftp://user:hunter2@x/"),
        "/cut": then(reply(body=PAGE)[:99], Wire.close),
    }
    with FaultServer(scripts) as server, pytest.raises(FetchError) as caught:
        fetch(server.url(path).replace("http://", "http://user:hunter2@"), of=settings(deadline="0.3s"))
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.reason}"


# A10: statuses and waits


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (403, Outcome.HTTP_ERROR, "HTTP 403: it refuses this client"),
        (404, Outcome.GONE, "HTTP 404: there is no such page"),
        (410, Outcome.GONE_FOR_GOOD, "HTTP 410: the page is gone for good"),
        (429, Outcome.RATE_LIMITED, "HTTP 429: too many requests"),
        (451, Outcome.HTTP_ERROR, "HTTP 451: withheld for legal reasons"),
        (500, Outcome.HTTP_ERROR, "HTTP 500: internal server error"),
        (503, Outcome.HTTP_ERROR, "HTTP 503: not available at the moment"),
        (999, Outcome.HTTP_ERROR, "HTTP 999: a status that no standard knows"),
        (204, Outcome.HTTP_ERROR, "HTTP 204: no content"),
        (206, Outcome.HTTP_ERROR, "HTTP 206: partial content"),
        (304, Outcome.HTTP_ERROR, "HTTP 304: not modified"),
        (302, Outcome.HTTP_ERROR, "HTTP 302: found"),
    ],
)
def test_every_status_but_a_page_is_an_outcome_with_words(status: int, outcome: Outcome, words: str) -> None:
    error = failure(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
    assert (error.outcome, error.reason, error.retry_after) == (outcome, words, None)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Mon, 05 Jan 2026 09:01:00 GMT", timedelta(seconds=60)),
        ("Mon, 05 Jan 2026 08:00:00 GMT", None),
        ("Mon, 05 Jan 2036 08:00:00 GMT", LONGEST_WAIT),
        ("99999999999999999999999", LONGEST_WAIT),
        ("9" * 6_000, LONGEST_WAIT),
        ("0", None),
        ("-5", None),
        ("1e9", None),
        ("soon", None),
        ("Mon, 99 Foo 2026", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_long(value: str | None, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


def test_a_host_that_wants_a_pause_is_not_asked_again() -> None:
    with FaultServer(reply(503, headers=[("Retry-After", "120")])) as server:

        async def run() -> list[FetchError]:
            client = Client(settings(), clock=lambda: NOW)
            errors = []
            for path in ("/a", "/b"):
                with pytest.raises(FetchError) as caught:
                    await client.get(server.url(path))
                errors.append(caught.value)
            await client.aclose()
            return errors

        first, second = asyncio.run(run())
    assert server.paths == ["/a"]
    assert first.outcome is second.outcome is Outcome.RATE_LIMITED
    assert first.retry_after == timedelta(seconds=120)
    assert second.retry_after is not None
    assert second.retry_after <= timedelta(seconds=120)


# A13: asking again cheaply


def test_304_counts_only_when_asked_for() -> None:
    answer = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
    with FaultServer(answer) as server:
        page = fetch(server.url(), Validators(etag='"1"', last_modified="Mon, 05 Jan 2026 08:00:00 GMT"))
        for nothing in (None, Validators()):
            with pytest.raises(FetchError):
                fetch(server.url(), nothing)
    assert page.unchanged
    assert page.content == b""
    sent = server.requests[0].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Mon, 05 Jan 2026 08:00:00 GMT")
    assert "if-none-match" not in server.requests[1].headers


def test_validators_that_cannot_be_sent_back_are_left_out() -> None:
    with FaultServer(reply(body=PAGE, headers=[("ETag", '"\u00e4"'), ("Last-Modified", "x" * 2_000)])) as server:
        assert fetch(server.url()).validators == Validators()


# A11, A12: TLS and names


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def serving(authority: trustme.CA, *names: str, **given: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **given).configure_cert(context)  # type: ignore[arg-type]
    return context


def test_a_private_authority_can_be_trusted_and_nothing_else_is(authority: trustme.CA, ca_file: Path) -> None:
    with FaultServer(reply(body=PAGE), tls=serving(authority, "127.0.0.1")) as server:
        assert fetch(server.url(), of=settings(ca_file=ca_file)).content == PAGE
        with pytest.raises(FetchError) as caught:
            fetch(server.url())
    assert caught.value.outcome is Outcome.TLS
    assert "certificate" in caught.value.reason
    assert server.paths == ["/"]


@pytest.mark.parametrize(
    ("names", "given"), [(["other.example"], {}), (["127.0.0.1"], {"not_after": datetime(2020, 1, 1, tzinfo=UTC)})]
)
def test_certificates_of_others_and_of_old_are_refused(
    authority: trustme.CA, ca_file: Path, names: list[str], given: dict[str, object]
) -> None:
    tls = serving(authority, *names, **given)
    with FaultServer(reply(body=PAGE), tls=tls) as server, pytest.raises(FetchError) as caught:
        fetch(server.url(), of=settings(ca_file=ca_file))
    assert caught.value.outcome is Outcome.TLS
    assert caught.value.reason.startswith("the certificate is not valid: ")
    assert server.requests == []


def test_a_server_without_tls_fails_as_tls() -> None:
    with FaultServer(b"", greeting=reply(400)) as server, pytest.raises(FetchError) as caught:
        fetch(server.url().replace("http:", "https:"))
    assert (caught.value.outcome, caught.value.reason) == (Outcome.TLS, "TLS failed: wrong version number")


def test_https_is_never_left_for_http(authority: trustme.CA, ca_file: Path) -> None:
    with (
        FaultServer(reply(body=PAGE)) as plain,
        FaultServer(redirect(plain.url()), tls=serving(authority, "127.0.0.1")) as server,
        pytest.raises(FetchError) as caught,
    ):
        fetch(server.url(), of=settings(ca_file=ca_file))
    assert (caught.value.outcome, plain.requests) == (Outcome.REDIRECT, [])


def test_a_closed_port_is_a_refused_connection() -> None:
    with FaultServer(b"") as server:
        url = server.url()
    with pytest.raises(FetchError) as caught:
        fetch(url)
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.reason.startswith("connection refused")


# Manners


def test_connections_are_used_again_and_a_closed_one_is_replaced() -> None:
    closing = then(reply(body=PAGE), Wire.close)

    unchanged = b"HTTP/1.1 304 Not Modified\r\n\r\n"

    async def run(server: FaultServer, path: str) -> None:
        client = Client(settings(), clock=lambda: NOW)
        for _ in range(3):
            assert (await client.get(server.url(path), Validators('"1"'))).content in (PAGE, b"")
        await client.aclose()

    with FaultServer({"/keep": reply(body=PAGE), "/304": unchanged, "/close": closing}) as server:
        asyncio.run(run(server, "/keep"))
        asyncio.run(run(server, "/304"))
        assert server.connections == 2
        asyncio.run(run(server, "/close"))
        assert server.connections == 5


@pytest.mark.parametrize("first", [reply(body=PAGE), chunked(PAGE), reply(304)])
def test_what_comes_behind_an_answer_is_no_answer_to_the_next_request(first: bytes) -> None:
    async def run(server: FaultServer) -> Page:
        client = Client(settings(), clock=lambda: NOW)
        await client.get(server.url("/a"), Validators('"1"'))
        page = await client.get(server.url("/b"))
        await client.aclose()
        return page

    smuggled = reply(body=PAGE.replace(b"39", b"77"))
    with FaultServer({"/a": first + smuggled, "/b": reply(body=PAGE)}) as server:
        assert asyncio.run(run(server)).content == PAGE
    assert server.connections == 2


def test_one_request_at_a_time_goes_to_a_host() -> None:
    running: list[int] = []
    most: list[int] = []

    def counting(wire: Wire) -> None:
        running.append(1)
        most.append(len(running))
        wire.stopped.wait(0.01)
        running.pop()
        wire.send(reply(body=PAGE))

    async def run(server: FaultServer) -> None:
        client = Client(settings(), clock=lambda: NOW)
        await asyncio.gather(*(client.get(server.url(f"/{n}")) for n in range(5)))
        await client.aclose()

    with FaultServer(counting) as server:
        asyncio.run(run(server))
    assert most == [1] * 5


def test_between_two_requests_the_turn_waits() -> None:
    now, slept = [100.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    async def run() -> None:
        turn = Turn(timedelta(seconds=2), now=lambda: now[0], sleep=sleep)
        async with turn:
            now[0] += 5
        async with turn:
            pass
        now[0] += 1.5
        turn.slow_down(timedelta(seconds=7))
        async with turn:
            pass
        async with turn:
            pass
        assert not turn.idle, "the pause must not be forgotten"
        now[0] += 7
        assert turn.idle

    asyncio.run(run())
    assert slept == [2, 0.5, 7]


ODD = (
    *("xn--", "xn--a", "xn--a-", "xn--0", "xn--ls8h", "XN--", "a" * 64, "a", "1", "0x7f", "127.1", "::1", "[", "]"),
    *(".", "..", "-", "_", "*", "(", "%", "%00", "%zz", ":", ":80", ":99999", ":0", "@", "/", "?", "#", "\\", " "),
    *("\t", "\x00", "\u200d", "\u2028", "\u3002", "\ud800", "\u00df", "\u0130", "\u65e5\u672c", "\U0001f4a9"),
)


def odd_addresses(number: int) -> list[str]:
    chance = random.Random(7)
    hosts = ("".join(chance.choices(ODD, k=chance.randint(1, 5))) for _ in range(number))
    return [f"{chance.choice(['http', 'https'])}://{host}{chance.choice(['', '/', '/a'])}" for host in hosts]


def test_any_odd_address_is_refused_in_words() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("there is no such name")

    async def run() -> set[Outcome]:
        client = Client(settings(allow_private_networks=[]), clock=lambda: NOW, resolve=nobody)
        outcomes = set()
        for url in ("http://xn--/", "http://xn--0/", "http://xn--0x7f/", *odd_addresses(3_000)):
            for asked in {url, canonical(url) or url}:
                with pytest.raises(FetchError) as caught:
                    await client.get(asked)
                outcomes.add(caught.value.outcome)
        await client.aclose()
        return outcomes

    assert asyncio.run(run()) == {Outcome.FORBIDDEN_ADDRESS, Outcome.DNS}


def test_a_failed_request_gives_the_turn_back() -> None:
    async def run(server: FaultServer) -> Page:
        client = Client(settings(deadline="0.3s"), clock=lambda: NOW)
        with pytest.raises(FetchError):
            await client.get(server.url("/stall"))
        page = await client.get(server.url("/good"))
        await client.aclose()
        return page

    with FaultServer({"/stall": Wire.hang, "/good": reply(body=PAGE)}) as server:
        assert asyncio.run(run(server)).content == PAGE


@pytest.mark.parametrize("proxy", ["not an address: hunter2", "socks9://user:hunter2@", "http://"])
def test_a_proxy_that_is_none_is_refused_without_showing_it(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PROXY", proxy)
    with pytest.raises(ConfigError, match="proxy") as caught:
        Client(settings(proxy="env:TEST_PROXY"), clock=lambda: NOW)
    assert "hunter2" not in str(caught.value)
