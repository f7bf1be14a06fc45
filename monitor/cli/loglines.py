"""How one record of the log is written: as a line of text for people, or as a line of JSON for programs.

What strangers wrote (titles, answers of servers) is inert in both: no control character, no mark that turns the line
around, and no line break that would begin a line of its own. Values of secrets are replaced by their names wherever
they turn up; nothing should log them, and this is for the day that something does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from monitor.errors import ConfigError
from monitor.exports.cells import inert
from monitor.secret import Secret

SHORTEST = 4
"""Shorter secrets are left alone: they stand in every other word."""

FIELDS = "fields"
"""The attribute of a record that holds what programs want to have apart from the message (a mapping)."""


class Masking(logging.Formatter):
    """What both have in common: the parts of a record, without secrets."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        super().__init__(datefmt="%Y-%m-%d %H:%M:%S")
        self._names = _values(secrets)

    def masked(self, text: str) -> str:
        for value, name in self._names.items():
            text = text.replace(value, name)
        return text

    def traceback(self, record: logging.LogRecord) -> list[str]:
        """Its lines; none when nothing was raised."""
        if not record.exc_info:
            return []
        return [inert(line) for line in self.masked(self.formatException(record.exc_info)).splitlines()]


class TextLines(Masking):
    """`2026-03-02 09:00:00 INFO    what happened`; a traceback follows on lines of its own, set off by spaces."""

    def format(self, record: logging.LogRecord) -> str:
        message = inert(self.masked(record.getMessage()))
        head = f"{self.formatTime(record, self.datefmt)} {record.levelname:7} {message}"
        return "\n  ".join([head, *self.traceback(record)])


class JsonLines(Masking):
    """An object a line: time (UTC), level, logger, message; fields of its own; `traceback`, a list of lines."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.masked(record.getMessage()),
        }
        fields: Mapping[str, Any] = getattr(record, FIELDS, {})
        line |= {name: self.masked(value) if isinstance(value, str) else value for name, value in fields.items()}
        if lines := self.traceback(record):
            line["traceback"] = lines
        return json.dumps(line)  # all that is not ASCII is escaped: nothing in it is obeyed by a terminal


def _values(secrets: Iterable[Secret]) -> dict[str, str]:
    """Each value, and the form it has in an address -> what stands in its place; the longest first."""
    found: dict[str, str] = {}
    for secret in secrets:
        try:
            value = secret.reveal()
        except ConfigError:
            continue  # whoever needs it will say so
        if len(value) >= SHORTEST:
            found |= dict.fromkeys([value, quote(value, safe="")], f"({secret!r})")
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))
