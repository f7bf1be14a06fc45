"""Alerts as plain lines on a stream, for people who watch the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TextIO

from monitor.models import Alert, Answer, Delivery, News
from monitor.notifier.channel import Unreachable
from monitor.notifier.messages import console_lines


class ConsoleSender:
    """Writes to a stream that it neither opens nor closes."""

    def __init__(self, stream: TextIO, *, zone: tzinfo) -> None:
        self._stream = stream
        self._zone = zone

    async def send(self, alert: Alert, told: Sequence[News]) -> Delivery:
        encoding = self._stream.encoding or "utf-8"
        text = console_lines(told, self._zone).encode(encoding, "replace").decode(encoding)
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise Unreachable("nobody reads the console any more") from error
        return Delivery(answer=Answer.SENT, detail="written")

    async def aclose(self) -> None:
        return None
