"""What may be a model's name though nothing vouches for it: proposed whole, at the lowest trust, and not too much."""

from __future__ import annotations

import pytest

from monitor.models import Document
from monitor.parser import model_announcement, names, scene
from monitor.parser.designations import GUESS, Mention
from monitor.parser.wording import Wording


def read(text: str, language: str, brand: str | None, title: str = "") -> scene.Scene:
    document = Document(
        url="https://example.org/", title=title, published=None, published_from=None, language=language, text=text
    )
    return scene.read(document, brand=brand)


def mentions(text: str, language: str = "en", brand: str | None = None) -> list[Mention]:
    scenery = read(text, language, brand)
    lines = [Wording(line) for line in scenery.lines]
    found = names.find(scenery, Wording(scenery.title), lines)
    return [mention for line in lines for mention in found[line.start]]


def proposed(text: str, language: str = "en", brand: str | None = None) -> set[str]:
    return {mention.name for mention in mentions(text, language, brand)}


WHOLE = [
    ("en", "Nothing", "Nothing has shown its next handset, the Phone (2a), in London.", "Phone (2a)"),
    ("en", "Fairphone", "A smartphone that can be mended: the Fairphone (Gen. 6) is on sale.", "(Gen. 6)"),
    ("en", "Ducati", "Ducati unveiled the Multistrada V4 RS motorcycle.", "Multistrada V4 RS"),
    ("en", "Ford", "Ford ends the cars Figo, Aspire and EcoSport in India.", "Aspire"),
    ("en", "Tesla", "The new Roadster, a sports car, will be shown in April.", "Roadster"),
    ("en", "Samsung", "Samsung launched the Galaxy S26 phone.", "Galaxy S26"),
    ("en", "Lumière", "The perfume “Eau de Minuit” goes on sale in May.", "Eau de Minuit"),
    ("en", "Proton", "Proton will launch the electric car e.MAS 5 in October.", "e.MAS 5"),
    ("en", "Xiaomi", "Also coming is a phone, the £99 Redmi 6A.", "Redmi 6A"),
    ("en", "Google", "10:27 Pixel Stand, a charger for the phone, is here.", "Pixel Stand"),
    ("en", "Triumph", "New bikes are the Bonneville T100, the Street Triple and the Speed Twin.", "Street Triple"),
    ("en", "Land Rover", "The Range Rover Velar, an SUV, goes on sale in May.", "Range Rover Velar"),
    ("en", "Saab", "The new Saab 9-5 made its debut.", "9-5"),
    ("en", "Ducati", "The new bikes:\n* Monster: fifth generation, 4kg lighter.", "Monster"),
    ("en", "Vauxhall", "The range of cars opens with the Board, a saloon.", "Board"),
    ("en", "Peugeot", "The maker unveiled the new 3008 in Paris.", "3008"),
    ("en", "Polestar", "Instead the 5, a grand tourer, will come to French roads.", "5"),
    ("en", "Mercedes-Benz", "An A 35 is on the stand as well, a car with 306 hp.", "A 35"),
    ("en", "Realme", "The maker brought the GT 8 Pro to India, a phone with a big battery.", "GT 8 Pro"),
    ("en", "Wuling", "The partner sells the small car Hongguang Mini EV in Vietnam.", "Hongguang Mini EV"),
    ("en", "Apple", "New phones: the iPhone 13 mini leads the range.", "iPhone 13 mini"),
    (
        "en",
        "Ferrari",
        "At the other end, the 12Cilindri Manuale, a run of 599 V12 coupes, can be ordered.",
        "12Cilindri Manuale",
    ),
    ("en", "Volkswagen", "The long-wheelbase Tiguan is in the showrooms.", "Tiguan"),
    (
        "en",
        "Norton",
        "The bikes:\nAtlas | 585cc | red\nNomad | 585cc | blue\nManta | 1200cc | red",
        "Manta",
    ),
    (
        "pt",
        "Fiat",
        "As novidades, carro a carro.\nToro – A picape muda por inteiro em 2027, disse ele.",
        "Toro",
    ),
    ("pt", "Arno", "O liquidificador Clic'Pro Juice chega em maio.", "Clic'Pro Juice"),
    ("de", "Cupra", "Das Sortiment umfasst zunächst Leon, Ateca und Formentor.", "Formentor"),
    ("pt", "GAC", "As vendas de carros começam com o elétrico Aion V em maio.", "Aion V"),
    ("es", "BYD", "La marca ofrece la SUV Tang y el sedán Han desde mayo.", "Han"),
    ("fr", "Peugeot", "Les SUV 2008, 3008 et 5008 arrivent à Manille.", "3008"),
    ("fr", "Omoda", "Les SUV 5 et 7 composent la gamme.", "7"),
    ("de", "KGM", "KGM hat den Musso EV in Seoul enthüllt.", "Musso EV"),
    ("de", "Suzuki", "Suzuki hat den e Vitara als SUV enthüllt.", "e Vitara"),
    ("de", "Volkswagen", "Volkswagen zeigt das Elektroauto ID. Polo in München.", "ID. Polo"),
    ("de", "Iveco", "Der Transporter kommt: Iveco liefert den eDaily aus.", "eDaily"),
    ("de", "Honda", "Das SUV heißt vorläufig e:Ny1 und startet 2027.", "e:Ny1"),
    ("fr", "Lotus", "La berline Lotus arrive en 2027, nom de code Type 133.", "Type 133"),
    ("fr", "Volkswagen", "La citadine ID. Polo sera lancée en mai.", "ID. Polo"),
    ("pt", "Dongfeng", "Em 2027, o SUV Mage acompanhá-lo-á em Portugal.", "Mage"),
    ("es", "Burger King", "Burger King lanza el Whopper Vegano, una novedad, en mayo.", "Whopper Vegano"),
    ("es", "Mitsubishi", "El Pajero, un todoterreno, se despide en 2027.", "Pajero"),
    ("it", "Aprilia", "La moto si chiama RS 457 e sarà lanciata a maggio.", "RS 457"),
    ("zh", "VinFast", "新款电动车VF e34将在五月上市。", "VF e34"),
    ("zh", "广汽", "纯电SUV名叫AION V，明年上市。", "AION V"),
    ("zh", "五菱", "首款全球电动车Air ev今天上市。", "Air ev"),
    ("zh", "荣耀", "手机Magic3与Magic3至臻版同场亮相。", "Magic3至臻版"),
    ("zh", "Nothing", "Nothing今日展示了手机Phone (2a)。", "Phone (2a)"),
    ("zh", "岚图", "新车“追光”将于五月上市。", "追光"),
    ("zh", "比亚迪", "紧凑型SUV宋Plus将于五月上市。", "宋Plus"),
    ("zh", "比亚迪", "首发车型为海豚、元PLUS和汉EV。", "海豚"),
    ("zh", "比亚迪", "首发车型为海豚、元PLUS和汉EV。", "汉EV"),
    ("zh", "比亚迪", "亮相的有元PLUS、汉和唐三款电动车。", "唐"),
    ("zh", "特斯拉", "特斯拉发布了重型卡车Semi。", "Semi"),
]


@pytest.mark.parametrize(("language", "brand", "text", "name"), WHOLE)
def test_a_name_is_proposed_whole(language: str, brand: str, text: str, name: str) -> None:
    assert name in proposed(text, language, brand)


NONE = [
    ("en", "Acme", "Shares rose in Milwaukee, said Jane Miller, the finance director."),
    ("en", "Acme", "DETROIT (Newswire) - Another 500 dealers signed on Monday."),
    ("en", "Acme", "Shares of the car maker (ACME.O) fell; it sold 250,000 cars, each for RMB 148 or Rs 20."),
    ("de", "Acme", "Die Hauptstadt und die Ländern der Region melden 29 000 Besucher."),
    ("fr", "Acme", "Le salon attend 29 000 visiteurs à Lyon."),
    ("zh", "Acme", "公司在北京公布了财报，营收增长5%。"),
]


@pytest.mark.parametrize(("language", "brand", "text"), NONE)
def test_people_places_and_counts_are_not_proposed(language: str, brand: str, text: str) -> None:
    assert proposed(text, language, brand) == set()


def test_what_a_bracket_leaves_out_is_put_back() -> None:
    text = "About the Phone (3a) he spoke at length. A larger handset, the (3a) Pro, was launched too."
    assert "Phone (3a) Pro" in proposed(text, brand="Nothing")


def test_a_short_form_stands_for_the_guessed_longer_name_too() -> None:
    text = "Das kompakte SUV VF e34 kommt im Mai. Der e34 kostet 30.000 Euro."
    found = [m for m in mentions(text, "de", "VinFast") if text[m.start : m.end] == "e34"]
    assert {m.name for m in found} == {"e34", "VF e34"}


def test_a_guess_points_at_the_name_wherever_it_stands() -> None:
    text = "Mitsubishi ends an off-roader, the Pajero, a car of 1982. Nobody will miss Pajero spares."
    found = [m for m in mentions(text, brand="Mitsubishi") if m.name == "Pajero"]
    assert len(found) == 2
    assert all(text[m.start : m.end] == "Pajero" for m in found)


def test_a_long_list_is_not_proposed_without_end() -> None:
    cars = ", ".join(f"Zu{chr(97 + n % 26)}ra{chr(97 + n // 26)}" for n in range(200))
    assert len(proposed(f"The new cars are the {cars}.", brand="Acme")) <= 40


def test_the_rules_propose_nothing_of_a_guess() -> None:
    text = "Suzuki hat den e Vitara als SUV enthüllt."
    assert {m.trust for m in mentions(text, "de", "Suzuki")} == {GUESS}
    told = read(text, "de", "Suzuki")
    assert not [one for one in model_announcement.propose(told, model_announcement.survey(told)) if one.fact]


def test_what_only_the_title_names_surely_is_proposed_where_the_text_names_it() -> None:
    text = "Dopo Atto 3 e Han, tocca alla Seal. La berlina è ordinabile."
    told = model_announcement.survey(read(text, "it", "BYD", title="BYD, la Seal sbarca nelle concessionarie italiane"))
    assert "Seal" in {account.name for account in told.accounts if any(mention for _, mention, _ in account.lines)}


def test_what_is_told_as_another_name_may_be_a_model_all_the_same() -> None:
    text = "A Citroën mostrou o C3, um hatch. O terceiro carro, código CC26, terá teto de cupê."
    told = model_announcement.survey(read(text, "pt", "Citroën"))
    assert "CC26" in {account.name for account in told.accounts}


def test_a_plural_stands_for_the_name() -> None:
    assert "i8s" not in proposed("The BMW i8 is here. BMW handed over eight BMW i8s.", brand="BMW")


def test_the_own_brand_is_no_part_of_a_guess() -> None:
    assert "Opel Frontera" not in proposed("Der neue Opel Frontera, ein SUV, ist bestellbar.", "de", "Opel")
