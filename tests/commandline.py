"""Command lines run in this process: what they print, what they say, how they end."""

from __future__ import annotations

import io
import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.cli import run


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def command(*arguments: object, stdin: bytes = b"") -> Result:
    """Runs `brand-monitor` with these arguments, nobody at a terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(argument) for argument in arguments])
    finally:
        sys.stdin = before
    return Result(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def killed(step: int, targets: Iterable[tuple[Any, str]], *arguments: object) -> bool:
    """Runs the command in a process of its own that is killed when it makes its n-th call of any of these functions,
    each an owner and a name. Whether it came to that."""
    pid = os.fork()
    if pid == 0:
        calls = itertools.count()

        def counted(owner: Any, name: str) -> None:
            call = getattr(owner, name)

            def counting(*given: Any, **named: Any) -> Any:
                if next(calls) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*given, **named)

            setattr(owner, name, counting)

        for owner, name in targets:
            counted(owner, name)
        os._exit(command(*arguments).code)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def everything(database: Path) -> list[str]:
    """All that is in a database; when migrations were applied is of no interest."""
    with closing(sqlite3.connect(database)) as db:
        return [line for line in db.iterdump() if "_sqlite_migrations" not in line]


def mistake(*arguments: object, stdin: bytes = b"") -> str:
    """The one line that a wrong command line is answered with."""
    result = command(*arguments, stdin=stdin)
    assert (result.code, result.out) == (2, ""), result
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    return result.err
