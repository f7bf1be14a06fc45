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
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, cached_property, partial
from typing import TypeVar

import httpcore

from monitor.lean import without

with without("httpx._main"):  # httpx's own command line, with all of rich
    import httpx

from monitor.addresses import wire_name
from monitor.answers import LONGEST_WAIT, PERMANENT, REDIRECTS, refusal, retry_after, tls_words, validators
from monitor.dialer import Dialer, Resolve, system_resolver
from monitor.errors import ConfigError, FetchError
from monitor.models import Outcome, Page, Source, Validators
from monitor.scrapers.bodies import ACCEPTED, Body, seems_cut
from monitor.scrapers.credentials import Credentials, credentials
from monitor.scrapers.gate import Connect
from monitor.scrapers.robots import MAX_BYTES as ROBOTS_BYTES
from monitor.scrapers.robots import Robots
from monitor.scrapers.tunnel import Tunnel
from monitor.scrapers.turns import Turn, Turns, own_turns
from monitor.settings import HttpSettings

T = TypeVar("T")

_MAX_REDIRECTS = 5
_MAX_HOSTS = 256  # whose connections are kept; the longest unused are closed beyond that
_LOOKS = 4  # at the longest unused hosts, after each request
_KEEP_ALIVE = 15.0  # seconds an idle connection may be used again
_RESOLVERS = 32  # threads; a slow name server holds up no more names than this
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True)
class _Line:
    """The connections to one host, by one way."""

    dialer: Dialer
    transport: httpx.AsyncHTTPTransport
    proxied: bool


@dataclass
class _Host:
    """One host's queue and its lines, by the proxy on the way; nearly always it is one line."""

    turn: Turn
    lines: dict[httpx.URL | None, _Line] = field(default_factory=dict)

    async def aclose(self) -> None:
        for line in self.lines.values():
            await line.transport.aclose()


@dataclass(frozen=True)
class _Along:
    """What goes along with a request, and the proxy that it goes through."""

    proxy: httpx.URL | None
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[str, str, int] | None = None
    """The one that may see the headers; None: there are none."""


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

    async def spend(self, exchange: Awaitable[T]) -> T:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                return await exchange
        except TimeoutError as error:
            raise FetchError(Outcome.TIMEOUT, f"timed out after {self._deadline:g} s") from error
        finally:
            self._left -= time.monotonic() - started


class Client:
    """Fetches pages for one event loop. `resolve` replaces the system's name resolver, `turns` makes hosts' queues."""

    def __init__(
        self,
        settings: HttpSettings,
        *,
        clock: Callable[[], datetime],
        resolve: Resolve | None = None,
        turns: Turns = own_turns,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._turns = turns
        self._threads = ThreadPoolExecutor(_RESOLVERS, "resolve")
        self._resolve = resolve or system_resolver(self._threads)
        self._usual = _Along(_proxy(settings.proxy.reveal()) if settings.proxy else None)
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._pauses: dict[str, datetime] = {}
        self._robots = Robots(settings.user_agent, clock)

    def prepare(self) -> None:
        """Reads the known certificates, which would hold up the first fetch and all beside it."""
        _ = self._tls

    async def get(self, url: str, validators: Validators | None = None, *, known: Credentials | None = None) -> Page:
        """The page at `url`, or a Page with status 304 when the `validators` still hold. Raises FetchError.

        `known`: what is sent along to one origin, should that be the address's, and dropped where a redirect leaves it.
        """
        budget = _Budget(self._settings.deadline)
        answer = await self._follow(_parsed(url), validators, budget, self._along(known))
        if answer.status not in (200, 203, 304) or (answer.status == 304 and not _any(validators)):
            raise refusal(answer.status, answer.headers, self._clock())
        return self._page(url, answer)

    def of(self, source: Source) -> Client | Known:
        """The client, as this source may ask."""
        return Known(self, source) if source.access else self

    def pause(self, pauses: Mapping[str, datetime]) -> None:
        """Leaves these hosts alone until then: what an earlier process, or another machine, was asked for."""
        now = self._clock()
        for host, until in pauses.items():
            if until > self._pauses.get(host, now):
                self._leave_alone(host, min(until - now, LONGEST_WAIT))

    def pauses(self) -> Mapping[str, datetime]:
        """The hosts that want to be left alone (429 or 503 with Retry-After), and until when."""
        now = self._clock()
        self._pauses = {host: until for host, until in self._pauses.items() if until > now}
        return dict(self._pauses)

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[str]:
        """The host's turn for who fetches by other means, and the address as it may be asked for. Raises FetchError."""
        parsed = _parsed(url)
        await self.permitted(url)
        async with self._host(parsed).turn:
            try:
                yield str(parsed)
            except FetchError as error:
                if error.outcome is Outcome.RATE_LIMITED and error.retry_after is not None:
                    self._leave_alone(_name(parsed), error.retry_after)
                raise

    async def permitted(self, url: str) -> None:
        """Raises FetchError where robots.txt forbids this address."""
        if self._settings.respect_robots:
            await self._permitted(_parsed(url), _Budget(self._settings.deadline), self._usual)

    def way_out(self) -> Connect:
        """What connects as the client does, each address checked, through its proxy if it has one."""
        proxy = self._usual.proxy
        if proxy is None:
            return self._dialer().connect_tcp
        place = httpcore.URL(scheme=proxy.scheme, host=_host_of(proxy), port=_port(proxy), target="/")
        login = (proxy.username.encode(), proxy.password.encode()) if proxy.userinfo else None
        return Tunnel(place, login, self._dialer(proxy), self._tls, self._check_behind_proxy).connect

    def _dialer(self, proxy: httpx.URL | None = None) -> Dialer:
        trusted = (_host_of(proxy), _port(proxy)) if proxy else None
        return Dialer(self._resolve, self._settings.allow_private_networks, trusted)

    async def aclose(self) -> None:
        """Closes every connection."""
        hosts, self._hosts = list(self._hosts.values()), OrderedDict()
        for host in hosts:
            await host.aclose()
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
        self, url: httpx.URL, known: Validators | None, budget: _Budget, along: _Along, *, robots: bool = False
    ) -> _Answer:
        """The answer at the end of the redirects, each hop checked anew. `robots`: robots.txt itself is fetched."""
        permanent = True
        for hop in range(_MAX_REDIRECTS + 1):
            if along.origin and _origin(url) != along.origin:
                along = self._usual  # for good: who led away from there must not lead back with what is sent along
            if self._settings.respect_robots and not robots:
                await self._permitted(url, budget, along)
            status, received, content = await self._turn(url, self._headers(known, along), budget, along, cut=robots)
            if status not in REDIRECTS or "location" not in received:
                moved = str(url) if hop and permanent else None
                return _Answer(status, received, url, content, moved)
            permanent = permanent and status in PERMANENT
            url = _next(url, received["location"])
        raise FetchError(Outcome.REDIRECT, f"more than {_MAX_REDIRECTS} redirects")

    def _along(self, known: Credentials | None) -> _Along:
        if known is None:
            return self._usual
        try:
            proxy = _proxy(known.proxy) if known.proxy else self._usual.proxy
        except ConfigError as error:
            raise FetchError(Outcome.SECRET, str(error)) from error
        return _Along(proxy, known.headers, _origin(_parsed(known.url)))

    async def _permitted(self, url: httpx.URL, budget: _Budget, along: _Along) -> None:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        fetch = partial(self._robots_txt, budget, along)
        delay = await self._robots.check(origin, str(url), fetch)
        self._host(url).turn.slow_down(delay)

    async def _robots_txt(self, budget: _Budget, along: _Along, url: str) -> tuple[int, bytes]:
        everybody = replace(along, headers={})  # whom its rules are for
        answer = await self._follow(_parsed(url), None, budget, everybody, robots=True)
        if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
            raise refusal(answer.status, answer.headers, self._clock())
        return answer.status, answer.content

    async def _turn(
        self, url: httpx.URL, headers: dict[str, str], budget: _Budget, along: _Along, *, cut: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        host = self._host(url)
        async with host.turn:
            try:
                line = self._line(host, along.proxy)
                status, received, content = await budget.spend(self._exchange(line, url, headers, cut=cut))
            except (httpx.HTTPError, OSError) as error:  # OSError: TLS that breaks in mid-body comes as it is
                raise _failure(error) from error
            wait = retry_after(received.get("retry-after"), self._clock()) if status in (429, 503) else None
            if wait is not None:
                self._leave_alone(_name(url), wait)
        await self._close_unused()
        return status, received, content

    async def _exchange(
        self, line: _Line, url: httpx.URL, headers: dict[str, str], *, cut: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        if line.proxied:
            await self._check_behind_proxy(_host_of(url), _port(url))
        response = await self._head(line, url, headers)
        try:
            if response.status_code == 304:
                assert isinstance(response.stream, httpx.AsyncByteStream)
                async for _ in response.stream:  # no body comes, but only what is read to its end keeps the connection
                    pass
            if response.status_code not in (200, 203):
                return response.status_code, response.headers, b""
            return response.status_code, response.headers, await self._body(response, cut=cut)
        finally:
            await response.aclose()
            await _close_overfull(line)

    async def _head(self, line: _Line, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        """The answer's head. An idle connection that the server closed meanwhile is replaced, once."""
        host = {"host": url.netloc.decode("ascii")}  # else httpx looks whether `url.host` is one, see `_host_of`
        request = httpx.Request("GET", url, headers=host | headers)
        dialled = line.dialer.dialled
        try:
            return await line.transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if line.dialer.dialled > dialled:
                raise
            return await line.transport.handle_async_request(request)

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
        doubt = None if body.full or body.packed else seems_cut(response.headers, content)
        if doubt:
            raise FetchError(Outcome.INCOMPLETE, doubt)
        return content

    async def _check_behind_proxy(self, host: str, port: int) -> None:
        """Refuses private destinations as far as they can be seen from here: the proxy looks names up for itself."""
        try:
            await self._dialer().addresses(host, port)
        except FetchError as error:
            if error.outcome is not Outcome.DNS:
                raise

    def _headers(self, known: Validators | None, along: _Along) -> dict[str, str]:
        own = {name.lower(): value for name, value in along.headers.items()}
        headers = {"accept": _ACCEPT} | own | {"user-agent": self._settings.user_agent, "accept-encoding": ACCEPTED}
        if known and known.etag:
            headers["if-none-match"] = known.etag
        if known and known.last_modified:
            headers["if-modified-since"] = known.last_modified
        return headers

    def _host(self, url: httpx.URL) -> _Host:
        return self._named(_name(url))

    def _named(self, name: str) -> _Host:
        if name not in self._hosts:
            self._hosts[name] = _Host(self._turns(name, self._settings.per_host_delay))
        self._hosts.move_to_end(name)
        return self._hosts[name]

    def _leave_alone(self, host: str, wait: timedelta) -> None:
        self._named(host).turn.block(wait)
        self._pauses[host] = self._clock() + wait

    def _line(self, host: _Host, proxy: httpx.URL | None) -> _Line:
        if proxy not in host.lines:
            host.lines[proxy] = self._new_line(proxy)
        return host.lines[proxy]

    def _new_line(self, proxy: httpx.URL | None) -> _Line:
        tls = self._tls if proxy and proxy.scheme == "https" else None
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls,
            trust_env=False,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE),
            proxy=httpx.Proxy(proxy, ssl_context=tls) if proxy else None,
        )
        dialer = self._dialer(proxy)
        transport._pool._network_backend = dialer  # no public way in httpx 0.28; test_address_gate.py holds it
        return _Line(dialer, transport, proxied=proxy is not None)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        if self._settings.ca_file is None:
            return _public_tls()
        context = httpx.create_ssl_context(trust_env=False)
        context.load_verify_locations(self._settings.ca_file)
        return context

    async def _close_unused(self) -> None:
        """Looks at a few of the longest unused only: with a thousand that hang, all of them would be too many."""
        for _ in range(min(_LOOKS, len(self._hosts) - _MAX_HOSTS)):
            name, host = self._hosts.popitem(last=False)
            if host.turn.idle:
                await host.aclose()
            else:
                self._hosts[name] = host


@dataclass(frozen=True)
class Known:
    """The client in the hands of one source: what it fetches of the source's own origin, it asks as the source may."""

    client: Client
    source: Source

    async def get(self, url: str, validators: Validators | None = None) -> Page:
        return await self.client.get(url, validators, known=credentials(self.source))


async def _close_overfull(line: _Line) -> None:
    """Closes connections that hold more than the answer: it would be taken for the answer to the next request."""
    for pooled in list(line.transport._pool.connections):  # no public way either; test_http.py holds it
        held = pooled
        while (inner := getattr(held, "_connection", None)) is not None:
            held = inner
        state = getattr(held, "_h11_state", None)
        if state is not None and state.trailing_data[0]:
            await pooled.aclose()


@cache
def _public_tls() -> ssl.SSLContext:
    """The known authorities; reading them takes 30 ms, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
        host = wire_name(_host_of(url))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(Outcome.FORBIDDEN_ADDRESS, "this is no address that could be fetched") from error
    if "%" in host:  # no name holds one, but a proxy might make `127` of `%31%32%37`
        raise FetchError(Outcome.FORBIDDEN_ADDRESS, "the host's name is written with escapes")
    if url.scheme not in _DEFAULT_PORTS or not host or _port(url) > 65_535:
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
    if url.scheme not in _DEFAULT_PORTS or not _host_of(url):
        raise ConfigError("proxy: the secret is not the address of a proxy; write http://proxy.example:3128")
    return url


def _next(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads. Raises FetchError when it leads where nobody follows."""
    try:
        target = _parsed(str(url.join(location)))
    except (FetchError, httpx.InvalidURL, ValueError) as error:
        raise FetchError(Outcome.REDIRECT, "a redirect leads to something that is no http(s) address") from error
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError(Outcome.REDIRECT, f"a redirect leads from https to http ({_host_of(target)})")
    return target


def _name(url: httpx.URL) -> str:
    """What a host is known as: http and https at their usual ports are one."""
    port = _port(url)
    return _host_of(url) if port in _DEFAULT_PORTS.values() else f"{_host_of(url)}:{port}"


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, _host_of(url), _port(url)


def _host_of(url: httpx.URL) -> str:
    """As it goes over the wire: `url.host` decodes it, and raises for names that it does not know how to."""
    return url.raw_host.decode("ascii")


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
