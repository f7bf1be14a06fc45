"""What the time of one check goes into: each part alone, in CPU milliseconds of this process (medians)."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench import ours, site
from monitor.config import load
from monitor.history import History
from monitor.history.storable import squeeze
from monitor.likeness import fingerprint, marked
from monitor.models import Link, Observation, Outcome, Page, Reading, Source, SourceKind, Validators
from monitor.pages.outline import outline
from monitor.parser.document import read_page
from monitor.parser.facts import read_facts, revive
from monitor.parser.reconcile import concerned, reconcile
from monitor.pipeline import record
from monitor.scrapers import Client
from monitor.scrapers.listing import read_listing
from monitor.settings import Settings

TIMES = 30
FETCHES = 1_000
GROUP = 50

Part = tuple[str, float]


def milliseconds(work: Callable[[], Any], times: int = TIMES) -> float:
    """The median of the CPU time of one call."""
    took = []
    work()
    for _ in range(times):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def parts(folder: Path) -> Iterator[Part]:
    """Every part. The site must be running, `folder` must hold a config and a primed history."""
    settings = load(folder / "monitor.toml")
    yield "fetch: unchanged (304)", asyncio.run(fetching(settings, known=True))
    yield "fetch: 100 KB", asyncio.run(fetching(settings, known=False))
    now = datetime.now(UTC)
    source = settings.sources[0]
    listed = _page(source.url, site.Site().page(0, 1), now)
    yield "outline of a listing", milliseconds(lambda: outline(listed, source.kind))
    yield "outline of a page", milliseconds(lambda: outline(listed, SourceKind.PAGE))
    yield "parse: a listing", milliseconds(lambda: read_listing(listed, source))
    article = _page(source.url.replace("/news/0.html", "/article/0-v1/news"), site.article(0), now)
    link = Link(url=article.url)
    yield "parse: an article of 100 KB", milliseconds(lambda: read_page(article, source, link))
    document = read_page(article, source, link)
    yield "facts: of that article", milliseconds(lambda: read_facts(document))
    yield "fingerprint: of that article", milliseconds(lambda: fingerprint(document.text))
    yield "packing: that article's page", milliseconds(lambda: squeeze(article.content))
    with History(settings.database, revive=revive) as history:
        yield from recording(history, settings, Reading(link=link, outcome=Outcome.OK, page=article, document=document))


async def fetching(settings: Settings, *, known: bool) -> float:
    client = Client(settings.http, clock=lambda: datetime.now(UTC))
    client.prepare()

    async def host(urls: list[str]) -> None:
        for url in urls:
            await client.get(url, Validators(f'"{ours.number(url)}-0"') if known else None)

    hosts = [[url] * (FETCHES // site.HOSTS) for url in ours.addresses(site.HOSTS)]
    await asyncio.gather(*(host(urls[:1]) for urls in hosts))  # the robots.txt and the connections
    began = time.process_time()
    await asyncio.gather(*map(host, hosts))
    took = (time.process_time() - began) * 1000 / FETCHES
    await client.aclose()
    return took


def recording(history: History, settings: Settings, reading: Reading) -> Iterator[Part]:
    """Recording: in groups where nothing is new, one by one where something is."""
    numbers = iter(range(10**9))
    made = partial(record, history=history, settings=settings, failures=0)

    def unchanged(source: Source) -> Any:
        now = datetime.now(UTC)
        seen = Observation(source=source.name, started_at=now, finished_at=now, outcome=Outcome.UNCHANGED)
        return made(seen, source, next_due=now + timedelta(days=1), now=now)

    def group() -> None:
        history.together([partial(unchanged, source) for source in settings.sources[:GROUP]])

    yield f"record: unchanged, {GROUP} together, each", milliseconds(group) / GROUP
    assert reading.document is not None
    facts = read_facts(reading.document)
    others = iter([_another(reading, place) for place in range(TIMES + 1)])

    def article() -> None:
        now, source = datetime.now(UTC), settings.sources[next(numbers) % len(settings.sources)]
        new = replace(next(others), facts=facts)
        seen = Observation(source=source.name, started_at=now, finished_at=now, outcome=Outcome.OK, readings=(new,))
        made(seen, source, next_due=now + timedelta(days=1), now=now)

    yield f"record: an article of {len(facts)} facts", milliseconds(article)
    subjects = {subject for fact in facts for subject in _subjects(fact)}
    claims = history.claims(concerned(subjects), 0)
    weighed = sum(map(len, claims.values()))
    yield f"reconcile: {weighed} claims", milliseconds(lambda: reconcile(claims, datetime.now(UTC)))


def _another(reading: Reading, place: int) -> Reading:
    """An article of the same words in another order, with a page of its own, as a child hands it over."""
    assert reading.document is not None
    assert reading.page is not None
    words, url = reading.document.text.split(" "), f"{reading.link.url}/{place}"
    random.Random(place).shuffle(words)
    document = replace(reading.document, url=url, text=reading.document.text[:200] + " ".join(words))
    content = reading.page.content + b"<!-- %d -->" % place
    page = replace(reading.page, url=url, content=content, packed=squeeze(content))
    return replace(reading, link=Link(url=url), page=page, document=marked(document))


def _subjects(fact: Any) -> Iterator[Any]:
    from monitor.models import Subject

    yield Subject(brand=fact.brand, kind=fact.kind, name=fact.subject)


def _page(url: str, content: bytes, now: datetime) -> Page:
    kind = "text/html; charset=utf-8"
    return Page(url=url, requested_url=url, status=200, content=content, content_type=kind, fetched_at=now)
