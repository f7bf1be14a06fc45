"""Alerts as plain lines on a stream, for people who watch the service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.messages import Style, console_lines


class ConsoleSender:
    """Writes to a stream that it neither opens nor closes."""

    def __init__(self, stream: TextIO, *, style: Style) -> None:
        self._stream = stream
        self._style = style

    async def send(self, alert: Alert, changes: Sequence[Change]) -> Delivery:
        encoding = self._stream.encoding or "utf-8"
        text = console_lines(alert, changes, self._style).encode(encoding, "replace").decode(encoding)
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise Unreachable("nobody reads the console any more") from error
        return Delivery(answer=Answer.SENT, detail="written")

    async def aclose(self) -> None:
        return None
