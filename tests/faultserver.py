"""A web server on loopback that misbehaves exactly as told: what goes over the wire is scripted byte by byte.

    with FaultServer({"/news": reply(body=b"...")}) as server:
        ...  # server.url("/news"), server.requests

A script is bytes, sent in one write before the connection goes on, or a function of a `Wire` that sends, drips, hangs
and resets as it likes. Every request is recorded with the moment it came. Uses threads, so that it runs beside any
client, and knows nothing of this project.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float


@dataclass
class Wire:
    """The server's end of one connection, in the hands of a script."""

    sock: socket.socket
    request: Request
    stopped: threading.Event
    open: bool = True

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, pause: float) -> None:
        """One byte at a time, until the other side or the server has had enough."""
        for at in range(len(data)):
            if self.stopped.wait(pause):
                return
            self.send(data[at : at + 1])

    def pour(self, chunk: bytes) -> None:
        """The same chunk for ever, as fast as it is taken."""
        while not self.stopped.is_set():
            self.send(chunk)

    def hang(self) -> None:
        """Says nothing more, and keeps the connection."""
        self.sock.settimeout(0.05)
        while not self.stopped.is_set():
            with contextlib.suppress(TimeoutError):
                if self.sock.recv(4096) == b"":
                    return

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.open = False
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """Ends the connection in good order."""
        self.open = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


Script = bytes | Callable[[Wire], None]


@dataclass
class FaultServer:
    """Serves `scripts` by path; other paths get 404. A plain script answers every path."""

    scripts: Mapping[str, Script] | Script
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    greeting: bytes = b""
    """Sent to whoever connects, before anything is asked."""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> FaultServer:
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((self.host, 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads = [self._threads[0], *(one for one in self._threads[1:] if one.is_alive()), thread]
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        served = sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            served = self.tls.wrap_socket(sock, server_side=True) if self.tls else sock
            self._open.add(served)
            served.sendall(self.greeting)
            while (request := _read_request(served)) is not None:
                self.requests.append(request)
                if not self._answer(served, request):
                    break
        except (OSError, ValueError):  # the client went away, or broke off the handshake
            pass
        finally:
            for one in (served, sock):
                self._open.discard(one)
                one.close()

    def _answer(self, sock: socket.socket, request: Request) -> bool:
        script = self.scripts
        if isinstance(script, Mapping):
            script = script.get(request.path, reply(404, b"no such page"))
        wire = Wire(sock, request, self._stopped)
        if callable(script):
            script(wire)
        else:
            wire.send(script)
        return wire.open


def reply(
    status: int = 200,
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    *,
    kind: str = "text/html; charset=utf-8",
    length: bool = True,
) -> bytes:
    """A whole answer, head and body."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {kind}", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return reply(status, headers=[("Location", location)])


def chunked(body: bytes, size: int = 1000) -> bytes:
    """A whole answer in chunks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def gzipped(body: bytes) -> bytes:
    return reply(body=gzip.compress(body), headers=[("Content-Encoding", "gzip")])


def then(first: bytes, action: Callable[[Wire], None]) -> Script:
    """Sends `first`, then does something else to the connection: `then(head, Wire.reset)`."""

    def script(wire: Wire) -> None:
        wire.send(first)
        action(wire)

    return script


def _read_request(sock: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65_536)
        if not piece or len(data) > 1_000_000:
            return None
        data += piece
    first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, path, headers, time.monotonic())
