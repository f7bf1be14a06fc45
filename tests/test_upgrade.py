"""A database that an older version filled is brought up to date with all its rows, and goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import newsdesk
import pytest
from sqlite_utils import Database

from monitor.history import History, store
from monitor.parser.facts import revive
from monitor.pipeline import record

ROWS = sorted((Path(__file__).parent / "upgrades").glob("*.sql"))
"""What was recorded under each schema that had a release, and under the first."""

NEXT = (
    "9000_next",
    """
    ALTER TABLE fact ADD COLUMN reader TEXT NOT NULL DEFAULT 'the first';
    DROP VIEW checks;
    CREATE VIEW checks AS SELECT visit.id, visit.source, visit.outcome, 1 AS kept FROM visit;
    """,
)
"""A migration yet to come: there is always one more than those that ship."""


@pytest.fixture(params=ROWS, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of an older schema, as it was left."""
    path, rows, shipped = tmp_path / "old.db", request.param, store.scripts()
    names = [name for name, _ in shipped]
    with monkeypatch.context() as patch:
        patch.setattr(store, "scripts", lambda: shipped[: names.index(rows.stem) + 1])
        with store.connect(path) as db:
            store.migrate(db, path)
            db.execute("PRAGMA foreign_keys = OFF")
            db.executescript(rows.read_text())
    return path


@pytest.fixture(params=[False, True], ids=["those that ship", "and one more"])
def brought_up(request: pytest.FixtureRequest, old: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], History]:
    if request.param:
        later = [*store.scripts(), NEXT]
        monkeypatch.setattr(store, "scripts", lambda: later)
    return lambda: History(old, revive=revive)


def counted(db: Database) -> dict[str, int]:
    return {name: db[name].count for name in db.table_names() if not name.startswith(("sqlite_", "_sqlite"))}


def test_no_row_is_lost_and_all_questions_have_their_answers(old: Path, brought_up: Callable[[], History]) -> None:
    with store.connect(old) as db:
        before = counted(db)
    with brought_up() as history:
        queries, db = history.queries, history._store.db
        after = counted(db)
        assert before == {name: after[name] for name in before}
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [migration.name for migration in store.migrations().applied(db)] == [name for name, _ in store.scripts()]
        assert [step["believed"] for step in queries.timeline("smart")] == ["38", "39"]
        assert [row["count"] for row in queries.facts()] == [39, 38]
        assert {row["verdict"] for row in queries.facts(rejected=True)} == {None, "reject"}
        assert all(queries.why(row["id"])["rule"] for row in queries.changes())


def test_what_was_known_is_the_past_of_what_is_new(brought_up: Callable[[], History]) -> None:
    now = datetime(2026, 2, 1, 9, tzinfo=UTC)
    text = "smart is now present in 41 markets worldwide."
    article = newsdesk.reading("https://smart-newsroom.example/news/41", "smart in 2026", text, "2026-02-01", "smart")
    with brought_up() as history:
        [change] = record(
            newsdesk.seen(newsdesk.NEWSROOM, now, [article]),
            newsdesk.NEWSROOM,
            history=history,
            settings=newsdesk.settings(history.path),
            next_due=now,
            failures=0,
            now=now,
        )
    assert change.text == "smart: 39 → 41 markets"
