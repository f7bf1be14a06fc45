"""What the network thinks of everything in a text that may be a fact, told to the trees as features of each.

    candidates of all kinds ─► the network's shares ─► of a candidate: its own (`heard launched`), the mean of those
        beside it in its sentence (`heard beside launched`), the likeliest in the sentences around (`heard before`),
        and in the text, of each other kind (`heard text market_entry entered`)

A name is no news by itself: "the G6 and the G9" are launched where the sentence, or the text, tells of the brand's
start in a country. So what is thought of one thing helps to judge the next. Trees that are trained hear networks that
never saw the text (`tests/training.py`); else they would believe every word. What the network is sure to be nothing,
two candidates of three, they are not asked about, and nobody works out its features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import log

from monitor.parser.features import Candidate, Candidates, Describer
from monitor.parser.tokens import named

SUREST = 8.0
"""The logarithm of the greatest odds that are told apart."""
NOTHING = 0.98
"""How sure the network must be that a candidate is nothing for the trees not to be asked. Of 3,146 such candidates in
432 texts they took none for news."""

Share = Mapping[str, float]
"""How likely each label is; the last says that a candidate is nothing of the kind."""


def level(share: float) -> float:
    """A share as a feature: the logarithm of its odds, above zero, since what is absent lies below."""
    odds = log(max(share, 1e-9) / max(1 - share, 1e-9))
    return round(min(max(odds, -SUREST), SUREST) + SUREST + 1, 2)


def tell(described: Describer, found: Mapping[str, Candidates]) -> None:
    """Gives each candidate what the network thinks of it, and what it hears of what stands around."""
    shares = {kind: _shares(described, kind, these.each) for kind, these in found.items() if these.each}
    likeliest = {kind: _likeliest(each) for kind, each in shares.items()}
    for kind, each in shares.items():
        elsewhere = {
            f"heard text {other} {label}": level(share)
            for other, best in likeliest.items()
            if other != kind
            for label, share in best.items()
        }
        around = _Around(described, found[kind].each, each)
        for number, (candidate, share) in enumerate(zip(found[kind].each, each, strict=True)):
            candidate.share = share
            candidate.hear = partial(around.heard, number, elsewhere)


def is_nothing(candidate: Candidate) -> bool:
    """Whether the network alone tells that a candidate is no fact of its kind."""
    *_, nothing = candidate.share.values()
    return nothing > NOTHING


def _shares(described: Describer, kind: str, each: Sequence[Candidate]) -> list[Share]:
    return described.heard(kind, [named(described.pieces, candidate.mentions) for candidate in each])


def _likeliest(each: Sequence[Share]) -> dict[str, float]:
    """By label, but the last, the highest share."""
    *labels, _ = each[0]
    return {label: max(share[label] for share in each) for label in labels}


class _Around:
    """All candidates of one kind in a text, with the network's shares."""

    def __init__(self, described: Describer, each: Sequence[Candidate], shares: Sequence[Share]) -> None:
        *self._labels, nothing = shares[0]
        self._leads = described.leads
        self._line_of = [candidate.line.number for candidate in each]  # itself would hold what it hears, in a ring
        self._shares = shares
        self._news = [1 - share[nothing] for share in shares]
        self._ranked = sorted(self._news, reverse=True)
        self._lines: dict[int, list[int]] = {}
        for number, line in enumerate(self._line_of):
            self._lines.setdefault(line, []).append(number)
        self._best = {line: max(self._news[number] for number in there) for line, there in self._lines.items()}

    def heard(self, number: int, elsewhere: dict[str, float]) -> dict[str, float]:
        """One candidate's own shares and those of the others, and what is thought `elsewhere`, of other kinds."""
        line, share = self._line_of[number], self._shares[number]
        found = {f"heard {label}": level(share[label]) for label in self._labels}
        found |= {"heard": level(self._news[number]), "heard rank": self._ranked.index(self._news[number])}
        if others := [self._shares[other] for other in self._lines[line] if other != number]:
            found |= {
                f"heard beside {label}": level(sum(other[label] for other in others) / len(others))
                for label in self._labels
            }
        beside = (("before", line - 1), ("after", line + 1), ("lead", self._leads.get(line)))
        found |= {
            f"heard {where}": level(self._best[at]) for where, at in beside if at is not None and at in self._best
        }
        if apart := [share for at, share in self._best.items() if at != line]:
            found["heard elsewhere"] = level(max(apart))
        return found | elsewhere
