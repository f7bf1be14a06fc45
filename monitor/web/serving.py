"""Serves the page from a running event loop, until it is told to stop: in a process of its own or in the service's."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from monitor.errors import UsageError

GRACE = 3
"""Seconds that answers in hand may take at the end."""


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int) -> socket.socket:
    """The socket to serve on; port 0 is any that is free. Raises UsageError with how to mend it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, reuse_port=False)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is taken, perhaps by another brand-monitor; name another with --port, or under "
                "port in [web]"
            ) from error
        raise UsageError(f"{host}, port {port}, cannot be listened on: {error.strerror or error}") from error


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextlib.asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serves for as long as the block lasts."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32_000,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]), name="page")
    try:
        yield
    finally:
        server.should_exit = True
        await task
        listener.close()
