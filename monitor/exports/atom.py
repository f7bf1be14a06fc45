"""Rows of the history as an Atom 1.0 feed, so that any feed reader can follow it.

Ids are made of the rows' own and stay the same from one export to the next. What the web wrote is text in it and
nothing else: no markup, no control characters, links to web addresses only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree  # writes only; what others wrote is never read with it

from monitor.exports.cells import Row, inert
from monitor.models import utc_text

NAMESPACE = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_WEB = re.compile(r"https?://[^\s\"'<>]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: `key` makes its id and never changes; the first of the links is its own, the others are related."""

    key: str
    title: str
    updated: str
    categories: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[str] = ()
    lines: Sequence[str] = ()


def feed(entries: Sequence[Entry], title: str, now: datetime) -> str:
    """The feed of these entries, in their order: newest first."""
    root = ElementTree.Element("feed", xmlns=NAMESPACE)
    _text(root, "id", _urn(f"feed/{title}"))
    _text(root, "title", title)
    _text(root, "updated", entries[0].updated if entries else utc_text(now))
    _text(ElementTree.SubElement(root, "author"), "name", "brand-monitor")
    _text(root, "generator", "brand-monitor")
    for entry in entries:
        _add(root, entry)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _add(root: ElementTree.Element, one: Entry) -> None:
    entry = ElementTree.SubElement(root, "entry")
    _text(entry, "id", _urn(one.key))
    _text(entry, "title", one.title)
    _text(entry, "updated", one.updated)
    _text(entry, "published", one.updated)
    for name, term in one.categories.items():
        ElementTree.SubElement(entry, "category", term=_plain(term), scheme=_urn(f"category/{name}"))
    for place, url in enumerate(one.links):
        if _WEB.fullmatch(url):
            ElementTree.SubElement(entry, "link", rel="related" if place else "alternate", href=_plain(url))
    content = _text(entry, "content", "\n".join(map(_plain, one.lines)), lines=True)
    content.set("type", "text")


def of_change(change: Row) -> Entry:
    """A change in its public form, with its `rule` and `sources`."""
    return Entry(
        key=f"change/{change['id']}",
        title=change["text"],
        updated=change["detected_at"],
        categories={name: change[name] for name in ("brand", "kind", "change")},
        links=[source["url"] for source in change["sources"]],
        lines=list(_lines(change)),
    )


def _lines(change: Row) -> Iterator[str]:
    yield f"{change['brand']}, {change['subject']}: {change['change']}"
    yield f"Why: {change['rule']}"
    for source in change["sources"]:
        day = f", {source['published'][:10]}" if source["published"] else ""
        yield f"{source['outlet']} ({source['authority']}{day}): {source['title'] or 'no title'}"
        yield f"“{source['evidence']}”"
        yield source["url"]


def _text(parent: ElementTree.Element, name: str, text: str, *, lines: bool = False) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text if lines else _plain(text)
    return element


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", inert(text))


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://github.com/brand-monitor/brand-monitor/{name}").urn
