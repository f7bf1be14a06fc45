"""Plans and what became of them: which subject holds the plans for which, what keeps one, when one is due. Pure.

A market that is entered keeps the plan to enter it; a model on sale keeps its announcement; a number of markets keeps
the target that it reaches. A plan whose date has passed is overdue, which only somebody who asks is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.models import Claim, State, Statement, Subject
from monitor.parser.aspects import is_plan
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.spans import length, span

PLANNED = ", planned"
"""How the name of a subject ends that holds the plans for another one."""

HERE = ("orders_open", "launched", "deliveries")

GATHERED = ("when", "markets", "segment", "platform")


OVERTAKEN = "overtaken"
"""Why nobody is told of a plan: it is found when what it plans has come about."""


def concerned(subjects: Iterable[Subject]) -> frozenset[Subject]:
    """These subjects, those that hold the plans for them, and those that they hold the plans for: whose claims are
    needed to tell the news of them."""
    given = frozenset(subjects)
    planning = (MarketEntry.kind, MarketCount.kind)
    return given | {planned_by(one) or plans_of(one) for one in given if one.kind in planning}


def planned_by(subject: Subject) -> Subject | None:
    """The subject that this one holds the plans for; None if it holds none."""
    name = subject.name.removesuffix(PLANNED)
    return None if name == subject.name else Subject(brand=subject.brand, kind=subject.kind, name=name)


def plans_of(subject: Subject) -> Subject:
    """The subject that holds the plans for this one: for models the same."""
    if subject.kind == ModelAnnouncement.kind:
        return subject
    return Subject(brand=subject.brand, kind=subject.kind, name=f"{subject.name}{PLANNED}")


def kept(state: State, before: State | None, claims: Mapping[Subject, Sequence[Claim]]) -> Claim | None:
    """The first claim of the plan that has now come about; None when there was none, or it had come about before: a
    plan is kept once."""
    now, was = state.believed, before.believed.fact if before else None
    told = [claim for claim in claims.get(state.subject, ()) if not (claim.closed or claim.fresh)]
    plans = [
        claim
        for claim in claims.get(plans_of(state.subject), ())
        if not claim.closed
        and claim.date < now.date
        and is_plan(claim.fact)
        and _keeps(now.fact, was, claim.fact)
        and not any(claim.date < one.date < now.date and _is(one.fact, claim.fact) for one in told)
    ]
    return min(plans, key=lambda claim: (claim.date, claim.id), default=None)


def overtaken(plan: Claim, claims: Mapping[Subject, Sequence[Claim]], subject: Subject) -> bool:
    """Whether what a plan is for was told to have come about by the day on which the plan was told, or later: a text
    that is found late is no news."""
    real = planned_by(subject)
    return real is not None and any(
        not (claim.closed or claim.fact.hedged or claim.url == plan.url)  # an article may have taken it back
        and claim.date >= plan.date
        and _is(claim.fact, plan.fact)
        for claim in claims.get(real, ())
    )


def _keeps(fact: Statement, was: Statement | None, plan: Statement) -> bool:
    """Whether a fact is what was planned, and what was believed before was not."""
    return _is(fact, plan) and not (was is not None and _is(was, plan))


def _is(fact: Statement, plan: Statement) -> bool:
    match fact, plan:
        case MarketEntry(), MarketEntry():
            return fact.status == "entered"
        case ModelAnnouncement(), ModelAnnouncement():
            return fact.stage in HERE
        case MarketCount(), MarketCount():
            return fact.status == "current" and fact.count >= plan.count
        case _:
            return False


def due(state: State, gathered: Mapping[str, Any] | None) -> datetime | None:
    """When a plan is over its date; None for what is no plan and for a plan without a date."""
    if not is_plan(state.believed.fact):
        return None
    found = span((gathered or {}).get("when"))
    return found[1] if found else None


def _span(claim: Claim) -> timedelta:
    return length(claim.fact.when) if claim.fact.when else timedelta.max


def gather(state: State, when: State | None) -> dict[str, Any]:
    """The believed fact in JSON form, with what its supports say where it says nothing. `when` is what is believed of
    its date: of what can be true together, the finest."""
    found = state.believed.fact.as_json()
    if when is not None and is_plan(state.believed.fact):
        finest = min(when.supports, key=_span)
        found |= {name: value for name, value in finest.fact.as_json().items() if name in ("when", "evidence")}
    for name in GATHERED:
        if name in found and not found[name]:
            stated = (support.fact.as_json()[name] for support in reversed(state.supports))
            found[name] = next((value for value in stated if value), found[name])
    return found
