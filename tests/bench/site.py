"""A newsroom on loopback that answers as fast as Python can: one port is one host.

`/news/ID.html` is a listing of about 100 KB with an ETag; `/article/ID-N/…` an article of 100 KB. `/__ctl/…` steers it:
`bump` gives listings another version (other scripts and teasers, the same articles), `set` says how it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HOSTS = 50
PORT = 18_000
PAGES = 64
ARTICLES = 1_000
CARDS = 40
SIZE = 100_000
BRANDS = ("smart", "BYD", "Volvo", "Polestar", "Lucid", "Rivian", "NIO", "XPeng")
_WORDS = """
the of and to in a for with on by from as at new model brand vehicle electric platform battery range charging customers
today production plant global sales region design interior software update performance drive system safety concept
company chief executive officer board investment growth quarter year percent first second half strategy partner dealers
network retail city spring premium sustainable materials factory workers engineers prototype motorsport heritage museum
award images video download information
"""
WORDS = tuple(_WORDS.split())
CORPUS = Path(__file__).parent.parent / "corpus" / "en.jsonl"
WRITTEN = 3_600
"""How many characters an article has at least."""


@cache
def listing(number: int) -> tuple[bytes, ...]:
    """A listing cut where its id, its version, its news and its nonce stand."""
    rng = random.Random(number)
    brand = BRANDS[number % len(BRANDS)]
    cards = "".join(_card(rng, place) for place in range(CARDS))
    nav = "".join(f'<li><a href="/{word}/{rng.choice(WORDS)}">{word.title()}</a></li>' for word in WORDS)
    head = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{brand} newsroom @ID@</title>'
        f"<style>{_filling(rng, 10_000)}</style><script>var version = '@VERSION@';{_filling(rng, 12_000)}</script>"
        f"</head>"
        f'<body><header><nav><ul>{nav}</ul></nav></header><main><h1>{brand} news</h1><p class="teaser">@VERSION@</p>'
    )
    foot = f"</main><footer><ul>{nav}</ul></footer><script>{{}}</script></body></html>"
    page = f'{head}@NEWS@<section class="list">{cards}</section>{foot}'
    page = page.replace("{}", _filling(rng, max(0, SIZE - len(page))))
    return tuple(_cut(page))


def _cut(page: str) -> Iterator[bytes]:
    for piece in page.split("@"):
        yield piece.encode()


def _card(rng: random.Random, place: int) -> str:
    slug = "-".join(rng.choice(WORDS) for _ in range(6))
    title = f"{_words(rng, 8)}"
    day = f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return (
        f'<article class="card card--news" data-id="{place}"><a class="card__link" href="/article/@ID@-{place}/{slug}">'
        f'<picture><source srcset="/media/{place}/hero-1200.webp 1200w, /media/{place}/hero-800.webp 800w">'
        f'<img loading="lazy" src="/media/{place}/hero.jpg" alt="{title}"></picture><div class="card__body">'
        f'<time class="card__date" datetime="{day}">{day}</time><h3 class="card__title">{title}</h3>'
        f'<p class="card__teaser">{_words(rng, 30)}</p><span class="tag">{rng.choice(WORDS)}</span></div></a></article>'
    )


def _news(number: int, version: int, place: int) -> str:
    """The card of an article that was not there before this version."""
    slug = "the-company-enters-another-market-today"
    return (
        f'<article class="card card--news"><a class="card__link" href="/article/{number}-v{version}-{place}/{slug}">'
        '<time class="card__date" datetime="2025-11-06">2025-11-06</time>'
        f'<h3 class="card__title">The company enters another market today, part {place}</h3></a></article>'
    )


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count)).capitalize()


def _filling(rng: random.Random, size: int) -> str:
    """Rules and scripts, as half of a page is made of."""
    found: list[str] = []
    while sum(map(len, found)) < size:
        found.append(f".c{rng.getrandbits(32):08x}-{rng.choice(WORDS)}{{margin:{rng.randint(0, 40)}px;color:red}}")
    return "".join(found)[:size]


@cache
def article(number: int) -> bytes:
    """An article of 100 KB: some 600 words of news about the brand, in a frame as of a newsroom."""
    rng = random.Random(-number - 1)
    brand = BRANDS[number % len(BRANDS)]
    told = _written(number, brand)
    title, text = told[0]["title"], "\n".join(one["text"] for one in told)
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in text.split("\n"))
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>'
        f"{_filling(rng, 20_000)}</style></head><body><main><article><h1>{html.escape(title)}</h1>"
        f'<time datetime="2025-11-06">6 November 2025</time>'
        f"{body}</article></main><aside>{''.join(_card(rng, n) for n in range(8)).replace('@ID@', '0')}</aside>"
    )
    return f"{page}<script>{_filling(rng, max(0, SIZE - len(page)))}</script></body></html>".encode()


def _written(number: int, brand: str) -> list[dict[str, str]]:
    """Labelled texts that make one article, no two articles of the same, with this brand in the place of theirs."""
    told: list[dict[str, str]] = []
    every = _texts()
    while sum(len(one["text"]) for one in told) < WRITTEN:
        one = every[(number + len(told) * ARTICLES) % len(every)]
        told.append({key: one[key].replace(one["brand_hint"], brand) for key in ("title", "text")})
    return told


@cache
def _texts() -> list[dict[str, str]]:
    rows = map(json.loads, CORPUS.read_text(encoding="utf-8").splitlines())
    return [one for one in rows if one["title"] and one["brand_hint"] and len(one["text"]) > WRITTEN // 6]


class Site:
    """What all ports answer, and what they have been asked."""

    def __init__(self) -> None:
        self.versions: Counter[int] = Counter()
        self.news = 0
        self.delay = 0.0
        self.asked: Counter[str] = Counter()

    def answer(self, target: str, headers: bytes) -> bytes:
        path = target.split("?")[0]
        if path.startswith("/__ctl/"):
            return _whole(200, json.dumps(self.control(target)).encode(), "application/json")
        self.asked["requests"] += 1
        if path == "/robots.txt":
            return _whole(200, b"User-agent: *\nAllow: /\n", "text/plain")
        kind, _, rest = path[1:].partition("/")
        if kind == "article":
            self.asked["articles"] += 1
            number = zlib.crc32(rest.encode()) % ARTICLES
            return _whole(200, article(number), "text/html; charset=utf-8")
        if kind != "news":
            return _whole(404, b"not found", "text/plain")
        number = int(rest.removesuffix(".html"))
        version = self.versions[number]
        self.asked["pages"] += 1
        etag = f'"{number}-{version}"'
        if etag.encode() in headers:
            self.asked["unchanged"] += 1
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
        return _whole(200, self.page(number, version), "text/html; charset=utf-8", f"ETag: {etag}\r\n")

    def page(self, number: int, version: int) -> bytes:
        news = "".join(_news(number, version, place) for place in range(self.news if version else 0)).encode()
        put = {b"ID": str(number).encode(), b"VERSION": b"%010d" % version, b"NEWS": news}
        return b"".join(put.get(piece, piece) for piece in listing(number % PAGES))

    def control(self, target: str) -> dict[str, object]:
        parts = urlsplit(target)
        given = {name: float(values[0]) for name, values in parse_qs(parts.query).items()}
        match parts.path.rsplit("/", 1)[-1]:
            case "bump":
                self.versions.update(range(int(given["from"]), int(given["to"])))
            case "set":
                self.news, self.delay = int(given.get("news", 0)), given.get("delay_ms", 0) / 1000
            case "reset":
                self.asked.clear()
            case "rewind":
                self.versions.clear()
        return dict(self.asked)


def _whole(status: int, body: bytes, kind: str, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One connection: requests without bodies, each answered whole."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("ascii")
            if self._site.delay and not target.startswith("/__ctl/"):
                asyncio.get_running_loop().call_later(self._site.delay, self._respond, target, head)
            else:
                self._respond(target, head)

    def _respond(self, target: str, head: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._site.answer(target, head))


async def serve(port: int, hosts: int) -> None:
    site, loop = Site(), asyncio.get_running_loop()
    for number in range(PAGES):  # made before anybody waits for them
        listing(number)
    for place in range(hosts):
        await loop.create_server(lambda: Connection(site), "127.0.0.1", port + place, backlog=1024)
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--port", type=int, default=PORT)
    asked.add_argument("--hosts", type=int, default=HOSTS)
    given = asked.parse_args()
    asyncio.run(serve(given.port, given.hosts))


if __name__ == "__main__":
    main()
