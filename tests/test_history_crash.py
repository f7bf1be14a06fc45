"""Killed in the middle of writing: what was acknowledged is there, what was not is gone, nothing is half there."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from history_samples import alert, change, count, observed, put, read, record, revive

from monitor.history import History

HERE = Path(__file__).parent

WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from history_samples import NOW, WORLDWIDE, alert, believed, change, claims, count, observed, read, revive, source
from monitor.history import History

def say(word):
    print(word, n, flush=True)

with History(Path(sys.argv[1]), revive=revive) as history:
    for n in range(int(sys.argv[2]), 100_000):
        readings = [read(f"{n}/{part}", count(n % 240 + 2), text=f"{n} {part} " * 200) for part in range(5)]
        say("begin")
        with history.writing():
            stored = history.store(observed(readings), source(), NOW)
            say("stored")
            history.put_states([believed(claims(history, stored)[-5:])], NOW)
            say("believed")
            history.add_changes([change(f"c{n}")], stored.check_id)
            history.queue([alert(f"a{n}", f"c{n}")], NOW)
            history.schedule("newsroom", NOW + timedelta(minutes=n), observed(), 0)
            say("queued")
        say("done")
"""


def killed_after(path: Path, start: int, lines: int) -> tuple[str, int]:
    """Lets a writer say so many things, kills it, and returns the last that it said and the last write it finished."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{HERE}:{HERE.parent}"},
    )
    assert writer.stdout is not None
    said = [writer.stdout.readline().split() for _ in range(lines)]
    os.kill(writer.pid, signal.SIGKILL)
    said += [line.split() for line in writer.stdout.read().splitlines() if len(line.split()) == 2]
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    done = [int(n) for word, n in said if word == "done"]
    return said[-1][0], max(done, default=start - 1)


def test_a_killed_writer_leaves_whole_records_only(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    rng = random.Random(7)
    start = 0
    moments = set()
    for _ in range(6):
        moment, acknowledged = killed_after(path, start, rng.randrange(6, 30))
        moments.add(moment)
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
            ids = [int(name[1:]) for (name,) in conn.execute("SELECT id FROM change ORDER BY seq")]
            counts = [
                conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("visit", "document", "fact")
            ]
            alerts = [int(name[1:]) for (name,) in conn.execute("SELECT id FROM alert ORDER BY seq")]
        assert set(range(start, acknowledged + 1)) <= set(ids), "what was acknowledged is there"
        assert ids == alerts
        assert counts == [len(ids), 5 * len(ids), 5 * len(ids)]
        start = max(ids, default=-1) + 1
    assert len(moments) > 1, "the kills fell into different moments"


MIGRATOR = """
import sys
from pathlib import Path
from history_samples import revive
from monitor.history import History, store

def slowly(self, sql):
    done = 0
    for statement in sql.split(";\\n"):
        self.conn.execute(statement)
        done += 1
        print(done, flush=True)
        if done == int(sys.argv[2]):
            sys.stdin.readline()

store.Database.executescript = slowly
History(Path(sys.argv[1]), revive=revive).close()
"""


@pytest.mark.parametrize("statements", [1, 9, 30])
def test_a_killed_migration_leaves_nothing_and_is_done_again(tmp_path: Path, statements: int) -> None:
    path = tmp_path / "h.db"
    migrator = subprocess.Popen(
        [sys.executable, "-c", MIGRATOR, str(path), str(statements)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{HERE}:{HERE.parent}"},
    )
    assert migrator.stdout is not None
    assert migrator.stdin is not None
    assert [migrator.stdout.readline() for _ in range(statements)][-1] == f"{statements}\n"
    migrator.kill()
    migrator.communicate()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    with History(path, revive=revive) as history:
        record(history, observed([read("a", count(39))]))
        put(history, change(), alerts=[alert("a", "c1")])
        assert len(history.queries.facts()) == 1
