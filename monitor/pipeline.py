"""The path of the data, top to bottom. The scheduler calls `observe`, then `record`; nothing else moves the news.

    observe   source, memory ─► fetch ─► index: new links ─► fetch each ─► document ─► facts ─► Observation
                                         and young articles again
    record    Observation ─► history: check, pages, documents, facts ─► reconcile: changes ─► route: outbox rows

`observe` touches the network and the CPU, never the database; what it takes and gives can be pickled, so that it runs
wherever the engine puts it. `record` is the only writer, one transaction: nothing is told that is not stored, nothing
stored that is never told. Expected failures are outcomes; anything else that is raised is a bug and goes up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from monitor.errors import FetchError, ReadError
from monitor.history import History
from monitor.history.storable import text_hash
from monitor.models import (
    Change,
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
    Validators,
)
from monitor.notifier.route import route
from monitor.parser.document import read_page, read_text
from monitor.parser.facts import read_facts
from monitor.parser.reconcile import concerned, reconcile
from monitor.scrapers import INDEXES
from monitor.settings import Settings

ARTICLES = 20
"""How many articles one check reads at the most; the rest wait for the next. Bounds how long a check takes."""

REFUSED = {Outcome.ROBOTS, Outcome.HTTP_ERROR, Outcome.GONE, Outcome.SUSPECT}
"""Outcomes after which the text that the feed itself carries is read instead of the article."""


class Fetches(Protocol):
    async def get(self, url: str, *, validators: Validators | None = None) -> Page: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What `observe` works with. `run` calls a pure function, in another process if the engine says so."""

    client: Fetches
    run: Callable[..., Awaitable[Any]]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False


async def observe(source: Source, memory: Memory, tools: Tools) -> Observation:
    """All that one check of one source brings home. Never raises for what the web may do."""
    started = tools.clock()
    page: Page | None = None
    links: tuple[Link, ...] = ()
    skipped: tuple[Link, ...] = ()
    readings: list[Reading] = []
    try:
        page = await tools.client.get(memory.url or source.url, validators=memory.validators)
        body_hash = memory.body_hash if page.unchanged else hashlib.sha256(page.content).hexdigest()
        outcome = Outcome.UNCHANGED if body_hash == memory.body_hash else Outcome.OK
        if outcome is Outcome.OK and source.kind in INDEXES:
            links = _unknown(await tools.run(INDEXES[source.kind], page, source), memory)
            if memory.first and not source.alert_on_first:
                links, skipped = links[:ARTICLES], links[ARTICLES:]
        elif outcome is Outcome.OK:
            own = Link(url=source.url)
            document, facts = await tools.run(read, page, source, own)
            readings.append(Reading(link=own, outcome=outcome, page=page, document=document, facts=facts))
        reason, retry_after = None, None
    except (FetchError, ReadError) as error:
        outcome, reason, body_hash = error.outcome, error.reason, None
        retry_after = error.retry_after if isinstance(error, FetchError) else None
    for task in _tasks(links, memory) if outcome.good else ():
        if tools.stopping():
            break
        visit = _visit(task, source, tools) if isinstance(task, Link) else _revisit(task, source, tools)
        readings.append(await visit)
    return Observation(
        source=source.name,
        started_at=started,
        finished_at=tools.clock(),
        outcome=outcome,
        reason=reason,
        page=page,
        body_hash=body_hash,
        links=links,
        skipped=skipped,
        readings=tuple(readings),
        retry_after=retry_after,
    )


def _unknown(links: Sequence[Link], memory: Memory) -> tuple[Link, ...]:
    """The links that are new, or that the index marks as changed since they were read."""
    return tuple(
        link
        for link in links
        if link.url not in memory.known or (link.updated and link.updated != memory.known[link.url])
    )


def _tasks(links: Sequence[Link], memory: Memory) -> list[Link | Revisit]:
    """What to read, new articles first, then those to look at again."""
    new = list({link.url: link for link in (*memory.waiting, *links)}.values())[:ARTICLES]
    reading = {link.url for link in new}
    return [*new, *(revisit for revisit in memory.revisits if revisit.link.url not in reading)]


async def _visit(link: Link, source: Source, tools: Tools) -> Reading:
    """One article, or the reason why not. A feed's own text stands in where the article is refused."""
    page: Page | None = None
    try:
        page = await tools.client.get(link.url)
        document, facts = await tools.run(read, page, source, link)
    except (FetchError, ReadError) as error:
        if not (link.text and error.outcome in REFUSED):
            wait = error.retry_after if isinstance(error, FetchError) else None
            return Reading(link=link, outcome=error.outcome, reason=error.reason, retry_after=wait)
        page = None
        document, facts = await tools.run(read_own_text, source, link)
    return Reading(link=link, outcome=Outcome.OK, page=page, document=document, facts=facts)


async def _revisit(revisit: Revisit, source: Source, tools: Tools) -> Reading:
    """A young article once more. What is merely gone, or leads to the front page now, takes nothing back."""
    found = partial(Reading, link=revisit.link, revisit=True)
    try:
        page = await tools.client.get(revisit.link.url, validators=revisit.validators)
        if page.unchanged or hashlib.sha256(page.content).hexdigest() == revisit.body_hash:
            return found(outcome=Outcome.UNCHANGED)
        if page.url != page.requested_url and (urlsplit(page.url).path in ("", "/") or page.url == source.url):
            return found(outcome=Outcome.GONE, reason=f"it leads to {page.url} now")
        document, facts = await tools.run(read, page, source, revisit.link)
    except (FetchError, ReadError) as error:
        return found(outcome=error.outcome, reason=error.reason)
    if text_hash(document.text) == revisit.text_hash:  # another date, other advertisements, the same words
        return found(outcome=Outcome.UNCHANGED, page=page)
    return found(outcome=Outcome.OK, page=page, document=document, facts=facts)


def read(page: Page, source: Source, link: Link) -> tuple[Document, tuple[Fact, ...]]:
    """A page to its document and facts. Pure; raises ReadError when it is no news."""
    document = read_page(page, source, link)
    return document, read_facts(document, brand=source.brand)


def read_own_text(source: Source, link: Link) -> tuple[Document, tuple[Fact, ...]]:
    """The text that a feed carries, read as a document."""
    document = read_text(link.text or "", source, link)
    return document, read_facts(document, brand=source.brand)


def record(
    observation: Observation,
    source: Source,
    *,
    history: History,
    settings: Settings,
    next_due: datetime,
    failures: int,
    now: datetime,
) -> tuple[Change, ...]:
    """Stores an observation and all that follows from it, in one transaction. Returns the changes."""
    with history.writing():
        stored = history.store(observation, source, now, settings.revisit)
        claims = history.claims(concerned(stored.subjects), stored.check_id)
        states, changes = reconcile(claims, now, history.past(stored.subjects))
        history.put_states(states, now)
        history.add_changes(changes, stored.check_id)
        history.queue(route(changes, settings.alerts, settings.channels, now, settings.timezone), now)
        history.schedule(source.name, next_due, observation, failures)
    return changes
