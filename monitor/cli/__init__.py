"""The command line: the only place where the parts are put together.

Here stand the names of the commands and what becomes of errors; each command is in a module of its own and imported
when it is asked for. Exit codes: 0 done; 1 done, but something that was asked for failed; 2 wrong usage or config, with
one clear line; 130 interrupted. What is not expected is a bug and shows its traceback.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from monitor.cli.lazy import LazyGroup, Sections
from monitor.errors import DatabaseBusy, MonitorError
from monitor.exports.cells import inert
from monitor.lean import seldom

PROGRAM = "brand-monitor"

SECTIONS: Sections = {
    "Set up": {
        "init": ("monitor.cli.installing:init", "Write a commented starter config."),
        "doctor": ("monitor.cli.examining:doctor", "Check config, database, clock, network and channels."),
        "backup": ("monitor.cli.saving:backup", "Copy the history, while the service runs."),
        "restore": ("monitor.cli.saving:restore", "Put a backup in the database's place."),
        "demo": ("monitor.cli.demo:demo", "Show the whole of it on a newsroom of its own, without internet."),
    },
    "Watch": {
        "run": ("monitor.cli.running:run", "Watch the sources until stopped: the service."),
        "check": ("monitor.cli.running:check", "Check sources once, now."),
        "test-alert": ("monitor.cli.running:test_alert", "Send a sample through each channel."),
        "silence": ("monitor.cli.alerting:silence", "Hear nothing of a brand, kind or channel for a while."),
    },
    "Ask the history": {
        "web": ("monitor.cli.serving:web", "The history in a browser, and as JSON, CSV and Atom."),
        "changes": ("monitor.cli.listing:changes", "What changed, newest first."),
        "timeline": ("monitor.cli.tracing:timeline", "How what is believed of a brand moved, step by step."),
        "why": ("monitor.cli.tracing:why", "Where a change came from and what became of it."),
        "facts": ("monitor.cli.listing:facts", "The claims that documents make, with their sentences."),
        "conflicts": ("monitor.cli.listing:conflicts", "Where good sources disagree now."),
        "plans": ("monitor.cli.planning:plans", "What is planned, and what is overdue."),
        "documents": ("monitor.cli.listing:documents", "The articles that were read."),
        "checks": ("monitor.cli.listing:checks", "The checks that were made, and what became of each."),
        "alerts": ("monitor.cli.alerting:alerts", "The messages sent or waiting; retry, drop, preview."),
        "sources": ("monitor.cli.listing:sources", "The sources and their health; the catalogue's addresses."),
    },
    "Read again": {
        "replay": ("monitor.cli.replaying:replay", "Read the kept pages again with today's reader."),
        "backtest": ("monitor.cli.backtesting:backtest", "Run archived pages as if they had been watched."),
    },
    "Weigh and exchange": {
        "audit": ("monitor.cli.auditing:audit_command", "What does not add up among a brand's figures."),
        "review": ("monitor.cli.reviewing:review", "Accept, reject or correct single claims."),
        "export": ("monitor.cli.exporting:export", "Changes, facts or documents as CSV, JSON or Atom."),
        "import": (
            "monitor.cli.importing:import_sources",
            "Sources from OPML, urlwatch, webchanges, changedetection.io.",
        ),
    },
    "Read without storing": {
        "extract": ("monitor.cli.reading:extract", "The facts in pages or texts."),
        "evaluate": ("monitor.cli.scoring:evaluate", "Score the reading against labelled documents."),
    },
}


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata  # late: a tenth of the time that `--help` takes

    try:
        number = metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        number = "(a checkout that is not installed)"
    click.echo(f"{PROGRAM} {number}")
    ctx.exit()


@click.group(
    PROGRAM,
    cls=LazyGroup,
    sections=SECTIONS,
    subcommand_metavar="COMMAND …",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="`brand-monitor COMMAND --help` says more. Begin with `brand-monitor demo`, or with `brand-monitor init`.",
)
@click.option("--config", type=click.Path(path_type=Path), help="The config file; before or after the command.")
@click.option("--db", type=click.Path(path_type=Path), help="The database, instead of the config's.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="The version.")
def commands(config: Path | None, db: Path | None) -> None:
    """Watches brand news and reports what changed, each with the sentence that says so."""
    # Both stay in the context's parameters, where `monitor.cli.options.placed` finds them.


def main() -> None:
    """The console command."""
    if sys.stderr is None:  # closed by whoever started this: what is said there is said to nobody
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    if sys.stdout is None:
        _tell(["standard output is closed; to throw it away, write >/dev/null"])
        sys.exit(2)
    piped = not sys.stdout.isatty()
    for stream, encoding in ((sys.stdout, "utf-8" if piped else None), (sys.stderr, None)):
        stream.reconfigure(encoding=encoding, errors="backslashreplace")  # type: ignore[union-attr]
    seldom()
    try:
        sys.exit(run(sys.argv[1:]))
    finally:
        gc.freeze()  # else the interpreter, as it ends, looks through all that is left for garbage


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code. Expected errors are told on stderr, a line each."""
    try:
        code = commands.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        _tell([_usage(error)])
        return 2
    except MonitorError as error:
        _tell(str(error).splitlines())
        return 1 if isinstance(error, DatabaseBusy) else 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> str:
    """A mistake in the arguments, in one line that says where the right ones are."""
    message = " ".join(error.format_message().split())
    message += "" if message.endswith((".", "?", "!")) else "."
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return message
    place = context.command_path.removeprefix(PROGRAM).strip()
    return f"{f'{place}: ' if place else ''}{message} See `{context.command_path} --help`."


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(inert(f"{PROGRAM}: {line}"), err=True)
