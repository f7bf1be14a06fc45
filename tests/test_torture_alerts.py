"""A sample of `make torture`: alerts under kills and failing writes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = pytest.mark.timeout(600)  # processes of their own, on a machine that may be busy


def torture(*arguments: str) -> str:
    paths = os.pathsep.join((str(HERE), str(HERE.parent)))
    done = subprocess.run(
        [sys.executable, "-m", "torture.alerts", *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_change_is_lost_to_kills_and_none_is_told_twice_under_another_id() -> None:
    told = torture("--hostile", "0", "--kills", "8", "--writes", "0")
    found = re.search(r"killed: 8 of 8; changes: (\d+), 0 lost", told)
    assert found is not None, told
    assert int(found[1]) > 1, "the lives were too short for any news"


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_nothing_is_told_that_is_not_stored_when_writes_fail() -> None:
    told = torture("--hostile", "0", "--kills", "0", "--writes", "8")
    found = re.search(r"failed writes: 8 of 8; changes: (\d+), 0 lost", told)
    assert found is not None, told
    assert int(found[1]) > 2, "no write failed after a change was stored"
