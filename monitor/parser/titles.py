"""The title of a page: the headline without the name of the site.

Chooses among what the page and the index say; makes nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from bs4.element import Tag

from monitor.models import Link
from monitor.pages import jsonld
from monitor.pages.markup import plain, squeeze_line

_LONGEST = 500
_SEPARATOR = re.compile(r"\s+[|\u2013\u2014\u00b7\u2022\u00bb:-]{1,2}\s+|\s*[|\uff5c_]\s*")
_OPEN_GRAPH = re.compile(r"^og:title$", re.IGNORECASE)
_SITE_NAME = re.compile(r"^(?:og:site_name|application-name)$", re.IGNORECASE)


def choose(tree: BeautifulSoup, article: dict[str, Any], link: Link, url: str) -> str | None:
    """og:title, JSON-LD's headline, the first h1, <title>, then the link's own text."""
    heading = _heading(tree)
    names = _site_names(tree, article, url)
    for found in (*_stated(tree, article), heading, _text(tree.title), link.title):
        title = _trimmed(_line(found), heading, names)
        if title:
            return title[:_LONGEST]
    return None


def _stated(tree: BeautifulSoup, article: dict[str, Any]) -> Iterator[str | None]:
    yield _meta(tree, _OPEN_GRAPH)
    yield jsonld.text(article.get("headline")) or jsonld.text(article.get("name"))


def _heading(tree: BeautifulSoup) -> str | None:
    for tag in tree.find_all("h1", limit=3):
        text = _line(tag.get_text(" "))
        if text and not tag.find_parent(["nav", "footer"]):
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


def _site_names(tree: BeautifulSoup, article: dict[str, Any], url: str) -> frozenset[str]:
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


def _meta(tree: BeautifulSoup, name: re.Pattern[str]) -> str | None:
    tag = tree.find("meta", attrs={"property": name}) or tree.find("meta", attrs={"name": name})
    return str(tag.get("content") or "") if isinstance(tag, Tag) else None


def _text(tag: Tag | None) -> str | None:
    return tag.get_text(" ") if tag is not None else None


def _line(text: str | None) -> str:
    return squeeze_line(plain(text)) if text else ""


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
