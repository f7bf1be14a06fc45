"""The demo's webhook: takes what is posted when its Standard Webhooks signature is right, and nothing else."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from monitor.cli.demo.loopback import Answer, Request, Server

TOLERANCE = timedelta(minutes=5)
"""How far a message's time may be from ours; an older one may be a repeat by somebody who listened."""


class Hook:
    """The other side of a webhook channel, from its making until it is closed.

    The library's own `verify` compares with the machine's clock, and the demo's days are simulated: the signature is
    made again and compared here, and the time with the given clock.
    """

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refused = 0
        self._signer = Webhook(secret)
        self._clock = clock
        self._seen: set[str] = set()
        self._server = Server(self._answer)

    @property
    def url(self) -> str:
        return self._server.url + "/brand-news"

    def close(self) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Answer:
        if request.method != "POST" or not self._genuine(request):
            self.refused += 1
            return Answer(401, b"the signature is not right")
        message_id = request.headers["webhook-id"]
        if message_id not in self._seen:  # a repeat is answered like the first, and counted once
            self._seen.add(message_id)
            self.messages.append(json.loads(request.body))
        return Answer(204)

    def _genuine(self, request: Request) -> bool:
        message_id, stamp, signatures = (
            request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
        )
        if not message_id or not stamp.isdecimal() or len(stamp) > 12:
            return False
        sent = datetime.fromtimestamp(int(stamp), UTC)
        right = self._signer.sign(message_id, sent, request.body.decode("utf-8", "replace"))
        signed = any(hmac.compare_digest(right.encode(), given.encode()) for given in signatures.split())
        return signed and abs(self._clock() - sent) <= TOLERANCE
