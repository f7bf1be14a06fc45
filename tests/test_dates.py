"""Dates in texts of seven languages: what they resolve to against the day of publication, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.parser import dates
from monitor.parser.lexicon import languages
from monitor.parser.moments import anchor, resolve, span

WRITTEN = [
    # language, published, text, when
    ("en", None, "on sale by the end of 2026", "2026-late"),
    ("en", "2026-06", "It arrives in early October", "2026-10"),
    ("en", "2025-06-12", "it will go on sale in spring 2026", "2026-Q2"),
    ("en", "2025-06-12", "this summer", "2025-Q3"),
    ("en", "2025-11-20", "in the fall of 2026", "2026-Q4"),
    ("en", "2025-06-12", "deliveries start in winter 2026", None),
    ("en", "2025-06-12", "for the 2027 model year", None),
    ("en", "2025-06-12", "it will be there soon", None),
    ("en", "2013-11-15", "shown next week", "2013-11"),
    ("en", "2013-11-15", "will be introduced next April", "2014-04"),
    ("en", "2013-11-15", "came out this past October", "2013-10"),
    ("en", "2013-11-15", "in the first half of 2014, the", "2014-H1"),
    ("en", "2024-11", "in the second quarter of next year", "2025-Q2"),
    ("en", "2024-11", "by the end of next year.", "2025-late"),
    ("en", "2011-10-06", "early next year", "2012-early"),
    ("en", "2025-07-16", "and on Tuesday the ribbon was cut", "2025-07-15"),
    ("en", "2025-07-16", "yesterday", "2025-07-15"),
    ("en", "2025-07", "yesterday", "2025-07"),
    ("en", "2025", "today", "2025"),
    ("en", None, "today", None),
    ("en", "2025-06", "since Wednesday, at", "2025-06"),
    ("en", "2025-06", "later in 2025.", "2025"),
    ("en", "2025-08-01T09:30:00Z", "later this month", "2025-08"),
    ("en", "2026-04-07", "ahead of its April 10 launch", "2026-04-10"),
    ("en", "2024-11", "on 15 November, which", "2024-11-15"),
    ("en", "2026-03-10", "entered Peru three months ago", "2025-12"),
    ("en", "2026-03-10", "2 years ago", "2024"),
    ("en", "2026-03-10", "will follow in six months", "2026-09"),
    ("en", "2026-03", "before Christmas", "2025-12"),
    ("de", "2026-03-10", "vor gut drei Monaten", "2025-12"),
    ("fr", "2026-03-10", "il y a trois mois", "2025-12"),
    ("es", "2026-03-10", "hace tres meses", "2025-12"),
    ("es", "2016-08-09", "antes de que finalice el año", "2016-late"),
    ("it", "2026-03-10", "tre mesi fa", "2025-12"),
    ("it", "2024-05-15", "entro l'anno", "2024-late"),
    ("pt", "2026-03-10", "daqui a dois anos", "2028"),
    ("zh", "2026-03-10", "三个月前进入智利", "2025-12"),
    ("zh", "2026-03-10", "两年前", "2024"),
    ("en", "2025-06-12", "on Thursday, September 4, 2025, it", "2025-09-04"),
    ("en", "2025-06-12", "(2025-07-15)", "2025-07-15"),
    ("en", "2025-06-12", "mid-2026", "2026-mid"),
    ("en", "2025-06-12", "by year-end", "2025-late"),
    ("en", "2013-01-01", "the 2015 Sonata will come", None),
    ("en", "2025-01-01", "BYD may sell it", None),
    ("en", "2025-01-01", "it will march on", None),
    ("en", "2025-01-01", "sales fall sharply", None),
    ("en", "2025-01-01", "with 2,025 cars", None),
    ("en", "2025-01-01", "in fiscal 2010/11", None),
    ("en", "2025-01-01", "on February 31", None),
    ("en", "2025-01-01", "on 03/04/2025", None),
    ("en", "2025-01-01", "on 03/24/2025", "2025-03-24"),
    ("de", "2025-09-26", "am 26. September den Start", "2025-09-26"),
    ("de", "2025-09-26", "am 26.09.2025", "2025-09-26"),
    ("de", "2025-09-26", "bis Ende 2025 bei acht", "2025-late"),
    ("de", "2025-09-26", "sind zum Jahresende vorgesehen", "2025-late"),
    ("de", None, "ab Frühjahr 2026.", "2026-Q2"),
    ("de", "2026-02-24", "war 2025 in Deutschland gestartet", "2025"),
    ("de", "2026-02-24", "Seit Anfang Dezember lassen", "2025-12"),
    ("de", "2022-01-12", "In den ersten sechs Monaten 2022 kommen", "2022-H1"),
    ("de", "2022-01-12", "im zweiten Quartal des nächsten Jahres", "2023-Q2"),
    ("de", "2022-01-12", "Anfang nächsten Jahres", "2023-early"),
    ("de", "2022-01-12", "nächstes Jahr", "2023"),
    ("de", "2022-01-12", "aus den Baujahren 2020 bis", None),
    ("de", "2022-01-12", "29.000 Autos, 2000 Stück", None),
    ("fr", "2025-12-01", "au deuxième trimestre 2026", "2026-Q2"),
    ("fr", "2025-12-01", "d’ici la fin de l’année", "2025-late"),
    ("fr", "2025-12-01", "le 1er juillet 2026", "2026-07-01"),
    ("fr", "2025-12-01", "l'été prochain", "2026-Q3"),
    ("fr", "2025-12-01", "il a été vu", None),
    ("fr", "2025-12-01", "l'année modèle 2019", None),
    ("es", "2024-09-26", "el próximo 3 de octubre", "2024-10-03"),
    ("es", "2024-09-26", "a principios del próximo año", "2025-early"),
    ("es", "2024-09-26", "en la primera mitad de 2026", "2026-H1"),
    ("it", "2024", "a partire da settembre 2024", "2024-09"),
    ("it", "2024", "A fine 2024 la vendita", "2024-late"),
    ("it", "2024-05-05", "dal 15 settembre", "2024-09-15"),
    ("pt", "2026-02-27", "no segundo trimestre do ano", "2026-Q2"),
    ("pt", "2026-02-27", "até ao final do ano", "2026-late"),
    ("pt", "2026-02-27", "em 12 de março de 2026", "2026-03-12"),
    ("nl", "2026-03-10", "ruim drie maanden geleden", "2025-12"),
    ("nl", "2026-03-10", "over zes maanden", "2026-09"),
    ("nl", "2025-09-26", "op 26 september van start", "2025-09-26"),
    ("nl", "2025-09-26", "vanaf medio 2026", "2026-mid"),
    ("nl", "2025-09-26", "tegen eind dit jaar", "2025-late"),
    ("nl", "2025-09-26", "in het voorjaar van 2026", "2026-Q2"),
    ("nl", "2025-09-26", "komend najaar", "2025-Q4"),
    ("nl", "2025-09-26", "in het derde kwartaal van volgend jaar", "2026-Q3"),
    ("nl", "2025-09-26", "in de loop van het jaar", "2025"),
    ("nl", "2025-09-26", "in de tweede helft van 2026", "2026-H2"),
    ("nl", "2025-09-26", "uit de bouwjaren 2020 en", None),
    ("nl", "2025-09-26", "2.025 auto's, 2000 stuks", None),
    ("zh", "2026-01", "定于2026年上半年正式", "2026-H1"),
    ("zh", "2026-01", "预计下半年推出", "2026-H2"),
    ("zh", "2025-07", "7月1日，", "2025-07-01"),
    ("zh", "2022-11-05", "4日在布达佩斯", "2022-11-04"),
    ("zh", "2024-11", "2026年底亮相", "2026-late"),
    ("zh", "2024-11", "明年初", "2025-early"),
    ("zh", "2024-10", "到2024年四季度", "2024-Q4"),
    ("zh", "2025-07-15", "今日发布", "2025-07-15"),
    ("zh", "2025-07-15", "明年", "2026"),
    ("zh", "2025-06-12", "将于6月下旬上市", "2025-06"),
    ("zh", "2025-07-15", "2025款车型", None),
]


RELATIVE = [
    # language, published, text, when: what is told by another date, a quarter, a season, a day of a week
    ("en", "2026-01-02", "will follow next quarter", "2026-Q2"),
    ("en", "2026-01-02", "before the summer", "2026-Q2"),
    ("en", "2026-01-02", "opened last night", "2026-01-01"),
    ("de", "2026-11-02", "noch in diesem Quartal", "2026-Q4"),
    ("de", "2026-11-02", "im kommenden Quartal", "2027-Q1"),
    ("de", "2026-11-02", "seit zwei Jahren", "2024"),
    ("fr", "2026-01-02", "après l'été", "2026-Q4"),
    ("fr", "2026-01-02", "ce semestre", "2026-H1"),
    ("es", "2026-05-02", "hace algo más de dos años", "2024"),
    ("es", "2026-05-02", "el próximo trimestre", "2026-Q3"),
    ("it", "2026-05-02", "nel corso dell'anno", "2026"),
    ("it", "2026-05-02", "il prossimo semestre", "2026-H2"),
    ("pt", "2026-05-02", "a 29 deste mês", "2026-05-29"),
    ("pt", "2026", "neste trimestre", None),
    ("zh", "2024-04-30", "首店上周六开业", "2024-04-27"),
    ("zh", "2025-01-16", "本周六", "2025-01-18"),
    ("zh", "2025-11-20", "本季度", "2025-Q4"),
    ("nl", "2026-05-02", "volgend kwartaal", "2026-Q3"),
]
AFTER_ANOTHER = [
    # language, text with two dates, what the second means
    ("en", "Chile in May 2027, Peru two months later", "2027-07"),
    ("en", "Chile in May 2027, Peru the year after", "2028"),
    ("en", "Chile in May 2027, Peru in June of the same year", "2027-06"),
    ("de", "Frankreich im August 2016, Spanien drei Monate später", "2016-11"),
    ("fr", "la France en 2024, l'Italie l'année suivante", "2025"),
    ("es", "Chile en 2024, Perú un año después", "2025"),
    ("it", "la Francia nel 2024, la Spagna l'anno precedente", "2023"),
    ("pt", "o Chile em março de 2024, o Peru seis meses depois", "2024-09"),
    ("zh", "2024年进入智利，次年进入秘鲁", "2025"),
]


@pytest.mark.parametrize(("language", "text", "when"), AFTER_ANOTHER)
def test_a_date_may_be_told_by_the_one_before_it(language: str, text: str, when: str) -> None:
    assert [moment.when for moment in dates.find(text, language, "2026-01-02")][1:] == [when]


def test_what_is_later_than_no_date_is_later_than_the_news() -> None:
    (moment,) = dates.find("Two months later, it opened.", "en", "2026-01-02")
    assert moment.when == "2026-03"


def test_a_month_may_be_of_the_year_named_before_it() -> None:
    _, june, far = dates.find(f"in March 2028, then in June. {'And so on. ' * 40}In July", "en", "2026-01-02")
    assert june.readings == ("2026-06", "2025-06", "2028-06")
    assert far.beside is None


@pytest.mark.parametrize(("language", "published", "text", "when"), [*WRITTEN, *RELATIVE])
def test_a_written_date_resolves_against_the_publication(
    language: str, published: str | None, text: str, when: str | None
) -> None:
    found = dates.find(text, language, published)
    assert [moment.when for moment in found] == ([when] if when else [])


def test_a_month_without_a_year_is_ahead_in_a_plan_and_behind_in_a_report() -> None:
    (moment,) = dates.find("in February", "en", "2025-11-20")
    assert (moment.when, moment.ahead, moment.behind) == ("2026-02", "2026-02", "2025-02")


def test_a_weekday_is_the_last_one_unless_it_is_still_to_come() -> None:
    (moment,) = dates.find("on Friday", "en", "2025-07-16")  # a Wednesday
    assert (moment.when, moment.ahead) == ("2025-07-11", "2025-07-18")


def test_an_undated_text_carries_its_year_on() -> None:
    found = dates.find("Shown in September 2025. Dealers get it from March.", "en", None)
    assert [moment.when for moment in found] == ["2025-09", "2025-03"]


def test_places_point_into_the_text_and_follow_the_offset() -> None:
    text = "It starts in late 2026, not before."
    (moment,) = dates.find(text, "en", None, offset=100)
    assert text[moment.start - 100 : moment.end - 100] == "late 2026"


def test_two_dates_of_one_sentence_stay_two() -> None:
    found = dates.find("zwischen Januar 2025 und Ende 2026", "de", None)
    assert [moment.when for moment in found] == ["2025-01", "2026-late"]


def test_a_date_never_goes_over_the_end_of_a_line() -> None:
    found = dates.find("in October\n2026 was a year", "en", "2025-09-01")
    assert [moment.when for moment in found] == ["2025-10"]


def test_a_language_without_a_file_has_no_dates() -> None:
    assert dates.find("in 2026", "xx", None) == ()


@pytest.mark.parametrize("published", ["", "soon", "2025-13", "2025-02-31", None])
def test_what_is_no_date_of_publication_anchors_nothing(published: str | None) -> None:
    assert anchor(published) is None
    assert dates.find("yesterday", "en", published) == ()


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ("2026", ("2026-01-01", "2026-12-31")),
        ("2026-late", ("2026-09-01", "2026-12-31")),
        ("2026-Q2", ("2026-04-01", "2026-06-30")),
        ("2026-H2", ("2026-07-01", "2026-12-31")),
        ("2026-07", ("2026-07-01", "2026-07-31")),
        ("2026-07-15", ("2026-07-15", "2026-07-15")),
    ],
)
def test_a_date_spans_its_days(when: str, days: tuple[str, str]) -> None:
    assert span(when) == days


def test_parts_mean_the_same_in_any_order() -> None:
    base = anchor("2025-06-01")
    assert resolve({"part": "late", "year": 2026}, base) == resolve({"year": 2026, "part": "late"}, base) == "2026-late"


@settings(deadline=None)  # the first text of a language loads its file
@given(
    st.text(alphabet="2026 年月日0123456789.-/,'\u2019 inearlydofthMaşİß\n", max_size=120), st.sampled_from(languages())
)
def test_any_text_gives_dates_inside_it(text: str, language: str) -> None:
    for moment in dates.find(text, language, "2025-05-05"):
        assert 0 <= moment.start < moment.end <= len(text)
        assert span(moment.when)[0] <= span(moment.when)[1]
