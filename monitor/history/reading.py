"""Questions of somebody who waits: each over a connection of its own that cannot write, stopped when it takes too long.

Any thread may ask. SQL that a person wrote may read and nothing else, and its answer is bounded.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from monitor.errors import TooSlow, UsageError
from monitor.history.queries import Queries
from monitor.history.store import connect_to_read, told

STEPS = 5_000
"""Instructions of SQLite's machine between two looks at the clock: well under a millisecond."""

MOST_ROWS = 1_000
LARGEST_VALUE = 2_000_000
LARGEST_ANSWER = 8_000_000
LONGEST_SQL = 20_000
"""Of SQL that a person wrote: rows and bytes (of one value, of all) in its answer, characters of itself."""

_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to SQL: the names of its columns, its rows, and whether there were more."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class Reader:
    """The history to read. Opening brings an older schema up to date; raises DatabaseError when there is none."""

    def __init__(
        self, path: Path, *, limit: timedelta = timedelta(seconds=10), sql_limit: timedelta = timedelta(seconds=2)
    ) -> None:
        """`limit`: how long the program's own questions may take, `sql_limit`: SQL that a person wrote."""
        self.path = path
        self.limit = limit
        self.sql_limit = sql_limit
        Queries.open(path).close()

    @contextmanager
    def queries(self) -> Generator[Queries, None, None]:
        """The questions, for as long as the block lasts. Raises TooSlow when they take longer than the limit."""
        with self._connection(self.limit) as db:
            yield Queries(db, self.path)

    def sql(self, text: str) -> Table:
        """The answer to SQL that a person wrote. Raises UsageError for what is wrong or does more than read."""
        with self._connection(self.sql_limit) as db:
            _restrict(db.conn)
            try:
                cursor = db.conn.execute(text)
                return _table(cursor)
            except (sqlite3.Error, sqlite3.Warning) as error:
                if _interrupted(error):
                    raise
                raise UsageError(str(error)) from error

    @contextmanager
    def _connection(self, limit: timedelta) -> Generator[Database, None, None]:
        with told(self.path), closing(connect_to_read(self.path)) as db:
            db.conn.set_progress_handler(_over(time.monotonic() + limit.total_seconds()), STEPS)
            try:
                yield db
            except sqlite3.OperationalError as error:
                if not _interrupted(error):
                    raise
                seconds = f"{limit.total_seconds():g}"
                raise TooSlow(f"the answer took longer than {seconds} s and was stopped") from error


def _over(end: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > end


def _interrupted(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def _restrict(conn: sqlite3.Connection) -> None:
    """Reading only, also of no other file, and nothing that takes memory without end between two looks at the clock."""
    for name in ("document_search", "fact_search"):  # SQLite declares them at their first use, and may not later
        conn.execute(f"SELECT rowid FROM {name} LIMIT 0")  # noqa: S608 - constants
    conn.set_authorizer(_allowed)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200)


def _allowed(action: int, argument: str | None, *_: str | None) -> int:
    if action in _READING or (action, argument) == (sqlite3.SQLITE_PRAGMA, "data_version"):  # FTS5 asks for that
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _table(cursor: sqlite3.Cursor) -> Table:
    columns = _apart(column[0] for column in cursor.description or ())
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in cursor:
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if len(rows) == MOST_ROWS or size > LARGEST_ANSWER:
            return Table(columns, tuple(rows), more=True)
        rows.append(tuple(_plain(value) for value in row))
    return Table(columns, tuple(rows), more=False)


def _apart(names: Iterable[str]) -> tuple[str, ...]:
    """The names of columns, each once: of those that share one, the second is `a_2`."""
    taken: dict[str, int] = {}
    for name in names:
        free = name
        while free in taken:
            taken[name] += 1
            free = f"{name}_{taken[name]}"
        taken[free] = 1
    return tuple(taken)


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: bytes by their number, and a number without end as none."""
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return None if isinstance(value, float) and not math.isfinite(value) else value
