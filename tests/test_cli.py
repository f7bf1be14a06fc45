"""The command line as a whole: its help, its mistakes, its ways to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import newsdesk
import pytest
from commandline import command, mistake

from monitor.cli import SECTIONS, commands
from monitor.cli.values import Moment
from monitor.exports.moments import resolve

HEAVY = ("rich", "pydantic", "sqlite_utils", "httpx", "lxml", "bs4", "trafilatura", "apscheduler", "monitor.config")
NAMES = [name for section in SECTIONS.values() for name in section]


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "monitor", *arguments]


def loaded(name: str) -> click.Command:
    found = commands.get_command(click.Context(commands), name)
    assert found is not None
    return found


def test_who_ends_does_not_search_for_garbage_first() -> None:
    code = "import gc\nfrom monitor.cli import main\ntry:\n    main()\nfinally:\n    print(gc.get_freeze_count() > 999)"
    ended = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert ended.stdout.endswith("\nTrue\n")


# --- help ---


def test_help_shows_every_command_under_its_section() -> None:
    shown = command("--help")
    assert shown.code == 0
    for title, section in SECTIONS.items():
        assert f"{title}:" in shown.out
        for name, (_, line) in section.items():
            assert f"  {name} " in shown.out
            assert line in shown.out


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom monitor.cli import run\ncode = run(['--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(heavy, file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_there_and_explains_itself(name: str) -> None:
    shown = command(name, "--help")
    assert shown.code == 0, shown.err
    assert f"Usage: brand-monitor {name}" in shown.out
    assert loaded(name).name == name


def test_a_command_is_found_as_a_module_too() -> None:
    done = subprocess.run(program("--version"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("brand-monitor ")


def test_without_a_command_the_help_is_shown_and_it_is_wrong_usage() -> None:
    shown = command()
    assert shown.code == 2
    assert "Usage: brand-monitor" in shown.err


# --- what is mistyped ---


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["chnages"], "'changes'"),
        (["facts", "--knd", "x"], "--kind"),
        (["facts", "--kind", "market_cuont"], 'did you mean "market_count"?'),
        (["facts", "--format", "jsonx"], 'did you mean "json"?'),
        (["facts", "--since", "yesterday"], "2026-01-31"),
        (["facts", "--since", "2026-02-30"], "7d"),
        (["facts", "--limit", "0"], "x>=1"),
        (["timeline"], "BRAND"),
        (["timeline", "smart", "model_anouncement"], 'did you mean "model_announcement"?'),
        (["evaluate"], "GOLD"),
        (["init", "--brand", "smrat"], "smart"),
    ],
)
def test_a_mistyped_word_gets_one_line_with_what_was_meant(arguments: list[str], meant: str, tmp_path: Path) -> None:
    assert meant in mistake("--db", tmp_path / "none.db", *arguments)


def test_a_mistake_says_where_the_right_usage_stands() -> None:
    assert mistake("facts", "--limit", "many").rstrip().endswith("See `brand-monitor facts --help`.")


# --- config and database, before the command's name and after ---


@pytest.mark.parametrize("arguments", [("--db", "{db}", "changes"), ("changes", "--db", "{db}")])
def test_the_database_may_stand_before_and_after_the_command(arguments: tuple[str, ...], tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    told = command(*(word.format(db=tmp_path / "news.db") for word in arguments))
    assert told.code == 0
    assert "38 → 39" in told.out


def test_what_stands_after_the_command_wins(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    assert command("--db", tmp_path / "wrong.db", "changes", "--db", tmp_path / "news.db").code == 0
    assert "wrong.db" in mistake("--db", tmp_path / "news.db", "changes", "--db", tmp_path / "wrong.db")


def test_the_database_of_the_config_is_used(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    config = tmp_path / "monitor.toml"
    config.write_text('database = "news.db"\ntimezone = "Asia/Tokyo"\n')
    told = command("changes", "--config", config, "--format", "table")
    assert "2026-01-03 18:00" in told.out  # 09:00 UTC in Tokyo


def test_each_mistake_in_the_config_is_a_line(tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text('databse = "x"\ntimezone = "Berlin"\n')
    told = command("--config", config, "changes")
    assert told.code == 2
    assert len(told.err.splitlines()) == 2
    assert all(str(config) in line for line in told.err.splitlines())


@pytest.mark.parametrize(("source", "told"), [("", "add a [[sources]] table"), ("enabled = false", "enabled = true")])
@pytest.mark.parametrize("name", ["check", "run"])
def test_nothing_to_check_is_a_mistake_that_says_why(name: str, source: str, told: str, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    table = '[[sources]]\nname = "a"\nkind = "feed"\nurl = "http://127.0.0.1/"\n'
    config.write_text(f"{table}{source}\n" if source else "")
    assert f"{config}: " in mistake("--config", config, name)
    assert told in mistake("--config", config, name)


def test_a_secret_that_is_not_there_is_told_with_file_key_and_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WSEC", raising=False)
    config = tmp_path / "monitor.toml"
    hook = '[[channels]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1/"\nsecret = "env:WSEC"\n'
    source = '[[sources]]\nname = "a"\nkind = "feed"\nurl = "http://127.0.0.1/"\n'
    config.write_text(f'[web]\npassword = "env:WSEC"\n[http]\nproxy = "env:WSEC"\n{source}{hook}')
    unset = "the environment variable WSEC is not set; set it where the program is started\n"
    places = ("[http]: proxy", "[web]: password", '[[channels]] "hook": secret')
    told = command("--config", config, "check")
    assert (told.code, told.err) == (2, "".join(f"brand-monitor: {config}: {place}: {unset}" for place in places))
    assert (
        mistake("--config", config, "extract", "http://127.0.0.1/") == f"brand-monitor: {config}: {places[0]}: {unset}"
    )
    assert mistake("--config", config, "web") == f"brand-monitor: {config}: {places[1]}: {unset}"


# --- dates ---

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-03-01", "2026-02-28T23:00", "2026-03-01T23:00"),
        ("2026-03-01T10:00", "2026-03-01T09:00", "2026-03-01T09:00"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00", "2026-03-01T10:00"),
        ("7d", "2026-03-03T12:00", "2026-03-03T12:00"),
        ("2w", "2026-02-24T12:00", "2026-02-24T12:00"),
        ("90m", "2026-03-10T10:30", "2026-03-10T10:30"),
    ],
)
def test_dates_are_of_the_zone_and_a_day_counts_whole(text: str, since: str, until: str) -> None:
    moment = Moment().convert(text, None, None)
    assert resolve(moment, NOW, BERLIN, end=False) == datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert resolve(moment, NOW, BERLIN, end=True) == datetime.fromisoformat(until).replace(tzinfo=UTC)


@pytest.mark.parametrize("moment", [date.max, date.min])
def test_dates_at_the_end_of_time_are_no_accident(moment: date) -> None:
    for end in (False, True):
        assert resolve(moment, NOW, BERLIN, end=end) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("", "7", "d", "-3d", "2026", "2026-13-01", "01.02.2026", "2026-1-1", "36501d", "999999d", "9" * 400 + "d"),
        *("0001-01-01T00:00+05:00", "0001-01-01T00:00", "9999-12-31T23:59-05:00", "9999-12-31T23:59"),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no date"):
        Moment().convert(text, None, None)


# --- how it ends ---


@pytest.mark.parametrize("form", ["json", "table"])
def test_a_reader_that_has_seen_enough_is_no_failure(form: str) -> None:
    running = subprocess.Popen(
        program("sources", "--catalogue", "--format", form), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            program("sources", "--catalogue"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "brand-monitor: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        (">&-", "brand-monitor: standard output is closed; to throw it away, write >/dev/null\n"),
        ("<&-", "brand-monitor: standard input is closed; name a file, or pipe a text in\n"),
        (">&- 2>&-", ""),
    ],
)
def test_a_closed_stream_is_one_line(closing: str, said: str) -> None:
    for words in (("extract",), ("extract", "--jsonl")):
        started = ["sh", "-c", f'exec "$@" {closing}', "sh", *program(*words)]
        done = subprocess.run(started, input="", capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_what_is_said_to_a_closed_stream_is_said_to_nobody() -> None:
    started = ["sh", "-c", 'exec "$@" 2>&-', "sh", *program("extract")]
    done = subprocess.run(started, input="smart is in 39 markets.", capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["count"]) == (0, 39)


def test_ctrl_c_ends_quietly_with_130() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may ignore it, as `&` does
    running = subprocess.Popen(
        program("extract", "--jsonl"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    signal.signal(signal.SIGINT, before)
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(b'{"id": 1, "text": "Nothing."}\n')
    running.stdin.flush()
    assert running.stdout.readline() == b'{"id": 1, "facts": []}\n'
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in said
