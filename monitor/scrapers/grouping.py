"""The day that a list states once for several articles: a date, then what was published on it.

    <h3>5 January 2026</h3> <ul>…</ul> <h3>18 December 2025</h3> <ul>…</ul>

Knows no article: any piece with a link counts as one.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from lxml.html import HtmlElement

from monitor.models import When
from monitor.pages import dates
from monitor.pages.markup import leads, spoken

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt"})
_LONGEST = 40  # characters of a line that is but a date
_STEPS = 4  # up from a card to the list that is in groups


class Groups:
    """The days of the groups of one page. Each list is looked at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[HtmlElement, dict[HtmlElement, When]] = {}

    def day(self, card: HtmlElement) -> When | None:
        """The day of the group that a card stands in; None when it stands in none."""
        for piece in (card, *islice(card.iterancestors(), _STEPS)):
            parent = piece.getparent()
            if parent is None or piece.tag in ("body", "html"):
                return None
            days = self._known.get(parent)
            if days is None:
                days = self._known[parent] = self._days(parent)
            if piece in days:
                return days[piece]
        return None

    def _days(self, parent: HtmlElement) -> dict[HtmlElement, When]:
        """For each piece with a link its day. Where links come first, a date belongs to what stands before it."""
        found: dict[HtmlElement, When] = {}
        day: When | None = None
        begun = False
        for child in parent:
            if child.tag == "a" or any(map(leads, child.iterdescendants("a"))):
                if not begun:
                    return {}
                if day:
                    found[child] = day
            elif stated := self._stated(child):
                day, begun = stated, True
            elif child.tag in _HEADINGS:
                day = None
        return found

    def _stated(self, piece: HtmlElement) -> When | None:
        text = spoken(piece)
        return dates.published(text, self._now) if len(text) <= _LONGEST else None
