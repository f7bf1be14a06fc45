"""What the dispatcher asks of every kind of channel, and how a channel says that it is in trouble as a whole."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import certifi

from monitor.errors import MonitorError
from monitor.models import Alert, Delivery, News


class Unreachable(MonitorError):
    """The channel takes no message at all at the moment: no connection, no login, told to wait.

    Its text says why, without any secret. The messages behind this one need not be tried.
    """

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Sender(Protocol):
    """One channel's way out. Makes one attempt and never waits to make another."""

    async def send(self, alert: Alert, told: Sequence[News]) -> Delivery:
        """Makes the message, hands it over, says what the other side answered. Raises Unreachable, ConfigError."""
        ...

    async def aclose(self) -> None: ...


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates and host names are checked, against the same authorities as for pages."""
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
