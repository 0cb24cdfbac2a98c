"""Unsafe counts by language regressed on one property, with more spread than the binomial's.

x is centred; slopes are per unit of x, on the logit scale.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats


@dataclass(frozen=True, kw_only=True)
class QuasiBinomial:
    """A binomial GLM with its errors widened by the Pearson dispersion (`scale`)."""

    coef: tuple[float, float]
    se_binomial: tuple[float, float]
    se: tuple[float, float]
    scale: float
    df: int


def quasi_binomial(x, unsafe, n):
    """Fit logit(rate) = a + b x; `scale` is Pearson's X2 over its degrees of freedom.

    Source: McCullagh and Nelder 1989, Generalized Linear Models, 2nd ed.
    """
    design, unsafe, n = _read(x, unsafe, n)
    coef = np.array([special.logit(unsafe.sum() / n.sum()), 0.0])
    for _ in range(100):
        rate = special.expit(design @ coef)
        weight = n * rate * (1 - rate)
        step = np.linalg.solve((design.T * weight) @ design, design.T @ (unsafe - n * rate))
        coef = coef + step
        if np.abs(step).max() < 1e-12:
            break
    rate = special.expit(design @ coef)
    weight = n * rate * (1 - rate)
    df = len(n) - 2
    scale = ((unsafe - n * rate) ** 2 / weight).sum() / df
    se = np.sqrt(np.diag(np.linalg.inv((design.T * weight) @ design)))
    return QuasiBinomial(
        coef=tuple(coef), se_binomial=tuple(se), se=tuple(se * scale**0.5), scale=scale, df=df
    )


@dataclass(frozen=True, kw_only=True)
class BetaBinomial:
    """A beta-binomial fit: rates around the line vary as Beta(mu M, (1 - mu) M)."""

    coef: tuple[float, float]
    log_m: float
    loglik: float


def beta_binomial(x, unsafe, n):
    """Fit logit(mu) = a + b x and the precision M by maximum likelihood.

    Source: Williams 1975, Biometrics 31.
    """
    design, unsafe, n = _read(x, unsafe, n)

    def minus(at):
        mean, m = special.expit(design @ at[:2]), np.exp(at[2])
        a, b = mean * m, (1 - mean) * m
        told = special.betaln(a + unsafe, b + n - unsafe) - special.betaln(a, b)
        common = special.digamma(m) - special.digamma(m + n)
        by_a = special.digamma(a + unsafe) - special.digamma(a) + common
        by_b = special.digamma(b + n - unsafe) - special.digamma(b) + common
        by_eta = (by_a - by_b) * m * mean * (1 - mean)
        return -told.sum(), -np.append(design.T @ by_eta, by_a @ a + by_b @ b)

    start = quasi_binomial(x, unsafe, n)
    first = [*start.coef, np.log(max((n.mean() - 1) / max(start.scale - 1, 1e-3), 1e-2))]
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000}
    best = optimize.minimize(minus, first, jac=True, method="L-BFGS-B", options=options).x
    mean, m = special.expit(design @ best[:2]), np.exp(best[2])
    loglik = stats.betabinom(n, mean * m, (1 - mean) * m).logpmf(unsafe).sum()
    return BetaBinomial(coef=tuple(best[:2]), log_m=best[2], loglik=loglik)


def _read(x, unsafe, n):
    x = np.asarray(x, dtype=float)
    design = np.column_stack([np.ones(x.size), x - x.mean()])
    return design, np.asarray(unsafe, dtype=float), np.asarray(n, dtype=float)
