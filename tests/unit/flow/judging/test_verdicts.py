from __future__ import annotations

import dataclasses

import pytest

from example.job import QUIET, answered, judge, prompt_set
from safeglot.config.endpoints import Named
from safeglot.errors import UnnamedEndpoints, UsageError
from safeglot.flow.judging import verdicts
from safeglot.flow.run.session import opened, stored_config

HERE = "http://127.0.0.1:1/v1"


def judged(run_dir, named):
    with opened(run_dir) as store:
        verdicts.judge(run_dir, named, store, QUIET, retry_failed=False)


def test_a_run_without_a_judge_says_how_to_name_one(tmp_path):
    run_dir, _ = answered(tmp_path / "run", judge=())
    with pytest.raises(UsageError, match="has answers and no judge yet"):
        judged(run_dir, Named())
    judged(run_dir, Named(judges=(judge("refusal-baseline"),)))
    assert [j.judge for j in stored_config(run_dir).judge] == ["refusal-baseline"]


def test_the_judge_of_refusals_joins_benign_prompts_until_it_is_declined(tmp_path):
    prompts = prompt_set()
    benign = (dataclasses.replace(p, kind="benign") for p in prompts.prompts)
    prompts = dataclasses.replace(prompts, prompts=tuple(benign))
    run_dir, _ = answered(tmp_path / "run", prompts=prompts, judge=())
    judged(run_dir, Named(judges=(judge("refusal-baseline"),)))
    assert [(j.judge, j.refusals_only) for j in stored_config(run_dir).judge] == [
        ("refusal-baseline", False), ("refusal-encoder", True),
    ]  # fmt: skip
    assert run_dir.read_manifest().refusal_judges == ("refusal-encoder",)
    judged(run_dir, Named(refusal_judge=False))
    assert [j.judge for j in stored_config(run_dir).judge] == ["refusal-baseline"]
    about = run_dir.read_manifest()
    assert (about.refusal_judges, "refusal-encoder" in about.signature) == (None, False)


def test_nothing_is_written_where_a_stored_judge_was_not_named(tmp_path, monkeypatch):
    run_dir, _ = answered(tmp_path / "run", judge=(judge("rubric=vllm/j"),))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    before = run_dir.config.read_bytes(), run_dir.manifest.read_bytes()
    more = Named(judges=(judge("refusal-baseline"),))
    for named in (Named(), more, Named(key_env="MINE")):
        with pytest.raises(UnnamedEndpoints):
            judged(run_dir, named)
    assert (run_dir.config.read_bytes(), run_dir.manifest.read_bytes()) == before


def test_a_judge_is_asked_where_it_is_named_again():
    (own,) = verdicts._named_again(
        [judge("rubric=vllm/j")], Named(base_url=(HERE,), key_env="MINE")
    )
    assert (own.model.base_url, own.model.key_env) == (HERE, "MINE")
    kept = dataclasses.replace(own, mode="answer")
    assert verdicts._named_again([kept], Named()) == [kept]
