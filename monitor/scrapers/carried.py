"""The articles that a page carries as data for its own scripts: what an app draws, or shows on scrolling further.

    <script type="application/json">{…}</script>    window.__STATE__ = {…}    self.__next_f.push([1, "…"])
    <news-list items="[{…}]">

A list of objects that each have an address, a title and a day of publication is a list of articles; nothing less is,
for menus and products stand in such data too. Reads data, runs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from monitor.models import Link
from monitor.pages import dates
from monitor.pages.markup import elements, squeeze_line
from monitor.scrapers.links import absolute

_ADDRESSES = ("url", "link", "href", "permalink", "path", "uri", "canonicalurl", "articleurl", "pageurl", "detailurl")
_TITLES = ("headline", "title", "name", "heading", "articletitle", "newstitle")
_DAYS = (
    *("datepublished", "publishedat", "publisheddate", "publishdate", "publicationdate", "publishedon", "published"),
    *("pubdate", "releasedate", "displaydate", "postdate", "newsdate", "articledate", "firstpublished", "date"),
)
_ASSIGNED = re.compile(r"=\s*(?=[\[{])")
_PARSED = re.compile(r"""\bJSON\.parse\(\s*(?=")""")
_PUSHED = re.compile(r"""__next_f\.push\(\s*(?=\[)""")
_ROW = re.compile(r"^[0-9a-f]*:", re.MULTILINE)
_BEGINS = re.compile(r"""\s*[\[{]\s*["{\[]""")
_BLANKS = re.compile(r"\s*")
_MOST = 20_000  # objects that are looked at
_LARGEST = 3_000_000  # characters of one script that are read
_SCRIPTS = 200
_SHORT = 80  # characters of an attribute that holds no list of articles
_INLINE = etree.XPath("//script[not(@src)]")
_LONG = etree.XPath(f"//*[@*[string-length() > {_SHORT}]]")
_TRIES = 200  # places in one script at which data may begin
_DECODER = json.JSONDecoder(strict=False)


def lists(root: HtmlElement, base: str, now: datetime) -> list[list[Link]]:
    """Every list of articles in the page's data, its entries in the order that they have there."""
    found, left = list[list[Link]](), _MOST
    stack = list(reversed(list(_roots(root))))
    while stack and left:
        node = stack.pop()
        left -= 1
        if isinstance(node, dict):
            stack.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            links = [_link(entry, base, now) for entry in node]
            real = [link for link in links if link]
            if len(real) > 1:
                found.append(real)
            else:
                stack.extend(reversed(node))
    return found


def _roots(root: HtmlElement) -> Iterator[Any]:
    pushed = ""
    for script in elements(_INLINE, root)[:_SCRIPTS]:
        kind, text = (script.get("type") or "").strip().lower(), (script.text or "")[:_LARGEST]
        if "json" in kind:
            if "ld+json" not in kind:
                yield _data(text, 0)
        elif kind in ("", "module", "text/javascript", "application/javascript"):
            pushed += "".join(_chunks(text))
            yield from _assigned(text)
    yield from (_data(pushed, row.end()) for row in _ROW.finditer(pushed[:_LARGEST]))
    holding = (tag for tag in elements(_LONG, root) if any(map(_holds_data, tag.attrib.values())))
    for tag in islice(holding, _SCRIPTS):
        yield from (_data(text[:_LARGEST], 0) for text in tag.attrib.values() if _BEGINS.match(text))


def _holds_data(value: str) -> bool:
    return len(value) > _SHORT and _BEGINS.match(value) is not None


def _assigned(text: str) -> Iterator[Any]:
    """What a script sets variables to."""
    end = 0
    for tries, place in enumerate(_ASSIGNED.finditer(text)):
        if tries == _TRIES:
            return
        if place.end() >= end:
            try:
                value, end = _DECODER.raw_decode(text, place.end())
            except (ValueError, RecursionError):
                continue
            yield value
    for place in _PARSED.finditer(text):
        written = _data(text, place.end())
        if isinstance(written, str):
            yield _data(written, 0)


def _chunks(text: str) -> Iterator[str]:
    """The pieces of a stream that a page is put together from."""
    for place in _PUSHED.finditer(text):
        value = _data(text, place.end())
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
            yield value[1]


def _data(text: str, at: int) -> Any:
    """The value that is written there; None when it is none."""
    try:
        return _DECODER.raw_decode(text, _BLANKS.match(text, at).end())[0]  # type: ignore[union-attr]
    except (ValueError, RecursionError):
        return None


def _link(entry: Any, base: str, now: datetime) -> Link | None:
    """The article that an object describes; None when it describes none."""
    if not isinstance(entry, dict):
        return None
    values = {re.sub(r"[^a-z]", "", str(key).lower()): value for key, value in list(entry.items())[:100]}
    address = _text(values, _ADDRESSES, ("url", "href", "path"))
    title = squeeze_line(_text(values, _TITLES, ("rendered", "text", "value")))[:1_000]
    published = dates.published(_text(values, _DAYS, ("iso", "date", "value")), now)
    url = absolute(base, address) if re.match(r"https?://|/", address) else None
    return Link(url=url, title=title, published=published) if url and title and published else None


def _text(values: dict[str, Any], keys: tuple[str, ...], inner: tuple[str, ...]) -> str:
    """The first of the keys that holds a text, or an object with one."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, dict):
            value = next((value[name] for name in inner if isinstance(value.get(name), str)), None)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
