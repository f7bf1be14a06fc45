"""Whether a step into a market is still to come, or has only just been taken, as far as its dates tell."""

from __future__ import annotations

from monitor.parser.clauses import bounds, is_ahead, moment_in
from monitor.parser.dates import Moment
from monitor.parser.place_lists import chains_of
from monitor.parser.scene import Line, Scene
from monitor.parser.steps import Event


def is_upcoming(scene: Scene, line: Line, event: Event) -> bool:
    """Whether the sentence goes on in the present tense with a coming launch that the text has told of before."""
    if not line.has("market_entry.present_tense", start=event.cue.start, end=event.cue.end) or _moment(line, event):
        return False
    following = scene.lines[line.number + 1 : line.number + 2]
    if (
        following
        and not chains_of(following[0])
        and _tells_step(following[0])
        and not following[0].has("market_entry.delivery")
    ):
        first = next(iter(following[0].moments), None)
        if first and is_ahead(first, scene.document.published):
            return True
    for earlier in scene.lines:
        if earlier is line:
            return False
        for cue in earlier.of("market_entry.launch_noun"):
            moment = moment_in(earlier, *bounds(earlier, cue.start, cue.end), cue.start)
            if moment and is_ahead(moment, scene.document.published):
                return True
    return False


def is_recent(scene: Scene, line: Line, event: Event) -> bool:
    """ "its cars have been on sale there since Monday": what has been so for days only has just begun."""
    if line.has("market_entry.from_now", start=event.low, end=event.high):
        return True
    moment = _moment(line, event)
    published = scene.document.published
    if moment and any(0 <= moment.start - cue.end <= 4 for cue in line.of("market_entry.since", end=moment.end)):
        return True
    if moment and line.has("market_entry.since", start=moment.start, end=moment.end):
        return True
    return bool(moment and published and moment.behind[:7] == published[:7] and len(moment.behind) >= 7)


def _moment(line: Line, event: Event) -> Moment | None:
    return moment_in(line, event.low, event.high, event.cue.start)


def _tells_step(line: Line) -> bool:
    return line.has(
        "market_entry.launch_noun",
        "market_entry.done",
        "market_entry.come",
        "market_entry.enter",
        "market_entry.avail",
        "market_entry.present",
    )
