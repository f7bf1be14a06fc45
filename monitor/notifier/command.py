"""One message to a program of the user's own: the JSON that a webhook gets, on standard input.

Started without a shell, in a process group of its own, with little more than a PATH in its environment: the secrets of
the service are not its business. 0 is sent, another exit code may pass; what takes too long is killed with all that it
has started.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from monitor.models import Alert, Answer, Change, Delivery
from monitor.notifier.channel import Unreachable
from monitor.notifier.inert import answer_words
from monitor.notifier.messages import json_body
from monitor.settings import CommandChannel

MOST_READ = 4096
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")


class CommandSender:
    """The way out of one command channel."""

    def __init__(self, channel: CommandChannel) -> None:
        self._channel = channel

    async def send(self, alert: Alert, changes: Sequence[Change]) -> Delivery:
        """One attempt. Raises Unreachable when the program cannot be started or takes too long."""
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment["BRAND_MONITOR_ALERT"] = alert.id
        try:
            process = await asyncio.create_subprocess_exec(
                *self._channel.command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
            )
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise Unreachable(f"{self._channel.command[0]} cannot be started: {words}") from error
        seconds = self._channel.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                said = await _converse(process, json_body(alert, changes).encode())
        except TimeoutError as error:
            raise Unreachable(f"{self._channel.command[0]} took longer than {seconds:g} s") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        words = f": {answer_words(said)}" if said.strip() else ""
        answer = Answer.SENT if process.returncode == 0 else Answer.RETRY
        return Delivery(answer=answer, detail=f"exit code {process.returncode}{words}")

    async def aclose(self) -> None:
        return None


async def _converse(process: Process, content: bytes) -> bytes:
    """Hands the message over and waits for the end. Returns what the program says, its complaints before the rest."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    _, said, complaints, _ = await asyncio.gather(
        _write(process.stdin, content), _read(process.stdout), _read(process.stderr), process.wait()
    )
    return complaints or said


async def _write(stream: asyncio.StreamWriter, content: bytes) -> None:
    with suppress(ConnectionError):  # it need not read what it does not want
        stream.write(content)
        await stream.drain()
    stream.close()


async def _read(stream: asyncio.StreamReader) -> bytes:
    """The beginning; the rest is read too, so that the program does not wait for a reader."""
    kept = b""
    while chunk := await stream.read(MOST_READ):
        kept = (kept + chunk)[:MOST_READ]
    return kept
