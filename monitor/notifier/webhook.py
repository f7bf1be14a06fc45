"""One message to a webhook by the rules of Standard Webhooks.

Posts JSON with the alert's id, the time of the attempt and, with a secret, a signature. 2xx is sent, 410 is final,
everything else may pass. Redirects are not followed, at most 4 KB of an answer are read, the whole takes at most 15
seconds, and only checked addresses are dialled. The HTTP is httpcore's, the part under httpx that pages come through
too.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

import httpcore
from standardwebhooks import Webhook

from monitor.answers import retry_after, tls_words
from monitor.dialer import Dialer, system_resolver
from monitor.errors import ConfigError, FetchError
from monitor.models import Alert, Answer, Delivery, News, Outcome
from monitor.notifier.channel import Unreachable, tls_context
from monitor.notifier.inert import answer_words
from monitor.notifier.messages import webhook_body
from monitor.settings import HttpSettings, WebhookChannel

TIMEOUT = 15.0
MOST_READ = 4096
_BUSY = {429, 503}
_PORTS = {"http": 80, "https": 443}


class WebhookSender:
    """The way out of one webhook channel."""

    def __init__(
        self,
        channel: WebhookChannel,
        http: HttpSettings,
        *,
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT,
    ) -> None:
        self._channel = channel
        self._http = http
        self._clock = clock
        self._timeout = timeout
        self._url = _ascii(channel.url)
        self._threads = ThreadPoolExecutor(1, f"webhook {channel.name}")
        self._resolve = system_resolver(self._threads)
        self._pool = self._new_pool()

    async def send(self, alert: Alert, told: Sequence[News]) -> Delivery:
        """One attempt. Raises Unreachable when nobody answers or the other side asks for rest, ConfigError."""
        body = webhook_body(alert, told)
        headers = self._headers(alert.id, body)
        try:
            async with asyncio.timeout(self._timeout):
                status, wait, words = await self._exchange(headers, body.encode())
        except TimeoutError as error:
            raise Unreachable(f"{self._host} timed out after {self._timeout:g} s") from error
        except FetchError as error:
            raise Unreachable(error.reason) from error
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:
            raise Unreachable(f"{self._host}: {tls_words(error) or 'the connection was lost'}") from error
        except (httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise Unreachable(f"{self._host} gave no valid HTTP answer: {answer_words(str(error))}") from error
        return self._delivery(status, wait, words)

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

    def _headers(self, alert_id: str, body: str) -> list[tuple[str, str]]:
        """The headers of this attempt: the same id on every one, a time of its own."""
        now = self._clock()
        headers = [
            ("content-type", "application/json"),
            ("user-agent", self._http.user_agent),
            ("accept-encoding", "identity"),
            ("webhook-id", alert_id),
            ("webhook-timestamp", str(int(now.timestamp()))),
        ]
        if self._channel.secret is not None:
            headers.append(("webhook-signature", Webhook(self._key()).sign(alert_id, now, body)))
        return headers

    def _key(self) -> bytes:
        assert self._channel.secret is not None
        text = self._channel.secret.reveal().removeprefix("whsec_").rstrip("=")
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key:
            raise ConfigError(
                f'[[channels]] "{self._channel.name}": the secret is none of Standard Webhooks: whsec_ and then base64'
            )
        return key

    async def _exchange(self, headers: list[tuple[str, str]], body: bytes) -> tuple[int, str | None, bytes]:
        """Status, Retry-After and the beginning of the answer."""
        if self._http.proxy is not None:
            await self._check_behind_proxy()
        async with self._pool.stream("POST", self._url, headers=headers, content=body) as response:
            received = {name.lower(): value for name, value in response.headers}
            words = b""
            with suppress(httpcore.NetworkError, httpcore.ProtocolError):  # the status is the answer, and it is there
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

    def _delivery(self, status: int, wait: str | None, words: bytes) -> Delivery:
        if 200 <= status <= 299:
            return Delivery(answer=Answer.SENT, detail=f"HTTP {status}")
        said = answer_words(words)
        detail = f"HTTP {status} {_phrase(status)}" + (f": {said}" if said else "")
        if status == HTTPStatus.GONE:
            return Delivery(answer=Answer.FAILED, detail=f"{detail} (it wants no more messages)")
        if status in _BUSY:
            asked = retry_after(wait, self._clock())
            if asked is not None:
                raise Unreachable(detail, asked)
        if 300 <= status <= 399:
            detail = f"HTTP {status} {_phrase(status)} (redirects are not followed: put the new address in the config)"
        return Delivery(answer=Answer.RETRY, detail=detail)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(a status that no standard knows)"


def _ascii(url: str) -> str:
    """The address as it goes over the wire: international names and paths encoded."""
    parts = urlsplit(url)
    host, colon, port = parts.netloc.rpartition(":") if parts.port else (parts.netloc, "", "")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    safe = "/%:@!$&'()*+,;=~-._"
    query = f"?{quote(parts.query, safe + '?')}" if parts.query else ""
    return f"{parts.scheme}://{host}{colon}{port}{quote(parts.path, safe) or '/'}{query}"
