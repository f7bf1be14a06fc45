"""HTML to lines of text: one line for each block, as a reader would see them.

Knows blocks, not meaning: what is an article, a link or a date is told elsewhere.
"""

from __future__ import annotations

import html
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from monitor.errors import ReadError
from monitor.models import Outcome

_BLOCKS = (
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead "
    "title tr ul"
)
_UNSEEN = "script style noscript template svg math iframe object select textarea button head canvas"
BLOCKS = frozenset(_BLOCKS.split())
UNSEEN = frozenset(_UNSEEN.split())

_DEEPEST = 20_000
"""Elements within each other; the time that lxml takes for more grows with the square of them."""
_MOST_TAGS = 200_000
"""A page of all the news of a year has a tenth of them."""
_LADEN = re.compile(
    r"(<[a-zA-Z][^\s<>/]*+)(?:[\s/]++[^\s>/][^\s=>/]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++))?+){300,}+"
)
"""A tag with hundreds of attributes: none is read, as the time that lxml takes grows with the square of them."""
_COUNTING = frozenset({"span", "div", "p", "strong", "b", "em"})
_COUNTERS = ("data-target", "data-count", "data-to", "data-value", "data-end", "data-countup-number")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CELL = " | "
_SILENT = ("script", "style", "template", "rt", "rp")
_SPOKEN = etree.XPath(
    "descendant::text()"
    "[not(ancestor::script or ancestor::style or ancestor::template or ancestor::rt or ancestor::rp)]",
    smart_strings=False,
)


def soup(page: str) -> BeautifulSoup:
    """The tree of a page to look through with CSS selectors and to make changes to. Nothing is fetched. Raises
    ReadError as `tree` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        # lists of classes would cost a third of the time
        return BeautifulSoup(bounded(page), "lxml", multi_valued_attributes=None)


def tree(page: str) -> HtmlElement:
    """The tree of a page, to read: the same elements as `soup`, in a tenth of the time. Comments are left out.

    Elements may stand thousands deep within each other. Raises ReadError(PARSE_ERROR) where tags are broken besides,
    and for hundreds of thousands of tags: what would be cut off is never left out in silence.
    """
    content = bounded(page).encode("utf-8", "replace")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(content, parser)
    last = parser.error_log.last_error
    if last is not None and last.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        try:
            root = _deep(content)
        except etree.LxmlError:
            reason = "its elements stand thousands deep within each other, and its tags are broken"
            raise ReadError(Outcome.PARSE_ERROR, reason) from None
    if root is None:
        return parser.makeelement("html")
    root.extend(root.itersiblings())  # what follows its end
    return root


def bounded(page: str) -> str:
    """A page without what would take a parser long. Raises ReadError for one that is nothing else."""
    if page.count("<") > _MOST_TAGS:
        raise ReadError(Outcome.PARSE_ERROR, f"the page has more than {_MOST_TAGS:,} tags; it is not read")
    return _LADEN.sub(r"\1", page)


def _deep(content: bytes) -> HtmlElement:
    """The tree put together element by element: that has no bound, but takes thrice as long and minds broken tags."""
    builder = etree.TreeBuilder(parser=HTMLParser(), insert_comments=False, insert_pis=False)
    return etree.fromstring(content, HTMLParser(encoding="utf-8", huge_tree=True, target=builder))


def plain(fragment: str) -> str:
    """A piece of HTML, as feeds carry it, as lines of text; none of one that is made to be no text."""
    if "<" not in fragment:
        return squeeze(html.unescape(fragment))
    try:
        return lines(tree(fragment))
    except ReadError:
        return ""


def lines(root: HtmlElement, without: Iterable[str] = ()) -> str:
    """The readable text under `root`, a line for each block; elements named in `without` are left out. Raises
    ReadError(PARSE_ERROR) where elements stand tens of thousands deep."""
    return squeeze("".join(_pieces(root, UNSEEN.union(without))))


def strings(element: HtmlElement) -> list[str]:
    """The pieces of text within an element, as they stand, without what scripts and styles say."""
    if next(element.iter(*_SILENT), None) is None:  # mostly, and much faster
        return list(element.itertext())
    return cast(list[str], _SPOKEN(element))


def contents(element: HtmlElement) -> int:
    """How many elements and pieces of text stand directly within an element."""
    return len(element) + sum(map(bool, (element.text, *(child.tail for child in element))))


def extent(texts: Iterable[str]) -> int:
    """How many characters those are; what merely sets tags apart counts as one."""
    return sum(1 if text.isspace() else len(text) for text in texts)


def spoken(element: HtmlElement) -> str:
    """The same on one line."""
    return squeeze_line(" ".join(strings(element)))


def first(element: HtmlElement, *names: str) -> HtmlElement | None:
    """The first element of one of these names within another."""
    return next(element.iterdescendants(*names), None)


def leads(element: HtmlElement) -> bool:
    """Whether it is a link to somewhere."""
    return element.tag == "a" and element.get("href") is not None


def elements(path: etree.XPath, root: HtmlElement) -> list[HtmlElement]:
    """The elements that a path leads to, as they stand on the page."""
    return cast(list[HtmlElement], path(root))


def squeeze(text: str) -> str:
    """The whitespace policy of every text that is kept: one space, no empty lines, nothing invisible, NFC."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text).replace("\u2028", "\n").replace("\u2029", "\n")
    found = (" ".join(line.split()).strip(" |") for line in _CONTROL.sub(" ", text).split("\n"))
    return unicodedata.normalize("NFC", "\n".join(line for line in found if line))


def squeeze_line(text: str) -> str:
    """The same for what must be one line: a title, a link's text."""
    return squeeze(text.replace("\n", " "))


def _pieces(root: HtmlElement, dropped: frozenset[str]) -> Iterator[str]:
    """Text and line breaks in document order. A walk, not recursion: pages may be thousands of elements deep. It holds
    on to what an element stands in: lxml would look for that up to the top when it lets an element go."""
    behind: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        if event == "end":
            yield behind.pop()
            tail = node.tail
            if tail and node is not root:
                yield _on_one_line(tail)
            continue
        name, attributes = node.tag, node.attrib
        if len(behind) > _DEEPEST:
            raise ReadError(Outcome.PARSE_ERROR, f"its elements stand more than {_DEEPEST:,} deep within each other")
        if name in dropped or (attributes and hidden(name, attributes)):
            behind.append("")
            walk.skip_subtree()
            continue
        before, after = _around(name, node)
        number = _counted(node) if attributes and name in _COUNTING else ""
        text = node.text
        behind.append(after)
        yield before + number
        if number:
            walk.skip_subtree()
        elif text:
            yield _on_one_line(text)


def _on_one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\u2028", " ").replace("\u2029", " ")


def _counted(node: HtmlElement) -> str:
    """The number that a script counts up to: such an element holds 0 or nothing until it runs."""
    number = next((node.attrib[name] for name in _COUNTERS if name in node.attrib), "")
    if not number or contents(node) > 1:
        return ""
    shown = "".join(node.itertext()).strip()
    return number if shown in ("", "0") and re.fullmatch(r"\d{1,3}(?:[.,]?\d{3})*", number) else ""


def _around(name: str, node: HtmlElement) -> tuple[str, str]:
    """What stands before and after an element. Two inline ones back to back are set apart by the page's style."""
    if name in ("td", "th"):
        return "", _CELL
    if name in BLOCKS:
        return "\n", "\n"
    return "", " " if not node.tail and node.getnext() is not None else ""


def hidden(name: str, attributes: Mapping[str, object]) -> bool:
    """Whether the page itself hides an element: `hidden`, `aria-hidden` or an inline `display: none`."""
    if not attributes or name in ("html", "body"):  # those are hidden until a script has run
        return False
    style = attributes.get("style")
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (isinstance(style, str) and "display:none" in style.replace(" ", "").lower())
    )
