"""Names of models in sentences: found whole, without the brand, and nothing else taken for one."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import names, scene
from monitor.parser.designations import BESIDE, is_code
from monitor.parser.wording import Wording


def found(text: str, language: str = "en", brand: str | None = None, title: str = "") -> list[str]:
    document = Document(
        url="https://example.org/", title=title, published=None, published_from=None, language=language, text=text
    )
    read = scene.read(document, brand=brand)
    lines = [Wording(line) for line in read.lines]
    mentions = names.find(read, Wording(read.title), lines)
    return [mention.name for line in lines for mention in mentions[line.start] if mention.trust >= BESIDE]


@pytest.mark.parametrize(
    "code", ["#2", "iX3", "7X", "15T", "P7+", "MX-30", "EX30", "S26", "001", "YU7", "e6", "i4", "GV80", "T03", "9S"]
)
def test_a_code_is_a_designation(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize(
    "text",
    [
        *("5km", "350kW", "82.5kWh", "V8", "5G", "Q3", "H1", "1,001-hp", "27-inch", "21st", "4WD", "IP68", "000"),
        *("2026", "100", "CO2", "A-Segment", "sedan", "two-seat", "10X0000000", "USB3"),
    ],
)
def test_a_measure_a_quarter_or_a_standard_is_none(text: str) -> None:
    assert not is_code(text)


WHOLE = [
    ("en", "smart", "The Smart #2 is a two-seater.", ["#2"]),
    ("en", "BMW", "BMW showed the iX3 on Tuesday.", ["iX3"]),
    ("en", "BYD", "BYD launched the Seal 06 DM-i in China.", ["Seal 06 DM-i"]),
    ("en", "Rivian", "Rivian announced the R1S Standard yesterday.", ["R1S Standard"]),
    ("en", "Mahindra", "The BE 6 costs less than the XEV 9e.", ["BE 6", "XEV 9e"]),
    ("en", "Mahindra", "The BE 6 Batman Edition sold out.", ["BE 6 Batman Edition"]),
    ("en", "Volkswagen", "Volkswagen unveiled the ID. Polo in Munich.", ["ID. Polo"]),
    ("en", "smart", "Deliveries of the smart #6 EHD begin.", ["#6 EHD"]),
    ("en", "Samsung", "Samsung unveiled the Galaxy S26 Ultra.", ["Galaxy S26 Ultra"]),
    ("en", "Polestar", "Buyers can order the Polestar 2, Polestar 3 and Polestar 4.", ["2", "3", "4"]),
    ("en", "Tesla", "Model 3 and Model Y can be ordered.", ["Model 3", "Model Y"]),
    ("en", "Ford", "Ford will sell the EcoSport SUV in India.", ["EcoSport"]),
    ("en", "Audi", "The new Audi Q3 arrives in October.", ["Q3"]),
    ("en", "Li Auto", "Li Auto priced the Li i8.", ["i8"]),
    ("de", "Zeekr", "Bestellbar sind der Zeekr X, das SUV 7X und der Shooting Brake 001.", ["X", "7X", "001"]),
    ("de", "Audi", "Audi lässt den Q8 e-tron auslaufen.", ["Q8 e-tron"]),
    ("fr", "Mazda", "Le Mazda MX-30 a été retiré de la vente.", ["MX-30"]),
    ("es", "Nissan", "El Nissan Ariya desaparecerá.", ["Ariya"]),
    ("es", "SEAT", "Seat presentó el Seat Arona y el Ibiza.", ["Arona", "Ibiza"]),
    ("it", "Leapmotor", "Si parte con la citycar T03 e la crossover C10.", ["T03", "C10"]),
    ("pt", "Xpeng", "Chegam dois SUV, o G9 e o G6.", ["G9", "G6"]),
    ("nl", "Leapmotor", "Bij de start staan de kleine T03 en de suv C10 in de showroom.", ["T03", "C10"]),
    ("zh", "小米", "小米YU7正式上市。", ["YU7"]),
    ("zh", "零跑", "C10与T03已经开卖。", ["C10", "T03"]),
    ("zh", "比亚迪", "比亚迪海豹06 DM-i将上市。", ["海豹06 DM-i"]),
    ("zh", "特斯拉", "官网接受Model Y预订。", ["Model Y"]),
]


@pytest.mark.parametrize(("language", "brand", "text", "models"), WHOLE)
def test_a_name_comes_out_whole_and_without_the_brand(language: str, brand: str, text: str, models: list[str]) -> None:
    assert found(text, language, brand) == models


NONE = [
    ("en", "Tesla", "Tesla Chief Executive Elon Musk opened a plant in Texas."),
    ("en", "Ford", "Ford Motor Co ( F.N ) shares rose 3 percent to $12.40 in Q3."),
    ("en", "Kia", "It has a 77.4 kWh battery, 350 kW charging and a V8-powered rival."),
    ("en", "Samsung", "The phone has a Kirin 810 processor and 5G."),
    ("de", "Renault", "Renault Bestellungen gingen im dritten Quartal um 5 Prozent zurück."),
    ("fr", "Tesla", "Tesla France a vendu 1 593 voitures en novembre 2025."),
    ("nl", "Polestar", "Polestar opent zijn 40ste showroom en betreedt de 22ste markt."),
    ("zh", "小米", "小米在15周年发布会上公布了数据，SUV销量增长。"),
]


@pytest.mark.parametrize(("language", "brand", "text"), NONE)
def test_what_is_no_model_is_not_taken_for_one(language: str, brand: str, text: str) -> None:
    assert found(text, language, brand) == []


def test_a_name_that_was_vouched_for_once_is_found_again() -> None:
    text = "Ford showed the Ford Ranger. Rangers are popular. Later the Ranger goes to Africa."
    assert found(text, "en", "Ford") == ["Ranger", "Ranger", "Ranger"]


def test_a_short_form_is_the_whole_name() -> None:
    text = "Acme unveiled the Galaxy S20 phone. The S20 costs 900 euros."
    assert found(text, brand="Acme") == ["Galaxy S20", "Galaxy S20"]


def test_a_name_of_chinese_characters_must_stand_out_and_recur() -> None:
    assert found("比亚迪大汉今日上市。大汉定位轿车。", "zh", "比亚迪", title="比亚迪大汉上市") == ["大汉", "大汉"]
    assert found("比亚迪正式发布财报。比亚迪正式表态。", "zh", "比亚迪") == []


def test_a_bare_number_needs_an_article_to_recur() -> None:
    text = "The Fiat 500 arrives. Some 500 dealers wait. The 500 will be cheap."
    assert found(text, "en", "Fiat") == ["500", "500"]


def test_mentions_point_at_the_name() -> None:
    text = "Today Kia showed the EV2."
    document = Document(
        url="https://example.org/", title=None, published=None, published_from=None, language="en", text=text
    )
    read = scene.read(document, brand="Kia")
    lines = [Wording(line) for line in read.lines]
    (mention,) = names.find(read, Wording(read.title), lines)[lines[0].start]
    assert text[mention.start : mention.end] == mention.name == "EV2"
