"""In how many markets a document says a brand is, and how many it adds: every number beside a word for markets is
weighed.

    scene ─► numbers near words for markets ─► described by `features`, with what the rules of `market_count` propose
          ─► the classifier's shares ─► one fact a subject, where a count of the brand's own is likely enough
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from monitor.parser.clauses import bounds, modality
from monitor.parser.counting import Counted
from monitor.parser.dating import COUNTED, Spot, dated
from monitor.parser.features import MOST, Candidate, Candidates, Describer
from monitor.parser.lexicon import Cue
from monitor.parser.market_count import MarketCount, NewMarkets, make, one_per_subject, propose
from monitor.parser.miscounts import COUNTABLE
from monitor.parser.numerals import Numeral
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.weighing import weighed

LIKELY = 0.6
"""How likely a count of the brand's markets must be to be told, all kinds of counts together."""
AGREED = 0.2
"""How likely, where the rules see the same count."""
COUNTS = ("current", "planned", "new current", "new planned")
SCOPED = "scoped"
"""A count within a part of the world."""
NONE = "none"
LABELS = (*COUNTS, SCOPED, NONE)


def read(described: Describer, found: Candidates, *, reasons: bool = False) -> tuple[Finding, ...]:
    """Every number that may count markets, kept or dropped with its share; `reasons` tells what spoke for it and
    against."""
    if described.scene.brand is None:
        return propose(described.scene)
    each = weighed(MarketCount.kind, described, found)
    told = [(finding, one) for one in each for finding in _judged(described.scene, one.candidate, one.share)]
    spotted = [(one.explained(why) if reasons else why, _spot(one.candidate, why)) for why, one in told]
    return one_per_subject(dated(described, spotted, likely=COUNTED))


def candidates(described: Describer) -> Candidates:
    """Every number that stands near a word for markets, in its sentence or the one before, with its features; none
    where no brand is known."""
    scene = described.scene
    if scene.brand is None:
        return Candidates((), described.text)
    proposals = propose(scene)
    found = []
    for line in scene.lines:
        nouns = line.of("market_count.market")
        before = bool(line.number and scene.lines[line.number - 1].of("market_count.market"))
        titled = bool(scene.title.of("market_count.market"))
        if not (nouns or before or titled):
            continue
        for number in _countable(line):
            said = [finding for finding in proposals if finding.line is line and finding.about == number.start]
            common: dict[str, float] = {"markets before": before, "markets in title": titled}
            common |= {f"rules {label(finding)}": 1.0 for finding in said}
            told = [finding for finding in said if finding.fact] or said[:1]
            proposal, shared = next(iter(told), None), tuple(told[1:])
            stands = number.outer_start, number.outer_end
            describe = partial(_features, described, line, number, nouns, common)
            found.append(Candidate(line, *stands, number, describe, proposal, (number.start,), shared))
        if len(found) >= MOST:
            break
    return Candidates(tuple(found), described.text)


def _features(
    described: Describer, line: Line, number: Numeral, nouns: tuple[Cue, ...], common: dict[str, float]
) -> dict[str, float]:
    """Those of a number, with some that are known of it."""
    found = described.describe(line, number.outer_start, number.outer_end)
    return found | _as_number(line, number, nouns) | common


def _countable(line: Line) -> Iterator[Numeral]:
    for number in line.numbers:
        dated = any(moment.start <= number.start < moment.end for moment in line.moments)
        if number.value in COUNTABLE and not dated:
            yield number


def label(finding: Finding) -> str:
    """What the rules propose, in the classifier's words."""
    fact = finding.fact
    if not isinstance(fact, MarketCount):
        return NONE
    if fact.scope:
        return SCOPED
    return f"new {fact.status}" if isinstance(fact, NewMarkets) else fact.status


def _as_number(line: Line, number: Numeral, nouns: tuple[Cue, ...]) -> dict[str, float]:
    """How a number is written, and how it stands to the words for markets and to other numbers and places."""
    worth = 1 if line.spaced else 3
    found: dict[str, float] = {
        "value": number.value,
        "ordinal": number.ordinal,
        f"hedge {number.qualifier}": 1.0,
    }
    behind = next((noun for noun in nouns if noun.start >= number.end), None)
    if behind:
        between = line.between(number.outer_end, behind.start)
        found |= {
            "right market noun": (behind.start - number.end) * worth,
            "words between": len(between.split()),
            "comma between": "," in between or "，" in between,
            "numbers between": sum(number.end <= other.start and other.end <= behind.start for other in line.numbers),
        }
    if before := [noun for noun in nouns if noun.end <= number.start]:
        found["left market noun"] = (number.start - before[-1].end) * worth
    others = [other.value for other in line.numbers if other is not number and other.value in COUNTABLE]
    found["largest"] = bool(others) and number.value >= max(others)
    for name, wanted in (("region", True), ("country", False)):
        places = [place for place in line.places if place.is_region == wanted]
        found[f"names {name}"] = bool(places)
        following = [place.start - number.end for place in places if place.start >= number.end]
        if following:
            found[f"right {name}"] = min(following) * worth
    return found


def _judged(scene: Scene, candidate: Candidate, share: Mapping[str, float]) -> Iterator[Finding]:
    """What becomes of a number: a fact, or one for each of the brands that share it, or the reason for none."""
    number, said = cast(Numeral, candidate.key), candidate.proposal
    best = max(COUNTS, key=lambda one: share[one])
    likely = sum(share[one] for one in COUNTS)
    roles = said.roles if said else ()
    if scene.is_of_another(candidate.line, number.start):
        likely = 0.0
    kept = said is not None and said.fact is not None and label(said) in (best, SCOPED)
    if said and kept and (likely >= AGREED if label(said) != SCOPED else share[NONE] < LIKELY):
        why = f"{number.value} {label(said)}, {share[label(said)]:.0%}"
        yield from (replace(one, why=why) for one in (said, *candidate.shared))
    elif likely >= LIKELY:
        fact = _fact(scene, candidate, best)
        why = f"{number.value} {best}, {share[best]:.0%}"
        yield Finding(candidate.line, fact.kind, roles, fact, why, number.start)
    else:
        why = f"{number.value} counts no markets of the brand's, {1 - likely:.0%}"
        if said and said.fact is None:
            why += f": {said.why}"
        yield Finding(candidate.line, MarketCount.kind, roles, None, why, number.start)


def _spot(candidate: Candidate, finding: Finding) -> Spot | None:
    fact = finding.fact
    if not isinstance(fact, MarketCount):
        return None
    new = "new " if isinstance(fact, NewMarkets) else ""
    return Spot(candidate.line, candidate.start, candidate.end, new + fact.status)


def _fact(scene: Scene, candidate: Candidate, best: str) -> MarketCount:
    """The fact that a number makes, from what stands around it."""
    line, number = candidate.line, cast(Numeral, candidate.key)
    nouns = line.of("market_count.market")
    itself = Cue(number.start, number.end, "market_count.market", line.between(number.start, number.end))
    noun = next((noun for noun in nouns if noun.start >= number.end), itself)
    new, status = best.startswith("new "), best.removeprefix("new ")
    counted = Counted(number, number.outer_start, max(noun.end, number.outer_end), new, noun)
    low, high = bounds(line, counted.start, counted.end)
    how = modality(line, low, high, scene.document.published, near=(counted.start, counted.end))
    return make(line, counted, how, cast(str, scene.brand), planned=status == "planned")
