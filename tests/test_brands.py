"""Which brand a text is about when its source does not say."""

import pytest

from monitor.parser import brands
from monitor.parser.lexicon import lexicon


def main(title: str, text: str, hint: str | None = None) -> str | None:
    return brands.cast(title, text, hint, lexicon("en")).main


TOLD = [
    ("smart enters Uruguay", "smart has entered Uruguay. The brand will enter Ecuador next year.", "smart"),
    ("smart\u2019s 40th market", "smart is entering its 40th market. The company goes on.", "smart"),
    ("Monzo launches in Ireland", "London-based Monzo launched in Ireland on Tuesday.", "Monzo"),
    ("", "Kestrel has entered Peru. It opened a showroom in Lima. Kestrel sells motorcycles.", "Kestrel"),
    (
        "Glovia opens in May",
        "Glovia has opened a store, Reuters reported in May. Chief executive Anna Nowak said that Glovia grows. "
        "Anna Nowak said so in May. Anna Nowak added more.",
        "Glovia",
    ),
]


@pytest.mark.parametrize(("title", "text", "brand"), TOLD)
def test_the_brand_of_a_text(title: str, text: str, brand: str) -> None:
    assert main(title, text) == brand


def test_places_are_no_brands_and_common_words_need_a_deed() -> None:
    assert main("A smart move in Peru", "The smart choice enters Peru. Smart people agree. Peru grows.") is None
    assert (
        main("", "A cafe opens in Peru. The chain plans to enter Chile. It opened two in Lima. The chain grows.")
        is None
    )
    assert main("", "Sales start in Peru. Sales rose last year.") is None


def test_a_hint_that_is_an_alias_stays_as_it_is_written() -> None:
    assert main("", "", "xpeng") == "XPENG"
    assert main("", "", "Great Wall") == "Great Wall"


def test_an_ambiguous_name_means_the_brand_only_where_it_is_vouched_for() -> None:
    text = "Zeekr sells a smart car. Zeekr rivals smart, the Geely brand."
    spans = ((0, 24), (25, len(text)))
    first, second = brands.cast("", text, "Zeekr", lexicon("en")).names(text, spans)
    assert [name.brand for name in first] == ["Zeekr"]
    assert [name.brand for name in second] == ["Zeekr", "smart", "Geely"]


@pytest.mark.parametrize(
    ("hint", "called"),
    [("SMART", "smart"), ("Skoda", "Skoda"), ("Škoda", "Škoda"), ("skoda", "Škoda"), ("DS", "DS"), ("Acme", "Acme")],
)
def test_a_brand_is_called_as_the_one_who_asks_writes_it(hint: str, called: str) -> None:
    assert main("", "Skoda is in 90 markets, Škoda says.", hint) == called
