"""Which brand a text is about when no list knows it and its source does not say: a guess from how it treats a name.

A name that the title or the text repeats, that does something a brand does ("enters", "opens", "sells"), and that is
no place, month, person or medium. Also tells whether a common word ("smart enters ...") is used as a brand's name.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cache

from monitor.catalogue import load
from monitor.parser import territories
from monitor.parser.lexicon import Cue, Lexicon, fold
from monitor.parser.proper import proper_names

TITLE_WEIGHT = 3
"""A name in the title counts as much as this many in the text."""
DOING_WEIGHT = 2
"""And each time that it does what brands do, as much as so many more."""
REACH = 30
"""How far behind a name the verb may begin that says what it does."""
ENOUGH = 6_000
"""How much of a text is asked for its brand."""
OPENING = 300
"""How much of a text says what it is about."""

DOINGS = ("market_entry.", "market_count.presence", "model_announcement.show", "model_announcement.launch")
_SMALL = (
    "shared.passive",
    "shared.plan",
    "shared.now",
    "shared.also",
    "shared.link",
    "market_entry.filler",
    "market_entry.verb",
)
_NO_DOING = frozenset({"market_entry.filler", "market_entry.origin", "market_entry.not", "market_entry.marketlike"})
_POSSESSIVE = re.compile(r"['’]s?\s(?:[\w-]+\s){0,2}")
_OPENING = re.compile(r"(?:^|\n|[.!?]\s)([A-ZÀ-Þ][\w&’-]+)(?= \w)")
_BEFORE_NAME = re.compile(r"\w-based\s|\w{3}\.\s")
_AGENCIES = frozenset(
    {"reuters", "afp", "ap", "dpa", "ansa", "efe", "lusa", "bloomberg", "xinhua", "cnbc", "bbc", "cnn"}
)


def guess(title: str, text: str, words: Lexicon) -> str | None:
    """The name that title and text treat as their brand, if any is named twice at least."""
    counts: Counter[str] = Counter()
    others: set[str] = set()
    for part, weight in ((text[:ENOUGH], 1), (title, TITLE_WEIGHT)):
        cues = words.scan(part, ((0, len(part)),))[0]
        starts = [cue.start for cue in cues]
        taken = {at for place in territories.find(part, words.code) for at in range(place.start, place.end)}
        opening = _openings(part, cues, starts) if words.capitals else ()
        for start, end in (*_cut(part, proper_names(part, words.capitals), taken), *opening):
            name = part[start:end]
            if name in others or (weight == TITLE_WEIGHT and not counts[name]):
                continue
            if _is_other(part, (start, end), words, cues, starts):
                others.add(name)
                continue
            if not counts[name]:
                counts[name] = part.count(name)  # where it opens a sentence, too
            counts[name] += (weight if weight == TITLE_WEIGHT else 0) + DOING_WEIGHT * does(part, end, cues, starts)
    best = Counter({name: count for name, count in counts.items() if name not in others}).most_common(1)
    return best[0][0] if best and best[0][1] >= 2 else None


def _openings(text: str, cues: tuple[Cue, ...], starts: list[int]) -> Iterator[tuple[int, int]]:
    """The single words that open sentences, do what brands do there, and are named again: "Kestrel has entered"."""
    for match in _OPENING.finditer(text):
        start, end = match.span(1)
        known = bisect_right(starts, start - 1) < bisect_right(starts, end - 1)  # "It", "The", a verb
        if not known and text.count(match[1]) > 1 and does(text, end, cues, starts):
            yield start, end


def is_subject(text: str, end: int, words: Lexicon) -> bool:
    """Whether the name that ends here in the opening of a text does what brands do."""
    part = text[: end + 2 * REACH]
    cues = words.scan(part, ((end, len(part)),))[0]
    return does(part, end, cues, [cue.start for cue in cues])


def does(text: str, end: int, cues: tuple[Cue, ...], starts: list[int]) -> bool:
    """Whether a verb of brands follows a name, with nothing but small words between, or "its 40th market" does."""
    owned = _POSSESSIVE.match(text, end)
    reached = end
    for cue in cues[bisect_right(starts, end - 1) : bisect_right(starts, end + REACH)]:
        if owned and cue.role in ("market_count.market", "market_entry.arrival") and cue.start <= owned.end():
            return True
        if cue.start > reached and text[reached : cue.start].strip():
            return False
        if cue.role.startswith(DOINGS) and cue.role not in (*_NO_DOING, *_SMALL):
            return True
        if cue.role in _SMALL:
            reached = max(reached, cue.end)
    return False


def _cut(text: str, names: tuple[tuple[int, int], ...], taken: set[int]) -> Iterator[tuple[int, int]]:
    """The names without what stands before them and is none of theirs: "London-based", "Chinese", an earlier
    sentence."""
    for start, end in names:
        low = max((at + 1 for at in range(start, end) if at in taken), default=start)
        low = max([low, *(start + match.end() for match in _BEFORE_NAME.finditer(text[start:end]))])
        low += len(text[low:end]) - len(text[low:end].lstrip(" -"))
        opens = text[start:low].rstrip().endswith((".", "!", "?")) and " " not in text[low:end]
        if low < end and not opens:  # the "The" of "in Peru. The chain", which may be any word
            yield low, end


def _is_other(text: str, name_at: tuple[int, int], words: Lexicon, cues: tuple[Cue, ...], starts: list[int]) -> bool:
    """Whether a name is a place's, a month's, a medium's or a person's."""
    start, end = name_at
    name = text[start:end]
    if fold(name) in _media() or fold(name) in _calendar(words) or not any(char.isalpha() for char in name):
        return True
    around = cues[bisect_right(starts, start - REACH) : bisect_right(starts, end + 4)]
    return any(
        (cue.start < end and cue.end > start)
        or (cue.end <= start and start - cue.end <= 1)
        or (cue.start >= end and text[end : cue.start].strip() == ",")
        for cue in around
        if cue.role == "shared.person"
    )


@cache
def _media() -> frozenset[str]:
    return _AGENCIES | {fold(outlet.name) for outlet in load().outlets}


@cache
def _calendar(words: Lexicon) -> frozenset[str]:
    table = words.data("dates", "words")
    return frozenset(fold(name) for key in ("months", "weekdays") for group in table.get(key, ()) for name in group)
