"""How connections are made: resolve once, check every address, dial one that was checked.

The check stands at the socket, so no spelling of an address, no redirect and no second answer of a name server gets
around it. Knows nothing of HTTP or TLS.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from ipaddress import IPv4Address, ip_address

import httpcore

from monitor.addresses import Address, Network, refuse_reason
from monitor.errors import FetchError
from monitor.models import Outcome
from monitor.streams import Stream

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host name, as texts. Raises OSError when there are none."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

_MAX_DIALS = 4  # addresses of one name that are tried
_DIAL_TIMEOUT = 8.0  # seconds for each but the last, so that a dead first address leaves time for the others

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.ETIMEDOUT: "no answer to the connection attempt",
}


def system_resolver(executor: Executor) -> Resolve:
    """The operating system's resolver, asked in threads of its own: a slow name must not hold up other work."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(executor, _getaddrinfo, host, port)
        return [str(entry[4][0]) for entry in found]

    return resolve


def _getaddrinfo(host: str, port: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Dialer(httpcore.AsyncNetworkBackend):
    """The network side of one host's connections. Raises FetchError with the reason in words.

    `trusted` is the configured proxy: it may be private. Without a proxy nothing is trusted.
    `any_port`: what is dialled is no web server (mail), so the port says nothing.
    """

    def __init__(
        self,
        resolve: Resolve,
        allowed: tuple[Network, ...],
        trusted: tuple[str, int] | None = None,
        *,
        any_port: bool = False,
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._trusted = trusted
        self._any_port = any_port
        self.dialled = 0
        """Connections made so far."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self.addresses(host, port)
        self.dialled += 1
        return await self._dial(host, port, addresses[:_MAX_DIALS])

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """Every address of the host, all of them checked: one that is refused refuses the host."""
        found = await self._looked_up(host, port)
        if (host, port) != self._trusted:
            for address in found:
                reason = refuse_reason(address, self._allowed, None if self._any_port else port)
                if reason:
                    raise FetchError(Outcome.FORBIDDEN_ADDRESS, f"{host}: {reason}")
        return found

    async def _looked_up(self, host: str, port: int) -> tuple[Address, ...]:
        literal = _literal(host)
        if literal is not None:
            return (literal,)
        try:
            found = tuple(
                dict.fromkeys(ip_address(text) for text in await self._resolve(host.rstrip(".") or host, port))
            )
        except (OSError, ValueError) as error:  # ValueError: a name no resolver takes (NUL, a label too long)
            raise FetchError(Outcome.DNS, _lookup_words(host, error)) from error
        if not found:
            raise FetchError(Outcome.DNS, f"the name {host} has no address")
        return found

    async def _dial(self, host: str, port: int, addresses: Sequence[Address]) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._connected(address, port, _DIAL_TIMEOUT)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        try:
            return await self._connected(addresses[-1], port, None)
        except httpcore.ConnectError as error:
            raise FetchError(Outcome.REFUSED, f"{_dial_words(error)} ({host}, port {port})") from error

    async def _connected(self, address: Address, port: int, seconds: float | None) -> Stream:
        try:
            async with asyncio.timeout(seconds):
                return await Stream.connect(str(address), port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection within {seconds} s") from error


def _literal(host: str) -> Address | None:
    """The address that a host is written as, if it is one: also in the old ways (`127.1`, `0x7f000001`), and with a dot
    at its end, that a name server knows nothing of and a proxy may."""
    bare = host.rstrip(".")
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(bare)) if bare[:1].isdigit() else None
    except (OSError, UnicodeEncodeError):
        return None


def _lookup_words(host: str, error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"the name server gave no answer about {host}"
    return f"the name {host} was not found"


def _dial_words(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _WORDS:
            return _WORDS[error.errno]
        error = error.__cause__ or error.__context__
    return "no connection"
