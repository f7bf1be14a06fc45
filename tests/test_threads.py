"""Of each sentence, whose news it goes on with, and under which heading it stands."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import scene
from monitor.parser.features import Describer
from monitor.parser.threads import follow

PAGE = (
    "Zeekr enters Chile\nThe first shop has opened. It sells one sedan.\n"
    "BYD: new van\nThe van is on sale. Like Zeekr's, it is electric."
)


def described(text: str, title: str = "") -> Describer:
    document = Document(
        url="https://example.org/", title=title, published="2026-03-01", published_from=None, language="en", text=text
    )
    return Describer(scene.read(document, brand="Zeekr"))


def test_a_sentence_goes_on_with_the_brand_named_last_and_says_since_when() -> None:
    page = described(PAGE)
    told = [page.structure(line, line.start, line.end) for line in page.scene.lines]
    abouts = [[name for name in ("own", "other", "nobody") if f"about {name}" in each] for each in told]
    assert abouts == [["own"], ["own"], ["own"], ["other"], ["other"], ["own"]]
    assert [each["about for"] for each in told] == [0, 1, 2, 0, 1, 0]
    assert [each.get("own ahead") for each in told] == [5, 4, 3, 2, 1, None]
    assert told[5]["other before"] == 2


def test_a_name_that_does_what_brands_do_is_someones() -> None:
    page = described("Zeekr grows. It is in Chile.\nKeeta opens in Peru\nIts service is new. Ana Ruiz leads it.")
    told = [page.structure(line, line.start, line.end) for line in page.scene.lines]
    assert [next(name for name in each if name in ("about own", "about someone")) for each in told] == [
        *["about own"] * 2,
        *["about someone"] * 3,
    ]
    assert [each["own share"] for each in told] == [1.0] * 5


def test_a_sentence_knows_the_heading_above_it() -> None:
    page = described(PAGE)
    told = [page.describe(line, line.start, line.end) for line in page.scene.lines]
    assert [("under own" in each, "under other" in each) for each in told] == [
        (False, False),
        *[(True, False)] * 3,
        *[(False, True)] * 2,
    ]
    assert told[2]["under for"] == 2
    assert told[1]["section brands"] == 1
    assert "section meaning.enter" in told[2]


def test_the_tokens_of_a_sentence_are_marked_with_whose_news_it_is() -> None:
    page = described(PAGE)
    (piece,) = page.pieces
    marks = dict(zip(piece.words, piece.marks, strict=True))
    assert "about own" in marks["sells"]
    assert "about other" in marks["van"]


@pytest.mark.parametrize(
    ("title", "about"), [("BYD in Chile", "other"), ("Zeekr in Chile", "own"), ("Chile", "nobody")]
)
def test_a_text_begins_with_whom_its_title_names(title: str, about: str) -> None:
    page = described("The sedan is on sale.", title)
    (line,) = page.scene.lines
    assert f"about {about}" in page.structure(line, line.start, line.end)


def test_what_is_said_in_a_title_alone_has_a_thread_too() -> None:
    (title,) = follow([["own"]], [False])
    assert (title.about, title.section) == ("own", None)
