"""What is asked for, read from the address: filters, the part of a list, and the form of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from starlette.requests import Request

from monitor.errors import UsageError
from monitor.exports.moments import parse, resolve
from monitor.parser.evaluate import KINDS

Form = Literal["html", "json", "csv", "atom"]
FORMS: tuple[Form, ...] = get_args(Form)

_TYPES: Mapping[str, Form] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/json": "json",
    "text/csv": "csv",
    "application/atom+xml": "atom",
}

ROWS = 50
"""Rows of a part of a list that a person reads, when nobody asked for another number."""
PROGRAM_ROWS = 500
MOST_ROWS = 5_000

FILTERS: Mapping[str, str] = {
    "q": "Words to look for: all of them, each as the beginning of one; words in quotes side by side.",
    "brand": "Only of this brand.",
    "kind": f"Only of this kind: {', '.join(KINDS)}.",
    "source": "Only of this source.",
    "change": "Only of this sort: new, changed, corrected, disputed, resolved.",
    "outcome": "Only checks that ended so, as in ok or timeout.",
    "channel": "Only through this channel.",
    "status": "Only of this status: pending, sent, failed, dropped, silenced.",
    "language": "Only of this language, as in de.",
    "since": "Only what came to be known from then on: 2026-01-31, or how long ago: 7d, 12h, 2w.",
    "until": "Only what was known by then; a day counts whole.",
    "overdue": "1: only plans whose date has passed.",
    "unhealthy": "1: only sources in trouble or whose last check failed.",
    "rejected": "1: also claims that a person does not let stand.",
}
"""Every filter that a list may have, in words."""

_FLAGS = {"overdue", "unhealthy", "rejected"}
_SHOWING = {"page", "limit", "format"}


def form_of(request: Request) -> Form:
    """The form of the answer: by the ending of the path, else `?format=`, else what the client accepts."""
    asked = request.path_params.get("form") or request.query_params.get("format")
    if asked is not None:
        if asked not in FORMS:
            raise UsageError(f'there is no format "{asked}"; there are {", ".join(FORMS)}')
        form: Form = asked
        return form
    return _accepted(request.headers.get("accept", ""))


def one_form(request: Request) -> Form:
    """The form of the answer about one thing, which is no list. Raises UsageError."""
    form = form_of(request)
    if form not in ("html", "json"):
        raise UsageError(f"this is no list: it comes as html or json, not as {form}")
    return form


def _accepted(header: str) -> Form:
    """The form that a client likes best of those there are; what it writes first, of several that it likes as much."""
    liked: dict[Form, float] = {}
    for part in header.split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if re.fullmatch(r"q=[01](\.\d*)?", word)), "1")
        if form := _TYPES.get(kind.lower()):
            liked.setdefault(form, float(weight))
    return max(liked, key=lambda form: liked[form], default="html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One part of a list: the filters as they were written and as the history takes them, and which rows."""

    written: Mapping[str, str]
    filters: Mapping[str, Any]
    page: int
    limit: int

    @property
    def start(self) -> int:
        return (self.page - 1) * self.limit

    @property
    def end(self) -> int:
        """One row more than is shown: whether there is another part."""
        return self.start + self.limit + 1

    def query(self, **other: object) -> str:
        """The filters for an address, some of them otherwise."""
        return urlencode({**self.written, **{name: str(value) for name, value in other.items() if value is not None}})


def asked(request: Request, allowed: tuple[str, ...], form: Form, now: datetime, zone: tzinfo) -> Asked:
    """What the address asks of a list that has these filters. Raises UsageError, which says what there is."""
    given = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    for name in given.keys() - {*allowed, *_SHOWING}:
        raise UsageError(f'this list has no filter "{name[:40]}"; it has {", ".join(allowed) or "none"}')
    written = {name: given[name] for name in allowed if name in given}
    usual = ROWS if form == "html" else PROGRAM_ROWS
    return Asked(
        written=written,
        filters={name: _value(name, text, now, zone) for name, text in written.items()},
        page=_number(given, "page", 1, MOST_ROWS),
        limit=_number(given, "limit", usual, MOST_ROWS),
    )


def _value(name: str, text: str, now: datetime, zone: tzinfo) -> Any:
    if name in _FLAGS:
        return text not in ("0", "no", "false")
    if name in ("since", "until"):
        try:
            return resolve(parse(text), now, zone, end=name == "until")
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from error
    if name == "kind" and text not in KINDS:
        raise UsageError(f'there is no kind "{text[:40]}"; there are {", ".join(KINDS)}')
    return text


def _number(given: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = given.get(name, str(usual))
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise UsageError(f"{name} must be a whole number from 1 to {most}")
    return int(text)
