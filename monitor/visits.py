"""The visits that one check makes: the source's own page first, then the articles it points to.

    look      the source's page ─► unchanged, or its links, or (a page, an article) its own document and facts
    to_read   which articles to visit: those never read, then those marked as changed, then young ones again
    visit_all one article after the other, a host that asks for a pause left out
    visit     one article ─► document ─► facts, or the reason why not

Network and CPU only. What the web may do is an outcome; nothing of it is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from monitor.errors import FetchError, ReadError
from monitor.health import shrunken
from monitor.history.storable import squeeze, text_hash
from monitor.indexes import Reach, find
from monitor.likeness import SAME_TEXT_AND_TITLE, distance, marked
from monitor.models import (
    Document,
    Fact,
    Link,
    Memory,
    Observation,
    Outcome,
    Page,
    Reading,
    Revisit,
    Source,
    SourceKind,
    Validators,
)
from monitor.pages.outline import outline

ARTICLES = 20
"""How many articles one check reads at the most; the rest wait for the next. Bounds how long a check takes."""

RESTAMPED = 5
"""So many known articles whose marks all move at once, or nearly all, have been stamped anew, not written anew."""

REFUSED = {Outcome.ROBOTS, Outcome.HTTP_ERROR, Outcome.GONE, Outcome.GONE_FOR_GOOD, Outcome.SUSPECT}
"""Outcomes after which the text that the feed itself carries is read instead of the article."""


class Fetches(Protocol):
    async def get(self, url: str, *, validators: Validators | None = None) -> Page: ...


class Counted:
    """The same client, and how many pages it was asked for."""

    def __init__(self, client: Fetches) -> None:
        self.asked = 0
        self._client = client

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        self.asked += 1
        return await self._client.get(url, validators=validators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What visits are made with. `run` calls a pure function, in another process if the engine says so."""

    client: Fetches
    run: Callable[..., Awaitable[Any]]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the source's own page came to."""

    outcome: Outcome
    reason: str | None = None
    page: Page | None = None
    body_hash: str | None = None
    outline: str | None = None
    links: tuple[Link, ...] = ()
    skipped: tuple[Link, ...] = ()
    listed: int | None = None
    own: tuple[Reading, ...] = ()
    """The page read as a document, where the source is one."""
    retry_after: timedelta | None = None

    def observation(
        self, source: Source, started: datetime, finished: datetime, readings: tuple[Reading, ...]
    ) -> Observation:
        """What the whole check came to, with all that was read."""
        return Observation(
            source=source.name,
            started_at=started,
            finished_at=finished,
            outcome=self.outcome,
            reason=self.reason,
            page=self.page,
            body_hash=self.body_hash,
            outline=self.outline,
            links=self.links,
            listed=self.listed,
            skipped=self.skipped,
            readings=readings,
            retry_after=self.retry_after,
        )


async def look(source: Source, memory: Memory, tools: Tools) -> Look:
    """Fetches the source's page and reads what is new on it.

    A source that has moved is looked for at its configured address from time to time, and what that answers counts if
    it is any good: servers say by mistake, or for an hour, that a page has moved for good.
    """
    if memory.url and memory.look_back:
        seen = await _look(_configured_page(source, tools), source, memory, tools)
        if seen.outcome.good:
            return seen
    return await _look(_own_page(source, memory, tools), source, memory, tools)


async def _look(fetched: Awaitable[Page], source: Source, memory: Memory, tools: Tools) -> Look:
    """What a page comes to as the source's own."""
    page: Page | None = None
    try:
        page = await fetched
        if source.kind is SourceKind.ARTICLE:
            _refuse_front(page)
        body_hash = memory.body_hash if page.unchanged else _hash(page)
        same = body_hash == memory.body_hash
        outlined = None if page.unchanged else outline(page, source.kind)
        known = same or (outlined is not None and outlined == memory.outline)
        if page.unchanged or (known and source.kind is not SourceKind.SITEMAP):
            return Look(outcome=Outcome.UNCHANGED, page=replace(page, content=b""), body_hash=body_hash)
        if not source.kind.lists:
            own = (await _read_own(page, source, memory, tools),)
            return Look(outcome=Outcome.OK, page=page, body_hash=body_hash, outline=outlined, own=own)
        index = await find(page, source, memory.known, Reach(get=tools.client.get, run=tools.run))
        links, restamped = _news(index.links, memory)
        if same and index.telling and not links:
            return Look(outcome=Outcome.UNCHANGED, page=page, body_hash=body_hash)
        found = partial(
            Look,
            outcome=Outcome.OK,
            reason=index.note,
            page=index.page,
            body_hash=_hash(index.page),
            outline=outlined,
            listed=index.listed,
        )
        doubt = None if links or index.listed is None else shrunken(index.listed, memory.usual)
        if doubt:
            return found(outcome=Outcome.SUSPECT, reason=doubt)
        if memory.first and not source.alert_on_first:
            return found(links=links[:ARTICLES], skipped=(*links[ARTICLES:], *restamped))
        return found(links=links, skipped=restamped)
    except (FetchError, ReadError) as error:
        lost = page is not None and error.outcome is Outcome.GONE_FOR_GOOD  # what the page leads to, not the source
        outcome = Outcome.GONE if lost else error.outcome
        return Look(outcome=outcome, reason=error.reason, page=page, retry_after=_wait(error))


async def _own_page(source: Source, memory: Memory, tools: Tools) -> Page:
    """The source's page, where it is by now. Where a remembered address is no more, the configured one may know."""
    try:
        page = await tools.client.get(memory.url or source.url, validators=memory.validators)
    except FetchError as error:
        if memory.url is None or error.outcome not in (Outcome.GONE, Outcome.GONE_FOR_GOOD):
            raise
        return await _configured_page(source, tools)
    if _is_front(page):  # no move, and what it was asked with next time would be of another page
        return replace(page, moved_to=None, validators=Validators())
    return page


async def _configured_page(source: Source, tools: Tools) -> Page:
    """The page at the configured address of a source that has moved, to which it is back unless that leads on.

    Raises GONE where it leads to a front page, as sites do with all that they have given up: the source is not there.
    """
    page = await tools.client.get(source.url)
    _refuse_front(page)
    return replace(page, moved_to=page.moved_to or source.url)


def _refuse_front(page: Page) -> None:
    if _is_front(page):
        raise ReadError(Outcome.GONE, f"it leads to {page.url}")


def _is_front(page: Page) -> bool:
    """Whether the front page of a site came where something else was asked for."""
    asked, came = urlsplit(page.requested_url), urlsplit(page.url)
    return came.path in ("", "/") and (asked.path.strip("/"), asked.query) != ("", came.query)


def _news(links: Sequence[Link], memory: Memory) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """The links that are new, then those that the index marks as changed since they were read. Apart from them, those
    whose new marks say nothing: where nearly all known ones have moved at once, it is the time of making the index."""
    new = tuple(link for link in links if link.url not in memory.known)
    dated = [link for link in links if link.updated and link.url in memory.known]
    marked = tuple(link for link in dated if link.updated != memory.known[link.url])
    if len(marked) >= RESTAMPED and 10 * len(marked) >= 9 * len(dated):
        return new, marked
    return (*new, *marked), ()


def to_read(links: Sequence[Link], memory: Memory) -> list[Link | Revisit]:
    """What to visit: articles never read, then known ones that are marked as changed, then those to look at again.
    Marks that move all the time must not keep what is new waiting."""
    found = {link.url: link for link in (*memory.waiting, *links)}.values()
    new = sorted(found, key=lambda link: link.url in memory.known)[:ARTICLES]
    reading = {link.url for link in new}
    return [*new, *(revisit for revisit in memory.revisits if revisit.link.url not in reading)]


async def visit_all(tasks: Iterable[Link | Revisit], source: Source, tools: Tools) -> list[Reading]:
    """One article after the other, until the service is to stop. What is left of a host that asks for a pause, and what
    is left at the end, waits for the next check."""
    readings, pausing = list[Reading](), set[str]()
    for task in tasks:
        host = urlsplit(task.link.url if isinstance(task, Revisit) else task.url).netloc
        if tools.stopping():
            break
        if host in pausing:
            continue
        readings.append(await visit(task, source, tools))
        if readings[-1].outcome is Outcome.RATE_LIMITED:
            pausing.add(host)
    return readings


async def visit(task: Link | Revisit, source: Source, tools: Tools) -> Reading:
    """One article, for the first time or once more."""
    if isinstance(task, Revisit):
        return await _again(task, source, tools)
    try:
        return await _read(await _article(task.url, source, tools), source, task, tools)
    except (FetchError, ReadError) as error:
        refused = Reading(link=task, outcome=error.outcome, reason=error.reason, retry_after=_wait(error))
        return await _read_own_text(refused, source, tools) if error.outcome in REFUSED and task.text else refused


async def _article(url: str, source: Source, tools: Tools, validators: Validators | None = None) -> Page:
    """The page of an article. Raises GONE when it leads to a front page, or to the list that it was found on."""
    page = await tools.client.get(url, validators=validators)
    _refuse_front(page)
    if page.url == source.url != page.requested_url:
        raise ReadError(Outcome.GONE, f"it leads to {page.url}")
    return page


async def _read_own_text(refused: Reading, source: Source, tools: Tools) -> Reading:
    """The text that the feed itself carries, where the article cannot be had; the refusal when it says nothing."""
    try:
        document, facts = await tools.run(read_own_text, source, refused.link)
    except ReadError:
        return refused
    return Reading(link=refused.link, outcome=Outcome.OK, document=document, facts=facts)


async def _again(revisit: Revisit, source: Source, tools: Tools) -> Reading:
    """A young article once more. What is merely gone, or leads to the front page now, takes nothing back."""
    found = partial(Reading, link=revisit.link, revisit=True)
    try:
        page = await _article(revisit.link.url, source, tools, revisit.validators)
        if page.unchanged or _hash(page) == revisit.body_hash:
            return found(outcome=Outcome.UNCHANGED)
        before = revisit.fingerprint, revisit.text_hash
        document, facts, packed = await tools.run(read_again, page, source, revisit.link, *before)
    except (FetchError, ReadError) as error:
        return found(outcome=error.outcome, reason=error.reason)
    if text_hash(document.text) == revisit.text_hash:  # another date, other advertisements, the same words
        return found(outcome=Outcome.UNCHANGED, page=page)
    return found(outcome=Outcome.OK, page=replace(page, packed=packed), document=document, facts=facts)


async def _read_own(page: Page, source: Source, memory: Memory, tools: Tools) -> Reading:
    """The page of a source that is the document itself."""
    link = Link(url=source.url)
    before = memory.fingerprint, memory.text_hash
    document, facts, packed = await tools.run(read_again, page, source, link, *before)
    return Reading(link=link, outcome=Outcome.OK, page=replace(page, packed=packed), document=document, facts=facts)


async def _read(page: Page, source: Source, link: Link, tools: Tools) -> Reading:
    document, facts, packed = await tools.run(read_new, page, source, link)
    return Reading(link=link, outcome=Outcome.OK, page=replace(page, packed=packed), document=document, facts=facts)


def _hash(page: Page) -> str:
    return hashlib.sha256(page.content).hexdigest()


def _wait(error: FetchError | ReadError) -> timedelta | None:
    return error.retry_after if isinstance(error, FetchError) else None


# What follows runs in the children. Its imports are late: they are most of the time and the memory that the program
# takes to start, and the process that fetches and records needs none of them.


def prepare() -> None:
    """Loads what reads, in a child, before its first page: the time for a page is bounded. Words and classifiers, which
    are loaded with the first text, take a second by themselves, and many times that where others work too."""
    from monitor.parser import brands, strangers
    from monitor.scrapers import feed, listing, sitemap

    _ = brands, strangers, feed, listing, sitemap
    source = Source(name="a sample", kind=SourceKind.FEED, url="https://example.org/", brand="smart")
    read_own_text(source, Link(url=source.url, text="smart, now present in 39 markets, entered Norway.", language="en"))


def read(page: Page, source: Source, link: Link) -> tuple[Document, tuple[Fact, ...]]:
    """A page to its document and facts. Pure; raises ReadError when it is no news, or another brand's."""
    document = _document(page, source, link)
    return document, _facts(document, source)


def read_new(page: Page, source: Source, link: Link) -> tuple[Document, tuple[Fact, ...], bytes]:
    """The same for a page that is to be kept, with all that takes time to make of it: the one writer only stores."""
    document, facts = read(page, source, link)
    return marked(document), facts, squeeze(page.content)


def read_again(
    page: Page, source: Source, link: Link, before: int | None, known: str | None
) -> tuple[Document, tuple[Fact, ...], bytes | None]:
    """As `read_new`, for a page that was read before; `before` is the fingerprint of what it said then, `known` the
    hash. A text that is known is not read for facts.

    Raises SUSPECT when another text that says nothing of the source's brand stands in its place: it takes nothing back.
    """
    document = _document(page, source, link)
    if text_hash(document.text) == known:
        return replace(document, fingerprint=before), (), None
    document, facts = marked(document), _facts(document, source)
    told = [fact for fact in facts if source.brand is None or fact.brand == _brand(source)]
    now = document.fingerprint
    if before is not None and not told and (now is None or distance(before, now) > SAME_TEXT_AND_TITLE):
        raise ReadError(Outcome.SUSPECT, "another text, that says nothing, stands in the place of what was read here")
    return document, facts, squeeze(page.content)


def read_own_text(source: Source, link: Link) -> tuple[Document, tuple[Fact, ...]]:
    """The text that a feed carries, read as a document."""
    from monitor.parser.document import read_text

    document = read_text(link.text or "", source, link)
    return marked(document), _facts(document, source)


def _document(page: Page, source: Source, link: Link) -> Document:
    from monitor.parser.document import read_page
    from monitor.parser.strangers import refuse_strangers

    refuse_strangers(page, source)
    return read_page(page, source, link)


def _facts(document: Document, source: Source) -> tuple[Fact, ...]:
    from monitor.parser.facts import read_facts

    return read_facts(document, brand=_brand(source))


def _brand(source: Source) -> str | None:
    """What the source's brand is called wherever it is told, however its source is written."""
    from monitor.parser.brands import canonical

    return canonical(source.brand) if source.brand else None
