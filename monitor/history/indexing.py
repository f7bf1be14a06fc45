"""The search's index over documents that were there before it: filled in portions, so that nobody waits for it.

What is stored since then is indexed as it is stored, by triggers.
"""

from __future__ import annotations

import json

from monitor.history.store import Store

PORTION = 100
"""Documents that one step indexes: some ten milliseconds."""

_NEXT = "SELECT document FROM unindexed ORDER BY document DESC LIMIT ?"

_INDEX = """
INSERT INTO document_search (rowid, title, text)
SELECT id, title, text FROM document WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id
"""  # in order: FTS5 writes what it has gathered whenever a smaller id comes


def step(store: Store) -> bool:
    """Indexes the newest documents that are not yet, in a short transaction; False: there were none left."""
    with store.writing() as db:
        ids = json.dumps([number for (number,) in db.execute(_NEXT, [PORTION]).fetchall()])
        db.execute(_INDEX, {"ids": ids})
        db.execute("DELETE FROM unindexed WHERE document IN (SELECT value FROM json_each(:ids))", {"ids": ids})
    return ids != "[]"
