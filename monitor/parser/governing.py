"""Whether a word governs a list of places: by where it stands, what lies between, and how far its role reaches.

A role is a key of `[market_entry]`. Most govern what follows them; "Thailand is next in March" and verbs at the end of
a clause govern what stands before.
"""

from __future__ import annotations

import re

from monitor.parser.clauses import bounds, is_light
from monitor.parser.lexicon import Cue
from monitor.parser.numerals import Numeral
from monitor.parser.place_lists import FILLER, SMALL, Chain
from monitor.parser.scene import Line

REACH = 45
"""How many characters may stand between a verb and the places that it governs, when not all of them are light."""

SIGN_REACH = 90
"""The same for partners, whose names and descriptions are long."""

OBJECT_REACH = 40
"""How many characters may stand between "bring" and what is brought."""

OWNER_REACH = 4
"""The same, in a script without spaces, for "China" and "brand" in "China's toy brand"."""

LEFT_ONLY = ("arrival", "receive")
BOTH_SIDES = ("ordinal", "debut_market")
MARKET = ("market_count.market", "market_entry.group")


def governs_right(line: Line, cue: Cue, chain: Chain) -> bool:
    """Whether a cue governs a list that stands behind it, or inside it."""
    if cue.start <= chain.start and chain.end <= cue.end:
        return True
    if cue.end > chain.start or cue.key in LEFT_ONLY:
        return False
    if cue.key in BOTH_SIDES and re.fullmatch(r"[\s,:–—-]*", line.between(cue.end, chain.start)):
        return True
    if cue.key == "ordinal":
        return False
    if cue.key in ("bring", "carry"):
        return _brings(line, cue, chain)
    if _is_example(line, cue, chain):
        return True
    low, _ = bounds(line, chain.start, chain.end)
    if cue.end < low and not is_light(line, cue.end, chain.start, *FILLER):
        return False
    between = line.between(cue.end, chain.start)
    if between.count(",") % 2:  # an insertion has two commas; with one, another clause begins
        return False
    if is_light(line, cue.end, chain.start, *FILLER) or _is_object(line, cue.end, chain.start):
        return True
    return _reaches(line, cue, chain, between)


def _reaches(line: Line, cue: Cue, chain: Chain, between: str) -> bool:
    """Whether a cue governs a list that other words than small ones keep it from; how far depends on its role."""
    gap = chain.start - cue.end
    match cue.key:
        case "sign" | "grant" | "assign":
            return gap <= SIGN_REACH
        case "enter" | "entry" | "first":
            return gap <= REACH and "," not in between
        case "exit":
            return gap <= REACH and line.has("market_entry.marketlike", start=cue.end, end=chain.end + 12)
        case "sell":
            goods = line.of("market_entry.brand_object", start=cue.end, end=chain.start)
            return bool(goods) and gap <= REACH and is_light(line, goods[-1].end, chain.start, *FILLER)
        case "present":
            return gap <= REACH
        case "follow":
            return gap <= REACH and re.search(r"[:：]", between) is not None
        case _:
            return False


def _brings(line: Line, cue: Cue, chain: Chain) -> bool:
    """ "will bring the American chain to Peru", "distributes Zeekr in Peru": the brand between a verb and a place."""
    things = [(name.start, name.end) for name in line.names if cue.end <= name.start and name.end <= chain.start]
    things += [(cue.start, cue.end) for cue in line.of("shared.self", start=cue.end, end=chain.start)]
    if not things or "," in line.between(cue.end, min(things)[0]) or min(things)[0] - cue.end > OBJECT_REACH:
        return False
    return is_light(line, max(things)[1], chain.start, *FILLER, "market_entry.filler")


def _is_example(line: Line, cue: Cue, chain: Chain) -> bool:
    """ "will enter ten more countries, among them Peru": the places are examples of what the verb governs."""
    if cue.key not in ("enter", "come", "present", "entry", "sell", "avail", "exit", "follow"):
        return False
    among = [c for c in line.of("market_entry.among", end=chain.start) if is_light(line, c.end, chain.start, *SMALL)]
    if not among or among[-1].start < cue.end:
        return False
    first = max(line.start, cue.start - REACH)
    groups: list[Cue | Numeral] = [*line.of(*MARKET, start=first, end=among[-1].start)]
    groups += [number for number in line.numbers if first <= number.start and number.end <= among[-1].start]
    return any(
        group.start - cue.end <= REACH and among[-1].start - max(group.end, cue.end) <= OBJECT_REACH for group in groups
    )


def _is_object(line: Line, start: int, end: int) -> bool:
    """ "launches Lincoln in China": nothing but the name of a brand between a verb and a place, small words apart."""
    for name in line.names:
        if start <= name.start and name.end <= end:
            return is_light(line, start, name.start, *FILLER) and is_light(line, name.end, end, *FILLER)
    return False


def governs_left(line: Line, cue: Cue, chain: Chain, verbs_follow: bool) -> bool:
    """ "Thailand is next in March", "Italy and Denmark were entered", "In Qatar, … the app goes dark"."""
    if cue.start < chain.end:
        return False
    if cue.key == "receive":
        return is_light(line, chain.end, cue.start, *FILLER)
    if cue.key == "arrival":  # "its South Korean debut"
        owner = line.is_possessive(chain.end)
        return (chain.places[-1].adjective or owner) and cue.start - chain.end <= (3 if owner else 2)
    whole = not any(small.end == cue.end for small in line.of("shared.link", start=cue.start))
    if cue.key == "entry" and whole and cue.start - chain.end <= 60 and "," not in line.between(chain.end, cue.start):
        return True
    if cue.key in ("enter", "follow", "exit", "come", "ordinal") and is_light(
        line, chain.end, cue.start, *FILLER, "shared.self"
    ):
        return cue.key != "come" or verbs_follow or line.has("shared.passive", start=chain.end, end=cue.end)
    if cue.key in BOTH_SIDES or (cue.key in ("sign", "grant", "assign") and cue.start - chain.end <= SIGN_REACH):
        return cue.start - chain.end <= SIGN_REACH
    if verbs_follow and cue.key in ("enter", "exit", "come", "first", "sell", "avail", "present", "open", "shop"):
        light = is_light(line, chain.end, cue.start, *FILLER)
        return light or (cue.start - chain.end <= REACH and not re.search(r"[,，]", line.between(chain.end, cue.start)))
    opens = line.of("shared.fronting", start=line.start, end=chain.start)
    fronted = bool(opens) and opens[0].start == line.start and is_light(line, line.start, chain.start, *SMALL)
    return fronted and cue.key in ("enter", "exit", "come", "first", "shop") and cue.start - chain.end <= SIGN_REACH


def is_origin(line: Line, chain: Chain, step: Cue) -> bool:
    """ "from South Africa", "made in China", "outside Europe", "the U.S. company". A part of the step's own words is
    no origin: the "uit" (from) of "breidt uit naar Spanje" (expands to Spain)."""
    if any(_belongs(line, chain.end, cue.start) for cue in line.of("shared.self", start=chain.end)):
        return True
    origins = [cue for cue in line.of("market_entry.origin", end=chain.start) if 0 <= chain.start - cue.end <= 6]
    return any(not (step.start <= cue.start and cue.end <= step.end) for cue in origins)


def _belongs(line: Line, start: int, end: int) -> bool:
    """Whether nothing but an adjective stands between a place and "company"."""
    if line.spaced:
        return end - start <= 1
    return end - start <= OWNER_REACH and not line.has("shared.link", "shared.also", start=start, end=end)
