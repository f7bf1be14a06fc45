"""The one polite client: an address in, a complete and decompressed page or a FetchError with the reason out.

    get ─► robots ─► the host's turn ─► one exchange ─► a redirect: again, at most five times
                                                    └─► a page, 304, or a refusal

The only module that imports httpx. It uses httpx's transports, one per host: everything a whole httpx client adds
(cookies, redirects, authentication, the environment's proxies, decompression without bound) is what must not happen
here. Reads no database and no page.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, partial

from monitor.lean import without

with without("httpx._main"):  # httpx's own command line, with all of rich
    import httpx

from monitor.answers import PERMANENT, REDIRECTS, refusal, retry_after, tls_words, validators
from monitor.dialer import Dialer, Resolve, system_resolver
from monitor.errors import ConfigError, FetchError
from monitor.models import Outcome, Page, Validators
from monitor.scrapers.bodies import ACCEPTED, Body, seems_cut
from monitor.scrapers.robots import MAX_BYTES as ROBOTS_BYTES
from monitor.scrapers.robots import Robots
from monitor.scrapers.turns import Turn
from monitor.settings import HttpSettings

_MAX_REDIRECTS = 5
_MAX_HOSTS = 256  # whose connections are kept; the longest unused are closed beyond that
_KEEP_ALIVE = 15.0  # seconds an idle connection may be used again
_RESOLVERS = 32  # threads; a slow name server holds up no more names than this
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass
class _Host:
    """One host's queue and connections."""

    turn: Turn
    dialer: Dialer
    transport: httpx.AsyncHTTPTransport


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    url: httpx.URL
    content: bytes
    moved_to: str | None


class _Budget:
    """What is left of a fetch's wall-clock time. Only time inside `spend` counts."""

    def __init__(self, deadline: timedelta) -> None:
        self._deadline = deadline.total_seconds()
        self._left = self._deadline

    @asynccontextmanager
    async def spend(self) -> AsyncIterator[None]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                yield
        except TimeoutError as error:
            raise FetchError(Outcome.TIMEOUT, f"timed out after {self._deadline:g} s") from error
        finally:
            self._left -= time.monotonic() - started


class Client:
    """Fetches pages for one event loop. `resolve` replaces the system's name resolver."""

    def __init__(
        self, settings: HttpSettings, *, clock: Callable[[], datetime], resolve: Resolve | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = ThreadPoolExecutor(_RESOLVERS, "resolve")
        self._resolve = resolve or system_resolver(self._threads)
        self._proxy = _proxy(settings.proxy.reveal()) if settings.proxy else None
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._robots = Robots(settings.user_agent, clock)

    def prepare(self) -> None:
        """Reads the known certificates, which would hold up the first fetch and all beside it."""
        _ = self._tls

    async def get(self, url: str, validators: Validators | None = None) -> Page:
        """The page at `url`, or a Page with status 304 when the `validators` still hold. Raises FetchError."""
        budget = _Budget(self._settings.deadline)
        answer = await self._follow(_parsed(url), validators, budget)
        if answer.status not in (200, 203, 304) or (answer.status == 304 and not _any(validators)):
            raise refusal(answer.status, answer.headers, self._clock())
        return self._page(url, answer)

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[str]:
        """The host's turn for who fetches by other means, and the address as it may be asked for. Raises FetchError."""
        parsed = _parsed(url)
        await self.permitted(url)
        turn = self._host(parsed).turn
        async with turn:
            try:
                yield str(parsed)
            except FetchError as error:
                if error.retry_after is not None:
                    turn.block(error.retry_after)
                raise

    async def permitted(self, url: str) -> None:
        """Raises FetchError where robots.txt forbids this address."""
        if self._settings.respect_robots:
            await self._permitted(_parsed(url), _Budget(self._settings.deadline))

    def dialer(self) -> Dialer:
        """What connects as the client does, each address checked."""
        return Dialer(self._resolve, self._settings.allow_private_networks)

    async def aclose(self) -> None:
        """Closes every connection."""
        hosts, self._hosts = list(self._hosts.values()), OrderedDict()
        for host in hosts:
            await host.transport.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _page(self, requested: str, answer: _Answer) -> Page:
        return Page(
            url=str(answer.url),
            requested_url=requested if "@" not in requested else str(_parsed(requested)),  # no credentials
            status=answer.status,
            content=answer.content,
            content_type=answer.headers.get("content-type", "")[:200] or None,
            fetched_at=self._clock(),
            validators=validators(answer.headers),
            moved_to=answer.moved_to,
        )

    async def _follow(
        self, url: httpx.URL, known: Validators | None, budget: _Budget, *, robots: bool = False
    ) -> _Answer:
        """The answer at the end of the redirects, each hop checked anew. `robots`: robots.txt itself is fetched."""
        headers = self._headers(known)
        permanent = True
        for hop in range(_MAX_REDIRECTS + 1):
            if self._settings.respect_robots and not robots:
                await self._permitted(url, budget)
            status, received, content = await self._turn(url, headers, budget, cut=robots)
            if status not in REDIRECTS or "location" not in received:
                moved = str(url) if hop and permanent else None
                return _Answer(status, received, url, content, moved)
            permanent = permanent and status in PERMANENT
            url = _next(url, received["location"])
        raise FetchError(Outcome.REDIRECT, f"more than {_MAX_REDIRECTS} redirects")

    async def _permitted(self, url: httpx.URL, budget: _Budget) -> None:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        delay = await self._robots.check(origin, str(url), partial(self._robots_txt, budget))
        self._host(url).turn.slow_down(delay)

    async def _robots_txt(self, budget: _Budget, url: str) -> tuple[int, bytes]:
        answer = await self._follow(_parsed(url), None, budget, robots=True)
        if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
            raise refusal(answer.status, answer.headers, self._clock())
        return answer.status, answer.content

    async def _turn(
        self, url: httpx.URL, headers: dict[str, str], budget: _Budget, *, cut: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        host = self._host(url)
        async with host.turn:
            try:
                async with budget.spend():
                    status, received, content = await self._exchange(host, url, headers, cut=cut)
            except (httpx.HTTPError, OSError) as error:  # OSError: TLS that breaks in mid-body comes as it is
                raise _failure(error) from error
            wait = retry_after(received.get("retry-after"), self._clock()) if status in (429, 503) else None
            if wait is not None:
                host.turn.block(wait)
        await self._close_unused()
        return status, received, content

    async def _exchange(
        self, host: _Host, url: httpx.URL, headers: dict[str, str], *, cut: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        if self._proxy is not None:
            await self._check_behind_proxy(url)
        response = await self._head(host, url, headers)
        try:
            if response.status_code == 304:
                assert isinstance(response.stream, httpx.AsyncByteStream)
                async for (
                    _
                ) in response.stream:  # there is no body, but only what is read to its end keeps the connection
                    pass
            if response.status_code not in (200, 203):
                return response.status_code, response.headers, b""
            return response.status_code, response.headers, await self._body(response, cut=cut)
        finally:
            await response.aclose()

    async def _head(self, host: _Host, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        """The answer's head. An idle connection that the server closed meanwhile is replaced, once."""
        request = httpx.Request("GET", url, headers=headers)
        dialled = host.dialer.dialled
        try:
            return await host.transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if host.dialer.dialled > dialled:
                raise
            return await host.transport.handle_async_request(request)

    async def _body(self, response: httpx.Response, *, cut: bool) -> bytes:
        limit = ROBOTS_BYTES if cut else self._settings.max_body
        body = Body(response.headers.get("content-encoding"), limit, cut=cut)
        if not cut and _length(response.headers) > limit:
            raise FetchError(Outcome.TOO_LARGE, f"larger than {limit:,} bytes")
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            if body.full:
                break
        content = body.finish()
        doubt = None if body.full else seems_cut(response.headers, content)
        if doubt:
            raise FetchError(Outcome.INCOMPLETE, doubt)
        return content

    async def _check_behind_proxy(self, url: httpx.URL) -> None:
        """Refuses private destinations as far as they can be seen from here: the proxy looks names up for itself."""
        try:
            await self.dialer().addresses(url.host, _port(url))
        except FetchError as error:
            if error.outcome is not Outcome.DNS:
                raise

    def _headers(self, known: Validators | None) -> dict[str, str]:
        headers = {
            "user-agent": self._settings.user_agent,
            "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "accept-encoding": ACCEPTED,
        }
        if known and known.etag:
            headers["if-none-match"] = known.etag
        if known and known.last_modified:
            headers["if-modified-since"] = known.last_modified
        return headers

    def _host(self, url: httpx.URL) -> _Host:
        port = _port(url)
        key = url.host if port in _DEFAULT_PORTS.values() else f"{url.host}:{port}"
        if key not in self._hosts:
            self._hosts[key] = self._new_host()
        self._hosts.move_to_end(key)
        return self._hosts[key]

    def _new_host(self) -> _Host:
        tls = self._tls if self._proxy and self._proxy.scheme == "https" else None
        proxy = self._proxy and httpx.Proxy(self._proxy, ssl_context=tls)
        trusted = (self._proxy.host, _port(self._proxy)) if self._proxy else None
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls,
            trust_env=False,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE),
            proxy=proxy,
        )
        dialer = Dialer(self._resolve, self._settings.allow_private_networks, trusted)
        transport._pool._network_backend = dialer  # no public way in httpx 0.28; test_address_gate.py holds it
        return _Host(Turn(self._settings.per_host_delay), dialer, transport)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        if self._settings.ca_file is None:
            return _public_tls()
        context = httpx.create_ssl_context(trust_env=False)
        context.load_verify_locations(self._settings.ca_file)
        return context

    async def _close_unused(self) -> None:
        for key in list(self._hosts)[: max(0, len(self._hosts) - _MAX_HOSTS)]:
            if self._hosts[key].turn.idle:
                await self._hosts.pop(key).transport.aclose()


@cache
def _public_tls() -> ssl.SSLContext:
    """The known authorities; reading them takes 30 ms, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(Outcome.FORBIDDEN_ADDRESS, "this is no address that could be fetched") from error
    if "%" in url.host:  # no name holds one, but a proxy might make `127` of `%31%32%37`
        raise FetchError(Outcome.FORBIDDEN_ADDRESS, "the host's name is written with escapes")
    if url.scheme not in _DEFAULT_PORTS or not url.host or _port(url) > 65_535:
        raise FetchError(Outcome.FORBIDDEN_ADDRESS, f"only http and https addresses are fetched, not {url.scheme}:")
    if url.fragment or url.userinfo:  # credentials in an address are never sent, shown or kept
        return url.copy_with(fragment=None, userinfo=b"")
    return url


def _proxy(text: str) -> httpx.URL:
    """Raises ConfigError, which does not show the address: it may hold a password."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise ConfigError("[http]: proxy: the secret is not the address of a proxy; write http://proxy.example:3128")
    return url


def _next(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads. Raises FetchError when it leads where nobody follows."""
    try:
        target = _parsed(str(url.join(location)))
    except (FetchError, httpx.InvalidURL, ValueError) as error:
        raise FetchError(Outcome.REDIRECT, "a redirect leads to something that is no http(s) address") from error
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError(Outcome.REDIRECT, f"a redirect leads from https to http ({target.host})")
    return target


def _port(url: httpx.URL) -> int:
    return url.port or _DEFAULT_PORTS.get(url.scheme, 0)


def _any(known: Validators | None) -> bool:
    return known is not None and bool(known.etag or known.last_modified)


def _length(headers: httpx.Headers) -> int:
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def _failure(error: Exception) -> FetchError:
    """A failure after the connection was made, in words."""
    tls = tls_words(error)
    if tls:
        return FetchError(Outcome.TLS, tls)
    if isinstance(error, httpx.ProxyError):
        return FetchError(Outcome.REFUSED, f"the proxy refused: {error}")
    if isinstance(error, httpx.ConnectError):
        return FetchError(Outcome.INCOMPLETE, "the connection was closed while TLS was agreed on")
    text = str(error)
    if isinstance(error, httpx.ProtocolError) and "closed connection" not in text and "disconnected" not in text:
        return FetchError(Outcome.HTTP_ERROR, f"the answer is not valid HTTP: {text[:200]}")
    return FetchError(Outcome.INCOMPLETE, "the connection was lost before the answer was complete")
