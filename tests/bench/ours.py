"""Our side: a config of many listings, and a history that knows what stands on them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bench import site
from monitor.config import load
from monitor.history import History
from monitor.history.storable import squeeze
from monitor.models import Page, Source, SourceKind, utc_text
from monitor.pages.outline import outline
from monitor.parser.facts import revive
from monitor.scrapers.listing import read_listing

_SOURCE = """
UPDATE source SET baseline_at = :then, body_hash = :hash, page = :hash, etag = :etag, outline = :outline,
    last_checked_at = :then, last_good_at = :then, last_outcome = 'ok', next_due = :due
WHERE name = :name
"""

_LINK = """
INSERT INTO link (source, url, title, state, baseline, found_at, settled_at)
VALUES (:name, :url, 'a title', 'skipped', 1, :then, :then)
"""


def addresses(count: int) -> list[str]:
    """The listings, spread over the hosts."""
    return [f"http://127.0.0.1:{site.PORT + place % site.HOSTS}/news/{place}.html" for place in range(count)]


def number(url: str) -> int:
    """The number of a page in its address."""
    return int(url.rsplit("/", 1)[-1].removesuffix(".html"))


def write_config(folder: Path, urls: Sequence[str], every: str = "1d") -> Path:
    """The config that watches these listings; without delays between two requests to one host, and on loopback."""
    path = folder / "monitor.toml"
    sources = "".join(
        f'\n[[sources]]\nname = "listing {number(url)}"\nkind = "listing"\nurl = "{url}"\nevery = "{every}"\n'
        for url in urls
    )
    http = '[http]\nper_host_delay = "0s"\nallow_private_networks = ["127.0.0.0/8"]\n'
    path.write_text(f'database = "monitor.db"\n{http}{sources}')
    return path


def prime(config: Path, links: int, now: datetime, due: datetime, *, outlines: bool) -> None:
    """A history as after a check a moment ago: every source has had its baseline, its first `links` links are known.

    By SQL, since checking a hundred thousand pages once would take longer than all that is measured.
    """
    settings = load(config)
    with History(settings.database, revive=revive) as history:
        history.sync_sources(settings.sources, now)
    body = b"a body"
    digest = hashlib.sha256(body).hexdigest()
    with closing(sqlite3.connect(settings.database)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("INSERT INTO page VALUES (?, ?, ?, ?)", (digest, len(body), squeeze(body), utc_text(now)))
        db.executemany(_SOURCE, (_row(source, digest, now, due, outlines) for source in settings.sources))
        db.executemany(_LINK, _links(settings.sources, links, utc_text(now)))
        db.execute("PRAGMA optimize")


def _row(source: Source, digest: str, now: datetime, due: datetime, outlined: bool) -> dict[str, str | None]:
    return {
        "name": source.name,
        "hash": digest,
        "then": utc_text(now),
        "due": utc_text(due),
        "etag": f'"{number(source.url)}-0"',
        "outline": outline(_page(source.url, now), source.kind) if outlined else None,
    }


def _links(sources: Sequence[Source], most: int, then: str) -> Iterator[dict[str, str]]:
    for source in sources:
        host = source.url.split("/news/")[0]
        for path in _paths(number(source.url) % site.PAGES)[:most]:
            yield {"name": source.name, "url": f"{host}/article/{number(source.url)}-{path}", "then": then}


def _page(url: str, now: datetime) -> Page:
    body = site.Site().page(number(url), 0)
    return Page(url=url, requested_url=url, status=200, content=body, content_type="text/html", fetched_at=now)


@cache
def _paths(template: int) -> tuple[str, ...]:
    """What the addresses of the articles on a page end with, as the listing's reader finds them."""
    url = f"http://127.0.0.1:{site.PORT}/news/{template}.html"
    source = Source(name="a listing", kind=SourceKind.LISTING, url=url)
    found = read_listing(_page(url, datetime.now(UTC)), source)
    return tuple(link.url.split(f"/article/{template}-")[1] for link in found.links)


def overdue() -> datetime:
    """A due time that is over."""
    return datetime.now(UTC) - timedelta(seconds=5)


def make_due(database: Path, name: str) -> None:
    """Makes one source due now."""
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE source SET next_due = ? WHERE name = ?", [utc_text(overdue()), name])
