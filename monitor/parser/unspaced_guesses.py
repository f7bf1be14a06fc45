"""Possible names of models in a script without spaces: every Latin piece, with the characters beside it, and quotes.

灵犀Q, 山海T2, Magic3 至臻版, Air ev, Phone (2a), “追光”
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monitor.parser.designations import Habits, Mention
from monitor.parser.guesses import Sighting
from monitor.parser.wording import Wording

LONGEST = 30
LEAD = 4
"""How many characters may stand before the Latin piece of a name, and how many of a coined name a brand may precede."""
_CJK = r"[㐀-鿿豈-﫿]"
_PIECE = r"(?:[A-Za-z0-9](?:[\w.:+\-]*[\w+])?)"
_LATIN = re.compile(
    rf"#?{_PIECE}(?:(?:(?<=\b[A-Z]{{2}})\.)? (?:{_PIECE}|\(\d{{1,2}}[a-z]?\)))*(?:\(\d{{1,2}}[a-z]?\))?\+?", re.ASCII
)
_EDITION = re.compile(rf"\s?{_CJK}{{1,3}}?版")
_QUOTED = re.compile(r"[“「『‘《]([^”」』’》。，]{1,16})[”」』’》]")
_OPENING, _CLOSING = "“「『‘《", "”」』’》"
_PHRASE = re.compile(rf"{_CJK}+(?:[：·]{_CJK}+)?[A-Za-z0-9]*")
_LEAD = re.compile(rf"{_CJK}{{1,{LEAD}}}$")
_LEADING = re.compile(rf"{_CJK}{{1,{LEAD}}}")
_COINED = re.compile(rf"{_CJK}{{2,{LEAD}}}")
_COUNTER = re.compile(r"\s?[年月日号个家款万亿千百辆台周岁公里米元名位种项次%％点分秒度多余城国届天时小人代月度项支]")


ENOUGH = 1
"""How many points make a name worth proposing."""
POINTS = {
    "several": 1, "word": 1, "lead": 2, "edition": 1, "coined": 1, "phrase": -2, "bracket": 4, "lower": -3,
    "number": 0, "letter": 0, "capitals": 0,
    "brand": 3, "kind before": 3, "kind after": 2, "called": 4, "quoted": 1, "step beside": 2, "listed": 1,
    "beside a model": 3, "step": 1, "kind": 1, "title": 1,
}  # fmt: skip
"""What a sign is worth; they were weighed on labelled texts."""


def read(line: Wording, ways: Habits, known: Sequence[Mention]) -> Iterator[Sighting]:
    """The possible names of a sentence; `known` are the models that it surely names."""
    return _Reader(line, ways, known).read()


class _Reader:
    """Reads one sentence. Places are offsets into its text."""

    def __init__(self, line: Wording, ways: Habits, known: Sequence[Mention]) -> None:
        self.line, self.text, self.ways = line, line.text, ways
        base = line.start
        self.names = [(name.start - base, name.end - base, name.brand) for name in line.names]
        self.brands = {end: brand for _, end, brand in self.names}
        self.kinds = line.of("kind")
        self.kind_spans = [(cue.start - base, cue.end - base) for cue in self.kinds]
        self.kind_starts = {cue.start - base for cue in self.kinds}
        self.kind_ends = {cue.end - base for cue in self.kinds}
        self.called_ends = {cue.end - base for cue in line.of("called")}
        steps = line.steps()
        self.step_starts = {cue.start - base for cue in steps}
        self.step_ends = {cue.end - base for cue in steps}
        self.joint_after = {cue.start - base: cue.end - base for cue in line.of("and")}
        self.joint_before = {end: start for start, end in self.joint_after.items()}
        self.traits = {cue.end - base for cue in line.of("trait")}
        self.others = [(s.start - base, s.end - base) for group in (line.places, line.moments) for s in group]
        self.others += [(cue.start - base, cue.end - base) for cue in line.of("part", "platform")]
        self.model_ends = {mention.end - base for mention in known}
        self.model_starts = {mention.start - base for mention in known}
        self.ends = {thing.start - base for things in (line.line.cues, line.numbers) for thing in things}
        self.ends |= {start for start, _ in self.others}
        self.stops = {*"，。、；：！？（）“”」』", "", *ways.glue}
        self.borders = (
            self.kind_ends
            | self.called_ends
            | self.step_ends
            | self.joint_before.keys()
            | self.traits
            | self.brands.keys()
        )
        self.common = (
            (("step",) if steps else ())
            + (("kind",) if self.kinds else ())
            + (("title",) if line.line.number < 0 else ())
        )

    def read(self) -> Iterator[Sighting]:
        for match in _LATIN.finditer(self.text):
            start, end = self._trimmed(*match.span())
            if not self._is_other(start, end):
                yield from self._latin(start, end)
            elif self._is_said(start, end):
                begin = self._lead(start)
                if begin is not None and begin in self.joint_before:
                    yield self._sighting(begin, end, ("coined", "lead"))  # 汉EV
        yield from self._coined()
        yield from self._enumerated()

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """A Latin piece without a count at its end, "GV80 6月", or a word for what it is at either: "SUV GV80 SUV"."""
        space = self.text.rfind(" ", start, end)
        if space > 0 and self.text[end - 1].isdigit() and _COUNTER.match(self.text, end):
            end = space
        start = max((behind + 1 for behind in self.kind_ends if start < behind < end - 1), default=start)
        return start, max((at - 1 for at, behind in self.kind_spans if behind == end and at > start + 1), default=end)

    def _enumerated(self) -> Iterator[Sighting]:
        """Names of characters alone that are listed with a model: 海豚、汉和元PLUS."""
        for start, end in sorted(self.joint_after.items(), reverse=True):
            run = _LEAD.search(self.text, max(0, start - LEAD), start) if end in self.model_starts else None
            for begin in range(run.start(), start) if run else ():
                if self._may_begin(begin) and self._is_free(begin, start):
                    self.model_starts.add(begin)
                    yield self._sighting(begin, start, ("coined",))
                    break
        for start, end in sorted(self.joint_after.items()):
            run = _LEADING.match(self.text, end) if start in self.model_ends else None
            for stop in range(end + 1, run.end() + 1) if run else ():
                if self._may_end(stop) and self._is_free(end, stop):
                    self.model_ends.add(stop)
                    yield self._sighting(end, stop, ("coined",))
                    break

    def _may_begin(self, at: int) -> bool:
        return at in self.borders or self.text[at - 1 : at] in self.stops

    def _may_end(self, at: int) -> bool:
        return at in self.ends or self.text[at : at + 1] in self.stops

    def _coined(self) -> Iterator[Sighting]:
        """Names of characters alone: in quotes, behind a brand, before "SUV"."""
        for match in _QUOTED.finditer(self.text):
            if _PHRASE.fullmatch(match[1]):
                coined = "coined" if self._is_free(*match.span(1)) else "phrase"
                yield self._sighting(*match.span(1), ("quoted", coined))
        behind = self.step_ends | self.kind_ends | self.called_ends | self.traits
        for begin in {*self.brands, *behind, *(end + 1 for end in self.brands if self.text[end : end + 1] == "的")}:
            run = _COINED.match(self.text, begin)
            for end in range(begin + 2, run.end() + 1) if run else ():
                if self._may_end(end) and self._is_free(begin, end):
                    yield self._sighting(begin, end, ("coined",))
                    break
        for end in self.kind_starts:
            opening = self._lead(end)
            if opening is not None and opening < end - 1:
                yield self._sighting(opening, end, ("coined",))

    def _lead(self, end: int) -> int | None:
        """Where characters begin that may open a name which goes on here; None if none do."""
        lead = _LEAD.search(self.text, max(0, end - LEAD), end)
        for begin in range(lead.start(), end) if lead else ():
            if self._may_begin(begin) and self._is_free(begin, end):
                return begin
        return None

    def _is_other(self, start: int, end: int) -> bool:
        """Whether a Latin piece is surely no model: a place, a part, a count, a brand, a word such as "SUV"."""
        name = self.text[start:end]
        whole = [*((s, e) for s, e, _ in self.names), *self.kind_spans]
        return (
            not name
            or len(name) > LONGEST
            or name.lower() in self.ways.never
            or any(s < end and start < e for s, e in self.others)
            or any(s <= start and end <= e for s, e in whole)
            or any(s < end <= e for s, e, _ in self.names)
            or bool(name[-1].isdigit() and _COUNTER.match(self.text, end))
        )

    def _is_said(self, start: int, end: int) -> bool:
        """Whether a Latin piece is a common word: "EV"."""
        return self.text[start:end].lower() in self.ways.never or (start, end) in self.kind_spans

    def _latin(self, start: int, end: int) -> Iterator[Sighting]:
        """A Latin piece: as it stands, with the brand that is a part of it, with the characters beside it."""
        name = self.text[start:end]
        shape = _shape(name)
        inside = [(s, e) for s, e, _ in self.names if s < end and start < e]
        if inside:
            rest = inside[-1][1] + (self.text[inside[-1][1]] == " ")
            yield self._sighting(start, end, (*shape, "brand"))
            yield self._sighting(rest, end, (*_shape(self.text[rest:end]), "brand"))
            return
        if not name.isdigit() or start in self.kind_ends or start in self.traits:  # 轿车408, 新款12
            yield self._sighting(start, end, shape)
        edition = _EDITION.match(self.text, end)
        if edition and not any(word in edition[0] for word in self.ways.words):
            yield self._sighting(start, edition.end(), (*shape, "edition"))
        brand = next((s for s, e, _ in self.names if e == start), None)
        begin = self._lead(start) if brand is None else None
        if brand is not None and (name.isdigit() or len(name) == 1):
            yield self._sighting(brand, end, ("brand", *shape))
        elif begin is not None:
            yield self._sighting(begin, end, (*shape, "lead"))

    def _is_free(self, start: int, end: int) -> bool:
        """Whether characters are no words that we know: no cue, place or date among them."""
        word = self.text[start:end]
        base = self.line.start
        return (
            not any(self.line.told(start + base, end + base))
            and not any(character in self.ways.glue for character in word)
            and not any(known in word for known in self.ways.words)
            and not any(s < end and start < e for s, e in self.others)
            and not any(s < end and start < e for s, e, _ in self.names)
        )

    def _sighting(self, start: int, end: int, shape: Sequence[str]) -> Sighting:
        """A name with its signs: those of its `shape`, of the sentence, and of what stands beside it."""
        text = self.text
        quoted = start > 0 and text[start - 1] in _OPENING
        at = start - 1 if quoted else start
        if text[at - 1 : at] == " ":
            at -= 1
        after = end + (text[end : end + 1] in _CLOSING and quoted)
        if text[after : after + 1] == " ":
            after += 1
        brand = self.brands.get(at) or (self.brands.get(at - 1) if text[at - 1 : at] == "的" else None)
        signs = [*self.common, *shape]
        if quoted and "quoted" not in shape:
            signs.append("quoted")
        if brand and "brand" not in shape:
            signs.append("brand")
        if at in self.kind_ends or at in self.traits:
            signs.append("kind before")
        if after in self.kind_starts:
            signs.append("kind after")
        if at in self.called_ends:
            signs.append("called")
        if at in self.step_ends or after in self.step_starts:
            signs.append("step beside")
        if at in self.joint_before or after in self.joint_after:
            signs.append("listed")
            if self.joint_before.get(at) in self.model_ends or self.joint_after.get(after) in self.model_starts:
                signs.append("beside a model")
        base = self.line.start
        points = sum(POINTS[sign] for sign in signs)
        return Sighting(base + start, base + end, text[start:end], brand, frozenset(signs), points)


def _shape(name: str) -> tuple[str, ...]:
    if "(" in name:
        return ("bracket",)
    if name.isdigit():
        return ("number",)
    if len(name) == 1:
        return ("letter",)
    if name[0].islower() and name[1:].islower():
        return ("lower",)
    if name.isupper() and name.isalpha():
        return ("capitals",)
    return ("several", "word") if " " in name else ("word",)
