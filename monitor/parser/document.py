"""A page made a document: its readable text, its title, its date and where that came from, its language.

    bytes ─► text ─► tree ─► a wall? ─► the article's text, or all of a page's ─► title, date, address, language

The text is final once the document is made: facts point into it by offsets. A page that is no news raises ReadError
with the reason. Fetches nothing and reads no facts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import trafilatura
from bs4 import BeautifulSoup
from bs4.element import Tag
from htmldate import find_date

from monitor.errors import ReadError
from monitor.models import Document, Link, Outcome, Page, Source, SourceKind, When
from monitor.pages import dates, jsonld, walls
from monitor.pages.decoding import decode
from monitor.pages.markup import lines, plain, soup, squeeze, squeeze_line
from monitor.parser import language, titles

_THIN = 200  # characters; below this the article's text is looked for elsewhere too
_FRAME = ("nav", "footer")
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
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|div|p|article|title|h1)[\s>]", re.IGNORECASE)

for _name in ("trafilatura", "htmldate"):  # they report every odd page as an error; ours is an outcome
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def read_page(page: Page, source: Source, link: Link) -> Document:
    """The document that a fetched page holds. Raises ReadError: SUSPECT for no news, DECODE_ERROR for no text."""
    text = decode(page.content, page.content_type)
    if not _HTML.search(text[:20_000]):
        if text.lstrip().startswith(("<?xml", "<rss", "<feed", "{")) or "xml" in (page.content_type or ""):
            raise ReadError(Outcome.DECODE_ERROR, f"data ({page.content_type or 'of no declared type'}), not a page")
        return read_text(text, source, link)
    tree = soup(text)
    article = _article(page, tree, jsonld.objects(tree))
    everything = lines(tree, without=_FRAME)
    if not _says_something(everything):  # drawn by JavaScript; some such pages carry their text as data
        everything = _told(article)
    _refuse_walls(tree, text, everything)
    title = titles.choose(tree, article, link, page.url)
    body = everything if source.kind is SourceKind.PAGE else _with_title(title, _main(text, page, article, everything))
    when, origin = _published(page, source, link, tree, article, text)
    return Document(
        url=_address(page, tree),
        title=title,
        published=when,
        published_from=origin,
        language=language.choose(body, configured=source.language, declared=_declared(tree) or link.language),
        text=body,
    )


def read_text(text: str, source: Source, link: Link) -> Document:
    """The document that plain text makes: a text file, or what a feed itself carries of an article."""
    body = squeeze(text)
    if not _says_something(body):
        raise ReadError(Outcome.SUSPECT, "there is no text")
    title = squeeze_line(link.title or "") or None
    return Document(
        url=link.url,
        title=title,
        published=link.published,
        published_from=_index(source) if link.published else None,
        language=language.choose(body, configured=source.language, declared=link.language),
        text=_with_title(title, body),
    )


def _refuse_walls(tree: BeautifulSoup, html: str, everything: str) -> None:
    reason = walls.suspicion(tree, html, everything)
    if reason is None and not _says_something(everything):
        drawn = tree.find("script") is not None
        reason = "the page holds no text" + ("; it seems to be drawn by JavaScript" if drawn else "")
    if reason:
        raise ReadError(Outcome.SUSPECT, reason)


def _says_something(text: str) -> bool:
    return len(re.findall(r"\w", text)) >= 5


def _main(html: str, page: Page, article: dict[str, Any], everything: str) -> str:
    """The article's own text. Where the extractor finds little, JSON-LD's or the whole page's is taken."""
    found = trafilatura.extract(html, url=page.url, fast=True, include_comments=False, include_tables=True) or ""
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


def _article(page: Page, tree: BeautifulSoup, objects: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """The JSON-LD object of this very article: the one with its address, else the first of them all."""
    articles = [item for item in objects if jsonld.types(item) & jsonld.ARTICLES]
    here = {_bare(page.url), _bare(_address(page, tree))}
    for item in articles:
        named = (jsonld.text(item.get(key)) for key in ("url", "@id", "mainEntityOfPage"))
        if any(name and _bare(urljoin(page.url, name)) in here for name in named):
            return item
    return articles[0] if articles else {}


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


def _address(page: Page, tree: BeautifulSoup) -> str:
    """The page's canonical address, when it is of the same host and not merely the front page."""
    tag = tree.find("link", rel="canonical", href=True)
    try:
        named = urljoin(page.url, str(tag["href"]).strip()) if isinstance(tag, Tag) else page.url
        parts, own = urlsplit(named), urlsplit(page.url)
        same = (parts.hostname or "").removeprefix("www.") == (own.hostname or "").removeprefix("www.")
    except ValueError:
        return page.url
    empty = parts.path in ("", "/") and not parts.query and own.path not in ("", "/")
    good = parts.scheme in ("http", "https") and same and not empty and len(named) < 2_000
    return parts._replace(fragment="").geturl() if good else page.url


def _published(
    page: Page, source: Source, link: Link, tree: BeautifulSoup, article: dict[str, Any], html: str
) -> tuple[When | None, str | None]:
    """When it was published and who says so. A date read off a listing's card counts less than the article's own."""
    given, index = (link.published, _index(source)) if link.published else (None, None)
    if given and index != "listing":
        return given, index
    for when, origin in _stated(page, tree, article):
        if when:
            return when, origin
    if given:
        return given, index
    if source.kind is SourceKind.PAGE:  # a standing page has no date; what htmldate finds is some event's
        return None, None
    guess = find_date(html, url=page.url, original_date=True, outputformat="%Y-%m-%d", max_date=page.fetched_at)
    when = dates.published(guess, page.fetched_at)
    return when, "htmldate" if when else None


def _stated(page: Page, tree: BeautifulSoup, article: dict[str, Any]) -> Iterator[tuple[When | None, str]]:
    for key in ("datePublished", "dateCreated"):
        yield dates.published(jsonld.text(article.get(key)), page.fetched_at), "json-ld"
    metas = _metas(tree)
    for name in _LATE_METAS:
        yield dates.published(metas.get(name), page.fetched_at), "meta"
    for tag in tree.select("main time, article time, header time, time[pubdate], [itemprop=datePublished]", limit=3):
        stated = str(tag.get("datetime") or tag.get("content") or "")
        yield dates.published(stated, page.fetched_at) or dates.published(tag.get_text(" "), page.fetched_at), "time"


def _metas(tree: BeautifulSoup) -> dict[str, str]:
    """The page's meta tags by lower-case name; of several of one name the first."""
    found: dict[str, str] = {}
    for tag in tree.find_all("meta", content=True):
        name = str(tag.get("property") or tag.get("name") or tag.get("itemprop") or "").strip().lower()
        found.setdefault(name, str(tag["content"]))
    return found


def _index(source: Source) -> str:
    """Who gave the link's date: the index it came from, else whoever asked for this page."""
    indexes = (SourceKind.FEED, SourceKind.LISTING, SourceKind.SITEMAP)
    return str(source.kind) if source.kind in indexes else "given"


def _declared(tree: BeautifulSoup) -> str | None:
    root = tree.find("html")
    if not isinstance(root, Tag):
        return None
    named = root.get("lang") or root.get("xml:lang")
    return str(named) if named else _metas(tree).get("og:locale")
