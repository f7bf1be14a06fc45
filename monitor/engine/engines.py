"""Where `observe` runs and stored pages are read. Nobody outside knows which engine it is.

observing ─► an Engine: this process with a cage of children, or the workers of a Dask cluster
reading   ─► Readers: child processes of this machine, or the workers of a Dask cluster
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.engine.errands import Engine, Readers, Workers
from monitor.engine.local import LocalEngine, LocalReaders
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.settings import EngineSettings, HttpSettings


def observing(engine: EngineSettings, http: HttpSettings, *, clock: Callable[[], datetime]) -> Engine:
    """The engine that the config names. Raises ConfigError when its extra is not installed."""
    if engine.kind == "local":
        return LocalEngine(http, clock=clock)
    found: Engine = _dask().DaskEngine(engine, http, clock=clock)
    return found


def reading(engine: EngineSettings) -> Readers:
    """The readers that the config names. Raises ConfigError when their extra is not installed."""
    if engine.kind == "local":
        return LocalReaders(engine.processes)
    found: Readers = _dask().DaskReaders(engine)
    return found


async def examine(engine: EngineSettings) -> Workers | None:
    """Who there is on other machines; None where this machine does it all. Raises ConfigError as opening an engine
    does."""
    if engine.kind == "local":
        return None
    found: Workers = await _dask().examine(engine)
    return found


def _dask() -> Any:
    try:
        return importlib.import_module("monitor.engine.dask")  # an extra: only when it is used
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise ConfigError("[engine]: kind = \"dask\" needs the extra: pip install 'brand-monitor[cluster]'") from None
