"""Whether a database that somebody hands over has our tables, and in them what we would have written."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from pathlib import Path

from safeglot.backends.store.schema.tables import TABLES, VIEWS

_KINDS = {
    "TEXT": ("text",),
    "INTEGER": ("integer",),
    "REAL": ("real", "integer"),
}
_LISTS = {
    "prompts": ("categories",),
    "translations": ("checks",),
    "verdicts": ("codes",),
    "replies": ("logprobs",),
}
_TABLES = {"translations": ("quality",), "looks": ("numbers",)}
"""Columns that hold JSON: a list, or an object."""
Shape = dict[str, tuple[str, tuple[tuple[str, str, int, int], ...]]]


def address(path: Path, *, read_only: bool) -> str:
    """Return the address of a file for SQLite.

    On a medium that cannot be written there is no log beside the file, and none can be made.
    """
    log = path.with_name(f"{path.name}-wal")
    as_it_is = read_only and not (log.exists() and log.stat().st_size)
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={'ro' if read_only else 'rwc'}{'&immutable=1' if as_it_is else ''}"


def shape_of(db: sqlite3.Connection) -> Shape:
    """Return the kind and the columns of each table, view and trigger."""
    found: Shape = {}
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        if kind == "view" or (kind == "index" and sql is not None):
            found[name] = (f"{kind} {' '.join(sql.split())}", ())
        elif kind != "index":
            quoted = name.replace('"', '""')
            columns = db.execute(f'PRAGMA table_xinfo("{quoted}")').fetchall()
            found[name] = (kind, tuple((c[1], c[2].upper(), c[3], c[6]) for c in columns))
    return found


@functools.cache
def _own(script: str = TABLES + VIEWS) -> Shape:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(script)
        return shape_of(db)


def fault_of_tables(db: sqlite3.Connection, script: str = TABLES + VIEWS) -> str:
    """Return how the tables differ from ours, those that a script makes; "" where they are ours."""
    here, own = shape_of(db), _own(script)
    for name in sorted({*here, *own}):
        if name not in here:
            return f"it has no table {name}"
        if name not in own:
            return f"it has a {here[name][0].partition(' ')[0]} {name}, which is not safeglot's"
        if here[name] != own[name]:
            return f"its {name} is another one than safeglot's"
    return ""


def fault_of_values(db: sqlite3.Connection) -> str:
    """Return which table holds what we would not have written; "" for none. Reads every row."""
    for table, (kind, columns) in _own().items():
        if kind != "table":
            continue
        for column, declared, required, _ in columns:
            if wrong := db.execute(_wrong(table, column, declared, bool(required))).fetchone():
                return f"its table {table} holds {wrong[0]!r:.60} as {column}"
    return ""


def _wrong(table: str, column: str, declared: str, required: bool) -> str:  # noqa: FBT001 - private
    kinds = [*_KINDS.get(declared, ("text",)), *([] if required else ["null"])]
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    faults = [f'typeof("{column}") NOT IN ({allowed})']
    for json_type, by_table in (("array", _LISTS), ("object", _TABLES)):
        if column in by_table.get(table, ()):
            faults.append(
                f'"{column}" IS NOT NULL AND (NOT json_valid("{column}") OR json_type("{column}") <> \'{json_type}\')'
            )
    return f'SELECT "{column}" FROM "{table}" WHERE {" OR ".join(faults)} LIMIT 1'  # noqa: S608 - our own names
