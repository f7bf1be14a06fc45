"""The sources: which are known, due, leased, and what a new config does to them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from history_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SITE,
    VALIDATORS,
    count,
    observed,
    page,
    read,
    record,
    revive,
    source,
)

from monitor.history import History
from monitor.models import Outcome, Skipped, SourceKind


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "h.db", revive=revive) as opened:
        yield opened


def health(history: History) -> dict[str, tuple[str, int]]:
    return {row["name"]: (row["health"], row["failures"]) for row in history.queries.sources()}


def test_new_sources_are_due_at_once_oldest_first(history: History) -> None:
    history.sync_sources([source("b"), source("a")], NOW)
    history.sync_sources([source("b"), source("a"), source("c")], NOW + MINUTE)
    assert history.due(NOW, 10) == ["a", "b"]
    assert history.due(NOW + MINUTE, 10) == ["a", "b", "c"]
    assert history.due(NOW + MINUTE, 2) == ["a", "b"]


def test_a_checked_source_is_due_when_it_was_told(history: History) -> None:
    history.sync_sources([source()], NOW)
    record(history, observed())
    assert history.due(NOW + 15 * MINUTE - timedelta(seconds=1), 10) == []
    assert history.due(NOW + 15 * MINUTE, 10) == ["newsroom"]


def test_only_configured_and_enabled_sources_are_due_the_others_are_kept(history: History) -> None:
    history.sync_sources([source("a"), source("b"), source("c")], NOW)
    record(history, observed([read("a", count(39))]), source("c"))
    history.sync_sources([source("a"), source("b", enabled=False)], NOW)
    assert history.due(NOW + DAY, 10) == ["a"]
    assert [row["name"] for row in history.queries.sources()] == ["a", "b"]
    assert history.queries.facts()[0]["source"] == "c"
    history.sync_sources([source("a"), source("b"), source("c")], NOW)
    assert history.due(NOW + DAY, 10) == ["a", "b", "c"]
    assert not history.memory("c", NOW).first, "what a source that comes back once knew is not forgotten"


def test_a_leased_source_is_not_due_until_the_lease_runs_out_or_the_check_is_recorded(history: History) -> None:
    history.sync_sources([source("a"), source("b")], NOW)
    assert history.take(["a", "b", "unknown"], NOW, NOW + HOUR)[0] == {"a": NOW, "b": NOW}
    assert history.due(NOW + HOUR - MINUTE, 10) == []
    history.release(["b"])
    assert history.due(NOW + HOUR - MINUTE, 10) == ["b"]
    history.take(["b"], NOW, NOW + HOUR)
    assert history.due(NOW + HOUR, 10) == ["a", "b"]
    record(history, observed(), source("b"))
    assert history.due(NOW + 20 * MINUTE, 10) == ["b"]
    history.release_leases()
    assert history.due(NOW, 10) == ["a"]


def test_overdue_sources_can_be_spread(history: History) -> None:
    history.sync_sources([source("a"), source("b"), source("new")], NOW)
    for name in ("b", "a"):
        record(history, observed(at=NOW + (name == "a") * MINUTE), source(name))
    history.take(["b"], NOW, NOW + 3 * DAY)
    assert list(history.overdue(NOW + DAY)) == ["b", "a"], (
        "those never checked are no backlog; a lost lease is no excuse"
    )
    history.defer({"b": NOW + DAY, "a": NOW + DAY + MINUTE})
    history.release_leases()
    assert history.due(NOW + DAY, 10) == ["new", "b"]
    assert history.due(NOW + DAY + MINUTE, 10) == ["new", "b", "a"]


def test_a_clock_that_is_set_back_holds_nothing_up(history: History) -> None:
    history.sync_sources([source("a"), source("b")], NOW)
    record(history, observed(at=NOW + DAY), source("a"))
    record(history, observed(), source("b"))
    history.defer({"a": NOW + DAY + HOUR, "b": NOW + 3 * DAY})  # one was asked to wait: that stays
    assert history.turn_back(NOW) == 1
    assert history.due(NOW + HOUR - MINUTE, 9) == []
    assert history.due(NOW + HOUR, 9) == ["a"]
    assert history.due(NOW + 3 * DAY, 9) == ["a", "b"]


def test_what_is_left_out_is_a_row_with_its_reason(history: History) -> None:
    history.sync_sources([source("a")], NOW)
    gap = Skipped(source="a", since=NOW, until=NOW + DAY, runs=24, reason="the service did not run")
    history.skip([gap, replace(gap, runs=1)], NOW + DAY)
    rows = history.queries.checks()
    told = [(row["outcome"], row["good"], row["started_at"]) for row in rows]
    assert told == [("skipped", 0, "2026-01-05T09:00:00Z")] * 2
    assert rows[1]["reason"] == "24 checks were left out: the service did not run"
    assert rows[0]["reason"].startswith("1 check was left out: ")
    assert health(history) == {"a": ("new", 0)}
    activity = history.queries.activity(NOW)
    assert (activity["checks"], activity["failed_checks"]) == (0, 0)


def test_another_rhythm_counts_from_now(history: History) -> None:
    history.sync_sources([source(every=DAY)], NOW)
    with history.writing():
        history.store(observed(), source(every=DAY), NOW)
        history.schedule("newsroom", NOW + DAY, observed(), 0)
    history.sync_sources([source(every=DAY)], NOW + HOUR)
    assert history.due(NOW + HOUR, 10) == []
    history.sync_sources([source(every=HOUR)], NOW + HOUR)
    assert history.due(NOW + HOUR, 10) == ["newsroom"]


@pytest.mark.parametrize("change", [{"url": f"{SITE}/elsewhere"}, {"kind": SourceKind.FEED}])
def test_another_address_or_kind_is_another_page_to_watch(history: History, change: dict[str, object]) -> None:
    record(history, observed([read("a", count(39))], page=page("index", validators=VALIDATORS, moved_to=f"{SITE}/x")))
    history.sync_sources([source(authority="media", outlet="other")], NOW)
    kept = history.memory("newsroom", NOW)
    assert (kept.first, kept.validators, kept.url) == (False, VALIDATORS, f"{SITE}/x")
    history.sync_sources([source(**change)], NOW)
    memory = history.memory("newsroom", NOW)
    assert (memory.first, memory.validators, memory.body_hash, memory.url) == (True, None, None, None)
    assert memory.known == {f"{SITE}/a": None}


def test_health_is_that_of_the_last_check(history: History) -> None:
    history.sync_sources([source("a"), source("b"), source("c")], NOW)
    bad = observed(outcome=Outcome.TLS, reason="expired", page=None, body_hash=None)
    record(history, observed(), source("a"))
    record(history, bad, source("b"), failures=3)
    assert health(history) == {"a": ("ok", 0), "b": ("failing", 3), "c": ("new", 0)}
    (row,) = history.queries.sources(unhealthy=True)
    assert (row["name"], row["last_outcome"], row["last_reason"], row["last_good_at"]) == ("b", "tls", "expired", None)
    assert history.memory("b", NOW).failures == 3
    record(history, observed(at=NOW + HOUR), source("b"))
    assert history.queries.sources(unhealthy=True) == []
