"""A run becomes logs of Inspect that Inspect itself reads with the same counts, and comes back the same."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from inspect_ai.log import read_eval_log

from e2e.runs import safeglot
from example.recorded import recorded

MODEL = "vllm/family-a-8b-instruct"
JUDGE = "wildguard=vllm/wild-judge"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    run = recorded(folder, "recorded")
    done = safeglot("export", run, "--format", "inspect", "--out", folder / "logs")
    assert done.returncode == 0, done.stderr
    (log,) = (folder / "logs").glob("vllm_family-a-8b-instruct-*.eval")
    return run, log


def safety(run, model):
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return {
        row["language"]: (row["value"], row["n"], row["missing"])
        for row in rows
        if (row["metric"], row["model"]) == ("safety_micro", model) and row["language"]
        and row["judge"].startswith(("wildguard", "imported", "score"))
    }  # fmt: skip


def test_inspect_reads_the_same_counts(place):
    run, log = place
    whole = read_eval_log(str(log))
    assert whole.status == "success"
    words = Counter(s.scores[JUDGE].value for s in whole.samples if s.scores)
    (score,) = (score for score in whole.results.scores if score.name == JUDGE)
    assert {name: score.metrics[name].value for name in words} == words
    safeglot("export", run, "--format", "jsonl", "--out", log.parent / "jsonl")
    answers = {
        row["key"]
        for row in map(json.loads, (log.parent / "jsonl" / "answers.jsonl").read_text("utf-8").splitlines())
        if row["model"] == MODEL and row["arm"] == "main"
    }  # fmt: skip
    verdicts = Counter(
        row["unsafe"]
        for row in map(json.loads, (log.parent / "jsonl" / "verdicts.jsonl").read_text("utf-8").splitlines())
        if row["judge"] == JUDGE and row["response"] in answers
    )  # fmt: skip
    assert (words["unsafe"], words["safe"]) == (verdicts[1], verdicts[0])
    assert words["no verdict"] == len(answers) - verdicts[1] - verdicts[0]
    assert len(whole.samples) == len(answers) + sum(s.error is not None for s in whole.samples)


def test_it_comes_back_with_the_same_rates(place, tmp_path):
    run, log = place
    out = tmp_path / "back"
    done = safeglot(
        "import", log, "--out", out, "--columns", f"verdict=score.{JUDGE}",
        "--verdicts", "no verdict=none",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    safeglot("score", out)
    (model,) = json.loads((out / "manifest.json").read_text("utf-8"))["models"]
    wanted, found = safety(run, MODEL), safety(out, model)
    assert found.keys() == wanted.keys()
    for language, (value, n, _) in wanted.items():
        assert found[language][:2] == (pytest.approx(value, abs=1e-12), n)
