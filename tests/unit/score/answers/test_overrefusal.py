import math

import numpy as np
import pytest
from scipy import stats

from safeglot.score.answers.overrefusal import detection, harmonic_mean, youden_j
from safeglot.score.frame import Proportion
from safeglot.score.stats.intervals import wilson


def rate(count, n):
    return Proportion(value=count / n, n_eff=n)


def test_youdens_interval_is_newcombes():
    """His method 10 for 56/70 against 48/80: 0.0524 to 0.3339 (Newcombe 1998)."""
    found = youden_j(rate(56, 70), rate(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("handled", "refused"), [(50, 0), (0, 50), (50, 50), (0, 0), (25, 25)])
def test_limits_are_finite_and_in_range(handled, refused):
    s, f = rate(handled, 50), rate(refused, 50)
    youden, harmonic, found = youden_j(s, f), harmonic_mean(s, f), detection(s, f)
    assert -1 <= youden.low <= youden.value <= youden.high <= 1
    assert 0 <= harmonic.low <= harmonic.value <= harmonic.high <= 1
    for measure in (found.dprime, found.criterion):
        assert measure.low < measure.value < measure.high
        assert all(map(math.isfinite, (measure.low, measure.high, measure.se)))


def test_a_perfect_and_a_useless_model():
    assert youden_j(rate(50, 50), rate(0, 50)).value == 1
    assert harmonic_mean(rate(50, 50), rate(0, 50)).value == 1
    assert harmonic_mean(rate(0, 50), rate(50, 50)).value == 0
    everything_refused = detection(rate(50, 50), rate(50, 50))
    assert everything_refused.dprime.value == 0
    assert everything_refused.criterion.value < -2


def test_with_one_side_certain_youdens_interval_is_the_others():
    low, high = map(float, wilson(40, 50))
    certain = Proportion(value=0.0, n_eff=1e12)
    found = youden_j(rate(40, 50), certain)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_a_shift_of_both_rates_moves_the_criterion_and_not_dprime():
    def at(shift):
        s, f = (float(stats.norm.cdf(z + shift)) for z in (1.5, -1.0))
        return detection(Proportion(value=s, n_eff=1e9), Proportion(value=f, n_eff=1e9))

    here, there = at(0.0), at(0.4)
    assert there.dprime.value == pytest.approx(here.dprime.value, abs=1e-6) == pytest.approx(2.5)
    assert here.criterion.value - there.criterion.value == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize(("s", "f"), [(0.95, 0.1), (0.8, 0.02), (0.6, 0.3)])
def test_intervals_hold_the_truth_as_often_as_they_say(s, f):
    rng, n, m, draws = np.random.default_rng(7), 200, 250, 600
    z_s, z_f = stats.norm.ppf(s), stats.norm.ppf(f)
    truths = (s - f, 2 * s * (1 - f) / (s + 1 - f), z_s - z_f, -(z_s + z_f) / 2)
    hits = np.zeros(4)
    for h, r in zip(rng.binomial(n, s, draws), rng.binomial(m, f, draws), strict=True):
        handled, refused = rate(h, n), rate(r, m)
        found = detection(handled, refused)
        told = (
            youden_j(handled, refused),
            harmonic_mean(handled, refused),
            found.dprime,
            found.criterion,
        )
        hits += [x.low <= truth <= x.high for x, truth in zip(told, truths, strict=True)]
    assert (hits / draws >= 0.92).all()
    assert (hits / draws <= 0.985).all()
