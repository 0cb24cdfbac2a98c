"""Score intervals of a mean of bounded values."""

from __future__ import annotations

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.stats.gaps import mcnemar_chi2, tango


def score_interval(d_P: Numbers, *, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a mean of per-prompt differences; (-1, 1) without any.

    Differences of -1, 0 and 1 are discordant pairs: it is Tango's interval. Averages over
    translators or samples are fractions; they count as effective pairs, of which there are more
    than prompts by the factor by which they vary less than pairs would, at most one over the mean
    size of the differences that are not 0. Differences beyond 1 are scaled first.
    Source: Tango 1998, Statistics in Medicine 17, 891-908.
    """
    d_P = floats(d_P)
    if d_P.size == 0:
        return -1.0, 1.0
    b, c, n_eff, scale = _pairs(d_P)
    low, high = tango(b, c, n_eff, level=level)
    return scale * float(low), scale * float(high)


def score_p(d_P: Numbers) -> float:
    """Return the p value of no difference: below 1 - level where `score_interval` leaves out 0.

    1 without any prompt.
    Source: McNemar 1947, Psychometrika 12.
    """
    d_P = floats(d_P)
    if d_P.size == 0:
        return 1.0
    b, c, _, _ = _pairs(d_P)
    return float(mcnemar_chi2(b, c)[1])


def _pairs(d_P: Floats) -> tuple[float, float, float, float]:
    """Return the effective pairs below and above zero, all pairs, and what a pair is worth."""
    scale = max(1.0, float(np.ceil(2 * np.abs(d_P).max() - 1e-9)) / 2)
    d_P = d_P / scale
    mean, size = float(d_P.mean()), float(np.abs(d_P).mean())
    n_eff = d_P.size * _worth(d_P, mean, size)
    return max((size - mean) / 2, 0.0) * n_eff, max((size + mean) / 2, 0.0) * n_eff, n_eff, scale


def _worth(d_P: Floats, mean: float, size: float) -> float:
    """Return how many pairs a prompt is worth, shrunk towards 1 by one prompt that is a single pair.

    With few differences the spread of fractions is too uncertain to shorten an interval by.
    """
    if size == 0:
        return 1.0
    most = float((d_P != 0).mean()) / size
    spread = float(np.square(d_P).sum()) - d_P.size * mean**2
    pairs = d_P.size * (size - mean**2)
    return min(most, (pairs + 1) / (max(spread, 0.0) + 1))
