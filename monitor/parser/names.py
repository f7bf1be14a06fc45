"""The models that a document names: found by how names are written and what stands beside them, no list is needed.

    each sentence ─► spaced_names / unspaced_names ─► names found once are found again wherever they recur ─► Mention

What is said about a model is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

from monitor.catalogue import load
from monitor.parser import guesses, spaced_guesses, spaced_names, unspaced_guesses, unspaced_names
from monitor.parser.designations import ALONE, BESIDE, BRANDED, GUESS, Habits, Mention, habits, is_code, is_mixed
from monitor.parser.guesses import Sighting
from monitor.parser.lexicon import fold
from monitor.parser.scene import Scene
from monitor.parser.wording import Wording

MODELS, MOST = 60, 24
"""How many models of a text, and how often in one sentence, are looked for again: no article names more."""
LISTED = 4
"""How many points it is worth that the catalogue lists a model of this name: "der Leon", where every noun has a
capital."""
SURE = 3
"""How many points a guess must have to speak for the names that are listed with it."""


def find(scene: Scene, title: Wording, lines: Sequence[Wording]) -> dict[int, tuple[Mention, ...]]:
    """The mentions of every line by the line's start, and of the title under -1; those of trust `GUESS` may overlap
    the others."""
    places = {-1: title} | {line.start: line for line in lines}
    found = _vouched_for(scene, places)
    sightings = {key: _sighted(scene, line, found[key]) for key, line in places.items()}
    chosen = _chosen(scene, places.values(), found, sightings)
    sure = {name: sighting for name, sighting in chosen.items() if sighting.points >= SURE}
    again = {}
    for key, seen in sightings.items() if sure else ():
        if any("listed" in one.signs for one in seen) and (beside := tuple(guesses.mentions(places[key], sure))):
            again[key] = _sighted(scene, places[key], (*found[key], *beside))
    if again:
        sightings |= again
        chosen = _chosen(scene, places.values(), found, sightings)
    guessed = _guessed(places, found, chosen)
    return {key: tuple(_signed((*told, *guessed[key]), sightings[key])) for key, told in found.items()}


def trusted(mentions: Mapping[int, tuple[Mention, ...]]) -> dict[int, tuple[Mention, ...]]:
    """The mentions without the guesses."""
    return {key: tuple(m for m in found if m.trust > GUESS) for key, found in mentions.items()}


def _signed(mentions: Iterable[Mention], sightings: Iterable[Sighting]) -> Iterator[Mention]:
    """The mentions of a sentence in order, with the signs of what was sighted there."""
    signs: dict[int, frozenset[str]] = {}
    for one in sightings:
        signs[one.end] = signs.get(one.end, frozenset()) | one.signs
    for mention in sorted(mentions, key=lambda m: m.start):
        yield replace(mention, signs=signs.get(mention.end, frozenset()))


def _sighted(scene: Scene, line: Wording, known: Sequence[Mention]) -> tuple[Sighting, ...]:
    """The possible names of a sentence, without the main brand's own name before them; `known` are models there."""
    script = spaced_guesses if scene.words.spaced else unspaced_guesses
    own = tuple(f"{fold(name)} " for name in scene.cast.own)
    found = script.read(line, habits(scene.words), known)
    seen = (one for one in found if not (own and fold(one.name).startswith(own)))
    return tuple(variant for one in seen for variant in _variants(scene, line, one))


def _variants(scene: Scene, line: Wording, one: Sighting) -> Iterator[Sighting]:
    """A possible name as it was seen, and with a sub-brand's name before it, which many take for a part of it: "GAC's
    Aion V". What the catalogue lists as a model of the main brand is likelier one."""
    listed = fold(one.name) in _listed(scene.brand)
    yield replace(one, signs=one.signs | {"listed model"}, points=one.points + LISTED) if listed else one
    if one.brand and one.brand != scene.brand and scene.cast.is_kin(one.brand):
        start = next((name.start for name in line.names if name.end == one.start - 1), None)
        if start is not None:
            yield replace(one, start=start, name=line.line.between(start, one.end), brand=None)


@cache
def _listed(brand: str | None) -> frozenset[str]:
    """The models of a brand that the catalogue lists, folded."""
    known = load().brand(brand) if brand else None
    return frozenset(fold(model) for model in known.models) if known else frozenset()


def _chosen(
    scene: Scene,
    lines: Iterable[Wording],
    found: Mapping[int, tuple[Mention, ...]],
    sighted: Mapping[int, Sequence[Sighting]],
) -> dict[str, Sighting]:
    """What else may be a model's name, each where it is likeliest."""
    sightings = [one for found_there in sighted.values() for one in found_there]
    products = any(line.of("kind") for line in lines)
    known = frozenset(
        name for key, told in found.items() if key >= 0 for m in told for name in (m.name, f"{m.name}s")
    )  # what only the title names is told by the text in another way
    enough = (spaced_guesses if scene.words.spaced else unspaced_guesses).ENOUGH
    return guesses.choose(guesses.completed(sightings), known, enough=enough, products=products)


def _guessed(
    places: Mapping[int, Wording], found: Mapping[int, tuple[Mention, ...]], chosen: Mapping[str, Sighting]
) -> dict[int, list[Mention]]:
    """Every mention of the chosen names. The end of a longer name that is guessed stands for the longer one too."""
    known = frozenset(mention.name for told in found.values() for mention in told)
    longer = {name: full for full in chosen for name in known if full.endswith(f" {name}")}
    guessed = {key: list(guesses.mentions(line, chosen)) for key, line in places.items()}
    for key, told in found.items() if longer else ():
        ends = {mention.end for mention in guessed[key]}
        short = [m for m in told if m.name in longer and m.end not in ends]
        guessed[key] += [replace(m, name=longer[m.name], trust=GUESS) for m in short]
    return guessed


def _vouched_for(scene: Scene, places: Mapping[int, Wording]) -> dict[int, tuple[Mention, ...]]:
    """The names that their shape or their neighbours vouch for."""
    first = {key: _mentions(scene, line) for key, line in places.items()}
    strangers = _strangers(scene, [m for found in first.values() for m in found], _described(places.values()))
    first = {key: tuple(m for m in found if m.name not in strangers) for key, found in first.items()}
    told = dict.fromkeys(m.name for found in first.values() for m in found)
    if len(told) > MODELS:
        read = frozenset(islice(told, MODELS))
        first = {key: tuple(m for m in found if m.name in read) for key, found in first.items()}
    known: dict[str, Mention] = {}
    for mention in (m for found in first.values() for m in found if m.trust >= BESIDE):
        best = known.get(mention.name)
        if best is None or mention.trust > best.trust:
            known[mention.name] = mention
    if not known:
        return first
    ways = habits(scene.words)
    pattern = _recurring(known, ways)
    again = {key: _again(places[key], found, known, pattern, ways) for key, found in first.items()}
    whole = _whole(known)
    return {key: tuple(replace(m, name=whole.get(m.name, m.name)) for m in found) for key, found in again.items()}


def _whole(known: Mapping[str, Mention]) -> dict[str, str]:
    """Names that are the end of one longer name of the text, with that one: "S20" of "Galaxy S20"; and the plurals of
    names of the text."""
    found = {name: {name[:-1]} for name in known if name.endswith("s") and name[:-1] in known}
    for long in known:
        words = long.split(" ")
        for cut in range(1, len(words)):
            tail = " ".join(words[cut:])
            if tail in known and (cut < len(words) - 1 or is_code(tail)) and not is_code(words[0]):
                found.setdefault(tail, set()).add(long)
    return {tail: next(iter(names)) for tail, names in found.items() if len(names) == 1}


def _mentions(scene: Scene, line: Wording) -> tuple[Mention, ...]:
    ways = habits(scene.words)
    if ways.spaced:
        return spaced_names.read(line, ways, scene.cast)
    told = (scene.document.title or "", scene.document.text)
    coined = (m for m in unspaced_names.coined(line, ways) if m.trust > BESIDE or unspaced_names.recurs(m.name, *told))
    return tuple(islice((*unspaced_names.read(line, ways), *coined), MOST))


def _described(lines: Iterable[Wording]) -> frozenset[int]:
    """Where a word such as "concept" ends in the text: a name right behind needs no article."""
    return frozenset(cue.end for line in lines if line.line.number >= 0 for cue in line.of("kind"))


def _strangers(scene: Scene, mentions: Sequence[Mention], described: frozenset[int]) -> frozenset[str]:
    """Plain names that go without an article more often than with one: companies and people, not models."""
    ways = habits(scene.words)
    if not ways.spaced:
        return frozenset()
    if ways.nouns_capital:
        told = f"{scene.document.title}\n{scene.document.text}"
        alone = {m.name for m in mentions if m.trust == ALONE}
        return frozenset(name for name in islice(sorted(alone), MODELS) if len(re.findall(rf"\b{name}\b", told)) < 2)
    plain = {
        m.name
        for m in mentions
        if m.trust <= BESIDE
        and not is_mixed(m.name)
        and m.name.replace(" ", "").isalpha()
        and len(m.name.split()[-1]) > 1
    }
    branded = {m.name for m in mentions if m.trust == BRANDED}
    return frozenset(
        name
        for name in islice(sorted(plain - branded), MODELS)
        if _bare(name, scene.document.text, ways, described) > 0
    )


def _bare(name: str, text: str, ways: Habits, described: frozenset[int]) -> int:
    """How many more times a name stands without an article than with one."""
    balance = 0
    for match in list(re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))[:20]:
        before = re.search(r"(\w+)['’\"“„«]?\s*[\"“„«]?$", text[max(0, match.start() - 20) : match.start()])
        word = before[1].lower() if before else ""
        vouched = word in ways.articles or word in ways.fresh or word.isdigit() or match.start() - 1 in described
        balance += -1 if vouched else 1
    return balance


def _again(
    line: Wording, found: tuple[Mention, ...], known: dict[str, Mention], pattern: re.Pattern[str], ways: Habits
) -> tuple[Mention, ...]:
    """The mentions of a line with those added that only recur there."""
    kept = [m if m.trust >= BRANDED or m.name not in known else _vouched(m, known[m.name]) for m in found]
    taken = {(m.start, m.end): m for m in found if m.trust < BRANDED}
    whole = {(m.start, m.end) for m in found if m.trust >= BRANDED}
    for match in islice(pattern.finditer(line.text), MOST):
        name, model = match[1], known[match[1]]
        start, end = line.start + match.start(1), line.start + match.end(1)
        if name.isdigit() and not _stands_for_model(line, match.start(1), match.end(1), ways):
            continue  # "301" alone may be any number
        crossed = [(s, e) for s, e in (*taken, *whole) if start < e and s < end]
        if all(span in taken and start <= span[0] and span[1] <= end for span in crossed):
            kept = [m for m in kept if (m.start, m.end) not in crossed]  # "08" of 海豹08
            kept.append(Mention(start, end, name, model.brand, model.trust))
    return tuple(sorted(kept, key=lambda m: m.start))


def _recurring(known: dict[str, Mention], ways: Habits) -> re.Pattern[str]:
    """What finds any of the names, the longest first."""
    either = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.compile(rf"(?<![\w#-])({either})(?:['’]?s)?(?![\w-])" if ways.spaced else f"({either})")


def _stands_for_model(line: Wording, start: int, end: int, ways: Habits) -> bool:
    """Whether a bare number is a model named before: "the 500 will", but not "the 500 dealers"."""
    before = re.search(r"([^\W\d_]+)['’]?\s?$", line.text[max(0, start - 16) : start])
    after = re.match(r"\s([^\W\d_]+)", line.text[end : end + 16])
    return bool(before and before[1].lower() in ways.definite and (after is None or after[1].lower() in ways.after))


def _vouched(mention: Mention, model: Mention) -> Mention:
    return Mention(
        mention.start, mention.end, mention.name, mention.brand or model.brand, max(mention.trust, model.trust)
    )
