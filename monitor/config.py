"""The config file: found, read once, checked whole, turned into `monitor.settings.Settings`.

Every mistake is one line that names the file, the key and the fix, and all mistakes are told at once. Unknown keys are
mistakes. Nothing but the place of the config is read from the environment unasked.
"""

from __future__ import annotations

import difflib
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import tomli
from pydantic import ValidationError

from monitor.errors import ConfigError
from monitor.lean import uncollected
from monitor.settings import (
    AlertRule,
    AppriseChannel,
    BackupSettings,
    CommandChannel,
    ConsoleChannel,
    EmailChannel,
    EngineSettings,
    HttpSettings,
    LogSettings,
    Section,
    Settings,
    SourceSettings,
    SummarySettings,
    WebhookChannel,
    WebSettings,
    hint,
)

CONFIG_VARIABLE = "BRAND_MONITOR_CONFIG"


def find(given: Path | None) -> Path:
    """The config file by the order of the contract. Raises ConfigError, which says how to get one, if there is none."""
    if given or os.environ.get(CONFIG_VARIABLE):
        path = given or Path(os.environ[CONFIG_VARIABLE])
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder; name the config in it, as in {path / 'monitor.toml'}")
        if not path.is_file():
            asked = "--config" if given else f"${CONFIG_VARIABLE}"
            raise ConfigError(f"{path}: no such file ({asked}); `brand-monitor init` writes a starter config")
        return path
    usual = (
        Path("monitor.toml"),
        Path("config/monitor.toml"),
        Path(click.get_app_dir("brand-monitor"), "monitor.toml"),
    )
    for path in usual:
        if path.is_file():
            return path
    raise ConfigError(
        f"no config found (looked for {', '.join(map(str, usual))}); `brand-monitor init` writes a starter, "
        "--config PATH names another"
    )


def load(path: Path, database: Path | None = None) -> Settings:
    """The settings of one file; `database` overrides the config's. Raises ConfigError with a line per mistake."""
    with uncollected():
        settings = _load(path, database)
        _ = settings.sources
    return settings


def _load(path: Path, database: Path | None) -> Settings:
    folder = path.absolute().parent
    try:
        data = tomli.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # ValueError: TOML's own, and a number without end
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if "path" in data or "source_settings" in data:
        raise ConfigError(f"{path}: {'path' if 'path' in data else 'source_settings'}: there is no such key")
    try:
        settings = Settings.model_validate(data | {"path": path.absolute()}, context={"folder": folder})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {line}" for line in _mistakes(error, data))) from None
    place = database.absolute() if database else _located(path, "database", settings.database)
    http = settings.http.model_copy(update={"ca_file": _authority(path, settings.http.ca_file)})
    engine = settings.engine.model_copy(update=_files(path, settings.engine))
    templates = settings.templates and _located(path, "templates", settings.templates)
    backup = settings.backup and settings.backup.model_copy(
        update={"path": _located(path, "[backup]: path", settings.backup.path)}
    )
    return settings.model_copy(
        update={"database": place, "http": http, "engine": engine, "templates": templates, "backup": backup}
    )


def _located(path: Path, key: str, given: Path) -> Path:
    """A path of the config, which is relative to the config's folder."""
    try:
        return (path.absolute().parent / given.expanduser()).resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a NUL in it; the home of nobody
        raise ConfigError(f"{path}: {key}: not a path ({error})") from error


def _authority(path: Path, given: Path | None) -> Path | None:
    """The file of a private certificate authority, checked: without it no page could be fetched."""
    return given and _certificates(path, "[http]: ca_file", given)


def _files(path: Path, engine: EngineSettings) -> dict[str, Path]:
    """The files for a cluster's TLS, those with authorities and certificates checked."""
    found = {}
    if engine.ca_file and engine.cert_file and engine.key_file:
        found["ca_file"] = _certificates(path, "[engine]: ca_file", engine.ca_file)
        found["cert_file"] = _located(path, "[engine]: cert_file", engine.cert_file)
        found["key_file"] = _located(path, "[engine]: key_file", engine.key_file)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
                found["cert_file"],
                found["key_file"],
                password="",  # else it would ask for one, on the terminal
            )
        except OSError as error:
            reason = "they cannot be read" if isinstance(error, FileNotFoundError) else "they do not belong together"
            files = f"{found['cert_file']} and {found['key_file']}"
            raise ConfigError(f"{path}: [engine]: cert_file, key_file: {files}: {reason} (PEM)") from error
    return found


def _certificates(path: Path, key: str, given: Path) -> Path:
    found = _located(path, key, given)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(found)
    except OSError as error:  # ssl.SSLError is one too
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "it holds no certificate (PEM)"
        raise ConfigError(f"{path}: {key}: {found}: {reason}") from error
    return found


def _mistakes(error: ValidationError, data: Mapping[str, Any]) -> Sequence[str]:
    return [_mistake(detail, data) for detail in error.errors(include_url=False, include_context=False)]


def _mistake(detail: Any, data: Mapping[str, Any]) -> str:
    """One mistake in one line: where, what, how to mend. Never repeats the value: it may be a secret."""
    place, keys, section = _place(detail["loc"], data)
    message: str = detail["msg"].removeprefix("Value error, ")
    match detail["type"]:
        case "extra_forbidden":
            return f"{place}: there is no such key{hint(str(detail['loc'][-1]), keys)}"
        case "missing":
            return f"{place}: is missing; every {section} needs it"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"{place}: kind: must be one of email, webhook, apprise, command, console"
        case "enum" | "literal_error":
            return f"{place}: {_choice(message, detail['input'])}"
    words = _in_words(detail["type"], detail["loc"])
    words = words or f"{message[0].lower()}{message[1:]}".replace("input should be", "must be")
    return f"{place}: {words}" if place else words


_WORDS = {
    "path_type": "must be a path in quotes",
    "model_type": "must be a table",
    "bool": "must be true or false, without quotes",
    "int": "must be a whole number, without quotes",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "too_short": "must name at least one",
}
_FORMS = {
    "user_agent": "may hold plain ASCII characters only",
    "language": 'must be a code of two small letters, as in "de"',
    "languages": 'must be a code of two small letters, as in "de"',
    "markets": 'must be the code of a country or a region; write "DE" or "region:Europe"',
    "host": 'must be the name or address of a machine; write "127.0.0.1"',
    "hosts": 'must be the name of a machine; write "news.example.org"',
}


def _in_words(mistake: str, loc: tuple[int | str, ...]) -> str | None:
    """What pydantic finds, in the words of somebody who writes TOML; None where its own are good."""
    if mistake == "tuple_type":
        return f"must be tables: write [[{loc[0]}]]" if len(loc) == 1 else 'must be a list, as in ["a", "b"]'
    if mistake == "string_pattern_mismatch":
        key = next(str(step) for step in reversed(loc) if isinstance(step, str))
        return _FORMS.get(key, "may not hold control characters")
    return _WORDS.get(mistake) or _WORDS.get(mistake.split("_")[0])


def _choice(message: str, given: Any) -> str:
    """What a word may be, and which was meant. A word that is none of the known ones is no secret."""
    known = re.findall(r"'([^']+)'", message)
    close = difflib.get_close_matches(given, known, n=1) if isinstance(given, str) else []
    return f"must be one of {', '.join(known)}" + (f'; did you mean "{close[0]}"?' if close else "")


_SECTIONS: Mapping[str, type[Section]] = {"sources": SourceSettings, "alerts": AlertRule, "http": HttpSettings}
_TABLES: Mapping[str, type[Section]] = {
    "http": HttpSettings,
    "engine": EngineSettings,
    "summary": SummarySettings,
    "backup": BackupSettings,
    "log": LogSettings,
    "web": WebSettings,
}
_CHANNELS: Mapping[str, type[Section]] = {
    "console": ConsoleChannel,
    "email": EmailChannel,
    "webhook": WebhookChannel,
    "apprise": AppriseChannel,
    "command": CommandChannel,
}


def _place(loc: tuple[int | str, ...], data: Mapping[str, Any]) -> tuple[str, list[str], str]:
    """The mistake's place as people see their file, the keys that are known there, and the section's name."""
    parts: list[str] = []
    model: type[Section] = Settings
    section = "config"
    for step in loc:
        if isinstance(step, int) and parts and parts[-1] in ("sources", "channels", "alerts"):
            section = f"[[{parts.pop()}]]"
            entry = data[section[2:-2]][step]
            name = entry.get("name") if isinstance(entry, dict) else None
            parts.append(f'{section} "{name}"' if isinstance(name, str) else f"{section} number {step + 1}")
            model = _SECTIONS.get(section[2:-2], model)
        elif isinstance(step, str) and section == "[[channels]]" and step in _CHANNELS:
            model = _CHANNELS[step]
        elif isinstance(step, str) and step in _TABLES and not parts:
            section, model = f"[{step}]", _TABLES[step]
            parts.append(section)
        elif isinstance(step, str) and not step.startswith("function-"):
            parts.append(step)
        elif isinstance(step, int):
            parts[-1] += f"[{step}]"
    keys = [field.alias or name for name, field in model.model_fields.items() if name != "path"]
    return ": ".join(parts), keys, section
