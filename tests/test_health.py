"""Sources in trouble: recognised, confirmed, told once, told once when it is over; and nothing is forgotten for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from watching import SITE, START, Watch, Web, front, newsroom, publish, remembered, story

from monitor.errors import FetchError
from monitor.exports.rows import health
from monitor.health import Article, Told, Turn, Vitals, judge, shrunken, usual_length
from monitor.history import History
from monitor.models import Alert, Memory, Notice, Observation, Outcome, Page, Silence, SourceKind, Validators
from monitor.notifier.letter import email_message
from monitor.notifier.messages import Style, console_lines, json_body
from monitor.notifier.route import GATHERED, route_notice
from monitor.notifier.trouble import source_notice
from monitor.notifier.wording import words_of
from monitor.parser.facts import revive
from monitor.settings import AlertRule, ConsoleChannel, EmailChannel
from monitor.visits import Tools, look

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DOWN = FetchError(Outcome.HTTP_ERROR, "HTTP 500: internal server error")

OTHERS = """<html><head><title>NIO Newsroom</title></head><body><h1>NIO news</h1><main>
<article><h2><a href="/news/nio-opens-a-house-in-oslo-today">NIO opens a house in Oslo today</a></h2></article>
<article><h2><a href="/news/nio-swaps-a-battery-every-second">NIO swaps a battery every second</a></h2></article>
<p>NIO is present in 12 markets worldwide. NIO said so.</p></main></body></html>"""

CONSENT = """<html><head><title>Before you continue</title></head><body><p>We and our partners use cookies.
Accept all. Reject all. Manage options.</p></body></html>"""


EMPTY_SERVER = """<html><head><title>Hello</title></head><body><h1>Hello world</h1><p>This server was set up just now
and its owner has not put anything on it. Please come back some other day, or write to the people who run it if you
think that this is a mistake.</p></body></html>"""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A newsroom with twenty articles, watched for a day."""
    with Watch(tmp_path, newsroom()) as opened:
        publish(opened.web, range(20))
        opened.last(DAY)
        assert opened.health == "ok"
        assert opened.changes
        opened.changes.clear()
        yield opened


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (DOWN, Outcome.HTTP_ERROR),
        (front([]), Outcome.NO_ARTICLES),
        (front([1, 2]), Outcome.SUSPECT),
        (CONSENT, Outcome.SUSPECT),
        (OTHERS, Outcome.SUSPECT),
    ],
)
def test_trouble_is_confirmed_told_once_and_once_when_it_is_over(
    watch: Watch, answer: str | FetchError, outcome: Outcome
) -> None:
    began, good = watch.now, watch.web.pages[f"{SITE}/news/"]
    watch.web.pages[f"{SITE}/news/"] = answer
    watch.until(began + HOUR)
    assert {seen.outcome for seen in watch.seen if seen.started_at >= began} == {outcome}
    assert watch.health == "failing"
    watch.until(began + 3 * HOUR)
    assert watch.health == "trouble"
    watch.last(3 * DAY)
    watch.web.pages[f"{SITE}/news/"] = good
    watch.last(DAY)
    assert watch.health == "ok"
    told = watch.notices
    assert [notice.turn for notice in told] == [Turn.TROUBLE, Turn.WELL]
    assert began <= told[0].since <= began + HOUR
    assert began + 2 * HOUR <= told[0].told_at <= began + 3 * HOUR
    assert watch.changes == []


GONE = FetchError(Outcome.GONE_FOR_GOOD, "HTTP 410: the page is gone for good")


def test_a_source_that_is_gone_for_good_is_told_of_once_and_not_due_any_more(watch: Watch) -> None:
    good, watch.web.everywhere = watch.web.everywhere, GONE
    seen = watch.check()
    assert (seen.outcome, watch.health) == (Outcome.GONE_FOR_GOOD, "gone")
    assert watch.history.due(START + timedelta(days=999), 10) == []
    assert watch.history.overdue(START + timedelta(days=999)) == {}
    watch.check()  # somebody asks by hand: it is gone still
    watch.web.everywhere = DOWN
    watch.check()
    assert (watch.health, watch.history.gone()) == ("gone", {"newsroom": GONE.reason})
    watch.web.everywhere = good
    watch.check()
    assert watch.health == "ok"
    assert watch.history.due(START + timedelta(days=999), 10) == ["newsroom"]
    assert [(told.turn, told.reason) for told in watch.notices] == [
        (Turn.GONE, GONE.reason),
        (Turn.WELL, GONE.reason),
    ]
    assert watch.changes == []


@pytest.mark.parametrize(
    ("changes", "checked"),
    [
        ([{"url": f"{SITE}/press/"}], True),
        ([{"kind": SourceKind.PAGE}], True),
        ([{"enabled": False}, {}], True),
        ([{}], False),
        ([{"every": timedelta(minutes=5), "brand": None}], False),
    ],
)
def test_a_source_that_is_gone_is_checked_again_when_it_is_another_or_switched_on_anew(
    watch: Watch, changes: list[dict[str, Any]], checked: bool
) -> None:
    watch.web.everywhere = GONE
    watch.check()
    for change in changes:
        watch.history.sync_sources([replace(watch.source, **change)], watch.now)
    assert bool(watch.history.due(watch.now + DAY, 10)) == checked
    assert (watch.health == "gone") != checked


def test_what_is_gone_where_a_source_has_moved_is_looked_for_where_it_was(watch: Watch) -> None:
    memory = replace(watch.history.memory("newsroom", watch.now), url=f"{SITE}/moved/", validators=None, body_hash=None)
    watch.web.pages[f"{SITE}/moved/"] = GONE
    tools = Tools(client=watch.web, run=remembered, clock=lambda: watch.now)
    assert asyncio.run(look(watch.source, memory, tools)).outcome is Outcome.OK
    watch.web.pages[f"{SITE}/news/"] = GONE
    assert asyncio.run(look(watch.source, memory, tools)).outcome is Outcome.GONE_FOR_GOOD


NEWS = f"{SITE}/news/"
STEP = f"{SITE}/news/smart-takes-step-number-"


def brought(watch: Watch) -> list[str]:
    """What the last check found that is new."""
    return [link.url.removeprefix(STEP) for link in watch.seen[-1].links]


def test_a_redirect_to_the_front_page_is_no_move(watch: Watch) -> None:
    watch.web.moved[NEWS] = f"{SITE}/"
    watch.web.pages[f"{SITE}/"] = front(range(20, 22))
    watch.check()
    assert (watch.seen[-1].outcome, watch.history.memory("newsroom", watch.now).url) == (Outcome.OK, None)
    watch.web.moved.clear()
    publish(watch.web, range(23))
    watch.check()
    assert "22" in brought(watch)


def test_a_move_is_looked_at_again_each_day_and_one_that_was_none_heals(watch: Watch) -> None:
    """A server that says for an hour that the page has moved for good must not be believed for ever."""
    watch.web.moved[NEWS] = f"{SITE}/elsewhere"
    watch.web.pages[f"{SITE}/elsewhere"] = front(range(20, 22))
    watch.check()
    (row,) = watch.history.queries.sources()
    assert health(row) == f"ok, moved to {SITE}/elsewhere"
    watch.web.moved.clear()
    publish(watch.web, range(23))
    watch.last(DAY)
    assert "22" in {link.url.removeprefix(STEP) for seen in watch.seen for link in seen.links}
    assert watch.history.memory("newsroom", watch.now).url is None
    (row,) = watch.history.queries.sources()
    assert health(row) == "ok, unchanged"


@pytest.mark.parametrize("left", [DOWN, GONE, CONSENT, front(())])
def test_a_source_that_has_moved_stays_where_it_is_when_its_old_address_is_no_good(
    watch: Watch, left: str | FetchError
) -> None:
    watch.web.moved[NEWS] = f"{SITE}/elsewhere"
    watch.web.pages[f"{SITE}/elsewhere"] = front(range(21))
    watch.check()
    watch.web.moved.clear()
    watch.web.pages[NEWS] = left
    watch.last(2 * DAY)
    assert {seen.outcome for seen in watch.seen} <= {Outcome.OK, Outcome.UNCHANGED}
    watch.web.moved[NEWS] = f"{SITE}/"
    watch.web.pages[f"{SITE}/"] = front(range(50, 53))
    watch.last(2 * DAY)
    assert watch.history.memory("newsroom", watch.now).url == f"{SITE}/elsewhere"
    assert not [link for seen in watch.seen for link in seen.links if link.url == f"{STEP}50"]


def test_parts_of_an_index_that_are_gone_for_good_do_not_end_the_source(watch: Watch) -> None:
    parts = f"<sitemapindex><sitemap><loc>{SITE}/part.xml</loc></sitemap></sitemapindex>"
    watch.web.pages |= {f"{SITE}/map.xml": parts, f"{SITE}/part.xml": GONE}
    source = newsroom(kind=SourceKind.SITEMAP, url=f"{SITE}/map.xml")
    tools = Tools(client=watch.web, run=remembered, clock=lambda: watch.now)
    assert asyncio.run(look(source, Memory(), tools)).outcome is Outcome.GONE


def test_gone_is_told_although_trouble_was_told_of_just_before(watch: Watch) -> None:
    watch.web.everywhere = DOWN
    watch.last(4 * HOUR)
    watch.web.everywhere = GONE
    watch.last(HOUR)
    assert [told.turn for told in watch.notices] == [Turn.TROUBLE, Turn.GONE]


def test_a_short_outage_is_told_to_nobody(watch: Watch) -> None:
    began = watch.now
    watch.web.everywhere = DOWN
    watch.until(began + HOUR)
    watch.web.everywhere = None
    watch.last(DAY)
    assert (watch.health, watch.notices, watch.changes) == ("ok", [], [])


def test_a_source_that_comes_and_goes_is_told_of_once_a_day(watch: Watch) -> None:
    for _ in range(8):
        watch.web.everywhere = DOWN
        watch.last(4 * HOUR)
        watch.web.everywhere = None
        watch.last(2 * HOUR)
    told = watch.notices
    assert [notice.turn for notice in told] == [Turn.TROUBLE, Turn.WELL] * 2
    assert told[2].told_at - told[0].told_at >= DAY


def test_a_shorter_list_that_brings_news_is_no_trouble(watch: Watch) -> None:
    publish(watch.web, [30, 31, 32], markets=None)
    watch.last(DAY)
    assert (watch.health, watch.seen[-1].outcome) == ("ok", Outcome.UNCHANGED)


def test_a_selector_that_stopped_matching_is_named(tmp_path: Path) -> None:
    with Watch(tmp_path, newsroom(links="article h2 a")) as watch:
        publish(watch.web, range(20))
        watch.last(DAY)
        watch.web.pages[f"{SITE}/news/"] = front(range(20)).replace("h2", "h4")
        watch.last(DAY)
        (notice,) = watch.notices
        assert "the selector 'article h2 a' matches no links" in notice.reason


def test_a_page_that_says_something_else_altogether_takes_nothing_back(tmp_path: Path) -> None:
    source = newsroom(kind=SourceKind.PAGE, url=f"{SITE}/about")
    with Watch(tmp_path, source) as watch:
        watch.web.pages[f"{SITE}/about"] = story(1, 39, START)
        watch.last(DAY)
        watch.changes.clear()
        watch.web.pages[f"{SITE}/about"] = EMPTY_SERVER
        watch.last(DAY)
        assert (watch.health, watch.seen[-1].outcome, watch.changes) == ("trouble", Outcome.SUSPECT, [])
        watch.web.pages[f"{SITE}/about"] = story(1, 40, START)
        watch.last(DAY)
        assert watch.health == "ok"
        assert [change.text for change in watch.changes] == ["smart: 39 → 40 markets"]


@pytest.mark.parametrize("other", [EMPTY_SERVER, OTHERS])
def test_an_article_whose_place_another_text_takes_stays_as_it_was(watch: Watch, other: str) -> None:
    publish(watch.web, range(21), markets=41)
    watch.check()
    assert [change.text for change in watch.changes] == ["smart: 39 → 41 markets"]
    watch.changes.clear()
    watch.web.pages[f"{SITE}/news/smart-takes-step-number-20"] = other
    watch.last(10 * DAY)
    assert watch.changes == []


def test_articles_that_cannot_be_read_any_more_are_trouble(watch: Watch) -> None:
    publish(watch.web, range(6, 26))
    for n in range(20, 26):
        watch.web.pages[f"{SITE}/news/smart-takes-step-number-{n}"] = CONSENT
    watch.last(3 * DAY)
    (notice,) = watch.notices
    assert notice.reason.startswith("its last 5 articles could not be read: suspect: a request for consent")


@dataclass
class Limited(Web):
    """Answers for two articles at a time, then wants a pause of an hour; of one article it never has any."""

    never: str = ""
    left: tuple[datetime, int] = (START, 0)

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        if url in self.pages and url != f"{SITE}/news/":
            at, left = self.left if self.left[0] == self.at else (self.at, 2)
            self.left = at, left - 1
            if left <= 0 or url.endswith(self.never):
                raise FetchError(Outcome.RATE_LIMITED, "HTTP 429: too many requests", timedelta(hours=1))
        return await super().get(url, validators=validators)


def test_articles_of_a_host_that_asks_for_pauses_are_all_read_and_are_no_trouble(
    watch: Watch,
) -> None:
    publish(watch.web, range(6, 26))
    watch.last(DAY)
    watch.web = Limited(pages=watch.web.pages, never="/smart-takes-step-number-30")
    publish(watch.web, range(26, 46))
    watch.last(3 * DAY)
    unread = [link.url for link in watch.history.memory("newsroom", watch.now + DAY).waiting]
    assert unread == [f"{SITE}/news/smart-takes-step-number-30"]
    assert watch.notices == []


def test_a_source_that_began_to_fail_when_the_clock_was_ahead_is_told_of(watch: Watch) -> None:
    right, healthy = watch.now, watch.web
    watch.now, watch.web = right + 3650 * DAY, Web(everywhere=DOWN)
    watch.check()
    watch.now = right
    watch.history.turn_back(right)
    watch.last(DAY)
    watch.web = healthy
    watch.last(DAY)
    (trouble, well) = watch.notices
    assert (trouble.turn, trouble.since, well.turn) == (Turn.TROUBLE, right, Turn.WELL)


def test_what_is_known_of_trouble_is_not_of_the_future_when_the_clock_is_set_back(watch: Watch) -> None:
    right = watch.now
    watch.now, watch.web.everywhere = right + 3650 * DAY, FetchError(Outcome.GONE_FOR_GOOD, "HTTP 410")
    watch.check()
    watch.history.turn_back(right)
    vitals = watch.history.vitals("newsroom")
    assert (vitals.failing_since, vitals.trouble_since, vitals.gone_at) == (right, right, right)


# The decisions, with the clock and the past as arguments

SOURCE = newsroom()
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
GOOD = Observation(source="newsroom", started_at=NOW, finished_at=NOW, outcome=Outcome.UNCHANGED)
BAD = replace(GOOD, outcome=Outcome.TIMEOUT, reason="timed out after 30 s")


def articles(*days: date, facts: bool = True) -> tuple[Article, ...]:
    moments = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    return tuple(Article(dated=moment, found=moment, facts=facts) for moment in moments)


WEEKLY = articles(*(date(2026, 2, 2) + timedelta(days=7 * week) for week in range(8)))  # up to 23 March


@pytest.mark.parametrize(
    ("now", "silent"),
    [(datetime(2026, 4, 12, tzinfo=UTC), False), (datetime(2026, 4, 14, tzinfo=UTC), True)],
)
def test_silence_counts_by_the_source_s_own_rhythm(now: datetime, silent: bool) -> None:
    found = judge(SOURCE, GOOD, 0, Vitals(articles=WEEKLY), now, UTC)
    assert (found.trouble is not None) == silent
    if found.trouble:
        assert found.trouble.reason == "nothing new since 2026-03-23; it was never silent for more than 7 days"


def test_a_link_that_was_found_is_a_sign_of_life() -> None:
    vitals = Vitals(articles=WEEKLY, last_found=NOW - DAY)
    assert judge(SOURCE, GOOD, 0, vitals, NOW, UTC).trouble is None
    assert judge(replace(SOURCE, kind=SourceKind.PAGE), GOOD, 0, Vitals(articles=WEEKLY), NOW, UTC).trouble is None
    assert judge(SOURCE, GOOD, 0, Vitals(articles=WEEKLY[:5]), NOW, UTC).trouble is None  # no rhythm is known yet


def test_articles_that_say_nothing_any_more_are_trouble_when_that_is_unlikely() -> None:
    said = articles(*(date(2026, 4, 1) + timedelta(days=n) for n in range(20)))
    mute = articles(*(date(2026, 5, 1) + timedelta(days=n) for n in range(12)), facts=False)
    now = datetime(2026, 5, 13, tzinfo=UTC)
    found = judge(SOURCE, GOOD, 0, Vitals(articles=said + mute), now, UTC).trouble
    assert found is not None
    assert found.reason.startswith("its last 12 articles say nothing")
    assert judge(SOURCE, GOOD, 0, Vitals(articles=said + mute[:6]), now - 6 * DAY, UTC).trouble is None
    rarely = tuple(replace(article, facts=n % 10 == 0) for n, article in enumerate(said))
    assert judge(SOURCE, GOOD, 0, Vitals(articles=rarely + mute), now, UTC).trouble is None


@pytest.mark.parametrize(
    ("failures", "lasted", "told"), [(2, 9 * HOUR, False), (3, 119 * HOUR / 60, False), (3, 2 * HOUR, True)]
)
def test_failing_is_confirmed_by_checks_and_by_time(failures: int, lasted: timedelta, told: bool) -> None:
    found = judge(SOURCE, BAD, failures, Vitals(failing_since=NOW - lasted), NOW, UTC)
    assert (found.told is not None, found.failing_since) == (told, NOW - lasted)


def test_the_rhythm_of_a_cron_source_is_the_time_to_its_next_runs() -> None:
    daily = replace(SOURCE, every=None, cron="0 7 * * *")
    assert judge(daily, BAD, 9, Vitals(failing_since=NOW - 47 * HOUR), NOW, UTC).told is None
    assert judge(daily, BAD, 9, Vitals(failing_since=NOW - 48 * HOUR), NOW, UTC).told is not None


def test_how_long_a_list_usually_is() -> None:
    assert usual_length([]) is None
    assert usual_length([20]) == 20
    assert usual_length([3, 20, 21, 0, 19]) == 19  # two strays are left out
    assert shrunken(4, 20)
    assert shrunken(5, 20) is None
    assert shrunken(0, 7) is None


# Whom it is told, and how

TOLD = Told(source=SOURCE, turn=Turn.TROUBLE, reason="timed out", since=NOW - 3 * HOUR, told_at=NOW)
ENGLISH = words_of("en")
SCREEN = ConsoleChannel(name="screen", kind="console")
DESK = EmailChannel.model_validate(
    {"name": "desk", "kind": "email", "to": ["a@x.org", "b@x.org"], "from": "m@x.org", "smtp": "smtp://x.org"}
)


def notice(**changes: Any) -> Notice:
    return source_notice(replace(TOLD, **changes), ENGLISH, UTC)


def routed(*rules: AlertRule, about: Notice | None = None, silences: Sequence[Silence] = ()) -> tuple[Alert, ...]:
    return route_notice(about or notice(), rules, [SCREEN, DESK], NOW, UTC, silences)


def test_a_notice_goes_to_every_channel_of_a_rule_for_its_brand() -> None:
    rules = (
        AlertRule(name="smart", brands=("Smart",), kinds=("market_count",), channels=("desk",)),
        AlertRule(name="other", brands=("NIO",), channels=("screen",)),
    )
    assert [(row.channel, row.recipient) for row in routed(*rules)] == [("desk", "a@x.org"), ("desk", "b@x.org")]
    everyones = notice(source=replace(SOURCE, brand=None))
    assert {row.channel for row in routed(*rules, about=everyones)} == {"screen", "desk"}
    assert {row.channel for row in routed()} == {"screen", "desk"}
    assert route_notice(notice(), (), [], NOW, UTC) == ()


def test_notices_of_five_minutes_are_one_message(tmp_path: Path) -> None:
    with History(tmp_path / "news.db", revive=revive) as history:
        for n in range(290):
            now = NOW + n * timedelta(seconds=1)
            failing = notice(source=replace(SOURCE, name=f"newsroom-{n}"), told_at=now)
            with history.writing():
                history.queue(route_notice(failing, (), [SCREEN], now, UTC), now)
        assert history.claim_alerts("screen", NOW + GATHERED - timedelta(seconds=1), HOUR, 9) == []
        ((alert, changes),) = history.claim_alerts("screen", NOW + GATHERED, HOUR, 9)
        lines = console_lines(alert, changes, Style()).splitlines()
        assert alert.notice is not None
        assert len(alert.notice.sources) == 290
        assert lines[-1] == "  + 242: brand-monitor sources"
        assert "  newsroom-7 is in trouble: timed out" in lines
        told = json.loads(json_body(alert, changes))
        assert (told["sources"][289]["source"], told["truncated"]) == ("newsroom-289", 0)


def test_notices_keep_quiet_hours_and_digests() -> None:
    quiet = AlertRule.model_validate({"name": "r", "channels": ["screen"], "quiet": "08:00-12:00"})
    digest = AlertRule.model_validate({"name": "r", "channels": ["screen"], "digest": "0 18 * * *"})
    assert [row.not_before for row in routed(quiet)] == [NOW.replace(hour=12)]
    assert [(row.not_before, row.digest) for row in routed(digest)] == [(NOW.replace(hour=18), True)]


@pytest.mark.parametrize(
    ("silence", "kept_back"),
    [
        ({}, {"screen", "desk"}),
        ({"brand": "Smart"}, {"screen", "desk"}),
        ({"channel": "desk"}, {"desk"}),
        ({"brand": "NIO"}, set()),
        ({"kind": "market_count"}, set()),
    ],
)
def test_silences_hold_for_notices_too(silence: dict[str, str], kept_back: set[str]) -> None:
    rows = routed(silences=[Silence(id=1, until=NOW + DAY, **silence)])
    assert {row.channel for row in rows if row.silenced} == kept_back


def test_a_notice_in_every_kind_of_message() -> None:
    (row, _) = route_notice(notice().gathered(notice(turn=Turn.WELL)), (), [DESK], NOW, UTC)
    sent = email_message(row, [], sender="m@x.org", style=Style(), now=NOW)
    assert sent["Subject"] == "newsroom is in trouble: timed out, and 1 more"
    text = sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Since 2026-06-01 06:00 UTC: timed out\n" in text
    assert f"Source of smart: {SITE}/news/\n" in text
    assert "newsroom is well again\n" in text
    told = json.loads(json_body(row, []))
    assert (told["version"], told["type"], told["id"]) == (1, "source", row.id)
    assert [(one["source"], one["health"], one["since"]) for one in told["sources"]] == [
        ("newsroom", "trouble", "2026-06-01T06:00:00Z"),
        ("newsroom", "well", "2026-06-01T06:00:00Z"),
    ]
    (row, _) = route_notice(notice(turn=Turn.WELL), (), [DESK], NOW, UTC)
    assert console_lines(row, [], Style()).splitlines()[0] == "newsroom is well again"


def test_a_notice_is_told_in_the_reader_s_language() -> None:
    told = source_notice(replace(TOLD, turn=Turn.WELL), words_of("de"), UTC)
    assert told.subject == "Die Quelle newsroom ist wieder in Ordnung"
    assert told.lines[0] == "Seit 2026-06-01 06:00 UTC. Was gestört war: timed out"
