"""The sign of life: an address that is asked as long as all is well. Whoever waits for it notices when none comes."""

from __future__ import annotations

import logging

from monitor.errors import MonitorError
from monitor.notifier.inert import answer_words, web_link
from monitor.notifier.wire import Wire
from monitor.secret import Secret
from monitor.settings import HttpSettings

log = logging.getLogger(__name__)


async def beat(address: Secret, http: HttpSettings) -> bool:
    """Asks the address once (GET, no data). Says whether the other side took it; what went wrong is logged."""
    try:
        url = web_link(address.reveal())
        if url is None:
            log.warning("no heartbeat: what %r names is no web address", address)
            return False
        wire = Wire(url, http)
        try:
            status, _, words = await wire.ask("GET")
        finally:
            await wire.aclose()
    except MonitorError as error:
        log.warning("no heartbeat: %s", answer_words(str(error)))
        return False
    if not 200 <= status <= 299:
        log.warning("no heartbeat: HTTP %d %s", status, answer_words(words))
        return False
    return True
