"""Who is told of which change and when; and when to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from stories import BERLIN, NOW, STYLE, alert, change, citation, count, email, webhook

from monitor.models import Alert, Answer, ChangeKind, Delivery, Health, Silence
from monitor.notifier.health import after, is_open, told
from monitor.notifier.retry import SCHEDULES, next_attempt
from monitor.notifier.route import GROUP, NO_RULES, recipients, route
from monitor.settings import AlertRule, Channel, ConsoleChannel

SCREEN = ConsoleChannel(name="screen", kind="console")
DESK = email(25, to=["a@example.org", "b@example.org"])
HOOK = webhook("https://example.org/token")
CHANNELS: tuple[Channel, ...] = (SCREEN, DESK, HOOK)


def rule(name: str = "all", **given: Any) -> AlertRule:
    return AlertRule.model_validate({"name": name, "channels": ["screen"]} | given)


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """The moment when the clocks of the zone show this."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def routed(*rules: AlertRule, now: datetime = NOW, zone: ZoneInfo = BERLIN, **changed: Any) -> tuple[Alert, ...]:
    return route([change(**changed)], rules, CHANNELS, now, zone)


def test_without_rules_everything_goes_to_every_recipient_soon() -> None:
    alerts = routed()
    assert [(alert.channel, alert.recipient) for alert in alerts] == [
        ("screen", "screen"),
        ("desk", "a@example.org"),
        ("desk", "b@example.org"),
        ("hook", "hook"),
    ]
    assert {(alert.rule, alert.digest, alert.changes) for alert in alerts} == {(NO_RULES, False, ("c1",))}
    assert [alert.not_before - NOW for alert in alerts] == [timedelta(0), GROUP, GROUP, timedelta(0)]
    assert len({alert.id for alert in alerts}) == 4


def test_the_messages_of_two_histories_have_different_ids() -> None:
    ids = [{alert.id for alert in route([change()], (), CHANNELS, NOW, BERLIN, (), name)} for name in ("a", "b", "a")]
    assert ids[0] == ids[2]
    assert ids[0].isdisjoint(ids[1])


def test_without_channels_nobody_is_told() -> None:
    assert route([change()], (), (), NOW, BERLIN) == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, True),
        ({"brands": ["SMART"]}, True),
        ({"brands": ["Xpeng", "Smart"]}, True),
        ({"brands": ["Smartphone"]}, False),
        ({"kinds": ["market_count"]}, True),
        ({"kinds": ["market_entry", "model_announcement"]}, False),
        ({"changes": ["changed"]}, True),
        ({"changes": ["new", "disputed"]}, False),
        ({"brands": ["smart"], "kinds": ["market_count"], "changes": ["new"]}, False),
    ],
)
def test_a_rule_speaks_of_brands_kinds_and_changes(given: dict[str, Any], told: bool) -> None:
    assert len(routed(rule(**given))) == told


def test_a_brand_is_the_same_in_whatever_case_the_change_has_it() -> None:
    assert routed(rule(brands=["xpeng"]), brand="XPENG")


def test_silent_changes_are_never_told() -> None:
    assert routed(rule(), silence="the baseline of its source") == ()
    assert routed(silence="the baseline of its source") == ()


def test_several_rules_make_one_message_per_channel() -> None:
    alerts = routed(rule("one"), rule("two", channels=["screen", "hook"]))
    assert [(alert.channel, alert.rule) for alert in alerts] == [("screen", "one"), ("hook", "two")]


def test_the_rule_that_tells_soonest_wins() -> None:
    (alert,) = routed(rule("later", digest="0 8 * * *"), rule("now"))
    assert (alert.rule, alert.not_before, alert.digest) == ("now", NOW, False)


def test_ids_are_the_same_for_the_same_change_and_recipient_whatever_the_time_or_rule() -> None:
    again = routed(rule("renamed"), now=NOW + timedelta(days=3))
    assert [alert.id for alert in again] == [alert.id for alert in routed(rule())]
    assert routed(rule(), change_id="c2")[0].id != again[0].id


def test_what_a_digest_tells_a_recipient_gathers_under_one_key() -> None:
    changes = [change("c1"), change("c2"), change("c3", brand="BYD")]
    daily = rule("daily", digest="0 8 * * *", channels=["desk"], brands=["smart"])
    alerts = route(changes, [daily], CHANNELS, NOW, BERLIN)
    assert [(alert.recipient, alert.changes, alert.digest) for alert in alerts] == [
        ("a@example.org", ("c1",), True),
        ("b@example.org", ("c1",), True),
        ("a@example.org", ("c2",), True),
        ("b@example.org", ("c2",), True),
    ]
    assert {alert.not_before for alert in alerts} == {at("2026-01-06 08:00")}
    assert len({alert.gathers for alert in alerts}) == 1


def test_digests_of_one_time_gather_and_those_of_the_next_time_apart() -> None:
    daily = rule("daily", digest="0 8 * * *")
    (first,) = routed(daily, now=at("2026-01-05 08:00"))
    (same,) = routed(daily, now=at("2026-01-06 07:59"), change_id="c2")
    (next_day,) = routed(daily, now=at("2026-01-06 08:00"), change_id="c3")
    assert first.gathers == same.gathers != next_day.gathers
    assert next_day.not_before == at("2026-01-07 08:00")


def test_changes_of_one_brand_gather_for_people_and_not_for_programs() -> None:
    alerts = route([change("c1"), change("c2", brand="BYD"), change("c3")], (), CHANNELS, NOW, BERLIN)
    keys: dict[str, list[str | None]] = {}
    for told_one in alerts:
        keys.setdefault(told_one.recipient, []).append(told_one.gathers)
    assert keys["screen"] == keys["hook"] == [None, None, None]
    first, other, second = keys["a@example.org"]
    assert first == second
    assert first != other


@pytest.mark.parametrize(("group", "wait"), [("0s", 0), ("10m", 600)])
def test_a_rule_says_how_long_a_message_waits_for_more(group: str, wait: int) -> None:
    for channel in ("desk", "hook", "screen"):
        for one in routed(rule(group=group, channels=[channel])):
            assert one.not_before - NOW == timedelta(seconds=wait)
            assert (one.gathers is not None) == (wait > 0)


MODEL = {"kind": "model_announcement", "model": "#2", "stage": "confirmed", "markets": ["region:Europe", "GB"]}
ENTRY = {"kind": "market_entry", "market": "HK", "status": "entered"}


@pytest.mark.parametrize(
    ("given", "changed", "told"),
    [
        ({"markets": ["HK"]}, {"after": ENTRY, "before": None}, True),
        ({"markets": ["DE"]}, {"after": ENTRY, "before": None}, False),
        ({"markets": ["GB", "DE"]}, {"after": MODEL, "before": None}, True),
        ({"markets": ["region:Europe"]}, {"after": count(30, "") | {"scope": "region:Europe"}}, True),
        ({"markets": ["region:Europe"]}, {}, False),
        ({"models": ["#2"]}, {"after": MODEL}, True),
        ({"models": ["#3"]}, {"after": MODEL}, False),
        ({"models": ["fortwo"]}, {"after": MODEL | {"model": "ForTwo"}}, True),
        ({"stages": ["confirmed"]}, {"after": MODEL}, True),
        ({"stages": ["launched", "deliveries"]}, {"after": MODEL}, False),
        ({"languages": ["de"]}, {"sources": (citation(language="de"), citation(language="en"))}, True),
        ({"languages": ["de"]}, {"sources": (citation(language="en"), citation())}, False),
        ({"sources": ["newsroom"]}, {"sources": (citation(source="newsroom"),)}, True),
        ({"sources": ["newsroom"]}, {"sources": (citation(source="other"),)}, False),
        ({"authorities": ["official"]}, {}, True),
        ({"authorities": ["wire", "media"]}, {}, False),
        ({"independent": 2}, {"independent": 1}, False),
        ({}, {"independent": 0, "sponsored": 1}, True),
        ({"independent": 2}, {"independent": 2}, True),
        ({"step": 1}, {}, True),
        ({}, {"before": count(39, "", "at_least")}, True),  # nothing but how sure it is has changed
        ({"step": 2}, {}, False),
        ({"step": 2}, {"after": count(36, "")}, True),
        ({"step": 5}, {"before": None}, True),  # the first count is no step
        ({"step": 5}, {"after": ENTRY, "before": None}, True),
    ],
)
def test_a_rule_speaks_of_what_a_change_holds_and_who_says_it(
    given: dict[str, Any], changed: dict[str, Any], told: bool
) -> None:
    assert len(routed(rule(**given), **changed)) == told


@pytest.mark.parametrize(
    ("silence", "silenced"),
    [
        ({}, True),
        ({"brand": "SMART"}, True),
        ({"brand": "BYD"}, False),
        ({"kind": "market_count", "channel": "screen"}, True),
        ({"kind": "market_entry"}, False),
        ({"channel": "hook"}, False),
    ],
)
def test_what_is_silenced_is_a_row_that_says_why(silence: dict[str, Any], silenced: bool) -> None:
    quiet = Silence(id=7, until=NOW + timedelta(days=1), note="launch week", **silence)
    (alert,) = route([change()], [rule()], CHANNELS, NOW, BERLIN, [quiet])
    said = "silence 7, until 2026-01-06 09:00 UTC: launch week"
    assert alert.silenced == (said if silenced else None)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-05 21:59", "2026-01-05 21:59"),
        ("2026-01-05 22:00", "2026-01-06 07:00"),
        ("2026-01-05 23:59", "2026-01-06 07:00"),
        ("2026-01-06 00:00", "2026-01-06 07:00"),
        ("2026-01-06 06:59", "2026-01-06 07:00"),
        ("2026-01-06 07:00", "2026-01-06 07:00"),
        ("2026-03-28 23:00", "2026-03-29 07:00"),  # the night that clocks go forward
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # the night that they go back
    ],
)
def test_quiet_over_midnight_holds_until_its_end(now: str, until: str) -> None:
    (alert,) = routed(rule(quiet="22:00-07:00"), now=at(now))
    assert alert.not_before == at(until)


@pytest.mark.parametrize(
    ("now", "fold", "until"),
    [
        ("2026-03-29 01:45", 0, "2026-03-29 03:00"),  # 02:30 does not exist: the next minute that does
        ("2026-03-29 03:00", 0, "2026-03-29 03:00"),
        ("2026-10-25 02:10", 0, "2026-10-25 02:30"),
        ("2026-10-25 02:45", 1, "2026-10-25 02:45"),
    ],
)
def test_quiet_that_ends_while_clocks_jump(now: str, fold: int, until: str) -> None:
    (alert,) = routed(rule(quiet="01:00-02:30"), now=at(now, fold=fold))
    assert alert.not_before == at(until, fold=fold)


def test_quiet_by_day_is_in_the_zone_of_people() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    (alert,) = routed(rule(quiet="12:00-19:00"), now=at("2026-01-05 18:00", tokyo), zone=tokyo)
    assert alert.not_before == at("2026-01-05 19:00", tokyo)


def test_a_digest_in_the_quiet_hours_waits_for_their_end() -> None:
    (alert,) = routed(rule(digest="0 6 * * *", quiet="22:00-07:00"), now=at("2026-01-05 12:00"))
    assert alert.not_before == at("2026-01-06 07:00")
    assert alert.digest


def test_a_channel_has_a_recipient_per_mail_address() -> None:
    assert recipients(email(25, to=["a@example.org", "b@example.org", "a@example.org"])) == (
        "a@example.org",
        "b@example.org",
    )
    assert recipients(HOOK) == ("hook",), "an address that holds a token is no name for a row"
    assert recipients(SCREEN) == ("screen",)


def test_disputes_and_corrections_are_told_by_their_kind() -> None:
    assert routed(rule(changes=["disputed"]), change=ChangeKind.DISPUTED)
    assert not routed(rule(changes=["disputed"]), change=ChangeKind.RESOLVED)


def waits(kind: str, jitter: float = 0.0) -> list[timedelta]:
    found: list[timedelta] = []
    while (again := next_attempt(kind, alert(attempts=len(found)), Health(), NOW, jitter)) is not None:
        found.append(again - NOW)
    return found


def test_webhooks_are_tried_by_the_schedule_of_standard_webhooks() -> None:
    hours = [wait / timedelta(hours=1) for wait in waits("webhook")]
    assert hours[0] == pytest.approx(5 / 3600)
    assert hours[1] == pytest.approx(5 / 60)
    assert hours[2:] == [0.5, 2, 5, 10, 14, 20, 24]


def test_mail_is_tried_after_five_minutes_then_every_half_hour_for_five_days() -> None:
    first, *rest = waits("email")
    assert first == timedelta(minutes=5)
    assert set(rest) == {timedelta(minutes=30)}
    assert timedelta(days=4) <= first + sum(rest, timedelta()) <= timedelta(days=5, hours=1)


def test_the_console_is_tried_once() -> None:
    assert waits("console") == []


@pytest.mark.parametrize("kind", [kind for kind, schedule in SCHEDULES.items() if schedule])
def test_jitter_makes_waits_longer_never_shorter(kind: str) -> None:
    pairs = list(zip(waits(kind), waits(kind, jitter=1.0), strict=True))
    assert all(plain < late <= plain * 1.11 for plain, late in pairs)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (timedelta(seconds=1), timedelta(minutes=5)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=3650), timedelta(hours=24)),
    ],
)
def test_what_the_other_side_asks_for_is_obeyed_for_up_to_a_day(asked: timedelta, wait: timedelta) -> None:
    busy = Delivery(answer=Answer.RETRY, detail="HTTP 429", retry_after=asked)
    health = after(Health(), "webhook", busy, NOW, 0.0, down=True, enough=True)
    assert not is_open(health, NOW)
    assert next_attempt("webhook", alert(attempts=1), health, NOW, 0.0) == NOW + wait


LOST = Delivery(answer=Answer.RETRY, detail="nobody there")


def test_a_channel_rests_as_long_as_it_has_failed_within_bounds() -> None:
    health, now, rests = Health(), NOW, []
    for _ in range(12):
        health = after(health, "webhook", LOST, now, 0.0, down=True, enough=True)
        if health.resting_until:
            rests.append((health.resting_until - now) / timedelta(minutes=1))
        now = health.resting_until or now + timedelta(seconds=5)
    assert [round(rest) for rest in rests] == [5, 5, 10, 21, 30, 30, 30, 30, 30, 30]
    assert health.failing_since == NOW


def test_a_message_is_not_given_up_while_its_channel_is_in_trouble_until_five_days_are_over() -> None:
    down = Health(failures=9, failing_since=NOW, resting_until=NOW + timedelta(minutes=30))
    often = alert(attempts=40, tried_since=NOW - timedelta(days=5))
    assert next_attempt("webhook", often, down, NOW, 0.0) == NOW + timedelta(minutes=30)
    assert next_attempt("webhook", often, down, NOW + timedelta(seconds=1), 0.0) is None
    assert next_attempt("webhook", often, Health(), NOW, 0.0) is None, "the message's own schedule is over"


def test_any_answer_about_a_message_shows_that_the_channel_works() -> None:
    down = Health(failures=9, failing_since=NOW, reason="gone")
    refused = Delivery(answer=Answer.FAILED, detail="550 no such user")
    assert after(down, "email", refused, NOW, 0.0, down=False, enough=True) == Health()


@pytest.mark.parametrize("minutes", [29, 30])
def test_the_other_channels_are_told_of_trouble_that_lasts_and_once(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    down = Health(failures=5, failing_since=NOW, reason="nobody there")
    health, alerts = told(HOOK, down, down, CHANNELS, now, STYLE)
    assert health.told == (minutes == 30)
    assert [alert.recipient for alert in alerts] == (
        ["screen", "a@example.org", "b@example.org"] if minutes == 30 else []
    )
    assert told(HOOK, health, health, CHANNELS, now + timedelta(days=1), STYLE)[1] == () or minutes == 29
    again, alerts = told(HOOK, health, Health(), CHANNELS, now, STYLE)
    assert again == Health()
    assert len(alerts) == (3 if minutes == 30 else 0)


def test_a_channel_that_wants_no_more_is_told_of_at_once() -> None:
    gone = Delivery(answer=Answer.FAILED, detail="HTTP 410 Gone", gone=True)
    health = after(Health(), "webhook", gone, NOW, 0.0, down=False, enough=True)
    assert not is_open(health, NOW + timedelta(days=1000))
    health, alerts = told(HOOK, Health(), health, CHANNELS, NOW, STYLE)
    assert {alert.channel for alert in alerts} == {"screen", "desk"}
    assert alerts[0].notice is not None
    assert alerts[0].notice.subject == "The channel hook wants no more messages"
    assert "HTTP 410 Gone" in alerts[0].notice.lines[0]
