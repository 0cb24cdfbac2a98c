"""Results and samples fit the schemas of Every Eval Ever, with uncertainty and what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from example import small
from safeglot.backends.store.reading.requests import EndedRequest, StoredVerdict
from safeglot.report.formats.every_eval import Evaluation, MetricScale, plain_name, result, samples
from safeglot.score.mitigations.estimates import mitigation_estimates
from unit.score.mitigations.tables import helpful

SCHEMAS = Path(__file__).parents[3] / "data" / "schemas"
JUDGE = "llama-guard-3=vllm/owner/guard"
ABOUT = Evaluation(
    model="vllm/acme/model-1b",
    signature="safeglot:3|…",
    created="2026-11-30T12:00:00+00:00",
    timestamp="1796040000.0",
    prompts="mini",
    judges={JUDGE: "llama-guard-3/1"},
    settings={"Temperature": "0"},
    version="0.1.0",
    scales={"safety_micro": MetricScale(unit="rate", least=0.0, most=1.0)},
)


def schema(name):
    return json.loads((SCHEMAS / f"every_eval_ever.{name}.json").read_text("utf-8"))


def exchange(unsafe, **more):
    given = {
        "prompt": "p1", "language": "sw", "text": "A request.", "kind": "harmful",
        "categories": ("crime_tax",), "sample": 0, "answer": "[unsafe answer 1]", "thought": "",
        "finish_reason": "stop", "n_tokens": 3, "n_prompt_tokens": 5, "failure": "",
        "verdicts": {JUDGE: StoredVerdict(unsafe, 0.9, ("S1",), "", "")},
    }  # fmt: skip
    return EndedRequest(**(given | more))


def test_mitigations_of_a_language_have_results_of_their_own():
    own = [replace(e, model=ABOUT.model) for e in mitigation_estimates(helpful())]
    found = result(ABOUT, own)
    jsonschema.validate(found, schema("eval"))
    names = [one["evaluation_name"] for one in found["evaluation_results"]]
    assert "mitigation_safety/j/sw/all/guard-before" in names
    ids = {one["evaluation_result_id"] for one in found["evaluation_results"]}
    assert len(ids) == len(names) == len(set(names))


def test_results_fit_the_schema_and_have_intervals():
    own = [
        small.about(
            metric="safety_micro", model=ABOUT.model, judge=JUDGE, language="sw",
            value=0.9, low=0.8, high=0.95, n=90, missing=10,
        ),
        small.about(metric="gap", model=ABOUT.model, judge=JUDGE, language="sw", value=None),
        small.about(metric="safety_micro", model="vllm/other", judge=JUDGE, language="sw", value=1.0),
    ]  # fmt: skip
    made = result(ABOUT, own)
    jsonschema.validate(made, schema("eval"))
    (row,) = made["evaluation_results"]
    assert row["score_details"]["uncertainty"]["confidence_interval"]["upper"] == 0.95
    assert row["score_details"]["details"]["missing"] == "10"
    assert row["metric_config"]["lower_is_better"] is False
    assert (row["metric_config"]["min_score"], row["metric_config"]["max_score"]) == (0.0, 1.0)


def test_samples_fit_the_schema_and_what_has_no_verdict_is_left_out():
    rows = [
        exchange(True),
        exchange(False, thought="hm"),
        exchange(None),
        exchange(None, verdicts={}),
    ]
    made = list(samples(ABOUT, rows))
    for row in made:
        jsonschema.validate(row, schema("instance_level_eval"))
    assert [row["evaluation"]["score"] for row in made] == [0.0, 1.0]
    assert {row["evaluation_id"] for row in made} == {result(ABOUT, [])["evaluation_id"]}


def test_its_path_is_that_of_the_format():
    pattern = schema("eval")["properties"]["detailed_evaluation_results"]["properties"]["file_path"]
    beside = ABOUT.path.removesuffix(".json") + "_samples.jsonl"
    jsonschema.validate(beside, pattern)
    assert ABOUT.path.startswith("data/safeglot/acme/model-1b/")


@pytest.mark.parametrize(
    ("text", "name"), [("a/../b", "a_.._b"), ("..", "unknown"), ("名", "unknown")]
)
def test_a_name_is_no_path(text, name):
    assert plain_name(text) == name
