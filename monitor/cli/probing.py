"""`sources test`: what would be found on an address - its kind, its feed, its articles, their dates and facts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from urllib.parse import urlsplit

import click

from monitor.cli.inputs import is_address
from monitor.cli.options import Place, formatted, placed
from monitor.cli.output import emit, note
from monitor.cli.values import Word
from monitor.engine.cage import Cage
from monitor.errors import UsageError
from monitor.exports.cells import Column, Row
from monitor.exports.written import inert_json
from monitor.models import Link, Memory, Outcome, Page, Reading, Source, SourceKind, Validators
from monitor.notifier.wording import fact_words
from monitor.scrapers import Browser, Client, browser, shapes
from monitor.scrapers.links import canonical
from monitor.settings import HttpSettings, registrable_domain
from monitor.visits import Fetches, Look, Tools, look, visit

SHOWN = 20
"""Links that a table shows; the formats for programs have them all."""
INDEXES = (SourceKind.FEED, SourceKind.SITEMAP, SourceKind.LISTING)
STATED = {"json-ld", "meta", "time"}
"""Origins of a date that an article states of itself."""
LINK_FIELDS = ("url", "title", "published", "outcome", "reason", "facts")
LINK_COLUMNS = (
    Column("published", "published"),
    Column("title", lambda row: row["title"] or row["url"], wide=True),
    Column("read", lambda row: row["reason"] or row["outcome"], wide=True),
    Column("facts", lambda row: None if row["outcome"] is None else len(row["facts"]), number=True),
)
FACT_COLUMNS = (
    Column("kind", "kind"),
    Column("brand", "brand"),
    Column("claim", fact_words, wide=True),
    Column("evidence", "evidence", wide=True),
)


@dataclass(frozen=True, slots=True)
class Once:
    """A client that asks for every address once: the same page is looked at in several ways."""

    client: Fetches
    pages: dict[str, Page] = field(default_factory=dict)

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        if url not in self.pages:
            self.pages[url] = await self.client.get(url)
        return self.pages[url]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was found: as which kind of source, and what reading the first articles came to."""

    source: Source
    seen: Look
    readings: tuple[Reading, ...]
    asked_as: str | None = None
    """The configured source whose headers, cookies, login and proxy were used."""

    @property
    def feed(self) -> str | None:
        """The feed's own address, which may have been found from a page."""
        return self.seen.page.url if self.source.kind is SourceKind.FEED and self.seen.page else None


@click.command("test", short_help="What would be found on an address.")
@click.argument("url", metavar="URL")
@click.option("--kind", type=Word("kind", tuple(SourceKind)), help="Read it as this kind; found out when left out.")
@click.option("--links", metavar="SELECTOR", help="CSS selector of a listing's article links.")
@click.option("--render", is_flag=True, help="In a browser: for pages drawn by JavaScript.")
@click.option("--brand", metavar="NAME", help="The brand whose newsroom it is.")
@click.option(
    "--articles", type=click.IntRange(0, 20), default=3, show_default=True, help="How many to read for facts."
)
@formatted
@placed
def test(
    place: Place,
    form: str,
    url: str,
    kind: str | None,
    links: str | None,
    render: bool,
    brand: str | None,
    articles: int,
) -> None:
    """What would be found on an address: its kind, its feed, its articles, their dates and facts. Stores nothing.

    It is asked for as the service would: politely, with the limits of the config's [http], and, where a source of the
    config has the same origin, with that source's headers, cookies, login and proxy. Exit 1 when nothing could be read
    there.
    """
    if not is_address(url):
        raise UsageError(f"{url}: not a web address; it begins with https:// or http://")
    http = place.http()
    if render:
        browser.require(http)
    host = urlsplit(url).hostname or ""
    owner = None if render else _owner(url, place.sources())
    source = Source(
        name=registrable_domain(host),
        kind=SourceKind(kind) if kind else SourceKind.LISTING,
        url=url,
        brand=brand,
        links=links,
        outlet=registrable_domain(host),
        render=render,
        access=owner.access if owner else None,
    )
    probe = asyncio.run(_probed(source, http, guess=kind is None and links is None, articles=articles))
    probe = replace(probe, asked_as=owner.name if owner and owner.access else None)
    _report(probe, form)
    if not probe.seen.outcome.good:
        click.get_current_context().exit(1)


def _owner(url: str, sources: Sequence[Source]) -> Source | None:
    """The configured source that the address belongs to: it is its own, else the likest of those of its origin."""
    asked = canonical(url) or ""
    written = {source.name: canonical(source.url) or "" for source in sources}
    near = [source for source in sources if urlsplit(written[source.name])[:2] == urlsplit(asked)[:2]]
    return max(near, key=lambda source: _likeness(written[source.name], asked), default=None)


def _likeness(one: str, other: str) -> tuple[bool, int]:
    """Whether they are the same, and how many characters they begin with in common."""
    common = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return one == other, sum(1 for _ in common)


async def _probed(source: Source, http: HttpSettings, *, guess: bool, articles: int) -> Probe:
    def clock() -> datetime:
        return datetime.now(UTC)

    client = Client(http, clock=clock)
    shown = Browser(client, http, clock=clock)
    cage = Cage()
    tools = Tools(client=Once(shown if source.render else client.of(source)), run=cage.run, clock=clock)
    try:
        source, seen = await _guessed(source, tools) if guess else (source, await _look(source, tools))
        readings = [await visit(link, source, tools) for link in seen.links[:articles]]
        return Probe(source=source, seen=seen, readings=(*seen.own, *readings))
    finally:
        await shown.aclose()
        await client.aclose()
        cage.close()


async def _look(source: Source, tools: Tools) -> Look:
    return await look(source, Memory(first=False), tools)


async def _guessed(source: Source, tools: Tools) -> tuple[Source, Look]:
    """The kind that fits: an article where the address and the page's own date say so, else the first that is read."""
    article = replace(source, kind=SourceKind.ARTICLE)
    seen = await _look(article, tools)
    document = seen.own[0].document if seen.own else None
    if document and document.published_from in STATED and shapes.address_points(source.url) >= 2:
        return article, seen
    if not seen.outcome.good and seen.page is None:  # it could not be had at all
        return source, seen
    for kind in INDEXES if not source.render else (SourceKind.LISTING,):
        tried = replace(source, kind=kind)
        found = await _look(tried, tools)
        if found.outcome.good and found.links:
            return tried, found
        if found.outcome is Outcome.NO_ARTICLES and kind is not SourceKind.LISTING:  # it is one, without any
            return tried, found
        if found.outcome not in (Outcome.BAD_FEED, Outcome.NO_ARTICLES, Outcome.DECODE_ERROR):
            return tried, found
    return replace(source, kind=SourceKind.PAGE), seen


def _report(probe: Probe, form: str) -> None:
    rows = [_row(link, probe.readings) for link in _links(probe)]
    facts = [fact.as_json() for reading in probe.readings for fact in reading.facts]
    if form == "json":
        head = {"url": probe.source.url, "kind": str(probe.source.kind), "feed": probe.feed}
        head |= {"outcome": str(probe.seen.outcome), "reason": probe.seen.reason}
        head |= {"asked_as": probe.asked_as}
        click.echo(inert_json(head | {"links": rows}, indent=2))
    elif form == "table":
        emit(rows[:SHOWN], form, LINK_COLUMNS, zone=UTC)
        emit(facts, form, FACT_COLUMNS, zone=UTC)
    else:
        emit(rows, form, LINK_COLUMNS, zone=UTC, fields=LINK_FIELDS)
    for line in _words(probe, rows, len(facts)):
        note(line)


def _links(probe: Probe) -> Sequence[Link]:
    """The links of an index, or the address itself where it is the document."""
    return probe.seen.links or [reading.link for reading in probe.seen.own]


def _row(link: Link, readings: Sequence[Reading]) -> Row:
    """A link; where it was read, with what the article itself says."""
    reading = next((one for one in readings if one.link.url == link.url), None)
    document = reading.document if reading else None
    return {
        "url": link.url,
        "title": (document.title if document else None) or link.title,
        "published": (document.published if document else None) or link.published,
        "outcome": str(reading.outcome) if reading else None,
        "reason": reading.reason if reading else None,
        "facts": [fact.as_json() for fact in reading.facts] if reading else [],
    }


def _words(probe: Probe, rows: Sequence[Row], facts: int) -> list[str]:
    """What was found, for people, and the lines for the config."""
    seen, kind = probe.seen, probe.source.kind
    own = "its headers, cookies, login and proxy"
    asked = [f'asked as [[sources]] "{probe.asked_as}" is, with {own}'] if probe.asked_as else []
    if not seen.outcome.good:
        return [f"{probe.source.url}: {seen.reason}", *asked]
    dated = [str(row["published"]) for row in rows if row["published"]]
    newest = f", the newest of {max(dated)[:10]}" if dated else ""
    found_at = f", found at {probe.feed}" if probe.feed not in (None, probe.source.url) else ""
    told = [*asked, f"kind: {kind}{found_at}"]
    told += [f"note: {seen.reason}"] if seen.reason else []
    told.append(f"links: {len(rows)}, {len(dated)} with a date{newest}; {len(probe.readings)} read: {facts} facts")
    return [*told, "for the config:", *_table(probe.source)]


def _table(source: Source) -> list[str]:
    values = {"name": source.name, "brand": source.brand, "kind": str(source.kind), "url": source.url}
    values["links"] = source.links
    lines = [f"{key} = {inert_json(value)}" for key, value in values.items() if value is not None]
    return ["[[sources]]", *lines, *(["render = true"] if source.render else [])]
