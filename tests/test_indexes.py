"""What a source's page leads to - its feed, its sitemaps, its older pages - with a client that answers from a table."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from faultserver import FaultServer, reply

from monitor.errors import FetchError
from monitor.indexes import FEEDS, OLDER, SITEMAPS, read_index
from monitor.models import Memory, Outcome, Page, Source, SourceKind, Validators
from monitor.scrapers import Client
from monitor.settings import HttpSettings
from monitor.visits import Look, Tools, look

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
SITE = "https://www.kestrel.example"
NEWS = f"{SITE}/news/"


@dataclass
class Web:
    """Pages by address; an address that is not there is gone."""

    pages: Mapping[str, str]
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        self.asked.append(url.removeprefix(SITE))
        if url not in self.pages:
            raise FetchError(Outcome.GONE, "HTTP 404: there is no such page")
        return Page(
            url=url,
            requested_url=url,
            status=200,
            content=self.pages[url].encode(),
            content_type=None,
            fetched_at=NOW,
            validators=Validators(etag='"1"'),
        )


async def here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def looked(web: Web, kind: SourceKind, memory: Memory | None = None, url: str = NEWS) -> Look:
    tools = Tools(client=web, run=here, clock=lambda: NOW)
    return asyncio.run(look(Source(name="k", kind=kind, url=url), memory or Memory(first=False), tools))


def after(seen: Look) -> Memory:
    """What the history would remember of it."""
    assert seen.page is not None
    known = {link.url: link.updated for link in seen.links}
    return Memory(first=False, url=seen.page.moved_to, body_hash=seen.body_hash, known=known)


def paths(seen: Look) -> list[str]:
    return [link.url.removeprefix(SITE) for link in seen.links]


def rss(*names: str) -> str:
    items = (f"<item><title>{name}</title><link>{SITE}/{name}</link></item>" for name in names)
    return f'<rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'


def page(*feeds: str) -> str:
    head = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    return f"<!doctype html><html><head><title>News</title>{head}</head><body><h1>All our news</h1></body></html>"


def test_a_feed_is_found_from_the_newsroom_and_is_the_address_from_then_on() -> None:
    web = Web({NEWS: page("/dead.xml", "/news/feeds"), f"{SITE}/feed.xml": rss("a", "b")})
    web.pages = {**web.pages, f"{SITE}/news/feeds": page("/feed.xml")}
    seen = looked(web, SourceKind.FEED)
    assert (seen.outcome, paths(seen)) == (Outcome.OK, ["/a", "/b"])
    assert seen.page is not None
    assert seen.page.moved_to == f"{SITE}/feed.xml"
    assert web.asked == ["/news/", "/news/feeds", "/dead.xml", "/feed.xml"]

    web.asked.clear()
    again = looked(web, SourceKind.FEED, after(seen))
    assert (again.outcome, web.asked) == (Outcome.UNCHANGED, ["/feed.xml"])


def test_a_feed_that_moved_is_found_anew_from_the_newsroom() -> None:
    memory = after(looked(Web({NEWS: page("/feed.xml"), f"{SITE}/feed.xml": rss("a")}), SourceKind.FEED))
    seen = looked(Web({NEWS: page("/new.xml"), f"{SITE}/new.xml": rss("a", "b")}), SourceKind.FEED, memory)
    assert paths(seen) == ["/b"]
    assert seen.page is not None
    assert seen.page.moved_to == f"{SITE}/new.xml"


def test_a_page_whose_feeds_are_none_says_what_was_tried_and_tries_no_more_than_so_many() -> None:
    web = Web({NEWS: page(*(f"/{n}.xml" for n in range(9))), f"{SITE}/0.xml": "<rss><channel></channel></rss>"})
    seen = looked(web, SourceKind.FEED)
    assert seen.outcome is Outcome.BAD_FEED
    assert "0.xml: the feed holds no items" in str(seen.reason)
    assert "1.xml: HTTP 404" in str(seen.reason)
    assert len(web.asked) == 1 + FEEDS


def test_pages_that_name_each_other_as_feeds_end() -> None:
    seen = looked(Web({NEWS: page("/one"), f"{SITE}/one": page("/two"), f"{SITE}/two": page("/one")}), SourceKind.FEED)
    assert (seen.outcome, "web pages too" in str(seen.reason)) == (Outcome.BAD_FEED, True)


def test_a_feed_at_a_private_address_is_never_asked_for() -> None:
    with FaultServer(b"", host="127.0.0.2") as canary, FaultServer(reply(body=page(canary.url()).encode())) as server:

        async def scenario() -> Look:
            settings = HttpSettings(allow_private_networks=("127.0.0.1/32",), per_host_delay="0s", respect_robots=False)
            client = Client(settings, clock=lambda: NOW)
            try:
                source = Source(name="k", kind=SourceKind.FEED, url=server.url())
                return await look(source, Memory(), Tools(client=client, run=here, clock=lambda: NOW))
            finally:
                await client.aclose()

        seen = asyncio.run(scenario())
        assert canary.connections == 0
    assert (seen.outcome, "not a public address" in str(seen.reason)) == (Outcome.BAD_FEED, True)


MAP = f"{SITE}/sitemap.xml"


def urlset(*entries: tuple[str, str]) -> str:
    return "<urlset>" + "".join(f"<url><loc>{u}</loc><lastmod>{d}</lastmod></url>" for u, d in entries) + "</urlset>"


def map_of(*parts: tuple[str, str]) -> str:
    entries = (f"<sitemap><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</sitemap>" for url, day in parts)
    return f"<sitemapindex>{''.join(entries)}</sitemapindex>"


def test_an_index_of_sitemaps_is_followed_and_the_newest_come_first() -> None:
    web = Web(
        {
            MAP: map_of(("/a.xml", "2026-01-01T09:00:00Z"), ("/b.xml", "2026-01-02T10:00+01:00")),
            f"{SITE}/a.xml": urlset(("/old", "2025-01-01"), ("/new", "2026-01-01")),
            f"{SITE}/b.xml": urlset(("/newest", "2026-01-02"), ("/old", "2025-01-01")),
        }
    )
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    assert (paths(seen), seen.reason) == (["/newest", "/new", "/old"], None)
    assert seen.page is not None
    assert seen.page.validators.etag
    assert looked(web, SourceKind.SITEMAP, after(seen), MAP).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("day", ["", "2026-01-01", "2026-01-01T00:00:00+00:00"])
def test_an_index_that_tells_no_time_of_day_does_not_hide_what_is_new_in_its_sitemaps(day: str) -> None:
    web = Web({MAP: map_of(("/a.xml", day)), f"{SITE}/a.xml": urlset(("/one", "2026-01-01"))})
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    assert seen.page is not None
    assert seen.page.validators == Validators()  # else an unchanged index would be answered with 304
    web.pages = {**web.pages, f"{SITE}/a.xml": urlset(("/one", "2026-01-01"), ("/two", "2026-01-02"))}
    again = looked(web, SourceKind.SITEMAP, after(seen), MAP)
    assert (again.outcome, paths(again)) == (Outcome.OK, ["/two"])


def test_what_is_new_in_a_sitemap_is_found_whatever_its_index_tells() -> None:
    web = Web({MAP: map_of(("/a.xml", "2026-01-01T09:00:00Z")), f"{SITE}/a.xml": urlset(("/one", "2026-01-01"))})
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    web.pages = {**web.pages, f"{SITE}/a.xml": urlset(("/one", "2026-01-01"), ("/two", "2026-01-02"))}
    assert paths(looked(web, SourceKind.SITEMAP, after(seen), MAP)) == ["/two"]


def test_a_packed_sitemap_of_a_brand_is_read() -> None:
    """A brand's page is looked at for being another's; a sitemap says nothing of that, and is no text yet."""
    packed = Page(
        url=MAP,
        requested_url=MAP,
        status=200,
        content=gzip.compress(urlset(("/one", "2026-01-01")).encode()),
        content_type="application/gzip",
        fetched_at=NOW,
    )
    read = read_index(packed, Source(name="k", kind=SourceKind.SITEMAP, url=MAP, brand="smart"))
    assert [link.url for link in read.links] == [f"{SITE}/one"]


def test_an_index_of_which_nothing_can_be_read_says_what_is_wrong_with_the_most_promising_sitemap() -> None:
    parts = (("/pages.xml", "2026-01-01"), ("/news.xml", "2026-01-01"))
    web = Web({MAP: map_of(*parts), f"{SITE}/news.xml": "no XML", f"{SITE}/pages.xml": urlset()})
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    assert (seen.outcome, seen.reason) == (Outcome.BAD_FEED, "this is no XML")


def test_a_huge_or_half_broken_index_is_read_in_part_and_says_so() -> None:
    parts = [(f"/{n}.xml", f"2026-01-{n:02}") for n in range(1, 10)]
    web = Web({MAP: map_of(*parts), f"{SITE}/9.xml": urlset(("/one", "2026-01-01")), f"{SITE}/8.xml": map_of(*parts)})
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    assert (seen.outcome, paths(seen), len(web.asked)) == (Outcome.OK, ["/one"], 1 + SITEMAPS)
    for words in ("7.xml: HTTP 404", "8.xml: an index within an index", "9 sitemaps; 5 are read"):
        assert words in str(seen.reason)
    lost = looked(Web({MAP: map_of(*parts)}), SourceKind.SITEMAP, url=MAP)
    assert (lost.outcome, lost.reason) == (Outcome.GONE, "HTTP 404: there is no such page")


def test_an_index_of_indexes_says_that_they_are_not_followed_and_names_them() -> None:
    inner = map_of(("/deep.xml", ""))
    web = Web({MAP: map_of(("/a.xml", ""), ("/b.xml", ""), ("/c.xml", ""))})
    web.pages = {**web.pages, f"{SITE}/a.xml": inner, f"{SITE}/b.xml": inner, f"{SITE}/c.xml": urlset()}
    seen = looked(web, SourceKind.SITEMAP, url=MAP)
    assert seen.outcome is Outcome.NO_ARTICLES
    for words in ("c.xml: the sitemap holds no addresses", "b.xml: an index within an index is not followed"):
        assert words in str(seen.reason)
    assert str(seen.reason).endswith("; make such an index the url of the source")


def listing(number: int, stories: range, last: int = 99) -> str:
    cards = "".join(
        f'<article><a href="/news/2026/story-number-{n}-of-ours"><h3>Our story number {n} at length</h3></a></article>'
        for n in stories
    )
    more = f'<a rel="next" href="/news/?page={number + 1}">Older</a>' if number < last else ""
    return f"<html><body><main>{cards}</main>{more}</body></html>"


def newsroom(newest: int, pages: int) -> dict[str, str]:
    """Ten stories a page, the newest first."""
    return {
        NEWS if n == 1 else f"{NEWS}?page={n}": listing(n, range(newest - 10 * n + 10, newest - 10 * n, -1), pages)
        for n in range(1, pages + 1)
    }


def test_the_first_look_at_a_listing_reads_a_bounded_number_of_older_pages() -> None:
    web = Web(newsroom(newest=200, pages=20))
    seen = looked(web, SourceKind.LISTING)
    assert (len(seen.links), len(web.asked)) == (10 * (1 + OLDER), 1 + OLDER)
    assert seen.listed == 10, "older pages, which are seldom read, say nothing of how long the list usually is"
    assert paths(seen)[0] == "/news/2026/story-number-200-of-ours"
    assert paths(seen)[-1] == "/news/2026/story-number-151-of-ours"


def test_older_pages_are_asked_for_only_while_they_hold_what_is_new() -> None:
    memory = after(looked(Web(newsroom(newest=200, pages=20)), SourceKind.LISTING))
    few, many = Web(newsroom(newest=203, pages=20)), Web(newsroom(newest=218, pages=20))
    assert len(looked(few, SourceKind.LISTING, memory).links) == 3
    assert few.asked == ["/news/"]
    assert len(looked(many, SourceKind.LISTING, memory).links) == 18
    assert many.asked == ["/news/", "/news/?page=2", "/news/?page=3"]


def test_an_older_page_that_fails_takes_nothing_away_and_is_noted() -> None:
    pages = newsroom(newest=200, pages=20)
    del pages[f"{NEWS}?page=2"]
    seen = looked(Web(pages), SourceKind.LISTING)
    assert (seen.outcome, len(seen.links)) == (Outcome.OK, 10)
    assert seen.reason == "the page with older articles: HTTP 404: there is no such page"


def test_pages_that_go_round_in_a_circle_end() -> None:
    web = Web({NEWS: listing(1, range(9)), f"{NEWS}?page=2": listing(0, range(9))})
    assert len(looked(web, SourceKind.LISTING).links) == 9
    assert len(web.asked) == 2


def test_a_remembered_address_that_is_gone_gives_way_to_the_configured_one() -> None:
    web = Web(newsroom(newest=9, pages=1))
    seen = looked(web, SourceKind.LISTING, replace(Memory(first=False), url=f"{SITE}/moved/"))
    assert (seen.outcome, web.asked) == (Outcome.OK, ["/moved/", "/news/"])
    assert seen.page is not None
    assert seen.page.moved_to == NEWS


def test_a_feed_that_was_found_from_the_newsroom_is_looked_for_again() -> None:
    memory = after(looked(Web({NEWS: page("/feed.xml"), f"{SITE}/feed.xml": rss("a")}), SourceKind.FEED))
    web = Web({NEWS: page("/new.xml"), f"{SITE}/feed.xml": rss("a"), f"{SITE}/new.xml": rss("a", "b")})
    seen = looked(web, SourceKind.FEED, replace(memory, look_back=True))
    assert (paths(seen), web.asked) == (["/b"], ["/news/", "/new.xml"])
    assert seen.page is not None
    assert seen.page.moved_to == f"{SITE}/new.xml"


def test_what_is_known_of_where_a_source_moved_to_is_not_sent_to_its_old_address() -> None:
    """A 304 to it would say nothing of the page there."""
    asked: list[tuple[str, Validators | None]] = []

    class Noting(Web):
        async def get(self, url: str, *, validators: Validators | None = None) -> Page:
            asked.append((url.removeprefix(SITE), validators))
            return await super().get(url, validators=validators)

    known = Validators(etag='"7"')
    memory = replace(Memory(first=False), url=f"{SITE}/moved/", look_back=True, validators=known)
    pages = newsroom(newest=9, pages=1)
    assert looked(Noting(pages), SourceKind.LISTING, memory).outcome is Outcome.OK
    looked(Noting({f"{SITE}/moved/": pages[NEWS]}), SourceKind.LISTING, memory)
    assert asked == [("/news/", None), ("/news/", None), ("/moved/", known)]
