"""Rows of the history in their public form: facts, changes and documents with what they cite, and words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from monitor.exports.cells import Row
from monitor.history import Queries

Made = dict[str, Any]

_OWN = {
    "market_count": ("count", "qualifier", "status", "scope"),
    "new_markets": ("count", "qualifier", "status", "scope"),
    "market_entry": ("market", "status", "basis"),
    "model_announcement": ("model", "stage", "markets", "segment", "platform"),
}
_FACT_CONTEXT = (
    *("id", "subject", "value", "url", "title", "published", "outlet", "authority", "source", "language"),
    *("recorded_at", "closed_at", "role", "standing", "independent", "syndicated", "sponsored"),
    *("verdict", "reviewer"),
)
FACT_FIELDS = (
    *("kind", "brand", "count", "qualifier", "status", "scope", "market", "basis", "model", "stage", "markets"),
    *("segment", "platform", "when", "hedged", "evidence", "start", "end"),
    *_FACT_CONTEXT,
)

_CITATION = ("url", "title", "published", "outlet", "authority", "evidence")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "changes": (
        *("id", "detected_at", "since", "brand", "kind", "change", "subject", "before_value", "after_value", "text"),
        *("rule", *_CITATION, "source_count", "other_urls", "alerts", "silence"),
    ),
    "facts": FACT_FIELDS,
    "documents": (
        *("id", *_CITATION, "language", "source", "version", "latest", "fetched_at", "baseline", "characters", "facts"),
    ),
}
"""The columns of CSV of each list."""


def _changes(queries: Queries, filters: Mapping[str, Any]) -> list[Made]:
    found = queries.changes(**filters)
    cited = queries.cited(row["id"] for row in found)
    return [_change(row, cited.get(row["id"], [])) for row in found]


def _change(row: Row, sources: list[Made]) -> Made:
    names = [name for name in FIELDS["changes"] if name in row]
    others = [source["url"] for source in sources[1:]]
    counted = {"source_count": len(sources), "other_urls": others}
    return (
        {name: row[name] for name in names}
        | counted
        | {"before": row["before"], "after": row["after"], "sources": sources}
    )


def _facts(queries: Queries, filters: Mapping[str, Any]) -> list[Made]:
    return [fact_row(row) for row in queries.facts(**filters)]


def _documents(queries: Queries, filters: Mapping[str, Any]) -> list[Made]:
    found = queries.documents(**filters)
    sentences = queries.sentences(row["id"] for row in found)
    return [
        {name: row.get(name) for name in FIELDS["documents"]} | {"evidence": sentences.get(row["id"], [])}
        for row in found
    ]


ROWS: Mapping[str, Callable[[Queries, Mapping[str, Any]], list[Made]]] = {
    "changes": _changes,
    "facts": _facts,
    "documents": _documents,
}


def flat(row: Row) -> Made:
    """Lists of sentences and addresses as lines of one cell."""
    return {
        name: "\n".join(value) if name in ("evidence", "other_urls") and isinstance(value, list) else value
        for name, value in row.items()
    }


def standing(row: Row) -> str | None:
    """How a claim counts, or why it does not: a person's word, or its own source's."""
    if row["verdict"] not in (None, "accept"):
        return {"correct": "corrected", "overruled": "overruled"}.get(row["verdict"], "rejected")
    return "taken back" if row["closed_at"] else row["standing"]


def voices(row: Row) -> str | None:
    """How many claims on its side count for themselves, are copies, were paid for: `1`, `1+5 syndicated`."""
    if row["standing"] is None:
        return None
    more = (f"{row[name]} {name}" for name in ("syndicated", "sponsored") if row[name])
    return "+".join((str(row["independent"]), *more))


def fact_row(row: Row) -> Made:
    """A fact in its public JSON form, then what is known of its document."""
    own = _OWN.get(row["kind"], ())
    head = {name: row[name] for name in ("kind", "brand", *own)}
    head |= {"when": row["dated"]} | {name: row[name] for name in ("hedged", "evidence", "start", "end")}
    return head | {name: row[name] for name in _FACT_CONTEXT}


def health(row: Row) -> str:
    """How a source is, in words, with the reason when it is in trouble, else with where it has moved."""
    if not row["enabled"]:
        return "switched off"
    match row["health"]:
        case "new":
            return "not checked yet"
        case "ok":
            told = [] if row["last_outcome"] == "ok" else [row["last_outcome"]]
            moved = [f"moved to {row['moved_url']}"] if row["moved_url"] else []
            return ", ".join(["ok", *told, *moved])
        case "gone":
            return (
                f"gone since {row['gone_at'][:10]}: {row['trouble']}; not checked until `check {row['name']}` succeeds"
            )
        case "trouble":
            return f"in trouble since {row['trouble_since'][:10]}: {row['trouble']}"
        case _:
            often = f"{row['failures']} times in a row" if row["failures"] > 1 else "once"
            return f"failed {often}: {row['last_reason'] or row['last_outcome']}"
