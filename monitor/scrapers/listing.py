"""The article links of a newsroom page: by a CSS selector, or found by themselves on layouts nobody configured.

    page ─► candidates (every link outside the furniture, with its card) ─► groups of the same make ─► the best groups
         ├► JSON-LD lists and articles: dates and titles, and links that the markup hides
         └► where it goes on with older articles

A card is the largest piece of the page that belongs to one link alone. Cards that repeat, with headlines, dates and
addresses like articles, are a list of articles. Reads nothing but the page it is given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from lxml.html import HtmlElement
from soupsieve import SelectorSyntaxError

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, When
from monitor.pages import dates, jsonld, walls
from monitor.pages.decoding import decode
from monitor.pages.markup import contents, extent, first, hidden, leads, soup, spoken, squeeze_line, strings, tree
from monitor.scrapers import acting, carried, grouping, paging, shapes
from monitor.scrapers.links import absolute, canonical, same_site

MAX_LINKS = 2_000
_ENOUGH = 4.0  # of the points that `_points` gives: a headline, an address like an article's, and one thing more
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_INLINE = frozenset(
    {"em", "i", "b", "strong", "mark", "sup", "sub", "br", "wbr", "img", "svg", "path", "small", "abbr", "u"}
)
_CARD_LIMIT = 1_500  # characters; a larger piece of the page is no card
_VAGUE = frozenset({"Thing", "CreativeWork", "WebPage"})  # types that leave open what an entry of a list is
_MAX_ANCHORS = 10_000
_MAX_REPEATS = 5  # links to one address that are looked at
_MAX_PIECES = 40  # elements within one link that are looked at
_LONGEST_DATE = 24  # characters of a date in pieces
_MAX_DEPTH = 12  # steps up from a link to the top of its card


@dataclass
class _Candidate:
    """One address with every link to it, and the card it stands in."""

    url: str
    anchors: list[HtmlElement]
    card: HtmlElement = field(init=False)
    title: str | None = None
    published: When | None = None


def read_listing(page: Page, source: Source) -> Index:
    """The article links in the order of the page. Raises NO_ARTICLES, or SUSPECT when the page is a wall."""
    html = decode(page.content, page.content_type)
    root = tree(html)
    base = _base(page, root)
    matched = _matched(html, root, source.links) if source.links else []
    acting.act(root)  # after the selector, which is written for the page as it came
    told = _told(page, base, root)
    if source.links:
        described = found = _described(_selected(matched, base), page.fetched_at)
    else:
        described = _described(_candidates(page, root, base), page.fetched_at)
        found = _self_found(described, told)
    links = _merged(found, {} if source.links else told, told)
    if not links and (reason := walls.suspicion(root, html)):
        raise ReadError(Outcome.SUSPECT, reason)
    links = links or _merged(_headlines(described), {}, told)
    if not source.links:
        links = _with_carried(links, page, carried.lists(root, base, page.fetched_at))
    if not links:
        raise ReadError(Outcome.NO_ARTICLES, _nothing(source))
    return Index(links=links[:MAX_LINKS], older=paging.older(root, base, page.url))


def _with_carried(links: tuple[Link, ...], page: Page, lists: Iterable[Sequence[Link]]) -> tuple[Link, ...]:
    """The links, and further ones of the data for scripts: of the lists that begin on the page, else of the longest."""
    here = canonical(page.url)
    fit = [{link.url: link for link in entries if _fits(link.url, page.url) and link.url != here} for entries in lists]
    known = {link.url: link for link in links}
    if not links:
        return tuple(max(fit, key=len, default={}).values())
    for entries in fit:
        if not known.keys().isdisjoint(entries):
            known |= {url: _filled(known.get(url, link), link) for url, link in entries.items()}
    return tuple(known.values())


def _fits(url: str, page: str) -> bool:
    return same_site(url, page) and shapes.may_be_article(url)


def _nothing(source: Source) -> str:
    if source.links:
        return f"the selector {source.links!r} matches no links on this page"
    return "no article links were found on this page; name them with a CSS selector in `links`"


def _base(page: Page, root: HtmlElement) -> str:
    href = next((base.get("href") for base in root.iter("base") if base.get("href") is not None), None)
    return (absolute(page.url, href) if href is not None else None) or page.url


def _matched(html: str, root: HtmlElement, selector: str) -> Sequence[HtmlElement]:
    """What the selector names: links, pieces that hold a link, or pieces within one. BeautifulSoup knows CSS best; its
    tree is of the same elements in the same order."""
    page = soup(html)
    try:
        matched = page.select(selector, limit=MAX_LINKS * 2)
    except SelectorSyntaxError as error:
        raise ReadError(Outcome.NO_ARTICLES, f"the selector {selector!r} is not valid CSS") from error
    same = dict(zip(map(id, page.find_all(True)), root.iter(), strict=False))  # a page too deep for `tree` has more
    return [same[id(tag)] for tag in matched if id(tag) in same]


def _selected(matched: Sequence[HtmlElement], base: str) -> list[_Candidate]:
    anchors = [one for match in matched for one in [_anchor_of(match)] if one is not None]
    return _by_address((absolute(base, anchor.attrib["href"]), anchor) for anchor in anchors)


def _anchor_of(match: HtmlElement) -> HtmlElement | None:
    if match.tag == "a" and match.get("href"):
        return match
    around = (*match.iterdescendants("a"), *match.iterancestors("a"))
    return next(filter(leads, around), None)


def _candidates(page: Page, root: HtmlElement, base: str) -> list[_Candidate]:
    """Every link of the site that may be an article: outside navigation and footers, and no way back to here."""
    here = canonical(page.url)
    frame = _Frame()
    anchors = islice(filter(leads, root.iter("a")), _MAX_ANCHORS)
    pairs = ((absolute(base, anchor.attrib["href"]), anchor) for anchor in anchors if not frame.holds(anchor))
    return _by_address((url, anchor) for url, anchor in pairs if url and url != here and _fits(url, page.url))


def _by_address(pairs: Iterable[tuple[str | None, HtmlElement]]) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    for url, anchor in pairs:
        if url is not None:
            found.setdefault(url, _Candidate(url, [])).anchors.append(anchor)
    return list(found.values())


class _Frame:
    """Which parts of the page are its frame: navigation, footer, menus, share buttons, hidden ones. Judged once."""

    def __init__(self) -> None:
        self._known: dict[HtmlElement, tuple[bool, bool]] = {}

    def holds(self, anchor: HtmlElement) -> bool:
        """Whether the link stands in the frame."""
        path = [anchor]
        for parent in anchor.iterancestors():
            if parent in self._known:
                break
            path.append(parent)
        top = path[-1].getparent()
        framed, content = self._known[top] if top is not None else (False, False)
        for tag in reversed(path):
            framed = framed or (tag.tag not in ("html", "body") and _framing(tag, content))
            content = content or tag.tag in ("article", "main")
            self._known[tag] = (framed, content)
        return framed


def _framing(tag: HtmlElement, in_content: bool) -> bool:
    if tag.tag in ("nav", "footer", "aside") or (tag.tag == "header" and not in_content):
        return True
    return hidden(tag.tag, tag.attrib) or shapes.furniture_name(tag)


def _described(candidates: list[_Candidate], now: datetime) -> list[_Candidate]:
    """Gives each candidate its card, and from the card its title and date."""
    owners: dict[HtmlElement, str | None] = {}
    for candidate in candidates:
        for anchor in candidate.anchors:
            for piece in (anchor, *islice(anchor.iterancestors(), _MAX_DEPTH)):
                same = owners.setdefault(piece, candidate.url) == candidate.url
                owners[piece] = candidate.url if same else None
    groups = grouping.Groups(now)
    for candidate in candidates:
        candidate.card = _card(candidate, owners)
        candidate.title = _title(candidate, now)
        candidate.published = _date(candidate, now) or groups.day(candidate.card) or _dated_address(candidate.url, now)
    return candidates


def _card(candidate: _Candidate, owners: dict[HtmlElement, str | None]) -> HtmlElement:
    """The largest piece around the first link that holds no link to another candidate."""
    card = candidate.anchors[0]
    for parent in islice(card.iterancestors(), _MAX_DEPTH):
        if parent.tag in ("body", "html", "main") or owners.get(parent) != candidate.url:
            break
        if extent(strings(parent)) > _CARD_LIMIT:
            break
        card = parent
    return card


def _title(candidate: _Candidate, now: datetime) -> str | None:
    """The headline: a heading in a link, a heading in the card, else the longest text a link has."""
    anchors = candidate.anchors[:_MAX_REPEATS]
    headings = (first(piece, *_HEADINGS) for piece in (*anchors, candidate.card))
    heading = next((heading for heading in headings if heading is not None), None)
    if heading is not None and (text := spoken(heading)):
        return text[:1_000]
    texts = [_headline(anchor, now) for anchor in anchors]
    heads = islice(filter(shapes.says_headline, candidate.card.iterdescendants()), _MAX_PIECES)
    named = map(spoken, heads)
    labels = (squeeze_line(anchor.get("aria-label") or anchor.get("title") or "") for anchor in anchors)
    images = (squeeze_line(i.get("alt") or "") for anchor in anchors for i in anchor.iterdescendants("img"))
    for group in (texts, labels, named, images):
        real = [text for text in group if text and not shapes.mere_button(text)]
        if real:
            return max(real, key=len)[:1_000]
    return None


def _headline(anchor: HtmlElement, now: datetime) -> str:
    """A link's text. Where the link is a whole card, the piece of it that is most like a headline."""
    whole = spoken(anchor)
    pieces = [
        tag
        for tag in islice(anchor.iterdescendants(), _MAX_PIECES)
        if tag.tag not in _INLINE and all(inner.tag in _INLINE for inner in tag.iterdescendants())
    ]
    said = [(tag, text) for tag in pieces if (text := spoken(tag))]
    if not said or whole in (text for _, text in said):
        return whole
    named = [text for tag, text in said if shapes.headline_name(tag)]
    dated = {text for _, text in said if len(text) < 60 and dates.beside(text, now)}
    plain = [text for _, text in said if not shapes.mere_button(text) and text not in dated]
    own = squeeze_line(" ".join(piece for piece in strings(anchor) if squeeze_line(piece) not in dated))
    return max(named or plain or [own or whole], key=len)


def _date(candidate: _Candidate, now: datetime) -> When | None:
    for tag in islice(candidate.card.iterdescendants("time"), 5):
        when = dates.published(tag.get("datetime"), now) or dates.published(spoken(tag), now)
        if when:
            return when
    terms = candidate.card.itersiblings("dt", preceding=True) if candidate.card.tag == "dd" else ()
    beside = [text.strip() for piece in (*islice(terms, 1), candidate.card) for text in strings(piece)]
    for text in filter(None, beside):
        if len(text) < 80 and text != candidate.title and (when := dates.beside(text, now)):
            return when
    return _in_pieces(candidate.card, now)


def _in_pieces(card: HtmlElement, now: datetime) -> When | None:
    """A date whose day, month and year stand in elements of their own."""
    for tag in islice(card.iterdescendants(), _MAX_PIECES):
        text = spoken(tag) if contents(tag) > 1 and first(tag, "a") is None else ""
        if 0 < len(text) <= _LONGEST_DATE and (when := dates.published(text, now)):
            return when
    return None


def _dated_address(url: str, now: datetime) -> When | None:
    return dates.published(shapes.date_in_path(url), now)


def _self_found(candidates: list[_Candidate], told: dict[str, Link]) -> list[_Candidate]:
    """The candidates of the best groups, and single ones (a lead story) whose address is shaped like theirs."""
    points = {candidate.url: _points(candidate, told) for candidate in candidates}
    groups: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[_make(candidate)].append(candidate)
    worth = {name: sum(points[c.url] for c in group) / len(group) for name, group in groups.items()}
    good = [name for name, group in groups.items() if worth[name] >= _ENOUGH and (len(group) > 1 or _sure(group[0]))]
    if not good:
        return []
    best = max(good, key=lambda name: worth[name] * min(len(groups[name]), 10) ** 0.5)
    chosen = {c.url for name in good if worth[name] >= 0.6 * worth[best] for c in groups[name]}
    common = Counter(shapes.shape(url) for url in chosen)
    alike = {shape for shape, count in common.items() if count > 1 or len(chosen) == 1}
    return [
        candidate
        for candidate in candidates
        if candidate.url in told
        or (candidate.url in chosen and points[candidate.url] >= _ENOUGH - 1)
        or (shapes.shape(candidate.url) in alike and points[candidate.url] >= _ENOUGH)
    ]


def _headlines(candidates: list[_Candidate]) -> list[_Candidate]:
    """Where nothing is plainly a list of articles (a bare page, a single story): the links that read like headlines.

    One too many costs a fetch and finds nothing; one too few would miss the news.
    """
    return [c for c in candidates if shapes.headline_points(c.title) >= 1 and _points(c, {}) >= 1.5]


def _points(candidate: _Candidate, told: dict[str, Link]) -> float:
    """How much a link looks like an article's: its headline, its date, its address, its place."""
    points = shapes.headline_points(candidate.title) + shapes.address_points(candidate.url)
    points += 2.0 if candidate.published else 0.0
    card = candidate.card
    points += 1.0 if next(card.iter(*_HEADINGS), None) is not None else 0.0
    points += 1.0 if card.tag == "article" or next(card.iterancestors("main", "article"), None) is not None else 0.0
    return points + (3.0 if candidate.url in told else 0.0)


def _sure(candidate: _Candidate) -> bool:
    """A newsroom with one article only: its link must have a date and a headline."""
    return candidate.published is not None and shapes.headline_points(candidate.title) >= 2


def _make(candidate: _Candidate) -> str:
    """How the card is made and where it stands: cards of one list share it."""
    parent = candidate.card.getparent()
    return f"{_name(parent) if parent is not None else ''}>{_name(candidate.card)}>{_name(candidate.anchors[0])}"


def _name(tag: HtmlElement) -> str:
    """Tag and classes without what differs from item to item (`item-17`, `odd`, `is-first`)."""
    stable = [name for name in shapes.classes(tag) if not shapes.varying_class(name)]
    return f"{tag.tag}.{'.'.join(sorted(stable)[:4])}"


def _told(page: Page, base: str, root: HtmlElement) -> dict[str, Link]:
    """The articles that the page's JSON-LD names: articles with an address, and the entries of item lists."""
    found: dict[str, Link] = {}
    here = canonical(page.url)
    objects = jsonld.objects(jsonld.blocks(root))
    crumbs = {id(entry) for item in objects if "BreadcrumbList" in jsonld.types(item) for entry in _entries(item)}
    for item in (item for item in objects if id(item) not in crumbs):
        for link in _told_links(item, base, page.fetched_at):
            if link.url != here and _fits(link.url, page.url):
                known = found.get(link.url)
                found[link.url] = link if known is None else _filled(known, link)
    return found


def _entries(item: dict[str, Any]) -> list[Any]:
    """The entries of an item list; a single one may stand alone."""
    entries = item.get("itemListElement")
    return entries if isinstance(entries, list) else [entries] if isinstance(entries, dict) else []


def _told_links(item: dict[str, Any], base: str, now: datetime) -> Iterator[Link]:
    kinds = jsonld.types(item)
    title, published = jsonld.text(item.get("headline") or item.get("name")), jsonld.text(item.get("datePublished"))
    named: list[str | None] = []
    if kinds & jsonld.ARTICLES:
        named = [next(filter(None, (jsonld.text(item.get(key)) for key in ("url", "mainEntityOfPage", "@id"))), None)]
    elif "ListItem" in kinds and "position" in item:
        what = item.get("item")
        if isinstance(what, dict):
            if not jsonld.types(what) <= _VAGUE:  # an article is met as one; a product is none
                return
            title = title or jsonld.text(what.get("name"))
        named = [jsonld.text(item.get("url")) or jsonld.text(what)]
    elif "ItemList" in kinds:
        title, named = None, [entry for entry in _entries(item) if isinstance(entry, str)]
    for one in named:
        url = absolute(base, one) if one else None
        if url:
            yield Link(url=url, title=squeeze_line(title or "") or None, published=dates.published(published, now))


def _merged(found: list[_Candidate], added: dict[str, Link], told: dict[str, Link]) -> tuple[Link, ...]:
    """The links as they stand on the page, then those that only JSON-LD names."""
    links = {c.url: Link(url=c.url, title=c.title, published=c.published) for c in found}
    for url, link in links.items():
        if url in told:
            links[url] = _filled(told[url], link)
    return tuple((links | {url: link for url, link in added.items() if url not in links}).values())


def _filled(one: Link, other: Link) -> Link:
    return replace(one, title=one.title or other.title, published=one.published or other.published)
