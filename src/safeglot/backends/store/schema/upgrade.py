"""How a database of an older version becomes one of the present: whole, or not at all.

Keys become whole numbers here: each table is written once, in the order of its numbers. What no run
could have written is left out: an answer to no text, a second one to the same request.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from safeglot.backends.store.schema.old_tables import OLD_TABLES, TO_LAST
from safeglot.backends.store.schema.scripts import named, statements
from safeglot.backends.store.schema.shape import fault_of_tables
from safeglot.backends.store.schema.tables import SCHEMA_VERSION, TABLES, VIEWS
from safeglot.errors import Stopped, UsageError
from safeglot.text.thoughts import split

_NUMBERED = 5
"""The first version whose rows have numbers; later ones only gained tables."""
_GAINED = {
    6: ("cosines",), 7: ("batches", "batch_requests"), 8: ("looks",), 9: ("history", "chosen"),
}  # fmt: skip
"""Version -> the tables that came with it."""
_WITH_THOUGHTS = 4
"""The first version that keeps thoughts beside the answers; before it they stood within the texts."""
_ROWS = 5_000
"""Replies that are read at a time: a run may hold more than fits into memory."""
_CACHE_KIB = 65_536
"""Memory for pages meanwhile: keys are looked up all over the old tables."""
_SQL = named(__package__, "upgrade.sql")
_FILL = statements(_SQL["fill"])
"""What needs no index of the new tables but that of the texts' keys."""
_REPLIES = "SELECT rowid, text FROM replies WHERE rowid > ? ORDER BY rowid LIMIT ?"
_SPLIT = "UPDATE replies SET text = ?, thought = ? WHERE rowid = ?"

_RENUMBERED = (
    "translations", "replies", "responses", "verdicts", "failures", "traits", "draws", "labels",
)  # fmt: skip


def _of(scripts: Iterable[str], tables: Iterable[str]) -> list[str]:
    """Return those statements that make some tables, and their indexes."""
    heads = tuple(f"CREATE TABLE {name}(" for name in tables)
    owners = tuple(f" ON {name}(" for name in tables)
    return [s for s in scripts if s.startswith(heads) or any(o in s for o in owners)]


_STATEMENTS = statements(TABLES)
_LATER = [name for names in _GAINED.values() for name in names]
_NEW_TABLES = [
    s for s in _of(_STATEMENTS, [*_RENUMBERED, "steps", *_LATER]) if s.startswith("CREATE TABLE")
]
_INDEXES = [s for s in _STATEMENTS if not s.startswith("CREATE TABLE")]
_MARK = "INSERT INTO steps(stage, name, key, mode) VALUES('upgrade', ?, '', '')"
"""Says that replies of judges stand under the keys of their requests (`tries.is_keyed`)."""


def check_present(path: Path, version: int) -> None:
    """Check that a database which cannot be written is no older one. Raises: UsageError."""
    if 0 < version < SCHEMA_VERSION:
        raise UsageError(
            f"{path}: written by an older safeglot (database version {version}), and cannot be brought "
            "up to date where it cannot be written. Copy the run to a folder that can be, and give that."
        )


def check_room(path: Path, error: sqlite3.OperationalError) -> None:
    """Check that an upgrade did not end for want of room. Raises: Stopped."""
    if "full" in str(error):
        raise Stopped(
            f"{path}: {error}. It is of an older version and is written anew to be brought up, which "
            "takes about twice its size again. It is as it was: make room, then run the same command."
        ) from None


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """Bring a database up, in one transaction: cut off, it is as it was. Raises: sqlite3.Error."""
    cache = db.execute("PRAGMA cache_size").fetchone()[0]
    db.execute(f"PRAGMA cache_size={-_CACHE_KIB}")
    db.execute("BEGIN IMMEDIATE")
    try:
        if version == 0:
            _run(db, statements(TABLES + VIEWS))
        else:
            _bring_up(db, version)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    finally:
        db.execute(f"PRAGMA cache_size={cache}")


def _bring_up(db: sqlite3.Connection, version: int) -> None:
    if version >= _NUMBERED:
        _add_tables(db, version)
        return
    if fault := fault_of_tables(db, OLD_TABLES[version]):
        raise sqlite3.DatabaseError(fault)  # a view or trigger of others would run
    for (judge,) in db.execute(_SQL["contradicting"]):
        raise sqlite3.DatabaseError(f"it holds two verdicts of {judge!r:.60} on one answer")
    _run(db, statements(TO_LAST[version]))
    if version < _WITH_THOUGHTS:
        _split_thoughts(db)
    _run(db, ["DROP VIEW IF EXISTS answers"])
    _run(db, [f"ALTER TABLE {name} RENAME TO old_{name}" for name in _RENUMBERED])
    _run(db, _NEW_TABLES)
    _run(db, _FILL)
    db.execute(_MARK, (str(version),))
    _run(db, _INDEXES)
    _run(db, statements(_SQL["fill indexed"]))
    _run(db, [f"DROP TABLE old_{name}" for name in _RENUMBERED])
    _run(db, statements(VIEWS))


def _add_tables(db: sqlite3.Connection, version: int) -> None:
    """Add the tables that came after a version."""
    names = [name for since, names in _GAINED.items() if since > version for name in names]
    added = _of(_STATEMENTS, names)
    own = ";\n".join(s for s in _STATEMENTS if s not in added)
    if fault := fault_of_tables(db, f"{own};\n{VIEWS}"):
        raise sqlite3.DatabaseError(fault)
    _run(db, added)


def _run(db: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        db.execute(statement)


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
