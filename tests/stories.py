"""Changes, alerts and channels as the tests of messages and delivery need them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.models import Alert, Authority, Change, ChangeKind, Citation
from monitor.notifier.messages import Style
from monitor.settings import EmailChannel, HttpSettings, WebhookChannel

NOW = datetime(2026, 1, 5, 9, 0, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STYLE = Style(BERLIN)
LOOPBACK = HttpSettings(allow_private_networks=(ip_network("127.0.0.0/8"),))

BELIEVED = "smart is now at home in 39 markets."
AGAINST = "With Hong Kong smart enters its 40th market."

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</blockquote></article><style>body{display:none}</style>",
    "<svg onload=alert(1)>",
    "[x](javascript:alert(1)) javascript:alert(1)",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "nul\x00 bell\x07 back\x08\x08 \x7f",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x9b2J",
    "a\r\nBcc: victim@example.org\r\n\r\nbody",
    "a\nb\rc\x0bd\x0ce\x1cf\x85g\u2028h\u2029i",
    "=?utf-8?q?x=0d=0aBcc:_victim@example.org?=",
    "=?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
    "{{ 7 * 7 }} {% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    '=HYPERLINK("http://evil.example") +1 -1 @SUM(A1)',
    "half \ud83d a pair, \udc00 the other",
    "日本市場に参入 🚗 " * 80,
    "x" * 5000,
    ".\r\n.\r\nQUIT",
    " ",
)


def count(number: int, evidence: str, qualifier: str = "exact") -> dict[str, Any]:
    claim = {"kind": "market_count", "brand": "smart", "count": number, "qualifier": qualifier, "status": "current"}
    rest = {"when": None, "scope": None, "hedged": False, "evidence": evidence, "start": 0, "end": len(evidence)}
    return claim | rest


def citation(evidence: str = BELIEVED, **changed: Any) -> Citation:
    given = {
        "url": "https://media.smart.com/en/39-markets",
        "title": "smart grows",
        "published": "2026-01-05",
        "authority": Authority.OFFICIAL,
        "outlet": "smart.com",
    }
    return Citation(evidence=evidence, **(given | changed))


def change(change_id: str = "c1", **changed: Any) -> Change:
    given: Mapping[str, Any] = {
        "detected_at": NOW,
        "brand": "smart",
        "kind": "market_count",
        "change": ChangeKind.CHANGED,
        "subject": "worldwide",
        "before": count(38, "smart is in 38 markets."),
        "after": count(39, BELIEVED),
        "text": "smart: 38 → 39 markets",
        "rule": "an official source says so",
        "sources": (citation(),),
    }
    return Change(id=change_id, **(dict(given) | changed))


def disputed() -> Change:
    return change(
        change=ChangeKind.DISPUTED,
        before=count(39, BELIEVED),
        after=count(40, AGAINST, "ordinal"),
        text="smart: 39 → 40 markets",
        sources=(
            citation(),
            citation(
                AGAINST,
                url="https://www.electrive.com/40",
                title="smart in Hong Kong",
                authority=Authority.MEDIA,
                outlet="electrive.com",
            ),
        ),
    )


def alert(alert_id: str = "a1", **changed: Any) -> Alert:
    given: dict[str, Any] = {
        "channel": "desk",
        "recipient": "desk@example.org",
        "rule": "all",
        "digest": False,
        "changes": ("c1",),
        "not_before": NOW,
    }
    return Alert(id=alert_id, **(given | changed))


def email(port: int, name: str = "desk", **changed: Any) -> EmailChannel:
    given = {
        "name": name,
        "kind": "email",
        "to": ["desk@example.org"],
        "from": "monitor@example.net",
        "smtp": f"smtp://127.0.0.1:{port}",
    }
    return EmailChannel.model_validate(given | changed, context={"folder": Path("/")})


def webhook(url: str, name: str = "hook", **changed: Any) -> WebhookChannel:
    return WebhookChannel.model_validate({"name": name, "kind": "webhook", "url": url} | changed)
