"""Errors that are expected. Anything else that is raised is a bug and is shown as one.

MonitorError
├── UsageError           somebody can mend it: one clear line, exit 2
│   ├── ConfigError      a mistake in the config: file, key, fix
│   ├── DatabaseError    the database is in use, damaged, or newer than this program
│   │   └── DatabaseBusy what may pass without anybody: the disk is full or fails, it is locked; exit 1
│   └── TooSlow          an answer took longer than somebody waits for it
├── FetchError           a page could not be had; becomes an outcome, never ends a check of another source
└── ReadError            a page was had and could not be read; becomes an outcome too
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only named in annotations; `--help` need not load the models
    from monitor.models import Outcome


class MonitorError(Exception):
    """The root. Its text is one line that a user can act on."""


class UsageError(MonitorError):
    """Wrong usage: the text names what, where, and how to mend it."""


class ConfigError(UsageError):
    """One or more mistakes in the config, a line each."""


class DatabaseError(UsageError):
    """The database cannot be used as it is."""


class DatabaseBusy(DatabaseError):
    """The database cannot be used now. A supervisor that starts the service again may find it usable."""


class TooSlow(UsageError):
    """A question to the history took too long and was given up."""


class FetchError(MonitorError):
    """A page could not be had. `retry_after` is what the server asked for, if it did."""

    def __init__(self, outcome: Outcome, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:  # exceptions pickle by their args; ours has more than the text
        return (type(self), (self.outcome, self.reason, self.retry_after))


class ReadError(MonitorError):
    """A page was had and could not be read as what it was taken for."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.outcome, self.reason))
