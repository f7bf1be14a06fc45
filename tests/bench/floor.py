"""The floor: the least that fetches the listings, reads their links and stores what is new. One round, then the end.

    python floor.py ADDRESSES DATABASE

No robots.txt, no deadline, no bound on a body, no checked address, no retries, no facts, no schedule: not a monitor.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import lxml.html


async def host(urls: list[str], etags: dict[str, str], found: list[tuple[str, str, str, set[str]]]) -> int:
    unchanged = 0
    async with httpx.AsyncClient(verify=False, trust_env=False, limits=httpx.Limits(max_connections=1)) as client:
        for url in urls:
            answer = await client.get(url, headers={"If-None-Match": etags[url]} if url in etags else {})
            if answer.status_code == 304:
                unchanged += 1
                continue
            links = {str(link[2]) for link in lxml.html.fromstring(answer.content).iterlinks() if link[0].tag == "a"}
            found.append((url, answer.headers["etag"], hashlib.sha256(answer.content).hexdigest(), links))
    return unchanged


async def main(urls: list[str], database: str) -> None:
    hosts: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        hosts[urlsplit(url).netloc].append(url)
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE IF NOT EXISTS page (url TEXT PRIMARY KEY, etag TEXT, hash TEXT)")
        db.execute("CREATE TABLE IF NOT EXISTS link (page TEXT, url TEXT, PRIMARY KEY (page, url)) WITHOUT ROWID")
        etags = dict(db.execute("SELECT url, etag FROM page").fetchall())
        found: list[tuple[str, str, str, set[str]]] = []
        unchanged = sum(await asyncio.gather(*(host(urls, etags, found) for urls in hosts.values())))
        db.executemany("INSERT OR REPLACE INTO page VALUES (?, ?, ?)", [page[:3] for page in found])
        db.executemany("INSERT OR IGNORE INTO link VALUES (?, ?)", [(p[0], link) for p in found for link in p[3]])
    print(f"{unchanged} unchanged, {len(found)} read")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text().split(), sys.argv[2]))
