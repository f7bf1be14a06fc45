"""One message through Apprise, which knows many chat services. Needs the extra `apprise`.

Each service gets the form that it takes: Markdown, HTML or plain text. Apprise tells only whether it went well. Its
address holds tokens, so neither it nor what Apprise logs about it is shown. Apprise makes its own connections: the
address check of the other channels does not stand between, and the config is all that says where it connects to.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from monitor.errors import ConfigError
from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.inert import one_line
from monitor.notifier.messages import Style, chat_body, subject_line
from monitor.notifier.rendering import Form, escaped
from monitor.settings import AppriseChannel

TIMEOUT = 30.0

FORMS: dict[str, Form] = {"text": "txt", "markdown": "md", "html": "html"}
"""What a service says it takes -> the form of our message."""

READS_MARKS = {"Mattermost", "Zulip"}
"""Services that take plain text, by what Apprise says, and read Markdown in it."""

TITLE_AROUND = 40
"""Bytes that a title takes in what is sent, beside itself: marks of a heading."""

_LIVELY = str.maketrans({"<": "‹", ">": "›", "@": "@\u200b", "[": "(", "]": ")"})
"""What makes tags, mentions and links, where nobody knows whether a title is read as plain text or as marks."""


class ChatSender:
    """The way out of one Apprise channel."""

    def __init__(self, channel: AppriseChannel, *, style: Style, timeout: float = TIMEOUT) -> None:
        self._channel = channel
        self._style = style
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, f"chat {channel.name}")

    async def send(self, alert: Alert, changes: Sequence[Change]) -> Delivery:
        """One attempt. Raises ConfigError without Apprise or with an address it does not know, Unreachable."""
        loop = asyncio.get_running_loop()
        service = await loop.run_in_executor(self._thread, self._service)
        taken_as = _format(service)
        form: Form = "md" if service.service_name in READS_MARKS else FORMS[taken_as.value]
        title, room = _title(subject_line(alert, changes, self._style), form, service)
        words = chat_body(alert, changes, form, self._style, room=room)
        try:
            async with asyncio.timeout(self._timeout):
                taken = await loop.run_in_executor(
                    self._thread,
                    lambda: service.notify(title=title, body=words, body_format=taken_as),
                )
        except TimeoutError as error:
            raise Unreachable(f"the service gave no answer within {self._timeout:g} s") from error
        if taken:
            return Delivery(answer=Answer.SENT, detail="Apprise says it was taken")
        return Delivery(answer=Answer.RETRY, detail="Apprise says it was not taken")

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _service(self) -> Any:
        """The one service that the address names. Not for the event loop: Apprise loads all its services first."""
        place = f'[[channels]] "{self._channel.name}"'
        try:
            apprise = importlib.import_module("apprise")  # an extra, and slow to import: only when it is used
        except ImportError as error:
            raise ConfigError(f"{place}: needs Apprise; install brand-monitor[apprise]") from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its log lines hold the address
        service = apprise.Apprise.instantiate(self._channel.url.reveal(), suppress_exceptions=True)
        if service is None:
            raise ConfigError(f"{place}: Apprise knows no service for the address that url names")
        return service


def _format(service: Any) -> Any:
    """The form that a message goes out in: what its address asks for (`?format=`), else what the service likes best.

    One that likes plain text and takes Markdown gets that: it may read marks in plain text too, and in Markdown those
    in the words of strangers are escaped.
    """
    liked = service.resolve_format()
    return service.resolve_format("markdown") if liked.value == "text" else liked


def _title(subject: str, form: Form, service: Any) -> tuple[str, int]:
    """The title as the service takes one, and the bytes that it then has room for: what is longer, it refuses every
    time. Services count characters or bytes; none counts more than bytes. A service without titles gets it as the
    beginning of the body."""
    if service.title_maxlen > 0:
        title = one_line(subject if form == "txt" else subject.translate(_LIVELY), service.title_maxlen)
    else:
        title = escaped(one_line(subject, service.body_maxlen // 2), form)
    return title, service.body_maxlen - len(title.encode()) - TITLE_AROUND
