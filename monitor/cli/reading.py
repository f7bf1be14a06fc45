"""`extract`: the facts in pages and texts, stored nowhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import click
from click.core import ParameterSource

from monitor import catalogue
from monitor.cli import documents
from monitor.cli.documents import Told
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.errors import FetchError, ReadError, UsageError
from monitor.exports.cells import Column, Row, inert
from monitor.exports.written import inert_json
from monitor.models import Document
from monitor.notifier.wording import fact_words
from monitor.parser.facts import Account, explain, read_facts
from monitor.parser.lexicon import languages
from monitor.settings import hint

_WHEN = re.compile(r"(19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?)?)?")
FIELDS = (
    *("kind", "brand", "count", "qualifier", "market", "model", "status", "stage", "basis", "markets", "when"),
    *("scope", "segment", "platform", "hedged", "evidence", "start", "end"),
)
ENTITIES = ("brand", "place", "number", "date", "name")
"""The mentions that are shown to people; the cues, which are many, are in the other formats."""
COLUMNS = (
    Column("document", "document"),
    Column("kind", "kind"),
    Column("brand", "brand"),
    Column("claim", fact_words, wide=True),
    Column("evidence", "evidence", wide=True),
)


def _published(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _WHEN.fullmatch(value):
        raise click.BadParameter(f'"{value}" is no date; write it like 2026-01-31, 2026-01 or 2026.')
    return value


def _language(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and value.lower() not in languages():
        raise click.BadParameter(f'no language "{value}" is read{hint(value.lower(), languages())}')
    return value and value.lower()


@click.command(short_help="The facts in pages or texts.")
@click.argument("inputs", nargs=-1, metavar="[FILE|URL|-]...")
@click.option("--html/--text", "html", default=None, help="What the inputs are; guessed when left out.")
@click.option("--brand", help="The brand that the text is about, if you know it.")
@click.option("--published", callback=_published, help="When it was published: relative dates count from it.")
@click.option("--lang", callback=_language, help="The text's language, as in de; found out when left out.")
@click.option("--jsonl", is_flag=True, help='Read documents {"id","text",…} a line; write {"id","facts":[…]} a line.')
@click.option("--explain", "explained", is_flag=True, help="How each sentence was read, and why a fact was dropped.")
@formatted
@placed
def extract(
    inputs: tuple[str, ...],
    html: bool | None,
    brand: str | None,
    published: str | None,
    lang: str | None,
    jsonl: bool,
    explained: bool,
    form: str,
    place: Place,
) -> None:
    """The facts in one or more pages or texts, stored nowhere.

    Without an input it reads standard input. Facts of several inputs also say which `document` they are from.
    """
    if not inputs and documents.standard_input().isatty():
        raise UsageError("nothing to read: name a file or an address, or pipe a text in")
    if "" in inputs:
        raise UsageError("an input has an empty name; name a file or an address, or - for standard input")
    _doubt(brand)
    told, names = Told(brand, published, lang), inputs or ("-",)
    if jsonl:
        _refuse_beside_jsonl({"--html/--text": html is not None, "--explain": explained})
        complete = _lines(names, told)
    else:
        found, complete = _documents(names, told, html, place)
        if explained:
            _explain(found, told, form)
        else:
            _list(found, told, form)
    if not complete:
        click.get_current_context().exit(1)


def _doubt(brand: str | None) -> None:
    """A brand that is not in the catalogue is looked for by its name alone: fine, unless it was mistyped."""
    if brand and catalogue.load().brand(brand) is None:
        close = " or ".join(catalogue.load().suggest(brand))
        meant = f" (did you mean {close}?)" if close else ""
        note(f'the catalogue has no brand "{brand}"{meant}; it is looked for by this name alone')


def _refuse_beside_jsonl(given: dict[str, bool]) -> None:
    if click.get_current_context().get_parameter_source("form") is ParameterSource.COMMANDLINE:
        given |= {"--format": True}
    for option in (option for option, used in given.items() if used):
        raise click.UsageError(f"{option} does not go with --jsonl.", click.get_current_context())


def _lines(names: Sequence[str], told: Told) -> bool:
    """Facts of each line of the files, a line each, as they come. False when a line was wrong; the others count."""
    complete = True
    write, flush = sys.stdout.write, sys.stdout.flush
    for name in names:
        with documents.opened(name) as stream:
            for number, line in documents.lines(stream):
                try:
                    data = documents.parse(line)
                except documents.BadLine as error:
                    complete = False
                    note(f"{'' if name == '-' else f'{name}: '}line {number}: {error}")
                    continue
                found = [fact.as_json() for fact in documents.facts(data, told)]
                write(f"{inert_json({'id': data['id'], 'facts': found})}\n")
                flush()
    return complete


def _documents(
    names: Sequence[str], told: Told, html: bool | None, place: Place
) -> tuple[list[tuple[str, Document]], bool]:
    """The inputs' documents and whether all could be had; the reasons why not are told."""
    from monitor.cli import inputs  # late: what pages need takes a second to load, and lines of JSON need none of it

    found = []
    contents = inputs.read_all(names, place.http)
    for name, content in contents.items():
        try:
            found.append((name, inputs.document(name, content, told, html)))
        except (FetchError, ReadError) as error:
            note(f"{'standard input' if name == '-' else name}: {error.reason}")
    return found, len(found) == len(contents)


def _list(found: Sequence[tuple[str, Document]], told: Told, form: str) -> None:
    several = len(found) > 1
    rows: list[Row] = [
        ({"document": name} if several else {}) | fact.as_json()
        for name, document in found
        for fact in read_facts(document, brand=told.brand)
    ]
    fields = ("document", *FIELDS) if several else FIELDS
    if emit(rows, form, COLUMNS, zone=UTC, fields=fields) == 0 and found:
        note("no facts found; --explain tells how each sentence was read")


def _explain(found: Sequence[tuple[str, Document]], told: Told, form: str) -> None:
    accounts = [(name, account) for name, document in found for account in explain(document, brand=told.brand)]
    if form != "table":
        emit([_account(name, account) for name, account in accounts], form, (), zone=UTC)
        return
    for name, account in accounts:
        where = f"{name}:" if len(found) > 1 else ""
        click.echo(f"{where}{account.start}-{account.end}  {inert(account.text)}")
        if seen := [mention for mention in account.mentions if mention.split()[0] in ENTITIES]:
            click.echo(f"    {inert(' · '.join(seen))}")
        for finding in account.findings:
            made = fact_words(finding.fact.as_json()) if finding.fact else "no fact"
            click.echo(f"  {finding.kind}: {inert(made)}: {inert(finding.why)}")


def _account(name: str, account: Account) -> dict[str, Any]:
    findings = [
        {"kind": one.kind, "fact": one.fact.as_json() if one.fact else None, "why": one.why, "roles": list(one.roles)}
        for one in account.findings
    ]
    return {
        "document": name,
        "start": account.start,
        "end": account.end,
        "text": account.text,
        "mentions": list(account.mentions),
        "findings": findings,
    }
