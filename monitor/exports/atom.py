"""Changes as an Atom 1.0 feed, so that any feed reader can follow the history.

Ids are made of the changes' own and stay the same from one export to the next. What the web wrote is text in it and
nothing else: no markup, no control characters, links to web addresses only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree import ElementTree  # writes only; what others wrote is never read with it

from monitor.exports.cells import Row, inert
from monitor.models import utc_text

NAMESPACE = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_WEB = re.compile(r"https?://[^\s\"'<>]+")


def feed(changes: Sequence[Row], title: str, now: datetime) -> str:
    """The feed. Each row is a change in its public form with its `rule` and `sources`, newest first."""
    root = ElementTree.Element("feed", xmlns=NAMESPACE)
    _text(root, "id", _urn(f"feed/{title}"))
    _text(root, "title", title)
    _text(root, "updated", changes[0]["detected_at"] if changes else utc_text(now))
    _text(ElementTree.SubElement(root, "author"), "name", "brand-monitor")
    _text(root, "generator", "brand-monitor")
    for change in changes:
        _entry(root, change)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _entry(root: ElementTree.Element, change: Row) -> None:
    entry = ElementTree.SubElement(root, "entry")
    _text(entry, "id", _urn(f"change/{change['id']}"))
    _text(entry, "title", change["text"])
    _text(entry, "updated", change["detected_at"])
    _text(entry, "published", change["detected_at"])
    for name in ("brand", "kind", "change"):
        ElementTree.SubElement(entry, "category", term=_plain(change[name]), scheme=_urn(f"category/{name}"))
    links = (("alternate" if place == 0 else "related", source) for place, source in enumerate(change["sources"]))
    for relation, source in links:
        if _WEB.fullmatch(source["url"]):
            ElementTree.SubElement(entry, "link", rel=relation, href=_plain(source["url"]))
    content = _text(entry, "content", "\n".join(map(_plain, _lines(change))), lines=True)
    content.set("type", "text")


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
