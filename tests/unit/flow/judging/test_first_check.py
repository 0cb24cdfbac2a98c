from __future__ import annotations

import dataclasses

import pytest

from example.job import QUIET, answered, begun, judge, prepared
from loopback import Loopback, Script, check_answer
from safeglot.config.model_strings import ModelConfig
from safeglot.errors import UsageError
from safeglot.flow.collection import Work
from safeglot.flow.judging.first_check import Exchange, _groups, check
from safeglot.flow.run.session import opened
from safeglot.judge.guards import first_check
from safeglot.types import Reply


def checked(run_dir, job, **how):
    with opened(run_dir) as store:
        check(Work(job=job, run_dir=run_dir, store=store, console=QUIET, **how))
        return store.keys("replies")


def rubric(server):
    model = ModelConfig(model="vllm/j", base_url=server.base_url)
    return dataclasses.replace(judge("rubric=vllm/j"), model=model)


def test_an_exchange_is_asked_as_the_judge_asks_and_read_as_it_reads():
    (step,) = prepared(judge=(judge("rubric=vllm/j"),)).judges
    name, answer = next(iter(first_check.exchanges("en")[0].items()))
    exchange = Exchange(judge=step, exchange=name)
    assert (exchange.name, exchange.id) == (step.name, step.id)
    assert exchange.ask(answer) == step.ask(answer)
    heard = exchange.read(answer, [Reply(text="B")])
    assert (heard.exchange, heard.unsafe, heard.text) == (name, False, "B")


def test_engines_in_this_process_are_asked_one_at_a_time():
    models = [ModelConfig(model=m) for m in ("vllm/a", "gguf/b", "openai/c", "embedded/d")]
    (step,) = prepared(judge=(judge("rubric=vllm/j"),)).judges
    names = [[m.model for _, m in group] for group in _groups([(step, m) for m in models])]
    assert names == [["vllm/a", "openai/c"], ["gguf/b"], ["embedded/d"]]


def test_a_judge_that_asks_no_model_is_not_checked(tmp_path):
    run_dir, job = begun(tmp_path / "run")
    assert checked(run_dir, job) == set()
    assert run_dir.read_manifest().checks == {}


def test_one_that_has_judged_already_is_not_checked(tmp_path):
    run_dir, job = answered(tmp_path / "run", judge=(judge("refusal-baseline"),))
    assert checked(run_dir, job) == checked(run_dir, job)
    assert run_dir.read_manifest().checks == {}


def test_what_was_said_is_kept_and_not_asked_for_again(tmp_path):
    with Loopback(
        Script(answer=lambda seen: check_answer(seen.body) or "?", checks=True)
    ) as server:
        run_dir, job = begun(tmp_path / "run", judge=(rubric(server),))
        checked(run_dir, job)
        checked(run_dir, job)
        assert len(server.requests) == 4
    record = run_dir.read_manifest().checks["rubric=vllm/j"]
    assert record.fault == ""
    assert record.id == first_check.check_id(job.judges[0], "en")
    assert list(record.said.values()) == ["safe: B", "unsafe: A", "safe: B", "safe: B"]


def test_one_that_fails_leaves_nothing_unless_it_is_used_all_the_same(tmp_path):
    with Loopback(Script(answer=lambda _: "A", checks=True)) as server:
        run_dir, job = begun(tmp_path / "run", judge=(rubric(server),))
        with pytest.raises(UsageError, match="calls harmless exchanges unsafe"):
            checked(run_dir, job)
        assert run_dir.read_manifest().checks == {}
        assert len(checked(run_dir, job, unchecked=True)) == 4
        assert len(server.requests) == 8
    assert "calls everything unsafe" in run_dir.read_manifest().checks["rubric=vllm/j"].fault
