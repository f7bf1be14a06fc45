"""A sample of each torture suite, from the code that `make torture` runs in full."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from torture import alerts, content, feeds, server, service, serving, steady
from torture.bench import SUITES, Suite

GROUPS = (alerts, content, feeds, server, service, serving, steady)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.row}-{suite.run.__name__}")
def test_a_sample_of(suite: Suite, tmp_path: Path) -> None:
    if suite.run is alerts.writes and shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    tally = suite.torture(suite.sample, tmp_path)
    assert tally.failures[suite.allowed :] == []
    assert tally.tried >= suite.sample
