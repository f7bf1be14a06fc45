"""Independence: outlets of one publisher, copies of one text and what is paid for count once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from claim_samples import counted, fresh, one, said, tell

from monitor.catalogue import load
from monitor.likeness import SAME_TEXT, distance, fingerprint
from monitor.models import ChangeKind, Claim, Standing
from monitor.parser.voices import independent, standings, voices

WIRE = """The carmaker said on Monday that it now sells its cars in forty markets around the world after entering three
countries in South America late last year. Its head of sales told reporters that the network of dealers would keep
growing with partners rather than ahead of them, and that parts for older models would be stocked in two warehouses.
Analysts had expected a slower pace, as the brand has only a handful of models and none below twenty thousand euros."""
OTHER = """Harbour city council has ordered forty electric buses for the lines that cross the old town, where residents
have complained about noise for years. The first vehicles arrive in spring, and drivers begin their training in winter.
The depot gets forty charging points and a roof of solar panels; the rest of the power comes from a wind farm nearby,
which the city owns together with two of its neighbours and a cooperative of farmers."""


def test_a_copy_with_a_line_of_its_own_has_nearly_the_same_fingerprint() -> None:
    copy = f"By our correspondent.\n{WIRE.replace('late last year', 'in December')}\nSubscribe to our newsletter."
    mine, theirs, other = (fingerprint(text) for text in (WIRE, copy, OTHER))
    assert mine is not None
    assert theirs is not None
    assert other is not None
    assert distance(mine, theirs) <= SAME_TEXT < distance(mine, other)


def test_a_fingerprint_stays_what_databases_hold() -> None:
    assert [fingerprint(text) for text in (WIRE, OTHER)] == [0x923403A729B2C210, 0x11D3946F10E641AE]


@pytest.mark.parametrize("text", ["", "smart is in 39 markets.", "。" * 100, "\x00\ud800"])
def test_a_text_too_short_to_be_told_from_others_has_none(text: str) -> None:
    assert fingerprint(text) is None


def carried(outlet: str, day: float = 0, text: str = WIRE, authority: str = "media", number: int = 40) -> Claim:
    return said(counted(number), day, outlet, authority, fingerprint=fingerprint(text))


def test_a_wire_text_in_six_outlets_is_one_voice() -> None:
    copies = [carried(f"outlet{number}", 0.1 * number) for number in range(1, 7)]
    claims = [carried("agency", 0, authority="wire"), *copies]
    of = voices(claims)
    assert independent(claims, of) == {"agency"}
    assert list(standings(claims, of).values()) == [Standing.INDEPENDENT, *[Standing.SYNDICATED] * 6]


def test_the_brand_speaks_for_itself_though_a_copy_has_an_earlier_date() -> None:
    brand = carried("smart", 4 + 7 / 24, authority="official")
    copy = carried("trade", 4)  # a date without a time
    of = voices([copy, brand])
    assert {of[brand.id], of[copy.id]} == {"smart"}
    assert one(copy, brand, fresh(said(counted(41), 5, "trade"))).change is ChangeKind.DISPUTED


def test_six_copies_do_not_outvote_the_brand_but_a_second_voice_does() -> None:
    known = [said(counted(39), 0)]
    wire = [replace(carried(f"outlet{number}", 1), fresh=True) for number in range(6)]
    change = one(*known, *wire)
    assert (change.change, change.independent, change.syndicated) == (ChangeKind.DISPUTED, 2, 5)
    later = fresh(carried("trade", 2, OTHER))
    change = one(*known, *(replace(claim, fresh=False) for claim in wire), later)
    assert (change.change, change.rule) == (ChangeKind.RESOLVED, "2 independent outlets say so")
    assert (change.independent, change.syndicated) == (2, 5)
    assert [source.standing for source in change.sources].count(Standing.SYNDICATED) == 5


def test_outlets_of_one_publisher_are_one_voice() -> None:
    known = [said(counted(39), 0), said(counted(40), 1, "motor1.com", publisher="Motorsport Network")]
    assert tell(*known, fresh(said(counted(40), 2, "insideevs.com", publisher="Motorsport Network"))) == []
    assert one(*known, fresh(said(counted(40), 2, "carscoops.com"))).change is ChangeKind.RESOLVED


def test_the_catalogue_says_who_owns_an_outlet() -> None:
    known = load()
    assert known.publisher("insideevs.com") == known.publisher("Motor1") == "Motorsport Network"
    assert known.publisher("smart") == "smart"
    assert known.publisher("electrek.co") == "Electrek"


def test_what_is_paid_for_counts_for_nobody() -> None:
    claims = [said(counted(40), 0, "trade"), said(counted(40), 1, "advert", "sponsored")]
    of = voices(claims)
    assert independent(claims, of) == {"trade"}
    assert list(standings(claims, of).values()) == [Standing.INDEPENDENT, Standing.SPONSORED]


def test_an_old_text_quoted_much_later_is_not_syndicated() -> None:
    claims = [carried("agency", 0), carried("outlet", 40)]
    assert len(independent(claims, voices(claims))) == 2


def test_a_later_claim_never_changes_whose_voice_an_earlier_one_has() -> None:
    claims = [carried("a", 1), carried("b", 1), carried("agency", 2), said(counted(40), 3, "c")]
    whole = voices(claims)
    for number in range(len(claims)):
        assert voices(claims[:number]).items() <= whole.items()
        assert voices(reversed(claims[:number])).items() <= whole.items()
