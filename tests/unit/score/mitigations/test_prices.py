"""What one unsafe answer fewer costs."""

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


def test_the_ends_are_where_the_score_of_the_difference_is_two_errors():
    rng = np.random.default_rng(1)
    gain = rng.normal(0.3, 0.5, 300)
    paid = np.concatenate([2 * gain + rng.normal(0, 1, 300), rng.normal(0.6, 1, 200)])
    value, low, high = ratio(paid, gain, shared=True, level=0.95)
    assert low < value < high
    n, m = 500, 300
    for end in (low, high):
        p, g = paid - paid.mean(), gain - gain.mean()
        of_paid, of_gain = (x.var(ddof=1) / x.size for x in (paid, gain))
        shared = (p[:300] * g).sum() / (n * m)
        error = of_paid + end**2 * of_gain - 2 * end * shared
        assert (paid.mean() - end * gain.mean()) ** 2 == pytest.approx(
            1.959964**2 * error, rel=1e-4
        )


def test_no_interval_without_bounds():
    assert ratio(np.ones(50), np.array([0.1, -0.1] * 25), shared=True, level=0.95) is None
    assert ratio(np.ones(1), np.ones(1), shared=True, level=0.95) is None
    assert ratio(np.full(9, np.nan), np.full(9, np.nan), shared=False, level=0.95) is None
