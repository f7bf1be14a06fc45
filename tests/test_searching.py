"""Search keeps up with what is stored: what comes, what is read anew, what was there before there was a search."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import newsdesk
import pytest
from history_samples import swept

from monitor.history import History, Queries, indexing, store
from monitor.parser.facts import revive

scripts = store.scripts


def found(database: Path, what: str, text: str) -> list[int]:
    with Queries.open(database) as queries:
        return [row["id"] for row in queries.search(what, text, limit=10)]  # type: ignore[arg-type]


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history of the time before there was a search."""
    path = tmp_path / "h.db"
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts() if one[0][:4] not in ("0006", "0007")])
        newsdesk.tell(path)
    return path


def sound(database: Path) -> None:
    """Raises sqlite3.DatabaseError when an index and what it is over do not go together."""
    with closing(sqlite3.connect(database)) as db:
        for index in ("document_search", "fact_search"):
            db.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


def test_what_was_stored_before_there_was_a_search_is_indexed_in_portions_the_newest_first(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "PORTION", 2)
    with History(old, revive=revive) as history:
        assert (found(old, "documents", "present"), history.queries.unindexed()) == ([], 3)
        assert found(old, "facts", "40th market") == [3]
        assert history.index()
        assert (found(old, "documents", "present"), history.queries.unindexed()) == ([2], 1)
        assert history.index()
        assert not history.index()
        assert (found(old, "documents", "present"), history.queries.unindexed()) == ([2, 1], 0)
    sound(old)


def test_housekeeping_indexes_what_is_left_and_is_due_at_once_after_the_upgrade(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts() if one[0][:4] not in ("0006", "0007")])
        with History(old, revive=revive) as history:
            history.done("housekeeping", newsdesk.START)
            history.done("backup", newsdesk.START)
    with History(old, revive=revive) as history:
        assert history.last_done("housekeeping") is None
        assert history.last_done("backup") == newsdesk.START
        swept(history, newsdesk.START)
    assert found(old, "documents", "present") == [2, 1]
    sound(old)


def test_what_is_not_indexed_yet_may_be_read_anew_and_removed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PORTION", 1)
    History(old, revive=revive).close()
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("UPDATE document SET text = 'Ganz Köln fährt' WHERE id = 1")
        db.execute("DELETE FROM fact WHERE id = 2")
        db.execute("DELETE FROM document WHERE id = 2")
    with History(old, revive=revive) as history:
        while history.index():
            pass
    assert (found(old, "documents", "koln"), found(old, "documents", "present")) == ([1], [])
    sound(old)


def test_an_index_that_is_whole_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.db"
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts() if one[0][:4] != "0007"])
        newsdesk.tell(path)
    with History(path, revive=revive) as history:
        assert history.queries.unindexed() == 0
    assert found(path, "documents", "present") == [2, 1]
    sound(path)


def test_search_follows_what_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    newsdesk.tell(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE document SET text = 'Ganz Köln fährt' WHERE id = 1")
        db.execute("UPDATE fact SET attributes = json_set(attributes, '$.evidence', 'Köln fährt') WHERE id = 1")
    assert found(path, "documents", "koln fahrt") == found(path, "facts", "Köln") == [1]
    assert found(path, "documents", "present") == [2]
    assert found(path, "facts", "38 markets worldwide") == []
    with closing(sqlite3.connect(path)) as db:
        for index in ("document_search", "fact_search"):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")


def test_what_is_removed_is_found_no_more(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    newsdesk.tell(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM fact WHERE id = 3")
        db.execute("DELETE FROM document WHERE id = 3")
    assert found(path, "documents", "40th") == found(path, "facts", "40th") == []
