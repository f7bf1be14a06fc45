"""`audit`: what does not add up among the figures of one brand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from monitor.cli.asking import brand_name, opened
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.exports.cells import inert, shortened
from monitor.models import Claim
from monitor.parser.audit import Discrepancy, audit
from monitor.parser.facts import revive

_LONGEST = 300
_FIELDS = ("rule", "brand", "scope", "text", "sources")


@click.command("audit", short_help="What does not add up among a brand's figures.")
@click.argument("brand")
@click.option("--strict", is_flag=True, help="Exit 1 when something is found.")
@formatted
@placed
def audit_command(place: Place, form: str, brand: str, strict: bool) -> None:
    """What does not add up among the figures that are told of BRAND, each with the sentences that it is about.

    Counts against entries and exits, additions against the counts around them, ordinals ("its 40th market") against
    counts, named countries against a number, targets whose day has passed. It judges nobody and changes nothing.
    """
    with opened(place) as (queries, zone):
        name = brand_name(queries, brand)
        claims: list[Claim] = [claim for about in queries.claims(name, revive).values() for claim in about]
        found = audit(claims, datetime.now(UTC))
    if form == "table":
        for line in (line for discrepancy in found for line in _told(discrepancy)):
            click.echo(inert(line))
    else:
        emit([one.as_json() for one in found], form, (), zone=zone, fields=_FIELDS)
    if not found:
        note(f"nothing found: the figures of {name} add up" if claims else f"nothing found: nothing is known of {name}")
    if strict and found:
        click.get_current_context().exit(1)


def _told(discrepancy: Discrepancy) -> Iterator[str]:
    yield discrepancy.text
    for source in discrepancy.sources:
        day = f", {source.published[:10]}" if source.published else ""
        quoted = shortened(" ".join(source.evidence.split()), _LONGEST)
        yield f"    {source.outlet} ({source.authority}{day}): “{quoted}”"
        yield f"    {source.url}"
