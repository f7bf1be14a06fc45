"""What people ask: the lists with their filters, timelines, conflicts, why; and the shipped SQL, also by the shell."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from history_samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SITE,
    alert,
    believed,
    change,
    claims,
    count,
    entry,
    model,
    observed,
    put,
    read,
    record,
    revive,
    source,
    step,
)

from monitor import pipeline
from monitor.errors import UsageError
from monitor.history import History, Queries
from monitor.models import Answer, Authority, ChangeKind, Citation, Delivery, Fact, Outcome, Subject
from monitor.parser import facts
from monitor.resources import shipped

SECOND = Subject(brand="smart", kind="model_announcement", name="#2")
HONG_KONG = Subject(brand="smart", kind="market_entry", name="HK")

QUERIES = sorted(
    (entry.name for entry in shipped("db", "queries").iterdir() if entry.name.endswith(".sql")),
)


def citing(fact: Fact, path: str, published: str, outlet: str = "smart") -> tuple[Citation, ...]:
    authority = Authority.OFFICIAL if outlet == "smart" else Authority.MEDIA
    cited = Citation(
        url=f"{SITE}/{path}",
        title=path,
        published=published,
        authority=authority,
        outlet=outlet,
        evidence=fact.evidence,
    )
    return (cited,)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a brand: 38 markets, then 39 against 40, an entry, a model, a correction, a source in trouble."""
    path = tmp_path_factory.mktemp("queries") / "h.db"
    with History(path, revive=revive) as history:
        fill(history)
    return path


def fill(history: History) -> None:
    official, trade, broken = source(), source("trade", authority=Authority.MEDIA, outlet="trade"), source("broken")
    history.sync_sources([official, trade, broken], NOW - DAY)
    first = record(
        history, observed([read("a", count(38), published="2025-11-20", at=NOW - DAY)], at=NOW - DAY), official
    )
    record(history, observed(at=NOW - DAY), trade)
    record(history, observed(outcome=Outcome.DNS, reason="no such host", page=None, at=NOW), broken, failures=4)
    plan = model("#2", "confirmed", when="2026-late", markets=("region:Europe",), segment="city car", platform="ECA")
    said = [read("b", count(39), entry(when="2025-10"), plan, published="2026-01-05", at=NOW)]
    record(history, observed(said, at=NOW), official)
    theirs = record(history, observed([read("t", count(40), published="2026-01-05", at=NOW)], at=NOW + HOUR), trade)
    old, mine, rival = claims(history, theirs)
    elsewhere = history.claims([SECOND, HONG_KONG], theirs.check_id)
    (shown,), (entered,) = elsewhere[SECOND], elsewhere[HONG_KONG]
    begun = step(old, NOW.replace(year=2025, month=11, day=20, hour=0))
    known = (begun, step(mine, NOW, before=old))
    courses = [
        believed((shown,), subject=SECOND, course=(step(shown, NOW),), due=NOW + 90 * DAY),
        believed((entered,), subject=HONG_KONG, course=(step(entered, NOW.replace(year=2025, month=10, day=1)),)),
    ]
    with history.writing():
        history.put_states([believed((old,), course=known[:1])], NOW - DAY)
        history.put_states([believed((mine,), course=known), *courses], NOW)
        disputed = step(mine, NOW + MINUTE, before=mine, against=rival)
        history.put_states([believed((mine,), rivals=(rival,), course=(*known, disputed))], NOW + HOUR)
    record(history, observed([read("b2", entry("TW"), published="2026-01-06", at=NOW + DAY)], at=NOW + DAY), official)
    record(
        history,
        observed([read("b2", entry("TW", status="exited"), text="smart leaves TW", at=NOW + DAY)], at=NOW + DAY + HOUR),
        official,
    )
    assert (old.fact, first.facts) == (count(38), 1)
    steps = [
        change(
            "aa1",
            after=count(38),
            sources=citing(count(38), "a", "2025-11-20"),
            detected_at=NOW - DAY,
            silence="baseline",
        ),
        change("aa2", before=count(38), after=count(39), sources=citing(count(39), "b", "2026-01-05")),
        change("b1", after=entry(when="2025-10"), sources=citing(entry(), "b", "2026-01-05")),
        change("c1", after=plan, sources=citing(plan, "b", "2026-01-05")),
        change(
            "d1",
            before=count(39),
            after=count(40),
            change=ChangeKind.DISPUTED,
            sources=citing(count(40), "t", "2026-01-05", "trade"),
            detected_at=NOW + HOUR,
        ),
    ]
    put(history, *steps, alerts=[alert("x", "aa2"), alert("y", "d1", channel="hook"), alert("z", "b1", channel="hook")])
    history.claim_alerts("desk", NOW, HOUR, 5)
    history.settle_alert("x", Delivery(answer=Answer.SENT, detail="250 ok"), NOW, None)
    history.settle_alert("y", Delivery(answer=Answer.FAILED, detail="410 gone"), NOW, None)


@pytest.fixture
def queries(path: Path) -> Iterator[Queries]:
    with Queries.open(path) as opened:
        yield opened


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


# Lists


def test_facts_have_the_plain_columns_of_their_kind(queries: Queries) -> None:
    (row,) = queries.facts(kind="model_announcement")
    expected = {
        "brand": "smart", "subject": "#2", "value": "confirmed", "model": "#2", "stage": "confirmed",
        "markets": ["region:Europe"], "segment": "city car", "platform": "ECA", "dated": "2026-late", "hedged": False,
        "evidence": "smart #2: confirmed", "start": 0, "end": 19, "url": f"{SITE}/b", "published": "2026-01-05",
        "outlet": "smart", "authority": "official", "source": "newsroom", "recorded_at": "2026-01-05T09:00:00Z",
        "closed_at": None, "count": None, "market": None,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    (row,) = queries.facts(kind="market_count", source="trade")
    assert (row["count"], row["qualifier"], row["status"], row["scope"]) == (40, "exact", "current", None)


def test_lists_are_newest_first_and_can_be_filtered(queries: Queries) -> None:
    assert column(queries.facts(kind="market_count"), "value") == ["40", "39", "38"]
    assert column(queries.facts(kind="market_count", limit=1), "value") == ["40"]
    assert column(queries.facts(since=NOW, until=NOW + HOUR, kind="market_count"), "value") == ["39"]
    assert column(queries.facts(subject="worldwide", source="newsroom"), "value") == ["39", "38"]
    assert queries.facts(brand="nobody") == []
    assert column(queries.changes(), "id") == ["d1", "c1", "b1", "aa2", "aa1"]
    assert column(queries.changes(kind="market_count", change="new"), "id") == ["aa1"]
    assert column(queries.documents(source="trade"), "url") == [f"{SITE}/t"]
    assert column(queries.documents(brand="smart", until=NOW), "url") == [f"{SITE}/a"]
    assert column(queries.checks(outcome="dns"), "source") == ["broken"]
    assert len(queries.checks(brand="smart")) == len(queries.checks()) == 7
    assert column(queries.alerts(), "id") == ["z", "y", "x"]
    assert column(queries.alerts(kind="market_count", status="failed"), "id") == ["y"]
    assert column(queries.alerts(brand="smart", channel="desk"), "id") == ["x"]
    assert column(queries.sources(), "name") == ["broken", "newsroom", "trade"]
    assert column(queries.sources(unhealthy=True), "name") == ["broken"]
    assert column(queries.state(), "subject") == ["#2", "HK", "worldwide"]
    assert column(queries.state(kind="market_entry"), "market") == ["HK"]


def test_a_filter_that_a_list_does_not_have_is_a_mistake(queries: Queries) -> None:
    with pytest.raises(TypeError, match="colour"):
        queries.facts(colour="red")


def test_a_filter_is_a_value_never_sql(queries: Queries) -> None:
    for text in ("' OR 1=1 --", "smart'; DROP TABLE fact; --", '" OR ""="', "%", "\x00"):
        assert queries.facts(brand=text) == queries.changes(kind=text) == queries.timeline(text) == []
    assert len(queries.facts()) == 7


def test_every_change_says_who_is_told_or_why_nobody_is(queries: Queries) -> None:
    told = {row["id"]: (row["alerts"], row["silence"]) for row in queries.changes()}
    assert told["aa1"] == (0, "baseline")
    assert told["aa2"] == (1, None)
    assert told["c1"] == (0, "no alert rule asks for it")


# Timelines


def test_a_timeline_has_every_step_with_its_sources(queries: Queries) -> None:
    steps = queries.timeline("smart", "market_count")
    assert column(steps, "id") == ["aa1", "aa2", "d1"]
    assert column(steps, "change") == ["new", "changed", "disputed"]
    assert [(step["before_value"], step["after_value"]) for step in steps] == [(None, "38"), ("38", "39"), ("39", "40")]
    assert column(steps, "believed") == ["38", "39", "39"]
    (cited,) = steps[1]["sources"]
    assert cited == {
        "url": f"{SITE}/b",
        "title": "b",
        "published": "2026-01-05",
        "authority": "official",
        "outlet": "smart",
        "evidence": "smart is in 39 markets",
    }
    assert column(queries.timeline("smart", limit=2), "text") == ["smart: #2: confirmed", "smart: worldwide: 40"]


def test_what_was_believed_true_on_a_date(queries: Queries) -> None:
    def on(year: int, month: int, day: int) -> dict[str, str]:
        rows = queries.timeline("smart", as_of=NOW.replace(year=year, month=month, day=day))
        return {row["subject"]: row["believed"] for row in rows}

    assert on(2025, 9, 1) == {}
    assert on(2025, 10, 15) == {"HK": "entered"}
    assert on(2025, 12, 24) == {"HK": "entered", "worldwide": "38"}
    assert on(2026, 1, 6) == {"HK": "entered", "worldwide": "39", "#2": "confirmed"}


def test_what_the_monitor_knew_by_a_date(queries: Queries) -> None:
    assert column(queries.timeline("smart", known_at=NOW - HOUR), "after_value") == ["38"]
    assert column(queries.timeline("smart", known_at=NOW), "after_value") == ["entered", "38", "39", "confirmed"]
    (row,) = queries.timeline("smart", as_of=NOW + DAY, known_at=NOW - HOUR)
    assert (row["believed"], row["since"]) == ("38", "2025-11-20T00:00:00Z")


def test_a_conflict_shows_both_sentences(queries: Queries) -> None:
    (row,) = queries.conflicts()
    assert (row["subject"], row["believed"], row["rival"]) == ("worldwide", "39", "40")
    assert (row["evidence"], row["rival_evidence"]) == ("smart is in 39 markets", "smart is in 40 markets")
    assert (row["authority"], row["rival_authority"], row["rival_outlet"]) == ("official", "media", "trade")
    assert queries.conflicts(kind="market_entry") == queries.conflicts(brand="nobody") == []


# Why


def test_why_tells_sources_rule_and_what_became_of_it(queries: Queries) -> None:
    found = queries.why("aa2")
    assert (found["text"], found["rule"]) == ("smart: worldwide: 39", "the brand itself says so")
    assert (found["before"]["count"], found["after"]["count"]) == (38, 39)
    assert column(found["sources"], "url") == [f"{SITE}/b"]
    (message,) = found["alerts"]
    assert (message["status"], message["recipient"]) == ("sent", "desk@example.org")
    assert column(message["attempts"], "detail") == ["250 ok"]


def test_why_tells_the_check_it_came_from(tmp_path: Path) -> None:
    with History(tmp_path / "h.db", revive=revive) as history:
        stored = record(history, observed([read("a", count(39))]))
        with history.writing():
            history.add_changes([change()], stored.check_id)
        found = history.queries.why("c1")
        assert (found["check"]["source"], found["check"]["facts"], found["check"]["changes"]) == ("newsroom", 1, 1)
        assert (found["alerts"], found["silence"]) == ([], "no alert rule asks for it")


def test_the_start_of_an_id_will_do_when_it_is_one_only(queries: Queries) -> None:
    assert queries.why("d")["id"] == "d1"
    with pytest.raises(UsageError, match="more than one"):
        queries.why("aa")
    for unknown in ("zz", "", "%", "aa1x"):
        with pytest.raises(UsageError, match="no change has the id"):
            queries.why(unknown)


# The shipped questions


def test_there_are_enough_questions() -> None:
    assert 8 <= len(QUERIES) <= 20


@pytest.mark.parametrize("name", QUERIES)
def test_a_shipped_question_says_what_it_answers_and_has_an_answer(path: Path, name: str) -> None:
    sql = shipped("db", "queries", name).read_text(encoding="utf-8")
    first, _, rest = sql.partition("\n")
    assert first.startswith("-- ")
    assert first.endswith(".")
    assert sqlite3.complete_statement(rest)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        assert conn.execute(sql).fetchall()


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 shell")
@pytest.mark.parametrize("name", QUERIES)
def test_the_shell_runs_the_shipped_questions(path: Path, name: str) -> None:
    sql = shipped("db", "queries", name).read_text(encoding="utf-8")
    shell = subprocess.run(
        ["sqlite3", "-batch", "-bail", "-readonly", str(path)], input=sql, capture_output=True, text=True, check=False
    )
    assert (shell.returncode, shell.stderr) == (0, "")
    assert shell.stdout


def answer(path: Path, name: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(shipped("db", "queries", name).read_text(encoding="utf-8"))]


def test_the_answers_are_right(path: Path) -> None:
    moved = answer(path, "market_counts_over_time.sql")
    assert [(row["was"], row["became"], row["grew_by"]) for row in moved] == [(None, "38", None), ("38", "39", 1)]
    assert [(row["market"], row["first_said"]) for row in answer(path, "markets_of_a_brand.sql")] == [
        ("HK", "2026-01-05")
    ]
    (taken,) = answer(path, "taken_back.sql")
    assert (taken["subject"], taken["said"], taken["says_now"]) == ("TW", "entered", "exited")
    (dispute,) = answer(path, "disputes.sql")
    assert (dispute["believed"], dispute["rival"]) == ("39", "40")
    assert [row["dated"] for row in answer(path, "plans_and_their_dates.sql")] == ["2026-late"]
    assert [row["status"] for row in answer(path, "undelivered_alerts.sql")] == ["failed", "pending"]
    assert [row["silence"] for row in answer(path, "silent_changes.sql")] == ["baseline", "no alert rule asks for it"]
    first = {row["outlet"]: row["changes_brought"] for row in answer(path, "who_was_first.sql")}
    assert first == {"smart": 4, "trade": 1}
    (sick,) = answer(path, "unhealthy_sources.sql")
    assert (sick["name"], sick["failed_in_a_row"], sick["checks"], sick["good"]) == ("broken", 4, 1, 0)
    assert {row["subject"] for row in answer(path, "what_is_believed.sql")} == {"worldwide", "HK", "#2"}


def test_a_source_that_is_gone_for_good_is_among_the_unhealthy(path: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(path, tmp_path))
    with closing(sqlite3.connect(copied)) as conn, conn:
        conn.execute("UPDATE source SET gone_at = '2026-01-06T09:00:00Z' WHERE name = 'trade'")
    with Queries.open(copied) as queries:
        listed = {row["name"] for row in queries.sources(unhealthy=True)}
    assert {row["name"] for row in answer(copied, "unhealthy_sources.sql")} == listed == {"broken", "trade"}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plans, of which one is kept; a trade site that says 40 markets and takes it back."""
    path = tmp_path_factory.mktemp("story") / "h.db"
    newsroom, trade, other = newsdesk.NEWSROOM, newsdesk.TRADE, newsdesk.source("other-site")
    told = (
        (newsroom, "38", "smart is now present in 38 markets worldwide."),
        (trade, "peru", "smart will enter Peru in the first quarter of 2027."),
        (other, "chile", "smart will enter Chile in October 2026."),
        (newsroom, "39", "smart is now present in 39 markets worldwide."),
        (newsroom, "chile", "smart has entered Chile."),
        (newsroom, "india", "smart will enter India in August 2027."),
        (trade, "40", "smart is now present in 40 markets worldwide."),
        (trade, "40", "smart is now present in 39 markets worldwide."),
    )
    with History(path, revive=facts.revive) as history:
        history.sync_sources([newsroom, trade, other], newsdesk.START)
        for day, (at, name, text) in enumerate(told):
            now = newsdesk.START + day * DAY
            url = f"https://{at.name}.example/{name}"
            seen = newsdesk.seen(at, now, [newsdesk.reading(url, "news", text, f"{now:%Y-%m-%d}", "smart")])
            settings = newsdesk.settings(path)
            pipeline.record(seen, at, history=history, settings=settings, next_due=now, failures=0, now=now)
    return path


def test_a_plan_that_was_kept_is_no_plan_and_plans_are_in_order_of_their_dates(story: Path) -> None:
    planned = [(row["subject"], row["dated"]) for row in answer(story, "plans_and_their_dates.sql")]
    assert planned == [("PE, planned", "2027-Q1"), ("IN, planned", "2027-08")]
    markets = [(row["market"], row["status"]) for row in answer(story, "markets_of_a_brand.sql")]
    assert markets == [("CL", "entered"), ("PE", "planned"), ("IN", "planned")]


def test_a_count_that_was_never_believed_is_no_move(story: Path) -> None:
    moved = answer(story, "market_counts_over_time.sql")
    assert [(row["was"], row["became"], row["grew_by"]) for row in moved] == [(None, "38", None), ("38", "39", 1)]


def test_an_outlet_is_corrected_only_by_itself(story: Path) -> None:
    corrected = {row["outlet"]: row["corrected_later"] for row in answer(story, "who_was_first.sql")}
    assert corrected == {"smart": 0, "trade": 1, "other": 0}


def test_what_a_replay_reads_otherwise_was_not_taken_back(story: Path, tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    shutil.copy(story, path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE fact SET closed_at = '2026-02-01T00:00:00Z' WHERE subject = 'IN, planned'")
        conn.execute(
            "INSERT INTO restatement (id, document, restated_at, dated, text)"
            " SELECT 1, document, closed_at, closed_at, '' FROM fact WHERE subject = 'IN, planned'"
        )
        conn.execute("INSERT INTO restated_fact SELECT id, 'lost', 1 FROM fact WHERE subject = 'IN, planned'")
    assert [(row["said"], row["says_now"]) for row in answer(path, "taken_back.sql")] == [("40", "39")]
