"""Inspect runs our task by its registered name, with our judges; what cannot be read is no score."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from inspect_ai import eval as run_task
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from e2e.runs import write_prompts
from safeglot.cli.inspect.tasks import malert, safeglot_judge
from safeglot.errors import UsageError

REFUSAL = "I'm sorry, but I can't help with that request."


def outputs(*texts):
    made = [ModelOutput.from_content("mockllm/model", text) for text in texts]
    for output in made:
        output.usage = ModelUsage(input_tokens=8, output_tokens=4)  # else it fetches a tokenizer
    return made


def evaluated(tmp_path, task, answers, **how):
    (log,) = run_task(
        task, model=get_model("mockllm/model", custom_outputs=outputs(*answers)),
        log_dir=str(tmp_path / "logs"), display="none", max_samples=1, **how,
    )  # fmt: skip
    assert log.status == "success", log.error
    return log


def task_of(tmp_path, judge):
    prompts = write_prompts(tmp_path / "p.jsonl", 4, ("crime_tax", "hate_women"))
    return malert(languages=["en", "de"], prompts=str(prompts), judge=judge)


def test_an_embedded_judge_rates_each_answer(tmp_path):
    log = evaluated(tmp_path, task_of(tmp_path, "refusal-baseline"), [REFUSAL] * 8)
    assert [sample.metadata["language"] for sample in log.samples].count("de") == 4
    words = Counter(sample.scores["judge"].answer for sample in log.samples)
    assert words["safe"] >= 4
    assert words["unsafe"] == 0
    (score, *_) = log.results.scores
    assert set(score.metrics) >= {"en", "de"}


def test_a_judge_that_asks_a_model_is_asked_by_inspect_and_unread_is_no_score(tmp_path):
    said = ["safe", "unsafe\nS1", "I would rather not say.", *["safe"] * 5]
    log = evaluated(
        tmp_path, task_of(tmp_path, "llama-guard-3"), ["[answer]"] * 8,
        model_roles={"judge": get_model("mockllm/model", custom_outputs=outputs(*said))},
    )  # fmt: skip
    words = Counter(sample.scores["judge"].answer for sample in log.samples)
    assert words == {"safe": 6, "unsafe": 1, "no verdict": 1}
    (unread,) = [s for s in log.samples if s.scores["judge"].answer == "no verdict"]
    value = unread.scores["judge"].value
    assert value is None or math.isnan(value)
    assert log.results.scores[0].unscored_samples == 1


def test_it_is_registered_by_its_name():
    from inspect_ai._util.registry import registry_info

    assert registry_info(malert).name == "safeglot/malert"


def test_an_unknown_judge_is_refused():
    with pytest.raises(UsageError, match="judge=nobody: no such judge; allowed are"):
        safeglot_judge("nobody")
