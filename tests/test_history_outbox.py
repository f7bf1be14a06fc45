"""The outbox: queued once, taken up by one, settled for good, dropped when nobody is there to take it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from history_samples import DAY, HOUR, MINUTE, NOW, alert, change, put, revive

from monitor.history import History
from monitor.models import Answer, Delivery

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
    put(history, alerts=[alert("a3", "c3"), alert("a1", "c1"), alert("later", "c2", not_before=NOW + HOUR)])
    put(history, alerts=[alert("hook", "c1", channel="hook"), alert("a2", "c2")])
    assert taken(history, limit=2) == ["a3", "a1"]
    assert taken(history) == ["a2"]
    assert taken(history, channel="hook") == ["hook"]
    assert taken(history, NOW + HOUR - timedelta(seconds=1), channel="none") == []


def test_a_message_comes_with_its_changes_in_order(history: History) -> None:
    put(history, alerts=[alert("a", "c3", "c1", "c2", digest=True)])
    ((found, changes),) = history.claim_alerts("desk", NOW, LEASE, 10)
    assert found == alert("a", "c3", "c1", "c2", digest=True)
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
    assert (first.attempts, second.attempts) == (0, 1), "an attempt that nobody came back from counts"


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


# Digests


def digest(*changes: str, name: str = "d") -> object:
    return alert(name, *changes, digest=True, not_before=NOW + DAY)


def test_a_digest_gathers_until_its_hour(history: History) -> None:
    for changes in (["c1", "c2"], ["c3"], ["c2", "c4"]):
        put(history, alerts=[digest(*changes)])
    assert contents(history, NOW + DAY - MINUTE) == {}
    assert contents(history, NOW + DAY) == {"d": ("c1", "c2", "c3", "c4")}


def test_a_digest_that_was_taken_up_gathers_no_more_and_loses_nothing(history: History) -> None:
    put(history, alerts=[digest("c1")])
    taken(history, NOW + DAY)
    put(history, alerts=[digest("c2")])
    history.settle_alert("d", LATER, NOW + DAY, NOW + DAY + HOUR)
    put(history, alerts=[digest("c3")])
    assert contents(history, NOW + DAY + HOUR) == {"d": ("c1",), "d-2": ("c2", "c3")}
    history.settle_alert("d", SENT, NOW + 2 * DAY, None)
    history.settle_alert("d-2", SENT, NOW + 2 * DAY, None)
    put(history, alerts=[digest("c4")])
    assert contents(history, NOW + 2 * DAY) == {"d-3": ("c4",)}


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
