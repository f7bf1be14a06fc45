"""What acts as a link without being one: cards whose address stands in a data attribute or in a click's script.

Made links of, once, so that whoever looks for links on a page finds them. Knows no article.
"""

from __future__ import annotations

import re
from itertools import islice

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

ATTRIBUTES = ("data-href", "data-url", "data-link", "data-permalink", "data-next-url", "data-next-page")
_NO_LINKS = frozenset({"html", "body", "main", "form", "img", "iframe", "script", "video", "input", "link", "meta"})
_ADDRESS = re.compile(r"https?://\S+|[/?][^/\s]\S*|[\w-]+(?:[/?]\S*|\.html?)")
_CLICK = re.compile(
    r"""(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\()\s*["']([^"']+)["']""", re.IGNORECASE
)
_LONGEST = 1_500  # characters; a larger piece of the page is no card
_MOST_INNER = 200  # elements and texts within a card
_MOST = 2_000  # elements that are made links


def act(tree: BeautifulSoup) -> None:
    """Makes links of the elements that act as such and hold none."""
    for tag in reversed(tree.find_all(_acts, limit=_MOST)):  # what stands within others comes first
        address = _address(tag)
        if address and _is_card(tag):
            tag.name, tag["href"] = "a", address


def _acts(tag: Tag) -> bool:
    if not tag.attrs or tag.name in _NO_LINKS or _leads(tag):
        return False
    return "onclick" in tag.attrs or any(name in tag.attrs for name in ATTRIBUTES)


def _leads(tag: Tag) -> bool:
    """Whether its own `href` leads anywhere."""
    href = str(tag.get("href") or "").strip().lower()
    return bool(href) and not href.startswith(("#", "javascript:"))


def _address(tag: Tag) -> str | None:
    for name in ATTRIBUTES:
        value = str(tag.get(name) or "").strip()
        if _ADDRESS.fullmatch(value):
            return value
    click = _CLICK.search(str(tag.get("onclick") or ""))
    return click[1] if click else None


def _is_card(tag: Tag) -> bool:
    """Whether it is small, and holds no link of its own."""
    inner = list(islice(tag.descendants, _MOST_INNER + 1))
    if len(inner) > _MOST_INNER or any(isinstance(one, Tag) and one.name == "a" and _leads(one) for one in inner):
        return False
    return sum(len(one) for one in inner if isinstance(one, NavigableString)) <= _LONGEST
