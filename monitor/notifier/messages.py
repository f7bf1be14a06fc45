"""Messages from changes: a mail's subject and two bodies, a webhook's JSON, lines for a terminal, text for a chat.

    Change ─► Story (what people are shown, in words, every word made inert) ─► template or lines

The webhook carries the change as it is; the others carry stories. Nothing is sent here, and no text of a stranger is
ever a template.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from monitor.models import Alert, Change, ChangeKind, Citation, Notice
from monitor.notifier.inert import one_line, web_link
from monitor.notifier.marking import Pieces, marked
from monitor.notifier.rendering import Form, Link, Templates
from monitor.notifier.wording import Words, moment_words, moved, words_of

LISTED = 50
"""How many changes a message to people lists; it says how many it does not."""


CARRIED = 500
"""How many changes a message to a program carries; it says how many it does not."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many changes a message lists, how many of them with more than their headline, and with how many sources."""

    listed: int = LISTED
    detailed: int = LISTED
    quoted: int | None = None


SIZES = (
    Size(LISTED, 10, 3),
    Size(LISTED, 3, 3),
    Size(LISTED, 3, 1),
    Size(LISTED, 1, 1),
    Size(LISTED, 0),
    Size(10, 0),
    Size(3, 0),
)
"""Of a message in a chat: the first that there is room for."""


@dataclass(frozen=True, slots=True)
class Style:
    """How messages look: the reader's zone and language, and the templates."""

    zone: tzinfo = UTC
    words: Words = field(default_factory=lambda: words_of("en"))
    templates: Templates = field(default_factory=Templates)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence and who says it. `link` is None when the address is not fit to be one."""

    sentence: str
    title: str
    link: Link | None
    origin: str
    pieces: Pieces
    """The sentence in parts, each with whether it is what matters."""


@dataclass(frozen=True, slots=True)
class Story:
    """One change as people are shown it."""

    headline: str
    meaning: str
    rows: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Quote, ...]], ...]
    more: str


def story(change: Change, style: Style, quoted: int | None = None) -> Story:
    """`quoted`: so many sources of each side at most."""
    words = style.words
    return Story(
        headline=words.headline(change),
        meaning=words.say("meanings", change.change),
        rows=tuple(_rows(change, style)),
        groups=tuple((heading, quotes[:quoted]) for heading, quotes in _groups(change, words) if quotes),
        more=words.say("notes", "more", command=_why(change)),
    )


def subject_line(alert: Alert, changes: Sequence[Change], style: Style) -> str:
    """The news; for several, the first and how many more. Fit for a header: one line that decodes to itself."""
    if alert.notice is not None:
        headline, told = one_line(alert.notice.subject, 150), len(alert.notice.sources)
    else:
        headline, told = style.words.headline(changes[0], 150), len(changes)
    if told > 1:
        headline = style.words.say("notes", "and_more", headline=headline, number=told - 1)
    said = one_line(_render("subject.txt.j2", alert, changes, style, headline=headline), 250)
    return (said or headline).replace("=?", "= ?")


def html_body(alert: Alert, changes: Sequence[Change], style: Style, headline: str) -> str:
    """What people read in a mail program that shows HTML."""
    return _render("alert.html.j2", alert, changes, style, headline=headline)


def body(alert: Alert, changes: Sequence[Change], style: Style) -> str:
    """The text part of a mail."""
    return _render("alert.txt.j2", alert, changes, style, headline=subject_line(alert, changes, style))


def chat_body(alert: Alert, changes: Sequence[Change], form: Form, style: Style, *, room: int) -> str:
    """The text of a message in a chat, of at most `room` bytes: as many changes, and sources of them, as fit.

    Where there is no room for any, how to see them.
    """
    template = "alert.txt.j2" if form == "txt" else f"chat.{form}.j2"
    headline = subject_line(alert, changes, style)
    for size in SIZES:
        text = _render(template, alert, changes, style, headline=headline, size=size)
        if len(text.encode()) <= room:
            return text
    return _show(alert)


def json_body(alert: Alert, changes: Sequence[Change]) -> str:
    """The JSON that the contract names. The same on every attempt."""
    told: dict[str, Any]
    if alert.notice is not None:
        notice = alert.notice
        told = {"type": notice.type, "id": alert.id, "text": notice.subject, "lines": list(notice.lines[:CARRIED])}
        if notice.sources:
            told |= {"sources": list(notice.sources[:CARRIED]), "truncated": len(notice.sources[CARRIED:])}
    elif alert.digest or len(changes) > 1:
        carried = [change.as_json() for change in changes[:CARRIED]]
        told = {"type": "digest", "id": alert.id, "changes": carried}
        told |= {"listed": len(carried), "truncated": len(changes) - len(carried)}
    else:
        told = {"type": "change", **changes[0].as_json()}
    return json.dumps({"version": 1, **told}, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def console_lines(alert: Alert, changes: Sequence[Change], style: Style) -> str:
    """A few plain lines per change: the news, the first sentence, where to read on."""
    words = style.words
    lines: list[str] = []
    if alert.notice is not None:
        lines += [one_line(alert.notice.subject), *(f"  {line}" for line in _notice_lines(alert.notice))]
    for change in changes[:LISTED]:
        lines.append(f"{moment_words(change.detected_at, style.zone)}  {words.headline(change)}")
        for quote in (_quote(citation, change, words) for citation in change.sources[:1]):
            number = words.say("notes", "sources_counted", number=len(change.sources))
            more = f" ({number})" if len(change.sources) > 1 else ""
            lines.append(f"  {words.say('quotation', 'opening')}{quote.sentence}{words.say('quotation', 'closing')}")
            lines.append(f"  {quote.origin}{more}  {quote.link or ''}".rstrip())
        lines.append(f"  {_why(change)}")
    if len(changes) > LISTED:
        lines.append(_cut(alert, len(changes), LISTED, words))
    return "\n".join(lines) + "\n"


def _render(
    template: str,
    alert: Alert,
    changes: Sequence[Change],
    style: Style,
    *,
    headline: str,
    size: Size = Size(),
) -> str:
    """A template with all that templates may use: see docs/alerts.md."""
    notice = alert.notice
    values = {
        "language": style.words.language,
        "quotation": style.words.sections["quotation"],
        "subject": headline,
        "stories": [story(change, style, size.quoted) for change in changes[: size.listed]]
        if template != "subject.txt.j2"
        else [],
        "detailed": size.detailed,
        "cut": _cut(alert, len(changes), size.listed, style.words) if len(changes) > size.listed else "",
        "total": len(changes),
        "lines": _notice_lines(notice, size.listed) if notice else [],
        "brands": list(dict.fromkeys(one_line(change.brand) for change in changes)),
    }
    return style.templates.render(template, values)


def _notice_lines(notice: Notice, listed: int = LISTED) -> list[str]:
    cut = len(notice.lines) - listed
    more = [f"+ {cut}: brand-monitor {'sources' if notice.sources else 'changes'}"] if cut > 0 else []
    return [*(one_line(line) for line in notice.lines[:listed]), *more]


def _cut(alert: Alert, total: int, listed: int, words: Words) -> str:
    """How many changes there are, how many are listed and how many are not."""
    return words.say("notes", "listed", total=total, listed=listed, cut=total - listed, command=_show(alert))


def _show(alert: Alert) -> str:
    return f"brand-monitor alerts show {one_line(alert.id[:12])}"


def _why(change: Change) -> str:
    return f"brand-monitor why {one_line(change.id)}"


def _rows(change: Change, style: Style) -> Iterable[tuple[str, str]]:
    words = style.words
    disputed = change.change is ChangeKind.DISPUTED
    kind = words.say("kinds", change.kind) if change.kind in words.sections["kinds"] else change.kind.capitalize()
    yield one_line(kind.replace("_", " ")), one_line(f"{change.brand}, {words.subject(change)}")
    if not disputed and change.before is not None:
        yield words.say("rows", "until_now"), _until_now(change, words)
    yield words.say("rows", "believed_now"), words.fact(change.before if disputed else change.after)
    yield words.say("rows", "when"), _when(change, words)
    yield words.say("rows", "noticed"), moment_words(change.detected_at, style.zone)
    if change.rule:
        yield words.say("rows", "why"), words.rule(change.rule)


def _until_now(change: Change, words: Words) -> str:
    """What was believed; of a dispute whose end did not visibly move it, that there was one, and what else was said."""
    was = words.fact(change.before)
    return was if moved(change) else words.say("notes", "disputed", fact=was)


def _when(change: Change, words: Words) -> str:
    """Since when it is so, or from when on: what the text says; else the day of the first report, said as such."""
    stated = (change.after or {}).get("when")
    reported = min((citation.published[:10] for citation in change.sources if citation.published), default="")
    if stated:
        return one_line(words.date(str(stated)))
    return one_line(words.say("notes", "reported", day=reported) if reported else words.say("notes", "not_stated"))


def _groups(change: Change, words: Words) -> Iterable[tuple[str, tuple[Quote, ...]]]:
    """The sources under headings: for a dispute each side's own, with its sentence even where no source is at hand."""
    if change.change is not ChangeKind.DISPUTED:
        yield words.say("groups", "sources"), tuple(_quote(citation, change, words) for citation in change.sources)
        return
    told = set()
    for fact, side in ((change.before, "believed"), (change.after, "against")):
        if fact is not None:
            evidence = str(fact.get("evidence") or "")
            told.add(evidence)
            own = [_quote(citation, change, words) for citation in change.sources if citation.evidence == evidence]
            yield words.say("groups", side, fact=words.fact(fact)), tuple(own) or _unsourced(evidence, fact, words)
    others = (citation for citation in change.sources if citation.evidence not in told)
    yield words.say("groups", "also"), tuple(_quote(citation, change, words) for citation in others)


def _quote(citation: Citation, change: Change, words: Words) -> Quote:
    day = (citation.published or words.say("notes", "no_date"))[:10]
    stated = (citation.outlet, words.say("authorities", citation.authority), day)
    sentence = one_line(citation.evidence)
    link = web_link(citation.url)
    languages = [language for language in (citation.language, words.language, "en") if language]
    return Quote(
        sentence=sentence,
        title=one_line(citation.title or "", 200) or words.say("notes", "no_title"),
        link=Link(link) if link else None,
        origin=one_line(", ".join(str(part) for part in stated if part)),
        pieces=marked(sentence, (change.after, change.before), languages),
    )


def _unsourced(evidence: str, fact: Mapping[str, Any], words: Words) -> tuple[Quote, ...]:
    sentence = one_line(evidence)
    if not sentence:
        return ()
    pieces = marked(sentence, (fact,), [words.language, "en"])
    return (Quote(sentence, "", None, words.say("notes", "told_earlier"), pieces),)
