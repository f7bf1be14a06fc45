"""The database file: opening, refusing, migrating, transactions."""

import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from history_samples import DAY, HOUR, NOW, change, count, observed, put, read, record, revive, source, swept

from monitor.errors import DatabaseError
from monitor.history import History, Queries
from monitor.history.store import connect, scripts


def opened(path: Path) -> History:
    return History(path, revive=revive)


def refusal(path: Path) -> str:
    with pytest.raises(DatabaseError) as caught:
        opened(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def filled(path: Path, articles: int = 60) -> Path:
    """A database of some hundred pages, closed."""
    with opened(path) as history:
        record(history, observed([read(f"a{n}", count(n + 2), text=f"{n} markets. " * 300) for n in range(articles)]))
        put(history, change())
    return path


def test_a_new_database_writes_ahead_syncs_and_checks_references(tmp_path: Path) -> None:
    with opened(tmp_path / "new.db") as history:
        db = history._store.db
        pragmas = [
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert pragmas == ["wal", 2, 1]
        assert db.execute("PRAGMA busy_timeout").fetchone()[0] >= 10_000


def test_only_a_lease_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    with opened(tmp_path / "new.db") as history:
        ran: list[str] = []
        history._store.db.conn.set_trace_callback(ran.append)
        history.take(["a"], NOW, NOW + HOUR)
        history.release(["a"])
        history.done("summary", NOW)
        history._store.db.conn.set_trace_callback(None)
    steps = [line for line in ran if line.startswith(("PRAGMA", "BEGIN", "COMMIT"))]
    quick = ["PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE", "COMMIT", "PRAGMA synchronous = FULL"]
    assert steps == [*quick, *quick, "BEGIN IMMEDIATE", "COMMIT"]


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with opened(path) as history:
        assert history.due(NOW, 10) == []


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    path = filled(tmp_path / "h.db")
    with opened(path) as history:
        assert len(history.queries.facts()) == 60
        assert [row["id"] for row in history.queries.changes()] == ["c1"]


def test_a_newer_schema_is_refused_by_both_names(tmp_path: Path) -> None:
    path = filled(tmp_path / "h.db", 1)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('brand-monitor', '9999_later')")
    newest = scripts()[-1][0]
    assert "9999_later" in refusal(path)
    assert newest in refusal(path)
    with pytest.raises(DatabaseError, match="9999_later"):
        Queries.open(path)


def test_another_programs_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    assert "another program" in refusal(path)
    with pytest.raises(DatabaseError, match="another program"):
        Queries.open(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize(
    "content", [b"not a database at all, only some words" * 40, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "h.db"
    path.write_bytes(content)
    refusal(path)
    assert path.read_bytes() == content


def test_places_where_no_database_can_be(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere" / "h.db")
    assert "is a folder" in refusal(tmp_path)
    assert "not exist" in refusal(tmp_path / "nowhere" / ".." / "nowhere" / "h.db")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody may write to")
def test_a_folder_that_cannot_be_written_to() -> None:
    assert "/proc/self" in refusal(Path("/proc/self/h.db"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "cannot be written" in refusal(tmp_path / "h.db")
    finally:
        tmp_path.chmod(0o700)


Damage = Callable[[bytes, random.Random], bytes]


def zeroed(content: bytes, rng: random.Random) -> bytes:
    at = 4096 * rng.randrange(1, len(content) // 4096)
    return content[:at] + bytes(4096) + content[at + 4096 :]


def truncated(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(1, len(content) - 4096)]


def flipped(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ rng.randrange(1, 256)]) + content[at + 1 :]


def fault_of(path: Path) -> str | None:
    """Why a database is refused; None when it opens."""
    try:
        opened(path).close()
    except DatabaseError as error:
        return str(error)
    return None


def rows_of(path: Path) -> dict[str, int]:
    """How many rows each table has, counted without an index."""
    with closing(sqlite3.connect(path)) as conn:
        conn.text_factory = bytes
        held = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%'"
        tables = [name.decode() for (name,) in conn.execute(held)]  # a virtual table shows the rows of others
        return {name: len(conn.execute(f"SELECT * FROM {name} NOT INDEXED").fetchall()) for name in tables}


def test_a_schema_that_is_no_text_is_damage(tmp_path: Path) -> None:
    path = filled(tmp_path / "h.db", 1)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE source", b"CREATE TABLE \xff\xfeurce"))
    assert "damaged" in refusal(path)
    with pytest.raises(DatabaseError, match="damaged"):
        Queries.open(path)


def test_a_table_that_lacks_a_column_is_damage_one_more_is_welcome(tmp_path: Path) -> None:
    path = filled(tmp_path / "h.db", 1)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ALTER TABLE fact ADD COLUMN my_note")
    opened(path).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ALTER TABLE attempt RENAME COLUMN detail TO detaim")
    assert "attempt has no detail" in refusal(path)


@pytest.mark.parametrize("damage", [zeroed, truncated, flipped])
def test_a_damaged_database_never_starts_with_lost_rows(tmp_path: Path, damage: Damage) -> None:
    """Either it is refused, in one line and left as it was, or every row is still there."""
    whole = filled(tmp_path / "whole.db")
    content, rows = whole.read_bytes(), rows_of(whole)
    rng = random.Random(damage.__name__)
    refused = 0
    for attempt in range(120 if damage is flipped else 60):  # most bits that flip change nothing that is looked at
        path = tmp_path / f"{attempt}.db"
        path.write_bytes(damage(content, rng))
        before = path.read_bytes()
        fault = fault_of(path)
        if fault:
            refused += 1
            assert "\n" not in fault
            assert path.read_bytes() == before
        else:
            assert rows_of(path) == rows
    assert refused >= {"zeroed": 30, "truncated": 60, "flipped": 1}[damage.__name__]


def test_a_failing_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "h.db", 1)
    shipped = scripts()
    later = [*shipped, ("9000_good", "CREATE TABLE good (x);"), ("9001_bad", "CREATE TABLE half (x); SELECT nonsense;")]
    with monkeypatch.context() as patch:
        patch.setattr("monitor.history.store.scripts", lambda: later)
        with pytest.raises(sqlite3.OperationalError, match="nonsense"):
            opened(path)
    with closing(sqlite3.connect(path)) as conn:
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
    assert not tables & {"good", "half"}
    with opened(path) as history:
        assert len(history.queries.facts()) == 1


def test_pending_migrations_are_applied_also_when_only_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "h.db", 1)
    later = [*scripts(), ("9000_good", "CREATE TABLE good (x);")]
    monkeypatch.setattr("monitor.history.store.scripts", lambda: later)
    with Queries.open(path) as queries:
        assert len(queries.facts()) == 1
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM good").fetchone() == (0,)


class Stop(BaseException):
    """What ends a block of writing early, be it a bug or a signal."""


def stopped_after(history: History, write: Callable[[], object]) -> None:
    with history.writing():
        write()
        raise Stop


def test_a_block_of_writing_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    with opened(tmp_path / "h.db") as history:
        with pytest.raises(Stop):
            stopped_after(history, lambda: history.store(observed([read("a", count(39))]), source(), NOW))
        assert history.queries.facts() == history.queries.changes() == history.queries.checks() == []
        record(history, observed([read("a", count(39))]))
        assert len(history.queries.facts()) == 1


def test_writing_inside_writing_is_one_transaction(tmp_path: Path) -> None:
    with opened(tmp_path / "h.db") as history:
        with pytest.raises(Stop):
            stopped_after(history, lambda: put(history, change()))
        assert history.queries.changes() == []


def test_what_belongs_to_a_record_refuses_to_run_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "h.db") as history:
        with pytest.raises(RuntimeError, match="writing"):
            history.store(observed(), source(), NOW)
        with pytest.raises(RuntimeError, match="writing"):
            history.add_changes([change()], None)


def test_threads_write_side_by_side_and_lose_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "h.db") as history:

        def work(thread: int) -> None:
            for n in range(10):
                record(history, observed([read(f"{thread}/{n}", count(n + 2))]), source(f"s{thread}"))

        threads = [threading.Thread(target=work, args=[n]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(history.queries.facts()) == 40


def test_a_full_disk_is_one_line_and_keeps_what_was_committed(tmp_path: Path) -> None:
    with opened(tmp_path / "h.db") as history:
        record(history, observed([read("a", count(39))]))
        db = history._store.db
        used = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {used + 2}")
        big = [read(f"b{n}", count(n + 2), text="x" * 40_000) for n in range(3)]
        with pytest.raises(DatabaseError, match="disk is full"):
            record(history, observed(big, at=NOW + HOUR))
        assert len(history.queries.documents()) == 1
        db.execute("PRAGMA max_page_count = 1000000")
        record(history, observed(big, at=NOW + DAY))
        assert len(history.queries.documents()) == 4
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_lock_held_too_long_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.history.store.BUSY_SECONDS", 0.05)
    path = tmp_path / "h.db"
    with opened(path) as history, closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="locked"):
            put(history, change())
        other.rollback()
        put(history, change())
        assert len(history.queries.changes()) == 1


def test_the_right_to_write_is_taken_when_the_block_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no block fails half way because another process has written since it began to read."""
    monkeypatch.setattr("monitor.history.store.BUSY_SECONDS", 0.05)
    path = tmp_path / "h.db"
    with opened(path) as history, opened(path) as other:
        with history.writing(), pytest.raises(DatabaseError, match="locked"):
            put(other, change())
        put(other, change())


def test_a_reader_sees_the_last_commit_while_somebody_writes_and_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    with opened(path) as history:
        put(history, change())
        with history.writing(), Queries.open(path) as queries:
            history.add_changes([change("c2")], None)
            assert [row["id"] for row in queries.changes()] == ["c1"]
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                queries._db.execute("DELETE FROM change")


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database"):
        Queries.open(tmp_path / "h.db")
    assert list(tmp_path.iterdir()) == []


def test_a_copy_of_the_file_opens(tmp_path: Path) -> None:
    path = filled(tmp_path / "h.db")
    shutil.copy(path, tmp_path / "odd name?#%41.db")
    with Queries.open(tmp_path / "odd name?#%41.db") as queries:
        assert len(queries.facts()) == 60


def test_housekeeping_empties_the_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    with opened(path) as history:
        record(history, observed([read(f"a{n}", count(n + 2), text="x" * 5000) for n in range(50)]))
        log = path.with_name("h.db-wal")
        assert log.stat().st_size > 0
        swept(history, NOW)
        assert log.stat().st_size == 0
