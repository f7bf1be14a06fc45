"""Sitemaps: plain, for news, gzipped, broken and hostile."""

from __future__ import annotations

import gzip
import sys
from datetime import UTC, datetime

import pytest

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, SourceKind
from monitor.scrapers import INDEXES
from monitor.scrapers.sitemap import MAX_LINKS

URL = "https://www.kestrel.example/sitemap.xml"
SOURCE = Source(name="x", kind=SourceKind.SITEMAP, url=URL)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NEWS = (
    HEAD
    + """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>
  https://www.kestrel.example/a?utm_source=map </loc>
  <news:news><news:publication><news:name>K</news:name>
  <news:language>en</news:language></news:publication>
  <news:publication_date>2026-01-05T10:00:00+01:00</news:publication_date>
  <news:title>Tents &amp; stoves</news:title></news:news></url>
<url><loc>/b</loc><lastmod>2026-01-02</lastmod></url>
<url><loc>javascript:alert(1)</loc></url>
<url><lastmod>2026-01-02</lastmod></url>
</urlset>"""
)


def links(content: str | bytes) -> tuple[Link, ...]:
    return read(content).links


def read(content: str | bytes) -> Index:
    content = content.encode() if isinstance(content, str) else content
    now = datetime(2026, 1, 9, tzinfo=UTC)
    page = Page(url=URL, requested_url=URL, status=200, content=content, content_type=None, fetched_at=now)
    return INDEXES[SourceKind.SITEMAP](page, SOURCE)


def refusal(content: str | bytes) -> ReadError:
    with pytest.raises(ReadError) as caught:
        links(content)
    return caught.value


def urlset(*urls: str) -> str:
    return HEAD + "<urlset>" + "".join(urls) + "</urlset>"


EXPECTED = (
    Link(url="https://www.kestrel.example/a", title="Tents & stoves", published="2026-01-05T09:00:00Z", language="en"),
    Link(url="https://www.kestrel.example/b", updated="2026-01-02"),
)


def test_addresses_come_with_what_the_sitemap_says_about_them() -> None:
    assert links(NEWS) == EXPECTED


@pytest.mark.parametrize("content", [gzip.compress(NEWS.encode()), NEWS.encode("utf-8-sig"), "\n \n" + NEWS])
def test_other_packings_say_the_same(content: str | bytes) -> None:
    assert links(content) == EXPECTED


def test_a_broken_sitemap_is_read_as_far_as_it_goes() -> None:
    assert links(NEWS.replace("</urlset>", "<url><loc>https://www.kestrel.example/c</lo")[:-3])[:2] == EXPECTED


def parts(*entries: str) -> list[str]:
    """The sitemaps of an index, in the order in which they are worth reading."""
    content = f"{HEAD}<sitemapindex>{''.join(f'<sitemap>{entry}</sitemap>' for entry in entries)}</sitemapindex>"
    return [part.url.removeprefix("https://www.kestrel.example/") for part in read(content).parts]


def test_an_index_names_its_sitemaps_news_first_then_the_latest() -> None:
    assert parts(
        "<loc>/map-2024.xml</loc><lastmod>2024-12-30</lastmod>",
        "<loc>/map-images.xml</loc><lastmod>2026-01-09</lastmod>",
        "<loc>/map-2025.xml</loc><lastmod>2025-12-30</lastmod>",
        "<loc>/news-sitemap.xml.gz</loc>",
        "<loc>javascript:alert(1)</loc>",
    ) == ["news-sitemap.xml.gz", "map-2025.xml", "map-2024.xml", "map-images.xml"]
    assert parts("<loc>/map1.xml</loc>", "<loc>/map2.xml</loc>") == ["map2.xml", "map1.xml"]


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        ("<rss><channel/></rss>", Outcome.BAD_FEED, 'kind = "feed"'),
        ("<html><body>no</body></html>", Outcome.BAD_FEED, "no sitemap but <html>"),
        ("not xml at all", Outcome.BAD_FEED, "this is no XML"),
        ("", Outcome.BAD_FEED, "this is no XML"),
        (urlset(), Outcome.NO_ARTICLES, "no addresses"),
        ("<sitemapindex/>", Outcome.NO_ARTICLES, "no sitemaps"),
        (gzip.compress(NEWS.encode())[:-9], Outcome.INCOMPLETE, "ends before its end"),
        (b"\x1f\x8b" + b"rubbish" * 9, Outcome.BAD_FEED, "damaged"),
        (gzip.compress(bytes(60_000_000)), Outcome.TOO_LARGE, "50 MB"),
    ],
)
def test_what_is_no_sitemap_is_an_outcome_in_words(content: str | bytes, outcome: Outcome, words: str) -> None:
    error = refusal(content)
    assert error.outcome is outcome
    assert words in error.reason


def test_of_very_many_addresses_the_newest_are_read_newest_first() -> None:
    entries = [f"<url><loc>/{n}</loc><lastmod>{2000 + n % 26}-01-01</lastmod></url>" for n in range(MAX_LINKS + 1_000)]
    found = read(urlset(*entries))
    assert len(found.links) == MAX_LINKS
    dates = [str(link.updated) for link in found.links]
    assert dates == sorted(dates, reverse=True)
    assert dates[-1] > "2003"
    assert found.note == "the sitemap holds 6,000 addresses; the newest 5,000 are read"


@pytest.mark.parametrize("place", [0, 5_000])
def test_of_very_many_addresses_without_a_date_what_is_added_at_either_end_is_read(place: int) -> None:
    entries = [f"<url><loc>/{n}</loc></url>" for n in range(MAX_LINKS)]
    before = {link.url for link in links(urlset(*entries))}
    found = read(urlset(*entries[:place], "<url><loc>/new</loc></url>", *entries[place:]))
    assert [link.url for link in found.links if link.url not in before] == ["https://www.kestrel.example/new"]
    assert len(found.links) == MAX_LINKS
    left_out = "of those without a date, the ones in the middle are left out"
    assert found.note == f"the sitemap holds 5,001 addresses; 5,000 are read; {left_out}"


def test_of_very_many_addresses_those_with_a_date_come_first() -> None:
    bare = [f"<url><loc>/{n}</loc></url>" for n in range(MAX_LINKS)]
    found = read(urlset(*bare, "<url><loc>/dated</loc><lastmod>2026-01-02</lastmod></url>"))
    names = [link.url.removeprefix("https://www.kestrel.example/") for link in found.links]
    assert (len(names), names[0], names[1], names[-1]) == (MAX_LINKS, "dated", "0", "4999")


LAUGHS = (
    "<!DOCTYPE x [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)) + '<!ENTITY a0 "ha">]>'
)


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS + "<urlset><url><loc>/&a8;</loc></url></urlset>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><urlset><url><loc>/&e;</loc></url></urlset>',
        '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x.dtd">%e;]><urlset><url><loc>/a</loc></url></urlset>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY e "x">]><urlset/>'.encode("utf-16"),
    ],
)
def test_entities_are_refused(content: str | bytes) -> None:
    assert refusal(content).outcome is Outcome.BAD_FEED


def test_nothing_outside_is_opened_for_a_sitemap() -> None:
    """B2, B3: an audit hook sees every open and connect of the interpreter while hostile files are read."""
    opened: list[str] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "socket.connect", "socket.getaddrinfo"):
            opened.append(f"{event} {arguments[0]}")

    links(NEWS)  # whatever is loaded late is loaded now
    sys.addaudithook(hook)
    for body in (
        '<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd"><urlset><url><loc>/a</loc></url></urlset>',
        '<!DOCTYPE urlset PUBLIC "x" "file:///etc/hostname"><urlset><url><loc>/a</loc></url></urlset>',
        '<urlset xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname"/><url><loc>/a</loc></url></urlset>',
        '<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?><urlset><url><loc>/a</loc></url></urlset>',
    ):
        assert [link.url for link in links(body)] == ["https://www.kestrel.example/a"]
    watching = False
    assert opened == []
