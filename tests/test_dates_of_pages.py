"""Publication dates as feeds, tags and listings write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.pages.dates import beside, published

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)


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
