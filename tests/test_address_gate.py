"""No private address is ever dialled: however it is written, wherever it comes from. A canary on loopback listens."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from faultserver import FaultServer, redirect, reply

from monitor.addresses import networks, refuse_reason
from monitor.dialer import Dialer, Resolve
from monitor.errors import FetchError
from monitor.models import Outcome
from monitor.scrapers import Client
from monitor.settings import HttpSettings

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)

SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0",
    "0.0.0.0",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "127.0.0.1.",
    "127.000.000.001",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "user@127.0.0.1",
    "example.org@127.0.0.1",
]


def answering(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def fetch_error(url: str, resolve: Resolve | None = None, allowed: Sequence[str] = (), **more: object) -> FetchError:
    given = {"allow_private_networks": list(allowed), "respect_robots": False, "per_host_delay": "0s", "deadline": "5s"}

    async def run() -> FetchError:
        client = Client(HttpSettings.model_validate(given | more), clock=lambda: NOW, resolve=resolve)
        try:
            await client.get(url)
        except FetchError as error:
            return error
        finally:
            await client.aclose()
        raise AssertionError("the page was fetched")

    return asyncio.run(run())


@pytest.fixture
def canary() -> object:
    with FaultServer(reply(body=b"<html>secret</html>")) as server:
        yield server
        assert server.connections == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_loopback_gets_through(canary: FaultServer, spelling: str) -> None:
    error = fetch_error(f"http://{spelling}:{canary.port}/")
    assert error.outcome in (Outcome.FORBIDDEN_ADDRESS, Outcome.DNS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_redirect_leads_to_loopback(canary: FaultServer, spelling: str) -> None:
    """The redirecting server's own address is listed, and no other."""
    with FaultServer(redirect(f"http://{spelling}:{canary.port}/"), host="127.0.0.9") as server:
        error = fetch_error(server.url(), allowed=["127.0.0.9/32"])
    assert error.outcome in (Outcome.FORBIDDEN_ADDRESS, Outcome.DNS, Outcome.REDIRECT)
    assert server.paths == ["/"]


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        [f"93.184.215.{n}" for n in range(100)] + ["10.0.0.1"],
        ["2606:2800:21f::1", "::1"],
        ["100.64.1.1"],
        ["169.254.169.254"],
        ["168.63.129.16"],
    ],
)
def test_one_private_answer_refuses_the_name(canary: FaultServer, found: list[str]) -> None:
    error = fetch_error(f"http://news.example:{canary.port}/", answering(*found))
    assert error.outcome is Outcome.FORBIDDEN_ADDRESS
    assert error.reason.startswith("news.example: ")


def test_a_name_that_changes_its_answer_is_checked_at_every_dial(canary: FaultServer) -> None:
    chance = random.Random(5)

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return [chance.choice(["127.0.0.1", "::1", "10.1.1.1", "0.0.0.0"])]

    for _ in range(50):
        assert fetch_error(f"http://r.example:{canary.port}/", rebinding).outcome is Outcome.FORBIDDEN_ADDRESS


def test_robots_txt_goes_through_the_same_gate(canary: FaultServer) -> None:
    error = fetch_error(f"http://127.0.0.1:{canary.port}/", respect_robots=True)
    assert error.outcome is Outcome.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("port", [1, 22, 25, 6379, 11211, 65535])
def test_public_hosts_are_dialled_on_web_ports_only(port: int) -> None:
    error = fetch_error(f"http://news.example:{port}/", answering("93.184.215.14"))
    assert (error.outcome, "web port" in error.reason) == (Outcome.FORBIDDEN_ADDRESS, True)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "news.example", "", "http://", "http://x:99999/"])
def test_only_web_addresses_are_fetched(url: str) -> None:
    assert fetch_error(url).outcome is Outcome.FORBIDDEN_ADDRESS


def test_a_listed_network_is_dialled_and_only_that() -> None:
    with FaultServer(reply(404)) as server:
        assert fetch_error(server.url(), allowed=["127.0.0.1/32"]).outcome is Outcome.GONE
        assert fetch_error(server.url(), allowed=["127.0.0.2/32", "10.0.0.0/8"]).outcome is Outcome.FORBIDDEN_ADDRESS
    assert server.connections == 1


def test_every_connection_of_a_transport_is_made_by_the_dialer() -> None:
    """Holds the one place where httpx's private parts are touched."""

    async def run() -> None:
        client = Client(HttpSettings(), clock=lambda: NOW)
        line = client._new_line(None)
        assert isinstance(line.transport._pool._network_backend, Dialer)  # type: ignore[attr-defined]
        await client.aclose()
        await line.transport.aclose()

    asyncio.run(run())


def test_the_environment_s_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch, canary: FaultServer) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, canary.url())
    with FaultServer(reply(404)) as server:
        assert fetch_error(server.url(), allowed=["127.0.0.1/32"]).outcome is Outcome.GONE


def test_a_configured_proxy_is_dialled_and_private_destinations_behind_it_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {"127.0.0.1": "127.0.0.1", "news.example": "93.184.215.14", "inside.example": "10.0.0.1"}

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "not known here")
        return [names[host]]

    with FaultServer(reply(404)) as proxy:
        monkeypatch.setenv("TEST_PROXY", proxy.url().replace("http://", "http://me:hunter2@"))
        through = [
            fetch_error(f"http://{host}/", resolve, proxy="env:TEST_PROXY").outcome
            for host in ("news.example", "known-to-the-proxy.example", "inside.example", "127.0.0.1")
        ]
    assert through == [Outcome.GONE, Outcome.GONE, Outcome.FORBIDDEN_ADDRESS, Outcome.FORBIDDEN_ADDRESS]
    assert proxy.paths == ["http://news.example/", "http://known-to-the-proxy.example/"]
    assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("host", ["127.0.0.1.", "127.1.", "0x7f000001.", "localhost.", "%31%32%37.0.0.1"])
def test_a_proxy_is_not_asked_for_spellings_that_only_it_would_understand(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if host != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "not known here")
        return ["127.0.0.1"]

    with FaultServer(reply(404)) as proxy:
        monkeypatch.setenv("TEST_PROXY", proxy.url())
        assert fetch_error(f"http://{host}/", resolve, proxy="env:TEST_PROXY").outcome is Outcome.FORBIDDEN_ADDRESS
    assert proxy.requests == []


def test_names_that_are_not_found_say_so() -> None:
    async def nothing(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def silent(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def stuck(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    for resolve, outcome, words in (
        (nothing, Outcome.DNS, "the name news.example was not found"),
        (silent, Outcome.DNS, "the name server gave no answer about news.example"),
        (answering(), Outcome.DNS, "the name news.example has no address"),
        (stuck, Outcome.TIMEOUT, "timed out after 0.2 s"),
    ):
        error = fetch_error("http://news.example/", resolve, deadline="0.2s")
        assert (error.outcome, error.reason) == (outcome, words)


@pytest.mark.parametrize("name", ["a" * 300 + ".example", "x..example", "a\u0000b.example"])
def test_names_that_no_resolver_takes_are_outcomes(name: str) -> None:
    assert fetch_error(f"http://{name}/").outcome in (Outcome.DNS, Outcome.FORBIDDEN_ADDRESS)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::1", True),
        ("::8.8.8.8", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("4000::1", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert (refuse_reason(ip_address(address), ()) is None) is public


def test_listed_networks_count_for_embedded_addresses_and_for_any_port() -> None:
    allowed = networks(["10.0.0.0/8"])
    assert refuse_reason(ip_address("::ffff:10.1.2.3"), allowed, 25) is None
    assert refuse_reason(ip_address("10.1.2.3"), allowed, 25) is None
    assert refuse_reason(ip_address("8.8.8.8"), allowed, 25) is not None
    with pytest.raises(ValueError):
        networks(["10.0.0.1/8"])
