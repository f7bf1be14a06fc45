"""A start without the search for garbage."""

from __future__ import annotations

import gc

from monitor.lean import SELDOM, seldom, uncollected
from monitor.models import Document
from monitor.parser.facts import read_facts


def test_no_garbage_is_searched_for_in_the_block_nor_later_in_what_it_made() -> None:
    try:
        with uncollected():
            assert not gc.isenabled()
            made = [[number] for number in range(5_000)]
        assert gc.isenabled()
        assert all(not any(one is young for young in gc.get_objects()) for one in made[:3])
    finally:
        gc.unfreeze()


def test_who_had_switched_the_search_off_finds_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_what_was_made_of_a_text_goes_with_it_and_leaves_no_garbage() -> None:
    text = "Zeekr has entered Chile, its 40th market. The Zeekr 7X goes on sale there in May; the 009 follows."
    document = Document(
        url="https://example.org/", title="Zeekr", published="2026-03-01", published_from=None, language="en", text=text
    )
    read_facts(document, brand="Zeekr")  # what is loaded once
    gc.collect()
    gc.disable()
    try:
        assert read_facts(document, brand="Zeekr")
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert [one for one in gc.garbage if type(one).__module__.startswith("monitor.parser")] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_garbage_is_looked_for_more_seldom() -> None:
    usual = gc.get_threshold()
    try:
        seldom()
        assert gc.get_threshold()[0] == SELDOM > usual[0]
    finally:
        gc.set_threshold(*usual)
