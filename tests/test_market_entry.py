"""Sentences that say a brand comes to a market, will come, or leaves, and sentences that do not."""

import pytest

from monitor.models import Document
from monitor.parser import market_entry, scene
from monitor.parser.market_entry import MarketEntry


def read(text: str, language: str = "en", brand: str = "Zeekr") -> list[MarketEntry]:
    document = Document(url="", title=None, published="2025-06-15", published_from=None, language=language, text=text)
    found = market_entry.propose(scene.read(document, brand=brand))
    return [finding.fact for finding in found if isinstance(finding.fact, MarketEntry)]


STEPS = [
    ("en", "Zeekr has officially entered Peru.", {"PE": "entered"}),
    (
        "en",
        "The brand will launch in Peru, Chile and, next year, Ecuador.",
        {"PE": "planned", "CL": "planned", "EC": "planned"},
    ),
    (
        "en",
        "The company opened its first store in Poland last month and will enter Japan in 2026.",
        {"PL": "entered", "JP": "planned"},
    ),
    ("en", "Zeekr is pulling out of Thailand.", {"TH": "exited"}),
    ("en", "Ecuador is the brand's 40th market.", {"EC": "entered"}),
    ("de", "Die Marke startet im Herbst in Österreich.", {"AT": "planned"}),
    ("de", "Zeekr zieht sich aus Norwegen zurück.", {"NO": "exited"}),
    ("fr", "La marque débarque au Maroc.", {"MA": "entered"}),
    ("es", "La marca desembarcó en Perú y en Bolivia.", {"PE": "entered", "BO": "entered"}),
    ("it", "Il marchio sbarca in Grecia.", {"GR": "entered"}),
    ("pt", "A marca iniciou as vendas em Portugal.", {"PT": "entered"}),
    ("zh", "公司计划明年进军阿根廷和秘鲁。", {"AR": "planned", "PE": "planned"}),
    ("zh", "公司計劃明年進軍歐洲。", {"region:Europe": "planned"}),
    ("en", "Zeekr wants to enter ten more countries by December, among them Peru.", {"PE": "planned"}),
    ("en", "Chile gets its first Zeekr showroom in August.", {"CL": "planned"}),
    ("en", "A Greek dealer group will distribute Zeekr in Greece and Cyprus.", {"GR": "planned", "CY": "planned"}),
    ("en", "Zeekr has been granted approval to operate in Chile.", {"CL": "planned"}),
    ("en", "Norway had to wait for years. Zeekr entered the country in May.", {"NO": "entered"}),
    ("en", "Zeekr opened two shops in Denmark on Monday, its first there.", {"DK": "entered"}),
    ("en", "Zeekr's arrival in Malaysia is scheduled for August.", {"MY": "planned"}),
    ("en", "Zeekr has sold its Norwegian business to an importer.", {"NO": "exited"}),
    ("en", "Zeekr goes on sale in Brazil in October.", {"BR": "planned"}),
    ("de", "Die Ankunft von Zeekr in Malaysia ist für August geplant.", {"MY": "planned"}),
    ("fr", "L'arrivée de Zeekr en Grèce est prévue pour août.", {"GR": "planned"}),
    ("es", "La marca tira la toalla en Noruega.", {"NO": "exited"}),
    ("it", "Il marchio getta la spugna in Norvegia.", {"NO": "exited"}),
    ("pt", "A Astara distribuirá a Zeekr no Peru.", {"PE": "planned"}),
    ("nl", "Het merk gaat in het najaar van start in Oostenrijk.", {"AT": "planned"}),
    ("nl", "Zeekr heeft in Polen zijn eerste winkel geopend.", {"PL": "entered"}),
    ("nl", "Zeekr trekt zich terug uit Noorwegen.", {"NO": "exited"}),
    ("nl", "Het merk gooit in Noorwegen de handdoek.", {"NO": "exited"}),
    ("nl", "Zeekr breidt uit naar Spanje en Portugal.", {"ES": "entered", "PT": "entered"}),
    ("zh", "该公司停止在挪威的销售。", {"NO": "exited"}),
]


@pytest.mark.parametrize(("language", "text", "expected"), STEPS)
def test_reads_a_step(language: str, text: str, expected: dict[str, str]) -> None:
    assert {fact.market: fact.status for fact in read(text, language)} == expected


NO_STEPS = [
    ("en", "Zeekr is considering a launch in Canada."),
    ("en", "Zeekr has no plans to enter Canada."),
    ("en", "Zeekr will build a plant in Spain."),
    ("en", "The Zeekr 7X is now available in Australia."),
    ("en", "Rival Xpeng has entered Peru."),
    ("en", "Zeekr has put its launch in Britain on hold."),
    ("en", "Zeekr opened its third showroom in Denmark."),
    ("en", "Zeekr denied that it would enter Canada."),
    ("en", "Chile gets its first Zeekr 7X in August."),
    ("en", "Zeekr plans to shut three shops in Norway."),
    ("de", "Zeekr hat den Start in Großbritannien auf Eis gelegt."),
    ("es", "Zeekr ha suspendido su lanzamiento en el Reino Unido."),
    ("it", "Zeekr ha sospeso il lancio nel Regno Unito."),
    ("zh", "极氪在丹麦的第三家展厅开业。"),
    ("en", "Zeekr sold 1,812 cars in Thailand in April."),
    ("en", "Shares of Zeekr rose in New York after sales in Germany fell."),
    ("de", "Ein Einstieg in Ungarn wird derzeit geprüft."),
    ("fr", "La marque n'envisage pas de venir au Canada."),
    ("es", "La empresa descarta por ahora entrar en Italia."),
    ("nl", "Zeekr onderzoekt of het in Hongarije kan starten."),
    ("nl", "Zeekr heeft de start in Groot-Brittannië in de ijskast gezet."),
    ("nl", "Zeekr verkocht in april in Thailand 1.812 auto's."),
    ("nl", "Het merk is in 30 landen actief, vooral in Europa."),
]


@pytest.mark.parametrize(("language", "text"), NO_STEPS)
def test_is_no_step(language: str, text: str) -> None:
    assert [fact for fact in read(text, language) if fact.basis == "event"] == []


def test_home_is_no_market_to_enter() -> None:
    assert [fact.market for fact in read("Zeekr launches in China and Norway.") if fact.basis == "event"] == ["NO"]


def test_a_region_is_left_out_when_its_countries_are_named() -> None:
    text = "Zeekr will enter Southeast Asia. The brand will launch in Thailand and Malaysia in 2026."
    assert {fact.market for fact in read(text)} == {"TH", "MY"}


@pytest.mark.parametrize(
    "text",
    [
        "The luxury arm of Hyundai Motor will enter France in May.",
        "The luxury arm of Hyundai Motor announced today that it will enter France in May.",
    ],
)
def test_a_step_is_not_the_parents_whose_brand_is_spoken_of(text: str) -> None:
    assert [(fact.brand, fact.market) for fact in read(text, brand="Genesis")] == [("Genesis", "FR")]
