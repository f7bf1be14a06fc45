"""The demo: played whole as people start it, and what it does when something is in its way."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from monitor.cli import run
from monitor.cli.demo import folder, story
from monitor.cli.demo.command import play
from monitor.cli.demo.hook import Hook
from monitor.cli.demo.stage import Message, Seen, Unexpected
from monitor.cli.demo.verdict import complaints
from monitor.errors import DatabaseError, UsageError
from monitor.history import ServiceLock
from monitor.models import Change, ChangeKind

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def demo(directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", "demo", "--dir", str(directory), *more]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=directory.parent)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    directory = tmp_path_factory.mktemp("cwd") / "demo"
    return demo(directory), directory


def test_it_ends_well_and_quietly(played: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    ran, _ = played
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_shows_every_day_with_what_was_told_and_why(
    played: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    output = played[0].stdout
    days = re.split(r"^Day \d, ", output, flags=re.MULTILINE)[1:]
    assert [day.split(" ──")[0].split(": ", 1)[1] for day in days] == [day.title for day in story.DAYS]
    first, second, third, fourth = days
    assert "baseline" in first
    assert "told      changed    smart: 38 → 39 markets" in second
    assert "disputed   smart: 39 → 40 markets, disputed" in third
    assert "EV Trade Weekly and The Daily Motor say so" in third
    assert "told      corrected  smart: 39 markets, corrected by the source" in fourth


def test_it_shows_the_timeline_and_the_mail_of_the_dispute(
    played: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, _, timeline = played[0].stdout.partition("The timeline of")
    steps = re.findall(r"^  2026-01-0\d 09:00  (\d+)  (\w+)", timeline, re.MULTILINE)
    assert steps == [("38", "new"), ("39", "changed"), ("39", "corrected")]
    assert "│  To: desk@example.org" in timeline
    assert "│    “smart enters its *40th* market and confirms two new models”" in timeline


def test_it_fits_into_80_columns_and_leaves_no_blanks_at_the_ends(
    played: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    lines = [line for line in played[0].stdout.splitlines() if "--db" not in line and "sqlite3" not in line]
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line != line.rstrip()]
    assert "\x1b" not in played[0].stdout


def test_the_history_it_leaves_answers(played: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    with sqlite3.connect(played[1] / folder.DATABASE) as database:
        told = database.execute("SELECT channel, status, count(*) FROM alerts GROUP BY 1, 2 ORDER BY 1").fetchall()
        documents = database.execute("SELECT count(*), count(DISTINCT url) FROM documents").fetchone()
        numbers = database.execute("SELECT value, supports FROM state WHERE subject = 'worldwide'").fetchall()
    database.close()
    changes = sum(len(round_.told) for round_ in story.rounds())
    assert told == [("desk", "sent", changes), ("hook", "sent", changes)]
    assert documents == (8, 7)  # the corrected article has two versions
    assert numbers == [("39", 2)]


def test_the_commands_it_names_work(
    played: tuple[subprocess.CompletedProcess[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ran, directory = played
    named = re.findall(r"^    .*(?:brand-monitor|monitor) --db \S+ (.*)$", ran.stdout, re.MULTILINE)
    assert len(named) == 5
    for words in named:
        assert run(["--db", str(directory / folder.DATABASE), *words.split()]) == 0, words
        answer = capsys.readouterr()
        assert (answer.err, bool(answer.out)) == ("", True), words


def test_the_secret_stands_in_its_file_only(played: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    ran, directory = played
    secret = (directory / folder.SECRET).read_text().strip()
    assert (directory / folder.SECRET).stat().st_mode & 0o077 == 0
    others = [path.read_bytes() for path in directory.iterdir() if path.name != folder.SECRET]
    assert not [content for content in others if secret.encode() in content]
    assert secret not in ran.stdout


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="/demo is there and was not made by a demo; name another folder with --dir"):
        folder.prepare(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(UsageError, match="is a file; name a folder with --dir"):
        folder.prepare(tmp_path / "demo")
    assert (tmp_path / "demo").read_text() == "mine"


def test_an_earlier_demo_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    first = folder.prepare(tmp_path / "demo")
    (tmp_path / "demo" / folder.DATABASE).write_text("old")
    (tmp_path / "demo" / "notes.txt").write_text("mine")
    second = folder.prepare(tmp_path / "demo")
    assert first != second
    assert not (tmp_path / "demo" / folder.DATABASE).exists()
    assert (tmp_path / "demo" / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert folder.prepare(tmp_path).startswith("whsec_")


def test_a_history_in_use_is_not_replaced(tmp_path: Path) -> None:
    folder.prepare(tmp_path)
    (tmp_path / folder.DATABASE).write_text("in use")
    with ServiceLock(tmp_path / folder.DATABASE), pytest.raises(DatabaseError, match="in use"):
        folder.prepare(tmp_path)
    assert (tmp_path / folder.DATABASE).read_text() == "in use"


def test_a_mistake_in_the_folder_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    ran = demo(tmp_path / "demo")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(r"brand-monitor: \S+/demo is a file; name a folder with --dir\n", ran.stderr)


def test_the_first_thing_that_goes_otherwise_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = story.DAYS[0]
    other = replace(first, rounds=(replace(first.rounds[0], facts=2),))
    with pytest.raises(Unexpected, match=r"^facts read: 1; in the articles: 2$"):
        asyncio.run(play(tmp_path / "demo", (other,)))
    assert "not told  smart: 38 markets" in capsys.readouterr().out


CHANGE = Change(
    id="1",
    detected_at=NOW,
    brand="smart",
    kind="market_count",
    change=ChangeKind.CHANGED,
    subject="worldwide",
    before=None,
    after={"count": 39},
    text="smart: 38 → 39 markets",
    rule="the brand itself says so",
)
ALERTS = [{"channel": "desk", "last_answer": "250 taken"}]
ARRIVED = Message(CHANGE, ALERTS, EmailMessage(), True)
ONE = Seen(checks=(), told=(ARRIVED,), silent=(), mails=1, posts=1, refused=0)
EXPECTED = story.Round(at=NOW, articles=(), facts=0, told=(story.Told("changed", "worldwide", "39"),))


@pytest.mark.parametrize(
    ("expected", "seen", "complaint"),
    [
        (replace(EXPECTED, facts=1), ONE, "facts read: 0; in the articles: 1"),
        (replace(EXPECTED, told=()), ONE, "told: changed worldwide 39; expected: nothing"),
        (EXPECTED, replace(ONE, told=(), mails=0, posts=0), "told: nothing; expected: changed worldwide 39"),
        (
            EXPECTED,
            replace(ONE, told=(replace(ARRIVED, mail=None, posted=False),)),
            "“smart: 38 → 39 markets” did not arrive by mail and webhook (desk: 250 taken)",
        ),
        (EXPECTED, replace(ONE, mails=2), "changes told: 1; mails: 2; webhook messages: 1"),
        (EXPECTED, replace(ONE, refused=1), "webhook messages without a right signature: 1"),
    ],
)
def test_everything_that_goes_otherwise_is_seen(expected: story.Round, seen: Seen, complaint: str) -> None:
    assert list(complaints(expected, seen)) == ["0 of 3 sources were checked", complaint]


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook(SECRET, lambda: NOW)
    yield hook
    hook.close()


def post(hook: Hook, *, sent: datetime = NOW, secret: str = SECRET, name: str = "one") -> int:
    body = json.dumps({"id": name})
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": "v1,bm90IHRoaXMgb25l " + Webhook(secret).sign(name, sent, body),
    }
    request = urllib.request.Request(hook.url, body.encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_hook_takes_what_is_signed_and_counts_repeats_once(hook: Hook) -> None:
    assert [post(hook), post(hook), post(hook, name="two")] == [204, 204, 204]
    assert hook.messages == [{"id": "one"}, {"id": "two"}]
    assert hook.refused == 0


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "whsec_" + "QUJD" * 8}, {"sent": NOW - timedelta(minutes=6)}, {"sent": NOW + timedelta(days=1)}],
)
def test_the_hook_refuses_what_is_not(hook: Hook, wrong: dict[str, object]) -> None:
    assert post(hook, **wrong) == 401  # type: ignore[arg-type]
    assert (hook.messages, hook.refused) == ([], 1)


def test_the_readme_shows_what_it_prints(played: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    block = readme.split("```console\n", 1)[1].split("```", 1)[0]
    shown = [line for line in block.splitlines() if line.strip() and not line.startswith(("$", "…"))]
    printed = set(played[0].stdout.splitlines())
    assert shown
    assert [line for line in shown if line not in printed] == []
