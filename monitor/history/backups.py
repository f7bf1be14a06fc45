"""Copies of the database: made while the service runs, verified, put in place whole; and the way back.

    back up   one snapshot ─► a part file beside the target ─► verified ─► renamed
    restore   verified ─► a part file beside the database, brought up to date ─► the old one kept aside ─► renamed

Nothing that stands under the target's name is ever half a copy, whenever the program is killed.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from monitor.errors import DatabaseError
from monitor.history.lock import ServiceLock
from monitor.history.storable import moment_or_none
from monitor.history.store import (
    MENDABLE,
    Store,
    check_content,
    check_no_folder,
    connect,
    connect_to_read,
    opening,
    told,
)

MAGIC = b"SQLite format 3\x00"
STAMP = "%Y%m%dT%H%M%SZ"
PAGES = 4_096
"""Pages of the database that are copied at once: 16 MB."""

INSTRUCTIONS = 1_000_000
"""So many of SQLite's own between two looks whether to stop."""

Stopping = Callable[[], bool]

LEFT_OVER = timedelta(days=1)
"""The age at which a part file is none that somebody is still writing."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A verified copy."""

    path: Path
    size: int  # bytes
    facts: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in place now, and where the database is that was there before; None: there was none."""

    facts: int
    newest: datetime | None  # when its last check was made
    aside: Path | None
    handed_over: bool  # whether it belongs to whom the database or its folder belonged before


def back_up(database: Path, target: Path, stopping: Stopping = lambda: False) -> Saved:
    """Copies the database to a file that is not there yet, as it is at this moment. Raises DatabaseError.

    Writers are not held up: the copy is made of one snapshot. Once `stopping` says so, it is given up and nothing kept.
    """
    if not database.exists():
        raise DatabaseError(f"there is no database {database} to back up")
    check_no_folder(database)
    if target.exists():
        raise DatabaseError(f"the backup {target} is there already and stays as it is; name another file or a folder")
    with _part_of(target) as part:
        with told(database), closing(connect_to_read(database)) as source:
            source.execute("BEGIN")  # the counts and the copy are of one snapshot
            rows = _rows(source)
            _copy(source, part, target, stopping)
        with opening(target), closing(connect(part)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")  # a file that is whole without another beside it
            copy.conn.set_progress_handler(stopping, INSTRUCTIONS)
            _verify(copy, target)
            if _rows(copy) != rows:
                raise DatabaseError(f"the backup {target} does not hold what the database holds; nothing was kept")
        shutil.copymode(database, part)
        _put(part, target)
    return Saved(target, target.stat().st_size, rows["fact"])


def take(database: Path, folder: Path, keep: int, now: datetime, stopping: Stopping = lambda: False) -> Saved:
    """Makes the backup of this moment in a folder, which is made if need be, and keeps so many of the newest."""
    make_folder(folder)
    saved = back_up(database, folder / dated_name(database, now), stopping)
    for _, old in taken(database, folder)[:-keep]:
        old.unlink(missing_ok=True)
    for part in folder.glob(".*.part"):
        if now - datetime.fromtimestamp(part.stat().st_mtime, UTC) > LEFT_OVER:
            part.unlink(missing_ok=True)
    return saved


def make_folder(folder: Path) -> None:
    """Makes the folder for backups unless it is there. Raises DatabaseError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"the folder {folder} for backups cannot be made: {error.strerror}") from error


def dated_name(database: Path, now: datetime) -> str:
    """`monitor-20260302T030000Z.db` for monitor.db."""
    return f"{database.stem}-{now.astimezone(UTC):{STAMP}}{database.suffix}"


def taken(database: Path, folder: Path) -> list[tuple[datetime, Path]]:
    """The backups of a database in a folder, by the time in their names, oldest first; other files are none."""
    pattern = re.compile(rf"{re.escape(database.stem)}-(\d{{8}}T\d{{6}}Z){re.escape(database.suffix)}")
    found = []
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if match := pattern.fullmatch(path.name):
                with suppress(ValueError):  # the 99th month
                    found.append((datetime.strptime(match[1], STAMP).replace(tzinfo=UTC), path))
    return sorted(found)


def newest(database: Path, folder: Path) -> datetime | None:
    """When the newest backup of a database in a folder was made; None: there is none."""
    return max((made for made, _ in taken(database, folder)), default=None)


def restore(backup: Path, database: Path, now: datetime) -> Restored:
    """Puts a copy of a backup in the database's place, verified and of today's schema. What was there is kept aside.

    It gets the owner and the rights of what was there, so that root restores what a service of another user can open.
    Raises DatabaseError, with nothing changed, while a service runs on the database, and for a backup that is damaged,
    somebody else's or newer than this program.
    """
    database = database.resolve()
    if backup.is_dir():
        found = taken(database, backup)
        advice = f"the newest is {found[-1][1]}" if found else f"none in it is of {database.name}"
        raise DatabaseError(f"{backup} is a folder; name a backup, a file: {advice}")
    if not backup.is_file():
        raise DatabaseError(f"there is no backup {backup}")
    if not database.parent.is_dir():
        raise DatabaseError(f"the folder {database.parent} of the database does not exist; create it first")
    check_no_folder(database)
    if database.exists() and backup.samefile(database):
        raise DatabaseError(f"the backup {backup} is the database itself; name a copy of it")
    owner = (database if database.exists() else database.parent).stat()
    with ServiceLock(database) as lock, _part_of(database, alone=True) as part:
        with opening(backup), closing(connect_to_read(backup)) as source:
            check_content(source, backup)
            _verify(source, backup)
            _copy(source, part, database)
        _renew(part)
        with told(database), closing(connect_to_read(part)) as copy:
            facts = _rows(copy)["fact"]
            (newest,) = copy.execute("SELECT max(recorded_at) FROM visit").fetchone()
        handed_over = _hand_over(part, lock.path, owner)
        aside = _set_aside(database, now) if database.exists() else None
        _put(part, database)
    return Restored(facts, moment_or_none(newest), aside, handed_over)


def _copy(source: Database, part: Path, target: Path, stopping: Stopping = lambda: False) -> None:
    def go_on(*_: object) -> None:
        if stopping():
            raise DatabaseError(_given_up(target))

    try:
        with closing(sqlite3.connect(part)) as copy:
            source.conn.backup(copy, pages=PAGES, progress=go_on)  # never begun anew: the snapshot is held
    except sqlite3.DatabaseError as error:
        reason = MENDABLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))
        raise DatabaseError(f"{target} cannot be written: {reason}") from error


def _verify(db: Database, path: Path) -> None:
    """Looks through all of it, indexes too."""
    try:
        verdict = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise DatabaseError(_given_up(path)) from error
        raise
    if verdict != "ok":
        raise DatabaseError(f"the copy {path} is damaged ({' '.join(verdict.split())})")


def _given_up(path: Path) -> str:
    return f"the backup {path} was not finished: the program stops"


def _rows(db: Database) -> dict[str, int]:
    """How many rows each table has."""
    return {name: db[name].count for name in db.table_names() if not name.startswith("sqlite_")}


def _renew(part: Path) -> None:
    """Brings a copy up to date: today's schema, pages that housekeeping can give back, and an identity of its own: what
    was told since the backup is forgotten, and what is told from now on is no repeat of it."""
    Store(part).close()
    with told(part), closing(connect(part)) as db:
        db.execute("UPDATE history SET identity = lower(hex(randomblob(8)))")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("VACUUM")


def _hand_over(part: Path, lock: Path, owner: os.stat_result) -> bool:
    """Gives a copy the owner and the rights of what it replaces, and the owner the lock, which may be new. Whether that
    is allowed."""
    try:
        part.chmod(owner.st_mode & 0o666)  # of a folder: without what lets one enter it
        for path in (part, lock):
            os.chown(path, owner.st_uid, owner.st_gid)
    except OSError:
        return False
    return True


def _set_aside(database: Path, now: datetime) -> Path:
    """Gives the old database a second name, with its write-ahead log, which must not meet the new one."""
    aside = database.with_name(f"{database.name}.before-restore-{now.astimezone(UTC):{STAMP}}")
    with database.open("rb") as file:
        ours = file.read(len(MAGIC)) == MAGIC
    if ours:  # of what is no database any more SQLite would throw the log away
        with suppress(DatabaseError, sqlite3.Error), told(database), closing(connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    try:
        os.link(database, aside)
    except OSError:  # a file system without hard links, or a name that is taken
        shutil.copy2(database, aside)
    log = database.with_name(f"{database.name}-wal")
    if log.exists():
        log.replace(aside.with_name(f"{aside.name}-wal"))
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    return aside


@contextmanager
def _part_of(target: Path, *, alone: bool = False) -> Iterator[Path]:
    """A file of our own beside the target, which is gone at the end unless it was put in its place.

    `alone`: nobody else can be writing one for this target; what lies there was left by a kill.
    """
    if alone:
        for left in target.parent.glob(f".{glob.escape(target.name)}.*.part*"):
            left.unlink(missing_ok=True)
    try:
        handle, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
    except OSError as error:
        raise DatabaseError(f"{target} cannot be written: {error.strerror}") from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        for rest in (part, Path(f"{name}-wal"), Path(f"{name}-shm"), Path(f"{name}-journal")):
            rest.unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Renames a finished file into place, so that it is there after a power cut too."""
    try:
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise DatabaseError(f"{target} cannot be written: {error.strerror}") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
