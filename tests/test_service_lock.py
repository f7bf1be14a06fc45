"""One service per database: the second is refused in one line, a crash leaves nothing in the way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import DatabaseError
from monitor.history.lock import ServiceLock

HERE = Path(__file__).parent

HOLDER = """
import sys
from pathlib import Path
from monitor.errors import DatabaseError
from monitor.history.lock import ServiceLock

lock = ServiceLock(Path(sys.argv[1]))
try:
    lock.acquire()
except DatabaseError as error:
    print(error, flush=True)
else:
    print("held", flush=True)
    sys.stdin.readline()
    lock.release()
"""


FORKING = """
import os, signal, sys
from pathlib import Path
from monitor.history.lock import ServiceLock

lock = ServiceLock(Path(sys.argv[1]))
lock.acquire()
up, tell = os.pipe()
if os.fork() == 0:
    os.write(tell, b"up")
    print("the worker is up", flush=True)
    print(sys.stdin.readline(), end="", flush=True)
    os._exit(0)
os.read(up, 2)
os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def another(database: Path, program: str = HOLDER) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that tries to be the service, and what it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(HERE.parent)},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def refusal(database: Path) -> str:
    with pytest.raises(DatabaseError) as caught:
        ServiceLock(database).acquire()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_second_service_is_told_who_the_first_is(tmp_path: Path) -> None:
    database = tmp_path / "h.db"
    with another(database) as (process, said):
        assert said == "held"
        assert str(database) in refusal(database)
        assert f"in use by the service with process id {process.pid};" in refusal(database)
        process.communicate("release\n")
        ServiceLock(database).acquire()


def test_a_killed_service_leaves_the_lock_free_whatever_its_file_says(tmp_path: Path) -> None:
    database = tmp_path / "h.db"
    with another(database) as (process, said):
        assert said == "held"
        process.kill()
        process.wait()
    lock = ServiceLock(database)
    assert lock.path.read_text() == f"{process.pid}\n"
    with lock:
        assert lock.path.read_text() == f"{os.getpid()}\n"
    assert lock.path.read_text() == ""


def test_of_many_that_start_at_once_one_wins(tmp_path: Path) -> None:
    database = tmp_path / "h.db"
    with another(database) as (_, a), another(database) as (_, b), another(database) as (_, c):
        said = sorted([a, b, c])
    assert said[0] == "held" or said[-1] == "held"
    assert sum(word == "held" for word in said) == 1
    assert sum("is in use by the service" in word for word in said) == 2


def test_one_process_cannot_be_the_service_twice(tmp_path: Path) -> None:
    with ServiceLock(tmp_path / "h.db") as lock:
        lock.acquire()  # the one that holds it may ask again
        assert f"process id {os.getpid()}" in refusal(tmp_path / "h.db")
    with ServiceLock(tmp_path / "h.db"):
        pass


def test_one_lock_by_whatever_link_the_database_is_reached(tmp_path: Path) -> None:
    database = tmp_path / "h.db"
    database.touch()
    (tmp_path / "link.db").symlink_to(database)
    with ServiceLock(database):
        assert "in use" in refusal(tmp_path / "link.db")


def test_databases_do_not_share_a_lock(tmp_path: Path) -> None:
    with ServiceLock(tmp_path / "a.db"), ServiceLock(tmp_path / "b.db"):
        pass


def test_a_worker_that_outlives_the_service_does_not_keep_the_lock(tmp_path: Path) -> None:
    database = tmp_path / "h.db"
    with another(database, FORKING) as (service, said):
        service.wait()
        assert said == "the worker is up"
        assert ServiceLock(database).path.read_text() == f"{service.pid}\n"
        ServiceLock(database).acquire()
        assert service.stdin is not None
        assert service.stdout is not None
        service.stdin.write("the lock was free\n")
        service.stdin.flush()
        assert service.stdout.readline() == "the lock was free\n", "and the worker was still there"


def test_a_lock_file_that_cannot_be_made(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path / "nowhere" / "h.db")
