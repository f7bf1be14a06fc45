"""Records that come together are one transaction, and each is for itself."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from history_samples import observed
from watching import START

from monitor.cli.recorder import GROUP, Recorder
from monitor.errors import DatabaseError
from monitor.history import History
from monitor.models import Outcome

Work = Callable[[], str]


class Disk:
    """Does what it is given, and remembers in which groups."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.full = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def together(self, works: Sequence[Work]) -> list[str | Exception]:
        await self.slow.wait()
        if self.full:
            raise DatabaseError("the disk is full")
        self.groups.append(len(works))
        return [work() for work in works]


def test_what_comes_within_a_moment_is_one_group() -> None:
    async def scenario() -> None:
        disk = Disk()
        recorder = Recorder(disk.together)
        with recorder.giving():
            done = [await recorder.add(lambda name=name: name, at_once=False) for name in "abc"]
        assert [await one for one in done] == ["a", "b", "c"]
        assert disk.groups == [3]

    asyncio.run(scenario())


def test_news_takes_along_what_waits() -> None:
    async def scenario() -> None:
        disk = Disk()
        recorder = Recorder(disk.together)
        with recorder.giving():
            quiet = await recorder.add(lambda: "quiet", at_once=False)
            news = await recorder.add(lambda: "news", at_once=True)
            assert (await news, quiet.result()) == ("news", "quiet")

    asyncio.run(scenario())


def test_who_waits_alone_waits_for_nobody() -> None:
    async def scenario() -> None:
        recorder = Recorder(Disk().together)
        with recorder.giving():
            done = await recorder.add(lambda: "alone", at_once=False)
        assert await done == "alone"

    asyncio.run(scenario())


def test_nobody_adds_without_end_while_the_disk_is_slow() -> None:
    async def scenario() -> None:
        disk = Disk()
        disk.slow.clear()
        recorder = Recorder(disk.together)
        added = 0

        async def add() -> None:
            nonlocal added
            for _ in range(10 * GROUP):
                await recorder.add(lambda: "one", at_once=False)
                added += 1

        adding = asyncio.create_task(add())
        for _ in range(100):
            await asyncio.sleep(0)
        assert added == 3 * GROUP
        disk.slow.set()
        await adding
        await recorder.aclose()
        assert sum(disk.groups) == 10 * GROUP

    asyncio.run(scenario())


def test_what_ails_the_database_is_told_to_all() -> None:
    async def scenario() -> None:
        disk = Disk()
        disk.full = True
        recorder = Recorder(disk.together)
        with recorder.giving():
            done = [await recorder.add(lambda: "lost", at_once=False) for _ in range(2)]
        for one in done:
            with pytest.raises(DatabaseError, match="full"):
                await one
        disk.full = False
        assert await (await recorder.add(lambda: "again", at_once=True)) == "again"

    asyncio.run(scenario())


def test_a_record_that_breaks_leaves_nothing_behind_and_harms_no_other(tmp_path: Path) -> None:
    with History(tmp_path / "monitor.db", revive=lambda stored: pytest.fail(str(stored))) as history:

        def one(source: str, *, broken: bool = False) -> str:
            with history.writing():
                observation = observed(outcome=Outcome.UNCHANGED, page=None, at=START)
                history._store.db.execute(
                    "INSERT INTO task (name, done_at) VALUES (?, ?)", [source, str(observation.started_at)]
                )
                if broken:
                    raise ZeroDivisionError
            return source

        results = history.together([lambda: one("a"), lambda: one("b", broken=True), lambda: one("c")])
        assert results[::2] == ["a", "c"]
        assert isinstance(results[1], ZeroDivisionError)
        kept = history._store.db.execute("SELECT name FROM task ORDER BY name").fetchall()
        assert kept == [("a",), ("c",)]
        with pytest.raises(DatabaseError):
            history.together([lambda: one("d"), broken_disk])
        assert history._store.db.execute("SELECT name FROM task ORDER BY name").fetchall() == kept


def broken_disk() -> str:
    raise DatabaseError("the disk answers with an error")
