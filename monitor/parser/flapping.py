"""A value that goes to and fro: told once as flapping, then not until it holds still. Pure.

38 → 39   told: news
39 → 38   told: it may have been a mistake
38 → 39   told: flapping
39 → 38   silent, and so on, until nothing has moved for a while: told, if it is not what was told last
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from monitor.models import Change, ChangeKind, Past

STILL = timedelta(days=7)
"""A value that has not moved for so long holds still."""

RETURNS = 2
"""How often in a row a value goes back to the one before until that is called flapping."""

SILENCE = "flapping"


def calmed(change: Change, past: Sequence[Past]) -> Change:
    """The change as it is told after those `past`, oldest first, of the same subject."""
    steps = [one for one in past if one.aspect == change.aspect]
    moves = _moves([*steps, _as_past(change)])
    returns = _returns(moves)
    if change.silence or returns < RETURNS or len(moves) == len(_moves(steps)):
        return change
    rule = f"{change.rule}; it went to and fro {returns + 1} times, never {STILL.days} days apart"
    if returns > RETURNS:
        return replace(change, rule=rule, silence=SILENCE)
    last = moves[-1]
    return replace(change, text=f"{change.text}, flapping between {last.before} and {last.after}", rule=rule)


def settled(told: Change, last: Change, now: datetime) -> Change | None:
    """The change that says where a value holds still, whose `last` move was told to nobody; None where it is back at
    what was `told`."""
    before, value = (
        (told.before, told.before_value) if told.change is ChangeKind.DISPUTED else (told.after, told.after_value)
    )
    if value == last.after_value:
        return None
    return replace(
        last,
        id=hashlib.sha256(f"{last.id}\x1fstill".encode()).hexdigest()[:16],
        detected_at=now,
        change=ChangeKind.CHANGED,
        before=before,
        before_value=value,
        text=f"{last.text}, holding still",
        rule=f"it went to and fro and has not moved for {STILL.days} days",
        silence=None,
    )


class _Move(NamedTuple):
    """What was believed, and what was then."""

    at: datetime
    before: str
    after: str


def _moves(steps: Sequence[Past]) -> list[_Move]:
    """Where what is believed moved. That somebody contradicts it, or takes that back, moves nothing."""
    found: list[_Move] = []
    believed: str | None = None
    for step in steps:
        if believed is None and step.change in (ChangeKind.NEW, ChangeKind.CHANGED):
            believed = step.before
        now = step.before if step.change is ChangeKind.DISPUTED else step.after
        if believed is not None and now is not None and now != believed:
            found.append(_Move(step.detected_at, believed, now))
        believed = now
    return found


def _as_past(change: Change) -> Past:
    return Past(
        detected_at=change.detected_at,
        aspect=change.aspect,
        before=change.before_value,
        after=change.after_value,
        change=change.change,
    )


def _returns(moves: Sequence[_Move]) -> int:
    """How many of the last moves took back the one before them."""
    count = 0
    for earlier, move in pairwise(moves):
        back = (earlier.before, earlier.after) == (move.after, move.before)
        count = count + 1 if back and move.at - earlier.at <= STILL else 0
    return count
