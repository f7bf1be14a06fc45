"""A text followed sentence by sentence: which models each names, what "it" means, what was told before its name.

"The brand unveiled a new SUV on Monday. It is called the X." - the first sentence waits for the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.parser.designations import CODED, Mention, habits
from monitor.parser.scene import Scene
from monitor.parser.stages import Step, promised, unnamed
from monitor.parser.targets import group
from monitor.parser.wording import STEP_KEYS, Wording

LOOK_BACK = 2
"""How many sentences may wait for a name."""
_SUBJECT = re.compile(r"([A-Z][\w&-]+(?: (?:[A-Z][\w&-]+))?) ")
MEMORY = 2
"""For how many sentences without a name "it" still means the model named last."""
OWNER_REACH = 150
"""How far before a model its brand may stand in a sentence."""


def followed(
    scene: Scene, lines: Sequence[Wording], mentions: dict[int, tuple[Mention, ...]]
) -> Iterator[tuple[Wording, Sequence[Mention], Sequence[Mention]]]:
    """Each line with its mentions and with the models that "it" would mean there."""
    focus: Sequence[Mention] = ()
    age = 0
    for line in lines:
        found = mentions[line.start]
        if focus:
            found = tuple(m for m in found if not line.has("alias", start=m.start - 24, end=m.start))
        found = tuple(owned(scene, line, m) for m in found)
        yield line, found, focus
        if found:
            focus, age = group(line, found), 0
        elif line.line.sentence.kind == "heading":
            focus = ()
        elif line.line.sentence.kind == "prose":
            age += 1
            focus = focus if age <= MEMORY else ()


def owned(scene: Scene, line: Wording, mention: Mention) -> Mention:
    """The mention with its brand: written before it here or elsewhere, else who acts in the sentence."""
    if mention.brand:
        return mention
    named = [name for name in line.names if name.end <= mention.start and not scene.cast.is_parent(name.brand)]
    brand = named[-1].brand if named and mention.start - named[-1].end <= OWNER_REACH else scene.brand
    if any(name.brand == scene.brand for name in named):
        brand = scene.brand
    if not named and not habits(scene.words).nouns_capital:
        brand = _stranger(scene, line, mention) or brand
    return replace(mention, brand=brand)


def _stranger(scene: Scene, line: Wording, mention: Mention) -> str | None:
    """A company that we do not know and that acts here: "Rivals show" no, "Samsung presented the X" yes."""
    match = _SUBJECT.match(line.text)
    if match is None or line.start + match.end(1) > mention.start - 2 or line.line.sentence.kind != "prose":
        return None
    name = match[1]
    known = habits(scene.words).never
    if any(word.lower() in known for word in name.split()[:1]) or name.split()[0].isdigit():
        return None
    behind = line.start + match.end(1)
    if any(cue.start == line.start and cue.end >= behind for cue in line.line.cues):
        return None  # a word that means something: "Next to come is the X"
    if not any(0 < cue.start - behind <= 2 for cue in line.of(*STEP_KEYS, "coming")):
        return None
    last = re.escape(name.split()[-1])
    person = re.search(rf"\b[A-Z][\w.-]+ (?:[A-Z]\. )?{last}\b", scene.document.text)
    return None if person else name


def still_waiting(
    line: Wording, found: Sequence[Mention], focus: Sequence[Mention], waiting: tuple[Wording, ...]
) -> tuple[Wording, ...]:
    """Sentences that speak of a new model and leave its name to the next ones."""
    if found or focus:
        return ()
    return (*waiting, line)[-LOOK_BACK:] if promised(line) or waiting else ()


def named_late(line: Wording, found: Sequence[Mention], waiting: Sequence[Wording], scene: Scene) -> Iterator[Step]:
    """What the sentences before told of a model that only this one names."""
    models = group(line, found) if waiting else []
    if not models or any(model.trust < CODED for model in models) or (len(models) > 1 and not line.has("is")):
        return
    for earlier in waiting:
        for model in models:
            for step in unnamed(earlier, model, scene.document.published):
                if isinstance(step, Step):
                    yield replace(step, line=line)
