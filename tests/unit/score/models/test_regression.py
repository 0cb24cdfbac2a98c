"""Regressions of languages: against plain least squares, likelihood by brute force, limits."""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from safeglot.score.models.regression import leave_one_out, meta_regression, permuted_slope
from safeglot.score.stats.association import NoFit

X = [0.2, 1.0, 1.7, 2.0, 3.1, 4.4]
D = [0.30, 0.05, 0.22, 0.04, 0.11, -0.06]
V = [0.001, 0.004, 0.002, 0.003, 0.001, 0.002]


def test_with_equal_small_variances_it_is_least_squares():
    fit = meta_regression(X, D, [1e-4] * 6)
    plain = stats.linregress(X, D)
    assert fit.coef[1] == pytest.approx(plain.slope)
    assert fit.coef[0] == pytest.approx(np.mean(D))
    assert fit.se[1] == pytest.approx(plain.stderr)
    assert fit.p[1] == pytest.approx(plain.pvalue)
    assert (fit.low[1] + fit.high[1]) / 2 == pytest.approx(plain.slope)
    rest = np.sum((D - plain.intercept - plain.slope * np.array(X)) ** 2) / 4
    assert fit.tau2 == pytest.approx(rest - 1e-4, rel=1e-5)


def test_the_variance_between_has_the_greatest_restricted_likelihood():
    d, v = np.array(D), np.array(V)
    # the density of contrasts that no line can explain
    basis = np.linalg.svd(np.column_stack([np.ones(6), X]))[0][:, 2:]

    def minus(tau2):
        cov = basis.T @ np.diag(v + tau2) @ basis
        return -stats.multivariate_normal(cov=cov).logpdf(basis.T @ d)

    best = optimize.minimize_scalar(minus, bounds=(0, 1), method="bounded", options={"xatol": 1e-9})
    assert meta_regression(X, D, V).tau2 == pytest.approx(best.x, rel=1e-3)


def test_languages_nearer_to_a_line_than_their_errors_have_no_variance_between():
    fit = meta_regression(X, 0.3 - 0.05 * np.array(X), V)
    assert fit.tau2 == 0
    assert fit.coef[1] == pytest.approx(-0.05)
    assert fit.p[1] < 1e-9


def test_one_figure_without_error_weighs_all_but_breaks_nothing():
    fit = meta_regression(X, D, [0.0, *V[1:]])
    assert np.isfinite([fit.tau2, *fit.coef, *fit.se]).all()


def test_what_cannot_be_fitted_says_why():
    assert meta_regression([1, 2], [0, 1], [1, 1]) == NoFit(
        reason="2 languages, at least 3 are needed"
    )
    assert meta_regression([2, 2, 2], [0, 1, 2], [1, 1, 1]) == NoFit(
        reason="all 3 languages have one value"
    )
    assert "variance" in meta_regression(X, D, [0] * 6).reason
    with pytest.raises(ValueError, match="below zero"):
        meta_regression(X, D, [-1, *V[1:]])


def test_slopes_without_a_language_and_without_a_family():
    names, family = list("abcdef"), list("uuvvvw")
    slopes = leave_one_out(X, D, V, names)
    assert [name for name, _ in slopes] == names
    assert slopes[2][1] == meta_regression(X[:2] + X[3:], D[:2] + D[3:], V[:2] + V[3:]).coef[1]
    by_family = dict(leave_one_out(X, D, V, family))
    assert list(by_family) == ["u", "v", "w"]
    assert by_family["u"] == meta_regression(X[2:], D[2:], V[2:]).coef[1]
    assert dict(leave_one_out(X[:3], D[:3], V[:3], names[:3])) == {"a": None, "b": None, "c": None}


def test_permuted_slope_counts_every_order_of_few_languages():
    centred = np.array(D) - np.mean(D)
    seen = abs(centred @ X)
    orders = [abs(centred @ np.array(order)) for order in itertools.permutations(X)]
    got = permuted_slope(X, D)
    assert got.exact
    assert got.p == pytest.approx(np.mean(np.array(orders) >= seen - 1e-12))
    assert got.least == pytest.approx(2 / 720)
    assert isinstance(permuted_slope([1, 1, 1], [1, 2, 3]), NoFit)
