"""The text of a commented starter config, made from the catalogue. It writes no file and checks no address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.catalogue import Brand, CatalogueSource, Outlet, Trust, load
from monitor.models import Authority, SourceKind

USUAL_BRAND = "smart"
USUAL_OUTLETS = ("electrive-com", "electrek", "insideevs", "cnevpost", "carnewschina")
MOST_PER_BRAND = 3

_HEAD = """\
# What brand-monitor watches, and whom it tells. Check it with `brand-monitor doctor`.
#
# Durations are "90s", "15m", "1h" or "2d". A secret is never written here but named: "env:NAME" or "file:PATH".

database = {database}  # relative to this file's folder
timezone = {timezone}  # of the times that people are shown, of cron and of quiet hours

[http]
# Sites are told who asks. Put in who runs this monitor and how to reach them.
user_agent = {user_agent}
deadline = "30s"  # for a whole fetch
per_host_delay = "1s"  # between requests to one site
respect_robots = true

# [backup]  # copies of the history while it is written; `brand-monitor restore` brings one back
# path = "backups"
# cron = "0 3 * * *"
# keep = 7

# The sources. kind: feed, listing (a page that lists articles), sitemap, page, article.
# The first successful check of a source is its baseline and alerts nothing.
"""

_TAIL = """\
# Whom to tell, and how. Try a channel with `brand-monitor test-alert NAME`.

[[channels]]
name = "screen"
kind = "console"  # prints alerts where `brand-monitor run` runs

# [[channels]]
# name = "desk"
# kind = "email"
# to = ["desk@example.org"]
# from = "monitor@example.org"
# smtp = "smtp://user@mail.example.org:587"  # smtps:// for TLS from the start
# password = "env:SMTP_PASSWORD"

# [[channels]]
# name = "hook"
# kind = "webhook"
# url = "https://example.org/hooks/brands"
# secret = "env:WEBHOOK_SECRET"  # signs each message (Standard Webhooks, whsec_…)

[[alerts]]
name = "everything"
brands = {brands}  # empty: all
kinds = []  # empty: all; else of "market_count", "new_markets", "market_entry", "model_announcement"
changes = []  # empty: all; else of "new", "changed", "corrected", "disputed", "resolved"
channels = ["screen"]
# digest = "0 8 * * mon-fri"  # one message each working day instead of one per change
# quiet = "22:00-07:00"  # held until the morning, never dropped
# More (markets, models, sources, how many of them, how large a step; silences, templates): docs/alerts.md
"""


@dataclass(frozen=True, slots=True)
class _Pick:
    """A source as it will stand in the config, and why somebody should look at it first."""

    name: str
    source: CatalogueSource
    authority: Authority
    outlet: str | None = None
    """None: the domain of the address, which is right for media."""
    brand: str | None = None
    every: str = "30m"
    doubt: str | None = None


def starter_config(
    brands: Sequence[Brand] = (),
    outlets: Sequence[Outlet] | None = None,
    *,
    database: str = "monitor.db",
    timezone: str = "UTC",
    user_agent: str = "brand-monitor (run by YOU, you@example.org)",
) -> str:
    """Valid TOML that watches these brands' own newsrooms and these outlets.

    Without brands it watches smart, without `outlets` a handful of trade media. Not every brand has a known address;
    the text says so where one has none.
    """
    catalogue = load()
    brands = tuple(brands) or (catalogue.require(USUAL_BRAND),)
    if outlets is None:
        outlets = [outlet for outlet in catalogue.outlets if outlet.id in USUAL_OUTLETS]
    head = _HEAD.format(database=_quoted(database), timezone=_quoted(timezone), user_agent=_quoted(user_agent))
    tail = _TAIL.format(brands=f"[{', '.join(_quoted(brand.name) for brand in brands)}]")
    return "\n".join([head, *_source_tables(brands, outlets), tail])


def _source_tables(brands: Iterable[Brand], outlets: Iterable[Outlet]) -> Iterator[str]:
    urls: set[str] = set()
    names: set[str] = set()
    for brand in brands:
        picks = _brand_picks(brand)
        if not picks:
            yield f"# The catalogue knows no newsroom of {brand.name}; outlets still report on it.\n"
        yield from _tables(picks, urls, names)
    yield from _tables([pick for outlet in outlets for pick in _outlet_picks(outlet)], urls, names)


def _tables(picks: Iterable[_Pick], urls: set[str], names: set[str]) -> Iterator[str]:
    """A table for each pick whose address is not there yet; brands of one group share some."""
    for pick in picks:
        if pick.source.url not in urls:
            urls.add(pick.source.url)
            yield _table(pick, _unique(pick.name, names))


def _brand_picks(brand: Brand) -> list[_Pick]:
    """The brand's best addresses: the trusted ones, else the best of the others, but no listing beside its own feed."""
    ranked = load().sources_for(brand)
    trusted = [source for source in ranked if source.trust.good]
    chosen = trusted or list(ranked[:1])
    fed = {(source.desk, source.shared) for source in chosen if source.kind is SourceKind.FEED}
    kept = [s for s in chosen if s.kind is SourceKind.FEED or (s.desk, s.shared) not in fed]
    return [_brand_pick(brand, source) for source in kept[:MOST_PER_BRAND]]


def _brand_pick(brand: Brand, source: CatalogueSource) -> _Pick:
    """A shared address belongs to the group: its articles say which brand they are about."""
    owner = _slug(brand.group or brand.name) if source.shared else brand.id
    desk = f"-{_slug(source.desk)}" if source.desk else ""
    return _Pick(
        name=f"{owner}{desk}-{'feed' if source.kind is SourceKind.FEED else 'newsroom'}",
        source=source,
        authority=Authority.OFFICIAL,
        outlet=owner,
        brand=None if source.shared else brand.name,
        every="15m" if source.kind is SourceKind.FEED else "30m",
        doubt=_doubt(source.trust),
    )


def _outlet_picks(outlet: Outlet) -> list[_Pick]:
    every = "5m" if outlet.authority is Authority.WIRE else "30m"
    source = min(outlet.sources, key=lambda source: list(Trust).index(source.trust))
    return [_Pick(outlet.id, source, outlet.authority, every=every, doubt=_doubt(source.trust))]


def _doubt(trust: Trust) -> str | None:
    return None if trust.good else "nobody has confirmed this address: try `brand-monitor check` with this name"


def _table(pick: _Pick, name: str) -> str:
    lines = ["[[sources]]", f"name = {_quoted(name)}"]
    if pick.doubt:
        lines[1] += f"  # {pick.doubt}"
    if pick.brand:
        lines.append(f"brand = {_quoted(pick.brand)}")
    lines += [
        f"kind = {_quoted(pick.source.kind)}",
        f"url = {_quoted(pick.source.url)}",
        f"every = {_quoted(pick.every)}",
        f"authority = {_quoted(pick.authority)}",
    ]
    if pick.outlet:
        lines.append(f"outlet = {_quoted(pick.outlet)}  # who speaks; two of the same outlet count once")
    return "\n".join(lines) + "\n"


def _unique(name: str, names: set[str]) -> str:
    """The name, with a number behind it when it is taken; it is taken from then on."""
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name}-{number}"
    names.add(candidate)
    return candidate


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, which differs in DEL only."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
