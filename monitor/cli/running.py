"""The commands that work: `run` (the service), `check` (once, now), `test-alert`."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.narration import Round, describe, setup_logging
from monitor.cli.options import Place, placed
from monitor.cli.service import Checked, Service, style_of
from monitor.cli.supervisor import ALIVE, READY, STOPPING, notify
from monitor.cli.values import Word
from monitor.cli.watchdog import Watchdog, die
from monitor.errors import UsageError
from monitor.history import History
from monitor.models import Alert, Answer, Change, Delivery, Health, Source
from monitor.notifier.dispatch import Dispatcher
from monitor.scheduler import BATCH, Scheduler, host_of
from monitor.settings import Settings, hint

if TYPE_CHECKING:
    from monitor.web.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

SOCKETS = 16_384

GRACE = timedelta(seconds=15)
"""How long checks in hand may take to finish after a signal to stop."""


def now() -> datetime:
    """The one real clock; everything else is handed it."""
    return datetime.now(UTC)


LOG_FORMAT = click.option(
    "--log-format", type=Word("log format", ("text", "json")), help="How the log is written, instead of the config's."
)


@click.command()
@click.option("--web", "with_page", is_flag=True, help="Serve the page too, as `brand-monitor web` does.")
@placed
@LOG_FORMAT
def run(place: Place, with_page: bool, log_format: str | None) -> None:
    """Run the service in the foreground: check what is due, alert, until stopped.

    SIGTERM and Ctrl-C finish the checks in hand and stop; SIGHUP reads the config again, and keeps the old one when the
    new one is wrong. With --web, the page over the history is served from the same process, where `[web]` says.
    """
    settings = place.settings()
    setup_logging(logging.INFO, log_format or settings.log.format, settings.secrets().values())
    _allow_sockets()
    if not any(source.enabled for source in settings.sources):
        raise UsageError(_nothing_to_check(settings))
    from monitor.parser import lexicon  # late: `check` reads a language when a page is in it

    lexicon.check()  # better now than at the first page in a language whose file is broken
    sys.exit(asyncio.run(_serve(settings, place, log_format, with_page=with_page)))


def _nothing_to_check(settings: Settings) -> str:
    if settings.sources:
        return f"{settings.path}: all sources are switched off; write enabled = true in a [[sources]] table"
    return f"{settings.path}: there is no source to check; add a [[sources]] table"


def _allow_sockets() -> None:
    """As many open sockets as this process may have: the usual 1,024 are fewer than servers that may hang at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS if hard == resource.RLIM_INFINITY else min(SOCKETS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings, place: Place, log_format: str | None, *, with_page: bool) -> int:
    first = Round(settings)
    metrics: Metrics | None = None  # those that the page shows
    if with_page:
        from monitor.cli.serving import metrics_of, page_of  # late: a service without it need not load what serves

        metrics = metrics_of(settings.database, lambda: service.settings, lambda: service.children_replaced)

    def on_checked(checked: Checked) -> None:
        if metrics:
            metrics.checked(checked.observation)
        first.heard(checked)

    def on_delivered(delivery: Delivery) -> None:
        if metrics:
            metrics.delivered(delivery)

    rng = random.Random()  # noqa: S311  # jitter only
    service = Service(settings, clock=now, rng=rng, on_checked=on_checked, on_delivered=on_delivered)
    stop = asyncio.Event()
    bugs: list[BaseException] = []

    def on_bug(bug: BaseException) -> None:
        bugs.append(bug)
        stop.set()

    try:
        await service.open()
        scheduler = Scheduler(service, workers=settings.workers, on_bug=on_bug)
        watchdog = Watchdog(lambda: scheduler.cycles, stuck=die, alive=lambda: notify(ALIVE))
        page = page_of(lambda: service.settings, service.history, metrics, watchdog.still) if metrics else None
        await service.catch_up()
        _on_signals(stop, lambda: _reload(service, scheduler, place, log_format))
        scheduler.start()
        watchdog.start()
        notify(READY, f"STATUS=watching {len(settings.sources)} sources")
        log.info("watching %d sources, history in %s", len(settings.sources), settings.database)
        async with page or nullcontext():
            await stop.wait()
        watchdog.stop()
        notify(STOPPING)
        log.info("stopping: finishing the checks in hand")
        service.stop()
        await scheduler.stop(GRACE)
    finally:
        await service.close()
    return 1 if bugs else 0


def _on_signals(stop: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def start_reload() -> None:
        task = asyncio.ensure_future(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.add_signal_handler(signal.SIGHUP, start_reload)


async def _reload(service: Service, scheduler: Scheduler, place: Place, log_format: str | None) -> None:
    try:
        settings = await asyncio.to_thread(place.settings)  # thousands of sources take a while
        await service.use(settings)
    except UsageError as error:
        for line in str(error).splitlines():
            log.error("config not reloaded, the old one stays: %s", line)  # noqa: TRY400  # a mistake of the user, no bug
        return
    scheduler.workers = settings.workers
    scheduler.wake()
    setup_logging(logging.INFO, log_format or settings.log.format, settings.secrets().values())
    log.info("config reloaded: watching %d sources", len(settings.sources))


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@placed
@LOG_FORMAT
def check(place: Place, sources: Sequence[str], log_format: str | None) -> None:
    """Check these sources (or all) once, now; record, deliver, print a line per source.

    A source that is gone for good (HTTP 410) is checked only by name. Exits 1 when a source or a delivery failed.
    """
    settings = place.settings()
    setup_logging(logging.WARNING, log_format or settings.log.format, settings.secrets().values())
    chosen = _chosen(settings, sources)
    sys.exit(asyncio.run(_with_service(settings, lambda service: _check(service, chosen, named=bool(sources)))))


def _chosen(settings: Settings, names: Sequence[str]) -> list[Source]:
    known = {source.name: source for source in settings.sources}
    for name in names:
        if name not in known:
            raise UsageError(f'there is no source "{name}" in {settings.path}{hint(name, list(known))}')
    chosen = [known[name] for name in names] if names else [source for source in known.values() if source.enabled]
    if not chosen:
        raise UsageError(_nothing_to_check(settings))
    return list(dict.fromkeys(chosen))


async def _check(service: Service, sources: Sequence[Source], *, named: bool) -> int:
    """Checks the sources as the scheduler would: at most one a host at once, so many overall."""
    bugs: list[BaseException] = []
    gone = {} if named else await service.history(History.gone)
    for source in (source for source in sources if source.name in gone):
        click.echo(f"{source.name}: not checked: {gone[source.name]}; name it to check it again")
    sources = [source for source in sources if source.name not in gone]
    shown = sys.stderr.isatty()
    with click.progressbar(length=len(sources), label="checking", file=sys.stderr, hidden=not shown) as bar:

        def tell(line: str) -> None:
            if shown:
                click.echo("\r\x1b[K", err=True, nl=False)  # makes room for the line; the bar is drawn again below it
            try:
                click.echo(line)
            except BrokenPipeError:  # the reader, such as `head`, has seen enough; the checks go on
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            bar.update(1)

        once = Once(service, sources, tell)
        scheduler = Scheduler(once, workers=service.settings.workers, on_bug=bugs.append)
        try:
            while once.waiting and not bugs:
                await scheduler.dispatch()
                await scheduler.any_done()
            await scheduler.idle()
        except asyncio.CancelledError:  # as `run` stops
            service.stop()
            await scheduler.stop(GRACE)
            raise
    await service.deliver_now()
    if not bugs:
        await service.report()
    if service.undelivered:
        click.echo(f"{service.undelivered} alerts could not be delivered; `brand-monitor alerts` says why", err=True)
    return 1 if once.failed or service.undelivered or bugs else 0


class Once:
    """The scheduler's work with these sources due, each once, and nothing else. Tells a line a source."""

    def __init__(self, service: Service, sources: Sequence[Source], tell: Callable[[str], None]) -> None:
        self.waiting = len(sources)
        self.failed = 0
        self._service = service
        self._tell = tell
        self._free: dict[str, list[Source]] = {}
        """By host, what is left to check at those where no check is running."""
        for source in sources:
            self._free.setdefault(host_of(source), []).append(source)

    async def tick(self) -> None:
        """Nothing: one look is no time for pauses."""

    async def due(self, busy: Collection[str], hosts: int) -> Mapping[str, Sequence[Source]]:
        free = ((host, lane[:BATCH]) for host, lane in self._free.items() if host not in busy)
        return dict(islice(free, hosts))

    async def quiet(self, span: timedelta) -> bool:
        """No: one look has no rest."""
        return False

    async def check(self, sources: Sequence[Source]) -> None:
        host = host_of(sources[0])
        lane = self._free.pop(host)
        lost = {source.name: source for source in sources}

        def heard(checked: Checked) -> None:
            del lost[checked.source.name]
            self._heard(checked)

        try:
            await self._service.check(sources, heard)
        finally:
            if left := [*lost.values(), *lane[len(sources) :]]:
                self._free[host] = left

    def _heard(self, checked: Checked) -> None:
        self.waiting -= 1
        self.failed += not checked.observation.outcome.good
        self._tell(describe(checked))

    async def deliver(self) -> None:
        """Nothing: what is due goes out once all sources are checked."""

    async def report(self) -> None:
        """Nothing: the sign of life is given once all sources are checked."""

    async def housekeep(self) -> None:
        """Nothing: the service's own upkeep is not due for one look."""


async def _with_service(settings: Settings, work: Callable[[Service], Awaitable[T]]) -> T:
    """Work with a service that Ctrl-C and SIGTERM cancel; then it is Abort that is raised."""
    service = Service(settings, clock=now, rng=random.Random())  # noqa: S311  # jitter only
    this = asyncio.current_task()
    assert this is not None
    for name in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        asyncio.get_running_loop().add_signal_handler(name, this.cancel)
    try:
        await service.open()
        return await work(service)
    except asyncio.CancelledError:
        raise click.Abort from None
    finally:
        await service.close()


@click.command("test-alert")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
@placed
def test_alert(place: Place, channels: Sequence[str]) -> None:
    """Send a sample through each channel (or these) and say what the other side answered."""
    setup_logging(logging.WARNING)
    settings = place.settings()
    known = {channel.name: channel for channel in settings.channels}
    if not known:
        raise UsageError(f"{settings.path}: there is no channel to test; add a [[channels]] table")
    for name in channels:
        if name not in known:
            raise UsageError(f'there is no channel "{name}" in {settings.path}{hint(name, list(known))}')
    sys.exit(asyncio.run(_samples(settings, list(channels) or list(known))))


async def _samples(settings: Settings, names: Sequence[str]) -> int:
    dispatcher = Dispatcher(
        NothingWaits(),
        settings.http,
        clock=now,
        rng=random.Random(),  # noqa: S311  # jitter only
        style=style_of(settings),
    )
    failed = 0
    try:
        for channel in settings.channels:
            if channel.name in names:
                delivery = await dispatcher.send_sample(channel)
                failed += delivery.answer is not Answer.SENT
                click.echo(f"{channel.name}: {delivery.answer}: {delivery.detail}")
    finally:
        await dispatcher.aclose()
    return 1 if failed else 0


class NothingWaits:
    """An outbox for samples: they are sent and not kept."""

    async def health(self, channel: str) -> Health:
        return Health()

    async def claim(self, channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, Sequence[Change]]]:
        return ()

    async def settle(
        self,
        alert: Alert,
        delivery: Delivery,
        next_attempt: datetime | None,
        health: Health,
        notices: Sequence[Alert],
    ) -> None: ...

    async def release(self, alerts: Sequence[Alert], until: datetime | None = None) -> None: ...

    def held(self, alert: Alert) -> datetime | None: ...
