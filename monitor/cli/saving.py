"""`backup` and `restore`: copies of the history, and the way back."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.options import Place, placed
from monitor.cli.output import note
from monitor.errors import UsageError
from monitor.history import backups
from monitor.history.backups import Saved


@click.command(short_help="Copy the history, while the service runs.")
@click.argument("path", type=click.Path(), required=False)
@placed
def backup(place: Place, path: str | None) -> None:
    """Copy the history to PATH, a file that is not there yet or a folder; without it, to the folder of [backup].

    With a slash at its end, PATH is a folder, made when it is not there. The service may run. The copy is of one
    moment, verified, and there whole or not at all.
    """
    saved = _saved(place, path, datetime.now(UTC))
    click.echo(f"{saved.path}: {saved.size / 1e6:.1f} MB, facts: {saved.facts}, verified")


def _saved(place: Place, path: str | None, now: datetime) -> Saved:
    if path is None:
        settings = place.settings()
        if settings.backup is None:
            raise UsageError(f"{settings.path}: there is no [backup] table that says where to; add one or name a path")
        return backups.take(settings.database, settings.backup.path, settings.backup.keep, now)
    database, _ = place.history()
    return backups.back_up(database, _target(path, database, now))


def _target(path: str, database: Path, now: datetime) -> Path:
    """The file that a backup becomes: the one that was named, or one with a dated name in the folder that was."""
    if path.endswith(os.sep):
        backups.make_folder(Path(path))
    return Path(path, backups.dated_name(database, now)) if Path(path).is_dir() else Path(path)


@click.command(short_help="Put a backup in the database's place.")
@click.argument("path", type=click.Path(path_type=Path))
@placed
def restore(place: Place, path: Path) -> None:
    """Put the backup PATH in the database's place, once it is found undamaged. Refuses while the service runs.

    The old database is kept beside the new one. Messages that waited when the backup was made go out again, under
    their old ids.
    """
    database, zone = place.history()
    restored = backups.restore(path, database, datetime.now(UTC))
    newest = f", the last check of {restored.newest.astimezone(zone):%Y-%m-%d %H:%M}" if restored.newest else ""
    click.echo(f"{database}: restored from {path}, facts: {restored.facts}{newest}")
    if not restored.handed_over:
        before = restored.aside or database.parent
        paths = shlex.join([f"--reference={before}", str(database), f"{database}.lock"])
        note(f"{database}: could not be given to the owner of {before}, who runs the service; as root: chown {paths}")
    if restored.aside:
        click.echo(f"{restored.aside}: the database that was there before; remove it once all is well")
