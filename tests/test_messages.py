"""What people are told: the words, and that words of strangers stay words in every kind of message."""

from __future__ import annotations

import json
import random
import unicodedata
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import lxml.html
import pytest
from stories import AGAINST, BELIEVED, HOSTILE, NOW, STYLE, alert, change, citation, count, disputed

from monitor.models import Alert, Change, ChangeKind
from monitor.notifier.inert import answer_words, one_line, web_link
from monitor.notifier.letter import email_message
from monitor.notifier.messages import body, console_lines, json_body, subject_line
from monitor.notifier.wording import fact_words

TAGS = {"html", "head", "meta", "title", "style", "body", "article", "h1", "h2", "p", "dl", "dt", "dd"}
TAGS |= {"blockquote", "a", "br", "mark"}
MARKED = BELIEVED.replace("39", "*39*")
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"]
HEADERS += ["MIME-Version", "Content-Type"]


def mail(*changes: Change, of: Alert | None = None) -> EmailMessage:
    """The message as it is read on the other side."""
    sent = email_message(of or alert(), changes, sender="monitor@example.net", style=STYLE, now=NOW)
    return cast(EmailMessage, message_from_bytes(sent.as_bytes(), policy=default))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")  # the line ends of mail


def hostile(words: str) -> Change:
    """A change that holds the words wherever a stranger's words can stand."""
    quoted = citation(words, url=f"https://example.org/{words}", title=words, outlet=words, published=words)
    script = citation(words, url="javascript:alert(1)", title=words)
    fact = count(39, words) | {"when": words, "scope": f"region:{words}"}
    return change(text=f"smart {words}", brand=words, subject=words, rule=words, after=fact, sources=(quoted, script))


def strange_titles(number: int) -> list[str]:
    """The hostile ones, then mixtures of them and of random characters."""
    rng = random.Random(20260105)
    characters = [chr(code) for code in (*range(256), *range(0x2000, 0x2070), *range(0xD7F0, 0xD810), 0x1F697, 0x5E02)]
    titles = list(HOSTILE)
    while len(titles) < number:
        noise = "".join(rng.choices(characters, k=rng.randrange(40)))
        titles.append(rng.choice(HOSTILE)[:200] + noise + rng.choice(HOSTILE)[:200])
    return titles


def assert_plain(text: str, *, lines: bool = False) -> None:
    """No control character, no mark of direction; line ends only where the message's own are."""
    for character in text.replace("\n", "") if lines else text:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), repr(character)
        assert character not in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", text


def test_the_subject_is_the_news() -> None:
    assert mail(change())["Subject"] == "smart: 38 → 39 markets"
    assert mail(disputed())["Subject"] == "smart: 39 → 40 markets, disputed"
    assert mail(change(change=ChangeKind.CORRECTED))["Subject"] == "smart: 38 → 39 markets, corrected"


def test_a_change_says_what_was_and_is_who_says_it_and_how_to_see_more() -> None:
    for kind in ("plain", "html"):
        body = part(mail(change()), kind)
        if kind == "html":
            body = "".join(lxml.html.document_fromstring(body).itertext())
        told = (
            "38 markets",
            "39 markets",
            BELIEVED if kind == "html" else MARKED,
            "smart grows",
            "smart.com, official, 2026-01-05",
        )
        for words in (*told, "2026-01-05 10:00 CET", "an official source says so", "brand-monitor why c1"):
            assert words in body, (kind, words)
        assert "https://media.smart.com/en/39-markets" in part(mail(change()), kind)


def test_a_dispute_shows_both_values_with_both_sentences_and_what_is_believed() -> None:
    text = part(mail(disputed()), "plain")
    believed, against = text.index("Believed: 39 markets"), text.index("Against it: 40 markets")
    assert believed < text.index(MARKED) < against < text.index(AGAINST.replace("40th", "*40th*"))
    assert "Believed now: 39 markets" in text
    html = "".join(lxml.html.document_fromstring(part(mail(disputed()), "html")).itertext())
    assert BELIEVED in html
    assert AGAINST in html


def test_a_side_whose_source_is_not_at_hand_still_has_its_sentence() -> None:
    one_sided = replace(disputed(), sources=disputed().sources[1:])
    text = body(alert(), [one_sided], STYLE)
    assert MARKED in text
    assert AGAINST.replace("40th", "*40th*") in text


def test_since_when_is_what_the_text_says_else_the_day_of_the_report() -> None:
    assert "When: not stated; reported 2026-01-05\n" in body(alert(), [change()], STYLE)
    dated = change(after=count(39, BELIEVED) | {"when": "2025-10"})
    assert "When: 2025-10\n" in body(alert(), [dated], STYLE)
    assert "When: not stated\n" in body(alert(), [change(sources=(), after=None)], STYLE)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("smart: 39 markets, dispute resolved", "disputed; it was also said: 40 markets"),  # against it all along
        ("smart: 40 → 39 markets, dispute resolved", "40 markets"),
    ],
)
def test_until_a_dispute_was_settled_it_was_one_unless_the_belief_moved(text: str, row: str) -> None:
    settled = change(change=ChangeKind.RESOLVED, before=count(40, AGAINST), text=text)
    assert f"Until now: {row}\n" in body(alert(), [settled], STYLE)


@pytest.mark.parametrize(
    ("kind", "subject", "told"),
    [
        ("market_entry", "EC, planned", "smart, Ecuador, planned"),
        ("new_markets", "2027: worldwide, planned", "smart, 2027: worldwide, planned"),
        ("model_announcement", "ID", "smart, ID"),  # not Indonesia
    ],
)
def test_what_a_message_is_about_is_named(kind: str, subject: str, told: str) -> None:
    assert f": {told}\n" in body(alert(), [change(kind=kind, subject=subject)], STYLE)


def test_a_headline_that_does_not_say_that_it_is_a_rumour_or_confirms_one_is_made_to() -> None:
    rumour = count(39, BELIEVED) | {"hedged": True}
    told = "smart: 39 markets"
    assert mail(change(before=None, after=rumour, text=told))["Subject"] == "smart: 39 markets, unconfirmed"
    assert mail(change(before=rumour, text=told))["Subject"] == "smart: 39 markets, confirmed"
    assert mail(change(before=rumour | {"count": 38}))["Subject"] == "smart: 38 → 39 markets"


def test_what_is_taken_back_leaves_nothing_believed() -> None:
    assert "Believed now: nothing\n" in body(alert(), [change(change=ChangeKind.CORRECTED, after=None)], STYLE)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (count(39, ""), "39 markets"),
        (count(30, "", "at_least"), "at least 30 markets"),
        (count(30, "", "about") | {"scope": "region:Europe"}, "about 30 markets in Europe"),
        (count(40, "", "ordinal") | {"status": "planned", "when": "2027"}, "40 markets, planned (2027)"),
        (count(10, "") | {"kind": "new_markets", "hedged": True}, "10 new markets, said with reserve"),
        (
            {"kind": "market_entry", "market": "HK", "status": "entered", "when": "2025-10"},
            "entered: Hong Kong (2025-10)",
        ),
        (
            {
                "kind": "model_announcement",
                "model": "#2",
                "stage": "orders_open",
                "segment": "two-seat electric city car",
                "platform": "ECA",
                "markets": ["region:Europe", "GB"],
                "when": "2026-late",
            },
            "#2 orders open: two-seat electric city car, ECA platform, Europe, United Kingdom (2026-late)",
        ),
        ({"kind": "something_new", "brand": "smart", "colour": "red"}, "red"),
        (None, "nothing"),
    ],
)
def test_facts_in_words(fact: dict[str, Any] | None, words: str) -> None:
    assert fact_words(fact) == words


def test_the_message_id_is_the_alerts_and_the_date_the_clocks() -> None:
    first, later = (
        email_message(alert(), [change()], sender="monitor@example.net", style=STYLE, now=now)
        for now in (NOW, NOW + timedelta(hours=5))
    )
    assert first["Message-ID"] == later["Message-ID"] == "<a1@example.net>"
    assert first["Date"] == "Mon, 05 Jan 2026 10:00:12 +0100"
    assert later["Date"] == "Mon, 05 Jan 2026 15:00:12 +0100"


def test_news_of_one_subject_is_one_thread() -> None:
    one, two = mail(change("c1"), of=alert("a1")), mail(change("c2", text="other"), of=alert("a2"))
    assert one["References"] == two["References"] != mail(change(subject="Europe"))["References"]
    assert one["References"] != one["Message-ID"]


def test_a_digest_lists_all_its_changes_and_says_how_many() -> None:
    changes = [change(f"c{number}", text=f"smart: news {number}") for number in range(30)]
    message = mail(*changes, of=alert(digest=True))
    assert message["Subject"] == "smart: news 0, and 29 more"
    for kind in ("plain", "html"):
        assert all(f"smart: news {number}" in part(message, kind) for number in range(30))
    assert "References" not in message


def test_the_html_is_made_for_phones_and_dark_rooms_and_loads_nothing() -> None:
    html = part(mail(disputed()), "html")
    tree = lxml.html.document_fromstring(html)
    assert tree.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert "prefers-color-scheme: dark" in html
    assert not tree.xpath("//@src | //link | //script | //img")
    assert "url(" not in html
    assert "@import" not in html


def test_a_webhook_carries_the_change_as_the_contract_says() -> None:
    body = json.loads(json_body(alert(), [change()]))
    assert list(body)[:2] == ["version", "type"]
    assert (body["version"], body["type"], body["id"]) == (1, "change", "c1")
    assert body["detected_at"] == "2026-01-05T09:00:12Z"
    assert (body["brand"], body["kind"], body["change"], body["subject"]) == (
        "smart",
        "market_count",
        "changed",
        "worldwide",
    )
    assert (body["before"]["count"], body["after"]["count"], body["text"]) == (38, 39, "smart: 38 → 39 markets")
    assert body["sources"][0]["evidence"] == BELIEVED
    assert {"url", "title", "published", "authority", "evidence"} <= set(body["sources"][0])


def test_a_webhook_digest_carries_its_changes() -> None:
    body = json.loads(json_body(alert(digest=True), [change("c1"), change("c2")]))
    assert (body["version"], body["type"], body["id"]) == (1, "digest", "a1")
    assert [one["id"] for one in body["changes"]] == ["c1", "c2"]


def test_the_console_has_a_few_plain_lines() -> None:
    assert console_lines(alert(), [disputed()], STYLE).splitlines() == [
        "2026-01-05 10:00 CET  smart: 39 → 40 markets, disputed",
        f"  “{BELIEVED}”",
        "  smart.com, official, 2026-01-05 (sources: 2)  https://media.smart.com/en/39-markets",
        "  brand-monitor why c1",
    ]


@pytest.mark.parametrize("words", HOSTILE)
def test_strangers_words_are_inert_in_a_mail(words: str) -> None:
    message = mail(hostile(words))
    assert list(message.keys()) == HEADERS
    assert message["To"] == "desk@example.org"
    assert_plain(message["Subject"])
    assert_plain(part(message, "plain"), lines=True)
    tree = lxml.html.document_fromstring(part(message, "html"))
    for element in tree.iter():
        assert element.tag in TAGS
        assert all(not name.startswith("on") and name != "style" for name in element.attrib)
    for link in tree.iter("a"):
        assert str(link.get("href")).startswith("https://example.org/")
        assert "noopener" in str(link.get("rel"))
    assert len(tree.xpath("//style")) == 1
    assert_plain("".join(tree.xpath("//body//text()")), lines=True)


@pytest.mark.parametrize("words", HOSTILE)
def test_strangers_words_are_inert_on_a_console(words: str) -> None:
    text = console_lines(alert(), [hostile(words)], STYLE)
    assert_plain(text, lines=True)
    assert text.count("\n") == 4


@pytest.mark.parametrize("words", HOSTILE)
def test_strangers_words_arrive_whole_in_a_webhook(words: str) -> None:
    body = json.loads(json_body(alert(), [hostile(words)]).encode())
    assert body["subject"] == words.encode("utf-8", "replace").decode()


def test_templates_in_titles_are_not_run() -> None:
    text = part(mail(hostile("{{ 7 * 7 }}")), "plain")
    assert "{{ 7 * 7 }}" in text
    assert "49" not in text.replace("2026-01-05", "")


def test_a_thousand_strange_titles_all_make_a_message() -> None:
    for title in strange_titles(1000):
        strange = change(text=title, sources=(citation(title, title=title),))
        sent = email_message(alert(), [strange], sender="monitor@example.net", style=STYLE, now=NOW)
        read = cast(EmailMessage, message_from_bytes(sent.as_bytes(), policy=default))
        assert list(read.keys()) == HEADERS, repr(title)
        assert read["Subject"] == subject_line(alert(), [strange], STYLE), repr(title)
        assert_plain(str(read["Subject"]))


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("https://example.org/a?b=c#d", True),
        ("HTTP://example.org/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("//example.org/", False),
        ("https://example.org/a b", False),
        ("https://example.org/\nx", False),
        ('https://example.org/"onclick=x', False),
        ("https://example.org/\u202egnp", False),
        ("https://[broken", False),
    ],
)
def test_only_sound_web_addresses_are_links(url: str, fit: bool) -> None:
    assert web_link(url) == (url if fit else None)


def test_one_line_is_cut_to_its_limit() -> None:
    assert one_line("a\r\n\tb  c") == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_answers_keep_no_part_of_an_address_that_may_be_a_token() -> None:
    said = answer_words(b"no: https://user:pw@hooks.example.org/T0/B1?key=K and slack://tokA/tokB\r\nnext")
    assert said == "no: https://hooks.example.org/… and slack://… next"
