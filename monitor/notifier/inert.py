"""Words of strangers made harmless before they reach a header, a terminal, a mail or the history.

Titles, sentences and the answers of servers are written by others. This module takes the effect out of them, not the
sense; it escapes nothing for HTML (the templates do) and decides nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Control characters (escape sequences of terminals begin with one) and everything that some program ends a line at."""

_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Invisible marks that turn the order of the letters around them."""

_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]{0,30})://(?:[^\s/?#@]*@)?([^\s/?#@]*)\S*", re.IGNORECASE)


def one_line(text: str, limit: int = 1000) -> str:
    """The text in one line of visible characters, cut to `limit`. Half characters that no encoding takes become `?`."""
    text = text[: limit * 4].encode("utf-8", "replace").decode("utf-8")
    line = _BREAKS.sub(" ", _DIRECTIONS.sub("", text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def web_link(url: str) -> str | None:
    """The address if it may be made a link: http or https, and nothing in it that could end the link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"[<>\"'`\\]", url)
    return url if sound and one_line(url, 2000) == url and " " not in url else None


def answer_words(words: str | bytes, limit: int = 300) -> str:
    """What the other side said, in one line. Of addresses only scheme and host stay: the rest may be a token."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(_ADDRESS.sub(_masked, text), limit)


def _masked(address: re.Match[str]) -> str:
    scheme, host = address.groups()
    return f"{scheme}://{host}/…" if scheme.lower() in ("http", "https", "smtp", "smtps") else f"{scheme}://…"
