"""Claims over the versions of a document: repeated, taken back, read by subject; beliefs and changes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from history_samples import (
    DAY,
    HOUR,
    NOW,
    SITE,
    WORLDWIDE,
    alert,
    believed,
    change,
    claims,
    count,
    entry,
    observed,
    put,
    read,
    record,
    revive,
    source,
)

from monitor.history import History, Stored
from monitor.models import Authority, ChangeKind, SourceKind, Subject


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """A history whose newsroom has had its baseline, empty."""
    with History(tmp_path / "h.db", revive=revive) as opened:
        record(opened, observed(at=NOW - DAY))
        yield opened


def seen(history: History, stored: Stored) -> list[str]:
    """The claims on the worldwide count, as words: value, then what is said of it."""
    flags = ("fresh", "closed", "closed_now")
    return [
        " ".join([claim.fact.value, *(flag for flag in flags if getattr(claim, flag))])
        for claim in claims(history, stored)
    ]


def test_a_claim_comes_back_with_who_said_it_and_when(history: History) -> None:
    by = source("trade", authority=Authority.MEDIA, outlet="trade.example")
    record(history, observed(), by)
    stored = record(history, observed([read("a", count(39), published="2026-01-04")], at=NOW + HOUR), by)
    assert stored.subjects == {WORLDWIDE}
    (claim,) = claims(history, stored)
    assert (claim.fact, claim.url, claim.title) == (count(39), f"{SITE}/a", "a")
    assert (claim.outlet, claim.authority, claim.published) == ("trade.example", Authority.MEDIA, "2026-01-04")
    assert claim.date == NOW.replace(day=4, hour=0)
    assert (claim.fresh, claim.baseline, claim.closed, claim.closed_now) == (True, False, False, False)


def test_who_spoke_then_stays_who_spoke(history: History) -> None:
    record(history, observed([read("a", count(38))]))
    stored = record(history, observed([read("b", count(39))], at=NOW + HOUR), source(authority=Authority.SPONSORED))
    assert [claim.authority for claim in claims(history, stored)] == [Authority.OFFICIAL, Authority.SPONSORED]


def test_claims_are_ordered_by_their_date_then_by_recording(history: History) -> None:
    record(history, observed([read("new", count(40), published="2026-01-05")], at=NOW))
    stored = record(
        history,
        observed(
            [read("old", count(38), published="2025-06"), read("same", count(39), published="2026-01-05")],
            at=NOW + HOUR,
        ),
    )
    assert seen(history, stored) == ["38 fresh", "40", "39 fresh"]


def test_subjects_are_apart(history: History) -> None:
    planned = count(50, status="planned")
    stored = record(history, observed([read("a", count(39), planned, entry())]))
    names = {(subject.kind, subject.name) for subject in stored.subjects}
    assert names == {("market_count", "worldwide"), ("market_count", "worldwide, planned"), ("market_entry", "HK")}
    assert stored.facts == 3
    assert seen(history, stored) == ["39 fresh"]


def test_a_source_that_edits_its_article_takes_the_claim_back(history: History) -> None:
    record(history, observed([read("a", count(40), entry())]))
    stored = record(history, observed([read("a", count(39))], at=NOW + HOUR))
    assert seen(history, stored) == ["40 closed closed_now", "39 fresh"]
    assert stored.subjects == {WORLDWIDE}, "the entry is merely gone: that closes nothing"
    row = history.queries.facts(kind="market_count")[1]
    assert (row["value"], row["closed_at"]) == ("40", "2026-01-05T10:00:00Z")
    later = record(history, observed([read("b", count(41))], at=NOW + DAY))
    assert seen(history, later) == ["40 closed", "39", "41 fresh"]


def test_a_claim_that_is_gone_stands(history: History) -> None:
    record(history, observed([read("a", count(40))]))
    stored = record(history, observed([read("a", text="This article is no longer available.")], at=NOW + HOUR))
    assert stored.subjects == frozenset()
    assert seen(history, stored) == ["40"]


def test_an_edit_that_repeats_the_claim_adds_none(history: History) -> None:
    record(history, observed([read("a", count(39))]))
    stored = record(history, observed([read("a", count(39), text="Updated. smart is in 39 markets")], at=NOW + HOUR))
    assert (stored.new_documents, stored.facts, stored.subjects) == (1, 0, frozenset())
    assert seen(history, stored) == ["39"]


def test_an_edit_that_agrees_takes_nothing_back(history: History) -> None:
    record(history, observed([read("a", count(30, qualifier="at_least"))]))
    stored = record(history, observed([read("a", count(39))], at=NOW + HOUR))
    assert seen(history, stored) == ["≥ 30", "39 fresh"]


def test_an_edit_and_its_undoing_are_both_seen(history: History) -> None:
    for hour, number in enumerate([39, 93]):
        record(history, observed([read("a", count(number))], at=NOW + hour * HOUR))
    stored = record(history, observed([read("a", count(39))], at=NOW + 2 * HOUR))
    assert seen(history, stored) == ["39 closed", "93 closed closed_now", "39 fresh"]


def test_a_living_page_takes_nothing_back(history: History) -> None:
    living = source("about", SourceKind.PAGE)
    record(history, observed([read("about", count(38))], page=None), living)
    stored = record(history, observed([read("about", count(39))], page=None, at=NOW + DAY), living)
    assert seen(history, stored) == ["38", "39 fresh"]
    again = record(history, observed([read("about", count(38))], page=None, at=NOW + 2 * DAY), living)
    assert seen(history, again) == ["38", "39", "38 fresh"]


def test_a_living_page_that_changes_its_advertisements_says_nothing_again(history: History) -> None:
    living = source("about", SourceKind.PAGE)
    for day in range(5):
        reading = read("about", count(38), text=f"smart is in 38 markets. Offer {day}")
        record(history, observed([reading], page=None, at=NOW + day * DAY), living)
    assert len(history.queries.facts()) == 1
    assert len(history.queries.documents()) == 5


def test_an_article_takes_back_its_own_claims_not_those_of_a_living_page(history: History) -> None:
    living = source("about", SourceKind.PAGE)
    record(history, observed([read("a", count(38))], page=None), living)
    stored = record(history, observed([read("a", count(39))], at=NOW + DAY))
    assert seen(history, stored) == ["38", "39 fresh"]
    later = record(history, observed([read("a", count(40))], page=None, at=NOW + 2 * DAY), living)
    assert seen(history, later) == ["38", "39", "40 fresh"]


def test_versions_are_of_an_address_not_of_a_source(history: History) -> None:
    record(history, observed([read("a", count(40))]))
    record(history, observed(at=NOW), source("feed"))
    stored = record(history, observed([read("a", count(39))], at=NOW + HOUR), source("feed"))
    assert seen(history, stored) == ["40 closed closed_now", "39 fresh"]


def test_unknown_subjects_have_no_claims(history: History) -> None:
    stored = record(history, observed())
    nobody = Subject(brand="nobody", kind="market_count", name="worldwide")
    assert history.claims([nobody], stored.check_id) == {nobody: ()}


# What is believed


def test_a_belief_says_since_when_and_by_whom(history: History) -> None:
    first = claims(history, record(history, observed([read("a", count(38))])))
    with history.writing():
        history.put_states([believed(first)], NOW)
    second = claims(history, record(history, observed([read("b", count(38))], at=NOW + HOUR)))
    with history.writing():
        history.put_states([believed(second)], NOW + HOUR)
    (row,) = history.queries.state()
    assert (row["value"], row["supports"], row["rivals"], row["disputed"]) == ("38", 2, 0, False)
    assert (row["since"], row["updated_at"]) == ("2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z")

    third = claims(history, record(history, observed([read("c", count(39))], at=NOW + DAY)))
    with history.writing():
        history.put_states([believed(third[2:], rivals=third[:2])], NOW + DAY)
    (row,) = history.queries.state()
    assert (row["value"], row["supports"], row["rivals"], row["disputed"]) == ("39", 1, 2, True)
    assert (row["since"], row["count"], row["url"]) == ("2026-01-06T09:00:00Z", 39, f"{SITE}/c")


# Changes


def test_a_change_goes_in_and_comes_out_as_it_was(history: History) -> None:
    step = change(before=count(38), after=count(39), change=ChangeKind.CORRECTED, silence=None)
    put(history, step, alerts=[alert("a1", "c1")])
    ((_, changes),) = history.claim_alerts("desk", NOW, timedelta(minutes=5), 10)
    assert changes == (step,)


def test_the_same_step_is_written_once(history: History) -> None:
    put(history, change(text="first"))
    put(history, change(text="second"), now=NOW + HOUR)
    assert [row["text"] for row in history.queries.changes()] == ["first"]


@pytest.mark.parametrize(
    ("when", "status", "published", "since"),
    [
        (None, "current", "2026-01-03", "2026-01-03T00:00:00Z"),
        ("2025-10", "current", "2026-01-03", "2025-10-01T00:00:00Z"),
        ("2026-Q4", "current", "2026-01-03", "2026-01-03T00:00:00Z"),
        ("2025-10", "planned", "2026-01-03", "2026-01-03T00:00:00Z"),
        (None, "current", None, "2026-01-05T09:00:00Z"),
    ],
)
def test_since_when_it_is_so(
    history: History, when: str | None, status: str, published: str | None, since: str
) -> None:
    fact = count(39, when=when, status=status)
    step = change(after=fact)
    (cited,) = step.sources
    put(history, change(after=fact, sources=(type(cited)(**cited.as_json() | {"published": published}),)))
    (row,) = history.queries.changes()
    assert (row["since"], row["detected_at"]) == (since, "2026-01-05T09:00:00Z")
