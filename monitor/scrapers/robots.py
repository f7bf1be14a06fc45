"""What a site's robots.txt allows (RFC 9309): 4xx allows everything, 5xx and no answer forbid everything.

Holds the rules of each origin for a day, in memory. Fetches nothing itself; it is handed a function that does.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protego import Protego

from monitor.errors import FetchError
from monitor.models import Outcome

Fetch = Callable[[str], Awaitable[tuple[int, bytes]]]
"""Answers with a status and a body; raises FetchError when there is none, or when the site wants a pause."""

MAX_BYTES = 512 * 1024  # RFC 9309 wants at least 500 KiB read; the rest is not looked at
_SHORT = 4_096  # bytes of rules that are parsed and matched in a tenth of the time that a hop to a thread takes
_LIFE = timedelta(hours=24)
_LONGEST_DELAY = 60.0
_MAX_ORIGINS = 1_000


@dataclass
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Protego | None = None
    short: bool = False
    read_at: datetime | None = None


class Robots:
    """The rules of every origin asked about lately, for one user agent."""

    def __init__(self, user_agent: str, clock: Callable[[], datetime]) -> None:
        self._agent = user_agent.split("/")[0].strip() or user_agent  # the product token is what groups name
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    async def check(self, origin: str, url: str, fetch: Fetch) -> timedelta:
        """The pause the site asks for between requests. Raises FetchError when `url` must not be fetched."""
        entry = self._entry(origin)
        rules = await self._rules(entry, origin, fetch)
        if not await self._allowed(entry, rules, url):
            raise FetchError(Outcome.ROBOTS, f"{origin}/robots.txt does not allow it")
        delay = rules.crawl_delay(self._agent) or 0.0
        return timedelta(seconds=min(delay, _LONGEST_DELAY) if math.isfinite(delay) and delay > 0 else 0.0)

    async def _allowed(self, entry: _Entry, rules: Protego, url: str) -> bool:
        if entry.short:
            return bool(rules.can_fetch(url, self._agent))
        # Half a megabyte of hostile rules takes a quarter of a second, for each address.
        return bool(await asyncio.to_thread(rules.can_fetch, url, self._agent))

    async def _rules(self, entry: _Entry, origin: str, fetch: Fetch) -> Protego:
        async with entry.lock:
            if entry.rules is None or not self._fresh(entry):
                await self._renew(entry, origin, fetch)
            assert entry.rules is not None
            return entry.rules

    async def _renew(self, entry: _Entry, origin: str, fetch: Fetch) -> None:
        try:
            status, content = await fetch(f"{origin}/robots.txt")
        except FetchError as error:
            if error.outcome is Outcome.REDIRECT:  # RFC 9309: as if there were none
                status, content = 404, b""
            elif entry.rules is None:
                raise
            else:
                return  # unreachable: the rules known so far hold on
        if status >= 500:
            if entry.rules is None:
                raise FetchError(Outcome.ROBOTS, f"robots.txt answers HTTP {status}, so nothing may be fetched")
            return
        rules = b"" if status >= 400 else content
        entry.short = len(rules) <= _SHORT
        # half a megabyte of hostile rules takes a second
        entry.rules = _parsed(rules) if entry.short else await asyncio.to_thread(_parsed, rules)
        entry.read_at = self._clock()

    def _fresh(self, entry: _Entry) -> bool:
        return entry.read_at is not None and timedelta(0) <= self._clock() - entry.read_at < _LIFE

    def _entry(self, origin: str) -> _Entry:
        entry = self._entries.setdefault(origin, _Entry())
        self._entries.move_to_end(origin)
        while len(self._entries) > _MAX_ORIGINS:
            self._entries.popitem(last=False)
        return entry


def _parsed(content: bytes) -> Protego:
    return Protego.parse(content[:MAX_BYTES].decode("utf-8-sig", "replace"))
