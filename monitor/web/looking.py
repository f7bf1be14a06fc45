"""The pages that show one thing: front, brand, change, claim, document, source."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from monitor.errors import UsageError
from monitor.history import Queries
from monitor.pages.decoding import decode
from monitor.parser.corrections import FIELDS as CORRECTABLE
from monitor.web import charts
from monitor.web.answers import address, as_json, page, took
from monitor.web.asking import one_form
from monitor.web.guard import cookie_name
from monitor.web.lists import SOON
from monitor.web.reading import ask
from monitor.web.site import Site

SHOWN_BRANDS = 24
SHOWN_NEWS = 30
VISIT = timedelta(minutes=30)
"""How long after its last page a visit is over."""

CONTEXT = 600
"""Characters that a sentence is shown between."""


async def front(request: Request, site: Site) -> Response:
    """What is new since the last visit, the brands and the sources at a glance."""
    now = site.clock()
    begun, answer_cookie = _visit(request, now)
    found = await ask(site, lambda queries: glance(queries, begun or now - timedelta(days=7), now))
    if one_form(request) == "json":
        return as_json({name: found[name] for name in ("since", "news", "brands", "health")})
    found |= {"now": now, "returning": begun is not None, "served": site.served}
    answer = page(request, "front.html.j2", site.zone, **found)
    answer.set_cookie(f"{cookie_name(request.url)}-seen", answer_cookie, 31_536_000, httponly=True, samesite="strict")
    return answer


def _visit(request: Request, now: datetime) -> tuple[datetime | None, str]:
    """Since when things are new to this reader (None: the first visit), and what the cookie of it becomes.

    The cookie holds the last page of the visit before (0: none) and the last page of this one.
    """
    before, _, last = request.cookies.get(f"{cookie_name(request.url)}-seen", "").partition("~")
    begun, latest = _time(before), _time(last)
    if latest and now - latest > VISIT:
        begun = latest
    return begun, f"{begun.timestamp() if begun else 0:.0f}~{now.timestamp():.0f}"


def _time(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[1-9]\d{0,9}", text, re.ASCII) else None


def glance(queries: Queries, since: datetime, now: datetime) -> dict[str, Any]:
    """What the front page shows."""
    names = queries.brand_names()
    brands = queries.brands(names[:SHOWN_BRANDS], now, now + SOON)
    news = queries.changes(since=since, limit=SHOWN_NEWS + 1)
    return {
        "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "news": news[:SHOWN_NEWS],
        "more_news": len(news) > SHOWN_NEWS,
        "latest": [] if news else queries.changes(limit=8),
        "brands": brands,
        "more_brands": len(names) - len(brands),
        "health": queries.source_health(),
        "troubled": queries.sources(unhealthy=True, limit=3),
    }


async def brand(request: Request, site: Site) -> Response:
    """One brand: its count over time, its markets, its models, what changed."""
    given, now = request.path_params["brand"], site.clock()

    def asked(queries: Queries) -> dict[str, Any]:
        name = queries.brand_as_stored(given) or given
        (glance,) = queries.brands([name], now, now + SOON)
        known = queries.state(brand=name)
        if not known and name not in queries.names("brand"):
            raise UsageError(f'nothing is known of a brand "{name}"')
        return {
            "brand": name,
            "glance": glance,
            "state": known,
            "timeline": queries.timeline(name),
            "plans": queries.plans(now, brand=name),
            "conflicts": queries.conflicts(brand=name),
            "changes": queries.changes(brand=name, limit=25),
            "sources": queries.sources(brand=name),
        }

    found = await ask(site, asked)
    if one_form(request) == "json":
        return as_json(found)
    by_kind = {kind: [step for step in found["timeline"] if step["kind"] == kind] for kind in CORRECTABLE}
    return page(
        request,
        "brand.html.j2",
        site.zone,
        today=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        counts=charts.counts(by_kind["market_count"], found["plans"]),
        markets=charts.markets(found["state"]),
        models=charts.models(by_kind["model_announcement"], found["state"]),
        additions=by_kind["new_markets"],
        **found,
    )


async def change(request: Request, site: Site) -> Response:
    """One change: before and after, each source with its sentence in its page, why, and the messages sent."""

    def asked(queries: Queries) -> tuple[dict[str, Any], dict[int, dict[str, Any]], list[Any], dict[int, Any]]:
        found = queries.why(request.path_params["change"])
        quoted = queries.quoted(found["id"])
        about = {name: found[name] for name in ("brand", "kind", "subject")}
        claims = {row["id"]: row for row in queries.facts(rejected=True, **about)}
        for place in quoted.values():
            if place["fact"] not in claims:  # of another subject since it was corrected
                claims[place["fact"]] = queries.why_fact(place["fact"])
        return found, quoted, queries.changes(**about, limit=20), claims

    found, quoted, course, claims = await ask(site, asked)
    if one_form(request) == "json":
        return as_json(found)
    if request.path_params["change"] != found["id"]:
        return RedirectResponse(address("changes", found["id"]), 303)
    sources = [
        source | {"quoted": _in_context(quoted[place]) if place in quoted else None}
        for place, source in enumerate(found["sources"])
    ]
    return page(
        request,
        "change.html.j2",
        site.zone,
        change=found,
        sources=sources,
        course=course,
        claims=claims,
        correctable=CORRECTABLE,
        reviewer=unquote(request.cookies.get("reviewer", "")),
    )


def _in_context(quoted: dict[str, Any]) -> dict[str, Any]:
    """The sentence with the text around it, cut at the ends of words."""
    text, start, end = quoted["text"], quoted["start"], quoted["end"]
    first, last = max(start - CONTEXT, 0), min(end + CONTEXT, len(text))
    before, after = text[first:start], text[end:last]
    if first:
        before = f"… {before.partition(' ')[2]}"
    if last < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    return quoted | {"before": before, "words": text[start:end], "after": after}


async def fact(request: Request, site: Site) -> Response:
    """One claim: the words that make it, what became of it, and what people say of it."""
    number = request.path_params["fact"]

    def asked(queries: Queries) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        found = queries.why_fact(number)
        reviews = [row for row in queries.reviews(brand=found["brand"]) if number in (row["fact"], row["made"])]
        return found, queries.document(found["document"]), reviews

    found, document_, reviews = await ask(site, asked)
    if one_form(request) == "json":
        return as_json(found)
    quoted = {"text": document_["text"], "start": found["start"], "end": found["end"]}
    return page(
        request,
        "fact.html.j2",
        site.zone,
        fact=found,
        quoted=_in_context(quoted),
        reviews=reviews,
        correctable=CORRECTABLE,
        reviewer=unquote(request.cookies.get("reviewer", "")),
    )


async def document(request: Request, site: Site) -> Response:
    """One version of a document, with its claims marked in its text."""
    number = request.path_params["document"]

    def asked(queries: Queries) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        found = queries.document(number)
        claims = [row for row in queries.facts(document=number, rejected=True) if not row["closed_at"]]
        return found, claims

    found, claims = await ask(site, asked)
    if one_form(request) == "json":
        return as_json(found | {"claims": claims})
    return page(
        request, "document.html.j2", site.zone, document=found, claims=claims, pieces=_pieces(found["text"], claims)
    )


def _pieces(text: str, claims: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The text in pieces, each with the claims that rest on it."""
    edges = sorted({0, len(text), *(claim[name] for claim in claims for name in ("start", "end"))})
    return [
        (text[a:b], [claim for claim in claims if claim["start"] <= a and b <= claim["end"]])
        for a, b in pairwise(edges)
    ]


async def kept_page(request: Request, site: Site) -> Response:
    """The kept page of a document as text: what strangers wrote is never run."""
    number = request.path_params["document"]
    kept = await ask(site, lambda queries: queries.page(number))
    if kept is None:
        raise UsageError("this page is not kept: its text came from a feed, or `keep_pages` is over")
    return PlainTextResponse(decode(*kept), headers={"content-security-policy": "default-src 'none'; sandbox"})


async def source(request: Request, site: Site) -> Response:
    """One source: its health, its checks, what it brought."""
    name = request.path_params["source"]

    def asked(queries: Queries) -> dict[str, Any]:
        found = queries.sources(name=name)
        if not found:
            raise UsageError(f'there is no source "{name}"')
        return {
            "source": found[0],
            "yields": queries.yields([name])[name],
            "checks": queries.checks(source=name, limit=30),
            "recent": queries.recent_checks([name])[name],
            "documents": queries.documents(source=name, limit=15),
        }

    found = await ask(site, asked)
    if one_form(request) == "json":
        return as_json(found)
    return page(
        request,
        "source.html.j2",
        site.zone,
        served=site.served,
        asked_for=request.query_params.get("asked") == "1",
        took=took(found["recent"]),
        **found,
    )
