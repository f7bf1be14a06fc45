"""What a check leaves behind: visit, links, documents, pages; and what the next one is told of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from history_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SITE,
    VALIDATORS,
    claims,
    count,
    failed,
    link,
    observed,
    page,
    read,
    record,
    revive,
    source,
)

from monitor.history import History
from monitor.history.links import HANDED_OUT
from monitor.history.pages import content_of
from monitor.models import Link, Observation, Outcome, SourceKind, Validators


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "h.db", revive=revive) as opened:
        yield opened


@pytest.fixture
def watched(history: History) -> History:
    """A history whose newsroom has had its baseline, empty."""
    record(history, observed(at=NOW - DAY))
    return history


def states(history: History) -> dict[str, str]:
    rows = history._store.db.execute("SELECT url, state FROM link ORDER BY id")
    return {url.removeprefix(f"{SITE}/"): state for url, state in rows}


def waiting(history: History, at: datetime = NOW) -> list[str]:
    return [link.url.removeprefix(f"{SITE}/") for link in history.memory("newsroom", at).waiting]


# The visit


def test_every_check_is_a_row_good_or_not(history: History) -> None:
    record(history, observed(outcome=Outcome.DNS, reason="no such host", page=None, body_hash=None, requests=2))
    record(history, observed([read("a", count(39))], at=NOW + HOUR))
    good, bad = history.queries.checks()
    assert (bad["outcome"], bad["good"], bad["reason"], bad["requests"]) == ("dns", False, "no such host", 2)
    assert (bad["baseline"], good["baseline"]) == (False, True)
    assert (good["links"], good["documents"], good["facts"], good["started_at"]) == (1, 1, 1, "2026-01-05T10:00:00Z")


def test_a_source_that_was_never_configured_gets_its_row(history: History) -> None:
    record(history, observed(), source("backtest"))
    assert [row["name"] for row in history.queries.sources()] == ["backtest"]


# The baseline


def test_the_first_good_check_is_the_baseline(history: History) -> None:
    assert history.memory("newsroom", NOW).first
    record(history, observed(outcome=Outcome.TIMEOUT, page=None, body_hash=None))
    assert history.memory("newsroom", NOW).first
    stored = record(history, observed([read("old", count(38))], at=NOW + HOUR))
    assert [claim.baseline for claim in claims(history, stored)] == [True]
    assert not history.memory("newsroom", NOW + HOUR).first
    stored = record(history, observed([read("new", count(39))], at=NOW + 2 * HOUR))
    assert [(claim.fact.value, claim.baseline) for claim in claims(history, stored)] == [("38", True), ("39", False)]


def test_what_the_baseline_did_not_read_is_old_news(history: History) -> None:
    unlucky = link("b", text="the feed's own text")
    tried = [read("a"), failed("b", link=unlucky)]
    record(history, observed(tried, links=[link("a"), unlucky], skipped=(link("c"), link("d"))))
    assert states(history) == {"a": "read", "b": "waiting", "c": "skipped", "d": "skipped"}
    assert history.memory("newsroom", NOW + HOUR).waiting == (unlucky,)
    stored = record(history, observed([read("b", count(39))], at=NOW + HOUR))
    assert [claim.baseline for claim in claims(history, stored)] == [True], "found then, read later"


def test_alert_on_first_has_no_baseline(history: History) -> None:
    eager = source(alert_on_first=True)
    stored = record(history, observed([read("a", count(39))], links=[link("a"), link("b")]), eager)
    assert [claim.baseline for claim in claims(history, stored)] == [False]
    assert states(history) == {"a": "read", "b": "waiting"}
    assert history.queries.checks()[0]["baseline"] is False


def test_an_old_article_that_is_edited_later_is_news(history: History) -> None:
    record(history, observed([read("a", count(38))]))
    stored = record(history, observed([read("a", count(39))], at=NOW + DAY))
    assert [claim.baseline for claim in claims(history, stored)] == [True, False]


# Links


def test_links_that_were_not_read_wait_and_come_back_oldest_first(watched: History) -> None:
    carried = Link(
        url=f"{SITE}/b", title="B", published="2026-01-04", updated="v1", text="the feed's own text", language="en"
    )
    record(watched, observed([read("a")], links=[link("a"), carried, link("c")]))
    memory = watched.memory("newsroom", NOW)
    assert memory.waiting == (carried, link("c"))
    assert memory.known == {f"{SITE}/a": None}


def test_one_check_is_given_so_many_links_and_the_others_stay_known(watched: History) -> None:
    record(watched, observed(links=[link(f"n{n}", updated="v1") for n in range(HANDED_OUT + 7)]))
    memory = watched.memory("newsroom", NOW)
    assert [entry.url for entry in memory.waiting] == [f"{SITE}/n{n}" for n in range(HANDED_OUT)]
    assert dict(memory.known) == {f"{SITE}/n{n}": "v1" for n in range(HANDED_OUT, HANDED_OUT + 7)}


def test_a_link_that_failed_is_tried_again_at_doubling_distances_and_then_given_up(watched: History) -> None:
    at, waits = NOW, []
    for _ in range(5):
        record(watched, observed([failed("a")], at=at))
        assert waiting(watched, at) == []
        assert f"{SITE}/a" in watched.memory("newsroom", at).known, "not new again while it is held back"
        wait = next(step for step in range(1, 2000) if waiting(watched, at + step * MINUTE))
        waits.append(wait)
        at += wait * MINUTE
    record(watched, observed([failed("a")], at=at))
    assert waits == [5, 10, 20, 40, 80]
    assert states(watched) == {"a": "failed"}
    assert waiting(watched, at + 30 * DAY) == []


@pytest.mark.parametrize("outcome", [Outcome.GONE, Outcome.ROBOTS, Outcome.SUSPECT])
def test_what_will_hardly_mend_is_given_up_sooner(watched: History, outcome: Outcome) -> None:
    found = []
    for day in range(3):
        record(watched, observed([failed("a", outcome)], at=NOW + day * DAY))
        found.append(states(watched)["a"])
    assert found == ["waiting", "waiting", "failed"]


def test_a_link_waits_as_long_as_the_server_asked_up_to_a_day(watched: History) -> None:
    record(watched, observed([failed("a", Outcome.RATE_LIMITED, retry_after=3 * HOUR)]))
    record(watched, observed([failed("b", Outcome.RATE_LIMITED, retry_after=timedelta(days=3650))]))
    assert waiting(watched, NOW + 3 * HOUR - MINUTE) == []
    assert waiting(watched, NOW + 3 * HOUR) == ["a"]
    assert waiting(watched, NOW + DAY) == ["a", "b"]


def test_a_link_whose_host_asks_for_a_pause_is_not_given_up(watched: History) -> None:
    for day in range(10):
        record(watched, observed([failed("a", Outcome.RATE_LIMITED, retry_after=HOUR)], at=NOW + day * DAY))
    assert states(watched) == {"a": "waiting"}
    assert waiting(watched, NOW + 9 * DAY + HOUR - MINUTE) == []
    assert waiting(watched, NOW + 9 * DAY + HOUR) == ["a"]


def test_a_link_that_was_asked_for_comes_after_those_that_never_were(watched: History) -> None:
    record(watched, observed([failed("a", Outcome.RATE_LIMITED)], links=[link("b"), link("c")]))
    record(watched, observed([failed("b")], at=NOW + MINUTE))
    assert waiting(watched, NOW + HOUR) == ["c", "a", "b"]


def test_a_link_waits_no_longer_than_a_day_when_the_clock_is_set_back(watched: History) -> None:
    record(watched, observed([failed("a")], at=NOW + 3650 * DAY))
    record(watched, observed([failed("b")]))
    watched.turn_back(NOW)
    assert waiting(watched, NOW + HOUR) == ["b"]
    assert waiting(watched, NOW + DAY) == ["b", "a"]


def test_seeing_a_waiting_link_again_does_not_end_its_waiting(watched: History) -> None:
    record(watched, observed([failed("a")]))
    record(watched, observed(links=[link("a")], at=NOW + MINUTE))
    record(watched, observed(links=[link("a", updated="v2")], at=NOW + MINUTE))
    assert waiting(watched, NOW + MINUTE) == []
    assert watched.memory("newsroom", NOW + HOUR).waiting == (link("a", updated="v2"),)


def test_a_new_mark_makes_a_known_link_wait_again(watched: History) -> None:
    first = replace(read("a", count(38)), link=link("a", updated="v1"))
    record(watched, observed([first], links=[link("a", updated="v1")]))
    record(watched, observed(links=[link("a", updated="v1")], at=NOW + HOUR))
    assert waiting(watched) == []
    record(watched, observed(links=[link("a", updated="v2")], at=NOW + 2 * HOUR))
    assert watched.memory("newsroom", NOW + 2 * HOUR).waiting == (link("a", updated="v2"),)
    record(watched, observed([replace(first, link=link("a", updated="v2"))], at=NOW + 3 * HOUR))
    assert dict(watched.memory("newsroom", NOW + 3 * HOUR).known) == {f"{SITE}/a": "v2"}


def test_a_link_given_up_has_a_new_chance_with_a_new_mark(watched: History) -> None:
    for day in range(3):
        record(watched, observed([failed("a", Outcome.GONE)], at=NOW + day * DAY))
    record(watched, observed(links=[link("a", updated="v2")], at=NOW + 3 * DAY))
    assert waiting(watched, NOW + 3 * DAY) == ["a"]
    record(watched, observed([failed("a", Outcome.GONE)], at=NOW + 3 * DAY))
    assert states(watched) == {"a": "waiting"}


def test_what_is_marked_anew_comes_after_what_was_never_read_the_longest_read_first(watched: History) -> None:
    """Marks that move at every check would keep what is new waiting for ever, and always the same few first."""
    record(watched, observed([read("a")], at=NOW + HOUR))
    record(watched, observed([read("b")], at=NOW))
    again = [link("a", updated="v2"), link("b", updated="v2")]
    record(watched, observed(links=[*again, link("c"), link("d")], at=NOW + 2 * HOUR))
    assert waiting(watched, NOW + 2 * HOUR) == ["c", "d", "b", "a"]
    assert dict(watched.memory("newsroom", NOW + 2 * HOUR).known) == {f"{SITE}/a": "v2", f"{SITE}/b": "v2"}
    record(watched, observed([failed("b", link=again[1])], at=NOW + 2 * HOUR))
    assert waiting(watched, NOW + DAY) == ["c", "d", "b", "a"]
    record(watched, observed([replace(read("b", at=NOW + DAY), link=again[1])], at=NOW + DAY))
    assert waiting(watched, NOW + DAY) == ["c", "d", "a"]


def test_a_mark_that_says_nothing_is_kept_and_nothing_waits_for_it(watched: History) -> None:
    record(watched, observed([replace(read("a"), link=link("a", updated="v1"))], links=[link("b", updated="v1")]))
    record(watched, observed(skipped=(link("a", updated="v2"), link("b", updated="v2")), at=NOW + HOUR))
    assert states(watched) == {"a": "read", "b": "waiting"}
    assert watched.memory("newsroom", NOW + HOUR).waiting == (link("b", updated="v2"),)
    assert watched.memory("newsroom", NOW + HOUR).known == {f"{SITE}/a": "v2"}


def test_links_are_known_by_source(watched: History) -> None:
    record(watched, observed([read("a")]))
    assert watched.memory("another", NOW).known == {}
    record(watched, observed(links=[link("a")]), source("another"))
    assert states(watched) == {"a": "waiting"}


# Documents and pages


def test_the_same_text_is_the_same_version_however_it_is_found(watched: History) -> None:
    assert record(watched, observed([read("a", count(39))])).new_documents == 1
    again = record(watched, observed([read("a", count(39))], at=NOW + DAY))
    assert (again.new_documents, again.facts, again.subjects) == (0, 0, frozenset())
    elsewhere = record(watched, observed([read("a", count(39))], at=NOW + DAY), source("another"))
    assert elsewhere.new_documents == 0


def test_another_text_is_another_version_also_when_it_was_there_before(watched: History) -> None:
    for day, text in enumerate(["one", "two", "one"]):
        record(watched, observed([read("a", text=text)], at=NOW + day * DAY))
    rows = watched.queries.documents(url=f"{SITE}/a")
    assert [(row["version"], row["latest"]) for row in rows] == [(3, True), (2, False), (1, False)]


@pytest.mark.parametrize(
    ("published", "dated"),
    [
        ("2026-01-04T22:15:00Z", "2026-01-04T22:15:00Z"),
        ("2026-01-04T23:15:00+02:00", "2026-01-04T21:15:00Z"),
        ("2025-12-24", "2025-12-24T00:00:00Z"),
        ("2025-11", "2025-11-01T00:00:00Z"),
        ("2025", "2025-01-01T00:00:00Z"),
        ("2025-Q3", "2025-07-01T00:00:00Z"),
        ("2025-H2", "2025-07-01T00:00:00Z"),
        ("2025-mid", "2025-05-01T00:00:00Z"),
        ("2031-01-01", "2026-01-05T09:00:00Z"),
        ("yesterday", "2026-01-05T09:00:00Z"),
        ("2025-13", "2026-01-05T09:00:00Z"),
        ("0000-00-00", "2026-01-05T09:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "2026-01-05T09:00:00Z"),
        (None, "2026-01-05T09:00:00Z"),
    ],
)
def test_claims_count_from_the_stated_date_never_from_the_future(
    watched: History, published: str | None, dated: str
) -> None:
    record(watched, observed([read("a", count(39), published=published)], at=NOW + HOUR))
    (row,) = watched.queries.documents()
    assert (row["published"], row["dated"]) == (published, dated)


def test_a_living_page_is_of_the_day_it_was_fetched(history: History) -> None:
    living = source("about", SourceKind.PAGE)
    reading = read("about", count(39), published="2019-05-01")
    record(history, observed([reading], page=None), living)
    assert history.queries.documents()[0]["dated"] == "2026-01-05T09:00:00Z"
    assert history.memory("about", NOW).known == {}


def test_hostile_text_is_stored_and_keeps_its_offsets(watched: History) -> None:
    nasty = "a\x00b\ud800c'); DROP TABLE fact; -- \u202e<script>"
    fact = replace(count(39), evidence=nasty, end=len(nasty))
    reading = read("a", fact, title=nasty, published=nasty)
    record(watched, observed([reading], reason=nasty, links=[link(nasty, title=nasty, text=nasty, updated=nasty)]))
    (row,) = watched.queries.facts()
    assert row["evidence"] == nasty.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    (text,) = watched._store.db.execute("SELECT text FROM document").fetchone()
    assert text[row["start"] : row["end"]] == row["evidence"]
    assert record(watched, observed([reading], at=NOW + DAY)).new_documents == 0


def test_pages_are_kept_compressed_once_each(watched: History) -> None:
    text = "the same page " * 1000
    record(watched, observed([read("a", text=text), read("b", text=text)]))
    db = watched._store.db
    name = hashlib.sha256(text.encode()).hexdigest()
    ((stored, size),) = db.execute("SELECT length(content), size FROM page WHERE hash = ?", [name]).fetchall()
    assert stored < size / 10
    assert content_of(db, name) == text.encode()


def test_a_feeds_own_text_needs_no_page(watched: History) -> None:
    record(watched, observed([replace(read("a", count(39)), page=None)]))
    (row,) = watched.queries.documents()
    assert (row["page_kept"], row["fetched_at"]) == (False, "2026-01-05T09:00:00Z")


# What is remembered of the source's own body


def test_validators_are_remembered_with_the_body_they_belong_to(history: History) -> None:
    body = page("index", validators=VALIDATORS)
    record(history, observed(page=body))
    memory = history.memory("newsroom", NOW)
    assert (memory.validators, memory.body_hash) == (VALIDATORS, hashlib.sha256(b"index").hexdigest())
    history._store.db.execute("DELETE FROM page")
    assert history.memory("newsroom", NOW).validators is None


def test_an_unchanged_or_failed_check_forgets_nothing(history: History) -> None:
    record(history, observed(page=page("index", validators=VALIDATORS)))
    before = history.memory("newsroom", NOW)
    not_modified = page("", status=304)
    record(history, observed(outcome=Outcome.UNCHANGED, page=not_modified, at=NOW + HOUR))
    record(
        history, observed(outcome=Outcome.SUSPECT, page=page("a wall"), body_hash=None, at=NOW + 2 * HOUR), failures=1
    )
    assert history.memory("newsroom", NOW + 2 * HOUR) == replace(before, failures=1)


def test_only_the_newest_body_of_a_source_is_kept(history: History) -> None:
    for hour in range(5):
        record(history, observed(at=NOW + hour * HOUR))
    assert history._store.db.execute("SELECT count(*) FROM page").fetchone() == (1,)


def test_a_page_is_its_own_body(history: History) -> None:
    living = source("about", SourceKind.PAGE)
    reading = read("about", count(39))
    body = replace(reading.page, validators=VALIDATORS)
    record(history, observed([replace(reading, page=body)], page=None), living)
    memory = history.memory("about", NOW)
    assert (memory.validators, memory.body_hash) == (VALIDATORS, hashlib.sha256(body.content).hexdigest())


def test_where_a_source_has_moved_to_is_remembered(history: History) -> None:
    record(history, observed(page=page("index", moved_to=f"{SITE}/new")))
    record(history, observed(at=NOW + HOUR))
    assert history.memory("newsroom", NOW).url == f"{SITE}/new"


def test_where_a_source_has_moved_from_is_asked_again_at_the_first_check_of_a_day(history: History) -> None:
    record(history, observed(page=page("index", moved_to=f"{SITE}/new")))
    assert not history.memory("newsroom", NOW + HOUR).look_back
    assert history.memory("newsroom", NOW + DAY).look_back
    record(history, observed(at=NOW + DAY, outcome=Outcome.TIMEOUT, page=None))
    assert not history.memory("newsroom", NOW + DAY + HOUR).look_back
    record(history, observed(at=NOW + 2 * DAY, page=page("index", moved_to=source().url)))
    memory = history.memory("newsroom", NOW + 3 * DAY)
    assert (memory.url, memory.look_back) == (None, False), "it is back"


# What was seen unchanged


def unchanged(at: datetime, **changes: Any) -> Observation:
    return observed(outcome=Outcome.UNCHANGED, page=None, body_hash=None, at=at, **changes)


def seen(history: History, observation: Observation) -> bool:
    with history.writing():
        return history.seen(observation, observation.finished_at + DAY, observation.finished_at)


def test_a_source_that_is_well_is_judged_once_an_hour(history: History) -> None:
    assert not seen(history, unchanged(NOW)), "nothing is known of it"
    record(history, observed())
    assert seen(history, unchanged(NOW + timedelta(minutes=15)))
    assert not seen(history, unchanged(NOW + HOUR))
    assert len(history.queries.checks()) == 2
    assert history.due(NOW + DAY, 10) == []
    assert history.due(NOW + DAY + timedelta(minutes=15), 10) == ["newsroom"]


def test_what_hosts_ask_for_is_kept_by_a_check_that_changed_nothing(history: History) -> None:
    record(history, observed())
    until = NOW + HOUR
    assert seen(history, unchanged(NOW + timedelta(minutes=15), pauses={"a.example": until}))
    assert history.memory("newsroom", NOW + timedelta(minutes=16)).pauses == {"a.example": until}


def test_a_source_that_is_not_well_is_judged_at_every_check(history: History) -> None:
    record(history, observed())
    record(history, observed(outcome=Outcome.TIMEOUT, page=None), failures=1)
    assert not seen(history, unchanged(NOW + timedelta(minutes=15)))
    assert len(history.queries.checks()) == 2


def test_what_says_the_same_is_asked_for_by_its_own_validators(history: History) -> None:
    first = page("first", validators=VALIDATORS)
    record(history, observed(page=first, body_hash=hashlib.sha256(first.content).hexdigest()))
    later = Validators('"later"', None)
    same = replace(page("", validators=later), content=b"")
    assert seen(history, replace(unchanged(NOW + timedelta(minutes=1)), page=same, body_hash="other"))
    assert (history.memory("newsroom", NOW).validators, history.memory("newsroom", NOW).body_hash) == (later, "other")
    assert seen(history, unchanged(NOW + timedelta(minutes=2)))
    assert history.memory("newsroom", NOW).validators == later, "a 304 says nothing else"
    record(history, replace(unchanged(NOW + 2 * HOUR), page=same, body_hash="third"))
    assert (history.memory("newsroom", NOW).validators, history.memory("newsroom", NOW).body_hash) == (later, "third")
    assert history._store.db.execute("SELECT count(*) FROM page").fetchall() == [(1,)], "the body that said it stays"
