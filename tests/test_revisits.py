"""Young articles are visited again: on a slowing schedule, cheaply, and an edited one corrects what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from history_samples import DAY, HOUR, MINUTE, NOW, SITE, failed, link, observed, page, swept
from history_samples import read as read_sample

from monitor.errors import FetchError
from monitor.history import History, Stored
from monitor.history.revisits import HANDED_OUT
from monitor.models import Authority, Index, Link, Outcome, Page, Reading, Source, SourceKind, Validators
from monitor.parser.facts import revive
from monitor.pipeline import observe, record
from monitor.settings import ConsoleChannel, Settings
from monitor.visits import Tools

STEPS = (HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY)
NEWSROOM = Source(
    name="newsroom",
    kind=SourceKind.LISTING,
    url=f"{SITE}/newsroom/",
    brand="smart",
    every=15 * MINUTE,
    authority=Authority.OFFICIAL,
    outlet="smart",
)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """A history whose newsroom has had its baseline, empty."""
    with History(tmp_path / "h.db", revive=revive) as opened:
        store(opened, at=NOW - DAY)
        yield opened


def store(history: History, *readings: Any, at: datetime = NOW, steps: Any = STEPS, **more: Any) -> Stored:
    observation = observed(readings, at=at, **more)
    with history.writing():
        stored = history.store(observation, NEWSROOM, at, steps)
        history.schedule(NEWSROOM.name, at + 15 * MINUTE, observation, 0)
    return stored


def read(path: str, text: str = "words", **changes: Any) -> Reading:
    return read_sample(path, text=text, **changes)


def due(history: History, at: datetime) -> list[str]:
    return [revisit.link.url.removeprefix(f"{SITE}/") for revisit in history.memory(NEWSROOM.name, at).revisits]


# The schedule


def test_an_article_is_due_after_each_step_and_then_never_again(history: History) -> None:
    store(history, read("a"))
    seen = []
    for step in STEPS:
        assert due(history, NOW + step - timedelta(seconds=1)) == []
        seen += due(history, NOW + step)
        store(history, failed("a", Outcome.UNCHANGED, reason=None, revisit=True), at=NOW + step)
    assert seen == ["a"] * len(STEPS)
    assert due(history, NOW + 1000 * DAY) == []


def test_visits_that_were_missed_are_not_made_up_for(history: History) -> None:
    store(history, read("a"))
    assert due(history, NOW + 30 * HOUR) == ["a"]
    store(history, failed("a", Outcome.TIMEOUT, revisit=True), at=NOW + 30 * HOUR)
    assert due(history, NOW + 3 * DAY - MINUTE) == []
    assert due(history, NOW + 3 * DAY) == ["a"]


def test_an_empty_schedule_switches_it_off(history: History) -> None:
    store(history, read("a"), steps=())
    assert due(history, NOW + 1000 * DAY) == []


def test_so_many_at_once_the_longest_due_first(history: History) -> None:
    for n in range(HANDED_OUT + 5):
        store(history, read(f"a{n}"), at=NOW + n * MINUTE)
    assert due(history, NOW + 2 * HOUR) == [f"a{n}" for n in range(HANDED_OUT)]


@pytest.mark.parametrize(
    ("published", "again"), [(None, False), ("2025-12-20", False), ("2026-01-03", True), ("2026", True)]
)
def test_what_the_baseline_found_is_young_only_by_its_own_date(
    tmp_path: Path, published: str | None, again: bool
) -> None:
    with History(tmp_path / "h.db", revive=revive) as history:
        store(history, read("a", published=published))
        assert due(history, NOW + HOUR) == (["a"] if again else [])


def test_an_article_read_from_its_feed_alone_is_left_alone(history: History) -> None:
    store(history, read("a", page=None))
    assert due(history, NOW + HOUR) == []


@pytest.mark.parametrize("outcome", [Outcome.GONE, Outcome.GONE_FOR_GOOD, Outcome.SUSPECT])
def test_a_vanished_article_is_not_asked_for_again_and_stays_read(history: History, outcome: Outcome) -> None:
    store(history, read("a"))
    store(history, failed("a", outcome, revisit=True), at=NOW + HOUR)
    assert due(history, NOW + 1000 * DAY) == []
    assert history.memory(NEWSROOM.name, NOW + 1000 * DAY).waiting == ()


def test_validators_are_handed_out_while_their_body_is_kept(history: History) -> None:
    tagged = page("words", url=f"{SITE}/a", validators=Validators(etag='"1"'))
    store(history, read("a", page=tagged))
    [revisit] = history.memory(NEWSROOM.name, NOW + HOUR).revisits
    assert revisit.validators == Validators(etag='"1"')
    swept(history, NOW + HOUR, keep_pages=timedelta(0))
    [revisit] = history.memory(NEWSROOM.name, NOW + HOUR).revisits
    assert revisit.validators is None


def test_a_version_that_the_index_marks_keeps_the_schedule_of_the_first(history: History) -> None:
    first = Link(url=f"{SITE}/a", updated="1")
    store(history, read("a", link=first))
    again = replace(first, updated="2")
    store(history, read("a", link=again, text="other words"), at=NOW + 2 * HOUR, links=[again])
    assert due(history, NOW + 6 * HOUR - MINUTE) == []
    assert due(history, NOW + 6 * HOUR) == ["a"]


# The visit


@dataclass
class Web:
    """A client whose pages are given; keeps what it was asked for. Answers 304 to its own tag."""

    pages: dict[str, str | FetchError] = field(default_factory=dict)
    asked: list[tuple[str, Validators | None]] = field(default_factory=list)
    at: datetime = NOW
    leads_to: dict[str, str] = field(default_factory=dict)
    tags: bool = True

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        self.asked.append((url, validators))
        found = self.pages.get(url, FetchError(Outcome.GONE, "HTTP 404: there is no such page"))
        if isinstance(found, FetchError):
            raise found
        tag = f'"{len(found)}-{hash(found)}"'
        made = page(found, url=self.leads_to.get(url, url), at=self.at, requested_url=url)
        if validators and validators.etag == tag:
            return replace(made, status=304, content=b"")
        return replace(made, validators=Validators(etag=tag) if self.tags else Validators())


@dataclass
class Watch:
    """A newsroom that is watched from a baseline on, with the real observe and record."""

    history: History
    web: Web
    parsed: list[str] = field(default_factory=list)

    def check(self, at: datetime) -> list[tuple[str, str]]:
        """One check; the changes as kind and text, the silent ones left out."""
        self.web.at = at

        async def run(function: Any, *arguments: Any) -> Any:
            self.parsed.append(function.__name__)
            return function(*arguments)

        tools = Tools(client=self.web, run=run, clock=lambda: at)
        observation = asyncio.run(observe(NEWSROOM, self.history.memory(NEWSROOM.name, at), tools))
        assert observation.outcome.good
        changes = record(
            observation,
            NEWSROOM,
            history=self.history,
            settings=settings(self.history.path),
            next_due=at + 15 * MINUTE,
            failures=0,
            now=at,
        )
        return [(change.change, change.text) for change in changes if change.silence is None]


def settings(database: Path) -> Settings:
    screen = ConsoleChannel(name="screen", kind="console")
    return Settings(path=database.with_name("monitor.toml"), database=database, channels=(screen,))


ARTICLE = f"{SITE}/news/smart-grows-further-this-winter"
OLDER = f"{SITE}/news/smart-opens-a-showroom-in-the-capital"
MARKETS = "The all-electric brand is now present in {} countries and regions worldwide."


def listing(*addresses: str) -> str:
    cards = "".join(
        f'<article class="card"><h2><a href="{address}">smart grows further this winter, part {n}</a></h2></article>'
        for n, address in enumerate(addresses)
    )
    return f'<html lang="en"><head><title>Newsroom</title></head><body><main>{cards}</main></body></html>'


def article(sentence: str, note: str = "") -> str:
    return (
        '<html lang="en"><head><title>smart grows further this winter</title>'
        '<meta property="article:published_time" content="2026-01-05T08:00:00Z"></head><body>'
        f"<aside>{note}</aside><article><h1>smart grows further this winter</h1>"
        "<p>smart has taken a further step in its global expansion this winter, the company said on Monday.</p>"
        f"<p>{sentence}</p><p>More showrooms will follow during the year in several places.</p></article></body></html>"
    )


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """At NOW one article is read: 39 markets."""
    with History(tmp_path / "h.db", revive=revive) as history:
        quiet = {NEWSROOM.url: listing(OLDER), OLDER: article("There is coffee, too.")}
        there = Watch(history, Web(dict(quiet)))
        assert there.check(NOW - DAY) == []
        there.web.pages |= {NEWSROOM.url: listing(ARTICLE, OLDER), ARTICLE: article(MARKETS.format(39))}
        assert there.check(NOW) == [("new", "smart: 39 markets")]
        there.web.asked.clear()
        there.parsed.clear()
        yield there


def asked(watch: Watch) -> list[str]:
    return [url for url, _ in watch.web.asked if url == ARTICLE]


def test_within_the_first_hour_it_is_fetched_once(watch: Watch) -> None:
    watch.check(NOW + 59 * MINUTE)
    assert asked(watch) == []


@pytest.mark.parametrize("tags", [True, False])
def test_an_unchanged_body_is_not_parsed(watch: Watch, tags: bool) -> None:
    watch.web.tags = tags
    watch.check(NOW + HOUR)
    assert len(asked(watch)) == 1
    assert dict(watch.web.asked)[ARTICLE] is not None  # it asked whether it has changed
    assert watch.parsed == []


def test_an_edited_claim_is_a_correction_and_the_old_one_is_closed(watch: Watch) -> None:
    watch.web.pages[ARTICLE] = article(MARKETS.format(38))
    assert watch.check(NOW + HOUR) == [("corrected", "smart: 39 → 38 markets, corrected by the source")]
    facts = {row["count"]: row["closed_at"] for row in watch.history.queries.facts(kind="market_count")}
    assert facts == {38: None, 39: "2026-01-05T10:00:00Z"}
    assert watch.check(NOW + 2 * HOUR) == []
    assert len(asked(watch)) == 1


@pytest.mark.parametrize(
    ("instead", "told", "believed"),
    [
        ("smart has entered Paraguay.", "smart enters Paraguay", {"PY": "entered"}),
        ("smart will enter Uruguay in 2027.", "smart plans to enter Uruguay", {"UY, planned": "planned"}),
    ],
)
def test_a_sentence_that_is_edited_into_another_claim_takes_its_own_back(
    watch: Watch, instead: str, told: str, believed: dict[str, str]
) -> None:
    filling = "The electric car brand said so on Monday in a statement to the press that named no other country."
    watch.web.pages[ARTICLE] = article(f"smart has entered Uruguay. {filling}")
    watch.check(NOW + HOUR)
    watch.web.pages[ARTICLE] = article(f"{instead} {filling}")
    changes = dict(watch.check(NOW + 6 * HOUR))
    assert {kind: text.partition(" (")[0] for kind, text in changes.items()} == {
        "new": told,
        "corrected": "smart enters Uruguay",
    }
    assert changes["corrected"].endswith(": no longer believed, taken back by the source")
    rows = watch.history.queries.state(kind="market_entry")
    assert {row["subject"]: row["value"] for row in rows} == believed
    (change,) = [
        row for row in watch.history.queries.changes() if row["change"] == "corrected" and row["after"] is None
    ]
    assert change["rule"] == "smart took back what the article said before"


def test_other_words_around_the_same_text_are_nothing(watch: Watch) -> None:
    for hour in (1, 6):
        watch.web.pages[ARTICLE] = article(MARKETS.format(39), note=f"Advertisement number {hour}")
        assert watch.check(NOW + hour * HOUR) == []
    assert len(asked(watch)) == 2
    [row] = watch.history.queries.documents(url=ARTICLE)
    assert row["version"] == 1


@pytest.mark.parametrize(
    "left",
    [
        FetchError(Outcome.GONE_FOR_GOOD, "HTTP 410: the page is gone for good"),
        "<html><body></body></html>",
        "<html><head><title>Page not found</title></head><body><h1>404</h1><p>Page not found</p></body></html>",
    ],
)
def test_a_vanished_article_changes_nothing_and_is_left_alone(watch: Watch, left: str | FetchError) -> None:
    watch.web.pages[ARTICLE] = left
    before = watch.history.queries.facts()
    assert watch.check(NOW + HOUR) == []
    assert watch.check(NOW + 7 * DAY) == []
    assert len(asked(watch)) == 1
    assert watch.history.queries.facts() == before


def test_an_address_that_leads_to_the_front_page_has_vanished(watch: Watch) -> None:
    watch.web.pages[ARTICLE] = article(MARKETS.format(12))
    watch.web.leads_to[ARTICLE] = f"{SITE}/"
    assert watch.check(NOW + HOUR) == []
    assert watch.check(NOW + 7 * DAY) == []
    assert len(asked(watch)) == 1


def test_a_failed_visit_waits_for_the_next_step(watch: Watch) -> None:
    watch.web.pages[ARTICLE] = FetchError(Outcome.TIMEOUT, "timed out after 30 s")
    watch.check(NOW + HOUR)
    watch.check(NOW + 2 * HOUR)
    assert len(asked(watch)) == 1
    watch.web.pages[ARTICLE] = article(MARKETS.format(38))
    assert [kind for kind, _ in watch.check(NOW + 6 * HOUR)] == ["corrected"]


def test_a_link_that_is_new_again_is_read_once(watch: Watch) -> None:
    marked = replace(watch.history.memory(NEWSROOM.name, NOW + HOUR), waiting=(link("news/other"), Link(url=ARTICLE)))
    web = Web({NEWSROOM.url: "", ARTICLE: article(MARKETS.format(39))})
    marked = replace(marked, validators=None, body_hash=None)

    async def run(function: Any, *arguments: Any) -> Any:
        return Index() if function.__name__ == "read_index" else function(*arguments)

    tools = Tools(client=web, run=run, clock=lambda: NOW + HOUR)
    observation = asyncio.run(observe(NEWSROOM, marked, tools))
    assert [reading.revisit for reading in observation.readings if reading.link.url == ARTICLE] == [False]
