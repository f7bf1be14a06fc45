"""One mail to one recipient, handed to the configured server by SMTP.

    resolve, check every address ─► connect ─► TLS as configured ─► login ─► hand over ─► what the server said

smtplib works in a thread of the channel's own; the whole takes at most 30 seconds of wall clock, then the connection is
cut. TLS that was asked for is had or nothing is sent. A server that is lost after the whole mail went out may have
taken it, which the attempt says. Keeps no connection and tries nothing twice.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from monitor.addresses import Address
from monitor.answers import tls_words
from monitor.dialer import Dialer, system_resolver
from monitor.errors import ConfigError, FetchError
from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable, tls_context
from monitor.notifier.inert import answer_words
from monitor.notifier.letter import email_message
from monitor.notifier.messages import Style
from monitor.settings import EmailChannel, HttpSettings

TIMEOUT = 30.0
_DIALS = 3  # addresses of one name that are tried
_DIAL_TIMEOUT = 8.0
_LOGIN_WANTED = {530, 534, 535, 538}
"""Codes that speak of the login and not of the message."""


class MailSender:
    """The way out of one email channel."""

    def __init__(
        self,
        channel: EmailChannel,
        http: HttpSettings,
        *,
        clock: Callable[[], datetime],
        style: Style,
        timeout: float = TIMEOUT,
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._style = style
        self._timeout = timeout
        self._tls = tls_context(http.ca_file)
        self._thread = ThreadPoolExecutor(1, f"mail {channel.name}")
        self._dialer = Dialer(system_resolver(self._thread), http.allow_private_networks, any_port=True)

    async def send(self, alert: Alert, changes: Sequence[Change]) -> Delivery:
        """One attempt. Raises Unreachable when the server takes no mail at all, ConfigError without a password."""
        password = self._password()
        message = email_message(alert, changes, sender=self._channel.sender, style=self._style, now=self._clock())
        session = _Session(self._channel.smtp.host, self._timeout)
        try:
            return await self._within_time(session, password, message, alert.recipient)
        except Unreachable as error:
            if not session.handed_over:
                raise
            return Delivery(
                answer=Answer.UNANSWERED, detail=f"{error}, once the whole mail was sent: it may have been taken"
            )
        finally:
            session.cut()

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def _place(self) -> str:
        return f"the mail server {self._channel.smtp.host}"

    def _password(self) -> str | None:
        if self._channel.smtp.user is None:
            return None
        if self._channel.password is None:
            raise ConfigError(
                f'[[channels]] "{self._channel.name}": smtp names a user, but there is no password; '
                'add password = "env:NAME"'
            )
        return self._channel.password.reveal()

    async def _within_time(
        self, session: _Session, password: str | None, message: EmailMessage, recipient: str
    ) -> Delivery:
        try:
            async with asyncio.timeout(self._timeout):
                session.addresses = await self._addresses()
                return await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._converse, session, password, message, recipient
                )
        except TimeoutError as error:
            raise Unreachable(f"{self._place}: timed out after {self._timeout:g} s") from error

    async def _addresses(self) -> Sequence[Address]:
        try:
            return await self._dialer.addresses(self._channel.smtp.host, self._channel.smtp.port)
        except FetchError as error:
            raise Unreachable(error.reason) from error

    def _converse(self, session: _Session, password: str | None, message: EmailMessage, recipient: str) -> Delivery:
        """The whole conversation. Runs in the channel's thread."""
        try:
            self._open(session, password)
            return self._hand_over(session, message, recipient)
        except smtplib.SMTPResponseException as error:
            raise Unreachable(f"{self._place}: {_words(error.smtp_code, error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"{self._place}: {self._reason(error)}") from error
        finally:
            session.close()

    def _open(self, session: _Session, password: str | None) -> None:
        smtp = self._channel.smtp
        if smtp.tls == "tls":
            session.tls = self._tls
        code, words = session.connect(smtp.host, smtp.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        session.ehlo_or_helo_if_needed()
        if smtp.tls == "starttls":
            session.starttls(context=self._tls)
            session.ehlo_or_helo_if_needed()
        if smtp.user is not None and password is not None:
            session.login(smtp.user, password)

    def _hand_over(self, session: _Session, message: EmailMessage, recipient: str) -> Delivery:
        try:
            session.send_message(message, self._channel.sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refused:
            return _refusal(*refused.recipients[recipient])
        except smtplib.SMTPResponseException as refused:
            if refused.smtp_code in _LOGIN_WANTED:
                raise
            return _refusal(refused.smtp_code, refused.smtp_error)
        except smtplib.SMTPNotSupportedError:
            return Delivery(answer=Answer.FAILED, detail=f"{self._place} takes no addresses beyond ASCII")
        with suppress(smtplib.SMTPException, OSError):
            session.putcmd("quit")  # the answer is not waited for: nothing it says changes what became of the mail
        return Delivery(answer=Answer.SENT, detail=session.answer)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
            return "it offers no STARTTLS; nothing is sent in the clear"
        if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
            return "the connection was refused or lost"
        return tls_words(error) or answer_words(getattr(error, "strerror", None) or str(error))


def _refusal(code: int, words: bytes | str) -> Delivery:
    """The server's own words; 5xx is final, everything else may pass."""
    return Delivery(answer=Answer.FAILED if 500 <= code <= 599 else Answer.RETRY, detail=_words(code, words))


def _words(code: int, words: bytes | str) -> str:
    return f"{code} {answer_words(words)}"


class _Session(smtplib.SMTP):
    """A conversation that dials checked addresses only and that another thread can end at any moment."""

    def __init__(self, host: str, timeout: float) -> None:
        name = socket.gethostname()  # smtplib's own way asks a name server
        super().__init__(local_hostname=name if "." in name else "[127.0.0.1]", timeout=timeout)
        self._host = host  # the name that the certificate must bear
        self.addresses: Sequence[Address] = ()
        self.tls: ssl.SSLContext | None = None
        """Set: TLS from the start."""
        self.answer = ""
        """What the server said when it took the message."""
        self.handed_over = False
        """Whether the whole mail went out, with its final dot."""
        self._line: socket.socket | None = None
        self._over = False

    def cut(self) -> None:
        """Ends the conversation, whatever it waits for. For another thread."""
        self._over = True
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, words = super().data(msg)
        self.answer = _words(code, words)
        return code, words

    def send(self, s: Any) -> None:
        super().send(s)
        self.handed_over = self.handed_over or isinstance(s, bytes)  # commands are strings

    def getreply(self) -> tuple[int, bytes]:
        """smtplib has answers of its own for what is none: they are not the server's."""
        try:
            code, words = super().getreply()
        except smtplib.SMTPResponseException as error:
            raise self._babble() from error
        if not 200 <= code <= 599:
            raise self._babble()
        return code, words

    def _rset(self) -> None:
        """Nothing: the conversation ends anyway, and a server that is silent to it would hide what it refused."""

    def _babble(self) -> Unreachable:
        return Unreachable(f"the mail server {self._host} gave no valid SMTP answer")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """smtplib's place for other ways to connect (its SMTP_SSL uses it)."""
        plain = self._dial(port)
        plain.settimeout(timeout)
        self._line = plain.dup()  # the connection by a handle that stays valid when TLS takes over the other
        if self._over:
            plain.close()
            raise TimeoutError("too late")
        return self.tls.wrap_socket(plain, server_hostname=host) if self.tls else plain

    def _dial(self, port: int) -> socket.socket:
        *others, last = self.addresses[:_DIALS]
        for address in others:
            with suppress(OSError):
                return self._connected(address, port)
        return self._connected(last, port)

    def _connected(self, address: Address, port: int) -> socket.socket:
        return socket.create_connection((str(address), port), min(_DIAL_TIMEOUT, self.timeout))
