"""A street of its own for the whole program: a web site, a webhook and a mail server on loopback, and the service as a
process that can be signalled and killed."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sinks import Desk, Hook, mail_server, web_server

SECRET = "whsec_" + "c3RyZWV0LXNlY3JldC1zdHJlZXQtc2VjcmV0"
PATIENCE = 60.0
"""Seconds a test waits for another process before it gives up; far more than is ever needed."""


@dataclass
class Site:
    """Pages by path, as they are now. Keeps the paths that were asked for."""

    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def put(self, path: str, body: str, content_type: str = "text/html; charset=utf-8") -> None:
        self.pages[path] = (content_type, body)

    def article(self, path: str, title: str, paragraphs: str, published: str = "2026-01-05") -> None:
        body = "".join(f"<p>{line}</p>" for line in paragraphs.splitlines() if line.strip())
        self.put(
            path,
            f'<html lang="en"><head><title>{title}</title><meta property="og:title" content="{title}">'
            f'<meta property="article:published_time" content="{published}"></head>'
            f"<body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{body}</article></body></html>",
        )

    def listing(self, path: str, *articles: tuple[str, str]) -> None:
        items = "".join(
            f'<article class="card"><h2><a href="{link}">{title}</a></h2><time datetime="2026-01-05">5 January</time>'
            "</article>"
            for link, title in articles
        )
        self.put(path, f'<html lang="en"><head><title>Newsroom</title></head><body><main>{items}</main></body></html>')


@contextmanager
def site() -> Iterator[Site]:
    there = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            there.asked.append(self.path)
            content_type, body = there.pages.get(self.path, ("text/plain", ""))
            content = body.encode()
            self.send_response(200 if self.path in there.pages else 404)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]  # a killed client hangs up
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Street:
    """Everything there is, and the folder with the config and the database."""

    folder: Path
    site: Site
    hook: Hook
    desk: Desk
    mail_port: int
    running: list[asyncio.subprocess.Process] = field(default_factory=list)

    def configure(self, sources: str, *, channels: bool = True) -> Path:
        """Writes the config; `sources` is TOML in which {site} is the site's address."""
        config = self.folder / "monitor.toml"
        head = 'database = "monitor.db"\n[http]\nper_host_delay = "0s"\nallow_private_networks = ["127.0.0.0/8"]\n'
        (self.folder / "secret").write_text(SECRET)
        delivery = f"""
[[channels]]
name = "hook"
kind = "webhook"
url = "{self.hook.url}"
secret = "file:secret"
[[channels]]
name = "desk"
kind = "email"
to = ["desk@example.org"]
from = "monitor@example.org"
smtp = "smtp://127.0.0.1:{self.mail_port}"
[[alerts]]
name = "everything"
channels = ["hook", "desk"]
group = "0s"
"""
        config.write_text(head + sources.replace("{site}", self.site.url) + (delivery if channels else ""))
        return config

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """`brand-monitor ARGUMENTS` in the folder, as a process."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor",
            *arguments,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.running.append(process)
        return process

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Runs a command to its end: exit code, stdout, stderr."""
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def until(condition: Callable[[], Any], process: asyncio.subprocess.Process | None = None) -> None:
    """Waits for something another process brings about. Fails when that process has ended, or after PATIENCE."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not condition():
        ended = process is not None and process.returncode is not None
        if ended or loop.time() > end:
            log = ""
            if process is not None:
                if not ended:
                    process.kill()
                log = (await process.communicate())[1].decode()
            raise AssertionError(f"{'the process ended' if ended else 'it did not happen'}:\n{log}")
        await asyncio.sleep(0.02)  # another process is at work; there is nothing else to wait for


async def stop(process: asyncio.subprocess.Process, name: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """Signals a process and waits for its end: exit code, stderr."""
    process.send_signal(name)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, err.decode()


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    """Opens the street; processes that still run at its end are killed."""
    desk, hook = Desk(), Hook()
    with site() as there, web_server(hook):
        async with mail_server(desk) as port:
            whole = Street(folder, there, hook, desk, port)
            try:
                yield whole
            finally:
                for process in whole.running:
                    if process.returncode is None:
                        process.kill()
                        await process.communicate()
