"""What the recorded runs give is the same to the byte, until a change of it is meant.

A fresh scoring is compared with the stored results.json but for the last digits of numbers, in which
processors differ. Report and export are then made from the stored one, so that only their rendering
is compared. Parquet is compared by its schema and rows: its bytes differ between versions of pyarrow.
What a small model made of an answer at scoring is left out of the exports, since processors differ.

A change that is meant is recorded anew, and told by a line in CHANGELOG:
    python scripts/record_run.py --rescore             where numbers change
    PYTHONPATH=src:tests python -m e2e.test_same_bytes
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import math
import tempfile
from pathlib import Path

import pytest

from e2e.runs import safeglot
from example.recorded import DATA, RUNS, recorded, stored_results

HASHES = DATA / "bytes.json"
KINDS = ("csv", "jsonl", "parquet")


OF_PROCESSOR = {"traits": "confidence", "cosines": "cosine"}
"""Table -> its column of what the processor has a part in."""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; of Parquet, of its schema and rows."""
    content = path.read_bytes()
    column = OF_PROCESSOR.get(path.stem)
    if path.suffix == ".parquet":
        from pyarrow import parquet

        table = parquet.read_table(path)
        schema = table.schema.to_string()
        content = f"{schema}\n{(table.drop([column]) if column else table).to_pylist()}".encode()
    elif column:
        lines = content.decode("utf-8").splitlines()
        rows = map(json.loads, lines) if path.suffix == ".jsonl" else csv.DictReader(lines)
        content = repr([{k: v for k, v in row.items() if k != column} for row in rows]).encode()
    return hashlib.sha256(content).hexdigest()


def same(there, now):
    """Equal, but for the last digits of numbers: processors differ in exp and log."""
    if isinstance(there, float) and isinstance(now, float):
        return math.isclose(there, now, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(there, dict) and isinstance(now, dict):
        return there.keys() == now.keys() and all(same(there[k], now[k]) for k in there)
    return there == now


def scored(folder: Path, name: str) -> Path:
    """Return a recorded run that was scored afresh, with results.json as it is made here."""
    run = recorded(folder, name, results=False)
    done = safeglot("score", run)
    assert done.returncode == 0, done.stderr
    return run


def hashes(run: Path) -> dict[str, str]:
    """Return the digest of every file that is made of a scored run, by its path."""
    folder, name = run.parent, run.name
    (run / "results.json").write_bytes(stored_results(name))
    commands = [("report", name, "--answers", "500")]
    commands += [("export", name, "--format", k, "--out", f"{name}-{k}") for k in KINDS]
    with contextlib.chdir(folder):  # the page names the run's folder as its user does
        for command in commands:
            done = safeglot(*command)
            assert done.returncode == 0, done.stderr
    return {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("safeglot.db")
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The scored runs, and results.json of each as it was made here."""
    made = [scored(tmp_path_factory.mktemp(name), name) for name in RUNS]
    return {run.name: (run, (run / "results.json").read_bytes()) for run in made}


@pytest.mark.parametrize("name", RUNS)
def test_a_fresh_scoring_gives_the_stored_results(runs, name):
    fresh, stored = runs[name][1], stored_results(name)
    if fresh == stored:
        return
    now, there = json.loads(fresh), json.loads(stored)
    assert now["signature"] == there["signature"]
    names = ("metric", "model", "judge", "language", "category")
    of_now, of_there = (
        {tuple(e[n] for n in names): e for e in one["estimates"]} for one in (now, there)
    )
    assert list(of_now) == list(of_there)
    differ = [(of_there[k], e) for k, e in of_now.items() if not same(of_there[k], e)]
    assert differ[:3] == [], f"{len(differ)} of {len(of_now)} estimates differ"


@pytest.mark.parametrize("name", RUNS)
def test_files_made_of_a_scored_run_have_the_bytes_that_they_had(runs, name):
    stored = json.loads(HASHES.read_text("utf-8"))
    stored = {path: d for path, d in stored.items() if path.partition("/")[0].split("-")[0] == name}
    made = hashes(runs[name][0])
    assert made.keys() == stored.keys()
    assert [path for path in made if made[path] != stored[path]] == [], __doc__


if __name__ == "__main__":
    found: dict[str, str] = {}
    for run_name in RUNS:
        with tempfile.TemporaryDirectory() as place:
            found |= hashes(scored(Path(place), run_name))
    HASHES.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(HASHES)
