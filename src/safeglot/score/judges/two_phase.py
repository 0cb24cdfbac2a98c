"""Unsafe rates from a judge's verdicts on all answers and people's labels of a part of them.

All answers are judged; of each stratum (a verdict) some are labelled. The interval is put together
from those of its parts (MOVER), so that it stays honest where a part shows no error at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.stats.intervals import jeffreys, z_of

Range: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPhase:
    """The unsafe rate theta with two intervals.

    `low` and `high` are MOVER-Jeffreys, `wald` the normal one (it under-covers: not for reports).
    theta, se and wald are None where a stratum that has answers has no label; the interval then
    lets that stratum be anything.
    """

    theta: float | None
    se: float | None
    wald: Range | None
    low: float
    high: float


def two_phase(
    weight_H: Numbers,
    unsafe_H: Numbers,
    labelled_H: Numbers,
    *,
    judged: float,
    level: float = 0.95,
    ends: Callable[..., tuple[Floats, Floats]] = jeffreys,
) -> TwoPhase:
    """Return the unsafe rate from strata of judged answers, each labelled in part; shapes (H,).

    `weight_H` are the strata's shares of the answers, `unsafe_H` how many of the `labelled_H` are
    unsafe (fractional where annotators differ), `judged` how many independent answers the shares
    are worth, `ends` gives the interval of a stratum. Raises ValueError where these do not fit together.
    Source: Tenenbein 1970, J. American Statistical Association 65; Zou and Donner 2008,
    Statistics in Medicine 27 (MOVER).
    """
    weight_H, unsafe_H, labelled_H = (floats(x).ravel() for x in (weight_H, unsafe_H, labelled_H))
    _check(weight_H, unsafe_H, labelled_H, judged)
    has_H = labelled_H > 0
    rate_H = np.where(has_H, unsafe_H / np.where(has_H, labelled_H, 1.0), 0.5)
    low_H, high_H = ends(unsafe_H, labelled_H, level=level)
    theta = float(np.sum(weight_H * rate_H))
    between = max(float(np.sum(weight_H * rate_H**2)) - theta**2, 0.0) / judged
    z = z_of(level)
    down = float(np.sum((weight_H * (rate_H - low_H)) ** 2)) + z * z * between
    up = float(np.sum((weight_H * (high_H - rate_H)) ** 2)) + z * z * between
    low, high = max(theta - down**0.5, 0.0), min(theta + up**0.5, 1.0)
    if np.any(~has_H & (weight_H > 0)):
        return TwoPhase(theta=None, se=None, wald=None, low=low, high=high)
    within = np.sum(weight_H**2 * rate_H * (1 - rate_H) / np.where(has_H, labelled_H, 1.0))
    se = float(within + between) ** 0.5
    wald = (theta - z * se, theta + z * se)
    return TwoPhase(theta=theta, se=se, wald=wald, low=low, high=high)


def _check(weight_H: Floats, unsafe_H: Floats, labelled_H: Floats, judged: float) -> None:
    if not weight_H.size == unsafe_H.size == labelled_H.size:
        sizes = weight_H.size, unsafe_H.size, labelled_H.size
        raise ValueError(f"strata differ in number: weights {sizes[0]}, unsafe {sizes[1]}, labelled {sizes[2]}")  # fmt: skip
    if not judged > 0:
        raise ValueError(f"judged is {judged}: a rate needs at least one judged answer")
    if np.any(weight_H < 0) or abs(float(weight_H.sum()) - 1) > 1e-9:
        raise ValueError(f"weights are {weight_H.tolist()}: they must be shares that add up to 1")
    if np.any(unsafe_H < 0) or np.any(unsafe_H > labelled_H):
        raise ValueError(
            f"unsafe labels {unsafe_H.tolist()} of {labelled_H.tolist()}: must be from 0 to all"
        )


def mover_difference(
    first: tuple[float, float, float],
    second: tuple[float, float, float],
    *,
    covariance: float = 0.0,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return one - two with its interval, from (value, low, high) of each and their covariance.

    Source: Zou and Donner 2008, Statistics in Medicine 27.
    """
    (a, low_a, high_a), (b, low_b, high_b) = first, second
    shared = 2 * z_of(level) ** 2 * covariance
    down = max((a - low_a) ** 2 + (high_b - b) ** 2 - shared, 0.0) ** 0.5
    up = max((high_a - a) ** 2 + (b - low_b) ** 2 - shared, 0.0) ** 0.5
    return a - b, max(a - b - down, -1.0), min(a - b + up, 1.0)


def mover_of(
    measure: Callable[..., float | None],
    point: Sequence[float],
    ranges: Sequence[Range],
    *,
    limits: Range = (0.0, 1.0),
) -> tuple[float, float, float] | None:
    """Return a function of independent quantities with its interval, None where it is undefined.

    Each quantity is moved to the ends of its own range, the others held; the squares of what the
    function moves by are added. Source: Newcombe 2001, The American Statistician 55
    (square and add).
    """
    value = measure(*point)
    if value is None:
        return None
    down = up = 0.0
    for index, ends in enumerate(ranges):
        moved = [measure(*point[:index], end, *point[index + 1 :]) for end in ends]
        known = [value, *(x for x in moved if x is not None)]
        down += (value - min(known)) ** 2
        up += (max(known) - value) ** 2
    return value, max(value - down**0.5, limits[0]), min(value + up**0.5, limits[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apparent:
    """The share of answers judged unsafe in one language, and what each prompt adds to its error."""

    q: float
    n: int
    prompts: int
    variance: float
    influence_P: Floats

    @property
    def n_eff(self) -> float:
        """How many independent answers the share is worth: n where no prompt has more than one."""
        spread = self.q * (1 - self.q)
        return float(self.n) if self.variance <= 0 else min(spread / self.variance, float(self.n))
