"""A watch over one source in a few milliseconds a check: the real observe, record and history, a clock that jumps from
one due time to the next, and a web that is a table."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.errors import FetchError
from monitor.health import Told, Turn
from monitor.history import History
from monitor.history.storable import moment
from monitor.models import Authority, Change, Observation, Outcome, Page, Source, SourceKind, Validators
from monitor.parser.facts import revive
from monitor.pipeline import observe, record
from monitor.scheduler import next_check
from monitor.settings import ConsoleChannel, Settings
from monitor.visits import Tools

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = "https://media.smart.example"
SCREEN = ConsoleChannel(name="screen", kind="console")

Answer = str | FetchError

_read: dict[tuple[Any, ...], Any] = {}
"""What pure functions made of a page: the same pages come up thousands of times."""


@dataclass
class Web:
    """Pages by address; what is not there is 404."""

    pages: dict[str, Answer] = field(default_factory=dict)
    everywhere: Answer | None = None
    """Set: this is the answer to everything."""
    at: datetime = START
    moved: dict[str, str] = field(default_factory=dict)
    """Addresses that lead to others for good (301)."""

    async def get(self, url: str, *, validators: Validators | None = None) -> Page:
        missing = FetchError(Outcome.GONE, "HTTP 404: there is no such page")
        came = self.moved.get(url, url)
        answer = self.everywhere if self.everywhere is not None else self.pages.get(came, missing)
        if isinstance(answer, FetchError):
            raise answer
        return Page(
            url=came,
            requested_url=url,
            status=200,
            content=answer.encode(),
            content_type="text/html; charset=utf-8",
            fetched_at=self.at,
            moved_to=self.moved.get(url),
        )


async def remembered(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a pure function, or remembers what it came to."""
    page = arguments[0]
    key = (function.__name__, page.url, page.content, *map(repr, arguments[1:])) if isinstance(page, Page) else None
    if key is None:
        return function(*arguments)
    if key not in _read:
        try:
            _read[key] = function(*arguments)
        except Exception as error:
            _read[key] = error
    if isinstance(_read[key], Exception):
        raise _read[key]
    return _read[key]


def newsroom(**changes: Any) -> Source:
    given: dict[str, Any] = {
        "name": "newsroom",
        "kind": SourceKind.LISTING,
        "url": f"{SITE}/news/",
        "brand": "smart",
        "every": timedelta(hours=1),
        "authority": Authority.OFFICIAL,
        "outlet": "smart",
    }
    return Source(**given | changes)


class Watch:
    """One source, watched."""

    def __init__(self, folder: Path, source: Source, *, seed: int = 1) -> None:
        self.source = source
        self.web = Web()
        self.now = START
        self.seen: list[Observation] = []
        self.changes: list[Change] = []
        self._rng = random.Random(seed)
        self._settings = Settings(path=folder / "monitor.toml", database=folder / "watch.db", channels=(SCREEN,))
        self.history = History(self._settings.database, revive=revive)
        self.history.sync_sources([source], self.now)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.history.close()

    def check(self) -> Observation:
        """One check, now; then it is the time of the next."""
        self.web.at = self.now
        memory = self.history.memory(self.source.name, self.now)
        tools = Tools(client=self.web, run=remembered, clock=lambda: self.now)
        observation = asyncio.run(observe(self.source, memory, tools))
        failures = 0 if observation.outcome.good else memory.failures + 1
        due = next_check(self.source, observation, failures, self.now, UTC, self._rng)
        self.changes += record(
            observation,
            self.source,
            history=self.history,
            settings=self._settings,
            next_due=due,
            failures=failures,
            now=self.now,
        )
        self.seen.append(observation)
        self.now = due.replace(microsecond=0)
        return observation

    def until(self, moment: datetime) -> None:
        """Checks whenever it is time, up to a moment."""
        while self.now <= moment:
            self.check()

    def last(self, span: timedelta) -> None:
        self.until(self.now + span)

    @property
    def notices(self) -> list[Told]:
        """All that was queued for people about the source, oldest first."""
        told: list[Told] = []
        while claimed := self.history.claim_alerts("screen", self.now + timedelta(days=999), timedelta(days=1), 100):
            for alert, _ in claimed:
                told += [self._told(one) for one in (alert.notice.sources if alert.notice else ())]
        return told

    def _told(self, found: Mapping[str, Any]) -> Told:
        since, told_at = moment(found["since"]), moment(found["told_at"])
        return Told(
            source=self.source, turn=Turn(found["health"]), reason=found["reason"], since=since, told_at=told_at
        )

    @property
    def health(self) -> str:
        (row,) = self.history.queries.sources()
        return str(row["health"])


def story(number: int, markets: int | None, day: datetime) -> str:
    """An article of the newsroom; with a number of markets it makes a claim."""
    claim = (
        f"The all-electric brand is now present in {markets} countries and regions worldwide."
        if markets
        else "The showroom was opened by the mayor, who praised the architects and the garden on its roof."
    )
    title = f"smart takes step number {number} of its journey around the world"
    return f"""<html lang="en"><head><title>{title}</title><meta property="og:title" content="{title}">
<meta property="article:published_time" content="{day:%Y-%m-%d}"></head><body><nav><a href="/">smart media</a></nav>
<article><h1>{title}</h1>
<p>smart has taken step number {number} in its expansion, the company said in a statement on {day:%A}.</p>
<p>{claim}</p>
<p>More showrooms will follow during the year, each with its own team and with chargers at the door.</p>
</article></body></html>"""


def front(numbers: Iterable[int]) -> str:
    """The newsroom's list of articles."""
    cards = "".join(
        f'<article class="card"><h2><a href="/news/smart-takes-step-number-{n}">smart takes step number {n} of its'
        f' journey around the world</a></h2><time datetime="2026-02-{n % 27 + 1:02}"></time></article>'
        for n in numbers
    )
    head = "<title>smart newsroom</title>"
    return f'<html lang="en"><head>{head}</head><body><h1>News from smart</h1><main>{cards}</main></body></html>'


def publish(web: Web, numbers: Iterable[int], *, markets: int | None = 39) -> None:
    """Puts the newsroom's front page and its articles on the web."""
    listed = list(numbers)
    web.pages[f"{SITE}/news/"] = front(listed)
    for n in listed:
        web.pages.setdefault(
            f"{SITE}/news/smart-takes-step-number-{n}", story(n, markets, START - timedelta(days=60 - n))
        )
