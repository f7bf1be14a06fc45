"""Who speaks for himself: claims to voices, so that one text carried by six outlets counts as one.

    claims, by date ─► the same text as an earlier one? ─► the voice of its first publisher
                    └► else the publisher's own voice

A voice is a publisher. Outlets of one publisher share one; so does every copy of a text, however it is called there.
What the brand itself says is its own word, and no copy of anybody: of one day its text is the first, for a copy often
has a date without a time. Whatever is of a later day never changes whose voice an earlier claim has. Decides nothing
about what is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from rapidfuzz import fuzz, utils

from monitor.likeness import SAME_TEXT, SAME_TEXT_AND_TITLE, distance
from monitor.models import Authority, Claim, Standing

COPIED_WITHIN = timedelta(days=30)
"""A text that comes back later than this is quoted from the archive, not syndicated."""

SAME_TITLE = 90.0
"""How alike such titles are, of 100, without regard to case and punctuation."""

_RANK = {authority: place for place, authority in enumerate(Authority)}

Voices = Mapping[int, str]
"""Whose voice each claim is, by the claim's id."""


def voices(claims: Iterable[Claim]) -> Voices:
    """Whose voice each claim is. The order in which claims come plays no part."""
    found: dict[int, str] = {}
    recent: list[Claim] = []
    for claim in sorted(claims, key=lambda claim: (claim.date.date(), _RANK[claim.authority], by_date(claim))):
        origin = None
        if claim.fingerprint is not None:
            recent = [other for other in recent if claim.date - other.date <= COPIED_WITHIN]
            if claim.authority is not Authority.OFFICIAL:
                origin = next((other for other in recent if _copies(claim, other)), None)
            recent.append(claim)
        found[claim.id] = found[origin.id] if origin else publisher(claim)
    return found


def by_date(claim: Claim) -> tuple[object, ...]:
    """What orders claims: their date; on one date the brand itself first, then what does not depend on arrival."""
    place = (claim.outlet, claim.url, claim.fact.start, claim.fact.value)
    return (claim.date, _RANK[claim.authority], *place, claim.id)


def publisher(claim: Claim) -> str:
    """Who owns the outlet; the outlet itself, when nobody is known to."""
    return claim.publisher or claim.outlet


def _copies(claim: Claim, other: Claim) -> bool:
    """Whether both stand in one text, at two publishers."""
    if claim.fingerprint is None or other.fingerprint is None or publisher(claim) == publisher(other):
        return False
    bits = distance(claim.fingerprint, other.fingerprint)
    if bits <= SAME_TEXT:
        return True
    return bits <= SAME_TEXT_AND_TITLE and _same_title(claim.title, other.title)


def _same_title(one: str | None, other: str | None) -> bool:
    if not one or not other:
        return False
    return fuzz.ratio(one, other, processor=utils.default_process, score_cutoff=SAME_TITLE) > 0


def independent(claims: Iterable[Claim], of: Voices) -> frozenset[str]:
    """The voices among these claims that nobody has paid for."""
    return frozenset(of[claim.id] for claim in claims if claim.authority is not Authority.SPONSORED)


def standings(claims: Sequence[Claim], of: Voices) -> dict[int, Standing]:
    """How each of these claims, which say the same, counts: of one voice, the first is independent."""
    heard: set[str] = set()
    found: dict[int, Standing] = {}
    for claim in sorted(claims, key=by_date):
        voice = of[claim.id]
        if claim.authority is Authority.SPONSORED:
            found[claim.id] = Standing.SPONSORED
        elif voice not in heard:
            found[claim.id] = Standing.INDEPENDENT
            heard.add(voice)
        else:
            found[claim.id] = Standing.REPEATED if voice == publisher(claim) else Standing.SYNDICATED
    return found
