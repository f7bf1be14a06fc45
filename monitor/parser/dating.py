"""When a step happened or will, or since when a count holds: every date around a fact is weighed.

    fact ─► the dates of its sentence, of those beside it and of the title; the day and the month of the news itself
         ─► how each stands to the fact, in numbers, and what the network makes of the words around it
         ─► the trees' shares ─► the likeliest, if likely enough

The trees ask which dates are near, which lie between, whether they are ahead, and no word's meaning (it did not help);
of which step of a model a date is, "shown on 3 March, on sale in June", they hear from the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.models import When
from monitor.parser.classifier import classifier
from monitor.parser.clauses import first_day, last_day
from monitor.parser.dates import Moment
from monitor.parser.features import Describer, beside, commas, gap
from monitor.parser.moments import anchor
from monitor.parser.opinions import level
from monitor.parser.scene import Finding, Line
from monitor.parser.spans import overlap
from monitor.parser.tokens import Piece, named

NAME = "when"
"""Of the classifier, and of the question to the network."""
RIGHT, WRONG = "right", "wrong"
LABELS = (RIGHT, WRONG)
OF_MODELS = ("teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued")
"""Of whose dates the network is heard: a model has several, which differ by what is said of them. For those of markets
it brought little, and took a date for its neighbour's."""
STEPS = ("entered", "planned", "exited", "current", "new current", "new planned", *OF_MODELS)
"""What is told of a fact that has a date; the network's labels, with `WRONG` as the last."""
LIKELY = 0.15
"""How likely a date must be to be told: a step nearly always has one."""
COUNTED = 0.3
"""The same of a count, which mostly has none."""
REACH = 2
"""How many sentences a date may stand away from its fact."""
AHEAD = frozenset({"planned", "new planned", "teased", "confirmed"})
"""What is still to come: it is not of the day of the news, nor of one before."""
BEHIND = frozenset({"entered", "unveiled", "orders_open", "launched", "deliveries"})
"""What has happened: it is of no day after that of the news."""
NEXT = 8
"""How far two things of one list are apart at most."""
MOST = 12
"""How many dates are weighed for one fact."""
LATELY = 8 / 366
"""For how long before the news, in years, somebody may have said what it tells."""
TOLD_BEFORE, TOLD_BEHIND = 12, 3
"""How far behind a verb of saying its day may stand, "announced late on Monday", and how far before it."""


@dataclass(frozen=True, slots=True)
class Option:
    """A date that may be the fact's, with its features."""

    when: When
    features: dict[str, float]
    start: int | None
    """Where the sentences name it; None for the day of the news, and for what the title alone names."""


class Spot(NamedTuple):
    """What is to be dated: where in a sentence it stands, and what is told of it: "entered", "unveiled", "current"."""

    line: Line
    start: int
    end: int
    told: str


def dated(
    described: Describer,
    findings: Iterable[tuple[Finding, Spot | None]],
    *,
    likely: float = LIKELY,
    entered: Sequence[When] = (),
) -> list[Finding]:
    """The findings with the dates of their facts, None where none is `likely` enough; those without a spot as they
    are. `entered`: when the text says that the brand comes to its new markets, which may be the models' day too."""
    told = list(findings)
    whens = iter(dates(described, [spot for _, spot in told if spot], likely=likely, entered=entered))
    return [
        replace(finding, fact=replace(finding.fact, when=next(whens))) if spot and finding.fact else finding
        for finding, spot in told
    ]


def dates(
    described: Describer, spots: Sequence[Spot], *, likely: float = LIKELY, entered: Sequence[When] = ()
) -> list[When | None]:
    """The date of each of some things, all weighed at once."""
    found = heard(described, spots, entered)
    shares = classifier(NAME).weigh([option.features for each in found for option in each])
    rated = iter(share[RIGHT] for share in shares)
    whens: list[When | None] = []
    for each in found:
        best, when = max([(next(rated), option.when) for option in each], default=(0.0, None), key=lambda one: one[0])
        whens.append(when if best >= likely else None)
    return whens


def heard(described: Describer, spots: Sequence[Spot], entered: Sequence[When] = ()) -> list[list[Option]]:
    """Every date that may be that of each of some things; of a model's, with what the network thinks of it among its
    features."""
    found = [list(options(described, *spot, entered)) for spot in spots]
    asking = [(spot, one) for spot, each in zip(spots, found, strict=True) if spot.told in OF_MODELS for one in each]
    places = [asked(described.pieces, spot.start, one.start) for spot, one in asking]
    for (spot, one), share in zip(asking, described.heard(NAME, places), strict=True):
        one.features.update({"heard": level(1 - share[WRONG]), "heard step": level(share[spot.told])})
    return found


def asked(pieces: Sequence[Piece], start: int, option: int | None) -> tuple[int, list[int]]:
    """What the network is asked about: the piece that holds a fact, and the tokens of a date there and of the fact;
    of the fact alone where the sentences do not name the date."""
    number, (fact, *_) = named(pieces, (start,))
    date = pieces[number].at(option) if option is not None else None
    return number, [fact] if date is None else [date, fact]


def options(
    described: Describer, line: Line, start: int, end: int, told: str, entered: Sequence[When] = ()
) -> Iterator[Option]:
    """Every date that may be that of what stands between two places of a sentence, in a fixed order."""
    scene = described.scene
    published = scene.document.published
    near = (*scene.lines[max(0, line.number - REACH) : line.number + REACH + 1], scene.title)
    dated = [
        (other, moment)
        for other in near
        for moment in other.moments
        if told not in AHEAD or not _is_of_the_telling(other, moment, published)
    ]
    whole = _list_around(line, start, end)
    dated = sorted(dated, key=lambda one: _distance(one[0], one[1], line, *whole))[:MOST]
    common = {f"told {told}": 1.0, "dates": len(dated), "own dates": len(line.moments), "entries": min(len(entered), 5)}
    known = set()
    for rank, (other, moment) in enumerate(dated):
        features = described.structure(other, moment.start, moment.end) | common | {"rank": rank}
        inside = other is line and whole[0] <= moment.start and moment.end <= whole[1]
        low, high = (start, end) if inside else whole
        features |= _in_sentence(line, moment, low, high) if other is line else _elsewhere(line, other)
        features |= _things(line, other, moment, low, high) | {"in list": inside}
        for reading in moment.readings:
            if published and not _is_possible(reading, published, told):
                continue
            known.add(reading)
            told_by = (
                features | _as_date(reading, published) | _as_reading(reading, moment) | _as_entry(reading, entered)
            )
            yield Option(reading, told_by, moment.start if other.number >= 0 else None)
    there = described.structure(line, start, end) | common
    for when in dict.fromkeys(entered):
        if when not in known and (not published or _is_possible(when, published, told)):
            yield Option(when, there | _as_date(when, published) | _as_entry(when, entered) | {"far": 1.0}, None)
    base = anchor(published)
    if published and base and base.month and told not in AHEAD:
        for day in dict.fromkeys((published[:7], published[:10])):
            told_by = _as_date(day, published) | _as_entry(day, entered) | {"of the news": 1.0}
            yield Option(day, there | told_by, None)


def _is_of_the_telling(line: Line, moment: Moment, published: When | None) -> bool:
    """Whether a day is that of somebody's saying so, in the week of the news: "announced late on Monday". A weekday may
    mean the next one, too, where nobody says anything on it."""
    if not published or _grain(moment.behind) != "day" or not line.spaced:
        return False
    if _grain(published) != "day" or not -LATELY <= _years(moment.behind, published) <= 0:
        return False
    return any(
        0 <= moment.start - cue.end <= TOLD_BEFORE or 0 <= cue.start - moment.end <= TOLD_BEHIND
        for cue in line.of("market_entry.told")
    )


def _is_possible(when: When, published: When, told: str) -> bool:
    """Whether something of this kind can be of a date: it has happened by then, or is still to come."""
    if told in BEHIND:
        return first_day(when) <= last_day(published)
    if told in AHEAD and when == published:
        return False  # the day on which somebody says so is not the day of the step
    return told not in AHEAD or last_day(when) >= first_day(published)


def _list_around(line: Line, start: int, end: int) -> tuple[int, int]:
    """Where the list begins and ends that a place or name stands in: a date before it or behind it is everybody's."""
    things = sorted([(one.start, one.end) for one in (*line.places, *line.hints)] + list(line.strangers))
    low, high = start, end
    for one, two in things:
        if one >= high and one - high <= NEXT:
            high = two
    for one, two in reversed(things):
        if two <= low and low - two <= NEXT:
            low = one
    return low, high


def _distance(other: Line, moment: Moment, line: Line, start: int, end: int) -> tuple[int, int]:
    if other.number < 0:
        return REACH + 1, 0
    return abs(other.number - line.number), _apart(moment, start, end)


def _apart(moment: Moment, start: int, end: int) -> int:
    return max(moment.start - end, start - moment.end)


def _elsewhere(line: Line, other: Line) -> dict[str, float]:
    found: dict[str, float] = {"only date": len(other.moments) == 1}
    return found | ({"in title": 1.0} if other.number < 0 else {"sentences apart": other.number - line.number})


def _in_sentence(line: Line, moment: Moment, start: int, end: int) -> dict[str, float]:
    """How a date stands to what it may be the date of, in the same sentence."""
    behind = moment.start >= end
    near = _apart(moment, start, end)
    apart = [_apart(other, start, end) for other in line.moments]
    others = [distance for distance, other in zip(apart, line.moments, strict=True) if (other.start >= end) == behind]
    gaps = [gap(other.start, other.end, start, end) for other in line.moments]
    return beside(line, moment.start, moment.end, (start, end)) | {
        "dates in clause": sum(not commas(line.between(*between)) for between in gaps),
        "nearer dates": sum(distance < near for distance in others),
        "nearer dates at all": sum(distance < near for distance in apart),
        "dates beside": len(others),
    }


def _things(line: Line, other: Line, moment: Moment, start: int, end: int) -> dict[str, float]:
    """The places and names that a date stands beside, and how many are nearer than what it may be the date of."""
    things = [(one.start, one.end) for one in (*other.places, *other.hints)] + list(other.strangers)
    if other is line:
        things = [(low, high) for low, high in things if high <= start or low >= end]
    left = [moment.start - high for _, high in things if high <= moment.start]
    right = [low - moment.end for low, _ in things if low >= moment.end]
    found: dict[str, float] = {}
    if left:
        found["left thing"] = min(left)
    if right:
        found["right thing"] = min(right)
    if other is line:
        near = _apart(moment, start, end)
        found["nearer things"] = sum(gap < near for gap in (*left, *right))
    return found


def _as_date(when: When, published: When | None) -> dict[str, float]:
    """How exact a date is, and how far from the day of the news, in years."""
    found: dict[str, float] = {f"exact {_grain(when)}": 1.0}
    if published:
        found["from news"] = _years(first_day(when), first_day(published))
        found["to news"] = _years(last_day(when), last_day(published))
        found["that day"] = when == published[:10]
        found["that month"] = when[:7] == published[:7]
    return found


def _as_entry(when: When, entered: Sequence[When]) -> dict[str, float]:
    """Whether a date is one of the brand's coming to a market, or can mean the same day."""
    return {"of an entry": when in entered, "beside an entry": any(overlap(when, other) for other in entered)}


def _as_reading(when: When, moment: Moment) -> dict[str, float]:
    """Which of the readings of a date's words it is: "in March" may be last March or the next."""
    return {
        "as near": when == moment.when,
        "as ahead": when == moment.ahead,
        "as behind": when == moment.behind,
        "as beside": when == moment.beside,
        "readings": len(moment.readings),
    }


def _grain(when: When) -> str:
    match len(when), when[5:6]:
        case 4, _:
            return "year"
        case 7, "Q":
            return "quarter"
        case 7, "H":
            return "half"
        case 7, _:
            return "month"
        case 10, part if part.isdigit():
            return "day"
    return "part"


def _years(day: str, other: str) -> float:
    """How far a day lies behind another, rounded so that the same distance is always the same number."""
    (year, month, number), (base, its_month, its_number) = (map(int, one.split("-")) for one in (day, other))
    return round(year - base + (month - its_month) / 12 + (number - its_number) / 366, 4)
