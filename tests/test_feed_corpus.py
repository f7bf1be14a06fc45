"""A corpus of feeds of our own - well-formed, broken, oddly dated, no feeds at all - and what is read of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commandline import command, mistake

from monitor.models import Outcome
from monitor.scrapers import corpus
from monitor.scrapers.corpus import Tried, agrees, attempt

FEEDS = Path(__file__).parent / "feeds"
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
SITE = "https://www.kestrel.example/"

PERU = ("peru", "Kestrel enters Peru")
DATED = (*PERU, "2026-01-05T09:00:00Z")
TWO = [DATED, ("stove", "A new stove", None)]
READ: dict[str, list[tuple[str, str, str | None]]] = {
    "rss2.xml": [DATED, ("stove", "A new stove", "2026-01-02T08:30:00Z")],
    "rss091.xml": [(*PERU, None)],
    "rdf.xml": [DATED],
    "rdf-about-only.xml": [(*PERU, None)],
    "atom.xml": [DATED, ("stove", "A stove", None)],
    "atom-xhtml.xml": [(*PERU, None)],
    "atom-alternates.xml": [DATED],
    "feed.json": [DATED],
    "latin1.xml": [("peru", "Kestrel eröffnet in Perú", None)],
    "utf16.xml": [("peru", "Kestrel 进入秘鲁", None)],
    "gb2312.xml": [(f"peru{n}", f"新闻:茶隼公司宣布进入秘鲁市场,这是第{n}个国家", None) for n in range(3)],
    "podcast.xml": [("episode-7", "Episode 7: Peru", "2026-01-05T10:00:00Z")],
    "guid-only.xml": [(*PERU, None)],
    "dates.xml": [
        ("zh", "Chinese", "2025-03-05"),
        ("zh-time", "Chinese with time", "2025-03-05"),
        ("epoch", "Epoch", "2025-01-01T00:00:00Z"),
        ("epoch-ms", "Epoch in milliseconds", "2025-01-01T00:00:00Z"),
        ("de", "German digits", "2025-03-05"),
        ("de-time", "German digits with time", "2025-03-05"),
        ("de-words", "German words", "2025-03-05"),
        ("fr-words", "French words", "2025-03-05"),
        ("ko", "Korean", "2025-03-05"),
        ("slash", "Day first, certainly", "2025-03-25"),
        ("unclear", "Day or month first", None),
        ("zero", "1970", None),
        ("cet", "Zone by name", "2025-03-05T09:00:00Z"),
        ("iso", "ISO", "2025-03-05T09:00:00Z"),
        ("mail", "Mail", "2025-03-05T09:00:00Z"),
        ("none", "Nothing", None),
    ],
    "broken-ampersand.xml": [("peru?a=1&b=2", "Kestrel & Sons enter Peru", DATED[2]), TWO[1]],
    "broken-blank-before.xml": TWO,
    "broken-bytes.xml": [("peru", "Kestrel enters Perú", DATED[2]), TWO[1]],
    "broken-control.xml": TWO,
    "broken-cut.xml": [DATED],
    "broken-entities.xml": [("peru", "Kestrel enters Perú – at last", DATED[2]), TWO[1]],
    "broken-html-inside.xml": TWO,
    "broken-label.xml": [("peru", "Kestrel enters Perú", DATED[2]), TWO[1]],
    "broken-namespace.xml": TWO,
    "broken-nesting.xml": TWO,
    "broken-two-roots.xml": [DATED, ("second", *DATED[1:]), TWO[1]],
    "broken-warning-before.xml": TWO,
}
REFUSED = {
    "empty.xml": (Outcome.NO_ARTICLES, "no items"),
    "entities.xml": (Outcome.BAD_FEED, "entities of its own"),
    "nothing.xml": (Outcome.BAD_FEED, "this is no feed"),
    "page.html": (Outcome.BAD_FEED, "a web page came"),
    "sitemap.xml": (Outcome.BAD_FEED, "this is no feed"),
    "image.xml": (Outcome.DECODE_ERROR, "no text but a file"),
}
DIFFERENT = {"feed.json", "nothing.xml", "page.html", "image.xml", "sitemap.xml", "entities.xml"}
"""What feedparser cannot read, or must not."""


def tried(name: str) -> Tried:
    content = (FEEDS / name).read_bytes()
    one = attempt(content, NOW)
    return replace(one, agrees=agrees(content, one.links))


@pytest.mark.parametrize("name", READ)
def test_what_is_read_of_a_feed(name: str) -> None:
    one = tried(name)
    assert one.outcome is Outcome.OK
    assert [(link.url.removeprefix(SITE), link.title, link.published) for link in one.links] == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_with_a_reason(name: str) -> None:
    outcome, words = REFUSED[name]
    one = tried(name)
    assert (one.outcome, one.links) == (outcome, ())
    assert words in str(one.reason)


def test_every_file_has_its_outcome_spelled_out() -> None:
    assert {path.name for path in FEEDS.iterdir()} == {*READ, *REFUSED}


def test_feedparser_reads_the_same_of_those_that_are_well_formed() -> None:
    agreed = {path.name for path in FEEDS.iterdir() if tried(path.name).agrees}
    assert agreed == {name for name in READ if not name.startswith("broken-")} - DIFFERENT | {"empty.xml"}


def test_a_folder_of_feeds_is_tried_by_the_command() -> None:
    result = command("backtest", "--feeds", FEEDS, "--format", "json")
    rows = {row["file"]: row for row in json.loads(result.out)}
    assert result.code == 0, result.err
    assert rows["dates.xml"] == {
        "file": "dates.xml",
        "outcome": "ok",
        "items": 16,
        "dated": 13,
        "agrees": True,
        "reason": None,
    }
    assert rows["image.xml"]["outcome"] == "decode_error"
    assert f"{len(READ) + len(REFUSED)} files: {len(READ)} read, {len(REFUSED)} refused with a reason" in result.err


def test_other_items_than_feedparsers_fail_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Here:
        seconds = 10.0

        async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
            return function(*arguments)

        def close(self) -> None: ...

    (tmp_path / "feed.xml").write_bytes((FEEDS / "rss2.xml").read_bytes())
    monkeypatch.setattr("monitor.cli.feeding.Cage", Here)
    assert command("backtest", "--feeds", tmp_path).code == 0
    monkeypatch.setattr(corpus, "_words", id)
    result = command("backtest", "--feeds", tmp_path)
    assert (result.code, "1 differ from feedparser: feed.xml" in result.err) == (1, True)


def test_what_to_run_is_named_in_one_way(tmp_path: Path) -> None:
    assert "archives as PATH" in mistake("backtest")
    assert "archives as PATH" in mistake("backtest", tmp_path, "--feeds", tmp_path)
    assert "there are no files" in mistake("backtest", "--feeds", tmp_path)
    assert "no such folder" in mistake("backtest", "--feeds", tmp_path / "none")
