"""The date that stands beside a headline: in a line of its own, in a byline, or in the dateline that opens the text.

    page ─► the lines around the headline ─► those that are there to tell the date ─► the date

A date within a sentence is of what the sentence tells, a footer's year and a picture's folder are of nothing. News that
are taken for old are told to nobody: where no line states the date there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from lxml.html import HtmlElement

from monitor.models import When
from monitor.pages import dates
from monitor.pages.markup import lines, spoken

_FRAME = ("nav", "footer", "aside")
_BEFORE = 2  # lines
_BEHIND = 8
_FEW = 3
_LONG = 90  # characters; what is longer is running text
_OPENING = 120  # characters in which a dateline ends
_CELLS = re.compile(r"\s*[|·•]\s*")
_APART = re.compile(r"\s+[–—/-]\s+|,\s+(?=[^\W\d])|\s+(?=updated)", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:[^\W\d][)\]\"'»”’]*[.!?…]|[。！？])[)\]\"'»”’]*$")
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]{1,2}|[^\W\d_\u3040-\u9fff\uac00-\ud7af]+")
_PUBLISHED = re.compile(
    r"\bpublish|\bpubli[eé]|\bpublicad|\bpubblicat|\bposted|\bwritten|\bupdated|^\W*(?:by|von|par|por|di)\b"
    r"|veröffentlicht|erschienen|aktualisiert|mis à jour|actualizado|aggiornato|atualizado|发布|发表|更新|公開|掲載",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\d\s*[–—-]\s*$|^\s*[–—-]\s*\d|\d{4}")  # there is another date to it
_DATELINE_END = re.compile(r"\s*[)\]】]|\s+[–—-]{1,2}\s|\s--|\s/|\s\(|\.\s+(?=[^\W\d_])")
_PLACE = r"[A-ZÀ-ÞĀ-ſ\u0400-\u042f\u3040-\u9fff\uac00-\ud7af](?:[^\W\d_]|[.'’ -]){1,30}"
_PLACES = re.compile(rf"[(\[【]?(?:(?:{_PLACE}[,–—-]\s*){{1,3}}[a-z]{{0,3}}|\s*,\s*{_PLACE})?")


def around(page: HtmlElement, title: str | None) -> tuple[str, ...]:
    """What stands beside the headline, the nearest first: of the text no more than its opening."""
    heading = _heading(page, title)
    container = page if heading is None else next(heading.iterancestors("article", "main"), page)
    name = _plain((title or "") if heading is None else spoken(heading))
    told = [cell for line in lines(container, without=_FRAME).split("\n") for cell in _CELLS.split(_plain(line))]
    first = next((at for at, line in enumerate(told) if line and name.startswith(line)), None)
    if first is None:
        return ()
    behind = [line for line in told[first + 1 :] if line not in name]
    return (*_to_the_text(behind[:_BEHIND]), *reversed(told[max(0, first - _BEFORE) : first]))


def date(beside: Iterable[str], now: datetime) -> When | None:
    """The first date that one of these lines is there to tell."""
    return next((when for line in beside if (when := _date(line, now))), None)


def _plain(line: str) -> str:
    return unicodedata.normalize("NFKC", line)


def _heading(page: HtmlElement, title: str | None) -> HtmlElement | None:
    """The heading that is the title, else the first of the page."""
    headings = [
        (heading, text)
        for heading in islice(page.iter("h1", "h2", "h3"), 20)
        if (text := spoken(heading)) and next(heading.iterancestors(*_FRAME), None) is None
    ]
    named = [heading for heading, text in headings if title and (text in title or title in text)]
    return next(iter((*named, *(heading for heading, _ in headings if heading.tag == "h1"))), None)


def _to_the_text(behind: Sequence[str]) -> Sequence[str]:
    """The lines up to the first paragraph. Where a second one follows soon, the first is a lead: the byline may stand
    between them."""
    paragraphs = [at for at, line in enumerate(behind) if _is_text(line)]
    if not paragraphs:
        return behind[:_FEW]
    lead, *others = paragraphs
    last = others[0] if others and others[0] - lead <= _FEW + 1 else lead
    return behind[: last + 1]


def _is_text(line: str) -> bool:
    return len(line) > _LONG or _SENTENCE.search(line) is not None


def _date(line: str, now: datetime) -> When | None:
    """The date of a line; of several that it sets apart the earliest, as an update comes later."""
    if _is_text(line):
        return _of_a_dateline(line[:_OPENING], now)
    found = (dates.beside(piece, now) for piece in _APART.split(line) if _tells_a_date(piece))
    return min(filter(None, found), default=None)


def _tells_a_date(piece: str) -> bool:
    """Whether there is little in it but a date, or a word that says what date it is."""
    rest = dates.without(piece)
    few = 0 if piece.endswith(".") else _FEW
    return not _SPAN.search(rest) and (len(_WORD.findall(rest)) <= few or _PUBLISHED.search(rest) is not None)


def _of_a_dateline(text: str, now: datetime) -> When | None:
    """The date that opens a text, alone or behind a place, and is set apart from what follows."""
    for end in _DATELINE_END.finditer(text):
        opening = text[: end.start()]
        when = dates.beside(opening, now)
        if when:
            return when if _PLACES.fullmatch(dates.without(opening).strip()) else None
    return None
