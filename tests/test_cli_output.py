"""Cells and formats: harmless on a terminal, harmless in a spreadsheet, the same values in all of them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.output import emit
from monitor.exports.cells import Column, inert, shortened, shown
from monitor.exports.written import inert_json

ACTIVE = "\x00\x07\x08\x1b\x7f\x85\x9b\u200b\u200f\u202e\u2066\ufeff"


def written(rows: list[dict[str, Any]], form: str, capsys: pytest.CaptureFixture[str]) -> str:
    count = emit(rows, form, (Column("title", "title", wide=True), Column("number", "number", number=True)), zone=UTC)
    assert count == len(rows)
    return capsys.readouterr().out


@given(st.text(max_size=200))
def test_json_holds_the_same_text_and_nothing_active(text: str) -> None:
    told = inert_json({"text": text})
    assert json.loads(told) == {"text": text}
    assert not set(told) & set(ACTIVE)


@given(st.text(max_size=200))
def test_inert_text_is_one_line_with_nothing_active(text: str) -> None:
    assert not set(inert(text)) & set(ACTIVE + "\n\r\t\u2028")


def test_a_table_takes_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    out = written([{"title": "[bold]#5[/bold] [link=x]y :smile:", "number": 3}], "table", capsys)
    assert "[bold]#5[/bold] [link=x]y :smile:" in out


def test_a_table_fits_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = written([{"title": "word " * 500, "number": 3}], "table", capsys)
    assert max(map(len, out.splitlines())) <= 60
    assert "…" in out


def test_a_terminal_too_narrow_for_columns_gets_paragraphs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = written([{"title": "several words that do not fit", "number": 3}], "table", capsys)
    assert max(map(len, out.splitlines())) <= 20
    assert out.startswith("number 3")
    assert " ".join(out.split()).endswith("several words that do not fit")


def test_a_table_leaves_empty_columns_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert "number" not in written([{"title": "a", "number": None}], "table", capsys)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_csv_never_begins_a_cell_like_a_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = written([{"title": text, "number": -3}], "csv", capsys)
    assert list(csv.reader(io.StringIO(out, newline="")))[1] == ["'" + text.replace("\r", "\n"), "-3"]


def test_csv_keeps_lists_and_objects_readable(capsys: pytest.CaptureFixture[str]) -> None:
    out = written([{"title": ["=a", "b"], "number": {"a": None}}, {"title": [], "number": True}], "csv", capsys)
    assert list(csv.reader(io.StringIO(out)))[1:] == [["'=a, b", '{"a": null}'], ["", "True"]]


@pytest.mark.parametrize(("form", "out"), [("json", "[]\n"), ("jsonl", ""), ("csv", "\n"), ("table", "")])
def test_no_rows_are_still_the_format(form: str, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert written([], form, capsys) == out


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (0, "0"),
        (["region:Europe", "CN"], "region:Europe, CN"),
        ("2026-01-05T23:30:00Z", "2026-01-06 00:30"),
        ("2026-01-05", "2026-01-05"),
        ("2026-99-05T23:30:00Z", "2026-99-05T23:30:00Z"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, text: str) -> None:
    assert shown(value, ZoneInfo("Europe/Berlin")) == text


@given(st.text(max_size=100), st.integers(2, 50))
def test_shortened_text_fits(text: str, width: int) -> None:
    cut = shortened(text, width)
    assert len(cut) <= width
    assert cut == text or cut.endswith("…")
