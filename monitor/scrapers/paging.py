"""Where a listing goes on: the address of the page with older articles.

Told by the page itself: `rel="next"`, a link named "older" or "next", or the number after the current one in a row of
page numbers. Guesses no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from monitor.pages.markup import first, leads, spoken, squeeze_line
from monitor.scrapers import shapes
from monitor.scrapers.links import absolute, canonical, same_site

_OLDER = re.compile(
    r"(?:view |see |show |load )?(?:older|previous|earlier|more)(?: (?:news|posts?|stories|articles|entries|releases"
    r"|press releases|results|items|updates|announcements))?|next(?: page| \d+)?"
    r"|ältere(?: \w+)?|weitere(?: \w+)?|nächste(?: seite)?|mehr (?:news|meldungen|artikel|laden|anzeigen)"
    r"|(?:page )?suivante?|articles plus anciens|plus d(?:'|’)(?:articles|actualités)"
    r"|(?:voir|charger|afficher) plus(?: d(?:'|’)(?:articles|actualités))?"
    r"|siguientes?|(?:noticias |entradas )?(?:más )?antigu[ao]s|(?:cargar |ver )?más(?: noticias)?"
    r"|successiv[aoi]|(?:notizie |articoli )?precedenti"
    r"|(?:carica|mostra) altr[oiea](?: \w+)?|próxima(?: página)?|(?:ver |carregar )?mais(?: antigas| notícias)?"
    r"|volgende(?: pagina)?|oudere(?: berichten)?|meer (?:laden|nieuws|berichten)|następn[aey](?: strona)?"
    r"|starsze(?: wpisy)?|(?:pokaż|załaduj) więcej|další|starší(?: \w+)?|načíst další|nästa(?: sida)?|äldre(?: \w+)?"
    r"|visa (?:fler|mer)|næste(?: side)?|neste(?: side)?|ældre(?: \w+)?|eldre(?: \w+)?|vis flere|seuraava(?: sivu)?"
    r"|vanhemmat(?: \w+)?|lataa lisää|sonraki(?: sayfa)?|daha fazla(?: \w+)?|(?:показать|загрузить|смотреть) ещ[её]"
    r"|следующая(?: страница)?|далее|التالي|المزيد|xem thêm|selanjutnya|berikutnya"
    r"|下一页|下一頁|下页|更早|更多新闻|次へ|次のページ|過去の記事|다음|이전 글",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"more|next(?: \d+)?|weitere\s?\w*|más|mais|ver m[aá]i?s|voir plus|další|nästa|næste|neste|następn[aey]|seuraava"
    r"|sonraki|далее|التالي|المزيد|xem thêm|daha fazla\s?\w*",
    re.IGNORECASE,
)
"""What says "older" in a pager only: elsewhere it may lead on within a carousel, or to a whole article."""
_NEXT = re.compile(r"\bnext\b", re.IGNORECASE)
_NEXT_NAME = re.compile(r"(?:^|[-_])(?:next|older|load-?more|nav-previous)(?:$|[-_])", re.IGNORECASE)
_PAGER = re.compile(r"(?:^|[-_\s])(?:pagination|pager|paging|page-?numbers?|pages)(?:$|[-_\s])", re.IGNORECASE)
_ARROWS = re.compile(r"[\s›»→>…]+|[\s.]+$")
_NUMBER = re.compile(r"\d{1,4}")
_MAX_ANCHORS = 10_000


def older(root: HtmlElement, base: str, here: str) -> str | None:
    """The address of the next page, on the same site; None when there is none. `here`: this page's own address."""
    own = canonical(here)
    for href in _candidates(root):
        url = absolute(base, href)
        if url and url != own and same_site(url, here) and urlsplit(url).path not in ("", "/"):
            return url
    return None


def _candidates(root: HtmlElement) -> Iterator[str]:
    """Best first."""
    named = (tag.get("href") for tag in root.iter("link", "a") if _NEXT.search(tag.get("rel") or ""))
    yield from islice((href for href in named if href is not None), 3)
    anchors = [(tag, spoken(tag)) for tag in islice(filter(leads, root.iter("a")), _MAX_ANCHORS)]
    yield from (tag.attrib["href"] for tag, text in anchors if _says_older(tag, text))
    yield from _numbered(anchors)


def _says_older(tag: HtmlElement, text: str) -> bool:
    """A link that says "older", or an arrow whose class or label does."""
    text = _ARROWS.sub(" ", text).strip()
    label = squeeze_line(tag.get("aria-label") or tag.get("title") or "")
    if _OLDER.fullmatch(text):
        return _in_pager(tag) or not _BARE.fullmatch(text)
    if len(text) > 30:
        return False
    return _in_pager(tag) and (
        _OLDER.fullmatch(label) is not None or any(_NEXT_NAME.search(name) for name in shapes.classes(tag))
    )


def _numbered(anchors: list[tuple[HtmlElement, str]]) -> Iterator[str]:
    """In a row of page numbers, the number after the one that is no link to elsewhere, or `2` where all are links."""
    rows: dict[HtmlElement, dict[int, HtmlElement]] = {}
    for tag, text in anchors:
        pager = _pager(tag) if _NUMBER.fullmatch(text) else None
        if pager is not None:
            rows.setdefault(pager, {})[int(text)] = tag
    for pager, numbers in rows.items():
        following = _current(pager, numbers) + 1
        if following in numbers:
            yield numbers[following].attrib["href"]


def _current(pager: HtmlElement, numbers: dict[int, HtmlElement]) -> int:
    """The number of this page: marked as current, or the one that is no link; 1 when nothing tells."""
    for tag in islice(pager.iterdescendants(), 200):
        text = spoken(tag)
        marked = tag.get("aria-current") or any(re.search(r"current|active", name) for name in shapes.classes(tag))
        if _NUMBER.fullmatch(text) and (marked or (int(text) not in numbers and first(tag, "a") is None)):
            return int(text)
    return 1


def _in_pager(tag: HtmlElement) -> bool:
    return _pager(tag) is not None


def _pager(tag: HtmlElement) -> HtmlElement | None:
    """The pager around a link, by its name, within a few steps up."""
    for parent in (tag, *islice(tag.iterancestors(), 5)):
        if parent.tag in ("body", "html"):
            return None
        names = f"{parent.get('class') or ''} {parent.get('id') or ''} {parent.get('aria-label') or ''}"
        if _PAGER.search(names):
            return parent
    return None
