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

_MONEY = re.compile(r"(?:[$€£¥₹₩]|\b(?:Rs|RMB|CHF|EUR|USD|GBP))\.?\s?$")
_CURRENCY = re.compile(
    r"\s?(?:(?:lakh|crore|million(?:s|en)?|Mio\.?) )?(?:d['’]|de |di )?"
    r"(?:[€£¥]|euros?\b|dollars?\b|dólar|dollari\b|pounds?\b|yuans?\b|yen\b|rup(?:ees?|iah)\b|reais\b|pesos\b|francs?\b|Franken\b|kron|"
    r"crowns?\b|[万亿]?[元円]|lakh\b|lire\b|rand\b)",
    re.I,
)
SHORT, SHORT_REACH = 3, 10
"""Words of the future as short as "to" must stand close before their verb."""
ASIDE = 20
"""How far before the verb "two battery concepts" may begin: "gave two concepts their debut"."""
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
    veto = _vetoes(line, mentions, cues)
    for cue in cues:
        meant = targets.of(line, cue, mentions, focus)
        if not meant:
            continue
        if veto and not (meaning(cue) == "end" and _aside(veto, cue, meant)):
            yield Dropped(meant[0], line, cue, f"the sentence is about something else: {veto[0].text}")
            continue
        for target in meant:
            yield _step(line, cue, target, published, cues)


def _vetoes(line: Wording, mentions: Sequence[Mention], cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """What makes a sentence be of something else; not as a part of a name ("Fire HD") or step ("start sales of")."""
    own = [(span.start, span.end) for spans in (mentions, cues) for span in spans]
    told = [cue for cue in line.of("veto") if not any(start <= cue.start and cue.end <= end for start, end in own)]
    return (*told, *_counted(line, mentions))


def _aside(vetoes: Sequence[Cue], cue: Cue, meant: Sequence[Mention]) -> bool:
    """Whether a sentence ends a model and only then tells why: "ended production of the X after fires"."""
    close = max(m.end for m in meant)
    return cue.end <= close <= cue.end + NEAR and all(veto.start > close + ASIDE for veto in vetoes)


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
    denials = line.of("deny", start=max(low, cue.start - NEAR), end=min(high, cue.end + 12))
    if any(not cue.start <= word.start < cue.end for word in denials) and stage != "discontinued":
        return Dropped(target, line, cue, "denied", denied=True)
    if stage == "discontinued" and line.has("untrue"):
        return Dropped(target, line, cue, "denied", denied=True)
    if line.has("maybe", start=max(low, cue.start - NEAR), end=cue.start):
        return Dropped(target, line, cue, "only possible")
    plan = _coming(line, cue, low, high)
    moment = timing.moment_of(line, cue, cues, published if plan or stage == "confirmed" else None)
    past = not plan and line.has("earlier", start=max(low, cue.start - NEAR), end=cue.start)
    ahead = plan or stage in ("confirmed", "teased") or _present(line, cue)
    day = timing.reading(line, moment, ahead, past, published) if moment else None
    if (
        day
        and moment
        and not plan
        and published
        and _of_another(line, cue, moment.start)
        and timing.after(day, published)
    ):
        day = None
    when = day
    if day and published and (timing.after(day, published) or (_present(line, cue) and day == published[:4])):
        plan = True  # also "comes in 2025", said in 2025
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
    if any(word.start < cue.end and cue.start < word.end for word in line.of("coming_inside")):
        return True
    behind = line.of("coming_after", start=cue.end, end=min(high, cue.end + NEAR))
    return any(not re.search(r"[,，]", line.between(cue.end, word.start)) for word in behind)


def _of_another(line: Wording, cue: Cue, place: int) -> bool:
    """Whether a comma parts what was shown from a later date: "unveiled the X, which in 2028 ..."."""
    return (
        meaning(cue) in ("show", "order")
        and place > cue.end
        and bool(re.search(r"[,，]", line.between(cue.end, place)))
    )


def _present(line: Wording, cue: Cue) -> bool:
    """Whether the verb is in the present tense: "arrives in March" is next March."""
    return any(other.start < cue.end and cue.start < other.end for other in line.of("present"))


def _counted(line: Wording, mentions: Sequence[Mention] = ()) -> Iterator[Cue]:
    """Words such as "sold" before or after a large number: cars are counted, not announced."""
    dated = [(span.start, span.end) for spans in (line.moments, mentions) for span in spans]
    large = [
        n for n in line.numbers
        if n.value >= LARGE
        and not any(start <= n.start < end for start, end in dated)
        and not re.match(r"\.[A-Z]", line.between(n.end, n.end + 2))  # a ticker: 005930.KS
        and not _MONEY.search(line.between(n.start - 5, n.start))
        and not _CURRENCY.match(line.between(n.end, n.end + 20))
    ]  # fmt: skip
    for cue in line.of("counted"):
        near = (n for n in large if 0 <= n.start - cue.end <= 20 or 0 <= cue.start - n.end <= 30)
        if any(not _of_markets(line, n) for n in near):
            yield cue


def _of_markets(line: Wording, number: Numeral) -> bool:
    return line.has("market_count.market", start=number.end, end=min(line.end, number.end + 24))


def promised(line: Wording) -> bool:
    """Whether the sentence speaks of a new thing without its name: "unveiled a new electric SUV on Monday"."""
    cues = line.of(*STEP_KEYS)
    return any(line.has("kind", start=cue.start - ASIDE, end=min(line.end, cue.end + NEAR)) for cue in cues)


def unnamed(line: Wording, mention: Mention, published: str | None) -> Iterator[Step | Dropped]:
    """The steps of a sentence that speaks of a model which only a later sentence names."""
    if line.has("veto") or next(_counted(line), None):
        return
    cues = _step_cues(line)
    for cue in cues:
        if line.has("kind", start=cue.start - ASIDE, end=min(line.end, cue.end + NEAR)):
            yield _step(line, cue, mention, published, cues)


def is_background(step: Step, published: str | None) -> bool:
    """Whether a step was taken months before publication."""
    base = anchor(published)
    if step.when is None or base is None or not base.month or step.stage in ("confirmed", "teased"):
        return False
    news = date(base.year, base.month, base.day or 1)
    return span(step.when)[1] < (news - timing.LONG_AGO).isoformat()


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
