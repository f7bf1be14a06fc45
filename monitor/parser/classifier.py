"""Boosted decision trees, read from a file and asked: how likely is each label for something described by numbers?

A tree asks one question after another ("is the word for opening at most 12 characters to the left?") and ends in a
score; the scores of all trees of a label add up, and the labels' sums make probabilities (softmax). The files in
`config/classifiers/` are made by `tests/training.py` with LightGBM; asking them takes numpy and nothing else.
Knows neither languages nor facts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from monitor.resources import shipped

FAR = 400.0
"""Stands for a distance to something that is not there; any other absent value is `NONE`."""
NONE = -1.0
_LEAF = -1


class Classifier:
    """The trees of one question. Make one with `classifier(name)`, or of a file's content."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.labels: tuple[str, ...] = tuple(told["labels"])
        self._columns: dict[str, int] = {name: number for number, name in enumerate(told["features"])}
        self._absent = np.array([FAR if name in set(told["distances"]) else NONE for name in told["features"]])
        trees: Sequence[Mapping[str, Any]] = told["trees"]
        size = max(len(tree["feature"]) for tree in trees)
        self._feature = np.full((len(trees), size), _LEAF, dtype=np.int32)
        self._threshold = np.zeros((len(trees), size))
        self._low = np.zeros((len(trees), size), dtype=np.int32)
        self._high = np.zeros((len(trees), size), dtype=np.int32)
        self._score = np.zeros((len(trees), size))
        for number, tree in enumerate(trees):
            nodes = slice(0, len(tree["feature"]))
            self._feature[number, nodes] = tree["feature"]
            self._threshold[number, nodes] = tree["threshold"]
            self._low[number, nodes] = tree["low"]
            self._high[number, nodes] = tree["high"]
            self._score[number, nodes] = tree["score"]
        self._leaf = self._feature == _LEAF
        own = np.arange(size)
        self._low[self._leaf] = np.broadcast_to(own, self._low.shape)[self._leaf]  # a leaf leads to itself
        self._high[self._leaf] = np.broadcast_to(own, self._high.shape)[self._leaf]
        self._feature[self._leaf] = 0
        self._depth = int(told["depth"])
        self._label_of = np.array([tree["label"] for tree in trees])

    def weigh(self, things: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
        """For each thing, told as feature -> value, the probability of each label."""
        if not things:
            return []
        table = np.tile(self._absent, (len(things), 1))
        for row, thing in enumerate(things):
            for name, value in thing.items():
                column = self._columns.get(name)
                if column is not None:
                    table[row, column] = value
        scores = self._ask(table)
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        shares = odds / odds.sum(axis=1, keepdims=True)
        return [dict(zip(self.labels, map(float, share), strict=True)) for share in shares]

    def _ask(self, table: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The sum of scores of each label (columns) for each row: all trees are walked at once, level by level."""
        rows = np.arange(len(table))[:, None]
        trees = np.arange(len(self._feature))[None, :]
        at = np.zeros((len(table), len(self._feature)), dtype=np.int32)
        for _ in range(self._depth):
            low = table[rows, self._feature[trees, at]] <= self._threshold[trees, at]
            at = np.where(low, self._low[trees, at], self._high[trees, at])
        reached = self._score[trees, at]
        return np.stack([reached[:, self._label_of == label].sum(axis=1) for label in range(len(self.labels))], axis=1)

    def reasons(self, thing: Mapping[str, float], label: str, most: int = 5) -> tuple[tuple[str, float], ...]:
        """What speaks most for a label, or against it: features with their shares of its score, the largest first.

        Each question on a tree's path is credited with the change of the mean score that its answer brings.
        """
        values = self._absent.copy()
        for name, value in thing.items():
            if name in self._columns:
                values[self._columns[name]] = value
        names = list(self._columns)
        shares: dict[str, float] = {}
        for tree in np.flatnonzero(self._label_of == self.labels.index(label)):
            at = 0
            while not self._leaf[tree, at]:
                feature = self._feature[tree, at]
                low = values[feature] <= self._threshold[tree, at]
                then = (self._low if low else self._high)[tree, at]
                change = float(self._score[tree, then] - self._score[tree, at])
                shares[names[feature]] = shares.get(names[feature], 0.0) + change
                at = then
        told = [(name, share) for name, share in shares.items() if name in thing]
        return tuple(sorted(told, key=lambda one: -abs(one[1]))[:most])


@cache
def classifier(name: str) -> Classifier:
    """The shipped classifier of this name: `market_count`, `market_entry` or `model_announcement`."""
    return Classifier(json.loads(shipped("config", "classifiers", f"{name}.json").read_text(encoding="utf-8")))
