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
from monitor.scrapers.feed import MAX_ITEMS, read_feed
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
    """Whether feedparser finds the same addresses and titles; None: the file is not well-formed, or no feed to it.

    Takes as long as feedparser does, which may be minutes.
    """
    parsed = feedparser.parse(io.BytesIO(content))
    if parsed.bozo or not parsed.get("version") or len(parsed.entries) > MAX_ITEMS:
        return None
    theirs = {}
    for entry in reversed(parsed.entries):
        url = absolute(HERE, str(entry.get("link") or ""))
        if url:
            theirs[url] = _words(entry.get("title"))
    return theirs == {link.url: _words(link.title) for link in links}


def _words(title: Any) -> str:
    return squeeze_line(plain(plain(str(title or ""))))[:1_000]
