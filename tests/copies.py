"""Copies of run directories, also of those that a server or a run has open."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = "safeglot.db"
OPEN = ("-wal", "-shm")  # come and go with SQLite's connections


def copied(run: Path, to: Path) -> Path:
    """Copy a run directory or a folder of them, databases by SQLite's own backup."""
    kept = [DATABASE + end for end in ("", *OPEN)]
    shutil.copytree(run, to, ignore=shutil.ignore_patterns(*kept))
    for path in run.rglob(DATABASE):
        there = to / path.relative_to(run)
        with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(there)) as copy:
            db.backup(copy)
    return to
