"""The summary of a while: that the monitor still watches, and what it has done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitor.models import Notice
from monitor.notifier.inert import one_line
from monitor.notifier.messages import Style
from monitor.notifier.wording import moment_words

SHOWN = 20
"""How many changes and names are listed."""


def summary(activity: Mapping[str, Any], since: datetime, style: Style) -> Notice:
    """`activity` is what `Queries.activity` says of the time since then."""
    say = style.words.say
    unhealthy: Sequence[str] = activity["unhealthy"]
    changes: Sequence[str] = activity["changes"]
    values = dict(activity) | {"changes": len(changes), "since": moment_words(since, style.zone)}
    lines = [say("notices", "summary_checks", **values)]
    if unhealthy:
        lines.append(say("notices", "summary_unhealthy", names=_listed(unhealthy, ", ")))
    else:
        lines.append(say("notices", "summary_healthy"))
    lines.append(say("notices", "summary_waiting", **values))
    lines.append(say("notices", "summary_changes" if changes else "summary_silent"))
    lines += [f"- {one_line(text, 200)}" for text in changes[:SHOWN]]
    if len(changes) > SHOWN:
        lines.append(f"+ {len(changes) - SHOWN}: brand-monitor changes")
    return Notice(type="summary", subject=say("notices", "summary", **values), lines=tuple(lines))


def _listed(names: Sequence[str], between: str) -> str:
    more = f"{between}+ {len(names) - SHOWN}" if len(names) > SHOWN else ""
    return between.join(one_line(name, 100) for name in names[:SHOWN]) + more
