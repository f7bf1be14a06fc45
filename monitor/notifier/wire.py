"""One exchange over HTTP with the other side of a channel: checked addresses only, bounded in time and size.

Redirects are not followed, at most 4 KB of an answer are read, the whole takes at most 15 seconds. An answer is there
with its head: a body that is lost or stalls takes nothing back. The HTTP is httpcore's, the part under httpx that pages
come through too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from urllib.parse import quote, unquote, urlsplit

import httpcore

from monitor.answers import tls_words
from monitor.dialer import Dialer, system_resolver
from monitor.errors import FetchError
from monitor.models import Outcome
from monitor.notifier.channel import Unreachable, tls_context
from monitor.notifier.inert import answer_words
from monitor.settings import HttpSettings

TIMEOUT = 15.0
MOST_READ = 4096
_PORTS = {"http": 80, "https": 443}


class Wire:
    """Requests to one address."""

    def __init__(self, url: str, http: HttpSettings, *, timeout: float = TIMEOUT) -> None:
        self._http = http
        self._timeout = timeout
        self._url = _ascii(url)
        self._threads = ThreadPoolExecutor(1, "webhook")
        self._resolve = system_resolver(self._threads)
        self._pool = self._new_pool()

    async def ask(
        self, method: str, headers: Sequence[tuple[str, str]] = (), content: bytes = b""
    ) -> tuple[int, str | None, bytes]:
        """Status, Retry-After and the beginning of the answer. Raises Unreachable when nobody answers."""
        try:
            return await self._exchange(method, headers, content)
        except TimeoutError as error:
            raise Unreachable(f"{self._host} timed out after {self._timeout:g} s") from error
        except FetchError as error:
            raise Unreachable(error.reason) from error
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:
            raise Unreachable(f"{self._host}: {tls_words(error) or 'the connection was lost'}") from error
        except (httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise Unreachable(f"{self._host} gave no valid HTTP answer: {answer_words(str(error))}") from error

    async def aclose(self) -> None:
        await self._pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    def _new_pool(self) -> httpcore.AsyncConnectionPool:
        proxy, trusted = None, None
        tls = tls_context(self._http.ca_file)
        if self._http.proxy is not None:
            parts = urlsplit(self._http.proxy.reveal())
            login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
            trusted = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
            place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            proxy = httpcore.Proxy(place, auth=login, ssl_context=tls if parts.scheme == "https" else None)
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            proxy=proxy,
            max_connections=1,
            keepalive_expiry=self._timeout,
            network_backend=Dialer(self._resolve, self._http.allow_private_networks, trusted),
        )

    async def _exchange(
        self, method: str, headers: Sequence[tuple[str, str]], content: bytes
    ) -> tuple[int, str | None, bytes]:
        usual = [("user-agent", self._http.user_agent), ("accept-encoding", "identity")]
        until = asyncio.get_running_loop().time() + self._timeout
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(until):
                if self._http.proxy is not None:
                    await self._check_behind_proxy()
                response = await stack.enter_async_context(
                    self._pool.stream(method, self._url, headers=[*headers, *usual], content=content)
                )
            received = {name.lower(): value for name, value in response.headers}
            words = b""
            # The status is the answer, and it is there.
            with suppress(httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
                async with asyncio.timeout_at(until):
                    async for chunk in response.aiter_stream():
                        words = (words + chunk)[:MOST_READ]
                        if len(words) == MOST_READ:
                            break
        wait = received.get(b"retry-after")
        return response.status, wait.decode("latin-1") if wait else None, words

    async def _check_behind_proxy(self) -> None:
        """Refuses private destinations as far as they can be seen from here: the proxy looks names up for itself."""
        parts = urlsplit(self._url)
        try:
            await Dialer(self._resolve, self._http.allow_private_networks).addresses(
                self._host, parts.port or _PORTS[parts.scheme]
            )
        except FetchError as error:
            if error.outcome is not Outcome.DNS:
                raise


def _ascii(url: str) -> str:
    """The address as it goes over the wire: international names and paths encoded."""
    parts = urlsplit(url)
    host, colon, port = parts.netloc.rpartition(":") if parts.port else (parts.netloc, "", "")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    safe = "/%:@!$&'()*+,;=~-._"
    query = f"?{quote(parts.query, safe + '?')}" if parts.query else ""
    return f"{parts.scheme}://{host}{colon}{port}{quote(parts.path, safe) or '/'}{query}"
