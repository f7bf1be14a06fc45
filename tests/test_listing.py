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
        ("https://example.org/a b\n", "https://example.org/ab"),
        ("https://example.org/?id=7&mc_cid=1&UTM_Medium=x", "https://example.org/?id=7"),
        ("https://[2606:4700::1]/x", "https://[2606:4700::1]/x"),
        ("mailto:a@b.example", None),
        ("https://", None),
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
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_that_nobody_configured(name: str) -> None:
    around, card = LAYOUTS[name]
    cards = "".join(card.format(path=path, title=title, day=day) for path, title, day, _ in STORIES)
    html = f"<html><body><nav><a href='/cars/the-model-one'>Model One</a></nav>{around.format(cards)}</body></html>"
    assert [(link.url.rsplit("/", 1)[1], link.title, link.published) for link in links(html)] == [
        (path, title, when) for path, title, _, when in STORIES
    ]


BARE = [
    '<ul><li><a href="/a1.html">Smart confirms entry into 40th market</a></li></ul>',
    '<p><a href="/news/7">smart enters Ecuador</a></p><p><a href="/news/8">smart shows the new #2</a></p>',
    '<div><h2><a href="story?id=12">Lynx opens its first shop in Peru</a></h2><p>A short summary.</p></div>',
]


@pytest.mark.parametrize("html", BARE)
def test_on_a_bare_page_the_links_that_read_like_headlines_are_the_articles(html: str) -> None:
    page = f'<html><body><nav><a href="/">Home</a> <a href="/about">About us</a></nav>{html}</body></html>'
    assert len(links(page)) == html.count("<a ")
