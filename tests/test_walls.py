"""Pages that are no news, as sites in seven languages and well-known vendors of walls make them; and news that are.

In `walls.json`: c- a wish for consent, b- a check for robots, s- there is no such page, m- a page of the server itself,
l- a login.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.pages import walls
from monitor.pages.markup import tree

PAGES = json.loads(Path(__file__).with_name("walls.json").read_text(encoding="utf-8"))
NEWSLETTER = """<html><head><title>Kestrel in Peru</title></head><body><h1>Kestrel in Peru</h1>
<p>Kestrel hat ein Geschäft in Lima eröffnet und ist nun in 13 Märkten vertreten, sagte das Unternehmen am Montag.</p>
<p>Zwei weitere sollen im Lauf des Jahres folgen, eines davon in Arequipa, das andere in einer Stadt an der Küste.</p>
<p>Newsletter: jetzt anmelden</p><form><input type="email"></form></body></html>"""

BRIEF = """<p>smart is now present in 39 markets, the company said on Monday. It entered Norway in 2025.</p>"""
CHINESE = (
    "<p>岚图汽车正式进入第四十个海外市场，首批车辆将于三月交付。公司计划年内再进入五个国家，首家门店设在维也纳。</p>"
)
BANNER = """<div id="cookie-notice"><p>We use cookies to give you the best experience on our website. With your consent
we and our partners use cookies to process personal data such as browsing behaviour on this site.</p><p>You can find
more in our cookie policy.</p><button>Accept all</button><button>Reject all</button><a>Cookie settings</a></div>"""
LOGIN = '<header><a href="#in">Log in</a></header>{}<form><input name="user"><input type="password"></form></div>'
HIDDEN = [
    LOGIN.format('<div class="modal" style="display: none">'),
    LOGIN.format("<div hidden>"),
    LOGIN.format('<div aria-hidden="true">'),
    LOGIN.format("<div><dialog>").replace("</form>", "</form></dialog>"),
]


def news(headline: str, body: str, around: str = "{}") -> str:
    page = around.format(f"<main><article><h1>{headline}</h1>{body}</article></main>")
    return f"<html><head><title>{headline}</title></head><body>{page}</body></html>"


@pytest.mark.parametrize("name", PAGES["walls"])
def test_what_is_no_news_is_said_so(name: str) -> None:
    html = PAGES["walls"][name]
    assert walls.suspicion(tree(html), html)


@pytest.mark.parametrize("name", PAGES["news"])
def test_news_that_speak_of_such_things_are_news(name: str) -> None:
    html = PAGES["news"][name]
    assert walls.suspicion(tree(html), html) is None


def test_a_newsletter_is_no_login() -> None:
    assert walls.suspicion(tree(NEWSLETTER), NEWSLETTER) is None


@pytest.mark.parametrize("body", [BRIEF, CHINESE])
@pytest.mark.parametrize(
    ("headline", "around"),
    [
        ("smart #2</h1><h2>Coming soon</h2><h1>", "{}"),
        ("smart #1 temporarily unavailable in Norway", "{}"),
        ("smart: “we will be back” in the US in 2027", "{}"),
        ("BYD passes security check in Germany and enters Austria", "{}"),
        ("smart enters its 39th market", BANNER + "{}"),
        ("smart enters its 39th market", "{}" + BANNER),
        ("smart enters its 39th market", LOGIN.format("<div>") + "{}"),
    ],
)
def test_where_something_is_told_a_single_sign_is_of_the_news(headline: str, around: str, body: str) -> None:
    html = news(headline, body, around)
    assert walls.suspicion(tree(html), html) is None


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_form_that_the_page_hides_is_no_login(hidden: str) -> None:
    html = news("smart in 39 markets", "<p>smart is now present in 39 markets.</p>", hidden + "{}")
    assert walls.suspicion(tree(html), html) is None
    shown = html.replace(hidden, LOGIN.format("<div>"))
    assert walls.suspicion(tree(shown), shown) == "a login came instead of the page"


@pytest.mark.parametrize(
    "told",
    [
        "<h1>We will be back soon</h1><p>The site is moved to a new server. Please come back on Monday at noon.</p>",
        "<h1>Checking your browser</h1><p>This process is automatic and takes a few seconds. Your browser will show the"
        " page that you asked for shortly.</p>",
        "<h1>Log in</h1><p>Access to this page is for subscribers only. Please enter your name and password to go on."
        '</p><form><input type="password"></form>',
        "<h1>We value your privacy</h1><p>Some partners process personal data without consent. Cookies are small texts"
        " that are kept on a device. Precise data on where a device is can be used.</p><p>Accept all cookies</p>",
    ],
)
def test_what_a_wall_says_of_itself_is_nothing_told(told: str) -> None:
    html = f"<html><head><title>smart</title></head><body>{told}</body></html>"
    assert walls.suspicion(tree(html), html)
