"""Secrets: named in the config, never written there, and shown nowhere.

`env:NAME` or `file:PATH`; the value is fetched when it is needed and shows in no `repr`, log or error.
"""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

from monitor.errors import ConfigError

HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # RFC 6265


class Secret:
    """A named secret, fetched when it is needed. Shows as its name only."""

    __slots__ = ("_folder", "_name")

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder

    def reveal(self) -> str:
        """The value. Raises ConfigError, which names the secret and not its value, when it is not there."""
        where, _, what = self._name.partition(":")
        if where == "env":
            value = os.environ.get(what)
            if not value:
                raise ConfigError(f"the environment variable {what} is not set; set it where the program is started")
            return value
        path = self._folder / what
        try:
            path = self._folder / Path(what).expanduser()
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError) as error:  # not UTF-8, or a NUL in its name; the home of nobody
            why = f"cannot be read ({type(error).__name__})"
            raise ConfigError(
                f"the secret file {path} {why}; write the secret into it, or name another file"
            ) from error
        if not value:
            raise ConfigError(f"the secret file {path} is empty; write the secret into it")
        return value

    def __repr__(self) -> str:
        return f"<secret {self._name}>"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and (other._name, other._folder) == (self._name, self._folder)

    def __hash__(self) -> int:
        return hash((self._name, self._folder))


class SigningKey(Secret):
    """What webhooks are signed with, as Standard Webhooks writes it."""

    __slots__ = ()

    def reveal(self) -> str:
        """The value. Raises ConfigError also when nothing can be signed with it."""
        text = super().reveal()
        if not _decoded(text):
            form = "it is whsec_ and then base64, as `openssl rand -base64 32` makes it"
            raise ConfigError(f"what {self._name} holds is no secret of Standard Webhooks; {form}")
        return text

    def key(self) -> bytes:
        return _decoded(self.reveal())


def _decoded(text: str) -> bytes:
    """The key that is written so; nothing when it is none."""
    text = text.removeprefix("whsec_").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


class Given(Secret):
    """A value that stands in the config itself, and might be a secret all the same."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        super().__init__(value, Path())

    def reveal(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return "<given>"
