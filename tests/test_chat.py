"""Messages through Apprise itself, to a web server that stands for chat services on loopback."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from sinks import Hook, Post, Respond, status, web_server
from stories import HOSTILE, STYLE, alert, change, citation

from monitor.errors import ConfigError
from monitor.models import Answer, Change, Delivery
from monitor.notifier.chat import ChatSender
from monitor.settings import AppriseChannel

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise looks for it

TOKEN = "3ccdd113474722377935511fc85d3dd4"
PROGRAM = "json://{}/" + TOKEN
TELEGRAM_LIKE = PROGRAM + "?format=html"
PUSH = "ntfy://{}/topic"
TEAM = f"mmost://{{}}/{TOKEN}"
SMALL = f"rocket://{TOKEN}/{TOKEN}@{{}}/#news"


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> AppriseChannel:
    monkeypatch.setenv("TEST_CHAT", f"slack://{TOKEN}")
    return AppriseChannel.model_validate({"name": "chat", "kind": "apprise", "url": "env:TEST_CHAT"})


def sent(
    chat: AppriseChannel,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    *changes: Change,
    answer: Respond = status(200, b"{}"),  # noqa: B008
) -> tuple[Delivery, Post]:
    """One message to the service at this address: what became of it, and what the service was told."""
    hook = Hook(answer)

    async def send() -> Delivery:
        monkeypatch.setenv("TEST_CHAT", address.format(urlsplit(hook.url).netloc))
        sender = ChatSender(chat, style=STYLE)
        try:
            return await sender.send(alert(digest=len(changes) > 1), changes)
        finally:
            await sender.aclose()

    with web_server(hook):
        delivery = asyncio.run(send())
    (post,) = hook.posts
    return delivery, post


def words(post: Post) -> tuple[str, str]:
    """Title and text, by whatever names the services have for them."""
    told: dict[str, Any] = json.loads(post.body)
    return told.get("title", ""), told.get("message") or told["text"]


@pytest.mark.parametrize(("code", "answer"), [(200, Answer.SENT), (500, Answer.RETRY)])
def test_a_service_is_told_and_its_address_is_not_shown(
    code: int, answer: Answer, chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, post = sent(chat, monkeypatch, PROGRAM, change(), answer=status(code))
    assert delivery.answer is answer
    assert TOKEN in post.path
    assert TOKEN not in delivery.detail
    title, text = words(post)
    assert title == "smart: 38 → 39 markets"
    for line in (
        "This has changed.",
        "- Until now: 38 markets",
        "- Believed now: 39 markets",
        "- When: not stated; reported 2026-01-05",
        "> smart is now at home in **39** markets.",
        "[smart grows](https://media.smart.com/en/39-markets), smart.com, official, 2026-01-05",
        "More: brand-monitor why c1",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        (PROGRAM, "**39**"),
        (PROGRAM + "?format=text", "*39*"),
        (TELEGRAM_LIKE, "<b>39</b>"),
        (PUSH, "*39*"),
        (TEAM, "**39**"),
        (SMALL, "**39**"),
    ],
)
def test_each_service_gets_the_form_that_it_takes(
    address: str, marked: str, chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, post = sent(chat, monkeypatch, address, change())
    assert delivery.answer is Answer.SENT
    title, text = words(post)
    assert f"at home in {marked} markets" in text
    assert (title or text.lstrip("# ")).startswith("smart: 38 → 39 markets")


@pytest.mark.parametrize(("address", "most"), [(PROGRAM, 32_768), (PUSH, 7_800), (TEAM, 4_000), (SMALL, 1_000)])
@pytest.mark.parametrize("sources", [1, 9])
@pytest.mark.parametrize("number", [1, 30])
def test_no_service_is_told_more_than_it_takes(
    number: int, sources: int, address: str, most: int, chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "smart, the company says, is now at home in no fewer than 39 markets around the world. " * 4
    told = [change(f"c{n}", text=f"news {n}", sources=(citation(sentence),) * sources) for n in range(number)]
    delivery, post = sent(chat, monkeypatch, address, *told)
    assert delivery.answer is Answer.SENT
    title, text = words(post)
    assert len(text.encode()) <= most
    assert all(f"news {n}" in title + text for n in range(number))
    assert ("no fewer than" in text) == (number == 1 or most > 1_000)


@pytest.mark.parametrize("address", [PROGRAM, TELEGRAM_LIKE, TEAM, SMALL])
@pytest.mark.parametrize("strange", [*HOSTILE, "[x](https://evil.example) @everyone <!channel> *b* _i_ `c` <b>"])
def test_strangers_words_are_no_marks_in_a_chat(
    strange: str, address: str, chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = change(text=strange, before=None, after=None, sources=(citation(strange, title=strange),))
    delivery, post = sent(chat, monkeypatch, address, told)
    assert delivery.answer is Answer.SENT
    title, text = words(post)
    assert "<script" not in title + text
    assert "<img" not in title + text
    assert "](https://evil" not in title
    if "html" not in address:
        assert "](https://evil" not in text.replace("\\]", "")
        assert "@everyone" not in title + text


def test_the_event_loop_does_not_wait_until_apprise_is_loaded(
    chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading takes a second, on a busy machine many: other channels' answers would come too late meanwhile."""
    loaded_in: list[int] = []
    service = SimpleNamespace(instantiate=lambda *_, **__: loaded_in.append(threading.get_ident()))
    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=service))
    with pytest.raises(ConfigError):
        asyncio.run(ChatSender(chat, style=STYLE).send(alert(), [change()]))
    assert loaded_in != [threading.get_ident()]
    assert len(loaded_in) == 1


def test_without_apprise_a_chat_says_what_to_install(chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"brand-monitor\[apprise\]") as refused:
        asyncio.run(ChatSender(chat, style=STYLE).send(alert(), [change()]))
    assert TOKEN not in str(refused.value)


def test_an_address_that_apprise_does_not_know_is_not_shown(
    chat: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_CHAT", f"nosuch://{TOKEN}")
    with pytest.raises(ConfigError, match="knows no service") as refused:
        asyncio.run(ChatSender(chat, style=STYLE).send(alert(), [change()]))
    assert TOKEN not in str(refused.value)
