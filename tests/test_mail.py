"""Mail to real servers on loopback: good ones, refusing ones, stalling ones, ones without the TLS asked for."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from sinks import Desk, Talk, login, mail_server, raw_server
from stories import HOSTILE, LOOPBACK, NOW, STYLE, alert, change, email

from monitor.errors import ConfigError
from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.mail import MailSender
from monitor.settings import EmailChannel, HttpSettings

STALL = 0.2
"""Seconds until a sender gives a stalling server up; the product's own are 30."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side, with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> HttpSettings:
    """Settings that trust the test's authority, by the ca_file of the config."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return LOOPBACK.model_copy(update={"ca_file": tmp_path / "ca.pem"})


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "correct")
    return "env:TEST_SMTP_PASSWORD"


async def attempt(
    channel: EmailChannel,
    http: HttpSettings = LOOPBACK,
    *,
    of: Alert | None = None,
    changes: Any = None,
    patience: float = 10,
) -> Delivery:
    sender = MailSender(channel, http, clock=lambda: NOW, style=STYLE, timeout=patience)
    try:
        return await sender.send(of or alert(), changes or [change()])
    finally:
        await sender.aclose()


def send(desk: Desk, *, http: HttpSettings = LOOPBACK, of: Alert | None = None, **given: Any) -> Delivery:
    """One attempt to a server without TLS."""

    async def run() -> Delivery:
        async with mail_server(desk) as port:
            return await attempt(email(port, **given), http, of=of)

    return asyncio.run(run())


def send_tls(desk: Desk, http: HttpSettings, server: dict[str, Any], **given: Any) -> Delivery:
    """One attempt by STARTTLS to a server with these settings."""

    async def run() -> Delivery:
        async with mail_server(desk, **server) as port:
            return await attempt(email(port, smtp=f"smtp://user@127.0.0.1:{port}", **given), http)

    return asyncio.run(run())


def test_a_mail_arrives_with_its_headers_and_the_servers_words_are_kept() -> None:
    desk = Desk(data="250 2.0.0 taken as 4711")
    assert send(desk) == Delivery(answer=Answer.SENT, detail="250 2.0.0 taken as 4711")
    (message,) = desk.messages
    assert desk.recipients == ["desk@example.org"]
    assert message["Subject"] == "smart: 38 → 39 markets"
    assert message["Message-ID"] == "<a1@example.net>"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("450 4.2.1 busy mailbox", Answer.RETRY),
        ("451 4.7.1 greylisted, come back", Answer.RETRY),
        ("452 4.2.2 full", Answer.RETRY),
        ("421 4.3.2 going down", Answer.RETRY),
        ("500 5.5.2 what is that", Answer.FAILED),
        ("550 5.1.1 nobody here", Answer.FAILED),
        ("554 5.7.1 we think this is spam", Answer.FAILED),
    ],
)
@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_4xx_may_pass_and_5xx_is_final_with_the_servers_words(step: str, reply: str, answer: Answer) -> None:
    desk = Desk(**{step: {"desk@example.org": reply} if step == "rcpt" else reply})
    assert send(desk) == Delivery(answer=answer, detail=reply)
    assert desk.messages == []


def test_a_refused_recipient_is_no_matter_to_another() -> None:
    desk = Desk(rcpt={"gone@example.org": "550 5.1.1 gone"})
    answers = [
        send(desk, of=alert(recipient=who)).answer for who in ("a@example.org", "gone@example.org", "b@example.org")
    ]
    assert answers == [Answer.SENT, Answer.FAILED, Answer.SENT]
    assert desk.recipients == ["a@example.org", "b@example.org"]


def test_starttls_is_used_with_a_login(tls: ssl.SSLContext, trusting: HttpSettings, password: str) -> None:
    desk = Desk()
    server = {"tls_context": tls, "require_starttls": True, "authenticator": login, "auth_required": True}
    assert send_tls(desk, trusting, server, password=password).answer is Answer.SENT
    assert desk.encrypted == [True]


def test_tls_from_the_start(tls: ssl.SSLContext, trusting: HttpSettings) -> None:
    said: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        for answer in (b"250 mail.test", b"250 OK", b"250 OK", b"354 go on"):
            said.append(await reader.readline())
            writer.write(answer + b"\r\n")
        said.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 taken\r\n")
        await reader.read()

    async def run() -> Delivery:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await attempt(email(port, smtp=f"smtps://127.0.0.1:{port}"), trusting)

    assert asyncio.run(run()) == Delivery(answer=Answer.SENT, detail="250 taken")
    assert said[1].startswith(b"mail FROM:<monitor@example.net>")


def test_without_the_tls_that_was_asked_for_nothing_is_sent(trusting: HttpSettings, password: str) -> None:
    desk = Desk()
    with pytest.raises(Unreachable, match="offers no STARTTLS; nothing is sent in the clear"):
        send_tls(desk, trusting, {}, password=password)
    assert desk.messages == []


def test_a_certificate_of_nobody_known_is_refused(tls: ssl.SSLContext, password: str) -> None:
    desk = Desk()
    with pytest.raises(Unreachable, match="certificate is not valid"):
        send_tls(desk, LOOPBACK, {"tls_context": tls}, password=password)
    assert desk.messages == []


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, trusting: HttpSettings, password: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.example.org").configure_cert(context)
    with pytest.raises(Unreachable, match="certificate is not valid"):
        send_tls(Desk(), trusting, {"tls_context": context}, password=password)


def test_a_refused_login_is_no_fault_of_the_message(
    tls: ssl.SSLContext, trusting: HttpSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "hunter2-wrong")
    server = {"tls_context": tls, "authenticator": login}
    with pytest.raises(Unreachable, match="535") as caught:
        send_tls(Desk(), trusting, server, password="env:TEST_SMTP_PASSWORD")
    assert "hunter2" not in repr(caught.value)


def test_a_user_without_a_password_is_a_mistake_in_the_config() -> None:
    with pytest.raises(ConfigError, match="password"):
        asyncio.run(attempt(email(1, smtp="smtp://user@127.0.0.1:1")))


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        with pytest.raises(Unreachable, match="refused or lost"):
            asyncio.run(attempt(email(taken.getsockname()[1])))


@pytest.mark.parametrize("greeting", [b"554 no service here\r\n", b"421 too many connections\r\n"])
def test_a_server_that_greets_with_a_refusal(greeting: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()

    with pytest.raises(Unreachable, match=greeting[:3].decode()):
        asyncio.run(against(talk))


async def against(talk: Talk, patience: float = 10) -> Delivery:
    async with raw_server(talk) as port:
        return await attempt(email(port), patience=patience)


def taking(seen: list[bytes], end: bytes | None) -> Talk:
    """A server that reads a whole mail and then says this, or nothing ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        for answer in (b"250 mail.test", b"250 OK", b"250 OK", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        seen.append(await reader.readuntil(b"\r\n.\r\n"))
        if end is None:
            await reader.read()
        writer.write(end or b"")

    return talk


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (b"", "the connection was refused or lost"),
        (None, "timed out"),
        (b"hello there\r\n", "gave no valid SMTP answer"),
        (b"250 " + b"x" * 10_000 + b"\r\n", "gave no valid SMTP answer"),
    ],
)
def test_a_mail_that_went_out_whole_and_is_not_answered_may_have_been_taken(end: bytes | None, reason: str) -> None:
    seen: list[bytes] = []
    for _ in range(2):
        delivery = asyncio.run(against(taking(seen, end), STALL if end is None else 10))
        assert delivery.answer is Answer.UNANSWERED
        assert reason in delivery.detail
        assert "it may have been taken" in delivery.detail
    assert all(b"Message-ID: <a1@example.net>\r\n" in message for message in seen)
    assert len(seen) == 2


@pytest.mark.parametrize("answer", [b"hello there\r\n", b"250 " + b"x" * 10_000 + b"\r\n", b"\r\n"])
def test_an_answer_that_is_none_is_trouble_of_the_channel(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        await reader.readline()
        writer.write(b"250 mail.test\r\n")
        await reader.readline()
        writer.write(answer)
        await reader.read()

    with pytest.raises(Unreachable, match=r"mail server 127\.0\.0\.1 gave no valid SMTP answer$"):
        asyncio.run(against(talk))


def test_a_server_that_is_silent_after_a_refusal_hides_it_not() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        for answer in (b"250 mail.test", b"250 OK", b"550 5.1.1 nobody here"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.read()

    assert asyncio.run(against(talk)) == Delivery(answer=Answer.FAILED, detail="550 5.1.1 nobody here")


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(Unreachable, match="timed out"):
        asyncio.run(against(talk, STALL))


def test_a_server_that_never_stops_talking_is_cut_and_the_next_mail_goes_out() -> None:
    """No single read takes long here: only the wall clock ends it. The channel's one thread must be free after it."""
    endless = True

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while endless:
            writer.write(b"220-and another line\r\n")
            await writer.drain()
            await asyncio.sleep(0)  # lets the others go on: drain does not while there is room
        writer.write(b"220 here\r\n")
        for answer in (b"250 mail.test", b"250 OK", b"250 OK", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")

    async def run() -> Delivery:
        nonlocal endless
        async with raw_server(talk) as port:
            sender = MailSender(email(port), LOOPBACK, clock=lambda: NOW, style=STYLE, timeout=2)
            with pytest.raises(Unreachable, match="timed out"):
                await sender.send(alert(), [change()])
            endless = False
            try:
                return await sender.send(alert(), [change()])
            finally:
                await sender.aclose()

    assert asyncio.run(run()).answer is Answer.SENT


def test_a_private_mail_server_is_refused_unless_it_is_listed() -> None:
    met: list[bool] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(True)

    async def run() -> None:
        async with raw_server(talk) as port:
            for host in ("127.0.0.1", "localhost"):
                await attempt(email(port, smtp=f"smtp://{host}:{port}"), HttpSettings())

    with pytest.raises(Unreachable, match="allow_private_networks"):
        asyncio.run(run())
    assert met == []


def test_hostile_titles_arrive_every_one() -> None:
    desk = Desk()

    async def run() -> list[Delivery]:
        async with mail_server(desk) as port:
            sender = MailSender(email(port), LOOPBACK, clock=lambda: NOW, style=STYLE, timeout=10)
            changes: list[Change] = [change(text=words, subject=words) for words in HOSTILE]
            deliveries = [await sender.send(alert(f"a{n}"), [one]) for n, one in enumerate(changes)]
            await sender.aclose()
            return deliveries

    assert {delivery.answer for delivery in asyncio.run(run())} == {Answer.SENT}
    assert len(desk.messages) == len(HOSTILE)
    assert all("Bcc" not in message for message in desk.messages)
    assert set(desk.recipients) == {"desk@example.org"}
