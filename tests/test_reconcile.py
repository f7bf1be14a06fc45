"""Believing: tables of claims in, changes out."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from claim_samples import counted, entry, fresh, model, numbers, one, said, tell

from monitor.models import ChangeKind, Subject
from monitor.parser.course import run
from monitor.parser.reconcile import believe
from monitor.parser.voices import voices


def test_the_first_claim_is_new() -> None:
    change = one(fresh(said(counted(38), 0)))
    assert (change.change, numbers(change), change.subject) == (ChangeKind.NEW, (None, 38), "worldwide")


def test_what_a_baseline_finds_is_silent() -> None:
    assert one(fresh(said(counted(38), 0, baseline=True))).silence == "baseline"


@pytest.mark.parametrize(
    ("then", "now", "kind", "values"),
    [
        ([(38, "smart", 0)], (39, "smart", 1), "changed", (38, 39)),
        ([(38, "smart", 0)], (40, "trade", 60), "changed", (38, 40)),  # the brand has said nothing else lately
        ([(39, "smart", 0)], (40, "trade", 0), "disputed", (39, 40)),
        ([(39, "smart", 0)], (40, "trade", 5), "disputed", (39, 40)),
        ([(40, "trade", 0)], (39, "smart", 0), "disputed", (39, 40)),  # whoever came first: the brand is believed
        ([(38, "trade", 0)], (39, "other", 1), "changed", (38, 39)),
        ([(39, "smart", 0), (40, "trade", 1)], (40, "other", 2), "resolved", (39, 40)),  # two independent outlets
        ([(39, "smart", 0), (40, "trade", 1)], (40, "smart", 2), "resolved", (39, 40)),
        ([(39, "smart", 0), (40, "trade", 1)], (39, "smart", 2), "resolved", (40, 39)),  # the brand stands by it
        ([(39, "smart", 0), (40, "trade", 1)], (39, "trade", 2), "resolved", (40, 39)),  # the outlet comes round
        ([(40, "smart", 0)], (35, "smart", 150), "changed", (40, 35)),  # a brand may shrink
        ([(38, "smart", 0), (39, "smart", 10)], (38, "smart", 400), "changed", (39, 38)),
        ([(93, "smart", 0), (39, "smart", 10)], (39, "smart", 40), "changed", (93, 39)),  # or have misprinted
        ([(39, "smart", 0), (93, "one", 60)], (39, "two", 61), "disputed", (93, 39)),  # one voice against one
        ([(39, "smart", 0), (93, "one", 60), (39, "two", 61)], (39, "three", 62), "disputed", (39, 93)),
    ],
)
def test_newer_claims(
    then: list[tuple[int, str, int]], now: tuple[int, str, int], kind: str, values: tuple[int, int]
) -> None:
    known = [said(counted(number), day, outlet) for number, outlet, day in then]
    change = one(*known, fresh(said(counted(now[0]), now[2], now[1])))
    assert (change.change, numbers(change)) == (kind, values)
    if kind == "resolved":
        moved = "39 → 40" if now[0] == 40 else "39"  # what was believed until then, not what was held against it
        assert change.text == f"smart: {moved} markets, dispute resolved"


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ([(39, "smart", 0)], (39, "trade", 1)),  # the same again
        ([(38, "smart", 0), (39, "smart", 10)], (38, "trade", 20)),  # an outlet behind the times
        ([(38, "smart", 0), (39, "smart", 10)], (38, "smart", 5)),  # a late find
        ([(39, "smart", 10)], (35, "trade", -200)),  # the past is filled
        ([(39, "smart", 0), (40, "trade", 1)], (40, "trade", 2)),  # the same outlet says it again
        ([(40, "smart", 0)], (39, "smart", 10)),  # what stands below each release is behind the times
        ([(40, "smart", 0)], (39, "trade", 200)),
        ([(38, "smart", 0), (39, "smart", 10)], (38, "smart", 100)),  # from the archive, under a new date
    ],
)
def test_no_news(then: list[tuple[int, str, int]], now: tuple[int, str, int]) -> None:
    known = [said(counted(number), day, outlet) for number, outlet, day in then]
    assert tell(*known, fresh(said(counted(now[0]), now[2], now[1]))) == []


@pytest.mark.parametrize(("number", "qualifier"), [(30, "at_least"), (40, "about"), (39, "ordinal")])
def test_rough_counts_that_allow_the_exact_one_are_support(number: int, qualifier: str) -> None:
    assert tell(said(counted(39), 0), fresh(said(counted(number, qualifier), 1, "trade"))) == []


@pytest.mark.parametrize(("number", "qualifier"), [(30, "at_least"), (40, "about")])
def test_an_exact_count_is_news_after_a_rough_one(number: int, qualifier: str) -> None:
    rough = said(counted(number, qualifier), 0)
    change = one(rough, fresh(said(counted(39), 100)))
    assert (change.change, numbers(change)) == (ChangeKind.CHANGED, (number, 39))
    assert numbers(one(rough, said(counted(39), 100), fresh(said(counted(40), 200)))) == (39, 40)
    assert tell(rough, fresh(said(counted(39), 100, "trade"))) == []  # the brand has not said so


def test_a_contradiction_in_other_words_is_no_other_one() -> None:
    known = (said(counted(39), 0), said(counted(45), 1, "trade"))
    assert tell(*known, fresh(said(counted(45, "about"), 2, "trade"))) == []
    assert tell(*known, fresh(said(counted(44, "at_least"), 3, "trade"))) == []


def test_what_is_paid_for_disputes_nothing() -> None:
    assert tell(said(counted(39), 0), fresh(said(counted(45), 3, "advert", "sponsored"))) == []


def test_a_market_that_was_left_long_ago_may_be_entered_again() -> None:
    left = (said(entry("entered"), 0), said(entry("exited"), 90))
    assert tell(*left, fresh(said(entry("entered"), 120, "slow"))) == []
    again = said(entry("entered"), 900, "one")
    assert one(*left, fresh(again)).change is ChangeKind.DISPUTED
    assert one(*left, again, fresh(said(entry("entered"), 901, "two"))).change is ChangeKind.RESOLVED


def test_one_outlet_alone_does_not_make_an_exit_final() -> None:
    known = (said(entry("entered"), 0), said(entry("exited"), 90, "one"))
    change = one(*known, fresh(said(entry("entered", basis="presence"), 91, "two")))
    assert change.change is ChangeKind.DISPUTED


def test_an_ordinal_beyond_the_official_count_disputes_it_with_both_sentences() -> None:
    change = one(said(counted(39), 4), fresh(said(counted(40, "ordinal"), 4, "trade")))
    assert change.change is ChangeKind.DISPUTED
    assert {citation.evidence for citation in change.sources} == {"39 markets", "40 markets"}
    assert "39" in change.text
    assert "40" in change.text


def test_six_outlets_are_one_change_with_six_sources() -> None:
    first = fresh(said(counted(40), 1, "outlet0"))
    others = [fresh(said(counted(40), 1, f"outlet{number}")) for number in range(1, 6)]
    change = one(said(counted(38), -60), first, *others)
    assert change.change is ChangeKind.CHANGED
    assert len({citation.outlet for citation in change.sources}) == 6


def test_late_support_tells_nothing_again() -> None:
    known = [said(counted(38), -60), said(counted(40), 1, "trade")]
    assert tell(*known, fresh(said(counted(40), 3, "another"))) == []


def test_an_edited_article_is_a_correction() -> None:
    wrong = said(counted(40, "ordinal"), 3, "trade", closed=True, closed_now=True)
    change = one(said(counted(39), 1), wrong, fresh(said(counted(39, "ordinal"), 3, "trade")))
    assert (change.change, numbers(change)) == (ChangeKind.CORRECTED, (40, 39))


def test_a_believed_claim_that_is_edited_is_a_correction() -> None:
    wrong = said(counted(40), 3, "trade", closed=True, closed_now=True)
    change = one(wrong, fresh(said(counted(41), 3, "trade")))
    assert (change.change, numbers(change)) == (ChangeKind.CORRECTED, (40, 41))


def test_a_claim_closed_long_ago_plays_no_part() -> None:
    assert tell(said(counted(40), 3, "trade", closed=True), said(counted(39), 1), fresh(said(counted(39), 5))) == []


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        ("teased", "confirmed", "changed"),
        ("confirmed", "launched", "changed"),
        ("launched", "discontinued", "changed"),
        ("launched", "confirmed", None),
        ("deliveries", "unveiled", None),
    ],
)
@pytest.mark.parametrize("outlet", ["smart", "trade"])
def test_models_climb_the_ladder_and_never_down(then: str, now: str, kind: str | None, outlet: str) -> None:
    changes = tell(said(model(then), 0), fresh(said(model(now), 2, outlet)))
    assert [change.change for change in changes] == ([kind] if kind else [])


def test_a_rumour_is_told_and_its_confirmation_too_but_it_overturns_nothing() -> None:
    rumour = said(entry("entered", hedged=True), 0, "trade")
    assert one(fresh(rumour)).change is ChangeKind.NEW
    assert one(rumour, fresh(said(entry("entered"), 2))).change is ChangeKind.CHANGED
    assert tell(said(entry("entered"), 0), fresh(said(entry("exited", hedged=True), 2, "trade"))) == []


def test_a_rumour_and_its_confirmation_say_what_they_are_and_why() -> None:
    rumour = said(counted(39, hedged=True), 0, "trade")
    told = one(fresh(rumour))
    assert told.text == "smart: 39 markets, unconfirmed"
    assert told.rule == "the first that was said of it; it is said with reserve"
    confirmed = one(rumour, fresh(said(counted(39), 1)))
    assert (confirmed.text, confirmed.rule) == ("smart: 39 markets, confirmed", "the brand itself confirms it")
    assert numbers(confirmed) == (39, 39)
    other = one(rumour, fresh(said(counted(39), 1, "other")))
    assert (other.text, other.rule) == ("smart: 39 markets, confirmed", "other says so without reserve")


def test_another_number_than_the_rumours_is_no_confirmation() -> None:
    rumour = said(counted(39, hedged=True), 0, "trade")
    change = one(rumour, fresh(said(counted(40), 1)))
    assert (change.text, change.rule) == ("smart: 39 → 40 markets", "the brand itself says so")
    again = one(rumour, fresh(said(counted(40, hedged=True), 1, "other")))
    assert again.text == "smart: 39 → 40 markets, unconfirmed"


def test_a_rumour_that_a_model_is_confirmed_does_not_contradict_itself() -> None:
    rumour = said(model("confirmed", hedged=True), 0, "trade")
    assert one(fresh(rumour)).text == "smart #2: confirmed, said with reserve"
    assert one(rumour, fresh(said(model("confirmed"), 2))).text == "smart #2: confirmed"


def test_a_plan_never_moves_what_is() -> None:
    change = one(said(counted(39), 0), fresh(said(counted(60, status="planned", when="2027"), 1)))
    assert (change.change, change.subject) == (ChangeKind.NEW, "worldwide, planned")


def test_entry_and_plan_are_subjects_of_their_own() -> None:
    changes = tell(fresh(said(entry("planned", when="2026"), 0)), fresh(said(entry("entered", "PE"), 0)))
    assert {change.subject for change in changes} == {"EC, planned", "PE"}


def test_sponsored_copies_never_outvote_the_brand() -> None:
    known = [said(counted(39), 0), said(counted(40), 1, "trade")]
    assert tell(*known, fresh(said(counted(40), 2, "advert", "sponsored"))) == []


def test_the_state_does_not_depend_on_the_order_of_arrival() -> None:
    claims = [
        said(counted(38), -100),
        said(counted(39), 0),
        said(counted(40, "ordinal"), 0, "trade"),
        said(counted(38), 3, "slow"),
        said(counted(39), 4, "wire", "wire"),
    ]
    subject = Subject(brand="smart", kind="market_count", name="worldwide")
    expected = believe(subject, claims)
    assert expected is not None
    assert expected.believed.fact.value == "39"
    assert [rival.outlet for rival in expected.rivals] == ["trade"]
    for seed in range(20):
        shuffled = random.Random(seed).sample(claims, len(claims))
        assert believe(subject, shuffled) == expected


def test_the_same_step_has_the_same_id() -> None:
    claims = (said(counted(38), 0), fresh(said(counted(39), 1)))
    assert tell(*claims)[0].id == tell(*claims)[0].id


@pytest.mark.parametrize("seed", range(40))
def test_a_run_that_is_taken_up_ends_as_one_over_all_claims(seed: int) -> None:
    rng = random.Random(seed)
    subject = Subject(brand="smart", kind="market_count", name="worldwide")
    claims = [
        said(
            counted(rng.randrange(37, 41), when=rng.choice((None, None, "2025", "2026-01-10"))),
            rng.randrange(60),
            rng.choice(("smart", "trade", "other")),
            fingerprint=rng.choice((None, 0, 2**64 - 1)),
        )
        for _ in range(12)
    ]
    if seed % 2:
        claims.sort(key=lambda claim: claim.date)
    known = claims[:9]
    earlier = run(subject, known, voices(known))
    of = voices(claims)
    assert run(subject, claims, of, earlier=earlier) == run(subject, claims, of)


def test_what_was_only_said_more_exactly_does_not_make_news_of_a_higher_count_old() -> None:
    known = [said(counted(30, "at_least"), 0), said(counted(39), 9)]
    fortieth = said(counted(40, "ordinal"), 11, "trade")
    change = one(*known, fresh(fortieth))
    assert (change.change, numbers(change)) == (ChangeKind.DISPUTED, (39, 40))
    assert numbers(one(*known, fortieth, fresh(said(counted(40), 12, "other")))) == (39, 40)


def test_a_page_that_gives_a_lower_count_than_it_did_is_believed() -> None:
    page = said(counted(39), 0, living=True)
    lower = replace(said(counted(37), 15, living=True), url=page.url)
    change = one(page, fresh(lower))
    assert (change.change, numbers(change)) == (ChangeKind.CHANGED, (39, 37))
    assert tell(page, fresh(said(counted(37), 15, living=True))) == []  # another page, which nobody has kept up


def test_a_dispute_names_what_is_believed_and_what_speaks_against_it_also_when_that_moves() -> None:
    known = [said(counted(38), 0), said(counted(40), 1, "trade")]
    change = one(*known, fresh(said(counted(39), 2)))
    assert (change.change, numbers(change)) == (ChangeKind.DISPUTED, (39, 40))
    assert change.rule == "the brand itself says so; before, 38 was believed"
    assert {citation.outlet for citation in change.sources} == {"smart", "trade"}


def test_who_takes_the_contradiction_back_is_why_it_is_settled() -> None:
    known = [said(counted(39), 0), said(counted(41), 1, "trade")]
    settled = one(*known, fresh(said(counted(39), 2, "trade")))
    assert (settled.change, settled.rule) == (ChangeKind.RESOLVED, "trade, which said otherwise, says so now")


def test_a_correction_of_what_nobody_believed_shows_no_step() -> None:
    wrong = said(counted(40), 1, "trade", closed=True, closed_now=True)
    change = one(said(counted(38), 0), wrong, fresh(said(counted(38), 1, "trade")))
    assert (change.change, change.text) == (ChangeKind.CORRECTED, "smart: 38 markets, corrected by the source")
