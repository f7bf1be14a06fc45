"""From the outbox to the other side: real sinks, a clock that is turned by hand, an outbox that can be read."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

import pytest
from posts import LEASE, SCREEN, Clock
from sinks import Desk, Hook, mail_server, raw_server, status, web_server
from stories import BERLIN, LOOPBACK, NOW, STYLE, alert, change, email, webhook

from monitor.models import Alert, Answer, Change, Delivery, Health
from monitor.notifier.dispatch import BATCH, Dispatcher
from monitor.notifier.health import PATIENCE
from monitor.notifier.route import held_until
from monitor.settings import AlertRule, Channel


@dataclass
class Outbox:
    """Rows in memory: leased when claimed, with every attempt written down."""

    clock: Clock
    rows: dict[str, tuple[Alert, tuple[Change, ...]]] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)
    attempts: dict[str, list[Delivery]] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    healths: dict[str, Health] = field(default_factory=dict)
    notices: list[Alert] = field(default_factory=list)
    rules: list[AlertRule] = field(default_factory=list)

    def put(self, channel: str, *changes: Change, **given: Any) -> str:
        alert_id = f"{channel}-{len(self.rows)}"
        told = changes or (change(),)
        recipient = given.pop("recipient", "desk@example.org" if channel == "desk" else channel)
        row = alert(alert_id, channel=channel, recipient=recipient, **given)
        self.rows[alert_id] = (row, told)
        self.state[alert_id] = "pending"
        return alert_id

    async def health(self, channel: str) -> Health:
        return self.healths.get(channel, Health())

    async def claim(self, channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, tuple[Change, ...]]]:
        now = self.clock()
        due = [
            (row, changes)
            for row, changes in self.rows.values()
            if (row.channel, self.state[row.id]) == (channel, "pending")
            and (row.not_before <= now or (again and row.attempts))
            and self.leases.get(row.id, now) <= now
        ]
        for row, _ in due[:limit]:
            self.leases[row.id] = now + LEASE
        return due[:limit]

    async def settle(
        self,
        alert: Alert,
        delivery: Delivery,
        next_attempt: datetime | None,
        health: Health,
        notices: Sequence[Alert],
    ) -> None:
        row, changes = self.rows[alert.id]
        self.attempts.setdefault(alert.id, []).append(delivery)
        self.leases.pop(alert.id, None)
        self.healths[alert.channel] = health
        self.notices += notices
        if delivery.answer in (Answer.RETRY, Answer.UNANSWERED):
            assert next_attempt is not None
            assert next_attempt > self.clock()
            since = row.tried_since or self.clock()
            waiting = replace(
                row,
                attempts=row.attempts + 1,
                not_before=next_attempt,
                tried_since=since,
                unanswered=row.unanswered or delivery.answer is Answer.UNANSWERED,
            )
            self.rows[alert.id] = (waiting, changes)
        else:
            assert next_attempt is None
            self.state[alert.id] = str(delivery.answer)

    async def release(self, alerts: Sequence[Alert], until: datetime | None = None) -> None:
        for row in alerts:
            self.leases.pop(row.id, None)
            if until:
                known, changes = self.rows[row.id]
                self.rows[row.id] = (replace(known, not_before=until), changes)

    def held(self, alert: Alert) -> datetime | None:
        return held_until(alert, self.rules, self.clock(), BERLIN)

    def last(self, alert_id: str) -> Delivery:
        return self.attempts[alert_id][-1]


@dataclass
class Post:
    """An outbox, its dispatcher and the console that is watched."""

    clock: Clock
    outbox: Outbox
    dispatcher: Dispatcher
    console: io.StringIO


@pytest.fixture
def post() -> Post:
    clock, console = Clock(), io.StringIO()
    outbox = Outbox(clock)
    dispatcher = Dispatcher(outbox, LOOPBACK, clock=clock, rng=random.Random(1), style=STYLE, console=console)
    return Post(clock, outbox, dispatcher, console)


def deliver(post: Post, *channels: Channel, rounds: int = 1, step: timedelta = timedelta()) -> int:
    """So many rounds, the clock turned on by `step` after each. Returns how many messages were taken."""

    async def run() -> int:
        taken = 0
        for _ in range(rounds):
            taken += await post.dispatcher.deliver(channels)
            post.clock.now += step
        await post.dispatcher.aclose()
        return taken

    return asyncio.run(run())


def test_every_channel_is_served_oldest_first(post: Post) -> None:
    desk, hook = Desk(), Hook()
    for number in range(BATCH + 5):
        for channel in ("desk", "hook", "screen"):
            post.outbox.put(channel, change(f"c{number}", text=f"news {number}"))

    async def run() -> int:
        async with mail_server(desk) as port:
            taken = await post.dispatcher.deliver([email(port), webhook(hook.url), SCREEN])
            await post.dispatcher.aclose()
            return taken

    with web_server(hook):
        assert asyncio.run(run()) == 3 * (BATCH + 5)
    assert [message["Subject"] for message in desk.messages] == [f"news {number}" for number in range(BATCH + 5)]
    assert [entry.headers["webhook-id"] for entry in hook.posts] == [
        name for name in post.outbox.rows if "hook" in name
    ]
    assert post.console.getvalue().count("brand-monitor why") == BATCH + 5
    assert set(post.outbox.state.values()) == {"sent"}


def test_quiet_hours_keep_back_what_is_due_retries_and_storms_too(post: Post) -> None:
    night = datetime(2026, 1, 10, 23, 30, tzinfo=BERLIN)
    post.clock.now = night
    post.outbox.rules = [AlertRule(name=name, channels=("screen",), quiet="22:00-07:00") for name in ("one", "two")]
    for given in ({"rule": "one"}, {"rule": "one", "attempts": 2, "tried_since": night}, {"rule": "many are one"}):
        post.outbox.put("screen", not_before=night, **given)
    assert deliver(post, SCREEN) == 0
    assert {row.not_before for row, _ in post.outbox.rows.values()} == {datetime(2026, 1, 11, 7, tzinfo=BERLIN)}
    post.outbox.healths["screen"] = Health(failures=1, failing_since=night)  # then what waits for a retry is due
    assert deliver(post, SCREEN) == 0
    post.clock.now = night.replace(day=11, hour=7, minute=0)
    assert deliver(post, SCREEN) == 3


def test_what_a_rule_without_quiet_hours_tells_goes_out_at_night(post: Post) -> None:
    post.clock.now = night = datetime(2026, 1, 10, 23, 30, tzinfo=BERLIN)
    quiet = AlertRule(name="quiet", channels=("screen",), quiet="22:00-07:00")
    post.outbox.rules = [quiet, AlertRule(name="always", channels=("screen",))]
    post.outbox.put("screen", not_before=night, rule="quiet")
    post.outbox.put("screen", not_before=night, rule="always")
    post.outbox.put("screen", not_before=night, rule="many are one")  # a storm holds what some rule tells at once
    assert deliver(post, SCREEN) == 2


def test_what_is_not_due_waits(post: Post) -> None:
    held = post.outbox.put("screen", not_before=NOW + timedelta(hours=1))
    assert deliver(post, SCREEN) == 0
    post.clock.now += timedelta(hours=1)
    assert deliver(post, SCREEN) == 1
    assert post.outbox.state[held] == "sent"


def test_a_slow_channel_delays_no_other_and_is_left_alone_while_it_works(post: Post) -> None:
    printed = Event()
    asked: Callable[[], object]

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            printed.set()
            return super().write(text)

    def slow(handler: BaseHTTPRequestHandler) -> None:
        asked()
        assert printed.wait(10), "the console had to wait for the webhook"
        status(200)(handler)

    hook = Hook(slow)
    slow_one = post.outbox.put("hook")
    dispatcher = Dispatcher(
        post.outbox, LOOPBACK, clock=post.clock, rng=random.Random(1), style=STYLE, console=Screen()
    )

    async def run(channels: Sequence[Channel]) -> tuple[int, int]:
        nonlocal asked
        at_work = asyncio.Event()
        asked = partial(asyncio.get_running_loop().call_soon_threadsafe, at_work.set)
        first = asyncio.create_task(dispatcher.deliver(channels))
        await at_work.wait()
        post.outbox.put("screen")
        second = await dispatcher.deliver(channels)  # the console's; the webhook is still at work
        taken = second, await first
        await dispatcher.aclose()
        return taken

    with web_server(hook):
        assert asyncio.run(run([webhook(hook.url), SCREEN])) == (1, 1)
    assert post.outbox.state[slow_one] == "sent"
    assert len(hook.posts) == 1


def test_a_dead_channel_is_tried_by_the_schedule_and_delivers_in_order_when_it_is_back(post: Post) -> None:
    """Three days of a dead webhook: nothing is lost, the console never waits, the order is kept."""
    names = [post.outbox.put("hook", change(f"c{number}")) for number in range(BATCH)]
    hook = Hook(status(503))
    with web_server(hook):
        channel = webhook(hook.url)
        for day in range(3):
            post.outbox.put("screen")
            deliver(post, channel, SCREEN, rounds=24, step=timedelta(hours=1))
            assert post.console.getvalue().count("brand-monitor why") == day + 1
        tried = len(hook.posts)
        assert {post.outbox.state[name] for name in names} == {"pending"}
        hook.answers = [status(200)]
        deliver(post, channel, SCREEN, rounds=26, step=timedelta(hours=1))
    assert [entry.headers["webhook-id"] for entry in hook.posts[tried:]] == names


def test_a_mail_that_is_never_answered_goes_out_twice_and_no_more(post: Post) -> None:
    """Greylisted first, and once more in between: only what went out whole counts."""
    name, seen = post.outbox.put("desk"), []
    greylisted = [True, False, True, False, False]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        recipient = b"451 greylisted" if greylisted.pop(0) else b"250 OK"
        for answer in (b"250 mail.test", b"250 OK", recipient, b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        seen.append(await reader.readuntil(b"\r\n.\r\n"))

    async def run() -> None:
        async with raw_server(talk) as port:
            for _ in range(12):
                await post.dispatcher.deliver([email(port)])
                post.clock.now += timedelta(hours=1)
            await post.dispatcher.aclose()

    asyncio.run(run())
    assert len(seen) == 2
    assert post.outbox.state[name] == "failed"
    assert "it may have been taken (sent twice; `brand-monitor alerts retry`" in post.outbox.last(name).detail


def test_giving_up_is_visible(post: Post) -> None:
    name = post.outbox.put("hook")
    hook = Hook(status(500))
    with web_server(hook):
        deliver(post, webhook(hook.url), rounds=122, step=timedelta(hours=1))
    assert post.outbox.state[name] == "failed"
    tried = len(post.outbox.attempts[name])
    assert f"given up after trying {tried} times; `brand-monitor alerts retry` undoes" in post.outbox.last(name).detail
    assert {entry.headers["webhook-id"] for entry in hook.posts} == {name}
    assert len({entry.headers["webhook-timestamp"] for entry in hook.posts}) == len(hook.posts) == tried


def test_a_message_that_is_never_taken_is_given_up_by_its_schedule_and_blocks_no_other(post: Post) -> None:
    poison = post.outbox.put("hook")

    def picky(handler: BaseHTTPRequestHandler) -> None:
        status(400 if handler.headers["webhook-id"] == poison else 200)(handler)

    hook = Hook(picky)
    others = []
    with web_server(hook):
        channel = webhook(hook.url)
        for _ in range(90):
            others.append(post.outbox.put("hook"))
            deliver(post, channel, step=timedelta(hours=1))
    assert {post.outbox.state[name] for name in others} == {"sent"}
    assert post.outbox.state[poison] == "failed"
    assert len(post.outbox.attempts[poison]) == 10, "the schedule of Standard Webhooks"


def test_a_channel_that_wants_no_more_is_left_alone_and_the_others_are_told(post: Post) -> None:
    first, second = post.outbox.put("hook"), post.outbox.put("hook")
    hook = Hook(status(410))
    with web_server(hook):
        deliver(post, webhook(hook.url), SCREEN, rounds=5, step=timedelta(hours=1))
    assert len(hook.posts) == 1
    assert (post.outbox.state[first], post.outbox.state[second]) == ("failed", "pending")
    [told] = post.outbox.notices
    assert told.channel == "screen"
    assert told.notice is not None
    assert told.notice.subject == "The channel hook wants no more messages"


def test_a_greylisted_mail_comes_again_after_five_minutes(post: Post) -> None:
    desk = Desk(rcpt={"desk@example.org": "451 4.7.1 greylisted"})
    name = post.outbox.put("desk")

    async def run() -> list[int]:
        async with mail_server(desk) as port:
            taken = []
            for wait in (timedelta(), timedelta(minutes=4, seconds=59), timedelta(minutes=1)):
                post.clock.now += wait
                taken.append(await post.dispatcher.deliver([email(port)]))
                desk.rcpt = {}
            await post.dispatcher.aclose()
            return taken

    assert asyncio.run(run()) == [0, 0, 1]
    assert [delivery.answer for delivery in post.outbox.attempts[name]] == [Answer.RETRY, Answer.SENT]
    assert post.outbox.attempts[name][0].detail == "451 4.7.1 greylisted"


def test_each_recipient_has_a_fate_of_its_own_and_nobody_is_told_twice(post: Post) -> None:
    desk = Desk(rcpt={"gone@example.org": "550 5.1.1 gone", "busy@example.org": "450 4.2.1 busy"})
    people = ["a@example.org", "gone@example.org", "busy@example.org", "b@example.org"]
    names = [post.outbox.put("desk", recipient=person) for person in people]

    async def run() -> None:
        async with mail_server(desk) as port:
            channel = email(port, to=people)
            await post.dispatcher.deliver([channel])
            desk.rcpt = {}
            post.clock.now += timedelta(minutes=10)
            await post.dispatcher.deliver([channel])
            await post.dispatcher.aclose()

    asyncio.run(run())
    assert desk.recipients == ["a@example.org", "b@example.org", "busy@example.org"]
    assert [post.outbox.state[name] for name in names] == ["sent", "failed", "sent", "sent"]
    assert post.outbox.last(names[1]).detail == "550 5.1.1 gone"


def test_a_server_that_asks_for_rest_is_left_alone_by_all_its_alerts(post: Post) -> None:
    hook = Hook(status(429, retry_after="7200"), status(200))
    names = [post.outbox.put("hook") for _ in range(3)]
    with web_server(hook):
        channel = webhook(hook.url)
        deliver(post, channel)
        names.append(post.outbox.put("hook"))
        deliver(post, channel, rounds=119, step=timedelta(minutes=1))
        assert len(hook.posts) == 1
        deliver(post, channel, rounds=15, step=timedelta(minutes=1))
    assert [entry.headers["webhook-id"] for entry in hook.posts[1:]] == names, "oldest first"
    assert [len(post.outbox.attempts[name]) for name in names] == [2, 1, 1, 1], "the others were not tried in vain"


def test_one_message_that_breaks_its_connection_does_not_hold_up_the_others(post: Post) -> None:
    def break_first(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["webhook-id"] == names[0]:
            handler.close_connection = True
        else:
            status(200)(handler)

    names = [post.outbox.put("hook") for _ in range(4)]
    hook = Hook(break_first)
    with web_server(hook):
        deliver(post, webhook(hook.url))
    assert [post.outbox.state[name] for name in names] == ["pending", "sent", "sent", "sent"]


def test_a_server_that_is_down_is_not_asked_for_every_alert(post: Post) -> None:
    met: list[bool] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(True)

    for _ in range(BATCH):
        post.outbox.put("desk")

    async def run() -> None:
        async with raw_server(talk) as port:
            await post.dispatcher.deliver([email(port)])
            await post.dispatcher.aclose()

    asyncio.run(run())
    assert len(met) == PATIENCE
    assert len(post.outbox.attempts) == PATIENCE
    assert post.outbox.leases == {}, "the others were given back untried"


def test_a_bug_with_one_alert_is_written_down_and_stops_no_other(post: Post) -> None:
    broken = post.outbox.put("hook", change(after={"secret": object()}))
    whole = post.outbox.put("hook")
    hook = Hook()
    with web_server(hook):
        assert deliver(post, webhook(hook.url)) == 1
    assert post.outbox.last(broken).answer is Answer.RETRY
    assert "a bug in brand-monitor: TypeError" in post.outbox.last(broken).detail
    assert post.outbox.state[whole] == "sent"


def test_an_alert_whose_changes_are_gone_fails_for_good(post: Post) -> None:
    name = post.outbox.put("screen")
    post.outbox.rows[name] = (post.outbox.rows[name][0], ())
    assert deliver(post, SCREEN) == 0
    assert post.outbox.state[name] == "failed"


def test_a_missing_secret_names_itself_and_waits(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_MISSING", raising=False)
    name = post.outbox.put("hook")
    deliver(post, webhook("http://127.0.0.1:9/", secret="env:TEST_MISSING"))
    assert post.outbox.last(name).answer is Answer.RETRY
    assert "TEST_MISSING is not set" in post.outbox.last(name).detail


def test_an_error_of_the_outbox_is_raised_after_the_others_are_served(post: Post) -> None:
    claim = post.outbox.claim

    async def broken(channel: str, limit: int, *, again: bool) -> Sequence[tuple[Alert, tuple[Change, ...]]]:
        if channel == "hook":
            raise OSError("the disk is gone")
        return await claim(channel, limit, again=again)

    post.outbox.claim = broken  # type: ignore[method-assign]
    name = post.outbox.put("screen")
    with pytest.raises(OSError, match="the disk is gone"):
        deliver(post, webhook("http://127.0.0.1:9/"), SCREEN)
    assert post.outbox.state[name] == "sent"


def test_what_was_claimed_by_a_sender_that_died_comes_back_with_its_lease(post: Post) -> None:
    name = post.outbox.put("screen")
    asyncio.run(post.outbox.claim("screen", BATCH, again=False))  # and then nothing: the process is gone
    assert deliver(post, SCREEN) == 0
    post.clock.now += LEASE
    assert deliver(post, SCREEN) == 1
    assert post.outbox.state[name] == "sent"


def test_stop_ends_a_round_after_the_alert_in_hand(post: Post) -> None:
    def stop(handler: BaseHTTPRequestHandler) -> None:
        post.dispatcher.stop()
        status(200)(handler)

    names = [post.outbox.put("hook") for _ in range(3)]
    hook = Hook(stop)
    with web_server(hook):
        assert deliver(post, webhook(hook.url)) == 1
    assert [post.outbox.state[name] for name in names] == ["sent", "pending", "pending"]
    assert len(hook.posts) == 1


def test_closing_waits_for_the_alert_in_hand(post: Post) -> None:
    """A connection that is cut while the other side takes the message would send it twice."""
    names = [post.outbox.put("hook") for _ in range(2)]
    closing = Event()
    asked: Callable[[], object]

    def slow(handler: BaseHTTPRequestHandler) -> None:
        asked()
        assert closing.wait(10)
        status(200)(handler)

    hook = Hook(slow)

    async def run() -> int:
        nonlocal asked
        at_work = asyncio.Event()
        asked = partial(asyncio.get_running_loop().call_soon_threadsafe, at_work.set)
        delivering = asyncio.create_task(post.dispatcher.deliver([webhook(hook.url)]))
        await at_work.wait()
        asyncio.get_running_loop().call_soon(closing.set)
        await post.dispatcher.aclose()
        return await delivering

    with web_server(hook):
        assert asyncio.run(run()) == 1
    assert [post.outbox.state[name] for name in names] == ["sent", "pending"]


def test_a_changed_channel_is_used_at_once(post: Post) -> None:
    old, new = Hook(), Hook()
    with web_server(old), web_server(new):
        post.outbox.put("hook")
        deliver(post, webhook(old.url))

        async def run() -> None:
            for url in (old.url, new.url):
                post.outbox.put("hook")
                await post.dispatcher.deliver([webhook(url)])
            await post.dispatcher.aclose()

        asyncio.run(run())
    assert (len(old.posts), len(new.posts)) == (2, 1)


def test_a_closed_console_is_a_failed_delivery(post: Post) -> None:
    name = post.outbox.put("screen")
    post.console.close()
    deliver(post, SCREEN)
    assert post.outbox.state[name] == "failed"
    assert "given up after trying once" in post.outbox.last(name).detail


def test_a_console_without_unicode_still_shows_the_news() -> None:
    raw = io.BytesIO()
    clock = Clock()
    outbox = Outbox(clock)
    console = io.TextIOWrapper(raw, encoding="ascii")
    dispatcher = Dispatcher(outbox, LOOPBACK, clock=clock, rng=random.Random(1), console=console)
    outbox.put("screen")
    assert asyncio.run(dispatcher.deliver([SCREEN])) == 1
    assert b"smart: 38 ? 39 markets" in raw.getvalue()


def test_a_sample_goes_the_way_alerts_go_to_every_recipient(post: Post) -> None:
    desk = Desk(rcpt={"b@example.org": "550 5.1.1 nobody here"}, data="250 taken")

    async def run() -> Delivery:
        async with mail_server(desk) as port:
            try:
                return await post.dispatcher.send_sample(email(port, to=["a@example.org", "b@example.org"]))
            finally:
                await post.dispatcher.aclose()

    delivery = asyncio.run(run())
    assert delivery.answer is Answer.FAILED
    assert delivery.detail == "a@example.org: 250 taken; b@example.org: 550 5.1.1 nobody here"
    assert [message["Subject"] for message in desk.messages] == ["Test, no news: Example: 38 → 39 markets"]
    assert post.outbox.attempts == {}


def test_a_sample_through_a_webhook_and_a_console(post: Post) -> None:
    hook = Hook()

    async def run() -> list[Delivery]:
        found = [await post.dispatcher.send_sample(channel) for channel in (webhook(hook.url), SCREEN)]
        await post.dispatcher.aclose()
        return found

    with web_server(hook):
        assert [delivery.answer for delivery in asyncio.run(run())] == [Answer.SENT, Answer.SENT]
    assert b"Test, no news" in hook.posts[0].body
    assert "Test, no news" in post.console.getvalue()
