"""A small history for tests of what reads one: the seed's kind of story, told by three outlets over four days.

Made through the real `record`, from documents whose facts the real parser reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.history import History
from monitor.likeness import marked
from monitor.models import Authority, Document, Link, Observation, Outcome, Page, Reading, Source, SourceKind
from monitor.parser.facts import read_facts, revive
from monitor.pipeline import record
from monitor.settings import AlertRule, ConsoleChannel, Settings

START = datetime(2026, 1, 2, 9, tzinfo=UTC)
EVERY = timedelta(minutes=15)


def source(name: str, authority: Authority = Authority.MEDIA, brand: str | None = None) -> Source:
    return Source(
        name=name,
        kind=SourceKind.LISTING,
        url=f"https://{name}.example/news",
        brand=brand,
        every=EVERY,
        authority=authority,
        outlet=name.split("-")[0],
    )


NEWSROOM = source("smart-newsroom", Authority.OFFICIAL, "smart")
TRADE = source("trade-site")
SILENT = source("silent-site")


def settings(database: Path) -> Settings:
    return Settings(
        path=database.with_name("monitor.toml"),
        database=database,
        channels=(ConsoleChannel(name="screen", kind="console"),),
        alerts=(AlertRule(name="everything", channels=("screen",)),),
    )


def reading(url: str, title: str, text: str, published: str, brand: str | None) -> Reading:
    document = Document(
        url=url, title=title, published=published, published_from="listing", language="en", text=f"{title}\n{text}"
    )
    facts = read_facts(document, brand=brand)
    assert facts, f"the parser finds nothing in {text!r}"
    link = Link(url=url, title=title, published=published)
    return Reading(link=link, outcome=Outcome.OK, document=marked(document), facts=facts)


def seen(at: Source, now: datetime, readings: Sequence[Reading] = ()) -> Observation:
    index = Page(
        url=at.url, requested_url=at.url, status=200, content=b"<html>", content_type="text/html", fetched_at=now
    )
    links = tuple(reading.link for reading in readings)
    return Observation(
        source=at.name,
        started_at=now,
        finished_at=now,
        outcome=Outcome.OK,
        page=index,
        body_hash=f"{now:%d%H}",
        links=links,
        readings=tuple(readings),
        requests=1 + len(links),
    )


def failed(at: Source, now: datetime, outcome: Outcome, reason: str) -> Observation:
    return Observation(source=at.name, started_at=now, finished_at=now, outcome=outcome, reason=reason, requests=1)


def tell_more(
    history: History,
    database: Path,
    url: str,
    title: str,
    text: str,
    *,
    at: Source = TRADE,
    language: str = "en",
    page: tuple[str, bytes] | None = None,
) -> None:
    """One more article, whatever it says; its page, a content type and bytes, is kept where there is one."""
    document = Document(
        url=url, title=title, published="2026-01-05", published_from="listing", language=language, text=text
    )
    link = Link(url=url, title=title, published="2026-01-05")
    now = START + timedelta(days=3)
    kept = page and Page(url=url, requested_url=url, status=200, content=page[1], content_type=page[0], fetched_at=now)
    facts = read_facts(document, brand="smart")
    found = Reading(link=link, outcome=Outcome.OK, page=kept, document=marked(document), facts=facts)
    history.sync_sources([NEWSROOM, TRADE, SILENT], now)
    record(
        seen(at, now, [found]),
        at,
        history=history,
        settings=settings(database),
        next_due=now + EVERY,
        failures=0,
        now=now,
    )


def tell(database: Path) -> None:
    """Fills a new database: a baseline of 38 markets, then 39, a trade site's 40th, and a source that fails."""
    day = timedelta(days=1)
    first = reading(
        "https://smart-newsroom.example/news/38",
        "smart closes the year",
        "smart is now present in 38 markets worldwide.",
        "2026-01-02",
        "smart",
    )
    more = reading(
        "https://smart-newsroom.example/news/39",
        "smart grows again",
        "smart is now present in 39 markets worldwide.",
        "2026-01-03",
        "smart",
    )
    fortieth = reading(
        "https://trade-site.example/news/40",
        "=cmd|' /C calc'!A0 \x1b[31m smart\u202e",
        "smart has entered its 40th market worldwide.",
        "2026-01-03",
        "smart",
    )
    with History(database, revive=revive) as history:
        history.sync_sources([NEWSROOM, TRADE, SILENT], START)
        for at, observation in (
            (NEWSROOM, seen(NEWSROOM, START, [first])),
            (TRADE, seen(TRADE, START)),
            (SILENT, failed(SILENT, START, Outcome.DNS, "the name silent-site.example was not found")),
            (NEWSROOM, seen(NEWSROOM, START + day, [more])),
            (TRADE, seen(TRADE, START + 2 * day, [fortieth])),
            (SILENT, failed(SILENT, START + 2 * day, Outcome.DNS, "the name silent-site.example was not found")),
        ):
            now = observation.finished_at
            record(
                observation,
                at,
                history=history,
                settings=settings(database),
                next_due=now + EVERY,
                failures=0 if observation.outcome.good else (1 if now == START else 2),
                now=now,
            )
