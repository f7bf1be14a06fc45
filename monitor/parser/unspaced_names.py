"""Names of models in a script without spaces: Latin letters and digits, and what a brand puts before them.

比亚迪海豹06 DM-i, 小米YU7, 精灵#5, Model Y. Names of Chinese characters alone are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.parser.designations import BESIDE, BRANDED, CODED, Habits, Mention, is_code
from monitor.parser.wording import Wording

_CJK = re.compile(r"[⺀-鿿豈-﫿]")
_LATIN = re.compile(
    r"#?[A-Za-z0-9](?:[A-Za-z0-9.+\-]*[A-Za-z0-9+])?(?: (?=[A-Z0-9])[A-Za-z0-9](?:[A-Za-z0-9.+\-]*[A-Za-z0-9+])?)*"
)
_COUNTER = re.compile(r"\s?[年月日号个家款万亿千百辆台周岁公里米元名位种项次%％点分秒度多余城国]")


def read(line: Wording, ways: Habits) -> Iterator[Mention]:
    """Names in a script without spaces: Latin letters and digits, with the characters that a brand puts before them."""
    ends = {name.end: name.brand for name in line.names}
    blocked = [(span.start, span.end) for spans in (line.names, line.moments, line.places) for span in spans]
    for match in _LATIN.finditer(line.text):
        start, end = line.start + match.start(), line.start + match.end()
        if any(s < end and start < e for s, e in blocked):
            continue
        if match[0].lower() in ways.never or line.has("kind", start=start, end=end):
            continue
        if any(0 <= part.start - end <= 1 for part in line.of("part", start=end)):
            continue
        name = match[0]
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
        elif len(pieces) >= 2 and any(letter.isupper() for letter in pieces[0]):
            yield Mention(start, end, name, None, BESIDE)


def _leads(line: Wording, start: int, end: int) -> bool:
    """Whether characters between a brand and a code belong to the name (海豹06), not to the sentence (发布06)."""
    between = line.between(start, end)
    return not any(line.told(start, end)) and all(_CJK.match(character) for character in between)
