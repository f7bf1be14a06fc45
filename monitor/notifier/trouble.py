"""What people are told of a source in trouble, and when it is well again. Pure."""

from __future__ import annotations

from datetime import tzinfo

from monitor.health import Told, Turn
from monitor.models import Notice
from monitor.notifier.inert import one_line
from monitor.notifier.wording import Words, moment_words

_KEYS = {Turn.TROUBLE: "source_down", Turn.GONE: "source_gone", Turn.WELL: "source_again"}


def source_notice(told: Told, words: Words, zone: tzinfo) -> Notice:
    source = told.source
    about = {
        "name": one_line(source.name),
        "brand": one_line(source.brand or ""),
        "reason": one_line(told.reason),
        "since": moment_words(told.since, zone),
        "url": one_line(source.url),
    }
    key = _KEYS[told.turn]
    lines = [
        words.say("notices", f"{key}_since", **about),
        words.say("notices", "source_place" if source.brand else "source_place_of_none", **about),
        words.say("notices", f"{key}_meaning", **about),
    ]
    return Notice(
        type="source", subject=words.say("notices", key, **about), lines=tuple(lines), sources=(told.as_json(),)
    )
