import numpy as np
import pytest

from reference.intervals import clopper_pearson
from safeglot.score.stats.intervals import (
    certified_low,
    clustered_mean,
    exact_interval,
    jeffreys,
    p_of_rate,
    wilson,
    wilson_effective,
    z_of,
)


def test_the_normal_quantile():
    assert z_of(0.95) == pytest.approx(1.959963984540054, abs=1e-12)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson, jeffreys])
def test_no_data_gives_the_interval_that_says_nothing(interval):
    low, high = interval(0, 0)
    assert (float(low), float(high)) == (0.0, 1.0)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson, jeffreys])
def test_arrays_give_what_numbers_give(interval):
    low, high = interval([0, 3, 10, 0], [10, 10, 10, 0])
    for i, (safe, n) in enumerate([(0, 10), (3, 10), (10, 10), (0, 0)]):
        assert (low[i], high[i]) == tuple(map(float, interval(safe, n)))


def test_wilson_of_one_success_in_one():
    low, high = wilson(1, 1)
    z2 = z_of(0.95) ** 2
    assert float(low) == pytest.approx(1 / (1 + z2))
    assert float(high) == 1.0


def test_effective_size_widens():
    assert wilson_effective(0.9, 10)[0] < wilson(90, 100)[0]
    assert tuple(map(float, wilson_effective(1.0, 7.5))) == (
        pytest.approx(7.5 / (7.5 + z_of(0.95) ** 2)),
        1.0,
    )


@pytest.mark.parametrize(("n", "certified"), [(298, False), (299, True)])
def test_ninety_nine_percent_needs_299_prompts_without_a_failure(n, certified):
    low = float(certified_low(n, n))
    assert (low >= 0.99) is certified
    assert low == pytest.approx(0.05 ** (1 / n), abs=1e-12)


def test_certified_low_is_one_sided():
    assert certified_low(97, 100) == pytest.approx(float(clopper_pearson(97, 100, level=0.9)[0]))
    assert float(certified_low(0, 100)) == 0.0
    assert float(certified_low(0, 0)) == 0.0


def test_few_clusters_use_students_t():
    mean = clustered_mean([1, 0, 1, 1], [0, 0, 1, 1])
    # Residuals by cluster: -1/2 and 1/2; CR0 = sqrt(1/2)/4, with sqrt(G/(G-1)) 1/4; t_1 = 12.7062.
    assert mean.mean == 0.75
    assert mean.se == pytest.approx(0.5**0.5 / 4)
    assert mean.se_small == pytest.approx(0.25)
    assert mean.high - mean.mean == pytest.approx(12.706204736 * 0.25)


def test_many_clusters_use_the_normal():
    y = np.arange(80) % 2
    mean = clustered_mean(y, np.arange(80))
    assert mean.deff == pytest.approx(1.0)
    assert mean.high - mean.mean == pytest.approx(z_of(0.95) * 0.5 / 80**0.5)


def test_copies_of_a_prompt_are_worth_one():
    y = np.repeat([1, 0, 1, 1, 0], 4)
    mean = clustered_mean(y, np.repeat(np.arange(5), 4))
    assert mean.deff == pytest.approx(4.0)
    assert mean.n_eff == pytest.approx(5.0)


def test_rows_that_do_not_vary_are_worth_their_prompts():
    mean = clustered_mean(np.ones(12), np.repeat(np.arange(3), 4))
    assert (mean.se, mean.n_eff) == (0.0, pytest.approx(3.0))


def test_one_cluster_has_no_interval():
    mean = clustered_mean([1, 0], [7, 7])
    assert (mean.mean, mean.se, mean.low, mean.high) == (0.5, None, None, None)


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one row"):
        clustered_mean([], [])


@pytest.mark.parametrize(("safe", "n"), [(299, 299), (310, 312), (92.5, 97.3), (1, 40)])
def test_a_p_value_of_a_rate_is_where_the_certificate_ends(safe, n):
    low = float(certified_low(safe, n))
    assert float(p_of_rate(safe, n, low)) == pytest.approx(0.05)
    assert float(p_of_rate(safe, n, low / 2)) < 0.05
    assert float(p_of_rate(0, n, 0.9)) == 1.0


def test_the_exact_interval_is_clopper_and_pearsons():
    safe, n = np.array([0, 3, 5, 97]), np.array([5, 5, 5, 100])
    expected = clopper_pearson(safe, n, level=0.9)
    assert np.allclose(exact_interval(safe, n, level=0.9), expected, atol=1e-9)
