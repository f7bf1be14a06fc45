"""A Dask cluster of real processes on loopback, started as people start it, and web sites that keep account of how
they are asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

from distributed import Client, Security

PATIENCE = 200.0
"""Seconds that a test waits for a process before it gives up; far more than is ever needed."""


THREADS = 8
"""How many hosts a worker asks at once."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass
class Machines:
    """A scheduler and its workers, each a process."""

    address: str
    options: Sequence[str] = ()
    security: Security | None = None
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_scheduler(self) -> None:
        host, _, port = self.address.partition("://")[2].rpartition(":")
        protocol = self.address.partition(":")[0]
        where = ("--host", host, "--port", port, "--protocol", protocol, "--no-dashboard", "--no-show")
        self.scheduler = _dask("scheduler", *where, *self.options)

    def start_worker(self, *, environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:
        how = (
            "--no-nanny",
            "--nthreads",
            str(THREADS),
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            "--death-timeout",
            "60",
        )
        worker = _dask("worker", self.address, *how, *self.options, environment=environment)
        self.workers.append(worker)
        return worker

    def wait(self) -> None:
        """Returns when all workers that run are there."""
        alive = sum(worker.poll() is None for worker in self.workers)
        if not alive:
            return
        with Client(self.address, timeout=PATIENCE, set_as_default=False, security=self.security) as client:
            client.wait_for_workers(alive, timeout=PATIENCE)

    def close(self) -> None:
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            end(process)


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    process.send_signal(how)
    process.wait()


def _dask(*arguments: str, environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if "SHOW" not in os.environ else None,
        # PYTHONSAFEPATH: the program is found where it is installed, or as `environment` says; never in this folder
        env=os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s", "PYTHONSAFEPATH": "1"} | environment,
    )


@contextmanager
def machines(workers: int, *, options: Sequence[str] = (), security: Security | None = None) -> Iterator[Machines]:
    there = Machines(f"{'tls' if security else 'tcp'}://127.0.0.1:{free_port()}", options, security)
    try:
        there.start_scheduler()
        for _ in range(workers):
            there.start_worker()
        there.wait()
        yield there
    finally:
        there.close()


@dataclass
class Site:
    """A web site at a port of its own. Keeps when each request began and ended, and whether any two overlapped."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[str, float, float]] = field(default_factory=list)
    most: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    """While it is not set, requests wait for their answer."""
    asked: threading.Condition = field(default_factory=threading.Condition)
    _now: int = 0

    def release(self) -> None:
        """Opens the gate, and returns when whoever waited there has had an answer."""
        self.gate.set()
        with self.asked:
            assert self.asked.wait_for(lambda: self._now == 0, PATIENCE)

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.spans]

    def pauses(self) -> list[float]:
        """Seconds from the start of each request to that of the next. Its end is known too late here: who asks has the
        answer before this thread looks at its clock again."""
        starts = sorted(start for _, start, _ in self.spans)
        return [after - before for before, after in pairwise(starts)]

    def wait_for(self, number: int) -> None:
        """Returns when so many requests have come."""
        with self.asked:
            assert self.asked.wait_for(lambda: len(self.spans) >= number, PATIENCE), self.paths

    def article(self, path: str, words: str) -> None:
        title = f"smart tells of {path.strip('/').replace('-', ' ')}"
        self.pages[path] = (
            f'<html lang="en"><head><title>{title}</title><meta property="article:published_time" content="2026-01-05">'
            f"</head><body><article><h1>{title}</h1><p>{words}</p><p>More showrooms will follow during the year, the "
            "company said in a statement on Monday.</p></article></body></html>"
        )

    def feed(self, path: str, links: Sequence[str]) -> None:
        items = "".join(f"<item><title>News {link}</title><link>{link}</link></item>" for link in links)
        self.pages[path] = f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'


@contextmanager
def sites(count: int) -> Iterator[list[Site]]:
    with ExitStack() as stack:
        yield [stack.enter_context(_site()) for _ in range(count)]


@contextmanager
def _site() -> Iterator[Site]:
    there = Site()
    there.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            began = time.monotonic()
            with there.asked:
                there._now += 1
                there.most = max(there.most, there._now)
                place = len(there.spans)
                there.spans.append((self.path, began, float("inf")))
                there.asked.notify_all()
            there.gate.wait(PATIENCE)
            content = there.pages.get(self.path, "").encode()
            with there.asked:  # before the answer: after it the client may be back at once
                there._now -= 1
                there.spans[place] = (self.path, began, time.monotonic())
                there.asked.notify_all()
            self.send_response(200 if self.path in there.pages else 404)
            self.send_header("content-type", "text/xml" if content.startswith(b"<rss") else "text/html")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: Any) -> None:
            """A killed client hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield there
    finally:
        there.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def config(folder: Path, machines: Machines, sources: str, *, delay: str = "0s", more: str = "") -> Path:
    """A config of these sources (TOML), checked by the cluster."""
    path = folder / "monitor.toml"
    path.write_text(
        f'database = "monitor.db"\nrevisit = []\n[engine]\nkind = "dask"\nscheduler = "{machines.address}"\n{more}\n'
        f'[http]\nper_host_delay = "{delay}"\nallow_private_networks = ["127.0.0.0/8"]\nrespect_robots = false\n'
        f"{sources}"
    )
    return path
