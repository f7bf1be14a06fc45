"""What README and docs say exists and runs: commands, files, config, Python, SQL, JSON; and the site made of them."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import docsite
import newsdesk
import pytest
import tomlkit
import trustme
from browsing import browser
from bs4 import BeautifulSoup
from commandline import command
from test_schema import VIEWS

from monitor.cli import commands
from monitor.config import load
from monitor.history import History
from monitor.models import ChangeKind
from monitor.parser.facts import revive
from monitor.settings import Section, Settings, SmtpAddress

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


Lines = list[tuple[str, str]]


def lines(pattern: str) -> Lines:
    found = [(page.name, line) for page in PAGES for line in re.findall(pattern, page.read_text(), re.MULTILINE)]
    return [(page, line.split("  #")[0].strip()) for page, line in found]


SHOWN = lines(r"^\$ (?:\.\S*/)?(brand-monitor .*)$")
"""The command lines that people are shown to type, by their page."""

NAMED = lines(r"`(?:.*/)?(brand-monitor [a-z][^`]*)`")
"""Those in the text, which may leave arguments out."""


def test_there_are_examples_to_test() -> None:
    assert len(SHOWN) >= 40
    assert len(NAMED) >= 20


@pytest.mark.parametrize(("page", "line"), [*SHOWN, *NAMED])
def test_commands_and_options_exist(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    with click.Context(commands) as context:
        command = commands.get_command(context, words[0])
        if isinstance(command, click.Group):
            named = command.get_command(context, words[1]) if len(words) > 1 else None
            command = named or (command if command.invoke_without_command else None)
        assert command is not None, f"{page}: {line}"
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for word in words[1:]:
        if word.startswith("--"):
            assert word.split("=")[0] in known, f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_linked_or_named_exist(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"\]\(([^)#:]+)\)", text)
    named += re.findall(r"`((?:monitor|config|db/queries|db/migrations|docs|tests)/[\w./-]*)`", text)
    missing = [name for name in named if not ((page.parent / name).exists() or (ROOT / name).exists())]
    assert missing == [] or missing == ["db/monitor.db"]


def examples(language: str) -> list[Any]:
    """Every block of a language, by its page and heading."""
    found = []
    for page in PAGES:
        for match in re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            heading = re.findall(r"^#+ (.*)", page.read_text()[: match.start()], re.MULTILINE)[-1]
            found.append(pytest.param(match[1], id=f"{page.name}: {heading}"))
    return found


@pytest.mark.parametrize("example", examples("toml"))
def test_config_examples_load(example: str, tmp_path: Path) -> None:
    """Whole configs, and pieces of one: what a piece refers to is added."""
    data = tomllib.loads(example)
    rules = [*data.get("alerts", ()), *([data["summary"]] if "summary" in data else ())]
    there = {channel["name"] for channel in data.get("channels", ())}
    wanted = {name for rule in rules for name in rule["channels"]} - there
    known = {source["name"] for source in data.get("sources", ())}
    named = {name for rule in rules for name in rule.get("sources", ())} - known
    data.setdefault("channels", []).extend({"name": name, "kind": "console"} for name in sorted(wanted))
    data.setdefault("sources", []).extend(
        {"name": name, "kind": "feed", "url": "https://example.org/feed"} for name in sorted(named or {"any"})
    )
    authority = trustme.CA()
    ours = authority.issue_cert("localhost")
    files = {"ca_file": authority.cert_pem, "cert_file": ours.cert_chain_pems[0], "key_file": ours.private_key_pem}
    for name in files.keys() & data.get("engine", {}).keys():
        files[name].write_to_path(str(tmp_path / data["engine"][name]))
    path = tmp_path / "monitor.toml"
    path.write_text(tomlkit.dumps(data))
    assert load(path).sources


@pytest.mark.parametrize("example", examples("python"))
def test_python_examples_run(example: str, tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text(example)
    runpy.run_path(str(path))


@pytest.mark.parametrize("example", examples("sh"))
def test_shell_examples_are_right_and_name_what_there_is(example: str) -> None:
    assert subprocess.run(["sh", "-n"], input=example, text=True, capture_output=True).stderr == ""
    for named in re.findall(r"(?<=\s)(?:deploy/[\w.-]+|requirements\.lock)", example):
        assert (ROOT / named).exists(), named


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newsdesk's, to be copied."""
    path = tmp_path_factory.mktemp("history") / "monitor.db"
    newsdesk.tell(path)
    return path


@pytest.fixture
def sample(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to try commands in: the newsdesk's history, its config, a story."""
    shutil.copy(history, tmp_path)
    source = '[[sources]]\nname = "smart-newsroom"\nkind = "feed"\nurl = "https://example.org/"\n'
    (tmp_path / "monitor.toml").write_text(f'[backup]\npath = "copies"\n{source}')
    (tmp_path / "story.txt").write_text("smart will enter Ecuador in 2026. It is now sold in 39 markets.")
    (tmp_path / "article.html").write_text("<html><body><p>smart is now sold in 39 markets.</p></body></html>")
    shutil.copy(history, tmp_path / "smart.db")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", examples("sql"))
def test_sql_examples_run(example: str, sample: Path) -> None:
    with closing(sqlite3.connect(sample / "monitor.db")) as db:
        assert db.execute(example).fetchall()


ELSEWHERE = {"demo", "run", "check", "test-alert", "backtest", "import", "doctor", "evaluate", "replay", "web"}
"""Commands that take long, need a network or files of others; they have tests of their own."""

TRIED = [
    (page, line)
    for page, line in dict.fromkeys(SHOWN)
    if line.split()[1] not in ELSEWHERE and line.split()[1:3] != ["sources", "test"]
]


@pytest.mark.parametrize(("page", "line"), TRIED)
def test_commands_run_as_they_are_shown(page: str, line: str, sample: Path) -> None:
    with closing(sqlite3.connect(sample / "monitor.db")) as db:
        (change,) = db.execute("SELECT id FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    real = {"CHANGE": change, "FACT": "2", "NAME": "Ann"}
    words = [real.get(word, word.removeprefix("/srv/www/")) for word in shlex.split(line)[1:]]
    if words[0] == "review":
        words = [re.sub(r"^\d+$", "2", word) for word in words]
    if words[0] == "init":
        (sample / "monitor.toml").unlink()
    told = command(*words)
    assert told.code in (0, 1), f"{page}: {line}: {told.err}"


ASKED = lines(r"^\$ (curl .*)$")


@pytest.mark.parametrize(("page", "line"), ASKED)
def test_addresses_are_answered_as_they_are_shown(page: str, line: str, sample: Path) -> None:
    """Those of the page itself, in the form that their ending promises."""
    asked = next(word for word in shlex.split(line) if word.startswith("http://127.0.0.1:8484/"))
    with browser(sample / "monitor.db") as client:
        answer = client.get(asked)
    assert answer.status_code == 200, f"{page}: {line}: {answer.text}"
    form = urlsplit(asked).path.rpartition(".")[2]
    assert form in answer.headers["content-type"]


@pytest.mark.parametrize("example", examples("json"))
def test_the_json_of_the_webhook_has_the_keys_that_are_sent(example: str, sample: Path) -> None:
    with History(sample / "monitor.db", revive=revive) as history:
        changes = history.queries.changed_since(newsdesk.START)
    [change] = [change for change in changes if change.change is ChangeKind.CHANGED]
    sent = {"version": 1, "type": "change"} | json.loads(json.dumps(change.as_json()))
    shown = json.loads(example)
    assert list(shown) == list(sent)
    assert list(shown["after"]) == list(sent["after"])
    assert list(shown["sources"][0]) == list(sent["sources"][0])


# The pages that are made, and the site


@pytest.mark.parametrize("name", docsite.PAGES)
def test_pages_that_are_made_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == docsite.PAGES[name](), "`make docs` makes it anew"


def test_every_key_of_the_config_is_described() -> None:
    sections = {one for one in Section.__subclasses__() if one is not SmtpAddress}
    assert sections == set(docsite.TABLES.values()), "a table of the config has no section in tests/docsite.py"
    bare = [
        f"{model.__name__}.{name}"
        for model in sections
        for name in model.model_fields.keys() - docsite.meanings(model).keys()
        if (model, name) != (Settings, "path")
    ]
    assert bare == [], "a docstring under the key in monitor/settings.py is missing"


def test_every_column_of_the_views_is_told(tmp_path: Path) -> None:
    History(tmp_path / "h.db", revive=revive).close()
    page = docsite.views_page()
    with closing(sqlite3.connect(tmp_path / "h.db")) as db:
        for view in VIEWS:
            (table,) = re.findall(rf"^## {view}\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL)
            shown = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
            assert shown == [column[0] for column in db.execute(f"SELECT * FROM {view}").description]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from a copy of the docs."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    program = Path(sys.executable).with_name("zensical")
    built = subprocess.run([program, "build", "--strict"], cwd=folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "dist" / "docs"


def test_every_page_is_in_the_site_and_its_menu(site: Path) -> None:
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")}
    assert pages <= {page.stem for page in site.glob("*.html")}
    menu = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    assert {Path(name).stem for name in re.findall(r"[\w-]+\.md", str(menu))} == pages


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = []
    for page in site.rglob("*.html"):
        soup = BeautifulSoup(page.read_text(), "lxml")
        loaded += [
            (page.name, tag[name]) for name in ("src", "srcset", "data") for tag in soup.find_all(attrs={name: True})
        ]
        loaded += [(page.name, link["href"]) for link in soup.find_all("link", href=True)]
    loaded += [
        (sheet.name, url) for sheet in site.rglob("*.css") for url in re.findall(r"url\(([^)]*)\)", sheet.read_text())
    ]
    assert len(loaded) > 20
    assert [one for one in loaded if re.match(r"""["']?(https?:)?//""", str(one[1]))] == []


def test_links_in_the_site_lead_somewhere(site: Path) -> None:
    pages = {page: BeautifulSoup(page.read_text(), "lxml") for page in site.glob("*.html") if page.name != "404.html"}
    ids = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in pages.items()}
    broken = []
    for page, soup in pages.items():
        for link in soup.find_all("a", href=True):
            path, _, anchor = str(link["href"]).partition("#")
            if re.match(r"\w+:", path):
                continue
            target = (page.parent / path).resolve() if path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (anchor and target in ids and anchor not in ids[target]):
                broken.append((page.name, link["href"]))
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    made = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^\$ )make ((?:[a-z-]+ ?)+)", page.read_text(), re.MULTILINE)
    assert {target for targets in named for target in targets.split()} <= made


def test_the_first_result_stands_within_the_first_thirty_lines() -> None:
    head = (ROOT / "README.md").read_text().splitlines()[:30]
    assert any("make demo" in line for line in head)
    assert any("disputed" in line for line in head)
