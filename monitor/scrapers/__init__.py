"""Source to page: one polite client, a browser for pages drawn by scripts, and one reader for each kind of index.

`INDEXES` reads an index page into links and what leads to more of them: pure functions that another process can run.
A source of kind page or article has no index: it is the document itself. Nothing here reads documents or facts.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.models import Index, Page, Source, SourceKind
from monitor.scrapers.browser import Browser
from monitor.scrapers.feed import read_feed
from monitor.scrapers.http import Client
from monitor.scrapers.listing import read_listing
from monitor.scrapers.sitemap import read_sitemap

INDEXES: dict[SourceKind, Callable[[Page, Source], Index]] = {
    SourceKind.FEED: read_feed,
    SourceKind.LISTING: read_listing,
    SourceKind.SITEMAP: read_sitemap,
}

__all__ = ["INDEXES", "Browser", "Client"]
