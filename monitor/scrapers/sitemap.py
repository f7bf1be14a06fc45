"""Sitemaps and news sitemaps, plain or gzipped: every address with what the sitemap says about it.

Reads one file. An index of sitemaps names other sitemaps, not articles: they come back in the order in which it is
worth looking for news in them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml import etree

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source
from monitor.pages import dates
from monitor.pages.markup import squeeze_line
from monitor.scrapers.links import absolute, newest
from monitor.scrapers.safexml import parse_xml

MAX_LINKS = 5_000
_MAX_UNPACKED = 50_000_000  # the sitemap protocol's own bound
_NEWSY = re.compile(r"news|press|presse|media|stor(?:y|ies)|article|artikel|post|blog|release|noticia|aktuell", re.I)
_DULL = re.compile(r"image|video|product|categor|tag|author|page|model|dealer|location|archive", re.I)


def read_sitemap(page: Page, source: Source) -> Index:
    """The addresses of a sitemap, newest first, at most 5,000; or the sitemaps of an index."""
    root = _root(_unpacked(page.content))
    kind = etree.QName(root).localname.lower()
    if kind == "sitemapindex":
        return Index(parts=_parts(page, root))
    if kind != "urlset":
        hint = 'use kind = "feed"' if kind in ("rss", "feed", "rdf") else "a sitemap begins with <urlset>"
        raise ReadError(Outcome.BAD_FEED, f"no sitemap but <{kind[:40]}>; {hint}")
    found = newest({link.url: link for link in _links(page, root)}.values())
    if not found:
        raise ReadError(Outcome.NO_ARTICLES, "the sitemap holds no addresses")
    return Index(links=found) if len(found) <= MAX_LINKS else _bounded(found)


def _bounded(found: tuple[Link, ...]) -> Index:
    """As many as are read, by their dates. Of those without one, which come last, the first and the last that are
    named: what is new is added at one of the ends."""
    dated = sum(1 for link in found if link.published or link.updated)
    room = MAX_LINKS - dated
    if room <= 0:
        links, which = found[:MAX_LINKS], f"the newest {MAX_LINKS:,} are read"
    else:
        first = dated + room // 2
        links = found[:first] + found[first - MAX_LINKS :]
        which = f"{MAX_LINKS:,} are read; of those without a date, the ones in the middle are left out"
    return Index(links=links, note=f"the sitemap holds {len(found):,} addresses; {which}")


def _root(content: bytes) -> etree._Element:
    root = parse_xml(content.lstrip())
    if root is None:
        raise ReadError(Outcome.BAD_FEED, "this is no XML")
    return root


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = stream.decompress(content, _MAX_UNPACKED)
    except zlib.error as error:
        raise ReadError(Outcome.BAD_FEED, f"the gzipped sitemap is damaged ({error})") from error
    if stream.unconsumed_tail:
        raise ReadError(Outcome.TOO_LARGE, f"the sitemap unpacks to more than {_MAX_UNPACKED // 1_000_000} MB")
    if not stream.eof:
        raise ReadError(Outcome.INCOMPLETE, "the gzipped sitemap ends before its end")
    return unpacked


def _links(page: Page, root: etree._Element) -> Iterator[Link]:
    for entry in root.iterchildren("{*}url"):
        url = absolute(page.url, entry.findtext("{*}loc") or "")
        if url:
            title = squeeze_line(entry.findtext("{*}news/{*}title") or "")
            language = (entry.findtext("{*}news/{*}publication/{*}language") or "").strip().lower()
            yield Link(
                url=url,
                title=title or None,
                published=dates.published(entry.findtext("{*}news/{*}publication_date"), page.fetched_at),
                updated=(entry.findtext("{*}lastmod") or "").strip() or None,
                language=language[:2] or None,
            )


def _parts(page: Page, root: etree._Element) -> tuple[Link, ...]:
    """The sitemaps of an index: those whose names speak of news first, then the latest changed, then the last named."""
    named = ((entry, absolute(page.url, entry.findtext("{*}loc") or "")) for entry in root.iterchildren("{*}sitemap"))
    found = {
        url: Link(url=url, updated=(entry.findtext("{*}lastmod") or "").strip() or None) for entry, url in named if url
    }
    if not found:
        raise ReadError(Outcome.NO_ARTICLES, "the index holds no sitemaps")
    last_first = list(found.values())[::-1]
    return tuple(sorted(last_first, key=_promise, reverse=True))


def _promise(part: Link) -> tuple[int, str]:
    address = urlsplit(part.url)
    name = f"{address.path.rsplit('/', 1)[-1]}?{address.query}"
    return bool(_NEWSY.search(name)) - bool(_DULL.search(name)), part.updated or ""
