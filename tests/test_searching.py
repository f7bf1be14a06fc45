"""Search keeps up with what is stored: what comes, what is read anew, what was there before there was a search."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import newsdesk
import pytest

from monitor.history import Queries, store

scripts = store.scripts


def found(database: Path, what: str, text: str) -> list[int]:
    with Queries.open(database) as queries:
        return [row["id"] for row in queries.search(what, text, limit=10)]  # type: ignore[arg-type]


def test_what_was_stored_before_there_was_a_search_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.db"
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts() if one[0] < "0006"])
        newsdesk.tell(path)
    assert found(path, "documents", "present") == [2, 1]
    assert found(path, "facts", "40th market") == [3]


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
