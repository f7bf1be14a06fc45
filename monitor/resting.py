"""Values that went to and fro, unheard after a while: where they stand is told once they hold still."""

from __future__ import annotations

from datetime import datetime

from monitor.history import History
from monitor.models import Change
from monitor.notifier.route import route
from monitor.parser.flapping import STILL, settled
from monitor.settings import Settings


def tell_settled(history: History, settings: Settings, now: datetime) -> tuple[Change, ...]:
    """Tells where values stand that went to and fro unheard and have come to rest. Returns the changes."""
    with history.writing():
        found = [settled(told, last, now) for told, last in history.flapped(now - STILL)]
        changes = tuple(change for change in found if change)
        history.add_changes(changes, None)
        asked = settings.alerts, settings.channels, now, settings.timezone, history.silences(now)
        history.queue(route(changes, *asked, history.identity), now)
    return changes
