"""When a step was or will be taken, as far as the text says, and whether that is news.

Dates are tied to the verb they stand nearest to; "from June" is ahead, "since June" behind. Reckons with dates only;
which verb means which step is `stages`' affair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from monitor.parser.dates import Moment
from monitor.parser.lexicon import Cue
from monitor.parser.moments import anchor, span
from monitor.parser.wording import ROLES, Wording, clause, meaning

COMMA = 24
BACKGROUND = timedelta(days=30)
"""Steps taken longer ago are background if the text tells of newer ones."""
LONG_AGO = timedelta(days=75)
"""Steps taken longer ago are background, whatever else the text tells."""
LATELY = timedelta(days=75)
STALE = timedelta(days=400)
"""Steps that lie further back are background."""


def moment_of(line: Wording, cue: Cue, cues: Sequence[Cue], published: str | None) -> Moment | None:
    """The date nearest to the verb in its clause, unless it stands nearer to another verb. Of a plan (`published`
    given), one that is not over yet."""
    low, high = clause(line, cue.start)
    near = [m for m in line.moments if low <= m.start and m.end <= high]
    rivals = [o for o in cues if low <= o.start and o.end <= high and ROLES[meaning(o)] != ROLES[meaning(cue)]]
    near = [m for m in near if all(_apart(line, m, cue) <= _apart(line, m, other) for other in rivals)]
    if published:
        near = [m for m in near if not _over(m.ahead, published)]
    return min(near, key=lambda m: _apart(line, m, cue), default=None)


def reading(line: Wording, moment: Moment, plan: bool, past: bool, published: str | None) -> str:
    """What a date means here: "from June" is ahead, "since June" behind; else it depends on what is told."""
    lead = [cue for cue in line.of("starting", "since", end=moment.start) if moment.start - cue.end <= 2]
    if lead:
        lately = not plan and published is not None and _is_lately(moment.behind, published)
        return moment.ahead if meaning(lead[-1]) == "starting" and not lately else moment.behind
    return moment.ahead if plan else moment.behind if past else moment.when


def _is_lately(when: str, published: str) -> bool:
    """Whether a month ended within the last weeks before publication: "in showrooms from November", in December."""
    base = anchor(published)
    day = base.date if base else None
    return day is not None and (day - LATELY).isoformat() <= span(when)[0] <= day.isoformat()


def _apart(line: Wording, moment: Moment, cue: Cue) -> int:
    """How far a date and a verb are apart; a comma parts them more."""
    low, high = min(moment.end, cue.end), max(moment.start, cue.start)
    return max(high - low, 0) + (COMMA if re.search(r"[,，]", line.between(low, high)) else 0)


def _over(when: str, published: str) -> bool:
    """Whether a date is over on the day of publication, or is that day itself."""
    base = anchor(published)
    if base is None:
        return False
    first = span(published[:10] if base.day else published[:7] if base.month else str(base.year))[0]
    return span(when)[1] <= first if base.day else span(when)[1] < first


def planned(line: Wording, published: str | None) -> bool:
    """Whether a sentence tells of something still to come."""
    return bool(line.of("confirm", "future")) or any(
        m.when and published and after(m.when, published) for m in line.moments
    )


def is_past(when: str, published: str | None) -> bool:
    """Whether a date is surely over at publication."""
    return bool(published) and _over(when, published or "")


def after(when: str, published: str) -> bool:
    """Whether a date lies after the day (or month, or year) of publication as a whole."""
    today = _last_day(published)
    return today is not None and span(when)[0] > today


def _last_day(published: str) -> str | None:
    base = anchor(published)
    if base is None:
        return None
    return span(published[:10] if base.day else published[:7] if base.month else str(base.year))[1]


def stale(when: str, published: str) -> bool:
    base = anchor(published)
    if base is None:
        return False
    day = date(base.year, base.month or 1, base.day or 1) - STALE
    return span(when)[1] < day.isoformat()
