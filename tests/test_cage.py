"""Untrusted work in children: bounded in time and memory, and the next page is read all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.engine.cage import Cage
from monitor.errors import ReadError
from monitor.models import Outcome


def stall() -> None:
    while True:
        pass


def swell() -> int:
    return len(bytearray(4_000_000_000))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        die()
    return "read"


def begin_and_go_on(mark: Path) -> str:
    """Long enough for whoever keeps the time to look at the clock."""
    mark.touch()
    time.sleep(1.2)
    return "read"


def begin_and_stall(mark: Path) -> None:
    mark.touch()
    stall()


def clocks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the clocks of this process: that on the wall, and the event loop's."""
    ahead = {"wall": 0.0, "loop": 0.0}
    wall = SimpleNamespace(time=lambda: time.time() + ahead["wall"], sleep=time.sleep)
    monkeypatch.setattr("pebble.pool.process.time", wall)
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _: time.monotonic() + ahead["loop"])
    return ahead.update


def refuse() -> None:
    raise ReadError(Outcome.SUSPECT, "a consent wall")


def stumble() -> None:
    raise RecursionError("deep")


def outcomes(*calls: Callable[[], Any], seconds: float = 30.0) -> list[Any]:
    async def scenario() -> list[Any]:
        cage = Cage(seconds=seconds)
        try:
            return await asyncio.gather(*(cage.run(call) for call in calls), return_exceptions=True)
        finally:
            cage.close()

    return asyncio.run(scenario())


def test_the_result_comes_back_from_another_process() -> None:
    [child] = outcomes(os.getpid)
    assert child != os.getpid()


@pytest.mark.parametrize(("bad", "words"), [(swell, "too much memory"), (die, "was killed (signal 9), twice")])
def test_what_oversteps_is_an_outcome_and_the_next_page_is_read(bad: Callable[[], Any], words: str) -> None:
    failed, pid = outcomes(bad, os.getpid)
    assert isinstance(failed, ReadError)
    assert failed.outcome is Outcome.PARSE_ERROR
    assert words in failed.reason
    assert isinstance(pid, int)


def test_children_that_had_to_be_replaced_are_counted() -> None:
    async def scenario() -> list[int]:
        cage = Cage(seconds=30.0)
        try:
            counted = []
            for call in (os.getpid, refuse, die, os.getpid, die):
                await asyncio.gather(cage.run(call), return_exceptions=True)
                counted.append(cage.replaced)
            return counted
        finally:
            cage.close()

    assert asyncio.run(scenario()) == [0, 0, 2, 2, 4]


def test_a_page_whose_child_is_killed_for_what_others_did_is_read_by_the_next(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, int]:
        cage = Cage()
        try:
            return await cage.run(die_once, tmp_path / "died"), cage.replaced
        finally:
            cage.close()

    assert asyncio.run(scenario()) == ("read", 1)


def test_a_stop_of_the_program_is_not_the_page_s_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-Z or the machine's sleep: when it goes on, both clocks have."""
    jump = clocks(monkeypatch)

    async def scenario() -> str:
        cage = Cage(seconds=5.0)
        try:
            page = asyncio.create_task(cage.run(begin_and_go_on, tmp_path / "begun"))
            await asyncio.to_thread(_wait_for, tmp_path / "begun")
            jump(wall=3600, loop=3600)
            text: str = await page
            return text
        finally:
            cage.close()

    assert asyncio.run(scenario()) == "read"


@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_clock_that_is_set_neither_spares_a_page_nor_ends_one(
    step: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jump = clocks(monkeypatch)

    async def scenario() -> list[Any]:
        cage = Cage(processes=2, seconds=3.0)
        try:
            pages = [cage.run(begin_and_go_on, tmp_path / "begun"), cage.run(begin_and_stall, tmp_path / "stalls")]
            reading = asyncio.gather(*pages, return_exceptions=True)
            await asyncio.to_thread(_wait_for, tmp_path / "begun")
            await asyncio.to_thread(_wait_for, tmp_path / "stalls")
            jump(wall=step)
            return await asyncio.wait_for(reading, 30)
        finally:
            cage.close()

    read, failed = asyncio.run(scenario())
    assert read == "read"
    assert isinstance(failed, ReadError)
    assert "longer than 3 s" in failed.reason


def test_what_stalls_is_given_up_and_the_next_page_is_read() -> None:
    failed, pid = outcomes(stall, os.getpid, seconds=3.0)
    assert isinstance(failed, ReadError)
    assert "longer than 3 s" in failed.reason
    assert isinstance(pid, int)


def test_children_that_die_between_pages_are_replaced() -> None:
    async def scenario() -> tuple[int, int]:
        cage = Cage()
        try:
            first = await cage.run(os.getpid)
            os.kill(first, signal.SIGKILL)
            _wait_for_the_end_of(first)
            return first, await cage.run(os.getpid)
        finally:
            cage.close()

    first, second = asyncio.run(scenario())
    assert first != second


def test_a_reason_for_refusing_comes_back_whole() -> None:
    [failed] = outcomes(refuse)
    assert (failed.outcome, failed.reason) == (Outcome.SUSPECT, "a consent wall")


def test_a_bug_that_a_page_brings_about_is_told_and_the_next_page_is_read(caplog: pytest.LogCaptureFixture) -> None:
    failed, pid = outcomes(stumble, os.getpid)
    assert isinstance(failed, ReadError)
    assert "RecursionError" in failed.reason
    assert "RecursionError: deep" in caplog.text
    assert isinstance(pid, int)


def test_children_end_with_a_killed_parent() -> None:
    script = textwrap.dedent("""
        import asyncio, os, time
        from monitor.engine.cage import Cage
        if __name__ == "__main__":
            async def main():
                cage = Cage()
                print(await cage.run(os.getpid), flush=True)
                time.sleep(60)
            asyncio.run(main())
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not _alive(child):
            return
        time.sleep(0.1)  # the child looks for its parent now and then
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived its parent")


def _wait_for(mark: Path) -> None:
    while not mark.exists():
        time.sleep(0.01)


def _wait_for_the_end_of(pid: int) -> None:
    while _alive(pid):
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each child loads it anew")
def test_what_reads_is_loaded_once_for_all_children_and_gone_with_the_command() -> None:
    """The server that children are forked from is waited for: its CPU counts as the command's, as `time` tells it."""
    script = textwrap.dedent("""
        import asyncio, gc, os
        from monitor.engine.cage import Cage
        async def main():
            cage = Cage()
            print(await cage.run(gc.get_freeze_count), await cage.run(os.getppid))
            cage.close()
        asyncio.run(main())
    """)
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    loaded, server = map(int, told.split())
    assert loaded > 100_000
    assert not _alive(server)


def test_a_child_has_loaded_what_reads_before_its_first_page() -> None:
    """Words, classifiers and libraries: on a busy machine they would take all the time that a page may take."""
    script = """
        import sys
        from datetime import UTC, datetime
        from monitor import visits
        from monitor.models import Link, Page, Source, SourceKind

        visits.prepare()
        url = "https://media.veloria.example/story"
        content = b"<html><body><p>Veloria is now present in 40 markets. It entered Chile on Monday.</p></body></html>"
        page = Page(url=url, requested_url=url, status=200, content=content, content_type=None,
                    fetched_at=datetime(2026, 1, 9, tzinfo=UTC))
        source = Source(name="veloria", kind=SourceKind.LISTING, url=url, brand="Veloria")
        opened = []
        sys.addaudithook(lambda event, given: opened.append(given[0]) if event == "open" else None)
        _, facts, _ = visits.read_new(page, source, Link(url=url))
        assert [fact.value for fact in facts] == ["40", "entered"]
        assert not opened, opened
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
