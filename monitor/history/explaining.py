"""Why: where a change came from and what became of it, and what became of a single claim. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from monitor.errors import UsageError

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, Any]], list[Row]]

_CHANGE = "SELECT * FROM changes WHERE substr(id, 1, length(:id)) = :id ORDER BY id = :id DESC LIMIT 2"

_CITED = """
SELECT url, title, published, authority, outlet, evidence, standing FROM change_source
WHERE change = :id ORDER BY position
"""

_PLAN = "SELECT value, dated, published, outlet, authority, evidence, url FROM facts WHERE id = :plan"

_ALERTS = "SELECT alerts.* FROM alert_change JOIN alerts ON alerts.id = alert_change.alert WHERE change = :id"

_ATTEMPTS = "SELECT attempted_at, answer, detail FROM attempt WHERE alert = :id ORDER BY id"

_BEGUN = """
SELECT changes.* FROM fact
JOIN document ON document.id = fact.document
JOIN change ON change.visit = fact.visit AND change.brand = fact.brand AND change.kind = fact.kind
    AND change.subject = fact.subject
JOIN change_source AS s ON s.change = change.id AND s.position = 0 AND s.url = document.url
    AND s.evidence = json_extract(fact.attributes, '$.evidence')
JOIN changes ON changes.id = change.id
WHERE fact.id = :id ORDER BY change.seq LIMIT 1
"""

_STANDS = """
SELECT facts.*, document.baseline, document.dated AS counted_from, believed.id AS believed,
    believed.value AS believed_value, theirs.dated AS believed_from, theirs.outlet AS believed_outlet
FROM facts
JOIN document ON document.id = facts.document
LEFT JOIN belief ON belief.brand = facts.brand AND belief.kind = facts.kind AND belief.subject = facts.subject
LEFT JOIN fact AS believed ON believed.id = belief.fact
LEFT JOIN document AS theirs ON theirs.id = believed.document
WHERE facts.id = :id
"""


def why_change(ask: Ask, change_id: str) -> Row:
    """A change with its sources, plan, check and messages. Raises UsageError for an id that is not one change's."""
    found = ask(_CHANGE, {"id": change_id})
    if not found or not change_id:
        raise UsageError(f"no change has the id {change_id!r}; `brand-monitor changes` lists them")
    if len(found) > 1 and found[0]["id"] != change_id:
        raise UsageError(f"more than one change has an id that starts with {change_id!r}; write more of it")
    change = found[0]
    change["sources"] = ask(_CITED, {"id": change["id"]})
    change["plan"] = next(iter(ask(_PLAN, {"plan": change["plan"]})), None)
    change["check"] = next(iter(ask("SELECT * FROM checks WHERE id = :id", {"id": change["check_id"]})), None)
    change["alerts"] = ask(_ALERTS, {"id": change["id"]})
    for alert in change["alerts"]:
        alert["attempts"] = ask(_ATTEMPTS, {"id": alert["id"]})
    return change


def why_fact(ask: Ask, fact_id: int) -> Row:
    """A claim with the `change` that it brought, or the reason why it brought none as `silence`."""
    found = ask(_STANDS, {"id": fact_id})
    if not found:
        raise UsageError(f"no fact has the id {fact_id}; `brand-monitor facts` lists them")
    fact = found[0]
    change = next(iter(ask(_BEGUN, {"id": fact_id})), None)
    return fact | {"change": change, "silence": None if change else _silence(fact)}


def _silence(fact: Row) -> str:
    """Why a claim brought no change, by what is believed now."""
    known = f"{fact['believed_value']} by {fact['believed_outlet']}"
    if fact["verdict"] not in (None, "accept"):
        return f"not believed, by the word of {fact['reviewer']}"
    if fact["closed_at"]:
        return "taken back: a later version of the article says something else, or says it no more"
    if fact["standing"] == "syndicated":
        return f"duplicate: a copy of a text that was there before ({known})"
    if fact["standing"] == "sponsored":
        return f"sponsored: somebody was paid for it, so that it moves nothing ({known})"
    if fact["role"] == "rivals":
        return f"held against what is believed ({known})"
    if fact["role"] == "supports" and fact["believed"] != fact["id"]:
        return f"duplicate: it says what was known ({known})"
    if fact["believed_from"] and fact["counted_from"] < fact["believed_from"]:
        return f"late: it is of {fact['counted_from'][:10]}, and newer claims are known ({known})"
    if fact["baseline"]:
        return "baseline: it was there before the monitor watched"
    return f"it moves nothing that is believed ({known})"
