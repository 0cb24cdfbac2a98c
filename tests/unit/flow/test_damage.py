from __future__ import annotations

import sqlite3
from contextlib import closing

from example.job import judged
from example.sets import make_set
from safeglot.flow.damage import damage_in


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


def test_a_row_of_a_translation_set_is_named_by_its_line(tmp_path):
    folder = tmp_path / "set"
    make_set(folder, n=3)
    assert damage_in([str(folder)]) == ""
    for name, wrong in (
        ("translations.jsonl", '{"id": "p"}'),
        ("translations.jsonl", "[]"),
        ("candidates.jsonl", "{"),
        (
            "candidates.jsonl",
            '{"prompt": "p", "language": "de", "translator": "t", "text": "", "faults": true}',
        ),
        ("ratings.jsonl", '{"prompt": []}'),
    ):
        file = folder / name
        before = file.read_text("utf-8") if file.exists() else ""
        file.write_text(f"{wrong}\n{before}", "utf-8")
        assert f"{file}:1: " in damage_in(["ratings", "show", str(folder)])
        file.write_text(before, "utf-8")
