"""How well probabilities tell unsafe texts from safe ones, whatever the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.stats.intervals import wilson, z_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The area under the ROC curve, with its interval."""

    value: float
    low: float
    high: float
    method: str


def auc(p_N: Floats, unsafe_N: Bools, prompt_N: Ints, *, level: float) -> Area:
    """Return P(p of an unsafe text > p of a safe one), ties half; texts of one prompt go together.

    The interval is that of the logit. Where nothing varies (as where no pair is out of order) it is
    Wilson's, on as many pairs as there are texts of the rarer label. Shapes (N,); both labels occur.
    Source: Obuchowski 1997, Biometrics 53 (DeLong's where each prompt has one text).
    """
    bad_M, good_M = p_N[unsafe_N], p_N[~unsafe_N]
    above_N = np.empty(p_N.size)
    above_N[unsafe_N] = _below(good_M, bad_M)
    above_N[~unsafe_N] = 1 - _below(bad_M, good_M)
    value = float(above_N[unsafe_N].mean())
    variance = _variance(above_N - value, unsafe_N, prompt_N)
    if variance <= 0 or not 0 < value < 1:
        fewer = min(bad_M.size, good_M.size)
        low, high = wilson(value * fewer, fewer, level=level)
        return Area(
            value=value, low=float(low), high=float(high), method="Wilson on the rarer label"
        )
    half = z_of(level) * variance**0.5 / (value * (1 - value))
    middle = np.log(value / (1 - value))
    ends = [float(1 / (1 + np.exp(-(middle + side)))) for side in (-half, half)]
    return Area(value=value, low=ends[0], high=ends[1], method="Obuchowski, of the logit")


def _below(those: Floats, of: Floats) -> Floats:
    """Return for each value which share of those lies below it, ties half."""
    ordered = np.sort(those)
    left, right = np.searchsorted(ordered, of, "left"), np.searchsorted(ordered, of, "right")
    return np.asarray((left + right) / (2 * those.size), dtype=np.float64)


def _variance(excess_N: Floats, unsafe_N: Bools, prompt_N: Ints) -> float:
    _, at_N = np.unique(prompt_N, return_inverse=True)
    sums, sizes, counts = [], [], []
    for own_N in (unsafe_N, ~unsafe_N):
        sums.append(np.bincount(at_N[own_N], excess_N[own_N], at_N.max() + 1))
        sizes.append(int(own_N.sum()))
        counts.append(int(np.unique(at_N[own_N]).size))
    if min(counts) < 2:
        return 0.0
    whole = int(at_N.max()) + 1
    squares = sum(
        i / ((i - 1) * m) * float(np.square(s_P).sum()) / m
        for s_P, m, i in zip(sums, sizes, counts, strict=True)
    )
    shared = whole / (whole - 1) * float((sums[0] * sums[1]).sum())
    return float(squares + 2 * shared / (sizes[0] * sizes[1]))
