"""Where a brand that no list knows is at home."""

import pytest

from monitor.models import Document
from monitor.parser import scene

TOLD = [
    ("en", "PORTO, Aug 8 - Portuguese denim label Salso has set up shop in Jordan.", "PT"),
    ("en", "Salso, the Dutch coffee chain, opens in Berlin.", "NL"),
    ("en", "Norwegian firm RSA brings Salso to Norway.", None),
    ("en", "Salso opens in Berlin. The German company Otto is its partner.", None),
    ("en", "Dutch chain Salso opens in Berlin. Salso, a Belgian chain, has shops in Lille.", None),
    ("pt", "A marca portuguesa Salso abriu na Jord\u00e2nia.", "PT"),
    ("de", "Der chinesische Hersteller Salso startet in Chile.", "CN"),
    ("fr", "Salso, le constructeur chinois, arrive au Chili.", "CN"),
]


@pytest.mark.parametrize(("language", "text", "home"), TOLD)
def test_the_home_is_what_the_text_says_of_the_brand(language: str, text: str, home: str | None) -> None:
    document = Document(url="", title=None, published=None, published_from=None, language=language, text=text)
    assert scene.read(document, brand="Salso").cast.home == home


def test_the_home_of_a_known_brand_is_the_lists() -> None:
    text = "Portuguese brand smart enters Chile."
    document = Document(url="", title=None, published=None, published_from=None, language="en", text=text)
    assert scene.read(document, brand="smart").cast.home == "CN"
