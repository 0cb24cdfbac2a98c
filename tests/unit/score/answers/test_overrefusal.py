import math

import numpy as np
import pytest
from scipy import stats

from safeglot.score.answers.overrefusal import (
    capability_adjusted,
    detection,
    harmonic_mean,
    youden_j,
)
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


def test_a_language_without_a_helpful_answer_is_not_adjusted():
    unsafe = Proportion(value=0.1, n_eff=100)
    assert capability_adjusted(unsafe, Proportion(value=0.0, n_eff=50)) is None


def test_a_rate_of_zero_still_has_a_width():
    found = capability_adjusted(Proportion(value=0.0, n_eff=100), Proportion(value=1.0, n_eff=50))
    assert (found.value, found.se, found.low) == (0.0, 0.0, 0.0)
    assert 0.03 < found.high < 0.05


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, u, c, hits = np.random.default_rng(5), 0.06, 0.5, 0
    pairs = zip(rng.binomial(300, u, 800), rng.binomial(120, c, 800), strict=True)
    for unsafe, helpful in pairs:
        found = capability_adjusted(
            Proportion(value=unsafe / 300, n_eff=300), Proportion(value=helpful / 120, n_eff=120)
        )
        hits += found.low <= u / c <= found.high
    assert 0.93 <= hits / 800 <= 0.98


def test_the_interval_of_a_ratio_moves_one_rate_at_a_time():
    unsafe, helpful = Proportion(value=0.1, n_eff=200), Proportion(value=0.4, n_eff=50)
    (u_low, u_high), (c_low, c_high) = unsafe.interval(0.95), helpful.interval(0.95)
    found = capability_adjusted(unsafe, helpful)
    below = np.hypot(0.25 - u_low / 0.4, 0.25 - 0.1 / c_high)
    above = np.hypot(u_high / 0.4 - 0.25, 0.1 / c_low - 0.25)
    assert (found.low, found.high) == pytest.approx((0.25 - below, 0.25 + above))


def test_with_a_certain_competence_the_interval_is_wilsons():
    certain, unsafe = Proportion(value=1.0, n_eff=1e12), Proportion(value=0.1, n_eff=200)
    found = capability_adjusted(unsafe, certain)
    assert (found.low, found.high) == pytest.approx(unsafe.interval(0.95), abs=1e-6)
