"""What other programs watch becomes sources; the config stays as it is otherwise, and is never broken."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from commandline import Result, command, mistake
from hypothesis import given
from hypothesis import strategies as st

from monitor import config
from monitor.errors import UsageError
from monitor.exchange import additions, formats
from monitor.exchange.found import same, shown

CONFIG = """\
# Our monitor. Ask Ann before changing it.
database = "m.db"   # beside this file

[[sources]]
name = "news"  # the first
kind = "feed"
url = "https://news.example/feed/"

# Whom to tell
[[channels]]
name = "screen"
kind = "console"

[[alerts]]
name = "all"
channels = ["screen"]   # the end"""

OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Cars"><outline type="rss" text="Electrive &amp; Co" xmlUrl="https://electrive.example/feed"
  htmlUrl="https://electrive.example/"/>
<outline text="Known" xmlUrl="http://NEWS.example/feed#top"/></outline>
<outline type="link" text="Só uma página" url="https://page.example/a?b=c"/>
<outline type="include" text="Others" url="https://lists.example/o.opml"/>
<outline text="Nothing"/>
</body></opml>"""

JOBS = """\
name: Press page
url: https://press.example/
filter:
  - css: .news
  - strip
headers: {Authorization: Bearer geheim}
---
name: Drawn
navigate: https://drawn.example/app
---
kind: shell
name: Disk
command: df -h
---
url: https://press.example
---
url: https://other.example/x
enabled: false
use_browser: true
---
name: neither
"""

WATCHES = {
    "watching": {
        "u1": {
            "url": "https://shop.example/news",
            "title": "Shop news",
            "include_filters": [".a"],
            "headers": {"Cookie": "geheim"},
            "fetch_backend": "html_webdriver",
            "time_between_check": {"weeks": None, "days": None, "hours": 3, "minutes": 30, "seconds": None},
            "method": "GET",
            "processor": "text_json_diff",
            "trigger_text": [],
        },
        "u2": {"url": "https://paused.example/", "title": None, "paused": True, "processor": "restock_diff"},
        "u3": {"url": "https://days.example/", "time_between_check": {"days": 2}, "fetch_backend": "system"},
        "u4": {"title": "no address"},
        "u5": {
            "url": "https://usual.example/",
            "time_between_check": {"days": 2},
            "time_between_check_use_default": True,
        },
    },
    "settings": {"application": {"password": "geheim"}},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "monitor.toml"
    found.write_text(CONFIG)
    return found


def imported(path: Path, content: str | bytes, name: str = "list", *options: str) -> Result:
    file = path.with_name(name)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return command("--config", path, "import", file, *options)


def sources(path: Path) -> dict[str, dict[str, Any]]:
    return {source["name"]: source for source in tomllib.loads(path.read_text())["sources"]}


def test_opml(path: Path) -> None:
    told = imported(path, OPML)
    assert told.code == 0, told.err
    found = sources(path)
    assert list(found) == ["news", "electrive-co", "só-uma-página"]
    assert found["electrive-co"] == {"name": "electrive-co", "kind": "feed", "url": "https://electrive.example/feed"}
    assert (found["só-uma-página"]["kind"], found["só-uma-página"]["url"]) == ("page", "https://page.example/a?b=c")
    assert "there already: http://news.example/feed" in told.out
    assert 'left out: "Others": a list elsewhere' in told.out
    assert 'left out: "Nothing": it has no address' in told.out
    assert told.err.startswith("2 sources added to")


@pytest.mark.parametrize(
    ("content", "line", "names"),
    [
        (OPML.partition('<outline text="Known"')[0], 5, ["news", "electrive-co"]),
        (OPML.partition("&amp; Co")[0], 3, None),
        (OPML.replace("&amp;", "&"), 3, ["news", "electrive-co", "só-uma-página"]),
    ],
)
def test_of_a_broken_opml_what_can_be_read_is_added_and_it_is_a_failure(
    path: Path, content: str, line: int, names: list[str] | None
) -> None:
    told = imported(path, content)
    assert (told.code, list(sources(path))) == ((1, names) if names else (2, ["news"]))
    assert f"cut off or broken at line {line} (" in told.err
    assert str(path.with_name("list")) in told.err


def test_jobs(path: Path) -> None:
    told = imported(path, JOBS)
    assert told.code == 0, told.err
    found = sources(path)
    assert {name: (source["url"], source.get("enabled", True)) for name, source in found.items() if name != "news"} == {
        "press-page": ("https://press.example/", True),
        "drawn": ("https://drawn.example/app", True),
        "other-example-x": ("https://other.example/x", False),
    }
    lines = told.out.splitlines()
    assert lines[1] == "  not carried over: filter, headers"
    assert "browser" in lines[lines.index("added: drawn (page) https://drawn.example/app") + 1]
    assert 'left out: job 3 "Disk": a shell command; only web addresses are watched here' in lines
    assert 'left out: job 6 "neither": it has no address' in lines
    assert "there already: https://press.example" in lines
    assert "geheim" not in told.out + path.read_text()


def test_watches(path: Path) -> None:
    told = imported(path, json.dumps(WATCHES))
    assert told.code == 0, told.err
    found = sources(path)
    assert {name: (source.get("every"), source.get("enabled")) for name, source in found.items() if name != "news"} == {
        "shop-news": ("210m", None),
        "paused-example": (None, False),
        "days-example": ("2d", None),
        "usual-example": (None, None),
    }
    lost = told.out.splitlines()[1]
    assert "headers, include_filters, the browser" in lost
    assert "trigger_text" not in lost
    assert "not carried over: processor" in told.out
    assert 'left out: "no address": it has no address' in told.out
    assert "geheim" not in told.out + path.read_text()


def test_a_backup_archive(path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("url-watches.json", json.dumps({"watching": {}, "settings": {}}))
        file.writestr("abc/watch.json", json.dumps({"url": "https://one.example/", "title": "One"}))
        file.writestr("abc/history.txt", "no JSON")
    assert imported(path, archive.getvalue()).code == 0
    assert sources(path)["one"]["url"] == "https://one.example/"


def test_a_list_of_addresses(path: Path) -> None:
    text = "# mine\nhttps://a.example/x tag, other\n\nhttps://a.example/x/\nftp://b.example/\nfoo\nhttps://u:pw@c.example/\n"
    told = imported(path, text)
    assert list(sources(path)) == ["news", "a-example-x"]
    assert "not carried over: tags" in told.out
    assert "left out: ftp://b.example/: not a web address" in told.out
    assert "left out: line 6: no web address" in told.out
    assert "left out: https://c.example/: holds a user or password" in told.out
    assert "pw" not in told.out + path.read_text()


def test_what_stands_in_the_config_stays_to_the_byte(path: Path) -> None:
    path.chmod(0o640)
    before = path.read_bytes()
    imported(path, OPML, "mine.opml")
    after = path.read_bytes()
    assert after.startswith(before)
    assert b"# Imported from mine.opml\n" in after
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["mine.opml", "monitor.toml"]
    assert len(config.load(path).sources) == 3


def test_a_second_time_nothing_is_added(path: Path) -> None:
    imported(path, OPML)
    before = path.read_bytes()
    told = imported(path, OPML)
    assert (told.code, path.read_bytes()) == (0, before)
    assert told.err.startswith("0 sources added")


def test_a_dry_run_writes_nothing(path: Path) -> None:
    told = imported(path, OPML, "list", "--dry-run")
    assert (told.code, path.read_text()) == (0, CONFIG)
    assert "added: electrive-co" in told.out
    assert told.err.startswith("2 sources would be added")


def test_names_are_unique(path: Path) -> None:
    text = "".join(f"name: News\nurl: https://n{number}.example/\n---\n" for number in range(3))
    imported(path, text)
    assert list(sources(path)) == ["news", "news-2", "news-3", "news-4"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('database = "m.db"\r\n', id="windows"),
        pytest.param('\ufeffdatabase = "m.db"\n', id="byte order mark"),
        pytest.param('sources = [{name = "a", kind = "page", url = "https://a.example/"}]  # inline\n', id="inline"),
        pytest.param("sources = []\n", id="none, inline"),
        pytest.param('[http]\ndeadline = "9s"\n', id="no sources"),
        pytest.param(
            '[[sources]]\nname = "a"\nkind = "page"\nurl = "https://a.example/"\n[[channels]]\nname = "s"\n'
            'kind = "console"\n[[sources]]\nname = "b"\nkind = "page"\nurl = "https://b.example/"\n',
            id="in two places",
        ),
    ],
)
def test_however_the_config_is_written(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    before = config.load(path)
    told = imported(path, OPML)
    assert told.code == 0, told.err
    assert config.load(path).source_settings[: len(before.source_settings)] == before.source_settings
    assert len(config.load(path).sources) == len(before.sources) + 3
    if "\r\n" in text:
        assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


def test_a_config_behind_a_link_is_changed_where_it_is(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    link = folder / "monitor.toml"
    link.symlink_to(path)
    assert imported(link, OPML).code == 0
    assert link.is_symlink()
    assert len(sources(path)) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "there is nothing in it"),
        (b"\xff\xfe\xfa", "neither a text"),
        (b"<html></html>", "not OPML"),
        (b"<!DOCTYPE opml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><opml><body/></opml>", "entities of its own"),
        (b'{"a": 1}', "JSON without watches"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"PK\x03\x04rest", "archive that cannot be read"),
        (b"name: [", "not YAML"),
        (b"just words", "not a list of jobs"),
        (b"!!python/object/apply:os.system ['touch here']", "not YAML"),
        (b"a: " + b"[" * 5000, "not YAML"),
    ],
)
def test_what_is_no_list_is_told_and_nothing_written(path: Path, content: bytes, says: str) -> None:
    file = path.with_name("list")
    file.write_bytes(content)
    told = mistake("--config", path, "import", file)
    assert says in told
    assert str(file) in told
    assert path.read_text() == CONFIG
    assert not path.with_name("here").exists()


def test_wrong_use_is_told(path: Path) -> None:
    assert "cannot be read" in mistake("--config", path, "import", path.with_name("none"))
    path.write_text("nonsense = 1\n")
    assert "nonsense" in mistake("--config", path, "import", path)
    assert "no such file" in mistake("--config", path.with_name("none.toml"), "import", path)


def test_a_config_that_would_not_load_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(additions, "added", lambda text, *rest: text + '\n[[sources]]\nname = "broken"\n')
    told = mistake("--config", path, "import", _written(path, OPML))
    assert "nothing was written" in told
    monkeypatch.setattr(additions, "added", lambda text, *rest: text.replace('"all"', '"some"'))
    assert "would say something else" in mistake("--config", path, "import", _written(path, OPML))
    assert path.read_text() == CONFIG
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["list", "monitor.toml"]


def _written(path: Path, content: str) -> Path:
    file = path.with_name("list")
    file.write_text(content)
    return file


TEXTS = st.text(max_size=40)


@given(
    st.lists(st.tuples(TEXTS, st.sampled_from(["https://a.example/", "http://[", "x", "https://ü.example/ b"]) | TEXTS))
)
def test_hostile_titles_and_addresses_never_break_the_config(entries: list[tuple[str, str]]) -> None:
    listed = {str(number): {"url": url, "title": title} for number, (title, url) in enumerate(entries)}
    content = json.dumps({"watching": listed}).encode()
    try:
        findings = formats.read(content)
    except UsageError:
        return
    settings = config.Settings(path=Path("/nowhere/monitor.toml"))
    planned = additions.plan(findings.candidates, settings)
    text = additions.added("# mine\n", planned.additions, "list\n\x00")
    taken = tomllib.loads(text).get("sources", [])
    assert [source["url"] for source in taken] == [addition.source.url for addition in planned.additions]
    assert len({source["name"] for source in taken}) == len(taken)
    config.Settings.model_validate({"path": Path("x"), "sources": taken})


def test_addresses_are_compared_by_what_they_mean() -> None:
    assert same("https://A.example:443/x/#top") == same("http://a.example/x")
    assert same("https://a.example/x?a=1") != same("https://a.example/x?a=2")
    assert same("https://a.example:8443/") != same("https://a.example/")
    assert shown("https://user:pw@a.example/x?key=secret") == "https://a.example/x"
