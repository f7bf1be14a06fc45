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

Values = np.ndarray[Any, np.dtype[np.float64]]


class Classifier:
    """The trees of one question. Make one with `classifier(name)`, or of a file's content."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.labels: tuple[str, ...] = tuple(told["labels"])
        self._columns: dict[str, int] = {name: number for number, name in enumerate(told["features"])}
        self._absent = np.array([FAR if name in set(told["distances"]) else NONE for name in told["features"]])
        nodes = _Nodes()
        self._roots = np.array([nodes.add(tree) for tree in told["trees"]])
        self._feature = np.array(nodes.feature, dtype=np.intp)
        self._threshold = np.array(nodes.threshold)
        self._child = np.array(nodes.child, dtype=np.intp)
        self._score = np.array(nodes.score)
        self._depth = int(told["depth"])
        label_of = np.array([tree["label"] for tree in told["trees"]])
        self._trees_of = [np.flatnonzero(label_of == number) for number in range(len(self.labels))]

    def weigh(
        self, things: Sequence[Mapping[str, float]], common: Mapping[str, float] | None = None
    ) -> list[dict[str, float]]:
        """For each thing, told as feature -> value, the probability of each label. `common` holds for all of them."""
        if not things:
            return []
        table = np.tile(self._row(self._absent, common or {}), (len(things), 1))
        for row, thing in zip(table, things, strict=True):
            self._fill(row, thing)
        scores = self._ask(table)
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        shares = odds / odds.sum(axis=1, keepdims=True)
        return [dict(zip(self.labels, share, strict=True)) for share in shares.tolist()]

    def _row(self, absent: Values, thing: Mapping[str, float]) -> Values:
        row = absent.copy()
        self._fill(row, thing)
        return row

    def _fill(self, row: Values, thing: Mapping[str, float]) -> None:
        known = self._columns.keys() & thing.keys()
        row[[self._columns[name] for name in known]] = [thing[name] for name in known]

    def _ask(self, table: Values) -> Values:
        """The sum of scores of each label (columns) for each row: all trees are walked at once, level by level."""
        values = table.ravel()
        rows = (np.arange(len(table)) * table.shape[1])[:, None]
        at = np.tile(self._roots, (len(table), 1))
        for _ in range(self._depth):
            above = values.take(self._feature.take(at) + rows) > self._threshold.take(at)
            at = self._child.take(at) + above
        reached = self._score.take(at)
        return np.stack([reached[:, trees].sum(axis=1) for trees in self._trees_of], axis=1)

    def because(self, thing: Mapping[str, float], share: Mapping[str, float]) -> str:
        """The likeliest label with what speaks for it and against it, in words."""
        label = max(share, key=lambda one: share[one])
        reasons = self.reasons(thing, label)
        speaks = ", ".join(name for name, value in reasons if value > 0)
        against = ", ".join(name for name, value in reasons if value <= 0)
        parts = (f"for {label}: {speaks}" if speaks else "", f"against: {against}" if against else "")
        return "; ".join(part for part in parts if part)

    def reasons(self, thing: Mapping[str, float], label: str, most: int = 5) -> tuple[tuple[str, float], ...]:
        """What speaks most for a label, or against it: features with their shares of its score, the largest first.

        Each question on a tree's path is credited with the change of the mean score that its answer brings.
        """
        values = self._row(self._absent, thing)
        names = list(self._columns)
        shares: dict[str, float] = {}
        for root in self._roots[self._trees_of[self.labels.index(label)]]:
            at = root
            while self._child[at] != at:
                feature = self._feature[at]
                then = self._child[at] + (values[feature] > self._threshold[at])
                shares[names[feature]] = shares.get(names[feature], 0.0) + float(self._score[then] - self._score[at])
                at = then
        told = [(name, share) for name, share in shares.items() if name in thing]
        return tuple(sorted(told, key=lambda one: -abs(one[1]))[:most])


class _Nodes:
    """The nodes of all trees in one row of each kind of number; of two siblings, the higher stands behind the lower."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.child: list[int] = []
        """Where the lower child stands; a leaf leads to itself."""
        self.score: list[float] = []

    def add(self, tree: Mapping[str, Any]) -> int:
        """Takes in a tree; tells where its root stands."""
        root = self._place()
        waiting = [(0, root)]
        while waiting:
            number, place = waiting.pop()
            self.score[place] = tree["score"][number]
            if tree["feature"][number] == _LEAF:
                continue
            self.feature[place] = tree["feature"][number]
            self.threshold[place] = tree["threshold"][number]
            low, high = self._place(), self._place()
            self.child[place] = low
            waiting += [(tree["low"][number], low), (tree["high"][number], high)]
        return root

    def _place(self) -> int:
        """A new node, a leaf so far: no value is above its threshold."""
        place = len(self.child)
        self.feature.append(0)
        self.threshold.append(float("inf"))
        self.child.append(place)
        self.score.append(0.0)
        return place


@cache
def classifier(name: str) -> Classifier:
    """The shipped classifier of this name: `market_count`, `market_entry` or `model_announcement`."""
    return Classifier(json.loads(shipped("config", "classifiers", f"{name}.json").read_text(encoding="utf-8")))
