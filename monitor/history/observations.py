"""One check to rows, and rows to what `observe` may know next time.

    Observation ─► visit ─► links ─► document versions, with their pages ─► claims

Another text at a known address is a new version, and so is a known article at another address; the same text is nothing
new, however often it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from monitor.health import usual_length
from monitor.history import claims, links, pauses, revisits, sources
from monitor.history.articles import Content, Origin, origin
from monitor.history.claims import Revive, Version
from monitor.history.pages import keep_page
from monitor.history.rows import insert
from monitor.history.storable import plain, plain_or_none, start_of, text_hash
from monitor.models import Document, Memory, Observation, Reading, Source, SourceKind, Subject, Validators, utc_text

LISTS = 50
"""How many of a source's lists say how long they usually are."""

_LENGTHS = """
SELECT listed FROM visit WHERE source = ? AND listed IS NOT NULL AND outcome = 'ok' ORDER BY id DESC LIMIT ?
"""

_OWN_TEXT = """
SELECT fingerprint, text_hash FROM document WHERE source = ? AND link IS NULL ORDER BY id DESC LIMIT 1
"""


_WELL = """
UPDATE source SET next_due = :due, leased_until = NULL, last_checked_at = :finished, last_good_at = :finished,
    last_outcome = 'unchanged',
    last_reason = NULL, body_hash = coalesce(:hash, body_hash), etag = iif(:asked, :etag, etag),
    last_modified = iif(:asked, :modified, last_modified), moved_url = nullif(coalesce(:moved, moved_url), url)
WHERE name = :name AND failures = 0 AND failing_since IS NULL AND trouble IS NULL AND baseline_at IS NOT NULL
    AND substr(last_checked_at, 1, 13) = substr(:finished, 1, 13)
"""

_SEEN = """
INSERT INTO visit (source, started_at, finished_at, recorded_at, outcome, requests, baseline, body_hash, links,
    documents, facts)
VALUES (?, ?, ?, ?, 'unchanged', ?, 0, ?, 0, 0, 0)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one check added: the subjects of its new and closed facts, and how much it was."""

    check_id: int
    subjects: frozenset[Subject]
    new_documents: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """What every row of one check needs."""

    id: int
    source: Source
    baseline: bool
    finished_at: datetime
    now: datetime


def memory(db: Database, name: str, now: datetime) -> Memory:
    """What `observe` may know of a source. Links that wait for a later attempt count as known until then, and so do
    those that are to be read once more."""
    row = db.execute(
        """
        SELECT baseline_at, failures, moved_url, body_hash, page, etag, last_modified, outline, last_checked_at
        FROM source WHERE name = ?
        """,
        [name],
    ).fetchone()
    if row is None:
        return Memory(pauses=pauses.standing(db, now))
    baseline_at, failures, moved_url, body_hash, page, etag, last_modified, outline, checked_at = row
    waiting = links.waiting(db, name, now, again=False)
    known = links.known(db, name)
    likeness, digest = db.execute(_OWN_TEXT, [name]).fetchone() or (None, None)
    for link in waiting:
        known.pop(link.url, None)
    return Memory(
        first=baseline_at is None,
        failures=failures,
        url=moved_url,
        look_back=moved_url is not None and checked_at[:10] != utc_text(now)[:10],
        validators=Validators(etag, last_modified) if page and (etag or last_modified) else None,
        body_hash=body_hash,
        known=known,
        waiting=waiting + links.waiting(db, name, now, again=True),
        revisits=revisits.due(db, name, now),
        usual=usual_length([listed for (listed,) in db.execute(_LENGTHS, [name, LISTS]).fetchall()]),
        outline=outline,
        fingerprint=int(likeness, 16) if likeness else None,
        text_hash=digest,
        pauses=pauses.standing(db, now),
    )


def recorded(db: Database) -> int:
    """How many checks there are."""
    return int(db.execute("SELECT coalesce(sum(times), 0) FROM visit").fetchone()[0])


def store(
    db: Database,
    observation: Observation,
    source: Source,
    now: datetime,
    revive: Revive,
    revisit: Sequence[timedelta] = (),
) -> Stored:
    """Stores all that one check brought home. `revisit`: how long after its first reading each is visited again."""
    check = _visit(db, observation, source, now)
    pauses.put(db, observation.pauses, now)
    new_links = documents = facts = 0
    if source.kind.lists:
        new_links = links.add(db, observation, check.baseline, utc_text(now))
    subjects: set[Subject] = set()
    for reading in observation.readings:
        version = _version(db, check, reading, reading.document) if reading.document is not None else None
        if version is not None:
            added = claims.add(db, version, reading.facts, now, revive)
            documents, facts = documents + 1, facts + added.facts
            subjects |= added.subjects
        if source.kind.lists:
            _settle(db, source.name, reading, revisit, now)
    db.execute(
        "UPDATE visit SET links = ?, documents = ?, facts = ? WHERE id = ?", [new_links, documents, facts, check.id]
    )
    return Stored(check_id=check.id, subjects=frozenset(subjects), new_documents=documents, facts=facts)


def seen(db: Database, observation: Observation, next_due: datetime, now: datetime) -> bool:
    """Stores a check that found nothing new at a source that is well. Says whether it did."""
    name, page = observation.source, observation.page
    started, finished = utc_text(observation.started_at), utc_text(observation.finished_at)
    values = {"name": name, "due": utc_text(next_due), "finished": finished, "hash": observation.body_hash}
    if db.execute(_WELL, values | sources.validators(page)).rowcount == 0:
        return False
    pauses.put(db, observation.pauses, now)
    db.execute(_SEEN, [name, started, finished, utc_text(now), observation.requests, observation.body_hash])
    return True


def _settle(db: Database, source: str, reading: Reading, revisit: Sequence[timedelta], now: datetime) -> None:
    """Writes down what became of a link. A visit to an article that was read leaves it read, whatever it brought."""
    if not reading.revisit:
        links.settle(db, source, reading, now)
    if reading.revisit or reading.outcome.good:
        revisits.settle(db, source, reading, revisit, now)


def _visit(db: Database, observation: Observation, source: Source, now: datetime) -> _Check:
    known = db.execute("SELECT baseline_at FROM source WHERE name = ?", [source.name]).fetchone()
    if known is None:
        sources.add(db, source, now)
    first = known is None or known[0] is None
    baseline = first and observation.outcome.good and not source.alert_on_first
    row = {
        "source": source.name,
        "started_at": utc_text(observation.started_at),
        "finished_at": utc_text(observation.finished_at),
        "recorded_at": utc_text(now),
        "outcome": str(observation.outcome),
        "reason": plain_or_none(observation.reason),
        "requests": observation.requests,
        "baseline": baseline,
        "body_hash": observation.body_hash,
        "listed": observation.listed,
    }
    added = insert(db, "visit", row | {"links": 0, "documents": 0, "facts": 0})
    return _Check(id=added, source=source, baseline=baseline, finished_at=observation.finished_at, now=now)


def _version(db: Database, check: _Check, reading: Reading, document: Document) -> Version | None:
    """Stores a document as a version of its own; None when its text is that of the last version."""
    url, digest = plain(document.url), text_hash(document.text)
    last = db.execute(
        "SELECT version, text_hash, article FROM document WHERE url = ? ORDER BY version DESC LIMIT 1", [url]
    ).fetchone()
    if last is not None and last[1] == digest:
        return None
    version = last[0] + 1 if last else 1
    living = check.source.kind is SourceKind.PAGE
    moved = None if last or living else _moved(db, check, reading, document, digest)
    page = reading.page if reading.page is not None and reading.page.content else None
    link = links.find(db, check.source.name, reading.link.url)
    fetched_at = page.fetched_at if page else check.finished_at
    article = last[2] if last else moved.article if moved else url
    row = {
        "url": url,
        "version": version,
        "source": check.source.name,
        "visit": check.id,
        "outlet": plain(check.source.outlet),
        "authority": str(check.source.authority),
        "living": living,
        "title": plain_or_none(document.title),
        "published": plain_or_none(document.published),
        "published_from": plain_or_none(document.published_from),
        "dated": moved.dated if moved else utc_text(counts_from(document, fetched_at, living)),
        "language": plain_or_none(document.language),
        "text": plain(document.text),
        "text_hash": digest,
        "article": article,
        "fingerprint": None if document.fingerprint is None else f"{document.fingerprint:016x}",
        "baseline": check.baseline or (version == 1 and link is not None and link.baseline),
        "fetched_at": utc_text(fetched_at),
        "page": keep_page(db, page, utc_text(check.now)) if page else None,
        "page_url": plain(page.url) if page else None,
        "content_type": plain_or_none(page.content_type) if page else None,
        "link": link.id if link else None,
    }
    return Version(
        id=insert(db, "document", row), article=article, living=living, check=check.id, text=plain(document.text)
    )


def _moved(db: Database, check: _Check, reading: Reading, document: Document, digest: str) -> Origin | None:
    """Where an article at an address that is not known was first read; None when it is new."""
    content = Content(
        source=check.source.name,
        title=plain_or_none(document.title),
        text_hash=digest,
        fingerprint=document.fingerprint,
        facts=reading.facts,
    )
    return origin(db, content)


def counts_from(document: Document, fetched_at: datetime, living: bool) -> datetime:
    """The time that the claims of a document count from: its own date, but never one that was yet to come."""
    stated = None if living else start_of(document.published)
    return min(stated, fetched_at) if stated else fetched_at
