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

_HALVINGS = 60


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


def tango_low(b: Numbers, c: Numbers, n: Numbers, *, alpha: Numbers) -> Floats:
    """Return the one-sided lower bound of delta; -1 without pairs. `p_of_difference` is alpha there."""
    b, c = _counts(b, c)
    part_of(b + c, n, "discordant pairs")
    b, c, n, z = np.broadcast_arrays(b, c, floats(n), -special.ndtri(floats(alpha)))
    size = np.where(n > 0, n, 1.0)
    return np.where(n > 0, _lower_end(b / size, c / size, z / np.sqrt(size)), -1.0)


def p_of_difference(b: Numbers, c: Numbers, n: Numbers, edge: Numbers) -> Floats:
    """Return Tango's one-sided p value of a delta of at most an edge; 1 without pairs.

    Source: Tango 1998, Statistics in Medicine 17, 891-908; for non-inferiority, Liu et al. 2002,
    Statistics in Medicine 21, 231-245.
    """
    b, c = _counts(b, c)
    b, c, n, edge = np.broadcast_arrays(b, c, floats(n), floats(edge))
    size = np.where(n > 0, n, 1.0)
    above = (c - b) / size - edge
    variance = _variance(edge, b / size, c / size)
    z = above * np.sqrt(size / np.where(variance > 0, variance, 1.0))
    sure = np.where(above > 0, 0.0, 1.0)
    return np.where(n > 0, np.where(variance > 0, special.ndtr(-z), sure), 1.0)


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
    far = z * np.sqrt(_variance(delta, q_b, q_c))
    return np.asarray(q_c - q_b - delta > far, dtype=np.bool_)


def _variance(delta: Floats, q_b: Floats, q_c: Floats) -> Floats:
    """Return the variance of a pair's difference at a delta, with the share of b at its likeliest."""
    linear = delta * (2 + q_b - q_c) - (q_b + q_c)
    constant = -q_b * delta * (1 - delta)
    root = np.sqrt(np.maximum(linear**2 - 8 * constant, 0.0))
    # The two forms of the quadratic's larger root; each is exact where the other cancels.
    falling = -2 * constant / np.where(linear > 0, linear + root, 1.0)
    share = np.where(linear > 0, falling, (root - linear) / 4)
    return np.maximum(2 * share + delta * (1 - delta), 0.0)
