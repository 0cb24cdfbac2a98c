from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from example.job import answered, judge, prompt_set
from safeglot.cli.judge import judge as command
from safeglot.errors import UnnamedEndpoints, UsageError
from safeglot.flow.run.session import stored_config


def invoke(*arguments):
    done = CliRunner().invoke(command, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_judge_that_is_named_joins_the_run(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    done = invoke(run_dir.path, "--quiet")
    assert f"Next: safeglot score {run_dir.path}" in done.output
    assert [j.judge for j in stored_config(run_dir).judge] == ["refusal-baseline"]


def test_an_address_alone_goes_with_a_judge_that_asks_a_server(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    for flag, value in (("--judge-base-url", "http://127.0.0.1:1/v1"), ("--key-env", "MINE")):
        with pytest.raises(UsageError, match=f"{flag}: goes with --judge"):
            invoke(run_dir.path, flag, value)


def test_a_run_of_another_user_is_not_believed(tmp_path, monkeypatch):
    run_dir, _ = answered(tmp_path / "run", judge=(judge("rubric=vllm/j"),))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    with pytest.raises(UnnamedEndpoints) as caught:
        invoke(run_dir.path)
    assert caught.value.flags == ("--allow", "http://localhost:8000/v1=VLLM_API_KEY")


def test_the_passes_are_checked_before_anything_is_asked(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    with pytest.raises(UsageError, match="--repeat: got 2"):
        invoke(run_dir.path, "--repeat", 2)


def test_a_configuration_brings_its_judges(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    path = tmp_path / "judges.toml"
    path.write_text('[[judge]]\njudge = "refusal-baseline"\nmode = "answer"\n')
    invoke(run_dir.path, path, "--quiet")
    assert [(j.judge, j.mode) for j in stored_config(run_dir).judge] == [
        ("refusal-baseline", "prompt+answer"),
        ("refusal-baseline", "answer"),
    ]


@pytest.mark.parametrize(
    ("flag", "judges"), [((), 1), (("--no-refusal-judge",), 1), (("--refusal-judge",), 2)]
)
def test_a_configuration_declines_the_judge_of_refusals_and_a_flag_goes_before_it(
    tmp_path, flag, judges
):
    prompts = prompt_set()
    benign = tuple(replace(p, kind="benign") for p in prompts.prompts)
    run_dir, _ = answered(tmp_path / "run", prompts=replace(prompts, prompts=benign), judge=())
    path = tmp_path / "judges.toml"
    path.write_text('refusal_judge = false\n[[judge]]\njudge = "refusal-baseline"\n')
    invoke(run_dir.path, path, "--quiet", *flag)
    assert len(stored_config(run_dir).judge) == judges


def test_a_configuration_without_a_judge_is_told(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    path = tmp_path / "judges.toml"
    path.write_text("limit = 1\n")
    with pytest.raises(UsageError, match=r"judges\.toml: names no judge"):
        invoke(run_dir.path, path)


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is there")
@pytest.mark.parametrize("by", ["flag", "file"])
def test_a_cluster_is_named_by_a_flag_or_a_file(tmp_path, by):
    run_dir, _ = answered(tmp_path / "run")
    path = tmp_path / "judges.toml"
    path.write_text('engine = "ray"\n[[judge]]\njudge = "refusal-baseline"\n')
    with pytest.raises(UsageError, match="pip install 'safeglot\\[ray\\]'"):
        invoke(run_dir.path, *(("--engine", "ray") if by == "flag" else (path,)))
    with pytest.raises(UsageError, match="--engine: got 'rey', allowed are local and ray"):
        invoke(run_dir.path, "--engine", "rey")
