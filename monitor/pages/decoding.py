"""Bytes to text: what the bytes themselves show counts more than what a label says.

A label that flips between two answers must not change the text, so valid UTF-8 is read as UTF-8 whatever header or
meta tag claim. Text that cannot be told raises DECODE_ERROR; nothing is guessed into rubbish.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from monitor.errors import ReadError
from monitor.models import Outcome

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LABEL = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
_HEADER_LABEL = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HEAD = 2_048  # bytes in which a page must declare its charset

# As browsers do: the label names the smaller set, the text uses the larger.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_ASIAN = frozenset({"gb18030", "big5", "big5hkscs", "cp932", "euc_jp", "cp949", "iso2022_jp"})
_NEVER = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "undefined"})
_RUNS = re.compile(rb"[\x80-\xff]+")
_RUBBISH = "\ufffd\x00\x01\x02\x03\x04\x05\x06\x0e\x0f\x10"
_BINARY = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")


def decode(content: bytes, content_type: str | None = None) -> str:
    """The text of a page. Raises ReadError(DECODE_ERROR) when it is no text, or none that can be told."""
    if content.startswith(_BINARY):
        raise ReadError(Outcome.DECODE_ERROR, f"no text but a file ({content_type or 'of no declared type'})")
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _clean(content[len(mark) :].decode(encoding, "replace"))
    if b"\x00" in content[:_HEAD]:
        return _clean(_wide(content))
    labels = tuple(_labels(content, content_type))
    if not (b"\x1b" in content and "iso2022_jp" in labels):
        try:
            return _clean(content.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return _clean(_by_label(content, labels))


def _labels(content: bytes, content_type: str | None) -> Iterator[str]:
    """The codecs that header and page name, header first."""
    header = _HEADER_LABEL.search(content_type or "")
    named = [header[1]] if header else []
    named += [found.decode("ascii") for found in _LABEL.findall(content[:_HEAD])]
    for label in named:
        try:
            name = codecs.lookup(label).name
        except (LookupError, ValueError):
            continue
        if name not in _NEVER:
            yield _WIDER.get(name, name)


def _by_label(content: bytes, labels: tuple[str, ...]) -> str:
    """Bytes that are not UTF-8. An Asian label that fits wins over any one-byte label: those fit everything."""
    if "utf-8" in labels or not labels:
        mended = content.decode("utf-8", "replace")
        if mended.count("\ufffd") * 50 < sum(c > "\x7f" for c in mended):  # a few broken bytes in good UTF-8
            return mended
    asian = [name for name in labels if name in _ASIAN] + list(_sniffed(content))
    single = [name for name in labels if name not in _ASIAN and name != "utf-8"]
    for name in (*asian, *single, "cp1252"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode(single[0] if single else "cp1252", "replace")


def _sniffed(content: bytes) -> Iterator[str]:
    """gb18030, when nearly all high bytes stand in pairs of its most common characters."""
    runs = _RUNS.findall(content[:200_000])
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run) - 1, 2)]
    if len(pairs) < 10 or sum(len(run) % 2 for run in runs) > len(runs) * 0.02:
        return
    if sum(0xB0 <= pair[0] <= 0xD7 and pair[1] >= 0xA1 for pair in pairs) > 0.75 * len(pairs):
        yield "gb18030"


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: the NULs of its ASCII characters stand at even or at odd places only."""
    head = content[:_HEAD]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) // 8 or min(even, odd) * 10 > max(even, odd):
        raise ReadError(Outcome.DECODE_ERROR, "no text: NUL bytes all over it")
    return content.decode("utf-16-be" if even > odd else "utf-16-le", "replace")


def _clean(text: str) -> str:
    bad = sum(text.count(sign) for sign in _RUBBISH if sign in text)  # to find none is far cheaper than to count it
    if bad > 20 and bad * 50 > len(text):
        raise ReadError(Outcome.DECODE_ERROR, "the text's encoding could not be told")
    text = text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
