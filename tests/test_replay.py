"""Kept pages read again: facts gained and lost, nothing deleted, nobody told unless asked, and never twice."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commandline import command, killed, mistake
from history_samples import DAY, HOUR, NOW, SITE, observed, page, read, swept
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from newsdesk import NEWSROOM as DESK
from newsdesk import settings, tell

from monitor.errors import ReadError
from monitor.history import History, Kept, Queries, ServiceLock
from monitor.models import Authority, Document, Fact, Outcome, Skipped, Source, SourceKind
from monitor.parser.facts import revive
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.pipeline import record
from monitor.replay import Replay, Replayed, read_again, read_kept

LATER = NOW + 100 * DAY
NEWSROOM = Source(
    name="newsroom",
    kind=SourceKind.LISTING,
    url=f"{SITE}/newsroom",
    brand="smart",
    every=HOUR,
    authority=Authority.OFFICIAL,
    outlet="smart",
)


def count(number: int, **changes: Any) -> MarketCount:
    evidence = f"smart is in {number} markets"
    made = MarketCount(brand="smart", count=number, qualifier="exact", status="current", evidence=evidence, start=0,
                       end=len(evidence))  # fmt: skip
    return replace(made, **changes)


def store(history: History, path: str, *facts: Fact, at: int, source: Source = NEWSROOM, text: str = "") -> None:
    """One check that reads one article: at day `at` these facts were read in it."""
    now = NOW + at * DAY
    reading = read(path, *facts, text=text or f"version of day {at}", at=now, published=f"{NOW + at * DAY:%Y-%m-%d}")
    record(
        replace(observed([reading], at=now), source=source.name),
        source,
        history=history,
        settings=settings(history.path),
        next_due=now,
        failures=0,
        now=now,
    )


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "h.db", revive=revive) as opened:
        for source in (NEWSROOM, replace(NEWSROOM, name="page", kind=SourceKind.PAGE)):
            record(
                replace(observed(at=NOW - DAY), source=source.name),
                source,
                history=opened,
                settings=settings(opened.path),
                next_due=NOW,
                failures=0,
                now=NOW - DAY,
            )
        yield opened


Readings = Mapping[str, Sequence[Fact] | ReadError]


def replayed(
    history: History,
    better: Readings,
    *,
    dry_run: bool = False,
    alert: bool = False,
    dates: Mapping[str, str] | None = None,
) -> Replayed:
    """A replay by a reader that reads these facts in the texts named, and nothing in the others; and other dates."""

    async def run(_: Any, kept: Kept) -> tuple[Document, tuple[Fact, ...]]:
        found = better.get(kept.document.text, ())
        if isinstance(found, ReadError):
            raise found
        published = (dates or {}).get(kept.document.text, kept.document.published)
        return replace(kept.document, published=published), tuple(found)

    return by_reader(history, run, dry_run=dry_run, alert=alert)


def by_reader(history: History, run: Any, *, dry_run: bool = False, alert: bool = False) -> Replayed:
    """A replay of all there is."""
    addresses = history.addresses(source=None, brand=None, since=None)
    read = [(address, asyncio.run(read_again(history.versions(address), run))) for address in addresses]
    work = Replay(history=history, now=LATER, alert=settings(history.path) if alert else None)
    return work.apply(read, dry_run=dry_run)


def told(result: Replayed) -> list[tuple[str, str, str | None]]:
    return [(change.change, change.text, change.silence) for change in result.changes]


def facts(history: History) -> list[tuple[int, bool]]:
    """Every claim of the number of markets and whether it stands, in the order of recording."""
    rows = history.queries.facts(kind="market_count")
    return [(row["count"], row["closed_at"] is None) for row in reversed(rows)]


def believed(history: History) -> list[str]:
    return [row["value"] for row in history.queries.state(kind="market_count")]


def test_a_fact_read_better_is_a_silent_change_and_no_correction(history: History) -> None:
    store(history, "a", count(38), at=0)
    result = replayed(history, {"version of day 0": [count(39)]})
    assert told(result) == [("changed", "smart: 38 → 39 markets", "replay")]
    assert facts(history) == [(38, False), (39, True)]
    assert believed(history) == ["39"]
    [why] = history.queries.changes(change="changed")
    assert why["check_id"] is None
    assert "today's reader" in why["rule"]
    assert [row["change"] for row in history.queries.changes()] == ["changed", "new"]


def peru(status: Any) -> MarketEntry:
    return MarketEntry(brand="smart", market="PE", status=status, evidence=f"{status} Peru", start=0, end=9)


SAME = {"version of day 0": [peru("entered")], "version of day 9": [peru("exited")]}


def there_and_gone(history: History) -> None:
    store(history, "a", *SAME["version of day 0"], at=0)
    store(history, "b", *SAME["version of day 9"], at=9)


def test_a_better_date_alone_is_restated_and_moves_what_follows_from_it(history: History) -> None:
    there_and_gone(history)
    assert [row["value"] for row in history.queries.state()] == ["exited"]
    dates = {"version of day 9": "2025-06-20"}
    result = replayed(history, SAME, dates=dates)
    [restated] = result.restated
    assert [(one.before, one.after) for one in restated.redated] == [("2026-01-14", "2025-06-20")]
    [(change, _, silence)] = told(result)
    assert (change, silence) == ("changed", "replay")
    assert [row["value"] for row in history.queries.state()] == ["entered"]
    steps = history.queries.timeline("smart")
    assert [(step["believed"], step["since"][:10]) for step in steps] == [
        ("exited", "2025-06-20"),
        ("entered", "2026-01-05"),
    ]
    before = list(sqlite3.connect(history.path).iterdump())
    again = replayed(history, SAME, dates=dates)
    assert (again.restated, again.changes) == ([], [])
    assert list(sqlite3.connect(history.path).iterdump()) == before


def test_a_better_date_that_moves_nothing_is_no_change(history: History) -> None:
    there_and_gone(history)
    result = replayed(history, SAME, dates={"version of day 9": "2026-01-10"})
    assert (len(result.restated), result.changes) == (1, [])
    assert history.queries.timeline("smart")[-1]["since"][:10] == "2026-01-10"
    assert [row["published"] for row in history.queries.documents()] == ["2026-01-10", "2026-01-05"]


def test_dates_that_go_to_and_fro_are_changes_each_time(history: History) -> None:
    there_and_gone(history)
    for date in ("2025-06-20", "2026-01-14", "2025-06-20"):
        assert len(replayed(history, SAME, dates={"version of day 9": date}).changes) == 1
    assert len(history.queries.changes(change="changed")) == 4


def test_a_second_run_finds_nothing(history: History) -> None:
    store(history, "a", count(38), at=0)
    better = {"version of day 0": [count(39)]}
    replayed(history, better)
    before = list(sqlite3.connect(history.path).iterdump())
    again = replayed(history, better)
    assert (again.restated, again.changes, again.documents) == ([], [], 1)
    assert list(sqlite3.connect(history.path).iterdump()) == before


def test_a_dry_run_shows_the_same_and_writes_nothing(history: History) -> None:
    store(history, "a", count(38), at=0)
    before = list(sqlite3.connect(history.path).iterdump())
    better = {"version of day 0": [count(39)]}
    tried = replayed(history, better, dry_run=True)
    assert list(sqlite3.connect(history.path).iterdump()) == before
    assert told(tried) == told(replayed(history, better))


def test_it_tells_when_it_is_asked_to(history: History) -> None:
    store(history, "a", count(38), at=0)
    result = replayed(history, {"version of day 0": [count(39)]}, alert=True)
    assert [change.silence for change in result.changes] == [None]
    assert history.queries.alerts()[0]["text"] == "smart: 38 → 39 markets"


def test_what_nothing_says_any_more_is_believed_no_more_and_told_to_nobody(history: History) -> None:
    store(history, "a", count(38), at=0)
    result = replayed(history, {}, alert=True)
    assert told(result) == [("changed", "smart: 38 markets, read no more", "replay")]
    assert believed(history) == []
    assert facts(history) == [(38, False)]
    assert history.queries.timeline("smart", as_of=LATER) == []
    [step] = history.queries.timeline("smart", as_of=LATER, known_at=NOW + DAY)
    assert step["after_value"] == "38"


def test_other_sources_still_count(history: History) -> None:
    store(history, "a", count(38), at=0)
    store(history, "b", count(39), at=1)
    store(history, "c", count(45), at=2)
    result = replayed(history, {"version of day 0": [count(38)], "version of day 1": [count(39)]})
    assert told(result) == [("changed", "smart: 45 → 39 markets", "replay")]


def test_support_alone_is_no_change(history: History) -> None:
    store(history, "a", count(38), at=0)
    store(history, "b", at=1)
    result = replayed(history, {"version of day 0": [count(38)], "version of day 1": [count(38)]})
    assert [len(one.gained) for one in result.restated] == [1]
    assert result.changes == []


def test_versions_of_an_article_are_read_in_their_turn(history: History) -> None:
    """The first version was misread: its source corrected nothing then, and corrects it now."""
    store(history, "a", count(38), at=0)
    store(history, "a", count(40), at=1)
    assert facts(history) == [(38, False), (40, True)]
    result = replayed(history, {"version of day 0": [count(40)], "version of day 1": [count(40)]})
    assert facts(history) == [(38, False), (40, False), (40, True)]
    assert result.changes == []
    assert replayed(history, {"version of day 0": [count(40)], "version of day 1": [count(40)]}).restated == []


def test_a_correction_that_was_a_misreading_is_undone(history: History) -> None:
    store(history, "a", count(39), at=0)
    store(history, "a", count(3), at=1)
    both = {"version of day 0": [count(39)], "version of day 1": [count(39)]}
    assert told(replayed(history, both)) == [("changed", "smart: 3 → 39 markets", "replay")]
    assert believed(history) == ["39"]
    assert replayed(history, both).restated == []


def test_a_page_that_cannot_be_read_keeps_its_facts(history: History) -> None:
    store(history, "a", count(38), at=0)
    result = replayed(history, {"version of day 0": ReadError(Outcome.SUSPECT, "a wall")})
    assert result.unreadable == {f"{SITE}/a": "a wall"}
    assert facts(history) == [(38, True)]


def test_an_old_reading_is_kept_and_where_a_claim_stands_follows_the_text(history: History) -> None:
    store(history, "a", count(38), at=0, text="smart is in 38 markets")
    text = "Now: smart is in 38 markets. smart #2 is here"
    moved = count(38, start=5, end=27)

    async def run(_: Any, kept: Kept) -> tuple[Document, tuple[Fact, ...]]:
        return replace(kept.document, text=text, title="Now"), (moved, count(7, status="planned", start=5, end=27))

    by_reader(history, run)
    stands = history.queries.facts(kind="market_count")
    assert [(row["count"], row["start"], row["closed_at"]) for row in reversed(stands)] == [(38, 5, None), (7, 5, None)]
    with closing(sqlite3.connect(history.path)) as db:
        assert db.execute("SELECT title, text FROM document").fetchall() == [("Now", text)]
        assert db.execute("SELECT title, text FROM restatement").fetchall() == [("a", "smart is in 38 markets")]
        assert db.execute("SELECT role, value FROM replays").fetchall() == [("gained", "7")]


@pytest.mark.parametrize(("published", "dated"), [("2026-01-05", NOW), ("2026-01-04", NOW - DAY), ("2027-01-01", NOW)])
def test_a_date_that_is_read_better_is_where_its_claims_stand_in_time(
    history: History, published: str, dated: datetime
) -> None:
    store(history, "a", count(38), at=0)

    async def run(_: Any, kept: Kept) -> tuple[Document, tuple[Fact, ...]]:
        return replace(kept.document, published=published), (count(39),)

    by_reader(history, run)
    [row] = history.queries.documents()
    assert (row["published"], row["dated"][:10]) == (published, f"{dated:%Y-%m-%d}")


def test_only_what_was_asked_for_is_read(history: History) -> None:
    store(history, "a", count(38), at=0)
    store(history, "b", count(39, brand="Lotus"), at=1)
    every: dict[str, Any] = {"source": None, "brand": None, "since": None}
    assert len(history.addresses(**every)) == 2
    assert history.addresses(**every | {"since": NOW + DAY}) == [f"{SITE}/b"]
    assert history.addresses(**every | {"source": "other"}) == []
    assert history.addresses(**every | {"brand": "Lotus"}) == [f"{SITE}/b"]


def test_the_link_and_the_page_are_there_for_the_reader(history: History) -> None:
    store(history, "a", at=0)
    [kept] = history.versions(f"{SITE}/a")
    assert kept.page == page("version of day 0", url=f"{SITE}/a", at=NOW)
    assert (kept.link.url, kept.source.brand, kept.source.kind) == (f"{SITE}/a", "smart", SourceKind.LISTING)
    swept(history, LATER, keep_pages=timedelta(0))
    [kept] = history.versions(f"{SITE}/a")
    assert kept.page is None
    assert read_kept(kept)[0] == kept.document


STORIES = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.booleans(), st.lists(st.integers(36, 39), max_size=3)), max_size=6
)


@given(STORIES, st.lists(st.lists(st.integers(36, 39), max_size=2), min_size=6, max_size=6))
@examples(max_examples=60, deadline=None)
def test_the_same_reader_finds_nothing_and_another_one_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, stories: Any, others: Any
) -> None:
    """Whatever was recorded: replaying it as it was read is nothing; as it might be read is the same as once."""
    with History(tmp_path_factory.mktemp("replay") / "h.db", revive=revive) as history:
        asit: dict[str, Any] = {}
        for day, (path, living, numbers) in enumerate(stories):
            source = replace(NEWSROOM, name="page", kind=SourceKind.PAGE) if living else NEWSROOM
            said = [count(number) for number in numbers]
            store(history, f"{path}{living}", *said, at=day, source=source)
            asit[f"version of day {day}"] = said
        assert replayed(history, asit).restated == []
        better = {text: [count(n) for n in numbers] for text, numbers in zip(asit, others, strict=False)}
        replayed(history, better)
        assert replayed(history, better).restated == []
        assert history._store.db.execute("PRAGMA foreign_key_check").fetchall() == []
        back = replayed(history, asit)
        assert replayed(history, asit).restated == []
        assert {one.url for one in back.restated} <= {f"{SITE}/{p}{living}" for p, living, _ in stories}


# The command


class Here:
    """What reads the pages, in this process: a child takes seconds to start."""

    def __init__(self, processes: int = 1) -> None: ...

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def close(self) -> None: ...


@pytest.fixture
def database(tmp_path: Path) -> Path:
    tell(tmp_path / "h.db")
    return tmp_path / "h.db"


def test_the_command_finds_nothing_where_nothing_is_better(database: Path) -> None:
    result = command("replay", "--db", database, "--source", DESK.name)
    assert (result.code, result.out) == (0, "")
    assert result.err == "2 document versions read again: today's reader finds what is stored\n"


def test_the_command_shows_what_is_dated_otherwise(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Redating(Here):
        async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
            document, found = function(*arguments)
            return replace(document, published="2025-12-31"), found

    monkeypatch.setattr("monitor.engine.local.Cage", Redating)
    only = ("replay", "--db", database, "--source", DESK.name, "--format", "csv")
    result = command(*only)
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(row["what"], row["claim"]) for row in rows] == [
        ("dated", "2026-01-02 → 2025-12-31"),
        ("dated", "2026-01-03 → 2025-12-31"),
    ]
    assert "0 facts gained, 0 lost, 2 dated otherwise, 0 changes" in result.err
    assert "finds what is stored" in command(*only).err


def test_the_command_shows_and_applies(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.local.Cage", Here)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "UPDATE fact SET attributes = replace(attributes, '39', '12'), value = '12' WHERE value = '39'",
        )
    only = ("replay", "--db", database, "--source", DESK.name, "--brand", "SMART", "--format", "csv")
    dry = command(*only, "--dry-run")
    assert dry.code == 0
    assert dry.out.splitlines()[1].startswith("gained,smart,market_count")
    assert "1 facts gained, 1 lost, 1 changes; nothing was written (--dry-run)" in dry.err
    assert dry.out.splitlines()[2].startswith("lost,smart,market_count,12 markets")
    assert [row["what"] for row in csv.DictReader(io.StringIO(dry.out))] == ["gained", "lost", "change"]
    assert command(*only, "--since", "2026-01-04").out.count("\n") == 1
    assert command(*only).out.count("\n") == dry.out.count("\n")
    assert "finds what is stored" in command(*only).err
    with Queries.open(database) as queries:
        assert queries.changes()[0]["silence"] == "replay"


STEPS = ((Path, "replace"), (History, "versions"), (History, "add_changes"), (History, "done"), (Path, "unlink"))
"""Calls that a kill may come before: of reading, of the one transaction, and after it."""


def test_killed_at_any_step_the_command_goes_on_and_ends_as_if_nothing_had_happened(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.engine.local.Cage", Here)
    monkeypatch.setattr("monitor.cli.replaying.CHUNK", 1)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE fact SET attributes = replace(attributes, '39', '12'), value = '12' WHERE value = '39'")

    def told(where: Path) -> list[dict[str, Any]]:
        """What the command says; when it read is another time each run."""
        result = command("replay", "--db", where, "--format", "json")
        assert result.code == 0
        found: list[dict[str, Any]] = json.loads(re.sub(r'"detected_at": "[^"]*"', '"detected_at": ""', result.out))
        return found

    def copy(name: str) -> Path:
        return Path(shutil.copy(database, tmp_path / name))

    wanted = told(copy("whole.db"))
    assert [row["what"] for row in wanted] == ["gained", "lost", "change"]
    for step in itertools.count(step=3):
        broken = copy(f"{step}.db")
        if not killed(step, STEPS, "replay", "--db", broken, "--format", "json"):
            break
        assert told(broken) == wanted
    assert step > 9
    assert told(broken) == []


def test_a_replay_that_was_not_finished_is_begun_anew_when_the_history_went_on(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.engine.local.Cage", Here)
    assert killed(2, [(Path, "replace")], "replay", "--db", database)
    with History(database, revive=revive) as history:
        history.skip([Skipped(source=DESK.name, since=NOW, until=LATER, runs=1, reason="the machine slept")], LATER)
    assert "begun anew: it was of other history" in command("replay", "--db", database).err


def test_the_command_refuses_beside_the_service(database: Path) -> None:
    with ServiceLock(database):
        assert "in use by the service" in mistake("replay", "--db", database)


def test_the_command_wants_a_history_that_is_there(tmp_path: Path) -> None:
    assert "no database" in mistake("replay", "--db", tmp_path / "h.db")
    assert list(tmp_path.iterdir()) == []
