"""The peers in one run with ours, where their benchmark is built (BENCH_DIR, made by its `setup.sh`); else says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    bench = Path(os.environ.get("BENCH") or "../shared/bench")
    built = Path(os.environ.get("BENCH_DIR") or bench)
    if not (built / "site" / "siteserver").is_file():
        print(f"the peers are not built in {built}: run {bench}/setup.sh with BENCH_DIR there, and name it here")
        return
    monitor = f"{sys.executable} -m monitor"
    command = [sys.executable, str(bench / "side_by_side.py"), "--peers", "urlwatch"]
    command += ["--scenarios", "changed,unchanged,latency", "--rounds", "3"]
    command += ["--ours", f"{monitor} check --config {{config}}", "--ours-adapter", str(HERE / "side_by_side.py")]
    sys.exit(subprocess.run(command, env=os.environ | {"BENCH_DIR": str(built.resolve())}).returncode)


if __name__ == "__main__":
    main()
