"""Intervals of one proportion, and of a mean over rows that share prompts.

All take numbers or arrays and broadcast. `safe` may be fractional, as in an effective sample.
n = 0 gives (0, 1), the interval that says nothing: never NaN. A level outside (0, 1) raises
ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Numbers, floats, part_of

FEW_CLUSTERS = 40
"""Below it a clustered mean has its standard error inflated and uses Student's t."""


def z_of(level: float) -> float:
    """Return the normal quantile of a two-sided level: 1.96 for 0.95."""
    return float(special.ndtri(0.5 + _checked(level) / 2))


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level: {level}: must be between 0 and 1, as in 0.95")
    return level


def wilson(safe: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the Wilson score interval, with an exact 0 or 1 where all or none are safe.

    Source: Wilson 1927, doi 10.1080/01621459.1927.10502953.
    """
    safe, n = part_of(safe, n)
    z = z_of(level)
    size = np.where(n > 0, n, 1.0)
    p = np.where(n > 0, np.clip(safe / size, 0.0, 1.0), 0.5)
    centre = (p + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * np.sqrt(p * (1 - p) / size + z * z / (4 * size * size))
    low = np.where(safe <= 0, 0.0, np.minimum(centre - half, p))
    high = np.where(safe >= n, 1.0, np.maximum(centre + half, p))
    return np.where(n > 0, np.maximum(low, 0.0), 0.0), np.where(n > 0, np.minimum(high, 1.0), 1.0)


def wilson_effective(p: Numbers, n_eff: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the Wilson interval around a rate p that is worth n_eff independent prompts."""
    return wilson(floats(p) * floats(n_eff), n_eff, level=level)


def certified_low(safe: Numbers, n: Numbers, *, level: float = 0.95) -> Floats:
    """Return the exact one-sided lower bound: 0.99 needs 299 prompts without a failure."""
    return exact_low(safe, n, alpha=1 - _checked(level))


def exact_low(safe: Numbers, n: Numbers, *, alpha: Numbers) -> Floats:
    """Return the same bound from the chance that it is wrong, which may be another for each rate."""
    safe, n = part_of(safe, n)
    return np.where(safe > 0, _beta_quantile(safe, n - safe + 1, alpha), 0.0)


def exact_interval(safe: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact two-sided interval. Source: Clopper and Pearson 1934, Biometrika 26."""
    safe, n = part_of(safe, n)
    alpha = (1 - _checked(level)) / 2
    return exact_low(safe, n, alpha=alpha), 1 - exact_low(n - safe, n, alpha=alpha)


def p_of_rate(safe: Numbers, n: Numbers, edge: Numbers) -> Floats:
    """Return the exact one-sided p value of a rate below an edge; `certified_low` is where it is 1 - level."""
    safe, n = part_of(safe, n)
    tiny = np.finfo(np.float64).tiny
    p = special.betainc(np.maximum(safe, tiny), np.maximum(n - safe + 1, tiny), edge)
    return np.where(safe > 0, p, 1.0)


def jeffreys(safe: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the equal-tailed Jeffreys interval, with an exact 0 or 1 where all or none are safe.

    Source: Brown, Cai and DasGupta 2001, doi 10.1214/ss/1009213286.
    """
    safe, n = part_of(safe, n)
    tail = (1 - _checked(level)) / 2
    low = _beta_quantile(safe + 0.5, n - safe + 0.5, tail)
    high = _beta_quantile(safe + 0.5, n - safe + 0.5, 1 - tail)
    return np.where(safe > 0, low, 0.0), np.where(safe < n, high, 1.0)


def _beta_quantile(a: Floats, b: Floats, q: Numbers) -> Floats:
    tiny = np.finfo(np.float64).tiny
    return floats(special.betaincinv(np.maximum(a, tiny), np.maximum(b, tiny), q))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredMean:
    """A mean over rows of which several share a cluster (a prompt).

    `se` is CR0, `se_small` has the factor sqrt(G/(G-1)); both are None for a single cluster, as
    are the interval's ends. `deff` is the design effect, CR0 against independent rows.
    """

    mean: float
    se_iid: float
    se: float | None
    se_small: float | None
    low: float | None
    high: float | None
    deff: float
    n: int
    clusters: int

    @property
    def n_eff(self) -> float:
        """How many independent rows the mean is worth."""
        return self.n / self.deff


def clustered_mean(y: Numbers, cluster: Numbers, *, level: float = 0.95) -> ClusteredMean:
    """Return a mean with its cluster-robust error; shapes (n,), (n,). No row raises ValueError.

    With fewer than 40 clusters the interval uses `se_small` and Student's t with G - 1 degrees.
    Where the rows do not vary, the design effect is that of fully dependent rows, n sum(m/n)^2.
    Source: Miller 2024, arXiv 2411.00640, eq. 4.
    """
    rows, (_, group) = floats(y), np.unique(np.asarray(cluster), return_inverse=True)
    n = rows.size
    if n == 0:
        raise ValueError("a clustered mean needs at least one row")
    if not np.all(np.isfinite(rows)):
        raise ValueError("a clustered mean needs finite numbers: take missing rows out first")
    mean = float(rows.mean())
    residual_G = np.bincount(group, rows - mean)
    n_G = len(residual_G)
    iid = float(np.sum((rows - mean) ** 2)) / n**2
    cr0 = float(np.sum(residual_G**2)) / n**2
    deff = cr0 / iid if iid > 0 and cr0 > 0 else float(np.sum(np.bincount(group) ** 2)) / n
    se, small, half = None, None, None
    if n_G > 1:
        se, small = cr0**0.5, (cr0 * n_G / (n_G - 1)) ** 0.5
        t = float(special.stdtrit(n_G - 1, 0.5 + level / 2))
        half = t * small if n_G < FEW_CLUSTERS else z_of(level) * se
    return ClusteredMean(
        mean=mean,
        se_iid=iid**0.5,
        se=se,
        se_small=small,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        deff=deff,
        n=n,
        clusters=n_G,
    )
