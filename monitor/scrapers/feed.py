"""Feeds of every make - RSS, RDF, Atom, JSON Feed - read as far as they can be read.

One item is one link with what the feed says about it. A web page that came instead of a feed is read for where its feed
is. Does not follow links and does not read items for facts.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit
from xml.parsers import expat

import feedparser
from lxml import etree
from lxml.html import HtmlElement

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, When
from monitor.pages import dates, walls
from monitor.pages.decoding import decode
from monitor.pages.markup import elements, plain, spoken, squeeze_line, tree
from monitor.scrapers.links import absolute, same_site
from monitor.scrapers.safexml import parse_xml

MAX_ITEMS = 5_000
MAX_FEED = 2_000_000  # characters of a feed; what comes after the item that ends there is not read
MAX_TEXT = 1 << 20  # characters of one item
MAX_TEXTS = 400_000  # of all items together: they are a makeshift for articles that cannot be had
MAX_PAGE = 800_000  # characters of a web page in which feeds are looked for
MAX_MARKS = 60_000  # tags and references that are read, 25 µs of the processor each
MAX_BROKEN_MARKS = 20_000  # the same of a broken feed, which is read in two ways
_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENDLESS_TAG = re.compile(r"<([A-Za-z][\w:.-]*)[^<>]{20000,}>")  # tens of thousands of attributes take minutes
_CDATA = "<![CDATA["
_MARK = re.compile(r"<!\[CDATA\[|<|/>|&")
_COSTS = {_CDATA: 4, "<": 4, "/>": 4, "&": 1}
_UNUSED = re.compile(
    r"</?(?:\w+:)?(?:category|keywords|subject|author|contributor|creator|publisher|managingeditor|webmaster|owner|name"
    r"|email|uri)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:\w+:)?(rss|feed|rdf:rdf|channel)[\s>]", re.IGNORECASE)
_ENDS = {"rss": "</channel></rss>", "feed": "</feed>", "rdf:rdf": "</rdf:RDF>", "channel": "</channel>"}
_HTML = re.compile(r"<(?:!doctype html|html|body|head)[\s>]", re.IGNORECASE)
_FEED_TYPE = re.compile(r"rss|atom|feed\+json|rdf\+xml", re.IGNORECASE)
_FEED_ADDRESS = re.compile(r"(?:^|[/._=-])(?:rss|atom|feeds?|rdf)(?:$|[/._=&-]|\d)", re.IGNORECASE)
_FEED_WORD = re.compile(r"\b(?:rss|atom)\b", re.IGNORECASE)
_ANNOUNCED = etree.XPath("//link[@rel='alternate'][@href]")
_ANCHORS = etree.XPath("//a[@href]")
_COMMENTS = re.compile(r"comment|kommentar|replies", re.IGNORECASE)
_DATING = ("published", "created")
"""What states the date of publication, as feedparser names it. Atom's `updated` is the date of the last change; in RSS
it is what feedparser makes of `dc:date`."""
_ENCODING = re.compile(r"""^(<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")


def read_feed(page: Page, source: Source) -> Index:
    """The items of a feed in its order, each address once; of a web page, the feeds that it names.

    Raises ReadError when it is neither, or holds nothing.
    """
    text = decode(page.content, page.content_type).strip()
    if text.startswith("{"):
        return _index(_json_items(page, text), None)
    if not _ROOT.search(text[:4_096]) and _HTML.search(text[:4_096]):
        return Index(feeds=_feeds(page, text))
    return _xml_index(page, text)


def _index(found: list[Link], note: str | None) -> Index:
    links = {link.url: link for link in reversed(found)}  # of two items with one address the first counts
    if not links:
        raise _no_items()
    return Index(links=tuple(reversed(links.values())), note=note)


def _no_items() -> ReadError:
    return ReadError(Outcome.NO_ARTICLES, "the feed holds no items that lead anywhere")


def _no_feed() -> ReadError:
    return ReadError(Outcome.BAD_FEED, "this is no feed: neither RSS, Atom, RDF nor JSON Feed")


def _xml_index(page: Page, text: str) -> Index:
    if "<!ENTITY" in text:
        raise ReadError(Outcome.BAD_FEED, "the feed declares entities of its own, which is refused")
    text = _ENDLESS_TAG.sub(r"<\1>", _ENCODING.sub(r"\1", text[:200]) + text[200:])
    text = _UNUSED.sub("", text)  # each topic is compared with all before it, each name searched for mail addresses
    text = _shortened(_whole(text))
    if not _ITEM.search(text):
        raise _no_items() if _ROOT.search(text[:4_096]) else _no_feed()
    bounded = _bounded(text)
    content = bounded.encode("utf-8", "replace")
    parsed = _parsed(page, content)
    if not parsed.entries and not parsed.get("version"):
        raise _no_feed()
    found = _links(page, parsed)
    items, read = (sum(1 for _ in _ITEM.finditer(one)) for one in (text, bounded))
    if parsed.bozo and len(found) < read:
        found = max(found, _mended(page, content), key=len)
    if read < items:
        return _index(found, f"the feed holds {items:,} items; the first {read:,} are read")
    return _index(found, "its only item is too large and was read in part" if len(bounded) < len(text) else None)


def _whole(text: str) -> str:
    """The feed without a last item that breaks off in the middle of a text: its address may be half of one."""
    *_, last = [None, *_ITEM.finditer(text)]
    if last is None or text.endswith(">") or _ITEM_END.search(text, last.end()):
        return text
    return text[: last.start()]


def _parsed(page: Page, content: bytes) -> Any:
    return feedparser.parse(
        io.BytesIO(content),  # never str or bytes: those may name a file or an address
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": page.url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _mended(page: Page, content: bytes) -> list[Link]:
    """What a broken feed holds once its tags are mended; sometimes that is more than can be read of it as it is."""
    root = parse_xml(content)
    return [] if root is None else _links(page, _parsed(page, etree.tostring(root, encoding="utf-8")))


def _links(page: Page, parsed: Any) -> list[Link]:
    language = _language(parsed.feed.get("language"))
    entries = parsed.entries[:MAX_ITEMS]
    texts = _texts(map(_body, entries))
    dating = _DATING if str(parsed.get("version") or "").startswith("atom") else (*_DATING, "updated")
    return [
        link for entry, text in zip(entries, texts, strict=True) if (link := _link(page, entry, dating, language, text))
    ]


def _texts(bodies: Iterable[str]) -> Iterator[str]:
    """The bodies of items as text, while they are not too much."""
    room = MAX_TEXTS
    for body in bodies:
        yield plain(body[:room])
        room = max(0, room - len(body))


def _shortened(text: str) -> str:
    """The feed with at most so many characters in each of its texts, escaped ones and those in CDATA."""
    if len(text) <= MAX_TEXT:
        return text
    kept, at = [], 0
    while (start := text.find(_CDATA, at)) >= 0:
        end = text.find("]]>", start)
        if end < 0:
            break
        kept += [_shortened_plain(text[at:start]), text[start:end][:MAX_TEXT], "]]>"]
        at = end + 3
    return "".join([*kept, _shortened_plain(text[at:])])


def _shortened_plain(text: str) -> str:
    return "<".join(piece[:MAX_TEXT] for piece in text.split("<"))


def _well_formed(text: str) -> bool:
    """Whether it is XML without a mistake."""
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text, True)
    except expat.ExpatError:
        return False
    return True


def _bounded(text: str) -> str:
    """The feed up to its 5,000th item, 2 millionth character or so many marks, closed again: more would take minutes.

    It ends with a whole item; a feed with one item only is read as far as it goes.
    """
    most = _most(text, MAX_MARKS if _well_formed(text) else MAX_BROKEN_MARKS)
    starts = [match.start() for match in islice(_ITEM.finditer(text), MAX_ITEMS + 1)]
    if len(starts) <= MAX_ITEMS and most >= len(text):
        return text
    within = [at for at in starts[1:] if at <= most]
    root = _ROOT.search(text[:4_096])
    end = _ENDS[root[1].lower()] if root else ""
    if within:
        return text[: within[-1]] + end
    item = _ITEM.search(text)
    most = _most(text, MAX_BROKEN_MARKS)
    return text[: text.rfind("<", 0, most + 1)] + (f"</{item[0][1:-1]}>" if item else "") + end


def _most(text: str, marks: int) -> int:
    """How many characters of it hold so many marks, and are not too many themselves. What CDATA holds is no mark."""
    cost = at = 0
    while at < MAX_FEED and (mark := _MARK.search(text, at)):
        cost += _COSTS[mark[0]]
        if cost > marks * _COSTS["<"]:
            return mark.start()
        at = text.find("]]>", mark.end()) if mark[0] == _CDATA else mark.end()
        if at < 0:
            break
    return min(len(text), MAX_FEED)


def _link(page: Page, entry: Any, dating: Iterable[str], language: str | None, text: str) -> Link | None:
    url = _address(page, entry)
    if url is None:
        return None
    return Link(
        url=url,
        title=squeeze_line(plain(str(entry.get("title") or "")))[:1_000] or None,
        published=_published(page, entry, dating),
        updated=str(entry["updated"]).strip()[:100] or None if "updated" in entry else None,
        text=text or None,
        language=_language(entry.get("language")) or language,
    )


def _address(page: Page, entry: Any) -> str | None:
    """The item's own page: its link, else a guid that is an address."""
    candidates = [item.get("href") for item in entry.get("links", ()) if item.get("rel", "alternate") == "alternate"]
    named = is_address(entry.get("id")) and entry.get("guidislink") is not False  # isPermaLink="false": a mere name
    candidates += [entry.get("link"), entry.get("id") if named else None]
    for candidate in candidates:
        url = absolute(page.url, candidate) if isinstance(candidate, str) else None
        if url:
            return url
    return None


def is_address(guid: object) -> bool:
    """Whether an item's id is the address of a page."""
    return isinstance(guid, str) and guid.strip().lower().startswith(("http://", "https://"))


def _published(page: Page, entry: Any, dating: Iterable[str]) -> When | None:
    """As the feed writes it; feedparser's own reading of dates is wrong for several forms, so it comes last."""
    for name in dating:
        if name not in entry:
            continue
        when = dates.published(str(entry[name]), page.fetched_at)
        parsed = entry.get(f"{name}_parsed")
        if when is None and parsed and not re.search(r"\d[./]\d|[^\x00-\x7f]", str(entry[name])):
            when = dates.published("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*parsed[:6]), page.fetched_at)
        if when:
            return when
    return None


def _body(entry: Any) -> str:
    """The longest of what the item carries, as HTML."""
    bodies = [str(body.get("value") or "") for body in entry.get("content", ())]
    bodies.append(str(entry.get("summary") or ""))
    return max(bodies, key=len)[:MAX_TEXT]


def _language(value: object) -> str | None:
    code = str(value or "").strip().lower()
    return code[:2] if re.match(r"[a-z]{2}(?:[-_]|$)", code) else None


def _feeds(page: Page, html: str) -> tuple[str, ...]:
    """The feeds that a web page names, the most promising first. Raises ReadError: a wall, or it names none."""
    html = html[:MAX_PAGE]
    root = tree(html)
    reason = walls.suspicion(root, html)
    if reason:
        raise ReadError(Outcome.SUSPECT, reason)
    named = dict.fromkeys(url for href in _named(root) if (url := absolute(page.url, href)) and url != page.url)
    if not named:
        raise ReadError(
            Outcome.BAD_FEED, 'a web page came instead of a feed, and it names none; kind = "listing" reads such a page'
        )
    return tuple(sorted(named, key=lambda url: _distance(page.url, url)))


def _named(root: HtmlElement) -> Iterator[str]:
    """What the page's head announces; then the links in it that look like a feed's."""
    for link in elements(_ANNOUNCED, root)[:50]:
        if _FEED_TYPE.search(link.get("type") or "") and not _COMMENTS.search(link.get("title") or ""):
            yield link.attrib["href"]
    for anchor in elements(_ANCHORS, root)[:5_000]:
        parts = urlsplit(href := anchor.attrib["href"])
        if _FEED_ADDRESS.search(f"{parts.path}?{parts.query}") or _FEED_WORD.search(spoken(anchor)[:60]):
            yield href


def _distance(page: str, feed: str) -> tuple[bool, bool, int]:
    """How far a feed is from the page that names it: comments' feeds and other sites last, then by shared folders."""
    folders = [urlsplit(url).path.strip("/").split("/") for url in (page, feed)]
    shared = next((at for at, pair in enumerate(zip(*folders, strict=False)) if pair[0] != pair[1]), 1_000)
    return _COMMENTS.search(feed) is not None, not same_site(page, feed), -min(shared, *map(len, folders))


def _json_items(page: Page, text: str) -> list[Link]:
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ReadError(Outcome.BAD_FEED, "this is neither XML nor valid JSON") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ReadError(Outcome.BAD_FEED, "this JSON is no JSON Feed: it has no list of items")
    language = _language(feed.get("language"))
    items = [item for item in feed["items"][:MAX_ITEMS] if isinstance(item, dict)]
    texts = _texts(map(_json_body, items))
    return [link for item, text in zip(items, texts, strict=True) if (link := _json_link(page, item, language, text))]


def _json_body(item: dict[str, Any]) -> str:
    """The item's text, as HTML."""
    plain_text = item.get("content_text")
    return (escape(str(plain_text)) if plain_text else str(item.get("content_html") or item.get("summary") or ""))[
        :MAX_TEXT
    ]


def _json_link(page: Page, item: dict[str, Any], language: str | None, text: str) -> Link | None:
    named = item.get("url") or item.get("external_url") or (item.get("id") if is_address(item.get("id")) else None)
    url = absolute(page.url, named) if isinstance(named, str) else None
    if url is None:
        return None
    return Link(
        url=url,
        title=squeeze_line(str(item.get("title") or ""))[:1_000] or None,
        published=dates.published(str(item.get("date_published") or ""), page.fetched_at),
        updated=str(item.get("date_modified") or "")[:100] or None,
        text=text or None,
        language=_language(item.get("language")) or language,
    )
