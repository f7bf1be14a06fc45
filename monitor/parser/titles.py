"""The title of a page: the headline without the name of the site.

Chooses among what the page and the index say; makes nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from monitor.models import Link
from monitor.pages import jsonld
from monitor.pages.markup import plain, spoken, squeeze_line

_LONGEST = 500
_SEPARATOR = re.compile(r"\s+[|\u2013\u2014\u00b7\u2022\u00bb:-]{1,2}\s+|\s*[|\uff5c_]\s*")
_OPEN_GRAPH = re.compile(r"^og:title$", re.IGNORECASE)
_SITE_NAME = re.compile(r"^(?:og:site_name|application-name)$", re.IGNORECASE)


def choose(tree: HtmlElement, article: dict[str, Any], link: Link, url: str) -> str | None:
    """og:title, JSON-LD's headline, the first h1, <title>, then the link's own text."""
    heading = _heading(tree)
    names = _site_names(tree, article, url)
    for found in (*_stated(tree, article), heading, _name(tree), link.title):
        title = _trimmed(_line(found), heading, names)
        if title:
            return title[:_LONGEST]
    return None


def _stated(tree: HtmlElement, article: dict[str, Any]) -> Iterator[str | None]:
    yield _meta(tree, _OPEN_GRAPH)
    yield jsonld.text(article.get("headline")) or jsonld.text(article.get("name"))


def _heading(tree: HtmlElement) -> str | None:
    for heading in islice(tree.iter("h1"), 3):
        text = _line(spoken(heading))
        if text and next(heading.iterancestors("nav", "footer"), None) is None:
            return text
    return None


def _trimmed(title: str, heading: str | None, names: frozenset[str]) -> str:
    """The title without the site's name before or behind it."""
    if heading and len(heading) > 15 and title.casefold().startswith(heading.casefold()):
        return heading
    while True:
        cuts = list(_SEPARATOR.finditer(title))
        if cuts and _key(title[cuts[-1].end() :]) in names:
            title = title[: cuts[-1].start()]
        elif cuts and _key(title[: cuts[0].start()]) in names:
            title = title[cuts[0].end() :]
        else:
            return title.strip()


def _site_names(tree: HtmlElement, article: dict[str, Any], url: str) -> frozenset[str]:
    """Every name of the site that the page tells, and those that its host makes: media.smart.com, smart media."""
    publisher = article.get("publisher")
    named = [_meta(tree, _SITE_NAME), jsonld.text(publisher.get("name")) if isinstance(publisher, dict) else None]
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    hosts = [
        "".join(labels),
        "".join(labels[:-1]),
        *labels[:-1],
        *("".join(p) for p in zip(labels[1:], labels, strict=False)),
    ]
    rooms = [f"{label}{room}" for label in labels[:-1] for room in ("newsroom", "media", "news", "pressroom", "presse")]
    return frozenset(key for name in (*named, *hosts, *rooms) if name and (key := _key(name)))


def _meta(tree: HtmlElement, name: re.Pattern[str]) -> str | None:
    for key in ("property", "name"):
        for meta in tree.iter("meta"):
            if name.search(meta.get(key) or ""):
                return meta.get("content") or ""
    return None


def _name(tree: HtmlElement) -> str | None:
    name = next(tree.iter("title"), None)
    return None if name is None else spoken(name)


def _line(text: str | None) -> str:
    return squeeze_line(plain(text)) if text else ""


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
