"""Prediction-powered inference: a rate from a few labels and many verdicts.

It needs labels of a simple random sample of the answers; two_phase takes verdict-stratified ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.intervals import wilson_effective, z_of


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Labels and verdicts with the prompt of each: I answers are labelled, R others are not."""

    human_I: Floats
    verdict_I: Floats
    prompt_I: Ints
    verdict_R: Floats
    prompt_R: Ints

    @property
    def repeated(self) -> bool:
        """Whether a prompt has more than one answer."""
        every = np.concatenate([self.prompt_I, self.prompt_R])
        return bool(np.unique(every).size < every.size)


def ppi_plus(
    y: Numbers,
    f: Numbers,
    unlabelled: Numbers,
    *,
    level: float = 0.95,
    judged: Judged | None = None,
) -> Powered:
    """Return PPI++'s rate, with the weight of the verdicts chosen by the data, in [0, 1].

    Without unlabelled answers, or where the verdicts do not vary, it is the mean of the labels.
    Where `judged` says that prompts have several answers, labelled or not, the interval is
    clustered by prompt, with Student's t where these are few.
    Raises ValueError without a label. Source: Angelopoulos et al. 2023, arXiv 2311.01453; Miller
    2024, arXiv 2411.00640, eq. 4.
    """
    read = _read(y, f, unlabelled)
    lam = tuned_weight(*read)
    if judged is not None and judged.repeated:
        return _clustered(judged, lam=lam, level=level)
    return _estimate(*read, lam=lam, level=level)


FEW_CLUSTERS = 40
"""Fewer prompts than this widen a clustered interval (MEASUREMENT 1.2)."""


def _clustered(judged: Judged, *, lam: float, level: float) -> Powered:
    """Return the rate with what each prompt adds to its error, by labelled and other answers."""
    rectified_I = judged.human_I - lam * judged.verdict_I
    theta = float(rectified_I.mean())
    prompts, place = np.unique(
        np.concatenate([judged.prompt_I, judged.prompt_R]), return_inverse=True
    )
    n = rectified_I.size
    added = (rectified_I - theta) / n
    influence_P = np.bincount(place[:n], weights=added, minlength=prompts.size)
    if lam:
        mean = float(judged.verdict_R.mean())
        theta += lam * mean
        of_rest = lam * (judged.verdict_R - mean) / judged.verdict_R.size
        influence_P = influence_P + np.bincount(place[n:], weights=of_rest, minlength=prompts.size)
    # what the labels add stands on the prompts that have some: too few of them is what misleads
    count = np.unique(judged.prompt_I).size
    if count < 2:
        return Powered(theta=theta, lam=lam, se=None, low=None, high=None)
    se = float(np.sum(influence_P**2)) ** 0.5 * (count / (count - 1)) ** 0.5
    wide = 1.0
    if count < FEW_CLUSTERS:
        wide = float(special.stdtrit(count - 1, 0.5 + level / 2)) / z_of(level)
    return _score_interval(theta, lam, se, wide=wide, level=level)


def _score_interval(theta: float, lam: float, se: float, *, wide: float, level: float) -> Powered:
    """Return Wilson's interval on as many answers as the error is worth: honest for rare answers."""
    spread = theta * (1 - theta)
    if se <= 0 or spread <= 0:
        return _interval(theta, lam, se * wide, level)
    low, high = wilson_effective(theta, spread / (se * wide) ** 2, level=level)
    return Powered(theta=theta, lam=lam, se=se, low=float(low), high=float(high))


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
