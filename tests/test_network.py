"""The network: what tokens it is given, how they stand to a thing, and that the order of words changes its mind."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from monitor.models import Document
from monitor.parser import announcements, counts, dating, entries, facts, lexicon, scene
from monitor.parser.features import Describer
from monitor.parser.network import MENTIONS, STANDINGS, Words, beside_each_other, network, standing
from monitor.parser.tokens import MOST, Piece, named

LABELS = {
    "market_count": counts.LABELS,
    "market_entry": entries.LABELS,
    "model_announcement": announcements.LABELS,
    dating.NAME: (*dating.STEPS, dating.WRONG),
}


def described(text: str, language: str = "en", title: str = "") -> Describer:
    document = Document(
        url="https://example.org/",
        title=title,
        published="2026-03-01",
        published_from=None,
        language=language,
        text=text,
    )
    return Describer(scene.read(document, brand="Zeekr"))


def told(piece: Piece) -> list[str]:
    """Each token as its word, or what stands there instead."""
    return [word or marks[1] for word, marks in zip(piece.words, piece.marks, strict=True)]


def test_a_brand_a_place_a_date_and_a_number_are_told_by_what_they_are() -> None:
    (piece,) = described("Zeekr enters Chile in May 2026, its 40th market.").pieces
    assert told(piece) == [
        "brand own", "enters", "place country", "in", "date future", ",", "its", "number", "market", ".",
    ]  # fmt: skip
    assert "meaning.enter" in piece.marks[1]
    assert piece.clauses == [0] * 6 + [1] * 4


def test_a_script_without_spaces_is_read_by_pairs() -> None:
    (piece,) = described("极氪正式进入智利。", "zh").pieces
    assert told(piece) == ["brand own", "正式", "式进", "进入", "入", "place country", "。"]


def test_the_title_stands_before_the_text_and_holds_no_place_of_it() -> None:
    (piece,) = described("Zeekr grows.", title="Zeekr enters Chile").pieces
    assert told(piece) == ["brand own", "enters", "place country", "brand own", "grows", "."]
    assert piece.lines == [-1, -1, -1, 0, 0, 0]
    assert [piece.at(start) for start in (0, 6, 10)] == [3, 4, 4]


def test_a_long_text_is_read_in_pieces_and_every_candidate_stands_in_one() -> None:
    long = described("It enters Chile with forty new dealers this year. " * 300, title="Zeekr grows")
    assert len(long.pieces) > 2
    assert all(len(piece.words) < MOST + 20 for piece in long.pieces)
    assert {piece.lines[0] for piece in long.pieces} == {-1}, "each piece has the title"
    for candidate in entries.candidates(long).each:
        number, (token, *_) = named(long.pieces, candidate.mentions)
        assert long.pieces[number].marks[token][1] == "place country"


def test_how_tokens_stand_to_a_thing() -> None:
    lines = np.array([-1, 0, 0, 0, 0, 1, 2])
    clauses = np.array([0, 1, 1, 2, 2, 3, 4])
    (found,) = standing(lines, clauses, np.array([[2]]))
    assert found.tolist() == [34, 18, 0, 10, 11, 31, 32]  # title, clause, itself, right, further right, behind, further
    assert found.max() < STANDINGS
    (nearest,) = standing(lines, clauses, np.array([[2, 6]]))
    assert nearest.tolist() == [34, 18, 0, 10, 11, 29, 0]  # of two mentions as near, the first


def test_a_meaning_that_two_words_of_a_token_have_counts_once() -> None:
    once, twice = Piece(["enters"]), Piece(["enters"])
    for piece, times in ((once, 1), (twice, 2)):
        piece.marks, piece.lines, piece.clauses = [("line prose", "word", *["meaning.enter"] * times)], [0], [0]
    assert np.array_equal(network().read(once).tokens, network().read(twice).tokens)


def test_of_many_mentions_the_first_are_looked_at() -> None:
    assert beside_each_other([[3], [4, 5]]).tolist() == [[3, 3], [4, 5]]
    assert beside_each_other([list(range(9))]).tolist() == [list(range(MENTIONS))]


def test_words_are_found_by_their_hash() -> None:
    keys = np.array(sorted(zlib.crc32(word.encode()) for word in ("enters", "进入")), dtype=np.uint32)
    words = Words({"keys": keys, "rows": np.array([[1, 2], [3, 4]], dtype=np.int8), "scales": np.array([0.5, 0.5])})
    vectors = words.vectors(["enters", "unheard", "进入", ""])
    assert sorted(vectors[[0, 2]].tolist()) == [[0.5, 1.0], [1.5, 2.0]]
    assert not vectors[[1, 3]].any()


def weighed(text: str, language: str = "en") -> dict[str, float]:
    """The network's shares for the only place of a text."""
    seen = described(text, language)
    ((number, tokens),) = [named(seen.pieces, one.mentions) for one in entries.candidates(seen).each]
    (share,) = network().weigh("market_entry", seen.seen(number), [tokens])
    return share


@pytest.mark.parametrize(
    ("language", "entered", "left"),
    [
        ("en", "Zeekr has entered Chile.", "Zeekr has left Chile."),
        ("de", "Zeekr ist in Chile an den Start gegangen.", "Zeekr zieht sich aus Chile zurück."),
        ("zh", "极氪正式进入智利市场。", "极氪宣布退出智利市场。"),
        ("nl", "Zeekr is van start gegaan in Chili.", "Zeekr trekt zich terug uit Chili."),
    ],
)
def test_it_tells_coming_from_leaving_also_where_nothing_was_trained(language: str, entered: str, left: str) -> None:
    assert weighed(entered, language)["entered"] > 0.5 > weighed(entered, language)["exited"]
    assert weighed(left, language)["exited"] > weighed(left, language)["entered"]


def test_things_are_weighed_each_by_itself() -> None:
    seen = described("Zeekr opened its first shop in Chile on Monday. It will withdraw from Cuba in May.")
    piece = seen.seen(0)
    things = [named(seen.pieces, one.mentions)[1] for one in entries.candidates(seen).each]
    together = network().weigh("market_entry", piece, things)
    apart = [network().weigh("market_entry", piece, [thing])[0] for thing in things]
    assert [share["entered"] for share in together] == pytest.approx([share["entered"] for share in apart], abs=1e-4)
    assert together[1]["exited"] > together[0]["exited"]


def test_an_account_tells_the_words_that_spoke() -> None:
    document = Document(
        url="https://example.org/",
        title="",
        published="2026-03-01",
        published_from=None,
        language="en",
        text="Zeekr has officially entered Chile.",
    )
    ((finding,),) = [
        [one for one in account.findings if one.kind == "market_entry"]
        for account in facts.explain(document, brand="Zeekr")
    ]
    assert '"entered"' in finding.why


@pytest.mark.parametrize("name", LABELS)
def test_the_shipped_network_fits_the_reader(name: str) -> None:
    seen = described("Zeekr sells the 7X in 40 markets.")
    (share,) = network().weigh(name, seen.seen(0), [[0]])
    assert tuple(share) == LABELS[name]
    assert sum(share.values()) == pytest.approx(1, abs=1e-4)


def test_its_marks_are_those_of_the_languages() -> None:
    roles = {role for code in lexicon.languages() for role in lexicon.lexicon(code).roles}
    assert {mark for mark in network().marks if "." in mark} <= roles
