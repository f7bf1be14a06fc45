"""What strangers send to the page on this machine: names that are not ours, writes from elsewhere, pages that act."""

from __future__ import annotations

from collections.abc import Mapping

ACCEPT = {"verdict": "accept", "by": "Ann Example"}
"""A review, as the form sends it."""

FOREIGN_HOSTS = (
    *("evil.example", "127.0.0.1.evil.example", "evil.example:8484", "localhost.evil", "127.0.0.2", "[::2]", ""),
    *("a@localhost", "localhost:x", "localhost/evil", "0.0.0.0", "127.0.0.1:8484@evil.example", "%31%32%37.0.0.1"),
)
OWN_HOSTS = ("127.0.0.1", "localhost:8484", "LOCALHOST", "[::1]:9000", "localhost.")

ELSEWHERE: tuple[Mapping[str, str], ...] = (
    {"origin": "https://evil.example"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "http://localhost:{port}"},
    {"origin": "http://{host}.evil.example"},
    {"origin": "ftp://{host}"},
    {"origin": "null"},
    {"origin": ""},
    {},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
)
"""What browsers say of a write that comes from another site's page; {host}: ours, with its {port}."""

_SCRIPT = "<script>alert(1)</script>"
KEPT_PAGES: tuple[tuple[str, bytes], ...] = (
    ("text/html; charset=utf-8", f"<title>News</title>{_SCRIPT}<p>smart is now present in 39 markets.</p>".encode()),
    ("text/html", b"\xef\xbb\xbf<body onload=alert(1)>smart"),
    ("text/html; charset=utf-16", f"<html>{_SCRIPT}".encode("utf-16")),
    ("text/html; charset=utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    ("application/xhtml+xml", f'<html xmlns="http://www.w3.org/1999/xhtml">{_SCRIPT}</html>'.encode()),
    ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    ("text/xml", b'<?xml-stylesheet type="text/xsl" href="https://evil.example/x.xsl"?><a/>'),
    ("application/javascript", b"alert(document.cookie)"),
    ("text/html\r\nset-cookie: a=b", b"<meta http-equiv=refresh content='0; url=//evil.example'>"),
)
"""Kept pages that would act if a browser took them for what they are: the type that their server said, the bytes."""


def from_elsewhere(sent: Mapping[str, str], host: str) -> dict[str, str]:
    """The headers of ELSEWHERE for a page of this host."""
    port = host.rpartition(":")[2]
    return {name: value.replace("{host}", host).replace("{port}", port) for name, value in sent.items()}
