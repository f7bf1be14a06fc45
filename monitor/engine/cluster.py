"""A coordinator's side of a Dask cluster: the connection, the workers that will do, and calls to one of them.

    connect ─► same versions? ─► each worker: same versions, made ready ─► a call to one worker ─► its answer, or Lost
       ▲                                                                                             │
       └──────────────────────── the scheduler is gone: all is lost, try again ◄─────────────────────┘

Every call is bound to one worker. Dask would give it to another one when that is lost, perhaps while the first still
works on it; here it is told, and whoever asked decides. Errors that somebody can mend are one line.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from distributed import Client, Future, KilledWorker, Security

from monitor.engine.coordination import OBSERVED, Coordination
from monitor.engine.errands import Workers
from monitor.engine.versions import Versions, difference, versions
from monitor.engine.worker import enlist
from monitor.errors import ConfigError, MonitorError
from monitor.settings import EngineSettings

log = logging.getLogger(__name__)

CONNECT = 10.0
"""Seconds in which a scheduler has to answer."""
SILENCE = 120.0
"""Seconds in which workers have to be looked at: importing what they need takes long on a busy machine."""
FIRST_RETRY, LONGEST_RETRY = 0.5, 30.0
"""Seconds between two attempts to reach a scheduler that is gone."""
REMEMBERED = 100_000
"""Hosts of which it is known who asked them last: their connections and robots.txt are there."""

Heard = Callable[[dict[str, Any]], None]


class Lost(MonitorError):
    """A worker is gone, or the whole cluster, before there was an answer."""


@dataclass(eq=False, slots=True)
class Hand:
    """A worker that will do. `slots`: how much it does at once."""

    address: str
    slots: int
    client: Client
    busy: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class Cluster:
    """Workers to call. `open` first, `close` at the end. `heard` gets what workers send besides their answers."""

    def __init__(self, settings: EngineSettings, heard: Heard = lambda message: None) -> None:
        assert settings.scheduler is not None
        self.address = settings.scheduler
        self._settings = settings
        self._heard = heard
        self._client: Client | None = None
        self._hands: dict[str, Hand] = {}
        self._refused: dict[str, str] = {}
        self._last: OrderedDict[str, str] = OrderedDict()
        self._change = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None
        self._leaving = False

    async def open(self) -> None:
        """Connects. Raises ConfigError when the scheduler cannot be had, has no workers, or none that will do."""
        client, known = await self._joined()
        _tell(self._refused)
        self._watching = asyncio.create_task(self._watch(client, known))

    async def examine(self) -> Workers:
        """What `open` finds, without going on from there. Raises as it does."""
        await self._joined()
        slots = sum(hand.slots for hand in self._hands.values())
        return Workers(scheduler=self.address, ready=len(self._hands), slots=slots, refused=dict(self._refused))

    async def _joined(self) -> tuple[Client, list[str]]:
        """The connection, and the workers that are there."""
        client = await self._connected()
        there = await _ask(client, "workers", known=None)
        try:
            known = await self._admit(client, there)
        except TimeoutError:
            raise ConfigError(f"{self._place()}: its workers do not answer; start them anew") from None
        if not there:
            raise ConfigError(f"{self._place()} has no workers; start some: dask worker {self.address} --no-nanny")
        if not self._hands:
            reasons = (f"{address}: {reason}" for address, reason in self._refused.items())
            raise ConfigError(f"{self._place()} has no worker that will do: {next(reasons, 'none answers')}")
        return client, known

    async def leave(self) -> None:
        """Nobody waits for a worker any more."""
        self._leaving = True
        async with self._change:
            self._change.notify_all()

    async def halt(self) -> None:
        """Nobody waits for a worker any more, and what they do for us ends early."""
        await self.leave()
        if self._client is not None:
            with suppress(OSError):
                await _ask(self._client, "halt", coordinator=self._client.id)

    async def close(self) -> None:
        """Lets go of the cluster; what runs there for us is stopped."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._disconnect()

    @property
    def size(self) -> int:
        """How many workers there are now."""
        return len(self._hands)

    @asynccontextmanager
    async def hand(self, host: str | None = None, most: int | None = None) -> AsyncIterator[Hand]:
        """Waits for a worker with room, the one that asked the host last if it has any, and holds the room. Raises Lost
        when there will be none any more.

        `most`: how much a worker is to have at once, where that is less than it could.
        """
        async with self._change:
            while (hand := self._free(host, most)) is None:
                if self._leaving:
                    raise Lost("the cluster is left")
                await self._change.wait()
            hand.busy += 1
        try:
            yield hand
        finally:
            hand.busy -= 1
            async with self._change:
                self._change.notify()

    async def call(self, hand: Hand, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of a module comes to at one worker. Raises what it raises; Lost when it got lost."""
        if hand.lost.is_set():
            raise Lost(f"the worker {hand.address} is gone")
        future = hand.client.submit(
            function,
            *arguments,
            key=f"{function.__name__}-{uuid4().hex}",
            workers=[hand.address],
            allow_other_workers=False,
            pure=False,
        )
        answer = asyncio.create_task(_answer(future, hand))
        gone = asyncio.create_task(hand.lost.wait())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() or answer.cancelled():  # Dask's own tasks are cancelled with its client
                raise Lost(f"the worker {hand.address} is gone")
            return answer.result()
        finally:
            gone.cancel()
            answer.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)
            future.release()

    def _free(self, host: str | None, most: int | None) -> Hand | None:
        free = [hand for hand in self._hands.values() if hand.busy < min(hand.slots, most or hand.slots)]
        if not free:
            return None
        last = self._last.get(host) if host else None
        found = next((hand for hand in free if hand.address == last), None)
        found = found or min(free, key=lambda hand: (hand.busy / hand.slots, hand.address))
        if host:
            self._last[host] = found.address
            self._last.move_to_end(host)
            if len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
        return found

    # The connection

    async def _connected(self) -> Client:
        """A connection to the scheduler. Raises ConfigError."""
        await _reachable(self._settings)
        client: Client = Client(
            self.address,
            asynchronous=True,
            set_as_default=False,
            timeout=CONNECT,
            security=_security(self._settings),
        )
        try:
            await client
        except (OSError, ValueError) as error:  # ValueError: Tornado's, when an answer comes before TLS
            await client.close()
            raise ConfigError(await _mismatch(self._settings, error)) from error
        self._client = client
        try:
            theirs: Versions = await client.run_on_scheduler(versions)
        except (ImportError, AttributeError):
            raise ConfigError(f"{self._place()} runs without this brand-monitor; install it there too") from None
        if told := difference(theirs, versions()):
            raise ConfigError(f"{self._place()} is of another version: {told}; install the same on all machines")
        await client.register_plugin(Coordination())
        client.subscribe_topic(OBSERVED, lambda event: self._heard(event[1]))
        return client

    async def _watch(self, client: Client, known: list[str]) -> None:
        """Follows which workers there are. When the scheduler is gone, so are all; then it is sought again."""
        while True:
            try:
                while True:
                    there = await _ask(client, "workers", known=known)
                    known = await self._admit(client, there)
                    if len(known) < len(there):  # one that gave no answer is asked again
                        await asyncio.sleep(FIRST_RETRY)
            except OSError:
                log.warning("%s is gone; what was in hand is due again, and it is sought", self._place())
            except Exception:
                log.exception("this is a bug in brand-monitor; the cluster is joined anew")
            await self._disconnect()
            client, known = await self._sought(), []
            log.warning("%s is there again", self._place())

    async def _sought(self) -> Client:
        wait, told = FIRST_RETRY, ""
        while True:
            try:
                return await self._connected()
            except (ConfigError, OSError) as error:
                await self._disconnect()
                if str(error) != told:
                    log.warning("%s", error)
                told = str(error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_RETRY)

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        await self._keep({})
        if client is not None:
            with suppress(OSError, asyncio.TimeoutError):
                await client.close(timeout=CONNECT)

    async def _admit(self, client: Client, there: dict[str, int]) -> list[str]:
        """Makes these the workers, those that will do; a new one is looked at first. Returns the addresses of those
        that have answered."""
        new = [address for address in there if address not in self._hands and address not in self._refused]
        async with asyncio.timeout(SILENCE):  # a TimeoutError is an OSError: the cluster is taken for gone
            reasons = await _looked_at(client, new) if new else {}
        refused = {address: reason for address, reason in reasons.items() if reason}
        if self._watching is not None:
            _tell(refused)
        self._refused = {address: reason for address, reason in (self._refused | refused).items() if address in there}
        hands = {address: hand for address, hand in self._hands.items() if address in there}
        hands |= {
            address: Hand(address, there[address], client) for address, reason in reasons.items() if reason is None
        }
        await self._keep(hands)
        return [address for address in there if address in hands or address in self._refused]

    async def _keep(self, hands: dict[str, Hand]) -> None:
        for address, hand in self._hands.items():
            if address not in hands:
                hand.lost.set()
        self._hands = hands
        async with self._change:
            self._change.notify_all()

    def _place(self) -> str:
        return f"the Dask scheduler {self.address}"


def _tell(refused: dict[str, str]) -> None:
    for address, reason in refused.items():
        log.error("the worker %s is not used: %s", address, reason)


async def _ask(client: Client, call: str, **named: Any) -> Any:
    """A call of our plugin in the scheduler."""
    return await getattr(client.scheduler, f"brand_monitor_{call}")(**named)


async def _answer(future: Future[Any], hand: Hand) -> Any:
    try:
        return await future
    except (KilledWorker, CancelledError):  # the worker died too often over it; the scheduler died
        raise Lost(f"the worker {hand.address} is gone") from None


async def _looked_at(client: Client, workers: list[str]) -> dict[str, str | None]:
    """Why each of these workers will not do, or None; those that will are made ready."""
    reasons: dict[str, str | None] = {}
    for address, theirs in (await client.run(versions, workers=workers, on_error="return")).items():
        if isinstance(theirs, ImportError | AttributeError):
            reasons[address] = "this brand-monitor is not installed there"
        elif isinstance(theirs, Exception):
            continue  # gone again; if not, it is asked again
        else:
            told = difference(theirs, versions())
            reasons[address] = told and f"another version: {told}; install the same on all machines"
    good = [address for address, reason in reasons.items() if reason is None]
    if good:
        for address, reason in (await client.run(enlist, workers=good, on_error="return")).items():
            reasons[address] = f"it cannot be made ready ({reason})" if isinstance(reason, Exception) else reason
    return reasons


def _security(settings: EngineSettings) -> Security | None:
    if not settings.ca_file:
        return None
    return Security(
        tls_ca_file=str(settings.ca_file),
        tls_client_cert=str(settings.cert_file),
        tls_client_key=str(settings.key_file),
        require_encryption=True,
    )


async def _reachable(settings: EngineSettings) -> None:
    """Raises ConfigError when nobody answers: Dask would try for long."""
    parts = urlsplit(settings.scheduler or "")
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except (OSError, TimeoutError) as error:
        reason = getattr(error, "strerror", None) or "it does not answer"
        raise ConfigError(
            f"the Dask scheduler {settings.scheduler} cannot be reached: {reason}; is it running there?"
        ) from error
    writer.close()


async def _mismatch(settings: EngineSettings, error: Exception) -> str:
    """Why somebody answers, and not as a scheduler, in words. Dask tells a wrong certificate from silence only at
    times."""
    place, parts = f"the Dask scheduler {settings.scheduler}", urlsplit(settings.scheduler or "")
    security = _security(settings)
    if security is None:
        return f"{place} does not answer at tcp://; if it was started with TLS, write tls:// and name its files"
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=security.get_connection_args("client")["ssl_context"]
            )
    except ssl.SSLCertVerificationError as cause:
        return f"{place}: its certificate is not good by [engine] ca_file: {cause.verify_message}"
    except (OSError, TimeoutError):
        return f"{place} does not speak TLS; start it with TLS, or write tcp:// in a private network"
    writer.close()
    return f"{place} does not take our certificate; is [engine] cert_file by the cluster's authority? ({error})"
