"""`alerts` and `silence`: the messages sent or waiting, what a person does about them, what rules would have told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from monitor.cli.asking import KIND, Filters, brand_name, capped, filtered, nothing, opened
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.cli.values import Moment
from monitor.errors import UsageError
from monitor.exports.cells import Column, inert, shown
from monitor.exports.columns import COLUMNS
from monitor.exports.moments import resolve
from monitor.history import History
from monitor.models import Answer, Change, Delivery, Silence
from monitor.notifier.route import route
from monitor.parser.facts import revive
from monitor.settings import Settings, hint

_COLUMNS = (
    Column("id", lambda row: row["id"][:8]),
    Column("queued", "queued_at"),
    Column("channel", "channel"),
    Column("to", "recipient"),
    Column("status", "status"),
    Column("what", lambda row: _what(row), wide=True),
    Column("answer", lambda row: row["reason"] or row["last_answer"], wide=True),
)


def _what(row: Any) -> str:
    more = f" (+ {row['changes'] - 1})" if row["changes"] > 1 else ""
    return f"{row['text']}{more}"


@click.group(invoke_without_command=True, short_help="The messages sent or waiting, and the answers to them.")
@filtered("brand", "kind", "since", "until", "limit")
@formatted
@placed
@click.pass_context
def alerts(ctx: click.Context, place: Place, form: str, filters: Filters) -> None:
    """The messages that were sent or wait to be, newest first, with the other side's last answer.

    `alerts show`, `retry` and `drop` take an id as this lists it; its beginning will do.
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened(place) as (queries, zone):
        rows = queries.alerts(**filters.checked(queries, zone, form))
        if not emit(capped(rows, filters, form), form, _COLUMNS, zone=zone, fields=COLUMNS["alerts"]):
            nothing("alerts", filters, "there is one for each change that a rule under [[alerts]] asks for")


@alerts.command("show", short_help="All changes that a message tells of.")
@click.argument("message")
@formatted
@placed
def show(place: Place, form: str, message: str) -> None:
    """All changes that a message tells of, also those that it had no room for."""
    columns = (
        Column("id", lambda row: row["id"][:8]),
        Column("detected", "detected_at"),
        Column("change", "change"),
        Column("what", "text", wide=True),
    )
    with opened(place) as (queries, zone):
        alert, changes = queries.message(message)
        fields = ("id", "detected_at", "brand", "kind", "change", "text")
        if not emit(changes, form, columns, zone=zone, fields=fields):
            note(inert(alert["text"]))


@alerts.command("retry", short_help="Send messages that were not sent, now.")
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE...")
@placed
def retry(place: Place, messages: Sequence[str]) -> None:
    """Let messages that failed, wait, were dropped or silenced go out, with all their attempts before them again.

    The running service sends them; without one, the next `brand-monitor check` does. Their channels are tried again,
    also those that rest or wanted no more.
    """
    _act(place, messages, "waits to be sent", lambda history, now: history.retry_alerts(messages, now))


@alerts.command("drop", short_help="Never send messages that wait or failed.")
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE...")
@click.option("--note", default="dropped by hand", metavar="TEXT", show_default=True, help="Why.")
@placed
def drop(place: Place, messages: Sequence[str], note: str) -> None:
    """Never send messages that wait or have failed. They stay in the list; `alerts retry` undoes it."""
    _act(place, messages, "is dropped", lambda history, now: history.drop_alerts(messages, note, now))


def _act(place: Place, messages: Sequence[str], done: str, act: Callable[[History, datetime], Sequence[str]]) -> None:
    with _history(place) as history:
        changed = act(history, datetime.now(UTC))
    for alert_id in changed:
        click.echo(f"{alert_id}: {done}")
    if len(changed) < len(messages):
        note(f"{len(messages) - len(changed)} stay as they are: sent already, settled otherwise, or being sent now")
        click.get_current_context().exit(1)


@contextmanager
def _history(place: Place) -> Iterator[History]:
    """The history, to write, when there is one. Raises DatabaseError."""
    with opened(place):
        pass  # it is there and sound: nothing is created by mistake
    with History(place.history()[0], revive=revive) as history:
        yield history


@alerts.command("preview", short_help="What today's rules would have told; sends nothing.")
@click.option("--since", type=Moment(), required=True, help="Of what came to be known from then on, as in 30d.")
@formatted
@placed
def preview(place: Place, form: str, since: date | datetime | timedelta) -> None:
    """What the config's rules would have told of the history, message by message. Sends nothing, changes nothing.

    Each message as it would have gone out if every channel had taken it at once: grouped, held by quiet hours, in
    digests. Silences are left out.
    """
    settings = place.settings()
    columns = (
        Column("at", "not_before"),
        Column("channel", "channel"),
        Column("to", "recipient"),
        Column("rule", "rule"),
        Column("changes", "changes", number=True),
        Column("what", lambda row: _what(row), wide=True),
    )
    with opened(place) as (queries, zone):
        moment = resolve(since, datetime.now(UTC), zone, end=False)
        assert moment is not None
        changes = queries.changed_since(moment)
    names = ("not_before", "channel", "recipient", "rule", "digest", "changes", "text")
    rows = [{name: row[name] for name in names} for row in _previewed(changes, settings)]
    if not emit(rows, form, columns, zone=settings.timezone, fields=names):
        note(f"of {len(changes)} changes since then, no rule would have told any")


def _previewed(changes: Sequence[Change], settings: Settings) -> list[dict[str, Any]]:
    """The messages that these changes make in an outbox of their own, oldest first."""
    taken = Delivery(answer=Answer.SENT, detail="a preview")
    with TemporaryDirectory() as folder, History(Path(folder, "preview.db"), revive=revive) as history:
        for change in changes:
            now = change.detected_at
            for channel in settings.channels:
                for alert, _ in history.claim_alerts(channel.name, now, timedelta(1), len(changes) + 1):
                    history.settle_alert(alert.id, taken, now, None)
            with history.writing():
                history.add_changes([replace(change, plan=None)], None)
                history.queue(route([change], settings.alerts, settings.channels, now, settings.timezone), now)
        return history.queries.alerts()[::-1]


@click.group(short_help="Hear nothing of a brand, kind or channel for a while.")
def silence() -> None:
    """Hear nothing of a brand, kind or channel for a while. What changes is kept, and `why` says who was not told."""


@silence.command("add", short_help="Silence until a day or for a time.")
@click.option("--brand", metavar="NAME", help="Only of this brand.")
@click.option("--kind", type=KIND, help="Only of this kind.")
@click.option("--channel", metavar="NAME", help="Only on this channel.")
@click.option("--until", type=Moment(), required=True, metavar="DATE|TIME", help="A day (whole), a time, or 7d.")
@click.option("--note", metavar="TEXT", help="Why.")
@placed
def add(
    place: Place,
    brand: str | None,
    kind: str | None,
    channel: str | None,
    until: date | datetime | timedelta,
    note: str | None,
) -> None:
    """Tell nobody of changes from now on until the end: of a brand, of a kind, on a channel, or of all three at once.

    Messages that wait already still go out. A silenced message can be sent later: `brand-monitor alerts retry ID`.
    """
    if not (brand or kind or channel):
        raise UsageError("silence add: name a --brand, a --kind or a --channel")
    if channel:
        _known_channel(place, channel)
    now = datetime.now(UTC)
    with opened(place) as (queries, zone):
        named = brand_name(queries, brand) if brand else None
        end = now + until if isinstance(until, timedelta) else resolve(until, now, zone, end=True)
    if end is None or end <= now:
        raise UsageError("silence add: --until is over already")
    with _history(place) as history:
        wanted = Silence(id=0, until=end, brand=named, kind=kind, channel=channel, note=note)
        number = history.add_silence(wanted, now)
    click.echo(f"silence {number} holds until {shown(end.isoformat(timespec='seconds').replace('+00:00', 'Z'), zone)}")


def _known_channel(place: Place, name: str) -> None:
    known = [channel.name for channel in place.settings().channels]
    if name not in known:
        raise UsageError(f'there is no channel "{name}"{hint(name, known)}')


@silence.command("list", short_help="The silences that hold now.")
@formatted
@placed
def list_silences(place: Place, form: str) -> None:
    """The silences that hold now, oldest first."""
    columns = (
        Column("silence", "id", number=True),
        Column("until", "until"),
        Column("brand", "brand"),
        Column("kind", "kind"),
        Column("channel", "channel"),
        Column("why", "note", wide=True),
    )
    with opened(place) as (queries, zone):
        rows = queries.silences(datetime.now(UTC))
        if not emit(rows, form, columns, zone=zone, fields=COLUMNS["silences"]):
            note("no silence holds; `brand-monitor silence add --brand NAME --until DATE` makes one")


@silence.command("end", short_help="End a silence now.")
@click.argument("number", type=click.IntRange(min=1))
@placed
def end(place: Place, number: int) -> None:
    """End a silence now. What it kept back stays back; `brand-monitor alerts retry ID` sends it."""
    with _history(place) as history:
        if not history.end_silence(number, datetime.now(UTC)):
            raise UsageError(f"no silence {number} holds; `brand-monitor silence list` shows those that do")
    click.echo(f"silence {number} has ended")
