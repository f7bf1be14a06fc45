"""Makes the classifiers in `config/classifiers/` from labelled texts, and measures them on texts kept apart.

    python tests/training.py                 trains on tests/gold/ and tests/corpus/, and writes the files
    python tests/training.py --folds 5       trains on four fifths and reads the last, five times; writes nothing

Both take the same way as the service: the candidates of `monitor.parser`, described by its features. The labels are
those of `brand-monitor evaluate`. Needs the dependency group `training`; two runs on one kind of processor give the
same files.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import training_network
from training_network import Asked, Example

from monitor.models import Document
from monitor.parser import (
    announcements,
    classifier,
    counts,
    dating,
    entries,
    evaluate,
    facts,
    features,
    network,
    opinions,
    placing,
    scene,
    weighing,
)
from monitor.parser.features import DISTANCES, Candidate, Describer
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.tokens import named

HERE = Path(__file__).parent
TEXTS = (HERE / "gold", HERE / "corpus")
OUT = HERE.parent / "config" / "classifiers"
UNTRAINED = frozenset({"nl"})
"""Languages that nothing is trained on: what their texts show holds for every language that is a file of words."""
RARE = 12
"""Features of fewer candidates than this are left out."""
SETTINGS = {
    "objective": "multiclass",
    "num_iterations": 250,
    "learning_rate": 0.08,
    "num_leaves": 16,
    "max_depth": 5,
    "min_data_in_leaf": 8,
    "lambda_l2": 2.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "num_threads": 1,
    "seed": 7,
}
DATES = {"num_leaves": 31, "max_depth": 8, "learning_rate": 0.05, "num_iterations": 500}
"""Few features that mean something only together: larger trees, and more."""
MODULES = (weighing, dating, placing)
"""Those that ask a classifier."""
READERS = (weighing, features)
"""Those that ask the network."""
SAMPLE = 500
"""On how many candidates the shipped trees are compared with the trained ones."""
KNOWN = (0, 0, 4, 7, 7, 7, 7)
"""How much of the date of publication is known of seven texts in twenty-five: nothing, the year, the month."""
OPTIONAL = 0.5
"""What an optional label weighs."""
ACCOMPANIED, MOST_OTHERS = 0.08, 5
"""How many of the texts stand among other brands' news, and among how many at most."""
SECTIONED, MOST_HEADINGS = 0.08, 3
"""How many have headings between their sentences, and how many at most."""
OTHERS = 0.3
"""What a candidate in the news of others weighs: there are many, and none is a fact."""
HEADLINED = 0.6
"""How often each item of news among others has its headline."""
HEADINGS = {
    "en": "Background|Outlook|What comes next|Technology|Prices|The plan|New models|Key facts|At a glance",
    "de": "Hintergrund|Ausblick|Wie es weitergeht|Technik|Preise und Ausstattung|Der Plan|Neue Modelle|Auf einen Blick",
    "fr": "Contexte|Perspectives|La suite|Technique|Prix et équipement|Le plan|Nouveaux modèles|En bref",
    "es": "Contexto|Perspectivas|Próximos pasos|Tecnología|Precios y equipamiento|El plan|Nuevos modelos|En resumen",
    "it": "Il contesto|Prospettive|I prossimi passi|Tecnica|Prezzi e dotazioni|Il piano|Nuovi modelli|In breve",
    "pt": "Contexto|Perspetivas|Próximos passos|Tecnologia|Preços e equipamento|O plano|Novos modelos|Em resumo",
    "zh": "背景|展望|下一步|技术亮点|价格与配置|未来规划|新车型|要点一览",
}
_STOP = re.compile(r"(?:(?<=[.!?])\s+|(?<=[。！？])|\n)(?=\S)")

Json = Mapping[str, Any]
Labelled = tuple[dict[str, float], str, float]
"""The features of a candidate, its label, and what it weighs."""


@dataclass(frozen=True)
class Answer:
    """The right label of a candidate, and the labelled fact that it makes, if any."""

    label: str
    fact: Json | None = None
    of_others: bool = False

    @property
    def weight(self) -> float:
        if self.of_others:
            return OTHERS
        return OPTIONAL if self.fact and self.fact.get("optional") else 1.0


def texts(paths: Iterable[Path]) -> list[dict[str, Any]]:
    files = sorted(file for path in paths for file in (path.glob("*.jsonl") if path.is_dir() else [path]))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def laid_out(documents: Sequence[Json]) -> list[Json]:
    """The texts, some with headings between their sentences, some among the news of others: pages have both, so that a
    heading alone does not tell whose news stands below."""
    whole = [labelled for labelled in documents if "about" not in labelled]
    found = []
    for labelled in documents:
        chance = random.Random(labelled["id"])
        if "about" not in labelled and chance.random() < SECTIONED:
            labelled = sectioned(labelled, chance)
        if "about" not in labelled and chance.random() < ACCOMPANIED:
            others = chance.sample(whole, min(len(whole), 60 * MOST_OTHERS))
            labelled = among(labelled, [other for other in others if _is_apart(labelled, other)], chance)
        found.append(labelled)
    return found


def sectioned(labelled: Json, chance: random.Random) -> Json:
    """A text with some headings, which say nothing or name the model that the next sentence tells of."""
    text = labelled["text"]
    stops = [stop.span() for stop in _STOP.finditer(text)]
    for start, end in sorted(chance.sample(stops, min(len(stops), chance.randint(1, MOST_HEADINGS))), reverse=True):
        told = [
            fact["model"] for fact in _facts(labelled, "model_announcement") if text[end:].startswith(fact["evidence"])
        ]
        heading = chance.choice(told * 8 + HEADINGS[labelled["lang"]].split("|"))
        text = f"{text[:start]}\n{heading}\n{text[end:]}"
    return {**labelled, "text": text} if all(fact["evidence"] in text for fact in labelled["facts"]) else labelled


def among(labelled: Json, others: Sequence[Json], chance: random.Random) -> Json:
    """A text before, between or behind the news of others: of what they announce, nothing is a fact about its brand."""
    items = [*others[: chance.randint(1, MOST_OTHERS)]]
    place = chance.choice((0, 0, len(items), chance.randint(0, len(items))))
    items.insert(place, labelled)
    headlined = chance.random() < HEADLINED
    texts = [f"{item['title']}\n{item['text']}" if headlined else item["text"] for item in items]
    titled = labelled if chance.random() < 0.5 else items[0]
    end = len("\n".join(texts[: place + 1]))
    own = end - len(labelled["text"]), end
    return {**labelled, "title": titled["title"], "text": "\n".join(texts), "own": own}


def _is_apart(labelled: Json, other: Json) -> bool:
    """Whether another text of the language says nothing of a text's brand."""
    brand = (labelled["brand_hint"] or "").casefold()
    return (
        labelled["lang"] == other["lang"]
        and bool(brand and other["title"])
        and brand not in f"{other['title']} {other['text']}".casefold()
    )


def as_pages(labelled: Json) -> dict[str, Any]:
    """The text as it may come from a page. Every third has its title as the first line: so pages are read, whose titles
    make claims of their own. Of some, the date of publication is known in part or not at all."""
    chance = zlib.crc32(labelled["id"].encode())
    page = dict(labelled)
    if labelled["title"] and chance % 3 == 0 and not labelled["text"].startswith(labelled["title"]):
        page["text"] = f"{labelled['title']}\n{labelled['text']}"
        page["own"] = tuple(place + len(labelled["title"]) + 1 for place in labelled.get("own", ()))
    if labelled["published"] and chance % 25 < len(KNOWN):
        page["published"] = labelled["published"][: KNOWN[chance % 25]] or None
    return page


def read(labelled: Json) -> scene.Scene:
    document = Document(
        url=labelled["url"],
        title=labelled["title"],
        published=labelled["published"],
        published_from=None,
        language=labelled["lang"],
        text=labelled["text"],
    )
    return scene.read(document, brand=labelled["brand_hint"])


def _facts(labelled: Json, *kinds: str) -> Iterator[Json]:
    return (fact for fact in labelled["facts"] if fact["kind"] in kinds and fact.get("primary", True))


def _touches(labelled: Json, fact: Json, line: scene.Line) -> bool:
    """Whether the evidence of a label touches a sentence."""
    start = labelled["text"].find(fact["evidence"])
    return 0 <= start < line.end and line.start < start + len(fact["evidence"])


def _is_named(fact: Json, name: str, value: str) -> bool:
    return evaluate.plain(value) in map(evaluate.plain, (fact[name], *(fact.get(f"{name}_alt") or ())))


def _is_model(fact: Json, name: str) -> bool:
    """Whether a label is of the model of this name, with the brand before it or without."""
    return _is_named(fact, "model", name) or _is_named(fact, "model", f"{fact['brand']} {name}")


def label_entry(labelled: Json, candidate: Candidate) -> Answer | None:
    """None: the market is labelled, but not by this sentence."""
    about = [f for f in _facts(labelled, "market_entry") if _is_named(f, "market", candidate.key.code)]
    for fact in about:
        if _touches(labelled, fact, candidate.line):
            return Answer(entries.PRESENCE if fact.get("basis") == "presence" else fact["status"], fact)
    return None if about else Answer(entries.NONE)


def label_count(labelled: Json, candidate: Candidate) -> Answer | None:
    about = [f for f in _facts(labelled, "market_count", "new_markets") if f["count"] == candidate.key.value]
    for fact in about:
        if _touches(labelled, fact, candidate.line):
            new = "new " if fact["kind"] == "new_markets" else ""
            return Answer(counts.SCOPED if fact.get("scope") else new + fact["status"], fact)
    return None if about else Answer(counts.NONE)


def label_model(labelled: Json, candidate: Candidate) -> Answer | None:
    about = (f for f in _facts(labelled, "model_announcement") if _is_model(f, candidate.key.name))
    fact = next(about, None)
    return Answer(fact["stage"], fact) if fact else Answer(announcements.NONE)


QUESTIONS: dict[str, tuple[tuple[str, ...], Callable[[Json, Candidate], Answer | None]]] = {
    "market_count": (counts.LABELS, label_count),
    "market_entry": (entries.LABELS, label_entry),
    "model_announcement": (announcements.LABELS, label_model),
}
"""What each classifier is asked: its labels, and the right answer; those of `dating` and `placing` come on top."""
OF_KINDS = {name: labels for name, (labels, _) in QUESTIONS.items()}
ANSWERS = {**OF_KINDS, dating.NAME: (*dating.STEPS, dating.WRONG)}
"""The labels of each question to the network."""
CLASSIFIERS = {**OF_KINDS, dating.NAME: dating.LABELS, placing.NAME: dating.LABELS}


class Text:
    """A labelled text as the service reads it, with all that may be a fact there."""

    def __init__(self, labelled: Json) -> None:
        self.labelled = as_pages(labelled)
        self.described = Describer(read(self.labelled))
        self.found = {name: kind.candidates(self.described) for name, kind in facts.KINDS.items()}

    def answered(self) -> Iterator[tuple[str, Candidate, Answer]]:
        """The candidates whose right answer the labels tell, each with what it is asked."""
        for name, (_, judge) in QUESTIONS.items():
            for candidate in self.found[name].each if name in self.labelled.get("about", QUESTIONS) else ():
                if answer := judge(self.labelled, candidate):
                    yield name, candidate, replace(answer, of_others=self._is_of_others(candidate))

    def _is_of_others(self, candidate: Candidate) -> bool:
        """Whether a candidate stands in the news of others, where some stand around the text."""
        start, end = self.labelled.get("own") or (0, len(self.labelled["text"]))
        return not start <= candidate.start < end

    def announced(self, candidate: Candidate, answer: Answer) -> tuple[dating.Spot, Sequence[str]] | None:
        """Where the reader finds a model that is a fact, and the markets that the rules propose; None for all else."""
        if answer.fact is None or answer.label not in dating.OF_MODELS:
            return None
        finding = announcements.announced(self.found["model_announcement"].aside, candidate, answer.label)
        spot = announcements.spot(finding)
        assert spot is not None
        assert isinstance(finding.fact, ModelAnnouncement)
        return spot, finding.fact.markets

    def spot(self, candidate: Candidate, answer: Answer) -> dating.Spot | None:
        """Where a candidate that is a fact is to be dated; None for one that is none."""
        if answer.fact is None or answer.label not in dating.STEPS:
            return None
        if announced := self.announced(candidate, answer):
            return announced[0]
        return dating.Spot(candidate.line, candidate.start, candidate.end, answer.label)

    def entered(self, spot: dating.Spot) -> list[str]:
        """When the brand comes to its new markets; asked of models only."""
        whens = (fact.get("when") for fact in _facts(self.labelled, "market_entry") if fact.get("basis") != "presence")
        return [when for when in whens if when] if spot.told in dating.OF_MODELS else []


def _is_date(answer: Answer, option: dating.Option) -> bool:
    """Whether a date around a fact is the one that its label tells."""
    assert answer.fact is not None
    return option.when in {answer.fact.get("when"), answer.fact.get("next_when")} - {None}


def _is_market(answer: Answer, option: placing.Option) -> bool:
    """Whether a model's step is for a market that its text names."""
    assert answer.fact is not None
    return option.market in (answer.fact.get("markets") or ())


def opened(documents: Sequence[Json]) -> Iterator[Text]:
    for number, labelled in enumerate(documents):
        if number % 1000 == 0:
            print(f"{number} of {len(documents)} texts", file=sys.stderr, flush=True)
        yield Text(labelled)


def examples(text: Text) -> list[Example]:
    """The candidates of a text, and the dates around those that are facts, as the network sees them."""
    described = text.described
    asked: list[dict[str, list[Asked]]] = [{name: [] for name in ANSWERS} for _ in described.pieces]
    for name, candidate, answer in text.answered():
        number, tokens = named(described.pieces, candidate.mentions)
        asked[number][name].append((tokens, answer.label, answer.weight))
        told: dict[tuple[int, tuple[int, ...]], str] = {}
        if spot := text.spot(candidate, answer):
            for option in dating.options(described, *spot, text.entered(spot)):
                number, tokens = dating.asked(described.pieces, spot.start, option.start)
                if _is_date(answer, option) or (number, tuple(tokens)) not in told:
                    told[number, tuple(tokens)] = spot.told if _is_date(answer, option) else dating.WRONG
        for (piece, date), step in told.items():
            asked[piece][dating.NAME].append((list(date), step, answer.weight))
    return [Example(*each) for each in zip(described.pieces, asked, strict=True)]


def rows(text: Text) -> dict[str, list[Labelled]]:
    """The candidates of a text that the network has doubts about, and the dates and markets around those that are
    facts, as the trees see them: with what the network thinks that is asked now."""
    opinions.tell(text.described, text.found)
    own: dict[str, list[Labelled]] = {name: [] for name in CLASSIFIERS}
    for name, candidate, answer in text.answered():
        if opinions.is_nothing(candidate):
            continue
        own[name].append(({**text.found[name].text, **candidate.features}, answer.label, answer.weight))
        if spot := text.spot(candidate, answer):
            (dates,) = dating.heard(text.described, [spot], text.entered(spot))
            for option in dates:
                told = dating.RIGHT if _is_date(answer, option) else dating.WRONG
                own[dating.NAME].append((dict(option.features), told, answer.weight))
        if announced := text.announced(candidate, answer):
            for market in placing.options(text.described, text.found["market_entry"], *announced):
                told = dating.RIGHT if _is_market(answer, market) else dating.WRONG
                own[placing.NAME].append((dict(market.features), told, answer.weight))
    return own


def train(question: str, rows: Sequence[Labelled]) -> dict[str, Any]:
    """The trees that tell the labels of some rows apart, as a classifier's file holds them. Of two labels, the second
    alone has trees."""
    labels = CLASSIFIERS[question]
    seen = Counter(name for features, _, _ in rows for name in features)
    names = sorted(name for name, count in seen.items() if count >= RARE)
    column = {name: number for number, name in enumerate(names)}
    absent = [classifier.FAR if _is_distance(name) else classifier.NONE for name in names]
    table = np.tile(np.array(absent, dtype=np.float64), (len(rows), 1))
    for row, (described, _, _) in enumerate(rows):
        for name, value in described.items():
            if name in column:
                table[row, column[name]] = value
    present = [one for one in labels if any(told == one for _, told, _ in rows)]
    data = lightgbm.Dataset(
        table, label=[present.index(told) for _, told, _ in rows], weight=[weight for _, _, weight in rows]
    )
    classes = {"objective": "binary"} if len(present) == 2 else {"num_class": len(present)}
    chosen = {**SETTINGS, **(DATES if question == dating.NAME else {}), **classes}
    rounds = chosen.pop("num_iterations")
    booster = lightgbm.train(chosen, data, num_boost_round=rounds)
    told = _told(booster, present, names)
    _check(told, booster, table[:SAMPLE], [features for features, _, _ in rows[:SAMPLE]])
    return told


def _check(told: Json, booster: lightgbm.Booster, table: np.ndarray[Any, Any], sample: list[dict[str, float]]) -> None:
    """What is shipped must answer as what was trained."""
    answers = np.asarray(booster.predict(table)).reshape(len(table), -1)
    shipped = classifier.Classifier(told).weigh(sample, sure=1.1)
    apart = np.abs([[share[label] for label in told["labels"][-answers.shape[1] :]] for share in shipped] - answers)
    if np.quantile(apart, 0.99) > 0.01:  # rounding may move a value to the other side of a question now and then
        raise SystemExit(f"the shipped trees answer otherwise than the trained ones: {apart.max():.3f} apart")


def _is_distance(name: str) -> bool:
    return name.removeprefix("first ").removeprefix("headline ").startswith(DISTANCES)


def _told(booster: lightgbm.Booster, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """The trees with the features that they ask for, as numbers in parallel lists."""
    dumped = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    used = sorted({names[node["split_feature"]] for tree in dumped for node in _nodes(tree) if "split_feature" in node})
    column = {name: number for number, name in enumerate(used)}
    trees = []
    for number, tree in enumerate(dumped):
        nodes = list(_nodes(tree))
        place = {id(node): at for at, node in enumerate(nodes)}
        inner = ["split_feature" in node for node in nodes]
        trees.append(
            {
                "label": number % len(labels) if len(labels) > 2 else 1,
                "feature": [column[names[n["split_feature"]]] if i else -1 for n, i in zip(nodes, inner, strict=True)],
                "threshold": [_rounded(n["threshold"]) if i else 0 for n, i in zip(nodes, inner, strict=True)],
                "low": [place[id(n["left_child"])] if i else 0 for n, i in zip(nodes, inner, strict=True)],
                "high": [place[id(n["right_child"])] if i else 0 for n, i in zip(nodes, inner, strict=True)],
                "score": [
                    round(n["internal_value" if i else "leaf_value"], 5) for n, i in zip(nodes, inner, strict=True)
                ],
            }
        )
    distances = [name for name in used if _is_distance(name)]
    return {"labels": list(labels), "features": used, "distances": distances, "trees": trees}


def _rounded(threshold: float) -> float:
    """Short, and on the same side of every value: shares lie close to each other, the more so near zero."""
    return float(f"{threshold:.9g}")


def _nodes(tree: Json) -> Iterator[Json]:
    yield tree
    for child in ("left_child", "right_child"):
        if child in tree:
            yield from _nodes(tree[child])


def learn(documents: Sequence[Json]) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The content of the files of the trees, and of those of the network, made by a process for each core.

    The trees hear a network that never saw their text: one that was trained on the other half of them.
    """
    documents = laid_out(documents)
    halves = documents[::2], documents[1::2]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        shipped, *others = pool.map(networks, (documents, *reversed(halves)))  # the longest first
        found = list(pool.map(heard, halves, others))
        told = {name: [row for half in found for row in half[name]] for name in CLASSIFIERS}
        longest_first = sorted(CLASSIFIERS, key=lambda name: -len(told[name]) * len(CLASSIFIERS[name]))
        grown = pool.map(train, longest_first, map(told.__getitem__, longest_first))
        return dict(zip(longest_first, grown, strict=True)), shipped


def networks(documents: Sequence[Json]) -> dict[str, dict[str, Any]]:
    """The content of the two files of the network."""
    return training_network.train([example for text in opened(documents) for example in examples(text)], ANSWERS)


def heard(documents: Sequence[Json], words: Mapping[str, Json]) -> dict[str, list[Labelled]]:
    """What trees learn from: all candidates of these texts, as they are with what this network thinks of them."""
    found: dict[str, list[Labelled]] = {name: [] for name in CLASSIFIERS}
    with asked({}, words):
        for text in opened(documents):
            for name, own in rows(text).items():
                found[name] += own
    return found


def fold(documents: Sequence[Json], folds: int) -> None:
    """Reads each text with classifiers that never saw it."""
    order = list(range(len(documents)))
    random.Random(0).shuffle(order)
    predicted: dict[str, list[Json]] = {}
    for part in range(folds):
        apart = set(order[part::folds])
        with asked(*learn([labelled for number, labelled in enumerate(documents) if number not in apart])):
            for number in sorted(apart):
                found = facts.read_scene(read(documents[number]))
                predicted[documents[number]["id"]] = [fact.as_json() for fact in found]
        print(f"fold {part + 1} of {folds}", file=sys.stderr, flush=True)
    show(evaluate.score(documents, predicted))


class asked:
    """Within it, the reader asks these classifiers and this network instead of the shipped ones."""

    def __init__(self, trees: Mapping[str, Json], words: Mapping[str, Json]) -> None:
        self._made = {name: classifier.Classifier(told) for name, told in trees.items()}
        self._network = network.Network(words["network"], network.Words(words["words"]))

    def __enter__(self) -> None:
        for module in MODULES:
            module.classifier = self._made.__getitem__  # type: ignore[assignment]
        for module in READERS:
            module.network = lambda: self._network  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        for module in MODULES:
            module.classifier = classifier.classifier
        for module in READERS:
            module.network = network.network


def show(score: evaluate.Score) -> None:
    languages = sorted(set(score.languages.values()))
    for kind in evaluate.KINDS:
        for language in (None, *languages):
            tally = score.tally(kind=kind, language=language)
            print(
                f"{kind:18} {language or 'all':3} P {tally.precision:.3f} R {tally.recall:.3f} F {tally.f1:.3f}"
                f"  found {tally.found} false {tally.false} missed {tally.missed}"
            )
    print("macro", {language or "all": round(score.macro_f1(language), 3) for language in (None, *languages)})
    for (kind, attribute), share in sorted(score.attributes.items()):
        print(f"{kind} {attribute}: {share.right} of {share.of}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int)
    parser.add_argument("paths", nargs="*", type=Path, default=TEXTS)
    given = parser.parse_args()
    documents = [labelled for labelled in texts(given.paths) if labelled["lang"] not in UNTRAINED]
    if given.folds:
        fold(documents, given.folds)
        return
    OUT.mkdir(exist_ok=True)
    trees, words = learn(documents)
    for name, stored in words.items():
        np.savez_compressed(OUT / f"{name}.npz", **stored)
        print(f"{name}: {(OUT / f'{name}.npz').stat().st_size // 1000} kB")
    for name, told in trees.items():
        content = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
        (OUT / f"{name}.json").write_text(content + "\n", encoding="utf-8")
        print(f"{name}: {len(told['trees'])} trees, {len(told['features'])} features, {len(content) // 1000} kB")


if __name__ == "__main__":
    main()
