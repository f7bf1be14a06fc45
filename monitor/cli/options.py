"""The options that several commands share: which config, which database, which format. Opens no database."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor import config
from monitor.cli.values import Word
from monitor.errors import ConfigError
from monitor.models import Source
from monitor.settings import EngineSettings, HttpSettings, Settings

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "json", "jsonl", "csv")


@dataclass(frozen=True, slots=True)
class Place:
    """Which config and which database a command works with, as far as it was told."""

    config: Path | None
    db: Path | None

    def settings(self) -> Settings:
        """The settings. Raises ConfigError when there are none or they are wrong."""
        return config.load(config.find(self.config), self.db)

    def settings_if_any(self) -> Settings | None:
        """The settings; None when there is no config and none was asked for."""
        try:
            path = config.find(self.config)
        except ConfigError:
            if self.config is not None:
                raise
            return None
        return config.load(path, self.db)

    def http(self) -> HttpSettings:
        """How pages are fetched; as usual when there is no config and none was asked for. Raises ConfigError, also for
        a secret of theirs that is not there."""
        settings = self.settings_if_any()
        if settings is None:
            return HttpSettings()
        settings.require_secrets("[http]")
        return settings.http

    def sources(self) -> Sequence[Source]:
        """The configured sources; none when there is no config and none was asked for."""
        settings = self.settings_if_any()
        return settings.sources if settings else ()

    def engine(self) -> EngineSettings:
        """Where stored pages are read; as usual when there is no config and none was asked for."""
        settings = self.settings_if_any()
        return settings.engine if settings else EngineSettings()

    def history(self) -> tuple[Path, tzinfo]:
        """The database, and the zone of the times that people are shown.

        Only a database was named: no config is needed, and times are UTC.
        """
        if self.db is not None and self.config is None:
            return self.db, UTC
        settings = self.settings()
        return settings.database, settings.timezone


def placed(command: Command) -> Command:
    """Gives the command `--config` and `--db`, which may also stand before its name, and passes them as `place`."""

    @click.option("--config", type=click.Path(path_type=Path), help="The config file.")
    @click.option("--db", type=click.Path(path_type=Path), help="The database, instead of the config's.")
    @functools.wraps(command)
    def with_place(*arguments: Any, config: Path | None, db: Path | None, **named: Any) -> Any:
        before = click.get_current_context().find_root().params
        place = Place(config or before.get("config"), db or before.get("db"))
        return command(*arguments, place=place, **named)

    return with_place  # type: ignore[return-value]  # wraps keeps the name and the options, not the type


def formatted(command: Command) -> Command:
    """Gives the command `--format` and passes it as `form`: a table for people, lines of JSON for programs."""

    @click.option("--format", "form", type=Word("format", FORMATS), help="Default: table; jsonl when piped.")
    @functools.wraps(command)
    def with_format(*arguments: Any, form: str | None, **named: Any) -> Any:
        return command(*arguments, form=form or ("table" if sys.stdout.isatty() else "jsonl"), **named)

    return with_format  # type: ignore[return-value]
