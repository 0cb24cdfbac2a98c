"""Runs that an earlier safeglot made: they open, and score to the results that they had."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from e2e.runs import safeglot
from example.recorded import RUNS, recorded
from safeglot.backends.store.schema.old_tables import OLD_TABLES
from safeglot.backends.store.store import Store

KEYED = "JOIN new.keyed k ON k.id = x.response"
OLD = {
    "prompts": "SELECT * FROM new.prompts",
    "translations": """SELECT key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant
                       FROM new.translations""",
    "replies": """SELECT 'reply' || id, CASE thought WHEN '' THEN text ELSE {block} END, finish_reason, n_tokens,
                  n_prompt_tokens, logprobs, thought, n_thought_tokens, served_by, refused FROM new.replies""",
    "responses": """SELECT k.key, t.key, k.model, k.sample, 'reply' || k.reply
                    FROM new.keyed k JOIN new.translations t ON t.id = k.translation""",
    "verdicts": f"""SELECT k.key || s.name, k.key, s.name, s.mode, x.unsafe, x.unsafe_loose, x.label, x.p_unsafe,
                    x.codes, x.refusal, x.response_class, x.rationale, x.reason
                    FROM new.verdicts x {KEYED} JOIN new.steps s ON s.id = x.step""",
    "failures": """SELECT x.stage, x.key, CASE x.stage WHEN 'judge' THEN k.key ELSE x.parent END, x.by, x.sample,
                   x.kind, x.message, x.attempts, x.transient, x.text, x.thought FROM new.failures x
                   LEFT JOIN new.keyed k ON x.stage = 'judge' AND k.id = x.work""",
    "traits": f"""SELECT k.key, x.version, x.invalid, x.language, x.confidence, x.truncated, x.thought_language
                  FROM new.traits x {KEYED}""",
    "draws": f"SELECT k.key, x.judge, x.language, x.stratum, x.wanted, x.design FROM new.draws x {KEYED}",
    "labels": f"SELECT k.key, x.annotator, x.label, x.note FROM new.labels x {KEYED}",
}  # fmt: skip
"""Table of version 4 -> its rows, from those of the present; earlier ones lack the last columns."""
BLOCK = "'<think>' || char(10) || thought || char(10) || '</think>' || char(10) || char(10) || text"
"""Before version 4 thoughts stood within the texts."""


def turn_old(database, version):
    """Write a database as an earlier version would have."""
    present = database.with_name("present.db")
    Store(database).close()  # brings it up, where it is one of an earlier version
    database.rename(present)
    with closing(sqlite3.connect(database)) as db:
        db.executescript(OLD_TABLES[version])
        db.execute("ATTACH ? AS new", (str(present),))
        for table, query in OLD.items():
            width = len(db.execute(f"PRAGMA main.table_info({table})").fetchall())
            if width:
                rows = db.execute(query.format(block=BLOCK if version < 4 else "text")).fetchall()
                marks = ",".join("?" * width)
                db.executemany(f"INSERT INTO main.{table} VALUES({marks})", [row[:width] for row in rows])  # fmt: skip
        db.execute(f"PRAGMA user_version={version}")
        db.commit()
    present.unlink()


def scored(run):
    done = safeglot("score", run)
    assert done.returncode == 0, done.stderr
    return (run / "results.json").read_bytes()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What each recorded run scores to as it is: processors differ in the last digits."""
    folder = tmp_path_factory.mktemp("as it is")
    return {name: scored(recorded(folder, name, results=False)) for name in RUNS}


@pytest.mark.parametrize(
    ("name", "version"), [("samples", 1), ("samples", 2), ("samples", 3), ("recorded", 3), ("recorded", 4)]
)  # fmt: skip
def test_a_run_of_an_earlier_version_scores_to_the_results_that_it_had(
    tmp_path, results, name, version
):
    run = recorded(tmp_path, name, results=False)
    turn_old(run / "safeglot.db", version)
    assert scored(run) == results[name]
