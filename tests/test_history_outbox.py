"""The outbox: queued once, taken up by one, settled for good, dropped when nobody is there to take it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from history_samples import DAY, HOUR, MINUTE, NOW, alert, change, put, revive

from monitor.errors import UsageError
from monitor.history import History
from monitor.history.outbox import STORM
from monitor.models import Alert, Answer, Delivery, Health, Notice, Silence

LEASE = timedelta(minutes=5)
SENT = Delivery(answer=Answer.SENT, detail="250 ok")
LATER = Delivery(answer=Answer.RETRY, detail="451 later")
NEVER = Delivery(answer=Answer.FAILED, detail="550 no such user")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """A history with nine changes, c1 to c9."""
    with History(tmp_path / "h.db", revive=revive) as opened:
        put(opened, *(change(f"c{n}") for n in range(1, 10)))
        yield opened


def taken(history: History, at: datetime = NOW, limit: int = 10, channel: str = "desk") -> list[str]:
    return [alert.id for alert, _ in history.claim_alerts(channel, at, LEASE, limit)]


def status(history: History) -> dict[str, str]:
    return {row["id"]: row["status"] for row in reversed(history.queries.alerts())}


def contents(history: History, at: datetime) -> dict[str, tuple[str, ...]]:
    return {alert.id: alert.changes for alert, _ in history.claim_alerts("desk", at, LEASE, 10)}


def test_messages_are_taken_oldest_first_by_channel_when_it_is_time(history: History) -> None:
    put(history, alerts=[alert("a3", "c3"), alert("a1", "c1"), alert("later", "c4", not_before=NOW + HOUR)])
    put(history, alerts=[alert("hook", "c1", channel="hook"), alert("a2", "c2")])
    assert taken(history, limit=2) == ["a3", "a1"]
    assert taken(history) == ["a2"]
    assert taken(history, channel="hook") == ["hook"]
    assert taken(history, NOW + HOUR - timedelta(seconds=1), channel="none") == []


def test_a_message_comes_with_its_changes_in_order(history: History) -> None:
    put(history, alerts=[alert("a", "c3", "c1", "c2", digest=True)])
    ((found, changes),) = history.claim_alerts("desk", NOW, LEASE, 10)
    assert found == alert("a", "c3", "c1", "c2", digest=True, tried_since=NOW)
    assert [step.id for step in changes] == ["c3", "c1", "c2"]


def test_a_message_is_queued_once(history: History) -> None:
    put(history, alerts=[alert("a", "c1"), alert("a", "c1")])
    put(history, alerts=[alert("a", "c1")])
    assert taken(history) == ["a"]
    history.settle_alert("a", SENT, NOW, None)
    put(history, alerts=[alert("a", "c1")])
    assert taken(history, NOW + DAY) == []


def test_nobody_else_gets_a_message_until_the_lease_runs_out(history: History) -> None:
    put(history, alerts=[alert("a", "c1")])
    ((first, _),) = history.claim_alerts("desk", NOW, LEASE, 10)
    assert taken(history, NOW + LEASE - timedelta(seconds=1)) == []
    ((second, _),) = history.claim_alerts("desk", NOW + LEASE, LEASE, 10)
    assert (first.attempts, second.attempts) == (0, 0), "what nobody came back from is not held against the message"


def test_a_message_that_was_sent_is_done(history: History) -> None:
    put(history, alerts=[alert("a", "c1")])
    assert taken(history) == ["a"]
    history.settle_alert("a", SENT, NOW + MINUTE, None)
    (row,) = history.queries.alerts()
    assert (row["status"], row["last_answer"], row["settled_at"]) == ("sent", "250 ok", "2026-01-05T09:01:00Z")
    assert taken(history, NOW + DAY) == []


def test_a_retry_waits_for_its_time_and_every_attempt_is_kept(history: History) -> None:
    put(history, alerts=[alert("a", "c1")])
    for hour in range(3):
        assert taken(history, NOW + hour * HOUR) == ["a"]
        history.settle_alert("a", LATER, NOW + hour * HOUR, NOW + (hour + 1) * HOUR)
        assert taken(history, NOW + (hour + 1) * HOUR - timedelta(seconds=1)) == []
    ((found, _),) = history.claim_alerts("desk", NOW + 3 * HOUR, LEASE, 10)
    assert found.attempts == 3
    history.settle_alert("a", SENT, NOW + 3 * HOUR, None)
    attempts = history.queries.why("c1")["alerts"][0]["attempts"]
    assert [row["answer"] for row in attempts] == ["retry", "retry", "retry", "sent"]
    assert attempts[0] == {"attempted_at": "2026-01-05T09:00:00Z", "answer": "retry", "detail": "451 later"}


@pytest.mark.parametrize("delivery", [NEVER, LATER])
def test_without_a_next_attempt_a_message_has_failed(history: History, delivery: Delivery) -> None:
    put(history, alerts=[alert("a", "c1")])
    taken(history)
    history.settle_alert("a", delivery, NOW, None)
    (row,) = history.queries.alerts()
    assert (row["status"], row["reason"]) == ("failed", delivery.detail)
    assert taken(history, NOW + DAY) == []


def test_a_late_sender_takes_no_success_back_and_its_own_counts(history: History) -> None:
    put(history, alerts=[alert("a", "c1"), alert("b", "c2")])
    taken(history)
    taken(history, NOW + LEASE)
    history.settle_alert("a", SENT, NOW + LEASE, None)
    history.settle_alert("a", NEVER, NOW + LEASE, None)
    history.settle_alert("b", NEVER, NOW + LEASE, None)
    history.settle_alert("b", SENT, NOW + LEASE, None)
    history.settle_alert("b", LATER, NOW + LEASE, NOW + HOUR)
    assert status(history) == {"a": "sent", "b": "sent"}
    assert taken(history, NOW + DAY) == []


def test_a_new_service_starts_with_everything_that_was_in_hand(history: History) -> None:
    put(history, alerts=[alert("a", "c1"), alert("b", "c2")])
    taken(history)
    history.settle_alert("b", SENT, NOW, None)
    history.release_leases()
    assert taken(history, NOW + MINUTE) == ["a"]


def test_nobody_is_told_of_a_change_twice(history: History) -> None:
    put(history, alerts=[alert("a", "c1")])
    put(history, alerts=[alert("b", "c1"), alert("c", "c1", "c2"), alert("d", "c1", recipient="other@example.org")])
    assert contents(history, NOW) == {"a": ("c1",), "c": ("c2",), "d": ("c1",)}


# What gathers


def digest(name: str, *changes: str, key: str = "daily") -> Alert:
    return alert(name, *changes, digest=True, not_before=NOW + DAY, gathers=key)


def test_a_digest_gathers_until_its_hour(history: History) -> None:
    for name, changes in (("1", ["c1", "c2"]), ("2", ["c3"]), ("3", ["c2", "c4"])):
        put(history, alerts=[digest(name, *changes), digest(f"{name} other", *changes, key="weekly")])
    assert contents(history, NOW + DAY - MINUTE) == {}
    assert contents(history, NOW + DAY) == {"1": ("c1", "c2", "c3", "c4")}


def test_what_was_taken_up_gathers_no_more_and_loses_nothing(history: History) -> None:
    put(history, alerts=[digest("d", "c1")])
    taken(history, NOW + DAY)
    put(history, alerts=[digest("e", "c2")])
    history.settle_alert("d", LATER, NOW + DAY, NOW + DAY + HOUR)
    put(history, alerts=[digest("f", "c3")])
    assert contents(history, NOW + DAY + HOUR) == {"d": ("c1",), "e": ("c2", "c3")}
    history.settle_alert("d", SENT, NOW + 2 * DAY, None)
    history.settle_alert("e", SENT, NOW + 2 * DAY, None)
    put(history, alerts=[digest("g", "c4")])
    assert contents(history, NOW + 2 * DAY) == {"g": ("c4",)}


def test_a_message_that_waits_for_more_is_sent_at_once_when_nobody_stays(history: History) -> None:
    soon = NOW + timedelta(seconds=30)
    put(history, alerts=[alert("group", "c1", gathers="brand", not_before=soon), digest("d", "c2")])
    put(history, alerts=[alert("held", "c3", gathers="quiet", not_before=NOW + HOUR)])
    history.close_groups(NOW, NOW + 5 * MINUTE)
    assert taken(history) == ["group"]


def test_what_was_not_tried_is_given_back_as_it_was(history: History) -> None:
    put(history, alerts=[alert("a", "c1")])
    taken(history)
    history.release_alerts(["a"])
    ((found, _),) = history.claim_alerts("desk", NOW + HOUR, LEASE, 10)
    assert (found.attempts, found.tried_since) == (0, NOW + HOUR)


def test_what_is_given_back_until_a_time_waits_for_it(history: History) -> None:
    put(history, alerts=[alert("a", "c1"), alert("b", "c2")])
    taken(history)
    history.release_alerts(["a", "b"], NOW + HOUR)
    assert taken(history, NOW + HOUR - timedelta(seconds=1)) == []
    assert taken(history, NOW + HOUR) == ["a", "b"]


# Storms


def storm(history: History, number: int, now: datetime = NOW, **more: Any) -> None:
    """So many changes of brands of their own, each with a message to one recipient."""
    names = [f"{now:%d%H%M%S}-{n}" for n in range(number)]
    alerts = [alert(f"a{name}", name, **{"not_before": now} | more) for name in names]
    put(history, *(change(name) for name in names), alerts=alerts, now=now)


def test_a_storm_is_one_message_with_all_its_changes(history: History) -> None:
    storm(history, 10_000)
    assert taken(history) == []
    ((found, changes),) = history.claim_alerts("desk", NOW + 5 * MINUTE, LEASE, 10)
    assert len(changes) == len(set(found.changes)) == 10_000
    assert found.digest


def test_a_storm_over_minutes_is_one_message_a_window(history: History) -> None:
    sent: list[int] = []
    for second in range(0, 600, 10):
        now = NOW + timedelta(seconds=second)
        storm(history, 30, now)
        for found, changes in history.claim_alerts("desk", now, LEASE, 10):
            sent.append(len(changes))
            history.settle_alert(found.id, SENT, now, None)
    sent += [len(changes) for _, changes in history.claim_alerts("desk", NOW + HOUR, LEASE, 10)]
    assert len(sent) == 2
    assert sum(sent) == 60 * 30


def test_a_few_messages_are_no_storm(history: History) -> None:
    storm(history, STORM)
    assert len(taken(history, limit=100)) == STORM


def test_what_quiet_hours_held_is_one_message_at_their_end_when_it_is_much(history: History) -> None:
    end = NOW + 8 * HOUR
    for hour in range(6):
        storm(history, 5, NOW + hour * HOUR, not_before=end)
    assert taken(history, end - MINUTE) == []
    ((_, changes),) = history.claim_alerts("desk", end, LEASE, 100)
    assert len(changes) == 30


def test_what_waits_for_a_channel_that_is_down_stays_as_it_is(history: History) -> None:
    for hour in range(30):
        storm(history, 2, NOW + hour * HOUR)
    assert len(taken(history, NOW + 2 * DAY, limit=100)) == 60


# Silence, and a person's word


def test_what_is_silenced_is_kept_with_the_reason_and_not_sent(history: History) -> None:
    put(history, alerts=[alert("a", "c1", silenced="silence 1, until tomorrow")])
    assert taken(history, NOW + DAY) == []
    why = history.queries.why("c1")
    assert (why["fate"], why["silence"]) == ("silent", "silence 1, until tomorrow")
    assert [row["status"] for row in why["alerts"]] == ["silenced"]
    history.retry_alerts(["a"], NOW + DAY)
    assert taken(history, NOW + DAY) == ["a"]


def test_silences_end_by_themselves_and_by_hand(history: History) -> None:
    first = history.add_silence(Silence(id=0, until=NOW + DAY, brand="smart", note="launch"), NOW)
    second = history.add_silence(Silence(id=0, until=NOW + 2 * DAY, channel="desk"), NOW)
    assert [silence.id for silence in history.silences(NOW)] == [first, second]
    assert history.silences(NOW)[0] == Silence(id=first, until=NOW + DAY, brand="smart", note="launch")
    assert [silence.id for silence in history.silences(NOW + DAY)] == [second]
    assert history.end_silence(second, NOW + DAY)
    assert not history.end_silence(second, NOW + DAY)
    assert history.silences(NOW + DAY) == ()


def test_what_failed_is_tried_again_when_a_person_wants_it(history: History) -> None:
    put(history, alerts=[alert("abc", "c1"), alert("abd", "c2"), alert("xyz", "c3")])
    taken(history)
    for name in ("abc", "abd"):
        history.settle_alert(name, NEVER, NOW, None)
    history.settle_alert("xyz", SENT, NOW, None)
    with pytest.raises(UsageError, match="more than one"):
        history.retry_alerts(["ab"], NOW)
    with pytest.raises(UsageError, match="no message"):
        history.retry_alerts(["q"], NOW)
    assert history.retry_alerts(["abc", "x"], NOW + DAY) == ["abc"], "what was sent is not sent again"
    ((found, _),) = history.claim_alerts("desk", NOW + DAY, LEASE, 10)
    assert (found.id, found.attempts, found.tried_since) == ("abc", 0, NOW + DAY)


def test_what_waits_or_failed_can_be_dropped(history: History) -> None:
    put(history, alerts=[alert("a", "c1"), alert("b", "c2"), alert("c", "c3")])
    taken(history, limit=2)
    history.settle_alert("a", NEVER, NOW, None)
    assert history.drop_alerts(["a", "b", "c"], "by hand", NOW) == ["a", "c"], "b is being sent"
    assert status(history) == {"a": "dropped", "b": "pending", "c": "dropped"}


# Channels


DOWN = Health(failures=4, failing_since=NOW, resting_until=NOW + HOUR, reason="nobody there", told=True)


def test_how_a_channel_is_outlives_the_service_but_not_its_config(history: History) -> None:
    history.sync_channels({"desk": "1", "hook": "1"})
    put(history, alerts=[alert("a", "c1")])
    taken(history)
    history.settle_alert("a", LATER, NOW, NOW + HOUR, "desk", DOWN)
    with History(history.path, revive=revive) as reopened:
        assert reopened.health("desk") == DOWN
        assert reopened.health("hook") == Health()
        reopened.sync_channels({"desk": "1", "hook": "1"})
        assert reopened.health("desk") == DOWN
        reopened.sync_channels({"desk": "2"})
        assert reopened.health("desk") == Health()


def test_when_a_channel_works_again_all_that_waited_for_it_is_due_oldest_first(history: History) -> None:
    history.sync_channels({"desk": "1"})
    put(
        history,
        alerts=[alert("a", "c1"), alert("b", "c2"), alert("c", "c3"), alert("later", "c4", not_before=NOW + DAY)],
    )
    taken(history, limit=2)
    for name in ("a", "b"):
        history.settle_alert(name, LATER, NOW, NOW + 9 * HOUR, "desk", DOWN)
    ((first, _),) = history.claim_alerts("desk", NOW + MINUTE, LEASE, 1, again=True)
    assert first.id == "a", "not c, which is newer"
    history.settle_alert("a", SENT, NOW + MINUTE, None, "desk", Health())
    assert taken(history, NOW + MINUTE) == ["b", "c"]


def test_what_failed_beside_one_that_was_taken_waits_for_its_own_time(history: History) -> None:
    history.sync_channels({"desk": "1"})
    put(history, alerts=[alert("a", "c1"), alert("b", "c2")])
    taken(history)
    rests = replace(DOWN, resting_until=NOW + MINUTE)
    for name in ("a", "b"):
        history.settle_alert(name, LATER, NOW, NOW + HOUR, "desk", rests)
    now = NOW + MINUTE
    history.claim_alerts("desk", now, LEASE, 2, again=True)
    history.settle_alert("a", LATER, now, now + HOUR, "desk", rests)
    history.settle_alert("b", SENT, now, None, "desk", Health())
    assert taken(history, now) == []
    assert taken(history, now + HOUR) == ["a"]


def test_who_asked_to_be_tried_later_is_not_tried_at_once_because_the_channel_works_again(history: History) -> None:
    history.sync_channels({"desk": "1"})
    put(history, alerts=[alert("a", "c1")])
    taken(history)
    history.settle_alert("a", LATER, NOW, NOW + HOUR, "desk", DOWN)
    history.claim_alerts("desk", NOW + HOUR, LEASE, 1)
    history.settle_alert("a", LATER, NOW + HOUR, NOW + 2 * HOUR, "desk", Health())
    assert taken(history, NOW + 2 * HOUR - MINUTE) == []


def test_a_person_s_retry_opens_a_channel_that_rests_or_wants_no_more(history: History) -> None:
    history.sync_channels({"desk": "1"})
    put(history, alerts=[alert("a", "c1")])
    taken(history)
    history.settle_alert("a", NEVER, NOW, None, "desk", Health(failing_since=NOW, disabled_at=NOW, reason="410"))
    history.retry_alerts(["a"], NOW)
    assert history.health("desk").disabled_at is None


def test_a_clock_that_is_set_back_holds_up_no_message_and_no_channel(history: History) -> None:
    future = NOW + DAY
    history.sync_channels({"desk": "config"})
    put(history, now=future, alerts=[alert("a", "c1", not_before=future), alert("b", "c2", not_before=future)])
    history.claim_alerts("desk", future, LEASE, 1)
    down = Health(failures=3, failing_since=future, resting_until=future + HOUR, reason="down")
    history.settle_alert("a", LATER, future, future + HOUR, "desk", down)
    history.turn_back(NOW)
    assert taken(history) == ["a", "b"]
    assert history.health("desk") == Health(failures=3, failing_since=NOW, reason="down")


def test_notices_are_queued_once_and_drop_with_their_channel(history: History) -> None:
    notice = Notice(type="channel", subject="The channel hook is down", lines=("since nine", "it rests"))
    put(history, alerts=[alert("a", "c1")])
    for _ in range(2):
        history.settle_alert("a", LATER, NOW, NOW + HOUR, "desk", DOWN, [alert("n", channel="screen", notice=notice)])
    ((found, changes),) = history.claim_alerts("screen", NOW, LEASE, 10)
    assert (found.notice, changes) == (notice, ())
    assert history.queries.alerts(channel="screen")[0]["text"] == "The channel hook is down"


# Channels that are gone


def test_what_waits_for_channels_and_recipients_that_are_gone_is_dropped_with_the_reason(history: History) -> None:
    gone = [
        alert("1", "c1", recipient="old@example.org"),
        alert("2", "c1", channel="hook", recipient="https://h.example"),
    ]
    kept = [alert("3", "c1"), alert("4", "c2", recipient="old@example.org")]
    put(history, alerts=[*gone, *kept])
    history.settle_alert("4", SENT, NOW, None)
    assert history.drop_alerts_outside({"desk": {"desk@example.org"}}, NOW + HOUR) == 2
    assert status(history) == {"1": "dropped", "2": "dropped", "3": "pending", "4": "sent"}
    reasons = {row["id"]: row["reason"] for row in history.queries.alerts()}
    assert reasons["1"] == "the channel desk no longer has the recipient old@example.org"
    assert reasons["2"] == "the channel hook is no longer configured"
    assert taken(history, NOW + DAY, channel="hook") == []
    assert history.drop_alerts_outside({"desk": {"desk@example.org"}}, NOW + HOUR) == 0


def test_a_message_that_was_not_answered_says_so_when_it_is_claimed_again(history: History) -> None:
    put(history, alerts=[alert("a1", "c1")])
    said = []
    for answer in (Answer.RETRY, Answer.UNANSWERED, Answer.RETRY, Answer.SENT):
        ((claimed, _),) = history.claim_alerts("desk", NOW, HOUR, 3)
        said.append(claimed.unanswered)
        history.settle_alert("a1", Delivery(answer=answer, detail=""), NOW, NOW if answer is not Answer.SENT else None)
    assert said == [False, False, True, True]


# Two senders

SENDER = """
import sys
from datetime import timedelta
from pathlib import Path
from history_samples import NOW, revive
from monitor.history import History
from monitor.models import Answer, Delivery

with History(Path(sys.argv[1]), revive=revive) as history:
    print("ready", flush=True)
    sys.stdin.readline()
    while claimed := history.claim_alerts("desk", NOW, timedelta(hours=1), 3):
        for alert, _ in claimed:
            print(alert.id)
            history.settle_alert(alert.id, Delivery(answer=Answer.SENT, detail="ok"), NOW, None)
"""


def test_no_two_processes_ever_send_the_same_message(history: History) -> None:
    names = [f"a{n}" for n in range(120)]
    put(history, alerts=[alert(name, "c1", recipient=name) for name in names])
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, str(history.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
            env={"PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parent.parent}"},
        )
        for _ in range(3)
    ]
    for sender in senders:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
    sent = [name for sender in senders for name in sender.communicate()[0].split()]
    assert [sender.returncode for sender in senders] == [0, 0, 0]
    assert sorted(sent) == sorted(names)
    assert set(status(history).values()) == {"sent"}
