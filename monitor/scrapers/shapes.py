"""How the links of articles look: their addresses, their headlines, and the names of what surrounds them.

Weighs texts; knows no page.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

_FILES = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|webp|svg|mp4|mov|mp3|zip|docx?|xlsx?|pptx?|ics|xml|rss|json|css|js|eps|tiff?)$", re.I
)
_NO_ARTICLE = re.compile(
    r"/(?:tags?|topics?|themen?|categor(?:y|ies)|kategorie\w*|authors?|autor(?:en|es)?|contacts?|kontakt|contacto|about(?:-us)?"
    r"|impressum|imprint|legal|privacy|datenschutz|terms|cookies?|login|signin|sign-in|register|account"
    r"|subscribe|newsletter"
    r"|search|suche|sitemap|jobs|careers?|karriere|faq|help|archive|archiv|page|feed|rss|dealers?"
    r"|haendler|configurator"
    r"|konfigurator|shop|store|media-library|mediathek|galler(?:y|ies)|downloads?|models?|modelle"
    r"|vehicles?|accessibility)"
    r"(?:/\d*|/page/\d+)?/?$",
    re.IGNORECASE,
)
_PERSON = re.compile(r"/(?:authors?|tags?|topics?|categor(?:y|ies)|users?|profiles?)/[^/]+/?$", re.IGNORECASE)
_PAGING = re.compile(r"(?:^|&)(?:page|p|offset|start|seite|sort|filter|view|lang|year|month)=[^&]*", re.IGNORECASE)
_NEWSY = re.compile(
    r"news|press|presse|media|release|stor(?:y|ies)|article|artikel|blog|post|noticia|prensa|actualit"
    r"|communique|comunicat"
    r"|meldung|aktuell|nachricht|xinwen|zixun|info|detail",
    re.IGNORECASE,
)
_DATE_IN_PATH = re.compile(r"(?<!\d)((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?!\d)")
_MONTH_IN_PATH = re.compile(r"/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])/")
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|breadcrumbs?|footer|sidebar|social|share|sharing|cookie|consent|pagination"
    r"|pager|paging|language|lang|login|toolbar|tabs?|filters?|skip|sitemap|topbar|masthead"
    r"|related-topics|tag-?cloud|most-?read)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_HEADLINE = re.compile(r"(?:^|[-_])(?:tit(?:le|el|re|ulo|olo)?|head(?:line|ing)?|hed|subject)(?:$|[-_])", re.IGNORECASE)
_VARYING = re.compile(
    r"\d|^(?:odd|even|first|last|active|current|is-\w+|has-\w+|visible|show|featured|sticky)$", re.IGNORECASE
)
_BUTTON = re.compile(
    r"(?:read|learn|find out|discover|see|view|show|load)(?: the)?(?: full)?"
    r"(?: more| article| story| release| all| details)?|more"
    r"|continue(?: reading)?|details?|full (?:story|article)|weiterlesen"
    r"|mehr(?: erfahren| lesen| anzeigen)?|zum artikel"
    r"|lire (?:la suite|plus)|en savoir plus|leer más|ver más|leggi(?: tutto| di più)?|continua"
    r"|saiba mais|ler mais|lees (?:meer|verder)"
    r"|阅读更多|查看更多|查看详情|更多|详情|続きを読む|もっと見る|詳しく見る|자세히 보기|더보기|download|pdf",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def may_be_article(url: str) -> bool:
    """False for files, front pages, tag and author pages, and pages that every site has."""
    parts = urlsplit(url)
    path = parts.path
    if path in ("", "/") and not parts.query:
        return False
    if _FILES.search(path) or _NO_ARTICLE.search(path) or _PERSON.search(path):
        return False
    return not (parts.query and all(_PAGING.fullmatch(pair) for pair in parts.query.split("&")))


def address_points(url: str) -> float:
    """0 to 5: a slug of several words or a long number, a date, a word for news before it, and some depth."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    pieces = [piece for piece in path.split("/") if piece]
    last = re.sub(r"\.\w{2,5}$", "", pieces[-1]) if pieces else ""
    words = [word for word in re.split(r"[-_+ ]", last) if word]
    slug = len(words) >= 4 or len(_CJK.findall(last)) >= 5
    number = bool(re.search(r"\d{4,}", f"{last} {parts.query}"))
    points = 2.0 if slug else 1.0 if len(words) == 3 or number else 0.0
    points += 1.0 if _DATE_IN_PATH.search(path) or _MONTH_IN_PATH.search(path) else 0.0
    points += 1.0 if any(_NEWSY.search(piece) for piece in pieces[:-1]) else 0.0
    return points + (0.5 if len(pieces) >= 3 or (slug and number) else 0.0)


def headline_points(title: str | None) -> float:
    """0 to 3: how much a text is like a headline rather than a menu entry. A CJK sign says as much as three letters."""
    if not title or mere_button(title):
        return 0.0
    weight = len(title) + 2 * len(_CJK.findall(title))
    return 0.0 if weight < 16 else 1.0 if weight < 28 else 2.0 if weight < 45 else 3.0


def mere_button(text: str) -> bool:
    """Whether a link's text is "read more" in one of its many forms."""
    return _BUTTON.fullmatch(re.sub(r"[\s.…›»>→:]+$", "", text.strip())) is not None


def headline_name(tag: HtmlElement) -> bool:
    """Whether the class says that this is the headline."""
    return any(_HEADLINE.search(name) for name in classes(tag))


def says_headline(tag: HtmlElement) -> bool:
    """Whether an element beside the link may be its headline: by its class, or because it is set in bold."""
    return tag.tag in ("strong", "b") or headline_name(tag)


def shape(url: str) -> str:
    """The address with its variable parts taken out: articles of one newsroom mostly share it."""
    parts = urlsplit(url)
    *folders, last = parts.path.rstrip("/").split("/")
    steps = [re.sub(r"\d+", "#", piece) for piece in folders]
    suffix = re.search(r"\.\w{2,5}$", last)
    keys = ",".join(sorted(pair.split("=")[0] for pair in parts.query.split("&") if pair))
    return f"{parts.netloc}{'/'.join(steps)}/{suffix[0] if suffix else ''}?{keys}"


def date_in_path(url: str) -> str | None:
    """A whole date that stands in the address, as ISO text."""
    found = _DATE_IN_PATH.search(urlsplit(url).path)
    return "-".join(found.groups()) if found else None


def furniture_name(tag: HtmlElement) -> bool:
    """Whether role, id or class name this as part of the page's frame."""
    if tag.tag in ("li", "a", "article", "main"):
        return False
    names = " ".join([*classes(tag), tag.get("id") or ""])
    return tag.get("role") in ("navigation", "contentinfo", "search", "menu") or bool(
        names and _FURNITURE.search(names)
    )


def classes(tag: HtmlElement) -> list[str]:
    """The tag's classes."""
    return (tag.get("class") or "").split()


def varying_class(name: str) -> bool:
    """Whether a class differs between items of one list."""
    return _VARYING.search(name) is not None
