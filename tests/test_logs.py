"""The log: text for people, JSON for programs; inert whatever strangers wrote, and without the values of secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

import pytest
from street import Street, street

from monitor.cli.loglines import FIELDS, JsonLines, Masking, TextLines
from monitor.settings import Secret

HOSTILE = "A title\x1b[31m red\r\n2026-01-01 00:00:00 INFO all is well\u202e reversed\x00\u2028end"
LINES = [TextLines, JsonLines]


def record(message: str, *arguments: object, raised: bool = False, **fields: object) -> logging.LogRecord:
    error = None
    if raised:
        try:
            json.loads(HOSTILE)
        except ValueError as bad:
            bad.args = (HOSTILE,)
            error = sys.exc_info()
    made = logging.LogRecord("monitor.cli.narration", logging.WARNING, "", 1, message, arguments, error)
    made.created = 1767603612.5
    setattr(made, FIELDS, fields)
    return made


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("raised", [False, True])
def test_what_strangers_wrote_is_inert(lines: type[Masking], raised: bool) -> None:
    line = lines([]).format(record("%s: read", HOSTILE, raised=raised, reason=HOSTILE))
    assert not any(mark in line for mark in "\x1b\r\x00\u202e\u2028")
    starts = [part for part in line.splitlines() if not part.startswith("  ")]
    assert len(starts) == 1, "only a record begins a line at its start"


def test_a_line_of_json_holds_what_programs_want() -> None:
    line = JsonLines([]).format(record("ünread: %s", "timeout", source="a", seconds=1.5, reason=None))
    assert line.isascii()
    assert json.loads(line) == {
        "time": "2026-01-05T09:00:12.500Z",
        "level": "warning",
        "logger": "monitor.cli.narration",
        "message": "ünread: timeout",
        "source": "a",
        "seconds": 1.5,
        "reason": None,
    }
    told = json.loads(JsonLines([]).format(record("a bug", raised=True)))["traceback"]
    assert told[0].startswith("Traceback")
    assert any("JSONDecodeError: A title" in line for line in told)


@pytest.mark.parametrize("lines", LINES)
def test_values_of_secrets_show_as_their_names(
    lines: type[Masking], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret/word")
    monkeypatch.setenv("SHORT", "ab")
    secrets = [Secret(f"env:{name}", tmp_path) for name in ("TOKEN", "SHORT", "MISSING")]
    made = record("asked http://x.example/?t=s3cret%%2Fword and %s", "s3cret/word, ab", reason="s3cret/word")
    line = lines(secrets).format(made)
    assert "s3cret" not in line
    assert line.count("env:TOKEN") >= 2
    assert ", ab" in line


SOURCES = '[[sources]]\nname = "gone"\nkind = "page"\nurl = "{site}/gone"\n[log]\nformat = "json"\n'


def test_the_config_or_the_command_line_says_which(tmp_path: Path) -> None:
    async def first_line(there: Street, *arguments: str) -> str:
        service = await there.start("run", *arguments)
        assert service.stderr
        line = await service.stderr.readline()
        service.kill()
        await service.communicate()
        return line.decode()

    async def scenario() -> tuple[str, str]:
        async with street(tmp_path) as there:
            there.configure(SOURCES, channels=False)
            return await first_line(there), await first_line(there, "--log-format", "text")

    by_config, by_command = asyncio.run(scenario())
    assert json.loads(by_config)["level"] == "info"
    assert by_command.startswith("20")
    assert " INFO    " in by_command
