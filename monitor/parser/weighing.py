"""Candidates of one kind of fact with the shares that its classifier gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.parser.classifier import classifier
from monitor.parser.features import Candidate, Candidates
from monitor.parser.scene import Finding


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, and how likely each label is for it."""

    candidate: Candidate
    share: Mapping[str, float]
    _kind: str
    _text: Mapping[str, float]

    def explained(self, finding: Finding) -> Finding:
        """The finding, telling also what spoke for the likeliest label and against it."""
        because = classifier(self._kind).because({**self._text, **self.candidate.features}, self.share)
        return replace(finding, why=f"{finding.why} ({because})")


def weighed(kind: str, found: Candidates) -> list[Weighed]:
    """All candidates of a text, in order, weighed at once by the classifier of that name."""
    shares = classifier(kind).weigh([candidate.features for candidate in found.each], found.text)
    return [Weighed(one, share, kind, found.text) for one, share in zip(found.each, shares, strict=True)]
