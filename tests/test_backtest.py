"""Archives run in the order of their dates: what would have been told, when; the same to the byte each time."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import itertools
import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commandline import command, everything, killed, mistake

from monitor.backtest import Archived, Ready, Skipped, read
from monitor.cli.archives import read_slice, shards
from monitor.cli.progress import Progress
from monitor.engine.cage import Cage
from monitor.history import History, Queries
from monitor.models import Authority
from monitor.spool import Spool

WORDS = "The electric car brand smart is now present in {} countries and regions worldwide, it said on Monday."


def page(number: int, published: str | None, address: str | None = None) -> str:
    head = f'<meta property="article:published_time" content="{published}">' if published else ""
    head += f'<link rel="canonical" href="{address}">' if address else ""
    return (
        f'<html lang="en"><head><title>smart grows this winter</title>{head}</head><body><article>'
        f"<h1>smart grows this winter</h1><p>{WORDS.format(number)}</p>"
        "<p>More showrooms will follow during the year, and more words about them as well.</p></article></body></html>"
    )


def archived(path: Path) -> list[Archived | Skipped]:
    [shard] = shards([str(path)])
    return list(read_slice(shard).documents)


class Here:
    """What reads the documents, in this process: a child takes seconds to start."""

    def __init__(self, processes: int = 1) -> None: ...

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def close(self) -> None: ...


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.local.Cage", Here)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four dated documents of three outlets, written in no order of time, and two that cannot be run."""
    there = tmp_path / "press"
    (there / "old").mkdir(parents=True)
    (there / "a-page.html").write_text(page(40, "2026-01-06T10:00:00Z", "https://www.electrive.com/2026/smart"))
    (there / "2026-01-05-press-release.txt").write_text("---\nbrand: smart\n---\n" + WORDS.format(39))
    (there / "old" / "release.txt").write_text(
        "---\ntitle: A good year\npublished: 2025-06-01\nurl: https://media.smart.com/news/38\n---\n" + WORDS.format(38)
    )
    (there / "old" / "2025-07-01-saved.html").write_text(page(38, None))
    (there / "undated.txt").write_text(WORDS.format(12))
    (there / "style.css").write_text("p {}")
    return there


def report(*arguments: Any, code: int = 0) -> dict[str, Any]:
    result = command("backtest", *arguments, "--format", "json")
    assert (result.code, result.err) == (code, "")
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_it_tells_what_would_have_been_told_and_when(folder: Path) -> None:
    found = report(folder, code=1)
    told = [(row["at"], row["change"], row["text"]) for row in found["changes"] if row["told"]]
    assert told[:2] == [
        ("2025-06-01T00:00:00Z", "new", "smart: 38 markets"),
        ("2026-01-05T00:00:00Z", "changed", "smart: 38 → 39 markets"),
    ]
    assert [row[0] for row in told] == sorted(row[0] for row in told)
    assert found["changes"][0]["sources"][0]["authority"] == "official"
    assert [step["text"] for step in found["timeline"]] == [row["text"] for row in found["changes"]]
    assert found["documents"] == 4
    assert {one["document"]: one["reason"] for one in found["skipped"]} == {
        "press/style.css": "neither a page, a text, JSON lines nor a web archive",
        "press/undated.txt": "it states no date",
    }


def test_files_of_other_kinds_in_a_folder_do_no_harm(folder: Path) -> None:
    (folder / "undated.txt").unlink()
    assert [one["document"] for one in report(folder)["skipped"]] == ["press/style.css"]


def test_the_same_documents_give_the_same_answer_to_the_byte(folder: Path, tmp_path: Path) -> None:
    for form in ("json", "jsonl", "csv", "table"):
        first = command("backtest", folder, "--format", form)
        again = command("backtest", folder, "--db", tmp_path / f"{form}.db", "--format", form)
        assert first == again
        assert str(tmp_path) not in first.out


def test_a_given_database_holds_the_history_and_is_new(folder: Path, tmp_path: Path) -> None:
    command("backtest", folder, "--db", tmp_path / "bt.db")
    with Queries.open(tmp_path / "bt.db") as queries:
        assert len(queries.documents()) == 4
        outlets = {row["url"]: (row["outlet"], row["authority"]) for row in queries.documents()}
        assert all(not row["baseline"] for row in queries.documents())
        assert {row["channel"] for row in queries.alerts()} == {"backtest"}  # no config has it: nothing goes out
    assert outlets["https://media.smart.com/news/38"] == ("smart", "official")
    assert outlets["archive:/press/2026-01-05-press-release.txt"] == ("press", "media")
    assert "is there already" in mistake("backtest", folder, "--db", tmp_path / "bt.db")
    assert "finds what is stored" in command("replay", "--db", tmp_path / "bt.db").err


STEPS = ((Path, "replace"), (History, "put_states"), (Spool, "remove"))
"""Calls that a kill may come before: a part of what was read is there; a transaction is half made; all is done."""


def test_killed_at_any_step_it_goes_on_and_ends_as_if_nothing_had_happened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.archives.SLICE", 2)
    monkeypatch.setattr("monitor.backtest.AT_ONCE", 2)
    lines = [{"id": n, "text": WORDS.format(40 + n), "published": f"2026-02-0{n}"} for n in (1, 2, 3)]
    (folder / "more.jsonl").write_text("\n".join(map(json.dumps, lines)))
    whole = tmp_path / "whole.db"
    wanted = command("backtest", folder, "--db", whole, "--format", "json")
    assert wanted.code == 1, "one states no date"
    for step in itertools.count(step=3):
        broken = tmp_path / f"{step}.db"
        arguments = ("backtest", folder, "--db", broken, "--format", "json")
        if not killed(step, STEPS, *arguments):
            break
        assert command(*arguments) == wanted
        assert everything(broken) == everything(whole)
        assert not broken.with_name(f"{step}.db.backtest").exists()
    assert step >= 12


def test_what_was_read_for_another_backtest_is_not_gone_on_with(folder: Path, tmp_path: Path) -> None:
    assert killed(4, STEPS, "backtest", folder, "--db", tmp_path / "bt.db")
    (folder / "2026-01-08-more.txt").write_text(WORDS.format(41))
    said = mistake("backtest", folder, "--db", tmp_path / "bt.db")
    assert "with other files was not finished" in said


def test_how_far_it_is_is_told_with_rate_and_time_left() -> None:
    class Now(list[float]):
        def __call__(self) -> float:
            return self[0]

    out, now = io.StringIO(), Now([0.0])
    with Progress("reading", 1_000, "documents", out=out, now=now) as progress:
        progress.skip(200)
        for _ in range(600):
            now[0] += 0.05
            progress.advance()
    assert out.getvalue().splitlines() == [
        "reading: 400 of 1,000 documents, 20/s, 30 s left",
        "reading: 600 of 1,000 documents, 20/s, 20 s left",
        "reading: 800 of 1,000 documents, 20/s, 10 s left",
    ]


def test_untrusted_pages_are_read_in_a_child(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.local.Cage", Cage)
    result = command("backtest", folder, "--format", "json")  # it may take long enough to say how far it is
    assert json.loads(result.out)["documents"] == 4


def test_rows_for_programs_and_words_for_people(folder: Path) -> None:
    result = command("backtest", folder, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [row["text"] for row in rows][:2] == ["smart: 38 markets", "smart: 38 → 39 markets"]
    assert "skipped: press/undated.txt: it states no date" in result.err
    table = command("backtest", folder, "--format", "table").out
    assert "Timeline of smart" in table
    assert "2026-01-05" in table


def test_one_brand_only(folder: Path) -> None:
    (folder / "2026-01-07-lotus.txt").write_text("The sports car brand Lotus is now present in 50 countries worldwide.")
    brands = {row["brand"] for row in report(folder, code=1)["changes"]}
    assert brands == {"Lotus", "smart"}
    assert {row["brand"] for row in report(folder, "--brand", "LOTUS", code=1)["changes"]} == {"Lotus"}
    assert "did you mean" in mistake("backtest", folder, "--brand", "Lotsu")


def test_lines_of_json(tmp_path: Path) -> None:
    lines = [
        {"id": "b", "text": WORDS.format(39), "published": "2026-01", "brand_hint": "smart"},
        {"id": "a", "text": WORDS.format(38), "published": "2025-06-01", "url": "https://media.smart.com/38"},
        {"id": "c", "text": WORDS.format(12)},
        {"id": "d", "text": WORDS.format(12), "published": "soon"},
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    found = report(path, code=1)
    assert [row["text"] for row in found["changes"]] == ["smart: 38 markets", "smart: 38 → 39 markets"]
    assert [(one["document"], one["reason"][:17]) for one in found["skipped"]] == [
        ("gold.jsonl#c", "it states no date"),
        ("gold.jsonl#d", "“soon” is no date"),
        ("gold.jsonl, line 5", "not JSON: Expecti"),
    ]


def web_archive(path: Path, *captures: tuple[str, str, str]) -> Path:
    """A WARC file, its records compressed one by one where its name says so."""
    records = []
    for number, (address, date, html) in enumerate(captures):
        body = html.encode()
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Target-URI: {address}\r\n"
            f"WARC-Date: {date}\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(answer) + len(body)}\r\n\r\n"
        )
        record = head.encode() + answer.encode() + body + b"\r\n\r\n"
        records.append(gzip.compress(record) if path.suffix == ".gz" else record)
    path.write_bytes(b"".join(records))
    return path


@pytest.mark.parametrize("name", ["site.warc", "site.warc.gz"])
def test_a_web_archive_is_watched_at_its_captures(tmp_path: Path, name: str) -> None:
    address = "https://media.smart.com/news/winter"
    path = web_archive(
        tmp_path / name,
        (address, "2026-01-06T08:00:00Z", page(39, "2026-01-05")),
        (address, "2026-01-05T09:00:00Z", page(40, "2026-01-05")),
        ("https://media.smart.com/style", "2026-01-05T09:00:00Z", "<html><body></body></html>"),
    )
    found = report(path)
    assert [(row["at"], row["change"], row["text"]) for row in found["changes"]] == [
        ("2026-01-05T09:00:00Z", "new", "smart: 40 markets"),
        ("2026-01-06T08:00:00Z", "corrected", "smart: 40 → 39 markets, corrected by the source"),
    ]
    assert [one["document"] for one in found["skipped"]] == [f"{name}, record 000003"]


@pytest.mark.parametrize("name", ["site.warc", "site.warc.gz", "site.jsonl"])
def test_a_large_archive_is_read_in_slices(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.endswith("jsonl"):
        lines = [{"id": n, "text": WORDS.format(30 + n), "published": f"2026-01-0{n + 1}"} for n in range(4)]
        (tmp_path / name).write_text("\n\nno line\n" + "\n\n".join(map(json.dumps, lines)))
    else:
        pages = (("https://a.example/n", f"2026-01-0{n + 1}T09:00:00Z", page(30 + n, "2026-01-01")) for n in range(4))
        web_archive(tmp_path / name, *pages, ("https://a.example/n", "2026-01-09T09:00:00Z", "<html></html>"))
    code = 1 if name.endswith("jsonl") else 0  # a line that is none is a document that was lost
    whole = report(tmp_path / name, code=code)
    assert (whole["documents"], len(whole["skipped"])) == (4, 1)
    for size in (1, 2, 3):
        monkeypatch.setattr("monitor.cli.archives.SLICE", size)
        assert report(tmp_path / name, code=code) == whole


def test_a_damaged_web_archive_is_run_as_far_as_it_goes(tmp_path: Path) -> None:
    path = web_archive(tmp_path / "site.warc", ("https://a.example/n", "2026-01-05T09:00:00Z", page(40, "2026-01-05")))
    path.write_bytes(path.read_bytes() + b"\x00\xffnonsense\r\n\r\n" * 5)
    found = report(path, code=1)
    assert found["documents"] == 1
    assert "damaged from here on" in found["skipped"][0]["reason"]


def test_what_is_wrong_with_one_record_of_a_web_archive_harms_no_other(tmp_path: Path) -> None:
    dates = ("2026-01-05T09:00:00Z", "yesterday", "2026-01-06T09:00:00", "2026-01-07T09:00:00Z")
    pages = ((f"https://a.example/{n}", date, page(30 + n, None)) for n, date in enumerate(dates))
    found = report(web_archive(tmp_path / "site.warc.gz", *pages), code=1)
    assert found["documents"] == 3
    assert found["skipped"] == [
        {"document": "site.warc.gz, record 000002", "reason": "its WARC-Date is no date: “yesterday”"}
    ]
    assert "2026-01-06T09:00:00Z" in {row["at"] for row in found["changes"]}, "without a zone it is UTC"


@pytest.mark.parametrize("name", ["site.warc", "site.warc.gz"])
def test_a_page_that_an_archive_ends_within_is_not_read_by_halves(tmp_path: Path, name: str) -> None:
    pages = (("https://a.example/n", f"2026-01-0{n}T09:00:00Z", page(38 + n, "2026-01-01")) for n in (1, 2))
    path = web_archive(tmp_path / name, *pages)
    path.write_bytes(path.read_bytes()[:-100])
    found = report(path, code=1)
    assert found["documents"] == 1
    [cut] = found["skipped"]
    assert (cut["document"], cut["reason"][:19]) == (f"{name}, record 000002", "the page is cut off")


def test_pages_in_chunks_are_whole(tmp_path: Path) -> None:
    path = web_archive(tmp_path / "site.warc", ("https://a.example/n", "2026-01-05T09:00:00Z", page(40, "2026-01-05")))
    head, _, rest = path.read_bytes().partition(b"\r\n\r\nHTTP/1.1 200 OK\r\n")
    fields, _, body = rest.removesuffix(b"\r\n\r\n").partition(b"\r\n\r\n")
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + fields + b"\r\n\r\n"
    answer += b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(answer), head)
    path.write_bytes(head + b"\r\n\r\n" + answer + b"\r\n\r\n")
    assert report(path)["documents"] == 1


def test_an_archive_that_is_compressed_as_a_whole_is_told_with_its_mend(tmp_path: Path) -> None:
    pages = (("https://a.example/n", f"2026-01-0{n}T09:00:00Z", page(38 + n, "2026-01-01")) for n in (1, 2))
    plain = web_archive(tmp_path / "site.warc", *pages)
    (tmp_path / "site.warc.gz").write_bytes(gzip.compress(plain.read_bytes()))
    [skipped] = report(tmp_path / "site.warc.gz", code=1)["skipped"]
    assert "run warcio recompress site.warc.gz" in skipped["reason"]


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_a_date_that_stands_for_none_ends_no_backtest(tmp_path: Path, date: str) -> None:
    lines = [{"id": day, "text": WORDS.format(39), "published": day} for day in (date, "2026-01-05")]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = report(tmp_path / "a.jsonl", code=1)
    assert found["documents"] == 1
    assert found["skipped"] == [{"document": f"a.jsonl#{date}", "reason": f"{date} is no date of a document"}]


def test_archives_of_the_same_name_are_not_taken_for_one(tmp_path: Path) -> None:
    for year, number in (("2024", 38), ("2025", 39)):
        (tmp_path / year).mkdir()
        line = {"id": 1, "text": WORDS.format(number), "published": f"{year}-01-05", "brand_hint": "smart"}
        (tmp_path / year / "articles.jsonl").write_text(json.dumps(line))
    paths = [tmp_path / "2024" / "articles.jsonl", tmp_path / "2025" / "articles.jsonl"]
    found = report(*paths)
    assert [(row["change"], row["text"]) for row in found["changes"]] == [
        ("new", "smart: 38 markets"),
        ("changed", "smart: 38 → 39 markets"),
    ]
    assert [row["sources"][0]["outlet"] for row in found["changes"]] == ["2024/articles", "2025/articles"]
    assert report(*paths[::-1], paths[0]) == found
    assert report(*paths, tmp_path / "2024")["documents"] == 2, "each file is run once"


def test_a_full_disk_is_told_with_the_folder_and_the_same_command_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.archives.SLICE", 2)
    arguments = ("backtest", folder, "--db", tmp_path / "bt.db", "--format", "json")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as there:
        there.setattr("monitor.spool.os.fsync", full)
        result = command(*arguments)
    assert (result.code, result.out) == (1, "")
    assert f"{tmp_path / 'bt.db.backtest'}: cannot be written (No space left on device)" in result.err
    assert "run the same command again" in result.err
    assert json.loads(command(*arguments).out)["documents"] == 4


def test_web_archives_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = web_archive(tmp_path / "site.warc")
    monkeypatch.setitem(sys.modules, "warcio.archiveiterator", None)
    assert "brand-monitor[archive]" in mistake("backtest", path)


def test_paths_that_cannot_be_run(tmp_path: Path) -> None:
    assert "no such file or folder" in mistake("backtest", tmp_path / "nowhere")
    (tmp_path / "book.pdf").write_text("%PDF")
    assert "no archive" in mistake("backtest", tmp_path / "book.pdf")
    (tmp_path / "book.pdf").unlink()
    result = command("backtest", tmp_path, "--format", "jsonl")
    assert (result.code, result.out) == (1, "")
    assert "nothing was run" in result.err


def test_front_matter_says_who_speaks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        '---\ntitle: "Growth"\ndate: 2026-01-05\noutlet: smart\nauthority: official\nbrand: smart\nlang: en\n---\n'
        "The brand is present in 39 markets worldwide."
    )
    (tmp_path / "b.txt").write_text("---\npublished: 2026-01-05\nauthority: king\n---\nwords")
    (tmp_path / "c.txt").write_text("---\npublished: 2026-01-05\n---\n \n")
    good, bad, empty = archived(tmp_path)
    assert isinstance(good, Archived)
    found = read(good)
    assert isinstance(found, Ready)
    assert (found.source.outlet, found.source.authority, found.source.brand) == ("smart", Authority.OFFICIAL, "smart")
    assert (found.at, found.document.title) == (datetime(2026, 1, 5, tzinfo=UTC), "Growth")
    assert [fact.as_json()["count"] for fact in found.facts] == [39]
    assert isinstance(bad, Skipped)
    assert "“king”" in bad.reason
    assert empty == Skipped(f"{tmp_path.name}/c.txt", "there is no text")


def test_a_date_that_a_page_only_seems_to_have_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page(39, None).replace("More showrooms", "On 3 March 2024 more showrooms"))
    assert isinstance(read(next(one for one in archived(tmp_path) if isinstance(one, Archived))), Skipped)


@pytest.mark.parametrize(
    ("address", "outlet", "authority", "brand"),
    [
        ("https://media.smart.com/news/1", "smart", "official", "smart"),
        ("https://www.electrive.com/2026/1", "electrive-com", "media", None),
        ("https://blog.unknown.co.uk/1", "unknown.co.uk", "media", None),
    ],
)
def test_the_catalogue_knows_who_speaks(address: str, outlet: str, authority: str, brand: str | None) -> None:
    found = read(
        Archived(
            id="a", archive="press", content=page(39, "2026-01-05").encode(), content_type="text/html", url=address
        )
    )
    assert isinstance(found, Ready)
    assert (found.source.outlet, found.source.authority, found.source.brand) == (outlet, authority, brand)


@pytest.mark.parametrize(
    ("address", "outlet", "authority", "brand"),
    [
        ("https://media.smart.com/news/1", "our desk", "wire", "smart"),  # the config outranks the catalogue
        ("https://www.media.smart.com/news/1", "our desk", "wire", "smart"),
        ("https://group.example/press/1", "group", "official", None),  # two brands share the folder
        ("https://group.example/press/one/1", "one", "official", "One"),
        ("https://group.example/elsewhere", "group.example", "media", None),  # several speakers, none of them near
        ("https://www.electrive.com/2026/1", "electrive-com", "media", None),
    ],
)
def test_the_config_says_who_speaks_at_its_sources(
    address: str, outlet: str, authority: str, brand: str | None, tmp_path: Path
) -> None:
    config = tmp_path / "monitor.toml"
    sources = (
        ("a", "https://media.smart.com/feed", "wire", "our desk", "smart"),
        ("b", "https://group.example/press/one/feed", "official", "one", "One"),
        ("c", "https://group.example/press/feed", "official", "group", "One"),
        ("d", "https://group.example/press/two.xml", "official", "group", "Two"),
    )
    tables = [
        f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "{url}"\nevery = "1h"\nauthority = "{trust}"\n'
        f'outlet = "{who}"\nbrand = "{about}"\n'
        for name, url, trust, who, about in sources
    ]
    config.write_text("\n".join(tables))
    archive = tmp_path / "a.html"
    archive.write_text(page(39, "2026-01-05", address))
    result = command("backtest", archive, "--config", config, "--db", tmp_path / "bt.db", "--format", "json")
    assert result.code == 0, result.err
    with Queries.open(tmp_path / "bt.db") as queries:
        [read_from] = queries.documents()
        [source] = [row for row in queries._rows("SELECT * FROM source", {}) if row["name"] == read_from["source"]]
    assert (source["outlet"], source["authority"], source["brand"]) == (outlet, authority, brand)


def test_the_example_of_the_readme_is_what_it_prints(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    readme = (root / "README.md").read_text()
    shown = re.findall(r"^Timeline of smart\n(?:  .*\n)+|^smart: the count .*\n", readme, re.M)
    assert len(shown) == 2
    files = sorted((root / "docs" / "smart").iterdir())
    for order in ([root / "docs" / "smart"], list(reversed(files))):
        database = tmp_path / f"{len(order)}.db"
        told = command("backtest", *order, "--db", database, "--format", "table").out
        assert told.endswith(shown[0])
        assert command("audit", "smart", "--db", database, "--format", "table").out.startswith(shown[1])
