"""Which program a file is of, by what stands in it, and what it holds."""

from __future__ import annotations

import re

from monitor.errors import UsageError
from monitor.exchange import jobs, opml, watches
from monitor.exchange.found import Findings

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S", re.IGNORECASE)


def read(content: bytes) -> Findings:
    """What a file of another program holds. Raises UsageError, in words that follow the file's name."""
    if content.startswith(b"PK\x03\x04"):
        return watches.read_archive(content)
    if content[:200].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        return opml.read(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("neither a text in UTF-8 nor a backup archive") from error
    if text.lstrip()[:1] in ("{", "["):
        return watches.read(text)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise UsageError("there is nothing in it")
    return watches.read_list(text.splitlines()) if _ADDRESS.match(lines[0]) else jobs.read(text)
