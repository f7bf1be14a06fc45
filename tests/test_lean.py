"""A start without the search for garbage."""

from __future__ import annotations

import gc

from monitor.lean import uncollected


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
