"""`/healthz` and `/metrics`: what makes the one red, and that the other tells what the history and the process know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import newsdesk
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from monitor.history import History
from monitor.history.figures import Waiting
from monitor.models import Answer, Delivery, Observation, Outcome
from monitor.parser.facts import revive
from monitor.web.metrics import Metrics
from monitor.web.operations import operations_routes
from monitor.web.wellbeing import neglected_from, reasons

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
QUARTER = newsdesk.EVERY


@dataclass
class Asked:
    """The routes over one database, the clock turned by hand."""

    database: Path
    now: datetime
    still: timedelta | None = None
    watched: bool = True
    named: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.database, lambda: self.now, **self.named)

    def get(self, path: str) -> httpx.Response:
        routes = operations_routes(
            self.metrics,
            self.database,
            clock=lambda: self.now,
            zone=lambda: UTC,
            still=lambda: self.still,
            watched=self.watched,
        )

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(Starlette(routes=routes))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(path)

        return asyncio.run(ask())

    def health(self) -> tuple[int, list[str]]:
        answer = self.get("/healthz")
        body = answer.json()
        assert body["status"] == ("ok" if answer.status_code == 200 else "red")
        return answer.status_code, body["reasons"]

    def scraped(self) -> Mapping[str, float]:
        """Every sample: `name{label}` -> value."""
        return {
            sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(self.get("/metrics").text)
            for sample in family.samples
            if not sample.name.startswith("process_")
        }


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    newsdesk.tell(tmp_path / "news.db")
    return Asked(tmp_path / "news.db", newsdesk.START + timedelta(days=2))


# Health


def test_all_is_well_while_every_source_is_checked_in_time(asked: Asked) -> None:
    with History(asked.database, revive=revive) as history:
        history.defer({"smart-newsroom": asked.now, "silent-site": asked.now})
    asked.now += QUARTER
    assert asked.health() == (200, [])
    assert asked.get("/healthz").headers["cache-control"] == "no-store"


def test_it_is_red_when_a_source_is_overdue_by_two_intervals_and_says_which(asked: Asked) -> None:
    with History(asked.database, revive=revive) as history:
        history.defer(dict.fromkeys(["smart-newsroom", "trade-site", "silent-site"], asked.now))
        history.defer({"trade-site": asked.now - MINUTE})
    asked.now += 2 * QUARTER - MINUTE
    assert asked.health() == (
        503,
        ['the source "trade-site" has been due since 2026-01-04 08:59 UTC, two of its intervals or more'],
    )
    asked.now += MINUTE
    code, [reason] = asked.health()
    assert (code, reason.endswith("or more, and 2 more sources are neglected")) == (503, True)


def test_a_history_that_is_only_looked_at_is_well_as_long_as_it_can_be_read(asked: Asked) -> None:
    asked.watched = False
    asked.now += timedelta(days=1000)
    assert asked.health() == (200, [])
    asked.database.write_bytes(b"no database" * 1000)
    code, [reason] = asked.health()
    assert (code, "not a SQLite database" in reason) == (503, True)


def test_sources_that_nobody_is_to_check_or_that_are_being_checked_neglect_nobody(asked: Asked) -> None:
    with History(asked.database, revive=revive) as history:
        history.sync_sources([newsdesk.NEWSROOM], asked.now)
        history.defer({"smart-newsroom": asked.now})
        history.take(["smart-newsroom"], asked.now, asked.now + 2 * HOUR)
    asked.now += 2 * HOUR - MINUTE
    assert asked.health()[0] == 200
    asked.now += MINUTE  # whoever was checking it is lost
    assert asked.health()[0] == 503


@pytest.mark.parametrize(
    ("every", "cron", "zone", "late"),
    [
        (15 * MINUTE, None, UTC, 30 * MINUTE),
        (timedelta(seconds=1), None, UTC, MINUTE),
        (None, "0 * * * *", UTC, 2 * HOUR),
        (None, None, UTC, 2 * HOUR),
        (None, "30 10 * * *", ZoneInfo("Europe/Berlin"), timedelta(minutes=30, days=1)),
    ],
)
def test_what_two_intervals_are(every: timedelta | None, cron: str | None, zone: tzinfo, late: timedelta) -> None:
    assert neglected_from(Waiting("a", NOW, every, cron), zone) == NOW + late


def test_a_standstill_of_the_service_is_red_and_a_breath_is_not() -> None:
    assert reasons((), 60 * timedelta(seconds=1), NOW, UTC) == []
    [reason] = reasons((), 70 * timedelta(seconds=1), NOW, UTC)
    assert "no cycle for 70 s" in reason


def test_a_standstill_and_a_database_that_cannot_be_read_are_both_told(asked: Asked) -> None:
    asked.database.write_bytes(b"dear diary " * 500)
    asked.still = 2 * MINUTE
    code, told = asked.health()
    assert code == 503
    assert ["hangs" in told[0], "not a SQLite database" in told[1]] == [True, True]


def test_a_database_that_is_not_there_is_red(tmp_path: Path) -> None:
    code, [reason] = Asked(tmp_path / "none.db", NOW).health()
    assert (code, "there is no database" in reason) == (503, True)
    assert list(tmp_path.iterdir()) == []


# Metrics


def test_the_gauges_are_what_the_history_holds(asked: Asked) -> None:
    found = asked.scraped()
    with History(asked.database, revive=revive) as history:
        queries = history.queries
        assert found["brand_monitor_facts"] == len(queries.facts(rejected=True)) == 3
        assert found["brand_monitor_documents"] == len(queries.documents()) == 3
        assert found["brand_monitor_changes"] == len(queries.changes())
        assert found["brand_monitor_alerts{pending}"] == len(queries.alerts(status="pending")) > 0
    assert found["brand_monitor_alerts{failed}"] == 0
    assert [found[f"brand_monitor_sources{{{health}}}"] for health in ("new", "ok", "failing", "trouble")] == [
        0,
        2,
        1,
        0,
    ]
    assert found["brand_monitor_database_size_bytes"] > 100_000
    assert found["brand_monitor_database_readable"] == 1


def test_what_waits_and_for_how_long(asked: Asked) -> None:
    asked.now = newsdesk.START + timedelta(days=3)
    found = asked.scraped()
    assert found["brand_monitor_queue_length"] == 3
    assert found["brand_monitor_oldest_overdue_seconds"] == (timedelta(days=2) - QUARTER).total_seconds()
    assert found["brand_monitor_delivery_lag_seconds"] > 0
    with History(asked.database, revive=revive) as history:
        history.drop_alerts_outside({}, asked.now)
        history.defer(dict.fromkeys(["smart-newsroom", "trade-site", "silent-site"], asked.now + HOUR))
    found = asked.scraped()
    assert [
        found[f"brand_monitor_{name}"] for name in ("queue_length", "oldest_overdue_seconds", "delivery_lag_seconds")
    ] == [0, 0, 0]


def test_what_the_process_does_is_counted_and_begins_anew_with_it(asked: Asked) -> None:
    took = Observation(source="a", started_at=NOW, finished_at=NOW + timedelta(seconds=3), outcome=Outcome.TIMEOUT)
    asked.metrics.checked(took)
    asked.metrics.checked(took)
    asked.metrics.delivered(Delivery(answer=Answer.SENT, detail="fine"))
    found = asked.scraped()
    assert found["brand_monitor_checks_total{timeout}"] == 2
    assert found["brand_monitor_check_duration_seconds_sum"] == 6
    assert (
        found["brand_monitor_check_duration_seconds_bucket{2.5}"],
        found["brand_monitor_check_duration_seconds_bucket{5.0}"],
    ) == (0, 2)
    assert found["brand_monitor_deliveries_total{sent}"] == 1
    restarted = Asked(asked.database, asked.now).scraped()
    assert "brand_monitor_checks_total{timeout}" not in restarted
    assert restarted["brand_monitor_facts"] == found["brand_monitor_facts"]


def test_what_else_the_process_knows(tmp_path: Path) -> None:
    asked = Asked(tmp_path / "none.db", NOW, named={"children_replaced": lambda: 4, "last_backup": lambda: NOW})
    found = asked.scraped()
    assert found["brand_monitor_children_replaced_total"] == 4
    assert found["brand_monitor_last_backup_timestamp_seconds"] == NOW.timestamp()
    assert found["brand_monitor_database_readable"] == 0
    assert "brand_monitor_facts" not in found


def test_no_label_holds_a_name_or_an_address(asked: Asked) -> None:
    text = asked.get("/metrics").text
    assert text.count("# HELP brand_monitor_") >= 15
    assert not any(word in text for word in ("smart", "trade", "example", "screen"))
