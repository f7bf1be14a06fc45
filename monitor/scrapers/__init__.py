"""Source to page: one polite client, a browser for pages drawn by scripts, and one reader for each kind of index.

`INDEXES` reads an index page into links and what leads to more of them: pure functions that another process can run.
Each imports its reader when it is called: the process that fetches never parses, and need not load what does.
A source of kind page or article has no index: it is the document itself. Nothing here reads documents or facts.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.models import Index, Page, Source, SourceKind
from monitor.scrapers.browser import Browser
from monitor.scrapers.http import Client


def _feed(page: Page, source: Source) -> Index:
    from monitor.scrapers.feed import read_feed

    return read_feed(page, source)


def _listing(page: Page, source: Source) -> Index:
    from monitor.scrapers.listing import read_listing

    return read_listing(page, source)


def _sitemap(page: Page, source: Source) -> Index:
    from monitor.scrapers.sitemap import read_sitemap

    return read_sitemap(page, source)


INDEXES: dict[SourceKind, Callable[[Page, Source], Index]] = {
    SourceKind.FEED: _feed,
    SourceKind.LISTING: _listing,
    SourceKind.SITEMAP: _sitemap,
}

__all__ = ["INDEXES", "Browser", "Client"]
