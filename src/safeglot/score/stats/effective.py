"""A weighted mean over strata with the interval of the independent rows that it is worth."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.score.arrays import Floats
from safeglot.score.stats.gaps import mcnemar_chi2, tango
from safeglot.score.stats.intervals import wilson_effective
from safeglot.score.stats.linear import Layout, Rows, combine


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A weighted mean with its interval; of differences, `p` is McNemar's."""

    value: float
    low: float
    high: float
    n_eff: float
    p: float = 1.0


def mean_rate(layout: Layout, rows: Rows, weight_H: Floats, *, level: float) -> Mean:
    """Return a weighted mean of rates with Wilson's interval on what it is worth."""
    mean = combine(layout, rows, weight_H)
    low, high = wilson_effective(mean.value, mean.n_eff, level=level)
    return Mean(value=mean.value, low=float(low), high=float(high), n_eff=mean.n_eff)


def mean_difference(layout: Layout, rows: Rows, weight_H: Floats, *, level: float) -> Mean:
    """Return a weighted mean of paired differences in {-1, 0, 1} with Tango's interval."""
    mean = combine(layout, rows, weight_H)
    n_eff = mean.n_eff
    b = max((mean.square - mean.value) / 2, 0.0) * n_eff
    c = max((mean.square + mean.value) / 2, 0.0) * n_eff
    low, high = tango(b, c, n_eff, level=level)
    return Mean(
        value=mean.value,
        low=float(low),
        high=float(high),
        n_eff=n_eff,
        p=float(mcnemar_chi2(b, c)[1]),
    )
