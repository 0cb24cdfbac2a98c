"""Estimates under a plan: pool sizes, what was left out, and the words."""

import dataclasses

import pytest

from example.job import QUIET
from safeglot.backends.store import arrays
from safeglot.flow.measure.estimates import measure, signature
from safeglot.flow.measure.plans import left_out_of, notes_of_plan, plan_of_run
from safeglot.flow.run import session
from safeglot.flow.run.looks import wanted_until_looks
from unit.flow.run.test_looks import N, planned, settle, whole


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    run_dir, _ = planned(tmp_path_factory.mktemp("plans") / "run", whole(N, benign=10))
    with session.opened(run_dir) as store:
        for wants in wanted_until_looks(run_dir, store, QUIET):
            settle(store, wants, lambda text: text.prompt == "p3")
    return run_dir


def test_n_stands_beside_the_size_of_the_pool_and_nothing_is_missing(screened):
    with session.opened(screened) as store:
        about = screened.read_manifest()
        rows, missing = measure(store, about)
        assert missing == 0
        left = left_out_of(store, about)
        verdicts = arrays.read(store, about, arms=False)
        assert "|plan:screen,within=12|" in signature(store, about)
    asked = int((verdicts.unsafe_JMLPS >= 0)[0].sum())
    assert asked + sum(left.values()) == 2 * (N + 10)
    for row in rows:
        if row.metric in ("safety_macro", "safety_micro") and row.language:
            assert row.extra["n_pool"] == N > row.n
            assert row.missing == 0
            assert row.method.endswith("plan screen, stopped early")
        if row.metric == "safety":
            assert row.extra["n_pool"] == N // 2
            assert row.extra["pool_low"] > row.low  # the pool is finite
            assert "plan_state" not in row.extra  # the average is what has enough
        if row.metric == "blocked_rate" and row.category is None:
            assert row.n + row.extra["n_left_out"] == N


def test_the_note_says_what_was_asked_and_of_what_it_speaks(screened):
    with session.opened(screened) as store:
        about = screened.read_manifest()
        (note,) = notes_of_plan(store, about, left_out_of(store, about))
    assert note.startswith("Plan screen: it stopped by itself after ")
    assert "judge's verdicts" in note


def test_a_run_without_a_plan_has_none_of_it(screened):
    about = screened.read_manifest()
    identity = {key: text for key, text in about.identity.items() if key != "plan"}
    about = dataclasses.replace(about, identity=identity)
    with session.opened(screened) as store:
        rows, missing = measure(store, about)
        left = left_out_of(store, about)
        assert not left
        assert notes_of_plan(store, about, left) == []
    assert plan_of_run(about) == ""
    assert missing > 0.1
    assert not any("n_pool" in row.extra or "n_left_out" in row.extra for row in rows)
