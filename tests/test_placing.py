"""The markets that a model's step is for: which of those that the text names."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import announcements, dating, entries, opinions, placing, scene
from monitor.parser.facts import read_facts
from monitor.parser.features import Candidates, Describer
from monitor.parser.model_announcement import ModelAnnouncement


def document(text: str, language: str = "en", title: str = "") -> Document:
    return Document(
        url="https://example.org/",
        title=title,
        published="2026-03-10",
        published_from=None,
        language=language,
        text=text,
    )


def markets(text: str, language: str = "en") -> dict[str, tuple[str, ...]]:
    """Model -> its markets."""
    found = read_facts(document(text, language), brand="Zeekr")
    return {fact.model: fact.markets for fact in found if isinstance(fact, ModelAnnouncement)}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The Zeekr 7X, which was shown in Germany, will go on sale in Norway and Sweden in May."),
        ("fr", "Le Zeekr 7X, présenté en Allemagne, sera commercialisé en Norvège et en Suède en mai."),
        ("es", "El Zeekr 7X, presentado en Alemania, se pondrá a la venta en Noruega y Suecia en mayo."),
        ("it", "La Zeekr 7X, presentata in Germania, sarà in vendita in Norvegia e Svezia da maggio."),
        ("zh", "极氪7X在德国车展亮相，将于5月在挪威和瑞典上市。"),
    ],
)
def test_where_it_is_sold_and_not_where_it_was_shown(language: str, text: str) -> None:
    assert {*markets(text, language)["7X"]} == {"NO", "SE"}


def test_the_markets_of_a_start_are_those_of_its_line_up() -> None:
    text = "Zeekr has entered Chile. It starts there with the 7X and the 009. Peru is to follow next year."
    assert markets(text) == {"7X": ("CL",), "009": ("CL",)}


def test_each_market_is_asked_about_once_where_it_stands_nearest() -> None:
    text = "Chile is far. Zeekr is in Peru. The Zeekr 7X will be launched in Chile; Chile likes it."
    described = Describer(scene.read(document(text, title="Zeekr in Ecuador"), brand="Zeekr"))
    line, start = described.scene.lines[2], text.index("7X")
    spot = dating.Spot(line, start, start + 2, "confirmed")
    found = placing.options(described, entries.candidates(described), spot, ())
    assert [one.market for one in found] == ["CL", "PE", "EC"]
    assert [one.features["nearer markets"] for one in found] == [0, 1, 2]
    assert [one.features.get("in title", 0) for one in found] == [0, 0, 1]


def test_a_text_of_a_hundred_markets_is_asked_about_the_nearest() -> None:
    names = (
        "Chile, Peru, Ecuador, Uruguay, Norway, Sweden, Denmark, Finland, Poland, Hungary, Romania, Bulgaria, Greece"
    )
    text = f"The Zeekr 7X was launched in {names}, Spain, Portugal, Italy, Austria, Ireland, Iceland and Malta."
    described = Describer(scene.read(document(text), brand="Zeekr"))
    spot = dating.Spot(described.scene.lines[0], 10, 12, "launched")
    found = placing.options(described, entries.candidates(described), spot, ())
    assert [one.market for one in found][:2] == ["CL", "PE"]
    assert len(found) == placing.MOST


def test_only_models_are_placed() -> None:
    described = Describer(scene.read(document("Zeekr has entered Chile."), brand="Zeekr"))
    places = entries.candidates(described)
    opinions.tell(described, {"market_entry": places})
    (finding,) = entries.read(described, places)
    spot = announcements.spot(finding)
    assert spot is None
    assert placing.placed(described, [(finding, spot)], Candidates((), {})) == [finding]
