"""The demo's folder: made, or taken over from an earlier demo; holds the config, the webhook's secret and the history.

A folder of anybody else is never touched, nor is a history that a service is using.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from monitor.cli.demo.rendering import render
from monitor.errors import UsageError
from monitor.history import ServiceLock

CONFIG = "monitor.toml"
DATABASE = "monitor.db"
SECRET = "webhook-secret"  # noqa: S105 (a file's name)

_MARK = ".brand-monitor-demo"
_ABOUT = "`brand-monitor demo` made this folder. Its next run replaces the config, the secret and the database in it.\n"
_OURS = (CONFIG, SECRET, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")


def prepare(folder: Path) -> str:
    """Makes the folder, or clears an earlier demo's, and returns a new webhook secret. Raises UsageError."""
    try:
        if folder.is_dir():
            _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).write_text(_ABOUT, encoding="utf-8")
        return _new_secret(folder / SECRET)
    except FileExistsError:
        raise UsageError(f"{folder} is a file; name a folder with --dir") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}); name another folder with --dir") from error


def _clear(folder: Path) -> None:
    """Removes what a demo wrote and leaves everything else, such as notes that somebody put beside it."""
    if not (folder / _MARK).is_file():
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is there and was not made by a demo; name another folder with --dir")
        return
    with ServiceLock(folder / DATABASE):
        for name in _OURS:
            (folder / name).unlink(missing_ok=True)


def _new_secret(path: Path) -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    path.touch(mode=0o600)
    path.write_text(secret + "\n", encoding="utf-8")
    return secret


def write_config(folder: Path, **values: object) -> Path:
    """Writes the config for these newsrooms and sinks, and returns its path."""
    path = folder / CONFIG
    path.write_text(render("monitor.toml.j2", **values), encoding="utf-8")
    return path
