"""A sample of each torture suite, from the code that `make torture` runs in full."""

from __future__ import annotations

from pathlib import Path

import pytest
from torture import content, server, service
from torture.bench import SUITES, Suite

GROUPS = (content, server, service)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.row}-{suite.run.__name__}")
def test_a_sample_of(suite: Suite, tmp_path: Path) -> None:
    tally = suite.torture(suite.sample, tmp_path)
    assert tally.failures[suite.allowed :] == []
    assert tally.tried >= suite.sample
