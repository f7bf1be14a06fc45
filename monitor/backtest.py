"""Backtest: archived documents run in the order of their dates, as if they had been watched as they came out.

    archived ─► read (elsewhere) ─► dated? ─► sorted ─► a check each, at the document's own date ─► what was told

The clock is the documents': no other time is looked at, so that the same documents give the same result to the byte,
wherever and in whatever order they are read. How far a database has come is how many checks are in it.
Reading, recording, believing and routing are the service's own; nothing is fetched and nothing sent. Who speaks is told
by the address, as the config and the catalogue know it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from monitor.errors import ReadError
from monitor.history import History
from monitor.history.storable import squeeze, start_of, unsqueeze
from monitor.likeness import marked
from monitor.models import (
    Authority,
    Document,
    Fact,
    Link,
    Observation,
    Outcome,
    Page,
    Reading,
    Source,
    SourceKind,
)
from monitor.pages.decoding import decode
from monitor.pages.markup import tree
from monitor.parser.document import read_page
from monitor.parser.facts import read_facts
from monitor.pipeline import record
from monitor.settings import ConsoleChannel, Settings
from monitor.speakers import Speaker, speaker

TIMELESS = datetime(2100, 1, 1, tzinfo=UTC)
"""When a page without a time of capture counts as fetched while it is read: dates it states are all in its past."""
AT_ONCE = 50
"""Documents that are recorded in one transaction."""
FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Dates beyond these are what programs write where there is none: 0001-01-01, 9999-12-31."""
GUESSED = {"elsewhere"}
"""Origins of a date that no tag made for it states: no clock to go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """One document of an archive: a page as bytes, or a document that is text already."""

    id: str
    """Where it stands in the archive; breaks ties of date."""
    archive: str
    """What stands for the outlet where the address names none."""
    document: Document | None = None
    content: bytes | None = None
    content_type: str | None = None
    url: str | None = None
    captured: datetime | None = None
    published: str | None = None
    """A date that its place in the archive states; what a page states itself comes before it."""
    brand: str | None = None
    outlet: str | None = None
    authority: Authority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A document that was read, with its place in time."""

    id: str
    at: datetime
    source: Source
    document: Document
    facts: tuple[Fact, ...]
    page: bytes | None = None
    """Compressed: an archive may be large."""
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that was not run, and why. `foreign`: it is none of those that were asked for, such as a style sheet
    in a folder, or a page without news in a crawl."""

    id: str
    reason: str
    foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known of a document that was read while it is not at hand. `number`: where it is, for who has it."""

    at: datetime
    id: str
    source: Source
    facts: int
    part: str
    number: int


async def read_safely(
    archived: Archived | Skipped, own: Sequence[Source], run: Callable[..., Awaitable[Any]]
) -> Ready | Skipped:
    """One document, read elsewhere; one that cannot be run is told with the reason. `own`: see `read`."""
    if isinstance(archived, Skipped):
        return archived
    try:
        found: Ready | Skipped = await run(read, archived, own)
    except ReadError as error:
        return Skipped(archived.id, error.reason, foreign=archived.captured is not None)
    return found


def read(archived: Archived, own: Sequence[Source] = ()) -> Ready | Skipped:
    """One document and its facts. `own` are the configured sources, which say who speaks at their addresses. Pure;
    raises ReadError when it is no news."""
    if archived.document is not None:
        source = _source(archived, archived.document.url if "://" in archived.document.url else None, own)
        document = archived.document
    else:
        page = _page(archived)
        source = _source(archived, page.url if archived.url or page.url.startswith("http") else None, own)
        document = read_page(page, source, Link(url=page.url, published=archived.published))
    if document.published_from in GUESSED:
        document = replace(document, published=None, published_from=None)
    at = start_of(document.published) or archived.captured
    if at is None:
        stated = f"“{document.published}” is no date" if document.published else "it states no date"
        return Skipped(archived.id, stated)
    if archived.captured is not None:
        at = max(at, archived.captured)
    if not FIRST <= at <= LAST:
        return Skipped(archived.id, f"{at.date()} is no date of a document")
    return Ready(
        id=archived.id,
        at=at,
        source=source,
        document=marked(document),
        facts=read_facts(document, brand=source.brand),
        page=squeeze(archived.content) if archived.content else None,
        content_type=archived.content_type,
    )


def _page(archived: Archived) -> Page:
    content = archived.content or b""
    url = archived.url or _own_address(content, archived.content_type) or f"archive:/{archived.id}"
    return Page(
        url=url,
        requested_url=url,
        status=200,
        content=content,
        content_type=archived.content_type,
        fetched_at=archived.captured or TIMELESS,
    )


def _own_address(content: bytes, content_type: str | None) -> str | None:
    """The address that a saved page says it has."""
    root = tree(decode(content, content_type))
    canonical = next((link.get("href") for link in root.iter("link") if link.get("rel") == "canonical"), None)
    shared = next((meta.get("content") for meta in root.iter("meta") if meta.get("property") == "og:url"), None)
    named = (url for url in (canonical, shared) if url and url.startswith(("http://", "https://")))
    return next((urljoin(url, "") for url in named), None)


def _source(archived: Archived, url: str | None, own: Sequence[Source]) -> Source:
    """Who speaks: what the archive says, else what is known of the address."""
    known = speaker(url, own) if url else Speaker(Authority.MEDIA, archived.archive)
    authority, outlet = archived.authority or known.authority, archived.outlet or known.outlet
    brand = archived.brand or known.brand
    return Source(
        name="/".join((outlet, authority, *([brand] if brand else []))),
        kind=SourceKind.LISTING,
        url=f"https://{urlsplit(url).hostname}/" if url else f"archive:/{archived.archive}",
        brand=brand,
        every=timedelta(hours=1),
        authority=authority,
        outlet=outlet,
    )


def play(
    places: Sequence[Place],
    fetch: Callable[[Place], Ready],
    history: History,
    step: Callable[[], object] = lambda: None,
) -> None:
    """Records the documents in the order of their dates, each at its own time, after an empty baseline of every source.
    What is recorded already is not recorded again."""
    places = sorted(places, key=lambda one: (one.at, one.id))
    if not places:
        return
    settings = _settings(history)
    before = places[0].at - timedelta(seconds=1)
    sources = sorted({one.source for one in places}, key=lambda source: source.name)
    done = history.recorded()
    if done < len(sources):
        with history.writing():
            for source in sources:
                _record(source, (), before, history, settings)
        done = len(sources)
    for some in _groups(places[done - len(sources) :]):
        with history.writing():
            for one in some:
                ready = fetch(one)
                _record(ready.source, (_reading(ready),), ready.at, history, settings)
        for _ in some:
            step()


def _groups(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    return (places[start : start + AT_ONCE] for start in range(0, len(places), AT_ONCE))


def _record(source: Source, readings: tuple[Reading, ...], at: datetime, history: History, settings: Settings) -> None:
    observation = Observation(
        source=source.name,
        started_at=at,
        finished_at=at,
        outcome=Outcome.OK,
        links=tuple(reading.link for reading in readings),
        readings=readings,
    )
    record(observation, source, history=history, settings=settings, next_due=at, failures=0, now=at)


def _reading(one: Ready) -> Reading:
    url = one.document.url
    page = one.page and Page(
        url=url,
        requested_url=url,
        status=200,
        content=unsqueeze(one.page),
        packed=one.page,
        content_type=one.content_type,
        fetched_at=one.at,
    )
    return Reading(link=Link(url=url), outcome=Outcome.OK, page=page or None, document=one.document, facts=one.facts)


def _settings(history: History) -> Settings:
    """Every change to one screen: what a message is written for is what would have been told."""
    screen = ConsoleChannel(name="backtest", kind="console")
    return Settings(path=history.path.with_name("monitor.toml"), database=history.path, channels=(screen,), revisit=())
