"""One connection as httpcore wants it, on asyncio alone: the way through anyio costs a fifth of an unchanged check.

Times are bounded by who asks (a wall-clock deadline around the whole exchange), so that there are no timeouts here.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

import httpcore

_MOST_WAITING = 256 * 1024
"""Bytes that nobody has read yet, beyond which no more are taken from the network."""


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A TCP connection, with TLS once `start_tls` was called."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = bytearray()
        self._ended = False
        self._lost: Exception | None = None
        self._paused = False
        self._stalled = False
        self._waiting: asyncio.Future[None] | None = None

    @classmethod
    async def connect(cls, address: str, port: int) -> Stream:
        """Raises httpcore.ConnectError."""
        try:
            _, stream = await asyncio.get_running_loop().create_connection(cls, address, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return stream

    # What httpcore calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (its signature)
        while not self._received:
            if self._lost is not None:
                raise httpcore.ReadError(str(self._lost)) from self._lost
            if self._ended:
                return b""
            await self._something()
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if self._paused and len(self._received) < _MOST_WAITING:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 (its signature)
        if self._ended:
            raise httpcore.WriteError("the connection is closed") from self._lost
        self._transport.write(buffer)
        while self._stalled and not self._ended:
            await self._something()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (its signature)
    ) -> httpcore.AsyncNetworkStream:
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, self, ssl_context, server_hostname=server_hostname
            )
        except BaseException as error:  # a connection that is given up, by whomever, is not left open
            self._transport.abort()
            if isinstance(error, OSError):  # ssl.SSLError is one
                raise httpcore.ConnectError(str(error)) from error
            raise
        if transport is None:  # it was lost in the same moment
            raise httpcore.ConnectError("the connection was closed") from self._lost
        self._transport = transport
        return self

    async def aclose(self) -> None:
        self._transport.close()
        await asyncio.sleep(0)
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # of an idle connection: it has ended, or says what nobody asked for
            return self._ended or bool(self._received)
        return self._transport.get_extra_info({"server_addr": "peername", "client_addr": "sockname"}.get(info, info))

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _MOST_WAITING and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._lost = True, self._lost or error
        self._wake()

    def pause_writing(self) -> None:
        self._stalled = True

    def resume_writing(self) -> None:
        self._stalled = False
        self._wake()

    async def _something(self) -> None:
        """Returns when something has happened. One task at a time reads or writes."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
