"""The logistic fit of a factorial: log odds of unsafe, beside the product's differences of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from reference.factorial import Design
from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.intervals import z_of

_STEPS = 50
_TINY = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticEffects:
    """Effects on the log odds of unsafe, all interactions included, factors coded -1/2 and +1/2.

    `names` join factors with a colon; `low` and `high` are normal intervals with the robust error.
    """

    names: tuple[str, ...]
    coef: tuple[float, ...]
    robust_se: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: int
    prompts: int


def logistic_gee(
    design: Design, unsafe_R: Numbers, *, level: float = 0.95
) -> LogisticEffects | str:
    """Return the logistic fit with an independence working correlation and robust errors.

    Rows are 0, 1 or NaN for missing; prompts are the clusters. Where a combination is always
    safe or always unsafe its log odds have no end, and the reason comes back instead.
    Source: Liang and Zeger 1986, Biometrika 73, 13-22.
    """
    y_R, levels = floats(unsafe_R), np.asarray(design.levels_RF, dtype=np.int64)
    corner_R = levels @ (1 << np.arange(len(design.names))[::-1])
    _, prompt_R = np.unique(np.asarray(design.prompt_R), return_inverse=True)
    known_R = ~np.isnan(y_R)
    y_R, corner_R, prompt_R = y_R[known_R], corner_R[known_R], prompt_R[known_R]
    reason = _unfit(y_R, corner_R, prompt_R, design)
    if reason:
        return reason
    names, x_VB = _coding(design.names)
    x_RB = x_VB[corner_R]
    coef_B = _newton(x_RB, y_R)
    if coef_B is None:
        return "the logistic fit did not settle"
    se_B = _robust_se(x_RB, y_R, coef_B, prompt_R)
    half_B = z_of(level) * se_B
    return LogisticEffects(
        names=names,
        coef=tuple(map(float, coef_B)),
        robust_se=tuple(map(float, se_B)),
        low=tuple(map(float, coef_B - half_B)),
        high=tuple(map(float, coef_B + half_B)),
        rows=int(y_R.size),
        prompts=len(np.unique(prompt_R)),
    )


def _unfit(y_R: Floats, corner_R: Ints, prompt_R: Ints, design: Design) -> str:
    """Return why there is no fit; "" where there is."""
    n_V = 2 ** len(design.names)
    rows_V = np.bincount(corner_R, minlength=n_V)
    unsafe_V = np.bincount(corner_R, y_R, minlength=n_V)
    if len(np.unique(prompt_R)) < 2:
        return "fewer than two prompts have a verdict: robust errors need more"
    if (rows_V == 0).any():
        return f"{_corner(rows_V == 0, design)} has no verdict"
    if unsafe_V.sum() in (0, y_R.size):
        return "no variation: all verdicts are the same"
    if (unsafe_V == 0).any():
        return f"separation: {_corner(unsafe_V == 0, design)} is never unsafe"
    if (unsafe_V == rows_V).any():
        return f"separation: {_corner(unsafe_V == rows_V, design)} is always unsafe"
    return ""


def _corners(n_F: int) -> Ints:
    return (np.arange(2**n_F)[:, np.newaxis] >> np.arange(n_F)[::-1]) & 1


def _corner(which_V: Numbers, design: Design) -> str:
    levels = _corners(len(design.names))[int(np.argmax(np.asarray(which_V)))]
    return "the combination " + ", ".join(
        f"{name}={level}" for name, level in zip(design.names, levels, strict=True)
    )


def _coding(factors: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """Return the names of the coefficients and the coding of each combination, shape (2^F, 2^F)."""
    half_VF = _corners(len(factors)) - 0.5
    names, columns = ["Intercept"], [np.ones(len(half_VF))]
    for f, factor in enumerate(factors):  # the order of a formula A * B * C
        more = [factor if name == "Intercept" else f"{name}:{factor}" for name in names]
        columns += [column * half_VF[:, f] for column in columns]
        names += more
    return tuple(names), np.stack(columns, axis=1)


def _newton(x_RB: Floats, y_R: Floats) -> Floats | None:
    coef_B = np.zeros(x_RB.shape[1])
    for _ in range(_STEPS):
        mean_R = special.expit(x_RB @ coef_B)
        information = (x_RB * (mean_R * (1 - mean_R))[:, np.newaxis]).T @ x_RB
        if np.linalg.cond(information) > 1e12:
            return None
        step_B = np.linalg.solve(information, x_RB.T @ (y_R - mean_R))
        coef_B = coef_B + step_B
        if float(np.abs(step_B).max()) < _TINY:
            return floats(coef_B)
    return None


def _robust_se(x_RB: Floats, y_R: Floats, coef_B: Floats, prompt_R: Ints) -> Floats:
    mean_R = special.expit(x_RB @ coef_B)
    bread = np.linalg.inv((x_RB * (mean_R * (1 - mean_R))[:, np.newaxis]).T @ x_RB)
    score_RB = x_RB * (y_R - mean_R)[:, np.newaxis]
    _, group_R = np.unique(prompt_R, return_inverse=True)
    score_GB = np.zeros((int(group_R.max()) + 1, x_RB.shape[1]))
    np.add.at(score_GB, group_R, score_RB)
    return np.sqrt(np.diag(bread @ (score_GB.T @ score_GB) @ bread))
