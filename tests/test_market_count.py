"""Sentences that count markets, and sentences that only look like it."""

import pytest

from monitor.models import Document
from monitor.parser import market_count, numerals, scene
from monitor.parser.facts import read_facts
from monitor.parser.lexicon import Lexicon
from monitor.parser.market_count import MarketCount, NewMarkets


def document(text: str, language: str) -> Document:
    return Document(url="", title=None, published="2025-06-15", published_from=None, language=language, text=text)


def read(text: str, language: str, brand: str) -> list[MarketCount]:
    told = scene.read(document(text, language), brand=brand)
    found = market_count.one_per_subject(list(market_count.propose(told)))
    return [finding.fact for finding in found if isinstance(finding.fact, MarketCount)]


COUNTED = [
    ("en", "Zeekr now sells its cars in over 40 countries.", 40, "at_least", "current", None),
    ("en", "The chain runs about 900 shops in 36 markets.", 36, "exact", "current", None),
    ("en", "With Ecuador, the brand has entered its 40th market.", 40, "ordinal", "current", None),
    ("en", "By the end of 2027 the company wants to be present in 60 countries.", 60, "exact", "planned", None),
    ("en", "The brand is available in nearly two dozen European countries.", 24, "about", "current", "region:Europe"),
    ("en", "Last year the number of markets rose from 10 to 19.", 19, "exact", "current", None),
    ("de", "Die Marke ist in gut 80 Ländern vertreten.", 80, "at_least", "current", None),
    ("fr", "La marque est présente dans une vingtaine de pays.", 20, "about", "current", None),
    ("es", "La firma opera en más de 30 mercados.", 30, "at_least", "current", None),
    ("it", "Il marchio è presente in 140 Paesi.", 140, "exact", "current", None),
    ("pt", "A marca está presente em cerca de 70 países.", 70, "about", "current", None),
    ("en", "Zeekr is available in over 450 cities and more than 70 countries.", 70, "at_least", "current", None),
    ("en", "Peru is market number 41 for Zeekr.", 41, "ordinal", "current", None),
    ("en", "Zeekr, headquartered in Ningbo, runs operations in 45 countries.", 45, "exact", "current", None),
    ("en", "Rivals sell in 120 countries, and Zeekr should be in 50 of them by 2027.", 50, "exact", "planned", None),
    ("en", "By the end of May Zeekr ran 90 shops in 44 markets.", 44, "exact", "current", None),
    ("es", "Con Perú, Zeekr eleva a 44 el número de sus mercados.", 44, "exact", "current", None),
    ("fr", "L'enseigne compte 2 000 magasins dans 26 pays.", 26, "exact", "current", None),
    ("pt", "A Noruega torna-se o 18.º mercado da marca.", 18, "ordinal", "current", None),
    ("nl", "Het merk is tot nu toe in ruim tachtig landen vertegenwoordigd.", 80, "at_least", "current", None),
    ("nl", "Noorwegen wordt de 18de markt van het merk.", 18, "ordinal", "current", None),
    ("nl", "Met Peru betreedt Zeekr zijn 40ste markt.", 40, "ordinal", "current", None),
    ("nl", "Tegen eind 2027 wil Zeekr in zo'n 60 landen actief zijn.", 60, "about", "planned", None),
    ("nl", "De auto's van het merk zijn in een twintigtal landen te koop.", 20, "about", "current", None),
    ("de", "Die Marke wird in 30 Ländern verkauft.", 30, "exact", "current", None),
    ("zh", "公司海外市场已从31个增至38个。", 38, "exact", "current", None),
    ("zh", "公司业务已覆盖全球110多个国家和地区。", 110, "at_least", "current", None),
]


@pytest.mark.parametrize(("language", "text", "count", "qualifier", "status", "scope"), COUNTED)
def test_reads_a_count(language: str, text: str, count: int, qualifier: str, status: str, scope: str | None) -> None:
    (fact,) = read(text, language, "Zeekr")
    assert (fact.kind, fact.count, fact.qualifier, fact.status, fact.scope) == (
        "market_count",
        count,
        qualifier,
        status,
        scope,
    )


NOT_COUNTED = [
    ("en", "Zeekr recalls cars in 12 countries."),
    ("en", "A survey in 14 countries found that Zeekr is little known."),
    ("en", "Zeekr drives without a driver in ten big-city markets across the United States."),
    ("en", "Zeekr builds cars in four countries and has plants in two more countries."),
    ("en", "The Zeekr 7X is sold in 45 countries."),
    ("en", "Rival Tesla, which is present in 50 countries, sold more."),
    ("en", "Zeekr does not sell cars in 30 countries."),
    ("en", "Zeekr could be in 60 markets one day."),
    ("en", "Zeekr opened 12 stores in three countries last month."),
    ("en", "Zeekr raised prices in 14 countries."),
    ("en", "Zeekr reported strong demand in 12 of its markets."),
    ("en", "Zeekr's profit fell in six countries."),
    ("de", "Der Zeekr X wird in 30 Ländern verkauft."),
    ("de", "Das Unternehmen betreibt 172 Märkte in der Schweiz."),
    ("zh", "公司在国内的渠道覆盖223个城市。"),
]


@pytest.mark.parametrize(("language", "text"), NOT_COUNTED)
def test_is_no_count(language: str, text: str) -> None:
    assert read(text, language, "Zeekr") == []


def test_new_markets_are_another_kind() -> None:
    (fact,) = read("The brand will enter 16 new countries next year.", "en", "Zeekr")
    assert isinstance(fact, NewMarkets)
    assert (fact.count, fact.status) == (16, "planned")


def test_two_brands_named_together_have_one_fact_each() -> None:
    text = "Omoda and Jaecoo have set foot in over forty markets around the world."
    both = {("Omoda", "≥ 40"), ("Jaecoo", "≥ 40")}
    assert {(fact.brand, fact.value) for fact in read(text, "en", "Omoda")} == both, "by the rules"
    assert {(fact.brand, fact.value) for fact in read_facts(document(text, "en"), brand="Omoda")} == both


def test_a_target_that_is_reached_already_is_none() -> None:
    text = "The brand is now present in 40 markets. The brand will be present in {} markets by 2027."
    assert [fact.status for fact in read(text.format(40), "en", "Zeekr")] == ["current"]
    assert [fact.status for fact in read(text.format(60), "en", "Zeekr")] == ["current", "planned"]


def test_a_language_of_ones_own_says_what_makes_an_ordinal_and_what_is_about_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swedish = Lexicon("sv", {"numerals": {"marks": {"ordinal": ["e"]}, "rough": {"dussin": 12, "tjog": 20}}})
    monkeypatch.setattr(numerals, "lexicon", lambda _: swedish)
    found = numerals.find("den 18e marknaden, i ett tjog länder, inte 18er", "sv")
    assert [(number.value, number.ordinal, number.qualifier) for number in found] == [
        (18, True, "exact"),
        (20, False, "about"),
        (18, False, "exact"),
    ]


def test_an_ordinal_among_other_news_is_told() -> None:
    text = (
        "At a glance\n"
        "\u2022 Zeekr widens its all-electric course by entering its 40th global market while it improves service.\n"
        "\u2022 Two new EVs made for Europe and China carry its growth in each region.\n"
        "On January 5, Zeekr's plans for 2026 were laid out as the brand confirmed its entry into its 40th "
        "international market, a sign of a push into further regions."
    )
    found = [fact for fact in read_facts(document(text, "en"), brand="Zeekr") if isinstance(fact, MarketCount)]
    assert [(fact.count, fact.qualifier, fact.status) for fact in found] == [(40, "ordinal", "current")]


@pytest.mark.parametrize(
    ("brand", "language", "text"),
    [
        ("smart", "en", "smart presented its new car on Monday in Berlin. Tesla is now sold in 50 markets."),
        ("smart", "de", "smart stellte am Montag ein Auto vor. Tesla wird in 50 Märkten verkauft."),
        ("BYD", "en", "Volvo will enter Ecuador in 2026."),
        ("smart", "en", "Tesla, its rival, is now sold in 50 markets."),
    ],
)
def test_what_a_sentence_says_of_another_brand_is_none_of_this_one(brand: str, language: str, text: str) -> None:
    assert [fact for fact in read_facts(document(text, language), brand=brand) if fact.brand == brand] == []
    own = f"Unlike Tesla, {brand} is sold in 39 markets."
    assert [fact.value for fact in read_facts(document(own, "en"), brand=brand)] == ["39"]


def test_another_brand_is_followed_until_the_own_one_is_named() -> None:
    text = "Tesla is now sold in 50 markets. It has opened its first shop in Peru. smart has entered Chile."
    found = read_facts(document(text, "en"), brand="smart")
    assert [(fact.brand, fact.subject) for fact in found] == [("smart", "CL")]
