"""What the charts draw, as plain values: pure, from rows of the history. The pages draw it, also as tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from monitor.exports.cells import Row
from monitor.notifier.wording import words_of

PLANNED = ", planned"
"""How the subject of a plan ends."""

WIDTH, HEIGHT = 160, 40
"""Of a sparkline, in units of its drawing."""

STATUSES = ("entered", "planned", "exited")


def number(value: str | None) -> int | None:
    """The count in a value: `≥ 39` -> 39."""
    found = re.search(r"\d+", value or "")
    return int(found[0]) if found else None


def sparkline(course: Sequence[Row], now: datetime) -> str:
    """The path of a count over time, as steps, up to now; empty for no count."""
    points = [(datetime.fromisoformat(step["since"]), count) for step in course if (count := number(step["value"]))]
    if not points:
        return ""
    begin, end = points[0][0], max(now, points[-1][0])
    low, high = min(count for _, count in points), max(count for _, count in points)
    span = (end - begin).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return round(2 + (WIDTH - 8) * (at - begin).total_seconds() / span, 1)

    def y(count: int) -> float:
        return round(HEIGHT - 5 - (HEIGHT - 10) * ((count - low) / (high - low) if high > low else 0.5), 1)

    drawn = [f"M{x(begin)} {y(points[0][1])}"]
    drawn += [f"H{x(at)}V{y(count)}" for at, count in points[1:]]
    return "".join((*drawn, f"H{x(end)}"))


def counts(steps: Iterable[Row], plans: Iterable[Row]) -> list[dict[str, Any]]:
    """The lines of a brand's market counts, the worldwide one first: what was so, what is disputed, what is planned.

    Each point: `at`, `count`, `text`, and who says so. A plan's `at` is the day it is for; null when it has none.
    """
    lines: dict[str, dict[str, Any]] = {}

    def line(scope: str) -> dict[str, Any]:
        return lines.setdefault(scope, {"name": scope, "steps": [], "disputes": [], "plans": []})

    for step in steps:
        if step["aspect"] or step["subject"].endswith(PLANNED):
            continue
        to = line(step["subject"])
        if step["disputed"]:
            to["disputes"].append(_point(step, step["after_value"]))
        else:
            to["steps"].append(_point(step, step["believed"]))
    for plan in plans:
        if plan["kind"] == "market_count" and not plan["kept"]:
            to = line(plan["subject"].removesuffix(PLANNED))
            due = f"for {plan['dated']}" if plan["dated"] else "without a date"
            said = {"sources": [plan], "text": f"{plan['brand']}: {plan['value']} planned {due}", "id": None}
            to["plans"].append(_point(said, plan["value"]) | {"at": plan["due"], "when": plan["dated"]})
    found = [one for one in lines.values() if any(one[name] for name in ("steps", "disputes", "plans"))]
    return sorted(found, key=lambda one: (one["name"] != "worldwide", one["name"]))


def _point(step: Row, value: str | None) -> dict[str, Any]:
    source = next(iter(step["sources"]), None)
    return {
        "at": step.get("since"),
        "count": number(value),
        "value": value,
        "text": step["text"],
        "change": step["id"],
        "outlet": source and source["outlet"],
        "evidence": source and source["evidence"],
    }


def markets(states: Iterable[Row]) -> dict[str, list[dict[str, Any]]]:
    """A brand's markets by status. A plan that has come about is left out."""
    rows = [row for row in states if row["kind"] == "market_entry" and row["status"] in STATUSES]
    entered = {row["subject"] for row in rows if row["status"] == "entered"}
    words = words_of("en")
    found: dict[str, list[dict[str, Any]]] = {status: [] for status in STATUSES}
    for row in rows:
        if row["status"] == "planned" and row["subject"].removesuffix(PLANNED) in entered:
            continue
        found[row["status"]].append(
            {
                "code": row["market"],
                "name": words.place(row["market"]),
                "status": row["status"],
                "when": row["dated"] or (row["published"] or "")[:10] or None,
                "stated": row["dated"] is not None,
                "disputed": bool(row["disputed"]),
                "outlet": row["outlet"],
                "evidence": row["evidence"],
                "fact": row["fact"],
            }
        )
    for listed in found.values():
        listed.sort(key=lambda market: market["name"])
    return found


def models(steps: Iterable[Row], states: Iterable[Row]) -> list[dict[str, Any]]:
    """A brand's models, the latest news first, each with its `stages`: since when it was at which."""
    now = {row["model"]: row for row in states if row["kind"] == "model_announcement"}
    found: dict[str, list[dict[str, Any]]] = {}
    for step in steps:
        if not step["aspect"] and not step["disputed"]:
            found.setdefault(step["subject"], []).append(
                {"at": step["since"], "stage": step["believed"], **_said(step), "change": step["id"]}
            )
    rows = [
        {
            "model": model,
            "stages": stages,
            "stage": now[model]["stage"] if model in now else stages[-1]["stage"],
            "when": now[model]["dated"] if model in now else None,
            "segment": now[model]["segment"] if model in now else None,
            "markets": now[model]["markets"] if model in now else None,
            "fact": now[model]["fact"] if model in now else None,
        }
        for model, stages in found.items()
    ]
    return sorted(rows, key=lambda row: str(row["stages"][-1]["at"]), reverse=True)


def _said(step: Row) -> dict[str, Any]:
    source = next(iter(step["sources"]), None)
    return {"outlet": source and source["outlet"], "evidence": source and source["evidence"], "text": step["text"]}
