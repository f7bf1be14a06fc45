"""What acts as a link without being one: cards whose address stands in a data attribute or in a click's script.

Made links of, once, so that whoever looks for links on a page finds them. Knows no article.
"""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from monitor.pages.markup import elements, extent

ATTRIBUTES = ("data-href", "data-url", "data-link", "data-permalink", "data-next-url", "data-next-page")
_ACTING = etree.XPath(f"//*[@onclick or {' or '.join(f'@{name}' for name in ATTRIBUTES)}]")
_NO_LINKS = frozenset({"html", "body", "main", "form", "img", "iframe", "script", "video", "input", "link", "meta"})
_ADDRESS = re.compile(r"https?://\S+|[/?][^/\s]\S*|[\w-]+(?:[/?]\S*|\.html?)")
_CLICK = re.compile(
    r"""(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\()\s*["']([^"']+)["']""", re.IGNORECASE
)
_LONGEST = 1_500  # characters; a larger piece of the page is no card
_MOST_INNER = 200  # elements and texts within a card
_MOST = 2_000  # elements that are made links


def act(root: HtmlElement) -> None:
    """Makes links of the elements that act as such and hold none."""
    acting = (tag for tag in elements(_ACTING, root) if tag.tag not in _NO_LINKS and not _leads(tag))
    for tag in reversed(list(islice(acting, _MOST))):  # what stands within others comes first
        address = _address(tag)
        if address and _is_card(tag):
            tag.tag = "a"
            tag.set("href", address)


def _leads(tag: HtmlElement) -> bool:
    """Whether its own `href` leads anywhere."""
    href = (tag.get("href") or "").strip().lower()
    return bool(href) and not href.startswith(("#", "javascript:"))


def _address(tag: HtmlElement) -> str | None:
    for name in ATTRIBUTES:
        value = (tag.get(name) or "").strip()
        if _ADDRESS.fullmatch(value):
            return value
    click = _CLICK.search(tag.get("onclick") or "")
    return click[1] if click else None


def _is_card(tag: HtmlElement) -> bool:
    """Whether it is small, and holds no link of its own."""
    inner = list(islice(tag.iterdescendants(), _MOST_INNER + 1))
    texts = list(islice(tag.itertext(), _MOST_INNER + 1))
    if len(inner) + len(texts) > _MOST_INNER or any(one.tag == "a" and _leads(one) for one in inner):
        return False
    return extent(texts) <= _LONGEST
