"""The demo's three sites on loopback: a brand's newsroom with a listing, and two outlets with a feed each.

Pages are rendered when something is published, as a content system does, and served with an ETag. What is published
when is the story's; nothing here knows who reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.cli.demo.loopback import Answer, Request, Server
from monitor.cli.demo.rendering import render
from monitor.cli.demo.story import Article, Site

_INDEX = {
    "listing": ("listing.html.j2", "text/html; charset=utf-8"),
    "rss": ("rss.xml.j2", "application/rss+xml; charset=utf-8"),
    "atom": ("atom.xml.j2", "application/atom+xml; charset=utf-8"),
}
_ROBOTS = "User-agent: *\nAllow: /\n"


class Newsroom:
    """One site, online from its making until it is closed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._articles: dict[str, Article] = {}
        self._pages: Mapping[str, tuple[str, str]] = {}
        self._server = Server(self._answer)
        self.publish(())

    @property
    def url(self) -> str:
        """The address of the source: the listing or the feed."""
        return self._server.url + self.site.path

    def publish(self, articles: Iterable[Article]) -> None:
        """Puts articles online, or new versions of them, and renews the listing or the feed."""
        self._articles |= {article.path: article for article in articles}
        newest = sorted(self._articles.values(), key=lambda article: article.published, reverse=True)
        shared: dict[str, Any] = {"site": self.site, "home": self._server.url, "articles": newest}
        template, kind = _INDEX[self.site.kind]
        pages = {self.site.path: (kind, render(template, **shared)), "/robots.txt": ("text/plain", _ROBOTS)}
        for article in newest:
            others = [other for other in newest if other is not article]
            page = render("article.html.j2", **shared, article=article, others=others)
            pages[article.path] = ("text/html; charset=utf-8", page)
        self._pages = pages

    def close(self) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Answer:
        found = self._pages.get(request.path)
        if request.method != "GET" or found is None:
            return Answer(404 if found is None else 405)
        kind, body = found[0], found[1].encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, headers={"etag": tag})
        return Answer(200, body, {"content-type": kind, "etag": tag})
