from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys

import pytest

from e2e.runs import safeglot
from example.recorded import DATA, MODELS, PROPERTIES, RUNS, recorded, stored_results
from safeglot.backends.store.store import Store

TEXTS = json.loads((DATA / "recorded_texts.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    made = {name: recorded(folder, name) for name in RUNS}
    for run in made.values():
        Store(run / "safeglot.db").close()  # brings it up, where it is one of an earlier version
    return made


def rows(run, query):
    database = sqlite3.connect(run / "safeglot.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def count(run, query):
    return rows(run, f"SELECT COUNT(*) FROM {query}")[0][0]


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_outputs_in_the_docs_are_those_of_the_commands():
    done = subprocess.run(
        [sys.executable, "scripts/doc_outputs.py", "--check"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_all_that_the_experiments_need_is_there(runs):
    run = runs["recorded"]
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    models = read_csv(MODELS)
    assert [row["model"] for row in models] == manifest["models"]
    assert [row["language"] for row in read_csv(PROPERTIES)] == manifest["languages"]
    assert len(manifest["judges"]) == 2
    for family in {row["family"] for row in models}:
        own = [row for row in models if row["family"] == family]
        sizes = {i: {r["params_b"] for r in own if r["instruct"] == i} for i in ("true", "false")}
        assert len(sizes["true"]) >= 2
        assert sizes["true"] & sizes["false"]
    kinds = dict(rows(run, "SELECT kind, COUNT(*) FROM prompts GROUP BY kind"))
    assert kinds == {"harmful": 64, "benign": 24}
    categories = rows(run, "SELECT DISTINCT categories FROM prompts WHERE kind = 'harmful'")
    assert len(categories) == 32


def test_what_goes_wrong_in_runs_goes_wrong_here(runs):
    run = runs["recorded"]
    n_answers, n_verdicts = count(run, "answers"), count(run, "verdicts")
    assert 0.002 < count(run, "failures WHERE stage = 'generate'") / n_answers < 0.01
    assert 0.002 < count(run, "failures WHERE stage = 'judge'") / n_verdicts < 0.01
    assert 0.005 < count(run, "verdicts WHERE reason = 'unparsable'") / n_verdicts < 0.02
    assert count(run, "answers WHERE text = ''") > 50
    assert count(run, "answers WHERE finish_reason = 'length'") > 100


@pytest.mark.parametrize("name", RUNS)
def test_answers_are_neutral_sentences_and_placeholders(runs, name):
    known = {s for texts in TEXTS.values() for s in (*texts["refusals"], *texts["sentences"])}
    echo = r"(request|question) \d+ in \w+ \[[\w+]+\]( \((by|back from) [\w-]+\))?"
    placeholder = re.compile(rf"\[unsafe answer \d+\] |{echo}")
    strange = []
    for text, finish in rows(runs[name], "SELECT text, finish_reason FROM answers"):
        left = placeholder.sub("", text, count=1)
        for sentence in sorted(known, key=len, reverse=True):
            left = left.replace(sentence, "")
        may_be_cut = finish in ("length", "given")  # given: the translation of one that was cut
        cut = may_be_cut and any(s.startswith(left.strip()) for s in known)
        if left.strip() and not cut:
            strange.append(text)
    assert strange == []


@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_left_to_ask(runs, name):
    """No server listens: were a verdict not found, it would be asked for again, and fail."""
    run = runs[name]
    before = rows(run, "SELECT * FROM verdicts"), count(run, "failures")
    named = "http://127.0.0.1:8000/v1=VLLM_API_KEY"  # the run is somebody else's
    done = safeglot("judge", run, "--quiet", "--allow", named)
    assert done.returncode == 0, done.stderr
    assert (rows(run, "SELECT * FROM verdicts"), count(run, "failures")) == before


def test_the_causes_of_a_gap_and_the_judges_errors_are_shown(runs):
    results = json.loads(stored_results())["estimates"]
    values = {}
    for e in results:
        values.setdefault(e["metric"], []).append((e["value"], e["extra"]))
    for part in ("total", "translation", "model", "judge"):
        told = [value for value, _ in values[f"unsafe_gap_{part}"] if value is not None]
        assert (
            len(told) >= 2 * 2 * 3
        )  # judges, languages, models whose answers were translated back
    shares = [extra.get("share") for _, extra in values["unsafe_gap_model"]]
    assert None in shares
    assert any(isinstance(share, float) for share in shares)
    gates = {value for value, _ in values["judge_gate"]}
    assert gates == {0.0, 1.0}
    per_language = [
        e["language"]
        for e in results
        if e["metric"] == "safety_corrected" and e["model"] is None and e["value"] is not None
    ]
    assert sorted(per_language) == sorted(set(TEXTS) - {"yo"})


def test_the_labels_file_is_what_the_run_holds(runs):
    run = runs["recorded"]
    before = rows(run, "SELECT * FROM labels ORDER BY 1, 2")
    assert len(before) == len(read_csv(DATA / "labels.csv"))
    done = safeglot("annotate", "add", run, DATA / "labels.csv")
    assert done.returncode == 0, done.stderr
    assert rows(run, "SELECT * FROM labels ORDER BY 1, 2") == before


def test_the_archives_stay_small():
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_700_000
