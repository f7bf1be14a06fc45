"""A sentence with the words of `model_announcement` sorted by their meaning, so that each is looked up at once."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Literal

from monitor.parser.lexicon import Cue
from monitor.parser.scene import Line

Stage = Literal["teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued"]
ROLES: dict[str, Stage] = {
    "tease": "teased", "confirm": "confirmed", "future": "confirmed", "show": "unveiled", "order": "orders_open",
    "launch": "launched", "deliver": "deliveries", "end": "discontinued", "lineup": "launched", "price": "launched",
}  # fmt: skip
STEP_KEYS = tuple(ROLES)
"""The verbs of the ladder, by their keys in the language files, and the stage that each tells of."""
_BREAK = re.compile(r"[;:]\s|\s[–—-]{1,2}\s|[；：。]|[,，]\s?(?=(?:while|whereas|but)\b)")
TABLE = "model_announcement."
SHARED = frozenset({"shared.self", "market_count.market"})
"""Roles of other tables that matter here; they keep their full name."""


class Wording:
    """A line, and where its words for steps, kinds, plans, ... stand. Places are offsets into the document."""

    __slots__ = (
        "_breaks",
        "_cues",
        "_steps",
        "after",
        "definite",
        "end",
        "line",
        "moments",
        "names",
        "numbers",
        "places",
        "start",
        "text",
    )

    def __init__(self, line: Line, definite: Container[str] = (), after: Container[str] = ()) -> None:
        self.line, self.definite, self.after = line, definite, after
        self.start, self.end, self.text = line.start, line.end, line.text
        self.names, self.places, self.numbers, self.moments = line.names, line.places, line.numbers, line.moments
        self._breaks: list[int] | None = None
        self._steps: list[Cue] | None = None
        # A brand's name is no verb (Lancia, 比亚迪), nor is a month (May).
        taken = [(name.start, name.end) for name in line.names] + [(m.start, m.end) for m in line.moments]
        self._cues: dict[str, tuple[Cue, ...]] = {}
        for role, cues in line.by_role.items():
            if not role.startswith(TABLE) and role not in SHARED:
                continue
            if taken:
                cues = tuple(cue for cue in cues if not any(s <= cue.start and cue.end <= e for s, e in taken))
            if cues:
                self._cues[role.removeprefix(TABLE)] = cues

    def breaks(self) -> list[int]:
        """Where strong breaks part the sentence: a semicolon, a dash."""
        if self._breaks is None:
            self._breaks = [self.start + m.start() for m in _BREAK.finditer(self.text) if not self._lists(m.end())]
        return self._breaks

    def steps(self) -> list[Cue]:
        """The cues that tell of a step, in order."""
        if self._steps is None:
            self._steps = self.of(*STEP_KEYS)
        return self._steps

    def _lists(self, at: int) -> bool:
        """Whether a colon opens a list: "three cars: the X, the Y"."""
        word = re.match(r"[^\W\d_]+", self.text[at : at + 12])
        return self.text[:at].rstrip().endswith(":") and bool(word and word[0].lower() in self.definite)

    def of(self, *keys: str, start: int | None = None, end: int | None = None) -> list[Cue]:
        """The cues of these meanings that lie wholly between two places, in order."""
        found = [cue for key in keys for cue in self._cues.get(key, ())]
        if start is not None:
            found = [cue for cue in found if cue.start >= start]
        if end is not None:
            found = [cue for cue in found if cue.end <= end]
        return sorted(found, key=lambda cue: cue.start) if len(keys) > 1 else found

    def has(self, key: str, start: int | None = None, end: int | None = None) -> bool:
        """Whether such a cue lies wholly between two places."""
        cues = self._cues.get(key)
        return bool(cues) and any(
            (start is None or cue.start >= start) and (end is None or cue.end <= end) for cue in cues or ()
        )

    def told(self, start: int, end: int) -> Iterator[Cue]:
        """Every cue that touches a stretch of the sentence."""
        return (cue for cues in self._cues.values() for cue in cues if cue.start < end and start < cue.end)

    def between(self, start: int, end: int) -> str:
        """The words between two places of the document, as far as they are in this sentence."""
        return self.text[max(0, start - self.start) : max(0, end - self.start)]


def meaning(cue: Cue) -> str:
    """What a cue means here: the key of its role; roles of other tables keep their full name."""
    return cue.role.removeprefix(TABLE)


def clause(line: Wording, place: int) -> tuple[int, int]:
    """The part of the sentence between strong breaks that holds a place."""
    low, high = line.start, line.end
    for at in line.breaks():
        if at >= place:
            return low, at
        low = at + 1
    return low, high
