"""One check's visits with a client that answers from a table: what the web does is an outcome, whatever it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.errors import FetchError
from monitor.models import Link, Memory, Observation, Outcome, Page, Source, SourceKind, Validators
from monitor.pipeline import observe
from monitor.visits import Tools

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
FEED = """<rss version="2.0"><channel><title>News</title>
<item><title>A story about smart</title><link>https://a.example/story</link><description>{}</description></item>
</channel></rss>"""
STORY = (
    "smart is now present in 39 countries and regions worldwide, the electric car brand said on Monday in a statement."
)


class Web:
    """Pages by address; an address that is not there is refused as HTTP 403."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = pages

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        if url not in self.pages:
            raise FetchError(Outcome.HTTP_ERROR, "HTTP 403")
        content = self.pages[url].encode()
        return Page(
            url=url, requested_url=url, status=200, content=content, content_type="application/xml", fetched_at=NOW
        )


async def here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def observed(pages: Mapping[str, str], memory: Memory | None = None) -> Observation:
    feed = Source(name="feed", kind=SourceKind.FEED, url="https://a.example/feed", brand="smart", outlet="a")
    tools = Tools(client=Web(pages), run=here, clock=lambda: NOW)
    return asyncio.run(observe(feed, memory or Memory(), tools))


def test_an_article_that_is_refused_is_read_from_the_feed() -> None:
    seen = observed({"https://a.example/feed": FEED.format(STORY)})
    [reading] = seen.readings
    assert (seen.outcome, reading.outcome) == (Outcome.OK, Outcome.OK)
    assert [fact.value for fact in reading.facts] == ["39"]


def test_an_article_that_is_refused_with_a_feed_that_says_nothing_stays_refused() -> None:
    seen = observed({"https://a.example/feed": FEED.format("…")})
    [reading] = seen.readings
    assert (seen.outcome, reading.outcome, reading.reason) == (Outcome.OK, Outcome.HTTP_ERROR, "HTTP 403")


def test_a_source_that_fails_reads_nothing_that_waits() -> None:
    seen = observed({}, Memory(waiting=(Link(url="https://a.example/story"),)))
    assert (seen.outcome, seen.reason, seen.readings) == (Outcome.HTTP_ERROR, "HTTP 403", ())


def test_what_waits_is_read_although_the_index_is_unchanged() -> None:
    pages = {"https://a.example/feed": FEED.format(STORY)}
    known = observed(pages)
    memory = Memory(first=False, body_hash=known.body_hash, waiting=(Link(url="https://a.example/w", text=STORY),))
    seen = observed(pages, memory)
    assert seen.outcome is Outcome.UNCHANGED
    assert [reading.link.url for reading in seen.readings] == ["https://a.example/w"]
