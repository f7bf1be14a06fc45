"""Models that texts announce: which, at what stage, when and where; and the many texts that announce none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.models import Document
from monitor.parser import dating, model_announcement, scene
from monitor.parser.features import Describer
from monitor.parser.model_announcement import ModelAnnouncement
from monitor.parser.scene import Finding


def document(text: str, language: str, published: str | None, title: str) -> Document:
    return Document(
        url="https://example.org/", title=title, published=published, published_from=None, language=language, text=text
    )


def findings(
    text: str, language: str = "en", brand: str | None = None, published: str | None = None, title: str = ""
) -> tuple[Finding, ...]:
    read = scene.read(document(text, language, published, title), brand=brand)
    return model_announcement.propose(read, model_announcement.survey(read))


def facts(
    text: str, language: str = "en", brand: str | None = None, published: str | None = None, title: str = ""
) -> list[ModelAnnouncement]:
    """What the rules find, dated as the reader dates it: by the first place where the sentence names the model."""
    told = findings(text, language, brand, published, title)
    assert all(text[found.fact.start : found.fact.end] == found.fact.evidence for found in told if found.fact)
    described = Describer(scene.read(document(text, language, published, title), brand=brand))
    facts = []
    for line, fact in ((described.scene.lines[one.line.number], one.fact) for one in told):
        if isinstance(fact, ModelAnnouncement):
            start = line.start + max(line.text.find(fact.model), 0)
            (when,) = dating.dates(described, [dating.Spot(line, start, start + len(fact.model), fact.stage)])
            facts.append(replace(fact, when=when))
    return facts


TOLD = [
    # language, brand, published, text, model, stage, when
    ("en", "Kia", "2026-03-10", "Kia unveiled the EV2 in Milan on Tuesday.", "EV2", "unveiled", "2026-03-10"),
    ("en", "Kia", "2026-03-10", "The EV2 will go on sale next month.", "EV2", "confirmed", "2026-04"),
    ("en", "Kia", "2026-03-10", "Kia has opened the order books for the EV2.", "EV2", "orders_open", "2026-03-10"),
    ("en", "Kia", "2026-03-10", "The EV2 has gone on sale in France.", "EV2", "launched", "2026-03"),
    ("en", "Kia", "2026-03-10", "Kia handed over the first EV2 cars yesterday.", "EV2", "deliveries", "2026-03-09"),
    ("en", "Kia", "2026-03-10", "Kia is discontinuing the EV2 at the end of 2026.", "EV2", "discontinued", "2026-late"),
    ("en", "Kia", "2026-03-10", "Kia teased the EV2 in a short video.", "EV2", "teased", None),
    ("en", "Kia", "2026-03-10", "Kia announced that the EV2 will debut in late 2026.", "EV2", "confirmed", "2026-late"),
    ("en", "Kia", "2026-03-10", "Kia showed the EV2 today. Deliveries begin in May.", "EV2", "unveiled", "2026-03-10"),
    ("en", "Nintendo", "2025-04-02", "The Switch 2 will be released on June 5.", "Switch 2", "confirmed", "2025-06-05"),
    ("en", "Jaguar", "2024-11-08", "Jaguar has ended production of the F-Type.", "F-Type", "discontinued", "2024-11"),
    ("de", "Opel", "2026-02-01", "Der Opel Corsa ist ab sofort bestellbar.", "Corsa", "orders_open", "2026-02-01"),
    ("de", "BMW", "2025-07-25", "Am 5. September feiert der BMW iX3 Weltpremiere.", "iX3", "confirmed", "2025-09-05"),
    ("de", "Audi", "2024-11-25", "Audi lässt den Q8 e-tron auslaufen.", "Q8 e-tron", "discontinued", "2024-11"),
    ("de", "Skoda", "2025-11-04", "Der Skoda Epiq wird im Mai 2026 enthüllt.", "Epiq", "confirmed", "2026-05"),
    ("fr", "Renault", "2025-09-23", "Renault ouvre les commandes de la Renault 4.", "4", "orders_open", "2025-09-23"),
    ("fr", "BYD", "2026-04-28", "BYD présentera la Dolphin G en octobre.", "Dolphin G", "confirmed", "2026-10"),
    ("fr", "Volvo", "2025-10-21", "Volvo retire la S90 de son catalogue.", "S90", "discontinued", "2025-10"),
    ("es", "Kia", "2026-02-02", "Kia lanzó el EV4 en Colombia.", "EV4", "launched", "2026-02"),
    ("es", "Nissan", "2025-06-17", "Nissan dejará de producir el GT-R en agosto.", "GT-R", "discontinued", "2025-08"),
    ("it", "Fiat", "2025-06-26", "La Fiat Grande Panda arriverà a settembre.", "Grande Panda", "confirmed", "2025-09"),
    ("it", "BYD", "2025-12-03", "BYD ha lanciato in Italia l'Atto 2.", "Atto 2", "launched", "2025-12"),
    ("pt", "Volvo", "2025-09-09", "A Volvo vai apresentar o EX60 a 21 de janeiro.", "EX60", "confirmed", "2026-01-21"),
    ("pt", "Honda", "2025-06-26", "A Honda lançou o WR-V no Brasil.", "WR-V", "launched", "2025-06"),
    ("nl", "Kia", "2026-03-10", "Kia heeft dinsdag de EV2 onthuld.", "EV2", "unveiled", "2026-03-10"),
    ("nl", "Kia", "2026-03-10", "De EV2 is vanaf nu te bestellen.", "EV2", "orders_open", "2026-03-10"),
    ("nl", "Kia", "2026-03-10", "De EV2 staat medio 2026 bij de dealers.", "EV2", "confirmed", "2026-mid"),
    ("nl", "Kia", "2026-03-10", "Kia haalt de EV2 uit het gamma.", "EV2", "discontinued", "2026-03"),
    ("zh", "小米", "2025-05-22", "小米今日正式发布小米YU7。", "YU7", "unveiled", "2025-05-22"),
    ("zh", "小米", "2025-05-22", "小米YU7将于7月上市。", "YU7", "confirmed", "2025-07"),
    ("zh", "理想", "2025-08-05", "理想i8开启交付。", "i8", "deliveries", "2025-08"),
    ("zh", "吉利", "2025-03-18", "吉利银河E8停产。", "银河E8", "discontinued", "2025-03"),
]


@pytest.mark.parametrize(("language", "brand", "published", "text", "model", "stage", "when"), TOLD)
def test_a_step_of_a_model_is_told(
    language: str, brand: str, published: str, text: str, model: str, stage: str, when: str | None
) -> None:
    assert [(f.model, f.stage, f.when) for f in facts(text, language, brand, published)] == [(model, stage, when)]


SILENT = [
    ("en", "Toyota", "Toyota is recalling 135,000 Prius hybrids: the doors may open. The Prius arrived in 2023."),
    ("en", "Hyundai", "Hyundai sold 8,000 of the Ioniq 5 in July, and Tucson sales fell 3%."),
    ("en", "Mini", "Mini may launch an electric Cooper C again. Nothing has been decided."),
    ("en", "Ford", "Ford will start building the redesigned F-150 in Michigan next year."),
    ("en", "Kia", "It was larger than the EV3, and rivals such as the Volvo EX30 cost less."),
    ("en", "Kia", "Kia launched the EV6 in 2021."),
    ("en", "Volkswagen", "The VW ID.3 is not going on sale in the United States, the company said."),
    ("en", "Starlink", "More than 9 million customers are connected in 155 countries."),
    ("de", "Porsche", "Vom Macan verkaufte der Hersteller 23.555 Stück, vom Cayenne 20.000."),
    ("de", "Nio", "72.056 Autos hat Nio im zweiten Quartal 2025 übergeben, darunter 17.081 L90."),
    ("fr", "BMW", "Les iX1, iX2 et i4 portent les ventes de la marque, en hausse de 35 %."),
    ("es", "BYD", "La lista incluye 44.535 Tang fabricados entre 2015 y 2017 que BYD llama a revisión."),
    ("it", "Jeep", "Ad aprile la Jeep Avenger è stata la più venduta con 4.512 unità."),
    ("pt", "Volkswagen", "O Volkswagen Tera não será vendido em Portugal."),
    ("nl", "Toyota", "Toyota roept 12.000 exemplaren van de Prius terug."),
    ("nl", "Kia", "Van de EV6 werden in maart 812 stuks geregistreerd, van de Niro 640."),
    ("zh", "理想", "理想汽车召回11411辆MEGA汽车。"),
    ("zh", "蔚来", "蔚来9月交付新车34749台，其中L90交付过万。"),
]


SILENT += [
    ("en", "Kia", "Jane Porter has confirmed the plan, and Peter Holm unveiled it."),
    ("en", "Kia", "A route south of the Kalahari is scheduled for June."),
    ("en", "Kia", "The Kia EV2 has won a prize, the brand announced."),
    ("en", "Kia", "Kia denied that the EV2 would be discontinued."),
    ("en", "Kia", "Nearly 25 years later, deliveries begin."),
    ("en", "Kia", "Nova presented the Lumen, a large television."),
    ("en", "Kia", "Read also: Kia EV2 unveiled in Milan."),
    ("en", "Kia", "The EV2 starts at 26,000 euros."),
    ("zh", "起亚", "针对“起亚EV2停产”的传闻，起亚称消息不实。"),
]


@pytest.mark.parametrize(("language", "brand", "text"), SILENT)
def test_what_announces_no_model_makes_no_fact(language: str, brand: str, text: str) -> None:
    assert facts(text, language, brand, "2026-01-15") == []


def test_a_title_about_a_test_drive_silences_the_text() -> None:
    text = "The Renault 4 goes on sale in June. It is quick and quiet."
    assert facts(text, brand="Renault", title="Review: Renault 4") == []
    assert [f.model for f in facts(text, brand="Renault", title="Renault 4 arrives")] == ["4"]


RELEASE = """Marvel Nova global plans for 2026
The company plans to bring new cars to several regions.
Nova #4 City-Focused Electric Car
The Nova #4 is positioned as a compact, two-seat electric city car for urban use. It is scheduled to make its global \
debut in Europe in late 2026 and will be developed on the brand's XQA electric platform.
Key highlights of the Nova #4 include:
• Two-seat layout
• Global launch beginning in Europe
• Focus on compact design and efficiency
Nova #7 RX for Japan
This premium electric fastback sedan is planned for launch by mid-2026 and will be offered exclusively in Japan.
"""


def test_a_heading_names_the_model_that_the_text_below_speaks_of() -> None:
    four, seven = facts(RELEASE, brand="Nova", published="2026-01-05")
    assert (four.model, four.stage, four.when, four.markets) == ("#4", "confirmed", "2026-late", ("region:Europe",))
    assert (four.segment, four.platform) == ("two-seat electric city car", "XQA")
    assert (seven.model, seven.stage, seven.when, seven.markets) == ("#7 RX", "confirmed", "2026-mid", ("JP",))
    assert seven.segment == "premium electric fastback sedan"
    assert [one.when for one in facts(RELEASE, brand="Nova", published=None)] == ["2026-late", "2026-mid"]


PLATFORMS = [
    # language, text that unveils the Kia EV2, platform
    ("en", "Kia unveiled the EV2 on Tuesday. It sits on the NEXA Small platform.", "NEXA Small"),
    ("en", "Kia unveiled the EV2 on Tuesday. The car is built on Kia's Ultra architecture.", "Ultra"),
    ("en", "Kia unveiled the EV2 on Tuesday. It uses the Compact Scalable Platform.", "Compact Scalable Platform"),
    ("en", "Kia unveiled the EV2 on Tuesday. Its platform, called N-GMP, is new.", "N-GMP"),
    ("en", "Kia unveiled the EV2 on Tuesday. It shares the N2X platform with the EV4.", "N2X"),
    ("en", "Kia unveiled the EV2 on Tuesday. It has an 800-volt architecture and a Kia platform.", None),
    ("en", "Kia unveiled the EV2 on Tuesday. The EV4 stands on the N2X platform.", None),
    ("de", "Kia hat am Dienstag den EV2 enthüllt. Er steht auf der N-GMP-Plattform.", "N-GMP"),
    (
        "de",
        "Kia hat am Dienstag den EV2 enthüllt. Das SUV nutzt die Plattform NEXA Medium. 25.000 Kunden",
        "NEXA Medium",
    ),
    ("fr", "Kia a dévoilé mardi l'EV2. Il repose sur la plateforme NEXA Small et coûte peu.", "NEXA Small"),
    ("es", "Kia presentó el martes el EV2. Se asienta sobre la base N2X.", "N2X"),
    ("it", "Kia ha svelato martedì la EV2. Nasce sulla piattaforma N-GMP.", "N-GMP"),
    ("zh", "起亚周二发布EV2。新车基于全新开发的NXA架构打造。", "NXA"),
]


@pytest.mark.parametrize(("language", "text", "platform"), PLATFORMS)
def test_a_platform_is_that_of_the_model_spoken_of(language: str, text: str, platform: str | None) -> None:
    told = {fact.model: fact.platform for fact in facts(text, language, "Kia", "2026-03-10")}
    assert told["EV2"] == platform


def test_a_name_that_follows_the_news_takes_it() -> None:
    text = "Kia unveiled a new electric SUV in Seoul on Monday. The EV5 has room for seven."
    assert [(f.model, f.stage) for f in facts(text, brand="Kia", published="2026-03-10")] == [("EV5", "unveiled")]


def test_the_present_tense_and_a_month_mean_the_next_one() -> None:
    (fact,) = facts("The Kia EV2 arrives in showrooms in March.", brand="Kia", published="2025-09-30")
    assert (fact.stage, fact.when) == ("confirmed", "2026-03")


def test_what_comes_in_the_year_of_the_news_is_to_come() -> None:
    (fact,) = facts("The Kia EV2 arrives in Europe in 2025.", brand="Kia", published="2025-02-10")
    assert (fact.stage, fact.when) == ("confirmed", "2025")


def test_a_month_that_has_just_passed_is_no_plan() -> None:
    (fact,) = facts("The Kia EV2 is on sale from November.", brand="Kia", published="2025-12-10")
    assert (fact.stage, fact.when) == ("launched", "2025-11")


def test_prices_in_an_entry_story_tell_of_its_models() -> None:
    text = (
        "Nova has entered Egypt with a showroom in Cairo. The Nova 11, an electric SUV, costs from 3.2 million pounds."
    )
    assert [(f.model, f.stage) for f in facts(text, brand="Nova", published="2026-03-10")] == [("11", "launched")]


def test_a_date_behind_a_comma_is_of_another_step() -> None:
    text = "Nova unveiled the X7, a saloon that could follow the X6 in 2028."
    assert [(f.model, f.stage) for f in facts(text, brand="Nova", published="2026-03-10")] == [("X7", "unveiled")]


def test_a_pronoun_means_the_model_of_the_same_sentence() -> None:
    text = "The Kia EV2 was shown in May; it can now be ordered in France."
    assert [f.stage for f in facts(text, brand="Kia", published="2026-06-10")] == ["orders_open"]


def test_what_only_the_title_tells_is_told_by_the_first_sentence_with_the_name() -> None:
    text = "The BYD Dolphin G recharges in five minutes."
    (fact,) = facts(text, brand="BYD", title="BYD opens Dolphin G orders in Europe", published="2026-04-09")
    assert (fact.model, fact.stage, fact.markets) == ("Dolphin G", "orders_open", ("region:Europe",))


def test_opposite_news_in_two_markets_are_two_facts() -> None:
    text = "The new Ford Ranger has gone on sale in South Africa. Ford will stop selling the Ranger in the US in 2027."
    told = {(f.stage, f.markets) for f in facts(text, brand="Ford", published="2026-05-05")}
    assert told == {("launched", ("ZA",)), ("discontinued", ("US",))}


def test_the_most_advanced_step_counts_and_old_ones_are_background() -> None:
    text = "The Kia EV4 was shown in February. Kia started deliveries of the EV4 this week."
    assert [f.stage for f in facts(text, brand="Kia", published="2026-06-10")] == ["deliveries"]
    text = "The Kia EV4 was shown in February. It goes on sale in September 2026."
    assert [(f.stage, f.when) for f in facts(text, brand="Kia", published="2026-06-10")] == [("confirmed", "2026-09")]


def test_models_of_a_list_share_the_verb() -> None:
    text = "Buyers in France can now order the Polestar 2, Polestar 3 and Polestar 4."
    found = facts(text, brand="Polestar", published="2025-06-04")
    assert [(f.model, f.stage, f.markets) for f in found] == [(m, "orders_open", ("FR",)) for m in "234"]


def test_a_report_from_sources_is_hedged() -> None:
    (fact,) = facts("Sources say BMW will launch the i4 Cabrio in 2028.", brand="BMW", published="2026-07-27")
    assert (fact.model, fact.when, fact.hedged) == ("i4 Cabrio", "2028", True)


def test_a_dropped_sentence_says_why() -> None:
    dropped = findings("Kia sold 9,000 of the EV3 and launched it in 2021.", brand="Kia", published="2026-01-01")
    assert dropped
    assert all(finding.fact is None and finding.why for finding in dropped)


@pytest.mark.parametrize("bait", ["#1 " * 20_000, "A" * 60_000, "launched the X1 and " * 3_000, "iX3, " * 12_000])
def test_bait_is_read_without_harm(bait: str) -> None:
    assert len(facts(bait, brand="BMW", published="2026-01-01")) <= 1


OWNERS = [
    ("Opel", "Opel, the European arm of General Motors, is counting on the Mokka X this year."),
    ("Genesis", "Hyundai's luxury brand will open orders there for the GV60 in May."),
    ("Mahindra", "Next to come is the XUV700, an SUV for which orders are taken."),
    ("Lynk & Co", "Lynk & Co, a brand of Geely and Volvo Cars, marked its start with the crossovers 01 and 05."),
]


@pytest.mark.parametrize(("brand", "text"), OWNERS)
def test_a_model_is_the_brands_whatever_else_opens_the_sentence(brand: str, text: str) -> None:
    read = scene.read(document(text, "en", None, ""), brand=brand)
    told = model_announcement.survey(read).accounts
    assert told
    assert {account.brand for account in told} == {brand}
