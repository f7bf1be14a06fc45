"""Where no service does it: the words of documents from before there was a search are indexed behind the page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from monitor.errors import DatabaseError
from monitor.history import History, Queries
from monitor.web.reading import ask
from monitor.web.site import Site

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def indexing(site: Site) -> AsyncIterator[None]:
    """Indexes in portions for as long as the block lasts; what is left then, is left for the next time."""
    task = asyncio.create_task(_index(site), name="indexing")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _index(site: Site) -> None:
    """A service that is there, or comes, does it itself: its housekeeping is due."""
    try:
        if await ask(site, Queries.unindexed):
            while not site.served and await site.writer(History.index):
                pass
    except DatabaseError as error:
        log.warning("not all documents are searched: %s; the next start of the page goes on", error)
