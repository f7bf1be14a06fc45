"""Pages made documents: frozen articles of several makes, standing pages, plain text, and pages that are no news."""

from __future__ import annotations

import pickle
import random
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.errors import ReadError
from monitor.models import Document, Link, Outcome, Page, Source, SourceKind
from monitor.pages import markup
from monitor.parser import language
from monitor.parser.document import read_page, read_text

PAGES = Path(__file__).parent / "pages"
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
URL = "https://media.veloria.example/newsroom/2026/01/a-story/"
LONG = "<p>" + "Words that a reader would read on a quiet morning, one after the other. " * 6 + "</p>"


def read(
    html: str | bytes,
    *,
    kind: SourceKind = SourceKind.ARTICLE,
    link: Link | None = None,
    url: str = URL,
    content_type: str | None = "text/html",
    configured: str | None = None,
) -> Document:
    content = html.encode() if isinstance(html, str) else html
    page = Page(url=url, requested_url=url, status=200, content=content, content_type=content_type, fetched_at=NOW)
    source = Source(name="x", kind=kind, url=url, language=configured)
    return read_page(page, source, link or Link(url=url))


def frozen(name: str, **more: object) -> Document:
    return read((PAGES / f"{name}.html").read_bytes(), **more)  # type: ignore[arg-type]


def refusal(html: str | bytes, **more: object) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(html, **more)  # type: ignore[arg-type]
    return caught.value


def article(head: str = "", body: str = "", title: str = "Veloria opens orders in its 40th market") -> str:
    top = f"<html><head><title>{title}</title>{head}</head>"
    return f"{top}<body><article><h1>{title}</h1>{body}{LONG}</article></body></html>"


@pytest.mark.parametrize("more", [2, 5])
@pytest.mark.parametrize(
    "around", ["{}", "<header><a href='/'>Veloria</a></header><main>{}</main><footer>2026</footer>"]
)
def test_a_short_article_keeps_its_lines(around: str, more: int) -> None:
    title, told = (
        "Veloria opens in Chile",
        "Veloria is now at home in 40 markets." + " Others will follow in summer." * more,
    )
    short = f"<article><h1>{title}</h1><time datetime='2026-01-05'>5 January 2026</time><p>{told}</p></article>"
    document = read(f"<html><head><title>{title}</title></head><body>{around.format(short)}</body></html>")
    assert document.text == f"{title}\n5 January 2026\n{told}"


def test_an_article_with_json_ld_is_read_whole() -> None:
    document = frozen("article_jsonld")
    assert document.title == "Veloria opens orders in its 40th market"
    assert (document.published, document.published_from) == ("2026-01-05T09:00:00Z", "json-ld")
    assert document.url == "https://media.veloria.example/newsroom/2026/01/veloria-opens-orders-in-its-40th-market/"
    assert document.language == "en"
    lines = document.text.split("\n")
    assert lines[0] == document.title
    assert lines[1].startswith("Munich, 5 January 2026. Veloria Motors has opened its order books in Uruguay")
    assert "- Veloria E2: from 29,900 dollars" in lines
    assert lines[lines.index("Year | Markets") :][:3] == ["Year | Markets", "2024 | 31", "2025 | 39"]
    assert lines[-1].endswith("the company said.")
    for furniture in ("cookies", "Home", "More stories", "All rights reserved"):
        assert furniture not in document.text


def test_an_article_with_open_graph() -> None:
    document = frozen("article_opengraph")
    assert document.title == "Harrow enters three Gulf markets"
    assert (document.published, document.published_from) == ("2026-01-05T06:30:00Z", "meta")
    assert "Qatar, Kuwait and Oman from the spring" in document.text
    assert document.text.count("Harrow enters three Gulf markets") == 1


def test_an_article_with_a_time_tag_only() -> None:
    document = frozen("article_time")
    assert (document.published, document.published_from) == ("2026-01-08", "time")
    assert document.text.startswith("Kestrel tents now sold in New Zealand\nHikers in New Zealand")


def test_an_article_whose_text_alone_gives_date_and_language() -> None:
    document = frozen("article_german")
    assert (document.published, document.published_from) == ("2026-01-07", "elsewhere")
    assert document.language == "de"  # its template says en-US
    assert "in 14 Ländern vertreten" in document.text


def test_a_standing_page_is_read_whole_with_its_counters() -> None:
    document = frozen("page_hero", kind=SourceKind.PAGE)
    assert document.text.split("\n") == [
        "Lumen lamps are sold in",
        "43 countries",
        "Where to find us",
        "Europe 25 countries",
        "Asia 11 countries",
    ]
    assert (document.published, document.published_from) == (None, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("consent_wall", "consent"),
        ("consent_wall_german", "consent"),
        ("bot_challenge", "check for robots"),
        ("soft_404", "does not exist"),
        ("maintenance", "maintenance"),
        ("login", "login"),
        ("drawn_by_script", "no text; it seems to be drawn by JavaScript"),
    ],
)
@pytest.mark.parametrize("kind", [SourceKind.ARTICLE, SourceKind.PAGE])
def test_pages_that_are_no_news_are_suspect_in_words(name: str, words: str, kind: SourceKind) -> None:
    error = refusal((PAGES / f"{name}.html").read_bytes(), kind=kind)
    assert error.outcome is Outcome.SUSPECT
    assert words in error.reason


@pytest.mark.parametrize(
    "text",
    [
        "Veloria is under maintenance contract with 40 airports, it said. We accept all cookies, the bakery joked.",
        "The page not found error is thirty years old. Are you human? asks a new film about robots and maintenance.",
        "Sign in to the new app: Kestrel starts a club. Access denied, said the referee, and the crowd laughed.",
    ],
)
def test_real_articles_about_such_things_are_news(text: str) -> None:
    assert text in read(article(body=f"<p>{text}</p>", title="How a small error page became famous")).text


@pytest.mark.parametrize(
    "title",
    [
        "Peugeot 404 celebrates its sixtieth birthday",
        "The Prelude will be back soon, says Honda",
        "Tesla pays for maintenance of old cars",
        "Kestrel opens its login-free shop in Peru",
    ],
)
def test_short_news_with_a_headline_like_an_error_is_news(title: str) -> None:
    assert (
        read(f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{LONG[:300]}</body></html>").title
        == title
    )


@pytest.mark.parametrize("html", ["", "   ", "<html></html>", "<html><body><p> . </p></body></html>", "<p>\u200b</p>"])
def test_emptied_pages_are_suspect(html: str) -> None:
    assert refusal(html).outcome is Outcome.SUSPECT


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "text/html"),
        (b'<?xml version="1.0"?><rss><channel/></rss>', "text/xml"),
        (b'{"a": 1}', "application/json"),
        (bytes(range(256)) * 20, "text/html"),
    ],
)
def test_what_is_no_text_is_a_decode_error(content: bytes, content_type: str) -> None:
    assert refusal(content, content_type=content_type).outcome is Outcome.DECODE_ERROR


def test_a_short_page_with_a_fact_is_a_document() -> None:
    assert read("<p>smart is in 39 markets</p>").text == "smart is in 39 markets"


def test_a_page_that_hides_itself_until_scripts_run_is_read() -> None:
    assert read('<body style="display:none"><p>smart is in 39 markets</p></body>').text == "smart is in 39 markets"


def test_the_text_of_a_page_drawn_by_scripts_may_be_in_its_json_ld() -> None:
    told = '{"@type": "NewsArticle", "headline": "Tents in Peru", "articleBody": "Kestrel sells in 13 countries."}'
    html = (
        f'<html><head><script type="application/ld+json">{told}</script></head><body><div id="app"></div></body></html>'
    )
    document = read(html)
    assert (document.title, document.text) == ("Tents in Peru", "Tents in Peru\nKestrel sells in 13 countries.")


def test_plain_text_is_a_document() -> None:
    link = Link(url=URL, title="Tents in Peru", published="2026-01-05", language="en")
    document = read(
        "Kestrel  now sells\r\n\r\nin 13\u00a0countries.\n", link=link, content_type="text/plain", kind=SourceKind.FEED
    )
    assert document == Document(
        url=URL,
        title="Tents in Peru",
        published="2026-01-05",
        published_from="feed",
        language="en",
        text="Tents in Peru\nKestrel now sells\nin 13 countries.",
    )


def test_what_a_feed_carries_is_a_document_and_nothing_is_none() -> None:
    source = Source(name="x", kind=SourceKind.FEED, url=URL, language="de")
    document = read_text("Zelte in Peru: jetzt in 13 Ländern.", source, Link(url=URL, title="Zelte in Peru"))
    assert (document.text, document.language) == ("Zelte in Peru: jetzt in 13 Ländern.", "de")
    with pytest.raises(ReadError):
        read_text(" \n ", source, Link(url=URL))


# Titles


@pytest.mark.parametrize(
    ("head", "title", "expected"),
    [
        ('<meta property="og:title" content="From Open Graph">', "From the page", "From Open Graph"),
        ("", "A headline of its own | Veloria", "A headline of its own"),
        ("", "A headline of its own - Veloria Newsroom", "A headline of its own"),
        ("", "Veloria Media – A headline of its own", "A headline of its own"),
        (
            '<meta property="og:site_name" content="The Daily">',
            "A headline - with a dash | The Daily",
            "A headline - with a dash",
        ),
        ('<meta name="application-name" content="日报">', "岚星进入四十个市场_日报", "岚星进入四十个市场"),
        ("", "Tents &amp;amp; &lt;b&gt;stoves\u202e", "Tents & stoves"),
    ],
)
def test_titles_are_the_headline_without_the_site(head: str, title: str, expected: str) -> None:
    assert read(f"<html><head><title>{title}</title>{head}</head><body>{LONG}</body></html>").title == expected


def test_the_link_s_title_is_the_last_resort() -> None:
    assert read(f"<html><body>{LONG}</body></html>", link=Link(url=URL, title="From the list")).title == "From the list"
    assert read(f"<html><body>{LONG}</body></html>").title is None


# Dates

LD = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "%s"}</script>'
META = '<meta property="article:published_time" content="%s">'


@pytest.mark.parametrize(
    ("kind", "given", "head", "expected"),
    [
        (SourceKind.FEED, "2026-01-02", LD % "2026-01-03", ("2026-01-02", "feed")),
        (SourceKind.SITEMAP, "2026-01-02", LD % "2026-01-03", ("2026-01-02", "sitemap")),
        (SourceKind.LISTING, "2026-01-02", LD % "2026-01-02T08:00:00Z", ("2026-01-02T08:00:00Z", "json-ld")),
        (SourceKind.LISTING, "2026-01-02", "", ("2026-01-02", "listing")),
        (SourceKind.ARTICLE, "2026-01-02", LD % "2026-01-03", ("2026-01-02", "given")),
        (SourceKind.ARTICLE, None, LD % "2026-01-03" + META % "2026-01-04", ("2026-01-03", "json-ld")),
        (SourceKind.ARTICLE, None, LD % "2099-01-03" + META % "2026-01-04", ("2026-01-04", "meta")),
        (SourceKind.ARTICLE, None, META % "2099-01-01", (None, None)),
        (SourceKind.ARTICLE, None, '<meta http-equiv="Date" content="2026-01-04">', ("2026-01-04", "meta")),
        (SourceKind.ARTICLE, None, "", (None, None)),
        (SourceKind.PAGE, None, LD % "2026-01-03", ("2026-01-03", "json-ld")),
    ],
)
def test_dates_say_where_they_are_from(
    kind: SourceKind, given: str | None, head: str, expected: tuple[str | None, str | None]
) -> None:
    document = read(article(head), kind=kind, link=Link(url=URL, published=given), url="https://x.example/story")
    assert (document.published, document.published_from) == expected


@pytest.mark.parametrize(
    ("head", "body", "url", "when"),
    [
        ("", "", "https://x.example/2026/01/05/story", "2026-01-05"),
        ("", "", "https://x.example/2026/01/story", None),
        ('<meta name="publish_time" content="2026-01-05">', "", URL, "2026-01-05"),
        ('<meta property="article:modified_time" content="2026-01-05">', "", URL, "2026-01-05"),
        ('<meta property="og:image" content="https://x.example/2023/04/12/a.jpg">', "", URL, None),
        ('<meta itemprop="copyrightYear" content="2024">', "", URL, None),
        (LD.replace("NewsArticle", "WebPage") % "2026-01-05", "", URL, "2026-01-05"),
        ((LD % "2026-01-05").replace("</script>", ";</script>"), "", URL, "2026-01-05"),
        ("", "<p>Published 5 January 2026 | Press release</p>", URL, "2026-01-05"),
        ("", "<p>It was founded in 1998. On 12 March 2024 it had entered Norway.</p>", URL, None),
        ("", '<p>See all.</p><img src="/uploads/2023/04/12/x.jpg"><p>It was 2024-03-12.</p>', URL, None),
        ("", "</article><footer>© 2024 EV News</footer><article>", URL, None),
        ("", "</article><div class='footer'><small>Copyright 2019-2023</small></div><article>", URL, None),
    ],
)
def test_without_a_tag_only_what_the_page_states_is_its_date(head: str, body: str, url: str, when: str | None) -> None:
    document = read(article(head, body), url=url)
    assert (document.published, document.published_from) == (when, when and "elsewhere")


def test_a_time_beside_the_headline_of_a_page_without_articles_counts() -> None:
    time = '<time datetime="{}">{}</time>'
    others = time.format("2024-03-12", "12 March") + time.format("2023-03-12", "3 years ago")
    html = "<html><body><h1>Veloria in Chile</h1>{}<p>Veloria is at home in 40 markets.</p><div>{}</div></body></html>"
    told = time.format("2026-01-05T09:00:00Z", "2 days ago")
    assert read(html.format(told, others)).published == "2026-01-05T09:00:00Z"
    assert read(html.format(told, "")).published == "2026-01-05T09:00:00Z"
    assert read(html.format("", others)).published is None


@pytest.mark.parametrize(
    ("kind", "head", "expected"),
    [
        (SourceKind.FEED, LD % "2024-03-01", ("2024-03-01", "json-ld")),
        (SourceKind.FEED, META % "2024-03-01", ("2024-03-01", "meta")),
        (SourceKind.FEED, "", ("2026-01-05T09:00:00Z", "feed")),
        (SourceKind.SITEMAP, "", (None, None)),
    ],
)
def test_when_an_entry_was_changed_counts_less_than_what_the_page_states(
    kind: SourceKind, head: str, expected: tuple[str | None, str | None]
) -> None:
    link = Link(url=URL, updated="2026-01-05T10:00:00+01:00", text="Veloria is at home in 40 markets.")
    document = read(article(head), kind=kind, link=link)
    assert (document.published, document.published_from) == expected
    carried = read_text(link.text or "", Source(name="x", kind=SourceKind.FEED, url=URL), link)
    assert (carried.published, carried.published_from) == ("2026-01-05T09:00:00Z", "feed")


STORY = '{"@type": "NewsArticle", %s, "headline": "Another story", "datePublished": "2019-03-01"}'
LIST = '<script type="application/ld+json">{"@type": "ItemList", "itemListElement": [{"item": %s}]}</script>'


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ('"url": "/newsroom/another"', False),
        (f'"@id": "https://media.veloria.example/newsroom/another#article", "url": "{URL}another"', False),
        ('"mainEntityOfPage": {"@type": "WebPage", "@id": "https://media.veloria.example/another"}', False),
        (f'"url": "{URL}#top", "mainEntityOfPage": "https://media.veloria.example/newsroom"', True),
        ('"mainEntityOfPage": "https://media.veloria.example/"', True),
        ('"@id": "#article"', True),
        ('"mainEntityOfPage": {"@id": "https://google.com/article"}', True),
        ('"url": "https://[another"', True),
    ],
)
def test_the_article_of_another_page_is_not_this_one(name: str, own: bool) -> None:
    title = "Veloria opens orders in its 40th market"
    document = read(article(LIST % STORY % name + META % "2026-01-05"))
    expected = ("Another story", "2019-03-01", "json-ld") if own else (title, "2026-01-05", "meta")
    assert (document.title, document.published, document.published_from) == expected
    assert read(article(LIST % STORY % name)).published == ("2019-03-01" if own else None)


# Addresses


@pytest.mark.parametrize(
    ("canonical", "expected"),
    [
        ("https://media.veloria.example/other", "https://media.veloria.example/other"),
        ("/other#top", "https://media.veloria.example/other"),
        ("https://evil.example/other", URL),
        ("https://media.veloria.example/", URL),
        ("javascript:alert(1)", URL),
        ("http://[::1", URL),
        ("", URL),
    ],
)
def test_the_canonical_address_counts_when_it_can_be_right(canonical: str, expected: str) -> None:
    assert read(article(f'<link rel="canonical" href="{canonical}">')).url == expected


# Languages


@pytest.mark.parametrize(
    ("text", "configured", "declared", "expected"),
    [
        ("Der Hersteller verkauft seine Räder ab sofort auch in Polen.", None, None, "de"),
        ("Der Hersteller verkauft seine Räder ab sofort auch in Polen.", "fr", "en", "fr"),
        ("smart #5", None, "pt-BR", "pt"),
        ("Der Hersteller verkauft seine Räder ab sofort auch in Polen und in Tschechien. " * 3, None, "en-US", "de"),
        (
            "岚星汽车正式进入第四十个海外市场，首批车辆将于三月交付给当地客户，公司表示今年还将进入更多国家。" * 2,
            None,
            "en",
            "zh",
        ),
        ("De nieuwe winkel is open. " * 9, None, "nl-BE", "nl"),
        ("Bilen lanseres i Norge.", None, "nb-NO", "no"),
        ("", None, "x-klingon", None),
        ("12 34", None, None, None),
    ],
)
def test_the_language_is_configured_declared_or_told_by_the_text(
    text: str, configured: str | None, declared: str | None, expected: str | None
) -> None:
    assert language.choose(text, configured=configured, declared=declared) == expected


def test_the_language_model_is_never_fetched() -> None:
    touched: list[str] = []
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo"):
            touched.append(event)

    sys.addaudithook(hook)
    language._detector.cache_clear()
    assert language.choose("Ein Satz in deutscher Sprache, damit etwas zu erkennen ist.") == "de"
    watching = False
    assert touched == []


# Faults


def test_a_flip_of_the_label_is_no_change_of_the_text() -> None:
    """A9: header, meta tag and byte order mark contradict each other; the bytes decide."""
    chance = random.Random(9)
    labels = ["utf-8", "iso-8859-1", "windows-1252", "gb2312", "shift_jis", "us-ascii", "utf-7", "x-unknown", ""]
    html = (PAGES / "article_german.html").read_text()
    wanted = read(html).text
    for _ in range(60):
        header, meta = chance.choice(labels), chance.choice(labels)
        flipped = re.sub(r'charset="utf-8"', f'charset="{meta}"', html)
        content = chance.choice([b"", b"\xef\xbb\xbf"]) + flipped.encode()
        assert read(content, content_type=f"text/html; charset={header}").text == wanted


def test_pages_in_other_encodings_are_read_by_their_label_or_their_bytes() -> None:
    chinese = article(
        body="<p>岚星汽车正式进入第四十个海外市场，首批车辆将于三月交付给当地客户。</p>", title="岚星汽车进入四十个市场"
    )
    for encoding, label in (
        ("gb18030", "gb2312"),
        ("gb18030", ""),
        ("gb18030", "iso-8859-1"),
        ("utf-16", ""),
        ("utf-16-le", ""),
    ):
        document = read(chinese.encode(encoding), content_type=f"text/html; charset={label}")
        assert "正式进入第四十个海外市场" in document.text, (encoding, label)
    german = article(body="<p>Nordwerk verkauft R\u00e4der f\u00fcr M\u00fctter in \u00d6sterreich.</p>")
    for label in ("iso-8859-1", "windows-1252", "utf-8", ""):
        document = read(german.encode("iso-8859-1"), content_type=f"text/html; charset={label}")
        assert "Räder für Mütter in Österreich" in document.text, label


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", ""])
@pytest.mark.parametrize("broken", [b"Teaser M\xc3", b"caf\xe9", b"\xff"])
def test_a_broken_byte_costs_a_character_and_not_the_page(label: str, broken: bytes) -> None:
    text = (
        "Nordwerk verkauft Räder für Mütter in Österreich, später in Dänemark. Die Läden öffnen im März für alle Gäste."
    )
    content = article(body=f"<p>{text}</p>", title="Räder für Österreich").encode()
    document = read(
        content + b"<p>" + broken + b"</p>", content_type=f"text/html; charset={label}", kind=SourceKind.PAGE
    )
    assert text in document.text
    assert document.text.endswith("\ufffd")


TAIWAN = "智慧汽車進軍三十九個市場，公司表示目前已進入三十九個市場"
JAPAN = "スマートは三十九の市場で展開し、会社によると現在も拡大している"


@pytest.mark.parametrize(
    ("label", "codec", "text", "odd", "read_as"),
    [
        ("big5", "big5", TAIWAN, b"\xa3\xe1", "€"),
        ("big5", "big5", TAIWAN, b"\xf9\xd6\xf9\xd8\xf9\xda", "碁裏恒"),
        ("big5", "big5", TAIWAN, b"\xfe\xd3", "着"),
        ("big5", "big5", TAIWAN, b"\xff", "\ufffd"),
        ("gb2312", "gb2312", "岚图汽车进入三十九个市场，公司说", b"\xff", "\ufffd"),
        ("euc-jp", "euc_jp", JAPAN, b"\xad\xa1\xad\xea\xfc\xe2\x8e\xb1", "①㈱髙ｱ"),
        ("euc-jp", "euc_jp", JAPAN, b"\x8f\xb0\xa1", "丂"),
        ("euc-jp", "euc_jp", JAPAN, b"\xff", "\ufffd"),
        ("iso-2022-jp", "iso2022_jp", JAPAN, b"\x1b$B-!-j|b\x1b(B", "①㈱髙"),
    ],
)
def test_odd_characters_of_a_label_are_read_too(label: str, codec: str, text: str, odd: bytes, read_as: str) -> None:
    content = article(title=text).encode(codec) + b"<p>" + odd + f"{text}</p>".encode(codec)
    page = read(content, content_type=f"text/html; charset={label}", kind=SourceKind.PAGE)
    assert page.title == text
    assert f"{read_as}{text}" in page.text


def test_of_two_labels_the_one_that_the_text_may_be_in_counts() -> None:
    text = "Компания представлена на сорока рынках и выходит на новые"
    content = article('<meta charset="windows-1251">', f"<p>{text}</p>").encode("cp1251")
    assert text in read(content, content_type="text/html; charset=iso-8859-1").text


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("euc-jp", "cp932", JAPAN),
        ("iso-8859-1", "cp932", JAPAN),
        ("utf-8", "cp932", JAPAN),
        ("", "euc_jp", JAPAN),
    ],
)
def test_what_cannot_be_told_is_no_rubbish(label: str, codec: str, text: str) -> None:
    content = article(title=text, body=f"<p>{text}</p>").encode(codec)
    assert refusal(content, content_type=f"text/html; charset={label}").outcome is Outcome.DECODE_ERROR


def test_a_page_that_differs_in_dress_only_makes_the_same_text() -> None:
    """A15: whitespace, comments, attributes, advertisements in asides and tracking pixels change no text."""
    html = (PAGES / "article_jsonld.html").read_text()
    dressed = html.replace("<p>", '\n\n<p class="x9" data-t="1">\n  ').replace("<article>", "<article><!-- v2 -->")
    dressed = dressed.replace("</article>", '<img src="/pixel?1" width="1"></article><aside><p>Buy now!</p></aside>')
    assert read(dressed).text == read(html).text


def test_evidence_can_be_found_in_the_text_by_its_place() -> None:
    text = frozen("article_jsonld").text
    at = text.index("now sells its cars in 40 markets worldwide")
    assert text[at : at + 42] == "now sells its cars in 40 markets worldwide"
    assert text == text.strip()
    assert "  " not in text


def test_a_page_that_is_deeper_than_any_is_refused_with_the_reason() -> None:
    deep = f"{'<div>' * 30_000}far down{'</div>' * 30_000}"
    with pytest.raises(ReadError, match="20,000 deep") as refused:
        read(f"<html><body>{LONG}{deep}<p>Veloria is at home in 40 markets.</p>", kind=SourceKind.PAGE)
    assert refused.value.outcome is Outcome.PARSE_ERROR
    assert markup.plain(f"<p>in a feed</p>{deep}") == ""


@pytest.mark.parametrize("attribute", ["a{}=1", "a{}='<b>'", 'a{}="x y"', "a{}"])
def test_a_tag_of_more_attributes_than_any_has_none_and_its_text_is_read(attribute: str) -> None:
    attributes = " ".join(attribute.format(number) for number in range(400))
    [paragraph] = markup.tree(f'<p class="x" {attributes}>Veloria is at home in 40 markets.</p>').iter("p")
    assert not paragraph.attrib
    assert paragraph.text == "Veloria is at home in 40 markets."
    assert markup.soup(f"<p {attributes}>text</p>").p.attrs == {}  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", [SourceKind.PAGE, SourceKind.ARTICLE])
def test_a_page_of_more_tags_than_any_is_refused_with_the_reason(kind: SourceKind) -> None:
    tags = "<b>x</b> " * 110_000
    assert "40 markets" in read(f"<p>Veloria is at home in 40 markets.</p>{tags[:90_000]}", kind=kind).text
    with pytest.raises(ReadError, match="200,000 tags") as refused:
        read(f"<p>Veloria is at home in 40 markets.</p>{tags}<p>far down</p>", kind=kind)
    assert refused.value.outcome is Outcome.PARSE_ERROR


@pytest.mark.parametrize(("depth", "broken"), [(300, ""), (3_000, ""), (300, '<i"x>')])
def test_text_is_read_however_deep_it_stands(depth: int, broken: str) -> None:
    assert "40 markets" in read(deep_down(depth, broken), kind=SourceKind.PAGE).text


def test_a_page_that_the_parser_cuts_off_is_refused_with_the_reason() -> None:
    with pytest.raises(ReadError, match="tags are broken") as refused:
        read(deep_down(3_000, '<i"x>'), kind=SourceKind.PAGE)
    assert refused.value.outcome is Outcome.PARSE_ERROR


def deep_down(depth: int, broken: str) -> str:
    ends = "</div>" * depth
    return f"<html><body>{LONG}{'<div>' * depth}{broken}Veloria is at home in 40 markets.{ends}</body></html>"


def test_what_follows_the_end_of_a_page_is_read_too() -> None:
    page = "<html><body><p>Veloria opens in Chile</html><p>It is at home in <!-- so far -->40 markets.</p>"
    assert read(page, kind=SourceKind.PAGE).text == "Veloria opens in Chile\nIt is at home in 40 markets."


def test_hostile_pages_end_in_a_document_or_an_outcome() -> None:
    attributes = "<p " + " ".join(f"a{n}=1" for n in range(5_000)) + ">text of the page</p>"
    deep = "<div>" * 5_000 + "text of the page" + "</div>" * 5_000
    unclosed = "<p><b><i>" * 5_000 + "text of the page"
    bait = article(body="<p>" + "(" * 20_000 + "</p>", title="-" * 5_000 + " | " * 2_000)
    nested = article(head=LD % ("x" * 50_000) + '<script type="application/ld+json">' + '{"a":' * 20_000 + "</script>")
    for html in (
        attributes,
        deep,
        unclosed,
        bait,
        nested,
        "<" * 20_000,
        "&" * 20_000,
        "<!--" * 5_000,
        "<html>\x00<p>a text</p>",
    ):
        outcome = Outcome.OK
        try:
            read(html)
        except ReadError as error:
            outcome = error.outcome
        assert outcome in (Outcome.OK, Outcome.SUSPECT, Outcome.DECODE_ERROR)


def test_documents_can_go_to_another_process() -> None:
    document = frozen("article_time")
    assert pickle.loads(pickle.dumps(document)) == document
    assert pickle.loads(pickle.dumps(read_page)) is read_page
