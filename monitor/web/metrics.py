"""The metrics of the monitor, as Prometheus reads them.

What a process does is counted in it and begins at nothing with it (counters, histograms); what there is is read from
the history at each scrape (gauges), so that it is right from the first scrape after a restart on. No label holds an
address or a name that strangers choose: their number is bounded by the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.errors import DatabaseError
from monitor.history import Queries
from monitor.history.figures import Figures
from monitor.models import Delivery, Observation

PREFIX = "brand_monitor"
STATUSES = ("pending", "sent", "failed", "dropped", "silenced")
CONDITIONS = ("new", "ok", "failing", "trouble")
SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


class Metrics:
    """The metrics of one process. `checked` and `delivered` count; `text` is one scrape."""

    def __init__(
        self,
        database: Path,
        clock: Callable[[], datetime],
        *,
        children_replaced: Callable[[], int] = lambda: 0,
        last_backup: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._registry = CollectorRegistry()
        self._checks = Counter(
            f"{PREFIX}_checks", "Checks made by this process, by outcome.", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_check_duration_seconds",
            "How long checks took, from the first request to the last article read.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._deliveries = Counter(
            f"{PREFIX}_deliveries",
            "Attempts of this process to deliver a message, by the other side's answer.",
            ["answer"],
            registry=self._registry,
        )
        self._registry.register(_Read(database, clock, children_replaced, last_backup))
        ProcessCollector(registry=self._registry)

    def checked(self, observation: Observation) -> None:
        self._checks.labels(outcome=str(observation.outcome)).inc()
        self._seconds.observe((observation.finished_at - observation.started_at).total_seconds())

    def delivered(self, delivery: Delivery) -> None:
        self._deliveries.labels(answer=str(delivery.answer)).inc()

    def text(self) -> bytes:
        """One scrape, in the text format. Reads the history; a database that cannot be read is a metric too."""
        return generate_latest(self._registry)


class _Read(Collector):
    """What is asked at each scrape."""

    def __init__(
        self,
        database: Path,
        clock: Callable[[], datetime],
        children_replaced: Callable[[], int],
        last_backup: Callable[[], datetime | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._children_replaced = children_replaced
        self._last_backup = last_backup

    def describe(self) -> list[Metric]:
        return []  # asking the history already when the collector is registered would be too early

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            f"{PREFIX}_children_replaced",
            "Child processes that read pages and were replaced because a page overstepped their bounds.",
            value=self._children_replaced(),
        )
        if backed_up := self._last_backup():
            yield _gauge("last_backup_timestamp_seconds", "When the newest backup was made.", backed_up.timestamp())
        try:
            now = self._clock()
            with Queries.open(self._database) as queries:
                figures = queries.figures(now)
        except DatabaseError:
            yield _gauge("database_readable", "1 if the database could be read for this scrape.", 0)
            return
        yield _gauge("database_readable", "1 if the database could be read for this scrape.", 1)
        yield from _gauges(figures, self._database, now)


def _gauges(figures: Figures, database: Path, now: datetime) -> Iterator[Metric]:
    yield _gauge("documents", "Versions of articles and pages that the history holds.", figures.documents)
    yield _gauge("facts", "Claims that the history holds.", figures.facts)
    yield _gauge("changes", "Changes that the history holds.", figures.changes)
    yield _labelled("alerts", "Messages, by what became of them.", "status", STATUSES, figures.alerts)
    yield _labelled("sources", "Enabled sources, by their health.", "health", CONDITIONS, figures.sources)
    yield _gauge("queue_length", "Sources that are due and wait for their check.", figures.due)
    yield _gauge("waiting_articles", "Articles that were found and not read yet.", figures.waiting_articles)
    yield _gauge(
        "oldest_overdue_seconds",
        "For how long the source waits that has waited longest.",
        _age(figures.oldest_due, now),
    )
    yield _gauge(
        "delivery_lag_seconds",
        "For how long the message waits that could have gone out first.",
        _age(figures.oldest_alert, now),
    )
    yield _gauge("database_size_bytes", "Size of the database.", figures.size)
    yield _gauge("database_free_bytes", "Of that, what holds nothing.", figures.free)
    log = database.with_name(f"{database.name}-wal")
    yield _gauge("database_log_bytes", "Size of the write-ahead log.", log.stat().st_size if log.exists() else 0)


def _age(since: datetime | None, now: datetime) -> float:
    return max(now - since, timedelta(0)).total_seconds() if since else 0


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", meaning, value=value)


def _labelled(name: str, meaning: str, label: str, known: tuple[str, ...], values: Mapping[str, int]) -> Metric:
    """A gauge for each known value, also for those that nothing has now: a series that vanishes alarms nobody."""
    metric = GaugeMetricFamily(f"{PREFIX}_{name}", meaning, labels=[label])
    for value in known:
        metric.add_metric([value], values.get(value, 0))
    return metric
