"""Names of models in a script without spaces: Latin letters and digits, and what a brand puts before them.

比亚迪海豹06 DM-i, 小米YU7, 精灵#5, Model Y. A name of Chinese characters alone (比亚迪大汉) looks like any words:
it is one if it stands between a brand (or "SUV") and a verb or a comma, or in quotes, and the text says it
again (`recurs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.parser.designations import BESIDE, BRANDED, CODED, Habits, Mention, is_code
from monitor.parser.wording import STEP_KEYS, Wording

_CJK = re.compile(r"[⺀-鿿豈-﫿]")
_RUN = re.compile(r"[㐀-鿿豈-﫿]+(?:(?<=[㐀-鿿]{2})\d{2,3}(?![\d.%万亿]))?")
_QUOTED = re.compile(r"[“「『‘《]([㐀-鿿豈-﫿]{1,5})[”」』’》]")
LONGEST = 7
"""How many characters a coined name may have."""
_PIECE = r"[A-Za-z0-9](?:[A-Za-z0-9.+\-]*[A-Za-z0-9+])?"
_LATIN = re.compile(rf"#?{_PIECE}(?:(?:(?<=[A-Z]{{2}})\.)? (?=[A-Z0-9]){_PIECE})*")
_COUNTER = re.compile(r"\s?[年月日号个家款万亿千百辆台周岁公里米元名位种项次%％点分秒度多余城国]")


def read(line: Wording, ways: Habits) -> Iterator[Mention]:
    """Names in a script without spaces: Latin letters and digits, with the characters that a brand puts before them."""
    ends = {name.end: name.brand for name in line.names}
    kinds = {cue.end for cue in line.of("kind")}
    blocked = [(span.start, span.end) for spans in (line.names, line.moments, line.places) for span in spans]
    for match in _LATIN.finditer(line.text):
        start, end = line.start + match.start(), line.start + match.end()
        if any(s < end and start < e for s, e in blocked):
            continue
        start = max((cue.end + 1 for cue in line.of("kind", start=start, end=end) if cue.end < end), default=start)
        name = line.between(start, end)
        if name.lower() in ways.never or line.has("kind", start=start, end=end):
            continue
        if any(0 <= part.start - end <= 1 for part in line.of("part", start=end)):
            continue
        if any(line.text.startswith(word, match.end()) for word in ways.words[:2]):
            continue  # a company: Al Jazirah集团
        lead = next((length for length in range(0, 4) if start - length in ends), None)
        if lead and not _leads(line, start - lead, start):
            lead = None
        brand = ends.get(start - lead) if lead is not None else None
        pieces = name.split(" ")
        code = is_code(pieces[0]) or any(is_code(piece) for piece in pieces)
        if _COUNTER.match(line.text, match.end()) and name[-1].isdigit() and not code:
            continue
        if brand and (code or not name.isdigit() or (not lead and len(name) <= 3)):
            yield Mention(start - (lead or 0), end, line.between(start - (lead or 0), end), brand, BRANDED)
        elif code:
            yield Mention(start, end, name, None, CODED)
        elif (start in kinds and len(name) > 2 and name[0].isupper()) or (len(pieces) >= 2 and not pieces[0].islower()):
            yield Mention(start, end, name, None, BESIDE)


def coined(line: Wording, ways: Habits) -> Iterator[Mention]:
    """What may be names of characters alone: in quotes behind a brand or "called", or between a brand and a verb."""
    ends = {name.end: name.brand for name in line.names}
    kinds = {cue.end for cue in line.of("kind")}
    called = {cue.end for cue in line.of("called")}
    for match in _QUOTED.finditer(line.text):
        lead = line.start + match.start()
        if lead in ends or lead in kinds or lead in called:
            trust = CODED if lead in called else BESIDE
            yield Mention(lead + 1, line.start + match.end() - 1, match[1], ends.get(lead), trust)
    stops = {cue.start for cue in line.of(*STEP_KEYS, "coming", "is", "earlier")}
    for begin in sorted({*ends, *kinds}):
        run = _RUN.match(line.text, begin - line.start)
        for length in range(1, min(LONGEST, len(run[0])) + 1 if run else 0):
            end = begin + length
            if (end in stops or length == len(run[0] if run else "")) and _is_coined(line, begin, end, ways):
                yield Mention(begin, end, line.between(begin, end), ends.get(begin), BESIDE)
                break


def _is_coined(line: Wording, start: int, end: int, ways: Habits) -> bool:
    """Whether characters are no words that we know: no cue, place or date among them, nor "of", "in", "today"."""
    word = line.between(start, end)
    spans = [(span.start, span.end) for group in (line.names, line.places, line.moments) for span in group]
    return (
        not any(line.told(start, end))
        and not any(character in ways.glue for character in word)
        and not any(known in word for known in ways.words)
        and not any(s < end and start < e for s, e in spans)
    )


def recurs(name: str, title: str, text: str) -> bool:
    """Whether a text says a name more than once."""
    return (title + "\n" + text).count(name) > 1


def _leads(line: Wording, start: int, end: int) -> bool:
    """Whether characters between a brand and a code belong to the name (海豹06), not to the sentence (发布06)."""
    between = line.between(start, end)
    return not any(line.told(start, end)) and all(_CJK.match(character) for character in between)
