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
_ASIAN = {
    "gb18030": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "big5hkscs": ("big5hkscs", "cp950"),
    "cp950": ("cp950", "big5hkscs"),
    "cp932": ("cp932",),
    "euc_jp": ("euc_jp", "cp51932"),
    "cp949": ("cp949",),
    "iso2022_jp": ("iso2022_jp", "cp51932"),
}
"""What is tried for a label of several bytes: makers of text added characters of their own to each."""
_LATIN = "cp1252"
_FEW = 10  # characters that were read, for each broken one
_NEVER = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "undefined"})
_RUNS = re.compile(rb"[\x80-\xff]+")
_LETTERS = re.compile(rb"[\x80-\x9f\xa1-\xff]+")
_SHIFTED = re.compile(rb"\x1b\$[@B]([\x21-\x7e]*)|\x1b\([BJ]")
_EUC = re.compile(rb"\x8e([\xa1-\xdf])|([\xa1-\xfe])([\xa1-\xfe])|[\x80-\xff\x1b]")
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
    mended = content.decode("utf-8", "replace")
    if _nearly_all(mended, 1 if "utf-8" in labels else _FEW):  # text of one byte a character makes hardly any of UTF-8
        return mended
    asian = tuple(dict.fromkeys(wider for name in labels for wider in _ASIAN.get(name, ())))
    for name in (*asian, *_sniffed(content)):
        try:
            return _decoded(content, name)
        except (UnicodeDecodeError, LookupError):
            continue
    mended = min(
        (_decoded(content, name, "replace") for name in asian), key=lambda text: text.count("\ufffd"), default=""
    )
    if _nearly_all(mended, _FEW):
        return mended
    single = [name for name in (*labels, _LATIN) if name not in _ASIAN and name != "utf-8"]
    fitting = [name for name in single if name != _LATIN or _is_latin(content)]
    for name in fitting:
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    if not fitting:
        raise ReadError(Outcome.DECODE_ERROR, "the text's encoding could not be told")
    return content.decode(fitting[0], "replace")


def _nearly_all(text: str, least: int) -> bool:
    """Whether its characters were bytes of this encoding: at least so many beyond ASCII for each broken one."""
    broken = text.count("\ufffd")
    return 0 < broken * least <= sum(c > "\x7f" for c in text) - broken


def _decoded(content: bytes, name: str, errors: str = "strict") -> str:
    if name == "cp51932":
        return _cp51932(content).decode("cp932", errors)
    return content.decode(name, errors)


def _cp51932(content: bytes) -> bytes:
    """EUC-JP and ISO-2022-JP as Shift JIS, for which there is a codec with the makers' own characters."""
    return _EUC.sub(_shift_jis, _SHIFTED.sub(lambda found: bytes(byte | 0x80 for byte in found[1] or b""), content))


def _shift_jis(found: re.Match[bytes]) -> bytes:
    if not found[2]:
        return found[1] or b"\x81 "  # no character: what is broken stays so
    row, cell = found[2][0] - 0x80, found[3][0] - 0x80
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    return bytes([lead, cell + (0x7E if row % 2 == 0 else 0x1F if cell < 0x60 else 0x20)])


def _is_latin(content: bytes) -> bool:
    """Letters with accents stand one by one between others. Where they stand in rows this is another script, and where
    text is shifted by escapes there are none at all."""
    runs = _LETTERS.findall(content[:200_000])
    return sum(map(len, runs)) <= max(20, 2.5 * len(runs)) and (bool(runs) or not _SHIFTED.search(content))


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
