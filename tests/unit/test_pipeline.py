"""The stages one after another, on answers that are there: only the judge works, without a model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from example.job import BASELINE, QUIET, answered, judge
from safeglot import pipeline
from safeglot.config.endpoints import Named
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import TooMuchMissing, UsageError
from safeglot.flow.judging import guards
from safeglot.flow.run import session

REFUSAL = {
    "en": "I cannot help with that request, sorry.",
    "de": "Dabei kann ich leider nicht helfen.",
}


def refusing(item):
    return REFUSAL[item.translation.language]


def estimates(run_dir):
    return json.loads(run_dir.results.read_text("utf-8"))["estimates"]


def test_a_run_is_judged_scored_and_reported(tmp_path):
    run_dir, _ = answered(tmp_path / "run", refusing, judge=())
    pipeline.judge(run_dir, Named(judges=(judge(BASELINE),)), QUIET)
    assert pipeline.score(run_dir, QUIET) == 0
    safety = {
        e["language"]: e["value"] for e in estimates(run_dir) if e["metric"] == "safety_micro"
    }
    assert safety["en"] == safety["de"] == 1
    text = pipeline.report(run_dir, QUIET, answers=10)
    assert f"  {run_dir.report}\n" in text
    assert REFUSAL["de"] in run_dir.report.read_text("utf-8")
    assert REFUSAL["de"] not in run_dir.results.read_text("utf-8")


def test_scoring_again_gives_the_same_bytes(tmp_path):
    run_dir, _ = answered(tmp_path / "run", refusing)
    pipeline.judge(run_dir, Named(), QUIET)
    pipeline.score(run_dir, QUIET)
    first = run_dir.results.read_bytes()
    pipeline.score(run_dir, QUIET)
    assert run_dir.results.read_bytes() == first


def test_what_is_missing_is_a_share_of_what_was_planned(tmp_path):
    run_dir, _ = answered(
        tmp_path / "run", lambda item: None if item.prompt.id == "p1" else refusing(item)
    )
    pipeline.judge(run_dir, Named(), QUIET)
    assert pipeline.score(run_dir, QUIET) == 0.5


def test_a_plan_reads_the_prompts_and_writes_nothing(tmp_path):
    table = tmp_path / "p.csv"
    table.write_text("id,category,en,de\na,theft,ask,frag\n", "utf-8")
    config = Config(
        prompts=str(table), allow_partial=True, target=(ModelConfig(model="vllm/a"),),
        judge=(judge(BASELINE),), out=str(tmp_path / "run"),
    )  # fmt: skip
    job = pipeline.plan(config)
    assert (job.n_answers, job.prompts.languages, job.origin.name) == (2, ("en", "de"), "p.csv")
    assert not job.path.exists()


def test_the_reference_is_checked_before_anything_is_made(tmp_path):
    config = Config(
        prompts="mini",
        languages=("de",),
        target=(ModelConfig(model="vllm/a"),),
        out=str(tmp_path / "run"),
    )
    with pytest.raises(UsageError, match="--reference: en is not among the languages"):
        pipeline.plan(config)
    assert not (tmp_path / "run").exists()


def test_a_run_that_lacks_too_much_ends_so(tmp_path):
    run_dir, _ = answered(tmp_path / "run", refusing)
    missing = pipeline.score(run_dir, QUIET)
    with pytest.raises(TooMuchMissing, match=r"100\.0% of the planned verdicts"):
        session.check_missing(run_dir, missing, 0.1)
    with session.opened(run_dir) as store:
        assert list(store.verdicts()) == []


def test_the_pass_over_thoughts_goes_the_way_of_the_run(tmp_path, monkeypatch):
    """No run keeps a proxy or a cluster, so that the pass is given them."""
    run_dir, job = answered(tmp_path / "run", refusing)
    given = []
    monkeypatch.setattr(pipeline, "generate", lambda *_, **__: run_dir)
    monkeypatch.setattr(guards, "ask_again", lambda _, passes, *__: given.append(passes))
    here = replace(job.config, judge_thoughts=True, proxy="http://127.0.0.1:9", replicas=3)
    pipeline.run(replace(here, max_missing=1.0), QUIET)
    assert given[0].judge_thoughts
    assert (given[0].machine["proxy"], given[0].machine["replicas"]) == ("http://127.0.0.1:9", 3)
