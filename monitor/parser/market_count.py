"""How many markets a brand is in, and how many it adds: the kinds `market_count` and `new_markets`.

How a sentence is read: a number that counts countries or markets ("over 40 overseas markets") ─► is it the brand's
presence that is counted, and not cities, plants, recalls ─► whose ─► now, planned, or past ─► of which part of the
world. What fails a step is dropped with the reason. One fact per subject and document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from monitor.models import Fact
from monitor.parser.clauses import Modality, actor, bounds, is_light, joint, modality, moment_in, segment
from monitor.parser.counting import Counted, counted_markets, more_of, number_after, scope_of
from monitor.parser.miscounts import why_no_count
from monitor.parser.scene import Finding, Line, Scene

Qualifier = Literal["exact", "at_least", "about", "ordinal"]


CountStatus = Literal["current", "planned"]


MOST = 8
"""How many counts of one sentence are judged."""
_MODEL = re.compile(r" (?:#?\d{1,3}[A-Z]{0,2}|[A-Z]{1,2}\d{0,3})(?![\w.,])")
"""What follows a brand's name in the name of a model: "X", "7X", "#1"."""
ABOUT = 0.1
"""How far from its number an "about" may be and still agree with another count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketCount(Fact):
    """The brand is, or will be, in so many countries or markets; `scope` None is worldwide."""

    kind: ClassVar[str] = "market_count"

    count: int
    qualifier: Qualifier = "exact"
    status: CountStatus = "current"
    scope: str | None = None

    @property
    def subject(self) -> str:
        return self._place()

    @property
    def value(self) -> str:
        return {"at_least": "≥ ", "about": "≈ "}.get(self.qualifier, "") + str(self.count)

    def agrees(self, other: Fact) -> bool:
        assert isinstance(other, MarketCount)
        low, high = self._range()
        other_low, other_high = other._range()
        return low <= other_high and other_low <= high

    def lags(self, other: Fact) -> bool:
        assert isinstance(other, MarketCount)
        return self._range()[1] < other._range()[0]

    def refines(self, other: Fact) -> bool:
        assert isinstance(other, MarketCount)
        (low, high), (other_low, other_high) = self._range(), other._range()
        return self.agrees(other) and high - low < other_high - other_low

    def _place(self) -> str:
        place = self.scope.removeprefix("region:") if self.scope else "worldwide"
        return place if self.status == "current" else f"{place}, planned"

    def _range(self) -> tuple[float, float]:
        """The counts that the words allow: "more than 30" is no contradiction of 39, nor of 45."""
        match self.qualifier:
            case "at_least":
                return self.count, self.count * 1.5 + 1
            case "about":
                return self.count * (1 - ABOUT), self.count * (1 + ABOUT)
            case _:
                return self.count, self.count

    def headline(self, before: Fact | None) -> str:
        place = f" in {self.scope.removeprefix('region:')}" if self.scope else ""
        step = f"{before.value} → {self.value}" if before else self.value
        plan = " planned" if self.status == "planned" else ""
        due = f" ({self.when})" if plan and self.when else ""
        return f"{self.brand}: {step} markets{place}{plan}{due}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMarkets(MarketCount):
    """The brand adds so many markets in the period `when`."""

    kind: ClassVar[str] = "new_markets"

    @property
    def subject(self) -> str:
        period = f"{self.when}: " if self.when else ""
        return period + self._place()

    def headline(self, before: Fact | None) -> str:
        place = f" in {self.scope.removeprefix('region:')}" if self.scope else ""
        period = f" in {self.when}" if self.when else ""
        verb = "will add" if self.status == "planned" else "added"
        was = f" (before: {before.value})" if before else ""
        return f"{self.brand} {verb} {self.value} markets{place}{period}{was}"


def propose(scene: Scene) -> tuple[Finding, ...]:
    """Every number of countries or markets in a document, kept or dropped with the reason."""
    found: list[Finding] = []
    for line in scene.lines:
        counts = (list(counted_markets(line)) or list(_figure(scene, line)))[:MOST]
        found += [finding for counted in counts for finding in _judge(scene, line, counted)]
    return tuple(found)


def _figure(scene: Scene, line: Line) -> Iterator[Counted]:
    """ "The figure should rise to 60": what is counted was said in the sentence before."""
    before = scene.lines[line.number - 1] if line.number > 0 else None
    nouns = before.of("market_count.market") if before else ()
    if before and nouns and any(True for _ in counted_markets(before)):
        yield from number_after(line, line.of("market_count.figure"), nouns)
        yield from more_of(line, nouns)


def _judge(scene: Scene, line: Line, counted: Counted) -> Iterator[Finding]:
    low, high = bounds(line, counted.start, counted.end)
    reason = why_no_count(line, counted, low, high)
    actors = () if reason else _actors(scene, line, counted, low)
    if not reason and not actors:
        reason = "another company, or a product, is in these markets"
    how = modality(
        line,
        low,
        high,
        scene.document.published,
        near=(counted.start, counted.end),
        plans=_own_end(line, counted),
    )
    reason = reason or how.why_not or _outdated(scene, line, low, high, counted.start)
    if reason:
        yield Finding(
            line,
            "market_count",
            _roles(line, low, high),
            None,
            f"{counted.number.value}: {reason}",
            counted.number.start,
        )
        return
    counted = replace(counted, new=counted.new or _is_adding(line, counted, low, high, how.planned))
    for brand in actors:
        start = max(low, _own_start(line, counted))
        planned = how.planned and not line.has("shared.now", start=start, end=counted.start)
        fact = make(line, counted, how, brand, planned=planned)
        yield Finding(
            line, fact.kind, _roles(line, low, high), fact, "counts the brand's markets", counted.number.start
        )


def _is_adding(line: Line, counted: Counted, low: int, high: int, planned: bool) -> bool:
    """ "will enter 16 countries next year", "six markets were added in 2025"."""
    if counted.number.ordinal or not (planned or moment_in(line, low, high, counted.start)):
        return False
    before = line.of("market_count.entering", start=low, end=counted.start)
    after = line.of("market_count.added", start=counted.end, end=high)
    return bool(before and counted.start - before[-1].end <= 12) or bool(after and after[0].start - counted.end <= 12)


def _own_end(line: Line, counted: Counted) -> int:
    """Where the words end that may make a plan of a count: at the next comma or "and"."""
    _, high = segment(line, counted.start, counted.end)
    return next((cue.start for cue in line.of("shared.and", start=counted.end, end=high)), high)


def _own_start(line: Line, counted: Counted) -> int:
    """Where they begin: behind the last comma or "and"."""
    low, _ = segment(line, counted.start, counted.end)
    return max([low, *(cue.end for cue in line.of("shared.and", start=low, end=counted.start))])


def _roles(line: Line, low: int, high: int) -> tuple[str, ...]:
    return line.described("market_count.", "shared.", start=low, end=high)


def _actors(scene: Scene, line: Line, counted: Counted, low: int) -> tuple[str, ...]:
    """The brands that are in these markets: one, or two that are named together."""
    who = actor(scene, line, counted.start)
    if who.brand is None:
        late = [name for name in line.names if name.start >= counted.end and name.brand == scene.brand]
        return (late[0].brand,) if late and who.end is None else ()
    if who.brand != scene.brand and not scene.cast.is_kin(who.brand):
        return _together(scene, line, counted)
    if (
        who.end is None
        and not (counted.new or counted.number.ordinal)
        and not _is_about_brand(scene, line, counted, low)
    ):
        return ()
    if (who.end is None or not counted.number.ordinal) and _is_product(scene, line, counted, low, who.end):
        return ()
    return _together(scene, line, counted) or (who.brand,)


def _together(scene: Scene, line: Line, counted: Counted) -> tuple[str, ...]:
    """Both of two brands that are counted together, when the document's is one of them."""
    names = joint(line, counted.start)
    return names if scene.brand in names else ()


def _is_about_brand(scene: Scene, line: Line, counted: Counted, low: int) -> bool:
    """Whether a sentence that names nobody counts the brand's markets: shops are counted in them ("931 of them in 36
    countries"), or its first word of weight says that somebody is there; or its language leaves out the subject of the
    sentence before."""
    if any(low <= number.start < counted.start for number in line.numbers) or line.has("market_count.number_of"):
        return True
    presence = line.of("market_count.presence", start=low, end=counted.start)
    small = ("shared.link", "shared.also", "shared.now", "market_count.worldwide", "shared.plan", "market_entry.filler")
    if presence and is_light(line, low, presence[0].start, *small):
        return True
    return scene.words.drops_subject and scene.referent(line, line.start) == scene.brand


def _is_product(scene: Scene, line: Line, counted: Counted, low: int, subject: int | None) -> bool:
    """Whether a model, a feature or a line of goods is in these markets, and not the brand."""
    start = max(low, subject if subject is not None else low)
    if line.has("market_count.product", start=start, end=counted.start):
        return True
    # "the giant of Shenzhen", "headquartered in Ningbo"
    owners = {
        cue.end + 1 for cue in line.of("shared.of", "market_count.within", "market_count.from", end=counted.start)
    }
    if any(
        start <= name.end <= counted.start and _MODEL.match(line.between(name.end, line.end)) for name in line.names
    ):
        return True
    inside = [(a, b) for a, b in line.strangers if start <= a and b <= counted.start and a not in owners]
    return any("," not in line.between(start, a) or "," not in line.between(b, counted.start) for a, b in inside)


def _outdated(scene: Scene, line: Line, low: int, high: int, near: int) -> str | None:
    """A count of an earlier time, told for contrast."""
    published = scene.document.published
    low, high = max(low, segment(line, near, near)[0]), min(high, segment(line, near, near)[1])
    dates = [moment for moment in line.moments if low <= moment.start and moment.end <= high]
    old = dates and published and all(int(published[:4]) - int(moment.when[:4]) >= 2 for moment in dates)
    if old:
        return "a count of earlier years"
    return (
        "told as the past"
        if line.has("shared.past", start=low, end=high) and not line.has("shared.now", start=low, end=high)
        else None
    )


def make(line: Line, counted: Counted, how: Modality, brand: str, *, planned: bool) -> MarketCount:
    """The fact that a counted number makes: what kind of count, and of which part of the world. It has no date yet."""
    number = counted.number
    kind = NewMarkets if counted.new and not number.ordinal else MarketCount
    return kind(
        brand=brand,
        count=number.value,
        qualifier="ordinal" if number.ordinal else number.qualifier,
        status="planned" if planned else "current",
        scope=scope_of(line, counted),
        hedged=how.hedged,
        evidence=line.text,
        start=line.start,
        end=line.end,
    )


def one_per_subject(findings: list[Finding]) -> tuple[Finding, ...]:
    """Of several counts of one subject the best stated stays; targets for different dates are different subjects."""
    best: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        fact = finding.fact
        if isinstance(fact, MarketCount):
            key = (fact.kind, fact.brand, fact.scope, fact.status, fact.when if fact.status == "planned" else None)
            if key not in best or _strength(finding) > _strength(best[key]):
                best[key] = finding
    kept = {id(finding) for key, finding in best.items() if not _is_reached_already(key, finding, best)}
    return tuple(
        finding
        if finding.fact is None or id(finding) in kept
        else replace(finding, fact=None, why="the document says it better elsewhere")
        for finding in findings
    )


def _is_reached_already(key: tuple[object, ...], finding: Finding, best: Mapping[tuple[object, ...], Finding]) -> bool:
    """Whether a target is not above what the same document says there is: then it is no target."""
    kind, brand, scope, status, _ = key
    now = best.get((kind, brand, scope, "current", None))
    if status != "planned" or kind != MarketCount.kind or now is None:
        return False
    target, reached = finding.fact, now.fact
    assert isinstance(target, MarketCount)
    assert isinstance(reached, MarketCount)
    return target.count <= reached.count


def _strength(finding: Finding) -> tuple[bool, bool, int]:
    fact = finding.fact
    assert isinstance(fact, MarketCount)
    now = finding.line.has("shared.now") or fact.qualifier == "ordinal"
    return now, fact.qualifier in ("exact", "ordinal"), fact.count
