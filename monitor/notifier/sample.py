"""A change that never happened, marked as a test: what `test-alert` sends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.models import Authority, Change, ChangeKind, Citation

_BEFORE = "The brand now sells its cars in 38 markets."
_AFTER = "The brand now sells its cars in 39 markets."


def sample_change(change_id: str, now: datetime) -> Change:
    day = now.date().isoformat()
    return Change(
        id=change_id,
        detected_at=now,
        brand="Example",
        kind="market_count",
        change=ChangeKind.CHANGED,
        subject="worldwide",
        before=_count(38, _BEFORE),
        after=_count(39, _AFTER),
        text="Test, no news: Example: 38 → 39 markets",
        rule="somebody asked for a test message",
        sources=(
            Citation(
                url="https://example.com/news/39-markets",
                title="An article that does not exist",
                published=day,
                authority=Authority.OFFICIAL,
                outlet="example.com",
                evidence=_AFTER,
            ),
        ),
    )


def _count(count: int, evidence: str) -> dict[str, Any]:
    claim = {"kind": "market_count", "brand": "Example", "count": count, "qualifier": "exact", "status": "current"}
    return claim | {
        "when": None,
        "scope": None,
        "hedged": False,
        "evidence": evidence,
        "start": 0,
        "end": len(evidence),
    }
