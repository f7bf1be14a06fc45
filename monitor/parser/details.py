"""What else a text says of a model: what it is (segment), what it stands on (platform), where it will be had (markets).

Read from the words beside the name and from sentences that go on about the same model. A description is quoted as it
stands in the text; nothing is translated or put together from several places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.parser.designations import Mention
from monitor.parser.lexicon import Cue
from monitor.parser.territories import Territory
from monitor.parser.wording import Wording

KIND, TRAIT, PLATFORM = "kind", "trait", "platform"
REACH = 60
NEAR = 20
_GLUE = re.compile(r"[\s\-–]{0,2}$")
_PLATFORM_NAME = re.compile(r"[A-Z][A-Za-z0-9.+-]{1,15}|[A-Z]{2,8}")


@dataclass(frozen=True, order=True, slots=True)
class Description:
    """What a model is said to be. The smaller, the better it tells."""

    vague: int
    """How little it tells: a "sedan" is 0, an "electric car" 1, a "car" 2; 3 more in a heading."""
    distance: int
    brevity: int
    text: str


def segment(line: Wording, mention: Mention | None, others: Sequence[Mention] = ()) -> Description | None:
    """The best description beside the name ("compact electric SUV"); without a mention, of the sentence's subject."""
    broad = {(cue.start, cue.end) for cue in line.of("broad")}
    found = []
    for start, end, kind in _descriptions(line):
        distance = (
            min(start - line.start, REACH) if mention is None else max(start - mention.end, mention.start - end, 0)
        )
        if any(other.start <= kind.start and kind.end <= other.end for other in others):
            continue  # the "Model" of "Model S"
        if mention and (_crossed(mention, start, end, others) or (start < mention.end and mention.start < end)):
            continue
        if distance <= REACH:
            vague = 0
            bare = start == kind.start and end == kind.end
            if (kind.start, kind.end) in broad:
                vague = 2 if bare else 1
            elif bare and line.has(TRAIT, start=start, end=end):
                vague = 2  # "compact" alone: as often an adjective ("a compact, two-seat car") as a kind of car
            vague += 3 if line.line.sentence.kind == "heading" else 0
            found.append(Description(vague, distance // NEAR, -(end - start), line.between(start, end)))
    return min(found, default=None)


def _crossed(mention: Mention, start: int, end: int, others: Sequence[Mention]) -> bool:
    """Whether another model stands between a name and a description."""
    return any(min(mention.end, end) <= o.start < max(mention.start, start) for o in others if o is not mention)


def _descriptions(line: Wording) -> list[tuple[int, int, Cue]]:
    """Each word for a kind of thing, with the traits that stand directly before or behind it."""
    traits = line.of(TRAIT)
    found = []
    for kind in line.of(KIND):
        start, end = kind.start, kind.end
        for trait in reversed([t for t in traits if t.start < start]):
            if trait.end <= start and not _GLUE.match(line.between(trait.end, start)):
                break
            start = min(start, trait.start)
        for trait in (t for t in traits if t.end > end):
            if (trait.start >= end and not _GLUE.match(line.between(end, trait.start))) or "," in line.between(
                end, trait.start
            ):
                break
            end = max(end, trait.end)
        found.append((start, end, kind))
    return found


def platform(line: Wording) -> str | None:
    """The name beside a word such as "platform": the ECA platform, die Plattform PPE, ECA架构."""
    for cue in line.of(PLATFORM):
        name = _name_before(line, cue) or _name_after(line, cue)
        if name:
            return name
    return None


def _name_before(line: Wording, cue: Cue) -> str | None:
    before = line.between(cue.start - 40, cue.start)
    names = list(_PLATFORM_NAME.finditer(before))
    if not names:
        return None
    gap = before[names[-1].end() :].split()
    whole = (len(names[-1][0]) > 1 and names[-1][0].upper() == names[-1][0]) or any(c.isdigit() for c in names[-1][0])
    return names[-1][0] if whole and len(gap) <= 2 and "," not in before[names[-1].end() :] else None


def _name_after(line: Wording, cue: Cue) -> str | None:
    match = re.match(r"\s?[\"“„«]?([A-Z0-9][A-Z0-9.+-]{1,15})\b", line.between(cue.end, cue.end + 24))
    return match[1] if match else None


def markets(line: Wording, low: int, high: int) -> tuple[str, ...]:
    """The places between two offsets where the model will be had: none where it is made or was shown."""
    found: dict[str, None] = {}
    for place in line.places:
        if low <= place.start and place.end <= high and not _elsewhere(line, place):
            found.setdefault(place.code)
    return tuple(found)


def _elsewhere(line: Wording, place: Territory) -> bool:
    low, high = max(line.start, place.start - 20), min(line.end, place.end + 20)
    if (place.adjective or line.line.is_possessive(place.end)) and not line.has("market", start=low, end=high):
        return True
    return any(
        len(line.between(cue.end, place.start).split()) <= 4
        and not any(cue.end <= moment.start and moment.end <= place.start for moment in line.moments)
        for cue in line.of("made", start=max(line.start, place.start - 60), end=place.start)
    ) or line.has("made", start=place.end, end=min(line.end, place.end + 16))
