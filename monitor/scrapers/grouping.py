"""The day that a list states once for several articles: a date, then what was published on it.

    <h3>5 January 2026</h3> <ul>…</ul> <h3>18 December 2025</h3> <ul>…</ul>

Knows no article: any piece with a link counts as one.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from bs4.element import Tag

from monitor.models import When
from monitor.pages import dates
from monitor.pages.markup import squeeze_line

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt"})
_LONGEST = 40  # characters of a line that is but a date
_STEPS = 4  # up from a card to the list that is in groups


class Groups:
    """The days of the groups of one page. Each list is looked at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[int, dict[int, When]] = {}

    def day(self, card: Tag) -> When | None:
        """The day of the group that a card stands in; None when it stands in none."""
        for piece in (card, *islice(card.parents, _STEPS)):
            parent = piece.parent
            if parent is None or piece.name in ("body", "html"):
                return None
            days = self._known.get(id(parent))
            if days is None:
                days = self._known[id(parent)] = self._days(parent)
            if id(piece) in days:
                return days[id(piece)]
        return None

    def _days(self, parent: Tag) -> dict[int, When]:
        """For each piece with a link its day. Where links come first, a date belongs to what stands before it."""
        found: dict[int, When] = {}
        day: When | None = None
        begun = False
        for child in parent.find_all(True, recursive=False):
            if child.name == "a" or child.find("a", href=True):
                if not begun:
                    return {}
                if day:
                    found[id(child)] = day
            elif stated := self._stated(child):
                day, begun = stated, True
            elif child.name in _HEADINGS:
                day = None
        return found

    def _stated(self, piece: Tag) -> When | None:
        text = squeeze_line(piece.get_text(" "))
        return dates.published(text, self._now) if len(text) <= _LONGEST else None
