"""Articles that moved: a redesign gives every page a new address, perhaps a new date, and has said nothing again.

An article is known by its content: the same text, or nearly the same with the same title and the same claims, from the
same source. Such a page is another version of the article, under the address and the date that it first had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from monitor.history.rows import select
from monitor.history.storable import plain, to_json
from monitor.likeness import SAME_TEXT, distance
from monitor.models import Fact

WHERE_IT_STANDS = {"evidence", "start", "end"}
"""What may differ between two statements of one claim."""

LOOKED_AT = 200
"""How many documents with the same first claim are compared, the newest."""

_SAME_TEXT = """
SELECT article, dated, baseline FROM document
WHERE text_hash = :hash AND source = :source AND NOT living AND (fingerprint IS NOT NULL OR title IS :title)
ORDER BY id LIMIT 1
"""

# CROSS JOIN keeps the order: a claim was made by few documents, a source has thousands.
_SAME_CLAIM = """
SELECT document.id, document.article, document.dated, document.baseline, document.fingerprint
FROM fact CROSS JOIN document ON document.id = fact.document
WHERE fact.brand = :brand AND fact.kind = :kind AND fact.subject = :subject AND fact.value = :value
    AND document.source = :source AND document.title IS :title AND document.fingerprint IS NOT NULL
    AND NOT document.living
ORDER BY fact.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article was first read: its address, the date of its claims, whether it was there before we watched."""

    article: str
    dated: str
    baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a page says, whatever its address."""

    source: str
    title: str | None
    text_hash: str
    fingerprint: int | None
    facts: Sequence[Fact]


def origin(db: Database, content: Content) -> Origin | None:
    """Where this content was first read, under another address of the same source; None when it is new."""
    here = {"source": content.source, "title": content.title}
    for row in select(db, _SAME_TEXT, here | {"hash": content.text_hash}):
        return Origin(row["article"], row["dated"], bool(row["baseline"]))
    if content.fingerprint is None or not content.facts or not content.title:
        return None
    first = content.facts[0]
    subject = {"brand": plain(first.brand), "kind": first.kind, "subject": plain(first.subject)}
    values = here | subject | {"value": plain(first.value), "limit": LOOKED_AT}
    for row in select(db, _SAME_CLAIM, values):
        near = distance(int(row["fingerprint"], 16), content.fingerprint) <= SAME_TEXT
        if near and _claims_of(db, row["id"]) == _claimed(fact.as_json() for fact in content.facts):
            return Origin(row["article"], row["dated"], bool(row["baseline"]))
    return None


def _claims_of(db: Database, document: int) -> list[str]:
    rows = db.execute("SELECT attributes FROM fact WHERE document = ?", [document])
    return _claimed(json.loads(attributes) for (attributes,) in rows)


def _claimed(facts: Iterable[Mapping[str, Any]]) -> list[str]:
    """The claims without where they stand, in an order of their own."""
    return sorted(to_json({name: value for name, value in f.items() if name not in WHERE_IT_STANDS}) for f in facts)
