"""What programs can ask for: the OpenAPI document, made from the lists, and a page that shows it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.web.answers import as_json, page
from monitor.web.asking import FILTERS, MOST_ROWS, PROGRAM_ROWS
from monitor.web.lists import LISTS, Listing
from monitor.web.site import Site

_FLAG = {"type": "string", "enum": ["0", "1"]}
_TEXT = {"type": "string"}
_ONES = {
    "/brands/{brand}.json": ("One brand: what is believed, its timeline, plans, disputes, changes.", ("brand",)),
    "/changes/{change}.json": (
        "One change: sources, rule, plan, check, messages.",
        ("change",),
    ),
    "/facts/{fact}.json": ("One claim, and the change that it brought or why it brought none.", ("fact",)),
    "/documents/{document}.json": ("One version of a document, with its text and its claims.", ("document",)),
    "/documents/{document}/page": ("The kept page as it was fetched, as text.", ("document",)),
    "/sources/{source}.json": ("One source: health, checks, documents.", ("source",)),
    "/sql.json": ("The answer to SQL that reads, in at most two seconds.", ()),
}
_NUMBERS = {"fact", "document"}
_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}


def api() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, Any] = {f"/{name}.json": {"get": _list(listing)} for name, listing in LISTS.items()}
    paths |= {path: {"get": _one(path, about, names)} for path, (about, names) in _ONES.items()}
    paths["/facts/{fact}/review"] = {"post": _review()}
    paths["/sources/{source}/check"] = {"post": _check_now()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "brand-monitor",
            "version": "1",
            "description": "The history as JSON. Every list is CSV and Atom too, by another ending of its address.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            }
        },
    }


def _operation(about: str, parameters: list[dict[str, Any]], answer: dict[str, Any] | None = None) -> dict[str, Any]:
    def content(schema: dict[str, Any]) -> dict[str, Any]:
        return {"application/json": {"schema": schema}}

    wrong = {"description": "What is wrong, in one line.", "content": content(_ERROR)}
    return {
        "summary": about,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer.", "content": content(answer or {"type": "object"})},
            "400": wrong,
            "404": wrong,
            "503": wrong,
        },
    }


def _list(listing: Listing) -> dict[str, Any]:
    rows = {"type": "object", "properties": {name: {} for name in listing.fields}}
    answer = {
        "type": "object",
        "properties": {
            "list": {"const": listing.name},
            "rows": {"type": "array", "items": rows},
            "next": {"type": ["string", "null"], "description": "The address of the next part."},
        },
    }
    counts = {
        "page": "Which part, from 1.",
        "limit": f"How many rows a part has; {PROGRAM_ROWS} when not said, {MOST_ROWS} at most.",
    }
    parameters = [_in_query(name, FILTERS[name]) for name in listing.filters]
    parameters += [
        {"name": name, "in": "query", "description": about, "schema": {"type": "integer", "minimum": 1}}
        for name, about in counts.items()
    ]
    return _operation(listing.about, parameters, answer) | {"operationId": listing.name.replace("/", "_")}


def _one(path: str, about: str, names: tuple[str, ...]) -> dict[str, Any]:
    asked = [_in_query("q", "One SELECT statement.")] if path == "/sql.json" else []
    return _operation(about, [*(_in_path(name) for name in names), *asked])


def _review() -> dict[str, Any]:
    fields = {
        "verdict": {"type": "string", "enum": ["accept", "reject", "untrue", "correct", "undo"]},
        "by": {"type": "string", "description": "Who says so."},
        "note": _TEXT,
    }
    body = {
        "type": "object",
        "properties": fields,
        "required": ["verdict", "by"],
        "additionalProperties": {"type": "string", "description": "To correct: a field of the claim, as it should be."},
    }
    operation = _operation("A person's word about a claim, which outranks its sources.", [_in_path("fact")])
    content = {"application/x-www-form-urlencoded": {"schema": body}}
    return operation | {"requestBody": {"required": True, "content": content}, "security": [{"token": []}]}


def _check_now() -> dict[str, Any]:
    operation = _operation("Checks a source now, where a service runs.", [_in_path("source")])
    return operation | {"security": [{"token": []}]}


def _in_query(name: str, about: str) -> dict[str, Any]:
    flag = about.startswith("1:")
    return {"name": name, "in": "query", "description": about, "schema": _FLAG if flag else _TEXT}


def _in_path(name: str) -> dict[str, Any]:
    schema = {"type": "integer"} if name in _NUMBERS else _TEXT
    return {"name": name, "in": "path", "required": True, "schema": schema}


async def document(request: Request, site: Site) -> Response:
    """The OpenAPI document."""
    return as_json(api())


async def shown(request: Request, site: Site) -> Response:
    """The same, for people."""
    return page(request, "api.html.j2", site.zone, api=api())
