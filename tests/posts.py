"""A sender over a real outbox, and the hostile changes that all kinds of channels are tried with."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from history_samples import revive
from sinks import Desk, Hook, mail_server, web_server
from stories import HOSTILE, LOOPBACK, NOW, STYLE, change, citation, count, email, webhook

from monitor.exports.written import csv_text
from monitor.history import History
from monitor.models import Alert, Change, Delivery, Health
from monitor.notifier.dispatch import Dispatcher
from monitor.notifier.route import route
from monitor.settings import AlertRule, AppriseChannel, Channel, CommandChannel, ConsoleChannel

SCREEN = ConsoleChannel(name="screen", kind="console")
LEASE = timedelta(minutes=15)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Post:
    """One sender over a history: what the service is, without checks."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    console: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.history = History(self.path, revive=revive)
        self.dispatcher = Dispatcher(
            self, LOOPBACK, clock=self.clock, rng=random.Random(1), style=STYLE, console=self.console
        )

    def record(self, channels: Sequence[Channel], *changes: Change, group: str = "0s") -> None:
        rule = AlertRule.model_validate(
            {"name": "all", "channels": [channel.name for channel in channels], "group": group}
        )
        self.history.sync_channels({channel.name: repr(channel) for channel in channels})
        with self.history.writing():
            self.history.add_changes(changes, None)
            self.history.queue(route(changes, [rule], channels, self.clock.now, STYLE.zone), self.clock.now)

    async def health(self, channel: str) -> Health:
        return self.history.health(channel)

    async def claim(self, channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, tuple[Change, ...]]]:
        return self.history.claim_alerts(channel, self.clock(), LEASE, limit, again=again)

    async def settle(
        self, alert: Alert, delivery: Delivery, next_attempt: datetime | None, health: Health, notices: Sequence[Alert]
    ) -> None:
        self.history.settle_alert(alert.id, delivery, self.clock(), next_attempt, alert.channel, health, notices)

    async def release(self, alerts: Sequence[Alert], until: datetime | None = None) -> None:
        self.history.release_alerts([alert.id for alert in alerts], until)

    def held(self, alert: Alert) -> None: ...

    async def close(self) -> None:
        await self.dispatcher.aclose()
        self.history.close()

    def statuses(self) -> set[str]:
        return {row["status"] for row in self.history.queries.alerts()}


def strange(number: int) -> str:
    """One of the hostile texts, mixed with others and noise."""
    rng = random.Random(number)
    noise = "".join(map(chr, rng.choices([*range(32), *range(127, 160), *range(0x2000, 0x2070), 0xD800, 0x5E02], k=9)))
    return rng.choice(HOSTILE)[:300] + noise + rng.choice(HOSTILE)[:300]


ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal or a reader of mail would obey; tabs and line ends are looked for where they matter."""


def hostile(number: int) -> Change:
    """A change that holds such words wherever a stranger's words can stand."""
    words = strange(number)
    quoted = citation(words, url=f"https://example.org/{words}", title=words, outlet=words, published=words)
    fact = count(number, words) | {"when": words, "scope": f"region:{words}"}
    return change(
        f"c{number}", text=f"smart {words}", brand=words, subject=words, rule=words, after=fact, sources=(quoted,)
    )


def hostile_changes_arrive(folder: Path, number: int, log: Callable[[], str]) -> None:
    """So many of them, each a message of its own, through every kind of channel. Raises AssertionError."""
    hook, room, desk = Hook(), Hook(), Desk(rcpt={"no@example.org": "550 5.1.1 \x1b[31m<script>alert(1)</script>"})
    kept = folder / "kept.jsonl"
    script = [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')", str(kept)]
    command = CommandChannel(name="script", kind="command", command=tuple(script))
    address = folder / "chat.txt"
    chat = AppriseChannel.model_validate({"name": "chat", "kind": "apprise", "url": f"file:{address}"})

    async def run() -> tuple[list[dict[str, Any]], str]:
        post = Post(folder / "h.db")
        async with mail_server(desk) as port:
            people = email(port, to=["desk@example.org", "no@example.org"])
            channels: list[Channel] = [SCREEN, webhook(hook.url), people, chat]
            for n in range(number):
                to = [*channels, command] if n < 10 else channels
                post.record(to, hostile(n))
                if n % 10 == 9:
                    await post.dispatcher.deliver(to)
                    post.clock.now += timedelta(minutes=6)
        rows = post.history.queries.changes()
        statuses = Counter((row["recipient"], row["status"]) for row in post.history.queries.alerts())
        console = post.console.getvalue()
        await post.close()
        assert statuses == Counter(
            {
                ("screen", "sent"): number,
                ("hook", "sent"): number,
                ("chat", "sent"): number,
                ("desk@example.org", "sent"): number,
                ("no@example.org", "failed"): number,
                ("script", "sent"): 10,
            }
        )
        return rows, console

    with web_server(hook), web_server(room):
        address.write_text(f"json://{urlsplit(room.url).netloc}/?format=html")
        rows, console = asyncio.run(run())
    assert [json.loads(entry.body)["id"] for entry in hook.posts] == [f"c{n}" for n in range(number)]
    assert len(room.posts) == number
    for told in (json.loads(entry.body) for entry in room.posts):
        assert not ACTIVE.search(told["title"] + told["message"].replace("\n", ""))
        assert not re.search(r"<(script|img|svg|a href=.?javascript)", told["title"] + told["message"])
    assert desk.recipients == ["desk@example.org"] * number
    for message in desk.messages:
        assert "Bcc" not in message
        assert not ACTIVE.search(str(message["Subject"]))
        parts = [message.get_body((kind,)) for kind in ("plain", "html")]
        texts = [str(part.get_content()).replace("\r\n", "\n") for part in parts if part is not None]
        assert len(texts) == 2
        assert not any(ACTIVE.search(text.replace("\n", "")) for text in texts)
        assert not re.search(r"<(script|img|svg|a href=.?javascript)", texts[1])
    assert len(kept.read_text().splitlines()) == 10
    assert not ACTIVE.search(console.replace("\n", ""))
    assert not ACTIVE.search(log().replace("\n", ""))
    cells = [cell for row in csv.reader(io.StringIO(csv_text(rows))) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) or ACTIVE.search(cell.replace("\n", "")) for cell in cells)
