"""What the demo's three sites publish on which day, and what is expected to be told of it.

Data only. The articles are invented, after news of January 2026, and written as newsrooms and trade sites write: what
is read out of them is the parser's work. Nothing is served, run or compared here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from monitor.models import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site and its one source: the page that lists its articles, or its feed."""

    source: str  # the source's name
    outlet: str  # who speaks
    title: str
    kind: Literal["listing", "rss", "atom"]
    path: str  # of the listing or the feed
    authority: Authority
    brand: str | None = None


BRAND = "smart"
NEWSROOM = Site(
    source="smart-newsroom",
    outlet="smart",
    title="smart newsroom",
    kind="listing",
    path="/news",
    authority=Authority.OFFICIAL,
    brand=BRAND,
)
TRADE = Site(
    source="ev-trade-weekly",
    outlet="EV Trade Weekly",
    title="EV Trade Weekly",
    kind="atom",
    path="/feed.xml",
    authority=Authority.MEDIA,
)
DAILY = Site(
    source="daily-motor",
    outlet="The Daily Motor",
    title="The Daily Motor",
    kind="rss",
    path="/feed.xml",
    authority=Authority.MEDIA,
)
SITES = (NEWSROOM, TRADE, DAILY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of an article. A later one at the same path replaces it, and its feed says that it was updated."""

    site: Site
    path: str
    title: str
    author: str
    published: datetime
    updated: datetime | None = None
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """A message that must arrive through every channel: what kind of change it tells, of what, and what is claimed."""

    change: str
    subject: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is put online, when the service looks next, how many facts it reads, and what it tells: no more, no less."""

    at: datetime
    articles: tuple[Article, ...]
    facts: int
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    rounds: tuple[Round, ...]


def _at(day: int, hour: int, minute: int = 0, month: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


THIRTY_EIGHT = Article(
    site=NEWSROOM,
    path="/news/2025/38-markets",
    title="smart ends 2025 with 38 markets",
    author="smart press office",
    published=_at(18, 9, month=12, year=2025),
    paragraphs=(
        "smart closes its sixth year as an electric brand on a broad base: its cars are now sold in 38 markets "
        "worldwide, through more than 600 points of sale and service.",
        "“We said that we would grow with our partners and not ahead of them,” said the head of the sales network. "
        "“That is what this year looks like.”",
        "Owners will notice the growth most in the workshop. Spare parts now leave from two warehouses, and most of "
        "them reach a dealer within a day.",
    ),
)

WINTER = Article(
    site=NEWSROOM,
    path="/news/2025/winter-range",
    title="Cold mornings, full range: how to get an electric smart through the winter",
    author="smart press office",
    published=_at(9, 8, 30, month=12, year=2025),
    paragraphs=(
        "A battery likes what its driver likes: a warm start. Ten minutes of preheating on the cable leave more of "
        "the charge for the road.",
        "Tyres matter as much. Let them be checked when the winter set goes on, because cold air takes pressure out of "
        "them, and soft tyres take kilometres out of the battery.",
        "The heated seats need far less energy than the blower does. On short trips they are all the heating that "
        "most people ask for.",
    ),
)

CHARGING = Article(
    site=TRADE,
    path="/2025/charging-prices",
    title="Fast charging got cheaper in December",
    author="Ines Falk",
    published=_at(30, 16, month=12, year=2025),
    paragraphs=(
        "Drivers paid less at the fast charger at the end of the year. A kilowatt-hour cost 4 cents less in December "
        "than a month before, according to a survey of the 40 largest networks.",
        "Operators explain it with lower prices on the power exchange. Whether it lasts into the spring, none of them "
        "would promise.",
    ),
)

BUSES = Article(
    site=DAILY,
    path="/forty-electric-buses",
    title="Harbour city orders 40 electric buses",
    author="Tom Reyes",
    published=_at(31, 11, month=12, year=2025),
    paragraphs=(
        "The transport company of the harbour city has ordered 40 electric buses. The first ten are to run on the "
        "ring line from September.",
        "They charge overnight in the depot and for six minutes at each end of the line. The drivers have been "
        "training on a borrowed bus since the autumn.",
    ),
)

THIRTY_NINE = Article(
    site=NEWSROOM,
    path="/news/2026/uruguay",
    title="smart enters Uruguay and reaches 39 markets",
    author="smart press office",
    published=_at(5, 7),
    paragraphs=(
        "smart has entered Uruguay. The first customers took over their cars in Montevideo this weekend, and two more "
        "showrooms open before Easter.",
        "With Uruguay the brand is present in 39 markets worldwide.",
        "It plans to enter Ecuador in the second quarter of 2026, together with a partner who already runs nine "
        "workshops there.",
        "“A market is open for us when a customer can get a spare part there,” said the head of the sales network. "
        "“We count no earlier.”",
    ),
)

_TWO_MODELS = (
    "The smart #2 is a two-seat electric city car on the brand's new ECA platform, which was drawn up for short cars "
    "and tight streets. Its world debut is set for late 2026, in Europe.",
    "The other newcomer stays in one country. The smart #6 EHD, a premium electric fastback sedan, will be launched in "
    "mid-2026 and sold only in China. Long legs and a quiet cabin are what it is meant to win customers with.",
    "Both are to be looked after under a service plan that the brand has begun to extend, with longer cover and fixed "
    "prices for maintenance.",
)

FORTIETH = Article(
    site=TRADE,
    path="/2026/smart-two-new-models",
    title="smart enters its 40th market and confirms two new models",
    author="Ines Falk",
    published=_at(6, 6, 45),
    paragraphs=(
        "smart begins the year by entering its 40th market. The brand has also promised two new cars, and they could "
        "hardly be less alike.",
        *_TWO_MODELS,
    ),
)

TWO_SEATS = Article(
    site=DAILY,
    path="/two-seats-are-back",
    title="Two seats are back: smart #2 to debut in Europe in late 2026",
    author="Tom Reyes",
    published=_at(6, 12, 20),
    paragraphs=(
        "Drivers who mourn the small one can take heart: the smart #2, an electric two-seater for the city, is "
        "confirmed, and it will be shown in Europe in late 2026.",
        "What it will cost nobody says yet. The designers only smile when they are asked about the turning circle.",
    ),
)

CORRECTED = Article(
    site=TRADE,
    path=FORTIETH.path,
    title="smart, in 39 markets, confirms two new models",
    author="Ines Falk",
    published=FORTIETH.published,
    updated=_at(7, 6, 10),
    paragraphs=(
        "smart, which is now present in 39 markets, begins the year with the promise of two new cars.",
        *_TWO_MODELS,
        "Correction, 7 January: an earlier version of this article said that smart was entering its 40th market. "
        "The company counts 39.",
    ),
)

DAYS = (
    Day("the first look", (Round(at=_at(2, 9), articles=(THIRTY_EIGHT, WINTER, CHARGING, BUSES), facts=1),)),
    Day(
        "the brand speaks",
        (
            Round(
                at=_at(5, 9),
                articles=(THIRTY_NINE,),
                facts=3,
                told=(
                    Told("changed", "worldwide", "39"),
                    Told("new", "UY", "entered"),
                    Told("new", "EC, planned", "planned"),
                ),
            ),
        ),
    ),
    Day(
        "a trade site goes further",
        (
            Round(
                at=_at(6, 9),
                articles=(FORTIETH,),
                facts=3,
                told=(
                    Told("disputed", "worldwide", "40"),
                    Told("new", "#2", "confirmed"),
                    Told("new", "#6 EHD", "confirmed"),
                ),
            ),
            Round(at=_at(6, 15), articles=(TWO_SEATS,), facts=1),
        ),
    ),
    Day(
        "the trade site takes it back",
        (Round(at=_at(7, 9), articles=(CORRECTED,), facts=3, told=(Told("corrected", "worldwide", "39"),)),),
    ),
)


def rounds() -> Iterator[Round]:
    for day in DAYS:
        yield from day.rounds
