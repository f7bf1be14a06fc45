"""How what is believed moved, and what was so on a day, as known on a day: the SQL of `timeline`. Reads only.

step     the course of a subject: what holds since when, by the dates of texts; each row known from and until a time
change   what was detected; gives a step the name by which `why` knows it (of several from one value to another, that
         which the same text brought), and tells of corrections, which no course has: an error that was taken back was
         never so
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from monitor.history.storable import utc_or_none

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, Any]], list[Row]]

_KNOWN = """
step.brand = :brand AND (:kind IS NULL OR step.kind = :kind)
AND step.known_from <= :known_at AND (step.known_until IS NULL OR step.known_until > :known_at)
"""

_SAME = """
c.brand = step.brand AND c.kind = step.kind AND c.subject = step.subject AND c.aspect IS step.aspect
AND c.after_value = step.after_value AND c.change = step.change AND c.detected_at <= :known_at
"""

_STEPS = f"""
SELECT * FROM (
SELECT step.id AS step, told.id AS id, step.brand, step.kind, step.subject, step.aspect, step.change, step.before_value,
    step.after_value, step.value AS believed, step.disputed, step.since AS since, step.position AS position,
    coalesce(told.detected_at, step.known_from) AS detected_at, step.text, step.rule
FROM step
LEFT JOIN change AS told ON told.seq = coalesce(
    (
        SELECT max(c.seq) FROM step_claim
        JOIN fact ON fact.id = step_claim.fact
        JOIN document ON document.id = fact.document
        JOIN change AS c ON {_SAME}
        JOIN change_source AS brought ON brought.change = c.id AND brought.position = 0 AND brought.url = document.url
        WHERE step_claim.step = step.id
    ),
    (SELECT max(c.seq) FROM change AS c WHERE {_SAME})
)
WHERE {_KNOWN} AND (step.aspect IS NULL OR step.change <> 'new')
UNION ALL
SELECT NULL, change.id, change.brand, change.kind, change.subject, change.aspect, change.change, change.before_value,
    change.after_value, change.after_value, 0, change.detected_at, 0, change.detected_at, change.text, change.rule
FROM change
WHERE change.brand = :brand AND (:kind IS NULL OR change.kind = :kind) AND change.change = 'corrected'
    AND change.detected_at <= :known_at
) ORDER BY since, kind, subject, aspect, position, detected_at
"""  # noqa: S608 - constants

_AS_OF = f"""
SELECT step, id, brand, kind, subject, aspect, change, before_value, after_value, believed, disputed, since,
    detected_at, text, rule
FROM (
    SELECT step.id AS step, NULL AS id, step.brand, step.kind, step.subject, step.aspect, step.change,
        step.before_value, step.after_value, step.value AS believed, step.disputed, step.since,
        step.known_from AS detected_at, step.text, step.rule, row_number() OVER (
            PARTITION BY step.kind, step.subject, step.aspect ORDER BY step.since DESC, step.position DESC
        ) AS place
    FROM step
    WHERE {_KNOWN} AND step.since <= :as_of
)
WHERE place = 1 AND (aspect IS NULL OR change <> 'new')
ORDER BY since, kind, subject, aspect
"""  # noqa: S608 - constants

_CITED_BY_STEPS = """
SELECT step_claim.step AS of, document.url, document.title, document.published, document.authority, document.outlet,
    json_extract(fact.attributes, '$.evidence') AS evidence
FROM json_each(:ids) AS asked
JOIN step_claim ON step_claim.step = asked.value
JOIN fact ON fact.id = step_claim.fact
JOIN document ON document.id = fact.document
ORDER BY step_claim.step, step_claim.position
"""

_CITED_BY_CHANGES = """
SELECT change AS of, url, title, published, authority, outlet, evidence FROM change_source
WHERE change IN (SELECT value FROM json_each(:ids)) ORDER BY change, position
"""

ALWAYS = "9999"
"""Later than any time that is stored."""


def timeline(
    ask: Ask, brand: str, kind: str | None, as_of: datetime | None, known_at: datetime | None, limit: int | None
) -> list[Row]:
    """The steps of a brand; with `as_of`, of each subject the last until then, and of each attribute that has moved."""
    values = {
        "brand": brand,
        "kind": kind,
        "as_of": utc_or_none(as_of),
        "known_at": utc_or_none(known_at) or ALWAYS,
    }
    steps = ask(_STEPS if as_of is None else _AS_OF, values)
    steps = steps[-limit:] if limit else steps
    _cite(ask, steps)
    return steps


def _cite(ask: Ask, steps: list[Row]) -> None:
    """Gives each step its sources, the one that brought it first."""
    found: dict[tuple[str, Any], list[Row]] = {}
    for sql, of in ((_CITED_BY_STEPS, "step"), (_CITED_BY_CHANGES, "id")):
        ids = [step[of] for step in steps if step[of] is not None and (of == "step" or step["step"] is None)]
        for row in ask(sql, {"ids": json.dumps(ids)}) if ids else ():
            found.setdefault((of, row.pop("of")), []).append(row)
    for step in steps:
        number = step.pop("step")
        step.pop("position", None)
        step["sources"] = found.get(("id", step["id"]) if number is None else ("step", number), [])
