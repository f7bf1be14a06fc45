"""What the demo shows: calm in a terminal, plain when piped, never wider than 80 columns.

Everything that is shown of a round was seen: the checks as recorded, the messages as the sinks received them, the
reasons as the history keeps them. Decides nothing.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from monitor.cli.demo import folder
from monitor.cli.demo.mailbox import text_of
from monitor.cli.demo.rendering import day
from monitor.cli.demo.stage import Message, Seen, Silence
from monitor.cli.demo.story import Day, Round
from monitor.cli.service import Checked
from monitor.exports.cells import inert, shortened
from monitor.models import ChangeKind

WIDEST = 80
_STYLES = {"new": "green", "changed": "cyan", "disputed": "yellow", "corrected": "magenta", "resolved": "blue"}
_BOTH_SIDES = (ChangeKind.DISPUTED, ChangeKind.CORRECTED)
_QUOTED = 150
"""Characters of a sentence that are shown; the mail has all of it."""


class Screen:
    """Writes to standard output as the demo goes on."""

    def __init__(self) -> None:
        width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
        self._console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)

    def opening(self) -> None:
        self._show(
            "Three invented sites on this machine publish over four days. The service checks them, weighs what they "
            "say against each other, and tells what changed by mail and by webhook. Nothing leaves this machine."
        )

    def day(self, number: int, shown: Day) -> None:
        moment = shown.rounds[0].at
        self._heading(f"Day {number}, {moment:%A} {day(moment)}: {shown.title}")

    def published(self, round_: Round) -> None:
        table = _grid(15)
        for article in round_.articles:
            again = Text(" (a new version)" if article.updated else "", "dim")
            table.add_row(article.site.title, Text(article.title) + again)
        self._block("online", table)

    def seen(self, round_: Round, seen: Seen) -> None:
        table = _grid(15)
        for checked in seen.checks:
            table.add_row(checked.source.name, _found(checked))
        self._block(f"{round_.at:%H:%M}", table)
        if seen.told:
            self._block("told", _told(seen.told))
            self._block("sent", "\n".join(dict.fromkeys(map(_sent, seen.told))))
        if seen.silent:
            self._block("not told", _silent(seen.silent))

    def timeline(self, brand: str, steps: Iterable[Mapping[str, Any]]) -> None:
        """The steps of the market count, as `brand-monitor timeline` has them."""
        self._heading(f"The timeline of {brand}'s market count")
        table = _grid(16, 2, 9)
        for step in steps:
            noticed = datetime.fromisoformat(step["detected_at"])
            change = Text(step["change"], _STYLES[step["change"]])
            table.add_row(Text(f"{noticed:%Y-%m-%d %H:%M}", "dim"), Text(step["believed"], "bold"), change, _said(step))
        self._show(table)

    def mail(self, message: Message) -> None:
        """A mail as it was received: its main headers and its text part."""
        assert message.mail is not None
        self._heading("The mail of the dispute, as it was received")
        lines = [f"{name}: {message.mail[name]}" for name in ("From", "To", "Date", "Subject")]
        body = "\n".join(map(inert, (*lines, "", *text_of(message.mail).strip().splitlines())))
        table = _grid(1)
        for line in Text(body).wrap(self._console, self._console.width - 8):
            table.add_row(Text("│", "dim"), line)
        self._show(table)

    def closing(self, directory: Path, told: int, dispute: str, seconds: float) -> None:
        self._heading("Yours to explore")
        database, program = directory / folder.DATABASE, _program()
        self._show(
            f"{told} changes were told, each once by mail and once by webhook. That took {seconds:.0f} s. "
            f"The history stays in {database}:"
        )
        for words in ("timeline smart", f"why {dispute[:8]}", "changes", "facts", "alerts"):
            self._command(f"{program} --db {database} {words}")
        self._command(" ".join(("sqlite3", str(database), "'SELECT outlet, value, evidence FROM facts'")))
        click.echo()
        self._show(f"The service's config was {directory / folder.CONFIG}; `{program} init` writes one of your own.")

    def _heading(self, text: str) -> None:
        self._show(Rule(Text(text, "bold"), align="left", style="dim"), indent=0)

    def _block(self, label: str, content: RenderableType) -> None:
        table = _grid(8)
        table.add_row(Text(label, "dim"), content)
        self._show(table)

    def _show(self, content: RenderableType, indent: int = 2) -> None:
        """Prints with a margin and an empty line after it, without blanks at the ends of lines."""
        with self._console.capture() as capture:
            self._console.print(Padding(content, (0, indent, 1, indent)))
        click.echo("\n".join(line.rstrip() for line in capture.get().split("\n")), nl=False)

    def _command(self, line: str) -> None:
        """A line to be copied: never broken."""
        click.secho(f"    {line}", fg="cyan")


def _grid(*widths: int) -> Table:
    """Columns of at least these widths, and one more that takes the rest."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for width in widths:
        table.add_column(min_width=width, no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _found(checked: Checked) -> str:
    observation = checked.observation
    if not observation.outcome.good:
        return f"{observation.outcome}: {inert(observation.reason or '')}"
    read = [reading for reading in observation.readings if reading.document]
    if not read:
        return "nothing new"
    facts = sum(len(reading.facts) for reading in read)
    return f"{_counted(len(read), 'article')} read, {_counted(facts, 'fact') if facts else 'no facts'}"


def _told(messages: Sequence[Message]) -> Table:
    """What arrived, each with who says so and why it counts as a change."""
    table = _grid(9)
    for place, message in enumerate(messages):
        change = message.change
        if place:
            table.add_row()
        news = str(message.mail["Subject"]) if message.mail is not None else change.text
        table.add_row(Text(change.change, _STYLES[change.change]), Text(inert(news), "bold"))
        for source in change.sources[: 2 if change.change in _BOTH_SIDES else 1]:
            table.add_row("", f"{inert(source.outlet)}: “{shortened(inert(source.evidence), _QUOTED)}”")
        table.add_row("", Text(f"why: {inert(change.rule)}", "dim"))
    return table


def _silent(silences: Iterable[Silence]) -> Table:
    table = _grid()
    for silence in silences:
        table.add_row(inert(silence.text))
        table.add_row(Text(f"why: {inert(silence.reason)}", "dim"))
    return table


def _said(step: Mapping[str, Any]) -> str:
    """Who moved the belief, or what it was moved against."""
    first = inert(step["sources"][0]["outlet"]) if step["sources"] else ""
    match step["change"]:
        case ChangeKind.DISPUTED:
            return f"{first} says {step['after_value']}"
        case ChangeKind.CORRECTED:
            return f"{step['before_value']} was taken back by its source"
    return first


def _sent(message: Message) -> str:
    """How it arrived, by what the sinks hold, and which rule asked for it."""
    mail = f"mail to {inert(str(message.mail['To']))}" if message.mail is not None else ""
    hook = "webhook, its signature verified" if message.posted else ""
    rules = dict.fromkeys(inert(alert["rule"]) for alert in message.alerts)
    return f"{'; '.join(filter(None, (mail, hook)))}\nas the alert rule “{', '.join(rules)}” asks"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _program() -> str:
    """How brand-monitor is called here, so that the lines can be copied."""
    if shutil.which("brand-monitor"):
        return "brand-monitor"
    return sys.argv[0] if Path(sys.argv[0]).name == "brand-monitor" else "python -m monitor"
