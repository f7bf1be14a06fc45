"""Housekeeping: what goes, what never goes, and that others write in between."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from history_samples import DAY, HOUR, NOW, SITE, VALIDATORS, count, observed, page, read, record, revive, source, swept

from monitor.history import History, upkeep
from monitor.history.store import connect
from monitor.models import Outcome, Reading, utc_text


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "h.db", revive=revive) as opened:
        yield opened


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows, one source and one page of the database a step: a small history takes many."""
    monkeypatch.setattr(upkeep, "ROWS", 3)
    monkeypatch.setattr(upkeep, "SOURCES", 1)
    monkeypatch.setattr(upkeep, "SPACE", 1)


def number(history: History, what: str) -> int:
    return int(history._store.db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def quiet(path: str, at: datetime = NOW) -> Reading:
    """An article that claims nothing."""
    return read(path, text=f"the words of {path} at {at}", at=at)


def unchanged(history: History, days: int) -> None:
    for day in range(1, days):
        record(history, observed(outcome=Outcome.UNCHANGED, page=None, at=NOW + day * DAY))


@pytest.mark.usefixtures("small_steps")
def test_old_pages_and_checks_go_documents_facts_and_their_checks_stay(history: History) -> None:
    silent = [quiet(f"silent-{n}") for n in range(7)]
    record(history, observed([read("a", count(38)), *silent], page=page("first", validators=VALIDATORS)))
    unchanged(history, 20)
    record(history, observed([read("b", count(39), at=NOW + 20 * DAY)], page=None, at=NOW + 20 * DAY))
    removed = swept(history, NOW + 20 * DAY, keep_pages=5 * DAY, keep_checks=3 * DAY)
    assert (removed.pages, removed.checks) == (7, 16)
    assert len(history.queries.checks()) == 5, "three days' checks, and the first, which brought documents"
    kept = {row["url"].removeprefix(f"{SITE}/"): row["page_kept"] for row in history.queries.documents()}
    assert kept == {"a": True, "b": True} | {f"silent-{n}": False for n in range(7)}
    assert len(history.queries.facts()) == 2
    assert history.memory("newsroom", NOW).validators == VALIDATORS, "a source's newest body outlives the others"
    assert history._store.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_page_under_a_claim_stays_for_as_long_as_the_claim_stands(history: History) -> None:
    record(history, observed([read("a", count(38))], page=None))
    assert swept(history, NOW + 400 * DAY).pages == 0
    rewritten = replace(read("a", count(39), at=NOW + HOUR), revisit=True)
    record(history, observed([rewritten], page=None, at=NOW + HOUR))
    assert [row["closed_at"] is None for row in history.queries.facts()] == [True, False]
    assert swept(history, NOW + 400 * DAY).pages == 1
    assert [row["page_kept"] for row in history.queries.documents()] == [True, False]


def test_a_page_that_nobody_points_to_any_more_goes(history: History) -> None:
    record(history, observed([quiet("a")], page=None))
    with history.writing():
        history._store.db.execute("UPDATE document SET page = NULL")
    assert swept(history, NOW).pages == 1


def test_what_is_young_stays_and_housekeeping_again_finds_nothing(history: History) -> None:
    record(history, observed([quiet("a")], page=None))
    unchanged(history, 3)
    assert swept(history, NOW + 2 * DAY, keep_pages=7 * DAY, keep_checks=7 * DAY) == upkeep.Swept()
    assert (number(history, "page"), number(history, "visit")) == (1, 3)
    assert swept(history, NOW + 30 * DAY).checks == 2
    assert swept(history, NOW + 30 * DAY) == upkeep.Swept()


@pytest.mark.usefixtures("small_steps")
def test_checks_of_a_day_that_brought_nothing_become_one(history: History) -> None:
    record(history, observed([read("a", count(38))], page=page("first", validators=VALIDATORS)))
    for hour in range(1, 96):
        outcome, reason = (Outcome.TIMEOUT, "slow") if hour % 24 == 3 else (Outcome.UNCHANGED, None)
        record(history, observed(outcome=outcome, reason=reason, page=None, at=NOW + hour * HOUR))
    record(history, observed([read("b", count(39), at=NOW + 2 * DAY)], page=None, at=NOW + 2 * DAY))
    for hour in (1, 2, 3):
        record(history, observed(outcome=Outcome.UNCHANGED, page=None, at=NOW + hour * HOUR), source("other"))
    before = history.queries.activity(NOW)
    removed = swept(history, NOW + 4 * DAY, keep_pages=30 * DAY, keep_checks=30 * DAY)
    assert removed.checks == 0, "each counts on"
    rows = [row for row in history.queries.checks() if row["started_at"] < utc_text(NOW + 3 * DAY)[:10]]
    others = sorted((row["times"], row["baseline"]) for row in rows if row["source"] == "other")
    assert others == [(1, True), (2, False)], "a baseline stays as it is"
    folded = sorted((row["started_at"][:10], row["outcome"], row["times"]) for row in rows if row["source"] != "other")
    days = [utc_text(NOW + day * DAY)[:10] for day in range(3)]
    first = 23 - NOW.hour
    assert [day for day, _, times in folded if times > 1] == days, "one row a day"
    assert sum(times for _, _, times in folded) == 1 + first + 24 + 24 + 1
    assert [times for _, outcome, times in folded if outcome == "timeout"] == [1, 1, 1]
    assert [times for _, outcome, times in folded if outcome == "ok"] == [1, 1], "what brought something stays as it is"
    assert history.queries.activity(NOW) == before
    assert history.recorded() == 1 + 95 + 1 + 3
    assert len(history.queries.facts()) == 2
    assert history._store.db.execute("PRAGMA foreign_key_check").fetchall() == []
    kept = history.queries.checks()
    swept(history, NOW + 4 * DAY, keep_pages=30 * DAY, keep_checks=30 * DAY)
    assert history.queries.checks() == kept, "and again, which changes nothing"


@pytest.mark.usefixtures("small_steps")
def test_others_write_between_two_steps(history: History) -> None:
    record(history, observed([quiet(f"a{n}") for n in range(12)], page=None))
    unchanged(history, 12)
    with closing(connect(history.path)) as other:
        other.execute("PRAGMA busy_timeout = 0")  # whoever finds a step's transaction open fails at once
        for _ in history.housekeep(NOW + 30 * DAY, DAY, DAY):
            other.execute("INSERT INTO task (name, done_at) VALUES (hex(randomblob(8)), 'now')")
        assert other.execute("SELECT count(*) FROM task").fetchone()[0] > 8


@pytest.mark.usefixtures("small_steps")
def test_free_space_goes_back_to_the_disk(history: History) -> None:
    for n in range(40):
        noise = page(random.Random(n).randbytes(5000).hex(), url=f"{SITE}/{n}")
        record(history, observed([read(f"a{n}", page=noise)], page=None))
    swept(history, NOW)
    before = history.path.stat().st_size
    removed = swept(history, NOW + 30 * DAY)
    assert removed.pages == 40
    assert removed.space == before - history.path.stat().st_size > 100_000
    assert history._store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_database_that_was_not_made_for_giving_space_back_keeps_it(tmp_path: Path) -> None:
    History(tmp_path / "new.db", revive=revive).close()
    with closing(sqlite3.connect(tmp_path / "new.db")) as new, closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript("PRAGMA journal_mode = WAL;" + "\n".join(new.iterdump()))
        assert old.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    with History(tmp_path / "old.db", revive=revive) as history:
        record(history, observed([quiet(f"a{n}") for n in range(200)], page=None))
        removed = swept(history, NOW + 30 * DAY)
        assert (removed.pages, removed.space) == (200, 0)


def test_a_reader_holds_up_no_housekeeping(history: History) -> None:
    record(history, observed([quiet("a")], page=None))
    with closing(sqlite3.connect(history.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM page").fetchone()
        record(history, observed([quiet("b")], page=None, at=NOW + HOUR))
        swept(history, NOW)
        assert history.path.with_name("h.db-wal").stat().st_size > 0
    swept(history, NOW)
    assert history.path.with_name("h.db-wal").stat().st_size == 0
    assert history._store.db.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
