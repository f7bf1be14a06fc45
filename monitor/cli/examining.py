"""`doctor`: whether everything that the service needs is in order, a line each, with the fix.

    config ─► secrets ─► database ─► clock ─► service ─► backups ─► the sources' hosts ─► channels ─► cluster

It resolves names, lets mail servers greet and joins a cluster for a moment; it fetches no page and sends no message.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import click

from monitor import catalogue, cron
from monitor.cli.options import Place, placed
from monitor.dialer import Dialer, system_resolver
from monitor.engine.engines import examine as examine_engine
from monitor.errors import ConfigError, DatabaseError, FetchError
from monitor.exports.cells import inert
from monitor.history import Queries, backups
from monitor.history.store import check_rights
from monitor.notifier.channel import tls_context
from monitor.notifier.rendering import Templates
from monitor.parser import lexicon
from monitor.scrapers import browser
from monitor.settings import (
    AppriseChannel,
    Channel,
    CommandChannel,
    ConsoleChannel,
    EmailChannel,
    EngineSettings,
    Settings,
    WebhookChannel,
)
from monitor.web import wellbeing

PATIENCE = 15.0  # seconds for one name or one mail server
LITTLE_SPACE = 1_000_000_000
TOO_LITTLE_SPACE = 50_000_000
BACKUP_TOLERANCE = timedelta(hours=6)
CLOCK_TOLERANCE = timedelta(minutes=5)
LATELY = timedelta(days=7)
CONFIG = {"config", "secret", "browser", "templates"}
"""What is mended in the config: `run` and `check` would refuse it."""

MENDED_SQLITE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""The releases, each the first of its line, in which the "WAL-reset" bug is mended."""


class Grade(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one examination found, and how to mend it."""

    grade: Grade
    about: str
    text: str


@click.command(short_help="Check config, database, clock, network, channels and cluster.")
@placed
@click.option("--service", is_flag=True, help="Only whether the sources are checked when it is time, as /healthz says.")
def doctor(place: Place, service: bool) -> None:
    """Check config, database, clock, network, channels and cluster; nothing is fetched or sent. Exit 2 if the config
    is wrong or names what is not there, 1 if anything else failed."""
    code = 0
    now = datetime.now(UTC)
    for verdict in keeps_up(*place.history(), now, Grade.FAILED) if service else examine(place, now):
        if verdict.grade is Grade.FAILED:
            code = max(code, 2 if verdict.about in CONFIG else 1)
        click.echo(f"{verdict.grade:8} {verdict.about:9} {inert(verdict.text)}")
    if code:
        click.get_current_context().exit(code)


def examine(place: Place, now: datetime) -> Iterator[Verdict]:
    """Every examination that is possible: without a good config only that of a named database."""
    settings: Settings | None = None
    try:
        settings = place.settings()
    except ConfigError as error:
        yield from (Verdict(Grade.FAILED, "config", line) for line in str(error).splitlines())
    else:
        yield from _config(settings)
    database = place.db or (settings and settings.database)
    if database:
        found = list(_database(database, now))
        yield from found
        if settings and database.exists():
            if all(verdict.grade is not Grade.FAILED for verdict in found):
                yield from keeps_up(database, settings.timezone, now, Grade.WARNING)
            yield from _backups(settings, now)
    if settings:
        yield from asyncio.run(_reachable(settings))
        yield from asyncio.run(_cluster(settings.engine))


def _config(settings: Settings) -> Iterator[Verdict]:
    watched = sum(source.enabled for source in settings.sources)
    about = (
        f"{settings.path}: sources: {watched}, channels: {len(settings.channels)}, alert rules: {len(settings.alerts)}"
    )
    mending = "; all are switched off" if settings.sources else "; add a [[sources]] table"
    yield Verdict(Grade.OK if watched else Grade.FAILED, "config", about + ("" if watched else mending))
    agent = settings.http.user_agent
    if "example.org" in agent or "YOU" in agent:
        yield Verdict(
            Grade.WARNING, "config", f"{settings.path}: [http]: user_agent: put in who you are: sites are told"
        )
    if settings.channels and not settings.alerts:
        yield Verdict(Grade.OK, "config", "no [[alerts]]: every change goes to every channel")
    if settings.alerts and not settings.channels:
        yield Verdict(Grade.WARNING, "config", "no [[channels]]: nobody is told of any change")
    yield from _unnamed(settings)
    yield from _brands(settings)
    yield from _browser(settings)
    yield from _templates(settings)
    yield from _languages()
    for place, secret in settings.secrets().items():
        try:
            secret.reveal()
        except ConfigError as error:
            yield Verdict(Grade.FAILED, "secret", f"{settings.path}: {place}: {error}")
        else:
            yield Verdict(Grade.OK, "secret", f"{secret!r} is there")


def _unnamed(settings: Settings) -> Iterator[Verdict]:
    """Channels that fell silent when the first rule was written."""
    named = {name for rule in settings.alerts for name in rule.channels}
    named |= set(settings.summary.channels) if settings.summary else set()
    for channel in settings.channels if settings.alerts else ():
        if channel.name not in named:
            text = f'channel "{channel.name}": no rule names it, so it is told of no change; name it in [[alerts]]'
            yield Verdict(Grade.WARNING, "config", f"{settings.path}: {text}")


def _browser(settings: Settings) -> Iterator[Verdict]:
    if not any(source.render for source in settings.sources):
        return
    try:
        yield Verdict(Grade.OK, "browser", f"pages drawn by scripts are read with {browser.require(settings.http)}")
    except ConfigError as error:
        yield Verdict(Grade.FAILED, "browser", str(error))


def _templates(settings: Settings) -> Iterator[Verdict]:
    if settings.templates is None:
        return
    try:
        Templates(settings.templates)
    except ConfigError as error:
        yield from (Verdict(Grade.FAILED, "templates", line) for line in str(error).splitlines())
    else:
        yield Verdict(Grade.OK, "templates", f"{settings.templates} can be used")


def _languages() -> Iterator[Verdict]:
    try:
        lexicon.check()
    except ConfigError as error:
        yield from (Verdict(Grade.FAILED, "language", line) for line in str(error).splitlines())


def _brands(settings: Settings) -> Iterator[Verdict]:
    """Names of brands that were probably mistyped: a rule for such a one would never match."""
    shipped = catalogue.load()
    watched = {source.brand for source in settings.sources}
    named = [(f'[[sources]] "{source.name}": brand', source.brand) for source in settings.sources]
    named += [(f'[[alerts]] "{rule.name}": brands', brand) for rule in settings.alerts for brand in rule.brands]
    for place, brand in named:
        rule = place.startswith("[[alerts]]")
        if brand is None or shipped.brand(brand) or (rule and brand in watched):
            continue
        close = " or ".join(shipped.suggest(brand))
        if rule or close:
            meant = f"; did you mean {close}?" if close else ""
            yield Verdict(Grade.WARNING, "config", f'{settings.path}: {place}: nobody knows a brand "{brand}"{meant}')


def _database(path: Path, now: datetime) -> Iterator[Verdict]:
    yield from _sqlite()
    folder = path.absolute().parent
    if not folder.is_dir():
        yield Verdict(Grade.FAILED, "database", f"the folder {folder} does not exist; create it or change `database`")
        return
    free = shutil.disk_usage(folder).free
    grade = Grade.FAILED if free < TOO_LITTLE_SPACE else Grade.WARNING if free < LITTLE_SPACE else Grade.OK
    yield Verdict(grade, "disk", f"{free / 1e9:.1f} GB free in {folder}{'' if grade is Grade.OK else '; make room'}")
    try:
        check_rights(path)
    except DatabaseError as error:
        yield Verdict(Grade.FAILED, "database", str(error))
    if not path.exists():
        yield Verdict(Grade.OK, "database", f"{path} is not there yet; the first check makes it")
        yield _clock(None, now)
        return
    try:
        with Queries.open(path) as queries:
            queries.examine()
            checks = queries.checks(limit=1)
            channels = queries.channels()
            given_up = queries.activity(now - LATELY)["failed"]
    except DatabaseError as error:
        yield Verdict(Grade.FAILED, "database", str(error))
        return
    yield Verdict(Grade.OK, "database", f"{path} is undamaged, {path.stat().st_size / 1e6:.1f} MB")
    for channel in channels:
        if channel["disabled_at"] or channel["failures"]:
            state = "wants no more messages" if channel["disabled_at"] else "fails"
            since = f"since {channel['failing_since'][:16].replace('T', ' ')} UTC"
            text = f'channel "{channel["name"]}" {state} {since}: {channel["reason"]}'
            yield Verdict(Grade.WARNING, "channel", text)
    if given_up:
        text = f"messages of the last {LATELY.days} days that nobody got: {given_up}; `brand-monitor alerts` says why"
        yield Verdict(Grade.WARNING, "alerts", text)
    yield _clock(datetime.fromisoformat(checks[0]["started_at"]) if checks else None, now)


def keeps_up(database: Path, zone: tzinfo, now: datetime, otherwise: Grade) -> Iterator[Verdict]:
    """Whether the sources are checked when it is time: by `run`, or by whatever starts `check`."""
    found = wellbeing.examine(database, None, now, zone)
    for reason in found:
        yield Verdict(otherwise, "service", f"{reason}; does `brand-monitor run` run?")
    if not found:
        yield Verdict(Grade.OK, "service", "every source is checked when it is time")


def _backups(settings: Settings, now: datetime) -> Iterator[Verdict]:
    wanted = settings.backup
    if wanted is None:
        yield Verdict(Grade.WARNING, "backup", f"{settings.path}: there is no [backup] table: nothing is copied")
        return
    made = backups.taken(settings.database, wanted.path)
    if not made:
        yield Verdict(Grade.WARNING, "backup", f"there is none yet in {wanted.path}; `run` makes one by its cron")
        return
    newest, path = made[-1]
    late = cron.next_time(wanted.cron, settings.timezone, newest) + BACKUP_TOLERANCE < now
    text = f"the newest of {len(made)} is {path}"
    yield Verdict(Grade.WARNING if late else Grade.OK, "backup", f"{text}; its cron asks for more" if late else text)


def _sqlite() -> Iterator[Verdict]:
    version = sqlite3.sqlite_version_info
    line = next((first for first in MENDED_SQLITE if first[:2] == version[:2]), MENDED_SQLITE[-1])
    if version < line:
        text = "may, very rarely, damage a database that several programs write at once (the WAL-reset bug)"
        mended = ", ".join(".".join(map(str, first)) for first in MENDED_SQLITE)
        yield Verdict(Grade.WARNING, "sqlite", f"SQLite {sqlite3.sqlite_version} {text}; mended in {mended}")
    else:
        yield Verdict(Grade.OK, "sqlite", f"SQLite {sqlite3.sqlite_version}")


def _clock(newest: datetime | None, now: datetime) -> Verdict:
    """The clock can be known to be wrong only when it was later before."""
    if newest and newest > now + CLOCK_TOLERANCE:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC here, but the newest check is of {newest:%Y-%m-%d %H:%M}; set the clock"
        return Verdict(Grade.FAILED, "clock", text)
    return Verdict(Grade.OK, "clock", f"{now:%Y-%m-%d %H:%M} UTC" + (", later than every check" if newest else ""))


async def _reachable(settings: Settings) -> list[Verdict]:
    """The sources' hosts and the channels, all at once."""
    threads = ThreadPoolExecutor(32, "resolve")
    resolve = system_resolver(threads)
    web = Dialer(resolve, settings.http.allow_private_networks)
    mail = Dialer(resolve, settings.http.allow_private_networks, any_port=True)
    hosts = sorted({_host(source.url) for source in settings.sources if source.enabled})
    try:
        found = await asyncio.gather(
            *(_resolved(host, port, web) for host, port in hosts),
            *(
                _channel(channel, settings, mail if isinstance(channel, EmailChannel) else web)
                for channel in settings.channels
            ),
        )
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    answers, channels = found[: len(hosts)], found[len(hosts) :]
    return [*_network(hosts, answers, settings), *(verdict for verdict in channels if isinstance(verdict, Verdict))]


async def _cluster(engine: EngineSettings) -> list[Verdict]:
    """What `run` would find at its start: the scheduler, its workers, their versions, TLS."""
    try:
        found = await examine_engine(engine)
    except ConfigError as error:
        return [Verdict(Grade.FAILED, "cluster", str(error))]
    if found is None:
        return []
    safe = "with our certificate" if engine.ca_file else "without TLS: only for a private network"
    good = f"{found.scheduler} answers, {safe}"
    workers = f"workers of the same version: {found.ready}, hosts that they ask at once: {found.slots}"
    refused = [f"the worker {address} is not used: {reason}" for address, reason in found.refused.items()]
    return [
        Verdict(Grade.OK, "cluster", good),
        Verdict(Grade.OK, "cluster", workers),
        *(Verdict(Grade.WARNING, "cluster", text) for text in refused),
    ]


def _host(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def _resolved(host: str, port: int, dialer: Dialer) -> str | None:
    """Why the host cannot be reached by its name, or None."""
    try:
        async with asyncio.timeout(PATIENCE):
            await dialer.addresses(host, port)
    except FetchError as error:
        return error.reason
    except TimeoutError:
        return f"the name server gave no answer about {host} within {PATIENCE:g} s"
    return None


def _network(hosts: Sequence[tuple[str, int]], answers: Sequence[object], settings: Settings) -> Iterator[Verdict]:
    """One line for what is wrong with each host, and one for all the others."""
    wrong = [reason for reason in answers if isinstance(reason, str)]
    good = len(hosts) - len(wrong)
    grade = Grade.WARNING if settings.http.proxy else Grade.FAILED  # the proxy looks names up for itself
    if len(wrong) > 1 and not good:
        text = f"none of the {len(hosts)} hosts of the sources can be had ({wrong[0]}); is this machine online?"
        yield Verdict(grade, "network", text)
        return
    for reason in wrong:
        yield Verdict(grade, "network", f"{reason}; its sources fail until that is mended")
    if good:
        yield Verdict(Grade.OK, "network", f"hosts of sources that can be resolved: {good} of {len(hosts)}")


async def _channel(channel: Channel, settings: Settings, dialer: Dialer) -> Verdict:
    """Whether a channel's other side is there. Sends nothing; `test-alert` does."""
    name = f'channel "{channel.name}"'
    reason: str | None = None
    match channel:
        case ConsoleChannel():
            return Verdict(Grade.OK, "channel", f"{name}: prints where the service runs")
        case EmailChannel():
            greeting, reason = await _greeting(channel, settings, dialer)
            text = f"{name}: {channel.smtp.host} greets: {greeting}"
        case WebhookChannel():
            host, port = _host(channel.url)
            reason = await _resolved(host, port, dialer)
            text = f"{name}: {host} can be resolved; `brand-monitor test-alert {channel.name}` sends a sample"
        case CommandChannel():
            program = channel.command[0]
            reason = None if shutil.which(program) else f"there is no program {program} that may be started"
            text = f"{name}: {program} is there; `brand-monitor test-alert {channel.name}` sends a sample"
        case AppriseChannel():
            reason = None if find_spec("apprise") else "Apprise is not installed; install brand-monitor[apprise]"
            text = f"{name}: Apprise is there; `brand-monitor test-alert {channel.name}` sends a sample"
    return Verdict(Grade.FAILED, "channel", f"{name}: {reason}") if reason else Verdict(Grade.OK, "channel", text)


async def _greeting(channel: EmailChannel, settings: Settings, dialer: Dialer) -> tuple[str, str | None]:
    """The first line of the mail server, and what is wrong with it."""
    smtp = channel.smtp
    try:
        async with asyncio.timeout(PATIENCE):
            address = (await dialer.addresses(smtp.host, smtp.port))[0]
            tls = tls_context(settings.http.ca_file) if smtp.tls == "tls" else None
            reader, writer = await asyncio.open_connection(
                str(address), smtp.port, limit=4096, ssl=tls, server_hostname=smtp.host if tls else None
            )
            try:
                greeting = (await reader.readline()).decode("ascii", "replace").strip()
            finally:
                writer.close()
    except FetchError as error:
        return "", error.reason
    except TimeoutError:
        return "", f"the mail server {smtp.host}, port {smtp.port}, does not greet within {PATIENCE:g} s"
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error) or "the connection was lost"
        return "", f"the mail server {smtp.host}, port {smtp.port}: {words}"
    wrong = (
        None if greeting.startswith("220") else f"the mail server {smtp.host} refuses: {greeting or 'it says nothing'}"
    )
    return greeting, wrong
