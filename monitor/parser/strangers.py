"""Whether a page is another brand's: what a content network's mix-up, or a sold domain, brings in a newsroom's place.

Told by what the page calls itself (title, site name, first heading) together with what it speaks of. A page that names
the source's own brand in its heads, or as often as the other one in its text, is never a stranger's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape

from monitor.catalogue import Brand, load
from monitor.errors import ReadError
from monitor.models import Outcome, Page, Source
from monitor.pages.decoding import decode

_FEWEST = 3
"""Times that the other brand must be named."""
_TIMES = 3
"""How many times as often as the own one."""
_LONGEST = 1_000_000
"""Characters of a page that are looked at."""

_HEADS = re.compile(
    r"""<title[^>]*>(?:<!\[CDATA\[)?([^<]{1,500})|<h1[^>]*>([^<]{1,500})"""
    r"""|<meta[^>]{1,200}og:site_name["'][^>]{1,200}content=["']([^"']{1,200})""",
    re.IGNORECASE,
)
_UNSEEN = re.compile(r"<(?:script|style)\b[^>]*>[^<]*|<[^>]*>", re.IGNORECASE)


def stranger(page: Page, source: Source) -> str | None:
    """Why the page is not one of the source's brand, in words; None when nothing says so. Raises ReadError as `decode`
    does."""
    own = load().brand(source.brand) if source.brand else None
    if own is None:
        return None
    text = decode(page.content, page.content_type)[:_LONGEST]
    heads = "\n".join(unescape("".join(found)) for found in _HEADS.findall(text)[:4])
    if _named(own.names, heads):
        return None
    for other in _certainly_named(heads):
        if _kin(own, other):
            continue
        seen = unescape(_UNSEEN.sub(" ", text))
        times = _named(other.names, seen)
        if times >= _FEWEST and times >= _TIMES * _named(own.names, seen):
            return f"the page speaks of {other.name}, not of {own.name}"
    return None


def refuse_strangers(page: Page, source: Source) -> None:
    """Raises SUSPECT for another brand's page."""
    reason = stranger(page, source)
    if reason:
        raise ReadError(Outcome.SUSPECT, reason)


def _kin(own: Brand, other: Brand) -> bool:
    """One brand, or one group's."""
    return (
        own.id in (other.id, other.parent) or other.id == own.parent or bool(own.parent and own.parent == other.parent)
    )


def _certainly_named(heads: str) -> Iterable[Brand]:
    return (brand for brand in load().brands if brand.certain and _named(brand.certain, heads))


def _named(names: tuple[str, ...], text: str) -> int:
    return len(_pattern(names).findall(text))


@lru_cache(maxsize=2048)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), re.IGNORECASE)
