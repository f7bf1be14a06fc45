"""Watch lists of changedetection.io: its `url-watches.json`, its backup archive, and plain lists of addresses."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.errors import UsageError
from monitor.exchange.found import Candidate, Findings, named, text_or_none
from monitor.exchange.jobs import BROWSER

LARGEST = 50_000_000
"""Bytes of one file in an archive that are read."""

_LISTS = ("url-watches.json", "watch.json")
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_LOST = (
    *("include_filters", "css_filter", "subtractive_selectors", "trigger_text", "ignore_text", "extract_text"),
    *("text_should_not_be_present", "browser_steps", "webdriver_js_execute_code", "headers", "body", "proxy", "tags"),
    *("notification_urls", "conditions"),
)
_USUAL = {"method": ("GET",), "processor": ("text_json_diff",)}


def read_archive(content: bytes) -> Findings:
    """A backup: the watches that lie in it. Raises UsageError when there are none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            lists = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2] in _LISTS]
            found = [_entry(archive, entry) for entry in lists]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError) as error:
        raise UsageError(f"an archive that cannot be read ({error})") from error
    candidates = {candidate.url: candidate for one in found for candidate in one.candidates}
    if not candidates:
        raise UsageError("an archive without url-watches.json: not a backup of changedetection.io")
    left_out = tuple(line for one in found for line in one.left_out)
    return Findings(program="changedetection.io", candidates=tuple(candidates.values()), left_out=left_out)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Findings:
    with archive.open(entry) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UsageError(f"{entry.filename} in the archive is larger than {LARGEST // 1_000_000} MB")
    return read(content.decode("utf-8", "replace"), watched=False)


def read(text: str, *, watched: bool = True) -> Findings:
    """The watches of JSON. Raises UsageError for JSON of something else; with `watched` also for none at all."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("not JSON that can be read") from error
    watches = list(_watches(data))
    if watched and not watches:
        raise UsageError('JSON without watches: changedetection.io keeps them under "watching"')
    candidates = [_candidate(watch, url) for watch in watches if (url := text_or_none(watch.get("url")))]
    titles = (text_or_none(watch.get("title")) for watch in watches if not text_or_none(watch.get("url")))
    left_out = tuple(f'"{(title or "a watch")[:60]}": it has no address' for title in titles)
    return Findings(program="changedetection.io", candidates=tuple(candidates), left_out=left_out)


def _watches(data: Any) -> Iterator[Mapping[str, Any]]:
    """Of the whole file, of what its API answers, of one watch."""
    if not isinstance(data, Mapping):
        return
    if isinstance(data.get("url"), str):
        yield data
        return
    watching = data.get("watching", data)
    for watch in watching.values() if isinstance(watching, Mapping) else ():
        if isinstance(watch, Mapping) and ("url" in watch or "watching" in data):
            yield watch


def _candidate(watch: Mapping[str, Any], url: str) -> Candidate:
    lost = [name for name in _LOST if watch.get(name)]
    lost += [name for name, usual in _USUAL.items() if watch.get(name) and watch[name] not in usual]
    backend = str(watch.get("fetch_backend") or "")
    schedule = watch.get("time_schedule_limit")
    if isinstance(schedule, Mapping) and schedule.get("enabled"):
        lost.append("time_schedule_limit")
    browser = (BROWSER,) if "webdriver" in backend or "browser" in backend else ()
    return Candidate(
        url=url,
        title=text_or_none(watch.get("title")),
        every=_every(watch),
        enabled=not watch.get("paused"),
        lost=(*named(lost), *browser),
    )


def _every(watch: Mapping[str, Any]) -> str | None:
    """Its own rhythm, as the config writes durations; None where the program's own holds."""
    between = watch.get("time_between_check")
    if watch.get("time_between_check_use_default") is True or not isinstance(between, Mapping):
        return None
    amounts = ((between.get(name), seconds) for name, seconds in _SECONDS.items())
    total = sum(int(n) * seconds for n, seconds in amounts if isinstance(n, int | float) and 0 < n < 100_000)
    for seconds, unit in _UNITS:
        if total and total % seconds == 0:
            return f"{total // seconds}{unit}"
    return None


def read_list(lines: Iterable[str]) -> Findings:
    """An address a line, and what stands behind it (tags) left out."""
    candidates: list[Candidate] = []
    left_out: list[str] = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if "://" in words[0]:
            candidates.append(Candidate(url=words[0], lost=("tags",) if words[1:] else ()))
        else:
            left_out.append(f"line {number}: no web address")
    return Findings(program="a list of addresses", candidates=tuple(candidates), left_out=tuple(left_out))
