"""Article links of newsrooms: frozen pages of several makes, and what must be found on each."""

from __future__ import annotations

import json
import pickle
import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.errors import ReadError
from monitor.models import Link, Outcome, Page, Source, SourceKind
from monitor.scrapers import INDEXES
from monitor.scrapers.links import absolute, canonical, same_site

PAGES = Path(__file__).parent / "pages"
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)

Expected = list[tuple[str, str, str | None]]

NEWSROOMS: dict[str, tuple[str, Expected]] = {
    "newsroom_cards": (
        "https://media.veloria.example/newsroom/",
        [
            (
                "/newsroom/2026/01/veloria-opens-orders-in-its-40th-market/",
                "Veloria opens orders in its 40th market",
                "2026-01-05",
            ),
            (
                "/newsroom/2025/12/first-e2-handed-over-to-customers-in-chile/",
                "First E2 handed over to customers in Chile",
                "2025-12-18T13:00:00Z",
            ),
            ("/newsroom/2025/12/quiet-tyres/", "How we made the tyres quiet", "2025-12-09T08:30:00Z"),
            (
                "/newsroom/2025/11/veloria-names-new-head-of-design/",
                "Veloria names new head of design",
                "2025-11-27",
            ),
            (
                "/newsroom/2025/11/e3-seen-under-camouflage-in-the-north/",
                "E3 seen under camouflage in the north",
                "2025-11-12T08:00:00Z",
            ),
        ],
    ),
    "newsroom_table": (
        "https://ir.harrow.example/news/default.aspx",
        [
            (
                "/news/news-details/2026/Harrow-Mobility-Enters-Three-Gulf-Markets/default.aspx",
                "Harrow Mobility Enters Three Gulf Markets",
                "2026-01-05",
            ),
            (
                "/news/news-details/2025/Harrow-Mobility-Announces-November-Deliveries/default.aspx",
                "Harrow Mobility Announces November Deliveries",
                "2025-12-19",
            ),
            (
                "/news/news-details/2025/Harrow-to-Speak-at-Winter-Conference/default.aspx",
                "Harrow to Speak at Winter Conference",
                "2025-12-01",
            ),
            ("/news/news-details/2025/Third-Quarter-Results/default.aspx", "Third Quarter Results", "2025-11-20"),
        ],
    ),
    "newsroom_german": (
        "https://www.nordwerk.example/presse/",
        [
            (
                "/presse/meldung-4711-nordwerk-startet-in-polen-und-tschechien.html",
                "Nordwerk startet in Polen und Tschechien",
                "2026-01-07",
            ),
            (
                "/presse/meldung-4698-das-lastenrad-l2-kommt-im-fruehjahr.html",
                "Das Lastenrad L2 kommt im Frühjahr",
                "2025-12-15",
            ),
            ("/presse/meldung-4650-gut-80-laeden-in-europa.html", "Gut 80 Läden in Europa", "2025-12-02"),
            ("/presse/meldung-4633-neue-werkstatt.html", "Neue Werkstatt", "2025-11-21"),
        ],
    ),
    "newsroom_chinese": (
        "https://www.lanxing.example/news/",
        [
            ("/news/detail.html?id=20260105001", "岚星汽车正式进入第四十个海外市场", "2026-01-05"),
            ("/news/detail.html?id=20251220003", "岚星L7在上海车展全球首发亮相", "2025-12-20"),
            ("/news/detail.html?id=20251202002", "岚星汽车与泰国经销商签约", "2025-12-02"),
        ],
    ),
    "newsroom_hashed": (
        "https://www.fjell.example/en/stories",
        [
            ("/en/stories/opening-our-doors-in-hanoi", "Opening our doors in Hanoi: the first shop in Vietnam", None),
            ("/en/stories/a-chair-from-old-fishing-nets", "A chair made from old fishing nets", "2025-12-14"),
            (
                "/en/stories/sixty-markets-by-the-end-of-the-decade",
                "Sixty markets by the end of the decade",
                "2025-12-03",
            ),
            ("/en/stories/lamps-for-the-long-night", "Lamps for the long night", "2025-11-25"),
            ("/en/stories/what-a-table-costs-the-climate", "What a table costs the climate", "2025-11-11"),
        ],
    ),
    "newsroom_jsonld": (
        "https://press.aurel.example/en/",
        [
            ("/en/aurel-watches-reach-brazil", "Aurel watches reach Brazil", "2026-01-03T09:00:00Z"),
            ("/en/a-new-movement-for-the-a3", "A new movement for the A3", "2025-12-11"),
            ("/en/workshop-open-day-2025", "Open day at the workshop", None),
        ],
    ),
    "newsroom_paragraphs": (
        "https://kestrel.example/announcements.html",
        [
            (
                "/announcements/kestrel-tents-now-sold-in-new-zealand.html",
                "Kestrel tents now sold in New Zealand",
                "2026-01-08",
            ),
            ("/announcements/thank-you-for-a-good-year.html", "Thank you for a good year", "2026-01-02"),
            ("/announcements/winter-opening-hours.html", "Winter opening hours", "2025-12-22"),
            ("/announcements/recall-of-the-t1-stove.html", "Recall of the T1 stove", "2025-12-10"),
        ],
    ),
}


def links(
    html: str | bytes, url: str = "https://media.veloria.example/newsroom/", selector: str | None = None
) -> list[Link]:
    content = html.encode() if isinstance(html, str) else html
    page = Page(url=url, requested_url=url, status=200, content=content, content_type="text/html", fetched_at=NOW)
    source = Source(name="x", kind=SourceKind.LISTING, url=url, links=selector)
    return list(INDEXES[SourceKind.LISTING](page, source).links)


def refusal(html: str | bytes, selector: str | None = None) -> ReadError:
    with pytest.raises(ReadError) as caught:
        links(html, selector=selector)
    return caught.value


@pytest.mark.parametrize("name", sorted(NEWSROOMS))
def test_the_articles_of_a_newsroom_are_found_and_nothing_else(name: str) -> None:
    url, expected = NEWSROOMS[name]
    found = links((PAGES / f"{name}.html").read_bytes(), url)
    assert [(link.url, link.title, link.published) for link in found] == [
        (absolute(url, path), title, published) for path, title, published in expected
    ]


def test_every_frozen_newsroom_has_its_articles_spelled_out() -> None:
    assert {path.stem for path in PAGES.glob("newsroom_*.html")} == set(NEWSROOMS)


def test_a_page_without_articles_says_so() -> None:
    error = refusal((PAGES / "page_without_articles.html").read_bytes())
    assert error.outcome is Outcome.NO_ARTICLES
    assert "CSS selector" in error.reason


@pytest.mark.parametrize("name", ["consent_wall", "bot_challenge", "soft_404", "maintenance", "login"])
def test_a_wall_in_the_place_of_a_newsroom_is_suspect(name: str) -> None:
    assert refusal((PAGES / f"{name}.html").read_bytes()).outcome is Outcome.SUSPECT


def test_an_emptied_newsroom_is_no_list_of_articles() -> None:
    html = (PAGES / "newsroom_cards.html").read_text()
    html = re.sub(r'<section class="lead-story">.*?</section>', "", html, flags=re.DOTALL)
    html = re.sub(r"<article.*</article>", "<p>Nothing here yet.</p>", html, flags=re.DOTALL)
    assert refusal(html).outcome is Outcome.NO_ARTICLES


def test_a_selector_names_links_pieces_that_hold_one_or_pieces_within_one() -> None:
    html = (PAGES / "newsroom_cards.html").read_text()
    for selector in ("article h3 a", "article", "article h3 a, article .more", "article img"):
        found = links(html, selector=selector)
        assert [link.title for link in found][:2] == [
            "First E2 handed over to customers in Chile",
            "How we made the tyres quiet",
        ]
        assert len(found) == 4


def test_a_selector_may_lead_to_other_sites_and_that_is_meant() -> None:
    html = '<ul class="x"><li><a href="https://elsewhere.example/a-b">A story told elsewhere</a></li></ul>'
    assert [link.url for link in links(html, selector="ul.x a")] == ["https://elsewhere.example/a-b"]
    assert refusal(html).outcome is Outcome.NO_ARTICLES


def test_a_selector_that_matches_nothing_is_named() -> None:
    error = refusal("<html><p>text</p></html>", selector="ul.news a")
    assert (error.outcome, error.reason) == (
        Outcome.NO_ARTICLES,
        "the selector 'ul.news a' matches no links on this page",
    )
    assert "not valid CSS" in refusal("<p>x</p>", selector="a[[").reason


def test_links_that_are_no_addresses_are_passed_over() -> None:
    hrefs = ["javascript:alert(1)", "mailto:a@b.example", "data:text/html,x", "#top", "", "http://[::1", "ftp://x/y"]
    html = "".join(f'<h3><a href="{href}">A headline long enough to be one</a></h3>' for href in hrefs)
    assert refusal(f"<main>{html}</main>", selector="a").outcome is Outcome.NO_ARTICLES


def test_shuffling_and_redecorating_a_page_finds_the_same_articles() -> None:
    """A15 and A16 in small: order, tracking parameters, fragments, classes and wrapping change; the articles do not."""
    html = (PAGES / "newsroom_cards.html").read_text()
    head, *cards, tail = re.split(r"(?=    <article)|(?<=</article>)\n  </div>", html)
    wanted = {link.url for link in links(html)}
    chance = random.Random(1)
    for _ in range(20):
        chance.shuffle(cards)
        mutant = head + "".join(cards) + "</div>" + tail
        mutant = re.sub(r'(href="/newsroom/2[^"#]*)', rf"\1?utm_campaign=c{chance.random()}&amp;fbclid=x", mutant)
        mutant = (
            mutant.replace("card__body", f"css-{chance.randrange(10**6)}")
            .replace("<h3>", "<h3 ><span>")
            .replace("</h3>", "</span></h3>")
        )
        assert {link.url for link in links(mutant)} == wanted


def test_hostile_pages_end_in_links_or_an_outcome() -> None:
    deep = "<div>" * 3_000 + '<a href="/news/2026/a-story-that-is-deep-down">A story that is deep down</a>'
    many = "<p><a href='/x'>" * 3_000
    ld = '<script type="application/ld+json">' + "[" * 50_000 + "</script>"
    loop = (
        '<script type="application/ld+json">{"@type": "ItemList", "itemListElement": "x", "url": {"url": {}}}</script>'
    )
    assert len(links(deep)) == 1
    for html in (many, ld, loop, "", "\x00", "<" * 10_000, "<a href=" * 2_000):
        error = refusal(html)
        assert error.outcome in (Outcome.NO_ARTICLES, Outcome.SUSPECT, Outcome.DECODE_ERROR)


def test_titles_and_dates_are_harmless_texts() -> None:
    text = "Tit\u202ele\u200b \x07<b>with</b>\n  odd   signs"
    html = f'<li><a href="/news/2026/01/05/title-with-odd-signs">{text}</a></li>'
    (link,) = links(f"<main><ul>{html}</ul></main>", selector="li")
    assert link.title == "Title with odd signs"
    assert link.published == "2026-01-05"


def test_links_can_go_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(INDEXES)) == INDEXES


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTPS://Example.ORG:443/a/?utm_source=x&b=2&fbclid=3#part", "https://example.org/a/?b=2"),
        ("http://example.org:80", "http://example.org/"),
        ("http://example.org:8080/?gclid=1", "http://example.org:8080/"),
        ("https://user:pw@example.org/a", "https://example.org/a"),
        ("https://example.org/ä?q=ö", "https://example.org/%C3%A4?q=%C3%B6"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("\x00 https://example.org/a\n\tb\r\n", "https://example.org/ab"),
        ("https://example.org/press release 5.html ", "https://example.org/press%20release%205.html"),
        ("https://example.org/n?title=smart enters Norway", "https://example.org/n?title=smart%20enters%20Norway"),
        ("https://exam ple.org/a", None),
        ("https://example.org/a.html;jsessionid=AB01.node1!7?id=7", "https://example.org/a.html?id=7"),
        ("https://example.org/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "https://example.org/a.aspx"),
        ("https://example.org/a?PHPSESSID=x1&id=7&sid=0f3a9c1be27d4c5e8a6b", "https://example.org/a?id=7"),
        ("https://example.org/a;b=1?sid=7&session_id=12", "https://example.org/a;b=1?sid=7&session_id=12"),
        ("https://example.org/a?sid=20260105123456789&x=2", "https://example.org/a?sid=20260105123456789&x=2"),
        ("https://example.org/?id=7&mc_cid=1&UTM_Medium=x", "https://example.org/?id=7"),
        ("https://[2606:4700::1]/x", "https://[2606:4700::1]/x"),
        ("mailto:a@b.example", None),
        ("https://", None),
        ("http://xn--/", None),
        ("http://xn--a-/", None),
        ("http://www.xn--0/", None),
        ("http://a..example/", None),
        (f"http://{'a' * 64}.example/", None),
        ("https://xn--strae-oqa.example/", "https://xn--strae-oqa.example/"),
        ("https://xn--ls8h.example/", "https://xn--ls8h.example/"),
        ("https://example.org:99999/", None),
        ("https://example.org/" + "x" * 3_000, None),
    ],
)
def test_an_address_is_written_in_one_way(url: str, written: str | None) -> None:
    assert canonical(url) == written
    assert written is None or canonical(written) == written


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://media.brand.example/", "https://www.brand.example/x", True),
        ("https://brand.example/", "https://press.brand.example/", True),
        ("https://brand.co.uk/", "https://media.brand.co.uk/", True),
        ("https://brand.co.uk/", "https://other.co.uk/", False),
        ("https://brand.example/", "https://brand.example.evil.example/", False),
        ("http://127.0.0.1:81/", "http://127.0.0.1:82/", True),
        ("http://127.0.0.1/", "http://10.0.0.1/", False),
    ],
)
def test_what_is_one_site(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


def test_item_lists_in_json_ld_name_articles_and_breadcrumbs_none() -> None:
    lists = {
        "@graph": [
            {
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "item": "https://www.v.example/crumb-of-bread"}
                ],
            },
            {
                "@type": "ItemList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "item": "https://www.v.example/news/one-more-story"},
                    {"@type": "ListItem", "position": 2, "url": "/news/another-story"},
                    {"@type": "ListItem", "position": 3, "item": {"@id": "/news/a-fourth-story", "name": "Fourth"}},
                    {"@type": "ListItem", "position": 4, "item": {"@type": "Product", "url": "/cars/one-of-the-cars"}},
                    "/news/a-third-story",
                ],
            },
        ]
    }
    html = f'<html><script type="application/ld+json">{json.dumps(lists)}</script><p>News</p></html>'
    assert [link.url for link in links(html, "https://www.v.example/")] == [
        "https://www.v.example/news/a-third-story",
        "https://www.v.example/news/one-more-story",
        "https://www.v.example/news/another-story",
        "https://www.v.example/news/a-fourth-story",
    ]


STORIES = [
    ("kestrel-enters-peru-with-two-models", "Kestrel enters Peru with two models", "5 Jan 2026", "2026-01-05"),
    ("first-cars-handed-over-in-chile", "First cars handed over to customers", "18 Dec 2025", "2025-12-18"),
    ("new-design-chief-joins", "New design chief joins from a competitor", "9 Dec 2025", "2025-12-09"),
]
LAYOUTS = {
    "definition list": ("<dl>{}</dl>", '<dt>{day}</dt><dd><a href="/newsroom/{path}">{title}</a></dd>'),
    "date within the link": ("<ul>{}</ul>", '<li><a href="/newsroom/{path}"><span>{day}</span> {title}</a></li>'),
    "overlay": (
        '<div class="grid">{}</div>',
        '<div class="tile"><a href="/newsroom/{path}" aria-label="{title}"></a><span>{day}</span><b>{title}</b></div>',
    ),
    "custom elements": (
        "<news-list>{}</news-list>",
        '<news-card><a href="/newsroom/{path}"><news-title>{title}</news-title></a><p>{day}</p></news-card>',
    ),
    "carousel": (
        '<div class="swiper">{}</div>',
        '<div class="slide"><i>{day}</i><h4>{title}</h4><a class="btn" href="/newsroom/{path}">Read more</a></div>',
    ),
    "day above its articles": (
        "<div>{}</div>",
        '<h3>{day}</h3><ul><li><a href="/newsroom/{path}">{title}</a></li></ul>',
    ),
    "day before each line": ("<div>{}</div>", '<p>{day}</p><p><a href="/newsroom/{path}">{title}</a></p>'),
    "sections of a day": (
        "<div>{}</div>",
        '<section><h2>{day}</h2><div class="row"><a href="/newsroom/{path}"><h3>{title}</h3></a></div></section>',
    ),
    "day in pieces": (
        "<ul>{}</ul>",
        '<li><div class="when"><b>{date}</b><i>{month}</i><u>{year}</u></div>'
        '<a href="/newsroom/{path}">{title}</a></li>',
    ),
    "rows of a table": (
        "<table><tr><th>Date</th><th>Topic</th><th>Title</th><th>File</th></tr>{}</table>",
        '<tr><td>{day}</td><td><a href="/newsroom/category/corporate">Corporate</a></td>'
        '<td><a href="/newsroom/{path}">{title}</a></td><td><a href="/files/{path}.pdf">PDF</a></td></tr>',
    ),
    "caption below a picture": (
        '<div class="masonry">{}</div>',
        '<figure><a href="/newsroom/{path}"><img src="x.jpg" alt=""></a>'
        "<figcaption><small>{day}</small><br><strong>{title}</strong></figcaption></figure>",
    ),
    "title beside a picture": (
        '<div class="tiles">{}</div>',
        '<div class="tile"><a href="/newsroom/{path}"><img src="x.jpg"></a>'
        '<p class="tile-title">{title}</p>{day}</div>',
    ),
    "title in an attribute": (
        '<div class="tiles">{}</div>',
        '<div class="tile"><a href="/newsroom/{path}" title="{title}"><img src="x.jpg"></a><p>{day}</p></div>',
    ),
    "address of a card in its data": (
        '<div class="grid">{}</div>',
        '<div class="card" data-href="/newsroom/{path}" role="link"><span>{day}</span><h3>{title}</h3></div>',
    ),
    "address of an article in its data": (
        '<div class="grid">{}</div>',
        '<article data-url="https://media.veloria.example/newsroom/{path}"><p>{day}</p><h3>{title}</h3></article>',
    ),
    "address in the data of a link": (
        '<div class="grid">{}</div>',
        '<div><span>{day}</span><a href="#" data-link="/newsroom/{path}">{title}</a></div>',
    ),
    "address in a click": (
        '<div class="grid">{}</div>',
        """<div onclick="location.href='/newsroom/{path}'"><span>{day}</span><h3>{title}</h3></div>""",
    ),
    "window opened by a click": (
        '<div class="grid">{}</div>',
        '<div onclick="window.open(&quot;/newsroom/{path}&quot;)"><span>{day}</span><h3>{title}</h3></div>',
    ),
    "each in several languages": (
        "<ul>{}</ul>",
        '<li><time datetime="{when}"></time><a href="/newsroom/{path}">{title}</a><p class="lang-links">'
        '<a hreflang="de" href="/de/newsroom/{path}-auf-deutsch">Deutsch</a></p></li>',
    ),
    "what is shown without scripts": (
        '<div id="app"></div><noscript><ul>{}</ul></noscript>',
        '<li>{day} <a href="/newsroom/{path}">{title}</a></li>',
    ),
    "modules of investor relations": (
        "<div>{}</div>",
        '<div class="module_item"><span class="module_date-text">{day}</span><div class="module_headline">'
        '<a class="module_headline-link" href="/newsroom/{path}">{title}</a></div></div>',
    ),
    "latest posts": (
        '<ul class="wp-block-latest-posts__list">{}</ul>',
        '<li><a class="wp-block-latest-posts__post-title" href="/newsroom/{path}">{title}</a>'
        '<time datetime="{when}" class="wp-block-latest-posts__post-date">{day}</time></li>',
    ),
}


def told_by(html: str) -> Expected:
    return [(link.url.rsplit("/", 1)[1], link.title or "", link.published) for link in links(html)]


ALL = [(path, title, when) for path, title, _, when in STORIES]


def page_of(body: str, head: str = "") -> str:
    nav = "<header><nav><a href='/cars/the-model-one'>Model One</a></nav></header>"
    return f"<html><head><title>News</title>{head}</head><body>{nav}<main><h1>News</h1>{body}</main></body></html>"


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_that_nobody_configured(name: str) -> None:
    around, card = LAYOUTS[name]
    cards = ""
    for path, title, day, when in STORIES:
        date, month, year = day.split()
        cards += card.format(path=path, title=title, day=day, when=when, date=date, month=month, year=year)
    assert told_by(page_of(around.format(cards))) == ALL


BARE = [
    '<ul><li><a href="/a1.html">Smart confirms entry into 40th market</a></li></ul>',
    '<p><a href="/news/7">smart enters Ecuador</a></p><p><a href="/news/8">smart shows the new #2</a></p>',
    '<div><h2><a href="story?id=12">Lynx opens its first shop in Peru</a></h2><p>A short summary.</p></div>',
]


@pytest.mark.parametrize("html", BARE)
def test_on_a_bare_page_the_links_that_read_like_headlines_are_the_articles(html: str) -> None:
    page = f'<html><body><nav><a href="/">Home</a> <a href="/about">About us</a></nav>{html}</body></html>'
    assert len(links(page)) == html.count("<a ")


def test_a_day_below_an_article_is_not_that_of_the_next() -> None:
    lines = "".join(f'<h3><a href="/newsroom/{path}">{title}</a></h3><p>{day}</p>' for path, title, day, _ in STORIES)
    assert [(path, title) for path, title, _ in told_by(page_of(lines))] == [(path, title) for path, title, _ in ALL]
    assert {when for _, _, when in told_by(page_of(lines))} == {None}


def test_a_day_stands_for_all_articles_below_it_until_the_next_heading() -> None:
    line = '<p><a href="/newsroom/{0}">{1}</a></p>'
    first, second, third = (line.format(path, title) for path, title, _ in ALL)
    found = told_by(page_of(f"<h3>5 January 2026</h3>{first}{second}<h3>From the archive</h3>{third}"))
    assert [when for *_, when in found] == ["2026-01-05", "2026-01-05", None]


ENTRIES = [
    {"title": title, "url": f"/newsroom/{path}", "publishedAt": f"{when}T09:00:00Z"} for path, title, _, when in STORIES
]
STATE = {
    "menu": [
        {"title": "All our models", "url": "/cars/all-of-our-models"},
        {"title": "Dealers", "url": "/our-dealers"},
    ],
    "page": {"list": {"entries": ENTRIES}},
}
NESTED = [
    {"headline": {"rendered": title}, "link": {"href": f"/newsroom/{path}"}, "date": when}
    for path, title, _, when in STORIES
]
ROW = f'4:["$","ul",null,{{"items":{json.dumps(ENTRIES)}}}]\n'
CARRIED = {
    "data of a framework": f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(STATE)}</script>',
    "a variable": f"<script>var a = {{}}; window.__STATE__ = {json.dumps(STATE)};</script>",
    "text that is parsed": f"<script>window.state = JSON.parse({json.dumps(json.dumps(STATE))})</script>",
    "a stream in chunks": "".join(
        f"<script>self.__next_f.push([1,{json.dumps(chunk)}])</script>" for chunk in (ROW[:90], ROW[90:])
    ),
    "an attribute": f"<news-list items='{json.dumps(ENTRIES)}'></news-list>",
    "objects within": f'<script type="application/json">{json.dumps(NESTED)}</script>',
}


@pytest.mark.parametrize("name", CARRIED)
def test_articles_that_are_carried_as_data_are_found(name: str) -> None:
    assert [(path, title, (when or "")[:10]) for path, title, when in told_by(page_of(CARRIED[name]))] == ALL


def test_a_list_that_goes_on_in_data_is_read_to_its_end_and_other_data_is_left_alone() -> None:
    cards = "".join(
        f'<li><time datetime="{when}"></time><a href="/newsroom/{path}">{title}</a></li>'
        for path, title, when in ALL[:2]
    )
    events = [{"title": f"Fair number {n}", "url": f"/events/fair-{n}", "date": f"2025-11-1{n}"} for n in range(2)]
    data = f'<script type="application/json">{json.dumps({"news": ENTRIES, "events": events})}</script>'
    assert [path for path, *_ in told_by(page_of(f"<ul>{cards}</ul>{data}"))] == [path for path, *_ in ALL]


@pytest.mark.parametrize(
    "control",
    [
        '<button class="load-more" data-next-url="{}">Load more</button>',
        '<a class="load-more" href="#" data-href="{}">Show more news</a>',
        """<a href="javascript:void(0)" onclick="location.href='{}'">Ältere Meldungen</a>""",
    ],
)
def test_a_button_that_loads_more_leads_to_older_articles(control: str) -> None:
    cards = "".join(f'<h3><a href="/newsroom/{path}">{title}</a></h3>' for path, title, _ in ALL)
    url = "https://media.veloria.example/newsroom/"
    html = page_of(cards + control.format("/newsroom/?page=2"))
    page = Page(url=url, requested_url=url, status=200, content=html.encode(), content_type="text/html", fetched_at=NOW)
    found = INDEXES[SourceKind.LISTING](page, Source(name="x", kind=SourceKind.LISTING, url=url))
    assert found.older == f"{url}?page=2"
    assert [link.url.rsplit("/", 1)[1] for link in found.links] == [path for path, *_ in ALL]


def test_a_selector_is_for_the_page_as_it_came() -> None:
    cards = "".join(f'<div class="card" data-href="/newsroom/{path}"><b>{title}</b></div>' for path, title, _ in ALL)
    assert [link.title for link in links(page_of(cards), selector="div.card")] == [title for _, title, _ in ALL]


def test_a_frame_around_links_and_a_share_button_act_as_no_articles() -> None:
    cards = "".join(
        f'<li><a href="/newsroom/{path}">{title}</a><button data-url="https://social.example/share-this-story">Share</button>'
        "</li>"
        for path, title, _ in ALL
    )
    html = page_of(f'<ul data-url="/api/all-of-the-news-items" onclick="track()">{cards}</ul>')
    assert [path for path, *_ in told_by(html)] == [path for path, *_ in ALL]


@pytest.mark.parametrize(
    "html",
    [
        "<div data-url='/news/a-b-c-d'>" * 1_000,
        f"<script>{'window' * 100_000}</script>",
        f"<script>{'a=[' * 100_000}</script>",
        f"<script type='application/json'>{'[' * 100_000}</script>",
        "<script>self.__next_f.push([1,'x'])</script>" * 300,
    ],
)
def test_hostile_data_is_no_list(html: str) -> None:
    assert refusal(html).outcome in (Outcome.NO_ARTICLES, Outcome.SUSPECT)
