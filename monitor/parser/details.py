"""What else a text says of a model: what it is (segment), what it stands on (platform), where it will be had (markets).

Read from the words beside the name and from sentences that go on about the same model. A description is quoted as it
stands in the text; nothing is translated or put together from several places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.parser.designations import Habits, Mention
from monitor.parser.lexicon import Cue
from monitor.parser.territories import Territory
from monitor.parser.wording import Wording

KIND, TRAIT, PLATFORM = "kind", "trait", "platform"
REACH = 60
NEAR = 20
NAMED = 4
"""How far behind \"platform\" the word \"called\" stands."""
_GLUE = re.compile(r"[\s\-–]{0,2}$")
_LETTERS = r"[A-Za-z0-9+_&]*(?:\.[A-Za-z0-9+_&]+)*"
_WORD = rf"(?:[A-Z]|e-[A-Z]|\d(?=[\w.])){_LETTERS}(?:-[A-Za-z0-9]{_LETTERS})*"
_PART = re.compile(_WORD)
_GAP = r"-|\s?(?:[a-zà-ÿ-]+\s){0,2}|[\u4e00-\u9fff]{0,10}|[\"”“»]\s?"
_BEFORE = re.compile(rf"(?<![A-Za-zÀ-ÿ\d-])({_WORD}(?: {_WORD}){{0,3}})(?:{_GAP})$")
"""A name and, between it and the word for a platform, at most two words: "the MEB electric car platform"."""
_AFTER = re.compile(rf"[\s,:]{{0,2}}(?:[a-zà-ÿ]+\s){{0,2}}[\"“„«(]?\s?({_WORD}(?: (?:{_WORD}|\d[\d.]*))*)")
_COMPOUND = re.compile(r"(?<=[A-Za-z]{3})-|(?<=\d)-(?=[A-Z])")
"""The hyphens that a compound gives to a name of several words: "Smart-Car-Plattform"; not that of "E-GMP"."""
_CAPITALS_BEFORE = re.compile(r"(?:[A-Z][a-z]+ )+$")
_CAPITALS_AFTER = re.compile(r"(?: [A-Z][a-z]+)*")
_VOLTAGE = re.compile(r"\d+(?:[- ]?[vV](?:olts?)?)?")


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


def platform(line: Wording, ways: Habits) -> tuple[str, int] | None:
    """The name beside a word such as "platform", and where that word stands: the ECA platform, die Plattform PPE,
    plateforme STLA Medium, ECA架构."""
    for cue in line.of(PLATFORM):
        name = _as_part(line, cue, ways) or _name_before(line, cue, ways) or _name_after(line, cue, ways)
        if name:
            return name, cue.start
    return None


def _as_part(line: Wording, cue: Cue, ways: Habits) -> str | None:
    """A name that the word itself is a part of, by its capital: "Electric Compact Architecture", "Premium Platform
    Electric"; nothing where every noun has a capital."""
    if not cue.text[:1].isupper() or cue.start == line.start or "-" in line.between(cue.start - 1, cue.start):
        return None
    match = _CAPITALS_BEFORE.search(line.between(cue.start - REACH, cue.start))
    before = [word for word in match[0].split() if word.lower() not in ways.articles] if match else []
    after = _CAPITALS_AFTER.match(line.between(cue.end, cue.end + REACH))
    return " ".join([*before, cue.text]) + (after[0] if after else "") if before else None


def _name_before(line: Wording, cue: Cue, ways: Habits) -> str | None:
    """ "the STLA Large platform", "Geely's SEA platform", "E-GMP-Plattform", "SEA浩瀚架构"."""
    before = line.between(max(line.start, cue.start - REACH), cue.start)
    match = _BEFORE.search(before)
    if match is None:
        return None
    base = cue.start - len(before)
    words = [(base + m.start(), base + m.end(), m[0]) for m in _PART.finditer(before, *match.span(1))]
    while words and _is_foreign(line, *words[0], ways):
        words = words[1:]
    told = [word for _, _, word in words]
    alone = len(told) == 1 and words[0][1] == cue.start - 1 and not ways.nouns_capital and ways.spaced
    if not told or not (_is_telling(told, ways) or (alone and words[0][0] > line.start)):
        return None
    name = line.between(words[0][0], words[-1][1])
    return _COMPOUND.sub(" ", name) if before.endswith("-") else name


def _name_after(line: Wording, cue: Cue, ways: Habits) -> str | None:
    """ "die Plattform PPE", "plateforme STLA Medium", "a platform called AmpR Small", "its new platform (SPA2)"."""
    after = line.between(cue.end, cue.end + REACH)
    called = line.of("called", start=cue.end, end=cue.end + REACH)
    start = next((word.end - cue.end for word in called if word.start - cue.end < NAMED), 0)
    match = _AFTER.match(after, start)
    if match is None:
        return None
    words = match[1].split(" ")
    while len(words) > 1 and words[-1].lower() in ways.never:
        words = words[:-1]
    first = cue.end + match.start(1)
    if _is_foreign(line, first, first + len(words[0]), words[0], ways) or not _is_telling(words, ways):
        return None
    return " ".join(words)


def _is_foreign(line: Wording, start: int, end: int, word: str, ways: Habits) -> bool:
    """Whether a word is no part of a platform's name: a brand, a place, "EV", "800V"."""
    taken = any(span.start < end and start < span.end for spans in (line.names, line.places) for span in spans)
    small = {*ways.never, *ways.articles, *ways.fresh}
    return taken or word.lower() in small or bool(_VOLTAGE.fullmatch(word))


def _is_telling(words: Sequence[str], ways: Habits) -> bool:
    """Whether words are a name: capitals or digits in one of them; or several, where not every noun has a capital."""
    coded = any(word[0].isupper() and sum(char.isupper() or char.isdigit() for char in word) > 1 for word in words)
    coded = coded or any(sum(map(str.isupper, word)) > 1 for word in words)
    return coded or (len(words) > 1 and not ways.nouns_capital)


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
