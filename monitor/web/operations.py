"""`/healthz` and `/metrics`: for the programs that watch over the monitor. They only read, over connections of their
own: when the service's hangs, that is just what they have to tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.models import utc_text
from monitor.web.metrics import Metrics
from monitor.web.wellbeing import examine

NOT_KEPT = {"cache-control": "no-store"}


def operations_routes(
    metrics: Metrics,
    database: Path,
    *,
    clock: Callable[[], datetime],
    zone: Callable[[], tzinfo],
    still: Callable[[], timedelta | None] = lambda: None,
    watched: bool = True,
) -> list[Route]:
    """The routes, for an app to include.

    `zone` is the one that crons are meant in. `still` tells for how long the service of this process has completed no
    cycle; without it only the history is judged, as by a page that runs beside the service. `watched`: whether a
    service ought to be at work on the history; one that is only looked at is well as long as it can be read.
    """

    # No coroutines: Starlette runs them in threads, so that a slow disk holds up no other request.
    def healthz(request: Request) -> Response:
        now = clock()
        found = examine(database, still(), now, zone(), watched=watched)
        body = {"status": "red" if found else "ok", "reasons": found, "at": utc_text(now)}
        return JSONResponse(body, status_code=503 if found else 200, headers=NOT_KEPT)

    def scrape(request: Request) -> Response:
        return Response(metrics.text(), headers={**NOT_KEPT, "content-type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/metrics", scrape)]
