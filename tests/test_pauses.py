"""Hosts that want to be left alone are: by every source, after a restart too, for a day at the most."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from faultserver import FaultServer, redirect, reply
from test_http import NOW, settings
from watching import front, newsroom

from monitor.engine.errands import Errand
from monitor.engine.local import LocalEngine
from monitor.history import History
from monitor.models import Observation, Outcome, Source
from monitor.parser.facts import revive
from monitor.pipeline import record
from monitor.scheduler import host_of
from monitor.settings import HttpSettings, Settings

HOUR = timedelta(hours=1)
BUSY = reply(429, headers=[("Retry-After", "7200")])
FRONT = reply(body=front([1, 2]).encode())


def checked(
    folder: Path, sources: Sequence[Source], now: datetime, http: HttpSettings | None = None
) -> list[Observation]:
    """One process that checks these sources and ends."""

    async def run(history: History) -> list[Observation]:
        engine = LocalEngine(http or settings(), clock=lambda: now)
        seen = []
        try:
            for source in sources:
                errand = Errand(source=source, memory=history.memory(source.name, now))
                given = Settings(path=folder / "m.toml", database=folder / "h.db")
                async with engine.room(host_of(source)) as observe, aclosing(observe([errand])) as observations:
                    async for found in observations:
                        record(found, source, history=history, settings=given, next_due=now, failures=0, now=now)
                        seen.append(found)
        finally:
            await engine.close()
        return seen

    with History(folder / "h.db", revive=revive) as history:
        history.sync_sources(sources, now)
        return asyncio.run(run(history))


def two_of(server: FaultServer) -> list[Source]:
    return [newsroom(name=name, url=server.url(f"/{name}")) for name in ("a", "b")]


@pytest.mark.parametrize("status", [429, 503])
def test_no_source_asks_a_host_that_wants_a_pause_after_a_restart_neither(tmp_path: Path, status: int) -> None:
    with FaultServer(reply(status, headers=[("Retry-After", "7200")])) as server:
        sources = two_of(server)
        first, second = checked(tmp_path, sources, NOW)
        later, _ = checked(tmp_path, sources[::-1], NOW + 2 * HOUR - timedelta(seconds=1))
        assert server.paths == ["/a"]
        assert {one.outcome for one in (first, second, later)} == {Outcome.RATE_LIMITED}
        assert later.retry_after
        assert timedelta(0) < later.retry_after <= timedelta(seconds=1)
        server.scripts = FRONT
        again, _ = checked(tmp_path, sources, NOW + 2 * HOUR)
    assert again.outcome is Outcome.OK
    assert again.pauses == {}


def test_a_pause_that_robots_txt_asks_for_is_one_of_its_host(tmp_path: Path) -> None:
    with FaultServer({"/robots.txt": BUSY, "/a": FRONT, "/b": FRONT}) as server:
        for now in (NOW, NOW + HOUR):
            seen = checked(tmp_path, two_of(server), now, settings(respect_robots=True))
            assert [one.outcome for one in seen] == [Outcome.RATE_LIMITED] * 2
    assert server.paths == ["/robots.txt"]


def test_the_pause_is_of_the_host_that_asked_for_it(tmp_path: Path) -> None:
    with FaultServer(BUSY, host="127.0.0.2") as busy, FaultServer({"/b": FRONT}) as server:
        server.scripts = {"/a": redirect(busy.url("/x")), "/b": FRONT}
        for now in (NOW, NOW + HOUR):
            seen = checked(tmp_path, two_of(server), now)
            assert [one.outcome.good for one in seen] == [False, True]
            assert seen[0].pauses.keys() == {f"127.0.0.2:{busy.port}"}
    assert busy.paths == ["/x"]
    assert server.paths.count("/b") == 2


def test_a_pause_lasts_for_a_day_at_the_most_whatever_the_clock_did(tmp_path: Path) -> None:
    with FaultServer(reply(429, headers=[("Retry-After", "999999999")])) as server:
        sources = two_of(server)[:1]
        checked(tmp_path, sources, NOW + timedelta(days=30))  # the clock was a month ahead
        (seen,) = checked(tmp_path, sources, NOW)
        assert len(server.requests) == 1
        assert seen.pauses == {f"127.0.0.1:{server.port}": NOW + timedelta(days=1)}


def test_a_pause_is_over_after_a_day_when_the_clock_is_set_back(tmp_path: Path) -> None:
    with FaultServer(BUSY) as server:
        sources = two_of(server)[:1]
        checked(tmp_path, sources, NOW + timedelta(days=30))
        with History(tmp_path / "h.db", revive=revive) as history:
            history.turn_back(NOW)
        server.scripts = FRONT
        (seen,) = checked(tmp_path, sources, NOW + timedelta(days=1))
    assert seen.outcome is Outcome.OK


def test_a_wait_that_comes_with_another_status_is_the_pages_own_and_not_the_hosts(tmp_path: Path) -> None:
    with FaultServer({"/a": reply(500, headers=[("Retry-After", "7200")]), "/b": FRONT}) as server:
        seen = checked(tmp_path, two_of(server), NOW)
    assert [(one.outcome, one.retry_after) for one in seen] == [(Outcome.HTTP_ERROR, 2 * HOUR), (Outcome.OK, None)]
    assert [one.pauses for one in seen] == [{}, {}]
