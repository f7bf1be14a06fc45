"""What is done on the page: reviews and checks, through the functions that the command line uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from browsing import HOST, NOW, browser
from lxml import html

from monitor.history import Queries
from monitor.models import utc_text

OURS = {"origin": f"http://{HOST}"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    newsdesk.tell(tmp_path / "news.db")
    return tmp_path / "news.db"


@pytest.fixture
def page(database: Path) -> Iterator[Any]:
    with browser(database, token=True, settings=newsdesk.settings(database)) as client:
        yield client


def asked(database: Path, question: Any) -> Any:
    with Queries.open(database) as queries:
        return question(queries)


def believed(database: Path) -> str:
    (state,) = asked(database, lambda queries: queries.state(brand="smart"))
    return f"{state['value']}{', disputed' if state['disputed'] else ''}"


def disputed(client: Any) -> str:
    return str(client.get("/changes.json?change=disputed").json()["rows"][0]["id"])


def send(client: Any, fact: int, **fields: str) -> Any:
    return client.post(f"/facts/{fact}/review", data={"by": "Ann Example", **fields}, headers=OURS)


def test_the_forms_are_shown_to_who_may_write_only(page: Any, database: Path) -> None:
    change = disputed(page)
    assert len(html.fromstring(page.get(f"/changes/{change}").text).xpath("//form[contains(@action, '/review')]")) == 2
    with browser(database) as reader:
        for address in (f"/changes/{change}", "/facts/3", "/sources", "/sources/trade-site"):
            assert not html.fromstring(reader.get(address).text).xpath("//main//form[@method='post']")


def test_a_rejected_claim_ends_the_dispute(page: Any, database: Path) -> None:
    assert believed(database) == "39, disputed"
    change = disputed(page)
    answer = send(page, 3, verdict="reject", change=change, note="misread")
    assert answer.url.path == f"/changes/{change}"
    assert "rejected by Ann Example" in " ".join(html.fromstring(answer.text).xpath("//main")[0].text_content().split())
    assert believed(database) == "39"
    (resolved,) = page.get("/changes.json?change=resolved").json()["rows"]
    assert resolved["rule"] == "Ann Example rejected the claim of trade: misread"
    waiting = asked(database, lambda queries: queries.alerts(status="pending"))
    assert any("39" in row["text"] for row in waiting)


def test_an_accepted_claim_overrules_and_can_be_undone(page: Any, database: Path) -> None:
    send(page, 3, verdict="accept")
    assert believed(database) == "40"
    answer = send(page, 3, verdict="undo")
    assert believed(database) == "39, disputed"
    told = html.fromstring(answer.text).xpath("//section[h2[text()='Reviews']]")[0].text_content()
    assert "accept" in told
    assert "undo" in told


def test_a_claim_is_corrected_field_by_field(page: Any, database: Path) -> None:
    send(page, 3, verdict="correct", count="41", qualifier="", when="2026-01")
    assert believed(database) == "41"
    (review,) = asked(database, lambda queries: queries.reviews())[-1:]
    assert review["verdict"] == "correct"


@pytest.mark.parametrize("name", ["Ann Example", "Zoë; Ann", "陈 小明", '"><b>'])
def test_the_name_is_kept_for_the_next_review(page: Any, name: str) -> None:
    assert send(page, 3, verdict="accept", by=name).status_code == 200
    (field,) = html.fromstring(page.get("/facts/1").text).xpath("//input[@name='by']")
    assert field.get("value") == name


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"verdict": "accept", "by": " "}, "who says so"),
        ({"verdict": "accept", "by": "Ann\nExample"}, "on one line"),
        ({"verdict": "believe"}, "say what is meant"),
        ({}, "say what is meant"),
        ({"verdict": "correct"}, "say what is right"),
        ({"verdict": "correct", "count": "many"}, '"many" is no count'),
        ({"verdict": "correct", "count": "40"}, "that is what the fact says already"),
        ({"verdict": "accept", "note": "x" * 5000}, "note is too long"),
    ],
)
def test_a_review_that_cannot_be_is_told(page: Any, database: Path, fields: dict[str, str], told: str) -> None:
    answer = send(page, 3, **fields)
    assert answer.status_code == 400
    assert told in html.fromstring(answer.text).xpath("//main")[0].text_content()
    assert asked(database, lambda queries: queries.reviews()) == []


def test_a_claim_that_there_is_not(page: Any) -> None:
    assert send(page, 99, verdict="accept").status_code == 400


def test_the_way_back_leads_to_no_other_site(page: Any) -> None:
    answer = page.post(
        "/facts/3/review",
        data={"by": "Ann", "verdict": "accept", "change": "//evil.example"},
        headers=OURS,
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/facts/3#fact-3"


def test_a_form_without_end_is_refused(page: Any) -> None:
    assert page.post("/facts/3/review", data={"by": "x" * 100_000}, headers=OURS).status_code == 400
    assert page.post("/facts/3/review", content=b"\xff=\xff", headers=OURS).status_code == 400


def test_a_source_is_made_due_now(page: Any, database: Path) -> None:
    answer = page.post("/sources/trade-site/check", headers=OURS)
    (row,) = [row for row in asked(database, lambda queries: queries.sources()) if row["name"] == "trade-site"]
    assert row["next_due"] == utc_text(NOW)
    told = html.fromstring(answer.text).xpath("//*[@role='status']")[0].text_content()
    assert "no service is running" in told
    assert 'brand-monitor check "trade-site"' in told


def test_a_source_that_there_is_not_cannot_be_checked(page: Any) -> None:
    assert page.post("/sources/none/check", headers=OURS).status_code == 400
