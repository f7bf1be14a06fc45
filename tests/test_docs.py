"""What README and docs say exists: commands, options, files, config keys; the config examples load."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from monitor.cli import commands
from monitor.config import load

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def command_lines() -> list[tuple[str, str]]:
    """Every `brand-monitor …` of the pages, in code blocks and in the text."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = page.read_text()
        shown = re.findall(r"^\$ (?:\.\S*/)?(brand-monitor .*)$", text, re.MULTILINE)
        inline = re.findall(r"`(?:.*/)?(brand-monitor [a-z][^`]*)`", text)
        found += [(page.name, line.split("  #")[0].strip()) for line in (*shown, *inline)]
    return found


def test_there_are_examples_to_test() -> None:
    assert len(command_lines()) >= 8


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_commands_and_options_exist(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    with click.Context(commands) as context:
        command = commands.get_command(context, words[0])
        if isinstance(command, click.Group):
            named = command.get_command(context, words[1]) if len(words) > 1 else None
            command = named or (command if command.invoke_without_command else None)
        assert command is not None, f"{page}: {line}"
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for word in words[1:]:
        if word.startswith("--"):
            assert word.split("=")[0] in known, f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_linked_or_named_exist(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"\]\(([^)#:]+)\)", text)
    named += re.findall(r"`((?:monitor|config|db/queries|db/migrations|docs|tests)/[\w./-]*)`", text)
    missing = [name for name in named if not ((page.parent / name).exists() or (ROOT / name).exists())]
    assert missing == [] or missing == ["db/monitor.db"]


@pytest.mark.parametrize(
    "example", [block for page in PAGES for block in blocks(page, "toml") if "[[sources]]" in block]
)
def test_config_examples_load(example: str, tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(example)
    assert load(path).sources


def test_make_targets_of_the_readme_exist() -> None:
    made = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text())) - {"it"} <= made


def test_the_first_result_stands_within_the_first_thirty_lines() -> None:
    head = (ROOT / "README.md").read_text().splitlines()[:30]
    assert any("make demo" in line for line in head)
    assert any("disputed" in line for line in head)
