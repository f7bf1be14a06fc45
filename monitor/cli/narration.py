"""What the service says of its work while it runs: a line a check, and a summary of the first round."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from monitor.cli.loglines import FIELDS, JsonLines, TextLines
from monitor.models import Outcome
from monitor.secret import Secret
from monitor.settings import Settings

if TYPE_CHECKING:  # only named in annotations: the page needs the logging, and nothing of the service
    from monitor.cli.service import Checked

log = logging.getLogger(__name__)


def setup_logging(level: int = logging.INFO, form: str = "text", secrets: Iterable[Secret] = ()) -> None:
    """Logs as lines of text or JSON on standard error; other libraries only when something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(secrets) if form == "json" else TextLines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("monitor").setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def describe(checked: Checked) -> str:
    """One check in one line: what was found, what changed, or what was wrong."""
    observation = checked.observation
    if not observation.outcome.good:
        return f"{checked.source.name}: {observation.outcome}: {observation.reason}"
    read = [reading for reading in observation.readings if reading.document]
    failed = Counter(reading.outcome for reading in observation.readings if not reading.outcome.good)
    parts = [_plural(len(read), "document") + " read"] if read else ["nothing new"]
    facts = sum(len(reading.facts) for reading in read)
    if facts:
        parts.append(_plural(facts, "fact"))
    told = [change for change in checked.changes if not change.silence]
    if len(checked.changes) > len(told):
        parts.append(_plural(len(checked.changes) - len(told), "thing") + " learned as the baseline")
    if told:
        parts.append(_plural(len(told), "change") + ": " + "; ".join(change.text for change in told[:5]))
    if failed:
        parts.append("not read: " + ", ".join(f"{number} {outcome}" for outcome, number in failed.items()))
    return f"{checked.source.name}: {', '.join(parts)}"


def fields(checked: Checked) -> dict[str, Any]:
    """One check for programs that read the log."""
    observation = checked.observation
    took = observation.finished_at - observation.started_at
    return {
        "source": checked.source.name,
        "outcome": str(observation.outcome),
        "reason": observation.reason,
        "seconds": took.total_seconds(),
        "documents": sum(reading.document is not None for reading in observation.readings),
        "facts": sum(len(reading.facts) for reading in observation.readings),
        "changes": [change.id for change in checked.changes],
    }


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


class Round:
    """Hears every check, logs it, and sums up once each enabled source has been checked."""

    def __init__(self, settings: Settings) -> None:
        self._waiting = {source.name for source in settings.sources if source.enabled}
        self._outcomes: Counter[Outcome] = Counter()
        self._learned: list[str] = []

    def heard(self, checked: Checked) -> None:
        good = checked.observation.outcome.good
        log.log(logging.INFO if good else logging.WARNING, "%s", describe(checked), extra={FIELDS: fields(checked)})
        if checked.source.name not in self._waiting:
            return
        self._waiting.discard(checked.source.name)
        self._outcomes[checked.observation.outcome] += 1
        self._learned += [change.text for change in checked.changes]
        if not self._waiting:
            self._sum_up()

    def _sum_up(self) -> None:
        total = self._outcomes.total()
        good = sum(number for outcome, number in self._outcomes.items() if outcome.good)
        log.info("first round done: %d of %s could be read", good, _plural(total, "source"))
        for text in self._learned[:20]:
            log.info("  learned: %s", text)
        if len(self._learned) > 20:
            log.info("  … and %d more: `brand-monitor changes` lists them", len(self._learned) - 20)
        if not good and self._outcomes.keys() <= {Outcome.DNS, Outcome.REFUSED, Outcome.TIMEOUT}:
            log.warning(
                "no source could be reached: this machine seems to be offline. They are retried; nothing is lost"
            )
            log.warning("`brand-monitor demo` shows the service at work without the internet")
