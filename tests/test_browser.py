"""Pages drawn by scripts, in a real Chromium: what it shows, and what it is kept from."""

from __future__ import annotations

import asyncio
import base64
import importlib
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from faultserver import FaultServer, Script, Wire, redirect, reply

from monitor.errors import ConfigError, FetchError
from monitor.models import Outcome, Page
from monitor.scrapers import Browser, Client, browser
from monitor.settings import HttpSettings

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
DRAWN = """<!doctype html><html><head><title>News</title></head><body><main id="m"></main><script>
fetch("/stories.json").then(answer => answer.json()).then(stories => {
  document.getElementById("m").innerHTML = stories.map(s => `<h3><a href="/news/${s}">${s}</a></h3>`).join("");
});</script></body></html>"""
ROBOTS = reply(body=b"User-agent: *\nDisallow: /private\n", kind="text/plain")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not any(map(shutil.which, browser._NAMES)), reason="needs Chromium: apt-get install chromium"),
]


def html(body: str) -> bytes:
    return reply(body=f"<!doctype html><html><body>{body}</body></html>".encode())


def settings(**more: Any) -> HttpSettings:
    return HttpSettings(allow_private_networks=("127.0.0.1/32",), per_host_delay="0s", **more)


def browsing(work: Callable[[Browser], Coroutine[Any, Any, Any]], **more: Any) -> Any:
    """Runs `work` with a browser that may go to 127.0.0.1 and no other private address."""

    async def scenario() -> Any:
        known = settings(**more)
        client = Client(known, clock=lambda: NOW)
        shown = Browser(client, known, clock=lambda: NOW)
        try:
            return await work(shown)
        finally:
            await shown.aclose()
            await client.aclose()

    return asyncio.run(scenario())


def got(scripts: Mapping[str, Script], path: str = "/", **more: Any) -> list[Any]:
    """What becomes of one page, and the paths that were asked for."""

    async def work(shown: Browser) -> Any:
        return (await asyncio.gather(shown.get(server.url(path)), return_exceptions=True))[0]

    with FaultServer({"/robots.txt": ROBOTS, **scripts}) as server:
        return [browsing(work, **more), server.paths]


def error(scripts: Mapping[str, Script], path: str = "/", **more: Any) -> FetchError:
    found, _ = got(scripts, path, **more)
    assert isinstance(found, FetchError), found
    return found


def text(page: Any) -> str:
    assert isinstance(page, Page), page
    return page.content.decode()


def test_a_page_is_read_as_its_scripts_draw_it() -> None:
    stories = reply(body=b'["one","two"]', kind="application/json")
    page, asked = got({"/": reply(body=DRAWN.encode()), "/stories.json": stories})
    assert '<h3><a href="/news/two">two</a></h3>' in text(page)
    assert (page.status, page.content_type, page.fetched_at) == (200, "text/html; charset=utf-8", NOW)
    assert asked[0] == "/robots.txt"


@contextmanager
def connecting(refuse: bool = False) -> Iterator[tuple[int, list[str]]]:
    """A proxy that knows CONNECT only and leads everywhere to 127.0.0.1; what it was asked for, with the login."""
    asked: list[str] = []

    def serve(client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (data := client.recv(1)):
                    return
                head += data
            first, *lines = head.decode().split("\r\n")
            login = [line.partition(" ")[2] for line in lines if line.lower().startswith("proxy-authorization")]
            asked.append(" ".join([*first.split()[:2], *login]))
            if refuse:
                client.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", int(first.split()[1].rpartition(":")[2]))) as there:
                client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                back = threading.Thread(target=pump, args=(there, client), daemon=True)
                back.start()
                pump(client, there)
                back.join(5)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_browser_goes_through_the_proxy_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    with connecting() as (port, asked), FaultServer({"/": html("through")}) as server:
        monkeypatch.setenv("TEST_PROXY", f"http://user:secret@127.0.0.1:{port}")

        async def work(shown: Browser) -> Any:
            return await shown.get(f"http://kestrel.invalid:{server.port}/")

        page = browsing(work, proxy="env:TEST_PROXY", respect_robots=False)
    assert "through" in text(page)
    login = base64.b64encode(b"user:secret").decode()
    assert asked[0] == f"CONNECT kestrel.invalid:{server.port} Basic {login}"


def test_no_proxy_leads_a_browser_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with connecting() as (port, asked):
        monkeypatch.setenv("TEST_PROXY", f"http://127.0.0.1:{port}")

        async def work(shown: Browser) -> Any:
            return await asyncio.gather(shown.get("http://10.0.0.1/"), return_exceptions=True)

        (refused,) = browsing(work, proxy="env:TEST_PROXY", respect_robots=False)
    assert isinstance(refused, FetchError)
    assert refused.outcome is Outcome.FORBIDDEN_ADDRESS
    assert asked == []


def test_a_proxy_that_refuses_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with connecting(refuse=True) as (port, _):
        monkeypatch.setenv("TEST_PROXY", f"http://127.0.0.1:{port}")

        async def work(shown: Browser) -> Any:
            return await asyncio.gather(shown.get("http://kestrel.invalid/"), return_exceptions=True)

        (refused,) = browsing(work, proxy="env:TEST_PROXY", respect_robots=False)
    assert (refused.outcome, refused.reason) == (
        Outcome.REFUSED,
        "the proxy answers HTTP 403 for kestrel.invalid, port 80",
    )


@pytest.mark.skipif(shutil.which("certutil") is None, reason="needs certutil: apt-get install libnss3-tools")
def test_a_private_authority_is_trusted_and_no_other_is(tmp_path: Path) -> None:
    own, foreign = trustme.CA(), trustme.CA()
    own.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in ("own", "foreign", "named")}
    own.issue_cert("127.0.0.1").configure_cert(tls["own"])
    own.issue_cert("elsewhere.example").configure_cert(tls["named"])
    foreign.issue_cert("127.0.0.1").configure_cert(tls["foreign"])
    with ExitStack() as servers:
        urls = [servers.enter_context(FaultServer({"/": html("safe")}, tls=one)).url() for one in tls.values()]

        async def work(shown: Browser) -> Any:
            return await asyncio.gather(*map(shown.get, urls), return_exceptions=True)

        good, *bad = browsing(work, ca_file=tmp_path / "ca.pem", respect_robots=False)
    assert "safe" in text(good)
    assert [getattr(one, "outcome", None) for one in bad] == [Outcome.TLS] * 2


def test_one_browser_shows_many_pages_and_none_knows_the_others() -> None:
    counting = html(
        "<p id=p></p><script>p.textContent = document.cookie || 'nothing'; document.cookie = 'seen=1'</script>"
    )
    with FaultServer({str(f"/{n}"): counting for n in range(6)}) as server:

        async def work(shown: Browser) -> Any:
            pages = await asyncio.gather(*(shown.get(server.url(f"/{n}")) for n in range(6)))
            first = shown._chromium
            pages.append(await shown.get(server.url("/0")))
            return pages, first is shown._chromium

        pages, one = browsing(work, respect_robots=False)
    assert one
    assert ['<p id="p">nothing</p>' in text(page) for page in pages] == [True] * 7


def test_it_says_who_it_is_and_asks_robots_first() -> None:
    with FaultServer(
        {"/robots.txt": ROBOTS, "/": html("x"), "/away": redirect("/private/x"), "/private/x": html("x")}
    ) as server:

        async def work(shown: Browser) -> Any:
            return await asyncio.gather(
                *(shown.get(server.url(path)) for path in ("/", "/private", "/away")), return_exceptions=True
            )

        page, forbidden, led_there = browsing(work, user_agent="brand-monitor/9 (test)")
    assert isinstance(page, Page)
    assert (forbidden.outcome, led_there.outcome) == (Outcome.ROBOTS, Outcome.ROBOTS)
    agents = {request.headers["user-agent"] for request in server.requests}
    assert agents == {"brand-monitor/9 (test)"}


PRIVATE = [
    '<script>fetch("{canary}").catch(() => 0)</script>',
    '<img src="{canary}"><link rel="stylesheet" href="{canary}"><script src="{canary}"></script>',
    '<iframe src="{canary}"></iframe>',
    '<link rel="preconnect" href="{canary}"><link rel="dns-prefetch" href="{canary}">',
    '<link rel="prefetch" href="{canary}"><link rel="modulepreload" href="{canary}">',
    '<form id=f method="post" action="{canary}"></form><script>f.submit()</script>',
    '<script>new WebSocket("{canary}".replace("http", "ws")); navigator.sendBeacon("{canary}", "x")</script>',
    '<script>window.open("{canary}")</script><a id=a href="{canary}" target="_blank">x</a><script>a.click()</script>',
    """<script>const rtc = new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.2:{port}"}}]}});
    rtc.createDataChannel("x"); rtc.createOffer().then(offer => rtc.setLocalDescription(offer));</script>""",
]


def test_a_private_address_is_never_dialled_whatever_the_page_does() -> None:
    with FaultServer(b"", host="127.0.0.2") as canary, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind((canary.host, canary.port))
        datagrams.setblocking(False)
        pages: dict[str, Script] = {
            f"/{n}": html(f"<p>page {n}</p>" + body.format(canary=canary.url("/x"), port=canary.port))
            for n, body in enumerate(PRIVATE)
        }
        pages["/redirect"] = redirect(canary.url("/x"))
        pages["/meta"] = html(f'<meta http-equiv="refresh" content="0;url={canary.url("/x")}">')
        pages["/script"] = html(f'<script>location = "{canary.url("/x")}"</script>')
        with FaultServer(pages) as server:

            async def work(shown: Browser) -> Any:
                there = [server.url(path) for path in pages]
                return await asyncio.gather(
                    *(shown.get(url) for url in (*there, canary.url("/x"))), return_exceptions=True
                )

            found = browsing(work, respect_robots=False)
        assert canary.connections == 0
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)
    assert len(found) == len(PRIVATE) + 4
    for led_there in found[len(PRIVATE) :]:  # redirects, pages that lead on by themselves, the address itself
        assert led_there.outcome is Outcome.FORBIDDEN_ADDRESS
        assert "not a public address" in led_there.reason


def test_a_page_that_leads_to_one_that_cannot_be_had_is_said_so() -> None:
    with FaultServer(Wire.reset) as dead:
        found = error({"/": html(f'<meta http-equiv="refresh" content="0;url={dead.url()}">')}, respect_robots=False)
        assert dead.connections > 0
    assert (found.outcome, found.reason) == (Outcome.INCOMPLETE, "the page leads on to one that cannot be had")


def test_popups_do_not_open_and_downloads_are_not_taken() -> None:
    opening = '<p>here</p><script>window.open("/popup")</script><a id=a href="/popup" target="_blank">x</a>'
    opening += "<script>a.click()</script>"
    popup, asked = got({"/": html(opening), "/popup": html("popup")})
    assert "<p>here</p>" in text(popup)
    assert "/popup" not in asked
    file = reply(body=b"x" * 99, headers=[("Content-Disposition", "attachment; filename=x.bin")], kind="application/x")
    assert (error({"/": file}).outcome, error({"/": file}).reason) == (
        Outcome.DECODE_ERROR,
        "a file to download, not a page",
    )


@pytest.mark.parametrize(
    "script",
    [
        html("<script>for (;;) {}</script>"),
        html("<script>setTimeout(() => { for (;;) {} }, 100)</script>"),
        Wire.hang,
        html('<script>setInterval(() => alert(1), 1)</script><script src="/hangs"></script>'),
    ],
)
def test_time_is_bounded_and_the_next_page_is_shown(script: Script) -> None:
    with FaultServer({"/": script, "/next": html("next"), "/hangs": Wire.hang}) as server:

        async def work(shown: Browser) -> Any:
            first = (await asyncio.gather(shown.get(server.url("/")), return_exceptions=True))[0]
            return first, await shown.get(server.url("/next"))

        first, following = browsing(work, respect_robots=False, deadline="6s")
    assert first.outcome is Outcome.TIMEOUT
    assert "next" in text(following)


def test_memory_is_bounded_and_the_next_page_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "MEMORY", 300_000_000)
    monkeypatch.setattr(browser, "_WATCH", 0.05)
    swell = "<script>const all = []; setInterval(() => all.push(new Uint8Array(2e7).fill(1)), 20)</script>"
    swell += '<script>fetch("/hangs")</script>'  # so that it does not count as settled before it has swollen
    with FaultServer({"/": html(swell), "/next": html("next"), "/hangs": Wire.hang}) as server:

        async def work(shown: Browser) -> Any:
            first = (await asyncio.gather(shown.get(server.url("/")), return_exceptions=True))[0]
            return first, await shown.get(server.url("/next"))

        first, following = browsing(work, respect_robots=False)
    assert (first.outcome, "300 MB of memory" in first.reason) == (Outcome.TOO_LARGE, True)
    assert "next" in text(following)


def test_what_a_page_loads_and_what_it_becomes_are_bounded() -> None:
    def pour(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><p>")
        wire.pour(b"more and more " * 1_000)

    assert error({"/": pour}, max_body="1MB").outcome is Outcome.TOO_LARGE
    grown = html('<script>document.body.append("x".repeat(2e6))</script>')
    assert error({"/": grown}, max_body="1MB").reason == "larger than 1,000,000 bytes"


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (reply(404), Outcome.GONE),
        (reply(503, headers=[("Retry-After", "60")]), Outcome.RATE_LIMITED),
        (redirect("/"), Outcome.REDIRECT),
        (redirect("file:///etc/hostname"), Outcome.REDIRECT),
        (Wire.reset, Outcome.INCOMPLETE),
    ],
)
def test_what_a_server_may_do_is_the_same_outcome_as_without_a_browser(script: Script, outcome: Outcome) -> None:
    assert error({"/": script}).outcome is outcome


def test_a_script_cannot_hide_what_it_shows_behind_changed_functions() -> None:
    page, _ = got({"/": html('<p>true words</p><script>String.prototype.slice = () => "lies"</script>')})
    assert "true words" in text(page)


def test_what_elements_of_the_page_s_own_show_is_read() -> None:
    """Shadow roots that are open, one in another, with what their slots take in where they show it."""
    script = """<script>
    window.made = 0;
    customElements.define("news-card", class extends HTMLElement {
      constructor() { super(); window.made++; document.body.setAttribute("data-made", window.made); }
      connectedCallback() {
        this.attachShadow({mode: "open"}).innerHTML =
          `<style>a { color: red }</style><h3><a href="/news/${this.getAttribute("to")}"><slot></slot></a></h3>
           <p><slot name="teaser">No teaser</slot></p>`;
      }
    });
    customElements.define("news-list", class extends HTMLElement {
      connectedCallback() {
        this.attachShadow({mode: "open"}).innerHTML =
          `<news-card to="one">One<i slot="teaser">Of the first</i></news-card><news-card to="two">Two</news-card>`;
      }
    });
    </script>"""
    page, _ = got({"/": html(f"<main><news-list><b>In no slot</b></news-list></main><p>After</p>{script}")})
    shown = text(page).partition("<script>")[0]
    assert re.search(r'<a href="/news/one"><slot>One</slot></a></h3>\s*<p><slot name="teaser"><i [^>]*>Of the', shown)
    assert re.search(r'<a href="/news/two"><slot>Two</slot></a></h3>\s*<p><slot name="teaser">No teaser</slot>', shown)
    assert shown.index("Of the first") < shown.index("In no slot") < shown.index("After")
    assert shown.count("Of the first") == 1
    assert 'data-made="2"' in shown  # to read them makes no more of them


def test_a_browser_that_is_gone_is_started_again() -> None:
    with FaultServer({"/": html("x")}) as server:

        async def work(shown: Browser) -> Any:
            await shown.get(server.url("/"))
            assert shown._chromium is not None
            await shown._chromium.close()
            return await shown.get(server.url("/"))

        assert "x" in text(browsing(work, respect_robots=False))


def test_what_is_missing_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ConfigError, match="apt-get install chromium"):
        browser.require(HttpSettings())
    assert error({"/": html("x")}).outcome is Outcome.BROWSER

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'brand-monitor\[browser\]'"):
        browser.require(HttpSettings())
