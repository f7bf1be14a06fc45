"""Archived documents for a backtest: folders of pages and texts, files of JSON lines, web archives (WARC).

What a file's name or its first lines state of a text is taken as it stands. Reads no page and no fact; what cannot be
run is said with the reason.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.backtest import Archived, Skipped
from monitor.cli import documents
from monitor.cli.documents import BadLine, Told
from monitor.cli.inputs import read_bytes
from monitor.errors import UsageError
from monitor.models import Authority, Document
from monitor.pages.decoding import decode
from monitor.parser import language

PAGES = (".html", ".htm", ".xhtml")
TEXTS = (".txt", ".md")
LINES = (".jsonl", ".ndjson")
WEB_ARCHIVES = (".warc", ".warc.gz")
LARGEST = 20_000_000
"""Bytes of one archived page that are read."""

_DATED_NAME = re.compile(r"(\d{4}-\d\d(?:-\d\d)?)(?!\d)")
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)
_KEYS = ("title", "published", "url", "lang", "brand", "outlet", "authority")


def archived(paths: Sequence[str]) -> Iterator[Archived | Skipped]:
    """The documents at these paths. Raises UsageError for a path that cannot be read, before anything else."""
    for name in paths:
        if not Path(name).exists():
            raise UsageError(f"{name}: there is no such file or folder")
        if Path(name).is_file() and not name.lower().endswith((*PAGES, *TEXTS, *LINES, *WEB_ARCHIVES)):
            raise UsageError(f"{name}: no archive: folders, and files in .html, .txt, .jsonl, .warc or .warc.gz are")
        if name.lower().endswith(WEB_ARCHIVES):
            _warcio()
    for name in paths:
        path = Path(name)
        if path.is_dir():
            archive = path.resolve().name
            for file in sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file, path)):
                yield from _file(file, f"{archive}/{file.relative_to(path).as_posix()}", archive)
        else:
            yield from _file(path, path.name, path.name.split(".")[0])


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _file(path: Path, name: str, archive: str) -> Iterator[Archived | Skipped]:
    lower = path.name.lower()
    if lower.endswith(PAGES):
        yield Archived(id=name, archive=archive, content=read_bytes(str(path)), published=_named_date(path))
    elif lower.endswith(TEXTS):
        yield _text(path, name, archive)
    elif lower.endswith(LINES):
        yield from _lines(path, name, archive)
    elif lower.endswith(WEB_ARCHIVES):
        yield from _records(path, name, archive)
    else:
        yield Skipped(name, "neither a page, a text, JSON lines nor a web archive")


def _named_date(path: Path) -> str | None:
    found = _DATED_NAME.match(path.name)
    return found[1] if found else None


def _text(path: Path, name: str, archive: str) -> Archived | Skipped:
    """A text file, with what the lines before it or its name say of it."""
    text = decode(read_bytes(str(path)))
    front = _FRONT_MATTER.match(text)
    said = _front_matter(front[1]) if front else {}
    authority = said.get("authority")
    if authority is not None and authority not in set(Authority):
        return Skipped(name, f"authority: “{authority}” is none of {', '.join(Authority)}")
    body = text[front.end() :] if front else text
    if not re.search(r"\w", body):
        return Skipped(name, "there is no text")
    published = said.get("published") or _named_date(path)
    document = Document(
        url=said.get("url") or f"archive:/{name}",
        title=said.get("title"),
        published=published,
        published_from="given" if published else None,
        language=language.choose(body, configured=said.get("lang")),
        text=body,
    )
    return Archived(
        id=name,
        archive=archive,
        document=document,
        brand=said.get("brand"),
        outlet=said.get("outlet"),
        authority=Authority(authority) if authority else None,
    )


def _front_matter(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    found = {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}
    found.setdefault("published", found.get("date", ""))
    return {key: found[key] for key in _KEYS if found.get(key)}


def _lines(path: Path, name: str, archive: str) -> Iterator[Archived | Skipped]:
    with documents.opened(str(path)) as stream:
        for number, line in documents.lines(stream):
            try:
                data = documents.parse(line)
            except BadLine as error:
                yield Skipped(f"{name}, line {number}", str(error))
                continue
            place = f"{name}#{data['id']}"
            document = documents.document(data, Told())
            if not data.get("url"):
                document = Document(
                    url=f"archive:/{place}",
                    title=document.title,
                    published=document.published,
                    published_from=document.published_from,
                    language=document.language,
                    text=document.text,
                )
            yield Archived(id=place, archive=archive, document=document, brand=data.get("brand_hint"))


def _warcio() -> Any:
    try:
        return importlib.import_module("warcio.archiveiterator")  # an extra: only when it is used
    except ImportError:
        raise UsageError("web archives need the extra: pip install 'brand-monitor[archive]'") from None


def _records(path: Path, name: str, archive: str) -> Iterator[Archived | Skipped]:
    """The pages of a web archive, each with the time of its capture."""
    iterator = _warcio().ArchiveIterator
    number = 0
    with documents.opened(str(path)) as stream:
        records = iter(iterator(stream))
        while True:
            number += 1
            place = f"{name}, record {number:06}"
            try:
                record = next(records)
                found = _record(record, place, archive)
            except StopIteration:
                return
            except Exception as error:  # warcio raises whatever a damaged file brings about
                yield Skipped(place, f"the archive is damaged from here on ({type(error).__name__})")
                return
            if found is not None:
                yield found


def _record(record: Any, place: str, archive: str) -> Archived | Skipped | None:
    headers = record.http_headers
    if record.rec_type != "response" or headers is None or headers.get_statuscode() != "200":
        return None
    content_type = headers.get_header("content-type") or ""
    if "html" not in content_type.lower():
        return None
    content = record.content_stream().read(LARGEST + 1)
    if len(content) > LARGEST:
        return Skipped(place, f"longer than {LARGEST} bytes")
    return Archived(
        id=place,
        archive=archive,
        content=content,
        content_type=content_type,
        url=record.rec_headers.get_header("WARC-Target-URI"),
        captured=datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")),
    )
