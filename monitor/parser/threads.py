"""Whose news a text is telling at each sentence: that of the brand named last, until another is.

    brands named in each sentence ("own", "kin", "other"; "someone", whom no list knows), headings ─► by sentence: whom
    the text is about there, since when, how far it is to the next word of the own brand, and under which heading it is

A page may tell of several brands, one after another: a sentence about "the sedan" is news of the brand that a headline
named three sentences before. Nothing is decided here: these are features for whoever weighs candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from monitor.parser.scene import Line, Placed
from monitor.parser.topic import does

OWN, SOMEONE, NOBODY = "own", "someone", "nobody"
LONG = 30.0
"""From so many sentences on it does not matter how many."""
_OPENING = re.compile(r"\W{0,3}[A-ZÀ-ÞĀ-Ž][\w&'’.+-]*(?: (?:& )?[A-ZÀ-ÞĀ-Ž#\d][\w&'’+-]*){0,4}")


@dataclass(frozen=True, slots=True)
class Thread:
    """What one sentence goes on with."""

    about: str
    """Whom it is about: the own brand where that is named, else whose name it says first, else whose was said last."""
    section: int | None
    """The number of the heading above it."""
    features: dict[str, float]


def brands(text: str, line: Line, whose: Callable[[str], str]) -> list[str]:
    """Whose names a sentence of a text says, in order. A word with a capital that opens a heading and does what brands
    do, "Keeta opens in Brazil", is someone's."""
    told = [whose(name.brand) for name in line.names]
    opening = _OPENING.match(text, line.start, line.end) if line.sentence.kind == "heading" else None
    known: tuple[tuple[Placed, ...], ...] = (line.names, line.cues, line.places)
    if opening is None or any(things and things[0].start < opening.end() for things in known):
        return told
    is_someone = does(text, opening.end(), line.cues, [cue.start for cue in line.cues])
    return [SOMEONE, *told] if is_someone else told


def follow(named: Sequence[Sequence[str]], headings: Sequence[bool]) -> tuple[Thread, ...]:
    """The threads of some sentences, told by whose brands each names, in order, and whether it is a heading. The last
    is the title, which is read first."""
    threads = list(_followed(named, headings, _until(named)))
    return (*threads[1:], threads[0])


def _followed(
    named: Sequence[Sequence[str]], headings: Sequence[bool], ahead: Sequence[int | None]
) -> Iterator[Thread]:
    about, since, section = NOBODY, -1, None
    last: dict[str, int] = {}
    known = [whose for each in named for whose in each if whose != SOMEONE]
    share = known.count(OWN) / len(known) if known else 0.0
    for number in range(-1, len(named) - 1):
        here = named[number]
        if here:
            about, since = OWN if OWN in here else here[0], number
        last |= dict.fromkeys(here, number)
        features = {f"about {about}": 1.0, "about for": min(number - since, LONG), "own share": share}
        features |= {f"{whose} before": min(number - at, LONG) for whose, at in last.items()}
        if (until := ahead[number]) is not None:
            features["own ahead"] = min(until - number, LONG)
        if section is not None:
            features |= {f"under {whose}": 1.0 for whose in named[section]}
            features["under for"] = min(number - section, LONG)
        yield Thread(about, section, features)
        if headings[number]:
            section = number


def _until(named: Sequence[Sequence[str]]) -> list[int | None]:
    """For each sentence, the next one that names the own brand; the title's is the last."""
    found: list[int | None] = [None] * len(named)
    after: int | None = None
    for number in range(len(named) - 2, -2, -1):
        found[number] = after
        if OWN in named[number]:
            after = number
    return found
