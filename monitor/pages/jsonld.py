"""The JSON-LD of a page: every object in it, flat, in document order.

Reads what is there; which object is the article is for the caller to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml.html import HtmlElement

ARTICLES = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "Report", "TechArticle", "ReportageNewsArticle", "PressRelease"}
    | {"SocialMediaPosting", "AnalysisNewsArticle", "LiveBlogPosting"}
)
PAGES = frozenset({"WebPage", "ItemPage"})
_MAX_OBJECTS = 5_000
KIND = re.compile(r"\s*application/ld\+json", re.IGNORECASE)
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def blocks(page: HtmlElement) -> Iterator[str]:
    """What the page's scripts of this kind hold."""
    return (script.text or "" for script in page.iter("script") if KIND.match(script.get("type") or ""))


def objects(blocks: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Every JSON object of every block, nested ones after those that hold them."""
    found = [item for block in blocks for item in _flat(_loaded(block))]
    return tuple(found[:_MAX_OBJECTS])


def types(item: dict[str, Any]) -> frozenset[str]:
    """The object's types without their vocabulary."""
    kind = item.get("@type")
    names = kind if isinstance(kind, list) else [kind]
    return frozenset(name.rsplit("/", 1)[-1] for name in names if isinstance(name, str))


def text(value: Any) -> str | None:
    """A property that should be a text: the text itself, `@value`, `@id`, or the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value") or value.get("@id") or value.get("url")
    return value if isinstance(value, str) and value.strip() else None


def _loaded(block: str) -> Any:
    block = _WRAPPING.sub("", block.strip())
    for attempt in (block, _TRAILING_COMMA.sub(r"\1", block)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _flat(root: Any) -> Iterator[dict[str, Any]]:
    stack, seen = [root], 0
    while stack and seen < _MAX_OBJECTS:
        node = stack.pop()
        if isinstance(node, dict):
            seen += 1
            yield node
            stack.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            stack.extend(reversed(node))
