"""The page over a history: what it shows, in which forms, and what it says when there is nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import feedparser
import newsdesk
import pytest
from browsing import HOST, NOW, TOKEN, browser, site_over
from lxml import html
from strangers import KEPT_PAGES

from monitor.errors import UsageError
from monitor.exports.rows import FIELDS
from monitor.history import History, ServiceLock, store
from monitor.pages.decoding import decode
from monitor.parser.facts import revive
from monitor.web.app import application
from monitor.web.describing import api
from monitor.web.listing import examples
from monitor.web.lists import LISTS

PAGES = ["/", "/brands/smart", "/sql", "/api", *(f"/{name}" for name in LISTS)]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "news.db"
    newsdesk.tell(path)
    return path


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "news.db"
    History(path, revive=revive).close()
    return path


@pytest.fixture
def page(database: Path) -> Iterator[Any]:
    with browser(database) as client:
        yield client


def shown(client: Any, address: str, status: int = 200) -> Any:
    """The page at an address, parsed."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return html.fromstring(answer.text)


def words(found: Any) -> str:
    return " ".join(" ".join(found.xpath("//main")[0].itertext()).split())


def disputed(client: Any) -> str:
    rows = client.get("/changes.json", params={"change": "disputed"}).json()["rows"]
    return str(rows[0]["id"])


# --- Pages ---


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_whatever_there_is(database: Path, empty: Path, address: str) -> None:
    for path in (database, empty):
        with browser(path) as client:
            if address == "/brands/smart" and path == empty:
                assert shown(client, address, 404) is not None
                continue
            found = shown(client, address)
            assert len(found.xpath("//h1")) == 1
            assert found.xpath("//title")[0].text_content().endswith("· brand-monitor")


@pytest.mark.parametrize("address", ["/", *(f"/{name}" for name in LISTS)])
def test_an_empty_history_says_what_to_do_next(empty: Path, address: str) -> None:
    with browser(empty) as client:
        (told, *_) = shown(client, address).xpath("//*[@class='empty']")
        assert len(told.text_content().split()) >= 4


def test_search_says_what_it_does_not_know_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, scripts = tmp_path / "news.db", store.scripts()
    with monkeypatch.context() as before:
        before.setattr(store, "scripts", lambda: [one for one in scripts if one[0][:4] not in ("0006", "0007")])
        newsdesk.tell(path)
    with browser(path) as client:
        assert "3 older documents of a time before the search are not searched yet" in words(shown(client, "/search"))
        assert "not searched yet" not in words(shown(client, "/search/facts"))


def test_what_stands_for_the_checks_of_a_day_does_not_say_how_long_one_takes(tmp_path: Path) -> None:
    database = tmp_path / "news.db"
    newsdesk.tell(database)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE visit SET times = 96, started_at = substr(started_at, 1, 10) || 'T00:00:00Z'")
        (quick,) = db.execute("SELECT max(id) FROM visit WHERE source = 'trade-site'").fetchone()
        db.execute("UPDATE visit SET times = 1, started_at = finished_at WHERE id = ?", [quick])
    with browser(database) as client:
        rows = shown(client, "/sources").xpath("//tbody/tr")
        took = {row.xpath("string(th/a)"): row.xpath("string(td[@data-label='A check takes'])") for row in rows}
        assert took == {"silent-site": "–", "smart-newsroom": "–", "trade-site": "under 1 s"}
        checks = words(shown(client, "/checks"))
        assert "× 96" in checks
        assert "a check takes under 1 s" in words(shown(client, "/sources/trade-site"))


def test_a_source_that_is_gone_is_counted_and_told(tmp_path: Path) -> None:
    database = tmp_path / "news.db"
    newsdesk.tell(database)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE source SET gone_at = '2026-01-05T00:00:00Z', trouble = 'HTTP 410' WHERE name = 'trade-site'")
    with browser(database) as client:
        found = shown(client, "/")
        assert "3 sources: 1 well, 1 failing lately, 1 gone for good" in words(found)
        assert "trade-site gone since 2026-01-05: HTTP 410" in words(found)
        assert found.xpath("//p[contains(@class, 'oneline')]/@class") == ["oneline bad"]


def test_the_front_shows_news_brands_and_sources(page: Any) -> None:
    found = shown(page, "/?format=html")
    told = words(found)
    assert "3 sources: 2 well, 1 failing lately" in told
    assert "silent-site failed 2 times in a row" in told
    assert "No service is running" in told
    (card,) = found.xpath("//li[@class='card']")
    assert "39 markets" in " ".join(card.text_content().split())
    assert "1 disputed" in card.text_content()
    assert len(card.xpath(".//*[local-name()='svg']")) == 1


def test_what_is_new_counts_from_the_visit_before(database: Path) -> None:
    """A page of the same visit still shows what was new at its beginning; another visit begins afterwards."""
    clock = [NOW - timedelta(days=3)]
    with browser(database, clock=lambda: clock[0]) as client:
        assert "New in the last seven days" in words(shown(client, "/"))
        clock[0] += timedelta(minutes=5)
        assert "New in the last seven days" in words(shown(client, "/"))
        clock[0] = NOW
        for _ in range(2):
            told = words(shown(client, "/"))
            assert "New since your last visit" in told
            assert "smart: 39 → 40 markets, disputed" in told
            clock[0] += timedelta(minutes=5)
        clock[0] += timedelta(days=1)
        assert "Nothing changed since. The latest before that:" in words(shown(client, "/"))


def test_a_brand_shows_its_count_over_time_and_who_disputes_it(page: Any) -> None:
    found = shown(page, "/brands/smart")
    (block,) = found.xpath("//script[@id='counts-data']")
    (line,) = json.loads(block.text_content())["lines"]
    assert [step["count"] for step in line["steps"]] == [38, 39]
    assert [step["count"] for step in line["disputes"]] == [40]
    assert line["steps"][1]["evidence"] == "smart is now present in 39 markets worldwide."
    (table,) = found.xpath("//details[@class='same']//table")
    assert [cell.text_content() for cell in table.xpath(".//tbody/tr/td[3]")] == ["38", "39", "40"]


def test_a_change_shows_both_sides_and_each_sentence_in_its_text(page: Any) -> None:
    found = shown(page, f"/changes/{disputed(page)}")
    told = words(found)
    assert "Believed 39 markets" in told
    assert "Held against it 40 markets" in told
    assert "The sources disagree" in told
    assert [mark.text_content() for mark in found.xpath("//article//mark")] == [
        "smart has entered its 40th market worldwide.",
        "smart is now present in 39 markets worldwide.",
    ]
    (context, _) = found.xpath("//article/p[@class='context']")
    assert context.text_content().startswith("=cmd|")
    assert "screen" in told  # the channel that the message waits for


def test_the_beginning_of_an_id_leads_to_the_change(page: Any) -> None:
    change = disputed(page)
    answer = page.get(f"/changes/{change[:8]}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/changes/{change}")


def test_a_document_marks_its_claims_and_its_page_is_text(page: Any, database: Path) -> None:
    found = shown(page, "/documents/1")
    (mark,) = found.xpath("//a[@class='marked']/mark")
    assert mark.text_content() == "smart is now present in 38 markets worldwide."
    answer = page.get("/documents/1/page")
    assert answer.status_code == 404  # the desk keeps no pages of articles


@pytest.mark.parametrize("kept", KEPT_PAGES, ids=lambda kept: kept[0])
def test_a_kept_page_is_shown_as_text_and_never_run(tmp_path: Path, kept: tuple[str, bytes]) -> None:
    path = tmp_path / "h.db"
    with History(path, revive=revive) as history:
        text = "smart is now present in 39 markets."
        newsdesk.tell_more(history, path, "https://trade-site.example/1", "News", text, page=kept)
    with browser(path) as client:
        answer = client.get("/documents/1/page")
        assert answer.status_code == 200
        assert answer.text == decode(kept[1], kept[0])
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_source_shows_its_checks(page: Any) -> None:
    told = words(shown(page, "/sources/silent-site"))
    assert "failed 2 times in a row: the name silent-site.example was not found" in told
    assert "0 documents, 0 facts, 0 changes" in told


@pytest.mark.parametrize(
    "address",
    [
        "/changes/feed",
        f"/facts/{9**18}",
        f"/facts/{9**40}",
        "/facts/99",
        "/documents/99",
        "/sources/none",
        "/brands/none",
        "/no",
    ],
)
def test_what_there_is_not_is_said(page: Any, address: str) -> None:
    shown(page, address, 404)
    answer = page.get(address, headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert "\n" not in answer.json()["error"]


# --- Forms ---


@pytest.mark.parametrize("name", LISTS)
def test_every_list_comes_in_every_form_at_the_same_address(page: Any, name: str) -> None:
    params = {"q": "smart"} if name.startswith("search") else {}
    rows = page.get(f"/{name}.json", params=params).json()["rows"]
    assert rows == page.get(f"/{name}", params={**params, "format": "json"}).json()["rows"]
    assert rows == page.get(f"/{name}", params=params, headers={"accept": "application/json"}).json()["rows"]
    table = list(csv.DictReader(io.StringIO(page.get(f"/{name}.csv", params=params).text)))
    assert len(table) == len(rows)
    answer = page.get(f"/{name}.atom", params=params)
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = feedparser.parse(io.BytesIO(answer.content))
    assert not feed.bozo
    assert len(feed.entries) == len(rows)
    assert len({entry.id for entry in feed.entries}) == len(rows)


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_table_has_the_columns_of_a_full_one(page: Any, empty: Path, name: str) -> None:
    params = {"q": "smart"} if name.startswith("search") else {}
    with browser(empty) as client:
        head, *rows = csv.reader(io.StringIO(client.get(f"/{name}.csv", params=params).text))
    assert rows == []
    assert head == next(csv.reader(io.StringIO(page.get(f"/{name}.csv", params=params).text)))
    if name not in FIELDS:  # those are narrower than their rows on purpose
        assert {key for row in page.get(f"/{name}.json", params=params).json()["rows"] for key in row} <= {*head}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json;q=0.2, text/csv;q=0.9", "text/csv"),
        ("application/atom+xml", "application/atom+xml"),
        ("image/png", "text/html"),
        ("*/*", "text/html"),
        ("application/json;q=x", "application/json"),
    ],
)
def test_the_form_is_what_the_client_likes_best(page: Any, accept: str, kind: str) -> None:
    assert page.get("/changes", headers={"accept": accept}).headers["content-type"].startswith(kind)


def test_lists_have_parts(page: Any) -> None:
    first = page.get("/facts.json?limit=2")
    assert len(first.json()["rows"]) == 2
    assert first.headers["link"] == f'<{first.json()["next"]}>; rel="next"'
    second = page.get(first.json()["next"]).json()
    assert (len(second["rows"]), second["next"]) == (1, None)
    assert {row["id"] for row in first.json()["rows"]}.isdisjoint(row["id"] for row in second["rows"])
    (more,) = shown(page, "/facts?limit=2").xpath("//a[@rel='next']")
    assert "page=2" in more.get("href")


def test_filters_stand_in_the_address(page: Any) -> None:
    assert len(page.get("/facts.json?source=trade-site").json()["rows"]) == 1
    assert len(page.get("/changes.json?since=2026-01-03&until=2026-01-03").json()["rows"]) == 1
    assert page.get("/changes.json?brand=other").json()["rows"] == []
    assert len(page.get("/changes.json?brand=SMART").json()["rows"]) == 3
    assert len(page.get("/sources.json?brand=Smart").json()["rows"]) == 1
    assert "Nothing fits" in words(shown(page, "/changes?brand=other"))
    (chosen,) = shown(page, "/facts?kind=market_count").xpath("//select[@name='kind']/option[@selected]")
    assert chosen.get("value") == "market_count"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("brnad=smart", 'no filter "brnad"'),
        ("since=soon", '"soon" is no date'),
        ("since=0001-01-01T00:00%2B05:00", "is no date"),
        ("until=9999-12-31T23:59-05:00", "is no date"),
        ("until=999999d", "at most 100 years"),
        ("kind=x", 'no kind "x"'),
        ("page=0", "whole number"),
        ("page=" + "0" * 30 + "9" * 30, "whole number"),
        ("page=²", "whole number"),
        ("limit=9999999", "whole number"),
        ("format=xml", 'no format "xml"'),
    ],
)
def test_a_wrong_filter_is_told(page: Any, query: str, told: str) -> None:
    answer = page.get(f"/facts?{query}", headers={"accept": "*/*"})
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_one_thing_comes_as_json(page: Any) -> None:
    change = disputed(page)
    assert page.get(f"/changes/{change}.json").json()["rule"] == "the sources disagree"
    assert page.get("/brands/smart.json").json()["state"][0]["value"] == "39"
    assert page.get("/brands/SMART.json").json() == page.get("/brands/smart.json").json()
    assert page.get("/facts/1.json").json()["change"]["text"] == "smart: 38 markets"
    assert "text" in page.get("/documents/1.json").json()
    assert page.get("/sources/silent-site.json").json()["source"]["failures"] == 2


@pytest.mark.parametrize("address", ["/brands/smart.csv", "/facts/1.atom", "/?format=csv", "/sources/silent-site.csv"])
def test_what_is_no_list_is_no_table(page: Any, address: str) -> None:
    answer = page.get(address)
    assert answer.status_code in (400, 404)
    assert "this is no list" in answer.json()["error"]


@pytest.mark.parametrize(
    "cookie", ["x", "~", "1~", "0~" + "9" * 40, "٣~٣", "0000000000199999999999~5", "9999999999~9999999999"]
)
def test_any_cookie_of_visits_is_taken(database: Path, cookie: str) -> None:
    with browser(database) as client:
        header = {"cookie": f"brand-monitor-8484-seen={cookie}".encode()}
        assert client.get("/", headers=header).status_code == 200


def test_openapi_describes_what_is_answered(page: Any) -> None:
    described = page.get("/openapi.json").json()
    assert described == json.loads(json.dumps(api()))
    values = {"brand": "smart", "change": disputed(page), "fact": "1", "document": "1", "source": "silent-site"}
    for path, operations in described["paths"].items():
        if "get" not in operations or path.endswith("/page"):
            continue
        answer = page.get(re.sub(r"\{(\w+)\}", lambda name: values[name[1]], path))
        assert answer.status_code == 200, path
        for parameter in operations["get"]["parameters"]:
            assert parameter["schema"]


# --- Search ---


def test_search_finds_words_and_phrases(page: Any) -> None:
    assert len(page.get("/search.json?q=markets").json()["rows"]) == 2
    assert len(page.get("/search.json?q=pres 38").json()["rows"]) == 1
    assert len(page.get('/search.json?q="present in 38"').json()["rows"]) == 1
    assert page.get('/search.json?q="in present"').json()["rows"] == []
    assert len(page.get("/search/facts.json?q=40th&brand=smart&kind=market_count").json()["rows"]) == 1
    (row,) = page.get("/search/facts.json?q=40th").json()["rows"]
    assert row["snippet"] == row["evidence"]
    found = shown(page, "/search/facts?q=40th")
    assert found.xpath("//mark")[0].text_content() == "40th"


@pytest.mark.parametrize(
    "text", ['"', "'", "*", "a* OR b", "NEAR(", "title:x", "x" * 2000, "\x00", "🚗", '"" ""', "-", "市"]
)
def test_search_takes_any_text(page: Any, text: str) -> None:
    answer = page.get(f"/search.json?q={quote(text)}")
    assert answer.status_code in (200, 400)
    assert "rows" in answer.json() or "no word" in answer.json()["error"]


def test_search_finds_words_of_writing_without_spaces(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    text = "smart目前已进入39个国家和地区的市场。"
    with History(path, revive=revive) as history:
        newsdesk.tell_more(history, path, "https://zh.example/1", "市场", text, language="zh")
    with browser(path) as client:
        for asked in ("市场", "国家和地区", "smart 市场"):
            rows = client.get("/search.json", params={"q": asked}).json()["rows"]
            assert len(rows) == 1, asked
        assert client.get("/search.json", params={"q": "手机"}).json()["rows"] == []


# --- SQL ---


def test_sql_reads(page: Any) -> None:
    answer = page.get("/sql.json", params={"q": "SELECT brand, count(*) AS n FROM facts GROUP BY brand"}).json()
    assert answer == {"columns": ["brand", "n"], "rows": [{"brand": "smart", "n": 3}], "more": False}
    assert page.get("/sql.csv", params={"q": "SELECT '=1+1' AS x"}).text == "x\n'=1+1\n"
    assert "smart" in words(shown(page, f"/sql?q={quote('SELECT brand FROM state')}"))
    found = page.get("/sql.json", params={"q": "SELECT rowid FROM fact_search WHERE fact_search MATCH 'markets'"})
    assert len(found.json()["rows"]) == 2


@pytest.mark.parametrize("address", ["/sql.json?sql=SELECT+1", "/sql?sql=SELECT+1", "/sql.csv?q=SELECT+1&limit=5"])
def test_sql_is_asked_under_one_name_only(page: Any, address: str) -> None:
    answer = page.get(address)
    assert answer.status_code == 400
    assert "SQL is asked as q" in answer.text


def test_the_answer_to_sql_is_json_that_holds_every_column(page: Any) -> None:
    answer = page.get("/sql.json", params={"q": "SELECT 9e999 AS a, 2 AS a, -9e999 AS b, 4 AS a, 5 AS a_2"})
    assert json.loads(answer.text, parse_constant=pytest.fail) == {
        "columns": ["a", "a_2", "b", "a_3", "a_2_2"],
        "rows": [{"a": None, "a_2": 2, "b": None, "a_3": 4, "a_2_2": 5}],
        "more": False,
    }
    assert page.get("/sql.csv", params={"q": "SELECT 1 AS a, 2 AS a"}).text == "a,a_2\n1,2\n"


@pytest.mark.parametrize(("what", "text"), examples())
def test_the_questions_that_ship_are_answered(page: Any, what: str, text: str) -> None:
    answer = page.get("/sql.json", params={"q": text})
    assert answer.status_code == 200, (what, answer.text)


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM fact",
        "UPDATE source SET next_due = ''",
        "INSERT INTO task VALUES ('x', 'y')",
        "DROP VIEW facts",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "ATTACH 'other.db' AS other",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO 'copy.db'",
        "BEGIN IMMEDIATE",
        "SELECT 1; DELETE FROM fact",
        "SELECT load_extension('x')",
        "SELECT randomblob(1000000000)",
        "WITH x AS (SELECT 1) INSERT INTO task SELECT 1, 2 FROM x",
        "EXPLAIN",
        "nonsense",
    ],
)
def test_sql_that_does_more_than_read_is_refused(page: Any, database: Path, text: str) -> None:
    before = database.read_bytes()
    answer = page.get("/sql.json", params={"q": text})
    assert answer.status_code == 400
    assert answer.json()["error"].count("cannot be answered: ") == 1
    assert database.read_bytes() == before
    assert words(shown(page, f"/sql?q={quote(text)}", 400)).count("cannot be answered: ") == 1


def test_a_heavy_question_is_stopped(database: Path) -> None:
    endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with browser(database, limit=timedelta(milliseconds=20)) as client:
        answer = client.get("/sql.json", params={"q": endless})
        assert answer.status_code == 503
        assert "took longer than 0.02 s and was stopped" in answer.json()["error"]
        assert "took longer than" in words(shown(client, f"/sql?q={quote(endless)}", 400))


def test_a_heavy_page_says_what_makes_it_lighter(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.history.reading.STEPS", 1)
    with browser(database, limit=timedelta(0)) as client:
        assert "A filter by brand, kind or date makes it less" in words(shown(client, "/checks", 503))


def test_sql_has_two_seconds_unless_said_otherwise(database: Path) -> None:
    assert site_over(database).reader.sql_limit == timedelta(seconds=2)


def test_sql_comes_from_no_other_site(page: Any) -> None:
    answer = page.get("/sql.json?q=select 1", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 400


# --- The service beside it ---


def test_it_knows_whether_a_service_runs(database: Path) -> None:
    lock = ServiceLock(database)
    assert not lock.held()
    with lock:
        assert ServiceLock(database).held()
        with browser(database) as client:
            assert "No service is running" not in words(shown(client, "/sources"))
    assert not ServiceLock(database).held()
    with browser(database) as client:
        assert "No service is running" in words(shown(client, "/sources"))


def test_other_routes_have_their_place(database: Path) -> None:
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    async def well(request: Any) -> PlainTextResponse:
        return PlainTextResponse("well")

    app = application(site_over(database), extra=[Route("/healthz", well)])
    with TestClient(app, base_url=f"http://{HOST}") as client:
        assert client.get("/healthz").text == "well"


def test_the_token_is_kept_by_its_owner_alone(tmp_path: Path) -> None:
    from monitor.web.guard import token_of

    token = token_of(tmp_path / "h.db")
    assert (tmp_path / "h.db.token").stat().st_mode & 0o777 == 0o600
    assert token_of(tmp_path / "h.db") == token != TOKEN


def test_a_file_that_holds_no_token_is_told_with_what_to_do(tmp_path: Path) -> None:
    from monitor.web.guard import token_of

    (tmp_path / "h.db.token").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="remove it, and a new one is made"):
        token_of(tmp_path / "h.db")
