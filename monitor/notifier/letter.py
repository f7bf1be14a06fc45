"""A message as a mail: its header, its text and its HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from monitor.models import Alert, Change
from monitor.notifier.messages import Style, body, html_body, subject_line

THREADS = 10
"""How many subjects' threads a mail about several belongs to."""


def email_message(alert: Alert, changes: Sequence[Change], *, sender: str, style: Style, now: datetime) -> EmailMessage:
    """A mail with a text and an HTML part. Its Message-ID is the same on every attempt; `now` is its date."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=_MailPolicy(linesep="\r\n"))
    message["From"] = sender
    message["To"] = alert.recipient
    message["Subject"] = subject_line(alert, changes, style)
    message["Date"] = format_datetime(now.astimezone(style.zone))
    message["Message-ID"] = f"<{alert.id}@{domain}>"
    threads = () if alert.digest else tuple(dict.fromkeys(map(_thread, changes)))[:THREADS]
    if threads:
        message["In-Reply-To"] = f"<{threads[0]}@{domain}>"
        message["References"] = " ".join(f"<{thread}@{domain}>" for thread in threads)
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice answers it
    message.set_content(body(alert, changes, style), cte="quoted-printable")
    html = html_body(alert, changes, style, message["Subject"])
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _thread(change: Change) -> str:
    """One id for all news of one subject, so that mail programs show them as one conversation."""
    words = "\x1f".join(("thread", change.brand, change.kind, change.subject))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]


class _MailPolicy(EmailPolicy):
    """Writes subjects the older way: this one's own folding loses spaces between encoded words (Python 3.11)."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() != "subject":
            usual: str = super().fold(name, value)
            return usual
        charset = "us-ascii" if str(value).isascii() else "utf-8"
        folded = Header(str(value), charset, header_name=name).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii") if name.lower() == "subject" else super().fold_binary(name, value)
