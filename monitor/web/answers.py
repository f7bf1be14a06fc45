"""Pages and refusals: templates filled in, and every word of strangers made harmless in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from monitor.exports.cells import ACTIVE, inert, shortened
from monitor.exports.rows import health, standing, voices
from monitor.exports.written import inert_json
from monitor.history.searching import BEGIN, END
from monitor.notifier.inert import web_link
from monitor.notifier.wording import fact_words, words_of
from monitor.web.charts import sparkline


def _harmless(value: Any) -> Any:
    """What a template prints: everything that a browser would obey instead of showing is made visible."""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def address(*parts: object, **values: object) -> str:
    """An address of this page: the parts of its path, and what is asked for; what is None is left out."""
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    asked = urlencode({name: value for name, value in values.items() if value not in (None, "")})
    return f"{path}?{asked}" if asked else path


def local_time(value: str | None, zone: tzinfo) -> Markup:
    """A UTC time as people read it: in the config's zone, and in the browser's own where scripts run."""
    if not value:
        return Markup("")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:  # a date of less precision, as a page stated it
        return escape(inert(value))
    if "T" not in value:
        return escape(value)
    shown = f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(value, shown)


def marked(text: str, start: int | None = None, end: int | None = None) -> Markup:
    """The text with what was found in it marked: between BEGIN and END, or from `start` to `end`."""
    if start is not None and end is not None:
        text = f"{text[:start]}{BEGIN}{text[start:end]}{END}{text[end:]}"
    safe = escape(ACTIVE.sub(lambda found: found[0] if found[0] in (BEGIN, END, "\n") else inert(found[0]), text))
    return Markup(str(safe).replace(BEGIN, "<mark>").replace(END, "</mark>"))  # noqa: S704 - escaped just now


def took(checks: Iterable[Mapping[str, Any]]) -> float | None:
    """How many seconds a check takes, on average; None: none says so. A row for the checks of a day does not."""
    made = [check for check in checks if check["outcome"] != "skipped" and check["times"] == 1]
    spans = [
        datetime.fromisoformat(check["finished_at"]) - datetime.fromisoformat(check["started_at"]) for check in made
    ]
    return round(sum(span.total_seconds() for span in spans) / len(spans), 1) if spans else None


def with_code(text: str) -> Markup:
    """A text of our own, with what stands between backticks as code."""
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(piece) if place % 2 else piece for place, piece in enumerate(text.split("`")))


def data(value: Any) -> Markup:
    """A value for a script, in a block that is no script: harmless in HTML and harmless once it is shown."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = ACTIVE.sub(lambda found: inert(found[0]), text)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it ends the block


def subject(row: Mapping[str, Any]) -> str:
    """What a row is about, with the names of markets instead of their codes: `smart: Japan, planned`."""
    name, comma, planned = row["subject"].partition(", planned")
    place = words_of("en").place(name) if row["kind"] == "market_entry" else name
    return f"{row['brand']}: {place}{comma}{planned}"


_PAGES = Environment(
    loader=PackageLoader("monitor.web", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_harmless,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals |= {"address": address, "data": data, "health_of": health, "standing_of": standing, "voices_of": voices}
_PAGES.filters |= {
    "claim": fact_words,
    "drawn": lambda brand, now: {**brand, "sparkline": sparkline(brand["course"], now)},
    "marked": marked,
    "place": lambda code: words_of("en").place(code),
    "sentence": lambda text: text[:1].upper() + text[1:],
    "shortened": shortened,
    "subject": subject,
    "took": took,
    "web_link": lambda url: web_link(url or ""),
    "with_code": with_code,
}


def page(request: Request, template: str, zone: tzinfo, status: int = 200, **values: Any) -> Response:
    """A page of HTML. `zone`: see `local_time`."""
    common = {
        "path": request.url.path,
        "writes": request.state.writes,
        "local_time": lambda value: local_time(value, zone),
    }
    return HTMLResponse(_PAGES.get_template(template).render(common | values), status)


def refusal(request: Request, status: int, title: str, text: str, link: str | None = None) -> Response:
    """Why there is no answer, as a page or, for programs, as JSON."""
    program = request.url.path.endswith((".json", ".csv", ".atom")) or "format" in request.query_params
    if program or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": f"{title}: {text}"}, status)
    rendered = _PAGES.get_template("refusal.html.j2").render(
        path=request.url.path, writes=request.state.writes, title=title, text=text, link=link
    )
    return HTMLResponse(rendered, status)


def as_json(value: Mapping[str, Any] | Iterable[Any], status: int = 200) -> Response:
    """JSON in which nothing would be obeyed by a terminal."""
    return Response(inert_json(value, indent=2) + "\n", status, media_type="application/json")
