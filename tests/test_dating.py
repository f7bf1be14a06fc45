"""The date that a fact has: which of those around it, or the day of the news itself."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import announcements, counts, dating, entries, scene
from monitor.parser.facts import read_facts
from monitor.parser.features import Describer


def document(text: str, language: str = "en", published: str | None = "2026-03-10", title: str = "") -> Document:
    return Document(
        url="https://example.org/", title=title, published=published, published_from=None, language=language, text=text
    )


def dates(text: str, language: str = "en", published: str | None = "2026-03-10") -> dict[str, str | None]:
    """Market, or the scope of a count -> date."""
    return {
        fact.subject.partition(",")[0]: fact.when
        for fact in read_facts(document(text, language, published), brand="Zeekr")
    }


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Zeekr will enter Chile in May 2026 and Peru in September 2026."),
        ("de", "Zeekr startet im Mai 2026 in Chile und im September 2026 in Peru."),
        ("fr", "Zeekr arrivera au Chili en mai 2026 et au Pérou en septembre 2026."),
        ("es", "Zeekr llegará a Chile en mayo de 2026 y a Perú en septiembre de 2026."),
        ("it", "Zeekr entrerà in Cile a maggio 2026 e in Perù a settembre 2026."),
        ("pt", "A Zeekr chegará ao Chile em maio de 2026 e ao Peru em setembro de 2026."),
        ("nl", "Zeekr start in mei 2026 in Chili en in september 2026 in Peru."),
        ("zh", "极氪将于2026年5月进入智利，2026年9月进入秘鲁。"),
    ],
)
def test_each_place_has_its_own_date(language: str, text: str) -> None:
    assert dates(text, language) == {"CL": "2026-05", "PE": "2026-09"}


def test_a_date_before_a_list_is_everybodys() -> None:
    assert dates("In May 2026, Zeekr will enter Chile, Peru, Ecuador and Uruguay.") == dict.fromkeys(
        ("CL", "PE", "EC", "UY"), "2026-05"
    )


def test_what_is_not_dated_is_of_the_month_of_the_news() -> None:
    assert dates("Zeekr has entered Chile with its first showroom in Santiago.") == {"CL": "2026-03"}


def test_a_plan_takes_no_date_behind_it() -> None:
    found = dates("Zeekr, which was founded in 2021, will enter Chile in autumn.")
    assert found == {"CL": "2026-Q4"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Zeekr said on Monday that it will enter Chile."),
        ("en", "Zeekr today announced that it will enter Chile."),
        ("en", "Zeekr on Monday confirmed that it will enter Chile."),
        ("de", "Zeekr bestätigte am Montag, dass die Marke nach Chile kommt."),
        ("es", "Zeekr anunció el lunes que llegará a Chile."),
    ],
)
def test_the_day_on_which_somebody_says_so_is_not_that_of_a_plan(language: str, text: str) -> None:
    """The tenth is a Tuesday."""
    assert {fact.when for fact in read_facts(document(text, language), brand="Zeekr")} == {None}


def test_a_weekday_may_be_the_next_one() -> None:
    assert dates("Zeekr will open its first showroom in Chile on Friday.") == {"CL": "2026-03-13"}


def test_a_part_of_a_year_is_no_day() -> None:
    described = Describer(scene.read(document("Zeekr will enter Chile in early 2027."), brand="Zeekr"))
    line = described.scene.lines[0]
    (option,) = dating.options(described, line, 17, 22, "planned")
    assert option.when == "2027-early"
    assert "exact part" in option.features


def test_a_model_may_come_when_its_brand_does_however_far_away_that_is_told() -> None:
    text = "The Zeekr 7X is the first car."
    described = Describer(scene.read(document(text), brand="Zeekr"))
    line = described.scene.lines[0]
    alone, told = (
        {one.when: one for one in dating.options(described, line, 10, 12, "confirmed", entered)}
        for entered in ((), ("2026-09", "2025-01"))
    )
    assert {*told} - {*alone} == {"2026-09"}  # what is past is not to come
    assert told["2026-09"].start is None


def test_a_count_without_a_date_has_none() -> None:
    assert dates("Zeekr is present in 40 markets worldwide.") == {"worldwide": None}


def test_a_count_has_the_date_of_its_target() -> None:
    assert dates("Zeekr wants to be in 60 markets by the end of 2027.") == {"worldwide": "2027-late"}


def test_a_model_that_is_spoken_of_as_it_has_the_date_of_that_sentence() -> None:
    text = (
        "Nova confirmed two cars for its range.\nThe Nova #4 is a two-seat electric city car for two people and their "
        "luggage, said the company. It was drawn in Munich. It is scheduled to make its global debut in Europe in late "
        "2027 and will use its own platform."
    )
    found = {fact.subject: fact.when for fact in read_facts(document(text, published=None), brand="Nova")}
    assert found == {"#4": "2027-late"}


def test_without_a_date_of_publication_only_dates_of_the_text_are_weighed() -> None:
    described = Describer(scene.read(document("Zeekr entered Chile in May 2025.", published=None), brand="Zeekr"))
    (line,) = described.scene.lines
    place = line.places[0]
    assert {one.when for one in dating.options(described, line, place.start, place.end, "entered")} == {"2025-05"}


def test_a_trap_of_dates_is_not_weighed_to_its_end() -> None:
    text = "Zeekr entered Chile in " + "May 2025, " * 400 + "as it says."
    described = Describer(scene.read(document(text), brand="Zeekr"))
    line = described.scene.lines[0]
    place = line.places[0]
    assert len(list(dating.options(described, line, place.start, place.end, "entered"))) <= 3 * dating.MOST + 2


def test_what_the_network_thinks_of_a_date_is_a_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Zeekr showed the 7X on 3 February 2026, on sale since 2 March 2026."
    described = Describer(scene.read(document(text), brand="Zeekr"))
    start = text.index("7X")
    spot = dating.Spot(described.scene.lines[0], start, start + len("7X"), "launched")

    def heard(question: str, things: list[tuple[int, list[int]]]) -> list[dict[str, float]]:
        last = max(tokens[0] for _, tokens in things)
        return [{dating.WRONG: 0.1, "launched": 0.9 if tokens[0] == last else 0.2} for _, tokens in things]

    monkeypatch.setattr(described, "heard", heard)
    ((first, *_, last, _, _),) = dating.heard(described, [spot])  # the last two are the day and the month
    assert (first.when, last.when) == ("2026-02-03", "2026-03-02")
    assert first.features["heard step"] < last.features["heard step"]
    assert first.features["heard"] == last.features["heard"]


@pytest.mark.parametrize(("told", "wrong"), [("launched", "2026-09"), ("entered", "2026-09"), ("planned", "2025-03")])
def test_what_has_happened_is_of_no_later_day_and_what_is_to_come_of_no_earlier_one(told: str, wrong: str) -> None:
    text = "In Chile, Zeekr: first in March 2025, then in September 2026."
    described = Describer(scene.read(document(text, published="2026-02-10"), brand="Zeekr"))
    line = described.scene.lines[0]
    place = line.places[0]
    whens = {one.when for one in dating.options(described, line, place.start, place.end, told)}
    assert wrong not in whens
    assert whens & {"2025-03", "2026-09"}


def test_every_step_of_every_kind_has_a_date_to_ask_for() -> None:
    assert {*entries.STEPS, *counts.COUNTS, *announcements.STAGES} == {*dating.STEPS}
