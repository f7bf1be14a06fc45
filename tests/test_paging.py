"""Where listings of several makes go on with older articles."""

from __future__ import annotations

import pytest

from monitor.pages.markup import tree
from monitor.scrapers.paging import older

HERE = "https://media.kestrel.example/newsroom/"


def leads_to(html: str, here: str = HERE) -> str | None:
    found = older(tree(f"<html><body>{html}</body></html>"), here, here)
    return found and found.removeprefix("https://media.kestrel.example/newsroom/")


@pytest.mark.parametrize(
    ("html", "path"),
    [
        ('<link rel="next" href="?page=2">', "?page=2"),
        ('<a rel="prev" href="?page=1">x</a><a rel="nofollow next" href="page/2/">x</a>', "page/2/"),
        ('<div class="nav"><a href="page/2">Older posts</a></div>', "page/2"),
        ('<a class="button" href="?offset=10">« Older posts</a>'.replace("«", "→"), "?offset=10"),
        ('<a href="?seite=2">Ältere Meldungen ›</a>', "?seite=2"),
        ('<a href="index_2.html">下一页</a>', "index_2.html"),
        ('<a href="?page=2">Show more results</a>', "?page=2"),
        ('<a href="?page=2">Mehr Artikel</a>', "?page=2"),
        ('<a href="?page=2">Voir plus d’actualités</a>', "?page=2"),
        ('<a href="?page=2">Cargar más noticias</a>', "?page=2"),
        ('<a href="?page=2">Carica altro</a>', "?page=2"),
        ('<a href="?page=2">Meer laden</a>', "?page=2"),
        ('<a href="?page=2">Показать ещё</a>', "?page=2"),
        ('<a href="?page=2">Äldre inlägg</a>', "?page=2"),
        ('<div class="pager"><a href="?page=2">Następna strona</a></div>', "?page=2"),
        ('<ol class="paging"><li><a href="?page=2">Sonraki ›</a></li></ol>', "?page=2"),
        ('<ul class="pagination"><li><a href="?start=10">Next 10</a></li></ul>', "?start=10"),
        ('<ul class="pagination"><li><a href="p2">Next</a></li></ul>', "p2"),
        ('<div class="pager"><a href="p2" aria-label="Next page"><svg></svg></a></div>', "p2"),
        ('<div class="pager"><a class="pager__next" href="p2">›</a></div>', "p2"),
        ('<nav aria-label="pagination"><span>1</span><a href="p2">2</a><a href="p9">9</a></nav>', "p2"),
        (
            '<nav class="pages"><a href="p1">1</a><a href="p2">2</a><b class="current">3</b><a href="p4">4</a></nav>',
            "p4",
        ),
        ('<div class="pagination"><a href="p1" class="active">1</a><a href="p2">2</a></div>', "p2"),
    ],
)
def test_it_is_told_by_the_page(html: str, path: str) -> None:
    assert leads_to(html) == path


@pytest.mark.parametrize(
    "html",
    [
        "",
        '<a href="/newsroom/">Older posts</a>',  # this very page
        '<a href="https://elsewhere.example/2">Older posts</a>',
        '<a href="javascript:next()">Next page</a>',
        '<a href="/">Older posts</a>',
        '<a href="story-2">Next</a>',  # a carousel's, or an article's
        '<a href="story-2">Voir plus</a>',
        '<a href="story-2">Nästa</a>',
        '<article><a href="story">More</a></article>',
        '<a href="7">Older cars are worth more than anybody thought</a>',
        '<nav class="pages"><a href="p1">1</a><a href="p2">2</a><span class="current">3</span></nav>',  # the last
        '<ol class="toc"><li><a href="c2">2</a></li></ol>',
    ],
)
def test_where_nothing_tells_there_is_none(html: str) -> None:
    assert leads_to(html) is None
