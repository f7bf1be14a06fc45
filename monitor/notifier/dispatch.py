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
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import Protocol, TextIO

from monitor.errors import MonitorError
from monitor.models import Alert, Answer, Change, Delivery, Health
from monitor.notifier.channel import Sender, Unreachable
from monitor.notifier.chat import ChatSender
from monitor.notifier.command import CommandSender
from monitor.notifier.console import ConsoleSender
from monitor.notifier.health import PATIENCE, after, in_trouble, is_open, told
from monitor.notifier.messages import Style
from monitor.notifier.retry import next_attempt
from monitor.notifier.route import recipients
from monitor.notifier.sample import sample_change
from monitor.notifier.webhook import WebhookSender
from monitor.settings import (
    AppriseChannel,
    Channel,
    CommandChannel,
    ConsoleChannel,
    EmailChannel,
    HttpSettings,
    WebhookChannel,
)

log = logging.getLogger(__name__)

BATCH = 20
"""How many alerts are claimed at once. Their lease must outlast twenty attempts of at most half a minute each."""


class Outbox(Protocol):
    """Where alerts wait, and what is known of the channels. The history, behind whatever thread it lives on."""

    async def health(self, channel: str) -> Health: ...

    async def claim(self, channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, Sequence[Change]]]:
        """Alerts that are due, oldest first, leased to this process; `again`: those that wait for a retry are due."""
        ...

    async def settle(
        self,
        alert: Alert,
        delivery: Delivery,
        next_attempt: datetime | None,
        health: Health,
        notices: Sequence[Alert],
    ) -> None:
        """Writes down an attempt and how the channel is after it, and queues notices of that.

        With a `next_attempt` the alert waits until then.
        """
        ...

    async def release(self, alerts: Sequence[Alert], until: datetime | None = None) -> None:
        """Gives back what was claimed and not tried; with `until`, it waits until then."""
        ...

    def held(self, alert: Alert) -> datetime | None:
        """Until when quiet hours keep an alert back; None when they do not."""
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
        style: Style | None = None,
        console: TextIO | None = None,
    ) -> None:
        self._outbox = outbox
        self._http = http
        self._clock = clock
        self._rng = rng
        self._style = style or Style()
        self._console = console
        self._senders: dict[str, tuple[Channel, Sender]] = {}
        self._at_work: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stopping = False

    async def deliver(self, channels: Sequence[Channel]) -> int:
        """One round over the outbox: everything that is due. Returns how many messages the other sides took.

        May be called while an earlier call still runs; channels that are still at work are left to it.
        """
        rounds = await asyncio.gather(*(self._round(channel, channels) for channel in channels), return_exceptions=True)
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

    async def _round(self, channel: Channel, channels: Sequence[Channel]) -> int:
        """Everything that is due on one channel, unless it is at work already, rests or wants no more."""
        taken = 0
        if self._at_work[channel.name].locked():
            return taken
        async with self._at_work[channel.name]:
            health = await self._outbox.health(channel.name)
            while not self._stopping and is_open(health, self._clock()):
                batch = await self._outbox.claim(channel.name, BATCH, again=in_trouble(health))
                due = await self._due(batch)
                if not batch or (in_trouble(health) and not due):  # then the same ones would be claimed again
                    break
                sent, health = await self._batch(channel, due, health, channels)
                taken += sent
        return taken

    async def _due(self, batch: Sequence[tuple[Alert, Sequence[Change]]]) -> list[tuple[Alert, Sequence[Change]]]:
        """Those that no quiet hours keep back. Retries and storms come to them, too; they wait for their end."""
        held = defaultdict(list)
        for alert, _ in batch:
            held[self._outbox.held(alert)].append(alert)
        due = {alert.id for alert in held.pop(None, ())}
        for until, alerts in held.items():
            await self._outbox.release(alerts, until)
        return [claimed for claimed in batch if claimed[0].id in due]

    async def _batch(
        self,
        channel: Channel,
        batch: Sequence[tuple[Alert, Sequence[Change]]],
        health: Health,
        channels: Sequence[Channel],
    ) -> tuple[int, Health]:
        """Tries these in order while the channel is open. Returns how many were taken, and how the channel is then."""
        taken, in_a_row, left = 0, 0, list(batch)
        jitter = self._rng.random()
        while left and not self._stopping and is_open(health, self._clock()):
            alert, changes = left.pop(0)
            delivery, down = await self._attempt(channel, alert, changes)
            now = self._clock()
            in_a_row = in_a_row + 1 if down else 0
            witness = in_a_row == PATIENCE and _call_witness(left, alert)
            enough = not left or (in_a_row >= PATIENCE and not witness)
            was, health = health, after(health, channel.kind, delivery, now, jitter, down=down, enough=enough)
            health, notices = told(channel, was, health, channels, now, self._style)
            await self._settle(channel, alert, delivery, jitter, health, notices)
            taken += delivery.answer is Answer.SENT
        await self._outbox.release([alert for alert, _ in left])
        return taken, health

    async def _attempt(self, channel: Channel, alert: Alert, changes: Sequence[Change]) -> tuple[Delivery, bool]:
        """One attempt, and whether it was the channel as a whole that failed. Raises nothing."""
        if not changes and alert.notice is None:
            return Delivery(answer=Answer.FAILED, detail="what it was to tell of is no longer in the history"), False
        try:
            sender = await self._sender(channel)
            delivery = await sender.send(alert, changes)
        except Unreachable as error:
            return Delivery(answer=Answer.RETRY, detail=str(error), retry_after=error.retry_after), True
        except MonitorError as error:
            return Delivery(answer=Answer.RETRY, detail=str(error)), True
        except Exception as bug:
            return Delivery(answer=Answer.RETRY, detail=_place_of(bug)), False
        # A mail server speaks of each recipient; another side that does not take a message may take none.
        down = delivery.answer is Answer.RETRY and not isinstance(channel, EmailChannel)
        return delivery, down or delivery.answer is Answer.UNANSWERED

    async def _settle(
        self,
        channel: Channel,
        alert: Alert,
        delivery: Delivery,
        jitter: float,
        health: Health,
        notices: Sequence[Alert],
    ) -> None:
        again = None
        if delivery.answer is Answer.UNANSWERED and alert.unanswered:  # nobody is to get it a third time
            detail = f"{delivery.detail} (sent twice; `brand-monitor alerts retry` sends it again)"
            delivery = replace(delivery, answer=Answer.FAILED, detail=detail)
        elif delivery.answer in (Answer.UNANSWERED, Answer.RETRY):
            again = next_attempt(channel.kind, alert, health, self._clock(), jitter)
            if again is None:
                times = "once" if alert.attempts == 0 else f"{alert.attempts + 1} times"
                detail = f"{delivery.detail} (given up after trying {times}; `brand-monitor alerts retry` undoes that)"
                delivery = replace(delivery, answer=Answer.FAILED, detail=detail)
        if delivery.answer is not Answer.SENT:
            log.warning("alert %s to %s: %s: %s", alert.id, channel.name, delivery.answer, delivery.detail)
        await self._outbox.settle(alert, delivery, again, health, notices)

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
                return ConsoleSender(self._console or sys.stdout, style=self._style)
            case EmailChannel():
                from monitor.notifier.mail import MailSender  # late: most rounds of checks have no mail to send

                return MailSender(channel, self._http, clock=self._clock, style=self._style)
            case WebhookChannel():
                return WebhookSender(channel, self._http, clock=self._clock)
            case CommandChannel():
                return CommandSender(channel)
            case AppriseChannel():
                return ChatSender(channel, style=self._style)


def _call_witness(left: list[tuple[Alert, Sequence[Change]]], failed: Alert) -> bool:
    """Brings to the front a message that was tried less often than the one that failed, if there is one. Messages that
    the other side will never take may stand before it, and they alone do not show that the channel is down."""
    witness = min(left, key=lambda claimed: claimed[0].attempts, default=None)
    if witness is None or witness[0].attempts >= failed.attempts:
        return False
    left.remove(witness)
    left.insert(0, witness)
    return True


def _place_of(bug: Exception) -> str:
    """What broke and where. Not its text: that may hold anything, secrets too."""
    frame = extract_tb(bug.__traceback__)[-1]
    return f"a bug in brand-monitor: {type(bug).__name__} ({Path(frame.filename).name}, line {frame.lineno})"
