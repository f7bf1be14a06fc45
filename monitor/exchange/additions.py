"""New sources into a config file: written behind all that stands there, which stays as it is to the byte.

    candidates ─► names, checks ─► tables ─► a copy of the file that must load and mean the same ─► the file

The config is replaced whole or not at all.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Table

from monitor import config
from monitor.errors import ConfigError, UsageError
from monitor.exchange.found import Candidate, same, shown
from monitor.settings import Settings, SourceSettings

LONGEST = 60
"""Characters of a name that is made of a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One source to add, and what of it could not be carried over."""

    source: SourceSettings
    every: str | None
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be added, which addresses are there already, and which cannot be sources, each with the reason."""

    additions: tuple[Addition, ...]
    known: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def plan(candidates: Iterable[Candidate], settings: Settings) -> Plan:
    """Which candidates become sources beside those of the config, and under which names."""
    names = {source.name for source in settings.source_settings}
    there = {same(source.url) for source in settings.source_settings}
    additions: list[Addition] = []
    known: list[str] = []
    refused: list[tuple[str, str]] = []
    for candidate in candidates:
        if same(candidate.url) in there:
            known.append(shown(candidate.url))
            continue
        try:
            source = _source(candidate, names)
        except ValidationError as error:
            named = candidate.title if candidate.title and "://" not in candidate.title else None
            refused.append((named or shown(candidate.url), _reason(error)))
            continue
        there.add(same(candidate.url))
        names.add(source.name)
        additions.append(Addition(source=source, every=candidate.every, lost=candidate.lost))
    return Plan(additions=tuple(additions), known=tuple(known), refused=tuple(refused))


def _source(candidate: Candidate, names: set[str]) -> SourceSettings:
    given = {"url": candidate.url, "kind": candidate.kind, "enabled": candidate.enabled}
    if candidate.every:
        given["every"] = candidate.every
    checked = SourceSettings.model_validate({"name": "new", **given})
    return checked.model_copy(update={"name": _unique(_name(candidate), names)})


def _name(candidate: Candidate) -> str:
    parts = urlsplit(candidate.url)
    return _slug(candidate.title or "") or _slug(f"{parts.hostname or ''}{parts.path}") or "source"


def _slug(text: str) -> str:
    words = re.sub(r"[\W_]+", "-", text.casefold()).strip("-")
    return words if len(words) <= LONGEST else words[:LONGEST].rpartition("-")[0] or words[:LONGEST]


def _unique(name: str, names: set[str]) -> str:
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _reason(error: ValidationError) -> str:
    """Why an address cannot be a source. Never repeats it: it may hold a password."""
    message: str = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
    return message.removeprefix("Value error, ")


def added(text: str, additions: Sequence[Addition], origin: str) -> str:
    """The config's text with the sources. Raises UsageError when the file is written so that none can be added."""
    try:
        document = tomlkit.parse(text.removeprefix("\ufeff"))
        listed = document.get("sources")
        if isinstance(listed, Array):  # sources = [{…}]: no table can follow
            for addition in additions:
                inline = tomlkit.inline_table()
                inline.update(_table(addition))
                listed.append(inline)
            return tomlkit.dumps(document)
        tables = tomlkit.aot()
        for addition in additions:
            tables.append(_table(addition))
        behind = tomlkit.document()
        behind.add(tomlkit.comment(f"Imported from {''.join(filter(str.isprintable, origin))}"))
        behind.append("sources", tables)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise UsageError(f"no source can be added to it ({error})") from error
    new = tomlkit.dumps(behind)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + (gap + new).replace("\n", "\r\n" if "\r\n" in text else "\n")


def _table(addition: Addition) -> Table:
    source = addition.source
    table = tomlkit.table()
    table.add("name", source.name)
    table.add("kind", str(source.kind))
    table.add("url", source.url)
    if addition.every:
        table.add("every", addition.every)
    if not source.enabled:
        table.add("enabled", False)
    return table


def write(settings: Settings, additions: Sequence[Addition], origin: str) -> None:
    """Adds the sources to the config that the settings are of. Raises UsageError; then nothing was written."""
    path = settings.path.resolve()  # through a link, to the file itself
    try:
        before = path.read_bytes()
        text = added(before.decode("utf-8"), additions, origin)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".toml")
        copy = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            _check(copy, settings, additions)
            if path.read_bytes() != before:
                raise UsageError("it was changed meanwhile")
            copy.chmod(path.stat().st_mode & 0o777)
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)
    except UsageError as error:
        raise UsageError(f"{settings.path}: nothing was written: {error}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{settings.path}: nothing was written: {reason}") from error


def _check(copy: Path, settings: Settings, additions: Sequence[Addition]) -> None:
    """Raises UsageError unless the copy loads and says what the config says, and the new sources."""
    try:
        after = config.load(copy)
    except ConfigError as error:
        raise UsageError(str(error).splitlines()[0].replace(f"{copy}: ", "with the new sources, ")) from error
    wanted = [*settings.source_settings, *(addition.source for addition in additions)]
    names = ("source_settings", "path", "database")
    rest = [name for name in Settings.model_fields if name not in names]
    same_rest = all(repr(getattr(after, name)) == repr(getattr(settings, name)) for name in rest)
    if list(after.source_settings) != wanted or not same_rest:
        raise UsageError("with the new sources it would say something else")
