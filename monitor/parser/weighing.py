"""Candidates of one kind of fact with the shares that the classifiers give them.

Two are asked: the trees, which see meanings and distances (`classifier`), and the network, which reads the words in
their order (`network`). They err in different places, so that their mean is better than either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from monitor.parser.classifier import classifier
from monitor.parser.features import Candidate, Candidates, Describer
from monitor.parser.network import network
from monitor.parser.scene import Finding
from monitor.parser.tokens import named

HEARD: Mapping[str, float] = {"market_count": 0.25, "market_entry": 0.5, "model_announcement": 0.35}
"""What the network's word weighs beside the trees', by kind, as measured on texts that both had not seen
(docs/quality.md)."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, and how likely each label is for it."""

    candidate: Candidate
    share: Mapping[str, float]
    _kind: str
    _text: Mapping[str, float]
    _described: Describer

    def explained(self, finding: Finding) -> Finding:
        """The finding, telling also what spoke for the likeliest label and against it: features, and words."""
        label = max(self.share, key=lambda one: self.share[one])
        reasons = [
            *classifier(self._kind).reasons({**self._text, **self.candidate.features}, label),
            *self._words(label),
        ]
        speaks = ", ".join(name for name, value in reasons if value > 0)
        against = ", ".join(name for name, value in reasons if value <= 0)
        parts = (f"for {label}: {speaks}" if speaks else "", f"against: {against}" if against else "")
        return replace(finding, why=f"{finding.why} ({'; '.join(part for part in parts if part)})")

    def _words(self, label: str) -> Iterator[tuple[str, float]]:
        number, tokens = named(self._described.pieces, self.candidate.mentions)
        for word, value in network().reasons(self._kind, self._described.pieces[number], tokens, label):
            yield f'"{word}"', value


def weighed(kind: str, described: Describer, found: Candidates) -> list[Weighed]:
    """All candidates of a text, in order, weighed at once by the classifiers of that name."""
    shares = classifier(kind).weigh([candidate.features for candidate in found.each], found.text)
    heard = described.heard(kind, [named(described.pieces, candidate.mentions) for candidate in found.each])
    shares = [together(trees, words, HEARD[kind]) for trees, words in zip(shares, heard, strict=True)]
    return [Weighed(one, share, kind, found.text, described) for one, share in zip(found.each, shares, strict=True)]


def together(trees: Mapping[str, float], words: Mapping[str, float], weight: float) -> dict[str, float]:
    """The mean of two opinions, of their logarithms; `weight` is that of the words'."""
    odds = {label: trees[label] ** (1 - weight) * words[label] ** weight for label in trees}
    total = sum(odds.values())
    return {label: value / total for label, value in odds.items()}
