"""Unsafe counts per language regressed on one property, with more spread than the binomial's.

As in `regression`, the unit is the language, x is centred, and slopes are per unit of x; here they
are on the logit scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.models.regression import cross
from safeglot.score.stats.association import NoFit, too_few

_STEPS = 100
_FAR = 30.0
"""A logit beyond which a rate is 0 or 1: the fit has run away."""
_MOST_LOG_M = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuasiBinomial:
    """A binomial GLM with its errors widened by the Pearson dispersion (`scale`)."""

    coef: tuple[float, float]
    se_binomial: tuple[float, float]
    se: tuple[float, float]
    scale: float
    df: int


def quasi_binomial(x: Numbers, unsafe: Numbers, n: Numbers) -> QuasiBinomial | NoFit:
    """Fit logit(rate) = a + b x by iterated least squares; shapes (n,).

    `scale` is Pearson's X2 over its degrees of freedom, from the counts.
    Source: McCullagh and Nelder 1989, Generalized Linear Models, 2nd ed.
    """
    x, unsafe, n = floats(x), floats(unsafe), floats(n)
    refused = _refused(x, unsafe, n)
    if refused:
        return refused
    design = np.column_stack([np.ones(x.size), x - x.mean()])
    coef = _iterated(design, unsafe, n)
    if coef is None:
        return NoFit(
            reason="the property separates languages with from those without unsafe answers"
        )
    rate = special.expit(design @ coef)
    weight = n * rate * (1 - rate)
    df = x.size - 2
    scale = float(((unsafe - n * rate) ** 2 / weight).sum()) / df
    se = np.sqrt(np.diag(np.linalg.inv(cross(design, weight))))
    return QuasiBinomial(
        coef=_pair(coef),
        se_binomial=_pair(se),
        se=_pair(se * np.sqrt(scale)),
        scale=scale,
        df=df,
    )


def _refused(x: Floats, unsafe: Floats, n: Floats) -> NoFit | None:
    if np.any(n <= 0) or np.any(unsafe < 0) or np.any(unsafe > n):
        raise ValueError("give n above zero and unsafe counts between 0 and n for each language")
    refused = too_few(x, least=3, unit="languages")
    if refused is None and unsafe.sum() in (0, n.sum()):
        return NoFit(reason="every answer has the same verdict")
    return refused


def _iterated(design: Floats, unsafe: Floats, n: Floats) -> Floats | None:
    coef = np.array([special.logit(unsafe.sum() / n.sum()), 0.0])
    for _ in range(_STEPS):
        eta = design @ coef
        if np.abs(eta).max() > _FAR:
            return None
        rate = special.expit(eta)
        score = (design * (unsafe - n * rate)[:, None]).sum(axis=0)
        step = np.linalg.solve(cross(design, n * rate * (1 - rate)), score)
        coef = coef + step
        if np.abs(step).max() < 1e-12:
            return floats(coef)
    return None


def _pair(numbers: Floats) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaBinomial:
    """A beta-binomial fit: rates around the line vary as Beta(mu M, (1 - mu) M)."""

    coef: tuple[float, float]
    log_m: float | None
    """None where the counts vary no more than the binomial allows: M without end."""
    loglik: float


def beta_binomial(x: Numbers, unsafe: Numbers, n: Numbers) -> BetaBinomial | NoFit:
    """Fit logit(mu) = a + b x and the precision M by maximum likelihood; shapes (n,).

    Source: Williams 1975, Biometrics 31.
    """
    x, unsafe, n = floats(x), floats(unsafe), floats(n)
    start = quasi_binomial(x, unsafe, n)
    if isinstance(start, NoFit):
        return start
    design = np.column_stack([np.ones(x.size), x - x.mean()])
    spread = max(float(n.mean() - 1) / max(start.scale - 1, 1e-3), 1e-2)
    first = np.array([*start.coef, min(np.log(spread), _MOST_LOG_M - 1)])
    found = optimize.minimize(
        _minus_likelihood,
        first,
        args=(design, unsafe, n),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (None, None), (-10, _MOST_LOG_M)],
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000},
    )
    bounded = found.x[2] > _MOST_LOG_M - 1e-3
    choose = _log_choose(n, unsafe)
    return BetaBinomial(
        coef=_pair(found.x),
        log_m=None if bounded else float(found.x[2]),
        loglik=choose - float(found.fun),
    )


def _log_choose(n: Floats, k: Floats) -> float:
    return float(
        (special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)).sum()
    )


def _minus_likelihood(
    parameters: Floats, design: Floats, unsafe: Floats, n: Floats
) -> tuple[float, Floats]:
    """Return minus the log likelihood, without the binomial coefficients, and its gradient."""
    mean = special.expit(np.clip(design @ parameters[:2], -_FAR, _FAR))
    m = float(np.exp(parameters[2]))
    a, b = mean * m, (1 - mean) * m
    told = special.betaln(a + unsafe, b + n - unsafe) - special.betaln(a, b)
    common = special.digamma(m) - special.digamma(m + n)
    by_a = special.digamma(a + unsafe) - special.digamma(a) + common
    by_b = special.digamma(b + n - unsafe) - special.digamma(b) + common
    by_eta = (by_a - by_b) * m * mean * (1 - mean)
    gradient = np.append((design * by_eta[:, None]).sum(axis=0), (by_a * a + by_b * b).sum())
    return -float(told.sum()), -gradient
