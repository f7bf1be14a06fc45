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
