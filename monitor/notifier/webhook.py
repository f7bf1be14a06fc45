"""One message to a webhook by the rules of Standard Webhooks.

Posts JSON with the alert's id, the time of the attempt and, with a secret, a signature. 2xx is sent, 410 is final and
about the whole channel, everything else may pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

from standardwebhooks import Webhook

from monitor.answers import retry_after
from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.inert import answer_words
from monitor.notifier.messages import json_body
from monitor.notifier.wire import TIMEOUT, Wire
from monitor.settings import HttpSettings, WebhookChannel

_BUSY = {429, 503}


class WebhookSender:
    """The way out of one webhook channel."""

    def __init__(
        self,
        channel: WebhookChannel,
        http: HttpSettings,
        *,
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT,
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._wire = Wire(channel.url, http, timeout=timeout)

    async def send(self, alert: Alert, changes: Sequence[Change]) -> Delivery:
        """One attempt. Raises Unreachable when nobody answers or the other side asks for rest, ConfigError."""
        body = json_body(alert, changes)
        status, wait, words = await self._wire.ask("POST", self._headers(alert.id, body), body.encode())
        return self._delivery(status, wait, words)

    async def aclose(self) -> None:
        await self._wire.aclose()

    def _headers(self, alert_id: str, body: str) -> list[tuple[str, str]]:
        """The headers of this attempt: the same id on every one, a time of its own."""
        now = self._clock()
        headers = [
            ("content-type", "application/json"),
            ("webhook-id", alert_id),
            ("webhook-timestamp", str(int(now.timestamp()))),
        ]
        if self._channel.secret is not None:
            headers.append(("webhook-signature", Webhook(self._channel.secret.key()).sign(alert_id, now, body)))
        return headers

    def _delivery(self, status: int, wait: str | None, words: bytes) -> Delivery:
        if 200 <= status <= 299:
            return Delivery(answer=Answer.SENT, detail=f"HTTP {status}")
        said = answer_words(words)
        detail = f"HTTP {status} {_phrase(status)}" + (f": {said}" if said else "")
        if status == HTTPStatus.GONE:
            return Delivery(answer=Answer.FAILED, detail=f"{detail} (it wants no more messages)", gone=True)
        if status in _BUSY:
            asked = retry_after(wait, self._clock())
            if asked is not None:
                raise Unreachable(detail, asked)
        if 300 <= status <= 399:
            detail = f"HTTP {status} {_phrase(status)} (redirects are not followed: put the new address in the config)"
        return Delivery(answer=Answer.RETRY, detail=detail)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(a status that no standard knows)"
