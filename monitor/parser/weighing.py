"""Candidates of one kind of fact with the shares that the trees give them, or the network where it is sure of nothing.

The trees see meanings and distances (`features`), and hear what the network makes of the words in their order
(`opinions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from monitor.parser.classifier import classifier
from monitor.parser.features import Candidate, Candidates, Describer
from monitor.parser.network import network
from monitor.parser.opinions import is_nothing
from monitor.parser.scene import Finding
from monitor.parser.tokens import named


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, and how likely each label is for it: as the trees say, if they were asked."""

    candidate: Candidate
    share: Mapping[str, float]
    _kind: str
    _text: Mapping[str, float]
    _described: Describer

    def explained(self, finding: Finding) -> Finding:
        """The finding, telling also what spoke for the likeliest label and against it: features, and words."""
        label = max(self.share, key=lambda one: self.share[one])
        reasons = [*self._features(label), *self._words(label)]
        speaks = ", ".join(name for name, value in reasons if value > 0)
        against = ", ".join(name for name, value in reasons if value <= 0)
        parts = (f"for {label}: {speaks}" if speaks else "", f"against: {against}" if against else "")
        return replace(finding, why=f"{finding.why} ({'; '.join(part for part in parts if part)})")

    def _features(self, label: str) -> tuple[tuple[str, float], ...]:
        if is_nothing(self.candidate):
            return ()
        return classifier(self._kind).reasons({**self._text, **self.candidate.features}, label)

    def _words(self, label: str) -> Iterator[tuple[str, float]]:
        number, tokens = named(self._described.pieces, self.candidate.mentions)
        for word, value in network().reasons(self._kind, self._described.pieces[number], tokens, label):
            yield f'"{word}"', value


def weighed(kind: str, described: Describer, found: Candidates) -> list[Weighed]:
    """All candidates of a text, in order, weighed at once by the classifier of that name."""
    likely = [candidate.features for candidate in found.each if not is_nothing(candidate)]
    shares = iter(classifier(kind).weigh(likely, found.text))
    return [
        Weighed(one, one.share if is_nothing(one) else next(shares), kind, found.text, described) for one in found.each
    ]
