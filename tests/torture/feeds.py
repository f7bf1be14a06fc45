"""A17: feeds of many makes - huge, deep, broken, cut, flipped - are read within bounds or refused with a reason."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from monitor.models import Outcome
from monitor.scrapers.corpus import attempt
from monitor.scrapers.feed import MAX_ITEMS, MAX_TEXT
from torture.bench import Tally, suite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECONDS = 2.0
SAMPLES = sorted((Path(__file__).parent.parent / "feeds").iterdir())
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'

Make = Callable[[int], str]
"""A feed of about so many characters."""


def rss(items: str, attributes: str = "") -> str:
    return f'<rss version="2.0" {attributes}><channel><title>T</title><link>https://k.example/</link>{items}</channel></rss>'


def item(number: int | str, body: str = "", more: str = "") -> str:
    date = "<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate>"
    link = f"<link>https://k.example/{number}</link>"
    return f"<item><title>Item {number}</title>{link}{date}<description>{body}</description>{more}</item>"


def entry(content: str) -> str:
    return f'<entry><title>t</title><link href="https://k.example/1"/><content type="xhtml">{content}</content></entry>'


def filled(make: Callable[[int], str], size: int) -> str:
    """Items until it is long enough."""
    pieces, length = [], 0
    while length < size:
        pieces.append(make(len(pieces)))
        length += len(pieces[-1])
    return "".join(pieces)


def many(make: Callable[[int], str], attributes: str = "") -> Make:
    return lambda size: rss(filled(make, size), attributes)


def one(piece: str, around: Callable[[str], str] = lambda inner: rss(item(1, "", inner))) -> Make:
    """One item that holds the same piece over and over."""
    return lambda size: around(piece * (size // len(piece)))


def numbered(make: Callable[[int], str]) -> Make:
    return lambda size: rss(item(1, "", filled(make, size)))


def in_body(inner: str) -> str:
    return rss(item(1, inner))


def in_title(inner: str) -> str:
    return rss(f"<item><title>{inner}</title><link>https://k.example/1</link></item>")


def in_date(inner: str) -> str:
    return rss(f"<item><title>t</title><link>https://k.example/1</link><pubDate>{inner}</pubDate></item>")


def in_json(inner: str) -> str:
    return json.dumps({"items": [{"url": "https://k.example/1", "title": inner, "content_html": inner}]})


MAKES: dict[str, Make] = {
    "many items": many(item),
    "items of nothing": many(lambda n: "<item/>"),
    "items of a link": many(lambda n: f"<item><link>https://k.example/{n}</link></item>"),
    "escaped HTML": many(lambda n: item(n, escape("<p>news <b>bold</b> <a href='/x'>x</a></p>") * 20)),
    "HTML in CDATA": many(lambda n: item(n, f"<![CDATA[{'<p>news <b>bold</b></p>' * 40}]]>")),
    "deep escaped HTML": many(lambda n: item(n, escape("<div>") * 2_000)),
    "tags in one body": one(escape("<b>"), in_body),
    "references": one("&#65;", in_body),
    "references to nothing": one("&foo;", in_body),
    "twice escaped": one("&amp;lt;", in_body),
    "ampersands": one("&", in_body),
    "brackets": one("<", in_body),
    "bare ampersands": many(lambda n: item(n, "a & b < c")),
    "CDATA without end": one("<![CDATA[", in_body),
    "many CDATA": one("<![CDATA[x]]>", in_body),
    "items in items": one("<item>", rss),
    "depth": one("<a>", rss),
    "depth in an item": lambda size: rss(item(1, "", "<a>" * (size // 7) + "</a>" * (size // 7))),
    "namespaces": many(lambda n: f'<item xmlns:n{n}="u:{n}"><link>https://k.example/{n}</link></item>'),
    "attributes": lambda size: rss(f"<item {' '.join(f'a{n}=1' for n in range(size // 8))}><link>/1</link></item>"),
    "items of attributes": many(
        lambda n: f"<item {' '.join(f'a{i}=1' for i in range(1_500))}><link>/{n}</link></item>"
    ),
    "brackets in an attribute": lambda size: rss(f"<item a='{'<' * size}'><link>https://k.example/1</link></item>"),
    "topics": numbered(lambda n: f"<category>c{n}</category>"),
    "topics without end": numbered(lambda n: f"<category>c{n}"),
    "key words": one("word, ", lambda inner: rss(item(1, "", f"<itunes:keywords>{inner}</itunes:keywords>"))),
    "enclosures": one('<enclosure url="https://k.example/a.mp3" length="1" type="audio/mpeg"/>'),
    "links": numbered(lambda n: f'<link href="https://k.example/{n}"/>'),
    "authors": one("<author><name>n</name><email>a@b.c</email></author>"),
    "a long author": one("a.", lambda inner: rss(item(1, "", f"<author>{inner}</author>"))),
    "authors with long addresses": many(lambda n: item(n, "", f"<author>{'a' * 300}@{'b' * 300} (x)</author>")),
    "titles": one("<title>t</title>"),
    "a long title": one("x ", in_title),
    "a title of blanks": one(" ", in_title),
    "dates": one("<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate>"),
    "a date of digits": one("1 ", in_date),
    "a date of dates": one("2026-01-01T", in_date),
    "a date of days": one("Mon, ", in_date),
    "odd dates": many(lambda n: f"<item><link>/{n}</link><pubDate>the {n}th of {'never ' * 40}</pubDate></item>"),
    "a long link": one("a", lambda inner: rss(f"<item><title>t</title><link>https://k.example/{inner}</link></item>")),
    "a long guid": one("a.", lambda inner: rss(f"<item><title>t</title><guid>http://{inner}</guid></item>")),
    "deep XHTML": one("<p>", lambda inner: f"<feed {ATOM}>{entry(f'<div>{inner}</div>')}</feed>"),
    "flat XHTML": one("<p>x</p>", lambda inner: f"<feed {ATOM}>{entry(f'<div>{inner}</div>')}</feed>"),
    "entries of XHTML": lambda size: f"<feed {ATOM}>{filled(lambda n: entry('<p>x</p>' * 100), size)}</feed>",
    "comments": one("<!-- x -->", lambda inner: rss(inner + item(1))),
    "a comment without end": one("- ", lambda inner: rss(f"<!--{inner}{item(1)}")),
    "instructions": one("<?x y?>", lambda inner: rss(inner + item(1))),
    "declarations": one("<!X ", lambda inner: rss(inner + item(1))),
    "document types": one("<!DOCTYPE rss>", lambda inner: inner + rss(item(1))),
    "bases": many(lambda n: f'<item xml:base="b{n}/"><title>t</title><link>../{n}</link></item>'),
    "media": many(lambda n: item(n, "", '<m:content url="x"><m:title>t</m:title></m:content>' * 20), 'xmlns:m="u"'),
    "pictures": one("<image><url>x</url></image>", lambda inner: rss(inner + item(1))),
    "a quote without end": many(lambda n: f'<item a="><title>t</title><link>https://k.example/{n}</link></item>'),
    "items without end": many(lambda n: f"<item><title>t<link>https://k.example/{n}"),
    "tags that cross": many(lambda n: f"<item><link>https://k.example/{n}</link><p><b></p></b></item>"),
    "HTML as it is": many(
        lambda n: f"<item><link>/{n}</link><description><p>one<br>two<img src=x></description></item>"
    ),
    "unknown prefixes": many(lambda n: f"<item><x:title>t</x:title><link>https://k.example/{n}</link><y:z/></item>"),
    "control characters": many(lambda n: item(n, "\x01\x02")),
    "emoji": many(lambda n: item(n, "\N{NEWSPAPER}" * 30)),
    "blanks in tags": one(f"<item{' ' * 19_000}>", rss),
    "blanks in tags without end": one(f"<item{' ' * 19_000}", rss),
    "slashes in tags": one(f"<item {'/ ' * 9_000}>", rss),
    "quotes in tags": one(f"""<item {"'" + '"' * 9_000}>""", rss),
    "RDF": lambda size: f'<rdf:RDF xmlns="http://purl.org/rss/1.0/">{filled(item, size)}</rdf:RDF>',
    "JSON": lambda size: json.dumps({"items": [{"url": f"https://k.example/{n}"} for n in range(size // 40)]}),
    "deep JSON": lambda size: '{"items":' + "[" * size,
    "tags in JSON": one("<b>", in_json),
    "HTML in JSON": lambda size: json.dumps(
        {"items": [{"url": f"/{n}", "content_html": "<p>x</p>" * 500} for n in range(size // 4_000)]}
    ),
    "a page that names feeds": one('<link rel="alternate" type="application/rss+xml" href="/f">', "<html>{}".format),
    "a page of feeds": lambda size: "<html>" + filled(lambda n: f'<a href="/rss/{n}">rss</a>', size),
    "a deep page": one("<div>", "<html><body>{}".format),
    "a page of paragraphs": one("<p style='x'>&nbsp;", "<html><body>{}".format),
}
"""Feeds that somebody means harm with, or whose software does."""


def makes(size: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Every make whole, then cut, then with bytes flipped; then real ones, cut and flipped."""
    for name, make in MAKES.items():
        yield name, make(size).encode()
    while True:
        name, content = rng.choice([*((path.name, path.read_bytes()) for path in SAMPLES)])
        if rng.random() < 0.3:
            name = rng.choice([*MAKES])
            content = MAKES[name](size // 20).encode()
        damaged = bytearray(content[: rng.randint(min(1, len(content)), len(content))])  # one sample is empty
        for _ in range(rng.choice([0, 1, 20]) if damaged else 0):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        yield f"{name}, damaged", bytes(damaged)


@suite(
    "A17",
    "feeds of many makes, whole and damaged: items or a reason, none over 2 s of the processor",
    full=300,
    sample=80,
)
def feeds(tally: Tally) -> None:
    slowest, name_of_slowest = 0.0, ""
    made = makes(2_000_000 if tally.count == tally.full else 60_000, random.Random(17))
    for _ in range(tally.count):
        name, content = next(made)
        tried = attempt(content, NOW)
        good = bool(tried.links) or (tried.outcome is not Outcome.OK and bool(tried.reason))
        bounded = len(tried.links) <= MAX_ITEMS and all(len(link.text or "") <= MAX_TEXT for link in tried.links)
        tally.check(good and bounded and tried.seconds < SECONDS, (name, tried.outcome, tried.reason, tried.seconds))
        if tried.seconds > slowest:
            slowest, name_of_slowest = tried.seconds, name
    tally.note(f"slowest {slowest:.2f} s ({name_of_slowest})")
