"""Possible names of models in a language with spaces, wherever a word has a capital or a designation's shape.

sentence ─► runs of capitals, codes, numbers and brackets ─► cut at brands, dates, small words ─► signs ─► Sighting
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from babel.numbers import list_currencies

from monitor.parser.designations import Habits, Mention
from monitor.parser.guesses import Sighting
from monitor.parser.proper import CORPORATE
from monitor.parser.wording import Wording

MOST = 40
"""How many runs of one sentence are looked at."""
LONGEST = 48
REACH = 60
"""How far behind a name the word may stand that says what it is: "the X, a small electric SUV"."""
_UPPER = "[A-ZÀ-ÖØ-ÞČŠŽ]"
_WORD = rf"(?:[a-zA-Z][-.])?{_UPPER}\w*(?:[-.:]\w+|(?<=\w{{3}})['’](?=[A-Z])\w+)*\+?"
_BRACKET = r"\((?:Gen\. )?\d{1,2}[a-z]?\)"
_RUN = re.compile(
    rf"(?<![\w#.&-])(?<!\d,)(?=[^\W_a-zß-öø-ÿ]|[a-z]{{1,2}}[-:. A-Z]|[#(]\w)"
    rf"(?:(?:[ei] )?{_WORD}|\d{{1,3}}[A-Z][a-z]{{2,}}\w*|[a-z]{{1,2}}:?{_UPPER}\w*"
    rf"|(?<![$£€¥:])#?\d{{1,4}}(?:-\d)?[A-Za-z]{{0,3}}(?![\w.,%€$]*\d)"
    rf"|{_BRACKET})"
    rf"(?:(?:[ \u00a0]|(?<=\b[A-Z]{{2}})\. )"
    rf"(?:{_WORD}|\d(?:-\d\b|[\w.]*)(?![\w.]*,\d{{3}})|[a-z]{{1,2}}\d+\w*|[a-z]-\w+|(?:mini|nano|touch)\b"
    rf"|{_BRACKET})){{0,6}}"
    r"(?![\w&])"
)
_PART = re.compile(r"\([^)]*\)|[^\s()]+")
REACH_BACK = 16
"""How far before a number another may begin that it is listed with."""
_QUOTES = str.maketrans(dict.fromkeys("\"“„«‘('’", " "))
_OPENING, _CLOSING = '"“„«‘', '"”“»’'
_SHORT = re.compile(r"\(?\d|[A-Z]$|\(")
_MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_HYPHENED = re.compile(r"\b[A-Za-z]{1,2}-[A-Z]|[a-z]-[A-Za-z]$")
_CODED = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d_])\w")
_QUOTED = re.compile(rf"[\"“„«‘]({_UPPER}[\w'’-]*(?: [\w'’-]+){{0,3}} {_UPPER}[\w'’-]*)[\"”“»’]")
_COUNT = re.compile(r"\d{1,3}(?: \d{3})+")
_OPENING_COUNT = re.compile(rf"{_UPPER}[a-zß-ÿ]* \d+")
_COMPOUND = re.compile(r"-[a-zà-ÿ]{3,}")
_JOINT = re.compile(r"(?:,|,?\s(?P<word>\w+))\s(?:[^\W\d]{1,4}['’\s])?")
"""A comma, or a word that may be "and", and an article; between two names of a list."""
_ITEM_HEAD = re.compile(r"[:：]|,?\s[-–—(|]|,\s|$")
"""What stands behind the name that an item of a list is about."""
_HEAD = re.compile(r"[:：]\s|\s[-–—]\s")
"""And behind the name that a sentence is about."""
_NUMBER_BEFORE = re.compile(r"\b(\d{1,4})(?:,|,?\s(?P<word>\w+))\s$")
_LISTED_NUMBER = re.compile(r"\d{4}\b(?![.,]?\d)")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_MONEY = frozenset(list_currencies()) | {"Rs", "RMB"}
_TICKER = re.compile(r"[A-Z0-9]{1,6}[a-z]?\.[A-Z]{1,2}")
_STOPS = ("", ".", ":", "!", "?", "–", "—", "-", "…")
_LINKS = frozenset({"de", "di", "con", "com"})
"""Prepositions that a language counts among its articles, as one often merges with them."""
_NAMING = frozenset({"EV", "HEV", "PHEV", "GT", "TV"})
"""Words for what something is that may be a part of its name, too."""
_EV = _NAMING | {"SUV"}
_ENDS = frozenset(
    {"life", "cargo", "cross", "pro", "plus", "max", "one", "prototype", "edition", "tourer", "touring", "uno"}
)
ENOUGH = -1
"""How many points make a name worth proposing."""
POINTS = {
    "bracket": 6, "tail": 4, "code": 3, "mixed": 4, "hyphened": 4, "letter": 4, "single": 1, "numbered": 2,
    "capitals": -1, "long": -3, "plain pair": -2, "plain": -2, "noun": -1,
    "brand": 3, "kind before": 4, "trait before": 2, "called": 4, "quoted": 4, "fresh": 3, "article": 1,
    "verb before": 1, "verb after": 2, "listed": 2, "beside a model": 3, "described": 3, "apposition": 2,
    "step": 2, "kind": 1, "title": 1, "item": 6, "head": 3, "article near": 1, "common": -1,
    "opens": -2, "governed": -3, "place": -4, "part": -5, "told": -4, "company": -4, "ending": -2, "among places": -2,
    "brand after": -4, "possessive": -4,
}  # fmt: skip
"""What a sign is worth, as weighed on labelled texts. "noun" and "ending" are German: every noun has a capital."""


def read(line: Wording, ways: Habits, known: Sequence[Mention]) -> Iterator[Sighting]:
    """The possible names of a sentence, in order; `known` are the models that it surely names."""
    kinds = {cue.end - line.start for cue in line.of("kind")}
    runs = [
        run
        for run in islice(_RUN.finditer(line.text), MOST)
        if run[0].lower() not in ways.never or run.start() - 1 in kinds or _is_capital(line, ways, run.start())
    ]
    quoted = [run for run in _QUOTED.finditer(line.text) if " " in run[1]]
    return _Reader(line, ways, known).read(runs, quoted) if runs or quoted else iter(())


def _is_capital(line: Wording, ways: Habits, start: int) -> bool:
    """Whether a common word behind an article has the capital that names have: "the Spring", "an all-new IS"."""
    if ways.nouns_capital or line.line.sentence.kind == "heading":
        return False
    word = _word_before(line.text, start)
    return (word in ways.articles or word in ways.fresh) and word not in _LINKS


def _word_before(text: str, start: int) -> str:
    """The word before a place, past an opening quote; with its full stop or comma, if it has one."""
    before = text[max(0, start - 24) : start].translate(_QUOTES).split()
    return before[-1] if before else ""


class _Reader:
    """Reads one sentence. Places are offsets into its text."""

    def __init__(self, line: Wording, ways: Habits, known: Sequence[Mention]) -> None:
        self.line, self.text, self.ways = line, line.text, ways
        base = line.start
        self.brands = {name.end - base: name.brand for name in line.names}
        self.brand_starts = {name.start - base for name in line.names}
        self.cut = [(span.start - base, span.end - base) for group in (line.names, line.moments) for span in group]
        self.places = [(place.start - base, place.end - base) for place in line.places]
        self.place_starts, self.place_ends = {s for s, _ in self.places}, {e for _, e in self.places}
        self.kinds = [(cue.start - base, cue.end - base) for cue in line.of("kind")]
        self.kind_ends = {end for _, end in self.kinds}
        called = line.of("called")
        self.called = [cue.end - base for cue in called]
        self.cut += [(cue.start - base, cue.end - base) for cue in called]
        self.called_starts = {cue.start - base for cue in called}
        self.trait_ends = {cue.end - base for cue in line.of("trait")}
        steps = line.steps()
        self.joints = {cue.text.lower() for cue in line.of("and")}
        self.step_starts = {cue.start - base for cue in steps}
        self.step_ends = {cue.end - base for cue in steps}
        self.parts = [(cue.start - base, cue.end - base) for cue in line.of("part", "market", "counted")]
        self.told = [(c.start - base, c.end - base) for c in line.line.by_role.get("market_entry.told", ())]
        self.model_starts = {mention.start - base for mention in known}
        self.model_ends = {mention.end - base for mention in known}
        self.titled = line.line.sentence.kind == "heading"
        self.item = line.line.sentence.kind == "item"
        self.common = (("step",) if steps else ()) + (("kind",) if self.kinds else ())
        if line.line.number < 0:
            self.common += ("title",)

    def read(self, runs: Sequence[re.Match[str]], quoted: Sequence[re.Match[str]]) -> Iterator[Sighting]:
        """The sightings among these runs and phrases in quotes."""
        behind = -1
        for run in runs:
            for words in self._pieces(run):
                start, end = words[0][0], words[-1][1]
                name = self.text[start:end].rstrip(".-")
                end = start + len(name)
                if len(name) > LONGEST or self._is_other(start, end, name):
                    behind = end if end in self.place_ends else -1
                    continue
                brand, signs = self._signs(start, end, name, words)
                between = _JOINT.fullmatch(self.text, behind, start) if 0 <= behind < start else None
                before = between is not None and self._is_joint(between)
                after = self._joint(end)
                if before or (after is not None and _is_head(self.text[after : after + 1])):
                    among = (before and behind in self.place_ends) or after in self.place_starts
                    signs.append("among places" if among else "listed")
                    if (before and behind in self.model_ends) or after in self.model_starts:
                        signs.append("beside a model")
                behind = end
                yield self._sighting(start, end, name, brand, signs)
                if brand and start - 1 in self.brands and "article" not in signs:
                    yield from self._with_brand(start, end, brand, signs)
        for phrase in quoted:
            yield from self._phrase(phrase)

    def _sighting(self, start: int, end: int, name: str, brand: str | None, signs: Sequence[str]) -> Sighting:
        base = self.line.start
        points = sum(POINTS[sign] for sign in signs)
        return Sighting(base + start, base + end, name, brand, frozenset(signs), points)

    def _with_brand(self, start: int, end: int, brand: str, signs: Sequence[str]) -> Iterator[Sighting]:
        """A name that may hold the brand's: "the Ventura Gelado"."""
        opening = next(
            span.start - self.line.start for span in self.line.names if span.end - self.line.start == start - 1
        )
        word = self._word_before(opening)
        if word in self.ways.articles and word not in _LINKS and self.text[start:end].isalpha():
            yield self._sighting(opening, end, self.text[opening:end], brand, (*signs, "article", "plain pair"))

    def _phrase(self, phrase: re.Match[str]) -> Iterator[Sighting]:
        """A name in quotes with small words in it: “Eau de Nuit”."""
        (start, end), name = phrase.span(1), phrase[1]
        if not name.istitle() and name.split()[0].lower() not in self.ways.never:
            brand, signs = self._signs(start, end, name, [(start, end, name)])
            yield self._sighting(start, end, name, brand, signs)

    def _pieces(self, run: re.Match[str]) -> Iterator[list[tuple[int, int, str]]]:
        """The parts of a run that brands and dates leave, without the small words before them."""
        if not self.cut:
            yield from self._trimmed([(*part.span(), part[0]) for part in _PART.finditer(self.text, *run.span())])
            return
        words: list[tuple[int, int, str]] = []
        for part in _PART.finditer(self.text, run.start(), run.end()):
            start, end = part.span()
            if any(s < end and start < e for s, e in self.cut):
                yield from self._trimmed(words)
                words = []
            else:
                words.append((start, end, part[0]))
        yield from self._trimmed(words)

    def _trimmed(self, words: list[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
        while words and self._is_small(words):
            words = words[1:]
        if len(words) > 1 and words[-1][2].isupper() and words[-1][:2] in self.kinds and not words[-2][2].isdigit():
            if words[-1][2] in _NAMING:
                yield words
            words = words[:-1]  # "the GV80 SUV", but "the 0 SUV"
        if words:
            yield words
            if self.ways.nouns_capital and len(words) > 1:
                yield from self._trimmed(words[1:])

    def _is_small(self, words: list[tuple[int, int, str]]) -> bool:
        """Whether the first word belongs to the sentence ("The", "SUV"), not to the name ("Type 133", "RS 457")."""
        start, end, word = words[0]
        plain = word.lower().rstrip(".")
        numbered = len(words) > 1 and words[1][2][0].isdigit()
        if self._is_kind(start, end) and (word.isupper() or self.ways.nouns_capital):
            return not (numbered and word in _NAMING)  # "the GT 8 Pro"
        if numbered and len(word) == 1 and word.isupper() and self._word_before(start) in self.ways.articles:
            return False  # "an A 35"
        if (len(words) == 1 or words[1][2] in _EV) and _is_capital(self.line, self.ways, start):
            return False
        if start - 1 in self.called or (start - 1 in self.brands and plain in _ENDS):
            return False
        if (start, end) in self.kinds and len(words) > 1 and self._opens_name(start, words[1][2]):
            return False
        if plain in self.ways.never or (start, end) in self.kinds:
            if plain in self.ways.articles or plain in self.ways.prepositions or plain in self.ways.after:
                return True
            named = len(words) > 1 and (_SHORT.match(words[1][2]) is not None)
            article = (
                self._word_before(start) in self.ways.fresh
                and word[0].isupper()
                and not word.isupper()
                and plain not in self.ways.never
            )
            return not (named or article or start - 1 in self.kind_ends)
        return False

    def _is_kind(self, start: int, end: int) -> bool:
        """Whether a word says what bears the name, or ends with such a word: "Mittelklasse-SUV"."""
        if (start, end) in self.kinds:
            return True
        return any(stop == end and self.text[at - 1] == "-" for at, stop in self.kinds if at > start)

    def _opens_name(self, start: int, following: str) -> bool:
        """Whether a word for a kind has the capital of a name, "the Street Triple", and no other reason for it."""
        before = self._word_before(start)
        return not (
            self.ways.nouns_capital or self.titled or before[-1:] in ("", ".", ":", "!", "?") or following.islower()
        )

    def _word_before(self, start: int) -> str:
        """The word before a place, in lower case."""
        return _word_before(self.text, start).lower()

    def _is_other(self, start: int, end: int, name: str) -> bool:
        """Whether this is surely no model: a place, a part, a number that counts, who is quoted, a company."""
        if name.isdigit() or (name[0].isdigit() and " " not in name and not _CODED.search(name)):
            return not self._is_numeral_name(start, end, name)
        if name.partition(" ")[0] in _MONEY and name[-1].isdigit():
            return True  # "Rs 20"
        if _COUNT.fullmatch(name) or (len(name) == 1 and self.text[end : end + 1] in tuple("'’$.")):
            return True
        bracketed = self.text[:start].rstrip().endswith("(") and self.text[end:].lstrip().startswith(")")
        if bracketed and (name.isalpha() or _TICKER.fullmatch(name)):
            return True  # who reports: "PARIS (Newswire) -"; a share: "Ford (F.N)"
        if _COMPOUND.search(name) or (name.isupper() and name.isalpha() and len(name) > 5):
            return True
        counted = _OPENING_COUNT.fullmatch(name) and not self.text[:start].strip()
        if counted and re.match(r" [a-zà-ÿ]", self.text[end : end + 2]):
            return True  # "Another 500 dealers"
        return len(name) == 1 and name.islower()

    def _is_numeral_name(self, start: int, end: int, name: str) -> bool:
        """Whether a bare number may be a model: "Fiat 500", "the combustion 718 will"."""
        if self.text[end : end + 2].strip()[:1] in tuple("%€$.,:") and self.text[end + 1 : end + 2].isdigit():
            return False
        if start - 1 in self.brands or start - 1 in self.kind_ends:
            after = self._joint(end)
            return len(name) < 4 or (after is not None and bool(_LISTED_NUMBER.match(self.text, after)))
        if self._follows_number(start, name):
            return True
        following = re.match(r" ([^\W\d_]+)", self.text[end : end + 20])
        word = self._word_before(start)
        fresh = word in self.ways.fresh
        told = start - 1 in self.trait_ends or fresh or (word in self.ways.articles and word not in _LINKS)
        alone = following is None or following[1].lower() in self.ways.after or end + 1 in self.step_starts
        if not (told and (alone or fresh)):
            return False
        if len(name) == 1:
            return self.text[end : end + 2] == ", " or end + 1 in self.step_starts  # "the 7, a compact SUV"
        return fresh or not _YEAR.match(name)

    def _follows_number(self, start: int, name: str) -> bool:
        """Whether a number goes on a list of such names: "the SUVs 208, 308 and 508"."""
        before = _NUMBER_BEFORE.search(self.text, max(0, start - REACH_BACK), start)
        if before is None or not self._is_joint(before) or len(before[1]) != len(name):
            return False
        return self._is_numeral_name(before.start(), before.end(1), before[1])

    def _joint(self, end: int) -> int | None:
        """Where the next of a list begins, if a comma or "and" follows."""
        found = _JOINT.match(self.text, end)
        return found.end() if found and self._is_joint(found) else None

    def _is_joint(self, found: re.Match[str]) -> bool:
        return found["word"] is None or found["word"].lower() in self.joints

    def _signs(
        self, start: int, end: int, name: str, words: list[tuple[int, int, str]]
    ) -> tuple[str | None, list[str]]:
        """The brand before a name, and all its signs."""
        quoted = start > 0 and self.text[start - 1] in _OPENING and self.text[end : end + 1] in _CLOSING
        at = start - 2 if quoted else start - 1
        brand = self.brands.get(at)
        signs = [*self.common, *self._shape(name, words), *self._doubts(start, end, words)]
        signs += [sign for sign, told in (("brand", brand), ("quoted", quoted)) if told]
        if not quoted and self.text[max(0, start - 3) : start].rstrip()[-1:] in _STOPS:
            signs.append("opens")
        if self.item and not start and _ITEM_HEAD.match(self.text, end):
            signs.append("item")
        elif not self.item and not self.titled and not start and _HEAD.match(self.text, end):
            signs.append("head")
        signs += self._before(start, end, at)
        signs += self._word_signs(start, name)
        signs += self._after(end)
        return brand, signs

    def _before(self, start: int, end: int, at: int) -> Iterator[str]:
        """What stands before; `at` is the place before an opening quote."""
        if at in self.kind_ends:
            yield "kind before"
        elif at in self.trait_ends:
            yield "trait before"
        if self.called and (end + 1 in self.called_starts or any(0 <= start - cue <= 16 for cue in self.called)):
            yield "called"
        if not self.step_ends.isdisjoint(range(start - 3, start + 1)):
            yield "verb before"

    def _word_signs(self, start: int, name: str) -> Iterator[str]:
        word, ways = self._word_before(start), self.ways
        if word in ways.fresh:
            yield "fresh"
        elif word in ways.articles and word not in _LINKS:
            yield "article"
        elif (word in ways.prepositions or word in _LINKS) and name.isalpha() and not _MIXED.search(name):
            yield "governed"
        elif word.islower() and self._is_near_article(start):
            yield "article near"
        if name.lower() in ways.never:
            yield "common"

    def _is_near_article(self, start: int) -> bool:
        """Whether one word stands between a name and an article: "the long-wheelbase Tiguan"."""
        before = self.text[max(0, start - 40) : start].translate(_QUOTES).split()
        return len(before) > 1 and before[-2].lower() in self.ways.articles and before[-2].lower() not in _LINKS

    def _after(self, end: int) -> Iterator[str]:
        text = self.text
        if end + 1 in self.step_starts or end + 2 in self.step_starts:
            yield "verb after"
        if end + 1 in self.brand_starts:
            yield "brand after"
        if text[end : end + 2] in ("'s", "’s"):
            yield "possessive"
        if text[end : end + 2] == ", ":
            comma = text.find(",", end + 2)
            if any(end < start < (comma if comma >= 0 else end + REACH) for start, _ in self.kinds):
                yield "described"
            following = text[end + 2 : end + 12].split(maxsplit=1)
            if following and following[0] in self.ways.articles:
                yield "apposition"

    def _doubts(self, start: int, end: int, words: list[tuple[int, int, str]]) -> Iterator[str]:
        """What makes of a name a place, a part of something, who is quoted, a company."""
        if self.places and any(s < end and start < e for s, e in self.places):
            yield "place"
        if self.parts and any((s < end and start < e) or 0 <= s - end <= 1 for s, e in self.parts):
            yield "part"
        if self.told and any(0 <= s - end <= 3 or 0 <= start - e <= 3 for s, e in self.told):
            yield "told"
        if words[-1][2] in CORPORATE:
            yield "company"

    def _shape(self, name: str, words: list[tuple[int, int, str]]) -> Iterator[str]:
        if "(" in name:
            yield "bracket"
        elif _CODED.search(name):
            yield "code"
        elif len(words) > 1:
            yield from self._end(words)
        elif len(name) == 1:
            yield "single"
        elif name.isupper() and name.isalpha():
            yield "capitals"
        elif name.replace("-", "").isalpha():
            yield "plain"
            if self.ways.nouns_capital:
                yield "noun"
                if name.endswith(self.ways.endings):
                    yield "ending"
        if _MIXED.search(name):
            yield "mixed"
        if _HYPHENED.search(name):
            yield "hyphened"
        if name[1:2] == " " and name[0].islower():
            yield "letter"

    @staticmethod
    def _end(words: list[tuple[int, int, str]]) -> Iterator[str]:
        """What a name of several words ends with."""
        last = words[-1][2]
        if last.isdigit():
            yield "numbered"
        elif last in _EV or last.lower() in _ENDS:
            yield "tail"
        else:
            yield "plain pair" if len(words) == 2 else "long"


def _is_head(letter: str) -> bool:
    """Whether a name may begin like this."""
    return letter.isupper() or letter.isdigit()
