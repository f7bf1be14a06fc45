"""Claims to reconcile: small facts about one brand, said on a day by an outlet, and the changes that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from monitor.models import Authority, Change, Claim, Fact, Subject
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.reconcile import reconcile

START = datetime(2026, 1, 1, tzinfo=UTC)
IDS = count(1)


def counted(number: int, qualifier: str = "exact", **more: object) -> MarketCount:
    return MarketCount(
        brand="smart",
        evidence=f"{number} markets",
        start=0,
        end=10,
        count=number,
        qualifier=qualifier,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def model(stage: str, **more: object) -> ModelAnnouncement:
    return ModelAnnouncement(brand="smart", evidence="…", start=0, end=1, model="#2", stage=stage, **more)  # type: ignore[arg-type]


def entry(status: str, market: str = "EC", **more: object) -> MarketEntry:
    return MarketEntry(brand="smart", evidence="…", start=0, end=1, market=market, status=status, **more)  # type: ignore[arg-type]


def said(fact: Fact, day: float, outlet: str = "smart", authority: str = "", **more: object) -> Claim:
    number = next(IDS)
    given = authority or ("official" if outlet == "smart" else "media")
    return Claim(
        id=number,
        fact=fact,
        document=number,
        url=f"https://{outlet}.example/{number}",
        title=f"Story {number}",
        date=START + timedelta(days=day),
        published=None,
        outlet=outlet,
        authority=Authority(given),
        **more,  # type: ignore[arg-type]
    )


def tell(*claims: Claim) -> list[Change]:
    """The changes of one observation: claims marked fresh, against the others."""
    about: dict[Subject, list[Claim]] = {}
    for claim in claims:
        about.setdefault(Subject(brand="smart", kind=claim.fact.kind, name=claim.fact.subject), []).append(claim)
    return list(reconcile(about, START + timedelta(days=100))[1])


def fresh(claim: Claim) -> Claim:
    return replace(claim, fresh=True)


def one(*claims: Claim) -> Change:
    changes = tell(*claims)
    assert len(changes) == 1, changes
    return changes[0]


def numbers(change: Change) -> tuple[object, object]:
    return (change.before and change.before["count"], change.after and change.after["count"])
