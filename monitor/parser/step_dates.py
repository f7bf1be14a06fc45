"""When a step into or out of a market happens: the date beside its places, in its sentence, or in the sentence next
to it.

A plan takes dates ahead of the publication only; what is done takes those behind it. What the text does not date is
not dated,
except today's news, which is of the month of its publication.
"""

from __future__ import annotations

from monitor.models import When
from monitor.parser.clauses import bounds, is_ahead, is_light, last_day, moment_in
from monitor.parser.dates import Moment
from monitor.parser.place_lists import Chain, chains_of
from monitor.parser.scene import Line, Scene
from monitor.parser.steps import Event
from monitor.parser.territories import Territory


def upcoming_launch(scene: Scene, line: Line, event: Event) -> Moment | None:
    """The coming launch that the text has told of before, when this sentence goes on in the present tense."""
    if not line.has("market_entry.present_tense", start=event.cue.start, end=event.cue.end) or _moment(line, event):
        return None
    following = scene.lines[line.number + 1 : line.number + 2]
    if (
        following
        and not chains_of(following[0])
        and _tells_step(following[0])
        and not following[0].has("market_entry.delivery")
    ):
        first = next(iter(following[0].moments), None)
        if first and is_ahead(first, scene.document.published):
            return first
    for earlier in scene.lines:
        if earlier is line:
            return None
        for cue in earlier.of("market_entry.launch_noun"):
            moment = moment_in(earlier, *bounds(earlier, cue.start, cue.end), cue.start)
            if moment and is_ahead(moment, scene.document.published):
                return moment
    return None


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


def when_of(scene: Scene, line: Line, event: Event, place: Territory, status: str) -> When | None:
    """The date of a step: beside its places, else in its part of the sentence, else in the sentences beside it."""
    published = scene.document.published
    own = [moment for moment in line.moments if event.low <= moment.start and moment.end <= event.high]
    beside = _beside(line, event.chain, place, own)
    outside = [m for m in own if m.end <= event.chain.start or m.start >= event.chain.end]
    nearest = sorted(
        outside, key=lambda moment: min(abs(moment.start - event.cue.end), abs(event.cue.start - moment.end))
    )
    if status == "exited":
        dated = [*beside, *nearest]
        ahead = [moment.when for moment in dated if is_ahead(moment, published)]
        return next(iter([*ahead, *(moment.when for moment in dated if not _is_report(line, moment))]), None)
    if status == "entered":
        found = next((moment.behind for moment in (*beside, *nearest)), None) or _day_told_beside(scene, line)
        return found or (published[:7] if published else None)
    rest = [moment for moment in line.moments if moment not in own] if event.last else []
    for moment in (*beside, *nearest, *rest, *_told_after(scene, line), *_told_before(scene, line)):
        if not published or last_day(moment.ahead) > published:
            return moment.ahead
    return None


def _is_report(line: Line, moment: Moment) -> bool:
    """ "said on Thursday" dates the saying."""
    told = line.of("market_entry.told", end=moment.start)
    return bool(told) and is_light(line, told[-1].end, moment.start, "shared.link")


def _beside(line: Line, chain: Chain, place: Territory, own: list[Moment]) -> list[Moment]:
    """The date of one place of a list: its own; else the one behind a later place; else the one before an earlier
    place.

    "Spain in May and Italy in June" dates each; "Spain and Italy in June" dates both; "Spain and, next year, Italy"
    only Italy.
    """
    number = chain.places.index(place)
    after = [_after(line, other, own) for other in chain.places[number:]]
    before = [_before(line, other, own) for other in reversed(chain.places[: number + 1])]
    candidates = (after[0], before[0], *after[1:], *before[1:])
    return [moment for moment in candidates if moment is not None][:1]


def _after(line: Line, place: Territory, own: list[Moment]) -> Moment | None:
    """The date right behind a place, with at most a small word between."""
    return next((m for m in own if m.start >= place.end and _is_joined(line, place.end, m.start, "shared.link")), None)


def _before(line: Line, place: Territory, own: list[Moment]) -> Moment | None:
    """The date right before a place, with at most a comma or a small word between."""
    roles = ("shared.link",)
    return next((m for m in reversed(own) if m.end <= place.start and is_light(line, m.end, place.start, *roles)), None)


def _is_joined(line: Line, start: int, end: int, *roles: str) -> bool:
    """Whether two places are joined without any comma."""
    return "," not in line.between(start, end) and is_light(line, start, end, *roles)


def _day_told_beside(scene: Scene, line: Line) -> When | None:
    """The day of today's news, told in the sentence before or after: "On Tuesday the ribbon was cut." """
    published = scene.document.published or ""
    around = scene.lines[max(0, line.number - 1) : line.number + 2]
    days = [moment.behind for other in around for moment in other.moments if len(moment.behind) == 10]
    return next((day for day in days if day[:7] == published[:7] and day <= published[:10]), None)


def _told_after(scene: Scene, line: Line) -> tuple[Moment, ...]:
    """The dates of the next sentence, when it goes on with the same step: "Doors open on 3 December." """
    following = scene.lines[line.number + 1 : line.number + 2]
    return tuple(
        moment for other in following if not chains_of(other) for moment in other.moments[:1] if _tells_step(other)
    )


def _told_before(scene: Scene, line: Line) -> tuple[Moment, ...]:
    """The dates of the sentence before, when it plans new markets: "Six markets will be added in 2026." """
    before = scene.lines[max(0, line.number - 1) : line.number]
    return tuple(
        moment
        for other in before
        if other.has("market_count.market") and other.has("shared.plan")
        for moment in other.moments
    )


def _tells_step(line: Line) -> bool:
    return line.has(
        "market_entry.launch_noun",
        "market_entry.done",
        "market_entry.come",
        "market_entry.enter",
        "market_entry.avail",
        "market_entry.present",
    )
