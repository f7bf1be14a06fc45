"""The service beside servers that hang, measured from within its process. Run by the suite A1.

python hanging.py HANGING GOOD SECONDS FOLDER -> latest start (s), bad checks, peak memory, good checks, longest hold
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.cli.running import _allow_sockets
from monitor.cli.service import Checked, Service
from monitor.models import Source
from monitor.scheduler import Scheduler
from monitor.settings import Settings

PAGE = (
    "<html><head><title>News</title></head><body><main>"
    + "".join(
        f'<article><h2><a href="/news/a-story-about-number-{n}">A story about number {n} of them all</a></h2></article>'
        for n in range(12)
    )
    + "</main></body></html>"
)


def serve(ports: multiprocessing.Queue[int]) -> None:
    """One server for all of 127.0.0.0/8: 127.1.x.y hang, 127.2.x.y answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hangs = writer.get_extra_info("sockname")[0].startswith("127.1.")
        try:
            while data := await reader.readuntil(b"\r\n\r\n"):
                if hangs:
                    await asyncio.sleep(600)
                found = data.split(b" ")[1] in (b"/", b"/news/")
                body = PAGE.encode() if found else b"no"
                head = [
                    f"HTTP/1.1 {200 if found else 404} X",
                    "Content-Type: text/html",
                    f"Content-Length: {len(body)}",
                ]
                writer.write("\r\n".join([*head, "", ""]).encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def work() -> None:
        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=4_096)
        ports.put(server.sockets[0].getsockname()[1])
        parent = os.getppid()
        while os.getppid() == parent:  # noqa: ASYNC110  # whoever measures may be killed
            await asyncio.sleep(0.5)

    _allow_sockets()
    asyncio.run(work())


class Timed(Service):
    """Keeps how late good sources start."""

    latest = timedelta(0)

    async def check(self, sources: Sequence[Source], *more: Any) -> None:
        [source] = sources
        db = self._history._store
        query = "SELECT next_due FROM source WHERE name = ?"
        row = await self.db(lambda: db.db.execute(query, [source.name]).fetchone())
        if source.name.startswith("good"):
            self.latest = max(self.latest, datetime.now(UTC) - datetime.fromisoformat(row[0]))
        await super().check(sources, *more)


async def measure(settings: Settings, seconds: float) -> None:
    good: list[bool] = []

    def heard(checked: Checked) -> None:
        if checked.source.name.startswith("good"):
            good.append(checked.observation.outcome.good)

    service = Timed(settings, clock=lambda: datetime.now(UTC), rng=random.Random(1), on_checked=heard)
    await service.open()
    scheduler = Scheduler(service, workers=settings.workers, on_bug=lambda bug: None)
    scheduler.start()
    end, hold = time.monotonic() + seconds, 0.0
    wanted = sum(source.name.startswith("good") for source in settings.sources)
    while (now := time.monotonic()) < end or (len(good) < wanted and now < end + 60):
        used = time.thread_time()
        await asyncio.sleep(0.01)
        # on a busy machine others hold the loop up too: what counts is what this thread itself was at
        hold = max(hold, min(time.monotonic() - now - 0.01, time.thread_time() - used))
    service.stop()
    await scheduler.stop(timedelta(0))
    await service.close()
    peak = _peak_memory()
    print(service.latest.total_seconds(), good.count(False), peak, len(good), hold)


def _peak_memory() -> int:
    """In bytes. From /proc: what getrusage says holds the memory of the process that started this one, too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(hanging: int, good: int, seconds: float, folder: Path) -> None:
    logging.disable()
    _allow_sockets()
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    server.start()
    port = ports.get(timeout=30)
    hosts = [("bad", f"127.1.{n // 250}.{n % 250 + 1}") for n in range(hanging)]
    hosts += [("good", f"127.2.{n // 250}.{n % 250 + 1}") for n in range(good)]
    every = "30s" if seconds > 30 else "2s"
    settings = Settings.model_validate(
        {
            "path": folder / "monitor.toml",
            "database": folder / "monitor.db",
            "http": {"allow_private_networks": ["127.0.0.0/8"], "per_host_delay": "0s"},
            "sources": [
                {"name": f"{kind}-{host}", "kind": "listing", "url": f"http://{host}:{port}/news/", "every": every}
                for kind, host in hosts
            ],
        }
    )
    gc.freeze()  # as the service does
    asyncio.run(measure(settings, seconds))
    server.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
