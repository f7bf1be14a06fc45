"""A database that an older version filled is brought up to date with all its rows, and goes on from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from sqlite_utils import Database

from monitor.history import History, store
from monitor.parser.facts import revive
from monitor.pipeline import record

FROZEN = sorted((Path(__file__).parent / "upgrades").glob("*.sql"))
"""Whole databases as the program left them while their names' migrations were the newest: dumps that are never edited.

A schema that has none of its own is reached from the newest dump before it, as by upgrading version by version.
"""

SCHEMAS = [name for name, _ in store.scripts()]

NEXT = (
    "9000_next",
    """
    ALTER TABLE fact ADD COLUMN reader TEXT NOT NULL DEFAULT 'the first';
    DROP VIEW checks;
    CREATE VIEW checks AS SELECT visit.id, visit.source, visit.outcome, 1 AS kept FROM visit;
    """,
)
"""A migration yet to come: there is always one more than those that ship."""


def every_schema() -> Iterator[Any]:
    """Each dump, and each schema after it up to today's."""
    for dump in FROZEN:
        for schema in SCHEMAS[SCHEMAS.index(dump.stem) :]:
            yield pytest.param((dump, schema), id=f"{dump.stem[:4]} by way of {schema[:4]}")


@pytest.fixture(params=every_schema())
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of an older schema, as it was left."""
    dump, schema = request.param
    path, shipped = tmp_path / "old.db", store.scripts()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA journal_mode = WAL; {dump.read_text()}")
    with monkeypatch.context() as patch:
        patch.setattr(store, "scripts", lambda: shipped[: SCHEMAS.index(schema) + 1])
        with store.connect(path) as db:
            store.migrate(db, path)
    return path


@pytest.fixture(params=[False, True], ids=["those that ship", "and one more"])
def brought_up(request: pytest.FixtureRequest, old: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], History]:
    if request.param:
        later = [*store.scripts(), NEXT]
        monkeypatch.setattr(store, "scripts", lambda: later)
    return lambda: History(old, revive=revive)


def shape(path: Path) -> dict[str, tuple[str, list[Any]]]:
    """What each table, view and index is: how it was made, and its columns."""
    with closing(sqlite3.connect(path)) as db:
        made = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        return {
            name: (" ".join(sql.split()), db.execute("SELECT * FROM pragma_table_info(?)", [name]).fetchall())
            for name, sql in made
        }


Rows = dict[str, list[tuple[Any, ...]]]


def tables(db: Database) -> dict[str, list[str]]:
    """The columns of every table of ours."""
    ours = [name for name in db.table_names() if not name.startswith(("sqlite_", "_sqlite"))]
    return {name: [column.name for column in db[name].columns] for name in ours}


def rows(db: Database, columns: dict[str, list[str]]) -> Rows:
    """All rows, as far as they have these columns."""
    wanted = {name: ", ".join(f'"{column}"' for column in named) for name, named in columns.items()}
    return {name: sorted(db.execute(f"SELECT {of} FROM {name}").fetchall(), key=repr) for name, of in wanted.items()}


def test_no_row_is_lost_or_edited_and_all_questions_have_their_answers(
    old: Path, brought_up: Callable[[], History]
) -> None:
    with store.connect(old) as db:
        columns = tables(db)
        before = rows(db, columns)
    with brought_up() as history:
        queries, db = history.queries, history._store.db
        assert rows(db, columns) == before
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [migration.name for migration in store.migrations().applied(db)] == [name for name, _ in store.scripts()]
        assert [step["believed"] for step in queries.timeline("smart")] == ["38", "39"]
        assert [row["count"] for row in queries.facts()] == [39, 38]
        assert {row["verdict"] for row in queries.facts(rejected=True)} == {None, "reject"}
        assert all(queries.why(row["id"])["rule"] for row in queries.changes())


def test_the_schema_is_that_of_a_new_database(old: Path, tmp_path: Path) -> None:
    History(old, revive=revive).close()
    History(tmp_path / "new.db", revive=revive).close()
    assert shape(old) == shape(tmp_path / "new.db")


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
