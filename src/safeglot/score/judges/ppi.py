"""Prediction-powered inference: a rate from a few labels and many verdicts.

It needs labels of a simple random sample of the answers; two_phase takes verdict-stratified ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.stats.intervals import z_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Powered:
    """An unsafe rate theta with the weight `lam` that the verdicts were given.

    theta can lie outside [0, 1]. se is None where a single label leaves it unknown; low and high
    are the normal interval.
    """

    theta: float
    lam: float
    se: float | None
    low: float | None
    high: float | None


def ppi_plus(y: Numbers, f: Numbers, unlabelled: Numbers, *, level: float = 0.95) -> Powered:
    """Return PPI++'s rate, with the weight of the verdicts chosen by the data, in [0, 1].

    Without unlabelled answers, or where the verdicts do not vary, it is the mean of the labels.
    Raises ValueError without a label. Source: Angelopoulos et al. 2023, arXiv 2311.01453.
    """
    read = _read(y, f, unlabelled)
    return _estimate(*read, lam=tuned_weight(*read), level=level)


def tuned_weight(y: Floats, f: Floats, unlabelled: Floats) -> float:
    """Return PPI++'s weight of the verdicts, cov(y, f) / ((1 + n/N) var f), cut to [0, 1]."""
    if y.size < 2 or not unlabelled.size:
        return 0.0
    spread = float(np.concatenate([f, unlabelled]).var(ddof=1))
    if spread <= 0:
        return 0.0
    shared = float(np.sum((y - y.mean()) * (f - f.mean()))) / (y.size - 1)
    return min(max(shared / ((1 + y.size / unlabelled.size) * spread), 0.0), 1.0)


def _read(y: Numbers, f: Numbers, unlabelled: Numbers) -> tuple[Floats, Floats, Floats]:
    labels, verdicts, others = (floats(x).ravel() for x in (y, f, unlabelled))
    if not labels.size or labels.size != verdicts.size:
        raise ValueError(
            f"{labels.size} labels and {verdicts.size} verdicts on the same answers: "
            "give at least one label, and a verdict for each"
        )
    return labels, verdicts, others


def _estimate(y: Floats, f: Floats, unlabelled: Floats, *, lam: float, level: float) -> Powered:
    rectified = y - lam * f
    theta = float(rectified.mean())
    variance = float(rectified.var()) / y.size
    if lam:
        theta += lam * float(unlabelled.mean())
        variance += lam**2 * float(unlabelled.var()) / unlabelled.size
    if y.size < 2:
        return Powered(theta=theta, lam=lam, se=None, low=None, high=None)
    return _interval(theta, lam, variance**0.5, level)


def _interval(theta: float, lam: float, se: float, level: float) -> Powered:
    half = z_of(level) * se
    return Powered(theta=theta, lam=lam, se=se, low=theta - half, high=theta + half)
