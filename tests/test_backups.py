"""Copies of the history: taken while it is written, verified, rotated, and brought back; half a copy is never there."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import newsdesk
import pytest
from commandline import command, mistake
from history_samples import DAY, HOUR, NOW, count, observed, read, record, revive

from monitor.errors import DatabaseError
from monitor.history import History, ServiceLock, backups, store
from monitor.history.backups import back_up, dated_name, restore, take, taken


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    newsdesk.tell(folder / "monitor.db")
    return folder / "monitor.db"


def facts(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(db.execute("SELECT count(*) FROM fact").fetchone()[0])


def beside(path: Path) -> list[str]:
    """What lies in the folder, without what SQLite and a service leave there."""
    usual = (".lock", "-wal", "-shm")
    return sorted(entry.name for entry in path.parent.iterdir() if not entry.name.endswith(usual))


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(DatabaseError) as caught:
        work()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def more(history: History, number: int) -> None:
    at = newsdesk.START + number * HOUR
    record(history, observed([read(f"n{number}", count(number + 40), at=at)], page=None, at=at))


# Backing up


def test_a_backup_is_one_whole_file_that_only_its_owner_may_read_if_that_holds_for_the_database(
    database: Path, tmp_path: Path
) -> None:
    database.chmod(0o600)
    saved = back_up(database, tmp_path / "copy.db")
    assert (saved.path, saved.facts, saved.size) == (tmp_path / "copy.db", 3, saved.path.stat().st_size)
    assert facts(saved.path) == 3
    assert beside(saved.path) == ["copy.db", "data"]
    assert saved.path.stat().st_mode & 0o777 == 0o600


def test_what_is_written_meanwhile_is_in_the_copy_whole_or_not_at_all(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PAGES", 5)  # somebody writes between two pieces
    stop = threading.Event()
    with History(database, revive=revive) as history:

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                more(history, number)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            copies = [back_up(database, tmp_path / f"{n}.db") for n in range(10)]
        finally:
            stop.set()
            writer.join()
    for copy in copies:
        assert facts(copy.path) == copy.facts
        with closing(sqlite3.connect(copy.path)) as db:
            assert db.execute("SELECT count(*) FROM visit WHERE facts <> 0").fetchone()[0] == copy.facts
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_program_that_stops_gives_the_backup_up_and_keeps_nothing(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """While it copies, at once or later, and while it looks the copy through."""
    monkeypatch.setattr(backups, "PAGES", 60)
    monkeypatch.setattr(backups, "INSTRUCTIONS", 10)
    asked = iter([False] * looks)
    with pytest.raises(DatabaseError, match="was not finished"):
        back_up(database, tmp_path / "copy.db", lambda: next(asked, True))
    assert beside(tmp_path / "copy.db") == ["data"]


def test_nothing_that_is_there_is_overwritten(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    assert "is there already" in refusal(lambda: back_up(database, tmp_path / "copy.db"))
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_where_nothing_can_be_written_and_where_there_is_nothing_to_copy(database: Path, tmp_path: Path) -> None:
    assert "cannot be written" in refusal(lambda: back_up(database, tmp_path / "nowhere" / "copy.db"))
    assert "no database" in refusal(lambda: back_up(tmp_path / "none.db", tmp_path / "copy.db"))
    (tmp_path / "file").touch()
    assert "cannot be made" in refusal(lambda: take(database, tmp_path / "file", 7, NOW))


def test_of_a_damaged_database_no_backup_is_kept(database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'fact_subject'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size + 8)
        file.write(os.urandom(size // 2))
    assert "damaged" in refusal(lambda: back_up(database, tmp_path / "copy.db"))
    assert beside(tmp_path / "copy.db") == ["data"]


KILLED = """
import os, sys
from pathlib import Path
from monitor.history import backups
steps = {"copied": "_verify", "verified": "_put"}
setattr(backups, steps[sys.argv[3]], lambda *_: os.kill(os.getpid(), 9))
backups.back_up(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("moment", ["copied", "verified"])
def test_a_killed_backup_leaves_none_and_its_rest_is_cleared_away(database: Path, tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    target = folder / dated_name(database, NOW)
    ended = subprocess.run([sys.executable, "-c", KILLED, database, target, moment], check=False)
    assert ended.returncode == -9
    [part] = folder.iterdir()
    assert part.name.endswith(".part")
    now = datetime.fromtimestamp(part.stat().st_mtime, NOW.tzinfo)
    take(database, folder, 7, now + HOUR)
    assert part.exists(), "somebody may be writing it still"
    take(database, folder, 7, now + 2 * DAY)
    assert not part.exists()


def test_so_many_of_the_newest_are_kept_and_nothing_else_is_touched(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "backups"
    for day in range(5):
        take(database, folder, 3, NOW + day * DAY)
    (folder / "monitor-notes.db").touch()
    (folder / "monitor-20269901T000000Z.db").touch()
    take(database, folder, 3, NOW + 5 * DAY)
    kept = [path.name for _, path in taken(database, folder)]
    assert kept == [f"monitor-2026010{day}T090000Z.db" for day in (8, 9)] + ["monitor-20260110T090000Z.db"]
    assert {"monitor-notes.db", "monitor-20269901T000000Z.db"} < {path.name for path in folder.iterdir()}
    assert [time for time, _ in taken(database, folder)][-1] == NOW + 5 * DAY
    assert taken(database, tmp_path / "none") == []


# Restoring


def test_a_backup_comes_back_and_the_old_database_stays_beside_it(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    with History(database, revive=revive) as history:
        more(history, 1)
    restored = restore(saved.path, database, NOW)
    assert (restored.facts, restored.newest) == (3, newsdesk.START + timedelta(days=2))
    assert restored.aside == database.with_name("monitor.db.before-restore-20260105T090000Z")
    assert (facts(database), facts(restored.aside)) == (3, 4)
    assert beside(database) == ["monitor.db", restored.aside.name]
    with History(database, revive=revive) as history:
        more(history, 2)
        assert history._store.db.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_a_database_that_is_lost_comes_back(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    database.unlink()
    assert restore(saved.path, database, NOW).aside is None
    assert facts(database) == 3


def test_a_damaged_database_is_replaced_and_kept_as_it_is_with_its_log(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    database.write_bytes(b"dear diary " * 400)
    database.with_name("monitor.db-wal").write_bytes(b"a log")
    aside = restore(saved.path, database, NOW).aside
    assert aside
    assert aside.read_bytes() == b"dear diary " * 400
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"a log"
    assert facts(database) == 3


def test_the_log_of_the_old_database_never_meets_the_new_one(database: Path, tmp_path: Path) -> None:
    """As after a kill: what was committed last stands in the write-ahead log only."""
    saved = back_up(database, tmp_path / "copy.db")
    killed = f"""
import os
from pathlib import Path
from test_backups import History, more, revive
history = History(Path({str(database)!r}), revive=revive)
more(history, 1)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", killed], cwd=Path(__file__).parent, check=False)
    assert database.with_name("monitor.db-wal").stat().st_size > 0
    aside = restore(saved.path, database, NOW).aside
    assert aside
    assert (facts(database), facts(aside)) == (3, 4)


KILLED_RESTORE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.history import backups
setattr(backups, sys.argv[3], lambda *_: os.kill(os.getpid(), 9))
backups.restore(Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 1, 5, tzinfo=UTC))
"""


@pytest.mark.parametrize("moment", ["_copy", "_renew", "_set_aside", "_put"])
def test_a_killed_restore_leaves_the_old_database_in_its_place(database: Path, tmp_path: Path, moment: str) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    with History(database, revive=revive) as history:
        more(history, 1)
    ended = subprocess.run([sys.executable, "-c", KILLED_RESTORE, saved.path, database, moment], check=False)
    assert ended.returncode == -9
    with History(database, revive=revive) as history:
        assert len(history.queries.facts(rejected=True)) == 4
    assert restore(saved.path, database, NOW).facts == 3
    assert facts(database) == 3
    assert not list(database.parent.glob(".*.part*"))


def test_while_a_service_runs_it_refuses(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    with ServiceLock(database):
        assert "is in use by the service" in refusal(lambda: restore(saved.path, database, NOW))
    assert beside(database) == ["monitor.db"]


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(os.urandom(4096 * 5))


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, '9999_later', '')",
            [store.MIGRATIONS],
        )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damage, "damaged"),
        (make_foreign, "belongs to another program"),
        (make_newer, "newer than"),
        (lambda path: path.write_text("dear diary " * 500), "not a SQLite database"),
        (lambda path: path.unlink(), "there is no backup"),
    ],
)
def test_a_backup_that_is_none_changes_nothing(
    database: Path, tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    before = database.read_bytes()
    spoil(saved.path)
    assert words in refusal(lambda: restore(saved.path, database, NOW))
    assert beside(database) == ["monitor.db"]
    assert database.read_bytes() == before


def test_a_folder_in_the_place_of_the_database_stays_there(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "is a folder" in refusal(lambda: restore(database, folder, NOW))
    assert folder.is_dir()


def test_the_database_is_no_backup_of_itself(database: Path) -> None:
    assert "is the database itself" in refusal(lambda: restore(database, database, NOW))


def test_through_a_link_the_file_behind_it_is_restored(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    (tmp_path / "link.db").symlink_to(database)
    restore(saved.path, tmp_path / "link.db", NOW)
    assert (tmp_path / "link.db").is_symlink()
    assert facts(database) == 3


def test_without_hard_links_the_old_one_is_copied_aside(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = back_up(database, tmp_path / "copy.db")

    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(backups.os, "link", refuse)
    aside = restore(saved.path, database, NOW).aside
    assert aside
    assert (facts(database), facts(aside)) == (3, 3)


def test_a_history_has_an_identity_that_a_copy_keeps_and_a_restored_one_has_not(database: Path, tmp_path: Path) -> None:
    def identity(path: Path) -> str:
        with History(path, revive=revive) as history:
            return history.identity

    saved = back_up(database, tmp_path / "copy.db")
    known = identity(database)
    assert identity(saved.path) == identity(database) == known
    restore(saved.path, database, NOW)
    assert identity(database) != known
    assert identity(tmp_path / "new.db") not in (known, identity(database))


def who(path: Path) -> tuple[int, int, int]:
    told = path.stat()
    return told.st_uid, told.st_gid, told.st_mode & 0o777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_restores_belongs_to_whom_the_database_belonged(database: Path, tmp_path: Path) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    os.chown(database, 10001, 10002)
    database.chmod(0o640)
    lock = database.with_name("monitor.db.lock")
    lock.unlink(missing_ok=True)
    assert restore(saved.path, database, NOW).handed_over
    assert who(database) == (10001, 10002, 0o640)
    assert who(lock)[:2] == (10001, 10002), "the service writes its process id into it"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_where_no_database_was_the_one_restored_belongs_to_whom_the_folder_belongs(
    database: Path, tmp_path: Path
) -> None:
    saved = back_up(database, tmp_path / "copy.db")
    database.unlink()
    os.chown(database.parent, 10001, 10002)
    database.parent.chmod(0o750)
    assert restore(saved.path, database, NOW).handed_over
    assert who(database) == (10001, 10002, 0o640)


def test_a_database_that_could_not_be_given_to_its_owner_is_restored_and_that_is_said(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = back_up(database, tmp_path / "copy.db")

    def refuse(*_: object) -> None:
        raise PermissionError("you are not root")

    monkeypatch.setattr(backups.os, "chown", refuse)
    told = command("restore", "--db", database, saved.path)
    assert (told.code, facts(database)) == (0, 3)
    assert told.err.startswith(f"{database}: could not be given to the owner of {database}.before-restore-")
    assert told.err.endswith(f" {database} {database}.lock\n")
    assert told.err.count("\n") == 1


# The commands


def test_backup_and_restore_as_people_type_them(database: Path, tmp_path: Path) -> None:
    told = command("backup", "--db", database, tmp_path)
    [made] = tmp_path.glob("monitor-*Z.db")
    assert (told.code, told.err) == (0, "")
    assert re.fullmatch(rf"{re.escape(str(made))}: \d\.\d MB, facts: 3, verified\n", told.out)
    told = command("restore", "--db", database, made)
    assert told.code == 0, told.err
    first, second = told.out.splitlines()
    assert first == f"{database}: restored from {made}, facts: 3, the last check of 2026-01-04 09:00"
    assert "before-restore" in second


def test_a_slash_at_the_end_means_a_folder_which_is_made(database: Path, tmp_path: Path) -> None:
    for before in range(2):  # the second time it is there
        assert command("backup", "--db", database, f"{tmp_path}/more/copies/").code == 0
        [made] = (tmp_path / "more" / "copies").glob("monitor-*Z.db")
        made.rename(made.with_suffix(f".{before}"))
    (tmp_path / "file").touch()
    assert "cannot be made" in mistake("backup", "--db", database, f"{tmp_path}/file/")


def test_without_a_path_the_backup_goes_where_the_config_says(database: Path, tmp_path: Path) -> None:
    config = database.with_name("monitor.toml")
    config.write_text('database = "monitor.db"\n[backup]\npath = "copies"\nkeep = 1\n')
    (database.parent / "copies").mkdir()
    (database.parent / "copies" / "monitor-20200101T000000Z.db").touch()
    assert command("backup", "--config", config).code == 0
    [made] = (database.parent / "copies").iterdir()
    assert facts(made) == 3
    config.write_text('database = "monitor.db"\n')
    assert "no [backup] table" in mistake("backup", "--config", config)
    assert "is there already" in mistake("backup", "--db", database, config)


def test_a_folder_is_no_backup_and_the_newest_in_it_is_named(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    assert "none in it is of monitor.db" in mistake("restore", "--db", database, folder)
    for hours in (0, 1):
        take(database, folder, 7, NOW + hours * HOUR)
    newest = folder / dated_name(database, NOW + HOUR)
    assert mistake("restore", "--db", database, folder) == (
        f"brand-monitor: {folder} is a folder; name a backup, a file: the newest is {newest}\n"
    )
