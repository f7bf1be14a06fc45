"""Feeds of every make, well-formed, broken and hostile."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import pytest

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, SourceKind
from monitor.scrapers import INDEXES
from monitor.scrapers.feed import MAX_ITEMS, MAX_TEXT, MAX_TEXTS

URL = "https://www.kestrel.example/news/feed.xml"
SOURCE = Source(name="x", kind=SourceKind.FEED, url=URL)
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Kestrel</title><link>https://www.kestrel.example/</link><language>en-GB</language>
<item><title>Tents &amp;amp; stoves &lt;b&gt;reach&lt;/b&gt; Peru</title>
 <link>https://www.kestrel.example/news/peru?utm_source=rss&amp;id=7#top</link>
 <guid isPermaLink="false">k-7</guid><pubDate>Mon, 05 Jan 2026 10:00:00 +0100</pubDate>
 <description>Short.</description>
 <content:encoded><![CDATA[<p>Kestrel now sells in <b>13</b> countries.</p><script>alert(1)</script>
 <ul><li>Peru</li><li>Chile</li></ul>]]></content:encoded></item>
<item><title>By its guid</title><guid>https://www.kestrel.example/news/guid</guid><pubDate>2026-01-02</pubDate></item>
<item><title>Relative</title><link>/news/relative</link><description>Plain words</description></item>
<item><title>Leads nowhere</title><guid isPermaLink="false">k-9</guid></item>
<item><title>Leads nowhere good</title><link>javascript:alert(1)</link></item>
<item><title>The same again</title><link>https://www.kestrel.example/news/relative</link></item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://media.kestrel.example/de/">
<title>Kestrel</title>
<entry><title type="html">Zelte in &lt;i&gt;Peru&lt;/i&gt;</title><id>tag:kestrel,2026:1</id>
 <link rel="enclosure" href="https://cdn.example/a.mp3"/><link rel="alternate" type="text/html" href="peru"/>
 <published>2026-01-05T09:00:00Z</published><updated>2026-01-06T08:00:00+01:00</updated>
 <summary type="html">&lt;p&gt;Kestrel verkauft in Peru.&lt;/p&gt;</summary></entry>
<entry><title>Nur geändert</title><id>https://media.kestrel.example/de/zwei</id><updated>2025-12-24</updated></entry>
</feed>"""

RDF = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="x"><title>Kestrel</title><link>https://www.kestrel.example/</link></channel>
<item rdf:about="https://www.kestrel.example/a"><title>Caf\u00e9 k\u00fchl</title><link>https://www.kestrel.example/a</link>
<dc:date>2026-01-05T09:00:00+01:00</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "language": "en",
    "items": [
        {
            "id": "7",
            "url": "/news/peru",
            "title": "Peru",
            "content_html": "<p>13 countries</p>",
            "date_published": "2026-01-05T10:00:00+01:00",
            "date_modified": "2026-01-06T10:00:00Z",
        },
        {"id": "https://www.kestrel.example/news/id", "content_text": "words", "language": "de-AT"},
        {"id": "9", "title": "leads nowhere"},
        "rubbish",
        {"url": 5},
    ],
}


def read(content: str | bytes, content_type: str | None = "application/rss+xml") -> Index:
    content = content.encode() if isinstance(content, str) else content
    page = Page(url=URL, requested_url=URL, status=200, content=content, content_type=content_type, fetched_at=NOW)
    return INDEXES[SourceKind.FEED](page, SOURCE)


def links(content: str | bytes, content_type: str | None = "application/rss+xml") -> tuple[Link, ...]:
    return read(content, content_type).links


def feeds(head: str, body: str = "", url: str = "https://www.kestrel.example/news/") -> list[str]:
    """The feeds that a page names, best first."""
    html = f"<!doctype html><html><head><title>News</title>{head}</head><body><h1>News</h1>{body}</body></html>"
    page = Page(url=url, requested_url=url, status=200, content=html.encode(), content_type="text/html", fetched_at=NOW)
    return list(INDEXES[SourceKind.FEED](page, SOURCE).feeds)


def refusal(content: str | bytes) -> ReadError:
    with pytest.raises(ReadError) as caught:
        links(content)
    return caught.value


def rss(*items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'


def dated(text: str, tag: str = "pubDate") -> str | None:
    (link,) = links(rss(f"<item><title>t</title><link>https://x.example/a</link><{tag}>{text}</{tag}></item>"))
    return link.published


def test_rss_items_come_with_all_that_the_feed_says() -> None:
    first, second, third = links(RSS)
    assert first == Link(
        url="https://www.kestrel.example/news/peru?id=7",
        title="Tents & stoves reach Peru",
        published="2026-01-05T09:00:00Z",
        text="Kestrel now sells in 13 countries.\nPeru\nChile",
        language="en",
    )
    assert (second.url, second.published) == ("https://www.kestrel.example/news/guid", "2026-01-02")
    assert (third.url, third.text, third.title) == (
        "https://www.kestrel.example/news/relative",
        "Plain words",
        "Relative",
    )


def test_atom_entries_resolve_against_their_base_and_carry_their_mark() -> None:
    first, second = links(ATOM, "application/atom+xml")
    assert first == Link(
        url="https://media.kestrel.example/de/peru",
        title="Zelte in Peru",
        published="2026-01-05T09:00:00Z",
        updated="2026-01-06T08:00:00+01:00",
        text="Kestrel verkauft in Peru.",
        language="de",
    )
    assert (second.url, second.published, second.updated) == (
        "https://media.kestrel.example/de/zwei",
        None,
        "2025-12-24",
    )


def test_rdf_in_its_own_encoding() -> None:
    (link,) = links(RDF.encode("iso-8859-1"), "text/xml")
    assert (link.title, link.published) == ("Café kühl", "2026-01-05T08:00:00Z")


def test_json_feeds_are_read_too() -> None:
    first, second = links(json.dumps(JSON_FEED), "application/feed+json")
    assert first == Link(
        url="https://www.kestrel.example/news/peru",
        title="Peru",
        published="2026-01-05T09:00:00Z",
        updated="2026-01-06T10:00:00Z",
        text="13 countries",
        language="en",
    )
    assert (second.url, second.text, second.language) == ("https://www.kestrel.example/news/id", "words", "de")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("content_type", [None, "text/html", "application/octet-stream", "text/xml; charset=us-ascii"])
def test_the_label_of_a_feed_does_not_change_what_it_says(encoding: str, content_type: str | None) -> None:
    declared = "UTF-16" if encoding == "utf-16" else "UTF-8"
    assert links(RSS.replace('"UTF-8"', f'"{declared}"').encode(encoding), content_type) == links(RSS)


@pytest.mark.parametrize(
    "broken",
    [
        RSS.replace("</channel></rss>", ""),
        RSS.replace("&amp;amp;", "& "),
        RSS.replace("<description>Short.", "<description>Short.\x0b\x01"),
        RSS.replace('xmlns:content="http://purl.org/rss/1.0/modules/content/"', ""),
        "\n\n  " + RSS,
        RSS.replace("</title>\n <link>", "</titel>\n <link>"),
        RSS + "<!-- rubbish --><div>",
    ],
)
def test_broken_feeds_are_read_as_far_as_they_go(broken: str) -> None:
    urls = [link.url for link in links(broken)]
    assert urls[0].startswith("https://www.kestrel.example/news/peru")
    assert "https://www.kestrel.example/news/relative" in urls


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Mon, 05 Jan 2026 09:00:00 GMT", "2026-01-05T09:00:00Z"),
        ("Mon, 5 Jan 26 09:00 EST", "2026-01-05T14:00:00Z"),
        ("2025年3月5日", "2025-03-05"),
        ("05.03.2025", "2025-03-05"),
        ("1735689600", "2025-01-01T00:00:00Z"),
        ("5. März 2025", "2025-03-05"),
        ("2025-03-05", "2025-03-05"),
        ("03/05/2025", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 05 Jan 2037 09:00:00 GMT", None),
        ("0000-00-00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_read_as_written_or_not_at_all(text: str, when: str | None) -> None:
    assert dated(text) == when


def test_of_two_items_with_one_address_the_first_counts() -> None:
    item = "<item><title>{}</title><link>https://x.example/a?utm_source={}</link></item>"
    assert [link.title for link in links(rss(item.format("one", 1), item.format("two", 2)))] == ["one"]


def test_shuffled_and_restamped_feeds_hold_the_same_links() -> None:
    items = [f"<item><title>t{n}</title><link>https://x.example/{n}</link></item>" for n in range(9)]
    assert {link.url for link in links(rss(*items))} == {link.url for link in links(rss(*reversed(items)))}


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        ("<!doctype html><html><body><p>Welcome to our pages</p></body></html>", Outcome.BAD_FEED, "it names none"),
        ("<html><head><title>Just a moment...</title></head><body></body></html>", Outcome.SUSPECT, "robots"),
        (
            "<html><head><title>x</title></head><body><h1>Down for maintenance</h1></body></html>",
            Outcome.SUSPECT,
            "maint",
        ),
        ("", Outcome.BAD_FEED, "this is no feed"),
        ("just words", Outcome.BAD_FEED, "this is no feed"),
        ("<urlset><url><loc>/a</loc></url></urlset>", Outcome.BAD_FEED, "this is no feed"),
        ('{"items": ', Outcome.BAD_FEED, "valid JSON"),
        ('{"error": "no"}', Outcome.BAD_FEED, "no JSON Feed"),
        ("{" * 100_000, Outcome.BAD_FEED, "valid JSON"),
        (rss(), Outcome.NO_ARTICLES, "no items"),
        (rss("<item><title>x</title></item>"), Outcome.NO_ARTICLES, "no items"),
        ('{"version": "https://jsonfeed.org/version/1", "items": []}', Outcome.NO_ARTICLES, "no items"),
    ],
)
def test_what_is_no_feed_is_an_outcome_in_words(content: str, outcome: Outcome, words: str) -> None:
    error = refusal(content)
    assert error.outcome is outcome
    assert words in error.reason


def alternate(href: str, kind: str = "application/rss+xml", title: str = "News") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def test_a_page_instead_of_a_feed_names_its_feeds_the_nearest_first() -> None:
    site = "https://www.kestrel.example"
    assert feeds(alternate("/feed.xml") + alternate("/news/atom.xml", "application/atom+xml")) == [
        f"{site}/news/atom.xml",
        f"{site}/feed.xml",
    ]
    assert feeds(alternate("/f.json", "application/feed+json")) == [f"{site}/f.json"]
    assert feeds(alternate("/comments/feed/") + alternate("/c", title="Comments") + alternate("/feed/")) == [
        f"{site}/feed/",
        f"{site}/comments/feed/",
    ]
    assert feeds(alternate("/de/", "text/html"), '<a href="/news/rss">RSS</a>') == [f"{site}/news/rss"]
    assert feeds("", '<a href="https://feeds.example/kestrel">Follow us by RSS</a>') == [
        "https://feeds.example/kestrel"
    ]


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/hostname", "#rss", "/news/"])
def test_what_is_no_address_is_no_feed(href: str) -> None:
    with pytest.raises(ReadError, match="names none"):
        feeds(alternate(href), f'<a href="{href}">RSS</a>')


def test_a_guid_that_says_it_is_no_address_is_none() -> None:
    guid = "<guid{}>https://x.example/a</guid>"
    assert [link.url for link in links(rss(f"<item>{guid.format('')}</item>"))] == ["https://x.example/a"]
    told = guid.format(' isPermaLink="false"')
    assert refusal(rss(f"<item><title>t</title>{told}</item>")).outcome is Outcome.NO_ARTICLES


def test_only_so_many_items_are_read() -> None:
    items = (f"<item><title>t</title><link>https://x.example/{n}</link></item>" for n in range(MAX_ITEMS + 500))
    page = Page(url=URL, requested_url=URL, status=200, content=rss(*items).encode(), content_type=None, fetched_at=NOW)
    index = INDEXES[SourceKind.FEED](page, SOURCE)
    found = index.links
    assert index.note == "the feed holds 5,500 items; the first 5,000 are read"
    assert len(found) == MAX_ITEMS
    assert found[-1].url == f"https://x.example/{MAX_ITEMS - 1}"
    many = {"items": [{"url": f"/{n}"} for n in range(MAX_ITEMS + 500)]}
    assert len(links(json.dumps(many))) == MAX_ITEMS


def test_of_a_huge_item_only_so_much_is_read() -> None:
    body = "word " * 600_000
    (link,) = links(rss(f"<item><link>https://x.example/a</link><description>{body}</description></item>"))
    assert link.text is not None
    assert len(link.text) <= MAX_TEXT


def test_a_feed_of_one_item_that_is_too_large_is_read_in_part() -> None:
    inner = "".join(f"<category>c{n}</category><enclosure url='/{n}'/>" for n in range(40_000))
    index = read(rss(f"<item><title>t</title><link>https://x.example/a</link>{inner}</item>"))
    assert [(link.url, link.title) for link in index.links] == [("https://x.example/a", "t")]
    assert index.note == "its only item is too large and was read in part"


def test_tags_in_cdata_do_not_count_against_a_feed() -> None:
    body = f"<![CDATA[{'<p>news</p>' * 10_000}]]>"
    items = "".join(
        f"<item><link>https://x.example/{n}</link><description>{body}</description></item>" for n in range(9)
    )
    index = read(rss(items))
    assert (len(index.links), index.note) == (9, None)
    assert sum(len(link.text or "") for link in index.links) <= MAX_TEXTS


def test_titles_are_harmless_texts() -> None:
    active = "&lt;script&gt;x&lt;/script&gt;&lt;img src=x onerror=y&gt;"
    title = active + "\u202eA\u200b title\x85\u2028in lines &amp;lt;b&amp;gt;"
    (link,) = links(rss(f"<item><title>{title}</title><link>https://x.example/a</link></item>"))
    assert link.title is not None
    assert "\n" not in link.title
    assert not any(mark in link.title for mark in ("<img", "<script", "\u202e", "\u200b"))
    assert link.title.startswith("A title")


LAUGHS = (
    "<!DOCTYPE x [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)) + '<!ENTITY a0 "ha">]>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_entities_are_refused(encoding: str) -> None:
    hostile = RSS.replace("<rss", LAUGHS + "<rss").replace("Short.", "&a8;").replace('encoding="UTF-8"', "")
    assert refusal(hostile.encode(encoding)).outcome is Outcome.BAD_FEED


def test_nothing_outside_is_opened_for_a_feed() -> None:
    """B2, B3: bodies that are paths and addresses, and feeds that point outside, open and look up nothing."""
    opened: list[str] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "socket.connect", "socket.getaddrinfo"):
            opened.append(f"{event} {arguments[0]}")

    links(RSS)  # whatever is loaded late is loaded now
    sys.addaudithook(hook)
    for body in ("/etc/hostname", "file:///etc/hostname", "http://127.0.0.1:9/x", "ftp://127.0.0.1/"):
        assert refusal(body).outcome is Outcome.BAD_FEED
    for doctype in ('<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x">', '<!DOCTYPE rss PUBLIC "x" "file:///etc/hostname">'):
        assert links(RSS.replace("<rss", doctype + "<rss")) == links(RSS)
    watching = False
    assert opened == []
