"""`evaluate`: how well today's reading finds what people found in labelled documents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import click

from monitor.cli import documents
from monitor.cli.documents import BadLine, Told, opened
from monitor.cli.options import formatted
from monitor.cli.output import emit
from monitor.cli.values import Listed
from monitor.errors import UsageError
from monitor.exports.cells import Column, Row, inert, shortened
from monitor.exports.written import inert_json
from monitor.notifier.wording import fact_words
from monitor.parser.evaluate import KINDS, Mistake, Score, Tally, score

FIELDS = ("kind", "language", "found", "false", "missed", "precision", "recall", "f1", "macro_f1")


def _figure(name: str) -> Callable[[Row], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:.3f}"


COLUMNS = (
    Column("kind", "kind"),
    Column("language", "language"),
    *(Column(name, name, number=True) for name in ("found", "false", "missed")),
    *(Column(name.replace("_", " "), _figure(name), number=True) for name in FIELDS[5:]),
)


@click.command(short_help="Score the reading against labelled documents.")
@click.argument("gold", nargs=-1, required=True, metavar="GOLD.jsonl...")
@click.option("--errors", is_flag=True, help="Every miss and every false fact too.")
@click.option("--by", type=Listed("grouping", ("kind", "language")), default="kind,language", show_default=True)
@click.option("--floor", type=click.FloatRange(0, 1), metavar="F1", help="Exit 1 when F1 over all facts is below this.")
@formatted
def evaluate(gold: tuple[str, ...], errors: bool, by: tuple[str, ...], floor: float | None, form: str) -> None:
    """Precision, recall and F1 of the reading against labelled documents, by kind and language.

    A gold file holds a document a line, as `extract --jsonl` reads them, with its "facts". F1 is over all facts
    together (micro); macro F1 is the mean over documents, and of all kinds, as a document is about several.
    """
    if errors and form == "csv":
        raise UsageError("--errors does not go with --format csv: a mistake has no figures; use table, json or jsonl")
    labelled = [document for name in gold for document in _gold(name)]
    _refuse_repeated(labelled)
    result = score(labelled, _predictions(labelled))
    rows = [*_rows(result, by), _row(result.tally(), "all", "all", result.macro_f1())]
    if form == "json":
        click.echo(inert_json(_report(result, rows, errors), indent=2))
    else:
        mistakes = [_mistake(one) for one in result.mistakes] if errors and form == "jsonl" else []
        emit([*rows, *mistakes], form, COLUMNS, zone=UTC, fields=FIELDS)
        if form == "table":
            _notes(result, errors)
    overall = result.tally().f1
    if floor is not None and overall < floor:
        click.echo(f"F1 {overall:.4f} is below the floor {floor:g}", err=True)
        click.get_current_context().exit(1)


def _gold(name: str) -> list[dict[str, Any]]:
    """The labelled documents of a file. Raises UsageError with the file and the line that is wrong."""
    found = []
    with opened(name) as stream:
        for number, line in documents.lines(stream):
            try:
                found.append(_labelled(documents.parse(line)))
            except BadLine as error:
                raise UsageError(f"{name}: line {number}: {error}") from error
    if not found:
        raise UsageError(f"{name}: there is no document in it")
    return found


_REQUIRED = {
    "market_count": ("count", "status"),
    "new_markets": ("count", "status"),
    "market_entry": ("market", "status"),
    "model_announcement": ("model",),
}


def _labelled(data: dict[str, Any]) -> dict[str, Any]:
    labels = data.get("facts")
    if not isinstance(labels, list):
        raise BadLine('"facts" is missing: a gold document lists its facts, [] when it has none')
    for label in labels:
        kind = label.get("kind") if isinstance(label, dict) else None
        if kind not in KINDS:
            raise BadLine(f'a fact\'s "kind" must be one of {", ".join(KINDS)}')
        if missing := [key for key in ("brand", *_REQUIRED[kind]) if key not in label]:
            raise BadLine(f'a {kind} lacks "{missing[0]}"')
    return data


def _refuse_repeated(labelled: Iterable[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for document in labelled:
        if str(document["id"]) in seen:
            raise UsageError(f'the id "{document["id"]}" is there twice; each document is scored once')
        seen.add(str(document["id"]))


def _predictions(labelled: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with click.progressbar(labelled, label="reading", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for document in bar:
            found[str(document["id"])] = [fact.as_json() for fact in documents.facts(document, Told())]
    return found


def _rows(result: Score, by: Sequence[str]) -> list[Row]:
    """A row for each group that holds something, and for each of several languages one over its kinds; macro F1 where a
    group is whole documents."""
    filled = [group for group, tally in result.tallies.items() if tally.found or tally.false or tally.missed]
    languages = {language for _, language in filled}
    groups = {(kind if "kind" in by else None, language if "language" in by else None) for kind, language in filled}
    if "language" in by and len(languages) > 1:
        groups |= {(None, language) for language in languages}
    ordered = sorted(groups, key=lambda group: (KINDS.index(group[0]) if group[0] else len(KINDS), group[1] or ""))
    return [
        _row(
            result.tally(kind=kind, language=language),
            kind or "all",
            language or "all",
            None if kind else result.macro_f1(language),
        )
        for kind, language in ordered
    ]


def _row(tally: Tally, kind: str, language: str, macro: float | None) -> dict[str, Any]:
    figures = {name: round(getattr(tally, name), 4) for name in ("precision", "recall", "f1")}
    counts = {"found": tally.found, "false": tally.false, "missed": tally.missed}
    return {
        "kind": kind,
        "language": language,
        **counts,
        **figures,
        "macro_f1": None if macro is None else round(macro, 4),
    }


def _report(result: Score, rows: Sequence[Row], errors: bool) -> dict[str, Any]:
    attributes = [
        {"kind": kind, "attribute": name, "right": share.right, "of": share.of, "accuracy": round(share.accuracy, 4)}
        for (kind, name), share in sorted(result.attributes.items())
    ]
    report = {"documents": len(result.macro), "scores": list(rows), "attributes": attributes}
    return report | ({"mistakes": [_mistake(one) for one in result.mistakes]} if errors else {})


def _mistake(mistake: Mistake) -> dict[str, Any]:
    names = ("document", "language", "what", "reason")
    return {name: getattr(mistake, name) for name in names} | {"fact": dict(mistake.fact)}


def _notes(result: Score, errors: bool) -> None:
    """Below the table: how often the other values of the facts found were right, and the mistakes."""
    click.echo(f"\n{len(result.macro)} documents. Right among the facts found, where the label has a value:")
    for (kind, name), share in sorted(result.attributes.items()):
        click.echo(f"  {kind} {name}: {share.right} of {share.of}")
    for mistake in result.mistakes if errors else ():
        told = f"{mistake.what:6}  {mistake.document}  {mistake.fact['kind']} {mistake.fact['brand']}"
        evidence = shortened(str(mistake.fact.get("evidence") or ""), 200)
        click.echo(inert(f"{told}: {fact_words(mistake.fact)} ({mistake.reason}): {evidence}"))
