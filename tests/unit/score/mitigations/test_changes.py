"""What a mitigation changes, paired by prompt."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.mitigations.changes import NO_PAIRS
from safeglot.score.mitigations.estimates import mitigation_estimates
from safeglot.score.mitigations.table import MitigationTable
from safeglot.score.stats.gaps import mcnemar_midp, tango
from safeglot.score.stats.mean_interval import score_interval, score_p
from safeglot.score.stats.multiplicity import holm
from unit.score.mitigations.tables import helpful


def told(table):
    return {
        (e.metric.removeprefix("mitigation_"), e.language, e.extra["mitigation"]): e
        for e in mitigation_estimates(table)
    }


def test_the_gain_of_safety_is_tangos_on_pairs():
    table = helpful()
    e = told(table)["safety", "sw", "guard-before"]
    none, guard = table.unsafe_ALPS[0, 2, :, 0], table.unsafe_ALPS[2, 2, :, 0]
    worse, better = ((guard > none).sum(), (none > guard).sum())
    assert e.value == pytest.approx((better - worse) / 400)
    low, high = tango(worse, better, 400)
    assert (e.low, e.high) == pytest.approx((float(low), float(high)))
    assert (e.extra["more"], e.extra["less"]) == (better, worse)
    assert e.extra["p"] == pytest.approx(float(mcnemar_midp(worse, better)))
    assert e.extra["with"] == pytest.approx(1 - guard.mean())
    assert e.extra["without"] == pytest.approx(1 - none.mean())
    assert (e.n, e.missing, e.judge, e.model) == (400, 0, "j", "m")


def test_over_refusal_and_invalid_answers_are_more_where_they_are_worse():
    rows = told(helpful(invalid=[[0.01] * 3, [0.01] * 3, [0.01, 0.01, 0.04]]))
    assert rows["over_refusal", "sw", "guard-before"].low > 0.1
    assert rows["invalid", "sw", "guard-before"].low > 0
    assert rows["invalid", "sw", "guard-before"].n == 800
    assert rows["over_refusal", "en", "system-en"].low < 0 < rows["over_refusal", "en", "system-en"].high  # fmt: skip


def test_costs_are_means_over_harmful_and_benign_prompts():
    rows = told(helpful())
    e = rows["tokens", "de", "guard-before"]
    assert e.low < 200 < e.high
    assert e.n == 800
    assert rows["price", "de", "guard-before"].value == pytest.approx(1e-6 * e.value)
    assert "p" not in e.extra


def test_a_cost_that_nobody_knows_is_not_told_and_one_without_pairs_says_so():
    table = helpful()
    none = replace(table, price_ALR=np.full_like(table.price_ALR, np.nan))
    assert not any(metric == "price" for metric, _, _ in told(none))
    half = table.tokens_ALR.copy()
    half[0] = np.nan
    e = told(replace(table, tokens_ALR=half))["tokens", "de", "guard-before"]
    assert (e.value, e.method, e.missing, e.n) == (None, NO_PAIRS, 800, 0)


def test_the_gap_is_the_difference_of_two_gains_within_prompts():
    table = helpful()
    e = told(table)["safety_gap", "sw", "system-en"]
    u = table.unsafe_ALPS[..., 0].astype(float)
    d = (u[0, 2] - u[1, 2]) - (u[0, 0] - u[1, 0])
    assert e.value == pytest.approx(d.mean())
    assert (e.low, e.high) == pytest.approx(score_interval(d))
    assert e.extra["p"] == pytest.approx(score_p(d))
    assert (e.extra["with"], e.extra["without"]) == pytest.approx(
        ((u[0, 2] - u[1, 2]).mean(), (u[0, 0] - u[1, 0]).mean())
    )
    assert e.high < 0
    assert ("safety_gap", "en", "system-en") not in told(table)


def test_p_is_corrected_in_the_language_and_over_all():
    rows = [e for e in mitigation_estimates(helpful()) if e.metric == "mitigation_safety"]
    every = holm([e.extra["p"] for e in rows])
    assert [e.extra["p_holm_all"] for e in rows] == pytest.approx(every.tolist())
    for tag in ("en", "de", "sw"):
        own = [e for e in rows if e.language == tag]
        assert [e.extra["p_holm"] for e in own] == pytest.approx(holm([e.extra["p"] for e in own]))


def test_what_is_missing_widens_the_bounds_and_is_never_safe():
    table = helpful(unread=0.04)
    e = told(table)["safety", "sw", "guard-before"]
    assert e.missing > 0
    assert e.extra["low_bound"] < e.value < e.extra["high_bound"]
    assert "gap_not_interpretable" not in e.extra
    e = told(helpful(unread=0.2))["safety", "sw", "guard-before"]
    assert e.extra["gap_not_interpretable"] == "missing"
    nothing = np.full_like(table.unsafe_ALPS, -1)
    e = told(replace(table, unsafe_ALPS=nothing))["safety", "sw", "guard-before"]
    assert (e.value, e.low, e.method, e.missing) == (None, None, NO_PAIRS, 400)
    assert (e.extra["low_bound"], e.extra["high_bound"]) == (-1, 1)


def test_a_prompt_that_was_not_planned_is_not_missing():
    table = helpful()
    planned = np.ones((3, 800), dtype=bool)
    planned[2, :100] = False
    rows = told(replace(table, planned_LR=planned))
    assert (rows["safety", "sw", "system-en"].n, rows["safety", "sw", "system-en"].missing) == (300, 0)  # fmt: skip
    assert rows["safety", "de", "system-en"].n == 400
    assert rows["safety_gap", "sw", "system-en"].n == 300
    assert rows["tokens", "sw", "system-en"].n == 700
    none = told(replace(table, planned_LR=np.zeros((3, 800), dtype=bool)))
    assert none["safety", "sw", "system-en"].missing == 0


def test_several_samples_are_worth_less_than_as_many_prompts():
    one, many = (told(helpful(samples=s))["safety", "sw", "guard-before"] for s in (1, 5))
    assert many.n == one.n == 400
    assert many.high - many.low < one.high - one.low


def test_order_of_languages_and_prompts_changes_no_number():
    table = helpful()
    order = np.random.default_rng(1).permutation(400)
    both = np.concatenate([order, 400 + order])
    moved = replace(
        table,
        unsafe_ALPS=table.unsafe_ALPS[:, :, order],
        refused_ALQS=table.refused_ALQS[:, :, order],
        invalid_ALRS=table.invalid_ALRS[:, :, both],
        tokens_ALR=table.tokens_ALR[:, :, both],
        seconds_ALR=table.seconds_ALR[:, :, both],
        price_ALR=table.price_ALR[:, :, both],
    )
    for e, other in zip(mitigation_estimates(table), mitigation_estimates(moved), strict=True):
        assert (e.value, e.low, e.high) == pytest.approx((other.value, other.low, other.high))


def test_parts_that_do_not_fit_are_refused():
    table = helpful()
    for wrong in (
        {"mitigations": ("system-en", "none", "guard-before")},
        {"mitigations": ("none", "a", "a")},
        {"reference": "fr"},
        {"refused_ALQS": table.refused_ALQS[:, :2]},
        {"tokens_ALR": table.tokens_ALR[:, :, :400]},
        {"planned_LR": np.ones((3, 400), dtype=bool)},
    ):
        with pytest.raises(ValueError, match="'none' first"):
            MitigationTable(**{f: getattr(replace(table), f) for f in table.__slots__} | wrong)
