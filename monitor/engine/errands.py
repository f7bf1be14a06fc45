"""What engines do, wherever they do it: all that the rest of the program knows of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from monitor.models import Memory, Observation, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One source to observe, and what is remembered of it."""

    source: Source
    memory: Memory


Observe = Callable[[Sequence[Errand]], AsyncGenerator[Observation, None]]
"""Makes the errands of one host, one after the other; each observation comes as soon as it is there.

Where it is stopped on the way, it comes to less: errands without an observation are to be made again.
"""
