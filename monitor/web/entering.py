"""Who comes in: with the token from the address, or with the password from the form; and who leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.errors import UsageError
from monitor.web.answers import page
from monitor.web.guard import SESSION, cookie_name
from monitor.web.site import Site

LONGEST_FORM = 20_000
TRIES = 5
PAUSE = timedelta(minutes=1)
"""So many wrong passwords in so long a time; then none is looked at until the time is over."""


async def form(request: Request) -> dict[str, str]:
    """What a form sends. Raises UsageError for more than a person would write."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise UsageError("the form holds too much text; write less")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError("the form cannot be read; send it as application/x-www-form-urlencoded") from error
    return dict(pairs)


async def enter(request: Request, site: Site) -> Response:
    """Takes the token from the address: to the front page, with the cookie that lets write."""
    if not site.access.is_token(request.query_params.get("token", "")):
        raise UsageError("this is not the token; `brand-monitor web --link` prints the address with the right one")
    return _signed_in(request, site, site.clock())


def _signed_in(request: Request, site: Site, now: datetime) -> Response:
    answer = RedirectResponse("/", 303)
    encrypted = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
    answer.set_cookie(
        cookie_name(request.url),
        site.access.session(now + SESSION),
        int(SESSION.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=encrypted,
    )
    return answer


class Door:
    """The form for the password. Counts wrong ones, whoever gives them."""

    def __init__(self) -> None:
        self._wrong: list[datetime] = []

    async def __call__(self, request: Request, site: Site) -> Response:
        """GET shows the form, POST takes the password."""
        now = site.clock()
        if request.method != "POST":
            return page(request, "login.html.j2", site.zone, wrong=None)
        self._wrong = [at for at in self._wrong if timedelta(0) <= now - at < PAUSE]
        if len(self._wrong) >= TRIES:
            return page(request, "login.html.j2", site.zone, 429, wrong="Too many wrong passwords: wait a minute.")
        if site.access.opens((await form(request)).get("password", "")):
            return _signed_in(request, site, now)
        self._wrong.append(now)
        return page(request, "login.html.j2", site.zone, 403, wrong="This is not the password.")


async def leave(request: Request, site: Site) -> Response:
    """Takes the cookie back."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(cookie_name(request.url), httponly=True, samesite="strict")
    return answer
