"""Publication dates as feeds, tags and listings write them, and as they stand beside a headline."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.pages import bylines
from monitor.pages.dates import beside, published
from monitor.pages.markup import tree

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)
TITLE = "Veloria is now in 40 markets"
LEAD = "Veloria is now present in 40 markets, the company says, and wants to grow further in Europe and Asia."
BODY = "It works with importers in many places and sells two models of cars at this time, it says."
BYLINES = [
    "Published 5 January 2026",
    "5 January 2026 | Press release",
    "Published on 5 January 2026 · 3 min",
    "News | 05.01.2026 | Berlin",
    "By Jane Miller, 5 January 2026",
    "Posted by admin on January 5, 2026 at 10:30",
    "Monday, January 5, 2026 - 10:30",
    "Stuttgart, 5 January 2026",
    "Published: 5 January 2026, Updated: 6 January 2026",
    "Published on 5 January 2026.",
    "2026. 1. 5.",
    "Pressemitteilung vom 5. Januar 2026",
    "Publié le 5 janvier 2026 à 10h30 par Jean Dupont",
    "Publicado el 5 de enero de 2026",
    "Pubblicato il 5 gennaio 2026",
    "发布时间：2026年1月5日 10:30",
    "来源：新华网 2026年1月5日",
    "2026-01-05",
]
DATELINES = [
    "Hamburg, 5. Januar 2026 – ",
    "Munich, 5 January 2026. ",
    "STUTTGART, Germany, Jan. 5, 2026 /PRNewswire/ -- ",
    "LONDON, Jan 5, 2026 (GLOBE NEWSWIRE) -- ",
    "(Stuttgart, 5 January 2026) ",
    "January 5, 2026 - ",
    "Hangzhou, China - 5 January 2026 - ",
    "Paris, le 5 janvier 2026 – ",
    "Rio de Janeiro, 5 de janeiro de 2026 – ",
    "【上海，2026年1月5日】",
    "（2026年1月5日，上海）",
]
OF_SOMETHING_ELSE = [
    "© 2024 EV News",
    "Copyright 2019-2023 EV News",
    "The company was founded on 12 March 1998.",
    "It opened on 12 March 2024.",
    "On 12 March 2024 Veloria had entered Norway.",
    "On 12 March 2024 – the day of the launch – Veloria had entered Norway.",
    "Veloria in Norway since 12 March 2024, in Sweden later",
    "From 5 January 2025 to 7 January 2025",
    "5–7 January 2025",
    "2024年3月12日，岚图正式进入挪威市场，这是公司的第三十个市场。",
    "2024年3月12日岚图汽车进入挪威市场",
]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-01-05", "2026-01-05"),
        ("2026-01-05T09:00:12Z", "2026-01-05T09:00:12Z"),
        ("2026-01-05T09:00:12.123456-0500", "2026-01-05T14:00:12Z"),
        ("2026-01-05T00:30+08:00", "2026-01-04T16:30:00Z"),
        ("2026-01-05 09:00", "2026-01-05T09:00:00Z"),
        ("Mon, 05 Jan 2026 09:00:00 CET", "2026-01-05T08:00:00Z"),
        ("Mon Jan  5 09:00:00 2026", "2026-01-05T09:00:00Z"),
        ("1767603612", "2026-01-05T09:00:12Z"),
        ("1767603612000", "2026-01-05T09:00:12Z"),
        ("20260105", "2026-01-05"),
        ("2026/01/05", "2026-01-05"),
        ("2026年1月5日 09:30", "2026-01-05"),
        ("２０２６年１月５日", "2026-01-05"),
        ("2026. 1. 5.", "2026-01-05"),
        ("2026년 1월 5일", "2026-01-05"),
        ("05.01.2026", "2026-01-05"),
        ("5. Januar 2026", "2026-01-05"),
        ("January 5th, 2026", "2026-01-05"),
        ("Jan. 5, 2026 9:00 AM EST", "2026-01-05"),
        ("5 de enero de 2026", "2026-01-05"),
        ("le 1er janvier 2026", "2026-01-01"),
        ("5 يناير 2026", "2026-01-05"),
        ("5 stycznia 2026", "2026-01-05"),
        ("5 января 2026", "2026-01-05"),
        ("25/12/2025", "2025-12-25"),
        ("12/25/2025", "2025-12-25"),
        ("05/05/2025", "2025-05-05"),
        ("2026-01-10T08:00:00Z", "2026-01-10T08:00:00Z"),
        ("03/05/2025", None),
        ("2026-01-12", None),
        ("2099-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0", None),
        ("2026-02-30", None),
        ("2026-01-05T99:00:00Z", "2026-01-05"),
        ("9999999999", None),
        ("9" * 13, None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_read_with_the_precision_it_has_or_not_at_all(text: str | None, when: str | None) -> None:
    assert published(text, NOW) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Published on 5 January 2026 · 3 min", "2026-01-05"),
        ("News | 05.01.2026 | Berlin", "2026-01-05"),
        ("[2026-01-05]", "2026-01-05"),
        ("From 5 January 2026 to 7 January 2026", None),
        ("5 Januar 2026 / January 5, 2026", "2026-01-05"),
        ("Model 3 from 2026", None),
        ("Call 030 12 34 2025", None),
    ],
)
def test_beside_a_headline_only_a_single_date_counts(text: str, when: str | None) -> None:
    assert beside(text, NOW) == when


def beside_the_headline(page: str) -> str | None:
    return bylines.date(bylines.around(tree(f"<html><body>{page}</body></html>"), TITLE), NOW)


@pytest.mark.parametrize("line", BYLINES)
@pytest.mark.parametrize(
    "page",
    [
        "<article><h1>{title}</h1><p>{line}</p><p>{lead}</p><p>{body}</p></article>",
        "<header>EV News</header><div><h1>{title}</h1><h4>{line}</h4><p>{lead}</p><p>{body}</p></div>",
        "<article><h1>{title}</h1><p>{lead}</p><p>{line}</p><p>{body}</p></article>",
        "<article><p>{line}</p><h2>{title}</h2><p>{lead}</p></article>",
        "<div>{title}</div><span>{line}</span><p>{lead}</p>",
    ],
)
def test_a_line_beside_the_headline_may_state_the_date(page: str, line: str) -> None:
    assert beside_the_headline(page.format(title=TITLE, line=line, lead=LEAD, body=BODY)) == "2026-01-05"


@pytest.mark.parametrize("opening", DATELINES)
@pytest.mark.parametrize("text", [LEAD, "Veloria is in 40 markets."])
def test_a_dateline_states_the_date(opening: str, text: str) -> None:
    assert beside_the_headline(f"<h1>{TITLE}</h1><p>{opening}{text}</p><p>{BODY}</p>") == "2026-01-05"


@pytest.mark.parametrize("line", OF_SOMETHING_ELSE)
@pytest.mark.parametrize(
    "page",
    [
        "<article><h1>{title}</h1><p>{line}</p><p>{lead}</p><p>{body}</p></article>",
        "<article><h1>{title}</h1><p>{lead}</p><p>{line}</p><p>{body}</p></article>",
        "<article><h1>{title}</h1><p>{lead}</p></article><footer>{line}</footer>",
        "<div><h1>{title}</h1><p>{lead}</p></div><div class='footer'>{line}</div>",
    ],
)
def test_a_date_of_something_else_is_none(page: str, line: str) -> None:
    assert beside_the_headline(page.format(title=TITLE, line=line, lead=LEAD, body=BODY)) is None


def test_the_dates_of_other_stories_are_none() -> None:
    others = "<div><h3>More news</h3><span>12 March 2024</span><a href='/x'>Veloria enters Norway</a></div>"
    assert beside_the_headline(f"<div><h1>{TITLE}</h1><p>{LEAD}</p></div>{others}") is None
    assert beside_the_headline(f"<div><h1>{TITLE}</h1><p>{LEAD}</p><p>{BODY}</p></div>{others * 3}") is None
