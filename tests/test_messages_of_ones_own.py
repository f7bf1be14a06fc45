"""Messages in German, by templates and programs of the user's own, about the monitor itself; and what commands do."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import newsdesk
import pytest
from claim_samples import counted, fresh, model, one, said, tell
from claim_samples import entry as entering
from commandline import command, mistake
from history_samples import put, revive
from sinks import Hook, status, web_server
from stories import BELIEVED, BERLIN, LOOPBACK, alert, change, count, disputed

from monitor import config
from monitor.cli.service import Service
from monitor.errors import ConfigError
from monitor.history import History
from monitor.models import Answer, Change, ChangeKind, Claim, Delivery, Notice
from monitor.notifier.channel import Unreachable
from monitor.notifier.command import CommandSender
from monitor.notifier.heartbeat import beat
from monitor.notifier.marking import marked
from monitor.notifier.messages import CARRIED, LISTED, Style, body, chat_body, console_lines, json_body, subject_line
from monitor.notifier.rendering import Templates
from monitor.notifier.wording import words_of
from monitor.parser.market_count import NewMarkets
from monitor.parser.territories import WORLD_PARTS
from monitor.resources import shipped
from monitor.secret import Secret
from monitor.settings import CommandChannel

GERMAN = Style(BERLIN, words_of("de"))
MODEL = {
    "kind": "model_announcement",
    "model": "#2",
    "stage": "confirmed",
    "markets": ["region:Europe", "HK"],
    "when": "2026-late",
}


def entry(status: str, basis: str = "event") -> dict[str, Any]:
    return {"kind": "market_entry", "market": "UY", "status": status, "basis": basis, "when": "2026-Q2"}


# In German


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "smart: 38 → 39 Märkte"),
        (
            {"before": None, "after": count(30, "", "at_least") | {"scope": "region:Europe"}},
            "smart: ≥ 30 Märkte in Europa",
        ),
        ({"change": ChangeKind.DISPUTED}, "smart: 38 → 39 Märkte, umstritten"),
        ({"before": None, "after": entry("entered")}, "smart geht nach Uruguay (2. Quartal 2026)"),
        ({"before": None, "after": entry("exited")}, "smart verlässt Uruguay (2. Quartal 2026)"),
        ({"before": None, "after": entry("entered", "presence")}, "smart ist in Uruguay (2. Quartal 2026)"),
        ({"before": None, "after": MODEL}, "smart #2: bestätigt (Europa, Hongkong; Ende 2026)"),
        (
            {"before": MODEL, "after": MODEL, "aspect": "when", "before_value": "2026", "after_value": "2027"},
            "smart, #2: Termin 2026 → 2027",
        ),
        ({"before": None, "after": None, "text": "something else"}, "something else"),
    ],
)
def test_the_news_in_german(changed: dict[str, Any], words: str) -> None:
    assert subject_line(alert(), [change(**changed)], GERMAN) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "smart enters Uruguay: no longer believed, corrected by Ann {0}",
            "nicht mehr geglaubt, berichtigt von Ann {0}",
        ),
        ("smart enters Uruguay, read no more", "nicht mehr geglaubt, berichtigt"),
    ],
)
def test_what_is_believed_no_more_is_not_told_as_a_fact_in_german(text: str, words: str) -> None:
    withdrawn = change(change=ChangeKind.CORRECTED, before=entry("entered"), after=None, text=text)
    assert subject_line(alert(), [withdrawn], GERMAN) == f"smart geht nach Uruguay (2. Quartal 2026): {words}"


@pytest.mark.parametrize(
    ("now", "headline", "row"),
    [
        ((39, "smart"), "smart: 39 Märkte, geklärt", "umstritten; es hieß auch: 40 Märkte"),  # believed all along
        ((39, "trade"), "smart: 39 Märkte, geklärt", "umstritten; es hieß auch: 40 Märkte"),
        ((40, "other"), "smart: 39 → 40 Märkte, geklärt", "39 Märkte"),
    ],
)
def test_a_settled_dispute_in_german_shows_a_step_only_when_the_belief_moved(
    now: tuple[int, str], headline: str, row: str
) -> None:
    settled = one(said(counted(39), 0), said(counted(40), 1, "trade"), fresh(said(counted(now[0]), 2, now[1])))
    assert settled.change is ChangeKind.RESOLVED
    assert subject_line(alert(), [settled], GERMAN) == headline
    assert f"Bisher: {row}\n" in body(alert(), [settled], GERMAN)


def test_a_rumour_and_its_confirmation_are_told_as_such_in_german() -> None:
    rumour = said(counted(39, hedged=True), 0, "trade")
    told, confirmed = one(fresh(rumour)), one(rumour, fresh(said(counted(39), 1)))
    assert subject_line(alert(), [told], GERMAN) == "smart: 39 Märkte, unbestätigt"
    assert "Warum: das Erste, was darüber gesagt wurde; es wird unter Vorbehalt gesagt\n" in body(
        alert(), [told], GERMAN
    )
    assert subject_line(alert(), [confirmed], GERMAN) == "smart: 39 Märkte, bestätigt"
    assert "Warum: die Marke selbst bestätigt es\n" in body(alert(), [confirmed], GERMAN)
    assert subject_line(alert(), [one(rumour, fresh(said(counted(40), 1)))], GERMAN) == "smart: 39 → 40 Märkte"
    assert words_of("de").rule("trade says so without reserve") == "trade sagt es ohne Vorbehalt"


def test_a_rumour_of_a_model_is_not_confirmed_and_unconfirmed_in_german() -> None:
    told = one(fresh(said(model("confirmed", hedged=True), 0, "trade")))
    assert subject_line(alert(), [told], GERMAN) == "smart #2: bestätigt, unter Vorbehalt"


@pytest.mark.parametrize(
    ("claims", "headline", "about"),
    [
        (
            (said(entering("planned", when="2026"), 0), fresh(said(entering("planned", when="2027-late"), 40))),
            "smart, Ecuador, geplant: Termin 2026 → Ende 2027",
            "smart, Ecuador, geplant",
        ),
        (
            (
                said(counted(50, status="planned", when="2026"), 0),
                fresh(said(counted(50, status="planned", when="2027"), 60)),
            ),
            "smart, weltweit, geplant: Termin 2026 → 2027",
            "smart, weltweit, geplant",
        ),
        (
            (
                said(model("unveiled", when="2026-01", markets=("DE",)), 0),
                fresh(said(model("unveiled", when="2026-02-10", markets=("CN", "region:Gulf")), 3, "trade")),
            ),
            "smart, #2: Premiere 2026-01 für Deutschland → 2026-02-10 für China, Golfregion, umstritten",
            "smart, #2",
        ),
        (
            (
                said(model("confirmed", segment="electric car"), 0),
                fresh(said(model("confirmed", segment="petrol car"), 3, "trade")),
            ),
            "smart, #2: Antrieb Elektro → Verbrenner, umstritten",
            "smart, #2",
        ),
        (
            (said(counted(30, scope="region:Europe"), 0), fresh(said(counted(32, scope="region:Europe"), 60))),
            "smart: 30 → 32 Märkte in Europa",
            "smart, Europa",
        ),
        (
            (fresh(said(NewMarkets(brand="smart", evidence="…", start=0, end=1, count=7, when="2025-H1"), 0)),),
            "smart: 7 neue Märkte (1. Halbjahr 2025)",
            "smart, 1. Halbjahr 2025: weltweit",
        ),
    ],
)
def test_what_moved_and_where_is_german_too(claims: tuple[Claim, ...], headline: str, about: str) -> None:
    told = tell(*claims)[-1]
    assert subject_line(alert(), [told], GERMAN) == headline
    assert f": {about}\n" in body(alert(), [told], GERMAN)


def test_every_part_of_the_world_has_a_german_name() -> None:
    names = tomllib.loads(shipped("config", "territories.toml").read_text(encoding="utf-8"))
    known = {key for table in sections(names) for key in table if key.startswith("region:")}
    known |= {f"region:{name}" for name in WORLD_PARTS.values()}
    short = {f"region:{name}" for name in ("ASEAN", "APAC", "EMEA", "GCC", "MENA")}  # the same in German
    assert known - short <= words_of("de").sections["places"].keys()


def sections(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """A TOML table and all tables within it."""
    inner = [table for table in tables.values() if isinstance(table, dict)]
    return [tables, *(found for table in inner for found in sections(table))]


def test_a_german_message_is_german_but_for_the_quoted_words() -> None:
    text = body(alert(), [disputed()], GERMAN)
    for words in ("Gute Quellen widersprechen sich.", "Stand jetzt: 39 Märkte", "smart, weltweit", "offiziell"):
        assert words in text
    assert "„smart is now at home in *39* markets.“" in text
    assert "„smart is now" in chat_body(alert(), [disputed()], "html", GERMAN, room=10_000)
    assert "„smart is now" in console_lines(alert(), [disputed()], GERMAN)
    rule = "3 independent outlets say so; it went to and fro 3 times, never 7 days apart"
    assert (
        words_of("de").rule(rule)
        == "3 unabhängige Medien sagen es; es ging 3-mal hin und her, nie im Abstand von 7 Tagen"
    )


def test_every_language_has_the_same_words() -> None:
    folder = resources.files("monitor.notifier").joinpath("languages")
    files = {file.name: tomllib.loads(file.read_text()) for file in folder.iterdir() if file.name.endswith(".toml")}
    optional = {"headlines", "aspects", "drives", "rules", "dates", "places"}
    english = files["en.toml"]
    for name, words in files.items():
        assert words.keys() == english.keys(), name
        for section in english.keys() - optional:
            assert words[section].keys() == english[section].keys(), (name, section)


# What is marked


@pytest.mark.parametrize(
    ("sentence", "fact", "marks"),
    [
        ("It is in 39 of 139 markets, not 39.5.", count(39, ""), ["39"]),
        ("The 40th market of 40, in 2040.", count(40, ""), ["40th", "40"]),
        ("smart #2 comes to Europe", MODEL, ["#2", "Europe"]),
        ("smart startet in Hongkong und Uruguay", entry("entered"), ["Uruguay"]),
        ("nothing of it", count(39, ""), []),
        ("<b>39</b>", count(39, ""), ["39"]),
    ],
)
def test_the_words_that_matter_are_marked(sentence: str, fact: dict[str, Any], marks: list[str]) -> None:
    pieces = marked(sentence, [fact, None], ["en", "de", "xx-nowhere"])
    assert "".join(text for text, _ in pieces) == sentence
    assert [text for text, matters in pieces if matters] == marks


# Much at once


@pytest.mark.parametrize("number", [LISTED, LISTED + 1, 10_000])
def test_a_message_says_how_many_it_lists_and_how_many_it_does_not(number: int) -> None:
    changes = [change(f"c{n}", text=f"news {n}.") for n in range(number)]
    told = alert(digest=True)
    carried = json.loads(json_body(told, changes))
    assert carried["listed"] == len(carried["changes"]) == min(number, CARRIED)
    assert carried["listed"] + carried["truncated"] == number
    for text in (body(told, changes, Style()), chat_body(told, changes, "html", Style(), room=100_000)):
        assert text.count("news ") == min(number, LISTED)
        cut = f"{number} changes. {LISTED} are listed here, {number - LISTED} are not: brand-monitor alerts show a1"
        assert (cut in text) == (number > LISTED)


@pytest.mark.parametrize(
    ("form", "for_all", "for_three"), [("txt", 4_000, 1_300), ("md", 3_600, 1_200), ("html", 4_100, 1_400)]
)
def test_a_chat_is_told_as_much_as_there_is_room_for(
    form: Literal["txt", "md", "html"], for_all: int, for_three: int
) -> None:
    changes = [change(f"c{n}", text=f"news {n}.", before=None, after=None) for n in range(12)]

    def told(room: int) -> tuple[int, int]:
        text = chat_body(alert(), changes, form, Style(), room=room)
        assert len(text.encode()) <= room
        headlines = text.count("news ")
        assert ("are listed here" in text) == (0 < headlines < 12)
        return headlines, text.count("is now at home")

    assert told(for_all) == (12, 10), "the first ten with their sources, the others by their headlines"
    assert told(for_three) == (12, 3)
    assert told(195) == (12, 0)
    assert told(119) in [(3, 0), (0, 0)]
    assert chat_body(alert(), changes, form, Style(), room=0) == "brand-monitor alerts show a1"


def test_strangers_words_are_inert_in_a_chat() -> None:
    words = "[x](https://evil.example) @everyone <!channel> *b* _i_ `c` <b>"
    strange = change(text=words, before=None, after=None)
    text = chat_body(alert(), [strange, strange], "md", Style(), room=10_000)
    assert "[x]" not in text
    assert "@everyone" not in text
    assert "<" not in text
    assert r"\*b\*" in text
    assert "<b>&lt;b&gt;" not in chat_body(alert(), [strange], "html", Style(), room=10_000)


# Templates of the user's own


def test_a_template_of_the_user_s_own_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "subject.txt.j2").write_text("[news] {{ subject }} ({{ total }}, {{ brands | join('+') }})")
    (tmp_path / "alert.txt.j2").write_text("{% for story in stories %}{{ story.headline }}!{% endfor %}")
    style = Style(templates=Templates(tmp_path))
    assert subject_line(alert(), [change()], style) == "[news] smart: 38 → 39 markets (1, smart)"
    assert body(alert(), [change()], style) == "smart: 38 → 39 markets!"
    assert BELIEVED.split("39")[0] in chat_body(alert(), [change()], "md", style, room=10_000), "the others are ours"


@pytest.mark.parametrize(
    "broken",
    [
        "{{ nothing.like.that }}",
        "{{ subject.__class__.__mro__ }}",
        "{{ stories.append(1) }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% for n in range(10000000) %}x{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{{ 1 / 0 }}",
    ],
)
def test_a_template_that_breaks_or_reaches_too_far_costs_no_message(
    broken: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alert.txt.j2").write_text(broken)
    text = body(alert(), [change()], Style(templates=Templates(tmp_path)))
    assert text == body(alert(), [change()], Style())
    assert "alert.txt.j2 breaks" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("alert.txt.j2", "{{ x", "alert.txt.j2, line 1"), ("allert.txt.j2", "", 'did you mean "alert.txt.j2"?')],
)
def test_a_template_that_is_none_is_a_mistake_in_the_config(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as told:
        Templates(tmp_path)
    assert words in str(told.value)


def test_all_templates_that_are_none_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "alert.txt.j2").write_text("{{ x")
    (tmp_path / "allert.txt.j2").write_text("")
    (tmp_path / "chat.md.j2").write_bytes(b"\xff")
    (tmp_path / "subject.txt.j2").mkdir()
    with pytest.raises(ConfigError) as told:
        Templates(tmp_path)
    names = [line.removeprefix(f"{tmp_path}/").split(".j2")[0] for line in str(told.value).splitlines()]
    assert names == ["alert.txt", "allert.txt", "chat.md", "subject.txt"]


# A program of the user's own


def through(*words: str, timeout: str = "20s", of: Change | None = None) -> tuple[Answer, str]:
    channel = CommandChannel.model_validate({"name": "c", "kind": "command", "command": words, "timeout": timeout})
    delivery = asyncio.run(CommandSender(channel).send(alert(), [of or change()]))
    return delivery.answer, delivery.detail


def test_a_program_gets_the_json_of_a_webhook_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hidden")
    script = (
        "import json, os, sys; print(json.load(sys.stdin)['text'], os.environ['BRAND_MONITOR_ALERT'], dict(os.environ))"
    )
    answer, said = through(sys.executable, "-c", script)
    assert answer is Answer.SENT
    assert said.startswith("exit code 0: smart: 38 → 39 markets a1")
    assert "hidden" not in said


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import sys; sys.exit('no \\x1b[31m room')", "exit code 1: no [31m room"),
        ("import os; os.kill(os.getpid(), 9)", "-9"),
    ],
)
def test_a_program_that_fails_is_tried_again(script: str, words: str) -> None:
    answer, said = through(sys.executable, "-c", script)
    assert answer is Answer.RETRY
    assert words in said


def test_a_program_that_takes_too_long_is_killed_with_all_that_it_started() -> None:
    with pytest.raises(Unreachable, match="longer than"):
        through("sh", "-c", "sleep 600 & sleep 600", timeout="0.2s")


def test_a_program_that_is_not_there_is_trouble_of_the_channel() -> None:
    with pytest.raises(Unreachable, match="cannot be started"):
        through("/nowhere/at-all")


def test_a_program_that_reads_nothing_and_says_much_is_no_trouble() -> None:
    assert through("sh", "-c", "head -c 1000000 /dev/zero", of=change(text="x" * 300_000))[0] is Answer.SENT


# About the monitor itself


def test_a_notice_is_a_message_in_every_form() -> None:
    notice = alert(
        changes=(), notice=Notice(type="channel", subject="The channel hook is down", lines=("since 9", "<b>"))
    )
    assert subject_line(notice, [], Style()) == "The channel hook is down"
    assert json.loads(json_body(notice, [])) == {
        "version": 1,
        "type": "channel",
        "id": "a1",
        "text": "The channel hook is down",
        "lines": ["since 9", "<b>"],
    }
    assert "since 9" in body(notice, [], Style())
    assert "&lt;b&gt;" in chat_body(notice, [], "html", Style(), room=10_000)


@pytest.mark.parametrize(("code", "taken"), [(200, True), (500, False), (302, False)])
def test_the_sign_of_life_is_one_request_without_data(
    code: int, taken: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hook = Hook(status(code))
    with web_server(hook):
        monkeypatch.setenv("TEST_BEAT", hook.url)
        if code == 200:
            assert asyncio.run(beat(Secret("env:TEST_BEAT", Path()), LOOPBACK)) is taken
            assert [post.path for post in hook.posts] == ["GET /hook?token=SECRET-TOKEN"]
    monkeypatch.setenv("TEST_BEAT", "http://127.0.0.1:9/SECRET-TOKEN" if code == 500 else "no address")
    assert asyncio.run(beat(Secret("env:TEST_BEAT", Path()), LOOPBACK)) is False
    assert "SECRET-TOKEN" not in caplog.text


def test_the_service_holds_in_quiet_hours_what_was_due_before(tmp_path: Path) -> None:
    newsdesk.tell(tmp_path / "h.db")
    now = datetime(2026, 2, 10, 23, 30, tzinfo=BERLIN)  # the service was down at nine
    path = tmp_path / "monitor.toml"
    path.write_text(
        'database = "h.db"\ntimezone = "Europe/Berlin"\n[[channels]]\nname = "screen"\nkind = "console"\n'
        '[[alerts]]\nname = "all"\nchannels = ["screen"]\nquiet = "22:00-07:00"\n'
    )
    with History(tmp_path / "h.db", revive=revive) as history:
        (newest, *_) = history.queries.changes()
        due = alert(channel="screen", recipient="screen", changes=(newest["id"],), not_before=now - timedelta(hours=2))
        put(history, alerts=[due], now=now)

    async def run() -> tuple[int, int]:
        nonlocal now
        service = Service(config.load(path), clock=lambda: now, rng=random.Random(1))
        await service.open()
        at_night = await service.deliver_now()
        now = datetime(2026, 2, 11, 7, tzinfo=BERLIN)
        in_the_morning = await service.deliver()
        await service.close()
        return at_night, in_the_morning

    assert asyncio.run(run()) == (0, 2)  # this one, and one that has waited since the story was told


def test_a_week_is_summed_up_once_and_life_is_shown_only_while_no_check_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = Hook()
    newsdesk.tell(tmp_path / "h.db")
    now = newsdesk.START + timedelta(days=2)

    async def run(path: Path) -> None:
        nonlocal now
        service = Service(config.load(path), clock=lambda: now, rng=random.Random(1))
        await service.open()
        for day in range(16):
            now = newsdesk.START + timedelta(days=2 + day, minutes=1)
            await service.report()
            await service.deliver()
        at_first = len(hook.posts)  # the source is new in this config and not late yet
        await service.history(History.defer, {"smart-newsroom": now + timedelta(days=1)})
        await service.report()
        assert (at_first, len(hook.posts)) == (1, 2)
        await service.close()

    with web_server(hook):
        monkeypatch.setenv("TEST_BEAT", hook.url)
        path = tmp_path / "monitor.toml"
        path.write_text(
            'database = "h.db"\nheartbeat = "env:TEST_BEAT"\n[http]\nallow_private_networks = ["127.0.0.0/8"]\n'
            '[[sources]]\nname = "smart-newsroom"\nkind = "listing"\nurl = "https://smart-newsroom.example/news"\n'
            '[[channels]]\nname = "screen"\nkind = "console"\n[summary]\nchannels = ["screen"]\n'
        )
        asyncio.run(run(path))
    with History(tmp_path / "h.db", revive=revive) as history:
        texts = [row["text"] for row in history.queries.alerts() if row["rule"] == "summary"]
    assert len(texts) == 3, "on the Mondays 5, 12 and 19 January"
    assert all(text.startswith("Still watching; sources: 1, ") for text in texts)


# By command


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    newsdesk.tell(tmp_path / "news.db")
    path = tmp_path / "monitor.toml"
    path.write_text('database = "news.db"\n[[channels]]\nname = "screen"\nkind = "console"\n')
    return path


def listed(desk: Path, *arguments: object) -> list[dict[str, Any]]:
    told = command("--config", desk, *arguments, "--format", "json")
    assert told.code == 0, told.err
    return list(json.loads(told.out))


def test_messages_are_dropped_and_sent_after_all_by_command(desk: Path) -> None:
    first, second = listed(desk, "alerts")
    assert command("--config", desk, "alerts", "drop", first["id"][:8], "--note", "old news").code == 0
    assert [(row["status"], row["reason"]) for row in listed(desk, "alerts")] == [
        ("dropped", "old news"),
        ("pending", None),
    ]
    assert command("--config", desk, "alerts", "retry", first["id"][:8], second["id"]).code == 0
    assert {row["status"] for row in listed(desk, "alerts")} == {"pending"}
    assert "no message has the id" in mistake("--config", desk, "alerts", "retry", "zzz")
    assert [row["text"] for row in listed(desk, "alerts", "show", second["id"])] == [second["text"]]


def test_doctor_tells_of_messages_that_nobody_got(desk: Path) -> None:
    assert "nobody got" not in command("--config", desk, "doctor").out
    now = datetime.now(UTC)
    with History(desk.with_name("news.db"), revive=revive) as history:
        ((first, _),) = history.claim_alerts("screen", now, timedelta(1), 1)
        history.settle_alert(first.id, Delivery(answer=Answer.FAILED, detail="550 no such user"), now, None)
    told = command("--config", desk, "doctor").out
    assert "warning  alerts    messages of the last 7 days that nobody got: 1;" in told


def test_a_preview_shows_what_the_rules_would_have_told_and_changes_nothing(desk: Path) -> None:
    before = listed(desk, "alerts")
    desk.write_text(desk.read_text() + '[[alerts]]\nname = "late"\nchanges = ["disputed"]\nchannels = ["screen"]\n')
    [row] = listed(desk, "alerts", "preview", "--since", "2026-01-01")
    assert (row["channel"], row["rule"], row["changes"]) == ("screen", "late", 1)
    assert "disputed" in row["text"]
    assert listed(desk, "alerts") == before
    assert listed(desk, "alerts", "preview", "--since", "2027-01-01") == []


def test_a_silence_is_added_listed_and_ended_by_command(desk: Path) -> None:
    told = command("--config", desk, "silence", "add", "--brand", "SMART", "--until", "2099-12-31", "--note", "launch")
    assert (told.code, told.out) == (0, "silence 1 holds until 2100-01-01 00:00\n")
    [row] = listed(desk, "silence", "list")
    assert (row["brand"], row["note"]) == ("smart", "launch")
    assert command("--config", desk, "silence", "end", "1").code == 0
    assert listed(desk, "silence", "list") == []
    assert "no silence 1" in mistake("--config", desk, "silence", "end", "1")
    assert "over already" in mistake("--config", desk, "silence", "add", "--brand", "smart", "--until", "2020-01-01")
    assert "name a --brand" in mistake("--config", desk, "silence", "add", "--until", "7d")
    assert 'did you mean "screen"?' in mistake(
        "--config", desk, "silence", "add", "--channel", "scren", "--until", "7d"
    )
    assert command("--config", desk, "silence", "add", "--kind", "market_count", "--until", "7d").code == 0
    with History(desk.with_name("news.db"), revive=revive) as history:
        [silence] = history.silences(datetime.now(UTC))
    assert timedelta(days=6) < silence.until - datetime.now(UTC) <= timedelta(days=7)
