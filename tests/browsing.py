"""A browser without scripts over the page, for tests: the application itself, asked in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.testclient import TestClient

from monitor.history import Reader
from monitor.settings import Settings
from monitor.web.app import application
from monitor.web.guard import LOOPBACK, Access
from monitor.web.serving import address_of, listening, served
from monitor.web.site import OwnWriter, Site

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
HOST = "127.0.0.1:8484"
TOKEN = "a-token-of-the-tests"


def site_over(
    database: Path,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    limit: timedelta | None = None,
    password: str | None = None,
    settings: Settings | None = None,
) -> Site:
    return Site(
        reader=Reader(database, limit=limit, sql_limit=limit) if limit is not None else Reader(database),
        writer=OwnWriter(database),
        access=Access(token=TOKEN, password=password, hosts=LOOPBACK),
        clock=clock,
        zone=ZoneInfo("Europe/Berlin"),
        settings=lambda: settings,
    )


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serves the page on loopback from a thread; gives its address."""
    listener = listening("127.0.0.1", 0)
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with served(application(site), listener):
            ready.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        ready.wait(60)
        yield address_of(*listener.getsockname()[:2])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        site.writer.close()  # type: ignore[attr-defined]


@contextmanager
def browser(
    database: Path,
    *,
    token: bool = False,
    clock: Callable[[], datetime] = lambda: NOW,
    limit: timedelta | None = None,
    password: str | None = None,
    settings: Settings | None = None,
) -> Iterator[TestClient]:
    """A client that asks for HTML as browsers do; with `token` it has opened the address that lets write."""
    site = site_over(database, clock=clock, limit=limit, password=password, settings=settings)
    with TestClient(application(site), base_url=f"http://{HOST}", headers={"accept": "text/html"}) as client:
        if token:
            assert client.get("/enter", params={"token": TOKEN}).status_code == 200
        yield client
    site.writer.close()  # type: ignore[attr-defined]
