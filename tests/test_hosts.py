"""Turns with hosts over many workers: one at a time, everybody in the end, and pauses that outlive workers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from monitor.engine.hosts import Grant, Hosts
from monitor.engine.worker import SharedTurn
from monitor.errors import FetchError

BEGAN = 1_000.0


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> float:
        return self.now


class Recalls(list[tuple[str, str, int]]):
    """What was asked back."""

    def __call__(self, worker: str, host: str, grant: int) -> None:
        self.append((worker, host, grant))


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_host_is_kept_until_another_wants_it() -> None:
    async def scenario() -> None:
        clock, recalls = Clock(), Recalls()
        hosts = Hosts(recalls, clock)
        clock.now += 60
        first = await hosts.take("a", "x", 1.0)
        assert (first["wait"], first["blocked"]) == (0.0, 0.0)
        second = asyncio.create_task(hosts.take("b", "x", 1.0))
        await settle()
        assert recalls == [("a", "x", first["number"])]
        assert not second.done()
        hosts.give("a", "x", first["number"], 0.7, 30.0)
        clock.now += 0.5
        granted = await second
        assert granted["number"] != first["number"]
        hosts.give("a", "x", first["number"], 0.0, 0.0)  # said twice
        third = asyncio.create_task(hosts.take("c", "x", 1.0))
        await settle()
        assert not third.done()
        hosts.give("b", "x", granted["number"], 0.2, 0.0)
        last = await third
        assert last["wait"] == pytest.approx(0.2)
        assert last["blocked"] == pytest.approx(29.5), "what the host wished is passed on"

    asyncio.run(scenario())


def test_a_worker_that_forgot_what_it_has_waits_for_the_pause() -> None:
    """Its clients go with their coordinator, and what they knew of the last request with them."""

    async def scenario() -> None:
        clock = Clock()
        hosts = Hosts(Recalls(), clock)
        clock.now += 60
        assert (await hosts.take("a", "x", 1.0))["wait"] == 0.0
        clock.now += 60
        assert (await hosts.take("a", "x", 1.0))["wait"] == 1.0

    asyncio.run(scenario())


def test_what_a_lost_worker_had_is_free_after_the_pause() -> None:
    async def scenario() -> None:
        clock = Clock()
        hosts = Hosts(Recalls(), clock)
        clock.now += 60
        await hosts.take("a", "x", 2.0)
        also = asyncio.create_task(hosts.take("lost too", "x", 2.0))
        waiting = asyncio.create_task(hosts.take("b", "x", 1.0))
        await settle()
        hosts.lost("lost too")
        hosts.lost("a")
        assert (await waiting)["wait"] == 2.0
        await asyncio.gather(also, return_exceptions=True)
        assert also.cancelled()

    asyncio.run(scenario())


def test_what_was_asked_before_the_scheduler_began_is_reckoned_with() -> None:
    async def scenario() -> None:
        clock = Clock()
        hosts = Hosts(Recalls(), clock)
        clock.now += 0.25
        assert (await hosts.take("a", "x", 1.0))["wait"] == 0.75

    asyncio.run(scenario())


class Worker:
    """A worker's turns, its messages taking a while each way."""

    def __init__(self, name: str, hosts: Hosts) -> None:
        self._name = name
        self._hosts = hosts
        self.turns: dict[str, SharedTurn] = {}

    def turn(self, host: str) -> SharedTurn:
        return self.turns.setdefault(host, SharedTurn(host, timedelta(0), self._ask, self._give))

    def recall(self, host: str, grant: int) -> None:
        asyncio.get_running_loop().call_soon(self.turns[host].recall, grant)

    async def _ask(self, host: str, delay: float) -> Grant:
        await asyncio.sleep(0)
        granted = await self._hosts.take(self._name, host, delay)
        await asyncio.sleep(0)
        return granted

    def _give(self, host: str, grant: int, wait: float | None, blocked: float) -> None:
        asyncio.get_running_loop().call_soon(partial(self._hosts.give, self._name, host, grant, wait, blocked))


@pytest.mark.parametrize("seed", range(20))
def test_whoever_asks_whatever_in_whatever_order_one_asks_at_a_time_and_all_get_their_turn(seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        workers: dict[str, Worker] = {}
        hosts = Hosts(lambda worker, host, grant: workers[worker].recall(host, grant), lambda: 0.0)
        workers |= {name: Worker(name, hosts) for name in "abc"}
        asking: Counter[str] = Counter()
        asked: Counter[str] = Counter()

        async def errand(worker: Worker) -> None:
            for _ in range(chance.randint(1, 8)):
                host = chance.choice("xyz")
                async with worker.turn(host):
                    asking[host] += 1
                    assert asking[host] == 1
                    await asyncio.sleep(0)
                    asking[host] -= 1
                    asked[host] += 1

        errands = [asyncio.create_task(errand(chance.choice(list(workers.values())))) for _ in range(30)]
        await settle()
        given_up = chance.sample(errands, 6)
        for task in given_up:  # in the middle of whatever it is at
            if asking.total() == 0 and task.cancel():
                await settle()
        await asyncio.wait_for(asyncio.gather(*errands, return_exceptions=True), 30)
        assert all(task.cancelled() or task.exception() is None for task in errands)
        assert sum(task.cancelled() for task in errands) <= len(given_up)
        assert asked.total() >= 24

    asyncio.run(scenario())


def test_a_host_that_wants_to_be_left_alone_is_left_alone_by_all() -> None:
    async def scenario() -> None:
        workers: dict[str, Worker] = {}
        hosts = Hosts(lambda worker, host, grant: workers[worker].recall(host, grant))
        workers |= {name: Worker(name, hosts) for name in "ab"}
        async with workers["a"].turn("x") as _:
            workers["a"].turn("x").block(timedelta(hours=1))
        with pytest.raises(FetchError, match="left alone"):
            async with workers["b"].turn("x"):
                pass

    asyncio.run(scenario())
