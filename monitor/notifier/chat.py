"""One message through Apprise, which knows many chat services. Needs the extra `apprise`.

Apprise tells only whether it went well. Its address holds tokens, so neither it nor what Apprise logs
about it is shown.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from typing import Any

from monitor.errors import ConfigError
from monitor.models import Alert, Answer, Delivery, News
from monitor.notifier.channel import Unreachable
from monitor.notifier.messages import subject_line, text_body
from monitor.settings import AppriseChannel

TIMEOUT = 30.0


class ChatSender:
    """The way out of one Apprise channel."""

    def __init__(self, channel: AppriseChannel, *, zone: tzinfo, timeout: float = TIMEOUT) -> None:
        self._channel = channel
        self._zone = zone
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, f"chat {channel.name}")

    async def send(self, alert: Alert, told: Sequence[News]) -> Delivery:
        """One attempt. Raises ConfigError without Apprise or with an address it does not know, Unreachable."""
        service = self._service()
        title, body = subject_line(told), text_body(told, self._zone)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                taken = await loop.run_in_executor(self._thread, lambda: service.notify(title=title, body=body))
        except TimeoutError as error:
            raise Unreachable(f"the service gave no answer within {self._timeout:g} s") from error
        if taken:
            return Delivery(answer=Answer.SENT, detail="Apprise says it was taken")
        return Delivery(answer=Answer.RETRY, detail="Apprise says it was not taken")

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _service(self) -> Any:
        place = f'[[channels]] "{self._channel.name}"'
        try:
            apprise = importlib.import_module("apprise")  # an extra, and slow to import: only when it is used
        except ImportError as error:
            raise ConfigError(f"{place}: needs Apprise; install brand-monitor[apprise]") from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its log lines hold the address
        service = apprise.Apprise()
        if not service.add(self._channel.url.reveal()):
            raise ConfigError(f"{place}: Apprise knows no service for the address that url names")
        return service
