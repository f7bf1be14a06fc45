"""Delivery from end to end: the real outbox, a real SMTP server, real web servers, a clock turned by hand."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from posts import SCREEN, Clock, Post, hostile_changes_arrive
from sinks import Desk, Hook, Respond, mail_server, status, web_server
from stories import NOW, change, email, webhook

from monitor.settings import Channel


def test_76_hours_of_dead_channels_lose_nothing_and_change_no_order(tmp_path: Path) -> None:
    """A webhook that answers 500 and a mail server that is not there, news every two hours, the console as ever."""
    hook, desk = Hook(status(500)), Desk()
    texts = [f"news {number}" for number in range(38)]

    async def run() -> None:
        post = Post(tmp_path / "h.db")
        dead: list[Channel] = [SCREEN, webhook(hook.url), email(9)]
        for step in range(76 * 4):
            if step % 8 == 0:
                text = texts[step // 8]
                post.record(dead, change(text.replace(" ", "-"), text=text, detected_at=post.clock.now))
            await post.dispatcher.deliver(dead)
            post.clock.now += timedelta(minutes=15)
        shown = re.findall(r"  (news \d+)$", post.console.getvalue(), re.MULTILINE)
        assert shown == texts, "the console never waited"
        assert len(hook.posts) <= 3 * 2 * 76 + 3, "three of the oldest every half hour"
        assert "The channel hook takes no messages" in post.console.getvalue()
        tried = len(hook.posts)
        hook.answers = [status(200)]
        async with mail_server(desk) as port:
            # the mail server is back under its old name: only the test's port is another
            alive: list[Channel] = [SCREEN, webhook(hook.url), email(port)]
            for _ in range(4):
                post.clock.now += timedelta(minutes=15)
                await post.dispatcher.deliver(alive)
        bodies = [json.loads(post.body) for post in hook.posts[tried:]]
        assert [body["text"] for body in bodies if body["type"] == "change"] == texts
        assert [str(mail["Subject"]) for mail in desk.messages if "news" in mail["Subject"]] == texts
        assert post.statuses() == {"sent"}
        assert "The channel hook takes messages again" in post.console.getvalue()
        assert any("The channel hook takes no messages" in mail["Subject"] for mail in desk.messages)
        await post.close()

    with web_server(hook):
        asyncio.run(run())


def test_messages_that_are_never_taken_hold_up_no_other(tmp_path: Path) -> None:
    """Three that the other side always refuses, and stand before all others; news every hour."""

    class Choosy(Hook):
        def next(self) -> Respond:
            return status(400 if "bad" in json.loads(self.posts[-1].body)["text"] else 200)

    hook = Choosy()
    texts = [f"news {number}" for number in range(48)]

    def arrived() -> list[str]:
        told = [json.loads(entry.body)["text"] for entry in hook.posts]
        return [text for text in told if "bad" not in text]

    async def run() -> None:
        post = Post(tmp_path / "h.db")
        channels: list[Channel] = [webhook(hook.url)]
        post.record(channels, *(change(f"bad{number}", text=f"bad {number}") for number in range(3)))
        await post.dispatcher.deliver(channels)
        for hour, text in enumerate(texts):
            post.record(channels, change(f"c{hour}", text=text))
            for _ in range(12):
                await post.dispatcher.deliver(channels)
                post.clock.now += timedelta(minutes=5)
            assert arrived() == texts[: hour + 1]
        rows = {row["text"]: row for row in post.history.queries.alerts(limit=100)}
        assert {row["status"] for text, row in rows.items() if "bad" not in text} == {"sent"}
        assert {rows[f"bad {number}"]["status"] for number in range(3)} == {"failed"}
        assert len(hook.posts) < 48 + 3 * 100
        await post.close()

    with web_server(hook):
        asyncio.run(run())


def test_what_was_given_up_goes_out_when_a_person_wants_it(tmp_path: Path) -> None:
    hook = Hook(status(500))

    async def run() -> None:
        post = Post(tmp_path / "h.db")
        channels: list[Channel] = [webhook(hook.url)]
        post.record(channels, change())
        for _ in range(6 * 24):
            await post.dispatcher.deliver(channels)
            post.clock.now += timedelta(hours=1)
        [row] = post.history.queries.alerts()
        assert (row["status"], "given up" in row["reason"]) == ("failed", True)
        hook.answers = [status(200)]
        post.history.retry_alerts([row["id"][:6]], post.clock.now)
        assert await post.dispatcher.deliver(channels) == 1
        assert {entry.headers["webhook-id"] for entry in hook.posts} == {row["id"]}
        await post.close()

    with web_server(hook):
        asyncio.run(run())


def test_rest_that_was_asked_for_is_given_over_a_restart(tmp_path: Path) -> None:
    hook = Hook(status(429, retry_after="7200"), status(200))
    clock = Clock()

    async def run() -> None:
        channels: list[Channel] = [webhook(hook.url)]
        for minute in range(0, 150, 10):
            clock.now = NOW + timedelta(minutes=minute)
            post = Post(tmp_path / "h.db", clock)
            post.record(channels, change(f"c{minute}"))
            await post.dispatcher.deliver(channels)
            await post.close()
            assert len(hook.posts) == 1 or minute >= 120

    with web_server(hook):
        asyncio.run(run())
    assert len(hook.posts) == 1 + 15


def test_two_senders_on_one_database_send_nothing_twice(tmp_path: Path) -> None:
    hook, desk = Hook(), Desk()
    number = 150

    def send(channels: Sequence[Channel], together: threading.Barrier) -> None:
        async def run() -> None:
            post = Post(tmp_path / "h.db", Clock(NOW + timedelta(days=1)))
            together.wait()
            while await post.dispatcher.deliver(channels):
                pass
            await post.close()

        asyncio.run(run())

    async def serve() -> None:
        async with mail_server(desk) as port:
            channels: list[Channel] = [webhook(hook.url), email(port)]
            post = Post(tmp_path / "h.db")
            for n in range(number):
                post.record(channels, change(f"c{n}"))
                post.clock.now += timedelta(minutes=1)
            await post.close()
            work = partial(asyncio.get_running_loop().run_in_executor, None, send, channels, threading.Barrier(2))
            await asyncio.gather(work(), work())

    with web_server(hook):
        asyncio.run(serve())
    assert len(hook.posts) == len({post.headers["webhook-id"] for post in hook.posts}) == number
    assert len(desk.messages) == len({mail["Message-ID"] for mail in desk.messages}) == number


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise looks for it
def test_hostile_changes_arrive_every_one_and_are_inert(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        hostile_changes_arrive(tmp_path, 100, lambda: caplog.text)
