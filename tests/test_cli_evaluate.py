"""`evaluate`: the figures, the mistakes, the gate, and gold files that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import command, mistake

TEXT = "smart is now present in 39 markets worldwide."
COUNT = {"kind": "market_count", "brand": "smart", "count": 39, "qualifier": "exact", "status": "current"}
FOUND = {"id": "found", "text": TEXT, "lang": "en", "brand_hint": "smart", "facts": [COUNT]}
MISSED = {"id": "missed", "text": "Nothing is said.", "lang": "en", "brand_hint": "smart", "facts": [COUNT]}
FALSE = {"id": "false", "text": TEXT, "lang": "en", "brand_hint": "smart", "facts": []}
QUIET = {"id": "quiet", "text": "Es wird schön.", "lang": "de", "facts": []}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return written(tmp_path / "gold.jsonl", FOUND, MISSED, FALSE, QUIET)


def written(path: Path, *documents: Any) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def test_the_figures_are_those_of_the_documents(gold: Path) -> None:
    report = json.loads(command("evaluate", gold, "--format", "json").out)
    assert report["documents"] == 4
    total = report["scores"][-1]
    assert (total["found"], total["false"], total["missed"]) == (1, 1, 1)
    assert (total["precision"], total["recall"], total["f1"]) == (0.5, 0.5, 0.5)
    assert total["macro_f1"] == 0.5  # two documents right, two wrong
    assert {"kind": "market_count", "attribute": "qualifier", "right": 1, "of": 1, "accuracy": 1.0} in report[
        "attributes"
    ]


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("kind", [("market_count", "all"), ("all", "all")]),
        ("language", [("all", "en"), ("all", "all")]),
        ("kind,language", [("market_count", "en"), ("all", "all")]),
    ],
)
def test_figures_are_grouped_as_asked(by: str, groups: list[tuple[str, str]], gold: Path) -> None:
    lines = [json.loads(line) for line in command("evaluate", gold, "--by", by, "--format", "jsonl").out.splitlines()]
    assert [(line["kind"], line["language"]) for line in lines] == groups


def test_the_table_is_for_people(gold: Path) -> None:
    told = command("evaluate", gold, "--format", "table")
    assert told.code == 0
    assert "0.500" in told.out
    assert "4 documents" in told.out
    assert "missed" not in told.out.split("4 documents")[1]


def test_errors_show_every_miss_and_every_false_fact(gold: Path) -> None:
    told = command("evaluate", gold, "--errors", "--format", "table")
    mistakes = told.out.split("4 documents")[1].splitlines()[-2:]
    assert sorted(line.split()[:2] for line in mistakes) == [["false", "false"], ["missed", "missed"]]
    assert len(json.loads(command("evaluate", gold, "--errors", "--format", "json").out)["mistakes"]) == 2
    lines = [json.loads(line) for line in command("evaluate", gold, "--errors").out.splitlines()]  # piped: jsonl
    assert [line.get("what") for line in lines] == [None, None, "missed", "false"]
    assert lines[2]["document"] == "missed"
    assert "does not go with --format csv" in mistake("evaluate", gold, "--errors", "--format", "csv")


def test_of_several_languages_each_has_its_macro_f1(gold: Path, tmp_path: Path) -> None:
    more = written(tmp_path / "more.jsonl", MISSED | {"id": "auf Deutsch", "lang": "de"})
    rows = [json.loads(line) for line in command("evaluate", gold, more).out.splitlines()]
    assert {row["language"]: row["macro_f1"] for row in rows if row["kind"] == "all"} == {
        "en": 0.3333,
        "de": 0.5,
        "all": 0.4,
    }
    assert {row["macro_f1"] for row in rows if row["kind"] != "all"} == {None}


@pytest.mark.parametrize(("floor", "code"), [("0.5", 0), ("0.51", 1)])
def test_the_floor_is_a_gate(floor: str, code: int, gold: Path) -> None:
    told = command("evaluate", gold, "--floor", floor)
    assert told.code == code
    assert ("below the floor" in told.err) == bool(code)


def test_several_files_count_together(gold: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.jsonl", FOUND | {"id": "more"})
    assert json.loads(command("evaluate", gold, other, "--format", "json").out)["documents"] == 5
    assert '"found" is there twice' in mistake("evaluate", gold, gold)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"id": 1, "text": "x"}, '"facts" is missing'),
        ({"id": 1, "text": "x", "facts": {}}, '"facts" is missing'),
        ({"id": 1, "facts": []}, '"text" is missing'),
        ({"id": 1, "text": "x", "facts": [{"kind": "count"}]}, "must be one of market_count"),
        ({"id": 1, "text": "x", "facts": ["39"]}, "must be one of market_count"),
        ({"id": 1, "text": "x", "facts": [COUNT | {"kind": "market_entry"}]}, 'lacks "market"'),
        ("text", "not a JSON object"),
    ],
)
def test_a_gold_line_that_is_wrong_is_told_with_file_and_number(document: Any, reason: str, tmp_path: Path) -> None:
    told = mistake("evaluate", written(tmp_path / "gold.jsonl", FOUND, document))
    assert f"{tmp_path / 'gold.jsonl'}: line 2: " in told
    assert reason in told


def test_mistyped_arguments_are_mistakes(gold: Path, tmp_path: Path) -> None:
    assert "cannot be read" in mistake("evaluate", tmp_path / "none.jsonl")
    assert "no document" in mistake("evaluate", written(tmp_path / "empty.jsonl"))
    assert 'did you mean "language"?' in mistake("evaluate", gold, "--by", "languages")
    assert "0<=x<=1" in mistake("evaluate", gold, "--floor", "85")
