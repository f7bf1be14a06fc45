"""Imports go one way: the contracts of import-linter in pyproject.toml hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_the_path_of_the_data_is_one_screen() -> None:
    assert len((ROOT / "monitor" / "pipeline.py").read_text().splitlines()) <= 80
