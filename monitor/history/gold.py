"""Documents whose claims people have reviewed, to be written out as labelled examples.

Reads rows and puts them side by side: a document version, and what it claims with what people said of each claim. A
later version of an article repeats claims without storing them again, so that those of earlier versions belong to it
as far as their sentences still stand in its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from monitor.history.rows import select

_DOCUMENTS = """
SELECT DISTINCT document.id, document.url, document.version, document.title, document.published, document.language,
    document.text, source.brand AS brand_hint
FROM reviews
JOIN fact ON fact.id = reviews.fact
JOIN document ON document.id = fact.document
LEFT JOIN source ON source.name = document.source
WHERE reviews.in_force AND reviews.verdict IN ('accept', 'reject', 'untrue', 'correct')
ORDER BY document.url, document.version
"""

_CLAIMS = """
SELECT fact.id, fact.attributes, fact.document, fact.closed_at,
    (SELECT verdict FROM facts WHERE facts.id = fact.id) AS verdict
FROM document JOIN fact ON fact.document = document.id
WHERE document.url = :url AND document.version <= :version
ORDER BY document.version DESC, fact.id
"""


def documents(db: Database) -> list[dict[str, Any]]:
    """The reviewed document versions by address, each with its `claims`: what is claimed, and the verdict.

    That is accept or reject, of the reading, or None where nobody has said anything.
    """
    found = select(db, _DOCUMENTS)
    for document in found:
        rows = select(db, _CLAIMS, {"url": document["url"], "version": document["version"]})
        placed = [claim for row in rows if (claim := _placed(document, row))]
        document["claims"] = sorted(placed, key=lambda claim: (claim["attributes"]["start"], claim["id"]))
    return found


def _placed(document: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any] | None:
    """A claim with the place of its sentence in this version; None when it does not stand there."""
    attributes = json.loads(row["attributes"])
    start = attributes["start"] if row["document"] == document["id"] else document["text"].find(attributes["evidence"])
    if start < 0:
        return None
    attributes |= {"start": start, "end": start + len(attributes["evidence"])}
    verdict = row["verdict"]
    if verdict == "untrue":
        verdict = "accept"  # the text says so, whether it is true or not
    elif verdict == "overruled":
        verdict = None  # nobody has said how it was read
    elif verdict == "correct":
        verdict = "reject"
    return {"id": row["id"], "attributes": attributes, "verdict": verdict, "closed": row["closed_at"] is not None}
