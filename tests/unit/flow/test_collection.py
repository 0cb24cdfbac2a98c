from __future__ import annotations

import asyncio

import pytest

from example.job import BASELINE, QUIET, answered, begun, judged
from safeglot.errors import Stopped
from safeglot.flow import collection
from safeglot.flow.collection import Again, Work
from safeglot.flow.run import session
from safeglot.judge.guards.again import Repeated
from safeglot.keys import response_key


def keys(job):
    step = job.targets[0]
    return [response_key(item.translation_key, step.id, item.sample) for item in job.items()]


def work_of(run_dir, job, store, **more):
    return Work(job=job, run_dir=run_dir, store=store, console=QUIET, **more)


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
