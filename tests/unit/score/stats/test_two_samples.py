"""A difference of two independent rates: its bound and its test agree, at the edges too."""

import numpy as np
import pytest
from scipy import stats

from safeglot.score.stats.two_samples import p_of_rates, rates_low

RATES = [((0.6, 50), (0.9, 80)), ((1.0, 5), (1.0, 300)), ((0.0, 4), (1.0, 3)), ((0.8, 5.3), (0.98, 150)), ((0.5, 1), (0.5, 0))]  # fmt: skip


def test_against_a_bound_nobody_has_nothing_is_lost():
    """With a rate that is known as good as exactly, it is the exact bound of the other."""
    low = rates_low((0.9, 40), (0.5, 1e9), alpha=0.025)
    exact = stats.binomtest(36, 40).proportion_ci(0.95).low
    assert low == pytest.approx(exact - 0.5, abs=1e-4)


@pytest.mark.parametrize(("one", "other"), RATES)
@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_the_bound_is_where_the_test_has_the_level(one, other, alpha):
    low, value = float(rates_low(one, other, alpha=alpha)), one[0] - other[0]
    assert -1 <= low <= value
    for edge in (-0.9, -0.3, -0.05, 0.0, 0.2):
        assert bool(p_of_rates(one, other, edge) <= alpha) == (low >= edge)
    if low > -1:
        assert float(p_of_rates(one, other, low)) == pytest.approx(alpha, rel=1e-3)


def test_no_prompt_says_nothing_and_arrays_go_together():
    assert rates_low((0.0, 0), (0.0, 0), alpha=0.05) == -1
    p = p_of_rates((np.array([0.9, 0.5]), np.array([100, 100])), (0.6, 100), 0.0)
    assert p.shape == (2,)
    assert p[0] < 1e-4
    assert p[1] == 1
