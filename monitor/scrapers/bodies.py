"""Unpacks an answer's body while it comes in, within a bound, and tells a complete body from one that was cut.

Only gzip and deflate are unpacked: nothing else was asked for. No network here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from monitor.errors import FetchError
from monitor.models import Outcome

ACCEPTED = "gzip, deflate"

_NO_PACKING = frozenset({"", "identity", "none", "null", "binary", "8bit", "utf-8", "utf8", "iso-8859-1"})
"""Labels that name no packing; some servers name the encoding of the text there."""

_GZIP_MAGIC = b"\x1f\x8b"
_STEP = 1 << 20  # at most this much comes out of one call, so that a bomb is seen before it goes off
_TRAILING = 20  # comments at the end that are looked behind
_MAX_MEMBERS = 1_000  # of one gzip stream; real ones have one


class Body:
    """One body that grows: feed it what the network brings, then `finish` it.

    Beyond `limit` unpacked bytes it raises TOO_LARGE, or keeps the first `limit` bytes when `cut` is set.
    """

    def __init__(self, encoding: str | None, limit: int, *, cut: bool = False) -> None:
        self._limit = limit
        self._cut = cut
        self._content = bytearray()
        self._received = 0
        self._members = 0
        self._gzip, self._stream = _unpacker(encoding)
        self.full = False
        """The limit is reached and the rest is not wanted (only with `cut`)."""

    @property
    def packed(self) -> bool:
        """Whether it is unpacked, and so shows its own end."""
        return self._stream is not None

    def feed(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._limit:  # as packed; unpacked it is larger still, or it is no use
            self._overflow()
        if self._stream is None:
            self._append(data)
            return
        try:
            self._unpack(data)
        except zlib.error as error:
            raise FetchError(Outcome.INCOMPLETE, f"the compressed body is damaged ({error})") from error

    def finish(self) -> bytes:
        """The whole body. Raises INCOMPLETE when the compressed stream has no end."""
        if self._stream is not None and not self._stream.eof and self._received and not self.full:
            raise FetchError(Outcome.INCOMPLETE, "the compressed body ends before its end")
        return bytes(self._content)

    def _unpack(self, data: bytes) -> None:
        while data and not self.full:
            if self._stream.eof:  # type: ignore[union-attr]
                self._next_member(data)
            stream = self._stream
            if stream is None:
                return
            self._append(stream.decompress(data, _STEP))
            data = stream.unused_data if stream.eof else stream.unconsumed_tail

    def _next_member(self, data: bytes) -> None:
        self._members += 1
        if not self._gzip or not data.startswith(_GZIP_MAGIC[: len(data)]) or self._members > _MAX_MEMBERS:
            raise FetchError(Outcome.INCOMPLETE, "bytes follow the end of the compressed body")
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _append(self, data: bytes) -> None:
        self._content += data
        if len(self._content) > self._limit:
            self._overflow()

    def _overflow(self) -> None:
        if not self._cut:
            raise FetchError(Outcome.TOO_LARGE, f"larger than {_size(self._limit)}")
        del self._content[self._limit :]
        self.full = True


class _Deflate:
    """`deflate` as servers send it: with the zlib wrapper as specified, or raw as some do."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._started = False

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    @property
    def unconsumed_tail(self) -> bytes:
        return self._stream.unconsumed_tail

    def decompress(self, data: bytes, most: int) -> bytes:
        if not self._started:
            self._started = True
            if data[0] & 0x0F != 8:  # zlib's first byte names method 8
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._stream.decompress(data, most)


def _unpacker(encoding: str | None) -> tuple[bool, zlib._Decompress | _Deflate | None]:
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    names = [name for name in names if name not in _NO_PACKING]
    if not names:
        return False, None
    if names in (["gzip"], ["x-gzip"]):
        return True, zlib.decompressobj(zlib.MAX_WBITS | 16)
    if names == ["deflate"]:
        return False, _Deflate()
    shown = ", ".join(names[:3])[:60]
    raise FetchError(Outcome.DECODE_ERROR, f"packed as {shown!r}; only {ACCEPTED} was asked for")


def seems_cut(headers: Mapping[str, str], content: bytes) -> str | None:
    """Why a body that came without any length may have been cut short; None when it shows its end.

    With a length or in chunks the transfer itself tells, and this has nothing to say.
    """
    if "content-length" in headers or "transfer-encoding" in headers:
        return None
    end = _without_comments(content)[-200:].lower()
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:300].lower()
    if head.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf:rdf", b"<urlset", b"<sitemapindex")):
        root = re.search(rb"<([a-z][\w:.-]*)", head)
        missing = "</" + root[1].decode("ascii", "replace") + ">" if root else ">"
        return None if end.endswith(missing.encode()) else _cut_words(missing)
    if head.startswith((b"{", b"[")):
        return None if end.endswith((b"}", b"]")) else _cut_words("its closing bracket")
    if b"<html" in head or b"<!doctype html" in head or "html" in headers.get("content-type", "").lower():
        return None if b"</html>" in end else _cut_words("</html>")
    return None


def _without_comments(content: bytes) -> bytes:
    """The content up to the comments at its end, where caches write what they are and when they were filled."""
    content = content.rstrip()
    for _ in range(_TRAILING):
        start = content.rfind(b"<!--") if content.endswith(b"-->") else -1
        if start < 0:
            break
        content = content[:start].rstrip()
    return content


def _cut_words(missing: str) -> str:
    return f"the connection ended without a length and without {missing}: it may be cut short"


def _size(count: int) -> str:
    return f"{count / 1_000_000:g} MB" if count >= 1_000_000 else f"{count:,} bytes"
