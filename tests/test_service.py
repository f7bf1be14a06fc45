"""The whole program as people run it: from a page to a signed webhook and an email, through stops and kills."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from faultserver import FaultServer, reply
from standardwebhooks import Webhook
from street import SECRET, Street, stop, street, until

from monitor import config as configs
from monitor.cli.service import Service
from monitor.errors import DatabaseBusy, DatabaseError
from monitor.scheduler import BATCH
from monitor.settings import Settings

NEWSROOM = """
[[sources]]
name = "newsroom"
brand = "smart"
kind = "listing"
url = "{site}/news/"
every = "1s"
authority = "official"
outlet = "smart"
"""

BASELINE = """smart has begun sales in Costa Rica with a partner from the capital.
With this step the all-electric brand is now present in 38 countries and regions worldwide.
The dealer will open two more showrooms before the summer, the company said in a statement on Monday."""

NEWS = """smart has taken a further step in its global expansion this winter.
The all-electric brand is now present in 39 countries and regions worldwide.
More showrooms will follow during the year, the company said in a statement on Monday."""


def publish_baseline(street: Street) -> None:
    street.site.article(
        "/news/smart-starts-in-costa-rica", "smart starts in Costa Rica with a new partner", BASELINE, "2025-12-01"
    )
    street.site.listing("/news/", ("/news/smart-starts-in-costa-rica", "smart starts in Costa Rica with a new partner"))


def publish_news(street: Street) -> None:
    street.site.article("/news/smart-grows-further-this-winter", "smart grows further this winter", NEWS)
    street.site.listing(
        "/news/",
        ("/news/smart-grows-further-this-winter", "smart grows further this winter"),
        ("/news/smart-starts-in-costa-rica", "smart starts in Costa Rica with a new partner"),
    )


def stored(street: Street, query: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(f"file:{street.folder / 'monitor.db'}?mode=ro", uri=True)
    try:
        return db.execute(query).fetchall()
    except sqlite3.OperationalError:  # not made yet
        return []
    finally:
        db.close()


def baseline_is_in(street: Street) -> bool:
    return (street.folder / "monitor.db").exists() and stored(street, "SELECT count(*) FROM changes") == [(2,)]


def test_news_goes_from_the_page_to_both_channels_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            there.configure(NEWSROOM)
            publish_baseline(there)
            service = await there.start("run")
            await until(lambda: baseline_is_in(there), service)
            publish_news(there)
            await until(lambda: there.hook.posts and there.desk.messages, service)
            code, log = await stop(service)
            assert (code, "Traceback" in log) == (0, False), log
            [post] = there.hook.posts
            body = Webhook(SECRET).verify(post.body, dict(post.headers))
            assert (body["type"], body["change"], body["text"]) == ("change", "changed", "smart: 38 → 39 markets")
            assert body["after"]["evidence"] in NEWS
            [message] = there.desk.messages
            assert "38 → 39 markets" in message["subject"]
            assert there.site.asked.count("/news/smart-starts-in-costa-rica") == 1  # a new article is fetched once

    asyncio.run(scenario())


def test_killed_at_any_moment_it_tells_everything_and_repeats_only_with_the_same_id(tmp_path: Path) -> None:
    async def scenario() -> None:
        moments = random.Random(7)
        async with street(tmp_path) as there:
            there.configure(NEWSROOM)
            publish_baseline(there)
            service = await there.start("run")
            await until(lambda: baseline_is_in(there), service)
            publish_news(there)
            for _ in range(6):
                await asyncio.sleep(moments.uniform(0, 1.5))  # a random moment is the point
                service.kill()
                await service.communicate()
                service = await there.start("run")
            await until(lambda: there.hook.posts and there.desk.messages, service)
            await until(lambda: stored(there, "SELECT count(*) FROM alerts WHERE status != 'sent'") == [(0,)], service)
            assert (await stop(service))[0] == 0
            assert len({post.headers["webhook-id"] for post in there.hook.posts}) == 1
            assert len({message["message-id"] for message in there.desk.messages}) == 1
            assert stored(there, "PRAGMA integrity_check") == [("ok",)]

    asyncio.run(scenario())


def test_a_second_service_on_the_same_database_refuses(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            there.configure(NEWSROOM)
            publish_baseline(there)
            first = await there.start("run")
            await until(lambda: baseline_is_in(there), first)
            code, _, err = await there.run("run")
            assert code == 2
            assert str(first.pid) in err
            assert len(err.splitlines()) == 1
            assert (await stop(first))[0] == 0

    asyncio.run(scenario())


def test_the_config_is_read_again_and_a_wrong_one_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            config = there.configure(NEWSROOM)
            publish_baseline(there)
            service = await there.start("run")
            await until(lambda: baseline_is_in(there), service)
            good = config.read_text()
            config.write_text(good.replace("every", "evry"))
            service.send_signal(signal.SIGHUP)
            before = len(there.site.asked)
            await until(lambda: len(there.site.asked) > before + 2, service)  # the old one goes on
            more = NEWSROOM.replace('"newsroom"', '"second"').replace("/news/", "/second/")
            config.write_text(good + more.replace("{site}", there.site.url))
            there.site.listing(
                "/second/", ("/news/smart-starts-in-costa-rica", "smart starts in Costa Rica with a new partner")
            )
            service.send_signal(signal.SIGHUP)
            await until(lambda: "/second/" in there.site.asked, service)
            code, log = await stop(service)
            assert code == 0
            assert 'did you mean "every"?' in log

    asyncio.run(scenario())


def slow_newsroom(there: Street, stories: int) -> tuple[Path, str]:
    """A newsroom with so many stories, asked once a second: the config, and where the second story is."""
    config = there.configure(NEWSROOM)
    config.write_text(config.read_text().replace('per_host_delay = "0s"', 'per_host_delay = "1s"'))
    titles = [(f"/news/a-story-about-smart-number-{n}", f"A story about smart, number {n}") for n in range(stories)]
    for path, title in titles:
        there.site.article(path, title, BASELINE)
    there.site.listing("/news/", *titles)
    return config, titles[1][0]


def test_a_stop_in_the_middle_of_a_check_loses_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            config, second = slow_newsroom(there, 8)
            service = await there.start("run")
            await until(lambda: second in there.site.asked, service)
            assert (await stop(service))[0] == 0
            read = stored(there, "SELECT count(*) FROM documents")[0][0]
            assert read in (1, 2, 3)
            config.write_text(config.read_text().replace('per_host_delay = "1s"', 'per_host_delay = "0s"'))
            service = await there.start("run")
            await until(lambda: stored(there, "SELECT count(*) FROM documents") == [(8,)], service)
            assert (await stop(service))[0] == 0
            assert there.hook.posts == []  # all of it was the baseline

    asyncio.run(scenario())


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_check_that_is_interrupted_ends_after_the_article_in_hand(tmp_path: Path, name: signal.Signals) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            _, second = slow_newsroom(there, 20)
            check = await there.start("check")
            await until(lambda: second in there.site.asked, check)
            code, log = await stop(check, name)
            assert (code, log) == (130, "")
            assert stored(there, "SELECT count(*) FROM documents")[0][0] in (1, 2, 3)

    asyncio.run(scenario())


def pages(folder: Path, addresses: Mapping[str, str], more: str = "") -> Settings:
    """The settings of pages to watch, by name."""
    path = folder / "monitor.toml"
    sources = (f'[[sources]]\nname = "{name}"\nkind = "page"\nurl = "{url}"\n' for name, url in addresses.items())
    path.write_text(f'database = "monitor.db"\n{more}\n{"".join(sources)}')
    return configs.load(path)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The service, in this process; it checks nothing by itself."""
    service = Service(settings, clock=lambda: datetime.now(UTC), rng=random.Random(1))
    try:
        await service.open()
        yield service
    finally:
        await service.close()


def test_many_due_sources_of_one_host_keep_no_other_host_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.service.DUE", 3)
    addresses = {f"a{n}": f"https://a.example/{n}" for n in range(50)} | {"z": "https://z.example/"}

    async def scenario() -> None:
        async with opened(pages(tmp_path, addresses)) as service:
            assert [*await service.due((), 1)] == ["a.example"]
            assert [*await service.due((), 2)] == ["a.example", "z.example"]
            assert [*await service.due({"a.example"}, 1)] == ["z.example"]
            assert len((await service.due((), 9))["a.example"]) == BATCH

    asyncio.run(scenario())


def test_a_config_that_the_database_does_not_take_is_used_in_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.history.store.BUSY_SECONDS", 0.1)
    old = pages(tmp_path, {"a": "https://a.example/"})

    async def scenario() -> None:
        async with opened(old) as service:
            new = pages(tmp_path, {"b": "https://b.example/"}, '[http]\nper_host_delay = "9s"')
            with closing(sqlite3.connect(old.database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(DatabaseBusy):
                    await service.use(new)
                other.execute("ROLLBACK")
            assert service.settings is old
            assert {host: [one.name for one in batch] for host, batch in (await service.due((), 9)).items()} == {
                "a.example": ["a"]
            }
            await service.use(new)
            assert [*await service.due((), 9)] == ["b.example"]

    asyncio.run(scenario())


def test_a_service_whose_lock_file_is_removed_goes_no_further(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(pages(tmp_path, {"a": "https://a.example/"})) as service:
            await service.tick()
            (tmp_path / "monitor.db.lock").unlink()
            with pytest.raises(DatabaseError, match="was removed"):
                await service.tick()
            async with opened(service.settings):  # another one has made the file anew
                with pytest.raises(DatabaseError, match="was removed"):
                    await service.tick()

    asyncio.run(scenario())


def test_failing_sources_are_outcomes_with_reasons(tmp_path: Path) -> None:
    sources = "".join(
        f'[[sources]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\n'
        for name, kind, url in (
            ("missing", "page", "{site}/nowhere"),
            ("bad-feed", "feed", "{site}/news/"),
            ("no-articles", "listing", "{site}/empty"),
            ("refused", "page", "http://127.0.0.1:9/"),
            ("private", "page", "http://10.0.0.1/"),
            ("robots", "page", "{site}/private/page"),
        )
    )

    async def scenario() -> None:
        async with street(tmp_path) as there:
            there.configure(sources, channels=False)
            publish_baseline(there)
            there.site.put("/empty", "<html><body><main><p>Nothing here at the moment, dear reader.</p></main></body>")
            there.site.put("/robots.txt", "User-agent: *\nDisallow: /private/", "text/plain")
            code, out, err = await there.run("check")
            assert (code, err) == (1, "")
            outcomes = dict(line.split(": ", 2)[:2] for line in out.splitlines())
            assert outcomes == {
                "missing": "gone",
                "bad-feed": "bad_feed",
                "no-articles": "no_articles",
                "refused": "refused",
                "private": "forbidden_address",
                "robots": "robots",
            }
            code, listed, _ = await there.run("sources", "--format", "json", "--unhealthy")
            assert code == 1
            assert {row["name"] for row in json.loads(listed)} == outcomes.keys()

    asyncio.run(scenario())


def test_a_reader_that_has_seen_enough_stops_no_check(tmp_path: Path) -> None:
    """`brand-monitor check | head -1`."""

    async def scenario() -> None:
        async with street(tmp_path) as there:
            there.configure(NEWSROOM + NEWSROOM.replace('"newsroom"', '"again"'), channels=False)
            publish_baseline(there)
            process = await there.start("check")
            assert process.stdout is not None
            process.stdout._transport.close()  # type: ignore[attr-defined]  # the reading end of the pipe
            code, log = await asyncio.wait_for(process.wait(), 60), await process.stderr.read()  # type: ignore[union-attr]
            assert (code, log) == (0, b"")
            assert stored(there, "SELECT count(*) FROM checks") == [(2,)]

    asyncio.run(scenario())


def test_a_source_that_is_gone_for_good_is_asked_again_only_by_name(tmp_path: Path) -> None:
    article = reply(body=b"<html><body><main><p>smart is present in 39 markets, it says.</p></main></body></html>")

    async def scenario(server: FaultServer) -> None:
        async with street(tmp_path) as there:
            there.configure(NEWSROOM.replace("{site}/news/", server.url()).replace("listing", "page"), channels=False)
            assert (await there.run("check"))[0] == 1
            code, out, _ = await there.run("check")
            assert (code, out) == (
                0,
                "newsroom: not checked: HTTP 410: the page is gone for good; name it to check it again\n",
            )
            code, listed, _ = await there.run("sources", "--format", "table", "--unhealthy")
            assert code == 1
            assert "not checked until `check newsroom` succeeds" in " ".join(listed.split())
            assert server.paths == ["/robots.txt", "/"]
            assert (await there.run("check", "newsroom"))[0] == 1
            server.scripts = {"/": article}
            assert (await there.run("check", "newsroom"))[0] == 0
            assert (await there.run("check"))[0] == 0
            assert server.paths == ["/robots.txt", "/"] * 4
            assert (await there.run("sources", "--unhealthy"))[:2] == (0, "")

    with FaultServer({"/": reply(410)}) as server:
        asyncio.run(scenario(server))
