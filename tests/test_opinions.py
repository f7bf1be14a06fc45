"""What the network thinks of one thing is told to whoever judges the next."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import announcements, entries, facts, opinions, scene, weighing
from monitor.parser.features import Candidates, Describer

TEXT = (
    "Zeekr starts in Chile.\n\nThese are the cars:\n- Zeekr 7X\n- Zeekr 001\n\n"
    "Peru comes next. It has the X and the 009."
)


def told(text: str, thought: dict[str, float]) -> tuple[Describer, dict[str, Candidates]]:
    """The candidates of a text whose names and places, as written, the network thinks to be news so likely."""
    document = Document(
        url="https://example.org/", title="", published="2026-03-01", published_from=None, language="en", text=text
    )
    described = Describer(scene.read(document, brand="Zeekr"))
    labels = {"market_entry": entries.LABELS, "model_announcement": announcements.LABELS}

    def heard(question: str, things: list[tuple[int, list[int]]]) -> list[dict[str, float]]:
        shares = []
        for piece, tokens in things:
            at = described.pieces[piece].starts[tokens[0]]
            share = next((share for word, share in thought.items() if text.startswith(word, at)), 0.0)
            first, *_, nothing = labels[question]
            shares.append({**dict.fromkeys(labels[question], 0.0), first: share, nothing: 1 - share})
        return shares

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "heard", heard)
        found = {name: kind.candidates(described) for name, kind in facts.KINDS.items()}
        opinions.tell(described, found)
    return described, found


def of(found: dict[str, Candidates], kind: str, text: str, word: str) -> dict[str, float]:
    """The features of the first candidate that begins with a word."""
    return next(one.features for one in found[kind].each if text.startswith(word, one.mentions[0]))


def test_a_share_as_a_feature_grows_with_it_and_is_above_what_is_absent() -> None:
    levels = [opinions.level(share) for share in (0.0, 0.01, 0.5, 0.99, 1.0)]
    assert levels == sorted(set(levels))
    assert levels[0] > 0


def test_each_hears_what_is_thought_of_itself_and_of_the_rest() -> None:
    _, found = told(TEXT, {"Chile": 0.9, "Peru": 0.2, "7X": 0.8, "001": 0.4, "X": 0.3, "009": 0.6})
    chile, peru = (of(found, "market_entry", TEXT, word) for word in ("Chile", "Peru"))
    assert chile["heard entered"] == opinions.level(0.9)
    assert chile["heard rank"] == 0
    assert peru["heard elsewhere"] == opinions.level(0.9)
    assert "heard elsewhere" in chile
    assert chile["heard text model_announcement teased"] == opinions.level(0.8)
    x, last = (of(found, "model_announcement", TEXT, word) for word in ("X", "009"))
    assert x["heard beside teased"] == opinions.level(0.6)
    assert last["heard beside teased"] == opinions.level(0.3)
    assert x["heard text market_entry entered"] == opinions.level(0.9)


def test_trees_are_asked_only_about_what_the_network_has_doubts_about() -> None:
    described, found = told(TEXT, {"Chile": 0.9, "Peru": 0.01})
    asked: list[int] = []

    class Trees:
        def weigh(self, things: list[dict[str, float]], _: dict[str, float]) -> list[dict[str, float]]:
            asked.append(len(things))
            return [dict.fromkeys(entries.LABELS, 0.2) for _ in things]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weighing, "classifier", lambda _: Trees())
        chile, peru = weighing.weighed("market_entry", described, found["market_entry"])
    assert asked == [1]
    assert chile.share == dict.fromkeys(entries.LABELS, 0.2)
    assert peru.share["none"] == 0.99
    assert "features" not in vars(peru.candidate), "nobody worked them out"


def test_an_item_hears_of_the_items_beside_it() -> None:
    _, found = told(TEXT, {"7X": 0.8, "001": 0.4})
    assert of(found, "model_announcement", TEXT, "001")["heard before"] == opinions.level(0.8)
    assert of(found, "model_announcement", TEXT, "7X")["heard after"] == opinions.level(0.4)


def test_the_sentence_that_opens_a_list_describes_each_item() -> None:
    described, _ = told(TEXT, {})
    items = [line for line in described.scene.lines if line.sentence.kind == "item"]
    assert [described.scene.lines[described.leads[item.number]].text for item in items] == ["These are the cars:"] * 2
