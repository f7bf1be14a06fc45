"""The database file: opening, checking and migrating it, its connections and its transactions. Knows no table.

    open ─► is it ours, undamaged, not newer than we are? ─► migrate ─► a connection for each thread ─► writing()

Every connection waits for a lock, writes ahead (WAL) and syncs at each commit (FULL): what is committed survives a
power cut. What somebody can mend is a DatabaseError of one line; other errors of SQLite are bugs.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database, Migrations

from monitor.errors import DatabaseBusy, DatabaseError
from monitor.resources import shipped

MIGRATIONS = "brand-monitor"
BUSY_SECONDS = 30.0
SETTLING_SECONDS = 0.5
"""How long emptying the write-ahead log waits for readers; writers wait meanwhile."""
OLDEST_SQLITE = (3, 35, 0)  # RETURNING

LOOKED_THROUGH = 64 * 1024 * 1024
"""Bytes up to which a file is looked through for damage whenever it is opened; `doctor` looks through any."""

MENDABLE = {
    sqlite3.SQLITE_PERM: "no permission",
    sqlite3.SQLITE_BUSY: "another program has held it locked for too long",
    sqlite3.SQLITE_LOCKED: "another program has held it locked for too long",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_IOERR: "the disk answers with an error",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup with `brand-monitor restore`",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database",
}
"""What the world outside does to a database, by SQLite's primary result code."""

PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
"""Of these, what may pass without a person."""


class Store:
    """One database file. Opening creates or migrates it; each thread gets a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: list[Database] = []
        # Commits of one process never overlap: SQLite before 3.51.3 can, very rarely, damage the file when one
        # connection commits while another moves the write-ahead log into the database (the "WAL-reset" bug).
        self._turn = threading.RLock()
        check_place(path)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        small = not self.path.exists() or self.path.stat().st_size <= LOOKED_THROUGH
        with opening(self.path):  # before anything is written: the file may be somebody else's
            (check_content if small else check_schema)(self.db, self.path)
        with told(self.path):
            if self.db.execute("PRAGMA page_count").fetchone() == (0,):  # later it does nothing but write to the file
                self.db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self.db.execute("PRAGMA journal_mode = WAL")
            migrate(self.db, self.path)
        with opening(self.path):
            check_shape(self.db, self.path)

    @property
    def db(self) -> Database:
        """This thread's connection."""
        found: Database | None = getattr(self._local, "db", None)
        return found or self._connect()

    def _connect(self) -> Database:
        db = connect(self.path)
        self._local.db = db
        self._open.append(db)
        return db

    def close(self) -> None:
        """Closes the connections of all threads; none may be at work."""
        while self._open:
            self._open.pop().close()
        self._local = threading.local()

    def settle(self) -> None:
        """Lets SQLite plan anew, moves the write-ahead log into the database and empties it if no reader needs it."""
        with self._turn, told(self.path):
            self.db.execute("PRAGMA optimize").fetchall()
            self.db.execute(f"PRAGMA busy_timeout = {SETTLING_SECONDS * 1000:.0f}")  # the next time will do as well
            try:
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self.db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    @contextmanager
    def writing(self) -> Generator[Database, None, None]:
        """One transaction: all of the block is kept, or nothing. Inside another one it is part of that."""
        with self._turn, told(self.path):
            db = self.db
            if db.conn.in_transaction:
                with db.atomic():
                    yield db
                return
            db.execute("BEGIN IMMEDIATE")  # a deferred one fails at its first write when another has written since
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    @contextmanager
    def passing(self) -> Generator[Database, None, None]:
        """A transaction that does not wait for the disk: a power cut soon after may undo it, a killed process does not.
        Not within another one."""
        with self._turn, told(self.path):
            self.db.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.writing() as db:
                    yield db
            finally:
                self.db.execute("PRAGMA synchronous = FULL")


@contextmanager
def told(path: Path) -> Generator[None, None, None]:
    """Turns what the world does to the database into one line; bugs go up as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if str(error).startswith("Could not decode to UTF-8"):  # only damage on the disk brings that about
            code = sqlite3.SQLITE_CORRUPT
        if code not in MENDABLE:
            raise
        kind = DatabaseBusy if code in PASSING else DatabaseError
        raise kind(f"the database {path}: {MENDABLE[code]} ({error})") from error


@contextmanager
def opening(path: Path) -> Generator[None, None, None]:
    """As `told`, for looking at a database: what SQLite cannot make sense of there is damage to the schema."""
    try:
        with told(path):
            yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise DatabaseError(f"the database {path}: {MENDABLE[sqlite3.SQLITE_CORRUPT]} ({error})") from error


def connect(path: Path) -> Database:
    """A connection that may write."""
    # One thread at a time uses it; closing happens from the thread that closes all.
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    return _prepared(conn, "synchronous = FULL", "foreign_keys = ON")


def connect_to_read(path: Path) -> Database:
    """A connection that cannot write, whatever SQL it is given."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    conn = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    return _prepared(conn, "query_only = ON")


def _prepared(conn: sqlite3.Connection, *pragmas: str) -> Database:
    try:
        for pragma in pragmas:
            conn.execute(f"PRAGMA {pragma}")
        return Database(conn, execute_plugins=False)
    except BaseException:
        conn.close()
        raise


def check_place(path: Path) -> None:
    """Raises DatabaseError unless a database is or could be there."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise DatabaseError(f"this Python comes with SQLite {sqlite3.sqlite_version}; {needed} or newer is needed")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise DatabaseError(f"the folder {folder} of the database does not exist; create it or name another database")
    check_no_folder(path)
    check_rights(path)


def check_rights(path: Path) -> None:
    """Raises DatabaseError unless this user may write the database and all that lies beside it."""
    real = path.resolve()  # what belongs to it lies beside the file, by whatever link it is reached
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise DatabaseError(f"the folder of the database {path} cannot be written to; {rights(real.parent)}")
    for file in (path, *(real.with_name(f"{real.name}{end}") for end in ("-wal", "-shm", ".lock"))):
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            raise DatabaseError(f"the file {file} cannot be read and written; {rights(real.parent)}")


def rights(folder: Path) -> str:
    """How to mend that something of a database cannot be written."""
    return f"give the service's user the right to write to {folder} and what is in it, or change `database`"


def check_no_folder(path: Path) -> None:
    """Raises DatabaseError for a folder: SQLite would find fault with the disk."""
    if path.is_dir():
        raise DatabaseError(f"the database {path} is a folder; name a file")


def check_content(db: Database, path: Path) -> None:
    """Raises DatabaseError for a database that is damaged, or whose schema is not ours."""
    verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        fault = " ".join(verdict.removeprefix("*** in database main ***").split())
        raise DatabaseError(f"the database {path} is damaged ({fault}); restore a backup with `brand-monitor restore`")
    check_schema(db, path)


def check_schema(db: Database, path: Path) -> None:
    """Raises DatabaseError for a database of another program, or newer than this program."""
    known = [name for name, _ in scripts()]
    applied = [migration.name for migration in migrations().applied(db)]
    newer = [name for name in applied if name not in known]
    if newer:
        raise DatabaseError(
            f"the database {path} has the schema {newer[-1]}, newer than {known[-1]}, the newest that this program "
            "knows; update brand-monitor or name another database"
        )
    if not applied and db.table_names():
        raise DatabaseError(f"the database {path} belongs to another program; name another database")


def check_shape(db: Database, path: Path) -> None:
    """Raises DatabaseError when a table or view lacks a column that the migrations give it; more are welcome."""
    with Database(memory=True, execute_plugins=False) as expected:
        migrations().ensure_migrations_table(expected)
        for _, sql in scripts():
            expected.conn.executescript(sql)  # at once: by `migrations` statement by statement, which takes long
        wanted = {name: _columns(expected, name) for name in (*expected.table_names(), *expected.view_names())}
    for name, columns in wanted.items():
        missing = columns - _columns(db, name)
        if missing:
            what = f"{name} has no {', '.join(sorted(missing))}"
            raise DatabaseError(f"the database {path}: {MENDABLE[sqlite3.SQLITE_CORRUPT]} ({what})")


def _columns(db: Database, name: str) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", [name])}


def scripts() -> list[tuple[str, str]]:
    """The migrations that ship with the program, in order: name and SQL."""
    found = (entry for entry in shipped("db", "migrations").iterdir() if entry.name.endswith(".sql"))
    return sorted((entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")) for entry in found)


def migrations() -> Migrations:
    return _migrations_of(scripts())


def _migrations_of(named: list[tuple[str, str]]) -> Migrations:
    found = Migrations(MIGRATIONS)
    for name, sql in named:

        @found(name=name)
        def apply(db: Database, sql: str = sql) -> None:
            db.executescript(sql)  # inside a transaction, sqlite-utils runs it statement by statement and never commits

    return found


def migrate(db: Database, path: Path) -> None:
    """Applies what is pending, all or nothing. Of two processes that open a new database, one waits for the other."""
    if not migrations().pending(db):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        check_schema(db, path)  # again: another process may have been first
        migrations().apply(db)
        db.commit()
    except BaseException:
        db.rollback()
        raise
