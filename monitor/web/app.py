"""The application: which address is answered by what, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.convertors import Convertor, IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from monitor.errors import DatabaseError, MonitorError, TooSlow
from monitor.web import describing, listing, looking, writing
from monitor.web.answers import refusal
from monitor.web.asking import FORMS
from monitor.web.entering import Door, enter, leave
from monitor.web.guard import Guard
from monitor.web.lists import LISTS
from monitor.web.site import Site

Page = Callable[[Request, Site], Awaitable[Response]]


class _Ending(Convertor[str]):
    """The form of an answer at the end of a path: `.json`."""

    regex = "|".join(FORMS[1:])

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Number(IntegerConvertor):
    """The id of a row: no larger than SQLite's."""

    regex = "[0-9]{1,18}"


register_url_convertor("form", _Ending())
register_url_convertor("number", _Number())


def application(site: Site, extra: Sequence[BaseRoute] = ()) -> Starlette:
    """The page over one history. `extra`: routes of the program's operation, such as `/healthz`."""
    shown: dict[str, Page] = {
        "/brands/{brand:path}": looking.brand,
        "/changes/{change}": looking.change,
        "/facts/{fact:number}": looking.fact,
        "/documents/{document:number}": looking.document,
        "/sql": listing.sql,
        **{f"/{name}": partial(listing.listed, listing=one) for name, one in LISTS.items()},
        "/sources/{source:path}": looking.source,
    }
    routes: list[BaseRoute] = [
        *extra,
        Mount("/static", StaticFiles(directory=Path(str(resources.files("monitor.web") / "static"))), name="static"),
        _route("/", looking.front, site),
        _route("/enter", enter, site),
        _route("/login", Door(), site, "GET", "POST"),
        _route("/logout", leave, site, "POST"),
        _route("/api", describing.shown, site),
        _route("/openapi.json", describing.document, site),
        _route("/facts/{fact:number}/review", writing.review, site, "POST"),
        _route("/sources/{source:path}/check", writing.check_now, site, "POST"),
        _route("/documents/{document:number}/page", looking.kept_page, site),
        *(_route(f"{path}.{{form:form}}", page, site) for path, page in shown.items()),
        *(_route(path, page, site) for path, page in shown.items()),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, access=site.access, clock=site.clock)],
        exception_handlers={MonitorError: _mistake, HTTPException: _no_page},  # type: ignore[dict-item]
    )


def _route(path: str, page: Page, site: Site, *methods: str) -> Route:
    async def answer(request: Request) -> Response:
        return await page(request, site)

    return Route(path, answer, methods=methods or ("GET",))


async def _mistake(request: Request, error: MonitorError) -> Response:
    """What somebody can mend: in one line, under the status that fits."""
    if isinstance(error, TooSlow):
        return refusal(request, 503, "Too slow", f"{error}. A filter by brand, kind or date makes it less.")
    if isinstance(error, DatabaseError):
        return refusal(request, 503, "The history cannot be read", str(error))
    one = bool(request.path_params.keys() - {"form"}) and request.method == "GET"
    return refusal(request, 404 if one else 400, "Not found" if one else "This cannot be answered", str(error))


async def _no_page(request: Request, error: HTTPException) -> Response:
    what = "There is no such page" if error.status_code == 404 else error.detail
    return refusal(request, error.status_code, what, "Everything is reached from the front page.", link="/")
