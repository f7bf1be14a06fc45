"""What the claims about one brand come to as figures: counts, additions, plans, and countries entered and left.

    claims ─► Ledger: levels (so many at a time), gains (so many more in a period), plans, moves (a country, a day)

Rumours and claims that were taken back are left out. Whether the figures add up is `monitor.parser.audit`'s to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.models import Claim, When
from monitor.parser.market_count import ABOUT, MarketCount, NewMarkets
from monitor.parser.market_entry import MarketEntry
from monitor.parser.moments import span
from monitor.parser.territories import members

_SINCE = re.compile(r"\b(?:since|seit|depuis|desde|dal|dallo|dall)\b|自|以来", re.IGNORECASE)
"""Words by which a date is the beginning of a period that lasts until the text was written."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The brand is in so many markets on that day. `high` is infinite for "more than"."""

    low: float
    high: float
    number: int
    ordinal: bool
    scope: str | None
    at: date
    claim: Claim

    @property
    def words(self) -> str:
        qualifier = {"at_least": "at least ", "about": "about "}.get(_qualifier(self.claim), "")
        return f"{qualifier}{self.number} {told(self.claim)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """So many markets were, or are to be, added from one day to another."""

    low: float
    high: float
    number: int
    planned: bool
    scope: str | None
    start: date
    end: date
    period: str
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """So many markets are to be reached by that day."""

    low: float
    number: int
    scope: str | None
    due: date
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A country that the brand is in from that day on, or that it has left. `event`: the step itself is told."""

    market: str
    left: bool
    event: bool
    first: date
    last: date
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All figures of one brand, each list oldest first."""

    levels: tuple[Level, ...]
    gains: tuple[Gain, ...]
    plans: tuple[Plan, ...]
    moves: tuple[Move, ...]

    def scopes(self) -> list[str | None]:
        """Worldwide first, then the parts of the world that are counted."""
        scopes = {level.scope for level in self.levels} | {gain.scope for gain in self.gains}
        return sorted(scopes, key=lambda scope: scope or "")

    def moved(self, scope: str | None, after: date, until: date, *, left: bool) -> list[Move]:
        """The countries certainly entered (or left) after one day and not after another, each once."""
        found: dict[str, Move] = {}
        for move in self.moves:
            if move.event and move.left is left and after < move.first and move.last <= until and within(move, scope):
                found.setdefault(move.market, move)
        return [move for market, move in found.items() if left or not self._was_there(market, after)]

    def present(self, scope: str | None, day: date) -> list[Move]:
        """The countries that the brand is named to be in on that day."""
        latest: dict[str, Move] = {}
        for move in self.moves:
            if move.last <= day and within(move, scope):
                latest[move.market] = move
        return [move for move in latest.values() if not move.left]

    def _was_there(self, market: str, day: date) -> bool:
        known = [move for move in self.moves if move.market == market and move.last <= day]
        return bool(known) and not known[-1].left


def ledger(claims: Iterable[Claim]) -> Ledger:
    """The figures of one brand's claims."""
    levels: list[Level] = []
    gains: list[Gain] = []
    plans: list[Plan] = []
    moves: list[Move] = []
    for claim in sorted(claims, key=lambda claim: (claim.date, claim.id)):
        if claim.closed or claim.fact.hedged:
            continue
        match claim.fact:
            case NewMarkets(when=str()):
                gains.append(_gain(claim, claim.fact))
            case NewMarkets():
                pass  # so many more, but since when nobody says
            case MarketCount(status="current"):
                levels.append(_level(claim, claim.fact))
            case MarketCount(when=str(when)):
                plans.append(_plan(claim, claim.fact, when))
            case MarketEntry(status="entered" | "exited") if not claim.fact.market.startswith("region:"):
                moves.append(_move(claim, claim.fact))
    return Ledger(
        levels=tuple(sorted(levels, key=lambda level: level.at)),
        gains=tuple(gains),
        plans=tuple(plans),
        moves=tuple(sorted(moves, key=lambda move: (move.last, move.claim.id))),
    )


def within(move: Move, scope: str | None) -> bool:
    return scope is None or move.market in members(scope)


def told(claim: Claim) -> str:
    """When a claim was made, with the precision that is known: `on 5 January 2026`, `in January 2026`."""
    stated = (claim.published or "")[:10]
    when = stated if re.fullmatch(r"\d{4}(-\d\d){0,2}", stated) else f"{claim.date:%Y-%m-%d}"
    return f"{'on' if len(when) == 10 else 'in'} {day_words(when)}"


def day_words(when: str) -> str:
    """`2026-01-05` -> 5 January 2026, `2026-01` -> January 2026; other forms as they are."""
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:-(\d\d))?", when)
    if not match:
        return when
    month = f"{_MONTHS[int(match[2]) - 1]} {match[1]}"
    return f"{int(match[3])} {month}" if match[3] else month


def beginning(day: date) -> str:
    """The day as the beginning of something: `the start of 2025`, `1 March 2025`."""
    return f"the start of {day.year}" if (day.month, day.day) == (1, 1) else day_words(f"{day:%Y-%m-%d}")


def ending(day: date) -> str:
    """The day as the end of something: `the end of 2025`, `the end of June 2025`, `15 June 2025`."""
    if (day.month, day.day) == (12, 31):
        return f"the end of {day.year}"
    whole = (day + timedelta(days=1)).day == 1
    return f"the end of {day_words(f'{day:%Y-%m}')}" if whole else day_words(f"{day:%Y-%m-%d}")


def _qualifier(claim: Claim) -> str:
    return claim.fact.qualifier if isinstance(claim.fact, MarketCount) else "exact"


def _range(fact: MarketCount) -> tuple[float, float]:
    """The numbers that the words allow; "more than 30" says nothing of how many more."""
    match fact.qualifier:
        case "at_least":
            return fact.count, math.inf
        case "about":
            return math.floor(fact.count * (1 - ABOUT)), math.ceil(fact.count * (1 + ABOUT))
        case _:
            return fact.count, fact.count


def _days(when: When, otherwise: date) -> tuple[date, date]:
    """The first and the last day of a date of any precision."""
    first, last = span(when)
    try:
        start = date.fromisoformat(first)
    except ValueError:
        return otherwise, otherwise
    for day in (last, f"{last[:8]}30", f"{last[:8]}29", f"{last[:8]}28"):
        try:
            return start, date.fromisoformat(day)
        except ValueError:
            continue
    return start, start


def _level(claim: Claim, fact: MarketCount) -> Level:
    low, high = _range(fact)
    day = claim.date.date()
    at = min(_days(fact.when, day)[1], day) if fact.when else day
    ordinal = fact.qualifier == "ordinal"
    return Level(low=low, high=high, number=fact.count, ordinal=ordinal, scope=fact.scope, at=at, claim=claim)


def _gain(claim: Claim, fact: NewMarkets) -> Gain:
    """The period ends when the text was written, if it is not over by then or is told as beginning at its date."""
    assert fact.when is not None
    low, high = _range(fact)
    day = claim.date.date()
    start, end = _days(fact.when, day)
    planned = fact.status == "planned"
    running = not planned and start <= day and (end > day or _SINCE.search(fact.evidence) is not None)
    return Gain(
        low=low,
        high=high,
        number=fact.count,
        planned=planned,
        scope=fact.scope,
        start=start,
        end=day if running else end,
        period=f"since {beginning(start)}" if running and end < day else f"in {day_words(fact.when)}",
        claim=claim,
    )


def _plan(claim: Claim, fact: MarketCount, when: When) -> Plan:
    low, _ = _range(fact)
    return Plan(low=low, number=fact.count, scope=fact.scope, due=_days(when, date.max)[1], claim=claim)


def _move(claim: Claim, fact: MarketEntry) -> Move:
    day = claim.date.date()
    first, last = _days(fact.when, day) if fact.when else (day, day)
    last = max(min(last, day), first)  # what is told as done was done by then
    return Move(
        market=fact.market,
        left=fact.status == "exited",
        event=fact.basis == "event",
        first=first,
        last=last,
        claim=claim,
    )
