"""What a supervisor sees of the service: that it is ready, alive, stopping; and that a standstill is its end."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from street import stop, street, until

from monitor.cli.supervisor import ALIVE, notify
from monitor.cli.watchdog import Watchdog

SOURCE = '[[sources]]\nname = "news"\nkind = "page"\nurl = "{site}/page"\n'


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield heard


def told(supervisor: socket.socket) -> str | None:
    try:
        return supervisor.recv(1000).decode()
    except BlockingIOError:
        return None


def test_the_supervisor_hears_when_the_service_is_ready_and_when_it_stops(
    tmp_path: Path, supervisor: socket.socket
) -> None:
    async def scenario() -> list[str]:
        async with street(tmp_path) as there:
            there.configure(SOURCE, channels=False)
            heard: list[str] = []
            service = await there.start("run")
            await until(lambda: (word := told(supervisor)) and (heard.append(word), True), service)
            assert (await stop(service))[0] == 0
            return [*heard, told(supervisor) or ""]

    assert asyncio.run(scenario()) == ["READY=1\nSTATUS=watching 1 sources", "STOPPING=1"]


def test_without_a_supervisor_nothing_is_told_and_one_that_is_gone_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(ALIVE)
    assert caplog.text == ""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    notify(ALIVE)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_name_in_the_abstract_namespace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{tmp_path}")
        heard.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{tmp_path}")
        notify(ALIVE)
        assert told(heard) == ALIVE


def test_a_disk_that_takes_no_more_is_no_matter_for_a_person_alone(tmp_path: Path) -> None:
    """Exit code 1: the supervisor starts it again, and the disk may have room by then."""
    config = tmp_path / "monitor.toml"
    config.write_text('[[sources]]\nname = "news"\nkind = "feed"\nurl = "https://news.example/feed"\n')
    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--config", str(config)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "monitor.db: the disk answers with an error" in ended.stderr


def test_signs_of_life_come_only_from_progress() -> None:
    alive, stuck, steps = Event(), Event(), count()
    moving = Watchdog(lambda: next(steps), alive=alive.set, stuck=stuck.set, period=0.01, patience=1)
    moving.start()
    assert alive.wait(30)
    moving.stop()
    assert not stuck.is_set()


def test_a_standstill_is_noticed_and_gives_no_sign_of_life() -> None:
    alive, stuck = Event(), Event()
    still = Watchdog(lambda: 7, alive=alive.set, stuck=stuck.set, period=0.01, patience=3)
    still.start()
    assert stuck.wait(30)
    assert not alive.is_set()
    assert still.still().total_seconds() == pytest.approx(0.03)
