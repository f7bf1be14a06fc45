"""Kept pages to read again, and what becomes of the claims when a better reader gets others out of them.

    versions of one address ─► read again, elsewhere ─► what they would have claimed ─┬─► the same: nothing
                                                        what is stored               ─┘└► restated

Stored claims that today's reader does not make are closed, marked as lost; those that it makes besides are added,
marked as gained; where it finds another date of publication, the claims count from that. Nothing is
deleted, and what stood in the document before is kept in `restatement`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from monitor.history.articles import WHERE_IT_STANDS
from monitor.history.claims import Revive
from monitor.history.observations import counts_from
from monitor.history.pages import content_of
from monitor.history.rows import insert, select
from monitor.history.storable import moment, plain, plain_or_none, text_hash, to_json, utc_or_none
from monitor.models import Authority, Document, Fact, Link, Page, Source, SourceKind, Subject, utc_text

FROM_THE_INDEX = {"feed", "listing", "sitemap", "given"}
"""Where a document's date comes from that its page does not state itself."""

_ADDRESSES = """
SELECT document.article FROM document JOIN source ON source.name = document.source
WHERE (:source IS NULL OR document.source = :source) AND (:since IS NULL OR document.fetched_at >= :since)
    AND (:brand IS NULL OR source.brand = :brand OR instr(lower(document.text), lower(:brand))
        OR EXISTS (SELECT 1 FROM fact WHERE fact.document = document.id AND fact.brand = :brand))
GROUP BY document.article ORDER BY min(document.id)
"""

_EXTENT = """
SELECT (SELECT max(id) FROM document), (SELECT max(id) FROM fact), (SELECT max(id) FROM visit),
    (SELECT max(id) FROM restatement), (SELECT max(id) FROM review)
"""

_VERSIONS = """
SELECT document.*, source.kind, source.url AS source_url, source.brand, source.language AS source_language,
    link.url AS link_url, link.title AS link_title, link.published AS link_published, link.language AS link_language
FROM document JOIN source ON source.name = document.source LEFT JOIN link ON link.id = document.link
WHERE document.article = :url ORDER BY document.id
"""

_STORED = """
SELECT fact.id, fact.document, fact.brand, fact.kind, fact.subject, fact.attributes, fact.closed_at, fact.closed_by
FROM document CROSS JOIN fact ON fact.document = document.id
WHERE document.article = :url
    AND NOT EXISTS (SELECT 1 FROM restated_fact AS r WHERE r.fact = fact.id AND r.role = 'lost')
    AND NOT EXISTS (SELECT 1 FROM review WHERE review.made = fact.id)  -- a person's word is no reader's
ORDER BY fact.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One stored version of a document with all that reading it again needs. Without its page the text is read."""

    id: int
    visit: int
    source: Source
    link: Link
    document: Document
    page: Page | None
    fetched_at: datetime
    living: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A version as today's reader reads it."""

    kept: Kept
    document: Document
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redated:
    """A document version for which today's reader finds another date of publication."""

    document: int
    before: str | None
    after: str | None
    counted_from: datetime
    """When its claims counted from until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """What reading the versions of one address again came to."""

    url: str
    gained: tuple[Fact, ...]
    lost: tuple[Fact, ...]
    closed: tuple[Fact, ...]
    """Claims that a later version of the article takes back, as is seen now."""
    redated: tuple[Redated, ...]
    subjects: frozenset[Subject]
    added: frozenset[int]
    """The rows of the claims gained."""
    ended: frozenset[int]
    """The rows of the claims that stood until now."""
    notes: frozenset[int]
    """The rows that hold what stood in the documents before."""


@dataclass(slots=True)
class _Said:
    """A claim as the history would hold it, had today's reader read each version in its turn."""

    reread: Reread
    subject: Subject
    fact: Fact
    attributes: str
    taken_back: Reread | None = None
    row: dict[str, Any] | None = None

    @property
    def claim(self) -> str:
        return claimed(self.attributes)


@dataclass(slots=True)
class _Difference:
    gained: list[_Said] = field(default_factory=list)
    lost: list[dict[str, Any]] = field(default_factory=list)
    closed: list[_Said] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost or self.closed)


def addresses(db: Database, source: str | None, brand: str | None, since: datetime | None) -> list[str]:
    """The addresses of the documents that were read, in the order of reading."""
    rows = db.execute(_ADDRESSES, {"source": source, "brand": brand, "since": utc_or_none(since)})
    return [url for (url,) in rows]


def extent(db: Database) -> str:
    """How far the history has come: another text as soon as anything is read, or read again."""
    return repr(db.execute(_EXTENT).fetchone())


def versions(db: Database, url: str) -> tuple[Kept, ...]:
    """All versions of the document at an address, the oldest first."""
    return tuple(_kept(db, row) for row in select(db, _VERSIONS, {"url": url}))


def _kept(db: Database, row: Mapping[str, Any]) -> Kept:
    names = ("url", "title", "published", "published_from", "language", "text")
    source = Source(
        name=row["source"],
        kind=SourceKind(row["kind"]),
        url=row["source_url"],
        brand=row["brand"],
        authority=Authority(row["authority"]),
        outlet=row["outlet"],
        language=row["source_language"],
    )
    return Kept(
        id=row["id"],
        visit=row["visit"],
        source=source,
        link=_link(row),
        document=Document(**{name: row[name] for name in names}),
        page=_page(db, row),
        fetched_at=moment(row["fetched_at"]),
        living=bool(row["living"]),
    )


def _page(db: Database, row: Mapping[str, Any]) -> Page | None:
    content = content_of(db, row["page"]) if row["page"] else None
    if content is None:
        return None
    address = row["page_url"] or row["url"]
    return Page(
        url=address,
        requested_url=address,
        status=200,
        content=content,
        content_type=row["content_type"],
        fetched_at=moment(row["fetched_at"]),
    )


def _link(row: Mapping[str, Any]) -> Link:
    """The link by which the document was found, with the date that the index gave then."""
    from_index = row["published"] if row["published_from"] in FROM_THE_INDEX else None
    return Link(
        url=row["link_url"] or row["url"],
        title=row["link_title"],
        published=from_index or row["link_published"],
        language=row["link_language"],
    )


def restate(db: Database, read: Sequence[Reread], now: datetime, revive: Revive) -> Restated | None:
    """Makes the claims of one address what today's reader reads; None when they are that already."""
    url = plain(read[0].kept.document.url)
    said = _said(read)
    difference = _compared(said, select(db, _STORED, {"url": url}))
    redated = tuple(one for reread in read if (one := _redated(db, reread)))
    if not difference and not redated:
        return None
    touched = {one.reread.kept.id for one in (*difference.gained, *difference.closed)}
    touched |= {row["document"] for row in difference.lost} | {one.document for one in redated}
    notes = {one.kept.id: _restate_document(db, one, said, now) for one in read if one.kept.id in touched}
    added = frozenset(_add(db, one, notes[one.reread.kept.id], now) for one in difference.gained)
    _close(db, difference, notes, now)
    standing = {row["id"] for row in difference.lost if row["closed_at"] is None}
    subjects = {one.subject for one in (*difference.gained, *difference.closed)}
    subjects |= {Subject(brand=row["brand"], kind=row["kind"], name=row["subject"]) for row in difference.lost}
    subjects |= {subject for one in redated for subject in _subjects(db, one.document)}
    return Restated(
        url=url,
        gained=tuple(one.fact for one in difference.gained),
        lost=tuple(revive(json.loads(row["attributes"])) for row in difference.lost),
        closed=tuple(one.fact for one in difference.closed),
        redated=redated,
        subjects=frozenset(subjects),
        added=added,
        ended=frozenset(standing | {_row(one)["id"] for one in difference.closed}),
        notes=frozenset(notes.values()),
    )


def _redated(db: Database, reread: Reread) -> Redated | None:
    new = plain_or_none(reread.document.published)
    published, dated = db.execute("SELECT published, dated FROM document WHERE id = ?", [reread.kept.id]).fetchone()
    if new == published:
        return None
    return Redated(document=reread.kept.id, before=published, after=new, counted_from=moment(dated))


def _subjects(db: Database, document: int) -> list[Subject]:
    sql = "SELECT DISTINCT brand, kind, subject AS name FROM fact WHERE document = :document"
    return [Subject(**row) for row in select(db, sql, {"document": document})]


def _said(read: Iterable[Reread]) -> list[_Said]:
    """The claims that the versions add, one after the other, and which of them a later one takes back.

    The rules are those of recording: see `monitor.history.claims`.
    """
    said: list[_Said] = []
    for reread in read:
        about: dict[Subject, list[Fact]] = {}
        for fact in reread.facts:
            subject = Subject(brand=plain(fact.brand), kind=fact.kind, name=plain(fact.subject))
            about.setdefault(subject, []).append(fact)
        for subject, facts in about.items():
            earlier = [one for one in said if one.subject == subject and one.taken_back is None]
            last = [one.claim for one in earlier if one.reread is earlier[-1].reread]
            made = [_Said(reread, subject, fact, to_json(fact.as_json())) for fact in facts]
            said += [one for one in made if one.claim not in last]
            for one in earlier if not reread.kept.living else ():
                if not one.reread.kept.living and not any(fact.agrees(one.fact) for fact in facts):
                    one.taken_back = reread
    return said


def _compared(said: Sequence[_Said], stored: Sequence[dict[str, Any]]) -> _Difference:
    """Finds the stored row of each claim. A row that its source took back is none for a claim that stands."""
    free: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in stored:
        free.setdefault((row["document"], claimed(row["attributes"])), []).append(row)
    difference = _Difference()
    for one in said:
        rows = free.get((one.reread.kept.id, one.claim), [])
        fitting = [row for row in rows if one.taken_back is not None or row["closed_by"] is None]
        if not fitting:
            difference.gained.append(one)
            continue
        fitting.sort(key=lambda row: row["closed_at"] is not None)
        one.row = fitting[0 if one.taken_back is None else -1]
        rows.remove(one.row)
        if one.taken_back is not None and one.row["closed_at"] is None:
            difference.closed.append(one)
    difference.lost = sorted((row for rows in free.values() for row in rows), key=lambda row: int(row["id"]))
    return difference


def claimed(attributes: str) -> str:
    """What a stored fact claims, wherever in the text that stands."""
    claim = {name: value for name, value in json.loads(attributes).items() if name not in WHERE_IT_STANDS}
    return json.dumps(claim, sort_keys=True)


def columns_of(subject: Subject) -> dict[str, str]:
    return {"brand": subject.brand, "kind": subject.kind, "subject": subject.name}


def _row(one: _Said) -> dict[str, Any]:
    assert one.row is not None
    return one.row


def _restate_document(db: Database, reread: Reread, said: Iterable[_Said], now: datetime) -> int:
    """Keeps the reading that stood until now and puts today's in its place. Returns the note of it."""
    kept, new = reread.kept, reread.document
    old = select(
        db,
        "SELECT id AS document, title, published, published_from, dated, language, text FROM document WHERE id = :id",
        {"id": kept.id},
    )[0]
    note = insert(db, "restatement", old | {"restated_at": utc_text(now)})
    values = {
        "id": kept.id,
        "title": plain_or_none(new.title),
        "published": plain_or_none(new.published),
        "published_from": plain_or_none(new.published_from),
        "dated": utc_text(_dated(new, kept)) if _by_its_own_date(old, kept) else old["dated"],
        "language": plain_or_none(new.language),
        "text": plain(new.text),
        "hash": text_hash(new.text),
    }
    db.execute(
        """
        UPDATE document SET title = :title, published = :published, published_from = :published_from, dated = :dated,
            language = :language, text = :text, text_hash = :hash
        WHERE id = :id
        """,
        values,
    )
    if old["text"] != values["text"]:  # the claims stand elsewhere in it
        moved = [(one.attributes, one.row["id"]) for one in said if one.reread is reread and one.row is not None]
        db.conn.executemany("UPDATE fact SET attributes = ? WHERE id = ?", moved)
    return note


def _by_its_own_date(old: Mapping[str, Any], kept: Kept) -> bool:
    """Whether its claims count from its own date, and not from that of the article whose new address it is."""
    return bool(old["dated"] == utc_text(_dated(kept.document, kept)))


def _dated(new: Document, kept: Kept) -> datetime:
    return counts_from(new, kept.fetched_at, kept.living)


def _add(db: Database, one: _Said, note: int, now: datetime) -> int:
    row = {
        "document": one.reread.kept.id,
        "visit": one.reread.kept.visit,
        "value": plain(one.fact.value),
        "attributes": one.attributes,
        "recorded_at": utc_text(now),
        "closed_at": utc_text(now) if one.taken_back else None,
        "closed_by": one.taken_back.kept.visit if one.taken_back else None,
    }
    added = insert(db, "fact", columns_of(one.subject) | row)
    insert(db, "restated_fact", {"fact": added, "role": "gained", "restatement": note})
    return added


def _close(db: Database, difference: _Difference, notes: Mapping[int, int], now: datetime) -> None:
    for row in difference.lost:
        db.execute("UPDATE fact SET closed_at = coalesce(closed_at, ?) WHERE id = ?", [utc_text(now), row["id"]])
        insert(db, "restated_fact", {"fact": row["id"], "role": "lost", "restatement": notes[row["document"]]})
    for one in difference.closed:
        assert one.taken_back is not None
        db.execute(
            "UPDATE fact SET closed_at = ?, closed_by = ? WHERE id = ?",
            [utc_text(now), one.taken_back.kept.visit, _row(one)["id"]],
        )
        note = {"fact": _row(one)["id"], "role": "closed", "restatement": notes[one.reread.kept.id]}
        insert(db, "restated_fact", note)


def believed(db: Database, subject: Subject) -> dict[str, Any] | None:
    """The claim that is believed of a subject, as JSON; None when nothing is."""
    rows = select(
        db,
        """
        SELECT fact.attributes FROM belief JOIN fact ON fact.id = belief.fact
        WHERE belief.brand = :brand AND belief.kind = :kind AND belief.subject = :subject
        """,
        columns_of(subject),
    )
    return json.loads(rows[0]["attributes"]) if rows else None
