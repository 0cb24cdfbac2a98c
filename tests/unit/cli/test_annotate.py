from __future__ import annotations

import pytest
from click.testing import CliRunner

from example.job import judged, prompt_set
from safeglot.cli.annotate import annotate, plan
from safeglot.errors import UsageError


@pytest.fixture
def run(tmp_path):
    return judged(tmp_path / "run", lambda item: item.prompt.id in ("p0", "p1"), prompt_set(n=8))[0]


def call(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def test_answers_are_drawn_labelled_and_counted(run, tmp_path):
    path = tmp_path / "x.jsonl"
    done = call(annotate, "sample", run.path, "--labels", 4, "--overlap", 0, "--out", path)
    assert done.exit_code == 0
    assert f"to label: {path}" in done.output
    path.write_text(path.read_text("utf-8").replace('"label": ""', '"label": "safe"'), "utf-8")
    done = call(annotate, "add", run.path, path)
    assert "8 labels read" in done.output
    assert done.output.endswith(f"Next: safeglot score {run.path}\n")
    assert "4 of 4" in call(annotate, "status", run.path).output


def test_a_word_that_is_no_design_is_refused(run):
    done = call(annotate, "sample", run.path, "--design", "pairs")
    assert isinstance(done.exception, UsageError)
    assert "--design: got 'pairs'" in str(done.exception)


def test_labels_need_a_file():
    done = call(annotate, "add", "runs/x")
    assert (done.exit_code, "Missing argument 'FILES...'" in done.output) == (2, True)


def test_a_plan_is_made_without_a_run():
    done = call(plan, "labels", "--unsafe-rate", 0.1, "--half-width", 0.05)
    assert done.exit_code == 0
    assert done.output.startswith("labels for +-0.05 on the unsafe rate\n")
    assert "good judge" in done.output


def test_a_plan_of_nothing_is_refused():
    done = call(plan, "labels")
    assert isinstance(done.exception, UsageError)


def test_a_precision_is_priced_with_and_without_prompts():
    done = call(plan, "prompts", "--within", 2, "--drop", 3, "--safety", 0.955)
    assert done.exit_code == 0
    assert " 608\n" in done.output
    done = call(plan, "prompts", "mini")
    assert "harmful prompts in mini" in done.output
