"""What became of a step: entered, planned, exited or mere presence; and the reasons why a sentence tells of no step."""

from __future__ import annotations

from typing import Literal

from monitor.parser.clauses import Modality, segment
from monitor.parser.scene import Finding, Line, Scene
from monitor.parser.step_tense import is_recent
from monitor.parser.steps import Event

EntryStatus = Literal["entered", "planned", "exited"]

Basis = Literal["event", "presence"]

AGO_REACH = 20
"""How far before "it pulled out" may stand "years after"."""

BLOCK_REACH = 15
"""How far behind a place may stand what alone is left: "leaves its Russian plant"."""


def why_no_entry(scene: Scene, line: Line, event: Event, how: Modality, earlier: list[Finding]) -> str | None:
    """The reason why something begins or ends in a place although the brand does not; None if it does."""
    end = next((cue.start for cue in line.of("shared.and", start=event.end, end=event.high)), event.high)
    if event.role != "exit" and (stop := line.of("market_entry.suspended", start=event.low, end=end)):
        return f'it is called off ("{stop[0].text}")'
    if line.has("market_entry.denial", end=event.start):
        return "denied"
    if event.role == "exit" and line.has("market_entry.long_ago", start=event.low - AGO_REACH, end=event.high):
        return "it was long ago"
    if blocker := _blocker(line, event):
        return f'not the brand\'s presence ("{blocker}")'
    if event.role in ("sell", "avail") and not how.planned and not is_recent(scene, line, event):
        return "sold there, which is no step"
    if event.role == "open" and any(
        event.cue.start - 30 <= number.start < event.chain.start for number in line.numbers
    ):
        return "some shops more"
    if event.role == "follow" and not (any(found.fact for found in earlier) or _is_about_markets(scene, line, event)):
        return "nothing was entered before that this could follow"
    if event.role == "assign" and not line.has("shared.partner"):
        return "no partner is named"
    if event.role == "listing" and not _is_about_new_markets(scene, line):
        return "no new markets were spoken of that these could be"
    return None


def _blocker(line: Line, event: Event) -> str | None:
    """The word that says that something else than the brand comes or goes, between commas around the step."""
    if event.role in ("ordinal", "debut_market", "first", "receive", "carry"):
        return None
    low, high = segment(line, event.start, event.end)
    low, high = max(low, event.low), min(high, event.high)
    if event.role == "exit":
        low, high = event.start, min(high, event.end + BLOCK_REACH)
    named = [*line.strangers, *((name.start, name.end) for name in line.names)]
    named += [(cue.start, cue.end) for cue in line.of("market_entry.marketlike")]
    for cue in line.of("market_entry.not_exit" if event.role == "exit" else "market_entry.not", start=low, end=high):
        if not any(start <= cue.start and cue.end <= end for start, end in named):
            return cue.text
    return None


def _is_about_markets(scene: Scene, line: Line, event: Event) -> bool:
    """Whether the title or the sentences right before speak of markets, and this one of no product."""
    if line.has("market_entry.product", end=event.start) or any(end <= event.start for _, end in line.strangers):
        return False
    near = (scene.title, *scene.lines[max(0, line.number - 2) : line.number + 1])
    return any(other.has("market_count.market", "market_entry.entry") for other in near)


def _is_about_new_markets(scene: Scene, line: Line) -> bool:
    """Whether the sentence before speaks of markets to come, or that have come."""
    return any(
        other.has("market_count.market") and other.has("shared.plan", "market_entry.enter", "market_entry.come")
        for other in scene.lines[max(0, line.number - 1) : line.number]
    )


def standing(scene: Scene, line: Line, event: Event, how: Modality) -> tuple[EntryStatus, Basis]:
    """What became of the step, and whether it is one."""
    if event.role == "exit":
        return "exited", "event"
    if line.has("market_entry.postponed", start=event.low, end=event.high) or how.planned:
        return _standing_of_plan(line, event, how)
    done = line.has("market_entry.done", start=event.low, end=event.high)
    match event.role:
        case "carry" if not done:
            return "entered", "presence"
        case "present" if not (is_recent(scene, line, event) or _can_now(line, event)):
            return "entered", "presence"
        case "sign" | "assign" | "grant":
            return "planned", "event"
        case "follow" if not line.has("market_entry.followed", start=event.low, end=event.high):
            return "planned", "event"
        case "listing" if any(other.has("shared.plan") for other in scene.lines[max(0, line.number - 1) : line.number]):
            return "planned", "event"
        case "entry" if line.has("shared.plan"):
            return "planned", "event"
        case "ordinal" if not done and line.has("market_count.as", start=event.cue.start - 6, end=event.cue.start):
            return "planned", "event"
        case "first" if not done:
            return "planned", "event"
        case _:
            return "entered", "event"


def _standing_of_plan(line: Line, event: Event, how: Modality) -> tuple[EntryStatus, Basis]:
    """What words for a plan make of a step: one planned, unless "as its 12th market" tells what is done."""
    done = line.has("market_entry.done", start=event.low, end=event.high)
    as_market = event.role == "ordinal" and line.has("market_count.as", start=event.cue.start - 6, end=event.cue.start)
    return ("entered" if as_market and done and how.planned else "planned"), "event"


def _can_now(line: Line, event: Event) -> bool:
    """ "Customers in Chile can now order": what has just become possible."""
    return any(0 <= cue.start - event.chain.end <= 3 for cue in line.of("market_entry.can_now", start=event.chain.end))
