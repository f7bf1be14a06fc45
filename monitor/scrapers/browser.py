"""Pages as they are after their scripts have run: one Chromium, driven through Playwright, that shows many pages.

    get ─► robots and the host's turn (the client's) ─► a fresh context behind a gate ─► loaded, settled ─► its HTML

A page sees a browser without a past: no cookies, no cache, no downloads, no popups, no service workers. It reaches the
web through its gate only. Its time is bounded by a deadline, what it loads by the gate, its memory by a watch that ends
a renderer that swells. Playwright is an extra and is imported when the first page is asked for.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.answers import refusal
from monitor.errors import ConfigError, FetchError
from monitor.models import Outcome, Page, Source, Validators
from monitor.scrapers import authorities
from monitor.scrapers.gate import Gate
from monitor.scrapers.http import Client
from monitor.settings import HttpSettings

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, CDPSession, Playwright, Response, Route
    from playwright.async_api import Page as Tab

log = logging.getLogger(__name__)

PAGES = 3
"""How many pages are open at once."""
LOADED = 4
"""How many times the largest body of one fetch a whole page may load: scripts, styles and data come with it."""
MEMORY = 800_000_000
"""Bytes that the process of one page may take; ordinary ones take 100 to 300 million."""
SETTLE = 8.0
"""Seconds that a loaded page may go on asking the network before it is taken as it is."""
CLOSE = 5.0
"""Seconds that closing a page may take before the whole browser is closed."""

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    "--disable-quic",
    "--force-webrtc-ip-handling-policy",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the browser itself looks no name up: gates do
    "--js-flags=--max-old-space-size=384",
)
_UNNEEDED = frozenset({"image", "media", "font"})
_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
_WATCH = 0.5  # seconds between two looks at the memory of the renderers
_LEADS_ON = "the page leads on to one that cannot be had"
_HTML = "'<!doctype html>' + ({shown})(document.documentElement).outerHTML.slice(0, {limit})"
_SHOWN = """root => {
  if (![...root.querySelectorAll("*")].some(element => element.shadowRoot)) return root;
  const inert = document.implementation.createHTMLDocument("");
  const children = node => {
    if (node.shadowRoot)
      return [...node.shadowRoot.childNodes, ...[...node.childNodes].filter(child => !child.assignedSlot)];
    const taken = node instanceof HTMLSlotElement ? node.assignedNodes() : [];
    return taken.length ? taken : [...node.childNodes];
  };
  const copied = inert.importNode(root, false), waiting = [[root, copied]];
  while (waiting.length) {
    const [node, copy] = waiting.pop();
    for (const child of children(node)) waiting.push([child, copy.appendChild(inert.importNode(child, false))]);
  }
  return copied;
}"""
"""The page's elements, with those of open shadow roots where they stand and what slots take in in its slot. A copy, in
a document in which nothing runs; nothing nested is too deep for it."""


def require(settings: HttpSettings) -> str:
    """Where Chromium is. Raises ConfigError with what to install when it or what it needs is missing."""
    _playwright()
    if settings.ca_file:
        authorities.require()
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise ConfigError("render = true needs Chromium on this machine: apt-get install chromium")
    return found


def _playwright() -> Any:
    try:
        return importlib.import_module("playwright.async_api")  # an extra: only when it is used
    except ImportError:
        raise ConfigError("render = true needs the extra: pip install 'brand-monitor[browser]'") from None


class Browser:
    """Fetches as `Client` does, in a browser. Started by the first page; for one event loop."""

    def __init__(self, client: Client, settings: HttpSettings, *, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(PAGES)
        self._starting = asyncio.Lock()
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None
        self._watch: asyncio.Task[None] | None = None
        self._home: tempfile.TemporaryDirectory[str] | None = None

    def of(self, source: Source) -> Browser:
        """As `Client.of`: sources that are drawn ask for nothing of their own."""
        return self

    async def get(self, url: str, validators: Validators | None = None) -> Page:
        """The page at `url` as its scripts made it. Never unchanged: a drawn page has no validators."""
        async with self._client.turn(url) as address, self._slots:
            page = await self._in_time(address)
        await self._client.permitted(page.url)  # where redirects led; outside the turn, which robots.txt may need
        return page

    async def aclose(self) -> None:
        """Ends the browser and what drives it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._chromium is not None:
            await self._chromium.close()
        if self._driver is not None:
            await self._driver.stop()
        if self._home is not None:
            self._home.cleanup()

    async def _in_time(self, url: str) -> Page:
        seconds = self._settings.deadline.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                chromium = await self._started()
                gate = Gate(self._client.way_out(), LOADED * self._settings.max_body)
                async with gate, self._tab(chromium, gate) as tab:
                    return await self._drawn(tab, gate, url)
        except TimeoutError as error:
            raise FetchError(Outcome.TIMEOUT, f"timed out after {seconds:g} s") from error

    async def _started(self) -> Chromium:
        async with self._starting:
            if self._chromium is not None and self._chromium.is_connected():
                return self._chromium
            try:
                path = require(self._settings)
                self._driver = self._driver or await _playwright().async_playwright().start()
                self._chromium = await self._launched(self._driver, path)
            except ConfigError as error:
                raise FetchError(Outcome.BROWSER, str(error)) from error
            except _playwright().Error as error:
                raise FetchError(Outcome.BROWSER, f"Chromium does not start: {_first_line(error)}") from error
            if self._watch is not None:
                self._watch.cancel()
            self._watch = asyncio.create_task(_watch(await self._chromium.new_browser_cdp_session()))
            return self._chromium

    async def _launched(self, driver: Playwright, path: str) -> Chromium:
        root = os.geteuid() == 0
        if root:
            log.warning("running as root, for whom Chromium has no sandbox: run the service as a user of its own")
        environment: dict[str, str | float | bool] = {
            name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ
        }
        if self._settings.ca_file:
            if self._home is None:
                self._home = await asyncio.to_thread(authorities.home_of, self._settings.ca_file)
            environment["HOME"] = self._home.name
        return await driver.chromium.launch(
            executable_path=path,
            args=list(_ARGUMENTS),
            ignore_default_args=["--disable-popup-blocking"],
            chromium_sandbox=not root,
            env=environment,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )

    @asynccontextmanager
    async def _tab(self, chromium: Chromium, gate: Gate) -> AsyncIterator[Tab]:
        """A page in a context of its own. One that does not close takes the browser with it; the next starts anew."""
        context = await chromium.new_context(
            user_agent=self._settings.user_agent,
            proxy={"server": gate.address, "bypass": "<-loopback>"},  # loopback too goes through the gate
            accept_downloads=False,
            service_workers="block",
        )
        try:
            await context.route("**/*", _only_needed)
            yield await context.new_page()
        finally:
            await asyncio.shield(_closed(context, chromium))

    async def _drawn(self, tab: Tab, gate: Gate, url: str) -> Page:
        crashed = asyncio.Event()
        tab.on("crash", lambda _: crashed.set())
        work = asyncio.ensure_future(self._loaded(tab, url))
        crash = asyncio.ensure_future(crashed.wait())
        try:
            await asyncio.wait((work, crash), return_when=asyncio.FIRST_COMPLETED)
            if crashed.is_set():
                limit = f"{MEMORY // 1_000_000} MB of memory"
                raise FetchError(Outcome.TOO_LARGE, f"the page needs more than {limit}, or breaks Chromium")
            if gate.full:
                raise gate.overflow()
            page = await work
        except _playwright().Error as error:
            raise _failure(error, gate) from error
        finally:
            for task in (work, crash):
                task.cancel()
            await asyncio.gather(work, crash, return_exceptions=True)
        if page.url.startswith("chrome-error:"):  # the browser's own words on a page that it could not have
            raise gate.refusals[0] if gate.refusals else FetchError(Outcome.INCOMPLETE, _LEADS_ON)
        return page

    async def _loaded(self, tab: Tab, url: str) -> Page:
        response = await self._answered(tab, url)
        if response.status not in (200, 203):
            raise refusal(response.status, response.headers, self._clock())
        with suppress(_playwright().TimeoutError):
            await tab.wait_for_load_state("networkidle", timeout=SETTLE * 1_000)
        if url.startswith("https:") and not tab.url.startswith("https:"):
            raise FetchError(Outcome.REDIRECT, "the page leads from https to somewhere that is not")
        html = await self._html(tab)
        return Page(
            url=tab.url.split("#")[0],
            requested_url=url,
            status=200,
            content=html.encode("utf-8", "replace"),
            content_type="text/html; charset=utf-8",
            fetched_at=self._clock(),
        )

    async def _answered(self, tab: Tab, url: str) -> Response:
        """Goes to the page, as far as its elements. An error without a text of its own has an answer all the same."""
        answers: list[Response] = []
        tab.on("response", lambda response: answers.append(response) if _is_the_page(response, tab) else None)
        try:
            response = await tab.goto(url, wait_until="domcontentloaded", timeout=0)
        except _playwright().Error as error:
            if "ERR_HTTP_RESPONSE_CODE_FAILURE" not in str(error) or not answers:
                raise
            response = answers[-1]
        if response is None:
            raise FetchError(Outcome.HTTP_ERROR, "the address leads to no page")
        return response

    async def _html(self, tab: Tab) -> str:
        """The page's elements as HTML. Asked for from a world of our own, in which its scripts changed nothing."""
        limit = self._settings.max_body
        session = await tab.context.new_cdp_session(tab)
        tree = await session.send("Page.getFrameTree")
        world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
        answer = await session.send(
            "Runtime.evaluate",
            {
                "expression": _HTML.format(shown=_SHOWN, limit=limit + 1),
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        html = str(answer["result"].get("value") or "")
        if len(html) > limit:
            raise FetchError(Outcome.TOO_LARGE, f"larger than {limit:,} bytes")
        return html


def _is_the_page(response: Response, tab: Tab) -> bool:
    return response.request.is_navigation_request() and response.frame == tab.main_frame


async def _only_needed(route: Route) -> None:
    if route.request.resource_type in _UNNEEDED:
        await route.abort()
    else:
        await route.continue_()


async def _closed(context: BrowserContext, chromium: Chromium) -> None:
    try:
        async with asyncio.timeout(CLOSE):
            await context.close()
    except (TimeoutError, _playwright().Error):
        with suppress(_playwright().Error):
            await chromium.close()


async def _watch(session: CDPSession) -> None:
    """Ends every renderer that takes more memory than a page may; its page crashes, the others go on."""
    with suppress(_playwright().Error):  # the browser is gone
        while True:
            await asyncio.sleep(_WATCH)
            processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
            for pid in (process["id"] for process in processes if process["type"] == "renderer"):
                if _resident(pid) > MEMORY:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


def _resident(pid: int) -> int:
    """Bytes of memory that a process takes; 0 when it is gone, or where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _failure(error: Exception, gate: Gate) -> FetchError:
    """What went wrong in the browser, in the words of any other fetch."""
    text = _first_line(error)
    if gate.full:
        return gate.overflow()
    if gate.refusals and "net::ERR_SOCKS" in text:  # the browser asks for more than the page: for certificates, say
        return gate.refusals[0]
    for sign, outcome, words in (
        ("Download is starting", Outcome.DECODE_ERROR, "a file to download, not a page"),
        ("net::ERR_CERT", Outcome.TLS, f"the certificate is not valid: {text}"),
        ("net::ERR_SSL", Outcome.TLS, f"TLS failed: {text}"),
        ("net::ERR_TOO_MANY_REDIRECTS", Outcome.REDIRECT, "too many redirects"),
        ("net::ERR_UNSAFE_REDIRECT", Outcome.REDIRECT, "a redirect leads to something that is no http(s) address"),
        ("net::ERR_", Outcome.INCOMPLETE, text),
    ):
        if sign in text:
            return FetchError(outcome, words)
    return FetchError(Outcome.BROWSER, text)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].removeprefix("Page.goto: ")[:300]
