"""Questions to the history from the pages: asked in a thread, so that the loop (and the service in it) never waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from monitor.history import Queries
from monitor.web.site import Site

T = TypeVar("T")


async def ask(site: Site, question: Callable[[Queries], T]) -> T:
    """The answer to a question. Raises TooSlow, UsageError."""

    def answer() -> T:
        with site.reader.queries() as queries:
            return question(queries)

    return await run_in_threadpool(answer)
