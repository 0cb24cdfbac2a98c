"""What one unsafe answer fewer costs."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.mitigations.estimates import mitigation_estimates
from safeglot.score.mitigations.prices import FIELLER, NO_GAIN, ratio
from unit.score.mitigations.tables import helpful


def told(one):
    return {
        (e.metric, e.language, e.extra["mitigation"]): e
        for e in mitigation_estimates(one)
        if e.extra["mitigation"]
    }


def test_a_price_is_a_ratio_where_the_gain_is_resolved():
    rows = told(helpful())
    e = rows["mitigation_tokens_per_gain", "sw", "guard-before"]
    paid, gain = (rows[f"mitigation_{m}", "sw", "guard-before"].value for m in ("tokens", "safety"))
    assert e.value == pytest.approx(paid / gain)
    assert (e.low < e.value < e.high, e.method, e.level) == (True, FIELLER, 0.95)
    none = rows["mitigation_tokens_per_gain", "sw", "system-en"]
    assert (none.value, none.method, none.level) == (None, NO_GAIN, None)


def test_refusals_come_from_other_prompts():
    e = told(helpful())["mitigation_refusals_per_gain", "sw", "guard-before"]
    assert 0.3 < e.low < e.value < e.high < 1.2


def test_the_ends_are_where_the_difference_is_two_errors():
    rows = told(helpful())
    paid, gain, of = (rows[f"mitigation_{m}", "sw", "guard-before"] for m in ("over_refusal", "safety", "refusals_per_gain"))  # fmt: skip
    for end in (of.low, of.high):
        error = ((paid.high - paid.low) / 2) ** 2 + end**2 * ((gain.high - gain.low) / 2) ** 2
        assert (paid.value - end * gain.value) ** 2 == pytest.approx(error, rel=1e-6)


def test_no_refusal_at_all_has_an_interval_all_the_same():
    one = helpful()
    rows = told(replace(one, refused_ALQS=np.zeros_like(one.refused_ALQS)))
    e = rows["mitigation_refusals_per_gain", "sw", "guard-before"]
    assert (e.value, e.low) == (0.0, pytest.approx(-e.high))
    assert 0.01 < e.high < 0.1


def test_no_interval_without_bounds():
    rows = told(helpful())
    paid, none = (rows[f"mitigation_{m}", "sw", "system-en"] for m in ("tokens", "safety"))
    assert ratio(paid, none) is None
    assert ratio(replace(paid, low=None), replace(none, value=1.0)) is None
