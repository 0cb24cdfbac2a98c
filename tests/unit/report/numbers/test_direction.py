from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from safeglot.report.numbers.direction import unsafe, worse_by

BOUNDS = {"low_bound": -0.2, "high_bound": 0.04, "bootstrap_low": -0.1, "bootstrap_high": -0.05}


def test_a_gap_is_turned_with_all_of_its_ends():
    gap = replace(small.gap("sw", None, -0.08, 0.01), extra={**BOUNDS, "p_holm": 0.01})
    worse = worse_by(gap)
    assert (worse.value, worse.low, worse.high) == pytest.approx((0.08, 0.06, 0.10))
    assert worse.extra == {
        "low_bound": -0.04, "high_bound": 0.2, "bootstrap_low": 0.05, "bootstrap_high": 0.1,
        "p_holm": 0.01,
    }  # fmt: skip


def test_a_rate_of_safe_answers_becomes_one_of_unsafe_answers():
    rate = small.average("safety_micro", "sw", 0.9)
    turned = unsafe(rate)
    assert turned.value == pytest.approx(0.1)
    assert turned.low <= turned.value <= turned.high
    assert unsafe(turned).value == pytest.approx(0.9)
    assert turned.n == rate.n


def test_what_is_not_there_stays_so():
    assert unsafe(None) is None
    assert worse_by(None) is None
    blank = replace(small.average("safety_micro", "sw", 0.9), value=None, low=None, high=None)
    assert unsafe(blank).value is None
