import numpy as np
import pytest

from safeglot.score.stats.gaps import mcnemar_chi2
from safeglot.score.stats.mean_interval import score_interval, score_p

RNG = np.random.default_rng(12)


@pytest.mark.parametrize("scale", [1.0, 1 / 3, 1.5, 2.0])
def test_p_is_below_the_level_where_the_interval_leaves_out_zero(scale):
    for shift in np.linspace(-0.3, 0.3, 25):
        d = scale * RNG.choice([-1, 0, 1], 60, p=[0.3 - shift / 2, 0.4, 0.3 + shift / 2])
        for level in (0.8, 0.95):
            low, high = score_interval(d, level=level)
            assert (score_p(d) < 1 - level) == (low > 0 or high < 0)


def test_of_whole_differences_it_is_mcnemar():
    d = RNG.choice([-1.0, 0.0, 1.0], 90, p=[0.1, 0.6, 0.3])
    assert score_p(d) == pytest.approx(float(mcnemar_chi2((d < 0).sum(), (d > 0).sum())[1]))
    assert score_p(-d) == pytest.approx(score_p(d))


def test_nothing_and_no_difference_are_no_evidence():
    assert (score_p([]), score_p(np.zeros(30))) == (1.0, 1.0)
    assert score_interval([]) == (-1.0, 1.0)
