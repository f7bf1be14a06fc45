"""`init`: a commented starter config from the catalogue."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import click

from monitor import catalogue
from monitor.errors import UsageError
from monitor.starter import starter_config

FILE = "monitor.toml"


@click.command(short_help="Write a commented starter config.")
@click.argument("folder", type=click.Path(path_type=Path), default=Path(), metavar="[DIR]")
@click.option("--brand", "brands", multiple=True, metavar="NAME", help="Watch this brand; several are fine.")
def init(folder: Path, brands: tuple[str, ...]) -> None:
    """Write a commented monitor.toml into DIR (here, when left out). It never overwrites one.

    It watches the brands' own newsrooms, as far as the catalogue knows them, and a handful of trade media.
    """
    chosen = {brand.id: brand for brand in map(catalogue.load().require, brands)}
    text = starter_config(tuple(chosen.values()))
    path = folder / FILE
    _write(path, text)
    count = len(tomllib.loads(text)["sources"])
    config = "" if path.parent == Path() else f"--config {shlex.quote(str(path))} "
    click.echo(
        f"Wrote {path}: {count} sources, alerts on the screen. Next:\n"
        f"  1. put in who you are: user_agent in {path}\n"
        f"  2. brand-monitor {config}doctor   checks everything\n"
        f"  3. brand-monitor {config}check    reads the sources once\n"
        f"  4. brand-monitor {config}run      watches until stopped"
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.parent.is_dir():
            raise UsageError(f"{path} is there already and stays as it is; name another folder") from None
        raise UsageError(f"{path.parent} is a file, not a folder") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{path}: cannot be written: {reason}") from error
