"""The exact interval of a rate, and the normal interval."""

import numpy as np
from scipy import stats


def clopper_pearson(safe, n, *, level=0.95):
    """Return the exact two-sided interval of a rate.

    Source: Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404.
    """
    safe, n = np.broadcast_arrays(np.asarray(safe, dtype=float), np.asarray(n, dtype=float))
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, np.maximum(safe, 0.5), n - safe + 1)
    high = stats.beta.ppf(1 - tail, safe + 1, np.maximum(n - safe, 0.5))
    return np.where(safe > 0, low, 0.0), np.where(safe < n, high, 1.0)


def normal_interval(value, se, *, level=0.95):
    """Return value -/+ z se, not clipped: for large samples away from the ends only."""
    half = stats.norm.ppf(0.5 + level / 2) * np.asarray(se)
    return value - half, value + half
