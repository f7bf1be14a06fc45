"""A value that goes to and fro: told once as flapping, then not at all until it holds still. Pure.

38 → 39   told: news
39 → 38   told: it may have been a mistake
38 → 39   told: flapping
39 → 38   silent, and so on, until nothing has moved for a while
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from monitor.models import Change, Past

STILL = timedelta(days=7)
"""A value that has not moved for so long holds still."""

RETURNS = 2
"""How often in a row a value goes back to the one before until that is called flapping."""

SILENCE = "flapping"


def calmed(change: Change, past: Sequence[Past]) -> Change:
    """The change as it is told after those `past`, oldest first, of the same subject."""
    before, after = change.before_value, change.after_value
    returns = _returns(change, past)
    if returns < RETURNS or change.silence:
        return change
    rule = f"{change.rule}; it went to and fro {returns + 1} times, never {STILL.days} days apart"
    if returns > RETURNS:
        return replace(change, rule=rule, silence=SILENCE)
    return replace(change, text=f"{change.text}, flapping between {before} and {after}", rule=rule)


def _returns(change: Change, past: Sequence[Past]) -> int:
    """How many of the last changes, this one included, took back the one before them."""
    now, before, after = change.detected_at, change.before_value, change.after_value
    count = 0
    for earlier in reversed([one for one in past if one.aspect == change.aspect]):
        if (earlier.before, earlier.after) != (after, before) or now - earlier.detected_at > STILL:
            break
        count += 1
        now, before, after = earlier.detected_at, earlier.before, earlier.after
    return count
