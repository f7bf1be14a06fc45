"""The types of options' values: words, lists of words, dates. A value that is wrong is told with what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import click

from monitor.exports.moments import parse
from monitor.settings import hint


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
    """A day, a minute, or how long ago. `monitor.exports.moments.resolve` makes a moment of it."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime | timedelta:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # a default, or converted before
        try:
            return parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "DATE|AGO"


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
