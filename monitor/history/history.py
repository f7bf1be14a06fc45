"""The history: the front of this package, and all that the rest of the program sees of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from monitor.errors import DatabaseError
from monitor.health import Condition, Vitals
from monitor.history import (
    beliefs,
    channels,
    claims,
    health,
    indexing,
    observations,
    outbox,
    replays,
    reviews,
    sources,
    upkeep,
)
from monitor.history.claims import Revive
from monitor.history.observations import Stored
from monitor.history.outbox import Claimed
from monitor.history.queries import Queries
from monitor.history.replays import Kept, Reread, Restated
from monitor.history.reviews import Target, Verdict
from monitor.history.store import Store, told
from monitor.history.upkeep import Swept
from monitor.models import (
    Alert,
    Change,
    Claim,
    Delivery,
    Fact,
    Health,
    Memory,
    Observation,
    Past,
    Silence,
    Skipped,
    Source,
    State,
    Subject,
)

T = TypeVar("T")


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

    def quiet(self, until: datetime) -> bool:
        """Whether nothing becomes due until then: no source, no message."""
        with told(self.path):
            return not sources.due(self._store.db, until, 1) and not outbox.waits(self._store.db, until)

    def overdue(self, now: datetime) -> dict[str, datetime]:
        """The due sources that have been checked before, leased or not, and when they were due; oldest first."""
        with told(self.path):
            return sources.overdue(self._store.db, now)

    def gone(self) -> dict[str, str]:
        """The sources that are gone for good, which are not checked unless somebody asks for it, and why."""
        with told(self.path):
            return sources.gone(self._store.db)

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

    def take(
        self, names: Collection[str], now: datetime, until: datetime
    ) -> tuple[dict[str, datetime], dict[str, Memory]]:
        """Says that somebody is checking sources; `schedule` ends it, `seen`, `release`, or `until`. Returns when those
        that are known were due, and what `observe` may know of each."""
        with self._store.passing() as db:  # without a lease that was lost, they are due as before
            return sources.lease(db, names, until), {name: observations.memory(db, name, now) for name in names}

    def release(self, names: Iterable[str]) -> None:
        """Ends the leases of sources whose checks came to nothing: they are due as before."""
        with self._store.passing() as db:
            sources.release(db, names)

    def recorded(self) -> int:
        """How many checks have been recorded."""
        with told(self.path):
            return observations.recorded(self._store.db)

    def memory(self, name: str, now: datetime) -> Memory:
        """What `observe` may know of a source's past."""
        with told(self.path):
            return observations.memory(self._store.db, name, now)

    # One record, or several

    def together(self, records: Iterable[Callable[[], T]]) -> list[T | Exception]:
        """Several records, each a `writing()` of its own, in one transaction. One that raises leaves nothing behind and
        harms no other; its error is its result. What ails the database ails all: then none is kept."""
        results: list[T | Exception] = []
        with self._store.writing():
            for one in records:
                try:
                    results.append(one())
                except DatabaseError:
                    raise
                except Exception as bug:
                    results.append(bug)
        return results

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

    def seen(self, observation: Observation, next_due: datetime, now: datetime) -> bool:
        """Inside writing(): stores that a source was seen unchanged and when the next check is due; ends the lease.

        Says whether that was all there is to do. It is not when anything is, or was, wrong with the source, and once an
        hour, so that its health is judged: then nothing is stored.
        """
        return observations.seen(self._inside(), observation, next_due, now)

    def claims(self, subjects: Iterable[Subject], check_id: int) -> dict[Subject, tuple[Claim, ...]]:
        """All claims about each subject, by (date, id); `fresh` and `closed_now` are relative to the check."""
        return claims.read(self._store.db, subjects, check_id, self._revive)

    def past(self, subjects: Iterable[Subject]) -> dict[Subject, tuple[Past, ...]]:
        """The latest changes of each subject, oldest first."""
        return beliefs.past(self._store.db, subjects)

    def flapped(self, before: datetime) -> list[tuple[Change, Change]]:
        """Where a value has not moved since a day, and its last move was silent as flapping: what was told last, and
        that move."""
        return beliefs.flapped(self._store.db, before)

    def put_states(self, states: Iterable[State], now: datetime) -> None:
        """Inside writing(): stores what is believed now."""
        beliefs.put(self._inside(), reviews.signed(self._inside(), states), now)

    def add_changes(self, changes: Iterable[Change], check_id: int | None) -> None:
        """Inside writing(): stores steps. One that is known is left as it is."""
        as_told = reviews.as_published(self._inside(), changes)
        beliefs.add_changes(self._inside(), as_told, check_id, self._revive)

    @property
    def identity(self) -> str:
        """What tells this history from others: messages of another one are no repeats of its own."""
        (identity,) = self._store.db.execute("SELECT identity FROM history").fetchone()
        return str(identity)

    def identify(self, identity: str) -> None:
        """Gives it an identity that is not random: for what is made anew from the same documents, to the byte."""
        with self._store.writing() as db:
            db.execute("UPDATE history SET identity = ?", [identity])

    def queue(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Inside writing(): adds messages to the outbox. What gathers joins the message of its key."""
        outbox.queue(self._inside(), alerts, now)

    def schedule(self, name: str, next_due: datetime, observation: Observation, failures: int) -> None:
        """Inside writing(): stores how a check went and when the next is due; ends the lease."""
        sources.schedule(self._inside(), name, next_due, observation, failures)

    def vitals(self, name: str) -> Vitals:
        """What judging a source's health needs."""
        return health.vitals(self._store.db, name)

    def put_condition(self, name: str, condition: Condition) -> None:
        """Inside writing(): stores how a source is."""
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

    def extent(self) -> str:
        """How far the history has come: another text as soon as anything is read, or read again."""
        with told(self.path):
            return replays.extent(self._store.db)

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

    def claim_alerts(
        self, channel: str, now: datetime, lease: timedelta, limit: int, *, again: bool = False
    ) -> list[Claimed]:
        """Takes due messages of a channel to send, oldest first; nobody else gets them until the lease runs out.

        `again`: also those whose next attempt is later, so that none that is newer goes before them.
        """
        with self._store.writing() as db:
            return outbox.claim(db, channel, now, lease, limit, again=again)

    def settle_alert(
        self,
        alert_id: str,
        delivery: Delivery,
        now: datetime,
        next_attempt: datetime | None,
        channel: str | None = None,
        health: Health | None = None,
        notices: Iterable[Alert] = (),
    ) -> None:
        """Stores an attempt and what follows. Without a next attempt, what was not sent has failed for good.

        `health`: how the channel is after it; `notices`: who is told of that.
        """
        with self._store.writing() as db:
            if channel is not None and health is not None:
                was = channels.health(db, channel)
                if was.failing_since and not health.failures:
                    outbox.retry_at_once(db, channel, was.resting_until or was.failing_since, now)
                channels.put_health(db, channel, health)
            outbox.settle(db, alert_id, delivery, now, next_attempt)
            outbox.queue(db, notices, now)

    def release_alerts(self, alert_ids: Iterable[str], until: datetime | None = None) -> None:
        """Gives back what was taken to send and not tried; with `until`, it waits until then."""
        with self._store.writing() as db:
            outbox.release(db, alert_ids, until)

    def close_groups(self, now: datetime, until: datetime) -> None:
        """Makes due what waits for more of its kind, no longer than `until`; digests keep their hour."""
        with self._store.writing() as db:
            outbox.close_groups(db, now, until)

    def retry_alerts(self, beginnings: Iterable[str], now: datetime) -> list[str]:
        """Lets messages that were not sent go out at once, and their channels be tried. Returns their ids.

        The start of an id will do. Raises UsageError for one that names none or several.
        """
        with self._store.writing() as db:
            return outbox.retry(db, outbox.chosen(db, beginnings), now)

    def drop_alerts(self, beginnings: Iterable[str], reason: str, now: datetime) -> list[str]:
        """Drops messages that wait or have failed. Returns their ids. Raises UsageError, as `retry_alerts`."""
        with self._store.writing() as db:
            return outbox.drop(db, outbox.chosen(db, beginnings), reason, now)

    def drop_alerts_outside(self, channels: Mapping[str, Collection[str]], now: datetime) -> int:
        """Drops what waits for channels and recipients that are not among these. Returns how many messages."""
        with self._store.writing() as db:
            return outbox.drop_outside(db, channels, now)

    # Channels and silences

    def sync_channels(self, configured: Mapping[str, str]) -> None:
        """Makes these the known channels: name -> a hash of the settings. One with other settings starts afresh."""
        with self._store.writing() as db:
            channels.sync(db, configured)

    def health(self, channel: str) -> Health:
        """How a channel is."""
        with told(self.path):
            return channels.health(self._store.db, channel)

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """What people have silenced, as far as it is in force."""
        with told(self.path):
            return channels.silences(self._store.db, now)

    def add_silence(self, silence: Silence, now: datetime) -> int:
        """Stores a silence; returns its id."""
        with self._store.writing() as db:
            return channels.add_silence(db, silence, now)

    def end_silence(self, silence_id: int, now: datetime) -> bool:
        """Ends a silence now. Says whether there was such a one in force."""
        with self._store.writing() as db:
            return channels.end_silence(db, silence_id, now)

    def last_done(self, task: str) -> datetime | None:
        """When a task of set times was done last."""
        with told(self.path):
            return channels.last_done(self._store.db, task)

    def done(self, task: str, now: datetime, alerts: Iterable[Alert] = ()) -> None:
        """Writes down that a task of set times is done, together with the messages that it is about."""
        with self._store.writing() as db:
            channels.put_done(db, task, now)
            outbox.queue(db, alerts, now)

    # Upkeep

    def housekeep(self, now: datetime, keep_pages: timedelta, keep_checks: timedelta) -> Iterator[Swept]:
        """Indexes for the search what is not yet, removes old raw pages and checks, makes one row of the checks of a
        day that brought nothing, gives free space back, and empties the write-ahead log.

        Each `next` is one small step, a short transaction, after which others may write.
        """
        return upkeep.steps(self._store, now, keep_pages, keep_checks)

    def index(self) -> bool:
        """One small step of what housekeeping does for the search; False: all is indexed."""
        return indexing.step(self._store)

    def _inside(self) -> Database:
        db = self._store.db
        if not db.conn.in_transaction:
            raise RuntimeError("this belongs inside `with history.writing():`")
        return db


class _Undone(Exception):
    """Ends a transaction that was only tried."""
