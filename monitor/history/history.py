"""The history: the front of this package, and all that the rest of the program sees of it."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from monitor.health import Condition, Vitals
from monitor.history import beliefs, claims, health, observations, outbox, pages, replays, reviews, sources
from monitor.history.claims import Revive
from monitor.history.observations import Stored
from monitor.history.outbox import Claimed
from monitor.history.pages import Swept
from monitor.history.queries import Queries
from monitor.history.replays import Kept, Reread, Restated
from monitor.history.reviews import Target, Verdict
from monitor.history.store import Store, told
from monitor.models import (
    Alert,
    Change,
    Claim,
    Delivery,
    Fact,
    Memory,
    Observation,
    Past,
    Skipped,
    Source,
    State,
    Subject,
)


class History:
    """One database. Opening creates, checks and migrates it; raises DatabaseError when it cannot be used.

    `revive` makes a fact of its JSON form: this package knows no kind of fact. Methods marked "inside writing()" belong
    to one record and refuse to run without a transaction; the others are one of their own. Any thread may call, each
    has a connection of its own.
    """

    def __init__(self, path: Path, *, revive: Revive) -> None:
        self.path = path
        self._revive = revive
        self._store = Store(path)

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def queries(self) -> Queries:
        """The questions people ask, over this thread's connection; not to be closed."""
        return Queries(self._store.db, self.path)

    # Which sources there are, and when they are due

    def sync_sources(self, configured: Iterable[Source], now: datetime) -> None:
        """Makes these the configured sources. New ones, and those with another rhythm or address, are due now."""
        with self._store.writing() as db:
            sources.sync(db, configured, now)

    def release_leases(self) -> None:
        """Forgets who was checking and sending what: for a service that has just taken its lock."""
        with self._store.writing() as db:
            sources.release_leases(db)

    def due(self, now: datetime, limit: int) -> list[str]:
        """Names of the sources to check, oldest due first: configured, enabled, not leased."""
        with told(self.path):
            return sources.due(self._store.db, now, limit)

    def overdue(self, now: datetime) -> dict[str, datetime]:
        """The due sources that have been checked before, leased or not, and when they were due; oldest first."""
        with told(self.path):
            return sources.overdue(self._store.db, now)

    def defer(self, due_times: Mapping[str, datetime]) -> None:
        """Gives sources another due time."""
        with self._store.writing() as db:
            sources.defer(db, due_times)

    def skip(self, skipped: Iterable[Skipped], now: datetime) -> None:
        """Writes down checks that are left out."""
        with self._store.writing() as db:
            sources.skip(db, skipped, now)

    def turn_back(self, now: datetime) -> int:
        """Makes good for a clock that was set back: nothing waits for times that had been already. Returns how many
        sources that concerned."""
        with self._store.writing() as db:
            return sources.turn_back(db, now)

    def lease(self, name: str, until: datetime) -> datetime | None:
        """Says that somebody is checking a source; `schedule` ends it, or `until` does. Returns when it was due."""
        with self._store.writing() as db:
            return sources.lease(db, name, until)

    def memory(self, name: str, now: datetime) -> Memory:
        """What `observe` may know of a source's past."""
        with told(self.path):
            return observations.memory(self._store.db, name, now)

    # One record

    @contextmanager
    def writing(self) -> Generator[None, None, None]:
        """One transaction: all that is written in the block is kept, or nothing."""
        with self._store.writing():
            yield

    def store(
        self, observation: Observation, source: Source, now: datetime, revisit: Sequence[timedelta] = ()
    ) -> Stored:
        """Inside writing(): stores a check, its links, documents, pages and facts.

        `revisit` says how long after its first reading an article is visited again; empty: never.
        """
        return observations.store(self._inside(), observation, source, now, self._revive, revisit)

    def claims(self, subjects: Iterable[Subject], check_id: int) -> dict[Subject, tuple[Claim, ...]]:
        """All claims about each subject, by (date, id); `fresh` and `closed_now` are relative to the check."""
        return claims.read(self._store.db, subjects, check_id, self._revive)

    def past(self, subjects: Iterable[Subject]) -> dict[Subject, tuple[Past, ...]]:
        """The latest changes of each subject, oldest first."""
        return beliefs.past(self._store.db, subjects)

    def put_states(self, states: Iterable[State], now: datetime) -> None:
        """Inside writing(): stores what is believed now."""
        beliefs.put(self._inside(), reviews.signed(self._inside(), states), now)

    def add_changes(self, changes: Iterable[Change], check_id: int | None) -> None:
        """Inside writing(): stores steps. One that is known is left as it is."""
        as_told = reviews.as_published(self._inside(), changes)
        beliefs.add_changes(self._inside(), as_told, check_id, self._revive)

    def queue(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Inside writing(): adds messages to the outbox. A digest joins the row of its id that still gathers."""
        outbox.queue(self._inside(), alerts, now)

    def schedule(self, name: str, next_due: datetime, observation: Observation, failures: int) -> None:
        """Inside writing(): stores how a check went and when the next is due; ends the lease."""
        sources.schedule(self._inside(), name, next_due, observation, failures)

    def vitals(self, name: str) -> Vitals:
        """What judging a source's health needs."""
        return health.vitals(self._store.db, name)

    def put_health(self, name: str, condition: Condition) -> None:
        """Inside writing(): stores how a source is, and the notice that people are told."""
        health.put(self._inside(), name, condition)

    # Reading kept pages again

    @contextmanager
    def trying(self) -> Generator[None, None, None]:
        """One transaction that is undone at its end: to see what would follow."""
        with suppress(_Undone), self._store.writing():
            yield
            raise _Undone

    def addresses(self, *, source: str | None, brand: str | None, since: datetime | None) -> list[str]:
        """The addresses of the documents read: of a source, that may speak of a brand, fetched since then."""
        with told(self.path):
            return replays.addresses(self._store.db, source, brand, since)

    def versions(self, url: str) -> tuple[Kept, ...]:
        """All versions of the document at an address, oldest first, each with what reading it again needs."""
        with told(self.path):
            return replays.versions(self._store.db, url)

    def restate(self, read: Sequence[Reread], now: datetime) -> Restated | None:
        """Inside writing(): makes the claims of one address (all its versions) what they read now; None: they are."""
        return replays.restate(self._inside(), read, now, self._revive)

    def believed(self, subject: Subject) -> Fact | None:
        """The claim that is believed of a subject."""
        found = replays.believed(self._store.db, subject)
        return self._revive(found) if found else None

    # One review

    def review_target(self, fact: int, *, undone: bool = False) -> Target:
        """The claim of that number. Raises UsageError when there is none."""
        return reviews.target(self._store.db, fact, undone=undone)

    def review_subjects(self, about: Target) -> frozenset[Subject]:
        """The subjects that a review of the claim may move: its own, and those of earlier corrections of it."""
        return reviews.touched(self._store.db, about)

    def add_review(
        self,
        about: Target,
        verdict: Verdict,
        reviewer: str,
        note: str | None,
        now: datetime,
        *,
        made: int | None = None,
        because: int | None = None,
    ) -> int:
        """Inside writing(): stores what a person says of a claim, which is in force until the next review of it."""
        return reviews.add(self._inside(), about, verdict, reviewer, note, now, made=made, because=because)

    def make_claim(self, about: Target, fact: Fact, now: datetime) -> int:
        """Inside writing(): stores what a claim should have said, for a review that corrects it."""
        return reviews.make(self._inside(), about, fact, now)

    def accepted(self, subject: Subject, claims: Iterable[Claim]) -> frozenset[int]:
        """The numbers of the claims that a person vouches for."""
        return reviews.accepted(self._store.db, subject, claims)

    def forget_state(self, subject: Subject, now: datetime) -> None:
        """Inside writing(): nothing is believed of the subject any more."""
        beliefs.forget(self._inside(), subject, now)

    # The outbox

    def claim_alerts(self, channel: str, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
        """Takes due messages of a channel to send, oldest first; nobody else gets them until the lease runs out."""
        with self._store.writing() as db:
            return outbox.claim(db, channel, now, lease, limit)

    def settle_alert(self, alert_id: str, delivery: Delivery, now: datetime, next_attempt: datetime | None) -> None:
        """Stores an attempt and what follows. Without a next attempt, what was not sent has failed for good."""
        with self._store.writing() as db:
            outbox.settle(db, alert_id, delivery, now, next_attempt)

    def drop_alerts_outside(self, channels: Mapping[str, Collection[str]], now: datetime) -> int:
        """Drops what waits for channels and recipients that are not among these. Returns how many messages."""
        with self._store.writing() as db:
            return outbox.drop_outside(db, channels, now)

    # Upkeep

    def housekeep(self, now: datetime, keep_pages: timedelta, keep_checks: timedelta) -> Swept:
        """Removes old raw pages and checks, and moves the write-ahead log into the database."""
        with self._store.writing() as db:
            swept = pages.sweep(db, now, keep_pages, keep_checks)
        self._store.checkpoint()
        return swept

    def _inside(self) -> Database:
        db = self._store.db
        if not db.conn.in_transaction:
            raise RuntimeError("this belongs inside `with history.writing():`")
        return db


class _Undone(Exception):
    """Ends a transaction that was only tried."""
