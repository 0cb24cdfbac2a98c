from __future__ import annotations

import sqlite3
from contextlib import closing

from example.job import judged
from safeglot.cli.damage import damage_in


def test_what_is_damaged_is_named_and_nothing_else(tmp_path):
    run_dir, _ = judged(tmp_path / "run")
    given = ["score", str(run_dir.path), str(run_dir.config), "--labels", "nowhere"]
    assert damage_in(given) == ""
    assert damage_in([]) == ""
    with closing(sqlite3.connect(run_dir.database, isolation_level=None)) as db:
        db.execute("UPDATE verdicts SET codes = 'S1'")
    assert "verdicts holds 'S1' as codes. Put back the files" in damage_in(given)
    run_dir.database.write_bytes(b"x" * 5000)
    assert "not a safeglot database" in damage_in(given)
