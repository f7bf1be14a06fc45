"""Adding and reading rows. Names of tables and columns are the program's own; values are parameters, always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database


def insert(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Adds a row. Returns its row id."""
    columns = ", ".join(f'"{name}"' for name in row)
    holes = ", ".join(f":{name}" for name in row)
    added = db.execute(f"INSERT INTO {table} ({columns}) VALUES ({holes})", dict(row)).lastrowid  # noqa: S608
    assert added is not None
    return added


def select(db: Database, sql: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows of a query, by the names of its columns."""
    cursor = db.execute(sql, dict(values or {}))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
