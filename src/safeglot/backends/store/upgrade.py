"""How a database of an older version becomes one of the present: whole, or not at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from safeglot.backends.store.schema import SCHEMA_VERSION, UPGRADES
from safeglot.errors import UsageError
from safeglot.text.thoughts import split

_WITH_THOUGHTS = 4
"""The first version that keeps thoughts beside the answers; before it they stood within the texts."""
_ROWS = 5_000
"""Replies that are read at a time: a run may hold more than fits into memory."""
_REPLIES = "SELECT rowid, text FROM replies WHERE rowid > ? ORDER BY rowid LIMIT ?"
_SPLIT = "UPDATE replies SET text = ?, thought = ? WHERE rowid = ?"


def check_present(path: Path, version: int) -> None:
    """Check that a database which cannot be written is no older one. Raises: UsageError."""
    if 0 < version < SCHEMA_VERSION:
        raise UsageError(
            f"{path}: written by an older safeglot (database version {version}), and cannot be brought "
            "up to date where it cannot be written. Copy the run to a folder that can be, and give that."
        )


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """Bring a database up, in one transaction: cut off, it is as it was. Raises: sqlite3.Error."""
    try:
        db.executescript(f"BEGIN IMMEDIATE;{UPGRADES[version]}")
        if 0 < version < _WITH_THOUGHTS:
            _split_thoughts(db)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _split_thoughts(db: sqlite3.Connection) -> None:
    """Move the thoughts out of the texts of all replies, as the reader of replies does now.

    Verdicts stay: what a judge said of a text with its thought is what it said.
    """
    last = -1
    while rows := db.execute(_REPLIES, (last, _ROWS)).fetchall():
        last = rows[-1][0]
        said = ((split(text), text, row) for row, text in rows)
        db.executemany(
            _SPLIT,
            [(parts.text, parts.thought, row) for parts, text, row in said if parts.text != text],
        )
