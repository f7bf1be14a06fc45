"""`extract`: pages and texts in, facts out; what cannot be read is told in a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from commandline import command, mistake

TEXT = "smart is now present in 39 markets worldwide."
PAGE = (
    "<!doctype html><html lang=en><head><title>smart grows</title></head>"
    f"<body><article><p>{TEXT}</p></article></body></html>"
)
FACT_KEYS = ["kind", "brand", "count", "qualifier", "status", "scope", "when", "hedged", "evidence", "start", "end"]


def facts(*arguments: object, stdin: bytes = b"") -> list[dict[str, Any]]:
    told = command("extract", "--brand", "smart", *arguments, stdin=stdin)
    assert told.code == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()]


@pytest.fixture
def address() -> Iterator[str]:
    class Newsroom(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/news/39"
            self.send_response(200 if found else 404)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.encode() if found else b"gone")

        def log_message(self, *arguments: Any) -> None:
            """Nothing: the tests' output is not its log."""

    with HTTPServer(("127.0.0.1", 0), Newsroom) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.toml"
    path.write_text('[http]\nallow_private_networks = ["127.0.0.0/8"]\nper_host_delay = "0s"\n')
    return path


# --- one input ---


def test_a_text_file_gives_facts_with_offsets_into_the_file(tmp_path: Path) -> None:
    text = f"A headline\n\n  Some words  first.\n{TEXT}\n"
    (tmp_path / "a.txt").write_text(text)
    (fact,) = facts("--text", tmp_path / "a.txt")
    assert list(fact) == FACT_KEYS
    assert (fact["count"], fact["qualifier"]) == (39, "exact")
    assert text[fact["start"] : fact["end"]] == fact["evidence"] == TEXT


@pytest.mark.parametrize("arguments", [[], ["-"], ["--text"]])
def test_without_a_file_standard_input_is_read(arguments: list[str]) -> None:
    assert [fact["count"] for fact in facts(*arguments, stdin=TEXT.encode())] == [39]


@pytest.mark.parametrize("arguments", [[], ["--html"]])
def test_a_page_is_read_as_one(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    assert [fact["evidence"] for fact in facts(*arguments, tmp_path / "a.html")] == [TEXT]


def test_what_it_is_can_be_said(tmp_path: Path) -> None:
    markup = "<p>smart is now present in <b>39</b> markets worldwide.</p>"
    (tmp_path / "a").write_text(markup)
    assert json.loads(command("extract", "--html", "--explain", tmp_path / "a").out)["text"] == TEXT
    assert json.loads(command("extract", "--text", "--explain", tmp_path / "a").out)["text"] == markup


def test_relative_dates_count_from_the_day_of_publication() -> None:
    text = b"smart will enter Norway next year."
    (fact,) = facts("--published", "2025-06-01", stdin=text)
    assert (fact["market"], fact["when"]) == ("NO", "2026")


def test_an_address_is_fetched_politely(address: str, config: Path) -> None:
    told = command("extract", "--config", config, "--brand", "smart", f"{address}/news/39")
    assert told.code == 0, told.err
    assert json.loads(told.out)["evidence"] == TEXT


def test_an_address_that_cannot_be_had_is_a_failure_with_the_reason(address: str, config: Path) -> None:
    told = command("extract", "--config", config, f"{address}/news/38", f"{address}/news/39", "--brand", "smart")
    assert told.code == 1
    assert [json.loads(line)["evidence"] for line in told.out.splitlines()] == [TEXT]
    assert told.err.startswith(f"{address}/news/38: ")
    assert "404" in told.err


def test_a_private_address_is_not_fetched_unless_the_config_lists_it(address: str, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text("")
    told = command("extract", "--config", tmp_path / "monitor.toml", f"{address}/news/39")
    assert (told.code, told.out) == (1, "")
    assert "not a public address" in told.err


# --- several ---


def test_facts_of_several_inputs_say_where_they_are_from(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(TEXT)
    found = facts(tmp_path / "a", tmp_path / "b")
    assert [fact["document"] for fact in found] == [str(tmp_path / "a"), str(tmp_path / "b")]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_other_formats_hold_the_same_fact(form: str) -> None:
    out = command("extract", "--brand", "smart", "--format", form, stdin=TEXT.encode()).out
    assert "39" in out
    assert TEXT in " ".join(out.split())


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no text"),
        (b" \n\t ", "no text"),
        (bytes(range(256)) * 20, "no text"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "no text"),
        (b"%PDF-1.7 ...", "no text"),
        (b'{"id": 1, "text": "x"}\n', "--jsonl"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "not a page"),
        (b"<html><body></body></html>", "no text"),
    ],
)
def test_junk_is_one_line(content: bytes, reason: str) -> None:
    told = command("extract", stdin=content)
    assert (told.code, told.out) == (1, "")
    assert told.err.count("\n") == 1
    assert reason in told.err


def test_files_that_are_not_there_are_mistakes(tmp_path: Path) -> None:
    assert "no such file" in mistake("extract", tmp_path / "none.txt").lower()
    assert "directory" in mistake("extract", tmp_path).lower()
    assert "https://" in mistake("extract", "media.smart.com/news")
    assert "an input has an empty name" in mistake("extract", "")
    assert "none.jsonl" in mistake("extract", "--jsonl", tmp_path / "none.jsonl")


def test_mistyped_options_are_mistakes() -> None:
    assert "2026-01-31" in mistake("extract", "--published", "yesterday")
    assert "de, en" in mistake("extract", "--lang", "klingon")
    for option in (["--html"], ["--explain"], ["--format", "csv"]):
        assert "does not go with --jsonl" in mistake("extract", "--jsonl", *option)


def test_a_brand_that_nobody_lists_is_looked_for_all_the_same() -> None:
    told = command("extract", "--brand", "smrat", stdin=b"smrat is now present in 39 markets worldwide.")
    assert json.loads(told.out)["brand"] == "smrat"
    assert "did you mean smart" in told.err


def test_no_facts_are_no_failure() -> None:
    told = command("extract", stdin=b"The weather will be fine.")
    assert (told.code, told.out) == (0, "")
    assert "--explain" in told.err


# --- how it was read ---


def test_explain_tells_what_was_seen_and_what_became_of_it() -> None:
    told = command("extract", "--explain", "--brand", "smart", "--format", "table", stdin=TEXT.encode())
    assert f"0-{len(TEXT)}  {TEXT}" in told.out
    assert "number 39 exact" in told.out
    assert "market_count: 39 markets: " in told.out


def test_explain_is_data_too() -> None:
    told = command("extract", "--explain", "--brand", "smart", stdin=TEXT.encode())
    account = json.loads(told.out)
    assert account["text"] == TEXT
    assert [one["fact"]["count"] for one in account["findings"] if one["fact"]] == [39]


# --- lines of JSON ---


def line(**document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def test_lines_give_a_line_each_in_their_order() -> None:
    stdin = (
        line(id="a", title="T", text=TEXT, published="2026-01-05", brand_hint="smart") + b"\n" + line(id=2, text="x")
    )
    told = command("extract", "--jsonl", stdin=stdin)
    first, second = map(json.loads, told.out.splitlines())
    assert (first["id"], second) == ("a", {"id": 2, "facts": []})
    (fact,) = first["facts"]
    assert list(fact) == FACT_KEYS
    assert TEXT[fact["start"] : fact["end"]] == fact["evidence"]


def test_the_text_of_a_line_is_taken_as_it_is() -> None:
    text = f"\u200b A  title \r\n\r\n{TEXT} \t"
    told = command("extract", "--jsonl", stdin=line(id=1, text=text, brand_hint="smart", lang="en-GB"))
    (fact,) = json.loads(told.out)["facts"]
    assert text[fact["start"] : fact["end"]] == fact["evidence"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{bad\n", "not JSON"),
        (b"[]\n", "not a JSON object"),
        (b'"text"\n', "not a JSON object"),
        (b"\xff\xfe{}\n", "not UTF-8"),
        (line(id=1), '"text" is missing'),
        (line(text="x"), '"id" is missing'),
        (line(id=1, text=None), '"text" must be a text'),
        (line(id=[1], text="x"), '"id" must be'),
        (line(id=1, text="x", published=2026), '"published" must be'),
        (b'{"id": 1, "text": "\\ud800"}\n', "half a character"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b'{"id": ' + b"9" * 10_000 + b', "text": "x"}\n', "not JSON"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_others_go_on(bad: bytes, reason: str) -> None:
    told = command("extract", "--jsonl", stdin=line(id=1, text="x") + bad + line(id=3, text="x"))
    assert told.code == 1
    assert [json.loads(one)["id"] for one in told.out.splitlines()] == [1, 3]
    assert told.err.startswith("line 2: ")
    assert reason in told.err
    assert told.err.count("\n") == 1


def test_no_lines_are_no_failure() -> None:
    assert command("extract", "--jsonl") == command("extract", "--jsonl", stdin=b"\n\n")
    assert command("extract", "--jsonl").code == 0


def test_the_account_in_the_readme_is_what_it_prints(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    told = re.search(
        r'^\$ echo "(.*)" > story\.txt\n\$ brand-monitor (extract .*) story\.txt\n((?:.+\n)+?)```', readme, re.M
    )
    assert told
    story = tmp_path / "story.txt"
    story.write_text(told[1] + "\n")
    shares = re.compile(r", \d+% \(.*\)")  # they move with each training
    assert shares.sub("", command(*told[2].split(), story).out) == shares.sub("", told[3])
