"""The page in a real Chromium: front, brand, change, review, search, on a desktop and a phone, in light and dark.

What is drawn is there and can be pointed at, nothing is wider than the screen, no script complains (the policy of the
page would make one that is not ours do so), and axe-core finds no serious hindrance.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import TOKEN, serving, site_over
from playwright.sync_api import Browser, Page, expect, sync_playwright

from monitor.history import History, Queries
from monitor.parser.facts import revive
from monitor.scrapers import browser as chromium

PROGRAM = next(filter(None, map(shutil.which, chromium._NAMES)), None)

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: apt-get install chromium"),
]

OTHERS = ("sources", "sources/trade-site", "conflicts", "plans", "checks", "sql", "api", "facts/1", "documents/1")
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
STORIES = (
    "smart has launched its cars in Germany, France, Italy and Singapore.",
    "smart will enter Uruguay in 2026. smart plans to be in 45 markets by the end of 2026.",
    "smart has withdrawn from the Israeli market.",
    "The smart #5 was unveiled in Beijing. The smart #5 is now open for orders.",
)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "news.db"
    newsdesk.tell(path)
    with History(path, revive=revive) as known:
        for number, text in enumerate(STORIES):
            newsdesk.tell_more(
                known, path, f"https://smart-newsroom.example/{number}", "smart news", text, at=newsdesk.NEWSROOM
            )
    return path


@pytest.fixture(scope="module")
def shown() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=PROGRAM)
        yield started
        started.close()


def reviews(database: Path) -> list[dict[str, Any]]:
    with Queries.open(database) as queries:
        return queries.reviews()


def usable(page: Page) -> None:
    """Nothing is wider than the screen, and axe-core finds no serious hindrance."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    grave = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert grave == [], page.url


def point_at_the_dispute(page: Page) -> None:
    """Puts the pointer where the chart draws the disputed count."""
    canvas = page.locator("figure[data-chart=counts] .canvas")
    canvas.scroll_into_view_if_needed()
    x, y = canvas.evaluate(
        """canvas => {
          const chart = echarts.getInstanceByDom(canvas);
          const place = chart.getOption().series.findIndex(one => one.type === "scatter");
          return chart.convertToPixel({ seriesIndex: place }, chart.getOption().series[place].data[0].value);
        }"""
    )
    canvas.click(position={"x": x, "y": y})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_walk_through_the_page(shown: Browser, history: Path, tmp_path: Path, size: str, scheme: Any) -> None:
    database = tmp_path / "news.db"
    shutil.copy(history, database)
    phone = size == "phone"
    with serving(site_over(database)) as address:
        context = shown.new_context(
            viewport=SIZES[size], color_scheme=scheme, is_mobile=phone, has_touch=phone, timezone_id="Asia/Tokyo"
        )
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        page.goto(f"{address}enter?token={TOKEN}")
        expect(page.get_by_role("heading", name="New in the last seven days")).to_be_visible()
        expect(page.locator(".stream time").first).to_have_text("2026-01-05 18:00")  # 9:00 in UTC, told in Tokyo
        usable(page)

        page.locator(".card").get_by_role("link", name="smart", exact=True).click()
        for chart in ("counts", "markets", "models"):
            expect(page.locator(f"figure[data-chart={chart}][data-drawn=yes] canvas")).to_be_visible()
        usable(page)
        point_at_the_dispute(page)
        expect(page.locator("figure[data-chart=counts] .tip")).to_contain_text("its 40th market")
        page.get_by_role("button", name="Europe").click()
        zoomed = "canvas => echarts.getInstanceByDom(canvas).getOption().geo[0].zoom"
        assert page.locator("figure[data-chart=markets] .canvas").evaluate(zoomed) > 4

        page.locator(".stream").get_by_role("link", name="40 markets, disputed").click()
        expect(page.get_by_role("heading", name="Held against it")).to_be_visible()
        usable(page)
        claim = page.locator("article.source").first
        claim.locator("summary").click()
        claim.get_by_label("Your name").fill("Ann Example")
        page.keyboard.press("Enter")
        assert reviews(database) == []  # it takes a button to say what is meant
        usable(page)
        claim.get_by_role("button", name="Accept").click()
        expect(page.locator(".verdict").first).to_contain_text("accepted by Ann Example")

        page.get_by_role("searchbox", name="Search documents and claims").fill("uruguay")
        page.keyboard.press("Enter")
        expect(page.locator(".stream mark").first).to_have_text("Uruguay")
        usable(page)
        page.get_by_role("link", name="Claims", exact=True).click()
        expect(page.locator(".stream mark").first).to_have_text("Uruguay")
        for path in OTHERS:
            page.goto(f"{address}{path}")
            usable(page)
        assert complaints == []
        context.close()


def test_the_whole_page_works_with_the_keyboard_and_without_scripts(shown: Browser, history: Path) -> None:
    with serving(site_over(history)) as address:
        context = shown.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}brands/smart")
        expect(page.get_by_role("table").first).to_be_visible()
        expect(page.locator("figure").first).to_be_hidden()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To the content")).to_be_focused()
        page.goto(f"{address}search")
        page.get_by_role("searchbox", name="Words").fill("uruguay")
        page.keyboard.press("Enter")
        expect(page.locator(".stream mark").first).to_have_text("Uruguay")
        context.close()
