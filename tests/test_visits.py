"""One check's visits with a client that answers from a table: what the web does is an outcome, whatever it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from monitor.errors import FetchError
from monitor.history.storable import text_hash, unsqueeze
from monitor.likeness import fingerprint
from monitor.models import Link, Memory, Observation, Outcome, Page, Source, SourceKind, Validators
from monitor.pipeline import observe
from monitor.visits import RESTAMPED, Tools

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
FEED = """<rss version="2.0"><channel><title>News</title>
<item><title>A story about smart</title><link>https://a.example/story</link><description>{}</description></item>
</channel></rss>"""
STORY = (
    "smart is now present in 39 countries and regions worldwide, the electric car brand said on Monday in a statement."
)


class Web:
    """Pages by address; an address that is not there is refused as HTTP 403. `leads_to`: what redirects where."""

    def __init__(self, pages: Mapping[str, str], leads_to: Mapping[str, str] | None = None) -> None:
        self.pages = pages
        self.leads_to = leads_to or {}

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        came = self.leads_to.get(url, url)
        if came not in self.pages:
            raise FetchError(Outcome.HTTP_ERROR, "HTTP 403")
        content = self.pages[came].encode()
        return Page(
            url=came, requested_url=url, status=200, content=content, content_type="application/xml", fetched_at=NOW
        )


async def here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


FEED_SOURCE = Source(name="feed", kind=SourceKind.FEED, url="https://a.example/feed", brand="smart", outlet="a")


def observed(
    pages: Mapping[str, str],
    memory: Memory | None = None,
    leads_to: Mapping[str, str] | None = None,
    source: Source = FEED_SOURCE,
) -> Observation:
    tools = Tools(client=Web(pages, leads_to), run=here, clock=lambda: NOW)
    return asyncio.run(observe(source, memory or Memory(), tools))


def test_an_article_that_is_refused_is_read_from_the_feed() -> None:
    seen = observed({"https://a.example/feed": FEED.format(STORY)})
    [reading] = seen.readings
    assert (seen.outcome, reading.outcome) == (Outcome.OK, Outcome.OK)
    assert [fact.value for fact in reading.facts] == ["39"]


def test_an_article_that_is_refused_with_a_feed_that_says_nothing_stays_refused() -> None:
    seen = observed({"https://a.example/feed": FEED.format("…")})
    [reading] = seen.readings
    assert (seen.outcome, reading.outcome, reading.reason) == (Outcome.OK, Outcome.HTTP_ERROR, "HTTP 403")


FRONT = f"<html><body><main><h1>smart</h1><p>{STORY.replace('39', '45')}</p></main></body></html>"


@pytest.mark.parametrize("front", ["https://a.example/", "https://www.a.example", "https://a.example/feed"])
@pytest.mark.parametrize(("text", "told"), [("…", []), (STORY, ["39"])])
def test_an_article_that_leads_to_the_front_page_or_the_list_is_none(front: str, text: str, told: list[str]) -> None:
    """What the front page says is no news of the day of the article; what the feed itself says of it is."""
    pages = {front: FRONT, "https://a.example/feed": FEED.format(text)}
    seen = observed(pages, leads_to={"https://a.example/story": front})
    [reading] = seen.readings
    assert [fact.value for fact in reading.facts] == told
    if not told:
        assert (reading.outcome, reading.reason) == (Outcome.GONE, f"it leads to {front}")


def test_an_article_that_is_a_source_itself_and_leads_to_the_front_page_is_gone() -> None:
    story, front = "https://a.example/story", "https://a.example/"
    article = Source(name="story", kind=SourceKind.ARTICLE, url=story, brand="smart", outlet="a")
    seen = observed({front: FRONT}, leads_to={story: front}, source=article)
    assert (seen.outcome, seen.reason, seen.readings) == (Outcome.GONE, f"it leads to {front}", ())


@pytest.mark.parametrize(
    ("asked", "came"),
    [
        ("https://a.example/story", "https://www.a.example/story"),
        ("https://a.example/?p=12", "https://www.a.example/?p=12"),
        ("https://a.example/", "https://www.a.example/"),
    ],
)
def test_an_article_that_leads_to_the_same_on_another_host_is_read(asked: str, came: str) -> None:
    story = f"<html><body><main><p>{STORY}</p></main></body></html>"
    feed = FEED.format("…").replace("https://a.example/story", asked)
    [reading] = observed({"https://a.example/feed": feed, came: story}, leads_to={asked: came}).readings
    assert [fact.value for fact in reading.facts] == ["39"]


def test_a_source_that_fails_reads_nothing_that_waits() -> None:
    seen = observed({}, Memory(waiting=(Link(url="https://a.example/story"),)))
    assert (seen.outcome, seen.reason, seen.readings) == (Outcome.HTTP_ERROR, "HTTP 403", ())


def test_a_check_counts_the_pages_that_it_asked_for() -> None:
    assert observed({}).requests == 1
    assert observed({"https://a.example/feed": FEED.format(STORY)}).requests == 2


def test_a_host_that_asks_for_a_pause_is_asked_for_no_further_article() -> None:
    class Pausing(Web):
        asked: ClassVar[list[str]] = []

        async def get(self, url: str, *, validators: Validators | None = None) -> Page:
            self.asked.append(url)
            if url.startswith("https://busy.example/"):
                raise FetchError(Outcome.RATE_LIMITED, "HTTP 429", timedelta(minutes=1))
            return await super().get(url, validators=validators)

    story = f"<html><body><main><p>{STORY}</p></main></body></html>"
    web = Pausing({FEED_SOURCE.url: FEED.format("…"), "https://a.example/story": story})
    waits = tuple(Link(url=f"https://busy.example/{n}") for n in range(3))
    tools = Tools(client=web, run=here, clock=lambda: NOW)
    seen = asyncio.run(observe(FEED_SOURCE, Memory(first=False, waiting=waits), tools))
    assert web.asked == [FEED_SOURCE.url, "https://busy.example/0", "https://a.example/story"]
    assert [reading.outcome for reading in seen.readings] == [Outcome.RATE_LIMITED, Outcome.OK]


def test_what_waits_is_read_although_the_index_is_unchanged() -> None:
    pages = {"https://a.example/feed": FEED.format(STORY)}
    known = observed(pages)
    memory = Memory(first=False, body_hash=known.body_hash, waiting=(Link(url="https://a.example/w", text=STORY),))
    seen = observed(pages, memory)
    assert seen.outcome is Outcome.UNCHANGED
    assert [reading.link.url for reading in seen.readings] == ["https://a.example/w"]


# What is read first, and what not again


def stamped(*entries: tuple[int, str]) -> tuple[list[str], list[str], list[str]]:
    """What a sitemap of articles 0 to 19 and these marks brings, of which 0 to 9 are known by the mark `old`: the
    numbers of the links found, of the links that are not to be read, and of what is read."""
    urls = "".join(f"<url><loc>https://a.example/{n}</loc><lastmod>{mark}</lastmod></url>" for n, mark in entries)
    source = Source(name="map", kind=SourceKind.SITEMAP, url="https://a.example/map", brand="smart", outlet="a")
    waits = tuple(Link(url=f"https://a.example/{n}", updated="old") for n in (8, 9))
    known = {f"https://a.example/{n}": "old" for n in range(10)}
    memory = Memory(first=False, known=known, waiting=(Link(url="https://a.example/unread"), *waits))
    tools = Tools(client=Web({source.url: f"<urlset>{urls}</urlset>"}), run=here, clock=lambda: NOW)
    seen = asyncio.run(observe(source, memory, tools))
    read = [reading.link for reading in seen.readings]
    found, skipped, visited = (
        [link.url.rpartition("/")[2] for link in links] for links in (seen.links, seen.skipped, read)
    )
    return sorted(found), sorted(skipped), visited


def test_what_was_never_read_goes_before_what_is_marked_as_changed() -> None:
    found, skipped, visited = stamped(*((n, "new" if n < 5 else "old") for n in range(12)))
    assert (found, skipped) == (["0", "1", "10", "11", "2", "3", "4"], [])
    assert sorted(visited[:3]) == ["10", "11", "unread"]
    assert sorted(visited[3:]) == ["0", "1", "2", "3", "4", "8", "9"]


def test_of_very_many_marked_as_changed_none_takes_the_place_of_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.visits.ARTICLES", 3)
    assert sorted(stamped(*((n, "new" if n < 5 else "old") for n in range(12)))[2]) == ["10", "11", "unread"]


@pytest.mark.parametrize("still", [0, 1])
def test_marks_that_move_on_nearly_all_at_once_say_nothing(still: int) -> None:
    """The time at which a sitemap was made stands at each of its entries: nothing of it is read again, only what is
    new. The marks are handed on, so that one that moves alone later is seen."""
    found, skipped, visited = stamped(*((n, "old" if n < still else "new") for n in range(12)))
    assert (found, skipped) == (["10", "11"], [str(n) for n in range(still, 10)])
    assert sorted(visited) == ["10", "11", "8", "9", "unread"], "what waited before waits on"


def test_a_few_marks_that_move_at_once_are_believed() -> None:
    found, skipped, _ = stamped(*((n, "new") for n in range(RESTAMPED - 1)))
    assert (found, skipped) == ([str(n) for n in range(RESTAMPED - 1)], [])


# What says nothing new is not read


LISTING = """<html><head><script>var nonce = "{}";</script></head><body><main><h1>News</h1>
<article><h3><a href="/news/smart-enters-a-market-today">smart enters a market today, says the brand</a></h3>
<time datetime="2026-01-04">4 January</time><p>{}</p></article>
<article><h3><a href="/news/smart-shows-another-model-now">smart shows another model, says the brand</a></h3>
<time datetime="2026-01-03">3 January</time></article>{}</main></body></html>"""
MORE = """<article><h3><a href="/news/smart-enters-one-more-market">smart enters one more market, it says</a></h3>
<time datetime="2026-01-05">5 January</time></article>"""
CALLED = list[str]


def looked(kind: SourceKind, body: str, memory: Memory) -> tuple[Observation, CALLED]:
    """One check of a page, and the names of what was called to read it."""
    called: CALLED = []

    async def noted(function: Callable[..., Any], *arguments: Any) -> Any:
        called.append(function.__name__)
        return function(*arguments)

    source = Source(name="page", kind=kind, url="https://a.example/news", brand="smart", outlet="a")
    web = Web({"https://a.example/news": body})
    tools = Tools(client=web, run=noted, clock=lambda: NOW)
    return asyncio.run(observe(source, memory, tools)), called


def remembered(seen: Observation) -> Memory:
    [own] = seen.readings if seen.readings and seen.readings[0].page else [None]
    return Memory(
        first=False,
        body_hash=seen.body_hash,
        outline=seen.outline,
        known={link.url: None for link in seen.links},
        text_hash=text_hash(own.document.text) if own and own.document else None,
    )


def test_a_listing_with_the_same_addresses_is_not_read_again() -> None:
    first, called = looked(SourceKind.LISTING, LISTING.format("a", "17 views", ""), Memory())
    assert (first.outcome, called, len(first.links)) == (Outcome.OK, ["read_index"], 2)
    again, called = looked(SourceKind.LISTING, LISTING.format("b", "18 views", ""), remembered(first))
    assert (again.outcome, called, again.quiet) == (Outcome.UNCHANGED, [], True)
    assert again.page is not None
    assert (again.page.status, again.page.content, again.outline) == (200, b"", None)
    assert again.body_hash != first.body_hash


def test_a_listing_with_another_address_is() -> None:
    first, _ = looked(SourceKind.LISTING, LISTING.format("a", "17 views", ""), Memory())
    again, called = looked(SourceKind.LISTING, LISTING.format("b", "17 views", MORE), remembered(first))
    assert (again.outcome, called) == (Outcome.OK, ["read_index"])
    assert [link.url for link in again.links] == ["https://a.example/news/smart-enters-one-more-market"]


def test_a_page_with_the_same_words_is_not_read_again() -> None:
    body = "<html><head><script>{}</script></head><body><main><p>{}</p></main></body></html>"
    first, called = looked(SourceKind.PAGE, body.format("1", STORY), Memory())
    assert (first.outcome, called) == (Outcome.OK, ["read_again"])
    again, called = looked(SourceKind.PAGE, body.format("2", STORY), remembered(first))
    assert (again.outcome, called, again.quiet) == (Outcome.UNCHANGED, [], True)


def test_a_text_that_is_known_is_not_read_for_facts() -> None:
    body = "<html><head><meta name='day' content='{}'></head><body><main><p>{}</p></main></body></html>"
    first, _ = looked(SourceKind.PAGE, body.format("1", STORY), Memory())
    assert [fact.value for fact in first.readings[0].facts] == ["39"]
    again, called = looked(SourceKind.PAGE, body.format("2", STORY), remembered(first))
    assert (again.outcome, called, again.readings[0].facts) == (Outcome.OK, ["read_again"], ())
    other, _ = looked(SourceKind.PAGE, body.format("3", STORY.replace("39", "40")), remembered(first))
    assert [fact.value for fact in other.readings[0].facts] == ["40"]


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.PAGE])
def test_what_is_kept_of_a_page_is_made_where_it_is_read(kind: SourceKind) -> None:
    """So that the one writer only stores it."""
    story = f"<html><body><main><p>{STORY} {' '.join(map(str, range(40)))}</p></main></body></html>"
    feed = FEED.format("")
    source = Source(name="any", kind=kind, url="https://a.example/feed", brand="smart", outlet="a")
    web = Web({source.url: feed if kind is SourceKind.FEED else story, "https://a.example/story": story})
    seen = asyncio.run(observe(source, Memory(), Tools(client=web, run=here, clock=lambda: NOW)))
    [reading] = seen.readings
    assert reading.document is not None
    assert reading.document.fingerprint == fingerprint(reading.document.text) is not None
    assert reading.page is not None
    assert unsqueeze(reading.page.packed or b"") == reading.page.content
