"""Addresses of articles: made absolute, written in one way, told apart from addresses that are no articles, in order.

Knows no HTML and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from monitor.addresses import wire_name
from monitor.models import Link

_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|_ga|_gl"
    r"|_hs\w{2,4}|hs(?:ctatracking|_\w+)|mkt_tok|vero_id|oly_\w+_id|wt[._]mc(?:_id)?|wt_zmc|(?:pk|mtm|piwik)_\w+"
    r"|at_(?:medium|campaign)\w*|ref_(?:src|url)|guccounter|guce_\w+|cmpid|ncid|s_cid|xtor|trk|smid|spm|yptr|sc_cid)",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid\w*|oscsid|cfid|cftoken)=.*"
    r"|(?:sid|sess(?:ion)?(?:_?id)?)=(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16,}",
    re.IGNORECASE,
)
"""Of whoever asks, and another one at each check. What an article may be numbered with is none: `sid=7`."""
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^/;]*|/\(S\(\w{20,}\)\)(?=/)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_LONGEST = 2_000
_AROUND = "".join(map(chr, range(0x21)))  # all controls and the space
_BREAKS = dict.fromkeys(map(ord, "\t\n\r"))
_SAFE = "%/:=&?~+!$,;'@()*[]|"
_NO_HOST = re.compile(r"[\x00-\x20\x7f]")
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go", "gob", "gouv", "nom"})


def canonical(url: str) -> str | None:
    """The one way we write an address: no fragment, tracking, session, credentials or default port. None: no http(s)
    address. What is around it and broken lines are left out, as browsers do; a space within it is a part of it."""
    url = url.strip(_AROUND).translate(_BREAKS)
    if len(url) > _LONGEST:
        return None
    try:
        return _rewritten(urlsplit(url))
    except ValueError:  # of the host, the port, or a half of a character
        return None


def _rewritten(parts: SplitResult) -> str | None:
    scheme, host = parts.scheme.lower(), wire_name(parts.hostname or "")
    if scheme not in _DEFAULT_PORTS or not host or _NO_HOST.search(host):
        return None
    port = f":{parts.port}" if parts.port else ""
    netloc = f"[{host}]" if ":" in host else host
    netloc += "" if port == _DEFAULT_PORTS[scheme] else port
    query = "&".join(pair for pair in parts.query.split("&") if not _of_the_asker(pair))
    path = _SESSION_IN_PATH.sub("", parts.path)
    return urlunsplit((scheme, netloc, quote(path, _SAFE) or "/", quote(query, _SAFE), ""))


def _of_the_asker(pair: str) -> bool:
    """Whether a part of the query says who asks, or whence, and not for what."""
    return _TRACKING.fullmatch(pair.split("=")[0]) is not None or _SESSION.fullmatch(pair) is not None


def absolute(base: str, href: str) -> str | None:
    """Where `href` on the page `base` leads, canonical; None when that is no http(s) address."""
    href = href.strip()
    if not href or href.startswith("#"):
        return None
    try:
        return canonical(urljoin(base, href))
    except ValueError:
        return None


def same_site(one: str, other: str) -> bool:
    """Whether both addresses are of one site: `www.`, `media.` and no prefix at all are."""
    return site(one) == site(other)


def site(url: str) -> str:
    """The registrable part of the address's host, as well as it can be told without a list of all suffixes."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    labels = host.split(".")
    if re.fullmatch(r"[\d.]+|.*:.*", host) or len(labels) < 3:
        return host.removeprefix("www.")
    keep = 3 if len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-keep:])


def newest(links: Iterable[Link]) -> tuple[Link, ...]:
    """By their dates, newest first; ISO dates sort as texts. Those without one come last, in the order they had."""
    return tuple(sorted(links, key=lambda link: link.published or link.updated or "", reverse=True))
