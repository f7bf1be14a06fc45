"""The claims of documents: added with each new version, closed when their own source takes them back, read by subject.

A version that repeats what the version before it claims adds no claim: a page that changes its date or its
advertisements has not said anything again. A version of an article that says something else about a subject closes the
older claim, and so does one whose sentence for it now claims something else: "has entered Austria" that became "has
entered Australia". A claim that is merely gone closes nothing, and a living page takes nothing back: it is of its day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from monitor import catalogue
from monitor.history import reviews
from monitor.history.articles import WHERE_IT_STANDS
from monitor.history.rows import insert, select
from monitor.history.storable import moment, plain, to_json
from monitor.models import Authority, Claim, Fact, Subject, utc_text

Revive = Callable[[Mapping[str, Any]], Fact]
"""Makes a fact of its stored JSON form."""

# CROSS JOIN keeps the order: an article has few claims, a subject may have thousands.
_EARLIER = """
SELECT fact.id, fact.document, fact.attributes, document.living
FROM document CROSS JOIN fact ON fact.document = document.id
WHERE document.article = :article AND document.id <> :document AND fact.closed_at IS NULL
    AND fact.brand = :brand AND fact.kind = :kind AND fact.subject = :subject
ORDER BY fact.document, fact.id
"""

_ELSEWHERE = """
SELECT fact.id, fact.brand, fact.kind, fact.subject, fact.attributes
FROM document CROSS JOIN fact ON fact.document = document.id
WHERE document.article = :article AND document.id <> :document AND NOT document.living AND fact.closed_at IS NULL
ORDER BY fact.id
"""
EDITED = 0.6
"""How much of a sentence must be left in another for that to be the same sentence, edited."""

_CLAIMS = """
SELECT fact.id, fact.attributes, fact.document, document.url, document.title, document.dated, document.published,
    document.outlet, document.authority, document.baseline, document.fingerprint, fact.visit,
    fact.closed_at, fact.closed_by, document.source, document.language, document.living
FROM fact JOIN document ON document.id = fact.document
WHERE fact.brand = :brand AND fact.kind = :kind AND fact.subject = :subject
ORDER BY document.dated, fact.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A document version that was just stored, by the check `check`."""

    id: int
    article: str
    """The address under which it was first read."""
    living: bool
    check: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """How many claims a version added, and the subjects of these and of those that it closed."""

    facts: int
    subjects: frozenset[Subject]


def add(db: Database, version: Version, facts: Sequence[Fact], now: datetime, revive: Revive) -> Added:
    """Stores what a new version claims, and closes what it takes back."""
    said: dict[Subject, list[Fact]] = {}
    for fact in facts:
        subject = Subject(brand=plain(fact.brand), kind=fact.kind, name=plain(fact.subject))
        said.setdefault(subject, []).append(fact)
    added: dict[Subject, int] = {}
    closed: set[Subject] = set()
    if facts and not version.living:
        closed |= _close_edited(db, version, facts, said.keys(), now)
    for subject, about in said.items():
        earlier = select(db, _EARLIER, _of(subject) | {"article": version.article, "document": version.id})
        added[subject] = _add_new(db, version, subject, about, earlier, now)
        if not version.living and _close(db, version, about, earlier, now, revive):
            closed.add(subject)
    touched = closed | {subject for subject, count in added.items() if count}
    return Added(facts=sum(added.values()), subjects=frozenset(touched))


def _of(subject: Subject) -> dict[str, Any]:
    return {"brand": subject.brand, "kind": subject.kind, "subject": subject.name}


def _add_new(
    db: Database,
    version: Version,
    subject: Subject,
    about: Sequence[Fact],
    earlier: Sequence[Mapping[str, Any]],
    now: datetime,
) -> int:
    """Stores the claims that the last version to speak of the subject does not make."""
    last = [json.loads(row["attributes"]) for row in earlier if row["document"] == earlier[-1]["document"]]
    known = [_claimed(attributes) for attributes in last]
    count = 0
    for fact in about:
        attributes = to_json(fact.as_json())
        if _claimed(json.loads(attributes)) in known:
            continue
        row = {"document": version.id, "visit": version.check, "value": plain(fact.value), "attributes": attributes}
        insert(db, "fact", _of(subject) | row | {"recorded_at": utc_text(now)})
        count += 1
    return count


def _claimed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in WHERE_IT_STANDS}


def _close(
    db: Database,
    version: Version,
    about: Sequence[Fact],
    earlier: Sequence[Mapping[str, Any]],
    now: datetime,
    revive: Revive,
) -> int:
    """Closes the claims of earlier versions that nothing in this one agrees with. Returns how many."""
    gone = [
        row["id"]
        for row in earlier
        if not row["living"] and not _still_said(revive(json.loads(row["attributes"])), about)
    ]
    _end(db, gone, version, now)
    return len(gone)


def _close_edited(
    db: Database, version: Version, facts: Sequence[Fact], said: Collection[Subject], now: datetime
) -> set[Subject]:
    """Closes the claims on other subjects whose sentences were edited into sentences of this version that claim
    something else of the kind. Returns the subjects."""
    found: dict[Subject, list[int]] = {}
    for row in select(db, _ELSEWHERE, {"article": version.article, "document": version.id}):
        subject = Subject(brand=row["brand"], kind=row["kind"], name=row["subject"])
        sentence = json.loads(row["attributes"])["evidence"]
        instead = [fact.evidence for fact in facts if (plain(fact.brand), fact.kind) == (row["brand"], row["kind"])]
        if subject not in said and sentence not in version.text and _is_edited(sentence, instead):
            found.setdefault(subject, []).append(row["id"])
    _end(db, [fact for gone in found.values() for fact in gone], version, now)
    return set(found)


def _is_edited(sentence: str, instead: Iterable[str]) -> bool:
    return any(SequenceMatcher(None, sentence, other, autojunk=False).ratio() >= EDITED for other in set(instead))


def _end(db: Database, facts: Sequence[int], version: Version, now: datetime) -> None:
    db.conn.executemany(
        "UPDATE fact SET closed_at = ?, closed_by = ? WHERE id = ?",
        [(utc_text(now), version.check, fact) for fact in facts],
    )


def _still_said(older: Fact, about: Sequence[Fact]) -> bool:
    return any(fact.agrees(older) for fact in about)


def read(db: Database, subjects: Iterable[Subject], check_id: int, revive: Revive) -> dict[Subject, tuple[Claim, ...]]:
    """All claims about each subject, by date; what the check brought is fresh, what it closed closed now.

    What people have said of a claim outranks its source.
    """
    return {
        subject: reviews.apply(
            db, subject, [_claim(row, check_id, revive) for row in db.execute(_CLAIMS, _of(subject))]
        )
        for subject in sorted(subjects, key=lambda subject: (subject.brand, subject.kind, subject.name))
    }


@lru_cache(maxsize=4096)
def _publisher(outlet: str) -> str:
    return catalogue.load().publisher(outlet)


def _claim(row: tuple[Any, ...], check_id: int, revive: Revive) -> Claim:
    """A row of `_CLAIMS`. A subject may have hundreds, all read for each new one."""
    id_, attributes, document, url, title, dated, published, outlet, authority, *rest = row
    baseline, fingerprint, visit, closed_at, closed_by, source, language, living = rest
    return Claim(
        id=id_,
        fact=revive(json.loads(attributes)),
        document=document,
        url=url,
        title=title,
        date=moment(dated),
        published=published,
        outlet=outlet,
        authority=Authority(authority),
        fresh=visit == check_id,
        baseline=bool(baseline),
        closed=closed_at is not None,
        closed_now=closed_by == check_id,
        publisher=_publisher(outlet),
        fingerprint=int(fingerprint, 16) if fingerprint else None,
        source=source,
        language=language,
        living=bool(living),
    )
