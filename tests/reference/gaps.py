"""Paired differences: b pairs safe in the reference only, c pairs safe in the other only, of n."""

import numpy as np
from scipy import stats

from reference.intervals import normal_interval


def mcnemar_exact(b, c):
    """Return the two-sided exact p value of McNemar's test: twice the smaller tail, at most 1."""
    b, c = np.asarray(b), np.asarray(c)
    return np.minimum(2 * stats.binom.cdf(np.minimum(b, c), b + c, 0.5), 1.0)


def difference_se(b, c, n):
    """Return the Wald standard error of (c - b) / n."""
    b, c, n = (np.asarray(x, dtype=float) for x in (b, c, n))
    return np.sqrt(b + c - (c - b) ** 2 / n) / n


def wald(b, c, n, *, level=0.95):
    """Return the Wald interval, not clipped: too short for few discordant pairs."""
    b, c, n = (np.asarray(x, dtype=float) for x in (b, c, n))
    return normal_interval((c - b) / n, difference_se(b, c, n), level=level)


def agresti_min(b, c, n, *, level=0.95):
    """Return the Wald interval after adding half a pair to each of the four cells.

    Source: Agresti and Min 2005, Statistics in Medicine 24, 729-740.
    """
    return wald(np.add(b, 0.5), np.add(c, 0.5), np.add(n, 2), level=level)
