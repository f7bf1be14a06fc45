"""The pages of the docs that are made: the reference of the config from its model, that of the views from the schema.

`make docs` writes them to docs/ and builds the site of all pages; a test sees to it that they are up to date.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic.fields import FieldInfo

from monitor import settings
from monitor.resources import shipped

ROOT = Path(__file__).parent.parent
MADE = "<!-- Made by `make docs`; edit {where} instead. -->\n\n"

TABLES: dict[str, type[settings.Section]] = {
    "": settings.Settings,
    "[http]": settings.HttpSettings,
    "[[sources]]": settings.SourceSettings,
    '[[channels]], kind = "console"': settings.ConsoleChannel,
    '[[channels]], kind = "email"': settings.EmailChannel,
    '[[channels]], kind = "webhook"': settings.WebhookChannel,
    '[[channels]], kind = "apprise"': settings.AppriseChannel,
    '[[channels]], kind = "command"': settings.CommandChannel,
    "[[alerts]]": settings.AlertRule,
    "[summary]": settings.SummarySettings,
    "[backup]": settings.BackupSettings,
    "[log]": settings.LogSettings,
    "[web]": settings.WebSettings,
    "[engine]": settings.EngineSettings,
}
"""Every table of the config, in the order of the page."""


def config_page() -> str:
    parts = [MADE.format(where="the docstrings of monitor/settings.py"), _CONFIG_HEAD]
    for title, model in TABLES.items():
        fields = {name: field for name, field in model.model_fields.items() if title or _told_here(name, field)}
        words = meanings(model)
        parts.append(f"## {title or 'At the top'}\n\n")
        if title:
            parts.append(f"{inspect.cleandoc(model.__doc__ or '')}\n\n")
        parts.append("| key | type | default | what |\n| --- | --- | --- | --- |\n")
        for name, field in fields.items():
            cells = (
                f"`{field.alias or name}`",
                kind_of(field.annotation, field.metadata),
                default_of(field),
                words[name],
            )
            parts.append(f"| {' | '.join(_cell(cell) for cell in cells)} |\n")
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


_CONFIG_HEAD = """\
# Every key of the config

One file of [TOML](https://toml.io): `--config PATH`, else `$BRAND_MONITOR_CONFIG`, else `./monitor.toml`, else
`./config/monitor.toml`, else `monitor.toml` in the user's config folder. `brand-monitor init` writes one to begin with.
A key that there is not is a mistake, and every mistake is one line that says where and how to mend it. The service
reads the file again at SIGHUP.

Durations are written `"90s"`, `"15m"`, `"1h"`, `"2d"`; sizes `"500KB"`, `"10MB"`. A secret is never written here but
named: `"env:NAME"` or `"file:PATH"`. A cron has five fields (minute, hour, day, month, weekday), Sunday is 0 or 7.

"""


def meanings(model: type[settings.Section]) -> dict[str, str]:
    """What the docstring under each key says, in one line; a key without one is left out."""
    tree = ast.parse(inspect.getsource(model))
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {}
    for here, after in pairwise(body):
        if isinstance(here, ast.AnnAssign) and isinstance(here.target, ast.Name) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value)
            found[here.target.id] = " ".join(text.split())
    return found


def _told_here(name: str, field: FieldInfo) -> bool:
    """Whether a key of the top is no table with a section of its own, and is written in the file at all."""
    tables = {table for title in TABLES for table in re.findall(r"^\[+(\w+)", title)}
    return (field.alias or name) not in tables and name != "path"


NAMES: dict[Any, str] = {
    timedelta: "duration",
    bool: "true or false",
    int: "number",
    str: "text",
    Path: "path",
    ZoneInfo: "time zone",
    settings.Secret: "secret",
    settings.SigningKey: "secret",
    settings.SmtpAddress: "mail server",
}


def kind_of(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """The type of a key in the words of somebody who writes TOML."""
    for mark in metadata:
        if name := _by_validator(mark):
            return name
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(inner[0], inner[1:])
    if origin in (Union, UnionType):
        return kind_of(next(one for one in inner if one is not type(None)))
    if origin is Literal:
        return " or ".join(f'`"{one}"`' for one in inner)
    if origin is dict:
        return f"table of {kind_of(inner[1])}s"
    if origin is tuple:
        return f"list of {kind_of(inner[0])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f'`"{one}"`' for one in annotation)
    return NAMES[annotation]


VALIDATORS = {
    "_cron": "cron",
    "_size": "size",
    "_web_address": "web address",
    "_network": "network",
    "_mailbox": "mail address",
    "_quiet": "span of the day",
}


def _by_validator(mark: Any) -> str | None:
    return VALIDATORS.get(getattr(getattr(mark, "func", None), "__name__", ""))


def default_of(field: FieldInfo) -> str:
    """The default as it would be written; "needed" for a key without one, nothing for a key that may be left out."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f"`{_written(value)}`"


def _written(value: Any) -> str:
    match value:
        case timedelta():
            return json.dumps(_span(value))
        case tuple():
            return f"[{', '.join(_written(one) for one in value)}]"
        case bool():
            return str(value).lower()
        case int() if value % 1_000_000 == 0 and value:
            return f'"{value // 1_000_000}MB"'
        case int():
            return str(value)
        case _:
            return json.dumps(str(value))


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % settings.UNITS[unit] == 0)
    return f"{seconds // settings.UNITS[unit]}{unit}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def views_page() -> str:
    """The documented views, each with its comment, its columns and what the schema says of them."""
    schema = shipped("db", "schema.sql").read_text(encoding="utf-8")
    comments = table_comments(schema)
    parts = [MADE.format(where="the comments in db/schema.sql"), _VIEWS_HEAD]
    for comment, name, body in re.findall(
        r"((?:^--[^\n]*\n)+)CREATE VIEW (\w+) AS\nSELECT\n(.*?)^FROM", schema, re.S | re.M
    ):
        words = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
        parts.append(f"## {name}\n\n{words}\n\n| column | what |\n| --- | --- |\n")
        parts += [f"| `{column}` | {_cell(meaning)} |\n" for column, meaning in columns(body, comments)]
        parts.append("\n")
    return "".join(parts) + _queries()


_VIEWS_HEAD = """\
# The history in SQL

One SQLite file, `database` in the config. `sqlite3`, `sqlite-utils` and Datasette may read it while the service runs.
These views keep their columns and what they mean from one version to the next; the tables under them do not. Times are
UTC, written `2026-01-05T09:00:12Z`; a date that a text states keeps the precision it has (`2026`, `2026-Q3`,
`2026-late`). Flags are 0 or 1.

```sql
SELECT value, dated, outlet, evidence FROM facts WHERE brand = 'smart' AND kind = 'market_count' ORDER BY recorded_at;
```

"""


Comments = Mapping[tuple[str, str], str]


def columns(body: str, comments: Comments) -> list[tuple[str, str]]:
    """The columns of a SELECT with the comments beside them; without one, that of the table's column is taken."""
    found: list[tuple[str, str]] = []
    depth, text = 0, ""
    lines = body.splitlines()
    last = max(place for place, line in enumerate(lines) if line.partition("--")[0].strip())
    for place, line in enumerate(lines):
        code, _, comment = (part.strip() for part in line.partition("--"))
        if not code and found and comment:
            found[-1] = (found[-1][0], f"{found[-1][1]} {comment}")
            continue
        text = f"{text} {code}".strip()
        depth += len(re.findall(r"\(|\bCASE\b", code)) - len(re.findall(r"\)|\bEND\b", code))
        if depth == 0 and (code.endswith(",") or place == last):
            [name] = re.findall(r'(\w+)"?,?$', text)
            of_table = re.match(r"(\w+)\.(\w+),?$", text)
            found.append((name, comment or (comments.get((of_table[1], of_table[2]), "") if of_table else "")))
            text = ""
    return found


def table_comments(schema: str) -> Comments:
    """(table, column) -> what the schema says of it."""
    found: dict[tuple[str, str], str] = {}
    for table, body in re.findall(r"^CREATE TABLE (\w+) \((.*?)^\)", schema, re.S | re.M):
        for column, comment in re.findall(r'^    "?(\w+)"? [^\n]*?--([^\n]*(?:\n +--[^\n]*)*)', body, re.M):
            found[table, column] = " ".join(comment.replace("--", " ").split())
    return found


def _queries() -> str:
    """The questions that ship, by their first lines."""
    parts = [_QUERIES_HEAD]
    for entry in sorted(shipped("db", "queries").iterdir(), key=lambda entry: entry.name):
        first = entry.read_text(encoding="utf-8").splitlines()[0].removeprefix("--").strip()
        parts.append(f"| `db/queries/{entry.name}` | {_cell(first)} |\n")
    return "".join(parts)


_QUERIES_HEAD = """\
## Questions people ask

Ready to run: `sqlite3 monitor.db < db/queries/disputes.sql`.

| file | what it answers |
| --- | --- |
"""

PAGES = {"config.md": config_page, "views.md": views_page}


def main() -> None:
    for name, made in PAGES.items():
        (ROOT / "docs" / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
