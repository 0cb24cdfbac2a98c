"""Beta-binomial empirical Bayes for small cells, many fits at once.

A fit F takes K cells, each of n answers of which `safe` are safe; the cells' true safeties are
taken as draws from one Beta(a, b). n and safe may be fractional (effective prompts). A cell with
n = 0 tells a fit nothing: rows are filled up with such cells where fits differ in size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats, part_of

_LEAST_WORTH, _MOST_LOGIT = 1.0, 25.0
"""A prior worth less than one answer would call a cell of five safe answers all but certain."""
_ENDLESS = 100.0
"""Times the answers that a prior is worth beyond which its cells count as all the same."""
_ROUNDS, _HALVINGS = 60, 12
_NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """Beta(a, b) of each fit; shape (F,). It is worth a + b answers."""

    a_F: Floats
    b_F: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunk:
    """Posterior mean and quantiles of each cell; shape (K,)."""

    mean_K: Floats
    low_K: Floats
    high_K: Floats


def fit_beta(safe_FK: Numbers, n_FK: Numbers) -> Prior:
    """Return each row's prior by maximum likelihood; shapes (F, K).

    Where the cells differ no more than chance makes them, the likelihood rises up to an infinite
    a + b. It is held to the answers of all cells but one of mean size, so that a cell's posterior
    is worth no more than all answers together, and to no less than one answer. Where every answer is safe, or none, the mean is
    that of all answers with half an answer of either kind added. With fewer than two cells there
    is nothing to borrow and the prior is Jeffreys', Beta(1/2, 1/2).
    Source: Robbins 1956; Griffiths 1973, Biometrics 29.
    """
    safe_FK, n_FK = part_of(safe_FK, n_FK)
    count_F = (n_FK > 0).sum(axis=1)
    total_F, safe_F = n_FK.sum(axis=1), safe_FK.sum(axis=1)
    differ_F = (safe_F > 1e-9) & (total_F - safe_F > 1e-9)
    most_F = np.maximum(total_F * (1 - 1 / np.maximum(count_F, 1)), _LEAST_WORTH)
    pooled_F = (safe_F + 0.5) / (total_F + 1)
    at_F2 = np.stack([special.logit(pooled_F), np.log(most_F)], axis=1)
    fitted_F = np.flatnonzero((count_F > 1) & differ_F)
    if fitted_F.size:
        data = _Data(safe_FK=safe_FK[fitted_F], n_FK=n_FK[fitted_F])
        at_F2[fitted_F] = _climb(data, at_F2[fitted_F, 0], np.log(_ENDLESS * most_F[fitted_F]))
    mean_F, worth_F = special.expit(at_F2[:, 0]), np.minimum(np.exp(at_F2[:, 1]), most_F)
    lone_F = count_F < 2
    return Prior(
        a_F=np.where(lone_F, 0.5, mean_F * worth_F),
        b_F=np.where(lone_F, 0.5, special.expit(-at_F2[:, 0]) * worth_F),
    )


def shrink(safe_K: Numbers, n_K: Numbers, *, a: Numbers, b: Numbers, level: float = 0.95) -> Shrunk:
    """Return the posterior means (a + s) / (a + b + n) and equal-tailed Beta intervals; shape (K,).

    The interval always holds the mean, which a very lopsided Beta has outside its quantiles.
    """
    one_K, other_K = floats(a) + floats(safe_K), floats(b) + floats(n_K) - floats(safe_K)
    return _beta_interval(one_K, other_K, level)


def averaged(safe_K: Numbers, n_K: Numbers, *, level: float = 0.95) -> Shrunk:
    """Return each cell's mean and interval over all priors that the cells allow; shapes (K,).

    One fitted prior taken for known makes intervals too short, and the likelihood often runs to
    the largest worth. Here priors on a grid weigh by likelihood times worth^-5/2; the interval is
    that of the Beta with the mean and variance of their mixture.
    Source: Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 5.3.
    """
    safe_K, n_K = floats(safe_K), floats(n_K)
    centre = float(special.logit((safe_K.sum() + 0.5) / (n_K.sum() + 1)))
    logit_G = np.repeat(centre + np.linspace(-3, 3, 61), 24)
    worth_G = np.tile(np.geomspace(_LEAST_WORTH, 3000.0, 24), 61)
    a_G, b_G = special.expit(logit_G) * worth_G, special.expit(-logit_G) * worth_G
    log_G = _Data(safe_FK=safe_K, n_FK=n_K).likelihood(a_G, b_G)
    # Even steps of logit mean and log worth stand for mean x worth^-5/2.
    log_G = log_G + np.log(special.expit(logit_G)) + np.log(special.expit(-logit_G))
    log_G -= 1.5 * np.log(worth_G)
    weight_G1 = np.exp(log_G - log_G.max())[:, np.newaxis]
    weight_G1 /= weight_G1.sum()
    size_GK = worth_G[:, np.newaxis] + n_K
    mean_GK = (a_G[:, np.newaxis] + safe_K) / size_GK
    mean_K = (weight_G1 * mean_GK).sum(axis=0)
    spread_GK = mean_GK * (1 - mean_GK) / (size_GK + 1) + (mean_GK - mean_K) ** 2
    size_K = mean_K * (1 - mean_K) / (weight_G1 * spread_GK).sum(axis=0) - 1
    return _beta_interval(mean_K * size_K, (1 - mean_K) * size_K, level)


def _beta_interval(one_K: Floats, other_K: Floats, level: float) -> Shrunk:
    mean_K = one_K / (one_K + other_K)
    tail = (1 - level) / 2
    low_K = special.betaincinv(one_K, other_K, tail)
    high_K = special.betaincinv(one_K, other_K, 1 - tail)
    return Shrunk(mean_K=mean_K, low_K=np.minimum(low_K, mean_K), high_K=np.maximum(high_K, mean_K))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Data:
    safe_FK: Floats
    n_FK: Floats

    def likelihood(self, a_F: Floats, b_F: Floats) -> Floats:
        a, b = a_F[..., np.newaxis], b_F[..., np.newaxis]
        gained = special.betaln(a + self.safe_FK, b + self.n_FK - self.safe_FK)
        return floats((gained - special.betaln(a, b)).sum(axis=-1))

    def slopes(self, at_F2: Floats) -> tuple[Floats, Floats]:
        """Return gradient (F, 2) and Hessian (F, 2, 2) by the logit of the mean and log worth."""
        mean, worth = special.expit(at_F2[:, 0]), np.exp(at_F2[:, 1])
        a, b = mean * worth, special.expit(-at_F2[:, 0]) * worth
        (a1, a2), (b1, b2), (m1, m2) = (
            self._rise(start, more)
            for start, more in (
                (a, self.safe_FK),
                (b, self.n_FK - self.safe_FK),
                (worth, self.n_FK),
            )
        )
        turn, lean, by_a, by_b = a * b / worth, 1 - 2 * mean, a1 - m1, b1 - m1
        twist = turn * (a * a2 - b * b2 + by_a - by_b)
        curve_x = turn**2 * (a2 + b2) + turn * lean * (by_a - by_b)
        curve_t = a**2 * a2 + b**2 * b2 - worth**2 * m2 + a * by_a + b * by_b
        slope_F2 = np.stack([turn * (by_a - by_b), a * by_a + b * by_b], axis=1)
        return slope_F2, np.stack([curve_x, twist, twist, curve_t], axis=1).reshape(-1, 2, 2)

    @staticmethod
    def _rise(start_F: Floats, more_FK: Floats) -> tuple[Floats, Floats]:
        """Return what `more` adds to the first and second derivative of log gamma, over the cells."""
        start = start_F[:, np.newaxis]
        first = special.digamma(start + more_FK) - special.digamma(start)
        second = special.zeta(2, start + more_FK) - special.zeta(2, start)
        return first.sum(axis=1), second.sum(axis=1)

    def at(self, at_F2: Floats) -> Floats:
        worth = np.exp(at_F2[:, 1])
        return self.likelihood(
            special.expit(at_F2[:, 0]) * worth, special.expit(-at_F2[:, 0]) * worth
        )

    def take(self, chosen_N: Ints) -> _Data:
        return _Data(safe_FK=self.safe_FK[chosen_N], n_FK=self.n_FK[chosen_N])


def _climb(data: _Data, logit_F: Floats, log_most_F: Floats) -> Floats:
    """Return the maximum of each fit's likelihood by Newton's method within its bounds; shape (F, 2)."""
    least = float(np.log(_LEAST_WORTH))
    floor_F2 = np.broadcast_to([-_MOST_LOGIT, least], (logit_F.size, 2))
    roof_F2 = np.stack([np.full_like(logit_F, _MOST_LOGIT), np.maximum(log_most_F, least)], axis=1)
    at_F2 = _start(data, logit_F, log_most_F)
    left_N = np.arange(logit_F.size)
    for _ in range(_ROUNDS):
        part, here, box = data.take(left_N), at_F2[left_N], (floor_F2[left_N], roof_F2[left_N])
        at_F2[left_N] = moved = _step(part, here, box)
        left_N = left_N[np.abs(moved - here).max(axis=1) > _NEAR]
        if not left_N.size:
            break
    return at_F2


def _start(data: _Data, logit_F: Floats, log_most_F: Floats) -> Floats:
    """Return the best of a few worths at the pooled mean."""
    share = np.linspace(0, 1, 9)[:, np.newaxis]
    starts = [np.stack([logit_F, x * log_most_F], axis=1) for x in share]
    best_F = np.argmax([data.at(start) for start in starts], axis=0)
    return floats(np.asarray(starts)[best_F, np.arange(logit_F.size)])


def _step(data: _Data, at_F2: Floats, box: tuple[Floats, Floats]) -> Floats:
    """Return one step uphill, halved until the likelihood does not fall."""
    slope_F2, curve = data.slopes(at_F2)
    held_F2 = ((at_F2 <= box[0]) & (slope_F2 < 0)) | ((at_F2 >= box[1]) & (slope_F2 > 0))
    slope_F2 = np.where(held_F2, 0.0, slope_F2)
    curve = np.where(held_F2[:, :, np.newaxis] | held_F2[:, np.newaxis, :], 0.0, curve)
    # The size of each curvature, not its sign: uphill also where the likelihood is not concave.
    size_F2, axes = np.linalg.eigh(curve)
    along = np.einsum("fij,fi->fj", axes, slope_F2) / np.maximum(np.abs(size_F2), 1e-6)
    step_F2 = np.einsum("fij,fj->fi", axes, along)
    step_F2 *= np.minimum(1, 3 / np.maximum(np.abs(step_F2).max(axis=1, keepdims=True), 1e-9))
    before_F = data.at(at_F2)
    slack_F = 1e-12 * np.abs(before_F)
    scale_F = np.ones_like(before_F)
    for _ in range(_HALVINGS):
        there_F2 = np.clip(at_F2 + scale_F[:, np.newaxis] * step_F2, *box)
        worse_F = data.at(there_F2) < before_F - slack_F
        if not worse_F.any():
            break
        scale_F[worse_F] /= 2
    return np.where(worse_F[:, np.newaxis], at_F2, there_F2)
