"""Whether a page says anything new, told without reading it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.models import Page, SourceKind
from monitor.pages.outline import LARGEST, outline

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BODY = """<html><head><title>News</title><script>var visits = 17;</script><style>.a{color:red}</style>
<script type="application/ld+json">{"@type": "ItemList", "url": "https://a.example/hidden"}</script></head>
<body><p class="x">Seen 17 times</p><a href="/news/one">One</a> <a HREF='/news/two'>Two</a> <a href=/three>Three</a>
<time datetime="2026-03-01">yesterday</time></body></html>"""


def page(body: str, at: datetime = NOW) -> Page:
    url = "https://a.example/news"
    return Page(url=url, requested_url=url, status=200, content=body.encode(), content_type="text/html", fetched_at=at)


def changed(kind: SourceKind, old: str, new: str) -> bool:
    assert BODY.count(old) == 1
    return outline(page(BODY), kind) != outline(page(BODY.replace(old, new)), kind)


@pytest.mark.parametrize("kind", [SourceKind.LISTING, SourceKind.PAGE, SourceKind.ARTICLE])
def test_scripts_and_styles_say_nothing(kind: SourceKind) -> None:
    assert not changed(kind, "var visits = 17", "var visits = 18")
    assert not changed(kind, "color:red", "color:blue")
    assert not changed(kind, 'class="x"', 'class="y"')


@pytest.mark.parametrize(
    ("old", "new"),
    [("/news/one", "/news/1"), ("/news/two", "/news/2"), ("=/three", "=/3"), ("/hidden", "/shown")],
)
def test_every_address_of_a_listing_counts(old: str, new: str) -> None:
    assert changed(SourceKind.LISTING, old, new)


@pytest.mark.parametrize(
    "piece",
    [
        '<div data-url="/news/{}"></div>',
        "<div onclick=\"location.href='/news/{}'\"></div>",
        '<script>window.state = {{"link": "/news/{}"}}</script>',
        '<script>window.state = JSON.parse("{{\\"link\\":\\"/news/{}\\"}}")</script>',
        '<script>window.state = {{"link":"\\u002Fnews\\u002F{}"}}</script>',
        '<script>window.state = JSON.parse("{{\\"link\\":\\"\\\\u002Fnews\\\\u002F{}\\"}}")</script>',
        '<script type="application/json">{{"url":"https:\\/\\/a.example\\/{}"}}</script>',
        '<news-list items="[{{&quot;url&quot;:&quot;/news/{}&quot;}}]"></news-list>',
    ],
)
def test_what_only_acts_as_a_link_counts_too(piece: str) -> None:
    one, other = (outline(page(BODY + piece.format(word)), SourceKind.LISTING) for word in ("four", "five"))
    assert one != other


@pytest.mark.parametrize(
    "piece",
    ["<title>{} news</title>", '<h1 class="x">{}</h1>', '<meta property="og:site_name" content="{}">'],
)
def test_whose_page_it_says_it_is_counts(piece: str) -> None:
    one, other = (outline(page(BODY + piece.format(name)), SourceKind.LISTING) for name in ("smart", "NIO"))
    assert one != other


def test_the_words_of_a_listing_do_not_count() -> None:
    assert not changed(SourceKind.LISTING, "Seen 17", "Seen 18")


@pytest.mark.parametrize("kind", [SourceKind.PAGE, SourceKind.ARTICLE])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Seen 17", "Seen 18"),
        (">One<", ">1<"),
        ("2026-03-01", "2026-03-02"),
        (">News<", ">Views<"),
        ("ItemList", "List"),
    ],
)
def test_every_word_of_a_page_counts(kind: SourceKind, old: str, new: str) -> None:
    assert changed(kind, old, new)


def test_what_follows_a_script_that_holds_a_tag_counts() -> None:
    body = "<script>if (a<b) document.write('<p>')</script><p>{}</p>"
    one, other = (outline(page(body.format(count)), SourceKind.PAGE) for count in (38, 39))
    assert one != other


def test_everything_is_read_once_a_day() -> None:
    assert outline(page(BODY), SourceKind.LISTING) == outline(page(BODY, NOW + timedelta(hours=14)), SourceKind.LISTING)
    assert outline(page(BODY), SourceKind.LISTING) != outline(page(BODY, NOW + timedelta(hours=15)), SourceKind.LISTING)


def test_another_address_is_another_page() -> None:
    moved = replace(page(BODY), url="https://b.example/news")
    assert outline(moved, SourceKind.LISTING) != outline(page(BODY), SourceKind.LISTING)


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.SITEMAP])
def test_feeds_and_sitemaps_are_read(kind: SourceKind) -> None:
    assert outline(page(BODY), kind) is None


def test_a_giant_is_read() -> None:
    assert outline(page("a" * LARGEST), SourceKind.PAGE)
    assert outline(page("a" * (LARGEST + 1)), SourceKind.PAGE) is None


@pytest.mark.parametrize("piece", ["<script", 'href="', "ld+json", "<", "href ", "<meta ", "<a href='", "</script"])
@pytest.mark.parametrize("kind", [SourceKind.LISTING, SourceKind.PAGE])
def test_a_hostile_page_takes_one_pass(kind: SourceKind, piece: str) -> None:
    """A scan that starts again at every piece would take minutes, and run into the time limit of all tests."""
    assert outline(page(piece * (LARGEST // len(piece))), kind)
