from __future__ import annotations

import pytest

from example.job import answered
from safeglot.backends.store.store import Store
from safeglot.flow.arm_losses import ArmPlace, Refused, put_refused
from safeglot.flow.measure.estimates import measure
from safeglot.score.causes.attribution import TERMS


@pytest.fixture
def run(tmp_path):
    return answered(tmp_path / "run")[0]


def terms(run, *lost):
    """Return the terms of the gap of a run that lost some texts of arms."""
    store = Store(run.database)
    try:
        put_refused(
            store,
            [
                Refused(
                    place=ArmPlace(arm=arm, prompt=str(n), language=tag, translator="mt"),
                    kind="refusal",
                    message="it declines",
                )
                for n, (arm, tag) in enumerate(lost)
            ],
        )
        rows, _ = measure(store, run.read_manifest())
    finally:
        store.close()
    return [row for row in rows if row.metric.startswith("unsafe_gap_")]


def test_without_losses_and_without_arms_there_are_no_terms(run):
    assert terms(run) == []


def test_an_arm_that_lost_all_its_texts_says_so_in_each_term_and_names_no_cause(run):
    rows = terms(run, ("backtranslate", "de"), ("backtranslate", "de"))
    assert {row.metric for row in rows} == {f"unsafe_gap_{name}" for name in ("total", *TERMS)}
    for row in rows:
        assert (row.language, row.value, row.low, row.n) == ("de", None, None, 0)
        assert row.method == (
            "not identified: no arm has a text; texts that are no translations: "
            "backtranslate 2 of 2 (refusal 2)"
        )
        assert row.extra == {
            "arm_losses": "backtranslate 2 of 2 (refusal 2)",
            "no_interval": f"there is no value: {row.method}",
        }


def test_a_language_that_the_run_has_not_gets_no_term(run):
    assert terms(run, ("reverse", "yo")) == []
