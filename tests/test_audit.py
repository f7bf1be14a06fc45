"""The arithmetic over a brand's figures: what does not add up is found and cited, what adds up is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import newsdesk
import pytest
from commandline import command, mistake

from monitor.models import Authority, Claim, Document, Fact
from monitor.parser.audit import Discrepancy, audit
from monitor.parser.facts import read_facts
from monitor.parser.market_count import MarketCount, NewMarkets
from monitor.parser.market_entry import MarketEntry

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDS = count(1)


def said(fact: Fact, day: str, outlet: str = "smart", url: str | None = None, **more: object) -> Claim:
    number = next(IDS)
    return Claim(
        id=number,
        fact=fact,
        document=number,
        url=url or f"https://{outlet}.example/{number}",
        title=None,
        date=datetime.fromisoformat(day).replace(tzinfo=UTC),
        published=day,
        outlet=outlet,
        authority=Authority.OFFICIAL if outlet == "smart" else Authority.MEDIA,
        **more,  # type: ignore[arg-type]
    )


def total(number: int, day: str, outlet: str = "smart", url: str | None = None, **more: object) -> Claim:
    evidence = f"smart is in {number} markets."
    fact = MarketCount(brand="smart", count=number, evidence=evidence, start=0, end=len(evidence), **more)  # type: ignore[arg-type]
    return said(fact, day, outlet, url)


def added(number: int, when: str | None, day: str, words: str = "", url: str | None = None, **more: object) -> Claim:
    evidence = words or f"smart added {number} markets."
    fact = NewMarkets(brand="smart", count=number, when=when, evidence=evidence, start=0, end=len(evidence), **more)  # type: ignore[arg-type]
    return said(fact, day, url=url)


def market(code: str, day: str, status: str = "entered", **more: object) -> Claim:
    evidence = f"smart: {code} {status}."
    fact = MarketEntry(brand="smart", market=code, status=status, evidence=evidence, start=0, end=len(evidence), **more)  # type: ignore[arg-type]
    return said(fact, day)


def rules(*claims: Claim) -> list[str]:
    return [found.rule for found in audit(claims, NOW)]


def only(*claims: Claim) -> Discrepancy:
    (found,) = audit(claims, NOW)
    return found


JUNE = "https://smart.example/june"
JANUARY = "https://smart.example/january"
REAL = (
    total(38, "2025-06-18", url=JUNE),
    added(7, "2025-01", "2025-06-18", "Seven new markets have been added since January.", url=JUNE),
    total(39, "2026-01-05", url=JANUARY),
    added(10, "2025", "2026-01-05", "In 2025, ten new markets were added.", url=JANUARY),
)


def test_the_start_of_2025_was_31_or_29_not_both() -> None:
    found = only(*REAL)
    assert found.rule == "two_beginnings"
    assert found.text == (
        "smart: the count at the start of 2025 was 31 (38 on 18 June 2025 less 7 new since the start of 2025)"
        " or 29 (39 on 5 January 2026 less 10 new in 2025), not both."
    )
    assert {citation.url for citation in found.sources} == {JUNE, JANUARY}
    assert "Seven new markets have been added since January." in [citation.evidence for citation in found.sources]
    assert all(citation.published for citation in found.sources)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_order_of_the_claims_does_not_matter(order: tuple[int, ...]) -> None:
    assert audit([REAL[place] for place in order], NOW) == audit(REAL, NOW)


def test_repeated_by_other_outlets_it_is_found_once() -> None:
    again = [total(39, "2026-01-06", outlet) for outlet in ("trade", "daily")]
    assert rules(*REAL, *again) == ["two_beginnings"]


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param((total(31, "2025-01-10"), *REAL[:2]), id="31 and 7 new are 38"),
        pytest.param((total(29, "2024-12-20"), *REAL[2:]), id="29 and 10 new are 39"),
        pytest.param((total(28, "2024-12-20", qualifier="at_least"), *REAL[2:]), id="more than 28"),
        pytest.param((total(31, "2024-12-20", qualifier="about"), *REAL[2:]), id="about 31 may be 29"),
        pytest.param((total(31, "2024-12-20", hedged=True), *REAL[2:]), id="a rumour"),
        pytest.param((total(31, "2024-12-20", scope="region:Europe"), *REAL[2:]), id="Europe only"),
        pytest.param((total(31, "2024-09-01"), *REAL[2:]), id="too long before the period"),
        pytest.param((*REAL[2:], added(5, None, "2026-01-05")), id="nobody says since when"),
        pytest.param(
            (
                total(31, "2024-12-20"),
                market("IL", "2025-04-01", "exited"),
                market("NZ", "2025-05-01", "exited"),
                *REAL[2:],
            ),
            id="two were left meanwhile",
        ),
    ],
)
def test_additions_that_add_up(claims: tuple[Claim, ...]) -> None:
    assert rules(*claims) == []


def test_additions_against_the_counts_at_both_ends() -> None:
    found = only(total(31, "2024-12-20"), *REAL[2:])
    assert "29 (39 on 5 January 2026 less 10 new in 2025) or 31 on 20 December 2024" in found.text
    assert len(found.sources) == 3


def test_a_claim_that_was_taken_back_counts_for_nothing() -> None:
    early = total(31, "2024-12-20")
    closed = said(early.fact, "2024-12-20", closed=True)
    assert rules(early, *REAL[2:]) == ["two_beginnings"]
    assert rules(closed, *REAL[2:]) == []


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param((total(38, "2025-06-01"), market("PE", "2025-07-01"), total(39, "2025-08-01")), [], id="one more"),
        pytest.param(
            (total(38, "2025-06-01"), market("PE", "2025-07-01"), market("CL", "2025-07-02"), total(39, "2025-08-01")),
            ["counts_and_moves"],
            id="two entries, one more",
        ),
        pytest.param(
            (total(38, "2025-06-01"), market("PE", "2025-07-01"), total(44, "2025-08-01")),
            ["counts_and_moves"],
            id="one entry, six more",
        ),
        pytest.param((total(38, "2025-06-01"), total(44, "2025-08-01")), [], id="no names at all"),
        pytest.param(
            (total(38, "2025-06-01"), market("PE", "2025-07-01"), total(40, "2025-08-01", qualifier="at_least")),
            ["counts_and_moves"],
            id="at least 40",
        ),
        pytest.param(
            (total(38, "2025-06-01"), market("PE", "2025-07-01"), total(40, "2025-08-01", qualifier="about")),
            [],
            id="about 40",
        ),
        pytest.param((total(38, "2025-06-01"), total(36, "2025-08-01")), ["counts_and_moves"], id="fewer, no exit"),
        pytest.param(
            (total(38, "2025-06-01"), market("IL", "2025-07-01", "exited"), total(37, "2025-08-01")), [], id="an exit"
        ),
        pytest.param(
            (total(38, "2025-06-01"), market("PE", "2025-05-01"), total(38, "2025-08-01")), [], id="entered before"
        ),
        pytest.param(
            (market("PE", "2025-05-01"), total(38, "2025-06-01"), market("PE", "2025-07-01"), total(38, "2025-08-01")),
            [],
            id="told again",
        ),
        pytest.param(
            (total(38, "2025-06-01"), total(39, "2025-08-01"), total(38, "2025-09-01", "trade")),
            [],
            id="an old count repeated",
        ),
        pytest.param(
            (total(25, "2025-06-01", scope="region:Europe"), market("PE", "2025-07-01"), total(38, "2025-06-01")),
            [],
            id="two scopes",
        ),
    ],
)
def test_counts_against_entries_and_exits(claims: tuple[Claim, ...], expected: list[str]) -> None:
    assert rules(*claims) == expected


def test_a_finding_names_the_countries_and_cites_them() -> None:
    found = only(
        total(38, "2025-06-01"), market("PE", "2025-07-01"), market("CL", "2025-07-02"), total(39, "2025-08-01")
    )
    assert found.text == (
        "smart: it counted 38 on 1 June 2025 and 39 on 1 August 2025,"
        " although 2 entries (Peru, Chile) are known in between."
    )
    assert len(found.sources) == 4


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        pytest.param(
            (total(39, "2026-01-05"), total(40, "2026-01-05", "trade", qualifier="ordinal")), True, id="same day"
        ),
        pytest.param(
            (total(40, "2026-01-05"), total(40, "2026-01-05", "trade", qualifier="ordinal")), False, id="agree"
        ),
        pytest.param((total(38, "2025-06-18"), total(40, "2026-01-05", qualifier="ordinal")), False, id="grown since"),
        pytest.param((total(41, "2025-06-18"), total(40, "2026-01-05", qualifier="ordinal")), True, id="more before"),
        pytest.param((total(39, "2026-02-03"), total(40, "2026-01-05", qualifier="ordinal")), True, id="fewer after"),
        pytest.param(
            (
                total(40, "2026-01-05", qualifier="ordinal"),
                market("IL", "2026-01-20", "exited"),
                total(39, "2026-02-03"),
            ),
            False,
            id="one left since",
        ),
        pytest.param(
            (total(38, "2026-01-05", qualifier="at_least"), total(40, "2026-01-05", qualifier="ordinal")),
            False,
            id="more than 38",
        ),
    ],
)
def test_ordinals_against_counts(claims: tuple[Claim, ...], found: bool) -> None:
    assert rules(*claims) == (["ordinal"] if found else [])


def test_an_ordinal_is_told_by_its_outlet() -> None:
    found = only(total(39, "2026-01-05"), total(40, "2026-01-05", "trade", qualifier="ordinal"))
    assert found.text == "smart: trade told of its 40th market on 5 January 2026, but it counted 39 on 5 January 2026."


def test_named_countries_against_the_number() -> None:
    named = [market(code, "2025-05-01", basis="presence") for code in ("DE", "FR", "IT", "PE")]
    found = only(*named, total(3, "2025-06-01"))
    assert (found.rule, len(found.sources)) == ("named_countries", 5)
    assert "named in 4 countries by then (Germany, France, Italy, Peru)" in found.text
    assert rules(*named, total(4, "2025-06-01")) == []
    assert rules(*named, total(3, "2025-06-01", scope="region:Europe")) == []
    assert rules(*named, market("PE", "2025-05-20", "exited"), total(3, "2025-06-01")) == []
    assert rules(*named, total(2, "2025-06-01", qualifier="at_least")) == []


def test_more_countries_named_than_were_added() -> None:
    entered = [market(code, "2025-05-01") for code in ("PE", "CL", "EC")]
    found = only(*entered, added(2, "2025", "2026-01-05"))
    assert (found.rule, len(found.sources)) == ("named_additions", 4)
    assert rules(*entered, added(3, "2025", "2026-01-05")) == []
    assert rules(*entered, added(2, "2025", "2026-01-05", qualifier="at_least")) == []


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        pytest.param((total(38, "2025-06-18"),), True, id="none since"),
        pytest.param((total(39, "2026-01-05"),), True, id="fewer since"),
        pytest.param((total(60, "2026-01-05"),), False, id="reached"),
        pytest.param((total(50, "2026-01-05", qualifier="at_least"),), False, id="more than 50"),
        pytest.param((), False, id="no count is known"),
    ],
)
def test_a_target_whose_day_has_passed(claims: tuple[Claim, ...], found: bool) -> None:
    plan = total(60, "2025-02-01", status="planned", when="2025-late")
    assert rules(plan, *claims) == (["target_missed"] if found else [])


def test_a_target_that_was_put_off_or_is_still_to_come_is_not_missed() -> None:
    plan = total(60, "2025-02-01", status="planned", when="2025-late")
    later = total(60, "2025-11-01", status="planned", when="2027")
    assert rules(plan, later, total(39, "2026-01-05")) == []
    assert rules(total(60, "2025-02-01", status="planned", when="2026"), total(39, "2026-01-05")) == []


def test_additions_that_were_planned_and_did_not_come() -> None:
    plan = added(6, "2025", "2024-12-18", status="planned")
    assert rules(total(33, "2024-12-18"), plan, total(35, "2026-01-05")) == ["additions_missed"]
    assert rules(total(33, "2024-12-18"), plan, total(39, "2026-01-05")) == []


def test_a_part_is_not_more_than_the_whole() -> None:
    url = "https://smart.example/a"
    part, whole = (total(n, "2025-06-01", url=url, scope=scope) for n, scope in ((41, "region:Europe"), (38, None)))
    assert rules(part, whole) == ["part_and_whole"]


def test_nothing_is_found_in_nothing() -> None:
    assert audit([], NOW) == ()


def test_the_real_example_as_it_is_read() -> None:
    texts = (
        ("2025-06-18", "smart is now present in 38 markets worldwide, with 7 new markets added since January."),
        ("2026-01-05", "smart is now present in 39 markets worldwide. In 2025 the brand entered 10 new markets."),
    )
    claims = []
    for day, text in texts:
        document = Document(url=day, title=None, published=day, published_from="given", language="en", text=text)
        claims += [said(fact, day, url=day) for fact in read_facts(document, brand="smart")]
    assert "was 31 " in only(*claims).text
    assert "or 29 " in only(*claims).text


# --- the command ---


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit") / "news.db"
    newsdesk.tell(path)
    return path


def test_the_command_tells_what_it_finds_and_that_is_no_failure(database: Path) -> None:
    told = command("--db", database, "audit", "SMART", "--format", "json")
    (found,) = json.loads(told.out)
    assert (told.code, found["rule"]) == (0, "ordinal")
    assert {source["url"] for source in found["sources"]} == {
        "https://smart-newsroom.example/news/39",
        "https://trade-site.example/news/40",
    }
    table = command("--db", database, "audit", "smart", "--format", "table")
    assert "its 40th market" in table.out.splitlines()[0]
    assert "“smart is now present in 39 markets worldwide.”" in table.out


def test_strict_makes_it_one(database: Path) -> None:
    assert command("--db", database, "audit", "smart", "--strict").code == 1
    assert command("--db", database, "audit", "BYD", "--strict").code == 0


def test_nothing_found_is_said(database: Path) -> None:
    told = command("--db", database, "audit", "BYD")
    assert (told.code, told.out) == (0, "")
    assert "nothing found" in told.err
    assert "did you mean" in mistake("--db", database, "audit", "smrt")
