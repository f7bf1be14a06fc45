"""The files of the languages: a mistake in one is told with the file and the key, before anything is read with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import command, mistake

from monitor.errors import ConfigError
from monitor.parser import lexicon

CONFIG = '[[sources]]\nname = "news"\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nenabled = true\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped files that is read instead of them."""
    folder = tmp_path / "config" / "languages"
    shutil.copytree(str(lexicon.shipped("config", "languages")), folder)
    monkeypatch.setattr(lexicon, "shipped", lambda *parts: tmp_path.joinpath(*parts))
    caches = (lexicon.languages, lexicon.lexicon, lexicon._english)
    for cached in caches:
        cached.cache_clear()
    yield folder
    for cached in caches:
        cached.cache_clear()


def told() -> list[str]:
    """What is wrong with the files, without their folder."""
    with pytest.raises(ConfigError) as caught:
        lexicon.check()
    return [line.removeprefix("config/languages/") for line in str(caught.value).splitlines()]


def test_the_files_that_ship_are_right() -> None:
    lexicon.check()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[market_count]\npresence = [", "sv.toml: not valid TOML: "),
        ("[market_count]\npresence = [3]", "sv.toml: market_count.presence: must be a list of texts in quotes"),
        ('[market_count]\npresence = "finns"', "sv.toml: market_count.presence: must be a list of texts in quotes"),
        ('[market_cuont]\npresence = ["finns"]', "sv.toml: market_cuont: there is no such table; did you mean 'market"),
        (
            '[market_count]\npresense = ["finns"]',
            "sv.toml: market_count.presense: there is no such key; did you mean '",
        ),
        ('market_count = ["finns"]', "sv.toml: market_count: must be a table: write [market_count]"),
        ('[shared]\nplan = ["(a|b"]', "sv.toml: shared.plan: the phrase '(a|b' has a bracket without its other"),
        ('[shared]\nplan = ["ska (a|b"]', "sv.toml: shared.plan: the phrase 'ska (a|b' has a bracket without"),
        ('[shared]\nplan = [""]', "sv.toml: shared.plan: the phrase '' must begin with a word"),
        ('[language]\nspaced = "no"', "sv.toml: language.spaced: must be true or false"),
        ('[language.variants]\nfrom = "ab"\nto = "a"', "sv.toml: language.variants: from and to must be of the same"),
        ('[numerals.rough]\ntjog = "20"', "sv.toml: numerals.rough.tjog: must be a whole number"),
        ('[dates.words]\nmonths = ["januari"]', "sv.toml: dates.words.months: must be a list of lists of texts in q"),
        ('[dates.words]\nmoths = [["maj"]]', "sv.toml: dates.words.moths: there is no such key; did you mean 'months'"),
        (
            '[dates.relative_days]\n"igår" = ["igår"]',
            "sv.toml: dates.relative_days.igår: the key must be a whole number",
        ),
        ('[dates.relative_days]\n"-1" = "igår"', "sv.toml: dates.relative_days.-1: must be a list of texts in quotes"),
    ],
)
def test_a_mistake_is_one_line_with_the_file_and_the_key(folder: Path, text: str, line: str) -> None:
    (folder / "sv.toml").write_text(text, encoding="utf-8")
    [said] = told()
    assert said.startswith(line)
    with pytest.raises(ConfigError, match=r"^config/languages/sv\.toml: "):
        lexicon.lexicon("sv")


def test_all_mistakes_of_a_file_are_told_at_once(folder: Path) -> None:
    (folder / "sv.toml").write_text('[shared]\nplan = ["", "(a"]\n', encoding="utf-8")
    (folder / "da.toml").write_text("[shared]\nplan = [1]\nplna = []\n", encoding="utf-8")
    assert [line.split(": ")[0] for line in told()] == ["da.toml", "da.toml", "sv.toml", "sv.toml"]


def test_a_file_that_is_not_utf_8_is_told_with_what_to_do(folder: Path) -> None:
    (folder / "sv.toml").write_bytes('[shared]\nplan = ["på väg"]\n'.encode("latin-1"))
    [said] = told()
    assert said.startswith("sv.toml: is not UTF-8")
    assert said.endswith("save it as UTF-8")


def test_a_file_that_is_named_by_no_code_is_no_language(folder: Path) -> None:
    (folder / "swedish.toml").write_text("[shared]\n", encoding="utf-8")
    assert "swedish" not in lexicon.languages()
    [said] = told()
    assert said.startswith("swedish.toml: is named by no code of two or three small letters")


def test_a_language_may_have_less_than_english(folder: Path) -> None:
    (folder / "sv.toml").write_text('[shared]\nplan = ["ska"]\n', encoding="utf-8")
    lexicon.check()
    assert [cue.role for cue in lexicon.lexicon("sv").find("Märket ska växa.")] == ["shared.plan"]


def test_doctor_and_run_tell_of_it_and_extract_too(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(CONFIG, encoding="utf-8")
    (folder / "sv.toml").write_text("[shared]\nplan = [3]\n", encoding="utf-8")
    line = "config/languages/sv.toml: shared.plan: must be a list of texts in quotes"
    assert mistake("run", "--config", config) == f"brand-monitor: {line}\n"
    assert mistake("extract", "--text", "--lang", "sv", stdin=b"smart ska till Chile.") == f"brand-monitor: {line}\n"
    examined = command("doctor", "--config", config)
    assert f"failed   language  {line}\n" in examined.out
    assert examined.code != 0
