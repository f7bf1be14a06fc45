"""A person's word about single claims: it outranks sources, is kept, can be undone, holds for the claim read anew."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import newsdesk
import pytest
from commandline import command, mistake

from monitor.errors import UsageError
from monitor.history import History, Queries
from monitor.judging import Judged, Judgement, judge
from monitor.models import ChangeKind, Reading, Subject
from monitor.notifier.wording import words_of
from monitor.parser.corrections import corrected
from monitor.parser.facts import revive
from monitor.parser.market_entry import MarketEntry
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.pipeline import record
from monitor.resources import shipped

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
WORLDWIDE = Subject(brand="smart", kind="market_count", name="worldwide")
OLD, BELIEVED, RIVAL = 1, 2, 3
"""The facts that the newsdesk tells: 38, then 39, and a trade site's 40th against it."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "news.db"
    newsdesk.tell(path)
    return path


def judged(database: Path, fact: int, verdict: Any, told: bool = True, **corrections: str) -> Judged:
    with History(database, revive=revive) as history:
        settings = newsdesk.settings(database) if told else None
        judgement = Judgement(verdict=verdict, reviewer="Ann", note="asked them", corrections=corrections)
        return judge(history, fact, judgement, settings, NOW)


def believed(database: Path, subject: str = "worldwide") -> list[tuple[str, bool, str]]:
    with Queries.open(database) as queries:
        return [(row["value"], row["disputed"], row["rule"]) for row in queries.state(subject=subject)]


def check(database: Path, *readings: Reading, day: int = 6, source: Any = newsdesk.TRADE) -> list[str]:
    """One more check; what it told."""
    now = newsdesk.START + timedelta(days=day)
    with History(database, revive=revive) as history:
        changes = record(
            newsdesk.seen(source, now, readings),
            source,
            history=history,
            settings=newsdesk.settings(database),
            next_due=now,
            failures=0,
            now=now,
        )
    return [f"{change.change}: {change.text}" for change in changes]


def article(path: str, text: str, published: str, brand: str = "smart") -> Reading:
    return newsdesk.reading(f"https://trade-site.example/news/{path}", f"Story {path}", text, published, brand)


# --- what a verdict does ---


@pytest.mark.parametrize("verdict", ["reject", "untrue"])
def test_a_rejected_claim_stands_in_no_list_unless_it_is_asked_for(database: Path, verdict: str) -> None:
    judged(database, RIVAL, verdict)
    with Queries.open(database) as queries:
        assert [row["id"] for row in queries.facts()] == [BELIEVED, OLD]
        assert next((row["id"], row["verdict"]) for row in queries.facts(rejected=True)) == (RIVAL, verdict)
    assert "by Ann" in command("--db", str(database), "why", "--fact", str(RIVAL)).out
    place = ("--db", str(database), "facts", "--format")
    assert "40th" not in command(*place, "table").out
    shown = command(*place, "csv", "--rejected").out
    assert f",{verdict},Ann" in shown
    assert "rejected" in command(*place, "table", "--rejected").out
    judged(database, RIVAL, "undo")
    with Queries.open(database) as queries:
        assert next((row["id"], row["verdict"]) for row in queries.facts()) == (RIVAL, None)


def test_a_corrected_claim_gives_way_in_the_list_to_what_it_should_have_said(database: Path) -> None:
    judged(database, RIVAL, "correct", count="39", qualifier="exact")
    with Queries.open(database) as queries:
        made, *others = queries.facts()
        assert [row["id"] for row in others] == [BELIEVED, OLD]
        assert (made["count"], made["verdict"], made["reviewer"]) == (39, "accept", "Ann")
        assert queries.why_fact(RIVAL)["verdict"] == "correct"
    assert "corrected by Ann" in command("--db", str(database), "why", "--fact", str(RIVAL)).out
    with Queries.open(database) as queries:
        assert {row["verdict"] for row in queries.facts(rejected=True)} == {None, "accept", "correct"}


def test_a_rejected_claim_is_nobodys_first_word_on_a_market(database: Path) -> None:
    for path, published in (("early", "2026-01-04"), ("later", "2026-01-05")):
        check(database, article(path, "smart has launched its cars in Peru.", published))
    asked = shipped("db", "queries", "markets_of_a_brand.sql").read_text(encoding="utf-8")
    for verdict, first in (("undo", "2026-01-04"), ("reject", "2026-01-05")):
        with Queries.open(database) as queries:
            early = min(row["id"] for row in queries.facts(kind="market_entry", rejected=True))
        judged(database, early, verdict)
        with closing(sqlite3.connect(database)) as db:
            assert [row[4] for row in db.execute(asked)] == [first]


def test_accepting_the_rival_settles_the_dispute_for_it(database: Path) -> None:
    (change,) = judged(database, RIVAL, "accept").changes
    assert (change.change, change.after["count"] if change.after else None) == (ChangeKind.RESOLVED, 40)
    assert change.rule == "Ann accepted the claim of trade: asked them"
    assert believed(database) == [("40", False, "Ann accepted it")]


def test_accepting_what_is_believed_overrules_what_speaks_against_it(database: Path) -> None:
    result = judged(database, BELIEVED, "accept")
    assert [claim.id for claim in result.overruled] == [RIVAL]
    assert [change.change for change in result.changes] == [ChangeKind.RESOLVED]
    assert believed(database) == [("39", False, "Ann accepted it")]


def test_rejecting_the_believed_claim_corrects_and_names_the_reviewer(database: Path) -> None:
    (change,) = judged(database, BELIEVED, "reject").changes
    assert (change.change, change.text) == (ChangeKind.CORRECTED, "smart: 39 → 38 markets, corrected by Ann")
    assert change.rule == "Ann rejected the claim of smart: asked them"
    assert believed(database)[0][:2] == ("38", True)


def test_rejecting_all_there_is_leaves_nothing_believed(database: Path) -> None:
    for fact in (OLD, BELIEVED, RIVAL):
        last = judged(database, fact, "untrue")
    (change,) = last.changes
    assert (change.change, change.after) == (ChangeKind.CORRECTED, None)
    assert change.sources
    assert believed(database) == []
    assert check(database, article("41", "smart is now present in 41 markets worldwide.", "2026-01-07"))[0].startswith(
        "new: smart: 41 markets"
    )


def test_a_rejected_claim_is_not_told_as_a_fact_in_any_language(database: Path) -> None:
    check(database, article("peru", "smart has launched its cars in Peru.", "2026-01-04"))
    (change,) = judged(database, 4, "untrue").changes
    assert change.after is None
    assert change.text == "smart enters Peru (2026-01): no longer believed, corrected by Ann"
    german = words_of("de")
    assert german.headline(change) == "smart geht nach Peru (2026-01): nicht mehr geglaubt, berichtigt von Ann"
    assert german.rule(change.rule) == "Ann verwirft die Angabe von trade: asked them"


def test_a_rumour_that_a_person_brings_back_is_one(database: Path) -> None:
    told_of = article("peru", "smart has launched its cars in Peru.", "2026-01-04")
    told = check(database, replace(told_of, facts=tuple(replace(fact, hedged=True) for fact in told_of.facts)))
    assert told[0].endswith(", unconfirmed")
    judged(database, 4, "reject")
    (change,) = judged(database, 4, "undo").changes
    assert (change.change, change.text) == (ChangeKind.NEW, told[0].removeprefix("new: "))


def test_a_rejected_rival_ends_the_dispute(database: Path) -> None:
    (change,) = judged(database, RIVAL, "reject").changes
    assert (change.change, change.text) == (ChangeKind.RESOLVED, "smart: 39 markets, dispute resolved by Ann")
    assert believed(database)[0][:2] == ("39", False)


def test_a_correction_is_believed(database: Path) -> None:
    result = judged(database, BELIEVED, "correct", count="41", when="2026-01")
    assert [change.text for change in result.changes] == ["smart: 41 markets, dispute resolved by Ann"]
    assert believed(database) == [("41", False, "Ann corrected it")]
    with Queries.open(database) as queries:
        (state,) = queries.state()
        assert (state["count"], state["dated"]) == (41, "2026-01")
        assert state["evidence"] == "smart is now present in 39 markets worldwide."


def test_a_correction_may_move_a_claim_to_another_subject(database: Path) -> None:
    result = judged(database, RIVAL, "correct", status="planned", qualifier="exact")
    assert [(change.change, change.subject) for change in sorted(result.changes, key=lambda one: one.subject)] == [
        (ChangeKind.RESOLVED, "worldwide"),
        (ChangeKind.NEW, "worldwide, planned"),
    ]
    assert [row[0] for row in believed(database, "worldwide, planned")] == ["40"]
    undone = judged(database, RIVAL, "undo")
    assert believed(database, "worldwide, planned") == []
    assert believed(database)[0][:2] == ("39", True)
    assert {change.change for change in undone.changes} == {ChangeKind.CORRECTED, ChangeKind.DISPUTED}


def test_correcting_a_detail_alone_is_a_change_too(database: Path) -> None:
    judged(database, RIVAL, "reject")
    (change,) = judged(database, BELIEVED, "correct", when="2025-12").changes
    assert (change.change, change.after["when"] if change.after else None) == (ChangeKind.CORRECTED, "2025-12")
    assert judged(database, BELIEVED, "undo").changes[0].change is ChangeKind.CORRECTED


def test_every_verdict_can_be_undone(database: Path) -> None:
    before = believed(database)
    for verdict, corrections in (("accept", {}), ("reject", {}), ("untrue", {}), ("correct", {"count": "41"})):
        judged(database, BELIEVED, verdict, **corrections)
        assert believed(database) != before
        judged(database, BELIEVED, "undo")
        assert believed(database) == before, verdict


def test_the_correction_itself_can_be_named_to_undo_it(database: Path) -> None:
    judged(database, BELIEVED, "correct", count="41")
    made = BELIEVED + 2
    judged(database, made, "undo")
    assert believed(database)[0][:2] == ("39", True)


def test_the_last_review_holds(database: Path) -> None:
    judged(database, BELIEVED, "correct", count="41")
    judged(database, BELIEVED, "correct", count="42")
    assert believed(database)[0][0] == "42"
    judged(database, BELIEVED, "reject")
    assert believed(database)[0][:2] == ("38", True)
    judged(database, BELIEVED, "accept")
    assert believed(database)[0][:2] == ("39", False)


def test_a_review_is_told_like_any_change_and_not_without_a_config(database: Path) -> None:
    with Queries.open(database) as queries:
        before = len(queries.alerts())
    judged(database, RIVAL, "reject")
    with Queries.open(database) as queries:
        assert len(queries.alerts()) == before + 1
    judged(database, RIVAL, "undo", told=False)
    with Queries.open(database) as queries:
        assert len(queries.alerts()) == before + 1
        assert "without a config" in queries.why(queries.changes(limit=1)[0]["id"])["silence"]


def test_nothing_changes_nothing_is_told(database: Path) -> None:
    assert judged(database, OLD, "accept").changes == ()
    assert judged(database, OLD, "accept").changes == ()


# --- what holds afterwards ---


def test_a_person_outranks_what_sources_say_later_of_the_same_time(database: Path) -> None:
    judged(database, RIVAL, "accept")
    told = check(
        database,
        newsdesk.reading("https://smart.example/news/again", "Again", "smart is in 39 markets.", "2026-01-06", "smart"),
        source=newsdesk.NEWSROOM,
    )
    assert told == []
    assert believed(database)[0][0] == "40"


def test_time_goes_on_after_a_review(database: Path) -> None:
    judged(database, BELIEVED, "accept")
    told = check(
        database,
        newsdesk.reading("https://smart.example/news/45", "More", "smart is in 45 markets.", "2026-03-06", "smart"),
        day=63,
        source=newsdesk.NEWSROOM,
    )
    assert told == ["changed: smart: 39 → 45 markets"]


def test_a_rejected_claim_stays_rejected_when_its_article_is_read_anew(database: Path) -> None:
    judged(database, RIVAL, "reject")
    url = "https://trade-site.example/news/40"
    again = newsdesk.reading(url, "Retitled", "smart has entered its 40th market worldwide.", "2026-01-03", "smart")
    assert check(database, again) == []
    with History(database, revive=revive) as history, history.writing():
        history._store.db.execute("UPDATE fact SET closed_at = '2026-01-07T00:00:00Z' WHERE id = 3")
    retold = newsdesk.reading(url, "Anew", "Now smart has entered its 40th market worldwide.", "2026-01-03", "smart")
    assert check(database, retold, day=7) == []
    assert believed(database)[0][:2] == ("39", False)


def test_the_same_claim_of_another_document_is_not_meant(database: Path) -> None:
    judged(database, RIVAL, "reject")
    told = check(database, article("other", "smart has entered its 40th market worldwide.", "2026-01-04"))
    assert [line.split(":")[0] for line in told] == ["disputed"]


def test_an_accepted_claim_stands_although_its_article_was_changed(database: Path) -> None:
    judged(database, RIVAL, "accept")
    url = "https://trade-site.example/news/40"
    check(database, newsdesk.reading(url, "Changed", "smart is in 33 markets worldwide.", "2026-01-03", "smart"))
    assert believed(database)[0] == ("40", False, "Ann accepted it")


def test_vouching_makes_no_outlet_official(database: Path) -> None:
    (change,) = judged(database, RIVAL, "accept").changes
    with Queries.open(database) as queries:
        stored = {source["outlet"]: source["authority"] for source in queries.why(change.id)["sources"]}
    assert stored["trade"] == "media"


def test_reviews_are_kept_with_name_time_and_note(database: Path) -> None:
    judged(database, BELIEVED, "accept")
    judged(database, BELIEVED, "undo")
    with Queries.open(database) as queries:
        rows = queries.reviews()
    assert [(row["verdict"], row["in_force"]) for row in rows] == [
        ("undo", True),
        ("overruled", False),
        ("accept", False),
    ]
    assert {(row["reviewer"], row["reviewed_at"]) for row in rows} == {("Ann", "2026-01-06T12:00:00Z")}
    assert rows[-1]["note"] == "asked them"


def test_a_review_that_fails_leaves_nothing(database: Path) -> None:
    with pytest.raises(UsageError):
        judged(database, BELIEVED, "correct", stage="unveiled")
    with Queries.open(database) as queries:
        assert (queries.reviews(), len(queries.facts())) == ([], 3)


# --- corrections ---

ENTRY = MarketEntry(brand="smart", market="PE", evidence="…", start=0, end=1)
MODEL = ModelAnnouncement(brand="smart", model="#2", stage="confirmed", evidence="…", start=0, end=1)


def test_each_kind_has_its_fields() -> None:
    fixed = corrected(
        ENTRY, {"market": "cl", "status": "planned", "when": "2026-Q3", "basis": "event", "hedged": "yes"}
    )
    assert fixed == replace(ENTRY, market="CL", status="planned", when="2026-Q3", hedged=True)
    fields = {"stage": "orders-open", "markets": "DE,region:Europe", "segment": "city car", "platform": "none"}
    assert corrected(MODEL, fields) == replace(
        MODEL, stage="orders_open", markets=("DE", "region:Europe"), segment="city car"
    )
    assert corrected(replace(MODEL, when="2026"), {"when": "none"}) == MODEL


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"count": "40"}, "a market_entry has no count; it has market, status, basis"),
        ({"market": "XX-1"}, "is no market"),
        ({"market": "QQ"}, "is no market"),
        ({"status": "current"}, "must be one of entered, planned, exited"),
        ({"when": "March"}, "write it like 2026"),
        ({"when": "2026-13"}, "write it like 2026"),
        ({"hedged": "perhaps"}, "must be one of yes, no"),
        ({"brand": " "}, "--brand must be a text"),
        ({"market": "PE"}, "says already"),
        ({}, "say what is right"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        corrected(ENTRY, given)


# --- the commands ---


def test_the_commands(database: Path) -> None:
    base = ("--db", database, "review")
    told = command(*base, "correct", RIVAL, "--by", "Ann", "--count", "39", "--qualifier", "exact", "--note", "typo")
    assert told.code == 0, told.err
    assert "resolved: smart: 39 markets, dispute resolved by Ann" in told.out
    listed = [json.loads(line) for line in command(*base, "list").out.splitlines()]
    assert (listed[0]["verdict"], listed[0]["value"], listed[0]["corrected_value"]) == ("correct", "40", "39")
    assert listed[0]["correction"]["count"] == 39
    assert command(*base, "undo", RIVAL, "--by", "Ann").code == 0
    assert "overruled: trade" in command(*base, "accept", BELIEVED, "--by", "Ann").out
    assert "stays the same" in command(*base, "reject", "--untrue", OLD, "--by", "Ann").out
    shown = csv.DictReader(io.StringIO(command(*base, "list", "--brand", "smart", "--format", "csv").out))
    assert next(shown)["verdict"] == "untrue"


def test_wrong_use_is_told(database: Path) -> None:
    base = ("--db", database, "review")
    assert "there is no fact 99" in mistake(*base, "accept", 99, "--by", "Ann")
    assert "--by" in mistake(*base, "accept", 1)
    assert "--by must name" in mistake(*base, "accept", 1, "--by", " ")
    assert "has no market" in mistake(*base, "correct", 1, "--by", "Ann", "--market", "PE")
    assert "did you mean" in mistake(*base, "correct", 1, "--by", "Ann", "--brand", "smrt")
    assert "there is no database" in mistake("--db", database.with_name("none.db"), "review", "accept", 1, "--by", "A")
    assert not database.with_name("none.db").exists()
    assert "no reviews yet" in command(*base, "list").err


# --- gold ---


def gold(database: Path) -> list[dict[str, Any]]:
    told = command("--db", database, "export", "--gold")
    assert told.code == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()]


def test_reviewed_documents_are_written_as_gold(database: Path, tmp_path: Path) -> None:
    text = "smart is in 50 markets worldwide. smart enters Peru this month. smart will enter Chile in 2027."
    check(database, article("many", text, "2026-01-07"), source=newsdesk.NEWSROOM)
    with Queries.open(database) as queries:
        ids = {row["market"] or row["count"]: row["id"] for row in queries.facts() if row["url"].endswith("many")}
    judged(database, ids[50], "correct", count="15")
    judged(database, ids["PE"], "accept")
    judged(database, RIVAL, "reject")
    judged(database, OLD, "untrue")
    documents = {document["url"].rpartition("/")[2]: document for document in gold(database)}
    assert set(documents) == {"many", "40", "38"}
    assert documents["40"]["facts"] == []
    assert [fact["count"] for fact in documents["38"]["facts"]] == [38]
    labels = {fact.get("market") or fact.get("count"): fact["optional"] for fact in documents["many"]["facts"]}
    assert labels == {15: False, "PE": False, "CL": True}
    for document in documents.values():
        assert {"id", "url", "title", "published", "lang", "brand_hint", "text", "facts"} <= set(document)
        for fact in document["facts"]:
            assert document["text"][fact["start"] : fact["end"]] == fact["evidence"]
    path = tmp_path / "gold.jsonl"
    assert command("--db", database, "export", "--gold", "--output", path).code == 0
    scored = command("evaluate", path, "--errors", "--format", "json")
    assert scored.code == 0, scored.err
    mistakes = {(one["what"], one["fact"].get("count")) for one in json.loads(scored.out)["mistakes"]}
    assert mistakes == {("false", 50), ("missed", 15), ("false", 40)}


def test_an_undone_review_is_no_label(database: Path) -> None:
    judged(database, RIVAL, "reject")
    judged(database, RIVAL, "undo")
    told = command("--db", database, "export", "--gold")
    assert (told.code, told.out) == (0, "")
    assert "no document" in told.err
