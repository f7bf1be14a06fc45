"""Arithmetic over what was said of one brand: which figures cannot all be true.

    claims ─► ledger ─► each rule ─► Discrepancy: one plain sentence, and the sentences of the sources that it is about

Rules allow whatever the words allow ("more than", "about"), and countries that nobody named. They find what does not
add up, not who is wrong; what is believed stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from monitor.models import Authority, Citation, Claim
from monitor.parser.ledger import Gain, Ledger, Level, Move, Plan, beginning, ending, ledger, told
from monitor.parser.territories import english_name

NEAR = timedelta(days=31)
"""A count within this of the beginning or the end of a period is taken as the count there."""

SHOWN = 12
"""How many countries a sentence names at the most, and how many of their sources are cited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """What does not add up. `rule` is the kind of reckoning, for programs."""

    rule: str
    brand: str
    scope: str | None
    text: str
    sources: tuple[Citation, ...]

    def as_json(self) -> dict[str, Any]:
        sources = [citation.as_json() for citation in self.sources]
        return {"rule": self.rule, "brand": self.brand, "scope": self.scope, "text": self.text, "sources": sources}


Finding = tuple[str, Sequence[Claim]]
"""A sentence, and the claims that it is about."""

Rule = Callable[[Ledger, "str | None", date], Iterator[Finding]]


def audit(claims: Iterable[Claim], now: datetime) -> tuple[Discrepancy, ...]:
    """What does not add up among the claims about one brand, worldwide first. Nothing is found twice."""
    kept = tuple(claims)
    if not kept:
        return ()
    figures, brand = ledger(kept), kept[0].fact.brand
    found: dict[str, Discrepancy] = {}
    for scope in figures.scopes():
        for name, rule in RULES.items():
            for sentence, about in rule(figures, scope, now.date()):
                place = f" in {english_name(scope)}" if scope else ""
                text = f"{brand}{place}: {sentence}."
                cited = Discrepancy(rule=name, brand=brand, scope=scope, text=text, sources=_citations(about))
                found.setdefault(text, cited)
    return tuple(found.values())


def _citations(claims: Sequence[Claim]) -> tuple[Citation, ...]:
    cited = {
        (claim.url, claim.fact.evidence): replace(
            claim.citation(), published=claim.published or f"{claim.date:%Y-%m-%d}"
        )
        for claim in claims
    }
    return tuple(cited.values())


# --- "10 new in 2025" against the counts at both ends of the period ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What the count was on a day: as counted then, or as it follows from a later count and what was added."""

    at: date
    low: float
    high: float
    words: str
    claims: tuple[Claim, ...]
    derived: bool


def _two_beginnings(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    seen: set[tuple[float, ...]] = set()
    for derived, second in combinations(_distinct([*_derived(figures, scope), *_counted(figures, scope)]), 2):
        values = (derived.at.year, *sorted((derived.low, derived.high, second.low, second.high)))
        apart = derived.high < second.low or second.high < derived.low
        if not derived.derived or not apart or values in seen or abs(derived.at - second.at) > NEAR:
            continue
        if second.derived or _unexplained(figures, scope, derived, second):
            seen.add(values)
            text = f"the count at {beginning(derived.at)} was {derived.words} or {second.words}, not both"
            yield text, (*derived.claims, *second.claims)


def _derived(figures: Ledger, scope: str | None) -> Iterator[_Start]:
    for gain in figures.gains:
        level = None if gain.planned or gain.scope != scope else _at_the_end(figures, gain)
        if level is None:
            continue
        left = len(figures.moved(scope, gain.start - timedelta(days=1), level.at, left=True))
        low, high = max(level.low - gain.high, 0), level.high - gain.low + left
        yield _Start(
            at=gain.start,
            low=low,
            high=high,
            words=f"{_shown(low, high - left)} ({level.words} less {gain.number} new {gain.period})",
            claims=(level.claim, gain.claim),
            derived=True,
        )


def _at_the_end(figures: Ledger, gain: Gain) -> Level | None:
    """The count that goes with what was added: of the same article, else the nearest one."""
    own = [level for level in _plain(figures, gain.scope) if level.claim.url == gain.claim.url]
    near = [level for level in _plain(figures, gain.scope) if abs(level.at - gain.end) <= NEAR]
    fitting = [level for level in own if abs(level.at - gain.end) <= NEAR]
    return min(fitting or near, key=lambda level: (abs(level.at - gain.end), _rank(level.claim)), default=None)


def _counted(figures: Ledger, scope: str | None) -> Iterator[_Start]:
    for level in _plain(figures, scope):
        yield _Start(
            at=level.at, low=level.low, high=level.high, words=level.words, claims=(level.claim,), derived=False
        )


def _distinct(starts: Iterable[_Start]) -> list[_Start]:
    """Each figure once, however many outlets repeat it."""
    found: dict[tuple[date, float, float, bool], _Start] = {}
    for start in starts:
        found.setdefault((start.at, start.low, start.high, start.derived), start)
    return list(found.values())


def _unexplained(figures: Ledger, scope: str | None, one: _Start, other: _Start) -> bool:
    """Whether the countries named between two days do not bridge the difference."""
    early, late = sorted((one, other), key=lambda start: start.at)
    entered = len(figures.moved(scope, early.at - timedelta(days=1), late.at, left=False))
    left = len(figures.moved(scope, early.at - timedelta(days=1), late.at, left=True))
    return late.high + left < early.low or early.high + entered < late.low


def _shown(low: float, high: float) -> str:
    if low == high:
        return f"{low:.0f}"
    return f"at least {low:.0f}" if high == float("inf") else f"{low:.0f} to {high:.0f}"


# --- a count against the entries and exits since another count ---


def _counts_and_moves(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    for earlier, later in pairwise(_steps(figures, scope)):
        entered = figures.moved(scope, earlier.at, later.at, left=False)
        left = figures.moved(scope, earlier.at, later.at, left=True)
        net = len(entered) - len(left)
        claims = (earlier.claim, later.claim, *(move.claim for move in (*entered, *left)[:SHOWN]))
        counts = f"{earlier.words} and {later.words}"
        if later.high < earlier.low + net:
            yield f"it counted {counts}, although {_moves(entered, left)} in between", claims
        elif entered and later.low > earlier.high + net and not _announced(figures, scope, earlier, later):
            more = later.number - earlier.number
            yield f"it counted {counts}, {more} more, but only {_moves(entered, left)} in between", claims


def _steps(figures: Ledger, scope: str | None) -> list[Level]:
    """The counts one after the other. Another's repetition of an old count is none, nor is one of the same day."""
    steps: list[Level] = []
    for level in sorted(_plain(figures, scope), key=lambda level: (level.at, _rank(level.claim))):
        official = level.claim.authority is Authority.OFFICIAL
        repeated = any(level.low <= past.high and past.low <= level.high for past in steps)
        same_day = bool(steps) and steps[-1].at == level.at
        if not steps or (not same_day and (official or not repeated)):
            steps.append(level)
    return steps


def _announced(figures: Ledger, scope: str | None, earlier: Level, later: Level) -> bool:
    """Whether the growth was told as a number, without the names."""
    growth = later.low - earlier.high
    gains = (gain for gain in figures.gains if gain.scope == scope and not gain.planned)
    return any(gain.high >= growth and gain.start <= later.at and gain.end >= earlier.at for gain in gains)


def _moves(entered: Sequence[Move], left: Sequence[Move]) -> str:
    parts = []
    if entered:
        parts.append(f"{_number(entered, 'entry', 'entries')} ({_names(entered)})")
    if left:
        parts.append(f"{_number(left, 'exit', 'exits')} ({_names(left)})")
    count = len(entered) + len(left)
    return f"{' and '.join(parts) or 'no exit'} {'is' if count <= 1 else 'are'} known"


def _number(moves: Sequence[Move], one: str, more: str) -> str:
    return f"{len(moves)} {one if len(moves) == 1 else more}"


def _names(moves: Sequence[Move]) -> str:
    names = [english_name(move.market) for move in moves]
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


# --- "its 40th market" against the counts around it ---


def _ordinals(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    counts = _plain(figures, scope)
    seen: set[int] = set()
    for ordinal in (level for level in figures.levels if level.ordinal and level.scope == scope):
        if ordinal.number in seen:
            continue
        seen.add(ordinal.number)
        before = [level for level in counts if level.at <= ordinal.at]
        since = [level for level in counts if level.at >= ordinal.at]
        above = [level for level in before[-1:] if _fewer(figures, scope, ordinal, level)]
        below = [level for level in since[:1] if _more(figures, scope, ordinal, level)]
        for level in list({level.claim.id: level for level in (*below, *above)}.values())[:1]:
            nth = _nth(ordinal.number)
            text = (
                f"{ordinal.claim.outlet} told of its {nth} market {told(ordinal.claim)}, but it counted {level.words}"
            )
            yield text, (ordinal.claim, level.claim)


def _fewer(figures: Ledger, scope: str | None, ordinal: Level, level: Level) -> bool:
    """Whether more were counted before than the ordinal says, and no exits explain it."""
    return level.low - len(figures.moved(scope, level.at, ordinal.at, left=True)) > ordinal.number


def _more(figures: Ledger, scope: str | None, ordinal: Level, level: Level) -> bool:
    """Whether fewer were counted afterwards, and no exits explain it."""
    return level.high + len(figures.moved(scope, ordinal.at, level.at, left=True)) < ordinal.number


def _nth(number: int) -> str:
    tail = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


# --- named countries against a number ---


def _named(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    counts = [level for level in _plain(figures, scope) if level.high < len(figures.present(scope, level.at))]
    for level in counts[-1:]:
        present = figures.present(scope, level.at)
        text = f"it counted {level.words}, but is named in {len(present)} countries by then ({_names(present)})"
        yield text, (level.claim, *(move.claim for move in present[:SHOWN]))


def _named_gains(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for gain in figures.gains:
        entered = figures.moved(scope, gain.start - timedelta(days=1), gain.end, left=False)
        if gain.planned or gain.scope != scope or len(entered) <= gain.high or (gain.period, gain.number) in seen:
            continue
        seen.add((gain.period, gain.number))
        text = f"{gain.number} new markets {gain.period} were told, but {len(entered)} are named ({_names(entered)})"
        yield text, (gain.claim, *(move.claim for move in entered[:SHOWN]))


# --- plans whose day has passed ---


def _missed(figures: Ledger, scope: str | None, today: date) -> Iterator[Finding]:
    counts = [level for level in figures.levels if level.scope == scope]
    for plan in _current_plans(figures.plans, scope):
        known = [level for level in counts if level.at >= plan.claim.date.date()] or counts
        if plan.due >= today or not known or any(level.high >= plan.low for level in counts):
            continue
        last = known[-1]
        text = (
            f"{plan.number} by {ending(plan.due)} were planned {told(plan.claim)}, but the last count is {last.words}"
        )
        yield text, (plan.claim, last.claim)


def _current_plans(plans: Iterable[Plan], scope: str | None) -> list[Plan]:
    """Each target once, with the day that was last named for it."""
    found: dict[int, Plan] = {}
    for plan in plans:
        if plan.scope == scope:
            found[plan.number] = plan
    return list(found.values())


def _missed_gains(figures: Ledger, scope: str | None, today: date) -> Iterator[Finding]:
    for gain in figures.gains:
        if not gain.planned or gain.scope != scope or gain.end >= today:
            continue
        first = [level for level in _plain(figures, scope) if abs(level.at - gain.start) <= NEAR]
        last = [level for level in _plain(figures, scope) if timedelta(0) <= level.at - gain.end <= NEAR]
        if first and last and last[0].high - first[-1].low < gain.low:
            counts = f"{first[-1].words} and {last[0].words}"
            text = f"{gain.number} new markets {gain.period} were planned {told(gain.claim)}, but it counted {counts}"
            yield text, (gain.claim, first[-1].claim, last[0].claim)


# --- a part of the world against the whole ---


def _part_and_whole(figures: Ledger, scope: str | None, _: date) -> Iterator[Finding]:
    for part in _plain(figures, scope) if scope else ():
        for whole in _plain(figures, None):
            if whole.claim.url == part.claim.url and whole.at == part.at and whole.high < part.low:
                yield f"it counted {part.words}, but only {whole.words} worldwide", (part.claim, whole.claim)


def _plain(figures: Ledger, scope: str | None) -> list[Level]:
    return [level for level in figures.levels if level.scope == scope and not level.ordinal]


def _rank(claim: Claim) -> int:
    return list(Authority).index(claim.authority)


RULES: dict[str, Rule] = {
    "two_beginnings": _two_beginnings,
    "counts_and_moves": _counts_and_moves,
    "ordinal": _ordinals,
    "named_countries": _named,
    "named_additions": _named_gains,
    "target_missed": _missed,
    "additions_missed": _missed_gains,
    "part_and_whole": _part_and_whole,
}
"""The kinds of reckoning, in the order in which their findings are told."""
