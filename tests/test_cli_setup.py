"""`init` and `doctor`: a config that works from the start, and what is wrong with one that does not."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import newsdesk
import pytest
from commandline import Result, command, mistake

from monitor import config
from monitor.cli.examining import Grade, examine
from monitor.cli.options import Place
from monitor.history import History, backups
from monitor.models import SourceKind
from monitor.parser.facts import revive

LISTED = '[http]\nuser_agent = "tests"\nallow_private_networks = ["127.0.0.0/8"]\n'
SOURCE = '[[sources]]\nname = "news"\nkind = "feed"\nurl = "http://127.0.0.1:8080/feed"\n'


def written(folder: Path, *parts: str) -> Path:
    path = folder / "monitor.toml"
    path.write_text("\n".join(parts))
    return path


def graded(told: Result, grade: str) -> list[str]:
    return [line for line in told.out.splitlines() if line.startswith(grade)]


# --- init ---


def test_init_writes_a_config_that_loads_and_says_what_to_do_next(tmp_path: Path) -> None:
    told = command("init", tmp_path / "new", "--brand", "smart", "--brand", "byd")
    assert told.code == 0, told.err
    path = tmp_path / "new" / "monitor.toml"
    settings = config.load(path)
    assert {source.brand for source in settings.sources} >= {"smart", "BYD"}
    assert all(source.kind in SourceKind for source in settings.sources)
    assert f"brand-monitor --config {path} doctor" in told.out


def test_init_works_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = command("init")
    assert "brand-monitor run" in told.out
    assert config.load(tmp_path / "monitor.toml").sources


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text("mine")
    assert "stays as it is" in mistake("init", tmp_path)
    assert (tmp_path / "monitor.toml").read_text() == "mine"


def test_init_writes_nothing_for_a_brand_that_is_not_there(tmp_path: Path) -> None:
    assert "did you mean smart" in mistake("init", tmp_path / "new", "--brand", "smart", "--brand", "smrat")
    assert not (tmp_path / "new").exists()


def test_init_says_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file" in mistake("init", tmp_path / "file")
    assert "cannot be written" in mistake("init", tmp_path / "file" / "deeper")


# --- doctor ---


def test_a_config_that_is_right_is_all_ok(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "monitor.db")
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE))
    assert told.code == 0, told.out
    assert graded(told, "failed") == []
    for about in ("config", "disk", "database", "clock", "network"):
        assert any(about in line for line in graded(told, "ok")), about


def test_every_mistake_in_the_config_is_a_line_and_the_database_is_looked_at_all_the_same(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    path = written(tmp_path, 'timezone = "Berlin"', 'databse = "x"')
    told = command("doctor", "--config", path, "--db", tmp_path / "news.db")
    assert told.code == 2
    assert len(graded(told, "failed")) == 2
    assert any("undamaged" in line for line in graded(told, "ok"))


def test_secrets_that_are_not_there_are_named_and_those_that_are_there_stay_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_canary")
    hook = '[[channels]]\nname = "{0}"\nkind = "webhook"\nurl = "http://127.0.0.1:8080/"\nsecret = "{1}"\n'
    monkeypatch.setenv("NO_SECRET", "not canary!")
    given = {"good": "env:HOOK_SECRET", "bad": "file:none.txt", "worse": "env:NO_SECRET"}
    channels = "".join(hook.format(name, secret) for name, secret in given.items())
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, channels))
    assert told.code == 2
    absent, unfit = graded(told, "failed")
    assert "none.txt" in absent
    assert '[[channels]] "worse": secret: what env:NO_SECRET holds is no secret of Standard Webhooks' in unfit
    assert any("env:HOOK_SECRET" in line for line in graded(told, "ok"))
    assert "canary" not in told.out + told.err


@pytest.mark.parametrize("url", ["http://10.0.0.1/feed", "http://[::1]/feed", "http://169.254.169.254/feed"])
def test_hosts_that_may_not_be_reached_fail(url: str, tmp_path: Path) -> None:
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE.replace("http://127.0.0.1:8080/feed", url)))
    assert told.code == 1
    (failed,) = graded(told, "failed")
    assert "is not a public address" in failed


def test_templates_that_the_service_would_refuse_fail(tmp_path: Path) -> None:
    path = written(tmp_path, 'templates = "own"', LISTED, SOURCE)
    assert "there is no folder" in graded(command("doctor", "--config", path), "failed")[0]
    (tmp_path / "own").mkdir()
    template = tmp_path / "own" / "subject.txt.j2"
    template.write_text("{{ subject }}")
    assert any("templates" in line for line in graded(command("doctor", "--config", path), "ok"))
    template.write_text("{% for %}")
    (tmp_path / "own" / "sbject.txt.j2").write_text("")
    told = command("doctor", "--config", path)
    assert told.code == 2
    first, second = graded(told, "failed")
    assert 'sbject.txt.j2: there is no such template; did you mean "subject.txt.j2"?' in first
    assert "subject.txt.j2, line 1" in second


def test_a_config_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    told = command("doctor", "--config", tmp_path / "none.toml")
    assert told.code == 2
    assert "none.toml" in graded(told, "failed")[0]


def test_a_channel_that_no_rule_names_is_a_warning(tmp_path: Path) -> None:
    channels = "".join(f'[[channels]]\nname = "{name}"\nkind = "console"\n' for name in ("screen", "other", "weekly"))
    rule = '[[alerts]]\nname = "r"\nchannels = ["other"]\n'
    weekly = '[summary]\nchannels = ["weekly"]\n'
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, channels, rule, weekly))
    assert told.code == 0
    (warned,) = [line for line in graded(told, "warning") if "channel" in line]
    assert 'channel "screen": no rule names it, so it is told of no change' in warned
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, channels, weekly))
    assert not [line for line in graded(told, "warning") if "channel" in line], "every change goes to every channel"


def test_brands_that_were_mistyped_are_a_warning(tmp_path: Path) -> None:
    screen = '[[channels]]\nname = "screen"\nkind = "console"\n'
    rule = '[[alerts]]\nname = "r"\nchannels = ["screen"]\nbrands = ["smrat", "BYD", "Own"]\n'
    path = written(tmp_path, LISTED, SOURCE + 'brand = "Own"\n', screen, rule)
    told = command("doctor", "--config", path)
    assert told.code == 0, told.out
    (warned,) = [line for line in graded(told, "warning") if "brand" in line]
    assert '"smrat"; did you mean smart' in warned


def test_a_damaged_database_and_a_missing_folder_fail(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_text("dear diary " * 500)
    path = written(tmp_path, LISTED, SOURCE)
    assert any("monitor.db" in line for line in graded(command("doctor", "--config", path), "failed"))
    nowhere = command("doctor", "--config", path, "--db", tmp_path / "none" / "news.db")
    assert any("does not exist" in line for line in graded(nowhere, "failed"))


def test_a_damaged_page_of_the_database_is_found(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "monitor.db")
    with sqlite3.connect(tmp_path / "monitor.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'fact'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (tmp_path / "monitor.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    failed = graded(command("doctor", "--config", written(tmp_path, LISTED, SOURCE)), "failed")
    assert any("damaged" in line for line in failed)


def without_rights(*words: str, config: Path) -> tuple[int, str]:
    """Exit code and output of a command by a user for whom the rights of files hold: root would pass them by."""
    bound = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    given = [*bound, sys.executable, "-m", "monitor", "--config", config, *words]
    ran = subprocess.run(given, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return ran.returncode, ran.stdout + ran.stderr


unless_rights_are_nothing = pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere"
)


@unless_rights_are_nothing
@pytest.mark.parametrize("closed", ["", "monitor.db", "monitor.db.lock"])
def test_a_database_that_may_not_be_written_fails_as_it_stops_what_writes(closed: str, tmp_path: Path) -> None:
    path, data = written(tmp_path, 'database = "data/monitor.db"', LISTED, SOURCE), tmp_path / "data"
    data.mkdir()
    newsdesk.tell(data / "monitor.db")
    (data / "monitor.db.lock").touch()
    (data / closed).chmod(0o444 if closed else 0o555)
    advice = f"give the service's user the right to write to {data} and what is in it, or change `database`"
    for words, code in (("doctor", 1), ("check", 2)):
        ended, said = without_rights(words, config=path)
        assert ended == code
        assert advice in said
    (data / closed).chmod(0o755)


@unless_rights_are_nothing
def test_a_token_that_cannot_be_kept_is_told_with_what_to_do(tmp_path: Path) -> None:
    path, data = written(tmp_path, 'database = "data/monitor.db"', LISTED, SOURCE), tmp_path / "data"
    data.mkdir()
    newsdesk.tell(data / "monitor.db")
    with closing(sqlite3.connect(data / "monitor.db")) as db:  # the service runs: what it writes ahead is there to read
        db.execute("SELECT * FROM fact").fetchone()
        data.chmod(0o555)
        ended, said = without_rights("web", "--link", config=path)
        data.chmod(0o755)
    assert ended == 2
    advice = f"give the service's user the right to write to {data} and what is in it, or change `database`"
    assert f"monitor.db.token cannot be read or made (Permission denied); {advice}" in said


def test_a_clock_that_was_later_before_is_wrong(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    before = newsdesk.START - timedelta(days=1)
    verdicts = list(examine(Place(written(tmp_path, LISTED, SOURCE), tmp_path / "news.db"), before))
    assert [(one.grade, one.about) for one in verdicts if one.grade is Grade.FAILED] == [(Grade.FAILED, "clock")]


def test_sources_that_nobody_checks_and_backups_that_nobody_makes_are_warnings(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "monitor.db")
    path = written(tmp_path, LISTED, '[backup]\npath = "copies"\n')
    settled = newsdesk.START + timedelta(days=2, minutes=10)

    def warned(now: datetime) -> dict[str, str]:
        found = examine(Place(path, tmp_path / "monitor.db"), now)
        return {
            one.about: one.text for one in found if one.grade is Grade.WARNING and one.about in ("service", "backup")
        }

    with History(tmp_path / "monitor.db", revive=revive) as history:
        history.defer({"smart-newsroom": settled, "silent-site": settled})
    assert warned(settled).keys() == {"backup"}
    backups.take(tmp_path / "monitor.db", tmp_path / "copies", 7, settled)
    assert warned(settled + timedelta(minutes=15)) == {}
    late = warned(settled + timedelta(days=2))
    assert "silent-site" in late["service"]
    assert "2 more sources are neglected" in late["service"]
    assert "asks for more" in late["backup"]
    (tmp_path / "monitor.db").write_text("dear diary " * 500)
    told = {one.about: one for one in examine(Place(path, None), settled)}
    assert told["database"].grade is Grade.FAILED
    assert "copies/monitor-20260104T091000Z.db" in told["backup"].text, "where to restore it from"
    path.write_text(LISTED)
    assert "no [backup] table" in warned(settled)["backup"]


def test_the_text_that_init_leaves_to_be_filled_in_is_a_warning(tmp_path: Path) -> None:
    command("init", tmp_path)
    warned = graded(command("doctor", "--config", tmp_path / "monitor.toml"), "warning")
    assert any("user_agent" in line for line in warned)


@pytest.fixture
def greeter() -> Iterator[tuple[int, list[bytes]]]:
    """A mail server's port and what it says first; it keeps what it hears."""
    greeting = [b"220 mail.example ready\r\n"]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    line.sendall(greeting[0])
                    heard = line.recv(100)
                    assert heard == b"", heard

        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], greeting
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def mail(port: int) -> str:
    return (
        '[[channels]]\nname = "desk"\nkind = "email"\nto = "desk@example.org"\nfrom = "m@example.org"\n'
        f'smtp = "smtp://127.0.0.1:{port}"\n'
    )


def test_a_mail_server_is_greeted_and_gets_no_mail(tmp_path: Path, greeter: tuple[int, list[bytes]]) -> None:
    port, _ = greeter
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, mail(port)))
    assert told.code == 0, told.out
    assert any("220 mail.example ready" in line for line in graded(told, "ok"))


def test_a_mail_server_that_refuses_or_is_not_there_fails(tmp_path: Path, greeter: tuple[int, list[bytes]]) -> None:
    port, greeting = greeter
    greeting[0] = b"554 go away\r\n"
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, mail(port)))
    assert any("554 go away" in line for line in graded(told, "failed"))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = unused.getsockname()[1]
    told = command("doctor", "--config", written(tmp_path, LISTED, SOURCE, mail(closed)))
    assert any(str(closed) in line for line in graded(told, "failed"))
