"""Pages and texts to read once: files, addresses, standard input, each made a document. Stores nothing.

Loads all that pages need, so that it is itself imported late.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitor.cli.documents import Told, standard_input
from monitor.errors import FetchError, ReadError, UsageError
from monitor.models import Document, Link, Outcome, Page, Source, SourceKind
from monitor.pages.decoding import decode
from monitor.parser import language
from monitor.parser.document import read_page
from monitor.scrapers import Client
from monitor.settings import HttpSettings

Input = bytes | Page | FetchError

_MARKUP = re.compile(r"\s*<|<(?:html|head|body|div|p|article|h1|br)[\s>/]", re.IGNORECASE)
LARGEST = 50_000_000
"""Bytes of a file that are read; no article is longer."""


def is_address(name: str) -> bool:
    return re.match(r"https?://", name, re.IGNORECASE) is not None


def read_all(names: Sequence[str], http: Callable[[], HttpSettings]) -> dict[str, Input]:
    """The content of each file and address. Raises UsageError for a file that cannot be read, before anything else."""
    found: dict[str, Input] = {name: read_bytes(name) for name in dict.fromkeys(names) if not is_address(name)}
    addresses = [name for name in dict.fromkeys(names) if is_address(name)]
    if addresses:
        found |= asyncio.run(_fetched(addresses, http()))
    return found


def read_bytes(name: str) -> bytes:
    """The content of a file, or of standard input for `-`. Raises UsageError."""
    try:
        if name == "-":
            return standard_input().read(LARGEST)
        with Path(name).open("rb") as file:
            return file.read(LARGEST)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        address = " (an address begins with https://)" if re.match(r"(www\.|[\w.]+\.(com|org|net)/)", name) else ""
        raise UsageError(f"{name}: cannot be read: {reason}{address}") from error


async def _fetched(addresses: Sequence[str], http: HttpSettings) -> dict[str, Input]:
    client = Client(http, clock=lambda: datetime.now(UTC))
    try:
        answers = await asyncio.gather(*(client.get(address) for address in addresses), return_exceptions=True)
    finally:
        await client.aclose()
    found: dict[str, Input] = {}
    for address, answer in zip(addresses, answers, strict=True):
        if isinstance(answer, BaseException) and not isinstance(answer, FetchError):
            raise answer
        found[address] = answer
    return found


def document(name: str, content: Input, told: Told, html: bool | None) -> Document:
    """The document of one input; `html` None: it is guessed. Raises FetchError or ReadError with the reason."""
    if isinstance(content, FetchError):
        raise content
    if isinstance(content, Page):
        page, text = content, "" if html is not False else decode(content.content, content.content_type)
        html = html is not False
    else:
        text = decode(content)
        page = _page(name, f"<!doctype html>{text}" if html else text)
        html = _MARKUP.search(text[:20_000]) is not None if html is None else html
    if not html:
        return _text(name, text, told)
    source = Source(
        name=name, kind=SourceKind.ARTICLE, url=page.url, brand=told.brand, language=told.language, outlet=name
    )
    return read_page(page, source, Link(url=page.url, published=told.published))


def _page(name: str, text: str) -> Page:
    url = "about:input" if name == "-" else Path(name).absolute().as_uri()
    return Page(
        url=url,
        requested_url=url,
        status=200,
        content=text.encode("utf-8", "replace"),
        content_type="text/html; charset=utf-8",
        fetched_at=datetime.now(UTC),
    )


def _text(name: str, text: str, told: Told) -> Document:
    """Plain text as it is, so that offsets are those of the file."""
    if not re.search(r"\w", text):
        raise ReadError(Outcome.SUSPECT, "there is no text")
    if re.match(r'\s*\{\s*"', text):
        raise ReadError(Outcome.DECODE_ERROR, "JSON, not a text; documents as lines of JSON are read with --jsonl")
    return Document(
        url=name,
        title=None,
        published=told.published,
        published_from="given" if told.published else None,
        language=language.choose(text, configured=told.language),
        text=text,
    )
