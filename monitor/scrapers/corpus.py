"""One file of a feed corpus: what is read of it, and whether feedparser alone reads the same of a well-formed one.

What it measures is time of the processor, so that other work on the machine does not count. Reads no file itself.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import feedparser

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, SourceKind
from monitor.pages.markup import plain, squeeze_line
from monitor.scrapers.feed import MAX_ITEMS, is_address, read_feed
from monitor.scrapers.links import absolute

HERE = "https://corpus.example/feed"
"""Where the files are taken to be from: relative addresses are of this site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one file."""

    outcome: Outcome
    reason: str | None
    links: tuple[Link, ...]
    seconds: float
    agrees: bool | None = None
    """Whether feedparser alone reads the same; None: it was not asked, or has no say."""


def attempt(content: bytes, now: datetime) -> Tried:
    """Reads one file as a check would. `now`: when it counts as fetched. Pure but for the clock it measures with."""
    page = Page(url=HERE, requested_url=HERE, status=200, content=content, content_type=None, fetched_at=now)
    started = time.process_time()
    try:
        index = read_feed(page, Source(name="corpus", kind=SourceKind.FEED, url=HERE))
        outcome, reason = Outcome.OK, index.note
        if index.feeds:
            index, outcome, reason = Index(), Outcome.BAD_FEED, f"a web page, which names {len(index.feeds)} feeds"
    except ReadError as error:
        index, outcome, reason = Index(), error.outcome, error.reason
    seconds = time.process_time() - started
    return Tried(outcome=outcome, reason=reason, links=index.links, seconds=seconds)


def agrees(content: bytes, links: tuple[Link, ...]) -> bool | None:
    """Whether feedparser finds the same items: addresses and titles. None: the file is not well-formed, or no feed.

    Where it knows several addresses of an item any of them counts: it prefers the last, and leaves out what RDF calls
    an item by. Takes as long as feedparser does, which may be minutes.
    """
    parsed = feedparser.parse(io.BytesIO(content))
    if parsed.bozo or not parsed.get("version") or len(parsed.entries) > MAX_ITEMS:
        return None
    titles: dict[str, str] = {}
    items: list[set[str]] = []
    for entry in reversed(parsed.entries):  # of two items with one address the first counts
        items.append(_addresses(entry))
        titles |= dict.fromkeys(items[-1], _words(entry.get("title")))
    ours = {link.url: _words(link.title) for link in links}
    return ours.items() <= titles.items() and all(ours.keys() & known for known in items if known)


def _addresses(entry: Any) -> set[str]:
    named = [item.get("href") for item in entry.get("links", ()) if item.get("rel") == "alternate"]
    if is_address(entry.get("id")) and entry.get("guidislink") is not False:
        named.append(entry["id"])
    return {url for name in (entry.get("link"), *named) if name and (url := absolute(HERE, str(name)))}


def _words(title: Any) -> str:
    return squeeze_line(plain(plain(str(title or ""))))[:1_000]
