"""Proper names by how they are written: capitals where no sentence begins, and designations such as `iX3`, `#2`, `C10`.

A guess from the shape alone: nothing is claimed about what bears the name. In languages that write every noun with a
capital, and in scripts that have none, only designations are found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_NAME = re.compile(
    r"[A-ZÀ-Þ][\w&'’.+-]{0,30}(?: (?:& )?(?:[A-ZÀ-Þ#][\w&'’+-]{0,30}|\d{1,3}[A-Z]?(?![\w.,]*\d)\b)){0,4}"
)
_DESIGNATION = re.compile(
    r"(?<![\w#.,-])"
    r"(?:#\d\w?|[A-Z]{1,4}-?\d{1,4}[A-Za-z+]{0,3}|\d{1,3}[A-Z][A-Za-z]?|[a-z]{1,2}[A-Z]?\d{1,2}|[A-Z][a-z]+ \d{1,3})"
    r"(?![\w.,]*\d)(?!\w)",
    re.ASCII,
)
CORPORATE = frozenset(
    [
        "Motor",
        "Motors",
        "Co",
        "Corp",
        "Corporation",
        "Inc",
        "Group",
        "Holding",
        "Holdings",
        "Ltd",
        "Limited",
        "PLC",
        "Plc",
        "AG",
        "SE",
        "SA",
        "NV",
        "GmbH",
        "LLC",
        "SpA",
        "Company",
        "Cars",
        "Car",
        "Auto",
        "Automobile",
        "Automobiles",
        "Automotive",
        "Brand",
        "Brands",
        "International",
        "Global",
        "Worldwide",
        "Technologies",
        "Technology",
        "Electronics",
        "Mobility",
        "Europe",
        "America",
        "Asia",
        "Coffee",
        "Retail",
        "Stores",
        "Bank",
        "Energy",
        "Media",
        "Studios",
        "Entertainment",
    ]
)
"""Words that only make a brand's name longer."""

_WORD_AND_NUMBER = re.compile(r"[^\W\d]+(?: \d+)?")
"""What is no name at the opening of a sentence: "Around", "Around 40"."""
_OPENS = re.compile(r"(?:^|[.!?:]\s{1,3}|\n|[\"“„«(]\s?)$")


def proper_names(text: str, capitals: bool = True) -> tuple[tuple[int, int], ...]:
    """Where names stand; a single word that opens a sentence is none."""
    found = list(_names(text)) if capitals else []
    ends = [end for _, end in found]
    free = []
    for match in _DESIGNATION.finditer(text):
        nearest = bisect_right(ends, match.start())
        if nearest == len(found) or found[nearest][0] >= match.end():
            free.append(match.span())
    return tuple(sorted(found + free))


def beyond(name: str) -> bool:
    """Whether what follows a brand's name is a name of its own ("9X Pro") and not a part of the firm's ("Motor Co")."""
    words = re.findall(r"[\w#+&-]+", name)
    return any(word not in CORPORATE and (word[0].isupper() or word[0].isdigit() or word[0] == "#") for word in words)


def _names(text: str) -> Iterator[tuple[int, int]]:
    for match in _NAME.finditer(text):
        name = re.sub(r"['’]s?$", "", match.group()).rstrip(".")
        opens = bool(_OPENS.search(text[max(0, match.start() - 3) : match.start()]))
        if len(name) > 1 and not (opens and _WORD_AND_NUMBER.fullmatch(name)):
            yield match.start(), match.start() + len(name)
