"""The history as a whole, through the real `record`: order of arrival, repeats, as-of and why, at random."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from newsdesk import reading, seen, source

from monitor.history import History
from monitor.models import Authority, Change, Document, Fact, Link, Outcome, Reading, Source
from monitor.parser.facts import revive
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.pipeline import record
from monitor.resting import tell_settled
from monitor.settings import AlertRule, ConsoleChannel, Settings

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SOURCES = (
    source("smart-newsroom", Authority.OFFICIAL, "smart"),
    source("trade-site"),
    source("agency-wire", Authority.WIRE),
    source("advert-site", Authority.SPONSORED),
)
SLOW = settings(max_examples=6, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True, slots=True)
class Story:
    """One article: who has it, of which day, what it claims."""

    number: int
    by: Source
    day: int
    fact: Fact

    @property
    def published(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.day)


def counted(number: int, **more: Any) -> MarketCount:
    evidence = f"smart is in {number} markets"
    return MarketCount(brand="smart", evidence=evidence, start=0, end=len(evidence), count=number, **more)


def entered(market: str, **more: Any) -> MarketEntry:
    evidence = f"smart comes to {market}"
    return MarketEntry(brand="smart", evidence=evidence, start=0, end=len(evidence), market=market, **more)


def shown(stage: Any, **more: Any) -> ModelAnnouncement:
    evidence = f"the smart #2: {stage}"
    return ModelAnnouncement(
        brand="smart", evidence=evidence, start=0, end=len(evidence), model="#2", stage=stage, **more
    )


FACTS: tuple[Fact, ...] = (
    *(counted(number) for number in (38, 39, 40)),
    counted(40, qualifier="ordinal"),
    counted(60, status="planned", when="2027"),
    entered("PE"),
    entered("PE", status="planned", when="2026-03"),
    entered("PE", status="exited"),
    entered("EC", when="2025-10"),
    *(shown(stage) for stage in ("teased", "unveiled", "launched")),
    shown("confirmed", when="2026-late", segment="electric car"),
    shown("confirmed", when="2027", segment="plug-in hybrid"),
)
STORIES = st.builds(
    Story,
    number=st.integers(0, 10**6),
    by=st.sampled_from(SOURCES),
    day=st.integers(0, 50),
    fact=st.sampled_from(FACTS),
)


class Desk:
    """A history that has seen the baseline of each source, and takes in stories."""

    def __init__(self, folder: Path) -> None:
        screen = ConsoleChannel(name="screen", kind="console")
        rules = (
            AlertRule(name="counts", kinds=("market_count",), channels=("screen",)),
            AlertRule(name="entries", kinds=("market_entry",), channels=("screen",), digest="0 8 * * *"),
        )
        database = folder / "h.db"
        self.settings = Settings(path=folder / "monitor.toml", database=database, channels=(screen,), alerts=rules)
        self.history = History(database, revive=revive)
        self.now = START
        for by in SOURCES:
            self.take(by, ())

    def take(self, by: Source, readings: Sequence[Reading]) -> tuple[Change, ...]:
        self.now += timedelta(hours=1)
        return record(
            seen(by, self.now, readings),
            by,
            history=self.history,
            settings=self.settings,
            next_due=self.now,
            failures=0,
            now=self.now,
        )

    def tell(self, story: Story) -> tuple[Change, ...]:
        url = f"https://{story.by.name}.example/{story.number}-{story.day}"
        document = Document(
            url=url,
            title=url,
            published=f"{story.published:%Y-%m-%d}",
            published_from="feed",
            language="en",
            text=story.fact.evidence,
        )
        link = Link(url=url, title=url)
        return self.take(story.by, [Reading(link=link, outcome=Outcome.OK, document=document, facts=(story.fact,))])

    def believed(self) -> list[tuple[Any, ...]]:
        names = ("subject", "value", "dated", "url", "rule", "supports", "rivals", "independent", "due")
        return sorted(tuple(str(row[name]) for name in names) for row in self.history.queries.state())

    def course(self, **asked: Any) -> list[tuple[Any, ...]]:
        names = ("subject", "change", "before_value", "after_value", "believed", "since", "text")
        return [tuple(row[name] for name in names) for row in self.history.queries.timeline("smart", **asked)]

    def tables(self) -> dict[str, int]:
        """How many rows there are of what must not grow when nothing new is said."""
        queries = self.history.queries
        return {
            "facts": len(queries.facts()),
            "documents": len(queries.documents()),
            "changes": len(queries.changes()),
            "alerts": len(queries.alerts()),
            "steps": len(queries._rows("SELECT id FROM step", {})),
        }


def distinct(stories: Iterable[Story]) -> list[Story]:
    """Each address once: another text at a known address would be a correction."""
    return list({(story.by.name, story.number, story.day): story for story in stories}.values())


@SLOW
@given(stories=st.lists(STORIES, min_size=2, max_size=9).map(distinct), data=st.data())
def test_the_order_of_arrival_plays_no_part(stories: list[Story], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(stories))
    ends = []
    for order in (stories, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder))
            for story in order:
                desk.tell(story)
            ends.append((desk.believed(), [step for step in desk.course() if step[1] != "corrected"]))
            desk.history.close()
    assert ends[0] == ends[1]


class OverTime(RuleBasedStateMachine):
    """Stories come in any order; answers that were given stay as they were."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self.folder.name))
        self.told: list[Story] = []
        self.known: list[tuple[datetime, list[tuple[Any, ...]]]] = []

    @rule(story=STORIES, day=st.integers(0, 60))
    def a_story_comes(self, story: Story, day: int) -> None:
        if any((one.by, one.number, one.day) == (story.by, story.number, story.day) for one in self.told):
            return
        date = datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC) + timedelta(days=day)
        before = self.desk.course(as_of=date)
        then = self.desk.now
        knew = self.desk.course(known_at=then), self.desk.course(as_of=date, known_at=then)
        changes = self.desk.tell(story)
        self.told.append(story)
        if story.published > date and not (story.fact.when or "").startswith("2025"):
            assert self.desk.course(as_of=date) == before, "a later story changed what was so"
        assert (self.desk.course(known_at=then), self.desk.course(as_of=date, known_at=then)) == knew
        for change in changes:
            self.explained(change.id)

    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        if not self.told:
            return
        before = self.desk.tables(), self.desk.believed(), self.desk.course()
        assert self.desk.tell(data.draw(st.sampled_from(self.told))) == ()
        assert (self.desk.tables(), self.desk.believed(), self.desk.course()) == before

    def explained(self, change: str) -> None:
        why = self.desk.history.queries.why(change)
        assert why["rule"]
        assert why["sources"]
        assert why["check"]
        assert bool(why["alerts"]) == (why["silence"] is None)

    def teardown(self) -> None:
        queries = self.desk.history.queries
        changes = queries.changes()
        fates = Counter(row["fate"] for row in changes)
        assert fates.keys() <= {"told", "held", "silent"}
        assert fates.total() == len(changes)
        for row in changes:
            assert (row["fate"] == "silent") == bool(row["silence"])
            kind = {"market_count": "told", "market_entry": "held"}.get(row["kind"], "silent")
            assert row["fate"] == kind or row["silence"] == "flapping"
        for fact in queries.facts():
            why = queries.why_fact(fact["id"])
            assert (why["change"] is None) == bool(why["silence"])
        self.desk.history.close()
        self.folder.cleanup()


TestOverTime = OverTime.TestCase
TestOverTime.settings = SLOW


SEQUENCE = (
    ("smart-newsroom", "2024-01-15", "smart is now present in 22 markets worldwide."),
    ("smart-newsroom", "2025-02-10", "smart is now present in {second} markets worldwide."),
    ("smart-newsroom", "2025-06-20", "smart is now present in 38 markets worldwide."),
    ("smart-newsroom", "2026-01-05", "smart is now present in 39 markets worldwide."),
    ("trade-site", "2026-01-05", "smart has entered its 40th market worldwide."),
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(SEQUENCE), second=st.sampled_from((31, 34)))
def test_the_real_counts_of_smart_in_any_order_yield_one_timeline(
    order: list[tuple[str, str, str]], second: int
) -> None:
    by = {one.name: one for one in SOURCES}
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for name, published, words in order:
            text = words.format(second=second)
            desk.take(by[name], [reading(f"https://{name}.example/{published}", text, text, published, "smart")])
        assert [(step[1], step[4], step[5][:10]) for step in desk.course()] == [
            ("new", "22", "2024-01-15"),
            ("changed", str(second), "2025-02-10"),
            ("changed", "38", "2025-06-20"),
            ("changed", "39", "2026-01-05"),
            ("disputed", "39", "2026-01-05"),
        ]
        (conflict,) = desk.history.queries.conflicts()
        assert (conflict["believed"], conflict["rival"]) == ("39", "40")
        (then,) = desk.course(as_of=datetime(2025, 3, 1, tzinfo=UTC))
        assert then[4] == str(second)
        desk.history.close()


def test_a_dispute_that_was_taken_back_never_was_but_was_known(tmp_path: Path) -> None:
    """What was so follows from what stands; what the monitor had by a day does not change."""
    desk, (newsroom, trade, *_) = Desk(tmp_path), SOURCES
    official = "smart is now present in 39 markets worldwide."
    desk.take(newsroom, [reading("https://smart.example/39", "39", official, "2026-01-05", "smart")])
    for text in ("smart has entered its 40th market worldwide.", "smart has entered its 39th market worldwide."):
        disputed = desk.now
        desk.take(trade, [reading("https://trade-site.example/40", "40", text, "2026-01-05", "smart")])
    assert [step[1] for step in desk.course()] == ["new", "corrected"]
    assert [step[1] for step in desk.course(known_at=disputed)] == ["new", "disputed"]
    day = datetime(2026, 1, 6, tzinfo=UTC)
    assert [step[4] for step in desk.course(as_of=day)] == ["39"]
    assert [row["disputed"] for row in desk.history.queries.timeline("smart", as_of=day)] == [False]
    then = desk.history.queries.timeline("smart", as_of=day, known_at=disputed)
    assert [row["disputed"] for row in then] == [True]
    desk.history.close()


def test_what_was_so_on_a_day_holds_the_date_that_was_believed_of_a_plan(tmp_path: Path) -> None:
    desk, by = Desk(tmp_path), SOURCES[0]
    for number, (day, when) in enumerate(((0, "2026"), (20, "2028"))):
        desk.tell(Story(number, by, day, entered("EC", status="planned", when=when)))
    rows = [desk.history.queries.timeline("smart", as_of=datetime(2026, 1, day, tzinfo=UTC)) for day in (10, 25)]
    assert [[(row["aspect"], row["after_value"]) for row in found] for found in rows] == [
        [(None, "planned")],
        [(None, "planned"), ("when", "2028")],
    ]
    desk.history.close()


def test_a_step_that_comes_twice_is_known_by_what_brought_it_each_time(tmp_path: Path) -> None:
    desk, by = Desk(tmp_path), SOURCES[0]
    told = []
    for number, status in enumerate(("entered", "exited", "entered", "exited")):
        (change,) = desk.tell(Story(number, by, 60 * number, entered("PE", status=status)))
        told.append(change.id)
    assert [row["id"] for row in desk.history.queries.timeline("smart")] == told
    desk.history.close()


# --- articles that move ---

LONG = " ".join(
    f"The head of sales said on {day} that dealers in region {number} had opened {number + 2} more shops than planned."
    for number, day in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))
)


@pytest.mark.parametrize(
    ("text", "title", "moved", "news"),
    [
        ("smart is now present in 38 markets worldwide. " + LONG, "smart grows", True, []),
        ("smart is now present in 38 markets worldwide. Share this. " + LONG, "smart grows", True, []),
        ("smart is now present in 38 markets worldwide. Share this. " + LONG, "Another title", False, []),
        ("smart is now present in 37 markets worldwide. " + LONG, "smart grows", False, ["smart: 39 → 37 markets"]),
    ],
)
def test_an_article_at_a_new_address_and_date_is_known_by_its_content(
    text: str, title: str, moved: bool, news: list[str], tmp_path: Path
) -> None:
    desk, by = Desk(tmp_path), SOURCES[0]
    old = "smart is now present in 38 markets worldwide. " + LONG
    desk.take(by, [reading("https://smart.example/2025/38", "smart grows", old, "2025-06-20", "smart")])
    more = "smart is now present in 39 markets."
    desk.take(by, [reading("https://smart.example/39", "39", more, "2026-01-05", "smart")])
    changes = desk.take(by, [reading("https://smart.example/new/38", title, text, "2026-02-20", "smart")])
    facts = desk.history.queries.facts(kind="market_count")
    assert (len(facts) == 2) == moved
    assert [change.text for change in changes] == news  # 38 the brand has said before, 37 never
    desk.history.close()


@pytest.mark.parametrize(
    ("flips", "told"), [(7, ["smart: 39 → 38 markets, corrected by the source, holding still"]), (8, [])]
)
def test_where_a_page_that_flipped_comes_to_rest_is_told_unless_it_is_known(
    tmp_path: Path, flips: int, told: list[str]
) -> None:
    desk, by = Desk(tmp_path), SOURCES[0]
    for number in range(flips):
        text = f"smart is now present in {38 + number % 2} markets worldwide."
        desk.take(by, [reading("https://smart.example/about", "About", text, "2026-01-05", "smart")])
    week = timedelta(days=7)
    assert tell_settled(desk.history, desk.settings, desk.now + week - timedelta(seconds=1)) == ()
    settled = tell_settled(desk.history, desk.settings, desk.now + week)
    assert [change.text for change in settled] == told
    assert [row["text"] for row in desk.history.queries.changes(limit=1)] == told or not told
    assert {desk.history.queries.why(change.id)["fate"] for change in settled} <= {"told"}
    assert tell_settled(desk.history, desk.settings, desk.now + 2 * week) == (), "once"
    desk.history.close()


def test_a_page_that_flips_is_told_once_as_flapping_and_then_not_at_all(tmp_path: Path) -> None:
    desk, by = Desk(tmp_path), SOURCES[0]
    told = []
    for number in range(8):
        text = f"smart is now present in {38 + number % 2} markets worldwide."
        told += desk.take(by, [reading("https://smart.example/about", "About", text, "2026-01-05", "smart")])
    assert ["flapping" in change.text for change in told] == [False, False, False, True, False, False, False, False]
    assert [change.silence for change in told] == [None] * 4 + ["flapping"] * 4
    why = desk.history.queries.why(told[-1].id)
    assert (why["fate"], why["silence"]) == ("silent", "flapping")
    desk.history.close()
