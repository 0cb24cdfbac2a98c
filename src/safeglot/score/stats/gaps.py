"""The paired difference in safety between a language and the reference.

b pairs are safe in the reference and unsafe in the other language, c pairs the other way round.
delta = (c - b) / n is the other language's safety minus the reference's: below zero, safety is
lost. All functions take numbers or arrays and broadcast; counts may be fractional where the
docstring speaks of effective pairs. Counts below zero, or more discordant pairs than pairs, raise
ValueError.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.arrays import Bools, Floats, Ints, Numbers, floats, part_of
from safeglot.score.stats.intervals import z_of

_HALVINGS, _FEWER_HALVINGS = 60, 40


def mcnemar_midp(b: Numbers, c: Numbers) -> Floats:
    """Return the two-sided mid-p value of McNemar's test; 1 without discordant pairs.

    Source: Fagerland, Lydersen and Laake 2013, doi 10.1186/1471-2288-13-91.
    """
    few, m = _few_of(b, c)
    return np.minimum(_half_binomial(few, m) + _half_binomial(few - 1, m), 1.0)


def mcnemar_chi2(b: Numbers, c: Numbers) -> tuple[Floats, Floats]:
    """Return McNemar's chi-square, (c - b)^2 / (b + c), and its p value; takes effective pairs."""
    b, c = _counts(b, c)
    chi2 = np.where(b + c > 0, (c - b) ** 2 / np.where(b + c > 0, b + c, 1.0), 0.0)
    return chi2, floats(special.chdtrc(1, chi2))


def _few_of(b: Numbers, c: Numbers) -> tuple[Ints, Ints]:
    """Return the smaller count and the number of discordant pairs."""
    counts_b, counts_c = (x.astype(np.int64) for x in _counts(b, c))
    return np.minimum(counts_b, counts_c), counts_b + counts_c


def _counts(b: Numbers, c: Numbers) -> tuple[Floats, Floats]:
    """Return the discordant pairs either way, broadcast. Raises ValueError below zero."""
    b, c = np.broadcast_arrays(floats(b), floats(c))
    if not np.all((b >= 0) & (c >= 0) & np.isfinite(b + c)):
        raise ValueError(f"discordant pairs: {b.tolist()} and {c.tolist()}: must be 0 or more")
    return b, c


def _half_binomial(few: Ints, m: Ints) -> Floats:
    """Return P(X <= few) of m fair tosses."""
    return np.where(few >= 0, special.bdtr(np.maximum(few, 0), m, 0.5), 0.0)


def tango(b: Numbers, c: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return Tango's score interval of delta, in [-1, 1]; takes effective pairs.

    It excludes 0 exactly where `mcnemar_chi2` has p < 1 - level. n = 0 gives (-1, 1).
    Source: Tango 1998, Statistics in Medicine 17, 891-908.
    """
    b, c = _counts(b, c)
    part_of(b + c, n, "discordant pairs")
    b, c, n = np.broadcast_arrays(b, c, floats(n))
    size = np.where(n > 0, n, 1.0)
    q_b, q_c = b / size, c / size
    below = _lower_end(q_b, q_c, z_of(level) / np.sqrt(size))
    above = -_lower_end(q_c, q_b, z_of(level) / np.sqrt(size))
    return np.where(n > 0, below, -1.0), np.where(n > 0, above, 1.0)


def difference_low(b: Numbers, c: Numbers, n: Numbers, *, alpha: Numbers) -> Floats:
    """Return the one-sided lower bound of delta, where `p_of_difference` is alpha; -1 without pairs."""
    b, c, n, alpha = np.broadcast_arrays(*_counts(b, c), floats(n), floats(alpha))
    low, high = np.full_like(b, -1.0), (c - b) / np.where(n > 0, n, 1.0)
    for _ in range(_FEWER_HALVINGS):
        middle = (low + high) / 2
        rejected = p_of_difference(b, c, n, middle) <= alpha
        low, high = np.where(rejected, middle, low), np.where(rejected, high, middle)
    return np.where(n > 0, low, -1.0)


def p_of_difference(b: Numbers, c: Numbers, n: Numbers, edge: Numbers) -> Floats:
    """Return the one-sided p value of a delta of at most an edge; 1 without pairs.

    The chance that c - b gets as large as it is, at the likeliest shares of discordant pairs whose
    difference is the edge: by the saddlepoint, or exactly where pairs can differ one way alone.
    Tango's normal score is wrong up to 1.7 times as often as it says at 0.0125, 2 times at 0.0025,
    where nearly all pairs differ one way; this one is not (`tests/simulation/releases.py`).
    Source: Lugannani and Rice 1980, Advances in Applied Probability 12; for the lattice, Daniels
    1987, International Statistical Review 55; the shares, Tango 1998, Statistics in Medicine 17.
    """
    b, c = _counts(b, c)
    part_of(b + c, n, "discordant pairs")
    b, c, n, edge = np.broadcast_arrays(b, c, floats(n), np.clip(floats(edge), -1.0, 1.0))
    size = np.where(n > 0, n, 1.0)
    q_b = np.clip(_share_of_b(edge, b / size, c / size), np.maximum(-edge, 0.0), (1 - edge) / 2)
    q_c, delta = q_b + edge, (c - b) / size
    p = _saddlepoint(delta, size, np.maximum(q_b, _NONE), np.maximum(q_c, _NONE))
    gained, lost = np.clip(c - b, 1.0, size), np.clip(b - c, 0.0, size - 1.0)
    p = np.where(q_b > _NONE, p, special.betainc(gained, size - gained + 1, q_c))
    p = np.where(q_c > _NONE, p, special.betainc(size - lost, lost + 1, 1 - q_b))
    p = np.where(c >= size, q_c**size, p)
    return floats(np.where((n > 0) & (delta > edge), np.clip(p, 0.0, 1.0), 1.0))


def _saddlepoint(delta: Floats, n: Floats, q_b: Floats, q_c: Floats) -> Floats:
    """Return the chance of a mean difference of n pairs of at least delta, with shares above 0."""
    d, q_0 = np.clip(delta, _NONE - 1, 1 - _NONE), np.maximum(1 - q_b - q_c, 0.0)
    x = (d * q_0 + np.sqrt((d * q_0) ** 2 + 4 * q_b * q_c * (1 - d * d))) / (2 * q_c * (1 - d))
    t, mass = np.log(x), q_c * x + q_b / x + q_0
    w = np.sqrt(np.maximum(2 * n * (t * d - np.log(mass)), 0.0))
    u = -np.expm1(-t) * np.sqrt(n * np.maximum((q_c * x + q_b / x) / mass - d * d, _NONE))
    far = (w > _NEAR) & (u > 0)
    w, u = np.where(far, w, 1.0), np.where(far, u, 1.0)
    density = np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi)
    spread = np.sqrt(np.maximum(q_b + q_c - (q_c - q_b) ** 2, _NONE) * n)
    near = special.ndtr((0.5 - (d - q_c + q_b) * n) / spread)
    return floats(np.where(far, special.ndtr(-w) + density * (1 / u - 1 / w), near))


_NEAR = 0.3
"""So near the middle the saddlepoint's two terms cancel, and the normal distribution is right."""
_NONE = 1e-12
"""A share under it is none."""


def _lower_end(q_b: Floats, q_c: Floats, z: Floats) -> Floats:
    """Return the least delta that the score test keeps, by halving; q are shares of the pairs."""
    low, high = np.full_like(q_b, -1.0), q_c - q_b
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rejected = _rejects(middle, q_b, q_c, z)
        low, high = np.where(rejected, middle, low), np.where(rejected, high, middle)
    return np.where(q_c - q_b <= -1, -1.0, high)


def _rejects(delta: Floats, q_b: Floats, q_c: Floats, z: Floats) -> Bools:
    """Return whether delta lies too far below c - b."""
    far = z * np.sqrt(variance_at(delta, q_b, q_c))
    return np.asarray(q_c - q_b - delta > far, dtype=np.bool_)


def variance_at(delta: Floats, q_b: Floats, q_c: Floats) -> Floats:
    """Return the variance of a pair's difference at a delta, with the share of b at its likeliest."""
    return floats(np.maximum(2 * _share_of_b(delta, q_b, q_c) + delta * (1 - delta), 0.0))


def _share_of_b(delta: Floats, q_b: Floats, q_c: Floats) -> Floats:
    """Return the likeliest share of b among all that have a delta."""
    linear = delta * (2 + q_b - q_c) - (q_b + q_c)
    constant = -q_b * delta * (1 - delta)
    root = np.sqrt(np.maximum(linear**2 - 8 * constant, 0.0))
    # The two forms of the quadratic's larger root; each is exact where the other cancels.
    falling = -2 * constant / np.where(linear > 0, linear + root, 1.0)
    return np.where(linear > 0, falling, (root - linear) / 4)
