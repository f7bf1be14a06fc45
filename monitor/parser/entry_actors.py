"""Whose step a sentence tells of: the brand's own, or that of a model, a rival, a thing it owns.

Some roles say by themselves that the brand comes ("entered"); others, which models take too ("launched in"), need the
brand, or all that it sells, as their subject.
"""

from __future__ import annotations

import re

from monitor.parser.clauses import Actor, actor, is_light, joint
from monitor.parser.place_lists import FILLER
from monitor.parser.scene import Line, Scene
from monitor.parser.steps import Event

FAR = 160
"""How far a verb may stand from its subject, when no other thing is named between them."""

NEAR = 40
"""How far behind "Chile gets its first" may stand what it gets."""

NOUN_REACH = 25
"""How far "launch" may stand behind "Zeekr's"."""

OF_BRAND = ("shop", "assign", "enter", "entry", "first", "sign", "grant", "carry", "bring", "receive", "follow", "listing", "ordinal", "debut_market")  # fmt: skip  # noqa: E501
"""Roles of which the brand is the one that comes, whoever acts."""


def whose(scene: Scene, line: Line, event: Event, low: int) -> tuple[str | None, str | None]:
    """Whose entry it is, or the reason why it is none of the brand's."""
    if scene.brand is None:
        return None, "no brand"
    objects = [
        name
        for name in line.names
        if event.cue.start <= name.start and name.end <= max(event.cue.end, event.chain.start)
    ]
    for name in objects if event.role != "exit" else ():
        if name.brand == scene.brand or scene.cast.is_kin(name.brand):
            return name.brand, None
    others = [name for name in line.names if event.low <= name.start < event.high and name.brand != scene.brand]
    if event.role == "receive" and not _is_received(scene, line, event):
        return None, "a product, or something else, comes"
    if event.role in ("follow", "listing", "receive", "bring", "carry"):
        return (None, f"it is about {others[0].brand}") if others else (scene.brand, None)
    if scene.brand in joint(line, event.cue.start):
        return scene.brand, None
    who = _who(scene, line, event)
    if who.brand is None:
        return None, "a product, or somebody else, comes"
    if who.brand != scene.brand and not scene.cast.is_kin(who.brand):
        return None, f"it is {who.brand} that acts"
    if objects and event.role in ("enter", "come", "first"):
        return None, f"it is about {objects[0].brand}"
    dropped = scene.words.drops_subject and scene.referent(line, line.start) == who.brand
    if not _is_brands_doing(line, event, who.end, low, dropped):
        return None, "a product comes, or nobody is said to"
    return who.brand, None


def _who(scene: Scene, line: Line, event: Event) -> Actor:
    """Who acts: before the verb, or behind it, or by the name of its company."""
    who = actor(scene, line, event.cue.start)
    if who.end is None:
        who = _subject_after(scene, line, event) or who
    if who.brand is None:
        who = Actor(_company(line, event), who.end)
    return who


def _company(line: Line, event: Event) -> str | None:
    """The brand whose name goes on as a company's does: "Domino's Pizza Inc opened its first shop"."""
    for name in line.names:
        for start, stop in line.strangers:
            ends = line.has("market_entry.company", start=start, end=stop)
            if name.end + 1 == start and stop <= event.cue.start and ends:
                return name.brand
    return None


def _is_received(scene: Scene, line: Line, event: Event) -> bool:
    """ "Chile gets its first Xpeng showroom": the brand, or a shop, and not one of its models."""
    end = min(line.end, event.cue.end + NEAR)
    names = [name for name in line.names if event.cue.start <= name.start <= end]
    if any(name.end + 1 == start for name in names for start, _ in line.strangers):
        return False
    shops = line.of("shared.self", "market_entry.first", "market_entry.brand_object", start=event.cue.start)
    return bool(names) or any(cue.start <= end for cue in shops)


def _subject_after(scene: Scene, line: Line, event: Event) -> Actor | None:
    """The subject of languages that put it after the verb: "In Österreich startet die Marke"."""
    for start, brand in sorted(
        [(name.start, name.brand) for name in line.names if name.start >= event.cue.end]
        + [(cue.start, scene.brand or "") for cue in line.of("shared.self", start=event.cue.end)]
    ):
        if start - event.cue.end <= 3 or is_light(line, event.cue.end, start, *FILLER):
            return Actor(brand, event.cue.start)
        return None
    return None


def _is_brands_doing(line: Line, event: Event, subject: int | None, low: int, drops_subject: bool) -> bool:
    """For verbs that models take too: the brand itself is the subject, or all that it sells is what comes or goes."""
    if event.role in OF_BRAND or line.has("market_entry.debut_market", start=event.end, end=event.high):
        return True
    if _is_possessed(line, event, subject):
        return True
    left = max(low, subject if subject is not None else low)
    right = event.chain.start if event.cue.end <= event.chain.start else event.cue.end
    things = [start for start, _ in line.strangers if left <= start < right and not _is_inserted(line, start)]
    if things or line.has("market_entry.product", start=left, end=right):
        return False
    if _is_of_thing(line, event, subject):
        return False
    if event.role == "present" and _is_offered(line, event):
        return True
    if event.role in ("avail", "present") and any(cue.end == subject for cue in line.of("shared.pronoun")):
        return any(cue.start - (subject or 0) <= 1 for cue in line.of("market_entry.brand_object", start=subject))
    if event.role in ("exit", "open") or line.has("market_entry.brand_object", start=left, end=right):
        return True
    if subject is None:
        return drops_subject or (event.role == "arrival" and not _is_of_another(line, event))
    if re.match(r"-\w", line.between(subject, subject + 2)):  # "Zeekr-Kunden", "Tesla-owned"
        return False
    if event.role in ("avail", "sell", "present") and not _is_verb_next(line, subject):
        return False
    return event.cue.start - subject <= FAR and not line.is_possessive(subject)


def _is_inserted(line: Line, start: int) -> bool:
    """Whether a name opens a bracket, as the sign of a share does: "Delhaize ( DELB.BR ) is leaving"."""
    return bool(re.search(r"\(\s*$", line.between(max(line.start, start - 3), start)))


def _is_of_another(line: Line, event: Event) -> bool:
    """ "the Japanese launch of the Meteor"."""
    return any(cue.start - event.cue.end <= 2 for cue in line.of("shared.of", start=event.cue.end))


def _is_verb_next(line: Line, subject: int) -> bool:
    """Whether a brand's name is not the first part of a longer one: "the Porsche radio is on sale"."""
    follows = re.match(r"\s+([a-z][\w-]*)", line.between(subject, line.end))
    if not follows:
        return True
    start, end = subject + follows.start(1), subject + follows.end(1)
    roles = (
        "shared.plan",
        "shared.passive",
        "shared.also",
        "shared.now",
        "shared.relative",
        "shared.link",
        "market_entry.filler",
        "market_entry.verb",
    )
    return (
        any(cue.start == start for cue in line.of(*roles))
        or any(
            cue.start <= start < cue.end
            for cue in line.of("market_entry.sell", "market_entry.present", "market_entry.avail")
        )
        or end == start
    )


def _is_possessed(line: Line, event: Event, subject: int | None) -> bool:
    """ "Zeekr's long-awaited launch in Italy": a noun that is the brand's."""
    if subject is None or not line.is_possessive(subject) or event.cue.start - subject > NOUN_REACH:
        return False
    if not any(cue.start == event.cue.start for cue in line.of("market_entry.launch_noun", start=event.cue.start)):
        return False
    between = line.between(subject, event.cue.start)
    return "," not in between and not line.has("market_entry.product", start=subject, end=event.cue.start)


def _is_of_thing(line: Line, event: Event, subject: int | None) -> bool:
    """ "the Meteor, ahead of its launch in India": a pronoun after the name of a thing means the thing; not after the
    name of one who says so."""
    pronouns = [cue for cue in line.of("shared.pronoun", end=event.cue.start) if cue.end == subject]
    if not pronouns:
        return False
    said = [cue.start for cue in line.of("market_entry.told", end=pronouns[0].start)]
    things = [stop for start, stop in line.strangers if stop <= pronouns[0].start and not _is_beside(line, start)]
    things += [cue.end for cue in line.of("market_entry.product", end=pronouns[0].start)]
    return any(not any(stop <= start for start in said) for stop in things)


def _is_beside(line: Line, start: int) -> bool:
    """ "with Astara", "the city of Moscow": what a small word puts into another's part."""
    return any(0 <= start - cue.end <= 1 for cue in line.of("shared.link", "shared.of", "market_entry.with", end=start))


def _is_offered(line: Line, event: Event) -> bool:
    """ "Customers in Chile can now order the G6, the brand's first car there", but not merely "the G6"."""
    offers = [cue for cue in line.of("market_entry.can_now", start=event.chain.end) if cue.start - event.chain.end <= 3]
    if not offers:
        return False
    things = [start for start, _ in line.strangers if offers[0].end <= start]
    things += [cue.start for cue in line.of("market_entry.product", start=offers[0].end)]
    return not things or line.has("shared.first", start=min(things))
