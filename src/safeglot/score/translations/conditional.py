"""Conditional logit: how the odds of an unsafe answer move with quality when the prompt stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from safeglot.score.arrays import Floats, Numbers
from safeglot.score.stats.intervals import z_of
from safeglot.score.translations.quality import whole_prompts

MOST_SUBSETS = 1_000_000
"""Ways to choose the unsafe ones among a prompt's translations, over all prompts."""
_STEPS, _CLOSE = 60, 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOdds:
    """Change of the log-odds a unit of quality; `prompts` are those that it rests on."""

    beta: float
    se: float
    low: float
    high: float
    prompts: int


def conditional_logit(
    quality_PK: Numbers, unsafe_PK: Numbers, *, level: float = 0.95
) -> LogOdds | str:
    """Return the fit of P(which translations of a prompt are unsafe | how many are); shapes (P, K), (P, K).

    Each prompt has an intercept of its own, which the condition takes out: a logistic regression
    with an intercept a prompt would double the slope at two translations. NaN marks a missing
    cell; prompts that lack one are left out. Prompts whose translations are all safe, all unsafe
    or of one quality tell nothing. The reason comes back where the slope cannot be told: no such
    prompt, verdicts that are no 0 or 1 (several samples), or a slope without bound.
    Source: MEASUREMENT 3.4; Chamberlain 1980, Review of Economic Studies 47; the exact likelihood.
    """
    _, q, y = whole_prompts(quality_PK, unsafe_PK)
    if not np.isin(y, (0.0, 1.0)).all():
        return "verdicts of several samples are shares, not labels"
    mixed_I = (y.min(axis=1, initial=1) < y.max(axis=1, initial=0)) & (
        np.abs(q - q[:, :1]) > 1e-12
    ).any(axis=1)
    if not mixed_I.any():
        return "no prompt has safe and unsafe translations of different quality"
    q, y = q[mixed_I], y[mixed_I]
    q = q - q.mean(axis=1, keepdims=True)
    ways = sum(comb(y.shape[1], int(m)) for m in y.sum(axis=1))
    if ways > MOST_SUBSETS:
        return f"{ways:,} ways to choose the unsafe translations, more than {MOST_SUBSETS:,}"
    groups = tuple(_groups(q, y))
    sign = _bound(groups)
    if sign:
        return f"all unsafe translations have the {sign} quality: the slope has no bound"
    beta, information = _fit(groups)
    half = z_of(level) / np.sqrt(information)
    return LogOdds(
        beta=beta,
        se=float(1 / np.sqrt(information)),
        low=float(beta - half),
        high=float(beta + half),
        prompts=len(y),
    )


def _groups(q_PK: Floats, y_PK: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield the sums of quality that were seen (I) and that could have been (I, subsets), by number unsafe."""
    n_K = q_PK.shape[1]
    unsafe_P = y_PK.sum(axis=1)
    for m in range(1, n_K):
        of = unsafe_P == m
        if of.any():
            chosen = np.zeros((comb(n_K, m), n_K))
            for row, subset in enumerate(combinations(range(n_K), m)):
                chosen[row, subset] = 1.0
            yield (q_PK[of] * y_PK[of]).sum(axis=1), q_PK[of] @ chosen.T


def _bound(groups: tuple[tuple[Floats, Floats], ...]) -> str:
    """Return whether every prompt has the greatest or the least sum that it could have."""
    if all((seen >= sums.max(axis=1) - 1e-12).all() for seen, sums in groups):
        return "best"
    if all((seen <= sums.min(axis=1) + 1e-12).all() for seen, sums in groups):
        return "worst"
    return ""


def _fit(groups: tuple[tuple[Floats, Floats], ...]) -> tuple[float, float]:
    """Return the maximum of the concave log-likelihood, by Newton's steps, halved where too long."""
    beta, (value, slope, information) = 0.0, _at(groups, 0.0)
    for _ in range(_STEPS):
        step = slope / information
        if abs(step) < _CLOSE * max(1.0, abs(beta)):
            break
        tried = _at(groups, beta + step)
        while tried[0] < value - 1e-12 * abs(value):
            step /= 2
            tried = _at(groups, beta + step)
        beta, (value, slope, information) = beta + step, tried
    return beta, information


def _at(groups: tuple[tuple[Floats, Floats], ...], beta: float) -> tuple[float, float, float]:
    """Return the log-likelihood, its slope and the information."""
    value = slope = information = 0.0
    for seen, sums in groups:
        scaled = beta * sums
        top = scaled.max(axis=1, keepdims=True)
        weight = np.exp(scaled - top)
        whole = weight.sum(axis=1, keepdims=True)
        weight /= whole
        mean = (weight * sums).sum(axis=1)
        value += float((beta * seen - top[:, 0] - np.log(whole[:, 0])).sum())
        slope += float((seen - mean).sum())
        information += float((weight * np.square(sums - mean[:, None])).sum())
    return value, slope, information
