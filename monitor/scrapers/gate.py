"""The one way out of a browser: a SOCKS proxy on loopback, through which everything it loads must go.

    browser ─► gate ─► the checked dialer ─► the web

So what the browser dials is checked at the socket like everything else, whatever scripts, frames or redirects ask for,
and what it loads is counted and bounded. Each page has a gate of its own; when the gate closes, all of the page's
connections do. Passes bytes on; understands none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from types import TracebackType

import httpcore

from monitor.errors import FetchError
from monitor.models import Outcome

_STEP = 64 * 1024

# SOCKS 5, RFC 1928
_VERSION = 5
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_GRANTED, _NOT_ALLOWED = 0, 2


Connect = Callable[[str, int], Awaitable[httpcore.AsyncNetworkStream]]
"""Makes a connection to a host and port, checked. Raises FetchError."""


class Gate:
    """`async with Gate(connect, limit) as gate`: lets a browser out by `gate.address` until `limit` bytes came in."""

    def __init__(self, connect: Connect, limit: int) -> None:
        self._connect = connect
        self._limit = limit
        self._received = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.refusals: list[FetchError] = []
        """Why connections were not made."""

    async def __aenter__(self) -> Gate:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"socks5://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def full(self) -> bool:
        """The page has loaded more than it may."""
        return self._received > self._limit

    def overflow(self) -> FetchError:
        """The error for a page that is `full`."""
        return FetchError(Outcome.TOO_LARGE, f"the page loads more than {self._limit:,} bytes")

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            host, port = await _asked(reader, writer)
            try:
                server = await self._connect(host, port)
            except FetchError as error:
                self.refusals.append(error)
                writer.write(_answer(_NOT_ALLOWED))
                return
            writer.write(_answer(_GRANTED))
            await self._both_ways(reader, writer, server)
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # the browser went away, or speaks something else
        finally:
            writer.close()

    async def _both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: httpcore.AsyncNetworkStream
    ) -> None:
        sending = asyncio.create_task(_send(reader, server))
        try:
            while not self.full:
                data = await server.read(_STEP)
                if not data:
                    return
                self._received += len(data)
                writer.write(data)
                await writer.drain()
        except httpcore.NetworkError:
            pass  # the server broke off; the browser sees the end
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await server.aclose()


async def _send(reader: asyncio.StreamReader, server: httpcore.AsyncNetworkStream) -> None:
    while data := await reader.read(_STEP):
        await server.write(data)


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Host and port that the browser wants to reach. Raises ValueError for anything but a wish to connect."""
    version, methods = await reader.readexactly(2)
    if version != _VERSION:
        raise ValueError("not SOCKS 5")
    await reader.readexactly(methods)
    writer.write(bytes([_VERSION, 0]))  # no login
    version, command, _, kind = await reader.readexactly(4)
    if (version, command) != (_VERSION, _CONNECT):
        raise ValueError("not a wish to connect")
    if kind == _NAME:
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode("ascii")
    elif kind in (_IPV4, _IPV6):
        host = str(ip_address(await reader.readexactly(4 if kind == _IPV4 else 16)))
    else:
        raise ValueError("an unknown kind of address")
    return host, int.from_bytes(await reader.readexactly(2), "big")


def _answer(status: int) -> bytes:
    return bytes([_VERSION, status, 0, _IPV4]) + bytes(6)
