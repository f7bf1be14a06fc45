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

from bs4 import BeautifulSoup
from bs4.element import Tag
from soupsieve import SelectorSyntaxError

from monitor.errors import ReadError
from monitor.models import Index, Link, Outcome, Page, Source, When
from monitor.pages import dates, jsonld, walls
from monitor.pages.decoding import decode
from monitor.pages.markup import hidden, soup, squeeze_line
from monitor.pages.markup import tree as parsed
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
    anchors: list[Tag]
    card: Tag = field(init=False)
    title: str | None = None
    published: When | None = None


def read_listing(page: Page, source: Source) -> Index:
    """The article links in the order of the page. Raises NO_ARTICLES, or SUSPECT when the page is a wall."""
    html = decode(page.content, page.content_type)
    tree = soup(html)
    base = _base(page, tree)
    matched = _matched(tree, source.links) if source.links else []
    acting.act(tree)  # after the selector, which is written for the page as it came
    told = _told(page, base, tree)
    if source.links:
        described = found = _described(_selected(matched, base), page.fetched_at)
    else:
        described = _described(_candidates(page, tree, base), page.fetched_at)
        found = _self_found(described, told)
    links = _merged(found, {} if source.links else told, told)
    if not links and (reason := walls.suspicion(parsed(html), html)):
        raise ReadError(Outcome.SUSPECT, reason)
    links = links or _merged(_headlines(described), {}, told)
    if not source.links:
        links = _with_carried(links, page, carried.lists(tree, base, page.fetched_at))
    if not links:
        raise ReadError(Outcome.NO_ARTICLES, _nothing(source))
    return Index(links=links[:MAX_LINKS], older=paging.older(tree, base, page.url))


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


def _base(page: Page, tree: BeautifulSoup) -> str:
    tag = tree.find("base", href=True)
    return (absolute(page.url, str(tag["href"])) if isinstance(tag, Tag) else None) or page.url


def _matched(tree: BeautifulSoup, selector: str) -> Sequence[Tag]:
    """What the selector names: links, pieces that hold a link, or pieces within one."""
    try:
        return tree.select(selector, limit=MAX_LINKS * 2)
    except SelectorSyntaxError as error:
        raise ReadError(Outcome.NO_ARTICLES, f"the selector {selector!r} is not valid CSS") from error


def _selected(matched: Sequence[Tag], base: str) -> list[_Candidate]:
    anchors = [one for match in matched for one in [_anchor_of(match)] if one is not None]
    return _by_address((absolute(base, str(anchor["href"])), anchor) for anchor in anchors)


def _anchor_of(match: Tag) -> Tag | None:
    if match.name == "a" and match.get("href"):
        return match
    return match.find("a", href=True) or match.find_parent("a", href=True)


def _candidates(page: Page, tree: BeautifulSoup, base: str) -> list[_Candidate]:
    """Every link of the site that may be an article: outside navigation and footers, and no way back to here."""
    here = canonical(page.url)
    frame = _Frame()
    pairs = (
        (absolute(base, str(anchor["href"])), anchor) for anchor in tree.find_all("a", href=True, limit=_MAX_ANCHORS)
    )
    kept = (
        (url, anchor)
        for url, anchor in pairs
        if url and url != here and _fits(url, page.url) and not frame.holds(anchor)
    )
    return _by_address(kept)


def _by_address(pairs: Iterable[tuple[str | None, Tag]]) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    for url, anchor in pairs:
        if url is not None:
            found.setdefault(url, _Candidate(url, [])).anchors.append(anchor)
    return list(found.values())


class _Frame:
    """Which parts of the page are its frame: navigation, footer, menus, share buttons, hidden ones. Judged once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[bool, bool]] = {}

    def holds(self, anchor: Tag) -> bool:
        """Whether the link stands in the frame."""
        path: list[Tag] = [anchor]
        for parent in anchor.parents:
            if id(parent) in self._known:
                break
            path.append(parent)
        top = path[-1].parent
        framed, content = self._known[id(top)] if top is not None else (False, False)
        for tag in reversed(path):
            framed = framed or (tag.name not in ("html", "body") and _framing(tag, content))
            content = content or tag.name in ("article", "main")
            self._known[id(tag)] = (framed, content)
        return framed


def _framing(tag: Tag, in_content: bool) -> bool:
    if tag.name in ("nav", "footer", "aside") or (tag.name == "header" and not in_content):
        return True
    return hidden(tag.name, tag.attrs) or shapes.furniture_name(tag)


def _described(candidates: list[_Candidate], now: datetime) -> list[_Candidate]:
    """Gives each candidate its card, and from the card its title and date."""
    owners: dict[int, str | None] = {}
    for candidate in candidates:
        for anchor in candidate.anchors:
            for piece in (anchor, *islice(anchor.parents, _MAX_DEPTH)):
                same = owners.setdefault(id(piece), candidate.url) == candidate.url
                owners[id(piece)] = candidate.url if same else None
    groups = grouping.Groups(now)
    for candidate in candidates:
        candidate.card = _card(candidate, owners)
        candidate.title = _title(candidate, now)
        candidate.published = _date(candidate, now) or groups.day(candidate.card) or _dated_address(candidate.url, now)
    return candidates


def _card(candidate: _Candidate, owners: dict[int, str | None]) -> Tag:
    """The largest piece around the first link that holds no link to another candidate."""
    card = candidate.anchors[0]
    for parent in islice(card.parents, _MAX_DEPTH):
        if parent.name in ("body", "html", "main", "[document]") or owners.get(id(parent)) != candidate.url:
            break
        if len(parent.get_text()) > _CARD_LIMIT:
            break
        card = parent
    return card


def _title(candidate: _Candidate, now: datetime) -> str | None:
    """The headline: a heading in a link, a heading in the card, else the longest text a link has."""
    anchors = candidate.anchors[:_MAX_REPEATS]
    heading = next((h for anchor in anchors if (h := anchor.find(_HEADINGS))), None)
    heading = heading or candidate.card.find(_HEADINGS)
    if isinstance(heading, Tag) and (text := squeeze_line(heading.get_text(" "))):
        return text[:1_000]
    texts = [_headline(anchor, now) for anchor in anchors]
    named = [
        squeeze_line(tag.get_text(" ")) for tag in candidate.card.find_all(shapes.says_headline, limit=_MAX_PIECES)
    ]
    spoken = [squeeze_line(str(anchor.get("aria-label") or anchor.get("title") or "")) for anchor in anchors]
    images = [squeeze_line(str(i.get("alt") or "")) for anchor in anchors for i in anchor.find_all("img")]
    for group in (texts, spoken, named, images):
        real = [text for text in group if text and not shapes.mere_button(text)]
        if real:
            return max(real, key=len)[:1_000]
    return None


def _headline(anchor: Tag, now: datetime) -> str:
    """A link's text. Where the link is a whole card, the piece of it that is most like a headline."""
    whole = squeeze_line(anchor.get_text(" "))
    pieces = [
        tag for tag in anchor.find_all(True, limit=_MAX_PIECES) if tag.name not in _INLINE and not tag.find(_not_inline)
    ]
    spoken = [(tag, text) for tag in pieces if (text := squeeze_line(tag.get_text(" ")))]
    if not spoken or whole in (text for _, text in spoken):
        return whole
    named = [text for tag, text in spoken if shapes.headline_name(tag)]
    dated = {text for _, text in spoken if len(text) < 60 and dates.beside(text, now)}
    plain = [text for _, text in spoken if not shapes.mere_button(text) and text not in dated]
    own = squeeze_line(" ".join(piece for piece in anchor.stripped_strings if squeeze_line(piece) not in dated))
    return max(named or plain or [own or whole], key=len)


def _not_inline(tag: Tag) -> bool:
    return tag.name not in _INLINE


def _date(candidate: _Candidate, now: datetime) -> When | None:
    for tag in candidate.card.find_all("time", limit=5):
        when = dates.published(str(tag.get("datetime") or ""), now) or dates.published(tag.get_text(" "), now)
        if when:
            return when
    term = candidate.card.find_previous_sibling("dt") if candidate.card.name == "dd" else None
    beside = (*(term.stripped_strings if term else ()), *candidate.card.stripped_strings)
    for text in beside:
        if len(text) < 80 and text != candidate.title and (when := dates.beside(text, now)):
            return when
    return _in_pieces(candidate.card, now)


def _in_pieces(card: Tag, now: datetime) -> When | None:
    """A date whose day, month and year stand in elements of their own."""
    for tag in card.find_all(True, limit=_MAX_PIECES):
        text = squeeze_line(tag.get_text(" ")) if len(tag.contents) > 1 and not tag.find("a") else ""
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
    points += 1.0 if candidate.card.name in _HEADINGS or candidate.card.find(_HEADINGS) else 0.0
    points += 1.0 if candidate.card.name == "article" or candidate.card.find_parent(["main", "article"]) else 0.0
    return points + (3.0 if candidate.url in told else 0.0)


def _sure(candidate: _Candidate) -> bool:
    """A newsroom with one article only: its link must have a date and a headline."""
    return candidate.published is not None and shapes.headline_points(candidate.title) >= 2


def _make(candidate: _Candidate) -> str:
    """How the card is made and where it stands: cards of one list share it."""
    parent = candidate.card.parent
    return f"{_name(parent) if parent else ''}>{_name(candidate.card)}>{_name(candidate.anchors[0])}"


def _name(tag: Tag) -> str:
    """Tag and classes without what differs from item to item (`item-17`, `odd`, `is-first`)."""
    stable = [name for name in shapes.classes(tag) if not shapes.varying_class(name)]
    return f"{tag.name}.{'.'.join(sorted(stable)[:4])}"


def _told(page: Page, base: str, tree: BeautifulSoup) -> dict[str, Link]:
    """The articles that the page's JSON-LD names: articles with an address, and the entries of item lists."""
    found: dict[str, Link] = {}
    here = canonical(page.url)
    objects = jsonld.objects(block.get_text() for block in tree.find_all("script", type=jsonld.KIND))
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
