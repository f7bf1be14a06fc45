"""HTML to lines of text: one line for each block, as a reader would see them.

Knows blocks, not meaning: what is an article, a link or a date is told elsewhere.
"""

from __future__ import annotations

import html
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from bs4.element import Comment, NavigableString, PageElement, PreformattedString, Tag

_BLOCKS = (
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead "
    "title tr ul"
)
_UNSEEN = "script style noscript template svg math iframe object select textarea button head canvas"
BLOCKS = frozenset(_BLOCKS.split())
UNSEEN = frozenset(_UNSEEN.split())

_COUNTERS = ("data-target", "data-count", "data-to", "data-value", "data-end", "data-countup-number")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"[^\S\n]+")
_CELL = " | "


def soup(page: str) -> BeautifulSoup:
    """The tree of a page. Broken markup is mended as lxml does; nothing is fetched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        return BeautifulSoup(page, "lxml", multi_valued_attributes=None)  # lists of classes cost a third of the time


def plain(fragment: str) -> str:
    """A piece of HTML, as feeds carry it, as lines of text."""
    if "<" not in fragment:
        return squeeze(html.unescape(fragment))
    return lines(soup(fragment))


def lines(root: Tag, without: Iterable[str] = ()) -> str:
    """The readable text under `root`, a line for each block; elements named in `without` are left out."""
    return squeeze("".join(_pieces(root, UNSEEN.union(without))))


def squeeze(text: str) -> str:
    """The whitespace policy of every text that is kept: one space, no empty lines, nothing invisible, NFC."""
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text).replace("\u2028", "\n").replace("\u2029", "\n"))
    found = (_SPACE.sub(" ", line).strip(" |") for line in text.split("\n"))
    return unicodedata.normalize("NFC", "\n".join(line for line in found if line))


def squeeze_line(text: str) -> str:
    """The same for what must be one line: a title, a link's text."""
    return squeeze(text.replace("\n", " "))


def _pieces(root: Tag, dropped: frozenset[str]) -> Iterator[str]:
    """Text and line breaks in document order. A stack, not recursion: pages may be thousands of elements deep."""
    stack: list[PageElement | str] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            yield node
        elif isinstance(node, NavigableString):
            if not isinstance(node, (Comment, PreformattedString)):
                yield _SPACE.sub(" ", node.replace("\n", " "))
        elif isinstance(node, Tag) and node.name not in dropped and not hidden(node):
            before, after = _around(node)
            yield before + _counted(node)
            stack.append(after)
            if not _counted(node):
                stack.extend(reversed(node.contents))


def _counted(node: Tag) -> str:
    """The number that a script counts up to: such an element holds 0 or nothing until it runs."""
    if not node.attrs or node.name not in ("span", "div", "p", "strong", "b", "em") or len(node.contents) > 1:
        return ""
    number = next((str(node[name]) for name in _COUNTERS if name in node.attrs), "")
    shown = node.get_text().strip()
    return number if shown in ("", "0") and re.fullmatch(r"\d{1,3}(?:[.,]?\d{3})*", number) else ""


def _around(node: Tag) -> tuple[str, str]:
    """What stands before and after an element. Two inline ones back to back are set apart by the page's style."""
    if node.name in ("td", "th"):
        return "", _CELL
    if node.name in BLOCKS:
        return "\n", "\n"
    return "", " " if isinstance(node.next_sibling, Tag) else ""


def hidden(node: Tag) -> bool:
    """Whether the page itself hides it: `hidden`, `aria-hidden` or an inline `display: none`."""
    attrs = node.attrs
    if not attrs or node.name in ("html", "body"):  # those are hidden until a script has run
        return False
    style = attrs.get("style")
    return (
        "hidden" in attrs
        or attrs.get("aria-hidden") == "true"
        or (isinstance(style, str) and "display:none" in style.replace(" ", "").lower())
    )
