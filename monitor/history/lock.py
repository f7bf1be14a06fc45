"""One service per database: a lock file beside it, held for as long as the process lives.

The kernel keeps the lock, not the file: after a crash, or in a copy of the folder, it is free whatever the file says.
The process id in it is for people.
"""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from pathlib import Path
from types import TracebackType

from monitor.errors import DatabaseError
from monitor.history.store import rights


class ServiceLock:
    """The right to be the service of one database. Not needed for reading it, nor for a single check."""

    def __init__(self, database: Path) -> None:
        self.database = database
        real = database.resolve()  # one lock, by whatever link the database is reached
        self.path = real.with_name(real.name + ".lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Takes the lock. Raises DatabaseError, naming the holder, when another process has it."""
        if self._file is not None:
            return
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            advice = rights(self.path.parent)
            raise DatabaseError(f"the lock file {self.path} cannot be opened ({error.strerror}); {advice}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _written_in(file)
            os.close(file)
            raise DatabaseError(self._refusal(error, holder)) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        _held.add(self)

    def held(self) -> bool:
        """Whether somebody has it. A lock that nobody has written an id into is free, and is left alone."""
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            if not _written_in(file):
                return False
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(file)
        return False

    def stands(self) -> bool:
        """Whether what is held is still what another process finds: who removes the file lets it take a new one."""
        assert self._file is not None
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._file))
        except OSError:
            return False

    def release(self) -> None:
        """Gives the lock back; safe when it is not held. The file stays: removing it would race with the next one."""
        _held.discard(self)
        if self._file is not None:
            os.ftruncate(self._file, 0)
            self.forget()

    def forget(self) -> None:
        """Closes this process's hold on the lock without giving it back for others that share it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> ServiceLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _refusal(self, error: OSError, holder: str) -> str:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return f"the lock file {self.path} cannot be locked ({error.strerror})"
        who = f"process id {holder}" if holder else "another process id"
        return f"the database {self.database} is in use by the service with {who}; stop it first"


def _written_in(file: int) -> str:
    text = os.pread(file, 32, 0).decode("ascii", "replace").strip()
    return text if text.isdigit() else ""


_held: weakref.WeakSet[ServiceLock] = weakref.WeakSet()


def _forget_in_child() -> None:
    """A forked worker shares the lock: without this, one that outlives a killed service would keep it."""
    for lock in list(_held):
        lock.forget()


os.register_at_fork(after_in_child=_forget_in_child)
