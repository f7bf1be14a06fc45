"""Small observations to fill a history with: a newsroom of one brand, its articles and what they claim."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from monitor.history import History, Stored
from monitor.history.upkeep import Swept
from monitor.likeness import marked
from monitor.models import (
    Alert,
    Authority,
    Change,
    ChangeKind,
    Citation,
    Claim,
    Document,
    Fact,
    Link,
    Observation,
    Outcome,
    Page,
    Reading,
    Source,
    SourceKind,
    State,
    Step,
    Subject,
    Validators,
)

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SITE = "https://news.example"
WORLDWIDE = Subject(brand="smart", kind="market_count", name="worldwide")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Fact):
    """A count of markets. The history knows no kind of fact: its tests bring their own, in the public JSON form."""

    kind: ClassVar[str] = "market_count"

    count: int
    qualifier: str = "exact"
    status: str = "current"
    scope: str | None = None

    @property
    def subject(self) -> str:
        return "worldwide" if self.status == "current" else "worldwide, planned"

    @property
    def value(self) -> str:
        return f"≥ {self.count}" if self.qualifier == "at_least" else str(self.count)

    def agrees(self, other: Fact) -> bool:
        assert isinstance(other, Count)
        low, high = sorted((self, other), key=lambda fact: fact.count)
        return low.count == high.count or low.qualifier == "at_least"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Fact):
    """A market that a brand enters."""

    kind: ClassVar[str] = "market_entry"

    market: str
    status: str = "entered"
    basis: str = "event"

    @property
    def subject(self) -> str:
        return self.market

    @property
    def value(self) -> str:
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Fact):
    """A model that is shown or sold."""

    kind: ClassVar[str] = "model_announcement"

    model: str
    stage: str
    markets: tuple[str, ...] = ()
    segment: str | None = None
    platform: str | None = None

    @property
    def subject(self) -> str:
        return self.model

    @property
    def value(self) -> str:
        return self.stage


KINDS: dict[str, type[Fact]] = {kind.kind: kind for kind in (Count, Entry, Model)}


def revive(stored: Mapping[str, Any]) -> Fact:
    own = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items() if name != "kind"}
    return KINDS[stored["kind"]](**own)


def source(name: str = "newsroom", kind: SourceKind = SourceKind.LISTING, **changes: Any) -> Source:
    made = Source(
        name=name,
        kind=kind,
        url=f"{SITE}/{name}",
        brand="smart",
        every=timedelta(minutes=15),
        authority=Authority.OFFICIAL,
        outlet="smart",
    )
    return replace(made, **changes)


def link(path: str, **changes: Any) -> Link:
    return Link(url=f"{SITE}/{path}", **changes)


def count(number: int, *, brand: str = "smart", **changes: Any) -> Count:
    evidence = f"{brand} is in {number} markets"
    return Count(brand=brand, count=number, evidence=evidence, start=0, end=len(evidence), **changes)


def entry(market: str = "HK", *, brand: str = "smart", **changes: Any) -> Entry:
    evidence = f"{brand} enters {market}"
    return Entry(brand=brand, market=market, evidence=evidence, start=0, end=len(evidence), **changes)


def model(name: str, stage: str, *, brand: str = "smart", **changes: Any) -> Model:
    evidence = f"{brand} {name}: {stage}"
    return Model(brand=brand, model=name, stage=stage, evidence=evidence, start=0, end=len(evidence), **changes)


def page(content: str, *, url: str = f"{SITE}/newsroom", at: datetime = NOW, **changes: Any) -> Page:
    made = Page(
        url=url,
        requested_url=url,
        status=200,
        content=content.encode(errors="replace"),
        content_type="text/html",
        fetched_at=at,
    )
    return replace(made, **changes)


def read(path: str, *facts: Fact, text: str | None = None, at: datetime = NOW, **changes: Any) -> Reading:
    """A link that was read. The text is that of its facts, unless given."""
    words = text if text is not None else ". ".join(fact.evidence for fact in facts)
    document = Document(
        url=f"{SITE}/{path}",
        title=changes.pop("title", path),
        published=changes.pop("published", None),
        published_from=None,
        language="en",
        text=words,
    )
    fetched = page(words, url=document.url, at=at)
    return replace(
        Reading(link=link(path), outcome=Outcome.OK, page=fetched, document=marked(document), facts=facts), **changes
    )


def failed(path: str, outcome: Outcome = Outcome.TIMEOUT, **changes: Any) -> Reading:
    return replace(Reading(link=link(path), outcome=outcome, reason="no luck"), **changes)


def observed(
    readings: Iterable[Reading] = (), *, at: datetime = NOW, links: Iterable[Link] = (), **changes: Any
) -> Observation:
    made = Observation(
        source="newsroom",
        started_at=at,
        finished_at=at,
        outcome=Outcome.OK,
        page=page(f"index of {at}", at=at),
        body_hash=hashlib.sha256(f"index of {at}".encode()).hexdigest(),
        readings=tuple(readings),
        links=tuple(links),
        requests=1,
    )
    return replace(made, **changes)


def record(history: History, observation: Observation, by: Source | None = None, *, failures: int = 0) -> Stored:
    """Stores a check as `record` does, without deciding anything."""
    by = by or source()
    now = observation.finished_at
    with history.writing():
        stored = history.store(replace(observation, source=by.name), by, now)
        history.schedule(by.name, now + timedelta(minutes=15), observation, failures)
    return stored


def claims(history: History, stored: Stored, subject: Subject = WORLDWIDE) -> tuple[Claim, ...]:
    return history.claims([subject], stored.check_id)[subject]


def believed(
    about: tuple[Claim, ...],
    *,
    rivals: tuple[Claim, ...] = (),
    subject: Subject = WORLDWIDE,
    course: tuple[Step, ...] = (),
    **changes: Any,
) -> State:
    made = State(
        subject=subject,
        believed=about[-1],
        supports=about,
        rivals=rivals,
        rule="the brand itself says so",
        course=course,
    )
    return replace(made, **changes)


def step(claim: Claim, since: datetime, *, before: Claim | None = None, against: Claim | None = None) -> Step:
    """A step to what a claim says, from what another said; or a dispute of it by a third."""
    held = against or claim
    kind = ChangeKind.DISPUTED if against else ChangeKind.CHANGED if before else ChangeKind.NEW
    return Step(
        since=since,
        change=kind,
        aspect=None,
        before=before.fact.value if before else None,
        after=held.fact.value,
        value=claim.fact.value,
        disputed=against is not None,
        text=held.fact.headline(before.fact if before else None),
        rule="the brand itself says so",
        fact=claim.id,
        cited=(held.id,) if against is None else (held.id, claim.id),
    )


def change(name: str = "c1", *, before: Fact | None = None, after: Fact | None = None, **changes: Any) -> Change:
    after = after or count(39)
    made = Change(
        id=name,
        detected_at=NOW,
        brand=after.brand,
        kind=after.kind,
        change=ChangeKind.CHANGED if before else ChangeKind.NEW,
        subject=after.subject,
        before=before.as_json() if before else None,
        after=after.as_json(),
        before_value=before.value if before else None,
        after_value=after.value,
        text=after.headline(before),
        rule="the brand itself says so",
        sources=(
            Citation(
                url=f"{SITE}/a",
                title="a",
                published="2026-01-05",
                authority=Authority.OFFICIAL,
                outlet="smart",
                evidence=after.evidence,
            ),
        ),
    )
    return replace(made, **changes)


def alert(name: str, *changes: str, channel: str = "desk", recipient: str = "desk@example.org", **more: Any) -> Alert:
    made = Alert(
        id=name, channel=channel, recipient=recipient, rule="everything", digest=False, changes=changes, not_before=NOW
    )
    return replace(made, **more)


def put(history: History, *changes: Change, alerts: Iterable[Alert] = (), now: datetime = NOW) -> None:
    """Stores changes and messages."""
    with history.writing():
        history.add_changes(changes, None)
        history.queue(alerts, now)


VALIDATORS = Validators(etag='"1"', last_modified="Mon, 05 Jan 2026 09:00:00 GMT")


def swept(history: History, now: datetime, *, keep_pages: timedelta = DAY, keep_checks: timedelta = DAY) -> Swept:
    """Housekeeping to its end: what it removed in all its steps."""
    return sum(history.housekeep(now, keep_pages, keep_checks), Swept())
