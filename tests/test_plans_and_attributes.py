"""Attributes that sources contradict each other in, plans that are kept or slip, and values that go to and fro."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from claim_samples import START, counted, entry, fresh, model, one, said, tell

from monitor.models import Change, ChangeKind, Claim, Past, Subject
from monitor.parser.aspects import drives
from monitor.parser.flapping import calmed
from monitor.parser.reconcile import reconcile

MODEL = Subject(brand="smart", kind="model_announcement", name="#2")


@pytest.mark.parametrize(
    ("segment", "ways"),
    [
        ("two-seat electric city car", {"electric"}),
        ("plug-in hybrid SUV", {"plug-in hybrid"}),
        ("plug-in hybrid electric vehicle", {"plug-in hybrid"}),
        ("Elektro-Kleinwagen", {"electric"}),
        ("纯电 SUV", {"electric"}),
        ("插电混动轿车", {"plug-in hybrid"}),
        ("增程 SUV", {"range extender"}),
        ("híbrido enchufable", {"plug-in hybrid"}),
        ("petrol and electric versions", {"fuel", "electric"}),
        ("compact SUV", set()),
        (None, set()),
    ],
)
def test_what_drives_a_model_is_read_by_its_meaning(segment: str | None, ways: set[str]) -> None:
    assert drives(segment) == ways


@pytest.mark.parametrize(
    ("mine", "theirs", "disputed"),
    [
        ({"segment": "electric SUV"}, {"segment": "plug-in hybrid SUV"}, "drive"),
        ({"segment": "electric SUV"}, {"segment": "all-electric crossover"}, None),
        ({"segment": "electric SUV"}, {"segment": "compact SUV"}, None),
        ({"segment": "electric SUV"}, {"segment": "petrol and electric versions"}, None),
        ({"segment": "hybrid SUV"}, {"segment": "PHEV"}, None),
        ({"segment": "electric SUV"}, {"segment": "EREV"}, None),
        ({"when": "2026-04"}, {"when": "2026-late", "markets": ("region:Europe",)}, "when"),
        ({"when": "2026-late"}, {"when": "2027"}, "when"),
        ({"when": "2026-late"}, {"when": "2026-10"}, None),  # finer, not other
        ({"when": "2026"}, {"when": "2026-Q4"}, None),
        ({"when": "2026-04", "markets": ("CN",)}, {"when": "2027", "markets": ("region:Europe",)}, None),
        ({"when": "2026-04", "markets": ("DE",)}, {"when": "2027", "markets": ("region:Europe",)}, "when"),
        ({"when": "soon"}, {"when": "2027"}, None),
    ],
)
def test_only_real_contradictions_of_attributes_are_disputes(
    mine: dict[str, object], theirs: dict[str, object], disputed: str | None
) -> None:
    changes = tell(said(model("confirmed", **mine), 0, "trade"), fresh(said(model("confirmed", **theirs), 1, "other")))
    assert [(change.change, change.aspect) for change in changes] == ([("disputed", disputed)] if disputed else [])
    if disputed:
        assert {source.outlet for source in changes[0].sources} == {"trade", "other"}
        assert changes[0].subject == "#2"


def test_a_debut_at_two_places_is_disputed_and_the_brand_settles_it() -> None:
    beijing = said(model("unveiled", when="2026-04", markets=("CN",)), 0, "trade")
    europe = said(model("unveiled", when="2026-late", markets=("region:Europe",)), 1, "other")
    change = one(beijing, fresh(europe))
    assert (change.change, change.aspect) == (ChangeKind.DISPUTED, "debut")
    assert "China" in change.text
    assert "Europe" in change.text
    settled = one(beijing, europe, fresh(said(model("unveiled", when="2026-04-22", markets=("CN",)), 2)))
    assert (settled.change, settled.aspect) == (ChangeKind.RESOLVED, "debut")


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ([("2026-late", "smart", 0)], ("2027", "smart", 60), "changed"),
        ([("2026-late", "trade", 0)], ("2027", "trade", 60), "changed"),  # the same outlet
        ([("2026-late", "trade", 0)], ("2027", "other", 60), "disputed"),  # one voice is not enough
        ([("2026-late", "smart", 0), ("2027", "trade", 60)], ("2027", "other", 61), "resolved"),
        ([("2026-late", "smart", 0)], ("2026-11", "smart", 60), None),
        ([("2026-late", "smart", 0)], ("2027", "smart", -60), None),  # a late find
    ],
)
@pytest.mark.parametrize("make", [model, entry])
def test_a_date_that_slips_is_a_change_of_when(
    then: list[tuple[str, str, int]], now: tuple[str, str, int], told: str | None, make: object
) -> None:
    def plan(when: str, outlet: str, day: int) -> Claim:
        fact = model("confirmed", when=when) if make is model else entry("planned", when=when)
        return said(fact, day, outlet)

    changes = tell(*(plan(*claim) for claim in then), fresh(plan(*now)))
    assert [(change.change, change.aspect) for change in changes] == ([(told, "when")] if told else [])
    if told in ("changed", "resolved"):
        assert "2026-late → 2027" in changes[0].text
    if told == "changed":
        assert (changes[0].before_value, changes[0].after_value) == ("2026-late", "2027")


def test_a_kept_plan_is_told_with_the_plan() -> None:
    plan = said(entry("planned", "PE", when="2026-05"), 60, "trade")
    first = said(entry("planned", "PE"), 0, "other")
    change = one(first, plan, fresh(said(entry("entered", "PE", when="2026-05-10"), 120)))
    assert change.text.endswith(", planned since 2026-01")
    assert change.plan == first.id
    assert "2026-01-01" in change.rule
    assert "other" in change.rule


def test_a_model_on_sale_and_a_number_reached_keep_their_plans_too() -> None:
    teaser, target = said(model("teased"), 0), said(counted(40, status="planned", when="2026"), 0)
    assert one(teaser, fresh(said(model("launched"), 90))).plan == teaser.id
    reached = one(said(counted(38), 0), target, fresh(said(counted(40), 90)))
    assert (reached.plan, reached.text) == (target.id, "smart: 38 → 40 markets, planned since 2026-01")
    assert one(said(counted(38), 0), target, fresh(said(counted(39), 90))).plan is None


def test_nothing_keeps_a_plan_that_was_made_later() -> None:
    assert one(said(entry("planned", "PE"), 130), fresh(said(entry("entered", "PE"), 120))).plan is None


def test_what_is_believed_gathers_what_its_supports_add() -> None:
    claims = [
        said(model("confirmed"), 0),
        said(model("confirmed", when="2026-late", segment="electric car", platform="ECA"), 1, "trade"),
        said(model("confirmed", when="2026-10", markets=("DE",)), 2, "other"),
    ]
    ((state,), _) = reconcile({MODEL: claims}, START)
    assert state.gathered is not None
    wanted = {"when": "2026-10", "segment": "electric car", "platform": "ECA", "markets": ["DE"], "stage": "confirmed"}
    assert {name: state.gathered[name] for name in wanted} == wanted
    assert state.due == datetime(2026, 11, 1, tzinfo=UTC)
    assert state.believed == claims[0]


# --- to and fro ---


def moved(values: str, *, days: float = 1) -> tuple[list[Past], Change]:
    """A value that went through these, a step each so many days; the last step as a change."""
    steps = list(pairwise(values))
    past = [
        Past(
            detected_at=START + timedelta(days=days * place),
            aspect=None,
            before=before,
            after=after,
            change=ChangeKind.CHANGED,
        )
        for place, (before, after) in enumerate(steps[:-1])
    ]
    template = one(said(counted(38), 0), fresh(said(counted(39), 1)))
    at = START + timedelta(days=days * (len(steps) - 1))
    before, after = steps[-1]
    return past, replace(template, detected_at=at, before_value=before, after_value=after)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("AB", "news"),
        ("ABA", "news"),  # it may have been a mistake
        ("ABAB", "flapping"),
        ("ABABA", "silent"),
        ("ABABABAB", "silent"),
        ("ABCD", "news"),
        ("ABABC", "news"),
        ("ABABCB", "news"),
    ],
)
def test_a_value_that_goes_to_and_fro_is_told_once_as_flapping(values: str, told: str) -> None:
    past, change = moved(values)
    calm = calmed(change, past)
    was = "silent" if calm.silence else "flapping" if "flapping" in calm.text else "news"
    assert was == told
    assert calm.silence in (None, "flapping")


def test_what_holds_still_for_a_while_may_move_again() -> None:
    past, change = moved("ABABAB", days=8)
    assert calmed(change, past) == change


def test_another_attribute_does_not_flap_with_it() -> None:
    past, change = moved("ABABAB")
    assert calmed(replace(change, aspect="when"), past).silence is None


def test_a_plan_that_is_found_when_it_has_come_about_is_kept_and_not_told() -> None:
    late = fresh(said(entry("planned", when="2026-02"), 10, "trade"))
    assert one(said(entry("entered"), 60), late).silence == "overtaken"
    assert one(said(entry("entered"), 5), late).silence is None  # it comes back, or comes with more
    target = fresh(said(counted(30, status="planned", when="2025"), -100, "trade"))
    assert one(said(counted(40), 60), target).silence == "overtaken"
    assert one(said(counted(29), 60), target).silence is None


def test_a_plan_is_kept_once() -> None:
    plan = said(entry("planned", "PE", when="2026-04"), 0)
    known = [plan, said(entry("entered", "PE"), 90), said(entry("exited", "PE"), 120)]
    assert one(*known, fresh(said(entry("entered", "PE"), 210))).plan is None


def test_a_plan_is_not_overtaken_by_what_its_own_article_said_before() -> None:
    early = said(entry("entered"), 1, "trade")
    plan = fresh(replace(said(entry("planned", when="2027"), 1, "trade"), url=early.url))
    assert one(early, plan).silence is None


def test_a_rumour_of_a_plan_with_a_date_is_confirmed_once() -> None:
    rumour = said(entry("planned", when="2026-10", hedged=True), 0, "trade")
    change = one(rumour, fresh(said(entry("planned", when="2026-10"), 3)))
    assert change.text == "smart plans to enter Ecuador (2026-10), confirmed"


def test_a_plan_is_quoted_from_the_text_that_gives_its_date() -> None:
    early = said(replace(entry("planned", when="2026-10"), evidence="in October"), 0)
    late = said(replace(entry("planned", when="2027-03"), evidence="in March, later than planned"), 30)
    ((state,), _) = reconcile({Subject(brand="smart", kind="market_entry", name="EC, planned"): [early, late]}, START)
    assert state.gathered is not None
    assert (state.gathered["when"], state.gathered["evidence"]) == ("2027-03", "in March, later than planned")


def test_what_moved_nothing_is_no_flapping() -> None:
    """An outlet's error and its correction, twice; then the brand itself says so."""
    at = [START + timedelta(days=day) for day in range(5)]
    kinds = [ChangeKind.DISPUTED, ChangeKind.CORRECTED] * 2
    sides = [("38", "40"), ("40", "38")] * 2
    past = [
        Past(detected_at=day, aspect=None, before=before, after=after, change=kind)
        for day, kind, (before, after) in zip(at, kinds, sides, strict=False)
    ]
    change = one(said(counted(38), 0), fresh(said(counted(40), 4)))
    assert calmed(replace(change, detected_at=at[4], before_value="38", after_value="40"), past).silence is None
