"""A page made a document: its readable text, its title, its date and where that came from, its language.

    bytes ─► text ─► tree ─► a wall? ─► the article's text, or all of a page's ─► title, date, address, language

The text is final once the document is made: facts point into it by offsets. A page that is no news raises ReadError
with the reason. Fetches nothing and reads no facts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from monitor.errors import ReadError
from monitor.models import Document, Link, Outcome, Page, Source, SourceKind, When
from monitor.pages import bylines, dates, jsonld, walls
from monitor.pages.decoding import decode
from monitor.pages.markup import bounded, elements, lines, plain, spoken, squeeze, squeeze_line, tree
from monitor.parser import language, titles

_THIN = 200  # characters; below this the article's text is looked for elsewhere too
_FRAME = ("nav", "footer")
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Where no clock is at hand. The claims of a document count from when it was read, if its date is yet to come."""
_LATE_METAS = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
)
_RARE_METAS = (
    *("date_published", "published-date", "published_date", "published_time", "publisheddate", "publish_date"),
    *("publish_time", "article:published", "article:published_date", "article:publicationdate", "article:post_date"),
    *("article.published", "article.created", "article_date_original", "og:article:published", "og:datepublished"),
    *("og:pubdate", "og:publish_date", "originalpublicationdate", "bt:pubdate", "rnews:datepublished", "displaydate"),
    *("citation_publication_date", "citation_date", "vr:published_time", "shareaholic:article_published_time"),
    *("dc:date", "dc.date.created", "dc.date.publication", "dc.created", "dc:created", "dcterms.issued"),
    *("datecreated", "date_created", "created", "dateposted", "pdate", "ptime", "timestamp"),
)
_CHANGED_METAS = (
    *("article:modified_time", "article:modified", "article:modified_date", "og:article:modified_time"),
    *("og:modified_time", "og:updated_time", "modified_time", "datemodified", "dcterms.modified", "dc.modified"),
    *("lastmodified", "last-modified", "lastmod", "modified"),
)
_TIMES = etree.XPath(
    "//time[ancestor::main or ancestor::article or ancestor::header or @pubdate] | //*[@itemprop='datePublished']"
)
_OTHER_TIMES = etree.XPath("(//time | //abbr[@title])[not(ancestor::nav or ancestor::footer or ancestor::aside)]")
_ADDRESS = re.compile(r"[/_-](\d{4})[/_-](\d\d?)[/_-](\d\d?)(?!\d)")
_PUBLISHED = re.compile(r"\"datePublished\"\s*:\s*\"([^\"]{8,40})\"")
_WORDS = re.compile(r"(?:\w\W*){5}")
_WHOLE = re.compile(r"\s*<(?:html|!doctype)", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|div|p|article|title|h1)[\s>]", re.IGNORECASE)

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports odd pages as errors; ours are outcomes


def read_page(page: Page, source: Source, link: Link) -> Document:
    """The document that a fetched page holds. Raises ReadError: SUSPECT for no news, DECODE_ERROR for no text."""
    text = decode(page.content, page.content_type)
    if not _HTML.search(text[:20_000]):
        if text.lstrip().startswith(("<?xml", "<rss", "<feed", "{")) or "xml" in (page.content_type or ""):
            raise ReadError(Outcome.DECODE_ERROR, f"data ({page.content_type or 'of no declared type'}), not a page")
        return read_text(text, source, link)
    text = bounded(text)  # here too: the extractor may parse it again
    root = tree(text)
    article = next(_own(jsonld.objects(jsonld.blocks(root)), jsonld.ARTICLES, page, root), {})
    everything = lines(root, without=_FRAME)
    if not _says_something(everything):  # drawn by JavaScript; some such pages carry their text as data
        everything = _told(article)
    _refuse_walls(root, text, everything)
    title = titles.choose(root, article, link, page.url)
    standing = source.kind is SourceKind.PAGE
    body = everything if standing else _with_title(title, _main(text, root, page, article, everything))
    when, origin = _published(page, source, link, root, article, title)
    return Document(
        url=_address(page, root),
        title=title,
        published=when,
        published_from=origin,
        language=language.choose(body, configured=source.language, declared=_declared(root) or link.language),
        text=body,
    )


def read_text(text: str, source: Source, link: Link) -> Document:
    """The document that plain text makes: a text file, or what a feed itself carries of an article."""
    body = squeeze(text)
    if not _says_something(body):
        raise ReadError(Outcome.SUSPECT, "there is no text")
    title = squeeze_line(link.title or "") or None
    when = link.published or _changed(source, link, _LATEST)
    return Document(
        url=link.url,
        title=title,
        published=when,
        published_from=_index(source) if when else None,
        language=language.choose(body, configured=source.language, declared=link.language),
        text=_with_title(title, body),
    )


def _refuse_walls(root: HtmlElement, html: str, everything: str) -> None:
    reason = walls.suspicion(root, html, everything)
    if reason is None and not _says_something(everything):
        drawn = next(root.iter("script"), None) is not None
        reason = "the page holds no text" + ("; it seems to be drawn by JavaScript" if drawn else "")
    if reason:
        raise ReadError(Outcome.SUSPECT, reason)


def _says_something(text: str) -> bool:
    return _WORDS.search(text) is not None


def _main(html: str, root: HtmlElement, page: Page, article: dict[str, Any], everything: str) -> str:
    """The article's own text. Where the extractor finds little, JSON-LD's or the whole page's is taken."""
    given = root if _WHOLE.match(html) else html  # a piece of a page is another tree to the extractor
    found = trafilatura.extract(given, url=page.url, fast=True, include_comments=False, include_tables=True) or ""
    main = squeeze("\n".join(_row(line) for line in found.split("\n")))
    main = _in_lines(main, everything)
    main = max(main, _told(article), key=len) if len(main) < _THIN else main
    return main if _says_something(main) else everything


def _in_lines(text: str, everything: str) -> str:
    """The text in the lines that the page has it in. Of a short page the extractor makes one line: headline, date and
    first sentence would be one sentence."""
    page = everything.split("\n")
    for first in range(len(page)):
        for last in range(first + 1, len(page) + 1):
            joined = " ".join(page[first:last])
            if joined == text:
                return "\n".join(page[first:last])
            if not text.startswith(joined):
                break
    return text


def _told(article: dict[str, Any]) -> str:
    """The text that JSON-LD gives for the article, or nothing."""
    told = article.get("articleBody")
    return plain(told) if isinstance(told, str) else ""


def _row(line: str) -> str:
    """A table's row without the marks of Markdown."""
    if not line.startswith("|"):
        return line
    return "" if re.fullmatch(r"[|\s:-]+", line) else line.strip("| ")


def _with_title(title: str | None, body: str) -> str:
    """The title is the text's first line, once: headlines make claims that the text may only imply."""
    if title is None:
        return body
    opening = body[: len(title) + 200].casefold()
    return body if title.casefold() in opening else f"{title}\n{body}"


def _own(
    objects: tuple[dict[str, Any], ...], kinds: frozenset[str], page: Page, root: HtmlElement
) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects of these kinds that have this page's address, then those that have no other's: a page may
    list related stories as well."""
    here = {_bare(page.url), _bare(_address(page, root))}
    found = [(item, _named(item, page)) for item in objects if jsonld.types(item) & kinds]
    yield from (item for item, named in found if named & here)
    yield from (item for item, named in found if not named)


def _named(item: dict[str, Any], page: Page) -> set[str]:
    """The pages of this site, but for its front page, that a JSON-LD object gives as its own. Another site's may be
    where the article was published first."""
    named = (jsonld.text(item.get(key)) for key in ("url", "@id", "mainEntityOfPage"))
    site, _, _ = _bare(page.url).partition("/")
    return {bare for name in named if name and site and (bare := _bare(name, page.url)).startswith(f"{site}/")}


def _bare(url: str, base: str = "") -> str:
    """Of an address what tells pages apart; nothing of what is none."""
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return ""
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


def _address(page: Page, root: HtmlElement) -> str:
    """The page's canonical address, when it is of the same host and not merely the front page."""
    stated = (link.get("href") for link in root.iter("link") if link.get("rel") == "canonical")
    href = next((href for href in stated if href is not None), None)
    try:
        named = page.url if href is None else urljoin(page.url, href.strip())
        parts, own = urlsplit(named), urlsplit(page.url)
        same = (parts.hostname or "").removeprefix("www.") == (own.hostname or "").removeprefix("www.")
    except ValueError:
        return page.url
    empty = parts.path in ("", "/") and not parts.query and own.path not in ("", "/")
    good = parts.scheme in ("http", "https") and same and not empty and len(named) < 2_000
    return parts._replace(fragment="").geturl() if good else page.url


def _published(
    page: Page,
    source: Source,
    link: Link,
    root: HtmlElement,
    article: dict[str, Any],
    title: str | None,
) -> tuple[When | None, str | None]:
    """When it was published and who says so. A date read off a listing's card, and that of an entry's last change,
    count less than the article's own."""
    index = _index(source)
    if link.published and index != "listing":
        return link.published, index
    for when, origin in _stated(page, root, article):
        if when:
            return when, origin
    given = link.published or _changed(source, link, page.fetched_at)
    if given:
        return given, index
    if source.kind is SourceKind.PAGE:  # a standing page has no date; what else it states is some event's
        return None, None
    when = next(filter(None, _stated_elsewhere(page, root, title)), None)
    return when, "elsewhere" if when else None


def _stated(page: Page, root: HtmlElement, article: dict[str, Any]) -> Iterator[tuple[When | None, str]]:
    for key in ("datePublished", "dateCreated"):
        yield dates.published(jsonld.text(article.get(key)), page.fetched_at), "json-ld"
    metas = _metas(root)
    for name in _LATE_METAS:
        yield dates.published(metas.get(name), page.fetched_at), "meta"
    for time in elements(_TIMES, root)[:3]:
        yield _of_time(time, page.fetched_at), "time"


def _stated_elsewhere(page: Page, root: HtmlElement, title: str | None) -> Iterator[When | None]:
    """Where pages state their date that have no tag made for it. What merely looks like a date is not looked for: news
    that are taken for old are told to nobody."""
    now = page.fetched_at
    metas = _metas(root)
    named = _ADDRESS.search(urlsplit(page.url).path)
    yield dates.published("-".join(named.groups()), now) if named else None
    yield from (dates.published(metas.get(name), now) for name in _RARE_METAS)
    for block in jsonld.blocks(root):
        objects = jsonld.objects([block])
        for item in _own(objects, jsonld.PAGES, page, root):
            yield dates.published(jsonld.text(item.get("datePublished")), now)
        broken = None if objects else _PUBLISHED.search(block)  # as a whole it cannot be read
        yield dates.published(broken[1], now) if broken else None
    beside = bylines.around(root, title)
    times = elements(_OTHER_TIMES, root)
    for time in times:
        if len(times) == 1 or ((said := spoken(time)) and any(said in line for line in beside)):
            yield _of_time(time, now)
    yield bylines.date(beside, now)
    yield from (dates.published(metas.get(name), now) for name in _CHANGED_METAS)


def _of_time(time: HtmlElement, now: datetime) -> When | None:
    stated = time.get("datetime") or time.get("content") or time.get("title")
    return dates.published(stated, now) or dates.published(spoken(time), now)


def _changed(source: Source, link: Link, now: datetime) -> When | None:
    """When a feed's entry was last changed; a sitemap's marks say when its pages were made anew."""
    return dates.published(link.updated, now) if source.kind is SourceKind.FEED else None


def _metas(root: HtmlElement) -> dict[str, str]:
    """The page's meta tags by lower-case name; of several of one name the first."""
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (
            (meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or "")
            .strip()
            .lower()
        )
        content = meta.get("content")
        if content is not None:
            found.setdefault(name, content)
    return found


def _index(source: Source) -> str:
    """Who gave the link's date: the index it came from, else whoever asked for this page."""
    indexes = (SourceKind.FEED, SourceKind.LISTING, SourceKind.SITEMAP)
    return str(source.kind) if source.kind in indexes else "given"


def _declared(root: HtmlElement) -> str | None:
    return root.get("lang") or root.get("xml:lang") or _metas(root).get("og:locale")
