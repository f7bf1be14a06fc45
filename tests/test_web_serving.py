"""The page as people start it: `brand-monitor web`, and `run --web` in the service's own process."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import newsdesk
import pytest
from commandline import command, mistake
from street import Street, stop, street, until

from monitor.history import store

QUIET = """
[web]
port = {port}
[[sources]]
name = "newsroom"
brand = "smart"
kind = "listing"
url = "{site}/news/"
every = "1d"
authority = "official"
outlet = "smart"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def get(address: str) -> Any:
    with urlopen(address, timeout=60) as answer:
        return json.load(answer)


def post(address: str, token: str) -> Any:
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    with urlopen(Request(address, data=b"", headers=headers), timeout=60) as answer:
        return json.load(answer)


def asked_for_listing(there: Street) -> int:
    return there.site.asked.count("/news/")


def test_the_service_serves_the_page_and_checks_what_it_is_asked_to(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with street(tmp_path) as there:
            port = free_port()
            there.configure(QUIET.replace("{port}", str(port)), channels=False)
            there.site.article("/news/a-new-market", "smart in Chile", "smart is now present in 38 markets worldwide.")
            there.site.listing("/news/", ("/news/a-new-market", "smart is present in 38 markets worldwide"))
            service = await there.start("run", "--web")
            await until(lambda: asked_for_listing(there) == 1, service)

            def at_rest() -> bool:
                try:
                    (row,) = get(f"http://127.0.0.1:{port}/sources.json")["rows"]
                except OSError:  # not listening yet
                    return False
                return row["last_checked_at"] is not None

            await until(at_rest, service)
            code, link, _ = await there.run("web", "--link")
            assert code == 0
            address, token = link.strip().split("enter?token=")
            assert address == f"http://127.0.0.1:{port}/"
            told = await asyncio.to_thread(post, f"{address}sources/newsroom/check", token)
            assert told["service"] is True
            await until(lambda: asked_for_listing(there) == 2, service)
            code, log = await stop(service)
            assert code == 0
            assert f"the page is on {address}" in log
            assert token not in log

    asyncio.run(scenario())


def test_the_page_in_a_process_of_its_own(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")

    async def scenario() -> None:
        async with street(tmp_path) as there:
            page = await there.start("web", "--db", "news.db", "--port", "0")
            assert page.stdout is not None
            first = (await page.stdout.readline()).decode()
            address, token = re.fullmatch(r".*: (http://127\.0\.0\.1:\d+/)enter\?token=(\S+)\n", first).groups()  # type: ignore[union-attr]
            rows = (await asyncio.to_thread(get, f"{address}changes.json"))["rows"]
            assert len(rows) == 3
            assert (await asyncio.to_thread(get, f"{address}healthz"))["status"] == "ok"  # by itself, nobody watches it
            told = await asyncio.to_thread(post, f"{address}sources/trade-site/check", token)
            assert told["service"] is False
            page.send_signal(signal.SIGTERM)
            assert await page.wait() == 0

    asyncio.run(scenario())


def test_the_page_of_a_config_is_red_while_its_sources_are_neglected(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    (tmp_path / "monitor.toml").write_text(f'database = "news.db"\n{CONFIG}')

    async def scenario() -> None:
        async with street(tmp_path) as there:
            page = await there.start("web", "--config", "monitor.toml", "--port", "0")
            assert page.stdout is not None
            address = (await page.stdout.readline()).decode().split(": ")[1].partition("enter?")[0]
            with pytest.raises(HTTPError) as red:
                await asyncio.to_thread(get, f"{address}healthz")
            assert "has been due since" in json.load(red.value)["reasons"][0]
            page.send_signal(signal.SIGTERM)
            assert await page.wait() == 0

    asyncio.run(scenario())


def test_the_page_indexes_what_an_older_version_left_where_no_service_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = store.scripts()
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts if one[0][:4] not in ("0006", "0007")])
        newsdesk.tell(tmp_path / "news.db")

    async def scenario() -> None:
        async with street(tmp_path) as there:
            page = await there.start("web", "--db", "news.db", "--port", "0")
            assert page.stdout is not None
            address = (await page.stdout.readline()).decode().split(": ")[1].partition("enter?")[0]
            await until(lambda: get(f"{address}search.json?q=present")["rows"] != [], page)
            page.send_signal(signal.SIGTERM)
            assert await page.wait() == 0

    asyncio.run(scenario())


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "news.db")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 is taken" in mistake("web", "--db", tmp_path / "news.db", "--port", port)


def test_without_a_history_there_is_no_page(tmp_path: Path) -> None:
    assert "there is no database" in mistake("web", "--db", tmp_path / "none.db", "--port", "0")
    assert list(tmp_path.iterdir()) == []


CONFIG = '[[sources]]\nname = "news"\nkind = "feed"\nurl = "https://media.a.example/feed"\n'


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('host = "0.0.0.0"', "lets other machines in; set password"),
        ('host = "news.example.org"', "lets other machines in; set password"),
        ('host = "::"', "lets other machines in; set password"),
        ("port = 70000", "[web]: port"),
        ('password = "hunter2"', "a secret is named, not written here"),
        ("prot = 80", 'did you mean "port"?'),
        ('hosts = ["a b"]', "[web]: hosts"),
    ],
)
def test_a_wrong_section_is_told(tmp_path: Path, section: str, told: str) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(f"[web]\n{section}\n{CONFIG}")
    line = mistake("web", "--config", config, "--link")
    assert told in line
    assert "hunter2" not in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machine_needs_no_password(tmp_path: Path, host: str) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(f'database = "h.db"\n[web]\nhost = "{host}"\nport = 9\n{CONFIG}')
    newsdesk.tell(tmp_path / "h.db")
    shown = command("web", "--config", config, "--link")
    assert shown.out.startswith("http://[::1]:9/enter?token=" if host == "::1" else f"http://{host}:9/enter?token=")


def test_without_a_database_there_is_no_link_and_no_token_is_made(tmp_path: Path) -> None:
    assert "there is no database" in mistake("web", "--db", tmp_path / "h.db", "--link")
    assert list(tmp_path.iterdir()) == []


def test_a_password_that_is_not_there_is_told(tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(f'database = "h.db"\n[web]\nhost = "0.0.0.0"\npassword = "file:secret"\n{CONFIG}')
    newsdesk.tell(tmp_path / "h.db")
    assert "secret cannot be read" in mistake("web", "--config", config)
