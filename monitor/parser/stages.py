"""What a sentence says about a model's way to the market: which step, of which models, when, and how surely.

    cues (verbs of showing, ordering, ...) ─► targets (the clause's models) ─► modality (plan, denial, past) ─► Step

A plan to launch is a confirmation; a launch a year ago is background; what may be is nothing. Places and
descriptions are gathered in `details`; which step of a model becomes the fact is decided in `model_announcement`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.parser import targets, timing
from monitor.parser.designations import Mention
from monitor.parser.lexicon import Cue
from monitor.parser.moments import anchor, span
from monitor.parser.numerals import Numeral
from monitor.parser.targets import NEAR
from monitor.parser.wording import ROLES, STEP_KEYS, Stage, Wording, clause, meaning

SHORT, SHORT_REACH = 3, 10
"""Words of the future as short as "to" must stand close before their verb."""
LARGE = 100
MOST = 12
"""How many verbs of one sentence are looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step that a sentence tells of one model."""

    mention: Mention
    line: Wording
    """The sentence that names the model, or goes on about it: the evidence."""
    source: Wording
    """The sentence that the verb stands in."""
    cue: Cue
    stage: Stage
    when: str | None
    hedged: bool
    weight: int
    """How close and sure the tie between verb and name is."""


@dataclass(frozen=True, slots=True)
class Dropped:
    mention: Mention | None
    line: Wording
    cue: Cue
    why: str
    denied: bool = False


def steps(
    line: Wording, mentions: Sequence[Mention], focus: Sequence[Mention], published: str | None
) -> Iterator[Step | Dropped]:
    """Every step that the sentence tells. `focus` are the models that "it" would mean here."""
    cues = _step_cues(line)
    if not cues:
        return
    veto = (*line.of("veto"), *_counted(line))
    for cue in cues:
        meant = targets.of(line, cue, mentions, focus)
        if not meant:
            continue
        if veto:
            yield Dropped(meant[0], line, cue, f"the sentence is about something else: {veto[0].text}")
            continue
        for target in meant:
            yield _step(line, cue, target, published, cues)


def _step_cues(line: Wording) -> list[Cue]:
    """The verbs of the ladder; of two that overlap, that of ending ("takes no more orders"), else the longer one."""
    kept: list[Cue] = []
    standing = line.of("standing")
    for cue in sorted(line.of(*STEP_KEYS), key=lambda cue: (meaning(cue) != "end", cue.start - cue.end)):
        if any(o.start < cue.end and cue.start < o.end and len(o.text) >= len(cue.text) for o in standing):
            continue  # "already on sale in China"
        if not any(cue.start < other.end and other.start < cue.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)[:MOST]


def _step(line: Wording, cue: Cue, target: Mention, published: str | None, cues: Sequence[Cue]) -> Step | Dropped:
    stage = ROLES[meaning(cue)]
    compared = targets.beside(line, target) if line.start <= target.start < line.end else None
    if compared:
        return Dropped(target, line, cue, f"only named beside another: {compared.text}")
    low, high = clause(line, cue.start)
    if line.has("deny", start=max(low, cue.start - NEAR), end=min(high, cue.end + 12)) and stage != "discontinued":
        return Dropped(target, line, cue, "denied", denied=True)
    if line.has("maybe", start=max(low, cue.start - NEAR), end=cue.start):
        return Dropped(target, line, cue, "only possible")
    plan = _coming(line, cue, low, high)
    moment = timing.moment_of(line, cue, cues, published if plan or stage == "confirmed" else None)
    past = not plan and line.has("earlier", start=max(low, cue.start - NEAR), end=cue.start)
    day = timing.reading(line, moment, plan or stage in ("confirmed", "teased"), past) if moment else None
    when = day
    if day and published and timing.after(day, published):
        plan = True
    if when and published and timing.stale(when, published):
        return Dropped(target, line, cue, f"too long ago: {when}")
    if past and not plan:
        return Dropped(target, line, cue, "told of an earlier time")
    if plan and stage not in ("teased", "discontinued"):
        stage = "confirmed"
    hedged = line.has("hedge")
    return Step(target, line, line, cue, stage, when, hedged, _weight(line, cue, target))


def _coming(line: Wording, cue: Cue, low: int, high: int) -> bool:
    """Whether words of the future stand before the verb; in some languages, behind it ("Premiere haben wird")."""
    for word in line.of("coming", "future", start=max(low, cue.start - NEAR), end=cue.start):
        if len(word.text) > SHORT or not word.text.isascii() or cue.start - word.end <= SHORT_REACH:
            return True
    behind = line.of("coming_after", start=cue.end, end=min(high, cue.end + NEAR))
    return any(not re.search(r"[,，]", line.between(cue.end, word.start)) for word in behind)


def _counted(line: Wording) -> Iterator[Cue]:
    """Words such as "sold" before or after a large number: cars are counted, not announced."""
    dated = [(moment.start, moment.end) for moment in line.moments]
    large = [
        n for n in line.numbers
        if n.value >= LARGE
        and not any(start <= n.start < end for start, end in dated)
        and not re.match(r"\.[A-Z]", line.between(n.end, n.end + 2))  # a ticker: 005930.KS
    ]  # fmt: skip
    for cue in line.of("counted"):
        near = (n for n in large if 0 <= n.start - cue.end <= 20 or 0 <= cue.start - n.end <= 30)
        if any(not _of_markets(line, n) for n in near):
            yield cue


def _of_markets(line: Wording, number: Numeral) -> bool:
    return line.has("market_count.market", start=number.end, end=min(line.end, number.end + 24))


def promised(line: Wording) -> bool:
    """Whether the sentence speaks of a new thing without its name: "unveiled a new electric SUV on Monday"."""
    return any(line.has("kind", start=cue.end, end=min(line.end, cue.end + NEAR)) for cue in line.of(*STEP_KEYS))


def unnamed(line: Wording, mention: Mention, published: str | None) -> Iterator[Step | Dropped]:
    """The steps of a sentence that speaks of a model which only a later sentence names."""
    if line.has("veto") or next(_counted(line), None):
        return
    cues = _step_cues(line)
    for cue in cues:
        if line.has("kind", start=cue.end, end=min(line.end, cue.end + NEAR)):
            yield _step(line, cue, mention, published, cues)


def is_old(step: Step, told: Iterable[Step], published: str | None) -> bool:
    """Whether a step that was taken lies well before the news: before publication, or before another step's date."""
    if step.stage in ("confirmed", "teased", "discontinued") or step.when is None:
        return False
    base = anchor(published)
    if base and base.month:
        news = date(base.year, base.month, base.day or 1)
        return span(step.when)[1] < (news - timing.BACKGROUND).isoformat()
    later = [other.when for other in told if other.when and other.stage == "confirmed"]
    return any(span(when)[0] > span(step.when)[1] for when in later)


def _weight(line: Wording, cue: Cue, target: Mention) -> int:
    return target.trust * 10 - targets.distance(target, cue) // 12
