"""The types of options' values: words, lists of words, dates. A value that is wrong is told with what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import click

from monitor.settings import UNITS, hint

_UNITS = UNITS | {"w": 7 * UNITS["d"]}


class Word(click.ParamType[str]):
    """One of some words, in any case. A wrong one gets the closest."""

    def __init__(self, name: str, words: Iterable[str]) -> None:
        self.name = name
        self.words = tuple(words)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = value.casefold().replace("-", "_")
        if word in self.words:
            return word
        raise click.BadParameter(f'there is no {self.name} "{value}"{hint(word, self.words)}', ctx, param)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "|".join(self.words) if len(self.words) <= 5 else self.name.upper()


class Moment(click.ParamType["date | datetime | timedelta"]):
    """A day, a minute, or how long ago. `resolve` makes a moment of it."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime | timedelta:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # a default, or converted before
        text = value.strip()
        try:
            if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text):
                return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return date.fromisoformat(text)
            if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", text):
                return datetime.fromisoformat(text)
        except (ValueError, OverflowError):  # the 30th of February; longer than any time
            pass
        raise click.BadParameter(
            f'"{value}" is no date; write it like 2026-01-31, or as a time ago: 7d, 12h, 2w.', ctx, param
        )

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "DATE|AGO"


def resolve(moment: date | datetime | timedelta | None, now: datetime, zone: tzinfo, *, end: bool) -> datetime | None:
    """The UTC moment that was meant. A day is its first moment or, with `end`, the first of the next day."""
    match moment:
        case None:
            return None
        case timedelta():
            try:
                return now - moment
            except OverflowError:
                return datetime.min.replace(tzinfo=UTC)
        case datetime():
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        case _:
            try:
                day = moment + timedelta(days=1) if end else moment
                return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
            except OverflowError:
                return datetime.max.replace(tzinfo=UTC) if end else datetime.min.replace(tzinfo=UTC)


class Listed(click.ParamType["tuple[str, ...]"]):
    """Several words with commas between them, each once."""

    def __init__(self, name: str, words: Iterable[str]) -> None:
        self.name = name
        self._word = Word(name, words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if not isinstance(value, str):
            return tuple(value)
        words = [word.strip() for word in value.split(",")]
        return tuple(dict.fromkeys(self._word.convert(word, param, ctx) for word in words))

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return ",".join(self._word.words)
