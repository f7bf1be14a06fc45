"""The articles that a source points to now: what its index page says, and what that leads to.

    feed      a web page instead of a feed ─► the feed that it names; from then on that is the source's address
    sitemap   an index of sitemaps ─► the most promising of them
    listing   more news than one page holds ─► its older pages, until they hold little that is new

How many further pages are asked for is bounded. What could not be had of them is noted, not silent. Network and CPU
only, through the two functions that it is handed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from monitor.errors import FetchError, ReadError
from monitor.models import Index, Link, Outcome, Page, Source, SourceKind, Validators
from monitor.scrapers import INDEXES
from monitor.scrapers.links import newest

FEEDS = 4
"""How many addresses are tried for the feed of a page."""
SITEMAPS = 5
"""How many sitemaps of an index are read at one check."""
OLDER = 4
"""How many older pages of a listing are read at one check."""

_TIME_OF_DAY = re.compile(r"[Tt ](?!00:00)\d\d:\d\d")
"""In a date that is exact: midnight is how bare days are written, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How further pages are had and read: `get` fetches one, `run` calls a pure reader on it."""

    get: Callable[[str], Awaitable[Page]]
    run: Callable[..., Awaitable[Any]]

    async def index(self, url: str, source: Source) -> tuple[Page, Index]:
        page = await self.get(url)
        return page, await self.read(page, source)

    async def read(self, page: Page, source: Source) -> Index:
        index: Index = await self.run(read_index, page, source)
        return index


def read_index(page: Page, source: Source) -> Index:
    """What one index page says. Pure; raises ReadError when it is none, or another brand's."""
    if source.kind is not SourceKind.SITEMAP:  # which speaks of no brand, and may still be packed
        from monitor.parser.strangers import refuse_strangers  # late: only the children, where this runs, need it

        refuse_strangers(page, source)
    return INDEXES[source.kind](page, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The articles, and the page to remember as the source's own."""

    page: Page
    links: tuple[Link, ...]
    listed: int | None
    """How many articles the index held, its older pages left out; None: not all of it could be had."""
    note: str | None = None
    telling: bool = True
    """Whether the same page, met again, means that nothing is new."""


async def find(page: Page, source: Source, known: Mapping[str, str | None], reach: Reach) -> Found:
    """All that the source's own page leads to. `known`: addresses of articles. Raises FetchError and ReadError."""
    index = await reach.read(page, source)
    if index.feeds:
        return await _feed(page, index, source, reach)
    if index.parts:
        return await _sitemaps(page, index, source, reach)
    links, notes = await _older(index, source, known, reach)
    return Found(page=page, links=links, listed=len(index.links), note=_one_note(notes))


async def _feed(page: Page, index: Index, source: Source, reach: Reach) -> Found:
    """The first of the named feeds that is one. A page that names feeds itself is asked in turn."""
    queue, tried, refusals = list(index.feeds), {page.url}, list[str]()
    while queue and len(tried) <= FEEDS:
        url = queue.pop(0)
        if url in tried:
            continue
        tried.add(url)
        try:
            feed, read = await reach.index(url, source)
        except (FetchError, ReadError) as error:
            if error.outcome is Outcome.RATE_LIMITED:
                raise
            refusals.append(f"{url}: {error.reason}")
            continue
        if not read.feeds:
            moved = replace(feed, moved_to=feed.url)
            return Found(page=moved, links=read.links, listed=len(read.links), note=read.note)
        queue += read.feeds
    reasons = "; ".join(refusals) or "they are web pages too"
    raise ReadError(
        Outcome.BAD_FEED, f"a web page came instead of a feed, and of the feeds it names none is: {reasons}"
    )


async def _sitemaps(page: Page, index: Index, source: Source, reach: Reach) -> Found:
    """The addresses of the first sitemaps. Only where the index says at what time of day they changed does it tell that
    nothing is new: of a bare day, the rest is still to come."""
    chosen, notes = index.parts[:SITEMAPS], [index.note]
    links: list[Link] = []
    refusal: FetchError | ReadError | None = None
    nested = False
    for part in chosen:
        try:
            _, read = await reach.index(part.url, source)
        except (FetchError, ReadError) as error:
            refusal = refusal or error
            notes.append(f"{part.url}: {error.reason}")
            continue
        links += read.links
        notes.append(read.note)
        if read.parts:
            nested = True
            notes.append(f"{part.url}: an index within an index is not followed")
    if not links and nested:
        raise ReadError(Outcome.NO_ARTICLES, f"{_one_note(notes)}; make such an index the url of the source")
    if not links and refusal:  # all that was asked for: a sitemap without addresses is refused, too
        raise refusal
    if len(index.parts) > SITEMAPS:
        notes.append(f"the index holds {len(index.parts):,} sitemaps; {SITEMAPS} are read, news and newest first")
    telling = refusal is None and all(_TIME_OF_DAY.search(part.updated or "") for part in chosen)
    unique = {link.url: link for link in links}
    return Found(
        page=page if telling else replace(page, validators=Validators()),
        links=newest(unique.values()),
        listed=None if refusal else len(unique),
        note=_one_note(notes),
        telling=telling,
    )


async def _older(
    index: Index, source: Source, known: Mapping[str, str | None], reach: Reach
) -> tuple[tuple[Link, ...], list[str | None]]:
    """The links of the first page, and of older ones for as long as most of a page's links are new."""
    links = {link.url: link for link in index.links}
    notes, seen = [index.note], set[str]()
    while index.older and index.older not in seen and len(seen) < OLDER and _mostly_new(index.links, known):
        seen.add(index.older)
        try:
            _, index = await reach.index(index.older, source)
        except (FetchError, ReadError) as error:
            notes.append(f"the page with older articles: {error.reason}")
            break
        further = {link.url: link for link in index.links if link.url not in links}
        if not further:  # it goes round in a circle
            break
        links |= further
    return tuple(links.values()), notes


def _mostly_new(links: Iterable[Link], known: Mapping[str, str | None]) -> bool:
    new = [link.url not in known for link in links]
    return 2 * sum(new) > len(new)


def _one_note(notes: Iterable[str | None]) -> str | None:
    return "; ".join(note for note in notes if note) or None
