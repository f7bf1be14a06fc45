"""Command lines run in this process: what they print, what they say, how they end."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

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


def mistake(*arguments: object, stdin: bytes = b"") -> str:
    """The one line that a wrong command line is answered with."""
    result = command(*arguments, stdin=stdin)
    assert (result.code, result.out) == (2, ""), result
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    return result.err
