"""From the claims about a subject to what is believed of it: pure, and the same in whatever order claims arrive.

    claims, by date ─► heard one by one ─► State: which value holds, who supports it, who speaks against it, why

The rules, in the order they are tried when a claim differs from what is believed:

1. What was believed before and has been left is old news when somebody other than the brand repeats it; so is an
   earlier stage of a model, and a lower count of the brand itself that it gave within a year, or while it gave the
   higher one lately: old texts come back under new dates. A page that says something else than it did is no old text.
   A rumour overturns nothing. But what one outlet alone has moved is open to contradiction, and so is what was left a
   year ago: then two voices decide.
2. An outlet may take back what it alone said.
3. A step that contradicts nobody (unveiled after confirmed) may be told by anyone.
4. The brand itself is believed; so are two independent voices; so is one, when the brand has said nothing else lately
   and the subject is a value: of an attribute, as of a date, one voice is not enough.
5. Otherwise good sources disagree: both values are kept, and the subject is disputed until the brand, or the outlet
   that disagreed, settles it. What is paid for disputes nothing.

Who says the same more exactly ("39" after "more than 30") is believed instead, unless the brand has said it and this is
somebody else.

Absence plays no part: a claim that is no longer found stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.models import Authority, Claim, State, Subject
from monitor.parser.voices import Voices, by_date, independent, standings, voices

LATELY = timedelta(days=30)
"""Claims further apart than this differ because time passed, not because somebody is wrong."""

AGES = timedelta(days=365)
"""What was left so long ago may be so again."""

FIRST = "the first that was said of it"
DISAGREE = "the sources disagree"
CONFIRMED = "the brand itself confirms it"
REFINED = "it is said more exactly"


def believe(subject: Subject, claims: Iterable[Claim]) -> State | None:
    """What follows from the claims, whatever order they come in; None when there are none."""
    about = sorted(claims, key=by_date)
    hearing, heard = Hearing(subject, voices(about)), NOTHING
    for claim in about:
        heard = hearing.hear(heard, claim)
    return hearing.verdict(heard)


@dataclass(frozen=True, slots=True)
class Left:
    """A value that was believed once: the latest claim of it, and whose word it was."""

    claim: Claim
    voices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the claims that were heard so far come to."""

    state: State | None
    left: Mapping[str, Left]
    """What was believed once, by value."""


NOTHING = Heard(None, {})


@dataclass(frozen=True, slots=True)
class Hearing:
    """How claims about one subject, or about one attribute of it, are heard in the order of their dates."""

    subject: Subject
    of: Voices
    aspect: str | None = None
    passing: bool = False
    """It is of an event: what is said of it much later is said of another one."""

    def hear(self, heard: Heard, claim: Claim) -> Heard:
        """What it comes to with one more claim, not older than those before."""
        state, left = heard.state, heard.left
        if state is None:
            first = State(subject=self.subject, believed=claim, supports=(claim,), rule=FIRST, aspect=self.aspect)
            return Heard(first, left)
        following = self._weighed(state, claim, left)
        if following is state:
            return heard
        was = state.believed
        if not following.believed.fact.agrees(was.fact):  # what is only said more exactly has not been left
            before = left[was.fact.value].voices if was.fact.value in left else frozenset()
            left = {**left, was.fact.value: Left(was, before | {self._voice(was)})}
        return Heard(following, left)

    def verdict(self, heard: Heard) -> State | None:
        """What is believed after all, with how each claim counts."""
        state = heard.state
        if state is None:
            return None
        counted = standings(state.supports, self.of)
        for value in {rival.fact.value for rival in state.rivals}:
            counted |= standings([rival for rival in state.rivals if rival.fact.value == value], self.of)
        return replace(state, standings=counted)

    def _weighed(self, state: State, claim: Claim, left: Mapping[str, Left]) -> State:
        if claim.fact.agrees(state.believed.fact):
            return self._supported(state, claim)
        if self._is_old_news(state, claim, left) or (claim.fact.hedged and not state.believed.fact.hedged):
            return state
        rivals = tuple(rival for rival in state.rivals if self._voice(rival) != self._voice(claim))
        allies = (*(rival for rival in state.rivals if rival.fact.agrees(claim.fact)), claim)
        rule = self._why_enough(state, claim, allies, again=any(True for _ in _agreeing(claim, left)))
        if rule is None and claim.authority is Authority.SPONSORED:
            return state
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
        own = claim.authority is Authority.OFFICIAL
        settled = bool(state.rivals) and own
        confirmed = state.believed.fact.hedged and not claim.fact.hedged
        entitled = own or not any(support.authority is Authority.OFFICIAL for support in state.supports)
        refined = entitled and claim.authority is not Authority.SPONSORED and claim.fact.refines(state.believed.fact)
        rivals = tuple(rival for rival in state.rivals if self._voice(rival) != self._voice(claim))
        rule = CONFIRMED if settled else REFINED if refined else state.rule
        if state.rivals and not (settled or rivals):
            rule = f"{claim.outlet}, which said otherwise, says so now"
        return replace(
            state,
            believed=claim if confirmed or refined else state.believed,
            supports=(*state.supports, claim),
            rivals=() if settled else rivals,
            rule=rule,
        )

    def _is_old_news(self, state: State, claim: Claim, left: Mapping[str, Left]) -> bool:
        believed = state.believed
        if claim.living and any(support.url == claim.url for support in state.supports):
            return False  # a page that says something else today is no old text
        if not claim.fact.lags(believed.fact):
            if claim.authority is Authority.OFFICIAL or state.disputed:
                return False
            mine = {self._voice(claim)}
            return self._is_firm(state, claim) and any(past.voices - mine for past in _agreeing(claim, left))
        if believed.fact.advances(claim.fact):
            return True  # a model goes on
        official = [support.date for support in state.supports if support.authority is Authority.OFFICIAL]
        if claim.authority is Authority.OFFICIAL:
            archived = any(claim.date - past.claim.date <= AGES for past in _agreeing(claim, left))
            return believed.authority is Authority.OFFICIAL and (archived or claim.date - max(official) <= LATELY)
        return bool(official) or (self._is_firm(state, claim) and any(True for _ in _agreeing(claim, left)))

    def _is_firm(self, state: State, claim: Claim) -> bool:
        """Whether what is believed rests on the brand's word or on two voices, heard in the year before a claim."""
        heard = max(support.date for support in state.supports)
        official = any(support.authority is Authority.OFFICIAL for support in state.supports)
        return (official or len(independent(state.supports, self.of)) >= 2) and claim.date - heard <= AGES

    def _why_enough(self, state: State, claim: Claim, allies: Sequence[Claim], *, again: bool) -> str | None:
        """The rule by which a differing claim is believed at once, or None. `again`: it was believed before."""
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
        if self.aspect is None and not (official or again) and claim.authority is not Authority.SPONSORED:
            return "one outlet says so, and the brand has said nothing else lately"
        return None

    def _voice(self, claim: Claim) -> str:
        return self.of[claim.id]


def contradicted_anew(before: State, after: State) -> bool:
    """Whether somebody contradicts who says nothing that was said against the belief before."""
    return any(not any(rival.fact.agrees(known.fact) for known in before.rivals) for rival in after.rivals)


def _agreeing(claim: Claim, left: Mapping[str, Left]) -> Iterator[Left]:
    """What was believed once and agrees with a claim; the very value first, for most that comes back is that."""
    if same := left.get(claim.fact.value):
        yield same
    yield from (past for past in left.values() if past is not same and claim.fact.agrees(past.claim.fact))


def _contradicts(older: Claim, newer: Claim) -> bool:
    """Whether an older claim speaks against a newer one, rather than of the time before it."""
    natural = older.fact.lags(newer.fact) or newer.fact.advances(older.fact)
    return newer.date - older.date <= LATELY and not natural and not older.fact.hedged
