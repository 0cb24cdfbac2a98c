"""Prediction-powered inference with a fixed weight of the verdicts, and in strata."""

import numpy as np

from reference.intervals import normal_interval
from safeglot.score.judges.ppi import Powered, ppi_plus


def ppi(y, f, unlabelled, *, level=0.95):
    """Return PPI's rate: labels y and verdicts f of the labelled answers, verdicts of the others.

    Source: Angelopoulos et al. 2023, arXiv 2301.09633.
    """
    rectified = np.subtract(y, f)
    theta = float(np.mean(unlabelled) + np.mean(rectified))
    se = float(np.var(rectified) / rectified.size + np.var(unlabelled) / len(unlabelled)) ** 0.5
    low, high = normal_interval(theta, se, level=level)
    return Powered(theta=theta, lam=1.0, se=se, low=low, high=high)


def stratified_ppi(strata, weights, *, level=0.95):
    """Return the weighted sum of PPI++ in strata, each (y, f, unlabelled).

    Source: Fisch et al. 2024, arXiv 2406.04291.
    """
    parts = [ppi_plus(*stratum, level=level) for stratum in strata]
    theta = sum(w * part.theta for w, part in zip(weights, parts, strict=True))
    lam = sum(w * part.lam for w, part in zip(weights, parts, strict=True))
    se = sum((w * part.se) ** 2 for w, part in zip(weights, parts, strict=True)) ** 0.5
    low, high = normal_interval(theta, se, level=level)
    return Powered(theta=theta, lam=lam, se=se, low=low, high=high)
