"""Prediction-powered inference: a rate from a few labels and many verdicts.

It needs labels of a simple random sample of the answers; two_phase takes verdict-stratified ones.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def ppi(y: Numbers, f: Numbers, unlabelled: Numbers, *, level: float = 0.95) -> Powered:
    """Return PPI's rate: labels y and verdicts f of the labelled answers, verdicts of the others.

    Shapes (n,), (n,), (N,). Raises ValueError without a label.
    Source: Angelopoulos et al. 2023, arXiv 2301.09633.
    """
    return _estimate(*_read(y, f, unlabelled), lam=1.0, level=level)


def ppi_plus(y: Numbers, f: Numbers, unlabelled: Numbers, *, level: float = 0.95) -> Powered:
    """Return PPI++'s rate, with the weight of the verdicts chosen by the data, in [0, 1].

    Without unlabelled answers, or where the verdicts do not vary, it is the mean of the labels.
    Raises ValueError without a label. Source: Angelopoulos et al. 2023, arXiv 2311.01453.
    """
    read = _read(y, f, unlabelled)
    return _estimate(*read, lam=tuned_weight(*read), level=level)


def stratified_ppi(
    strata: Sequence[tuple[Numbers, Numbers, Numbers]],
    weight_H: Numbers,
    *,
    level: float = 0.95,
) -> Powered:
    """Return the weighted sum of PPI++ in strata, each (y, f, unlabelled); weights of shape (H,).

    `lam` is the weighted mean of the strata's. Raises ValueError for a stratum without a label.
    Source: Fisch et al. 2024, arXiv 2406.04291.
    """
    weights = floats(weight_H).ravel()
    if len(strata) != weights.size:
        raise ValueError(f"{len(strata)} strata and {weights.size} weights: give one for each")
    parts = [ppi_plus(*stratum, level=level) for stratum in strata]
    theta = sum(float(w) * p.theta for w, p in zip(weights, parts, strict=True))
    lam = sum(float(w) * p.lam for w, p in zip(weights, parts, strict=True))
    known = [p.se for p in parts if p.se is not None]
    if len(known) < len(parts):
        return Powered(theta=theta, lam=lam, se=None, low=None, high=None)
    se = sum(float(w) ** 2 * s**2 for w, s in zip(weights, known, strict=True)) ** 0.5
    return _interval(theta, lam, se, level)


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
    if lam and not unlabelled.size:
        raise ValueError("no unlabelled answers: the mean of the labels needs no verdicts")
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
