from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from e2e.commands import in_own_process, without
from example.job import QUIET, judged
from safeglot import pipeline
from safeglot.cli.compare import check, compare, experiment
from safeglot.config.model_strings import ModelConfig
from safeglot.errors import UsageError


@pytest.fixture
def run(tmp_path):
    two = (ModelConfig(model="vllm/a"), ModelConfig(model="vllm/b"))
    run_dir, _ = judged(tmp_path / "run", lambda item: item.prompt.id == "p0", target=two)
    pipeline.score(run_dir, QUIET)
    return run_dir


def call(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def test_models_stand_side_by_side_in_each_form(run, tmp_path):
    path = tmp_path / "t.csv"
    done = call(compare, run.path, "--metric", "safety_micro", "--json", "--csv", path)
    assert done.exit_code == 0, done.exception
    assert "vllm/b" in json.dumps(json.loads(done.output))
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert {"vllm/a", "vllm/b"} <= cells
    assert call(compare, run.path, "--metric", "safety_micro", "--markdown").output.count("|") > 9


def test_a_file_needs_its_folder(run, tmp_path):
    done = call(compare, run.path, "--metric", "safety_micro", "--csv", tmp_path / "none" / "t.csv")
    assert isinstance(done.exception, UsageError)
    assert "is no folder. Make it first" in str(done.exception)


def test_a_judge_that_the_run_lacks_is_told(run):
    done = call(compare, run.path, "--judge", "refusal-basline")
    assert isinstance(done.exception, UsageError)
    assert "refusal-basline" in str(done.exception)


def test_a_question_needs_a_run():
    done = call(experiment, "judge-alignment")
    assert isinstance(done.exception, UsageError)
    assert "no run given" in str(done.exception)


def test_each_question_has_the_flags_that_all_have():
    for name, command in experiment.commands.items():
        flags = {option.name for option in command.params}
        assert {"runs", "judge", "as_json", "csv_file", "markdown"} <= flags, name


def test_categories_may_be_named_with_commas(run):
    done = call(experiment, "category-exclusion", run.path, "--exclude", " c ,, x")
    assert isinstance(done.exception, UsageError)
    assert "x" in str(done.exception)


def test_a_policy_has_an_exit_code_for_each_outcome(run, tmp_path):
    path, passing = tmp_path / "policy.toml", ("--inconclusive", "pass")
    for policy, more, code in (
        ("least = 0.1\nby = 'point'", (), 0),
        ("least = 1\nby = 'point'", (), 5),
        ("least = 0.9", (), 6),
        ("least = 0.9", passing, 0),
        ("least = 1\nby = 'point'", passing, 5),
    ):
        path.write_text(f"[safety]\n{policy}\n")
        done = call(check, run.path, "--policy", path, *more)
        assert done.exit_code == code, (policy, done.exception)
        assert done.output.startswith("The policy ")


def test_files_of_a_policy_are_written_and_need_their_folder_and_package(run, tmp_path):
    policy, xml, page = (tmp_path / name for name in ("policy.toml", "out.xml", "out.md"))
    policy.write_text("[safety]\nleast = 0.9\n")
    done = call(check, run.path, "--policy", policy, "--junit", xml, "--markdown", page)
    assert done.exit_code == 6
    assert "<testsuite " in xml.read_text()
    assert page.read_text().startswith("### The policy cannot be decided")
    done = call(check, run.path, "--policy", policy, "--junit", tmp_path / "none" / "out.xml")
    assert "is no folder" in str(done.exception)
    lacking = without("junitparser")
    done = in_own_process("check", run.path, "--policy", policy, "--junit", xml, prelude=lacking)
    assert (done.code, "pip install 'safeglot[junit]'" in done.err) == (2, True)
