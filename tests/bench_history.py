"""How long a large history takes to answer: 1,000,000 facts over 500 brands in a real database, and one check recorded.

Run by `make bench-history`; prints figures and gates nothing: machines differ. The rows are made as the history makes
them (documents, facts, beliefs with their claims, courses, changes), by SQL, because recording them would take hours.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from browsing import browser
from test_history_over_time import SOURCES, Desk, Story, counted

from monitor.history import Queries
from monitor.models import utc_text
from monitor.parser.market_count import MarketCount
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement

BRANDS = 500
FACTS = 1_000_000
BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3650)
SUBJECTS = 120
"""Subjects of a brand: its count and those of its markets and models."""
COUNTED = 0.1
"""Of a brand's facts, how many are of its worldwide count."""
STEPS = 4
"""Steps in the course of a subject, at the most."""

Row = tuple[Any, ...]


def facts_of(brand: str, subject: int, rng: random.Random) -> Any:
    stated = {"brand": brand, "evidence": f"{brand} says so", "start": 0, "end": len(brand) + 8}
    if subject == 0:
        return MarketCount(**stated, count=rng.randrange(20, 60))
    if subject < SUBJECTS // 2:
        return MarketEntry(**stated, market=f"{subject:02}", status="entered")
    return ModelAnnouncement(**stated, model=f"#{subject}", stage=rng.choice(("teased", "confirmed", "launched")))


def rows(facts: int, brands: int, rng: random.Random) -> Iterator[tuple[str, Row]]:
    """Table and row, in an order in which every reference points back."""
    number = step = 0
    each = facts // brands
    for place in range(brands):
        brand, by_subject = f"brand {place}", {}
        for _ in range(each):
            subject = 0 if rng.random() < COUNTED else rng.randrange(1, SUBJECTS)
            by_subject.setdefault(subject, []).append(BEGIN + SPAN * rng.random())
        for belief, (subject, dates) in enumerate(by_subject.items(), place * SUBJECTS + 1):
            first = number + 1
            for date in sorted(dates):
                number += 1
                fact, at = facts_of(brand, subject, rng), utc_text(date)
                address = f"https://site{number % 40}.example/{number}"
                outlet, seal = f"site{number % 40}.example", f"{rng.getrandbits(64):016x}"
                yield "document", (number, address, "s", 1, outlet, "media", 0, at, "…", seal, 0, at, address, seal)
                claim = (number, number, 1, fact.kind, brand, fact.subject, fact.value, _json(fact), at)
                yield "fact", claim
            head = (brand, fact.kind, fact.subject)
            yield "belief", (belief, *head, number, fact.value, "one outlet says so", at, at, _json(fact))
            for claim in range(max(first, number - 20), number + 1):
                rival = claim == number - 1 and rng.random() < 0.01
                yield "belief_claim", (belief, claim, "rivals" if rival else "supports")
            for back in range(min(STEPS, number - first + 1)):
                step += 1
                told = (fact.value, fact.value, 0, f"{brand}: {fact.value}", "one outlet says so")
                at = utc_text(sorted(dates)[back])
                yield "step", (step, *head, at, 0, "changed", None, *told, first + back, at)
                yield "step_claim", (step, 0, first + back)
                yield "change", (f"{step:016x}", 1, at, at, *head, "changed", fact.value, _json(fact), *told[3:])
                yield "change_source", (f"{step:016x}", 0, address, "media", outlet, "…")


COLUMNS = {
    "document": "id url source visit outlet authority living dated text text_hash baseline fetched_at article"
    " fingerprint",
    "fact": "id document visit kind brand subject value attributes recorded_at",
    "belief": "id brand kind subject fact value rule since updated_at attributes",
    "belief_claim": "belief fact role",
    "step": "id brand kind subject since position change before_value after_value value disputed text rule fact"
    " known_from",
    "step_claim": "step position fact",
    "change": "id visit detected_at since brand kind subject change after_value after text rule",
    "change_source": "change position url authority outlet evidence",
}


def _json(fact: Any) -> str:
    return json.dumps(fact.as_json())


def fill(database: Path, facts: int, brands: int) -> None:
    rng = random.Random(2026)
    waiting: dict[str, list[Row]] = {table: [] for table in COLUMNS}
    with closing(sqlite3.connect(database)) as db:
        db.executescript("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000")
        db.execute("DELETE FROM document")

        def flush() -> None:
            for table, ready in waiting.items():
                names = COLUMNS[table].split() + (["version"] if table == "document" else [])
                holes = ", ".join("?" * len(names))
                more = [(*row, 1) for row in ready] if table == "document" else ready
                db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({holes})", more)
                ready.clear()
            db.commit()

        for count, (table, row) in enumerate(rows(facts, brands, rng)):
            waiting[table].append(row)
            if count % 200_000 == 199_999:
                flush()
        flush()
        db.execute("PRAGMA optimize")


def timed(what: str, target: float, ask: Callable[[], Any], times: int = 9) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    median, worst = statistics.median(took), max(took)
    print(f"{what:42} median {median:8.1f} ms   worst {worst:8.1f} ms   target {target:g} ms")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--facts", type=int, default=FACTS)
    asked.add_argument("--brands", type=int, default=BRANDS)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        database = desk.settings.database
        began = time.perf_counter()
        fill(database, given.facts, given.brands)
        size = database.stat().st_size / 1e6
        print(f"{given.facts:,} facts over {given.brands} brands: {size:,.0f} MB, {time.perf_counter() - began:.0f} s")
        day = BEGIN + SPAN / 2
        with Queries.open(database) as queries:
            timed("timeline BRAND", 200, lambda: queries.timeline("brand 7"))
            timed("timeline BRAND --as-of", 200, lambda: queries.timeline("brand 7", as_of=day))
            timed(
                "timeline BRAND --as-of --known-at", 200, lambda: queries.timeline("brand 7", as_of=day, known_at=day)
            )
            timed("facts --brand (a table's 51)", 200, lambda: queries.facts(brand="brand 7", limit=51))
            timed("facts --brand (all of the brand)", 200, lambda: queries.facts(brand="brand 7"))
            timed("conflicts (all brands)", 200, lambda: queries.conflicts())
            timed("figures, as /metrics asks", 100, lambda: queries.figures(day))
            timed("conflicts --brand", 200, lambda: queries.conflicts(brand="brand 7"))
            timed("search facts", 200, lambda: queries.search("facts", "brand 7", limit=51))
        with browser(database, clock=lambda: BEGIN + SPAN) as client:
            timed("the page: front", 100, lambda: client.get("/"))
            timed("the page: a brand", 200, lambda: client.get("/brands/brand 7"))
            timed("the page: changes", 200, lambda: client.get("/changes"))
            timed("the page: plans", 200, lambda: client.get("/plans"))
        story = iter(range(10**6, 10**9))

        def record_one() -> None:
            number = next(story)
            fact = counted(20 + number % 40)
            fact = MarketCount(**{**_fields(fact), "brand": f"brand {number % given.brands}"})
            desk.tell(Story(number, SOURCES[1], 50, fact))

        timed("recording one observation, one fact", 20, record_one, times=30)
        desk.history.close()


def _fields(fact: MarketCount) -> dict[str, Any]:
    return {name: value for name, value in fact.as_json().items() if name != "kind"}


if __name__ == "__main__":
    main()
