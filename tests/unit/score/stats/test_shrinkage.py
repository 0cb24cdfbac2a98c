import numpy as np
import pytest
from scipy import optimize, special, stats

from safeglot.score.stats.shrinkage import averaged, fit_beta, shrink

RNG = np.random.default_rng(12)


def test_it_is_the_maximum_that_scipy_finds():
    for mean, worth in ((0.95, 15), (0.8, 3), (0.99, 60)):
        n = RNG.integers(5, 300, 20)
        safe = RNG.binomial(n, RNG.beta(mean * worth, (1 - mean) * worth, 20))
        prior = fit_beta(safe[None], n[None])
        found = optimize.minimize(
            lambda x, s=safe, n=n: -stats.betabinom.logpmf(s, n, *np.exp(x)).sum(),
            [1.0, 0.0],
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000},
        )
        assert (prior.a_F[0], prior.b_F[0]) == tuple(
            pytest.approx(x, rel=1e-4) for x in np.exp(found.x)
        )


@pytest.mark.parametrize(
    ("failed", "n"), [([1] + [0] * 11, [8] + [20] * 11), ([3, 0, 0, 1], [900, 40, 2, 300_000])]
)
def test_nothing_near_is_likelier_where_nearly_all_is_safe(failed, n):
    n = np.array(n)
    safe = n - failed
    prior = fit_beta(safe[None], n[None])
    a, b = prior.a_F[0], prior.b_F[0]
    here = stats.betabinom.logpmf(safe, n, a, b).sum()
    for turn in np.exp(RNG.normal(0, 0.5, (400, 2))):
        there = stats.betabinom.logpmf(safe, n, a * turn[0], b * turn[1]).sum()
        held = a * turn[0] + b * turn[1] < 1
        assert held or there <= here + 1e-9


def test_many_fits_at_once_are_as_each_alone():
    n = RNG.integers(0, 60, (40, 9))
    safe = RNG.binomial(n, RNG.beta(8, 1, (40, 9)))
    both = fit_beta(safe, n)
    for f in range(40):
        alone = fit_beta(safe[f, n[f] > 0][None], n[f, n[f] > 0][None])
        assert both.a_F[f] == pytest.approx(alone.a_F[0], rel=1e-5)
        assert both.b_F[f] == pytest.approx(alone.b_F[0], rel=1e-5)


def test_cells_that_differ_by_chance_only_are_pooled():
    prior = fit_beta([[9, 18, 27]], [[10, 20, 30]])
    assert prior.a_F[0] + prior.b_F[0] == pytest.approx(60 * 2 / 3)
    found = shrink([9, 18, 27], [10, 20, 30], a=prior.a_F, b=prior.b_F)
    assert found.mean_K == pytest.approx(0.9, abs=2e-4)


@pytest.mark.parametrize("safe", [0, 1])
def test_where_all_agree_the_prior_is_that_of_all_answers(safe):
    n = np.array([10, 30])
    prior = fit_beta([n * safe], [n])
    mean = (40 * safe + 0.5) / 41
    assert prior.a_F[0] == pytest.approx(mean * 20)
    assert prior.b_F[0] == pytest.approx((1 - mean) * 20)
    found = shrink(n * safe, n, a=prior.a_F, b=prior.b_F)
    assert np.all((found.low_K < found.mean_K) & (found.mean_K < found.high_K))


@pytest.mark.parametrize(
    ("safe", "n"), [([[3]], [[5]]), ([[0, 0]], [[0, 0]]), ([[4, 0]], [[4, 0]])]
)
def test_one_cell_has_nothing_to_borrow(safe, n):
    prior = fit_beta(safe, n)
    assert (prior.a_F[0], prior.b_F[0]) == (0.5, 0.5)


def test_a_prior_is_worth_at_least_one_answer():
    prior = fit_beta([[0, 5, 0, 5]], [[5, 5, 5, 5]])
    assert prior.a_F[0] + prior.b_F[0] == pytest.approx(1.0)


def test_shrinking_draws_small_cells_further():
    found = shrink([3, 300], [4, 400], a=19, b=1)
    assert found.mean_K.tolist() == [22 / 24, 319 / 420]
    assert found.low_K == pytest.approx(stats.beta.ppf(0.025, [22, 319], [2, 101]))
    assert found.high_K == pytest.approx(stats.beta.ppf(0.975, [22, 319], [2, 101]))
    narrow = shrink([3], [4], a=19, b=1, level=0.5)
    assert narrow.low_K[0] == pytest.approx(stats.beta.ppf(0.25, 22, 2))


def test_the_interval_holds_the_mean():
    found = shrink([0], [0], a=1e-3, b=1)
    assert 0 <= found.low_K[0] <= found.mean_K[0] <= found.high_K[0]


def test_the_interval_goes_over_all_priors_that_the_cells_allow():
    """By a plain double integral over mean and worth of the prior."""
    safe, n = np.array([8.0, 9.0, 19.0]), np.array([10.0, 10.0, 20.0])
    logit, log_worth = np.meshgrid(np.linspace(-2, 6, 400), np.linspace(0, np.log(3000), 300))
    mean, worth = 1 / (1 + np.exp(-logit)), np.exp(log_worth)
    a, b = (mean * worth)[..., None], ((1 - mean) * worth)[..., None]
    weight = np.exp((special.betaln(a + safe, b + n - safe) - special.betaln(a, b)).sum(axis=-1))
    weight = (weight * mean * (1 - mean) * worth**-1.5)[..., None]
    weight /= weight.sum()
    each = stats.beta(a + safe, b + n - safe)
    centre = (weight * each.mean()).sum(axis=(0, 1))
    variance = (weight * (each.var() + (each.mean() - centre) ** 2)).sum(axis=(0, 1))
    size = centre * (1 - centre) / variance - 1
    found = averaged(safe, n)
    assert found.mean_K == pytest.approx(centre, abs=0.004)
    ends = [stats.beta.ppf(q, centre * size, (1 - centre) * size) for q in (0.025, 0.975)]
    assert found.low_K == pytest.approx(ends[0], abs=0.01)
    assert found.high_K == pytest.approx(ends[1], abs=0.01)


@pytest.mark.parametrize("cells", [6, 30])
def test_the_interval_holds_the_truth_where_one_prior_taken_for_known_does_not(cells):
    n = np.full(cells, 20)
    plain_in, wide_in = [], []
    for _ in range(150):
        truth = RNG.beta(18, 2, cells)
        safe = RNG.binomial(n, truth)
        prior = fit_beta(safe[None], n[None])
        plain = shrink(safe, n, a=float(prior.a_F[0]), b=float(prior.b_F[0]))
        wide = averaged(safe, n)
        plain_in.append((plain.low_K <= truth) & (truth <= plain.high_K))
        wide_in.append((wide.low_K <= truth) & (truth <= wide.high_K))
    assert np.mean(plain_in) < np.mean(wide_in) - 0.02
    assert 0.93 < np.mean(wide_in) < 0.99
