"""db/schema.sql says what the migrations add up to; the documented views keep their columns."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from history_samples import revive

from monitor.history import History
from monitor.history.store import scripts
from monitor.resources import shipped

# The columns that other programs may rely on: add to the end, never take away (contract, section 6).
VIEWS = {
    "facts": """
        id kind brand subject value count qualifier status scope market basis model stage markets segment
        platform dated hedged evidence start end url title published outlet authority source language
        document recorded_at closed_at role standing independent syndicated sponsored verdict reviewer
    """,
    "state": """
        brand kind subject value count qualifier status scope market basis model stage markets segment
        platform dated hedged evidence url title published outlet authority rule supports rivals disputed
        since updated_at fact independent syndicated sponsored due disputed_attributes
    """,
    "changes": """
        id detected_at since brand kind subject change before_value after_value text rule before after url
        title published outlet authority evidence sources alerts silence check_id aspect plan independent
        syndicated sponsored fate
    """,
    "documents": """
        id url version latest title published published_from dated language outlet authority source
        fetched_at baseline characters facts page_kept check_id
    """,
    "checks": """
        id source started_at finished_at outcome good reason requests baseline links documents facts changes
        listed times
    """,
    "alerts": """
        id queued_at channel recipient rule digest status reason changes text not_before attempts
        last_attempt_at last_answer settled_at
    """,
    "sources": """
        name brand kind url moved_url authority outlet configured enabled health failures last_outcome
        last_reason last_checked_at last_good_at next_due waiting documents
        failing_since trouble trouble_since gone_at
    """,
    "steps": """
        id brand kind subject aspect since position change before_value after_value value disputed text rule
        evidence url title published outlet authority fact known_from known_until
    """,
    "plans": """
        brand kind subject value dated due kept date_disputed told outlet authority evidence url fact
    """,
    "replays": """
        restated_at role fact kind brand subject value evidence document url source
    """,
    "reviews": """
        id reviewed_at reviewer verdict note brand kind subject value corrected_subject corrected_value correction url
        in_force fact made because
    """,
}


def written() -> str:
    return shipped("db", "schema.sql").read_text(encoding="utf-8")


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    History(tmp_path / "h.db", revive=revive).close()
    with closing(sqlite3.connect(tmp_path / "h.db")) as conn:
        yield conn


def statements(conn: sqlite3.Connection) -> dict[str, str]:
    """What the database says of itself, without comments and layout."""
    rows = conn.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> '_sqlite_migrations'"
    )
    return {name: _plain(sql) for name, sql in rows}


def _plain(sql: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql))
    return re.sub(r" ([,)])", r"\1", text).replace("( ", "(").strip()


def test_the_schema_is_what_the_migrations_add_up_to(migrated: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(written())
        assert statements(conn) == statements(migrated)


@pytest.mark.parametrize("view", VIEWS)
def test_the_documented_views_keep_their_columns(migrated: sqlite3.Connection, view: str) -> None:
    columns = [column[0] for column in migrated.execute(f"SELECT * FROM {view}").description]
    assert columns == VIEWS[view].split()


def test_every_column_that_may_be_null_says_what_null_means(migrated: sqlite3.Connection) -> None:
    text = written()
    tables = [name for name in statements(migrated) if re.search(rf"CREATE TABLE {name} ", text)]
    assert len(tables) >= 17
    for table in tables:
        (body,) = re.findall(rf"CREATE TABLE {table} \((.*?)^\)", text, re.S | re.M)
        for _, column, _, needed, default, key in migrated.execute(f"PRAGMA table_info({table})"):
            if needed or key or default is not None:
                continue
            (comment,) = re.findall(rf'^    "?{column}"? [^\n]*?--([^\n]*(?:\n +--[^\n]*)*)', body, re.M)
            assert "null" in comment, f"{table}.{column}"


def test_migrations_are_numbered_in_order_each_number_once() -> None:
    numbers = [name[:4] for name, _ in scripts()]
    assert numbers == sorted(set(numbers))
    assert all(number.isdecimal() for number in numbers)


def test_references_are_indexed(migrated: sqlite3.Connection) -> None:
    """So that removing a page or a check never reads a whole table."""
    for (table,) in migrated.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        indexed = set()
        for index in migrated.execute(f"PRAGMA index_list({table})").fetchall():
            indexed.add(migrated.execute(f"PRAGMA index_info({index[1]})").fetchone()[2])
        keys = {row[1] for row in migrated.execute(f"PRAGMA table_info({table})") if row[5] == 1}
        references = {row[3] for row in migrated.execute(f"PRAGMA foreign_key_list({table})")}
        assert references <= indexed | keys, table
