"""Names of models in a sentence whose words are parted by spaces.

    words ─► heads (a code, a capital after a brand, beside "SUV", after "called") ─► runs ─► lists ─► Mention

A designation is a run of codes, capitals and numbers: `Seal 06 DM-i`, `#6 EHD`, `Model Y`, `R1S Standard`. A code may
stand alone; a plain capital word needs a neighbour that vouches for it (`Mention.trust`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from monitor.parser.brands import Cast
from monitor.parser.designations import ALONE, BESIDE, BRANDED, CODED, Habits, Mention, Token, is_code, is_mixed
from monitor.parser.surroundings import Surroundings
from monitor.parser.wording import Wording

MAX_WORDS = 7
LONGEST = 24
MOST = 24
"""How many names of one sentence are read: no sentence names more, and a trap may."""
MAX_TOKENS = 400  # of one sentence; no sentence of prose is longer
TAILS = frozenset(
    {"standard", "sport", "line", "racing", "first", "plus", "max", "city", "urban", "class", "design", "series", "one"}
)
"""Words that name nothing by themselves and yet may end a name: "R1S Standard"."""
EDITIONS = frozenset({"edition", "edición", "édition", "edizione", "edição"})
_TOKEN = re.compile(r"(?:#|N°\s?)?[^\W_]+(?:(?:[.\-–](?=[^\W_])|,(?=\d{3}))[^\W_]+)*\+?")
_TAIL = re.compile(r"(?:[a-z]-[a-zA-Z][a-z]+|DM-[ip]|[A-Z]{1,4}-?[a-z]?)$")
_HYPHENED = re.compile(r"(?:[a-z]-[a-zA-Z][a-z]+|[A-Z]{2}-[ip])$")
_LETTERED = re.compile(r"\d{1,3}[a-z]$")  # 500e: an ordinal elsewhere, no doubt a model behind its brand
_NUMBERED = re.compile(r"\d{1,2}[a-z]$")
_PERIOD = re.compile(r"[A-Z][1-9]$")


def read(line: Wording, ways: Habits, cast: Cast) -> tuple[Mention, ...]:
    """The models that a sentence names, in order."""
    tokens = [Token(m.start() + line.start, m.end() + line.start, m[0]) for m in _TOKEN.finditer(line.text)][
        :MAX_TOKENS
    ]
    return tuple(islice(_Reader(line, tokens, ways, cast).read(), MOST))


class _Reader(Surroundings):
    """Reads the names of one sentence."""

    def read(self) -> Iterator[Mention]:
        index = 0
        while index < len(self.tokens):
            if self.tokens[index].plain:
                index += 1
                continue
            head = self._head(index)
            if head is None:
                index += 1
                continue
            trust, brand = head
            stop = self._run(index, trust == BRANDED)
            mention = self._mention(index, stop, trust, brand)
            if mention:
                yield mention
                for other in self._listed(stop, mention):
                    yield other
                    stop = next(i for i, t in enumerate(self.tokens) if t.end == other.end) + 1
            index = max(stop, index + 1)

    def _head(self, index: int) -> tuple[int, str | None] | None:
        """How far a name that begins at this word is vouched for, and the brand before it; None if none begins."""
        token = self.tokens[index]
        brand = self.brand_before(index)
        if self.is_blocked(token):
            return None
        if self.is_date(token) and not (_PERIOD.match(token.text) and (brand or self.article(index))):
            return None  # "the third quarter" is "Q3", "the Q3" a car
        if (
            brand
            and (token.code or token.number or _LETTERED.match(token.text) or self.capital(index))
            and not self.counts(index)
        ):
            return (BRANDED, brand) if token.code or not self._company(index) else None
        if (token.code and not self.priced(token)) or (_PERIOD.match(token.text) and self.article(index)):
            return CODED, None
        if token.number and self.numbered_name(index):
            return BESIDE, None
        if not self.capital(index):
            return None
        stop = self._run(index, False)
        if stop - index >= 2 and any(t.code for t in self.tokens[index:stop]) and not self.ways.nouns_capital:
            return (CODED, None) if not self.titled else None
        return self._neighbours(index, stop)

    def _company(self, index: int) -> bool:
        """Whether the words after a brand go on to a company's or a person's name: "Sony Honda Mobility"."""
        if self.is_word(self.tokens[index]):
            return True
        stop = self._run(index, True)
        if stop >= len(self.tokens) or stop == index or any(t.code or t.number for t in self.tokens[index:stop]):
            return False
        following = self.tokens[stop]
        return self.adjoins(stop) and following.text[0].isupper() and following.text.lower() in self.ways.never

    def _neighbours(self, index: int, stop: int) -> tuple[int, None] | None:
        """A plain capital word, by what stands beside it."""
        if stop <= index or self.titled:
            return None
        last = self.tokens[stop - 1]
        before = self.tokens[index - 1] if index else None
        tail = self.tokens[index + 1 : stop]
        numbered = any(t.number or len(t.text) == 1 or _NUMBERED.match(t.text) for t in tail)
        if numbered and self.opens(index) and self.counted_noun(stop):
            return None  # "Nearly 25 years"
        pointed = bool(tail) and self.pointed(index + 1)
        hyphened = stop - index >= 2 and bool(_HYPHENED.match(last.text))
        after_kind = (
            before is not None and before.end in self.kind_ends and before.text[0].islower() != self.ways.nouns_capital
        )
        if self.ways.nouns_capital:
            plain = before is None or before.text[0].islower() or after_kind
            return self._among_nouns(index, stop, hyphened or pointed or (numbered and plain), after_kind)
        crowned = stop - index >= 2 and last.start in self.kind_starts  # "X Gran Coupe"
        if numbered or hyphened or pointed or (crowned and index > 0):
            return BESIDE, None
        if index == 0 or before is None:
            return None
        if (
            self.before_kind(last)
            or self.coordinated(last)
            or after_kind
            or self.in_apposition(index)
            or (self.article(index) and self.described(last))
        ):
            return BESIDE, None
        if self.after_called(index) and (self.kinds or any(c.start == self.line.start for c in self.line.of("it"))):
            return CODED, None
        mixed = any(is_mixed(token.text) for token in self.tokens[index:stop]) and self.after_verb(index)
        alone = (self.article(index) or mixed) and self.stands_alone(stop) and not self.governed(index)
        return (ALONE, None) if alone else None

    def _among_nouns(self, index: int, stop: int, shaped: bool, after_kind: bool) -> tuple[int, None] | None:
        """A name where every noun has a capital: by its shape, in capitals after "the", or behind "SUV"."""
        last = self.tokens[stop - 1]
        single = stop - index == 1
        shouted = single and 2 <= len(last.text) <= 5 and last.text.isupper() and self.article(index)
        if shaped or (shouted and len(last.text) > 2 and self.described(last)):
            return BESIDE, None
        return (ALONE, None) if (shouted and last.text.isalpha()) or (after_kind and single) else None

    def _run(self, index: int, branded: bool) -> int:
        """Where the designation that begins here ends (a token index)."""
        stop = index
        while stop < len(self.tokens) and stop - index < MAX_WORDS:
            token = self.tokens[stop]
            if stop > index and not self.adjoins(stop):
                break
            if self.is_blocked(token) or not self._belongs(stop, first=stop == index, branded=branded):
                break
            if self.is_date(token) and stop > index:
                break
            stop += 1
        return self._edition(stop) if stop > index else stop

    def _edition(self, stop: int) -> int:
        """Where a named edition ends that goes on from here: "BE 6 Formula E Edition"."""
        for ahead in range(stop, min(stop + 4, len(self.tokens))):
            token = self.tokens[ahead]
            if not self.adjoins(ahead) or not (token.capital or token.number or token.code):
                return stop
            if token.text.lower() in EDITIONS and ahead > stop:
                return ahead + 1
        return stop

    def _belongs(self, index: int, first: bool, branded: bool) -> bool:
        token = self.tokens[index]
        if len(token.text) > LONGEST:
            return False
        if token.code or (not first and self.pointed(index)):
            return True
        if token.number:
            return (not first or branded or self.numbered_name(index)) and not self.counts(index)
        if first:
            return self.capital(index) or bool(_PERIOD.match(token.text) or (branded and _LETTERED.match(token.text)))
        if self._is_tail(index):
            return True
        if (self.ways.nouns_capital or self.titled) and self.is_word(token):
            return False
        if _NUMBERED.match(token.text) and self.tokens[index - 1].capital:
            return True
        if self.titled or (self.ways.nouns_capital and not branded):
            return (is_mixed(token.text)) and not self.titled
        if token.start in self.kind_starts:
            return token.text[0].isupper() and not token.text.isupper() and not self.ways.nouns_capital
        return self.capital(index) or (token.capital and token.text.lower() in TAILS and not self.ways.nouns_capital)

    def _is_tail(self, index: int) -> bool:
        """Whether a word may only end a name: "DM-i", "EV", a single letter, "Gen 4", "Shooting Brake"."""
        token = self.tokens[index]
        letter = len(token.text) == 1 and self.tokens[index - 1].capital
        named = letter or token.text.lower() not in self.ways.never
        if named and _TAIL.match(token.text) and token.start not in self.kind_starts:
            return True
        if token.text in ("EV", "HEV", "PHEV", "GT", "SE") or (token.text == "Gen" and self.numbers_next(index)):
            return True
        return any(cue.start <= token.start < cue.end for cue in self.line.of("crown"))

    def _mention(self, index: int, stop: int, trust: int, brand: str | None) -> Mention | None:
        while stop > index and self.tokens[stop - 1].text.lower() in ("ev", "bev") and stop - index > 2:
            stop -= 1
        while index < stop - 1 and self.tokens[index].text in self.shorts:
            brand, trust, index = self.main, BRANDED, index + 1
        if stop <= index:
            return None
        start, end = self.tokens[index].start, self.tokens[stop - 1].end
        name = self.line.between(start, end)
        brand = brand or self.owner(index)
        if trust != BRANDED and any(0 <= part.start - end <= 1 for part in self.line.of("part", start=end)):
            return None  # a chip, an engine
        if name.isdigit() and trust != BRANDED and not is_code(name):
            return None
        return Mention(start, end, name, brand, trust)

    def _listed(self, stop: int, first: Mention) -> Iterator[Mention]:
        """What goes on a list of designations: "Polestar 2, 3 and 4", "the Arona and the Ibiza"."""
        while stop < len(self.tokens):
            index = stop
            while index < min(stop + 3, len(self.tokens) - 1) and self.joint(index):
                index += 1
            if not self._listing(self.tokens[stop - 1].end, self.tokens[index].start):
                return
            token = self.tokens[index]
            plain = token.number and first.name.isdigit() and not self.counts(index)
            named = not self.ways.nouns_capital and not first.name.isdigit() and self.capital(index)
            if (
                self.is_blocked(token)
                or self.is_date(token)
                or self.brand_before(index)
                or token.code
                or not (plain or named)
            ):
                return
            end = index + 1 if plain else self._run(index, False)
            if end <= index or (named and not plain and not self._ends_list(end)):
                return
            name = self.line.between(token.start, self.tokens[end - 1].end)
            yield Mention(
                token.start, self.tokens[end - 1].end, name, first.brand, BRANDED if plain else min(first.trust, BESIDE)
            )
            stop = end

    def _listing(self, start: int, end: int) -> bool:
        """Whether nothing but a comma or "and", and an article, stands between."""
        words = self.line.between(start, end).replace(",", " , ").split()
        joints = {cue.text.lower() for cue in self.line.of("and", start=start, end=end)} | {","}
        return bool(joints & {word.lower() for word in words}) and all(
            word.lower() in joints or word.lower() in self.ways.articles for word in words
        )

    def _ends_list(self, stop: int) -> bool:
        return self.stands_alone(stop) or self.tokens[stop].text[0].islower()
