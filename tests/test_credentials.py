"""What one source is asked with: for its own origin, through every redirect, and to be found nowhere."""

from __future__ import annotations

import asyncio
import base64
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from faultserver import FaultServer, redirect, reply
from test_http import NOW, PAGE, settings

from monitor.config import load
from monitor.engine.errands import Errand
from monitor.engine.local import LocalEngine
from monitor.errors import ConfigError, FetchError
from monitor.history import History
from monitor.models import Memory, Observation, Outcome, Source
from monitor.parser.facts import revive
from monitor.pipeline import record
from monitor.scrapers import Client

LISTING = b"""<html><head><title>News</title></head><body><main>
<article><h2><a href="/news/a-first-story-of-the-day">A first story of the day</a></h2></article>
<article><h2><a href="/news/a-second-story-of-the-day">A second story of the day</a></h2></article>
<article><h2><a href="%s/news/a-third-story-of-the-day">A third story of the day</a></h2></article>
</main></body></html>"""
ACCESS = """
headers = { "X-Key" = "env:TEST_KEY", "Accept-Language" = "de" }
cookies = { consent = "yes", session = "env:TEST_SESSION" }
auth = "reader"
password = "file:password.txt"
"""
SECRETS = {"TEST_KEY": "key-hunter2", "TEST_SESSION": "session-hunter3"}
LOGIN = f"Basic {base64.b64encode(b'reader:password-hunter4').decode()}"
SENT = {
    "x-key": "key-hunter2",
    "accept-language": "de",
    "cookie": "consent=yes; session=session-hunter3",
    "authorization": LOGIN,
}


def config(folder: Path, url: str, access: str = ACCESS, *, kind: str = "listing") -> Path:
    (folder / "password.txt").write_text("password-hunter4\n")
    path = folder / "monitor.toml"
    http = 'per_host_delay = "0s"\nallow_private_networks = ["127.0.0.0/8"]'
    path.write_text(f'[http]\n{http}\n[[sources]]\nname = "s"\nkind = "{kind}"\nurl = "{url}"\n{access}')
    return path


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def source(folder: Path, url: str, access: str = ACCESS) -> Source:
    return load(config(folder, url, access)).sources[0]


def fetch(about: Source, url: str) -> None:
    async def run() -> None:
        client = Client(settings(), clock=lambda: NOW)
        try:
            await client.of(about).get(url)
        finally:
            await client.aclose()

    asyncio.run(run())


async def checked(folder: Path, about: Source) -> Observation:
    """What one check of a source comes to."""
    engine = LocalEngine(load(folder / "monitor.toml").http, clock=lambda: NOW)
    try:
        async with engine.room("a host") as observe:
            [observation] = [seen async for seen in observe([Errand(source=about, memory=Memory())])]
            return observation
    finally:
        await engine.close()


def seen(server: FaultServer) -> list[Mapping[str, str]]:
    """What came along with each request."""
    return [{name: value for name, value in one.headers.items() if name in SENT} for one in server.requests]


@pytest.mark.usefixtures("secrets")
def test_the_source_and_its_articles_of_one_origin_are_asked_with_it_and_nothing_else_is(tmp_path: Path) -> None:
    scripts = {path: reply(body=PAGE) for path in ("/news/a-first-story-of-the-day", "/news/a-second-story-of-the-day")}

    with FaultServer(reply(body=PAGE)) as other, FaultServer(scripts) as server:
        server.scripts = scripts | {"/": reply(body=LISTING % other.url("").encode())}
        observation = asyncio.run(checked(tmp_path, source(tmp_path, server.url("/"))))
    assert len(observation.links) == 3
    assert server.paths == ["/robots.txt", "/", *scripts]
    assert seen(server) == [{}, SENT, SENT, SENT]
    assert other.paths == ["/robots.txt", "/news/a-third-story-of-the-day"]
    assert seen(other) == [{}, {}]


@pytest.mark.usefixtures("secrets")
def test_a_redirect_that_leaves_the_origin_leaves_it_all_behind_and_none_brings_it_back(tmp_path: Path) -> None:
    with FaultServer({}) as own, FaultServer({}) as other, FaultServer({}, host="127.0.0.2") as third:
        own.scripts = {
            "/a": redirect("/b"),
            "/b": redirect(other.url("/c")),
            "/d": redirect(third.url("/e")),
            "/f": reply(body=PAGE),
        }
        other.scripts = {"/c": redirect(own.url("/d"))}
        third.scripts = {"/e": redirect(own.url("/f"))}
        fetch(source(tmp_path, own.url("/a")), own.url("/a"))
    assert own.paths == ["/a", "/b", "/d", "/f"]
    assert seen(own) == [SENT, SENT, {}, {}]
    assert seen(other) == seen(third) == [{}]


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("there", ["http://127.0.0.2:{port}/", "https://127.0.0.1:{port}/"])
def test_another_host_or_scheme_is_another_origin(tmp_path: Path, there: str) -> None:
    with FaultServer(reply(body=PAGE), host="0.0.0.0") as server:
        about = source(tmp_path, there.format(port=server.port))
        fetch(about, f"http://127.0.0.1:{server.port}/")
    assert seen(server) == [{}]


def test_the_proxy_of_a_source_is_for_its_own_origin_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(wire: Any) -> None:
        leaving = wire.request.path.endswith("/a")
        wire.send(redirect(other.url("/b")) if leaving else reply(body=PAGE))

    with FaultServer(reply(body=PAGE)) as other, FaultServer(answer, host="127.0.0.3") as proxy:
        monkeypatch.setenv("TEST_PROXY", proxy.url("").replace("http://", "http://user:hunter5@"))
        about = source(tmp_path, "http://127.0.0.9/a", 'proxy = "env:TEST_PROXY"')
        fetch(about, "http://127.0.0.9/a")
        fetch(about, "http://127.0.0.9/c")
        fetch(about, other.url("/d"))
    assert proxy.paths == ["http://127.0.0.9/a", "http://127.0.0.9/c"]
    assert all("proxy-authorization" in request.headers for request in proxy.requests)
    assert other.paths == ["/b", "/d"]


def test_no_proxy_is_asked_for_a_private_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(reply(body=PAGE)) as proxy:
        monkeypatch.setenv("TEST_PROXY", proxy.url(""))
        with pytest.raises(FetchError) as caught:
            fetch(source(tmp_path, "http://10.0.0.1/", 'proxy = "env:TEST_PROXY"'), "http://10.0.0.1/")
    assert caught.value.outcome is Outcome.FORBIDDEN_ADDRESS
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("access", "value", "words"),
    [
        (ACCESS, "a\nb: c", "the value of the header X-Key holds characters that cannot be sent"),
        (ACCESS, "hunter2\u00fc", "the value of the header X-Key holds characters that cannot be sent"),
        ('cookies = { a = "env:TEST_KEY" }', "hunter2; b=c", "the value of the cookie a holds characters that"),
        ('auth = "env:TEST_KEY"\npassword = "env:TEST_KEY"', "hunter2:x", "cannot hold a colon"),
        ('proxy = "env:TEST_KEY"', "hunter2", "the secret is not the address of a proxy"),
        ('headers = { "X-Key" = "env:NOT_THERE" }', "x", "the environment variable NOT_THERE is not set"),
    ],
)
def test_what_cannot_be_sent_is_an_outcome_that_shows_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: str, value: str, words: str
) -> None:
    monkeypatch.setenv("TEST_KEY", value)
    monkeypatch.setenv("TEST_SESSION", "x")
    with FaultServer(reply(body=PAGE)) as server, pytest.raises(FetchError) as caught:
        fetch(source(tmp_path, server.url(), access), server.url())
    assert caught.value.outcome is Outcome.SECRET
    assert words in caught.value.reason
    assert "hunter2" not in caught.value.reason
    assert server.requests == []


@pytest.mark.usefixtures("secrets")
def test_no_value_shows_in_what_is_kept_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    with FaultServer(reply(500)) as server:
        given = load(config(tmp_path, server.url(), ACCESS.replace('"yes"', '"given-hunter1"')))
        (about,) = given.sources
        observation = asyncio.run(checked(tmp_path, about))
    with History(tmp_path / "h.db", revive=revive) as history:
        history.sync_sources(given.sources, NOW)
        record(observation, about, history=history, settings=given, next_due=NOW, failures=1, now=NOW)
        kept = "\n".join(history._store.db.conn.iterdump())
    shown = [repr(about), repr(given), str(given), repr(observation), kept, caplog.text, *given.secrets().__repr__()]
    assert "hunter" not in "".join(shown)
    assert pickle.loads(pickle.dumps(about)) == about  # ours


@pytest.mark.usefixtures("secrets")
def test_a_service_asks_for_the_secrets_of_its_sources_at_its_start(tmp_path: Path) -> None:
    given = load(config(tmp_path, "http://127.0.0.1/"))
    revealed = {secret.reveal() for secret in given.secrets().values()}
    assert revealed == {*SECRETS.values(), "de", "yes", "reader", "password-hunter4"}


@pytest.mark.parametrize(
    ("access", "words"),
    [
        ('headers = ["a"]', 'headers: must be a table, as in { "X-Key" = "env:KEY" }'),
        ('headers = { "X Key" = "hunter2" }', 'headers: "X Key" is no name that could be sent'),
        ('headers = { "X-Key" = "hunter2\\n" }', 'headers: "X-Key" has a value that cannot be sent'),
        ('headers = { "X-Key" = 2 }', "headers: must be a text in quotes"),
        ('headers = { "User-Agent" = "hunter2" }', 'headers: "User-Agent" is not set here: [http] user_agent says who'),
        ('headers = { "Cookie" = "hunter2" }', 'headers: "Cookie" is not set here: write them under cookies'),
        ('headers = { "Proxy-Authorization" = "hunter2" }', "is not set here: a login stands in proxy"),
        ('headers = { "accept-encoding" = "br" }', "is not set here: it belongs to how pages are transferred"),
        ('headers = { "X-A" = "1", "x-a" = "2" }', "headers: names one header twice"),
        ('cookies = { a = "hunter2; b" }', 'cookies: "a" has a value that cannot be sent'),
        ('auth = "reader"', 'auth and password go together: auth = "user", password = "env:NAME"'),
        ('password = "env:A"', "auth and password go together"),
        ('auth = "reader"\npassword = "hunter2"', "password: a secret is named, not written here"),
        ('proxy = "http://hunter2@x"', "proxy: a secret is named, not written here"),
        (
            'auth = "r"\npassword = "env:A"\nheaders = { Authorization = "Bearer hunter2" }',
            "has both auth and a header Authorization; keep one",
        ),
        ('render = true\ncookies = { a = "b" }', "headers, cookies, auth and proxy do not go with render"),
    ],
)
def test_mistakes_are_one_line_each_and_name_no_value(tmp_path: Path, access: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, "https://x.example/", access))
    (line,) = str(caught.value).splitlines()
    assert f'[[sources]] "s": {words}' in line or words in line
    assert "hunter2" not in line
