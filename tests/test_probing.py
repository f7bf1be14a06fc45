"""`sources test URL`: kind, feed, links, dates and facts of an address, from a newsroom on loopback."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from commandline import Result, command, mistake
from faultserver import FaultServer, reply

from monitor.settings import SourceSettings

STORY = """<html lang="en"><head><title>smart grows this winter</title>
<meta property="article:published_time" content="2026-01-05T10:00:00Z"></head><body><article>
<h1>smart grows this winter</h1><p>The electric car brand smart is now present in 39 countries and regions worldwide, it
said on Monday.</p><p>More showrooms will follow during the year, and words about them.</p></article></body></html>"""
PATHS = [f"/news/2026/story-number-{n}-of-the-brand" for n in range(3)]
CARDS = "".join(
    f'<article><a href="{path}"><h3>smart grows in the winter of {path}</h3></a></article>' for path in PATHS
)
ITEMS = "".join(
    f"<item><title>Story {path}</title><link>{path}</link><pubDate>05.01.2026</pubDate></item>" for path in PATHS
)
RSS = f'<rss version="2.0"><channel><title>News</title>{ITEMS}</channel></rss>'
SITEMAP = f"<urlset>{''.join(f'<url><loc>{path}</loc><lastmod>2026-01-04</lastmod></url>' for path in PATHS)}</urlset>"
INDEX = "<sitemapindex><sitemap><loc>/sitemap.xml</loc></sitemap></sitemapindex>"
FEED_LINK = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
DRAWN = f"<body><script>document.body.innerHTML = {json.dumps(CARDS)}</script></body>"
STANDING = "<html><head><title>Where we are</title></head><body><p>smart is present in 39 markets.</p></body></html>"
WALL = "<html><head><title>Just a moment...</title></head><body></body></html>"


def page(head: str, body: str = CARDS) -> str:
    return f"<!doctype html><html><head><title>News</title>{head}</head><body><main>{body}</main></body></html>"


SITE: Mapping[str, str] = {
    **dict.fromkeys(PATHS, STORY),
    "/news": page(""),
    "/newsroom": page(FEED_LINK),
    "/feed.xml": RSS,
    "/sitemap.xml": SITEMAP,
    "/index.xml": INDEX,
    "/indexes.xml": INDEX.replace("/sitemap.xml", "/index.xml"),
    "/empty.xml": "<rss><channel><title>News</title></channel></rss>",
    "/drawn": DRAWN,
    "/standing": STANDING,
    "/wall": WALL,
}


class Here:
    """What reads the pages, in this process: a child takes seconds to start."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def close(self) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setattr("monitor.cli.probing.Cage", Here)
    with FaultServer({path: reply(body=text.encode()) for path, text in SITE.items()}) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.toml"
    path.write_text('[http]\nallow_private_networks = ["127.0.0.1/32"]\nper_host_delay = "0s"\n')
    return path


def probed(server: FaultServer, config: Path, path: str, *options: str, form: str = "json") -> Result:
    return command(
        "sources", "test", server.url(path), "--config", config, "--brand", "smart", "--format", form, *options
    )


def found(server: FaultServer, config: Path, path: str, *options: str) -> dict[str, Any]:
    result = probed(server, config, path, *options)
    assert result.code == 0, result.err
    answer: dict[str, Any] = json.loads(result.out)
    return answer


@pytest.mark.parametrize(
    ("path", "kind", "links"),
    [
        ("/news", "listing", PATHS),
        ("/newsroom", "feed", PATHS),
        ("/feed.xml", "feed", PATHS),
        ("/sitemap.xml", "sitemap", PATHS),
        ("/index.xml", "sitemap", PATHS),
        (PATHS[0], "article", PATHS[:1]),
        ("/standing", "page", ["/standing"]),
    ],
)
def test_the_kind_is_found_out(server: FaultServer, config: Path, path: str, kind: str, links: list[str]) -> None:
    answer = found(server, config, path)
    assert (answer["kind"], answer["outcome"]) == (kind, "ok")
    assert answer["feed"] == (server.url("/feed.xml") if kind == "feed" else None)
    assert [link["url"] for link in answer["links"]] == [server.url(link) for link in links]
    assert [fact["count"] for fact in answer["links"][0]["facts"]] == [39]
    assert len(server.paths) == len(set(server.paths))  # nothing is asked for twice


def test_only_some_articles_are_read_and_the_others_keep_the_index_date(server: FaultServer, config: Path) -> None:
    links = found(server, config, "/newsroom", "--articles", "1")["links"]
    assert [link["outcome"] for link in links] == ["ok", None, None]
    assert [link["published"] for link in links] == ["2026-01-05"] * 3


def test_a_kind_that_was_named_is_not_guessed(server: FaultServer, config: Path) -> None:
    assert found(server, config, "/newsroom", "--kind", "listing")["kind"] == "listing"
    assert found(server, config, "/newsroom", "--links", "h3")["kind"] == "listing"
    refused = probed(server, config, "/news", "--kind", "sitemap")
    assert (refused.code, refused.err) == (1, f"{server.url('/news')}: this is no XML\n")


def test_people_get_a_table_and_the_lines_for_the_config(server: FaultServer, config: Path) -> None:
    result = probed(server, config, "/newsroom", form="table")
    assert "39 markets" in result.out
    assert f"kind: feed, found at {server.url('/feed.xml')}" in result.err
    assert "links: 3, 3 with a date, the newest of 2026-01-05; 3 read: 3 facts" in result.err
    lines = tomllib.loads(result.err.split("for the config:")[1])
    assert SourceSettings(**lines["sources"][0]).url == server.url("/newsroom")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none", "HTTP 404"),
        ("/wall", "a check for robots came instead of the page"),
        ("/indexes.xml", "index.xml: an index within an index is not followed"),
        ("/empty.xml", "the feed holds no items"),
    ],
)
def test_what_cannot_be_read_says_why(server: FaultServer, config: Path, path: str, words: str) -> None:
    result = probed(server, config, path)
    assert (result.code, words in result.err) == (1, True)
    assert json.loads(result.out)["links"] == []


def closed(config: Path, *urls: str) -> None:
    """Sources of these addresses, each with a key of its own."""
    keys = "".join(
        f'[[sources]]\nname = "s{n}"\nkind = "listing"\nurl = "{url}"\nheaders = {{ "X-Key" = "env:KEY_{n}" }}\n'
        for n, url in enumerate(urls)
    )
    config.write_text(config.read_text() + keys)


def test_an_address_of_a_configured_source_is_asked_as_the_source_is(
    server: FaultServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        monkeypatch.setenv(f"KEY_{number}", f"hunter{number}")
    closed(config, server.url("/other"), server.url("/news?page=1"), "https://127.0.0.1/news")
    answer = found(server, config, "/news", "--articles", "1")
    assert answer["asked_as"] == "s1"
    keys = {request.path: request.headers.get("x-key") for request in server.requests}
    assert keys == {"/robots.txt": None, "/news": "hunter1", PATHS[0]: "hunter1"}
    result = probed(server, config, "/news", form="table")
    assert 'asked as [[sources]] "s1" is, with its headers, cookies, login and proxy' in result.err
    assert "hunter" not in result.out + result.err


def test_an_address_that_is_no_configured_source_s_is_asked_with_nothing(
    server: FaultServer, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_0", "hunter0")
    closed(config, "https://127.0.0.1/news")
    assert found(server, config, "/news", "--articles", "0")["asked_as"] is None
    assert all("x-key" not in request.headers for request in server.requests)


def test_a_secret_of_a_configured_source_that_is_not_there_is_told(server: FaultServer, config: Path) -> None:
    closed(config, server.url("/news"))
    result = probed(server, config, "/news")
    assert (result.code, "the environment variable KEY_0 is not set" in result.err) == (1, True)
    assert server.requests == []


def test_what_is_no_address_is_a_mistake(config: Path) -> None:
    assert "not a web address" in mistake("sources", "test", "kestrel.example", "--config", config)
    assert "No such command" in mistake("sources", "tset", "https://kestrel.example/")


def test_a_source_that_needs_a_browser_where_there_is_none_is_told_at_the_start(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    source = '[[sources]]\nname = "k"\nkind = "listing"\nurl = "https://kestrel.invalid/"\nrender = true\n'
    config.write_text(config.read_text() + source)
    for words in (("check", "k"), ("run",), ("sources", "test", "https://kestrel.invalid/", "--render")):
        assert "needs Chromium on this machine: apt-get install chromium" in mistake(*words, "--config", config)
    assert "failed   browser   render = true needs Chromium" in command("doctor", "--config", config).out


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.timeout(300)
def test_a_page_drawn_by_scripts_is_tried_in_a_browser(server: FaultServer, config: Path) -> None:
    plain = probed(server, config, "/drawn")
    assert (plain.code, "drawn by JavaScript" in plain.err) == (1, True)
    answer = found(server, config, "/drawn", "--render", "--articles", "1")
    assert (answer["kind"], len(answer["links"])) == ("listing", 3)
    assert [fact["count"] for fact in answer["links"][0]["facts"]] == [39]
