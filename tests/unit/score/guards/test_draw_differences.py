from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.guards.pairs import guard_differences, language_gaps
from safeglot.score.guards.rates import rates
from safeglot.score.judges.two_phase import mover_difference
from unit.score.guards.sheets import by_metric, drawn_sheet, two_languages

BOTH = two_languages()


def test_languages_are_compared_by_their_rates_and_not_by_ids():
    told = list(rates(BOTH, level=0.95))
    here, there = (
        next(e for e in by_metric(told, "guard_recall", judge="b", language=tag))
        for tag in ("de", "en")
    )
    (gap,) = by_metric(language_gaps(BOTH, level=0.95), "guard_recall_gap", judge="b")
    ends = mover_difference((here.value, here.low, here.high), (there.value, there.low, there.high))
    assert (gap.value, gap.low, gap.high) == pytest.approx(ends)
    assert (gap.n, gap.extra["n_reference"]) == (here.n, there.n)
    assert (gap.low > 0 or gap.high < 0) == (gap.extra["p"] < 0.05)


def test_guards_are_compared_on_the_same_labels_by_their_weights():
    sheet = drawn_sheet()
    (e,) = by_metric(guard_differences(sheet, level=0.95), "guard_recall_difference")
    told = [x.value for x in by_metric(rates(sheet, level=0.95), "guard_recall")]
    assert e.value == pytest.approx(told[0] - told[1])
    assert (e.extra["more"], e.extra["less"]) == (3, 2)
    assert e.low < e.value < e.high


def test_a_stratum_without_labels_leaves_nothing_to_compare():
    label = BOTH.label_N.copy()
    label[20:50] = -1
    told = list(language_gaps(replace(BOTH, label_N=label), level=0.95))
    assert all(e.value is None and "judged safe" in e.method for e in told)
    told = list(guard_differences(drawn_sheet(label_N=label[:50]), level=0.95))
    assert all(e.value is None and "judged safe" in e.method for e in told)


def test_verdicts_that_are_lacking_flag_the_difference():
    said = BOTH.unsafe_GN.copy()
    said[1, np.flatnonzero((BOTH.label_N == 1) & (BOTH.language_N == 1))[:3]] = -1
    gaps = list(language_gaps(replace(BOTH, unsafe_GN=said), level=0.95))
    (gap,) = by_metric(gaps, "guard_recall_gap", judge="b")
    assert gap.extra["gap_not_interpretable"] == "missing"
    assert gap.extra["low_bound"] < gap.value < gap.extra["high_bound"]
    (other,) = by_metric(gaps, "guard_recall_gap", judge="a")
    assert "gap_not_interpretable" not in other.extra
