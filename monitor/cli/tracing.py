"""`timeline` and `why`: how a belief came to be, step by step, and where one step came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

import click

from monitor.cli.asking import KIND, brand_name, opened
from monitor.cli.options import FORMATS, Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.cli.values import Moment, Word
from monitor.errors import UsageError
from monitor.exports.cells import Row, inert, shortened, shown
from monitor.exports.columns import COLUMNS
from monitor.exports.moments import resolve
from monitor.exports.written import inert_json
from monitor.notifier.wording import fact_words

_LONGEST = 300
_JUDGED = {
    "accept": "accepted",
    "reject": "rejected as misread",
    "untrue": "rejected as untrue",
    "correct": "corrected",
    "overruled": "overruled",
}


@click.command(short_help="How what is believed of a brand moved, step by step.")
@click.argument("brand")
@click.argument("kind", type=KIND, required=False, metavar="[KIND]")
@click.option("--as-of", type=Moment(), help="What was so on that date: one line for each subject.")
@click.option("--known-at", type=Moment(), help="What the monitor knew by then.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many steps, the newest.")
@formatted
@placed
def timeline(
    place: Place,
    form: str,
    brand: str,
    kind: str | None,
    as_of: date | datetime | timedelta | None,
    known_at: date | datetime | timedelta | None,
    limit: int | None,
) -> None:
    """How what is believed of a brand moved, oldest step first, each with its sources.

    Two times are kept: since when it was so, and when the monitor knew.
    """
    now, second = datetime.now(UTC), timedelta(seconds=1)
    with opened(place) as (queries, zone):
        so_on = resolve(as_of, now, UTC, end=True)  # documents' dates have no zone
        by_then = resolve(known_at, now, zone, end=True)
        steps = queries.timeline(
            brand_name(queries, brand),
            kind,
            as_of=so_on and so_on - second,
            known_at=by_then and by_then - second,
            limit=limit,
        )
    if form == "table":
        _tell([line for step in steps for line in _step(step, zone)])
    else:
        emit(steps, form, (), zone=zone, fields=COLUMNS["timeline"])
    if not steps:
        note("nothing was known of this; `brand-monitor facts --brand NAME` lists single claims")


def _step(step: Row, zone: tzinfo) -> Iterator[str]:
    name = f", {step['id'][:8]}" if step["id"] else ""
    yield f"{step['since'][:10]}  {step['text']}  [{step['change']}{name}]"
    yield f"            known since {shown(step['detected_at'], zone)}"
    for source in step["sources"]:
        yield f"            {_speaker(source)}: {_quoted(source['evidence'])}"
        yield f"            {source['url']}"


def _speaker(source: Row) -> str:
    return f"{source['outlet']} ({source['authority']}{', ' + source['published'][:10] if source['published'] else ''})"


def _quoted(evidence: str) -> str:
    return f"“{shortened(' '.join(evidence.split()), _LONGEST)}”"


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(inert(line))


@click.command(short_help="Where a change came from and what became of it.")
@click.argument("change", required=False)
@click.option("--fact", type=click.IntRange(min=1), metavar="ID", help="What became of this claim instead.")
@click.option(
    "--format", "form", type=Word("format", FORMATS), default="table", help="Default: table, also when piped."
)
@placed
def why(place: Place, form: str, change: str | None, fact: int | None) -> None:
    """Where a change came from and what became of it: sentences, sources, rule, messages or the reason for silence.

    CHANGE is an id as `brand-monitor changes` lists it; its beginning will do. With --fact, an id as `brand-monitor
    facts` lists it: the change that this claim brought, or why it brought none.
    """
    if (change is None) == (fact is None):
        raise UsageError("name a change, or a claim with --fact ID")
    with opened(place) as (queries, zone):
        found = queries.why(change) if change is not None else queries.why_fact(fact or 0)
    match form:
        case "table":
            _tell(_account(found, zone) if change is not None else _fate(found, zone))
        case "csv":
            emit([found], form, (), zone=zone)
        case _:
            click.echo(inert_json(found, indent=2 if form == "json" else None))


def _account(change: Row, zone: tzinfo) -> Iterator[str]:
    yield change["text"]
    attribute = f" · {change['aspect']}" if change["aspect"] else ""
    yield f"  {change['change']} · {change['kind']} · {change['subject']}{attribute} · id {change['id']}"
    yield f"  so since   {change['since'][:10]}"
    yield f"  known at   {shown(change['detected_at'], zone)}"
    if change["check"]:
        yield f"  check      no. {change['check']['id']} of {change['check']['source']}"
    for name in ("before", "after"):
        if change[name]:
            yield f"  {name:9}  {fact_words(change[name])}"
    yield f"  why        {change['rule']}"
    if change["plan"]:
        yield f"  the plan   {_speaker(change['plan'])}: {_quoted(change['plan']['evidence'])}"
        yield f"             {change['plan']['url']}"
    yield f"Sources ({_counts(change)}), the one that decided first:"
    for source in change["sources"]:
        copied = "" if source["standing"] == "independent" else f" [{source['standing']}]"
        yield f"  {_speaker(source)}: {source['title'] or 'no title'}{copied}"
        yield f"    {_quoted(source['evidence'])}"
        yield f"    {source['url']}"
    yield from _became(change, zone)


def _became(change: Row, zone: tzinfo) -> Iterator[str]:
    if not change["alerts"]:
        yield f"Nobody was told: {change['silence']}"
        return
    yield {"held": "Held:", "told": "Told:", "silent": "Nobody was told:"}[change["fate"]]
    yield from _messages(change["alerts"], zone, held=change["fate"] == "held")


def _counts(row: Row) -> str:
    """How the claims count: `1 independent, 5 syndicated`."""
    names = ("independent", "syndicated", "sponsored")
    return ", ".join(f"{row[name]} {name}" for name in names if row[name] or name == "independent")


def _fate(fact: Row, zone: tzinfo) -> Iterator[str]:
    yield f"{fact['brand']}: {fact['subject']}: {fact['value']}"
    yield f"  {fact['kind']} · fact {fact['id']} · recorded {shown(fact['recorded_at'], zone)}"
    yield f"  {_speaker(fact)}: {_quoted(fact['evidence'])}"
    yield f"    {fact['url']}"
    if fact["standing"]:
        side = "for" if fact["role"] == "supports" else "against"
        yield f"  {fact['standing']}; {side} what is believed: {_counts(fact)}"
    if fact["verdict"]:
        yield f"  {_JUDGED[fact['verdict']]} by {fact['reviewer']}"
    if fact["change"]:
        change = fact["change"]
        yield f"It brought the change {change['id']}: {change['text']}"
        yield f"  {change['fate']}" + (f": {change['silence']}" if change["silence"] else "")
    else:
        yield f"It brought no change: {fact['silence']}"


def _messages(alerts: Sequence[Row], zone: tzinfo, *, held: bool) -> Iterator[str]:
    for alert in alerts:
        reason = f" ({alert['reason']})" if alert["reason"] else ""
        until = f" until {shown(alert['not_before'], zone)}" if held else ""
        status = f"{alert['status']}{until}{reason}"
        yield f"  {alert['channel']} → {alert['recipient']}: {status}, by the rule “{alert['rule']}”"
        for attempt in alert["attempts"]:
            yield f"    {shown(attempt['attempted_at'], zone)}  {attempt['answer']}: {attempt['detail']}"
