"""Documents handed in as lines of JSON: `{"id", "title", "text", "published", "lang"?, "brand_hint"?}`.

A line that is wrong raises BadLine with the reason in words; whoever reads the lines says which one it was. The text
is taken as it is, so that the facts' offsets are those of the text that was handed in.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from monitor.errors import UsageError
from monitor.models import Document, Fact, When
from monitor.parser import language
from monitor.parser.facts import read_facts

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_TEXTS = ("title", "published", "lang", "brand_hint", "url")


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says of the documents, where they do not say it themselves."""

    brand: str | None = None
    published: When | None = None
    language: str | None = None


class BadLine(Exception):
    """What is wrong with a line, in words."""


def parse(line: bytes) -> dict[str, Any]:
    """The document on one line, checked. Raises BadLine."""
    data = _object(line)
    for key in ("id", "text"):
        if key not in data:
            raise BadLine(f'"{key}" is missing; a document is {{"id": …, "text": …}}')
    if not isinstance(data["id"], str | int):
        raise BadLine('"id" must be a text or a number')
    if not isinstance(data["text"], str):
        raise BadLine('"text" must be a text')
    for key in _TEXTS:
        if not isinstance(data.get(key), str | None):
            raise BadLine(f'"{key}" must be a text or null')
    for key in ("text", "id", *_TEXTS):
        if _HALF_CHARACTER.search(str(data.get(key))):
            raise BadLine(f'"{key}" holds half a character (a lone surrogate)')
    return data


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadLine("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except (RecursionError, ValueError):  # nested without end; a number without end
        raise BadLine("not JSON that anybody would write") from None
    if not isinstance(data, dict):
        raise BadLine('not a JSON object; a document is {"id": …, "text": …}')
    return data


def document(data: Mapping[str, Any], told: Told) -> Document:
    """The document of a checked line."""
    text = data["text"]
    return Document(
        url=data.get("url") or str(data["id"]),
        title=data.get("title"),
        published=data.get("published") or told.published,
        published_from="given" if data.get("published") or told.published else None,
        language=language.code(data.get("lang") or told.language) or language.choose(text),
        text=text,
    )


def facts(data: Mapping[str, Any], told: Told) -> tuple[Fact, ...]:
    """What the document of a checked line claims."""
    return read_facts(document(data, told), brand=data.get("brand_hint") or told.brand)


def lines(stream: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, each with its number."""
    return ((number, line) for number, line in enumerate(stream, 1) if line.strip())


def standard_input() -> BinaryIO:
    """What is piped in. Raises UsageError when whoever started the program has closed it."""
    if sys.stdin is None:
        raise UsageError("standard input is closed; name a file, or pipe a text in")
    return sys.stdin.buffer


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file of lines, or standard input for `-`. Raises UsageError when it cannot be opened."""
    if name == "-":
        yield standard_input()
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 -- closed below; only opening may fail for the user's reasons
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    with stream:
        yield stream
