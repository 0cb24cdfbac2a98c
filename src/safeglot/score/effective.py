"""What a weighted mean over strata is worth in independent rows, and its interval from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.gaps import mcnemar_chi2, tango
from safeglot.score.intervals import wilson_effective
from safeglot.score.linear import Combined, Layout, Rows, combine


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A weighted mean with its interval; of differences, `p` is McNemar's."""

    value: float
    low: float
    high: float
    n_eff: float
    p: float = 1.0


def worth(layout: Layout, rows: Rows, weight_H: Floats) -> tuple[Combined, float]:
    """Give a weighted mean of the strata and how many independent rows it is worth.

    As in `linear.combine`, that is the variance of one row over that of the mean, with prompts as
    clusters. It is at most what the rows were worth if they were independent (Kish, over rows):
    where a prompt stands in several languages, `combine` is content with its worth if they were
    all alike.
    """
    mean = combine(layout, rows, weight_H)
    n_H = np.maximum(layout.sums(rows.n_E), 1)
    most = 1 / float((np.square(weight_H / weight_H.sum()) / n_H).sum())
    spread = max(mean.square - mean.value**2, 0.0)
    if mean.prompts < 2 or spread < 1e-12 or mean.variance <= 0:
        return mean, mean.n_eff
    return mean, min(most, spread * mean.prompts / (mean.prompts - 1) / mean.variance)


def mean_rate(layout: Layout, rows: Rows, weight_H: Floats, *, level: float) -> Mean:
    """Give a weighted mean of rates with Wilson's interval on what it is worth."""
    mean, n_eff = worth(layout, rows, weight_H)
    low, high = wilson_effective(mean.value, n_eff, level=level)
    return Mean(value=mean.value, low=float(low), high=float(high), n_eff=n_eff)


def mean_difference(layout: Layout, rows: Rows, weight_H: Floats, *, level: float) -> Mean:
    """Give a weighted mean of paired differences in {-1, 0, 1} with Tango's interval."""
    mean, n_eff = worth(layout, rows, weight_H)
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
