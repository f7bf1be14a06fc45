"""What the charts draw: from rows of the history, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.web.charts import counts, markets, models, number, sparkline

NOW = datetime(2026, 1, 3, tzinfo=UTC)


def step(at: str, value: str, *, disputed: bool = False, **more: Any) -> dict[str, Any]:
    sources = [{"outlet": "smart", "evidence": f"{value} markets"}]
    told = {"aspect": None, "subject": "worldwide", "text": value, "id": at, "sources": sources}
    return told | {"since": f"{at}T00:00:00Z", "believed": value, "after_value": value, "disputed": disputed} | more


def entry(market: str, status: str, **more: Any) -> dict[str, Any]:
    subject = f"{market}, planned" if status == "planned" else market
    row = {"kind": "market_entry", "subject": subject, "market": market, "status": status, "dated": None, "fact": 1}
    return row | {"published": "2026-01-02T08:00:00Z", "disputed": False, "outlet": "a", "evidence": "…"} | more


def test_a_count_in_words_is_a_number() -> None:
    assert [number(value) for value in ("39", "≥ 39", "≈ 1200", "", None, "many")] == [39, 39, 1200, None, None, None]


def test_a_sparkline_goes_in_steps_up_to_now() -> None:
    course = [{"since": "2026-01-01T00:00:00Z", "value": "10"}, {"since": "2026-01-02T00:00:00Z", "value": "20"}]
    path = sparkline(course, NOW)
    assert path == "M2.0 35.0H78.0V5.0H154.0"


def test_a_sparkline_of_nothing_or_one_moment() -> None:
    assert sparkline([], NOW) == ""
    assert sparkline([{"since": "2026-01-03T00:00:00Z", "value": "≥ 7"}], NOW) == "M2.0 20.0H2.0"


def test_counts_keep_disputes_and_plans_apart() -> None:
    plan = {"kind": "market_count", "brand": "smart", "subject": "worldwide, planned", "value": "45", "kept": False}
    plan |= {"due": "2027-01-01T00:00:00Z", "dated": "2026", "outlet": "smart", "evidence": "45 by 2026"}
    steps = [
        step("2025-06-01", "38"),
        step("2026-01-01", "40", disputed=True),
        step("2026-01-01", "9", subject="Europe"),
        step("2026-01-01", "45", subject="worldwide, planned"),
        step("2026-01-01", "2026", aspect="when"),
    ]
    kept = plan | {"kept": True, "value": "30"}
    world, europe = counts(steps, [plan, kept, plan | {"kind": "market_entry"}])
    assert (world["name"], europe["name"]) == ("worldwide", "Europe")
    assert [point["count"] for point in world["steps"]] == [38]
    assert [point["count"] for point in world["disputes"]] == [40]
    (planned,) = world["plans"]
    assert (planned["at"], planned["count"], planned["text"]) == (
        "2027-01-01T00:00:00Z",
        45,
        "smart: 45 planned for 2026",
    )
    assert planned["evidence"] == "45 by 2026"


def test_markets_have_names_and_dates_and_a_kept_plan_is_no_plan() -> None:
    found = markets(
        [
            entry("UY", "entered", dated="2026-01"),
            entry("UY", "planned"),
            entry("CL", "planned", dated="2027"),
            entry("region:Europe", "entered"),
            entry("GR", "exited"),
            {"kind": "market_count", "subject": "worldwide", "status": "current"},
        ]
    )
    assert [(m["name"], m["when"], m["stated"]) for m in found["entered"]] == [
        ("Europe", "2026-01-02", False),
        ("Uruguay", "2026-01", True),
    ]
    assert [m["code"] for m in found["planned"]] == ["CL"]
    assert [m["name"] for m in found["exited"]] == ["Greece"]


def test_models_go_from_stage_to_stage() -> None:
    steps = [
        step("2024-01-01", "unveiled", subject="#5"),
        step("2025-01-01", "launched", subject="#5"),
        step("2025-06-01", "deliveries", subject="#5", disputed=True),
        step("2026-01-01", "teased", subject="#6"),
    ]
    state = {"kind": "model_announcement", "model": "#5", "stage": "launched", "dated": "2025", "segment": "SUV"}
    found = models(steps, [state | {"markets": ["DE"], "fact": 7}])
    assert [(row["model"], [stage["stage"] for stage in row["stages"]]) for row in found] == [
        ("#6", ["teased"]),
        ("#5", ["unveiled", "launched"]),
    ]
    assert (found[1]["segment"], found[1]["fact"], found[0]["fact"]) == ("SUV", 7, None)
