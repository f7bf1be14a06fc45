"""The SQLite history: the only package that knows SQL and sqlite-utils.

store         the file: checks, migrations, connections, transactions
sources       the configured sources: due times, leases, what is remembered
observations  one check to rows      links  pages  claims
upkeep        what is old goes       backups  figures
beliefs       states and changes     outbox  messages
revisits      young articles again   replays kept pages read again
channels      how each channel is, silences
queries       what people ask        reading whoever waits for an answer: no writing, a limit of time
searching     words in documents and claims  indexing  documents from before the search
overview      what is to be seen at a glance
lock          one service a database
"""

from monitor.lean import without

with without("numpy", "pandas"):  # sqlite-utils loads them where they are, for who stores tables of theirs
    import sqlite_utils as _  # noqa: F401

from monitor.history.history import History
from monitor.history.lock import ServiceLock
from monitor.history.observations import Stored
from monitor.history.queries import Queries
from monitor.history.reading import Reader, Table
from monitor.history.replays import Kept, Reread, Restated

__all__ = ["History", "Kept", "Queries", "Reader", "Reread", "Restated", "ServiceLock", "Stored", "Table"]
