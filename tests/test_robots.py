"""What robots.txt allows, as RFC 9309 has it, through the real client."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from faultserver import FaultServer, Script, Wire, redirect, reply

from monitor.errors import FetchError
from monitor.models import Outcome
from monitor.scrapers import Client
from monitor.scrapers.robots import Robots
from monitor.settings import HttpSettings

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAGE = reply(body=b"<html><p>news</p></html>")


def robots(text: str | bytes, status: int = 200) -> bytes:
    return reply(status, text.encode() if isinstance(text, str) else text, kind="text/plain")


def visit(
    scripts: Mapping[str, Script], *paths: str, clock: Callable[[], datetime] = lambda: NOW, **more: object
) -> tuple[list[str], list[FetchError | None]]:
    """Fetches the paths one after another; what the server was asked for, and each fetch's error if there was one."""
    given = {"allow_private_networks": ["127.0.0.0/8"], "per_host_delay": "0s", "user_agent": "brand-monitor/1 (+x)"}

    async def run(server: FaultServer) -> list[FetchError | None]:
        client = Client(HttpSettings.model_validate(given | more), clock=clock)
        errors: list[FetchError | None] = []
        for path in paths:
            try:
                await client.get(server.url(path))
                errors.append(None)
            except FetchError as error:
                errors.append(error)
        await client.aclose()
        return errors

    with FaultServer(scripts) as server:
        errors = asyncio.run(run(server))
    return server.paths, errors


def test_forbidden_paths_are_never_asked_for_and_the_rules_are_read_once() -> None:
    rules = "User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\n"
    asked, errors = visit(
        {"/robots.txt": robots(rules), "/news": PAGE, "/private/open": PAGE},
        "/news",
        "/private/x",
        "/private/open",
        "/a.pdf",
    )
    assert asked == ["/robots.txt", "/news", "/private/open"]
    assert [error and error.outcome for error in errors] == [None, Outcome.ROBOTS, None, Outcome.ROBOTS]
    assert errors[1] is not None
    assert errors[1].reason.endswith("/robots.txt does not allow it")


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nDisallow: /\n\nUser-agent: Brand-Monitor\nDisallow:\n",
        "User-agent: brandmonitor\nUser-agent: evil\nDisallow: /\n",
        "\ufeffUser-agent: brand-monitor\nAllow: /news\n\nUser-agent: *\nDisallow: /",
        "",
        "<html><body>no such page</body></html>",
        b"\xff\xfe\x00\x01\x80garbage\x00",
    ],
)
def test_rules_that_let_us_in(rules: str | bytes) -> None:
    _, errors = visit({"/robots.txt": robots(rules), "/news": PAGE}, "/news")
    assert errors == [None]


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nDisallow: /",
        "\ufeffUser-agent: *\nDisallow: /news",
        "user-agent: BRAND-MONITOR\r\ndisallow: /\r\n",
        "#" + "x" * 499_000 + "\nUser-agent: *\nDisallow: /",
        "User-agent: *\nDisallow: /n%65ws",
    ],
)
def test_rules_that_keep_us_out(rules: str) -> None:
    asked, errors = visit({"/robots.txt": robots(rules), "/news": PAGE}, "/news")
    assert [error and error.outcome for error in errors] == [Outcome.ROBOTS]
    assert asked == ["/robots.txt"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_rules_allow_everything(status: int) -> None:
    assert visit({"/robots.txt": robots("Disallow: /", status), "/news": PAGE}, "/news")[1] == [None]


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_a_server_in_trouble_forbids_everything_and_is_asked_again_next_time(status: int) -> None:
    asked, errors = visit({"/robots.txt": robots("", status), "/news": PAGE}, "/news", "/news")
    assert asked == ["/robots.txt"] * 2
    assert {error and error.outcome for error in errors} == {Outcome.ROBOTS}


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (Wire.close, Outcome.INCOMPLETE),
        (Wire.hang, Outcome.TIMEOUT),
        (reply(429, headers=[("Retry-After", "60")]), Outcome.RATE_LIMITED),
        (reply(503, headers=[("Retry-After", "60")]), Outcome.RATE_LIMITED),
        (redirect("http://10.0.0.1/robots.txt"), Outcome.FORBIDDEN_ADDRESS),
    ],
)
def test_rules_that_cannot_be_had_keep_us_out_and_the_reason_is_the_real_one(script: Script, outcome: Outcome) -> None:
    asked, errors = visit({"/robots.txt": script, "/news": PAGE}, "/news", deadline="0.3s")
    assert [error and error.outcome for error in errors] == [outcome]
    assert asked == ["/robots.txt"]


def test_redirects_to_the_rules_are_followed_and_too_many_are_no_rules() -> None:
    moved = {"/robots.txt": redirect("/r"), "/r": robots("User-agent: *\nDisallow: /"), "/news": PAGE}
    assert visit(moved, "/news")[1][0] is not None
    assert visit({"/robots.txt": redirect("/robots.txt"), "/news": PAGE}, "/news")[1] == [None]


def test_a_bomb_of_rules_is_read_to_the_bound() -> None:
    rules = b"User-agent: *\nDisallow: /news\n" + b"#" * 50_000_000
    bomb = reply(body=gzip.compress(rules), headers=[("Content-Encoding", "gzip")], kind="text/plain")
    _, errors = visit({"/robots.txt": bomb, "/news": PAGE, "/free": PAGE}, "/news", "/free")
    assert [error and error.outcome for error in errors] == [Outcome.ROBOTS, None]


def test_rules_hold_for_a_day_and_longer_only_when_new_ones_cannot_be_had() -> None:
    now = [NOW]
    answers: list[tuple[int, bytes] | FetchError] = [
        (200, b"User-agent: *\nDisallow: /a"),
        (503, b""),
        FetchError(Outcome.DNS, "gone"),
        (200, b"User-agent: *\nDisallow: /b"),
    ]
    fetched: list[str] = []

    async def fetch(url: str) -> tuple[int, bytes]:
        fetched.append(url)
        answer = answers[len(fetched) - 1]
        if isinstance(answer, FetchError):
            raise answer
        return answer

    async def forbidden(rules: Robots, path: str) -> bool:
        try:
            await rules.check("https://x.example", f"https://x.example{path}", fetch)
        except FetchError:
            return True
        return False

    async def run() -> None:
        rules = Robots("brand-monitor/1", lambda: now[0])
        assert await forbidden(rules, "/a")
        now[0] += timedelta(hours=23)
        assert await forbidden(rules, "/a")
        assert len(fetched) == 1
        now[0] += timedelta(hours=2)
        assert await forbidden(rules, "/a")  # 503: the old rules hold
        assert await forbidden(rules, "/a")  # no name: likewise
        assert not await forbidden(rules, "/a")
        assert await forbidden(rules, "/b")
        now[0] -= timedelta(days=400)  # the clock was set back: their age is not known
        answers.append((200, b""))
        assert not await forbidden(rules, "/b")

    asyncio.run(run())
    assert fetched == ["https://x.example/robots.txt"] * 5


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 7", 7),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nCrawl-delay: 86400", 60),
        ("User-agent: *\nCrawl-delay: -3", 0),
        ("User-agent: *\nCrawl-delay: inf", 0),
        ("User-agent: *\nCrawl-delay: nan", 0),
        ("User-agent: *\nCrawl-delay: soon", 0),
        ("User-agent: other\nCrawl-delay: 7", 0),
    ],
)
def test_the_delay_that_is_asked_for_is_kept_up_to_a_minute(rules: str, seconds: float) -> None:
    async def fetch(url: str) -> tuple[int, bytes]:
        return 200, rules.encode()

    check = Robots("brand-monitor/1", lambda: NOW).check("https://x.example", "https://x.example/", fetch)
    assert asyncio.run(check) == timedelta(seconds=seconds)


def test_the_client_slows_down_for_the_delay_that_is_asked_for() -> None:
    scripts = {"/robots.txt": robots("User-agent: *\nCrawl-delay: 0.15"), "/a": PAGE, "/b": PAGE}

    async def run(server: FaultServer) -> None:
        given = {"allow_private_networks": ["127.0.0.0/8"], "per_host_delay": "0s"}
        client = Client(HttpSettings.model_validate(given), clock=lambda: NOW)
        await client.get(server.url("/a"))
        await client.get(server.url("/b"))
        await client.aclose()

    with FaultServer(scripts) as server:
        asyncio.run(run(server))
    first, second = (request.at for request in server.requests[1:])
    assert second - first >= 0.15  # a lower bound only: it holds on a machine of any speed


def test_rules_can_be_left_aside() -> None:
    scripts = {"/robots.txt": robots("User-agent: *\nDisallow: /"), "/news": PAGE}
    assert visit(scripts, "/news", respect_robots=False) == (["/news"], [None])


def test_many_at_once_read_the_rules_once() -> None:
    async def run(server: FaultServer) -> None:
        given = {"allow_private_networks": ["127.0.0.0/8"], "per_host_delay": "0s"}
        client = Client(HttpSettings.model_validate(given), clock=lambda: NOW)
        await asyncio.gather(*(client.get(server.url(f"/{n}")) for n in range(5)))
        await client.aclose()

    with FaultServer({f"/{n}": PAGE for n in range(5)}) as server:
        asyncio.run(run(server))
    assert server.paths.count("/robots.txt") == 1


def test_hostile_rules_are_matched_beside_the_loop() -> None:
    """Matching half a megabyte of wildcards takes a quarter of a second; meanwhile the loop must turn."""
    rules = "User-agent: *\n" + "".join(f"Disallow: /*a*{n}*b\n" for n in range(20_000))

    async def fetch(url: str) -> tuple[int, bytes]:
        return 200, rules.encode()

    async def run() -> int:
        known = Robots("brand-monitor/1", lambda: NOW)
        await known.check("https://x.example", "https://x.example/", fetch)
        check = asyncio.create_task(known.check("https://x.example", f"https://x.example/{'a' * 2_000}", fetch))
        turns = 0
        while not check.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(run()) > 10
