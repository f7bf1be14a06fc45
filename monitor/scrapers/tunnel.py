"""Through an HTTP proxy to any host and port, by CONNECT: for what speaks its own protocol, as a browser does.

Knows no page. The proxy may be private, it is configured; where it leads must not be.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable

import httpcore

from monitor.dialer import Dialer
from monitor.errors import FetchError
from monitor.models import Outcome

Check = Callable[[str, int], Awaitable[None]]
"""Raises FetchError for a host and port that must not be reached."""


class Tunnel:
    """`connect` goes through one proxy. `dialer` reaches the proxy, `tls` is for one that speaks it."""

    def __init__(
        self, proxy: httpcore.URL, login: tuple[bytes, bytes] | None, dialer: Dialer, tls: ssl.SSLContext, check: Check
    ) -> None:
        self._proxy = proxy
        self._login = [(b"Proxy-Authorization", b"Basic " + b64encode(b":".join(login)))] if login else []
        self._dialer = dialer
        self._tls = tls
        self._check = check

    async def connect(self, host: str, port: int) -> httpcore.AsyncNetworkStream:
        """A connection to the host, as good as a direct one. Raises FetchError."""
        await self._check(host, port)
        there = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        connection = httpcore.AsyncHTTPConnection(
            origin=self._proxy.origin, ssl_context=self._tls, network_backend=self._dialer
        )
        request = httpcore.Request(
            "CONNECT",
            httpcore.URL(
                scheme=self._proxy.scheme, host=self._proxy.host, port=self._proxy.port, target=there.encode("ascii")
            ),
            headers=[(b"Host", there.encode("ascii")), *self._login],
        )
        try:
            response = await connection.handle_async_request(request)
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            await connection.aclose()
            raise FetchError(Outcome.REFUSED, f"the proxy lets nothing through to {host}") from error
        if not 200 <= response.status < 300:
            await connection.aclose()
            raise FetchError(Outcome.REFUSED, f"the proxy answers HTTP {response.status} for {host}, port {port}")
        stream: httpcore.AsyncNetworkStream = response.extensions["network_stream"]
        return stream
