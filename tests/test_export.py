"""The history for other programs: CSV that no spreadsheet computes, lines of JSON, a feed that readers take."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import newsdesk
import pytest
from commandline import command, mistake
from lxml import etree

from monitor.exports.atom import feed, of_change

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
CITATION = {"url", "title", "published", "outlet", "authority", "evidence"}
TRADE = "https://trade-site.example/news/40"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "news.db"
    newsdesk.tell(path)
    return path


def exported(database: Path, *arguments: object) -> str:
    told = command("--db", database, "export", *arguments)
    assert told.code == 0, told.err
    return told.out


def table(database: Path, *arguments: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(database, *arguments, "--format", "csv"))))


def lines(database: Path, *arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exported(database, *arguments, "--format", "jsonl").splitlines()]


# --- CSV and JSON Lines ---


@pytest.mark.parametrize(("what", "count"), [("changes", 3), ("facts", 3), ("documents", 3)])
def test_every_row_cites(database: Path, what: str, count: int) -> None:
    for rows in (table(database, what), lines(database, what)):
        assert len(rows) == count
        assert all(set(row) >= CITATION for row in rows)
        assert {row["url"] for row in rows} >= {TRADE}
        assert all("markets" in str(row["evidence"]) or "40th" in str(row["evidence"]) for row in rows)


def test_changes_name_all_their_sources(database: Path) -> None:
    newest = table(database, "changes")[0]
    assert (newest["change"], newest["before_value"], newest["after_value"]) == ("disputed", "39", "40")
    assert (newest["source_count"], newest["other_urls"]) == ("2", "https://smart-newsroom.example/news/39")
    whole = lines(database, "changes")[0]
    assert [source["outlet"] for source in whole["sources"]] == ["trade", "smart"]
    assert (whole["before"]["count"], whole["after"]["count"]) == (39, 40)


def test_no_cell_is_a_formula_or_obeyed_by_a_terminal(database: Path) -> None:
    for what in ("changes", "facts", "documents"):
        for row in table(database, what):
            assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())
            assert not any(re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", value) for value in row.values())
    titles = [row["title"] for row in table(database, "documents")]
    assert any(title.startswith("'=cmd|") for title in titles)


def test_filters(database: Path) -> None:
    assert len(table(database, "facts", "--source", "trade-site")) == 1
    assert table(database, "changes", "--kind", "market_entry") == []
    assert len(table(database, "documents", "--limit", 2)) == 2
    assert len(table(database, "changes", "--since", "2026-01-04")) == 1


def test_a_head_stands_also_over_nothing(database: Path) -> None:
    assert exported(database, "changes", "--kind", "market_entry").startswith("id,detected_at,")


def test_a_file_is_written_whole_and_by_its_name(database: Path, tmp_path: Path) -> None:
    for name, begins in (("a.csv", "id,"), ("a.json", "["), ("a.jsonl", "{"), ("a.atom", "<?xml"), ("a.txt", "id,")):
        path = tmp_path / name
        path.write_text("old")
        assert exported(database, "changes", "--output", path) == ""
        assert path.read_text(encoding="utf-8").startswith(begins)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.atom", "a.csv", "a.json", "a.jsonl", "a.txt"]
    assert json.loads((tmp_path / "a.json").read_text()) == lines(database, "changes")
    exported(database, "changes", "--format", "csv", "--output", tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text().startswith("id,")


def test_wrong_use_is_told(database: Path, tmp_path: Path) -> None:
    base = ("--db", database, "export")
    assert "say what to export" in mistake(*base)
    assert "did you mean" in mistake(*base, "change")
    assert "Atom feed is of changes" in mistake(*base, "facts", "--format", "atom")
    assert "--source does not go with changes" in mistake(*base, "changes", "--source", "trade-site")
    assert "cannot be written" in mistake(*base, "changes", "--output", tmp_path / "none" / "a.csv")
    assert "takes --output and nothing else" in mistake(*base, "facts", "--gold")
    assert "takes --output and nothing else" in mistake(*base, "--gold", "--brand", "smart")


# --- Atom ---


def read(text: str) -> Any:
    """The feed as readers see it. It must be well-formed, and have what the standard asks for."""
    root = etree.fromstring(text.encode())
    names = {"a": "http://www.w3.org/2005/Atom"}
    for path in (".", "a:entry"):
        for element in root.xpath(path, namespaces=names):
            for needed in ("id", "title", "updated"):
                assert len(element.findall(f"a:{needed}", names)) == 1
    assert root.findall("a:author/a:name", names)
    for moment in root.xpath("//a:updated | //a:published", namespaces=names):
        assert datetime.fromisoformat(moment.text).tzinfo
    parsed = feedparser.parse(io.BytesIO(text.encode()))
    assert (parsed.bozo, parsed.version) == (False, "atom10")
    return parsed


def test_the_feed_is_valid_and_its_ids_stay(database: Path) -> None:
    text = exported(database, "changes", "--format", "atom")
    parsed = read(text)
    assert text == exported(database, "changes", "--format", "atom")
    assert [entry.title for entry in parsed.entries][1:] == ["smart: 38 → 39 markets", "smart: 38 markets"]
    ids = [parsed.feed.id, *(entry.id for entry in parsed.entries)]
    assert len(set(ids)) == 4
    assert all(name.startswith("urn:uuid:") for name in ids)
    newest = read(exported(database, "changes", "--format", "atom", "--limit", 1)).entries
    assert [entry.id for entry in newest] == ids[1:2]
    assert newest[0].link == TRADE
    assert "smart has entered its 40th market worldwide." in newest[0].content[0].value
    assert {tag.term for tag in newest[0].tags} == {"smart", "market_count", "disputed"}


def test_an_empty_feed_is_valid(database: Path) -> None:
    text = exported(database, "changes", "--format", "atom", "--kind", "market_entry")
    parsed = read(text)
    assert parsed.entries == []
    assert parsed.feed.title == "brand-monitor: changes of market_entry"


def test_what_the_web_wrote_is_text_in_the_feed() -> None:
    hostile = "<script>alert(1)</script> &amp; ]]> \x00\x1b[31m\u202e\ufffe\ud800 <b>smart</b>"
    source = {"url": "javascript:alert(1)", "title": hostile, "published": None, "authority": "media"}
    source |= {"outlet": "t", "evidence": hostile}
    change = {"id": "c1", "detected_at": "2026-01-05T09:00:12Z", "brand": hostile, "kind": "k", "change": "new"}
    change |= {"subject": hostile, "text": hostile, "rule": hostile, "sources": [source]}
    text = feed([of_change(change)], "changes", NOW)
    (entry,) = read(text).entries
    assert "<script" not in text
    assert not entry.get("links")
    root = etree.fromstring(text.encode())
    assert "<script>alert(1)</script> &amp; ]]>" in root.findtext(".//{*}entry/{*}title")
    assert [element.get("type") for element in root.iterfind(".//{*}content")] == ["text"]
