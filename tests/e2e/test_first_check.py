"""The first check of many answers by several processes, cut off as by Ctrl-C in a terminal."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess

import pytest

from e2e.runs import COMMAND, environment, safeglot
from example.recorded import recorded
from safeglot.backends.store.store import Store
from waiting import HANG_S, until

MANY = 25_000


@pytest.fixture
def run(tmp_path):
    """A recorded run whose answers were given many times, by a model that it does not plan."""
    folder = recorded(tmp_path, "samples", results=False)
    store = Store(folder / "safeglot.db")
    step = store.step("generate", "another")
    store.close()
    database = sqlite3.connect(folder / "safeglot.db")
    rows = database.execute(
        "SELECT DISTINCT translation, MIN(reply) FROM responses GROUP BY 1"
    ).fetchall()
    copies = (
        (translation, step, i // len(rows), reply)
        for i in range(MANY)
        for translation, reply in [rows[i % len(rows)]]
    )
    columns = "translation, step, sample, reply"
    database.executemany(f"INSERT INTO responses({columns}) VALUES(?, ?, ?, ?)", copies)
    database.execute("DELETE FROM traits")
    database.commit()
    database.close()
    return folder


def checked(run):
    database = sqlite3.connect(f"file:{run / 'safeglot.db'}?mode=ro", uri=True)
    try:
        return database.execute("SELECT COUNT(*) FROM traits").fetchone()[0]
    finally:
        database.close()


def beside_progress(text):
    """Leave out the lines that a slow machine writes every 10 s."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not re.match(r"\[ *\d+ s\] answers checked ", line))


def test_what_is_checked_stays_and_the_next_call_goes_on(run):
    process = subprocess.Popen(
        [*COMMAND, "score", str(run)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment(), start_new_session=True,
    )  # fmt: skip
    until(lambda: checked(run) or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers too
    out, err = process.communicate(timeout=HANG_S)
    assert (process.returncode, out) == (4, ""), err
    assert beside_progress(err).startswith("error: interrupted.\n")
    assert "Traceback" not in err
    stored = checked(run)
    assert 0 < stored < MANY
    assert f"\n{stored} of " in err
    assert f"safeglot score {run}" in err
    assert not (run / "results.json").exists()
    done = safeglot("score", run)
    assert (done.returncode, beside_progress(done.stderr)) == (0, "")
    assert checked(run) > MANY
