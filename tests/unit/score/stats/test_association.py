"""Rank correlations against SciPy, permutations against enumeration."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from safeglot.score.stats.association import NoFit, kendall, permutation, ranks, spearman

TIED = ([1, 2, 2, 3, 5, 5, 5, 7], [2, 1, 4, 4, 3, 8, 8, 9])
FREE = ([3, 1, 4, 15, 9, 2, 6], [2, 7, 1, 8, 28, 18, 4])


@pytest.mark.parametrize(("x", "y"), [TIED, FREE])
def test_as_scipy(x, y):
    for ours, theirs in ((spearman, stats.spearmanr), (kendall, stats.kendalltau)):
        got, expected = ours(x, y), theirs(x, y)
        assert got.value == pytest.approx(expected.statistic)
        assert got.p == pytest.approx(expected.pvalue)
    assert ranks(x).tolist() == stats.rankdata(x).tolist()


def test_exact_kendall_by_counting_orders():
    y = [1, 3, 2, 5, 4]
    seen = kendall(range(5), y).value
    values = [kendall(range(5), order).value for order in itertools.permutations(y)]
    share = sum(abs(v) >= abs(seen) - 1e-12 for v in values) / len(values)
    assert kendall(range(5), y).p == pytest.approx(share)


def test_a_line_has_a_p_of_zero_or_the_least_that_orders_allow():
    assert spearman([1, 2, 3, 4], [2, 4, 6, 8]).value == 1
    assert spearman([1, 2, 3, 4], [2, 4, 6, 8]).p == 0
    assert kendall([1, 2, 3, 4], [8, 6, 4, 2]).p == pytest.approx(2 / 24)


@pytest.mark.parametrize("measure", [spearman, kendall])
def test_too_little_is_refused_with_its_reason(measure):
    assert measure([1, 2], [3, 4]) == NoFit(reason="2 units, at least 3 are needed")
    assert measure([1, 1, 1], [3, 4, 5]) == NoFit(reason="all 3 units have one value")
    assert isinstance(measure([1, 2, 3], [4, 4, 4]), NoFit)
    with pytest.raises(ValueError, match="not finite"):
        measure([1, 2, math.nan], [1, 2, 3])


X, Y = np.array([0.0, 1, 2, 5]), np.array([3.0, 1, 7, 2])


def product(places):
    return (X[places] * Y).sum(axis=1)


def test_all_orders_are_counted():
    seen = float(product(np.arange(4)[None])[0])
    values = [float((X[list(o)] * Y).sum()) for o in itertools.permutations(range(4))]
    got = permutation(product, 4)
    assert got.exact
    assert got.draws == 24
    assert got.least == pytest.approx(2 / 24)
    assert got.p == pytest.approx(sum(v >= seen - 1e-9 for v in values) / 24)


def test_units_stay_within_families_of_two():
    got = permutation(product, 4, families=["a", "b", "b", "a"])
    orders = [[0, 1, 2, 3], [3, 1, 2, 0], [0, 2, 1, 3], [3, 2, 1, 0]]
    values = product(np.array(orders))
    assert got.within_families
    assert got.draws == 4
    assert got.p == pytest.approx((values >= values[0] - 1e-9).mean())
    assert not permutation(product, 4, families=["a", "b", "b", "b"]).within_families


def test_drawn_orders_come_near_all_of_them_and_again_by_the_seed():
    exact = permutation(product, 4)
    drawn = permutation(product, 4, draws=20_000, seed=3, most_exact=0)
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=0.015)
    assert drawn == permutation(product, 4, draws=20_000, seed=3, most_exact=0)
    inside = permutation(product, 4, families=["a", "b", "b", "a"], draws=20_000, most_exact=0)
    assert inside.p == pytest.approx(
        permutation(product, 4, families=["a", "b", "b", "a"]).p, abs=0.015
    )
