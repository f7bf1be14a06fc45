"""Which models a verb is about: those named in its clause, those listed beside them, or what "it" means.

A model that is only compared with ("than the EHS9", "rivals like the Model 3") is none of them, if another is at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monitor.parser.designations import ALONE, Mention
from monitor.parser.lexicon import Cue
from monitor.parser.wording import STEP_KEYS, Wording, clause, meaning

FAR = 150
"""How many characters a verb and its model may be apart."""
NEAR = 45
OPENING = 12
"""Within how many characters of its start a sentence opens with a verb."""


def of(line: Wording, cue: Cue, mentions: Sequence[Mention], focus: Sequence[Mention]) -> list[Mention]:
    """The models that the verb is about: the nearest in its clause and those listed with it, else what "it" means."""
    low, high = clause(line, cue.start)
    inside = [m for m in mentions if low <= m.start and m.end <= high and distance(m, cue) <= FAR]
    inside = [m for m in inside if m.trust > ALONE or distance(m, cue) <= NEAR]
    inside = [m for m in inside if not _acts(line, m, cue)]
    inside = [m for m in inside if not beside(line, m)] or inside
    if inside:
        nearest = min(inside, key=lambda m: distance(m, cue))
        return _with_listed(line, nearest, mentions)
    earlier = [m for m in mentions if m.end <= low and m.trust > ALONE and not beside(line, m)]
    if earlier and _pronoun(line, cue, low, mentions):
        return _with_listed(line, earlier[-1], mentions)  # "The X was shown in May; it can now be ordered"
    if focus and (_pronoun(line, cue, low, mentions) or (not mentions and len(focus) == 1 and _bare(line, cue))):
        return list(focus)
    outside = [m for m in mentions if distance(m, cue) <= NEAR and m.trust > ALONE and not beside(line, m)]
    return _with_listed(line, min(outside, key=lambda m: distance(m, cue)), mentions) if outside else []


def distance(mention: Mention, cue: Cue) -> int:
    return max(mention.start - cue.end, cue.start - mention.end, 0)


def _with_listed(line: Wording, nearest: Mention, mentions: Sequence[Mention]) -> list[Mention]:
    """The nearest model with those joined to it by "and", commas and little else."""
    order = sorted(mentions, key=lambda m: m.start)
    at = order.index(nearest)
    found = [nearest]
    for left, right in zip(order[at:], order[at + 1 :], strict=False):
        if not _joined(line, left, right):
            break
        found.append(right)
    for right, left in zip(order[at::-1], order[:at][::-1], strict=False):
        if not _joined(line, left, right):
            break
        found.append(left)
    return found


def group(line: Wording, mentions: Sequence[Mention]) -> list[Mention]:
    """The models that a sentence is about: the first that is not only compared with, and those listed with it."""
    own = [m for m in mentions if not beside(line, m)]
    return _with_listed(line, own[0], mentions) if own else []


def _joined(line: Wording, left: Mention, right: Mention) -> bool:
    between = line.between(left.end, right.start)
    if len(between) > 60 or line.of(*STEP_KEYS, start=left.end, end=right.start):
        return False
    if line.has("beside", start=left.end, end=right.start):
        return False
    return bool(line.has("and", start=left.end, end=right.start) or re.search(r"[,、/&]", between))


def beside(line: Wording, mention: Mention) -> Cue | None:
    """What makes a model one that is only compared with: "than the EHS9", "rivals like the Model 3"."""
    start = next((name.start for name in line.names if name.end == mention.start - 1), mention.start)
    for cue in line.of("beside", start=max(line.start, start - 32), end=mention.start):
        between = line.between(cue.end, start)
        if any(other.start < cue.end and cue.start < other.end for other in line.of("lineup", "called")):
            continue  # "starts with the X", "goes by the name X": the words are part of those
        if cue.start - line.start <= 1 and line.has("opening", start=cue.start, end=cue.end):
            continue  # "With the X, the brand enters ..."
        if len(between.split()) <= 3 and not re.search(r",(?!\d)", between):
            return cue
    return None


def _pronoun(line: Wording, cue: Cue, low: int, mentions: Sequence[Mention]) -> Cue | None:
    """The "it" or "this model" that is the verb's subject."""
    if not mentions and (found := _object(line, cue)):
        return found
    for found in reversed([*_subjects(line, low, cue), *line.of("it", start=low, end=cue.end)]):
        if any(found.end <= name.start and name.end <= cue.start for name in line.names):
            continue  # somebody else has become the subject
        if any(c.end - c.start > 4 for c in line.of("shared.self", start=found.end, end=cue.start)):
            continue
        if _is_company(line, found, cue):
            continue
        if found.start - line.start <= 3 or cue.start - found.end <= 60:
            return found
    return None


def _acts(line: Wording, mention: Mention, cue: Cue) -> bool:
    """Whether the name is who does it: "Mr X confirmed", "the team has unveiled"."""
    if mention.end > cue.start or line.line.sentence.kind != "prose":
        return False
    if not any(c.start == cue.start for c in line.of("agentive")):
        return False
    between = line.between(mention.end, cue.start).strip()
    return not between or any(c.text == between for c in line.of("have", start=mention.end, end=cue.start))


def _is_company(line: Wording, pronoun: Cue, cue: Cue) -> bool:
    """Whether "it" is who acts, not the model: "the company said it would launch a service"."""
    named = any(name.end <= pronoun.start for name in line.names) or line.has("shared.self", end=pronoun.start)
    following = re.match(r"\s([^\W\d_]+)", line.between(cue.end, cue.end + 24))
    return bool(named and pronoun.end <= cue.start and following and following[1].lower() not in line.after)


def _object(line: Wording, cue: Cue) -> Cue | None:
    """The "the SUV" right behind a verb: "will launch the SUV", "gezeigt wird der Zweisitzer"."""
    for kind in line.of("kind", start=cue.end, end=min(line.end, cue.end + NEAR)):
        lead = re.findall(r"[^\W\d_]+", line.between(cue.end, kind.start))
        if 1 <= len(lead) <= 3 and any(word.lower() in line.definite for word in lead[:2]):
            return kind
    return None


def _subjects(line: Wording, low: int, cue: Cue) -> Iterator[Cue]:
    """Words such as "SUV" in "the seven-seat electric SUV will ..." at the head of a clause."""
    for kind in line.of("kind", start=low, end=cue.start):
        lead = re.findall(r"[^\W\d_]+", line.between(low, kind.start))
        if (
            1 <= len(lead) <= 6
            and any(word.lower() in line.definite for word in lead[:2])
            and not any(n.end <= kind.start for n in line.names)
        ):
            yield kind


def _bare(line: Wording, cue: Cue) -> bool:
    """Whether the sentence opens with the step and names nobody: "Orders open in Germany", "Deliveries begin"."""
    if (
        line.line.sentence.kind != "prose"
        or meaning(cue) not in ("order", "deliver", "launch")
        or cue.start - line.start > OPENING
    ):
        return False
    return not any(name.end <= cue.start for name in line.names) and not line.has("kind", start=cue.end)
