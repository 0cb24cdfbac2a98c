"""What is true of every estimate of a run."""

from __future__ import annotations

import pytest

from example.recorded import RUNS, recorded
from example.translated import translated
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.flow.measure.estimates import measure
from safeglot.score.causes.naming import MODEL_OR_REPAIRED


@pytest.fixture(scope="module")
def of_runs(tmp_path_factory):
    """Every estimate of the example runs, by the name of the run."""
    store, manifest = translated(tmp_path_factory.mktemp("translated") / "run.db")
    found = {"translated": measure(store, manifest)[0]}
    store.close()
    for name in RUNS:
        run = RunDir(recorded(tmp_path_factory.mktemp(name), name, results=False))
        store = Store(run.database)
        try:
            found[name] = measure(store, run.read_manifest())[0]
        finally:
            store.close()
    return found


@pytest.mark.parametrize("name", ["translated", *RUNS])
def test_every_estimate_has_an_interval_or_the_reason_why_it_has_none(of_runs, name):
    assert of_runs[name]
    for e in of_runs[name]:
        whole = e.low is not None and e.high is not None
        assert whole == ("no_interval" not in e.extra), e
        assert whole or e.extra["no_interval"], e
        if e.value is None and not whole:
            assert e.extra.get("no_interval", "").startswith("there is no value: "), e


@pytest.mark.parametrize("name", ["translated", *RUNS])
def test_every_estimate_says_how_it_was_made_and_of_what(of_runs, name):
    for e in of_runs[name]:
        assert e.method, e
        assert e.n > 0 or e.value is None or e.metric == "judge_gate", e
        assert e.missing >= 0, e


@pytest.mark.parametrize("name", ["translated", *RUNS])
def test_a_cause_has_a_sign_over_its_interval_and_a_gap_that_may_be_interpreted(of_runs, name):
    gaps = {
        (e.judge, e.model, e.language): e
        for e in of_runs[name]
        if e.metric == "gap" and e.category is None
    }
    for e in of_runs[name]:
        if not e.extra.get("cause"):
            assert "cause" not in e.extra or e.extra["cause_reason"], e
            continue
        assert e.low > 0 or e.high < 0, e
        assert not gaps[e.judge, e.model, e.language].extra.get("gap_not_interpretable"), e
        if e.metric == "unsafe_gap_model" and "human" not in e.extra["arms"]:
            assert e.extra["cause"] == MODEL_OR_REPAIRED, e
