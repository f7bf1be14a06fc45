"""Our side for `side_by_side.py` of the shared benchmark (its `--ours-adapter`), beside urlwatch and webchanges.

    python ../shared/bench/side_by_side.py --ours 'brand-monitor check --config {config}' \\
        --ours-adapter tests/bench/side_by_side.py

Its pages are listings here: what it calls changed has other words on it, and no new article. The articles that the
first look would read are not part of what is compared: `links` names the first card only.
"""

from __future__ import annotations

from pathlib import Path

CONFIG_NAME = "monitor.toml"


def write_config(path: str, urls: list[str], db: str, workdir: str) -> None:
    http = '[http]\nper_host_delay = "0s"\nallow_private_networks = ["127.0.0.0/8"]\n'
    sources = "".join(
        f'\n[[sources]]\nname = "page {place}"\nkind = "listing"\nurl = "{url}"\nevery = "1d"\n'
        "links = \"article[data-id='0'] a\"\n"
        for place, url in enumerate(urls)
    )
    Path(path).write_text(f'database = "{db}"\n{http}{sources}')


def count_changes(stdout: str, workdir: str) -> int:
    return sum("nothing new" not in line for line in stdout.splitlines())
