"""Boosted decision trees, read from a file and asked: how likely is each label for something described by numbers?

A tree asks one question after another ("is the word for opening at most 12 characters to the left?") and ends in a
score; the scores of all trees of a label add up, and the labels' sums make probabilities (softmax). The files in
`config/classifiers/` are made by `tests/training.py` with LightGBM; asking them takes numpy and nothing else.
Knows neither languages nor facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

import numpy as np

from monitor.resources import shipped

FAR = 400.0
"""Stands for a distance to something that is not there; any other absent value is `NONE`."""
NONE = -1.0
_LEAF = -1
EARLY = 60
"""Of each label's trees, how many are asked first; with `SURE`, half of all things need no more."""
SURE = 0.9

Values = np.ndarray[Any, np.dtype[np.float64]]


class Classifier:
    """The trees of one question. Make one with `classifier(name)`, or of a file's content."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.labels: tuple[str, ...] = tuple(told["labels"])
        """The last one says that a thing is nothing of the kind."""
        self._columns: dict[str, int] = {name: number for number, name in enumerate(told["features"])}
        distances = set(told["distances"])
        self._absent = np.array([FAR if name in distances else NONE for name in (*told["features"], "nobody's")])
        first = EARLY * len(self.labels)
        self._groves = [_Grove(trees, len(self.labels)) for trees in (told["trees"][:first], told["trees"][first:])]

    def weigh(
        self,
        things: Sequence[Mapping[str, float]],
        common: Mapping[str, float] | None = None,
        *,
        sure: float = SURE,
    ) -> list[dict[str, float]]:
        """For each thing, told as feature -> value, the probability of each label. `common` holds for all of them.

        What the first trees take for nothing, with a probability of `sure`, the others are not asked about.
        """
        if not things:
            return []
        table = self._table(things, common)
        early, late = self._groves
        scores = early.ask(table)
        unsure = np.flatnonzero(_shares(scores)[:, -1] < sure)
        scores[unsure] += late.ask(table[unsure])
        return [dict(zip(self.labels, share, strict=True)) for share in _shares(scores).tolist()]

    def reasons(self, thing: Mapping[str, float], label: str, most: int = 5) -> tuple[tuple[str, float], ...]:
        """What speaks most for a label, or against it: features with their shares of its score, the largest first.

        Each question on a tree's path is credited with the change of the mean score that its answer brings.
        """
        (row,) = self._table([thing])
        names = list(self._columns)
        shares: dict[str, float] = {}
        for grove in self._groves:
            for feature, share in grove.steps(row, self.labels.index(label)):
                shares[names[feature]] = shares.get(names[feature], 0.0) + share
        told = [(name, share) for name, share in shares.items() if name in thing]
        return tuple(sorted(told, key=lambda one: -abs(one[1]))[:most])

    def _table(self, things: Sequence[Mapping[str, float]], common: Mapping[str, float] | None = None) -> Values:
        """One row a thing, one column a feature."""
        width = len(self._absent)
        row = self._absent
        if common:
            row = row.copy()
            row[self._places(common)] = list(common.values())
        table = np.tile(row, (len(things), 1))
        lengths = [len(thing) for thing in things]
        places = np.fromiter(chain.from_iterable(map(self._places, things)), np.intp, sum(lengths))
        places += np.repeat(np.arange(len(things)) * width, lengths)
        values = chain.from_iterable(thing.values() for thing in things)
        table.ravel()[places] = np.fromiter(values, np.float64, len(places))
        return table

    def _places(self, thing: Mapping[str, float]) -> list[int]:
        """The column of each feature of a thing; of those that no tree asks for, the last, which is nobody's."""
        return list(map(self._columns.get, thing, repeat(len(self._columns))))


class _Grove:
    """Trees that are walked together; the deepest come first, so that at each level a few less are still under way."""

    def __init__(self, trees: Sequence[Mapping[str, Any]], labels: int) -> None:
        nodes = _Nodes()
        planted = sorted(((*nodes.add(tree), tree["label"]) for tree in trees), key=lambda one: -one[1])
        self._roots = np.array([root for root, _, _ in planted], dtype=np.intp)
        depths = [depth for _, depth, _ in planted]
        self._walked = [sum(depth > level for depth in depths) for level in range(max(depths, default=0))]
        """How many trees ask a question at each level."""
        self._trees_of = [[at for at, (_, _, told) in enumerate(planted) if told == label] for label in range(labels)]
        self._feature = np.array(nodes.feature, dtype=np.intp)
        self._threshold = np.array(nodes.threshold, dtype=np.float64)
        self._child = np.array(nodes.child, dtype=np.intp)
        self._score = np.array(nodes.score, dtype=np.float64)

    def ask(self, table: Values) -> Values:
        """The sum of the scores of each label (columns) for each row: all trees are walked at once, level by level."""
        values = table.ravel()
        rows = np.arange(len(table)) * table.shape[1]
        at = np.tile(self._roots[:, None], (1, len(table)))
        for walked in self._walked:
            here = at[:walked]
            above = values.take(self._feature.take(here) + rows) > self._threshold.take(here)
            at[:walked] = self._child.take(here) + above
        reached = self._score.take(at)
        return np.stack([reached[trees].sum(axis=0) for trees in self._trees_of], axis=1)

    def steps(self, row: Values, label: int) -> Iterator[tuple[int, float]]:
        """Each question that a label's trees ask of a row: the feature's number, and how the answer moves the score."""
        for at in self._roots[self._trees_of[label]].tolist():
            while self._child[at] != at:
                feature = self._feature[at]
                then = self._child[at] + (row[feature] > self._threshold[at])
                yield int(feature), float(self._score[then] - self._score[at])
                at = then


class _Nodes:
    """The nodes of all trees in one row of each kind of number; of two siblings, the higher stands behind the lower."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.child: list[int] = []
        """Where the lower child stands; a leaf leads to itself."""
        self.score: list[float] = []

    def add(self, tree: Mapping[str, Any]) -> tuple[int, int]:
        """Takes in a tree; tells where its root stands, and its depth: the most questions that it asks."""
        root, deepest = self._place(), 0
        waiting = [(0, root, 0)]
        while waiting:
            number, place, depth = waiting.pop()
            deepest = max(deepest, depth)
            self.score[place] = tree["score"][number]
            if tree["feature"][number] == _LEAF:
                continue
            self.feature[place] = tree["feature"][number]
            self.threshold[place] = tree["threshold"][number]
            low, high = self._place(), self._place()
            self.child[place] = low
            waiting += [(tree["low"][number], low, depth + 1), (tree["high"][number], high, depth + 1)]
        return root, deepest

    def _place(self) -> int:
        """A new node, a leaf so far: no value is above its threshold."""
        place = len(self.child)
        self.feature.append(0)
        self.threshold.append(float("inf"))
        self.child.append(place)
        self.score.append(0.0)
        return place


def _shares(scores: Values) -> Values:
    """Softmax of each row."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@cache
def classifier(name: str) -> Classifier:
    """The shipped classifier of this name: `market_count`, `market_entry`, `model_announcement`, `when`, `where`."""
    return Classifier(json.loads(shipped("config", "classifiers", f"{name}.json").read_text(encoding="utf-8")))
