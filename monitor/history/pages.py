"""The raw pages: compressed, named by the SHA-256 of their bytes, each kept once, dropped when they are old."""

from __future__ import annotations

import hashlib

from sqlite_utils import Database

from monitor.history.storable import squeeze, unsqueeze
from monitor.models import Page

UNUSED = """
NOT EXISTS (SELECT 1 FROM document WHERE document.page = page.hash)
AND NOT EXISTS (SELECT 1 FROM source WHERE source.page = page.hash)
"""
"""No document and no source points to a page."""


def keep_page(db: Database, page: Page, now: str) -> str:
    """Stores the body of a page, if it is not there yet. Returns its name."""
    name = hashlib.sha256(page.content).hexdigest()
    if db.execute("SELECT 1 FROM page WHERE hash = ?", [name]).fetchone() is None:
        db.execute(
            "INSERT INTO page (hash, size, content, stored_at) VALUES (?, ?, ?, ?)",
            [name, len(page.content), page.packed or squeeze(page.content), now],
        )
    return name


def forget_page(db: Database, name: str) -> None:
    """Removes the body of a page unless a document or a source still points to it."""
    db.execute(f"DELETE FROM page WHERE hash = ? AND {UNUSED}", [name])  # noqa: S608 - a constant


def content_of(db: Database, name: str) -> bytes | None:
    """The body of a page, as it was fetched; None when it is not kept."""
    row = db.execute("SELECT content FROM page WHERE hash = ?", [name]).fetchone()
    return None if row is None else unsqueeze(row[0])
