"""Where a brand that no list knows is at home, as its text says: "Portuguese denim label Salsa", "Salsa, a Portuguese
label", "la marca portuguesa Salsa"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.parser.scene import Line

OPENING = 8
"""So many sentences introduce who a text is about."""
APART = 25
"""How far apart the nation and the word for the company may stand."""
APPOSED = 8
"""How far behind the brand's name an apposition may begin: ", the "."""


def home(lines: Sequence[Line], brand: str) -> str | None:
    """ISO alpha-2 code of the home market, None if the opening names none or several."""
    told = {code for line in islice(lines, OPENING) for code in _nations(line, brand)}
    return told.pop() if len(told) == 1 else None


def _nations(line: Line, brand: str) -> Iterator[str]:
    """The nations that the words for a company, with the brand's name beside them, say it is of."""
    named = [(name.start, name.end) for name in line.names if name.brand == brand]
    if not named:
        return
    for place in (*line.places, *line.hints):
        for cue in line.of("shared.self") if place.adjective and not place.is_region else ():
            start, end = min(place.start, cue.start), max(place.end, cue.end)
            apart = max(cue.start - place.end, place.start - cue.end)
            if apart <= APART and any(_is_beside(line, start, end, *at) for at in named):
                yield place.code


def _is_beside(line: Line, start: int, end: int, named: int, stop: int) -> bool:
    """Whether a name stands right behind a description, or before it with a comma between."""
    apposed = line.between(stop, start).lstrip()[:1] in (",", "，", "–", "-", "(") and start - stop <= APPOSED
    return 0 <= named - end <= 2 or (stop <= start and apposed)
