"""Texts cut into sentences: names in lower case, bullets, lines that serve the page, what an article takes back."""

from monitor.parser import sentences


def told(text: str, language: str = "en", names: tuple[str, ...] = ()) -> list[str]:
    return [piece.text for piece in sentences.split(text, language, names) if piece.kind != "service"]


def test_a_brand_in_lower_case_opens_a_sentence() -> None:
    assert told("Chile stays on the road map. smart will enter Ecuador.")[1] == "smart will enter Ecuador."
    assert len(told("It is a start. tomtam will follow.", names=("tomtam",))) == 2
    assert len(told("It grew by approx. two points.")) == 1


def test_a_name_with_a_stop_is_not_cut() -> None:
    for language, text in (("es", "Volkswagen mostró el ID. Cross."), ("fr", "Volkswagen a montré l'ID. Cross.")):
        assert told(text, language) == [text]
    assert told("Es un EV. El coche llega.", "es") == ["Es un EV.", "El coche llega."]


def test_a_latin_name_among_characters_is_not_cut() -> None:
    text = "大众在上海亮出ID. ERA与ID. EVO。第二款电动车e.MAS 5将于明年上市。"
    assert told(text, "zh") == ["大众在上海亮出ID. ERA与ID. EVO。", "第二款电动车e.MAS 5将于明年上市。"]


def test_a_bullet_is_no_part_of_its_sentence() -> None:
    assert told("News:\n- Zeekr enters Peru\n\u2022 Zeekr enters Chile") == [
        "News:",
        "Zeekr enters Peru",
        "Zeekr enters Chile",
    ]


def test_rows_without_bullets_are_items_and_no_headings() -> None:
    rows = "Dominar 160 - R$ 16.280\nDominar 200 - R$ 18.680\nDominar 400 - R$ 24.200"
    kinds = [
        piece.kind for piece in sentences.split(f"Bajaj starts in Brazil\nThree models:\n{rows}\nIt is here.", "en")
    ]
    assert kinds == ["heading", "prose", "item", "item", "item", "prose"]
    assert [piece.kind for piece in sentences.split("Bajaj - a start\nBy A. Nowak - 3 May", "en")] == ["heading"] * 2


def test_rows_of_a_table_are_items_and_a_lone_one_is_a_menu() -> None:
    rows = ["Modell | Klasse | Preis", "T03 | Kleinstwagen | 18.900 Euro", "C10 | SUV | 36.400 Euro"]
    for table in ("\n".join(rows), "\n".join(f"| {row} |" for row in rows)):
        found = sentences.split(table, "de")
        assert [piece.kind for piece in found] == ["item"] * 3
        assert found[1].text.startswith("T03")
    menu = sentences.split("Home | Cars | Contact\nToday it was launched.", "en")
    assert [piece.kind for piece in menu] == ["service", "prose"]


def test_what_is_taken_back_is_not_told() -> None:
    assert told("Correction: an earlier version of this article said that smart was entering its 40th market.") == []
    assert told("An earlier version said it was in 40 markets; it is in 39 markets.") == ["it is in 39 markets."]
    assert told("The article wrongly reported that Zeekr entered Peru. Zeekr entered Chile.") == [
        "Zeekr entered Chile."
    ]


def test_common_words_make_a_service_line_only_when_little_follows() -> None:
    assert told("Popular\nRelated: Zeekr enters Peru\nPopular Chinese brand Zeekr has entered Peru this week.") == [
        "Popular Chinese brand Zeekr has entered Peru this week."
    ]


def test_a_paragraph_is_no_service_line_for_its_first_words() -> None:
    for language, text in (
        ("en", "Also in March, Zeekr has entered Peru."),
        ("en", "More on the road map: Zeekr will enter Chile in May."),
        ("de", "Zum Thema Peru sagte Zeekr, dass der Start bevorsteht."),
        ("fr", "En ce moment, Zeekr arrive au Pérou avec deux modèles."),
    ):
        assert told(text, language) == [text]
    assert told("More on this: Zeekr enters Peru\nÀ découvrir aussi Zeekr au Pérou", "fr") == [
        "More on this: Zeekr enters Peru"
    ]


def test_places_are_those_of_the_text() -> None:
    text = "- One. two\n\nRead also: three\n\u2022 Four! smart is five."
    assert all(text[piece.start : piece.end] == piece.text for piece in sentences.split(text, "en"))
