"""Sitemaps and news sitemaps, plain or gzipped: every address with what the sitemap says about it.

Reads one file. A sitemap index names other sitemaps, not articles; that is said, not followed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from lxml import etree

from monitor.errors import ReadError
from monitor.models import Link, Outcome, Page, Source
from monitor.pages import dates
from monitor.pages.markup import squeeze_line
from monitor.scrapers.links import absolute
from monitor.scrapers.safexml import parse_xml

MAX_LINKS = 5_000
_MAX_UNPACKED = 50_000_000  # the sitemap protocol's own bound
_SHOWN = 3


def read_sitemap(page: Page, source: Source) -> tuple[Link, ...]:
    """The addresses of a sitemap in its order, the newest 5,000 if there are more."""
    root = _root(_unpacked(page.content))
    kind = etree.QName(root).localname.lower()
    if kind == "sitemapindex":
        raise ReadError(Outcome.BAD_FEED, f"this is an index of sitemaps; use one of: {_children(page, root)}")
    if kind != "urlset":
        hint = 'use kind = "feed"' if kind in ("rss", "feed", "rdf") else "a sitemap begins with <urlset>"
        raise ReadError(Outcome.BAD_FEED, f"no sitemap but <{kind[:40]}>; {hint}")
    found = {link.url: link for link in _links(page, root)}
    if not found:
        raise ReadError(Outcome.NO_ARTICLES, "the sitemap holds no addresses")
    return _newest(tuple(found.values()))


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


def _newest(found: tuple[Link, ...]) -> tuple[Link, ...]:
    """At most MAX_LINKS, in document order; dates in ISO form sort as texts."""
    if len(found) <= MAX_LINKS:
        return found
    by_age = sorted(range(len(found)), key=lambda at: found[at].updated or "", reverse=True)
    return tuple(found[at] for at in sorted(by_age[:MAX_LINKS]))


def _children(page: Page, root: etree._Element) -> str:
    found = [absolute(page.url, entry.findtext("{*}loc") or "") for entry in root.iterchildren("{*}sitemap")]
    urls = [url for url in found if url]
    more = f" and {len(urls) - _SHOWN} more" if len(urls) > _SHOWN else ""
    return (", ".join(urls[:_SHOWN]) or "(it is empty)") + more
