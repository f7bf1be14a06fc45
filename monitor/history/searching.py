"""Search over documents and claims: words by FTS5, newest first. Reads only.

All words must be there, each as the beginning of one; "words in quotes" stand side by side. In writing systems without
spaces FTS5 sees no words: those are looked for in the texts themselves, which takes time that grows with the texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.errors import UsageError
from monitor.history.storable import utc_or_none

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, Any]], list[Row]]

BEGIN, END = "\x02", "\x03"
"""What a found word stands between in `snippet` and `found`."""

_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_PART = re.compile(r'"([^"]+)"|(\S+)')

_DOCUMENTS = """
SELECT document.id, {snippet} AS snippet
FROM {tables}
WHERE {terms}
    AND (:source IS NULL OR document.source = :source) AND (:language IS NULL OR document.language = :language)
    AND (:brand IS NULL OR EXISTS (
        SELECT 1 FROM fact WHERE fact.document = document.id AND fact.brand = :brand
        AND (:kind IS NULL OR fact.kind = :kind)
    ))
    AND (:kind IS NULL OR :brand IS NOT NULL OR EXISTS (
        SELECT 1 FROM fact WHERE fact.document = document.id AND fact.kind = :kind
    ))
    AND (:since IS NULL OR document.fetched_at >= :since) AND (:until IS NULL OR document.fetched_at < :until)
ORDER BY {order} DESC LIMIT :limit
"""

_FACTS = """
SELECT fact.id, {snippet} AS snippet
FROM {tables}
WHERE {terms}
    AND (:brand IS NULL OR fact.brand = :brand) AND (:kind IS NULL OR fact.kind = :kind)
    AND (:since IS NULL OR fact.recorded_at >= :since) AND (:until IS NULL OR fact.recorded_at < :until)
    AND (:source IS NULL OR EXISTS (
        SELECT 1 FROM document WHERE document.id = fact.document AND document.source = :source
    ))
    AND (:language IS NULL OR EXISTS (
        SELECT 1 FROM document WHERE document.id = fact.document AND document.language = :language
    ))
ORDER BY {order} DESC LIMIT :limit
"""

_OF = {
    "documents": (_DOCUMENTS, "document", "document_search", "document.text", 1),
    "facts": (_FACTS, "fact", "fact_search", "json_extract(fact.attributes, '$.evidence')", 3),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: an expression for FTS5, and texts that it has no words for."""

    match: str
    texts: tuple[str, ...]


def wanted(text: str) -> Wanted:
    """What a person typed. Raises UsageError when no word is in it."""
    words, texts = [], []
    for phrase, word in _PART.findall(text):
        part = phrase or word
        if _UNSPACED.search(part):
            texts.append(part)
        elif re.search(r"\w", part):
            words.append('"' + part.replace('"', " ").replace("\x00", " ") + ('"' if phrase else '" *'))
    if not words and not texts:
        raise UsageError("there is no word to look for; write one or more")
    return Wanted(" ".join(words), tuple(texts))


def search(
    ask: Ask,
    what: str,
    text: str,
    *,
    brand: str | None = None,
    kind: str | None = None,
    source: str | None = None,
    language: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[Row]:
    """The ids that fit, newest first, each with a `snippet` in which the words stand between BEGIN and END."""
    for_words = wanted(text)
    sql, table, index, column, place = _OF[what]
    values: dict[str, Any] = {"brand": brand, "kind": kind, "source": source, "language": language}
    values |= {"since": utc_or_none(since), "until": utc_or_none(until), "limit": limit}
    terms = [f"{column} LIKE :text{number} ESCAPE '\\'" for number in range(len(for_words.texts))]
    values |= {f"text{number}": _pattern(part) for number, part in enumerate(for_words.texts)}
    if for_words.match:
        terms.append(f"{index} MATCH :match")
        values["match"] = for_words.match
    by_words = bool(for_words.match)
    rows = ask(
        sql.format(
            snippet=f"snippet({index}, {place}, char(2), char(3), '…', 30)" if by_words else column,
            tables=f"{index} CROSS JOIN {table} ON {table}.id = {index}.rowid" if by_words else table,
            terms=" AND ".join(terms),
            order=f"{index}.rowid" if by_words else f"{table}.id",
        ),
        values,
    )
    return rows if by_words else [row | {"snippet": _around(row["snippet"], for_words.texts)} for row in rows]


def _pattern(text: str) -> str:
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _around(text: str, parts: tuple[str, ...]) -> str:
    """The text around the first of the parts, all of them marked."""
    at = max(text.casefold().find(parts[0].casefold()), 0)
    start, end = max(at - 60, 0), at + 120
    cut = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    found = re.compile("|".join(map(re.escape, parts)), re.IGNORECASE)
    return found.sub(lambda part: f"{BEGIN}{part[0]}{END}", cut)


def listed(ids: list[Row]) -> str:
    """The ids as one parameter for `json_each`."""
    return json.dumps([row["id"] for row in ids])
