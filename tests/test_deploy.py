"""What runs the service on other machines: the systemd unit, the image, the compose file. Every step is one that is run
here or by the Makefile, as far as that can be done without systemd and Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import click
import pytest
import yaml
from street import Site, site

from monitor.cli import commands
from monitor.cli.running import GRACE
from monitor.cli.watchdog import PATIENCE, PERIOD
from monitor.settings import PAGE_PORT, WebSettings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "brand-monitor.service"
SERVICE_PAGE = (ROOT / "docs" / "service.md").read_text()


def exists(words: list[str]) -> None:
    """The command and its options are the program's."""
    with click.Context(commands) as context:
        command = commands.get_command(context, words[0])
        assert command, words
        known = {option for param in command.params for option in param.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= known


# systemd


@pytest.fixture
def unit() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def seconds(span: str) -> int:
    number, word = re.fullmatch(r"(\d+)(min|s)?", span).groups()  # type: ignore[union-attr]
    return int(number) * (60 if word == "min" else 1)


def test_the_unit_starts_what_there_is_and_waits_for_as_long_as_it_takes(unit: dict[str, list[str]]) -> None:
    program, *words = shlex.split(unit["ExecStart"][0])
    assert Path(program).name == "brand-monitor"
    exists(words)
    assert "--db" not in words, "every command works with the config's database"
    assert f'database = "/var/lib/{unit["StateDirectory"][0]}/monitor.db"' in SERVICE_PAGE
    assert unit["Type"] == ["notify"]
    assert seconds(unit["WatchdogSec"][0]) > PERIOD * PATIENCE, "it ends itself first, and says so"
    assert seconds(unit["TimeoutStopSec"][0]) > GRACE.total_seconds()
    assert unit["RestartPreventExitStatus"] == ["2"]


def test_the_unit_is_right_and_exposes_little(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/opt/brand-monitor/bin/brand-monitor", "/bin/true"))
    verified = subprocess.run([analyze, "verify", path], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    weighed = subprocess.run(
        [analyze, "security", "--offline=yes", "--threshold=20", path], capture_output=True, text=True
    )
    assert weighed.returncode == 0, weighed.stdout[-300:]


# The image

Step = tuple[str, str]


@pytest.fixture(scope="module")
def stages() -> list[list[Step]]:
    """The steps of each stage of the Dockerfile: instruction and the rest."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text())
    found: list[list[Step]] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            if word == "FROM":
                found.append([])
            found[-1].append((word, rest))
    return found


def named(stage: list[Step], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def words_of(listed: str) -> list[str]:
    """A command that is written as a JSON list, so that no shell is between it and its signals."""
    words: list[str] = json.loads(listed[listed.index("[") :])
    return words


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is(stages: list[list[Step]]) -> None:
    _, final = stages
    assert named(final, "USER")[-1].isdecimal(), "Kubernetes can tell that a number is not root"
    assert named(final, "VOLUME") == ['["/data"]']
    [entry], [start], [health] = (named(final, word) for word in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    assert words_of(entry) == ["brand-monitor"]
    exists(words_of(start))
    assert words_of(health)[0] == "brand-monitor"
    exists(words_of(health)[1:])
    assert "--db" not in [*words_of(start), *words_of(health)], "every command works with the config's database"
    assert 'database = "/data/monitor.db"' in SERVICE_PAGE
    assert not [rest for stage in stages for word, rest in stage if word == "ADD" or "http" in rest]


def test_the_packages_are_installed_as_the_makefile_installs_them(stages: list[list[Step]]) -> None:
    made = " ".join((ROOT / "Makefile").read_text().replace("\\\n", "").split())
    pips = [rest.partition(" -m pip ")[2] for rest in named(stages[0], "RUN") if " -m pip " in rest]
    assert pips == [
        "install --quiet --disable-pip-version-check --require-hashes -r requirements.lock",
        "install --quiet --disable-pip-version-check --no-deps .",
    ]
    for part in (
        "pip install --quiet --disable-pip-version-check",
        "--require-hashes -r requirements.lock",
        "--no-deps",
    ):
        assert part in made


@pytest.fixture(scope="module")
def image(stages: list[list[Step]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The steps of the Dockerfile taken in a folder instead of a container: /opt and /src are in it.

    Packages come from this environment: the tests reach no registry.
    """
    root = tmp_path_factory.mktemp("image")
    source = root / "src"
    source.mkdir()
    assert named(stages[0], "WORKDIR") == ["/src"]
    for word, rest in stages[0]:
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                _copied(ROOT / name, source / target / ("" if target != name else "."))
        elif word == "RUN" and "--require-hashes" in rest:
            [site] = (root / "opt/brand-monitor/lib").glob("python*/site-packages")
            (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        elif word == "RUN":
            program, *words = shlex.split(rest.replace("/opt/", f"{root}/opt/"))
            offline = ["--no-index", "--no-build-isolation"] if "pip" in words else []
            run = [sys.executable if program == "python" else program, *words, *offline]
            done = subprocess.run(run, cwd=source, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    return root


def _copied(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__", "*.db*"), dirs_exist_ok=True)
    else:
        shutil.copy(path, target)


@pytest.fixture
def newsroom() -> Iterator[Site]:
    with site() as there:
        there.article("/page", "smart grows", "smart is now present in 39 countries and regions worldwide.")
        yield there


def test_what_the_image_starts_watches_is_healthy_and_stops(
    image: Path, stages: list[list[Step]], newsroom: Site, tmp_path: Path
) -> None:
    final = stages[1]
    (tmp_path / "web-password").write_text("sesame\n")
    (tmp_path / "monitor.toml").write_text(
        f'database = "monitor.db"\n[web]\nhost = "0.0.0.0"\nport = 0\npassword = "file:web-password"\n'
        f'[http]\nallow_private_networks = ["127.0.0.0/8"]\n'
        f'[[sources]]\nname = "page"\nkind = "page"\nurl = "{newsroom.url}/page"\n'
    )

    program = str(image / "opt/brand-monitor/bin/brand-monitor")
    health = [program, *words_of(named(final, "HEALTHCHECK")[0])[1:]]
    environment = {"PATH": os.environ["PATH"], "BRAND_MONITOR_CONFIG": str(tmp_path / "monitor.toml")}
    assert "BRAND_MONITOR_CONFIG=/config/monitor.toml" in named(final, "ENV")[0]
    start = [program, *words_of(named(final, "CMD")[0])]
    assert subprocess.run(health, env=environment, capture_output=True).returncode == 1, "nothing runs yet"
    with subprocess.Popen(start, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr
        try:
            lines = [json.loads(service.stderr.readline())]
            while "first round done" not in lines[-1]["message"]:
                lines.append(json.loads(service.stderr.readline()))
            checked = next(line for line in lines if line.get("source") == "page")
            assert (checked["outcome"], checked["facts"]) == ("ok", 1)
            [page] = (found for line in lines if (found := re.search(r"the page is on (\S+);", line["message"])))
            facts = f"{page[1]}facts.json"
            with pytest.raises(HTTPError, match="401"):
                urlopen(facts, timeout=60)
            known = Request(facts, headers={"authorization": f"Basic {b64encode(b':sesame').decode()}"})
            with urlopen(known, timeout=60) as answer:
                assert len(json.load(answer)["rows"]) == 1
            assert subprocess.run(health, env=environment, capture_output=True).returncode == 0
        finally:
            service.send_signal(signal.SIGTERM)
            rest = service.stderr.read()
        assert service.wait(60) == 0, rest
    assert (tmp_path / "monitor.db").is_file()


def test_nothing_private_gets_into_the_build() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    welcome = {line[1:] for line in ignored if line.startswith("!")}
    assert welcome == {
        *("requirements.lock", "pyproject.toml", "README.md", "LICENSE", "monitor"),
        *("config/*.toml", "config/classifiers", "config/languages", "db/*.sql", "db/migrations", "db/queries"),
    }


# Compose


def test_the_compose_file_builds_this_image_and_takes_rights_away() -> None:
    [service] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()
    context = DEPLOY / service["build"]["context"]
    assert (context / service["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert {volume.split(":")[1] for volume in service["volumes"]} == {"/data", "/config", "/run/secrets"}
    assert int(service["stop_grace_period"].removesuffix("s")) > GRACE.total_seconds()
    assert service["ports"] == [f"127.0.0.1:{PAGE_PORT}:{PAGE_PORT}"], "other machines come through a server with TLS"


def test_what_the_compose_file_says_of_the_page_is_a_config_that_asks_for_the_password(tmp_path: Path) -> None:
    comments = (DEPLOY / "compose.yaml").read_text().splitlines()
    section = "\n".join(line.removeprefix("#   ") for line in comments if line.startswith("#   "))
    wanted = WebSettings.model_validate(tomllib.loads(section)["web"])
    assert (wanted.host, wanted.port, wanted.local) == ("0.0.0.0", PAGE_PORT, False)
    assert "file:/run/secrets/web-password" in section
