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
from collections.abc import AsyncIterator, Callable, Mapping
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
SILENCE = 60.0
"""Seconds in which a worker has to answer: importing what it needs takes long on a busy machine."""
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
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._last: OrderedDict[str, str] = OrderedDict()
        self._change = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None
        self._leaving = False

    async def open(self) -> None:
        """Connects. Raises ConfigError when the scheduler cannot be had, has no workers, or none that will do."""
        client = await self._joined()
        _tell(self._refused)
        self._watching = asyncio.create_task(self._watch(client))

    async def examine(self) -> Workers:
        """What `open` finds, without going on from there. Raises as it does."""
        await self._joined()
        slots = sum(hand.slots for hand in self._hands.values())
        return Workers(scheduler=self.address, ready=len(self._hands), slots=slots, refused=dict(self._refused))

    async def _joined(self) -> Client:
        """The connection, when all workers that are there have been looked at."""
        client = await self._connected()
        there = await _ask(client, "workers", known=None)
        await self._follow(client, there)
        async with self._change:
            await self._change.wait_for(lambda: self._looks.keys() <= self._hands.keys() | self._refused.keys())
        if not there:
            raise ConfigError(f"{self._place()} has no workers; start some: dask worker {self.address} --no-nanny")
        if not self._hands:
            reasons = (f"{address}: {reason}" for address, reason in self._refused.items())
            raise ConfigError(f"{self._place()} has no worker that will do: {next(reasons, 'none answers')}")
        return client

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

    async def _watch(self, client: Client) -> None:
        """Follows which workers there are. When the scheduler is gone, so are all; then it is sought again."""
        while True:
            try:
                while True:
                    there = await _ask(client, "workers", known=list(self._looks))
                    await self._follow(client, there)
            except OSError:
                log.warning("%s is gone; what was in hand is due again, and it is sought", self._place())
            except Exception:
                log.exception("this is a bug in brand-monitor; the cluster is joined anew")
            await self._disconnect()
            client = await self._sought()
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
        await self._follow(None, {})
        if client is not None:
            with suppress(OSError, asyncio.TimeoutError):
                await client.close(timeout=CONNECT)

    async def _follow(self, client: Client | None, there: Mapping[str, int]) -> None:
        """Lets go of workers that are gone. New ones are looked at, each by itself: who does not answer holds up no
        other."""
        for address in self._looks.keys() - there.keys():
            self._looks.pop(address).cancel()
            self._refused.pop(address, None)
        await self._keep({address: hand for address, hand in self._hands.items() if address in there})
        if client is not None:
            for address in there.keys() - self._looks.keys():
                look = self._look(client, address, there[address])
                self._looks[address] = asyncio.create_task(look, name=f"look at {address}")

    async def _look(self, client: Client, address: str, slots: int) -> None:
        """Makes a worker one to call, or refuses it. One that does not answer is refused and asked again."""
        wait = FIRST_RETRY
        while True:
            try:
                reason, silent = await _looked_at(client, address), False
            except OSError:  # it was too slow, or is gone
                reason, silent = "it does not answer", True
            except Exception as bug:
                log.exception("this is a bug in brand-monitor; the worker %s is not used", address)
                reason, silent = f"a bug in brand-monitor: {type(bug).__name__}", False
            if reason is None:
                if self._refused.pop(address, None):
                    log.warning("the worker %s answers now", address)
                await self._keep(self._hands | {address: Hand(address, slots, client)})
                return
            if self._watching is not None and reason != self._refused.get(address):
                _tell({address: reason})
            self._refused[address] = reason
            await self._keep(self._hands)
            if not silent:
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_RETRY)

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


async def _looked_at(client: Client, address: str) -> str | None:
    """Why a worker will not do, or None; one that will is made ready. Raises OSError when it does not answer."""
    async with asyncio.timeout(SILENCE):
        theirs = await _run(client, address, versions)
        if isinstance(theirs, ImportError | AttributeError):
            return "this brand-monitor is not installed there"
        if isinstance(theirs, Exception):
            raise OSError from theirs
        if told := difference(theirs, versions()):
            return f"another version: {told}; install the same on all machines"
        reason: Exception | str | None = await _run(client, address, enlist)
        return f"it cannot be made ready ({reason})" if isinstance(reason, Exception) else reason


async def _run(client: Client, address: str, function: Callable[..., Any]) -> Any:
    """What a function comes to at one worker, or the error that it raises there."""
    [answer] = (await client.run(function, workers=[address], on_error="return")).values()
    return answer


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
