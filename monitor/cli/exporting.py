"""`export`: the history for other programs, each row with what it cites; reviewed documents as labelled examples."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from monitor.cli.asking import Filters, filtered, opened
from monitor.cli.atom import feed
from monitor.cli.listing import FACT_FIELDS, fact_row
from monitor.cli.options import Place, placed
from monitor.cli.output import csv_text, inert_json, note
from monitor.cli.values import Word
from monitor.errors import UsageError
from monitor.history import Queries

Row = dict[str, Any]

KINDS = ("changes", "facts", "documents")
FORMATS = ("csv", "jsonl", "atom")
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".atom": "atom", ".xml": "atom"}
_CITATION = ("url", "title", "published", "outlet", "authority", "evidence")
_FILTERS = {
    "changes": ("brand", "kind", "since", "until", "limit"),
    "facts": ("brand", "kind", "source", "since", "until", "limit"),
    "documents": ("brand", "source", "since", "until", "limit"),
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "changes": (
        *("id", "detected_at", "since", "brand", "kind", "change", "subject", "before_value", "after_value", "text"),
        *("rule", *_CITATION, "source_count", "other_urls", "alerts", "silence"),
    ),
    "facts": FACT_FIELDS,
    "documents": (
        *("id", *_CITATION, "language", "source", "version", "latest", "fetched_at", "baseline", "characters", "facts"),
    ),
}
"""The columns of CSV."""


@click.command(short_help="Changes, facts or documents as CSV, JSON Lines or Atom.")
@click.argument("what", type=Word("export", KINDS), required=False, metavar="[changes|facts|documents]")
@click.option("--format", "form", type=Word("format", FORMATS), help="Default: by the name of the file, else csv.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to; default: standard output.")
@click.option("--gold", is_flag=True, help="The documents that people have reviewed, as labelled examples.")
@filtered("brand", "kind", "source", "since", "until", "limit")
@placed
def export(place: Place, filters: Filters, what: str | None, form: str | None, output: Path | None, gold: bool) -> None:
    """The history for other programs, newest first; each row has what it cites: address, title, date, outlet, sentence.

    CSV is safe to open in a spreadsheet. Atom is a feed of changes for any feed reader. --gold writes what
    `brand-monitor evaluate` reads: facts that people accepted or corrected; those nobody has reviewed are optional.
    """
    if gold:
        _export_gold(place, filters, what, form, output)
        return
    if what is None:
        raise UsageError(f"say what to export: {', '.join(KINDS)}, or --gold")
    form = form or (_SUFFIXES.get(output.suffix.casefold()) if output else None) or "csv"
    _refuse(what, form, filters)
    with opened(place) as (queries, zone):
        rows = _ROWS[what](queries, filters.checked(queries, zone, form))
    _write(_text(what, form, rows, filters), output)
    note(_number(rows, what) + (f" written to {output}" if output else ""))


def _refuse(what: str, form: str, filters: Filters) -> None:
    for name in ("kind", "source"):
        if getattr(filters, name) is not None and name not in _FILTERS[what]:
            raise UsageError(f"--{name} does not go with {what}; {what} have --{', --'.join(_FILTERS[what])}")
    if form == "atom" and what != "changes":
        raise UsageError(f"an Atom feed is of changes; write {what} with --format csv or jsonl")


def _changes(queries: Queries, filters: Mapping[str, Any]) -> list[Row]:
    found = queries.changes(**filters)
    cited = queries.cited(row["id"] for row in found)
    return [_change(row, cited.get(row["id"], [])) for row in found]


def _change(row: Row, sources: list[Row]) -> Row:
    names = [name for name in _FIELDS["changes"] if name in row]
    others = [source["url"] for source in sources[1:]]
    counted = {"source_count": len(sources), "other_urls": others}
    return (
        {name: row[name] for name in names}
        | counted
        | {"before": row["before"], "after": row["after"], "sources": sources}
    )


def _facts(queries: Queries, filters: Mapping[str, Any]) -> list[Row]:
    return [fact_row(row) for row in queries.facts(**filters)]


def _documents(queries: Queries, filters: Mapping[str, Any]) -> list[Row]:
    found = queries.documents(**filters)
    sentences = queries.sentences(row["id"] for row in found)
    return [
        {name: row.get(name) for name in _FIELDS["documents"]} | {"evidence": sentences.get(row["id"], [])}
        for row in found
    ]


_ROWS: Mapping[str, Callable[[Queries, Mapping[str, Any]], list[Row]]] = {
    "changes": _changes,
    "facts": _facts,
    "documents": _documents,
}


def _text(what: str, form: str, rows: list[Row], filters: Filters) -> str:
    match form:
        case "csv":
            return csv_text([_flat(row) for row in rows], _FIELDS[what])
        case "atom":
            about = " ".join(word for word in (filters.brand, filters.kind) if word)
            return feed(rows, f"brand-monitor: changes{f' of {about}' if about else ''}", datetime.now(UTC))
        case _:
            return _lines(rows)


def _flat(row: Row) -> Row:
    """Lists of sentences and addresses as lines of one cell."""
    return {
        name: "\n".join(value) if name in ("evidence", "other_urls") and isinstance(value, list) else value
        for name, value in row.items()
    }


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"{inert_json(row)}\n" for row in rows)


def _export_gold(place: Place, filters: Filters, what: str | None, form: str | None, output: Path | None) -> None:
    if filters.any or filters.limit or what not in (None, "documents") or form not in (None, "jsonl"):
        raise UsageError("--gold writes all reviewed documents as JSON Lines; it takes --output and nothing else")
    with opened(place) as (queries, _):
        rows = [_labelled(document) for document in queries.reviewed_documents()]
    _write(_lines(rows), output)
    if rows:
        note(_number(rows, "documents") + (f" written to {output}" if output else ""))
    else:
        note("no document is reviewed yet; `brand-monitor review accept FACT --by NAME` begins")


def _number(rows: list[Row], what: str) -> str:
    return f"{len(rows)} {what if len(rows) != 1 else what[:-1]}"


def _labelled(document: Mapping[str, Any]) -> Row:
    """A reviewed document as a gold file holds it. A fact that nobody has reviewed is neither a miss nor false."""
    version = f"#version-{document['version']}" if document["version"] > 1 else ""
    facts = [
        claim["attributes"] | {"optional": claim["verdict"] is None, "primary": True}
        for claim in document["claims"]
        if claim["verdict"] == "accept" or (claim["verdict"] is None and not claim["closed"])
    ]
    taken = {name: document[name] for name in ("url", "title", "published")}
    head = {"id": f"{document['url']}{version}", **taken, "lang": document["language"]}
    return head | {"brand_hint": document["brand_hint"], "text": document["text"], "facts": facts}


def _write(text: str, output: Path | None) -> None:
    """Writes all or nothing: whoever reads the file meanwhile sees the old one or the new one."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).chmod(0o644 if not output.exists() else output.stat().st_mode & 0o777)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{output}: cannot be written: {reason}") from error
