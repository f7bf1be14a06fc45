"""What the service does at set times beside checking: housekeeping and backups, also over restarts and failures."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.service import Service
from monitor.settings import Settings

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Life:
    """A service over one database, started anew for each piece of work; the clock is turned by hand."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.folder = folder
        self.now = NOW
        self.given = {"path": folder / "m.toml", "database": folder / "m.db"} | given

    def _run(self, work: Callable[[Service], Awaitable[None]]) -> None:
        async def living() -> None:
            settings = Settings.model_validate(self.given)
            service = Service(settings, clock=lambda: self.now, rng=random.Random(1))
            try:
                await service.open()
                await work(service)
            finally:
                await service.close()

        asyncio.run(living())

    def housekeep(self, *after: timedelta) -> None:
        """As the scheduler does, after each of these spans."""

        async def work(service: Service) -> None:
            for span in after:
                self.now += span
                await service.tick()
                await service.housekeep()

        self._run(work)

    @property
    def backups(self) -> list[str]:
        folder = self.folder / "copies"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def backed_up(folder: Path, **changes: Any) -> Life:
    return Life(folder, timezone="Europe/Berlin", backup={"path": folder / "copies", "keep": 2} | changes)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[str]]:
    """The lines of the log that begin so."""
    caplog.set_level(logging.INFO, "monitor.cli.service")
    return lambda start: [line for line in caplog.messages if line.startswith(start)]


def test_it_sweeps_every_six_hours_also_over_restarts_and_says_so_in_a_line(
    tmp_path: Path, told: Callable[[str], list[str]]
) -> None:
    life = Life(tmp_path)
    life.housekeep(HOUR)
    assert told("housekeeping") == ["housekeeping: 0 pages and 0 checks removed, 0.0 MB given back to the disk"]
    life.housekeep(HOUR, 4 * HOUR)
    assert len(told("housekeeping")) == 1
    life.housekeep(HOUR, HOUR)
    assert len(told("housekeeping")) == 2
    life.housekeep(-3650 * DAY, HOUR, 6 * HOUR)
    assert len(told("housekeeping")) == 4, "a clock that was set back holds nothing up"


def test_a_backup_a_day_at_its_hour_and_so_many_are_kept(tmp_path: Path, told: Callable[[str], list[str]]) -> None:
    life = backed_up(tmp_path)
    life.housekeep(HOUR, HOUR)
    assert life.backups == []
    for _ in range(3):
        life.housekeep(*[HOUR] * 24)
    assert life.backups == ["m-20260304T020000Z.db", "m-20260305T020000Z.db"], "three o'clock in Berlin"
    assert len(told("backup: ")) == 3


def test_a_backup_that_was_missed_is_made_when_the_service_is_back(tmp_path: Path) -> None:
    life = backed_up(tmp_path, cron="0 12 * * *")
    life.housekeep(HOUR)
    life.housekeep(10 * DAY, HOUR / 2)
    assert life.backups == ["m-20260312T100000Z.db"]


def test_a_backup_that_fails_is_an_error_and_tried_again_in_an_hour(
    tmp_path: Path, told: Callable[[str], list[str]]
) -> None:
    (tmp_path / "copies").touch()
    life = backed_up(tmp_path)
    life.housekeep(HOUR, 17 * HOUR, *[timedelta(minutes=1)] * 30)
    [line] = told("no backup was made")
    assert "copies for backups cannot be made" in line
    (tmp_path / "copies").unlink()
    life.housekeep(HOUR)
    assert len(life.backups) == 1


def test_without_the_table_there_is_none(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.housekeep(HOUR, 3 * DAY)
    assert [path.name for path in tmp_path.glob("*.db")] == ["m.db"]
