"""Webhooks to a real web server on loopback, by the rules of Standard Webhooks."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from sinks import Hook, Post, Respond, raw_server, status, web_server
from standardwebhooks import Webhook
from stories import LOOPBACK, NOW, alert, change, webhook

from monitor.errors import ConfigError
from monitor.models import Answer, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.webhook import WebhookSender
from monitor.notifier.wire import MOST_READ
from monitor.settings import HttpSettings, WebhookChannel

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEST_WEBHOOK_SECRET", SECRET)
    return "env:TEST_WEBHOOK_SECRET"


async def attempt(
    channel: WebhookChannel, http: HttpSettings = LOOPBACK, *, now: datetime = NOW, patience: float = 10
) -> Delivery:
    sender = WebhookSender(channel, http, clock=lambda: now, timeout=patience)
    try:
        return await sender.send(alert(), [change()])
    finally:
        await sender.aclose()


def send(hook: Hook, http: HttpSettings = LOOPBACK, *, now: datetime = NOW, **given: Any) -> Delivery:
    with web_server(hook):
        return asyncio.run(attempt(webhook(hook.url, **given), http, now=now))


def test_a_change_arrives_as_the_contract_says() -> None:
    hook = Hook(status(204))
    assert send(hook) == Delivery(answer=Answer.SENT, detail="HTTP 204")
    (post,) = hook.posts
    assert post.path == "/hook?token=SECRET-TOKEN"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["webhook-id"] == "a1"
    assert post.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert "webhook-signature" not in post.headers
    assert json.loads(post.body)["text"] == "smart: 38 → 39 markets"


def test_with_a_secret_it_is_signed_and_every_attempt_has_a_time_of_its_own(secret: str) -> None:
    hook = Hook(status(500), status(200))
    now = datetime.now(UTC)  # the receiver checks that the time is its own, give or take five minutes
    with web_server(hook):
        for moment in (now - timedelta(minutes=4), now):
            asyncio.run(attempt(webhook(hook.url, secret=secret), now=moment))
    first, second = hook.posts
    for post in hook.posts:
        Webhook(SECRET).verify(post.body, dict(post.headers))
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]


@pytest.mark.parametrize("wrong", ["whsec_", "whsec_*not base64*"])
def test_a_secret_that_is_none_is_a_mistake_in_the_config_and_stays_secret(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_WEBHOOK_SECRET", wrong)
    with pytest.raises(ConfigError, match="Standard Webhooks") as caught:
        asyncio.run(attempt(webhook("https://127.0.0.1/", secret="env:TEST_WEBHOOK_SECRET")))
    assert "*not" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "answer", "words"),
    [
        (200, Answer.SENT, "HTTP 200"),
        (299, Answer.SENT, "HTTP 299"),
        (304, Answer.RETRY, "HTTP 304"),
        (400, Answer.RETRY, "HTTP 400 Bad Request: no"),
        (404, Answer.RETRY, "HTTP 404 Not Found: no"),
        (410, Answer.FAILED, "wants no more"),
        (429, Answer.RETRY, "HTTP 429"),
        (500, Answer.RETRY, "HTTP 500"),
        (503, Answer.RETRY, "HTTP 503"),
        (599, Answer.RETRY, "HTTP 599"),
    ],
)
def test_what_an_answer_means(code: int, answer: Answer, words: str) -> None:
    delivery = send(Hook(status(code, b"no")))
    assert delivery.answer is answer
    assert words in delivery.detail


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_failures_and_are_not_followed(code: int) -> None:
    hook = Hook(status(code, location="/elsewhere"))
    delivery = send(hook)
    assert delivery.answer is Answer.RETRY
    assert "not followed" in delivery.detail
    assert len(hook.posts) == 1


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        ("315360000", timedelta(hours=24)),
    ],
)
def test_retry_after_is_told(code: int, value: str, wait: timedelta) -> None:
    with pytest.raises(Unreachable) as caught:
        send(Hook(status(code, retry_after=value)))
    assert caught.value.retry_after == wait


@pytest.mark.parametrize("value", ["-7", "soon", format_datetime(NOW - timedelta(hours=2), usegmt=True)])
def test_a_retry_after_that_says_nothing_is_none(value: str) -> None:
    assert send(Hook(status(503, retry_after=value))).retry_after is None


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Status 200 and a body without end."""
    handler.send_response(200)
    handler.send_header("content-length", "10000000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def test_an_answer_without_end_is_read_to_4_kb() -> None:
    assert send(Hook(endless)) == Delivery(answer=Answer.SENT, detail="HTTP 200")


@pytest.mark.parametrize(("head", "answer"), [(b"HTTP/1.1 200 OK", Answer.SENT), (b"HTTP/1.1 500 No", Answer.RETRY)])
def test_an_answer_is_there_with_its_head_though_its_body_never_comes(head: bytes, answer: Answer) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\nContent-Length: 2\r\n\r\n")
        await reader.read()

    async def run() -> Delivery:
        async with raw_server(talk) as port:
            return await attempt(webhook(f"http://127.0.0.1:{port}/"), patience=0.2)

    assert asyncio.run(run()).answer is answer


def test_an_answer_is_told_in_one_short_line_without_addresses() -> None:
    body = b"\x1b[31mno\x1b[0m\r\nsee https://hooks.example.org/T0/B1?token=abc " + b"x" * 2 * MOST_READ
    detail = send(Hook(status(500, body))).detail
    assert detail.startswith("HTTP 500 Internal Server Error: [31mno [0m see https://hooks.example.org/… xxx")
    assert len(detail) < 400


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def babble(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"this is no HTTP\r\n\r\n")
    handler.close_connection = True


@pytest.mark.parametrize("respond", [hang_up, babble])
def test_no_answer_is_trouble_of_the_channel_and_tells_no_address(respond: Respond) -> None:
    with pytest.raises(Unreachable) as caught:
        send(Hook(respond))
    assert "127.0.0.1" in str(caught.value)
    assert "SECRET-TOKEN" not in str(caught.value)


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook?token=SECRET-TOKEN"
        with pytest.raises(Unreachable, match="connection refused") as caught:
            asyncio.run(attempt(webhook(url)))
    assert "SECRET-TOKEN" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> None:
        async with raw_server(talk) as port:
            await attempt(webhook(f"http://127.0.0.1:{port}/"), patience=0.2)

    with pytest.raises(Unreachable, match="timed out"):
        asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_unless_it_is_listed(host: str) -> None:
    hook = Hook()
    with web_server(hook):
        url = hook.url.replace("127.0.0.1", host)
        with pytest.raises(Unreachable, match=r"allow_private_networks|not found"):
            asyncio.run(attempt(webhook(url), HttpSettings()))
    assert hook.posts == []


def test_https_needs_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusting = LOOPBACK.model_copy(update={"ca_file": tmp_path / "ca.pem"})
    hook = Hook()
    with web_server(hook, context):
        with pytest.raises(Unreachable, match="certificate is not valid"):
            asyncio.run(attempt(webhook(hook.url)))
        assert hook.posts == []
        assert asyncio.run(attempt(webhook(hook.url), trusting)).answer is Answer.SENT


def test_a_proxy_is_asked_when_one_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Hook()
    with web_server(hook):
        monkeypatch.setenv("TEST_PROXY", f"http://me:pw@{hook.url.split('/')[2]}")
        http = HttpSettings.model_validate({"proxy": "env:TEST_PROXY"})
        delivery = asyncio.run(attempt(webhook("http://192.0.43.10/hook"), http))
    assert delivery.answer is Answer.SENT
    (post,) = hook.posts
    assert post.path == "http://192.0.43.10/hook"
    assert post.headers["proxy-authorization"] == "Basic bWU6cHc="


def test_a_proxy_is_no_way_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Hook()
    with web_server(hook):
        monkeypatch.setenv("TEST_PROXY", f"http://{hook.url.split('/')[2]}")
        http = HttpSettings.model_validate({"proxy": "env:TEST_PROXY"})
        with pytest.raises(Unreachable, match="allow_private_networks"):
            asyncio.run(attempt(webhook("http://10.1.2.3/hook"), http))
    assert hook.posts == []


def test_an_international_address_goes_over_the_wire_encoded() -> None:
    hook = Hook()
    with web_server(hook):
        asyncio.run(attempt(webhook(hook.url.replace("hook?", "höök%20a?ü&"))))
    posts: list[Post] = hook.posts
    assert [post.path for post in posts] == ["/h%C3%B6%C3%B6k%20a?%C3%BC&token=SECRET-TOKEN"]
