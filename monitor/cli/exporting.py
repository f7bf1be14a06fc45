"""`export`: the history for other programs, each row with what it cites; reviewed documents as labelled examples."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from monitor.cli.asking import Filters, filtered, opened
from monitor.cli.options import Place, placed
from monitor.cli.output import note
from monitor.cli.values import Word
from monitor.errors import UsageError
from monitor.exports.atom import feed, of_change
from monitor.exports.rows import FIELDS, ROWS, flat
from monitor.exports.written import csv_text, inert_json

Row = dict[str, Any]

KINDS = ("changes", "facts", "documents")
FORMATS = ("csv", "json", "jsonl", "atom")
_SUFFIXES = {f".{form}": form for form in FORMATS} | {".ndjson": "jsonl", ".xml": "atom"}
_FILTERS = {
    "changes": ("brand", "kind", "since", "until", "limit"),
    "facts": ("brand", "kind", "source", "since", "until", "limit"),
    "documents": ("brand", "source", "since", "until", "limit"),
}


@click.command(short_help="Changes, facts or documents as CSV, JSON or Atom.")
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
        rows = ROWS[what](queries, filters.checked(queries, zone, form))
    _write(_text(what, form, rows, filters), output)
    note(_number(rows, what) + (f" written to {output}" if output else ""))


def _refuse(what: str, form: str, filters: Filters) -> None:
    for name in ("kind", "source"):
        if getattr(filters, name) is not None and name not in _FILTERS[what]:
            raise UsageError(f"--{name} does not go with {what}; {what} have --{', --'.join(_FILTERS[what])}")
    if form == "atom" and what != "changes":
        raise UsageError(f"an Atom feed is of changes; write {what} with --format csv, json or jsonl")


def _text(what: str, form: str, rows: list[Row], filters: Filters) -> str:
    match form:
        case "csv":
            return csv_text([flat(row) for row in rows], FIELDS[what])
        case "atom":
            about = " ".join(word for word in (filters.brand, filters.kind) if word)
            return feed(
                [of_change(row) for row in rows],
                f"brand-monitor: changes{f' of {about}' if about else ''}",
                datetime.now(UTC),
            )
        case "json":
            return f"{inert_json(rows, indent=2)}\n"
        case _:
            return _lines(rows)


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
