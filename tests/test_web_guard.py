"""Who may read and write: foreign hosts, other sites, tokens, passwords; and what strangers wrote stays text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from browsing import HOST, NOW, TOKEN, browser
from lxml import html
from strangers import ACCEPT, ELSEWHERE, FOREIGN_HOSTS, OWN_HOSTS, from_elsewhere

from monitor.history import History, Queries
from monitor.parser.facts import revive
from monitor.web.guard import HEADERS, names

OURS = {"origin": f"http://{HOST}"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    newsdesk.tell(tmp_path / "news.db")
    return tmp_path / "news.db"


def reviews(database: Path) -> list[dict[str, Any]]:
    with Queries.open(database) as queries:
        return queries.reviews()


# --- Reading ---


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused(database: Path, host: str) -> None:
    with browser(database) as client:
        for address in ("/", "/changes.json", "/static/page.css", "/login"):
            answer = client.get(address, headers={"host": host})
            assert answer.status_code == 421
            assert "smart" not in answer.text


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_our_own_names_are_answered(database: Path, host: str) -> None:
    with browser(database) as client:
        assert client.get("/", headers={"host": host}).status_code == 200


def test_an_address_that_means_all_is_no_name() -> None:
    assert names("0.0.0.0", "News.Example") == {"127.0.0.1", "localhost", "::1", "news.example"}


@pytest.mark.parametrize(
    "address", ["/", "/changes.json", "/nothing", "/static/page.css", "/facts?x=y", "/openapi.json"]
)
def test_every_answer_has_the_headers(database: Path, address: str) -> None:
    with browser(database) as client:
        answer = client.get(address)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_no_page_has_what_the_policy_forbids(database: Path) -> None:
    """No script or style in the page itself, nothing from elsewhere."""
    with browser(database, token=True) as client:
        change = client.get("/changes.json").json()["rows"][0]["id"]
        for address in (
            "/",
            "/brands",
            "/brands/smart",
            f"/changes/{change}",
            "/facts/1",
            "/sources",
            "/search?q=a",
            "/sql",
        ):
            found = html.fromstring(client.get(address).text)
            assert not found.xpath("//style | //@style | //iframe | //object | //embed | //base")
            assert not found.xpath("//@*[starts-with(name(), 'on')]")
            assert not found.xpath("//script[not(@src) and not(@type='application/json')]")
            loaded = found.xpath("//script/@src | //link/@href | //img/@src")
            assert loaded
            assert all(url.startswith("/static/") for url in loaded)


HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202egnp\x1b[31m\x00" onload="x'


def test_hostile_words_stay_text(tmp_path: Path) -> None:
    """Titles, sentences, names and addresses as strangers write them: text on every page, in the same words."""
    path = tmp_path / "h.db"
    with History(path, revive=revive) as history:
        text = f"{HOSTILE} smart is now present in 41 markets worldwide. {HOSTILE}"
        newsdesk.tell_more(history, path, "javascript:alert(1)//", HOSTILE, text)
    with browser(path, token=True) as client:
        change = client.get("/changes.json").json()["rows"][0]["id"]
        pages = ("/", "/brands", "/brands/smart", "/documents", "/documents/1", "/facts", "/facts/1", "/changes")
        for address in (
            *pages,
            f"/changes/{change}",
            "/search?q=markets",
            "/search/facts?q=markets",
            "/sources/trade-site",
        ):
            answer = client.get(address)
            assert answer.status_code == 200
            found = html.fromstring(answer.text)
            assert not found.xpath("//img | //@onerror | //@onload")
            scripts = found.xpath("//script[not(@src)]")
            assert all(script.get("type") == "application/json" and json.loads(script.text) for script in scripts)
            assert not [link for link in found.xpath("//@href") if link.startswith("javascript")]
            assert not set(answer.text) & {"\u202e", "\x1b", "\x00"}
        told = html.fromstring(client.get("/documents/1").text).xpath("//h1")[0].text_content()
        assert told.startswith("</script><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}")
        found = client.get(f"/search?q={'%3Cscript%3Ealert(1)%3C/script%3E'}").text
        assert "<script>alert" not in found


# --- Writing ---

WRITES: Mapping[str, dict[str, str]] = {
    "/facts/3/review": ACCEPT,
    "/sources/trade-site/check": {},
}


@pytest.mark.parametrize("address", WRITES)
def test_a_write_without_the_token_is_refused(database: Path, address: str) -> None:
    with browser(database) as client:
        answer = client.post(address, data=WRITES[address], headers=OURS)
        assert answer.status_code == 403
        assert "token" in answer.text
    assert reviews(database) == []


@pytest.mark.parametrize("address", WRITES)
@pytest.mark.parametrize("sent", ELSEWHERE)
def test_a_write_from_elsewhere_is_refused_with_the_cookie_too(
    database: Path, address: str, sent: Mapping[str, str]
) -> None:
    with browser(database, token=True) as client:
        answer = client.post(address, data=WRITES[address], headers=from_elsewhere(sent, HOST))
        assert answer.status_code == 403
    assert reviews(database) == []


@pytest.mark.parametrize("sent", [OURS, {"sec-fetch-site": "same-origin"}, {"origin": f"https://{HOST}"}])
def test_a_write_from_our_own_page_with_the_cookie_is_done(database: Path, sent: dict[str, str]) -> None:
    with browser(database, token=True) as client:
        answer = client.post("/facts/3/review", data=ACCEPT, headers=sent, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/facts/3#fact-3")
    assert [row["reviewer"] for row in reviews(database)] == ["Ann Example"]


def test_a_program_writes_with_the_token_in_a_header(database: Path) -> None:
    with browser(database) as client:
        wrong = client.post("/facts/3/review", data=ACCEPT, headers={"authorization": "Bearer x"})
        assert wrong.status_code == 403
        right = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}
        answer = client.post("/facts/3/review", data=ACCEPT, headers=right)
        assert answer.json()["changes"][0]["change"] == "resolved"


def test_the_token_in_the_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_have(database: Path) -> None:
    with browser(database) as client:
        answer = client.get(f"/enter?token={TOKEN}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert "Make this browser read-only" in client.get("/").text
        client.post("/logout", headers=OURS)
        assert "Read-only" in client.get("/").text


def test_a_wrong_token_lets_nobody_write(database: Path) -> None:
    with browser(database) as client:
        answer = client.get("/enter?token=wrong")
        assert answer.status_code == 400
        assert "brand-monitor web --link" in answer.text
        assert client.post("/facts/3/review", data=ACCEPT, headers=OURS).status_code == 403


Spoil = Callable[[str], str]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda session: session[:-1] + ("0" if session[-1] != "0" else "1"),
        lambda session: f"9{session}",
        lambda session: session.partition(".")[0],
        lambda session: "x.y",
        lambda session: "",
        lambda session: "ü." + session,
    ],
)
def test_a_cookie_that_was_tampered_with_is_none(database: Path, spoil: Spoil) -> None:
    with browser(database, token=True) as client:
        session = client.cookies["brand-monitor-8484"]
        client.cookies.clear()
        sent = {"cookie": f"brand-monitor-8484={spoil(session)}".encode(), **OURS}
        assert client.post("/facts/3/review", data=ACCEPT, headers=sent).status_code == 403  # type: ignore[arg-type]


def test_the_cookie_is_over_after_a_month(database: Path) -> None:
    clock = [NOW]
    with browser(database, token=True, clock=lambda: clock[0]) as client:
        clock[0] += timedelta(days=29)
        assert "Make this browser read-only" in client.get("/").text
        clock[0] += timedelta(days=2)
        assert "Read-only" in client.get("/").text


# --- With a password ---

PASSWORD = "correct horse"


def test_with_a_password_nothing_is_shown_without_it(database: Path) -> None:
    with browser(database, password=PASSWORD) as client:
        for address in ("/", "/changes.json", "/brands/smart", "/openapi.json", "/sql?q=select 1", "/documents/1/page"):
            answer = client.get(address)
            assert answer.status_code == 401
            assert "markets" not in answer.text
        assert client.get("/static/page.css").status_code == 200
        assert client.get("/login").status_code == 200


def test_the_password_lets_read_and_write(database: Path) -> None:
    with browser(database, password=PASSWORD) as client:
        assert client.post("/login", data={"password": PASSWORD}).status_code == 403  # of no page of ours
        assert client.post("/login", data={"password": "wrong"}, headers=OURS).status_code == 403
        answer = client.post("/login", data={"password": PASSWORD}, headers=OURS)
        assert answer.status_code == 200
        assert "Make this browser read-only" in answer.text
        assert client.post("/facts/3/review", data=ACCEPT, headers=OURS, follow_redirects=False).status_code == 303


def test_the_password_may_come_as_basic_authorization(database: Path) -> None:
    with browser(database, password=PASSWORD) as client:
        assert client.get("/changes.atom", auth=("any", PASSWORD)).status_code == 200
        assert client.get("/changes.atom", auth=("any", "wrong")).status_code == 401
        for odd in ("Basic", "Basic !!!", "Basic /w==", "Bearer", "Other x", "Basic YTpi"):
            assert client.get("/changes.atom", headers={"authorization": odd}).status_code == 401


def test_wrong_passwords_are_not_looked_at_without_end(database: Path) -> None:
    clock = [NOW]
    with browser(database, password=PASSWORD, clock=lambda: clock[0]) as client:
        for _ in range(5):
            assert client.post("/login", data={"password": "wrong"}, headers=OURS).status_code == 403
        assert client.post("/login", data={"password": PASSWORD}, headers=OURS).status_code == 429
        clock[0] += timedelta(minutes=2)
        assert client.post("/login", data={"password": PASSWORD}, headers=OURS).status_code == 200


def test_another_password_ends_the_old_sessions(database: Path) -> None:
    with browser(database, password=PASSWORD) as client:
        client.post("/login", data={"password": PASSWORD}, headers=OURS)
        session = client.cookies["brand-monitor-8484"]
    with browser(database, password="another one") as client:
        assert client.get("/", headers={"cookie": f"brand-monitor-8484={session}"}).status_code == 401
