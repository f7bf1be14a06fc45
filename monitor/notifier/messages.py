"""Messages from news (changes, or notices about sources): a mail's subject and two bodies, a webhook's JSON, lines for
a terminal, text for a chat.

    News ─► Story (what people are shown, in words, every word made inert) ─► template or lines

The webhook carries the change as it is; the others carry stories. Nothing is sent here, and no text of a stranger is
ever a template.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.models import Alert, Change, ChangeKind, Citation, Health, News, Notice
from monitor.notifier.inert import one_line, web_link
from monitor.notifier.wording import MEANINGS, fact_words, headline, kind_words, moment_words


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence and who says it. `link` is None when the address is not fit to be one."""

    sentence: str
    title: str
    link: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Story:
    """One piece of news as people are shown it."""

    headline: str
    meaning: str
    rows: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Quote, ...]], ...]
    more: str


def story(news: News, zone: tzinfo) -> Story:
    return _notice_story(news, zone) if isinstance(news, Notice) else _change_story(news, zone)


def _notice_story(notice: Notice, zone: tzinfo) -> Story:
    well = notice.health is Health.WELL
    rows = [
        ("Source", one_line(f"{notice.source}, {notice.brand}" if notice.brand else notice.source)),
        ("It was" if well else "What is wrong", one_line(notice.reason)),
        ("Since", moment_words(notice.since, zone)),
        ("Address", one_line(notice.url)),
    ]
    return Story(
        headline=headline(notice),
        meaning=MEANINGS[notice.health],
        rows=tuple(rows),
        groups=(),
        more="brand-monitor sources",
    )


def _change_story(change: Change, zone: tzinfo) -> Story:
    return Story(
        headline=headline(change),
        meaning=MEANINGS[change.change],
        rows=tuple(_rows(change, zone)),
        groups=tuple((heading, quotes) for heading, quotes in _groups(change) if quotes),
        more=f"brand-monitor why {one_line(change.id)}",
    )


def subject_line(told: Sequence[News]) -> str:
    """The news; for several, the first and how many more. Fit for a header: one line that decodes to itself."""
    more = f", and {len(told) - 1} more" if len(told) > 1 else ""
    return headline(told[0], 150).replace("=?", "= ?") + more


def email_message(alert: Alert, told: Sequence[News], *, sender: str, zone: tzinfo, now: datetime) -> EmailMessage:
    """A mail with a text and an HTML part. Its Message-ID is the same on every attempt; `now` is its date."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=_MailPolicy(linesep="\r\n"))
    message["From"] = sender
    message["To"] = alert.recipient
    message["Subject"] = subject_line(told)
    message["Date"] = format_datetime(now.astimezone(zone))
    message["Message-ID"] = f"<{alert.id}@{domain}>"
    if not alert.digest:
        thread = f"<{_thread(told[0])}@{domain}>"
        message["In-Reply-To"] = thread
        message["References"] = thread
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice answers it
    message.set_content(text_body(told, zone), cte="quoted-printable")
    message.add_alternative(_render("alert.html.j2", told, zone), subtype="html", cte="quoted-printable")
    return message


def text_body(told: Sequence[News], zone: tzinfo) -> str:
    return _render("alert.txt.j2", told, zone)


def webhook_body(alert: Alert, told: Sequence[News]) -> str:
    """The JSON that the contract names. The same on every attempt."""
    body: dict[str, Any]
    if isinstance(told[0], Notice):
        body = {"version": 1, "type": "source", "id": alert.id, "sources": [news.as_json() for news in told]}
    elif alert.digest:
        body = {"version": 1, "type": "digest", "id": alert.id, "changes": [news.as_json() for news in told]}
    else:
        body = {"version": 1, "type": "change", **told[0].as_json()}
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def console_lines(told: Iterable[News], zone: tzinfo) -> str:
    """A few plain lines for each: the news, the first sentence, where to read on."""
    lines: list[str] = []
    for news in told:
        lines += _notice_lines(news, zone) if isinstance(news, Notice) else _change_lines(news, zone)
    return "\n".join(lines) + "\n"


def _notice_lines(notice: Notice, zone: tzinfo) -> Iterable[str]:
    yield f"{moment_words(notice.told_at, zone)}  {headline(notice)}"
    yield "  brand-monitor sources"


def _change_lines(change: Change, zone: tzinfo) -> Iterable[str]:
    yield f"{moment_words(change.detected_at, zone)}  {headline(change)}"
    for citation in change.sources[:1]:
        quote = _quote(citation)
        more = f" (sources: {len(change.sources)})" if len(change.sources) > 1 else ""
        yield f"  “{quote.sentence}”"
        yield f"  {quote.origin}{more}  {quote.link or ''}".rstrip()
    yield f"  brand-monitor why {one_line(change.id)}"


def _rows(change: Change, zone: tzinfo) -> Iterable[tuple[str, str]]:
    disputed = change.change is ChangeKind.DISPUTED
    yield kind_words(change.kind), one_line(f"{change.brand}, {change.subject}")
    if not disputed and change.before is not None:
        yield "Until now", fact_words(change.before)
    yield "Believed now", fact_words(change.before if disputed else change.after)
    yield "When", _when(change)
    yield "Noticed", moment_words(change.detected_at, zone)
    if change.rule:
        yield "Why", one_line(change.rule)


def _when(change: Change) -> str:
    """Since when it is so, or from when on: what the text says; else the day of the first report, said as such."""
    stated = (change.after or {}).get("when")
    reported = min((citation.published[:10] for citation in change.sources if citation.published), default="")
    return (
        one_line(str(stated)) if stated else one_line(f"not stated; reported {reported}" if reported else "not stated")
    )


def _groups(change: Change) -> Iterable[tuple[str, tuple[Quote, ...]]]:
    """The sources under headings: for a dispute each side's own, with its sentence even where no source is at hand."""
    if change.change is not ChangeKind.DISPUTED:
        yield "Sources", tuple(map(_quote, change.sources))
        return
    sides = ((change.before, "Believed"), (change.after, "Against it"))
    told = set()
    for fact, side in sides:
        if fact is not None:
            words = str(fact.get("evidence") or "")
            told.add(words)
            own = [_quote(citation) for citation in change.sources if citation.evidence == words]
            yield f"{side}: {fact_words(fact)}", tuple(own) or _unsourced(fact)
    yield "Also", tuple(_quote(citation) for citation in change.sources if citation.evidence not in told)


def _quote(citation: Citation) -> Quote:
    stated = (citation.outlet, citation.authority, (citation.published or "no date")[:10])
    return Quote(
        sentence=one_line(citation.evidence),
        title=one_line(citation.title or "", 200) or "(without a title)",
        link=web_link(citation.url),
        origin=one_line(", ".join(str(part) for part in stated if part)),
    )


def _unsourced(fact: Mapping[str, Any]) -> tuple[Quote, ...]:
    sentence = one_line(str(fact.get("evidence") or ""))
    return (Quote(sentence, "", None, "told earlier"),) if sentence else ()


def _thread(news: News) -> str:
    """One id for all news of one subject, so that mail programs show them as one conversation."""
    about = ("source", news.source) if isinstance(news, Notice) else (news.brand, news.kind, news.subject)
    words = "\x1f".join(("thread", *about))
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


@cache
def _templates() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=PackageLoader("monitor.notifier"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(template: str, told: Iterable[News], zone: tzinfo) -> str:
    stories = [story(news, zone) for news in told]
    return _templates().get_template(template).render(stories=stories)
