"""The reading of facts against our own labelled texts, one file a language: the quality that must not fall."""

import json
from pathlib import Path

import pytest

from monitor.models import Document
from monitor.parser import evaluate, facts

GOLD = sorted((Path(__file__).parent / "gold").glob("*.jsonl"))
FLOORS = {"market_count": 0.95, "market_entry": 0.85}
PRECISION = 0.90


def score(path: Path) -> evaluate.Score:
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    predictions = {document["id"]: read(document) for document in documents}
    return evaluate.score(documents, predictions)


def read(labelled: dict) -> list[dict]:
    document = Document(
        url=labelled["url"],
        title=labelled["title"],
        published=labelled["published"],
        published_from=None,
        language=labelled["lang"],
        text=labelled["text"],
    )
    return [fact.as_json() for fact in facts.read_facts(document, brand=labelled["brand_hint"])]


def test_every_language_has_labelled_texts() -> None:
    assert {path.stem for path in GOLD} >= {"en", "de", "zh", "fr", "es", "it", "pt"}


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", sorted(FLOORS))
def test_reads_as_well_as_it_did(path: Path, kind: str) -> None:
    scored = score(path)
    tally = scored.tally(kind=kind)
    mistakes = [f"{m.what} {m.document}: {m.fact['evidence']}" for m in scored.mistakes if m.fact["kind"] == kind]
    assert tally.f1 >= FLOORS[kind] - (0.05 if path.stem == "de" else 0), mistakes
    assert tally.precision >= PRECISION, mistakes


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem)
def test_evidence_is_the_text_itself(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        labelled = json.loads(line)
        for fact in (*read(labelled), *labelled["facts"]):
            assert labelled["text"][fact["start"] : fact["end"]] == fact["evidence"]
