"""What a server's answer means: its status and Retry-After as an outcome with a reason in plain words.

Reads headers only; follows and fetches nothing.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitor.errors import FetchError
from monitor.models import Outcome, Validators

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
LONGEST_WAIT = timedelta(hours=24)

_VALIDATOR = re.compile(r"[\x20-\x7e]{1,1000}")
_PLAIN = {
    401: "it wants a login",
    403: "it refuses this client",
    404: "there is no such page",
    407: "the proxy wants a login",
    410: "the page is gone for good",
    429: "too many requests",
    451: "withheld for legal reasons",
    503: "not available at the moment",
}


def refusal(status: int, headers: Mapping[str, str], now: datetime) -> FetchError:
    """The error for a status that brings no page (anything but 200, 203, 304 and a redirect)."""
    wait = retry_after(headers.get("retry-after"), now)
    reason = f"HTTP {status}: {_PLAIN.get(status) or _phrase(status)}"
    if status in (404, 410):
        return FetchError(Outcome.GONE if status == 404 else Outcome.GONE_FOR_GOOD, reason, wait)
    if status == 429 or (status == 503 and wait is not None):
        return FetchError(Outcome.RATE_LIMITED, reason, wait)
    return FetchError(Outcome.HTTP_ERROR, reason, wait)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long the server wants to be left alone: seconds or a date, at most 24 hours. Garbage and the past: None."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        seconds = float(text) if len(text) < 10 else LONGEST_WAIT.total_seconds()
        wait = timedelta(seconds=seconds)
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None


def validators(headers: Mapping[str, str]) -> Validators:
    """What the server gave to ask again cheaply; values that could not be sent back as they are, are left out."""
    return Validators(etag=_sendable(headers.get("etag")), last_modified=_sendable(headers.get("last-modified")))


def tls_words(error: BaseException | None) -> str | None:
    """What was wrong with TLS, if anywhere down this chain of causes TLS was the problem."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed: {(error.reason or 'no common protocol').replace('_', ' ').lower()}"
        error = error.__cause__ or error.__context__
    return None


def _sendable(value: str | None) -> str | None:
    return value if value and _VALIDATOR.fullmatch(value) else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "a status that no standard knows"
