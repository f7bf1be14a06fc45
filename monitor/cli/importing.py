"""`import`: what other programs watch becomes sources of the config."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from monitor import config
from monitor.cli.options import Place, placed
from monitor.errors import UsageError
from monitor.exchange import additions, formats
from monitor.exchange.found import Findings
from monitor.exports.cells import inert

LARGEST = 50_000_000
"""Bytes of a file that are read; nobody watches so much."""


@click.command("import", short_help="Sources from OPML, urlwatch, webchanges, changedetection.io.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
@placed
def import_sources(place: Place, file: Path, dry_run: bool) -> None:
    """Add what another program watches to the config, and say what could not be carried over.

    FILE is OPML, the jobs of urlwatch or webchanges (YAML), the url-watches.json or the backup of changedetection.io,
    or a list of addresses. An address that is there already is left out. What stands in the config stays as it is.
    Exits 1 when the file is cut off or broken: what could be read of it is added.
    """
    settings = config.load(config.find(place.config))
    findings = _read(file)
    planned = additions.plan(findings.candidates, settings)
    if planned.additions and not dry_run:
        additions.write(settings, planned.additions, file.name)
    for line in _told(findings, planned):
        click.echo(inert(line))
    count = len(planned.additions)
    number = f"{count} source{'' if count == 1 else 's'}"
    done = f"{number} would be added to" if dry_run else f"{number} added to"
    click.echo(inert(f"{done} {settings.path}; kind and outlet are guesses, look them through"), err=True)
    if findings.broken:
        click.echo(inert(f"{file}: {findings.broken}; what else stands there could not be read"), err=True)
        click.get_current_context().exit(1)


def _read(file: Path) -> Findings:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{file}: cannot be read: {reason}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{file}: larger than {LARGEST // 1_000_000} MB; that is no list of sources")
    try:
        return formats.read(content)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def _told(findings: Findings, planned: additions.Plan) -> Iterator[str]:
    """A line for each thing: what is added and without what, what is there already, what is left out and why."""
    for addition in planned.additions:
        source = addition.source
        state = "" if source.enabled else ", switched off as there"
        yield f"added: {source.name} ({source.kind}) {source.url}{state}"
        if addition.lost:
            yield f"  not carried over: {', '.join(addition.lost)}"
    for url in planned.known:
        yield f"there already: {url}"
    for title, reason in planned.refused:
        yield f"left out: {title}: {reason}"
    for line in findings.left_out:
        yield f"left out: {line}"
