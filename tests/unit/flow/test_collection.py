from __future__ import annotations

import asyncio

import pytest

from example.job import BASELINE, QUIET, VLLM, answered, begun, judge, judged, prepared
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.errors import Stopped
from safeglot.flow import collection
from safeglot.flow.collection import Again, Work
from safeglot.flow.run import session
from safeglot.flow.run.phases import phases
from safeglot.judge.guards.again import Repeated
from safeglot.keys import response_key


def local(tmp_path, name):
    path = tmp_path / f"{name}.gguf"
    path.write_bytes(b"GGUF" + name.encode() + bytes(100))
    return ModelConfig(model=f"gguf/{path}")


def keys(job):
    step = job.targets[0]
    return [response_key(item.translation_key, step.id, item.sample) for item in job.items()]


def work_of(run_dir, job, store, **more):
    return Work(job=job, run_dir=run_dir, store=store, console=QUIET, **more)


def test_servers_are_asked_and_judged_in_one_phase(tmp_path):
    job = prepared(target=(VLLM, local(tmp_path, "a")), judge=(judge("rubric=vllm/j"),))
    (phase,) = phases(job)
    assert (phase.targets, phase.judges) == (job.targets, job.judges)
    assert [m.model for m in phase.models] == ["vllm/a", job.config.target[1].model, "vllm/j"]


def test_two_engines_in_the_process_are_never_in_memory_together(tmp_path):
    one, two = local(tmp_path, "a"), local(tmp_path, "b")
    guard = JudgeConfig(judge="rubric=b", family="rubric", model=two)
    job = prepared(target=(VLLM, one), judge=(judge("rubric=vllm/j"), guard))
    alone, streamed, after = phases(job)
    assert (alone.targets, alone.judges) == (job.targets[1:], ())
    assert (streamed.targets, streamed.judges) == (job.targets[:1], job.judges[:1])
    assert (after.targets, after.judges) == ((), job.judges[1:])
    for phase in (alone, streamed, after):
        assert len({m.model for m in phase.models if m.provider == "gguf"}) <= 1


def test_without_answers_no_target_is_asked_and_without_judges_nothing_is_judged():
    job = prepared(judge=(judge("rubric=vllm/j"),))
    (only_judged,) = phases(job, answers=False)
    assert (only_judged.targets, only_judged.judges) == ((), job.judges)
    (only_asked,) = phases(job, judged=False)
    assert (only_asked.targets, only_asked.judges) == (job.targets, ())


def test_stored_answers_are_judged_without_any_model(tmp_path):
    run_dir, job = answered(tmp_path / "run", lambda item: "I cannot help with that request, sorry.")  # fmt: skip
    with session.opened(run_dir) as store:
        collection.collect(work_of(run_dir, job, store, answers=False))
        collection.collect(work_of(run_dir, job, store, answers=False))
        verdicts = list(store.verdicts())
    assert [v.judge for v in verdicts] == [BASELINE] * 4
    assert {v.response for v in verdicts} == set(keys(job))


def test_a_second_pass_judges_only_the_answers_that_it_names(tmp_path):
    run_dir, job = judged(tmp_path / "run")
    (step,), (config,) = job.judges, job.config.judge
    with session.opened(run_dir) as store:
        again = Again(judge=Repeated(judge=step), config=config, answers=(1, 2, 3))
        work = work_of(run_dir, job, store, answers=False)
        collection.collect_again(work, [again])
        mine = [v for v in store.verdicts() if v.judge == again.judge.name]
        named = {key for (key,) in store.rows("SELECT key FROM keyed WHERE id <= 3")}
    assert {v.response for v in mine} == named
    assert len(mine) == 3


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (KeyboardInterrupt(), "interrupted."),
        (asyncio.CancelledError(), "interrupted."),
        (Stopped("no budget."), "no budget."),
    ],
)
def test_a_stop_says_what_is_stored_and_how_to_go_on(tmp_path, error, why):
    run_dir, job = judged(tmp_path / "run", samples=2)
    with session.opened(run_dir) as store:
        work = work_of(run_dir, job, store)
        with pytest.raises(Stopped) as caught, collection.stops_explained(work):  # fmt: skip
            raise error
    assert str(caught.value) == (
        f"{why}\n8 of 8 answers and 8 of 8 verdicts are stored in {run_dir.path}. "
        "Run the same command again to go on from there."
    )


def test_another_error_passes_as_it_is(tmp_path):
    run_dir, job = begun(tmp_path / "run")
    with session.opened(run_dir) as store, pytest.raises(ZeroDivisionError):  # noqa: SIM117
        with collection.stops_explained(work_of(run_dir, job, store)):
            raise ZeroDivisionError


def test_limits_are_those_of_the_configuration(tmp_path):
    given = {"retries": 7, "budget_tokens": 5, "budget_usd": 0.5}
    for samples, budget in ((1, 1000), (500, 4000)):
        run_dir, job = begun(tmp_path / str(samples), samples=samples, **given)
        with session.opened(run_dir) as store:
            limits = collection._limits(work_of(run_dir, job, store))
        assert (limits.retries, limits.budget_tokens, limits.budget_usd) == (7, 5, 0.5)
        assert limits.retry_budget == budget
