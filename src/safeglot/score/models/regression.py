"""One figure per language regressed on one property of languages.

The unit is the language: prompts add to the precision of each figure, never to the number of units.
x is centred, so that the intercept is the figure at the mean of x; the slope is per unit of x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import optimize, special

from safeglot.score.arrays import Bools, Floats, Ints, Numbers, floats
from safeglot.score.stats.association import NoFit, Permuted, permutation, too_few

_GRID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaFit:
    """A random-effects fit; pairs are (intercept, slope), `tau2` the variance between languages."""

    tau2: float
    coef: tuple[float, float]
    se: tuple[float, float]
    t: tuple[float | None, float | None]
    """None where the points lie on a line: no error to compare with."""
    p: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    df: int
    n: int


def meta_regression(x: Numbers, d: Numbers, v: Numbers, *, level: float = 0.95) -> MetaFit | NoFit:
    """Return the regression of figures d with sampling variances v on x; shapes (n,).

    REML for the variance between languages, Knapp and Hartung's errors with Student's t of n - 2
    degrees. Raises ValueError for a variance below zero.
    Source: Knapp and Hartung 2003, Statistics in Medicine 22; Viechtbauer 2005, Journal of
    Educational and Behavioral Statistics 30.
    """
    x, d, v = floats(x), floats(d), floats(v)
    refused = _refused(x, v)
    if refused:
        return refused
    design = np.column_stack([np.ones(x.size), x - x.mean()])
    try:
        tau2 = _reml(design, d, v)
        weight = 1 / (v + tau2)
        inverse = np.linalg.inv(cross(design, weight))
    except np.linalg.LinAlgError:
        return NoFit(
            reason="the sampling variances are too unequal: one group of figures has all the weight"
        )
    coef = inverse @ (design * (weight * d)[:, None]).sum(axis=0)
    rest = d - design @ coef
    df = x.size - 2
    se = np.sqrt(float((weight * rest**2).sum()) / df * np.diag(inverse))
    t = [float(c / s) if s > 0 else None for c, s in zip(coef, se, strict=True)]
    p = [_p_of(c, ratio, df) for c, ratio in zip(coef, t, strict=True)]
    half = float(special.stdtrit(df, 0.5 + level / 2)) * se
    return MetaFit(
        tau2=tau2, coef=_pair(coef), se=_pair(se), t=(t[0], t[1]), p=(p[0], p[1]),
        low=_pair(coef - half), high=_pair(coef + half), df=df, n=x.size,
    )  # fmt: skip


def _refused(x: Floats, v: Floats) -> NoFit | None:
    if np.any(v < 0):
        raise ValueError("a sampling variance is below zero; give squared standard errors")
    refused = too_few(x, least=3, unit="languages")
    if refused is None and not v.max() > 0:
        return NoFit(reason="no figure has a sampling variance")
    return refused


def _p_of(coef: float, t: float | None, df: int) -> float:
    if t is None:
        return 1.0 if coef == 0 else 0.0
    return 2 * float(special.stdtr(df, -abs(t)))


def _pair(numbers: Floats) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[1])


def cross(design: Floats, weight: Floats) -> Floats:
    """Return X'WX for a diagonal W, as a sum: the same bytes whatever the number of threads."""
    return floats((design[:, :, None] * design[:, None, :] * weight[:, None, None]).sum(axis=0))


def _reml(design: Floats, d: Floats, v: Floats) -> float:
    """Return the variance between languages of greatest restricted likelihood, at least zero.

    A grid first: the likelihood may have more than one top.
    """
    floor = float(v[v > 0].min()) * 1e-6
    top = 10 * max(float(np.var(d)), floor) + float(v.max())
    grid = floats(np.geomspace(floor, top, _GRID))
    base = 0.0 if np.all(v > 0) else floor
    points = np.concatenate([[base], grid])
    loss = _minus_restricted(points, design, d, v)
    best = int(np.argmin(loss))
    if best == 0:
        return float(base)
    around = np.log(points[max(best - 1, 1)]), np.log(points[min(best + 1, _GRID)])
    minimum = optimize.minimize_scalar(
        lambda log: float(_minus_restricted(np.exp([log]), design, d, v)[0]),
        bounds=around,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(minimum.x))


def _minus_restricted(tau2_T: Floats, design: Floats, d: Floats, v: Floats) -> Floats:
    """Return minus the restricted log likelihood at each of T variances, but for a constant."""
    weight_Tn = 1 / (v + tau2_T[:, None])
    products_n = design[:, :, None] * design[:, None, :]
    squares_T = (weight_Tn[:, :, None, None] * products_n).sum(axis=1)
    right_T = (weight_Tn[:, :, None] * (design * d[:, None])).sum(axis=1)
    coef_T = np.linalg.solve(squares_T, right_T[:, :, None])[:, :, 0]
    rest_Tn = d - (coef_T[:, None, :] * design).sum(axis=2)
    fit_T = (weight_Tn * rest_Tn**2 - np.log(weight_Tn)).sum(axis=1)
    return floats(0.5 * fit_T + 0.5 * np.linalg.slogdet(squares_T)[1])


Slopes: TypeAlias = tuple[tuple[str, float | None], ...]
"""What was left out, and the slope without it; None where no line can be had without it."""


def leave_one_out(x: Numbers, d: Numbers, v: Numbers, names: Sequence[str]) -> Slopes:
    """Return the slope without each unit of a name in turn: languages, or families.

    `names` has a name per row; rows of one name are left out together.
    """
    labels = np.asarray(names, dtype=np.str_)
    order = dict.fromkeys(str(name) for name in names)
    return tuple((name, _slope(x, d, v, floats(labels != name) > 0)) for name in order)


def _slope(x: Numbers, d: Numbers, v: Numbers, kept: Bools) -> float | None:
    fit = meta_regression(floats(x)[kept], floats(d)[kept], floats(v)[kept])
    return None if isinstance(fit, NoFit) else fit.coef[1]


def permuted_slope(
    x: Numbers,
    d: Numbers,
    *,
    families: Sequence[str] | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> Permuted | NoFit:
    """Return the permutation p of the least-squares slope, over languages.

    Within families where each has at least two languages, since related languages are no
    independent witnesses. `least` is the smallest p that so few languages allow.
    """
    x, d = floats(x), floats(d)
    refused = too_few(x, least=3, unit="languages")
    if refused:
        return refused
    centred_x, centred_d = x - x.mean(), d - d.mean()

    def statistic(places: Ints) -> Floats:
        return floats(np.abs((centred_x[places] * centred_d).sum(axis=1)))

    return permutation(statistic, x.size, families=families, draws=draws, seed=seed)
