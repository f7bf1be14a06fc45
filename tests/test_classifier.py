"""The classifiers: what a tree answers, what a description holds, and that the shipped files fit the reader."""

import json
from pathlib import Path

import pytest

from monitor.models import Document
from monitor.parser import announcements, counts, entries, lexicon, scene
from monitor.parser.classifier import Classifier, classifier
from monitor.parser.features import MOST, Describer

CONFIG = Path(__file__).parent.parent / "config" / "classifiers"
LABELS = {
    "market_count": counts.LABELS,
    "market_entry": entries.LABELS,
    "model_announcement": announcements.LABELS,
}
TREE = {  # is the word at most 10 characters away? is there a plan?
    "feature": [0, 1, -1, -1, -1],
    "threshold": [10.0, 0.0, 0, 0, 0],
    "low": [1, 2, 0, 0, 0],
    "high": [4, 3, 0, 0, 0],
    "score": [0.5, 1.0, 2.0, 0.0, -1.0],
}
TOLD = {
    "labels": ["yes", "no"],
    "features": ["left word", "plan"],
    "distances": ["left word"],
    "trees": [{**TREE, "label": 0}],
}


@pytest.mark.parametrize(
    ("thing", "odds"),
    [
        ({"left word": 4}, 0.881),  # e² to 1
        ({"left word": 4, "plan": 1}, 0.5),
        ({"left word": 40}, 0.269),
        ({}, 0.269),  # what is absent is far away
        ({"left word": 4, "unknown": 9}, 0.881),
    ],
)
def test_a_tree_is_walked_to_its_leaf(thing: dict[str, float], odds: float) -> None:
    (share,) = Classifier(TOLD).weigh([thing])
    assert share["yes"] == pytest.approx(odds, abs=0.001)
    assert sum(share.values()) == pytest.approx(1)


def test_things_are_weighed_each_by_itself() -> None:
    near, far = {"left word": 4.0}, {"left word": 40.0}
    model = Classifier(TOLD)
    assert model.weigh([near, far, near]) == [*model.weigh([near]), *model.weigh([far]), *model.weigh([near])]
    assert model.weigh([]) == []
    assert model.weigh([{}, {"plan": 1}], near) == model.weigh([near, {**near, "plan": 1}])


def test_the_reasons_are_the_questions_that_moved_the_score() -> None:
    assert Classifier(TOLD).reasons({"left word": 4, "plan": 1}, "yes") == (("plan", -1.0), ("left word", 0.5))
    assert Classifier(TOLD).reasons({}, "yes") == ()  # what is absent is no reason for people


@pytest.mark.parametrize("name", LABELS)
def test_the_shipped_classifiers_fit_the_reader(name: str) -> None:
    told = json.loads((CONFIG / f"{name}.json").read_text(encoding="utf-8"))
    assert set(told["labels"]) <= set(LABELS[name])
    words = {role for code in lexicon.languages() for role in lexicon.lexicon(code).roles}
    named = [name.split(" ", 1)[-1].split(" ")[-1] for name in told["features"]]
    assert {role for role in named if "." in role} <= words, "trained with words that no language has"
    assert set(classifier(name).weigh([{}])[0]) == set(told["labels"])


@pytest.mark.parametrize("code", lexicon.languages())
def test_every_language_has_every_meaning(code: str) -> None:
    meanings = {role for role in lexicon.lexicon("en").roles if role.startswith("meaning.")}
    assert len(meanings) > 60
    assert {role for role in lexicon.lexicon(code).roles if role.startswith("meaning.")} == meanings


def described(text: str, word: str, language: str = "en") -> dict[str, float]:
    document = Document(
        url="https://example.org/", title="", published="2026-03-01", published_from=None, language=language, text=text
    )
    told = scene.read(document, brand="Zeekr")
    line = next(line for line in told.lines if word in line.text)
    start = line.start + line.text.index(word)
    describer = Describer(told)
    return {**describer.text, **describer.describe(line, start, start + len(word))}


def test_a_description_tells_distances_clauses_and_what_stands_beside() -> None:
    found = described("Zeekr plans much. In May 2026 it enters Chile, but it leaves Peru. Dealers follow.", "Chile")
    assert found["left meaning.enter"] == 1
    assert found["clause meaning.enter"] == 1
    assert "clause meaning.exit" not in found
    assert found["right meaning.exit"] > 1
    assert found["left date future"] > 1
    assert found["before meaning.plan"] == 1
    assert "after meaning.plan" not in found
    assert found["text meaning.enter"] == 1
    assert found["sentence"] == 1


def test_a_description_knows_no_language() -> None:
    english = described("Zeekr has entered Chile.", "Chile")
    german = described("Zeekr ist in Chile gestartet.", "Chile", "de")
    assert {name for name in english if "meaning.enter" in name or "brand" in name} & set(german)


def test_characters_of_chinese_count_for_more() -> None:
    assert described("极氪今年正式进入智利。", "智利", "zh")["left meaning.enter"] == 0
    assert described("极氪今年正式进入了智利。", "智利", "zh")["left meaning.enter"] == 3


def test_a_trap_is_not_weighed_to_its_end() -> None:
    document = Document(
        url="https://example.org/",
        title="",
        published=None,
        published_from=None,
        language="en",
        text="It enters Chile, Peru and Cuba with 40 markets. " * 300,
    )
    described = Describer(scene.read(document, brand="Zeekr"))
    assert len(entries.candidates(described).each) < 2 * MOST
    assert len(counts.candidates(described).each) < 2 * MOST
