"""From the claims about a subject to what is believed of it: pure, and the same in whatever order claims arrive.

    claims, by date ─► heard one by one ─► State: which value holds, who supports it, who speaks against it, why

The rules, in the order they are tried when a claim differs from what is believed:

1. What was believed before and has been left is old news when somebody other than the brand repeats it; so is an
   earlier stage of a model. A rumour overturns nothing.
2. An outlet may take back what it alone said.
3. A step that contradicts nobody (unveiled after confirmed) may be told by anyone.
4. The brand itself is believed; so are two independent voices; so is one, when the brand has said nothing else lately
   and the subject is a value: of an attribute, as of a date, one voice is not enough.
5. Otherwise good sources disagree: both values are kept, and the subject is disputed until the brand, or the outlet
   that disagreed, settles it.

Absence plays no part: a claim that is no longer found stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from monitor.models import Authority, Claim, State, Subject
from monitor.parser.voices import Voices, by_date, independent, standings, voices

LATELY = timedelta(days=30)
"""Claims further apart than this differ because time passed, not because somebody is wrong."""

FIRST = "the first that was said of it"
DISAGREE = "the sources disagree"


def believe(subject: Subject, claims: Iterable[Claim]) -> State | None:
    """What follows from the claims, whatever order they come in; None when there are none."""
    about = sorted(claims, key=by_date)
    hearing = Hearing(subject, voices(about))
    for claim in about:
        hearing.hear(claim)
    return hearing.verdict()


@dataclass(slots=True)
class Hearing:
    """Claims about one subject, or about one attribute of it, heard in the order of their dates."""

    subject: Subject
    of: Voices
    aspect: str | None = None
    passing: bool = False
    """It is of an event: what is said of it much later is said of another one."""
    state: State | None = None
    left: dict[tuple[str, str], Claim] = field(default_factory=dict)
    """What was believed once: of each value and voice the latest claim."""

    def hear(self, claim: Claim) -> None:
        """Takes in one more claim, not older than those before."""
        state = self.state
        if state is None:
            self.state = State(subject=self.subject, believed=claim, supports=(claim,), rule=FIRST, aspect=self.aspect)
            return
        following = self._weighed(state, claim)
        if following.believed.fact.value != state.believed.fact.value:
            was = state.believed
            self.left[was.fact.value, self._voice(was)] = was
        self.state = following

    def verdict(self) -> State | None:
        """What is believed now, with how each claim counts."""
        if self.state is None:
            return None
        counted = standings(self.state.supports, self.of)
        for value in {rival.fact.value for rival in self.state.rivals}:
            counted |= standings([rival for rival in self.state.rivals if rival.fact.value == value], self.of)
        return replace(self.state, standings=counted)

    def _weighed(self, state: State, claim: Claim) -> State:
        if claim.fact.agrees(state.believed.fact):
            return self._supported(state, claim)
        if self._is_old_news(state, claim) or (claim.fact.hedged and not state.believed.fact.hedged):
            return state
        rivals = tuple(rival for rival in state.rivals if self._voice(rival) != self._voice(claim))
        allies = (*(rival for rival in state.rivals if rival.fact.agrees(claim.fact)), claim)
        rule = self._why_enough(state, claim, allies)
        if rule is None and self.passing and all(claim.date - s.date > LATELY for s in state.supports):
            return state
        if rule is None:
            others = tuple(rival for rival in rivals if not rival.fact.agrees(claim.fact))
            return replace(state, rivals=(*others, *allies), rule=DISAGREE)
        against = tuple(
            other
            for other in (*state.supports, *rivals)
            if self._voice(other) != self._voice(claim)
            and not other.fact.agrees(claim.fact)
            and _contradicts(other, claim)
        )
        return replace(state, believed=claim, supports=allies, rivals=against, rule=rule)

    def _supported(self, state: State, claim: Claim) -> State:
        """One more voice for what is believed. The brand's own word ends a dispute, and a fact ends a rumour."""
        settled = bool(state.rivals) and claim.authority is Authority.OFFICIAL
        confirmed = state.believed.fact.hedged and not claim.fact.hedged
        rivals = tuple(rival for rival in state.rivals if self._voice(rival) != self._voice(claim))
        return replace(
            state,
            believed=claim if confirmed else state.believed,
            supports=(*state.supports, claim),
            rivals=() if settled else rivals,
            rule="the brand itself confirms it" if settled else state.rule,
        )

    def _is_old_news(self, state: State, claim: Claim) -> bool:
        believed = state.believed
        if not claim.fact.lags(believed.fact):
            repeats = any(
                claim.fact.agrees(past.fact) and self._voice(past) != self._voice(claim) for past in self.left.values()
            )
            return repeats and claim.authority is not Authority.OFFICIAL and not state.disputed
        if claim.authority is Authority.OFFICIAL and believed.authority is not Authority.OFFICIAL:
            return believed.fact.advances(claim.fact)  # a model goes on; a count that the brand puts lower does not
        official = any(support.authority is Authority.OFFICIAL for support in state.supports)
        if official or believed.fact.advances(claim.fact):
            return True
        return any(claim.fact.agrees(past.fact) for past in self.left.values())

    def _why_enough(self, state: State, claim: Claim, allies: Sequence[Claim]) -> str | None:
        """The rule by which a differing claim is believed at once, or None."""
        if claim.fact.advances(state.believed.fact):
            return "the next step after what was known"
        if claim.authority is Authority.OFFICIAL:
            return "the brand itself says so"
        if {self._voice(support) for support in state.supports} == {self._voice(claim)}:
            return f"{claim.outlet}, which alone said otherwise, says so now"
        heard = independent(allies, self.of)
        if len(heard) >= 2:
            return f"{len(heard)} independent outlets say so"
        official = [s for s in state.supports if s.authority is Authority.OFFICIAL and claim.date - s.date <= LATELY]
        if self.aspect is None and not official and claim.authority is not Authority.SPONSORED:
            return "one outlet says so, and the brand has said nothing else lately"
        return None

    def _voice(self, claim: Claim) -> str:
        return self.of[claim.id]


def _contradicts(older: Claim, newer: Claim) -> bool:
    """Whether an older claim speaks against a newer one, rather than of the time before it."""
    natural = older.fact.lags(newer.fact) or newer.fact.advances(older.fact)
    return newer.date - older.date <= LATELY and not natural and not older.fact.hedged
