"""Results of long work in files beside a database, so that whoever is killed on the way goes on where it stopped.

A folder of parts. A part is there whole or not at all: it is written under another name, synced, then renamed. Its head
is read at once, its records one by one, so that an archive need not fit into memory. What the folder is about is
written down first; another work on it is refused. One process at a time: whoever uses it holds the database's lock.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from monitor.errors import DatabaseBusy

ABOUT = "about.json"


class OtherWork(Exception):
    """The folder is about something else: its text says what differs."""


class Spool:
    """Opens the folder, or makes it. Raises OtherWork when it is there and about something else. `since`: when the work
    began, unless that is known. Writing raises DatabaseBusy when there is no room."""

    def __init__(self, folder: Path, about: Mapping[str, str], since: str = "") -> None:
        self.folder = folder
        self._places: dict[str, list[tuple[int, int]]] = {}
        if self.begun(folder):
            known: dict[str, str] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            self.since = known["since"]
            different = [name for name, value in about.items() if known.get(name) != value]
            if different:
                raise OtherWork(", ".join(different))
        else:
            shutil.rmtree(folder, ignore_errors=True)  # killed before it knew what it was about
            self.since = since
            self._write(ABOUT, json.dumps({**about, "since": since}).encode())

    @staticmethod
    def begun(folder: Path) -> bool:
        """Whether there is work that was not finished."""
        return (folder / ABOUT).exists()

    def __contains__(self, part: str) -> bool:
        return (self.folder / part).exists()

    def put(self, part: str, head: Any, records: Sequence[Any] = ()) -> None:
        """Writes a part."""
        bodies = [pickle.dumps(record) for record in records]
        places, end = [], 0
        for body in bodies:
            places.append((end, len(body)))
            end += len(body)
        front = pickle.dumps((head, places))
        self._write(part, len(front).to_bytes(8), front, *bodies)

    def head(self, part: str) -> Any:
        """The head of a part that is there."""
        with (self.folder / part).open("rb") as file:
            head, _ = _front(file)
            return head

    def record(self, part: str, number: int) -> Any:
        """One record of a part that is there."""
        with (self.folder / part).open("rb") as file:
            if part not in self._places:
                _, places = _front(file)
                self._places[part] = [(file.tell() + start, length) for start, length in places]
            start, length = self._places[part][number]
            file.seek(start)
            return pickle.loads(file.read(length))  # noqa: S301  # ours, beside the database and as trusted as that

    def remove(self) -> None:
        """The work is done."""
        remove(self.folder)

    def _write(self, part: str, *contents: bytes) -> None:
        unfinished = self.folder / f"{part}.new"
        try:
            self.folder.mkdir(exist_ok=True)
            with unfinished.open("wb") as file:
                file.writelines(contents)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.folder / part)
        except OSError as error:
            raise DatabaseBusy(
                f"{self.folder}: cannot be written ({error.strerror}); make room there and run the same command again, "
                "it goes on with what is kept"
            ) from error


def remove(folder: Path) -> None:
    """Forgets work that was not finished, or is."""
    (folder / ABOUT).unlink(missing_ok=True)  # first: what is half removed is about nothing
    shutil.rmtree(folder)


def _front(file: BinaryIO) -> Any:
    return pickle.loads(file.read(int.from_bytes(file.read(8))))  # noqa: S301  # as above
