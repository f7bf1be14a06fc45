"""What surrounds a claim inside its sentence: its clause, its modality (done, planned, hedged, denied), and who acts.

A clause ends at a semicolon, a dash, or a word that opens another one (`shared.clause`). Modality is read within the
clause: a plan told after "but" does not make what stands before it a plan. These are reckonings over cues; no word is
known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from monitor.models import When
from monitor.parser.dates import Moment
from monitor.parser.lexicon import Cue
from monitor.parser.scene import Line, Scene

_COMMA = re.compile(r"[,:，：](?!\d)")
_BREAK = re.compile(r"[;；—]|\s–\s|\s--?\s")


@dataclass(frozen=True, slots=True)
class Modality:
    """How a clause means what it says."""

    planned: bool = False
    maybe: bool = False
    hedged: bool = False
    denied: bool = False

    @property
    def why_not(self) -> str | None:
        """The reason why this is no claim, if it is none."""
        if self.denied:
            return "denied"
        return "only considered" if self.maybe else None


def bounds(line: Line, start: int, end: int) -> tuple[int, int]:
    """The clause around a stretch of a sentence. An inserted relative clause ends at its comma; what follows goes on
    with the clause before it."""
    low, high = line.start, line.end
    for left, right, close in _edges(line):
        if right <= start and close > start:
            low, high = max(low, right), min(high, max(close, end))
        elif left >= end:
            high = min(high, left)
    return low, high


def _edges(line: Line) -> Iterator[tuple[int, int, int]]:
    """Where a clause opens: the start and end of what opens it, and where it closes."""
    yield from ((start + line.start, end + line.start, line.end) for start, end in _breaks(line.text))
    yield from ((cue.start, cue.end, line.end) for cue in line.of("shared.clause"))
    for cue in _relatives(line):
        comma = line.between(cue.end, line.end).find(",")
        yield cue.start, cue.end, cue.end + comma if comma >= 0 else line.end


@lru_cache(maxsize=256)
def _breaks(text: str) -> tuple[tuple[int, int], ...]:
    """Where signs part a sentence; it is asked for each of its places and verbs."""
    return tuple(match.span() for match in _BREAK.finditer(text))


def _relatives(line: Line) -> Iterator[Cue]:
    """The words that open a relative clause, after a comma as they must."""
    return (cue for cue in line.of("shared.relative") if line.between(cue.start - 2, cue.start).startswith(","))


def segment(line: Line, start: int, end: int) -> tuple[int, int]:
    """The stretch between commas or colons around a place: what a "not" or a "may" can reach."""
    before = [match.end() for match in _COMMA.finditer(line.between(line.start, start))]
    after = _COMMA.search(line.between(end, line.end))
    return line.start + (before[-1] if before else 0), end + after.start() if after else line.end


def modality(
    line: Line,
    start: int,
    end: int,
    published: When | None,
    *,
    near: tuple[int, int],
    plans: int | None = None,
    doubts: int | None = None,
) -> Modality:
    """The modality of a clause; a date ahead of the publication makes a plan too. Doubt and denial reach from comma to
    comma around `near`; words for a plan stand before `plans`, behind which another event has its own; those for doubt
    before `doubts`."""
    if plans is None:  # what follows an "and" is another verb's
        plans = next((cue.start for cue in line.of("shared.and", start=near[1], end=end)), end)
    low, high = segment(line, *near)
    low, high = max(low, start), min(high, end if doubts is None else doubts)
    ahead = any(
        is_ahead(moment, published) and not _is_aside(line, moment, near[0])
        for moment in line.moments
        if start <= moment.start and moment.end <= plans
    )
    return Modality(
        planned=ahead or _is_planned(line, start, min(plans, end)),
        maybe=line.has("shared.maybe", start=low, end=high),
        hedged=line.has("shared.hedge"),
        denied=line.has("shared.deny", start=low, end=high),
    )


def _is_aside(line: Line, moment: Moment, place: int) -> bool:
    """Whether a date stands in a relative clause that a place is not in: "Chile, where it starts in autumn, ..."."""
    low, high = segment(line, moment.start, moment.end)
    if low <= place < high:
        return False
    return any(cue.start - low <= 2 for cue in line.of("shared.relative", "market_count.where", start=low, end=high))


def _is_planned(line: Line, start: int, end: int) -> bool:
    """Whether a word tells of a plan; one that only makes a passive does not ("wird in 30 Ländern verkauft")."""
    passives = {cue.start for cue in line.of("shared.passive_now")}
    return any(cue.start not in passives for cue in line.of("shared.plan", start=start, end=end))


def is_ahead(moment: Moment, published: When | None) -> bool:
    """Whether a date is clearly later than the publication. Without a publication date nothing is."""
    return bool(published) and first_day(moment.when) > last_day(published or "")


def first_day(when: When) -> str:
    """The first day of a `When`, as `YYYY-MM-DD`."""
    year, rest = when[:4], when[5:]
    starts = {"": "01-01", "Q1": "01-01", "Q2": "04-01", "Q3": "07-01", "Q4": "10-01", "H1": "01-01", "H2": "07-01", "early": "01-01", "mid": "05-01", "late": "09-01"}  # fmt: skip  # noqa: E501
    return (
        f"{year}-{starts[rest]}" if rest in starts else f"{year}-{rest[:5]}" if len(rest) >= 5 else f"{year}-{rest}-01"
    )


def last_day(when: When) -> str:
    """The last day of a `When`, as `YYYY-MM-DD` (the 31st of any month: good for comparing)."""
    year, rest = when[:4], when[5:]
    ends = {"": "12-31", "Q1": "03-31", "Q2": "06-30", "Q3": "09-30", "Q4": "12-31", "H1": "06-30", "H2": "12-31", "early": "04-30", "mid": "08-31", "late": "12-31"}  # fmt: skip  # noqa: E501
    return f"{year}-{ends[rest]}" if rest in ends else f"{year}-{rest[:5]}" if len(rest) >= 5 else f"{year}-{rest}-31"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is said to do something. `brand` None: somebody else, or nobody known."""

    brand: str | None
    end: int | None = None
    """Where the words for the actor end; None when the sentence has none and the topic is meant."""


def actor(scene: Scene, line: Line, position: int) -> Actor:
    """Who acts at a place of a sentence: named or referred to nearest before it, else what the text is about."""
    named: list[tuple[int, str | None]] = [(name.end, name.brand) for name in line.names if name.end <= position]
    named += [(cue.end, scene.brand) for cue in line.of("shared.self", end=position)]
    named += [(cue.end, scene.referent(line, cue.start)) for cue in line.of("shared.pronoun", end=position)]
    nearest = max(named, default=None, key=lambda found: found[0])
    stranger = _stranger(line, position, nearest[0] if nearest else None)
    if stranger is not None:
        return Actor(None, stranger)
    return Actor(nearest[1], nearest[0]) if nearest else Actor(scene.brand)


def _stranger(line: Line, position: int, after: int | None) -> int | None:
    """The end of a name that is no brand of ours and yet the subject: it opens the sentence, or a relative clause
    follows it."""
    for start, end in reversed(line.strangers):
        if end > position or (after is not None and start < after):
            continue
        opens_relative = any(0 <= cue.start - end <= 5 for cue in _relatives(line) if cue.end <= position)
        if opens_relative or (
            after is None and start - line.start <= 3 and not line.has("shared.partner", end=position)
        ):
            return end
    return None


_PUNCTUATION = re.compile(r"[\s,、，()&:/'\"“”‘’«»–-]*")


def is_light(line: Line, start: int, end: int, *roles: str) -> bool:
    """Whether nothing stands between two places but punctuation, dates and cues of these roles."""
    covered = [(cue.start, cue.end) for cue in line.of(*roles, start=start, end=end)]
    covered += [(moment.start, moment.end) for moment in line.moments if start <= moment.start and moment.end <= end]
    for left, right in sorted(covered):
        if left > start and not _PUNCTUATION.fullmatch(line.between(start, left)):
            return False
        start = max(start, right)
    return start >= end or bool(_PUNCTUATION.fullmatch(line.between(start, end)))


def joint(line: Line, position: int) -> tuple[str, ...]:
    """Two brands joined by "and", the last ones named before a place."""
    names = [name for name in line.names if name.end <= position]
    for first, second in zip(reversed(names[:-1]), reversed(names[1:]), strict=True):
        joined = line.between(first.end, second.start).strip() == "&" or (
            line.has("shared.and", start=first.end, end=second.start)
            and is_light(line, first.end, second.start, "shared.and", "shared.self", "market_entry.brand_object")
        )
        if first.brand != second.brand and joined:
            return first.brand, second.brand
    return ()


def moment_in(line: Line, start: int, end: int, anchor: int) -> Moment | None:
    """The date of a clause that stands nearest to a place."""
    inside = [moment for moment in line.moments if start <= moment.start and moment.end <= end]
    return min(inside, default=None, key=lambda moment: min(abs(moment.start - anchor), abs(moment.end - anchor)))
