"""The wheel: built, installed in a fresh environment, and run far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRIVATE = ROOT / "config" / "secret.local.env"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BRAND_MONITOR"))}
    return subprocess.run(map(str, command), cwd=cwd, env=clean, capture_output=True, text=True, timeout=110)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    PRIVATE.write_text("SMTP_PASSWORD=planted")  # ignored by git, and so must the wheel
    try:
        built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    finally:
        PRIVATE.unlink()
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console command in an environment that has the wheel, and the dependencies of this one."""
    home = tmp_path_factory.mktemp("home")
    assert run(sys.executable, "-m", "venv", "--without-pip", home / "env", cwd=home).returncode == 0
    python = home / "env" / "bin" / "python"
    pip = ("-m", "pip", "--disable-pip-version-check")
    installed = run(
        sys.executable, *pip, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home
    )
    assert installed.returncode == 0, installed.stderr
    [site] = (home / "env" / "lib").glob("python*/site-packages")
    # A path in a .pth is searched for packages, but its own .pth files (an editable install's) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "env" / "bin" / "brand-monitor"


def test_it_holds_what_it_needs_and_nothing_private(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"monitor/_data/config/brands.toml", "monitor/_data/config/languages/en.toml"} <= set(names)
    assert "monitor/_data/db/migrations/0001_initial.sql" in names
    assert not [name for name in names if name.endswith((".db", ".env", ".lock", ".pyc")) or "tests" in name]


def test_it_runs_outside_the_checkout(program: Path, tmp_path: Path) -> None:
    where = run(program.parent / "python", "-c", "import monitor; print(monitor.__file__)", cwd=tmp_path)
    assert str(program.parent.parent) in where.stdout
    story = tmp_path / "story.txt"
    story.write_text("smart is now present in 39 countries and regions worldwide, the electric car brand said.")
    assert "brand-monitor 0." in run(program, "--version", cwd=tmp_path).stdout
    assert '"count": 39' in run(program, "extract", "--brand", "smart", story, cwd=tmp_path).stdout
    assert run(program, "init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "monitor.toml").is_file()
    assert '"smart"' in run(program, "sources", "--catalogue", "--format", "jsonl", cwd=tmp_path).stdout


def test_the_demo_runs_outside_the_checkout(program: Path, tmp_path: Path) -> None:
    demo = run(program, "demo", cwd=tmp_path)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert (tmp_path / "demo" / "monitor.db").is_file()
