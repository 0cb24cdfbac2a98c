"""Counts per language on a property: greatest likelihood by brute force, limits."""

import numpy as np
import pytest
from scipy import optimize, stats

from reference.dispersion import beta_binomial, quasi_binomial

X = [0.2, 1.0, 1.7, 2.0, 3.1, 4.4]
N = [50] * 6
UNSAFE = [20, 4, 12, 3, 6, 1]


def test_glm_has_the_greatest_likelihood():
    x = np.array(X) - np.mean(X)

    def minus(coef):
        return -stats.binom(N, 1 / (1 + np.exp(-coef[0] - coef[1] * x))).logpmf(UNSAFE).sum()

    best = optimize.minimize(minus, [0, 0], tol=1e-10)
    fit = quasi_binomial(X, UNSAFE, N)
    assert fit.coef == pytest.approx(tuple(best.x), abs=1e-4)
    assert fit.se == pytest.approx(tuple(np.array(fit.se_binomial) * fit.scale**0.5))
    step, at = 1e-4, np.array(fit.coef)
    corner = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * step
    up, right, left, down = (minus(at + shift) for shift in corner)
    second = [
        (minus(at + side) - 2 * minus(at) + minus(at - side)) / step**2 for side in np.eye(2) * step
    ]
    mixed = (up - right - left + down) / (4 * step**2)
    hessian = np.array([[second[0], mixed], [mixed, second[1]]])
    assert fit.se_binomial == pytest.approx(np.diag(np.linalg.inv(hessian)) ** 0.5, rel=1e-3)


def test_beta_binomial_has_the_greatest_likelihood():
    x = np.array(X) - np.mean(X)

    def minus(at):
        mean, m = 1 / (1 + np.exp(-at[0] - at[1] * x)), np.exp(at[2])
        return -stats.betabinom(N, mean * m, (1 - mean) * m).logpmf(UNSAFE).sum()

    best = optimize.minimize(minus, [-1, -0.5, 2], method="Nelder-Mead", tol=1e-9)
    fit = beta_binomial(X, UNSAFE, N)
    assert fit.loglik == pytest.approx(-best.fun, abs=1e-6)
    assert (*fit.coef, fit.log_m) == pytest.approx(tuple(best.x), abs=1e-3)
