"""Jobs of urlwatch and webchanges: YAML, a document a job, with an address or a shell command.

Only plain values are read: a tag that would make an object is an error. What a job filters out of its page has no
counterpart here, where the page is read for facts; it is named as lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from monitor.errors import UsageError
from monitor.exchange.found import Candidate, Findings, named, text_or_none

_CARRIED = {"url", "navigate", "name", "enabled", "use_browser", "kind", "index_number", "guid"}
BROWSER = "the browser (set render = true where JavaScript draws the page)"


def read(text: str) -> Findings:
    """The jobs. Raises UsageError for what is no YAML, or not of jobs."""
    candidates: list[Candidate] = []
    left_out: list[str] = []
    for number, job in enumerate(_jobs(text), 1):
        place = f"job {number}{_name(job)}"
        address = text_or_none(job.get("url")) or text_or_none(job.get("navigate"))
        if address:
            candidates.append(_candidate(job, address))
        elif "command" in job:
            left_out.append(f"{place}: a shell command; only web addresses are watched here")
        else:
            left_out.append(f"{place}: it has no address")
    return Findings(program="urlwatch or webchanges", candidates=tuple(candidates), left_out=tuple(left_out))


def _jobs(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(
            f"not YAML that can be read{place}: {getattr(error, 'problem', None) or 'it is broken'}"
        ) from error
    except (RecursionError, ValueError) as error:  # nested without end; a date of the 30th of February
        raise UsageError("not YAML that anybody would write") from error
    for document in documents:
        for job in document if isinstance(document, list) else [document]:
            if isinstance(job, Mapping):
                yield job
            elif job is not None:
                raise UsageError("not a list of jobs: a job is written as name: …, url: …, with --- between jobs")


def _candidate(job: Mapping[str, Any], address: str) -> Candidate:
    lost = list(
        named(str(key) for key, value in job.items() if key not in _CARRIED and value not in (None, "", [], {}))
    )
    if job.get("navigate") or job.get("use_browser") is True:
        lost.append(BROWSER)
    return Candidate(
        url=address,
        title=text_or_none(job.get("name")),
        enabled=job.get("enabled") is not False,
        lost=tuple(lost),
    )


def _name(job: Mapping[str, Any]) -> str:
    name = text_or_none(job.get("name"))
    return f' "{name[:60]}"' if name else ""
