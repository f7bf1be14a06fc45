"""What a source is asked with beyond what all are: its headers, cookies, login and proxy, for its own origin only.

Secrets are looked up for each page, so that a new one counts without a restart. No error shows a value.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.errors import ConfigError, FetchError
from monitor.models import Access, Outcome, Source
from monitor.secret import COOKIE_VALUE, HEADER_VALUE, Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is sent along to the origin of `url`, and the proxy on the way there; no other origin sees any of it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    proxy: str | None = field(repr=False)


def credentials(source: Source) -> Credentials | None:
    """What this source is asked with; None: nothing of its own. Raises FetchError when a secret is not there."""
    access = source.access
    if access is None:
        return None
    try:
        proxy = access.proxy.reveal() if access.proxy else None
        return Credentials(source.url, dict(_headers(access)), proxy)
    except ConfigError as error:
        raise FetchError(Outcome.SECRET, str(error)) from error


def _headers(access: Access) -> Iterable[tuple[str, str]]:
    for name, secret in access.headers:
        yield name, _sendable(secret, HEADER_VALUE, f"the header {name}")
    if access.cookies:
        pairs = ((name, _sendable(secret, COOKIE_VALUE, f"the cookie {name}")) for name, secret in access.cookies)
        yield "cookie", "; ".join(f"{name}={value}" for name, value in pairs)
    if access.login:
        user, password = (secret.reveal() for secret in access.login)
        if ":" in user:
            raise ConfigError("auth: the user of a login cannot hold a colon")
        yield "authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode('ascii')}"


def _sendable(secret: Secret, form: re.Pattern[str], what: str) -> str:
    value = secret.reveal()
    if not form.fullmatch(value):
        raise ConfigError(f"the value of {what} holds characters that cannot be sent")
    return value
