"""From the outbox to the other side: claim what is due, hand it over, settle what became of it.

    per channel, all at once:  claim a batch ─► attempt, oldest first ─► sent │ failed │ again at … ─► settle

A dead or slow channel delays no other: each has its own round, and a round that still runs is left alone by the next
call. What goes wrong with one alert is written down as its attempt and stops no other.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from traceback import extract_tb
from typing import Protocol, TextIO

from monitor.errors import MonitorError
from monitor.models import Alert, Answer, Delivery, News
from monitor.notifier.channel import Sender, Unreachable
from monitor.notifier.chat import ChatSender
from monitor.notifier.console import ConsoleSender
from monitor.notifier.mail import MailSender
from monitor.notifier.retry import next_attempt
from monitor.notifier.route import recipients
from monitor.notifier.sample import sample_change
from monitor.notifier.webhook import WebhookSender
from monitor.settings import Channel, ConsoleChannel, EmailChannel, HttpSettings, WebhookChannel

log = logging.getLogger(__name__)

BATCH = 20
"""How many alerts are claimed at once. Their lease must outlast twenty attempts of at most 30 seconds each."""

PATIENCE = 3
"""How many alerts in a row may find the channel in trouble before the rest of the batch is put off untried. More than
one, so that a single message that breaks every connection does not hold up those behind it."""


class Outbox(Protocol):
    """Where alerts wait. The history, behind whatever thread it lives on."""

    async def claim(self, channel: str, limit: int) -> Sequence[tuple[Alert, Sequence[News]]]:
        """Alerts that are due, oldest first, leased to this process."""
        ...

    async def settle(self, alert_id: str, delivery: Delivery, next_attempt: datetime | None) -> None:
        """Writes an attempt down; with RETRY the alert waits until `next_attempt`."""
        ...


class Dispatcher:
    """Delivers for one event loop. Reads no history and writes none but through the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        http: HttpSettings,
        *,
        clock: Callable[[], datetime],
        rng: random.Random,
        zone: tzinfo = UTC,
        console: TextIO | None = None,
    ) -> None:
        self._outbox = outbox
        self._http = http
        self._clock = clock
        self._rng = rng
        self._zone = zone
        self._console = console
        self._senders: dict[str, tuple[Channel, Sender]] = {}
        self._at_work: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._resting: dict[str, datetime] = {}
        self._stopping = False

    async def deliver(self, channels: Sequence[Channel]) -> int:
        """One round over the outbox: everything that is due. Returns how many messages the other sides took.

        May be called while an earlier call still runs; channels that are still at work are left to it.
        """
        rounds = await asyncio.gather(*map(self._round, channels), return_exceptions=True)
        for outcome in rounds:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(outcome for outcome in rounds if isinstance(outcome, int))

    async def send_sample(self, channel: Channel) -> Delivery:
        """Sends a message marked as a test to every recipient of a channel, the way alerts go. The worst answer."""
        now = self._clock()
        deliveries = []
        for recipient in recipients(channel):
            alert_id = hashlib.sha256(f"sample {channel.name} {recipient} {now.isoformat()}".encode()).hexdigest()[:32]
            change = sample_change(alert_id, now)
            alert = Alert(
                id=alert_id,
                channel=channel.name,
                recipient=recipient,
                rule="test",
                digest=False,
                changes=(change.id,),
                not_before=now,
            )
            delivery, _ = await self._attempt(channel, alert, [change])
            deliveries.append(replace(delivery, detail=f"{recipient}: {delivery.detail}"))
        worst = max(deliveries, key=lambda delivery: list(Answer).index(delivery.answer))
        return replace(worst, detail="; ".join(delivery.detail for delivery in deliveries))

    def stop(self) -> None:
        """Rounds end after the alert in hand. Alerts that were claimed and not tried come back with their lease."""
        self._stopping = True

    async def aclose(self) -> None:
        """Ends rounds after the alert in hand, as `stop` does, and closes every connection."""
        stopping, self._stopping = self._stopping, True
        senders, self._senders = self._senders, {}
        for name, (_, sender) in senders.items():
            async with self._at_work[name]:
                await sender.aclose()
        self._stopping = stopping

    async def _round(self, channel: Channel) -> int:
        """Everything that is due on one channel, unless it is at work already or the other side asked for rest."""
        taken = 0
        if self._at_work[channel.name].locked():
            return taken
        async with self._at_work[channel.name]:
            while not self._stopping and self._resting.get(channel.name, self._clock()) <= self._clock():
                batch = await self._outbox.claim(channel.name, BATCH)
                sent, trouble = await self._batch(channel, batch)
                taken += sent
                if trouble or not batch:
                    break
        return taken

    async def _batch(
        self, channel: Channel, batch: Sequence[tuple[Alert, Sequence[News]]]
    ) -> tuple[int, Delivery | None]:
        """Tries these in order. Returns how many were taken, and the delivery that showed the channel in trouble."""
        taken, in_a_row = 0, 0
        trouble: Delivery | None = None
        jitter = self._rng.random()
        for alert, told in batch:
            if self._stopping:
                break
            if trouble is not None:
                untried = replace(trouble, detail=f"not tried: {trouble.detail}")
                await self._settle(channel, alert, untried, jitter)
                continue
            delivery, down = await self._attempt(channel, alert, told)
            await self._settle(channel, alert, delivery, jitter)
            taken += delivery.answer is Answer.SENT
            in_a_row = in_a_row + 1 if down else 0
            if in_a_row >= PATIENCE or (down and delivery.retry_after):
                trouble = delivery
        return taken, trouble

    async def _attempt(self, channel: Channel, alert: Alert, told: Sequence[News]) -> tuple[Delivery, bool]:
        """One attempt, and whether it was the channel as a whole that failed. Raises nothing."""
        if not told:
            return Delivery(answer=Answer.FAILED, detail="what it was to tell of is no longer in the history"), False
        try:
            sender = await self._sender(channel)
            return await sender.send(alert, told), False
        except Unreachable as error:
            return Delivery(answer=Answer.RETRY, detail=str(error), retry_after=error.retry_after), True
        except MonitorError as error:
            return Delivery(answer=Answer.RETRY, detail=str(error)), True
        except Exception as bug:
            return Delivery(answer=Answer.RETRY, detail=_place_of(bug)), False

    async def _settle(self, channel: Channel, alert: Alert, delivery: Delivery, jitter: float) -> None:
        now = self._clock()
        again = None
        if delivery.answer is Answer.RETRY:
            attempts = alert.attempts + 1
            again = next_attempt(channel.kind, attempts, now, jitter, delivery.retry_after)
            if delivery.retry_after and again:
                self._resting[channel.name] = again
            if again is None:
                times = "once" if attempts == 1 else f"{attempts} times"
                delivery = replace(
                    delivery, answer=Answer.FAILED, detail=f"{delivery.detail} (given up after trying {times})"
                )
        if delivery.answer is not Answer.SENT:
            log.warning("alert %s to %s: %s: %s", alert.id, channel.name, delivery.answer, delivery.detail)
        await self._outbox.settle(alert.id, delivery, again)

    async def _sender(self, channel: Channel) -> Sender:
        """The channel's sender; a new one when the config of the channel has changed."""
        known = self._senders.get(channel.name)
        if known is not None and known[0] == channel:
            return known[1]
        if known is not None:
            await known[1].aclose()
        sender = self._new_sender(channel)
        self._senders[channel.name] = (channel, sender)
        return sender

    def _new_sender(self, channel: Channel) -> Sender:
        match channel:
            case ConsoleChannel():
                return ConsoleSender(self._console or sys.stdout, zone=self._zone)
            case EmailChannel():
                return MailSender(channel, self._http, clock=self._clock, zone=self._zone)
            case WebhookChannel():
                return WebhookSender(channel, self._http, clock=self._clock)
            case _:
                return ChatSender(channel, zone=self._zone)


def _place_of(bug: Exception) -> str:
    """What broke and where. Not its text: that may hold anything, secrets too."""
    frame = extract_tb(bug.__traceback__)[-1]
    return f"a bug in brand-monitor: {type(bug).__name__} ({Path(frame.filename).name}, line {frame.lineno})"
