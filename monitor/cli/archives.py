"""Archived documents for a backtest: folders of pages and texts, files of JSON lines, web archives (WARC).

    paths ─► shards: a file of many documents each, or some small files ─► a slice of one ─► its documents, and the rest

Shards are read side by side, perhaps on other machines, which see the files under the same paths. A slice is what is
read in one go: what is lost when somebody is killed, and what is sent home at once. What a file's name or its first
lines state of a text is taken as it stands. Reads no page and no fact; what cannot be run is said with the reason.
"""

from __future__ import annotations

import importlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
SLICE = 200
SLICE_BYTES = 50_000_000
"""Documents, and bytes of them, that are read in one go; one document more where that is large."""

_DATED_NAME = re.compile(r"(\d{4}-\d\d(?:-\d\d)?)(?!\d)")
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)
_KEYS = ("title", "published", "url", "lang", "brand", "outlet", "authority")


@dataclass(frozen=True, slots=True)
class File:
    """A file of an archive."""

    path: Path
    name: str
    archive: str
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file is read: the byte and the number of the next line or record."""

    offset: int = 0
    number: int = 1


@dataclass(frozen=True, slots=True)
class Shard:
    """Files to read one after the other, the first of them from a mark on."""

    number: int
    files: tuple[File, ...]
    mark: Mark = Mark()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files) - self.mark.offset

    @property
    def part(self) -> str:
        """A name for the next slice."""
        return f"{self.number:06}-{self.mark.offset:015}"


def shards(paths: Sequence[str]) -> list[Shard]:
    """What is at these paths. Raises UsageError for a path that cannot be read, before anything else."""
    for name in paths:
        if not Path(name).exists():
            raise UsageError(f"{name}: there is no such file or folder")
        if Path(name).is_file() and not name.lower().endswith((*PAGES, *TEXTS, *LINES, *WEB_ARCHIVES)):
            raise UsageError(f"{name}: no archive: folders, and files in .html, .txt, .jsonl, .warc or .warc.gz are")
        if name.lower().endswith(WEB_ARCHIVES):
            _warcio()
    groups: list[list[File]] = []
    together: list[File] = []
    for file in _files(paths):
        if file.path.name.lower().endswith((*LINES, *WEB_ARCHIVES)):
            groups.append([file])
            continue
        together.append(file)
        if len(together) >= SLICE or sum(one.size for one in together) >= SLICE_BYTES:
            groups.append(together)
            together = []
    return [Shard(number, tuple(files)) for number, files in enumerate([*groups, together]) if files]


def _files(paths: Sequence[str]) -> Iterator[File]:
    """The files at these paths, each once. Raises UsageError when two would have the same name: a document's address
    is made of it, and two at one address are two versions of one."""
    found: dict[str, Path] = {}
    for file in _named(paths):
        if (other := found.setdefault(file.name, file.path)) != file.path:
            raise UsageError(f"{other} and {file.path} are both named {file.name}; run the folder that holds both")
        yield file


def _named(paths: Sequence[str]) -> Iterator[File]:
    taken: set[Path] = set()
    for path, label in sorted(_labels(paths).items()):
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file in taken or not file.is_file() or _hidden(file, path):
                continue
            taken.add(file)
            if file == path:
                folder, slash, last = label.rpartition("/")
                yield File(file, label, f"{folder}{slash}{last.split('.')[0]}", file.stat().st_size)
            else:
                yield File(file, f"{label}/{file.relative_to(path).as_posix()}", label, file.stat().st_size)


def _labels(paths: Sequence[str]) -> dict[Path, str]:
    """What each path is called: its last part, and as much of what is before it as tells it from the others."""
    parts = {Path(name).resolve(): Path(os.path.abspath(name)).parts for name in paths}
    labels: dict[Path, str] = {}
    depth = 1
    while len(labels) < len(parts):
        like = Counter(names[-depth:] for names in parts.values())
        for path, names in parts.items():
            if path not in labels and like[names[-depth:]] == 1:
                labels[path] = "/".join(names[-depth:])
        depth += 1
    return labels


def read_slice(shard: Shard) -> Slice:
    """The next documents of a shard."""
    if len(shard.files) > 1 or not shard.files[0].path.name.lower().endswith((*LINES, *WEB_ARCHIVES)):
        return Slice(tuple(one for file in shard.files for one, _ in _documents(file, shard.mark)), None)
    found: list[Archived | Skipped] = []
    size = 0
    for one, mark in _documents(shard.files[0], shard.mark):
        if len(found) >= SLICE or size >= SLICE_BYTES:
            return Slice(tuple(found), replace(shard, mark=mark))
        found.append(one)
        size += len(one.content or b"") if isinstance(one, Archived) else 0
    return Slice(tuple(found), None)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some documents of a shard, and the shard from there on; None: that was all."""

    documents: tuple[Archived | Skipped, ...]
    rest: Shard | None


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _documents(file: File, mark: Mark) -> Iterator[tuple[Archived | Skipped, Mark]]:
    """The documents of a file from a mark on, each with the mark at which it begins."""
    path, name, archive = file.path, file.name, file.archive
    lower = path.name.lower()
    if lower.endswith(PAGES):
        page = Archived(id=name, archive=archive, content=read_bytes(str(path)), published=_named_date(path))
        yield page, mark
    elif lower.endswith(TEXTS):
        yield _text(path, name, archive), mark
    elif lower.endswith(LINES):
        yield from _lines(path, name, archive, mark)
    elif lower.endswith(WEB_ARCHIVES):
        yield from _records(path, name, archive, mark)
    else:
        yield Skipped(name, "neither a page, a text, JSON lines nor a web archive", foreign=True), mark


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


def _lines(path: Path, name: str, archive: str, mark: Mark) -> Iterator[tuple[Archived | Skipped, Mark]]:
    with documents.opened(str(path)) as stream:
        stream.seek(mark.offset)
        for line in stream:
            if line.strip():
                yield _line(line, f"{name}, line {mark.number}", name, archive), mark
            mark = Mark(mark.offset + len(line), mark.number + 1)


def _line(line: bytes, where: str, name: str, archive: str) -> Archived | Skipped:
    try:
        data = documents.parse(line)
    except BadLine as error:
        return Skipped(where, str(error))
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
    return Archived(id=place, archive=archive, document=document, brand=data.get("brand_hint"))


def _warcio() -> Any:
    try:
        return importlib.import_module("warcio.archiveiterator")  # an extra: only when it is used
    except ImportError:
        raise UsageError("web archives need the extra: pip install 'brand-monitor[archive]'") from None


def _records(path: Path, name: str, archive: str, mark: Mark) -> Iterator[tuple[Archived | Skipped, Mark]]:
    """The pages of a web archive, each with the time of its capture."""
    with documents.opened(str(path)) as stream:
        stream.seek(mark.offset)
        archived = _warcio().ArchiveIterator(stream)
        while True:
            place = f"{name}, record {mark.number:06}"
            try:
                record = next(archived)
            except StopIteration:
                return
            except Exception as error:  # warcio raises whatever a damaged file brings about
                yield Skipped(place, _damage(path, error)), mark
                return
            mark = Mark(archived.offset, mark.number)
            found: Archived | Skipped | None
            try:
                found = _record(record, place, archive)
            except Exception as error:  # as above; here the next one begins where it should
                found = Skipped(place, f"the record is damaged ({type(error).__name__})")
            if found is not None:
                yield found, mark
            mark = Mark(mark.offset, mark.number + 1)


def _damage(path: Path, error: Exception) -> str:
    """Why an archive can be read no further."""
    if "non-chunked gzip" in str(error):  # warcio has no type of its own for it
        return (
            f"the archive is compressed as a whole, not record by record; run warcio recompress {path.name} NEW.warc.gz"
        )
    return f"the archive is damaged from here on ({type(error).__name__})"


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
    while record.raw_stream.read(LARGEST):
        pass  # what ends a page in chunks
    if getattr(record.raw_stream, "limit", 0) > 0:  # of its stated length; it is missing where none is stated
        return Skipped(place, "the page is cut off: the archive ends within it, or is damaged there")
    date = record.rec_headers.get_header("WARC-Date") or ""
    try:
        captured = datetime.fromisoformat(date)
    except ValueError:
        return Skipped(place, f"its WARC-Date is no date: “{date}”")
    return Archived(
        id=place,
        archive=archive,
        content=content,
        content_type=content_type,
        url=record.rec_headers.get_header("WARC-Target-URI"),
        captured=captured if captured.tzinfo else captured.replace(tzinfo=UTC),
    )
