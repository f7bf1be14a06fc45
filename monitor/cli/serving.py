"""`web`: the page over the history, in a process of its own; and what `run --web` shares with it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import click

from monitor.cli.narration import setup_logging
from monitor.cli.options import Place, placed
from monitor.history import Reader, backups
from monitor.settings import Settings, WebSettings
from monitor.web.app import application
from monitor.web.guard import Access, names, token_of
from monitor.web.indexing import indexing
from monitor.web.metrics import Metrics
from monitor.web.operations import operations_routes
from monitor.web.serving import address_of, listening, served
from monitor.web.site import OwnWriter, Site, Writer

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


@click.command(short_help="The history in a browser, and as JSON.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of the config's; 0 is any that is free.")
@click.option("--link", is_flag=True, help="Only print the address with the token that lets write, and end.")
@placed
def web(place: Place, port: int | None, link: bool) -> None:
    """Serve the history as a page, and as JSON, CSV and Atom, on this machine.

    Open the address that is printed: it holds the token that lets you review claims and check sources. Without it the
    page is read-only. `[web]` in the config names another address, port or a password. Ctrl-C ends it.
    """
    setup_logging(logging.WARNING)
    database, zone = place.history()
    settings = None if place.db is not None and place.config is None else place.settings()
    wanted = settings.web if settings else WebSettings()
    if port is not None:
        wanted = wanted.model_copy(update={"port": port})
    if settings and not link:
        settings.require_secrets("[web]")
    reader = Reader(database)  # first of all: without a history nothing is made, no token either
    if link:
        click.echo(f"{address_of(wanted.host, wanted.port)}enter?token={token_of(database)}")
        return
    asyncio.run(_serve(reader, zone, wanted, settings))


def _access_to(database: Path, wanted: WebSettings) -> Access:
    """Who may read and write. Raises UsageError, ConfigError."""
    password = wanted.password.reveal() if wanted.password else None
    return Access(token=token_of(database), password=password, hosts=names(wanted.host, *wanted.hosts))


def metrics_of(
    database: Path, settings_in_force: Callable[[], Settings | None], children_replaced: Callable[[], int] = lambda: 0
) -> Metrics:
    """The metrics of this process and its history."""

    def last_backup() -> datetime | None:
        settings = settings_in_force()
        return backups.newest(database, settings.backup.path) if settings and settings.backup else None

    return Metrics(database, now, children_replaced=children_replaced, last_backup=last_backup)


def page_of(
    settings_in_force: Callable[[], Settings],
    writer: Writer,
    metrics: Metrics,
    still: Callable[[], timedelta],
) -> AbstractAsyncContextManager[None]:
    """The page beside a service, served in its loop. Raises UsageError when it cannot be."""
    settings = settings_in_force()
    site = Site(
        reader=Reader(settings.database),
        writer=writer,
        access=_access_to(settings.database, settings.web),
        clock=now,
        zone=settings.timezone,
        settings=settings_in_force,
    )
    listener = listening(settings.web.host, settings.web.port)
    log.info(
        "the page is on %s; to write there, open what `brand-monitor web --link` prints",
        address_of(*listener.getsockname()[:2]),
    )
    operations = operations_routes(
        metrics, settings.database, clock=now, zone=lambda: settings_in_force().timezone, still=still
    )
    return served(application(site, operations), listener)


async def _serve(reader: Reader, zone: tzinfo, wanted: WebSettings, settings: Settings | None) -> None:
    access = _access_to(reader.path, wanted)
    writer = OwnWriter(reader.path)
    site = Site(reader=reader, writer=writer, access=access, clock=now, zone=zone, settings=lambda: settings)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    listener = listening(wanted.host, wanted.port)
    try:
        operations = operations_routes(
            metrics_of(reader.path, lambda: settings),
            reader.path,
            clock=now,
            zone=lambda: zone,
            watched=settings is not None,  # a file by itself, such as an archive, has no service that ought to run
        )
        async with served(application(site, operations), listener), indexing(site):
            address = address_of(*listener.getsockname()[:2])
            click.echo(f"the page, to read and to write: {address}enter?token={access.token}")
            click.echo(f"to read only:                   {address}")
            click.echo("Ctrl-C ends it.", err=True)
            await stop.wait()
    finally:
        writer.close()
