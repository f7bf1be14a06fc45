"""A small neural network that reads a document's words in their order, and is asked how likely each label is for
something that stands there.

    words, marks ─► vectors of `WIDTH` numbers ─► three convolutions: what stands up to `REACH` tokens around
                 ─► for each thing asked about: its own vectors, and those that three heads of attention find for it

Of a word the network knows what `config/classifiers/words.npz` tells: where it stands among the words of all languages,
so that words of one meaning are near each other, also in a language that it was not trained on. Both files are made by
`tests/training.py`; asking them takes numpy and nothing else. Knows neither languages nor facts.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from monitor.parser.tokens import Piece
from monitor.resources import shipped

HEADS = 3
STEPS = (1, 2, 4)
"""How far apart the three tokens are that each convolution sees."""
MENTIONS = 4
"""Of one thing, how many mentions are looked at."""
FAR = np.array([1, 2, 3, 4, 6, 8, 12, 20])
"""Where the classes of distance in tokens begin."""
LABELS = ".labels"
"""How the names of the lists of labels end."""
UNMARKED = -1
"""The row of what is known of a token of whose marks nothing is known."""
TRIED = 12
"""How many words are tried when the network is asked for reasons."""
FARTHEST = 20
"""From where on it does not matter how far."""
STANDINGS = 35
"""In how many ways a token may stand to a thing."""

Values = np.ndarray[Any, np.dtype[np.float32]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Words:
    """Words of many languages as vectors: each word's hash, and a row of small whole numbers with their scale."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._keys = stored["keys"]
        self._rows = stored["rows"]
        self._scales = stored["scales"].astype(np.float32)

    def find(self, words: Sequence[str]) -> Numbers:
        """The row of each word; -1 for what is not known."""
        keys = np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint32)
        at = np.searchsorted(self._keys, keys)
        at[at == len(self._keys)] = 0
        return np.where(self._keys[at] == keys, at, -1)

    def vectors(self, words: Sequence[str]) -> Values:
        """One row a word; zeros for what is not known."""
        at = self.find(words)
        return np.asarray(self._rows[at] * np.where(at >= 0, self._scales[at], np.float32(0))[:, None])


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece of a document as the network has read it."""

    tokens: Values
    keys: Values
    """By head, token."""
    values: Values
    lines: Numbers
    clauses: Numbers


class Network:
    """All weights, by name. Make one with `network()`, or of a file's content."""

    def __init__(self, stored: Mapping[str, Any], words: Words) -> None:
        self._words = words
        self.marks: tuple[str, ...] = tuple(map(str, stored["marks"]))
        """What it knows of what tokens may be and mean."""
        self._column = {mark: number for number, mark in enumerate(self.marks)}
        self._labels = {
            name.removesuffix(LABELS): tuple(map(str, value)) for name, value in stored.items() if name.endswith(LABELS)
        }
        self._weights = {name: value.astype(np.float32) for name, value in stored.items() if value.dtype == np.float16}
        marks = self._weights["marks.weight"]
        self._marks = np.concatenate([marks, np.zeros_like(marks[:1])])
        self._columns = lru_cache(maxsize=10_000)(self._known)  # most tokens are marked as others are

    def read(self, piece: Piece) -> Seen:
        """What the network makes of a piece's tokens; to be asked about with `weigh`."""
        has = self._weights
        x = self._marked(piece) + self._words.vectors(piece.words) @ has["words.weight"]
        x = _level(x, has, "start")
        for number, step in enumerate(STEPS):
            x = _level(x + _convolved(x, step, has, f"convolution{number}"), has, f"level{number}")
        keys, values = (
            (x @ has[f"{name}.weight"] + has[f"{name}.bias"]).reshape(len(x), HEADS, -1).swapaxes(0, 1)
            for name in ("keys", "values")
        )
        return Seen(x, keys, values, np.array(piece.lines), np.array(piece.clauses))

    def _known(self, marks: tuple[str, ...]) -> list[int]:
        """The rows of a token's marks; each once, though two words of one meaning may overlap there."""
        return [self._column[mark] for mark in dict.fromkeys(marks) if mark in self._column] or [UNMARKED]

    def _marked(self, piece: Piece) -> Values:
        """The sum of what is known of each token's marks."""
        columns: list[int] = []
        begin: list[int] = []
        for marks in piece.marks:
            begin.append(len(columns))
            columns += self._columns(marks)
        return np.asarray(np.add.reduceat(self._marks[columns], begin))

    def weigh(self, question: str, seen: Seen, things: Sequence[Sequence[int]]) -> list[dict[str, float]]:
        """For each thing, told as the tokens that name it, the probability of each label."""
        scores = self._scores(question, seen, things)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        return [dict(zip(self._labels[question], share, strict=True)) for share in shares.tolist()]

    def reasons(
        self, question: str, piece: Piece, thing: Sequence[int], label: str, most: int = 3
    ) -> tuple[tuple[str, float], ...]:
        """The words that speak most for a label, or against it: by how much its logarithm falls without each. Only
        those are tried that the network heeds most."""
        seen = self.read(piece)
        _, heed = self._found(question, seen, [thing])
        heeded = [at for at in np.argsort(-heed.sum(axis=0)[0]).tolist() if piece.words[at] and at not in thing]
        (share,) = self.weigh(question, seen, [thing])
        found = []
        for at in heeded[:TRIED]:
            (without,) = self.weigh(question, self.read(piece.without(at)), [thing])
            found.append((piece.words[at], float(np.log(share[label] / without[label]))))
        return tuple(sorted(found, key=lambda one: -abs(one[1]))[:most])

    def _scores(self, question: str, seen: Seen, things: Sequence[Sequence[int]]) -> Values:
        has = self._weights
        found, _ = self._found(question, seen, things)
        inner = np.maximum(found @ has[f"{question}.inner.weight"] + has[f"{question}.inner.bias"], 0)
        return np.asarray(inner @ has[f"{question}.outer.weight"] + has[f"{question}.outer.bias"])

    def _found(self, question: str, seen: Seen, things: Sequence[Sequence[int]]) -> tuple[Values, Values]:
        """What is known of each thing, and how much each head heeds each token for it (head, thing, token)."""
        has = self._weights
        mentions = beside_each_other(things)
        own = seen.tokens[mentions]
        asked = own[:, 0] @ has[f"{question}.asks.weight"] + has[f"{question}.asks.bias"]
        asked = asked.reshape(len(things), HEADS, -1).swapaxes(0, 1)
        heed = asked @ seen.keys.swapaxes(1, 2) / np.float32(np.sqrt(asked.shape[-1]))
        heed += has[f"{question}.standing"].T[:, standing(seen.lines, seen.clauses, mentions)]
        heed = np.exp(heed - heed.max(axis=2, keepdims=True))
        heed /= heed.sum(axis=2, keepdims=True)
        found = (heed @ seen.values).swapaxes(0, 1).reshape(len(things), -1)
        return np.concatenate([own[:, 0], own.max(axis=1), found], axis=1), heed


def beside_each_other(things: Sequence[Sequence[int]]) -> Numbers:
    """The first mentions of each thing (rows), as many as the most named has; its first again where it has fewer."""
    most = min(max(map(len, things)), MENTIONS)
    return np.array([(*each[:most], *[each[0]] * (most - len(each))) for each in things])


def _stretches() -> Numbers:
    """How a token stands that is so far away, from `FARTHEST` to the left to as much to the right: in the sentence
    (first row), in the clause (second)."""
    away = np.arange(-FARTHEST, FARTHEST + 1)
    far, right = np.searchsorted(FAR, np.abs(away), side="right"), away > 0
    found = np.stack([far + 9 * right, 18 + np.minimum(far // 2, 3) + 4 * right])
    found[:, FARTHEST] = 0
    return found.ravel()


_STRETCHES = _stretches()


def standing(lines: Numbers, clauses: Numbers, mentions: Numbers) -> Numbers:
    """How each token (columns) stands to the nearest mention of each thing (rows): 0 it is one; 1-17 so far to its left
    or right in its sentence; 18-25 in its clause; 27-33 in a sentence before or behind; 34 in the title."""
    places = np.arange(len(lines))
    away = places - mentions[:, :1]
    for column in range(1, mentions.shape[1]):
        other = places - mentions[:, column, None]
        away = np.where(np.abs(other) < np.abs(away), other, away)
    at = mentions[:, :1] if mentions.shape[1] == 1 else places - away
    near = np.minimum(np.maximum(away, -FARTHEST), FARTHEST) + FARTHEST
    near += (clauses[at] == clauses) * (2 * FARTHEST + 1)
    apart = lines - lines[at]
    beside = np.where(lines < 0, STANDINGS - 1, 30 + np.minimum(np.maximum(apart, -3), 3))
    return np.where(apart == 0, _STRETCHES.take(near), beside)


def _level(x: Values, has: Mapping[str, Values], name: str) -> Values:
    """Each row with mean 0 and variance 1, times a weight."""
    x = x - (x @ _mean(x.shape[1]))[:, None]
    spread = np.sqrt(np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1]) + np.float32(1e-5))
    return np.asarray(x * (has[f"{name}.weight"] / spread[:, None]) + has[f"{name}.bias"])


@cache
def _mean(width: int) -> Values:
    """What a row is multiplied with to get its mean: faster than asking for it."""
    return np.full(width, 1 / width, dtype=np.float32)


def _convolved(x: Values, step: int, has: Mapping[str, Values], name: str) -> Values:
    """Each row from itself and those a step before and behind; half of what is found lets the other half through."""
    edge = np.zeros((step, x.shape[1]), dtype=np.float32)
    wide = np.concatenate([edge, x, edge])
    three = np.concatenate([wide[: len(x)], x, wide[2 * step :]], axis=1)
    both = three @ has[f"{name}.weight"] + has[f"{name}.bias"]
    found, gate = np.split(both, 2, axis=1)
    return np.asarray(found / (1 + np.exp(-gate)))


@cache
def network() -> Network:
    """The shipped network."""
    return Network(_stored("network"), Words(_stored("words")))


def _stored(name: str) -> dict[str, Any]:
    content = shipped("config", "classifiers", f"{name}.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return dict(stored)
