"""What the commands that ask the history share: filters, the open database, and what to say when there is nothing.

Brands and sources that are mistyped are told with the closest name. Writes nothing to any database.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import click

from monitor import catalogue
from monitor.cli.options import Command, Place
from monitor.cli.output import note
from monitor.cli.values import Moment, Word
from monitor.errors import UsageError
from monitor.exports.moments import resolve
from monitor.history import Queries
from monitor.parser.evaluate import KINDS
from monitor.settings import hint

TABLE_LIMIT = 50
"""Rows of a table when nobody asked for another number; the formats for programs have no limit of their own."""

KIND = Word("kind", KINDS)

_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "brand": click.option("--brand", metavar="NAME", help="Only of this brand."),
    "kind": click.option("--kind", type=KIND, help=f"Only of this kind: {', '.join(KINDS)}."),
    "source": click.option("--source", metavar="NAME", help="Only of this source."),
    "since": click.option("--since", type=Moment(), help="Only what came to be known from then on, as in 7d."),
    "until": click.option("--until", type=Moment(), help="Only what was known by then; a day counts whole."),
    "limit": click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many, the newest."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked for, as it was written."""

    brand: str | None = None
    kind: str | None = None
    source: str | None = None
    since: date | datetime | timedelta | None = None
    until: date | datetime | timedelta | None = None
    limit: int | None = None

    def checked(self, queries: Queries, zone: tzinfo, form: str) -> dict[str, Any]:
        """The filters as the history takes them: those that were given, and one row more than a table shows."""
        now = datetime.now(UTC)
        since, until = resolve(self.since, now, zone, end=False), resolve(self.until, now, zone, end=True)
        if since and until and since >= until:
            raise UsageError("--since is later than --until: nothing can be between them")
        limit = self.limit or (TABLE_LIMIT + 1 if form == "table" else None)
        given = {
            "brand": self.brand and brand_name(queries, self.brand),
            "kind": self.kind,
            "source": self.source and source_name(queries, self.source),
            "since": since,
            "until": until,
            "limit": limit,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def any(self) -> bool:
        return any((self.brand, self.kind, self.source, self.since, self.until))


def filtered(*names: str) -> Callable[[Command], Command]:
    """Gives the command these options and passes them as `filters`."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_filters(*arguments: Any, **named: Any) -> Any:
            filters = Filters(**{name: named.pop(name) for name in names})
            return command(*arguments, filters=filters, **named)

        for name in reversed(names):
            with_filters = _OPTIONS[name](with_filters)
        return with_filters  # type: ignore[return-value]  # wraps keeps the name and the options, not the type

    return decorate


@contextmanager
def opened(place: Place) -> Iterator[tuple[Queries, tzinfo]]:
    """The history, to read, and the zone of the times shown. Raises DatabaseError when there is none."""
    database, zone = place.history()
    with Queries.open(database) as queries:
        yield queries, zone


def brand_name(queries: Queries, asked: str) -> str:
    """The brand as the history writes it. Raises UsageError for one that nobody knows."""
    if (name := queries.brand_as_stored(asked)) is not None:
        return name
    listed = catalogue.load().brand(asked)
    if listed is not None:
        return listed.name
    stored = queries.names("brand")
    close = [*difflib.get_close_matches(asked, stored, n=2), *catalogue.load().suggest(asked)]
    meant = f'; did you mean "{close[0]}"?' if close else f"; the history has {', '.join(stored) or 'none yet'}"
    raise UsageError(f'there is no brand "{asked}"{meant}')


def source_name(queries: Queries, asked: str) -> str:
    """The source as it is configured. Raises UsageError for one that never was."""
    known = queries.names("source")
    if asked in known:
        return asked
    raise UsageError(f'there is no source "{asked}"{hint(asked, known)}')


def capped(rows: Sequence[Any], filters: Filters, form: str) -> Sequence[Any]:
    """The rows of a table without the one that shows that there are more; then says so."""
    if form != "table" or filters.limit or len(rows) <= TABLE_LIMIT:
        return rows
    note(f"the newest {TABLE_LIMIT} of more: --limit N shows others, --format csv all")
    return rows[:TABLE_LIMIT]


def nothing(what: str, filters: Filters, otherwise: str) -> None:
    """What to do next when a list is empty."""
    if filters.any:
        note(f"no {what} fit these filters; without them there may be some")
    else:
        note(f"no {what} yet; {otherwise}")
