"""What the network thinks of everything in a text that may be a fact, told to the trees as features of each.

    candidates of all kinds ─► the network's shares ─► of a candidate: its own (`heard launched`), the mean of those
        beside it in its sentence (`heard beside launched`), the likeliest in the sentences around (`heard before`),
        and in the text, of each other kind (`heard text market_entry entered`)

A name is no news by itself: "the G6 and the G9" are launched where the sentence, or the text, tells of the brand's
start in a country. So what is thought of one thing helps to judge the next. Trees that are trained hear networks that
never saw the text (`tests/training.py`); else they would believe every word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log

from monitor.parser.features import Candidate, Candidates, Describer
from monitor.parser.tokens import named

SUREST = 8.0
"""The logarithm of the greatest odds that are told apart."""

Share = Mapping[str, float]
"""How likely each label is; the last says that a candidate is nothing of the kind."""


def level(share: float) -> float:
    """A share as a feature: the logarithm of its odds, above zero, since what is absent lies below."""
    odds = log(max(share, 1e-9) / max(1 - share, 1e-9))
    return round(min(max(odds, -SUREST), SUREST) + SUREST + 1, 2)


def tell(described: Describer, found: Mapping[str, Candidates]) -> None:
    """Adds to each candidate's features what the network thinks of it and of what stands around."""
    shares = {kind: _shares(described, kind, these.each) for kind, these in found.items() if these.each}
    likeliest = {kind: _likeliest(each) for kind, each in shares.items()}
    for kind, each in shares.items():
        elsewhere = {
            f"heard text {other} {label}": level(share)
            for other, best in likeliest.items()
            if other != kind
            for label, share in best.items()
        }
        for candidate, features in zip(found[kind].each, _of_kind(described, found[kind].each, each), strict=True):
            candidate.features |= features
            candidate.features |= elsewhere


def _shares(described: Describer, kind: str, each: Sequence[Candidate]) -> list[Share]:
    return described.heard(kind, [named(described.pieces, candidate.mentions) for candidate in each])


def _likeliest(each: Sequence[Share]) -> dict[str, float]:
    """By label, but the last, the highest share."""
    *labels, _ = each[0]
    return {label: max(share[label] for share in each) for label in labels}


def _of_kind(described: Describer, each: Sequence[Candidate], shares: Sequence[Share]) -> Iterator[dict[str, float]]:
    """Of each candidate of one kind, its own shares and those of the others."""
    *labels, nothing = shares[0]
    news = [1 - share[nothing] for share in shares]
    ranked = sorted(news, reverse=True)
    lines: dict[int, list[int]] = {}
    for number, candidate in enumerate(each):
        lines.setdefault(candidate.line.number, []).append(number)
    best = {line: max(news[number] for number in there) for line, there in lines.items()}
    for number, (candidate, share) in enumerate(zip(each, shares, strict=True)):
        line = candidate.line.number
        found = {f"heard {label}": level(share[label]) for label in labels}
        found |= {"heard": level(news[number]), "heard rank": ranked.index(news[number])}
        if others := [other for other in lines[line] if other != number]:
            found |= {
                f"heard beside {label}": level(sum(shares[other][label] for other in others) / len(others))
                for label in labels
            }
        beside = (("before", line - 1), ("after", line + 1), ("lead", described.leads.get(line)))
        found |= {f"heard {where}": level(best[at]) for where, at in beside if at is not None and at in best}
        if elsewhere := [share for at, share in best.items() if at != line]:
            found["heard elsewhere"] = level(max(elsewhere))
        yield found
