"""What can be done here: a person's word about a claim, a check of a source now. The guard has let them in."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.errors import UsageError
from monitor.history import History
from monitor.judging import Judged, Judgement, judge
from monitor.parser.corrections import FIELDS
from monitor.web.answers import address, as_json
from monitor.web.asking import form_of
from monitor.web.entering import form
from monitor.web.reading import ask
from monitor.web.site import Site

Verdict = Literal["accept", "reject", "untrue", "correct", "undo"]

MANY = 100
"""Characters of a name; of a note ten times as many."""


async def review(request: Request, site: Site) -> Response:
    """Accepts, rejects or corrects a claim, or takes that back; then shows it, or what followed as JSON."""
    number = request.path_params["fact"]
    sent = await form(request)
    reviewer, note = sent.get("by", "").strip(), sent.get("note", "").strip()
    if not reviewer or len(reviewer) > MANY or not reviewer.isprintable():
        raise UsageError("write who says so, on one line: the name is kept with the review")
    if len(note) > 10 * MANY:
        raise UsageError(f"the note is too long; {10 * MANY} characters are enough")
    verdict = sent.get("verdict", "")
    if verdict not in get_args(Verdict):
        raise UsageError(f"say what is meant: {', '.join(get_args(Verdict))}")
    fact = await ask(site, lambda queries: queries.why_fact(number))
    given = _given(fact, sent) if verdict == "correct" else {}
    judgement = Judgement(verdict=verdict, reviewer=reviewer, note=note or None, corrections=given)  # type: ignore[arg-type]
    settings, now = site.settings(), site.clock()

    def judged(history: History) -> Judged:
        return judge(history, number, judgement, settings, now)

    done = await site.writer(judged)
    if form_of(request) == "json":
        return as_json({"review": done.review, "changes": [one.as_json() for one in done.changes]})
    place = address("changes", sent["change"]) if sent.get("change", "").isalnum() else address("facts", number)
    answer = RedirectResponse(f"{place}#fact-{number}", 303)
    answer.set_cookie("reviewer", quote(reviewer), 31_536_000, httponly=True, samesite="strict")
    return answer


def _given(fact: dict[str, object], sent: dict[str, str]) -> dict[str, str]:
    """The fields that were filled in: what is left empty was right."""
    names = (*FIELDS[str(fact["kind"])], "when", "hedged", "brand")
    return {name: sent[name].strip() for name in names if sent.get(name, "").strip()}


async def check_now(request: Request, site: Site) -> Response:
    """Makes a source due now, so that the service checks it at its next tick."""
    name = request.path_params["source"]
    rows = await ask(site, lambda queries: queries.sources(name=name))
    if not any(row["enabled"] for row in rows):
        raise UsageError(f'there is no source "{name}" that is switched on')
    now = site.clock()
    await site.writer(lambda history: history.defer({name: now}))
    if form_of(request) == "json":
        return as_json({"source": name, "due": f"{now:%Y-%m-%dT%H:%M:%SZ}", "service": site.served})
    return RedirectResponse(address("sources", name, asked=1), 303)
