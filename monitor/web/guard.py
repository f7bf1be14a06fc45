"""Who may read and who may write, decided before any page is asked; and the headers of every answer.

A Host that is not ours is refused (a name that was rebound to this machine), and so is a write that does not come from
our own pages. To write takes the token: a file beside the database that only its owner can read, brought once in the
address (`/enter?token=…`) and kept as a cookie. Where a password is set, nothing is shown without it, and it is the
right to write too. Programs give `Authorization: Bearer TOKEN`, or the password as Basic.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.errors import UsageError
from monitor.history.store import rights
from monitor.web.answers import refusal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN = ("/static/", "/enter", "/login", "/healthz")
"""What is answered without the password: no page of these shows anything of the history."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION = timedelta(days=30)

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "vary": "Accept, Cookie, Authorization",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """The rights: the token that lets write, the password without which nothing is shown (None: no password)."""

    token: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    hosts: frozenset[str] = LOOPBACK
    """By which names the page may be called, in lower case."""

    def session(self, until: datetime) -> str:
        """What a cookie holds: until when it is good, sealed. Another token or password makes it worthless."""
        text = f"{until.timestamp():.0f}"
        return f"{text}.{self._seal(text)}"

    def good(self, session: str, now: datetime) -> bool:
        text, _, seal = session.partition(".")
        return _same(seal, self._seal(text)) and text.isdecimal() and int(text) > now.timestamp()

    def _seal(self, text: str) -> str:
        key = f"{self.token}\n{self.password or ''}".encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def opens(self, word: str) -> bool:
        """Whether it is the password."""
        return self.password is not None and _same(word, self.password)

    def is_token(self, word: str) -> bool:
        return _same(word, self.token)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def token_of(database: Path) -> str:
    """The token that lets write to this database, made at the first call. Raises UsageError when it cannot be kept."""
    path = database.with_name(f"{database.name}.token")
    try:
        return path.read_text(encoding="ascii").strip() if path.exists() else _made(path)
    except UnicodeError as error:
        raise UsageError(f"the token file {path} holds no token; remove it, and a new one is made") from error
    except OSError as error:
        what = f"the token file {path} cannot be read or made ({error.strerror})"
        raise UsageError(f"{what}; {rights(path.parent)}") from error


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{token}\n")
    return token


def names(*hosts: str) -> frozenset[str]:
    """The hosts by which the page may be called: this machine's own names, and these. One that means all is no name."""
    return LOOPBACK | {host.lower() for host in hosts if host not in ("0.0.0.0", "::", "")}  # noqa: S104


class Guard:
    """The middleware. Tells the pages as `request.state.writes` whether who asks may write."""

    def __init__(self, app: ASGIApp, access: Access, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._access = access
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
            await send(message)

        scope.setdefault("state", {})["writes"] = False
        refused = self._refused(Request(scope))
        await (refused or self._app)(scope, receive, with_headers)

    def _refused(self, request: Request) -> ASGIApp | None:
        """The answer to who may not; None: go on."""
        if not _ours(request.headers.getlist("host"), self._access.hosts):
            return refusal(request, 421, "This page is not called by that name", _OTHER_HOST)
        rights = _rights(request, self._access, self._clock())
        request.state.writes = rights.write
        path = request.url.path
        if not rights.read and not path.startswith(OPEN):
            return refusal(request, 401, "A password is needed", "Sign in to see the history.", link="/login")
        if request.method in READING:
            return None
        if not rights.program and not _from_our_own_page(request.headers):
            return refusal(request, 403, "Refused: this did not come from a page of brand-monitor", _ELSEWHERE)
        if not rights.write and path != "/login":
            return refusal(request, 403, "Refused: to change something takes the token", _NO_TOKEN)
        return None


@dataclass(frozen=True, slots=True)
class Rights:
    """`read`: may see pages; `write`: may change something; `program`: said so by a header that no page can send."""

    read: bool
    write: bool
    program: bool


def cookie_name(url: URL) -> str:
    """A cookie a port: browsers share cookies between all ports of a host, and another page may run on another one."""
    return f"brand-monitor-{url.port or url.scheme}"


def _rights(request: Request, access: Access, now: datetime) -> Rights:
    program = _by_header(request.headers, access)
    member = program or access.good(request.cookies.get(cookie_name(request.url), ""), now)
    return Rights(read=member or access.password is None, write=member, program=program)


def _by_header(headers: Headers, access: Access) -> bool:
    kind, _, word = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return access.is_token(word.strip())
    if kind.lower() != "basic":
        return False
    try:
        return access.opens(base64.b64decode(word, validate=True).decode().partition(":")[2])
    except ValueError:
        return False


_OTHER_HOST = (
    "Use one of its names: 127.0.0.1, localhost, or one that the config lists under hosts in [web]. This protects the "
    "history from pages elsewhere that pretend to be on this machine."
)
_ELSEWHERE = "Open the page itself and try it there."
_NO_TOKEN = "`brand-monitor web --link` prints the address with the token; open it once in this browser."  # noqa: S105


def _ours(given: list[str], hosts: frozenset[str]) -> bool:
    if len(given) != 1:
        return False
    try:
        parts = urlsplit(f"//{given[0]}")
        _ = parts.port
    except ValueError:
        return False
    return parts.netloc == given[0] and "@" not in given[0] and (parts.hostname or "").rstrip(".") in hosts


def _from_our_own_page(headers: Headers) -> bool:
    """By what the browser says of where a write comes from; without a word of that it is no browser of these years.

    The scheme is left out: a proxy in front may have taken the encryption off.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and host == headers["host"]
