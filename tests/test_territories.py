"""Places in texts: the country, its adjective, its people and its cities, in each language; and what only looks so."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from monitor.parser import territories
from monitor.parser.territories import FORMS, Form, Territory
from monitor.resources import shipped


def found(language: str, text: str, *forms: Form) -> list[tuple[str, str, str]]:
    places = territories.find(text, language, forms=frozenset(forms) or FORMS)
    return [(text[place.start : place.end], place.code, place.form) for place in places]


NAMED: list[tuple[str, Form, str, str, str]] = [
    ("en", "name", "Sales begin Down Under.", "Down Under", "AU"),
    ("en", "name", "The Lion City is next.", "Lion City", "SG"),
    ("en", "adjective", "An Estonian dealer took over.", "Estonian", "EE"),
    ("en", "adjective", "The Baltic market is small.", "Baltic", "region:Baltics"),
    ("en", "adjective", "Its Iberian importer agreed.", "Iberian", "region:Iberia"),
    ("en", "people", "Poles can order from May.", "Poles", "PL"),
    ("en", "people", "Spaniards get it first.", "Spaniards", "ES"),
    ("en", "people", "Saudis bought 300.", "Saudis", "SA"),
    ("en", "people", "Few Germans know it.", "Germans", "DE"),
    ("en", "city", "A showroom in Milan opened.", "Milan", "IT"),
    ("en", "city", "Its store in New Delhi opened.", "New Delhi", "IN"),
    ("en", "city", "A London-based importer signed.", "London", "GB"),
    ("de", "name", "Start in der Alpenrepublik.", "Alpenrepublik", "AT"),
    ("de", "name", "Im Land der aufgehenden Sonne", "Land der aufgehenden Sonne", "JP"),
    ("de", "adjective", "auf dem lettischen Markt", "lettischen", "LV"),
    ("de", "adjective", "auf skandinavischem Boden", "skandinavischem", "region:Scandinavia"),
    ("de", "adjective", "der Luxemburger Händler", "Luxemburger", "LU"),
    ("de", "people", "Die Esten sind an der Reihe.", "Esten", "EE"),
    ("de", "people", "bei den Italienern", "Italienern", "IT"),
    ("de", "people", "Die Eidgenossen warten.", "Eidgenossen", "CH"),
    ("de", "city", "Ein Laden in Mailand", "Mailand", "IT"),
    ("de", "city", "in Kopenhagen", "Kopenhagen", "DK"),
    ("fr", "name", "Le marché d’outre-Rhin", "outre-Rhin", "DE"),
    ("fr", "name", "lancé dans l’Hexagone", "Hexagone", "FR"),
    ("fr", "name", "au Vietnam", "Vietnam", "VN"),
    ("fr", "adjective", "la clientèle polonaise", "polonaise", "PL"),
    ("fr", "adjective", "le marché transalpin", "transalpin", "IT"),
    ("fr", "adjective", "les villes grecques", "grecques", "GR"),
    ("fr", "people", "chez les Polonais", "Polonais", "PL"),
    ("fr", "people", "chez les Sud-Coréens", "Sud-Coréens", "KR"),
    ("fr", "city", "un magasin à Pékin", "Pékin", "CN"),
    ("fr", "city", "son siège de Mexico", "Mexico", "MX"),
    ("es", "name", "en el país luso", "país luso", "PT"),
    ("es", "name", "en Myanmar", "Myanmar", "MM"),
    ("es", "adjective", "los polacos", "polacos", "PL"),
    ("es", "adjective", "las marcas alemanas", "alemanas", "DE"),
    ("es", "adjective", "los mercados bálticos", "bálticos", "region:Baltics"),
    ("es", "city", "una tienda en Milán", "Milán", "IT"),
    ("es", "city", "en Nueva Delhi", "Nueva Delhi", "IN"),
    ("it", "name", "nel Belpaese", "Belpaese", "IT"),
    ("it", "adjective", "il mercato polacco", "polacco", "PL"),
    ("it", "adjective", "i clienti turchi", "turchi", "TR"),
    ("it", "adjective", "le città greche", "greche", "GR"),
    ("it", "city", "un negozio a Stoccarda", "Stoccarda", "DE"),
    ("it", "city", "una filiale all’Aia: L’Aia", "L’Aia", "NL"),
    ("pt", "adjective", "as marcas alemãs", "alemãs", "DE"),
    ("pt", "adjective", "os clientes espanhóis", "espanhóis", "ES"),
    ("pt", "adjective", "os mercados letões", "letões", "LV"),
    ("pt", "city", "uma loja em Xangai", "Xangai", "CN"),
    ("pt", "city", "em Milão", "Milão", "IT"),
    ("nl", "name", "de stap naar de VS", "VS", "US"),
    ("nl", "adjective", "op de Letse markt", "Letse", "LV"),
    ("nl", "adjective", "de Costa Ricaanse dealer", "Costa Ricaanse", "CR"),
    ("nl", "people", "Spanjaarden moeten wachten.", "Spanjaarden", "ES"),
    ("nl", "city", "een winkel in Milaan", "Milaan", "IT"),
    ("nl", "city", "een showroom in Den Haag", "Den Haag", "NL"),
    ("zh", "name", "进入狮城市场", "狮城", "SG"),
    ("zh", "name", "进入枫叶国", "枫叶国", "CA"),
    ("zh", "city", "在米兰开设门店", "米兰", "IT"),
    ("zh", "city", "在孟买交付", "孟买", "IN"),
]


@pytest.mark.parametrize(("language", "form", "text", "word", "code"), NAMED)
def test_each_form_is_found_in_each_language(language: str, form: Form, text: str, word: str, code: str) -> None:
    assert found(language, text) == [(word, code, form)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("en", text) for text in ("Nice cars, Split seats, Bath and Reading", "The Kia Rio, Seat Toledo and Leon")),
        *(("en", text) for text in ("Boston Dynamics showed it.", "The Dakar Rally", "Milanese, Romeo, Londoner")),
        *(("de", text) for text in ("Das Essen in den Bergen", "Das Porto ist bezahlt", "ein Deutsche-Bank-Konto")),
        *(("fr", text) for text in ("un malaise", "le Dakar part demain", "Nice et Tours")),
        *(("es", text) for text in ("el Seat Córdoba y el Málaga", "El Dakar arranca", "una milla más, dama")),
        *(("it", text) for text in ("Una persiana, un porto", "una Ferrari Roma rossa", "una mosca")),
        *(("pt", text) for text in ("o Porto de Santos", "Adriana Lima", "O Dakar começa")),
        *(("nl", text) for text in ("het Essense bedrijf", "de splitsing", "De Nederlandse Spoorwegen")),
        *(("zh", text) for text in ("安德国际", "国泰国际", "百公里加速", "银河内饰", "任务完成都市", "大马力发动机")),
        *(("zh", text) for text in ("马赛克", "汉堡王", "沿海地区", "加上海外市场", "埃森哲")),
    ],
)
def test_what_only_looks_like_a_place_is_none(language: str, text: str) -> None:
    assert found(language, text) == []


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        ("en", "From New Mexico to Mexico City", [("New Mexico", "US", "city"), ("Mexico City", "MX", "city")]),
        ("en", "Port of Spain and Spain", [("Port of Spain", "TT", "city"), ("Spain", "ES", "name")]),
        ("en", "Sales in New England and England", [("England", "GB", "name")]),
        ("it", "Monaco di Baviera o Monaco", [("Monaco di Baviera", "DE", "city"), ("Monaco", "MC", "name")]),
        ("fr", "Le Cap-Vert", [("Le Cap-Vert", "CV", "name")]),
        ("de", "US-Bürger in den USA", [("US-Bürger", "US", "people"), ("USA", "US", "name")]),
        ("zh", "大马士革和大马", [("大马士革", "SY", "city"), ("大马", "MY", "name")]),
        ("zh", "上海地区", [("上海", "CN", "city")]),
        ("zh", "罗马与罗马尼亚", [("罗马", "IT", "city"), ("罗马尼亚", "RO", "name")]),
    ],
)
def test_the_longest_of_all_names_counts(language: str, text: str, places: list[tuple[str, str, str]]) -> None:
    assert found(language, text) == places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("加上海湾国家", [("海湾国家", "region:Gulf", "name")]),
        ("更多哈萨克斯坦用户", [("哈萨克斯坦", "KZ", "name")]),
        ("盈利马来西亚", [("马来西亚", "MY", "name")]),
    ],
)
def test_a_city_made_of_two_words_takes_nothing_from_a_country(text: str, places: list[tuple[str, str, str]]) -> None:
    assert found("zh", text) == places


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        *((language, text, []) for language, form, text, *_ in NAMED if form in ("people", "city")),
        ("en", "Mexico City is in Mexico", [("Mexico", "MX", "name"), ("Mexico", "MX", "name")]),
        ("en", "New Mexico and Port of Spain", []),
        ("en", "Dubai and Polish Poles in Warsaw", [("Dubai", "AE", "name"), ("Polish", "PL", "adjective")]),
        ("de", "Die US-Bürger in Mexiko-Stadt", [("US", "US", "name"), ("Mexiko", "MX", "name")]),
        ("zh", "墨西哥城", [("墨西哥", "MX", "name")]),
    ],
)
def test_only_countries_and_regions_unless_more_is_asked_for(
    language: str, text: str, places: list[tuple[str, str, str]]
) -> None:
    assert found(language, text, "name", "adjective") == places
    assert territories.find(text, language) == territories.find(text, language, forms={"name", "adjective"})


def test_one_form_may_be_asked_for() -> None:
    text = "Polish Poles left Warsaw, Poland"
    assert [found("en", text, form)[0][0] for form in ("adjective", "people", "city", "name")] == [
        "Polish",
        "Poles",
        "Warsaw",
        "Poland",
    ]


def test_where_a_place_stands_and_what_it_is() -> None:
    assert territories.find("to Estonian Tartu", "en", 100, forms=FORMS) == (
        Territory(103, 111, "EE", "adjective"),
        Territory(112, 117, "EE", "city"),
    )
    assert [place.adjective for place in territories.find("Polish Poland", "en")] == [True, False]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "zh"])
def test_a_word_stands_once_and_is_found_as_what_it_is_listed_for(language: str) -> None:
    tables = tomllib.loads(shipped("config", "territories.toml").read_text(encoding="utf-8"))
    listed = [
        (word, code, form)
        for table in ("all", language)
        for form, key in {"name": "names", "adjective": "adjectives", "people": "people", "city": "cities"}.items()
        for code, words in tables[table].get(key, {}).items()
        for word in words
    ]
    twice = [word for word, times in Counter(word for word, _, _ in listed).items() if times > 1]
    assert twice == []
    assert [one for one in listed if found(language, one[0]) != [one]] == []
