"""What is to be seen at a glance: brands with their count over time, documents with their claims. Reads only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from monitor.models import utc_text

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, Any]], list[Row]]

_NAMES = """
WITH RECURSIVE known (brand) AS (
    SELECT min(brand) FROM belief
    UNION ALL
    SELECT (SELECT min(brand) FROM belief WHERE brand > known.brand) FROM known WHERE known.brand IS NOT NULL
)
SELECT brand, (SELECT max(seq) FROM change WHERE change.brand = known.brand) AS newest
FROM known WHERE brand IS NOT NULL ORDER BY newest DESC, brand
"""  # skips from brand to brand by the index: a history has a hundred beliefs a brand

_BRANDS = """
SELECT asked.value AS brand, count.value AS count, coalesce(count.value IS NOT NULL AND EXISTS (
        SELECT 1 FROM belief_claim INDEXED BY belief_claim_rival
        WHERE belief_claim.belief = count.id AND role = 'rivals'
    ), 0) AS disputed,
    (
        SELECT count(*) FROM belief WHERE belief.brand = asked.value AND EXISTS (
            SELECT 1 FROM belief_claim INDEXED BY belief_claim_rival
            WHERE belief_claim.belief = belief.id AND role = 'rivals'
        )
    ) + (
        SELECT count(*) FROM belief JOIN aspect ON aspect.belief = belief.id
        WHERE belief.brand = asked.value AND EXISTS (
            SELECT 1 FROM aspect_rival WHERE aspect_rival.belief = belief.id AND aspect_rival.name = aspect.name
        )
    ) AS disputes,
    (SELECT detected_at FROM change WHERE change.brand = asked.value ORDER BY seq DESC LIMIT 1) AS changed_at,
    (SELECT text FROM change WHERE change.brand = asked.value ORDER BY seq DESC LIMIT 1) AS newest
FROM json_each(:brands) AS asked
LEFT JOIN belief AS count
    ON count.brand = asked.value AND count.kind = 'market_count' AND count.subject = 'worldwide'
ORDER BY asked.key
"""

_COUNTS = """
SELECT asked.value AS brand, step.since, step.value, step.disputed FROM json_each(:brands) AS asked
JOIN step ON step.brand = asked.value AND step.kind = 'market_count' AND step.subject = 'worldwide'
WHERE step.aspect IS NULL AND step.known_until IS NULL ORDER BY asked.key, step.since, step.position
"""

_DUE = """
SELECT brand, count(*) AS plans_due, sum(due <= :now) AS plans_late FROM plans
WHERE due IS NOT NULL AND due <= :soon AND NOT kept AND +brand IN (SELECT value FROM json_each(:brands))
GROUP BY brand
"""

_HEALTH = """
SELECT CASE WHEN enabled THEN health ELSE 'off' END AS health, count(*) AS sources FROM sources
WHERE configured GROUP BY 1
"""

_DOCUMENT = """
SELECT documents.*, document.text, document.content_type,
    (SELECT max(d.id) FROM document AS d WHERE d.url = document.url) AS latest_id
FROM documents JOIN document ON document.id = documents.id WHERE documents.id = :id
"""

_QUOTED = """
SELECT s.position, fact.id AS fact, document.id AS document, document.text, documents.page_kept,
    json_extract(fact.attributes, '$.start') AS start, json_extract(fact.attributes, '$.end') AS "end"
FROM change
JOIN change_source AS s ON s.change = change.id
JOIN document ON document.url = s.url
JOIN documents ON documents.id = document.id
JOIN fact ON fact.document = document.id AND fact.brand = change.brand AND fact.kind = change.kind
    AND json_extract(fact.attributes, '$.evidence') = s.evidence
WHERE change.id = :id
ORDER BY s.position, fact.subject = change.subject, fact.id
"""

RECENT = 20
"""How many of the latest checks show how a source is doing."""

_RECENT = """
SELECT visit.source, visit.started_at, visit.finished_at, visit.outcome, visit.reason, visit.requests, visit.documents,
    visit.facts, visit.times
FROM json_each(:names) AS asked
JOIN visit ON visit.source = asked.value AND visit.id IN (
    SELECT id FROM visit AS v WHERE v.source = asked.value ORDER BY id DESC LIMIT :recent
)
ORDER BY visit.source, visit.id
"""

_YIELDS = """
SELECT asked.value AS name, coalesce(sum(visit.facts), 0) AS facts,
    coalesce(sum((SELECT count(*) FROM change WHERE change.visit = visit.id)), 0) AS changes
FROM json_each(:names) AS asked LEFT JOIN visit ON visit.source = asked.value AND visit.documents > 0
GROUP BY asked.value
"""  # checks that brought something are kept for good


def brand_names(ask: Ask) -> list[str]:
    """The brands that something is believed of, those with the latest news first."""
    return [row["brand"] for row in ask(_NAMES, {})]


def brands(ask: Ask, names: list[str], now: datetime, soon: datetime) -> list[Row]:
    """These brands, in this order.

    `count` (as believed; null: nothing is), `disputed` (the count is), `disputes`, `plans_due` and `plans_late` (not
    kept, of a date until `soon` and until `now`), `changed_at` and `newest` (the latest change), `course` (its steps).
    """
    asked = {"brands": json.dumps(names)}
    rows = {row["brand"]: row | {"plans_due": 0, "plans_late": 0, "course": []} for row in ask(_BRANDS, asked)}
    for row in ask(_COUNTS, asked):
        rows[row.pop("brand")]["course"].append(row)
    for row in ask(_DUE, asked | {"now": utc_text(now), "soon": utc_text(soon)}):
        rows[row.pop("brand")] |= row
    return list(rows.values())


def health(ask: Ask) -> dict[str, int]:
    """How many configured sources are `ok`, `new`, `failing`, in `trouble`, `gone`, `off`."""
    return {row["health"]: row["sources"] for row in ask(_HEALTH, {})}


def recent(ask: Ask, names: list[str]) -> dict[str, list[Row]]:
    """The latest checks of each of these sources, oldest first."""
    found: dict[str, list[Row]] = {name: [] for name in names}
    for row in ask(_RECENT, {"names": json.dumps(names), "recent": RECENT}):
        found[row.pop("source")].append(row)
    return found


def yields(ask: Ask, names: list[str]) -> dict[str, Row]:
    """How many facts and changes each of these sources has brought."""
    return {row.pop("name"): row for row in ask(_YIELDS, {"names": json.dumps(names)})}


def document(ask: Ask, number: int) -> Row | None:
    """One version of a document, with its text; None: there is no such."""
    return next(iter(ask(_DOCUMENT, {"id": number})), None)


def quoted(ask: Ask, change_id: str) -> dict[int, Row]:
    """Where the sentences of a change stand, by the position of the source: fact, document, its text, start and end."""
    return {row["position"]: row for row in ask(_QUOTED, {"id": change_id})}
