"""The words of a sentence, and what stands around each: the questions that `spaced_names` asks to find names.

Whether a word is taken (a brand, a place, a date), counts something, follows "the" or "called", stands before "SUV".
Nothing here decides what is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from monitor.parser.brands import Cast
from monitor.parser.designations import Habits, Token, is_code
from monitor.parser.scene import Placed
from monitor.parser.wording import STEP_KEYS, Wording

NOUNS = ("counted", "order", "launch", "show", "deliver", "end", "part", "veto", "tease")
_COMPOUND = re.compile(r"[-–][a-zà-ÿ]{3,}")


class Surroundings:
    """The words of one sentence of a language with spaces. Words are meant by their number in it."""

    def __init__(self, line: Wording, tokens: Sequence[Token], ways: Habits, cast: Cast) -> None:
        self.line, self.tokens, self.ways = line, tokens, ways
        self.brands = {name.end: name.brand for name in line.names}
        self.kinds = line.of("kind")
        self.kind_starts = {cue.start for cue in self.kinds}
        self.kind_ends = {cue.end for cue in self.kinds}
        self.called = {cue.end for cue in line.of("called")}
        self.main = cast.main
        self.shorts = {own.split()[0] for own in cast.own if " " in own and own[0].isupper()}
        self.titled = line.line.sentence.kind == "heading" and not ways.nouns_capital and _title_case(tokens)
        ordinals = [  # "the 28ste market": digits and letters, as in a code
            number for number in line.numbers if number.ordinal and is_code(line.between(number.start, number.end))
        ]
        self.blocked = _covered(span for spans in (line.names, line.places, ordinals) for span in spans)
        self.dates = _covered(line.moments)

    def is_word(self, token: Token) -> bool:
        """Whether a capital word after a brand is one of our verbs or nouns: "Renault Bestellungen"."""
        return any(cue.start == token.start and cue.end >= token.end for cue in self.line.of(*NOUNS, start=token.start))

    def before_kind(self, last: Token) -> bool:
        """Whether "SUV" follows, or "electric SUV"; a capital "Car" belongs to a company's name."""
        kind = next((cue for cue in self.kinds if 0 < cue.start - last.end <= 12), None)
        if kind is None or (kind.text[0].isupper() and not kind.text.isupper()):
            return False
        traits = self.line.of("trait", start=last.end, end=kind.start)
        between = self.line.between(last.end, kind.start).strip()
        return not between or (len(traits) == 1 and traits[0].text == between)

    def described(self, last: Token) -> bool:
        """Whether ", a compact electric SUV" or " is a compact electric SUV" follows."""
        rest = self.line.between(last.end, last.end + 70)
        copula = next((c for c in self.line.of("is", start=last.end) if c.start - last.end <= 2), None)
        if not rest.startswith(",") and copula is None:
            return False
        begin = copula.end if copula else last.end + 1
        first = re.match(r"\s*([^\W\d_]+['’]?)", self.line.between(begin, last.end + 70))
        owned = any(name.start == begin + 1 and self.line.line.is_possessive(name.end) for name in self.line.names)
        if first is None or (first[1].lower().rstrip("'’") not in self.ways.articles and not owned):
            return False
        stop = re.search(r"[,.;:]", self.line.between(begin, last.end + 70))
        limit = begin + stop.start() if stop else last.end + 70
        return any(begin < start < limit for start in self.kind_starts)

    def in_apposition(self, index: int) -> bool:
        """Whether "its first electric SUV, the" stands before."""
        if index < 2 or self.tokens[index - 1].text.lower() not in self.ways.articles:
            return False
        comma = self.tokens[index - 1].start - 2
        return self.line.between(comma, comma + 2) == ", " and comma in self.kind_ends

    def after_verb(self, index: int) -> bool:
        start = self.tokens[index].start
        return any(start - cue.end == 1 for cue in self.line.steps())

    def stands_alone(self, stop: int) -> bool:
        """Whether nothing follows that would make the name a part of something: "the Andino shopping centre"."""
        if stop >= len(self.tokens):
            return True
        between = self.line.between(self.tokens[stop - 1].end, self.tokens[stop].start)
        following = self.tokens[stop]
        if between not in (" ", "\u00a0") or following.text.lower() in self.ways.after | self.ways.articles:
            return True
        return any(cue.start == following.start for cue in self.line.steps())

    def opens(self, index: int) -> bool:
        """Whether a word stands at the beginning of the sentence, or of what a colon or quote opens."""
        start = self.tokens[index].start
        before = self.line.between(start - 2, start)
        return index == 0 or before.strip()[-1:] in tuple('.:"“„«(')

    def counted_noun(self, stop: int) -> bool:
        """Whether a plain noun follows that a number would count: "Nearly 25 years"."""
        if stop >= len(self.tokens) or self.line.between(self.tokens[stop - 1].end, self.tokens[stop].start) != " ":
            return False
        following = self.tokens[stop]
        return following.plain and following.text not in self.ways.after and following.start not in self.kind_starts

    def coordinated(self, last: Token) -> bool:
        """Whether "and Genesis sedans" follows."""
        joint = next((c for c in self.line.of("and", start=last.end) if c.start - last.end == 1), None)
        if joint is None:
            return False
        kind = next((cue for cue in self.kinds if 0 < cue.start - joint.end <= 24), None)
        between = self.line.between(joint.end, kind.start).split() if kind else []
        return 1 <= len(between) <= 2 and all(word[0].isupper() or is_code(word) for word in between)

    def adjoins(self, index: int) -> bool:
        """Whether only a space parts a word from the one before, or the point of a short prefix: "ID. Polo"."""
        before, token = self.tokens[index - 1], self.tokens[index]
        between = self.line.between(before.end, token.start)
        return between in (" ", "\u00a0") or (between == ". " and len(before.text) == 2 and before.text.isupper())

    def pointed(self, index: int) -> bool:
        """Whether a capital follows the point of a short prefix: "ID. Polo"."""
        before, token = self.tokens[index - 1], self.tokens[index]
        joined = self.line.between(before.end, token.start) == ". "
        return joined and len(before.text) == 2 and before.text.isupper() and token.capital

    def numbered_name(self, index: int) -> bool:
        """Whether a number opens a name: "the 849 Testarossa"."""
        if self.ways.nouns_capital or self.titled or index + 1 >= len(self.tokens) or self.counts(index):
            return False
        following = self.tokens[index + 1]
        named = len(self.tokens[index].text) in (2, 3) and following.text.isalpha() and len(following.text) > 3
        return named and self.capital(index + 1) and self.adjoins(index + 1) and self.article(index)

    def numbers_next(self, index: int) -> bool:
        """Whether a number follows a word: "Gen 4"."""
        return index + 1 < len(self.tokens) and self.tokens[index + 1].number and self.adjoins(index + 1)

    def owner(self, index: int) -> str | None:
        """Whose model a possessive makes it: "Nintendo's Wii U". None if it is the main brand's, or there is none."""
        if index < 2 or self.tokens[index - 1].text != "s" or not self.adjoins(index):
            return None
        owner = self.tokens[index - 2]
        if self.line.between(owner.end, self.tokens[index - 1].start) not in ("'", "’") or not owner.capital:
            return None
        if owner.text.lower() in self.ways.never and index > 2:
            owner = self.tokens[index - 3]  # "Sony Corp's"
        return self.brands.get(owner.end, owner.text)

    def joint(self, index: int) -> bool:
        token = self.tokens[index]
        return token.text.lower() in self.ways.articles or any(cue.start == token.start for cue in self.line.of("and"))

    def is_blocked(self, token: Token) -> bool:
        return not self.blocked.isdisjoint(range(token.start, token.end))

    def is_date(self, token: Token) -> bool:
        return not self.dates.isdisjoint(range(token.start, token.end))

    def brand_before(self, index: int) -> str | None:
        start = self.tokens[index].start
        return self.brands.get(start - 1) if self.line.between(start - 1, start) in (" ", "\u00a0") else None

    def capital(self, index: int) -> bool:
        token = self.tokens[index]
        if not token.capital or token.text.lower() in self.ways.never or _COMPOUND.search(token.text):
            return False
        if token.start not in self.kind_starts:
            return True
        following = (
            self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        )  # "Model Y" is a name, "Model" none
        return following is not None and not token.text.isupper() and (following.number or len(following.text) == 1)

    def counts(self, index: int) -> bool:
        """Whether a number counts or measures something: "2 dealers", "3 million", "5%"."""
        token = self.tokens[index]
        if not token.number:
            return False
        after = self.line.text[token.end - self.line.start :][:3]
        if after[:1] in tuple("%€$£°") or re.match(r"[.,:/]\d", after):
            return True
        return len(token.text) == 4 and not 1000 < int(token.text) < 1990 and not 2000 < int(token.text) < 9999

    def priced(self, token: Token) -> bool:
        before = self.line.between(token.start - 2, token.start)
        inside = self.line.text.rfind("(", 0, token.start - self.line.start)
        closed = self.line.text.rfind(")", 0, token.start - self.line.start)
        return before[-1:] in tuple("$€£¥") or (inside > closed and "." in token.text)

    def after_called(self, index: int) -> bool:
        start = self.tokens[index].start
        for skip in (0, 1, 2):
            if index - skip >= 0:
                gap_start = self.tokens[index - skip - 1].end if index - skip else self.line.start
                if any(gap_start <= end <= self.tokens[index - skip].start for end in self.called):
                    words = self.tokens[index - skip : index]
                    return all(w.text.lower() in self.ways.articles | self.ways.fresh for w in words) and start > 0
        return False

    def governed(self, index: int) -> bool:
        """Whether a preposition rules the name and no step comes before it: "rated for the Rubicon Trail"."""
        index -= 1
        while index > 0 and self.tokens[index].text.lower() in self.ways.articles | self.ways.fresh:
            if self.tokens[index].text.lower() in self.ways.prepositions:
                break
            index -= 1
        word = self.tokens[index]
        if index < 0 or word.text.lower() not in self.ways.prepositions:
            return False
        told = self.line.of(*STEP_KEYS, "opening", "called", "issue", start=self.line.start, end=word.end + 8)
        return not any(cue.start <= word.start <= cue.end + 1 for cue in told)

    def article(self, index: int) -> bool:
        """Whether "the", or "the new", stands before."""
        index -= 1
        while index > 0 and self.tokens[index].text.lower() in self.ways.fresh:
            index -= 1
        return self.tokens[index].text.lower() in self.ways.articles


def _covered(spans: Iterable[Placed]) -> frozenset[int]:
    """All places of the document that lie in one of these."""
    return frozenset(at for span in spans for at in range(span.start, span.end))


def _title_case(tokens: Sequence[Token]) -> bool:
    words = [t for t in tokens if t.text.isalpha() and len(t.text) > 3]
    return len(words) >= 2 and sum(t.text[0].isupper() for t in words) > 0.7 * len(words)
