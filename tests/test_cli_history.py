"""The commands that ask the history: what they show, in each format, and what they do when there is nothing."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from commandline import command, mistake

from monitor.history import History, ServiceLock
from monitor.parser.facts import revive

LISTS = ("facts", "changes", "conflicts", "documents", "checks", "alerts", "sources")
CHANGE_KEYS = ["id", "detected_at", "brand", "kind", "change", "subject", "before", "after", "text", "sources"]
FACT_KEYS = ["kind", "brand", "count", "qualifier", "status", "scope", "when", "hedged", "evidence", "start", "end"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "news.db"
    newsdesk.tell(path)
    return path


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history that has something for every list."""
    path = tmp_path_factory.mktemp("full") / "news.db"
    newsdesk.tell(path)
    with History(path, revive=revive) as history:
        newsdesk.tell_more(history, path, "https://trade-site.example/p", "Plans", "smart will enter Ecuador in 2030.")
    assert command("--db", path, "review", "accept", "1", "--by", "Ann").code == 0
    assert command("--db", path, "silence", "add", "--brand", "smart", "--until", "7d").code == 0
    return path


def rows(database: Path, *arguments: object) -> list[dict[str, Any]]:
    told = command("--db", database, *arguments, "--format", "json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert isinstance(found, list)
    return found


def table(database: Path, *arguments: object) -> str:
    told = command("--db", database, *arguments, "--format", "table")
    assert told.code == 0, told.err
    return " ".join(told.out.split())


# --- what stands in the lists ---


def test_changes_have_the_public_form_newest_first(database: Path) -> None:
    found = rows(database, "changes")
    assert [change["text"] for change in found][1:] == ["smart: 38 → 39 markets", "smart: 38 markets"]
    assert all(list(change)[:6] == CHANGE_KEYS[:6] and set(CHANGE_KEYS) <= set(change) for change in found)
    disputed = found[0]
    assert (disputed["change"], disputed["before"]["count"], disputed["after"]["count"]) == ("disputed", 39, 40)
    assert {source["outlet"] for source in disputed["sources"]} == {"smart", "trade"}
    assert all(source["evidence"] and source["url"] for source in disputed["sources"])
    baseline = found[-1]
    assert (baseline["alerts"], bool(baseline["silence"])) == (0, True)


def test_facts_have_the_public_form_of_their_kind_and_their_document(database: Path) -> None:
    newest = rows(database, "facts")[0]
    assert list(newest)[: len(FACT_KEYS)] == FACT_KEYS
    assert (newest["count"], newest["qualifier"], newest["hedged"]) == (40, "ordinal", False)
    assert newest["url"] == "https://trade-site.example/news/40"
    assert "market" not in newest


def test_conflicts_show_both_values_and_both_sentences(database: Path) -> None:
    (conflict,) = rows(database, "conflicts")
    assert (conflict["believed"], conflict["rival"]) == ("39", "40")
    assert "39 markets" in conflict["evidence"]
    assert "40th" in conflict["rival_evidence"]


def test_documents_checks_and_alerts_are_there(database: Path) -> None:
    assert [one["source"] for one in rows(database, "documents")] == ["trade-site", "smart-newsroom", "smart-newsroom"]
    assert [one["outcome"] for one in rows(database, "checks", "--source", "silent-site")] == ["dns", "dns"]
    assert [one["channel"] for one in rows(database, "alerts")] == ["screen", "screen"]


def test_sources_tell_their_health_in_words(database: Path) -> None:
    words = {source["name"]: source["health_in_words"] for source in rows(database, "sources")}
    assert words["smart-newsroom"] == "ok"
    assert words["silent-site"] == "failed 2 times in a row: the name silent-site.example was not found"


def test_unhealthy_sources_are_a_failure(database: Path) -> None:
    told = command("--db", database, "sources", "--unhealthy")
    assert told.code == 1
    assert [json.loads(line)["name"] for line in told.out.splitlines()] == ["silent-site"]


def test_no_unhealthy_source_is_none(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    with sqlite3.connect(tmp_path / "news.db") as db:
        db.execute("UPDATE source SET failures = 0, last_outcome = 'ok'")
    told = command("--db", tmp_path / "news.db", "sources", "--unhealthy")
    assert (told.code, told.out, told.err) == (0, "", "no source is in trouble\n")


# --- filters ---


@pytest.mark.parametrize(
    "arguments",
    [
        ("timeline", "smart", "--as-of", "999999d"),
        ("timeline", "smart", "--known-at", "999999d"),
        ("silence", "add", "--brand", "smart", "--until", "9999999d"),
        ("changes", "--since", "0001-01-01T00:00+05:00"),
    ],
)
def test_a_moment_beyond_all_time_is_a_mistake(arguments: tuple[str, ...], database: Path) -> None:
    assert "is no date" in mistake("--db", database, *arguments)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "36500d"])
def test_the_first_and_the_last_moment_are_moments(day: str, database: Path) -> None:
    for option in ("--as-of", "--known-at"):
        assert command("--db", database, "timeline", "smart", option, day).code == 0


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["changes", "--since", "2026-01-03"], 2),
        (["changes", "--until", "2026-01-03"], 2),
        (["changes", "--since", "2026-01-03", "--until", "2026-01-03"], 1),
        (["changes", "--limit", "1"], 1),
        (["changes", "--brand", "SMART"], 3),
        (["changes", "--brand", "BYD"], 0),
        (["changes", "--kind", "market_count"], 3),
        (["changes", "--kind", "market-entry"], 0),
        (["facts", "--source", "trade-site"], 1),
        (["facts", "--since", "36500d"], 3),
        (["documents", "--brand", "smart", "--source", "smart-newsroom"], 2),
        (["checks", "--until", "2026-01-02"], 3),
        (["checks", "--brand", "smart"], 2),
        (["alerts", "--kind", "model_announcement"], 0),
        (["sources", "--brand", "smart"], 1),
        (["conflicts", "--kind", "market_entry"], 0),
    ],
)
def test_filters_leave_what_fits(arguments: list[str], left: int, database: Path) -> None:
    assert len(rows(database, *arguments)) == left


def test_mistyped_names_are_told_with_the_closest(database: Path) -> None:
    assert 'did you mean "smart"?' in mistake("--db", database, "changes", "--brand", "smrt")
    assert 'did you mean "trade-site"?' in mistake("--db", database, "checks", "--source", "trade-sites")
    assert 'did you mean "smart"?' in mistake("--db", database, "timeline", "smartt")


def test_a_span_that_ends_before_it_begins_is_a_mistake(database: Path) -> None:
    assert "--since is later" in mistake("--db", database, "facts", "--since", "2026-02-01", "--until", "2026-01-01")


# --- formats ---


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_the_same_in_every_format(name: str, database: Path) -> None:
    listed = rows(database, name)
    assert listed
    lines = command("--db", database, name).out.splitlines()  # piped: jsonl
    assert [json.loads(line) for line in lines] == listed
    cells = list(csv.DictReader(io.StringIO(command("--db", database, name, "--format", "csv").out)))
    assert len(cells) == len(listed)
    assert command("--db", database, name, "--format", "table").out.count("\n") >= len(listed) + 2


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize("name", ["documents", "changes", "timeline"])
def test_what_the_web_wrote_does_nothing_to_a_terminal(name: str, form: str, database: Path) -> None:
    subject = ["smart"] if name == "timeline" else []
    out = command("--db", database, name, *subject, "--format", form).out
    assert out
    assert not set(out) & set("\x1b\x9b\u202e\x07")


def test_cells_that_begin_like_a_formula_are_text_in_csv(database: Path) -> None:
    cells = list(csv.DictReader(io.StringIO(command("--db", database, "documents", "--format", "csv").out)))
    assert cells[0]["title"].startswith("'=cmd|")


def test_json_keeps_the_text_as_it_was(database: Path) -> None:
    assert rows(database, "documents")[0]["title"] == "=cmd|' /C calc'!A0 \x1b[31m smart\u202e"


def test_a_table_shows_so_many_rows_and_says_that_there_are_more(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    with sqlite3.connect(tmp_path / "news.db") as db:
        db.executemany(
            "INSERT INTO visit SELECT :id, source, started_at, finished_at, recorded_at, outcome, reason, requests,"
            " baseline, body_hash, links, documents, facts, listed, times FROM visit WHERE id = 1",
            [{"id": number} for number in range(100, 200)],
        )
    told = command("--db", tmp_path / "news.db", "checks", "--format", "table")
    assert told.out.count("smart-newsroom") == 50
    assert "--limit" in told.err
    assert len(rows(tmp_path / "news.db", "checks")) == 106


# --- timeline and why ---


def test_the_timeline_tells_each_step_with_its_sources(database: Path) -> None:
    told = table(database, "timeline", "Smart")
    first, second, third = (told.index(text) for text in ("smart: 38 markets", "38 → 39 markets", "40th market"))
    assert first < second < third
    assert "https://smart-newsroom.example/news/39" in told


def test_as_of_is_about_the_world_and_known_at_about_the_monitor(database: Path) -> None:
    values = [step["after_value"] for step in rows(database, "timeline", "smart", "--known-at", "2026-01-03")]
    assert values == ["38", "39"]  # the 40th market was published that day and found the day after
    assert [one["believed"] for one in rows(database, "timeline", "smart", "--as-of", "2026-01-02")] == ["38"]
    assert rows(database, "timeline", "smart", "--as-of", "2026-01-01") == []


def test_why_tells_sentences_sources_rule_and_messages(database: Path) -> None:
    changed = rows(database, "changes")[1]
    told = table(database, "why", changed["id"][:10])
    for text in ("38 → 39", changed["rule"], "“smart is now present in 39 markets worldwide.”", "screen", "pending"):
        assert text in told


def test_why_tells_the_reason_for_silence(database: Path) -> None:
    baseline = rows(database, "changes")[-1]
    assert f"Nobody was told: {baseline['silence']}" in table(database, "why", baseline["id"])
    told = command("--db", database, "why", baseline["id"], "--format", "json")
    assert json.loads(told.out)["alerts"] == []


def test_why_needs_an_id_that_means_one_change(database: Path) -> None:
    assert "brand-monitor changes" in mistake("--db", database, "why", "nosuchid")
    assert "brand-monitor changes" in mistake("--db", database, "why", "")


# --- nothing there, and not alone ---


@pytest.mark.parametrize("name", [*LISTS, "timeline smart", "why abc"])
def test_a_missing_database_is_one_line_that_says_how_to_get_one(name: str, tmp_path: Path) -> None:
    line = mistake("--db", tmp_path / "none.db", *name.split())
    assert str(tmp_path / "none.db") in line
    assert "check" in line
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('database = ""\n')
    expected = f"brand-monitor: the database {tmp_path} is a folder; name a file\n"
    assert mistake("--db", tmp_path, "facts") == expected
    assert mistake("--config", tmp_path / "monitor.toml", "facts") == expected
    assert mistake("--db", tmp_path, "backup", tmp_path / "copy.db") == expected


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("dear diary " * 100)
    assert "notes.db" in mistake("--db", tmp_path / "notes.db", "changes")


@pytest.mark.parametrize(
    "words",
    [
        *([name] for name in (*LISTS, "plans")),
        ["review", "list"],
        ["silence", "list"],
        ["timeline", "smart"],
    ],
    ids=" ".join,
)
def test_an_empty_table_has_the_head_of_a_full_one(words: list[str], full: Path, tmp_path: Path) -> None:
    head, *found = csv.reader(io.StringIO(command("--db", full, *words, "--format", "csv").out))
    assert found
    assert {key for row in rows(full, *words) for key in row} <= {*head}
    (tmp_path / "empty.db").touch()
    assert command("--db", tmp_path / "empty.db", *words, "--format", "csv").out == f"{','.join(head)}\n"


@pytest.mark.parametrize("name", [name for name in LISTS if name != "conflicts"])
def test_an_empty_list_says_what_to_do_next(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    told = command("--db", tmp_path / "empty.db", name, "--format", "json")
    assert (told.code, json.loads(told.out)) == (0, [])
    assert "brand-monitor" in told.err or "[[alerts]]" in told.err


def test_lists_work_while_the_service_holds_the_database(database: Path) -> None:
    with ServiceLock(database), sqlite3.connect(database, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert len(rows(database, "changes")) == 3
        writer.execute("ROLLBACK")


# --- the catalogue ---


def test_the_catalogue_lists_brands_and_outlets_with_their_trust() -> None:
    lines = [json.loads(line) for line in command("sources", "--catalogue").out.splitlines()]
    assert len({line["name"] for line in lines if line["what"] == "brand"}) >= 90
    assert any(line["what"] != "brand" for line in lines)
    assert all(line["trust"] for line in lines if line["url"])


def test_the_catalogue_of_one_brand_is_its_own() -> None:
    lines = [json.loads(line) for line in command("sources", "--catalogue", "--brand", "byd").out.splitlines()]
    assert {line["name"] for line in lines} == {"BYD"}
    assert "Did you mean" in mistake("sources", "--catalogue", "--brand", "BYDD").replace("did", "Did")
    assert "use one" in mistake("sources", "--catalogue", "--unhealthy")
