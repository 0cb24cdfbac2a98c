"""Rank correlation with its p value, and permutations of units or of units within families.

Units are few (languages, models), so what can be counted exactly is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats

EXACT = 50_000
"""Up to so many arrangements all are counted."""
_EXACT_KENDALL = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFit:
    """That a figure cannot be had from the data, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A coefficient in [-1, 1] with its two-sided p value."""

    value: float
    p: float
    n: int
    method: str


def ranks(numbers: Numbers) -> Floats:
    """Return ranks from 1, ties sharing their mean rank; shape (n,)."""
    _, place, size = np.unique(floats(numbers), return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    return floats((last - (size - 1) / 2)[place])


def too_few(x: Numbers, *, least: int, unit: str = "units") -> NoFit | None:
    """Return why no association can be had: too few units, or all of one value."""
    x = floats(x)
    if x.size < least:
        return NoFit(reason=f"{x.size} {unit}, at least {least} are needed")
    if not np.isfinite(x).all():
        raise ValueError("a number is not finite; leave units without a number out")
    return NoFit(reason=f"all {x.size} {unit} have one value") if np.ptp(x) == 0 else None


def spearman(x: Numbers, y: Numbers, *, unit: str = "units") -> Association | NoFit:
    """Return the rank correlation, its p value from Student's t with n - 2 degrees.

    Source: Spearman 1904, American Journal of Psychology 15.
    """
    refused = too_few(x, least=3, unit=unit) or too_few(y, least=3, unit=unit)
    if refused:
        return refused
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    r = float((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()))
    r = min(max(r, -1.0), 1.0)
    df = a.size - 2
    t = r * math.sqrt(df / (1 - r * r)) if abs(r) < 1 else math.inf
    p = 2 * float(special.stdtr(df, -abs(t)))
    return Association(value=r, p=p, n=a.size, method="Spearman, Student's t")


def kendall(x: Numbers, y: Numbers, *, unit: str = "units") -> Association | NoFit:
    """Return tau-b; p exact without ties up to 33 units, else normal with the variance of ties.

    Source: Kendall 1970, Rank Correlation Methods, 4th ed.
    """
    refused = too_few(x, least=3, unit=unit) or too_few(y, least=3, unit=unit)
    if refused:
        return refused
    x, y = floats(x), floats(y)
    n, s = x.size, concordance(x, y)
    pairs = n * (n - 1) // 2
    ties_x, ties_y = tied(x), tied(y)
    free = [pairs - float((t * (t - 1) / 2).sum()) for t in (ties_x, ties_y)]
    tau = min(max(s / math.sqrt(free[0] * free[1]), -1.0), 1.0)
    if max(ties_x.max(), ties_y.max()) == 1 and n <= _EXACT_KENDALL:
        return Association(value=tau, p=_exact_kendall(s, n), n=n, method="Kendall tau-b, exact")
    variance = null_variance(n, ties_x, ties_y)
    z = s / math.sqrt(variance)
    return Association(
        value=tau, p=2 * float(special.ndtr(-abs(z))), n=n, method="Kendall tau-b, normal"
    )


def concordance(x: Floats, y: Floats) -> int:
    """Return Kendall's S: pairs in the same order less pairs in opposite order."""
    return int(np.triu(np.sign(x[:, None] - x) * np.sign(y[:, None] - y), 1).sum())


def tied(x: Floats) -> Floats:
    """Return how many units share each value."""
    return floats(np.unique(x, return_counts=True)[1])


def null_variance(n: int, t: Floats, u: Floats) -> float:
    """Return the permutation variance of S of n units with these ties; 0 for fewer than two."""
    if n < 2:
        return 0.0
    whole = n * (n - 1) * (2 * n + 5)
    first = (whole - (t * (t - 1) * (2 * t + 5)).sum() - (u * (u - 1) * (2 * u + 5)).sum()) / 18
    second = (t * (t - 1)).sum() * (u * (u - 1)).sum() / (2 * n * (n - 1))
    third = (t * (t - 1) * (t - 2)).sum() * (u * (u - 1) * (u - 2)).sum()
    return float(first + second + (third / (9 * n * (n - 1) * (n - 2)) if n > 2 else 0.0))


def _exact_kendall(s: int, n: int) -> float:
    """Return the p value from the orders counted by their inversions; S = pairs - 2 inversions."""
    counts = np.ones(1)
    for k in range(2, n + 1):
        counts = np.convolve(counts, np.ones(k)) / k
    pairs = n * (n - 1) // 2
    few = (pairs - abs(s)) // 2
    return min(1.0, 2 * float(counts[: few + 1].sum()))


Statistic = Callable[[Ints], Floats]
"""From arrangements, shape (draws, n), to one number each, shape (draws,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permuted:
    """A two-sided permutation p value, and the least one that the arrangements allow."""

    p: float
    least: float
    draws: int
    exact: bool
    within_families: bool


def permutation(
    statistic: Statistic,
    n: int,
    *,
    families: Sequence[str] | None = None,
    draws: int = 20_000,
    seed: int = 0,
    most_exact: int = EXACT,
) -> Permuted:
    """Return the p value of a statistic among its values over arrangements of the units.

    `statistic` is large where it speaks against chance. Where each family has at least two units,
    they change places within their family only. Up to `most_exact` arrangements are all counted;
    of more, `draws` are drawn, and the one that was seen is counted too.
    """
    blocks = blocks_of(families, n)
    exact = arrangements(blocks) <= most_exact
    places = _all(blocks, n) if exact else _drawn(blocks, n, draws, seed)
    seen = float(statistic(np.arange(n)[None])[0])
    slack = 1e-9 * max(1.0, abs(seen))
    hits = int((statistic(places) >= seen - slack).sum())
    p = hits / len(places) if exact else (hits + 1) / (draws + 1)
    return Permuted(
        p=p,
        least=min(1.0, 2 / arrangements(blocks)),
        draws=len(places),
        exact=exact,
        within_families=len(blocks) > 1,
    )


def blocks_of(families: Sequence[str] | None, n: int) -> list[Ints]:
    """Return the positions that may change places: families of two or more each, or all units."""
    if families is not None:
        _, group = np.unique(np.asarray(families), return_inverse=True)
        if np.bincount(group).min() > 1:
            return [np.flatnonzero(group == g).astype(np.int64) for g in range(group.max() + 1)]
    return [np.arange(n, dtype=np.int64)]


def arrangements(blocks: Sequence[Ints]) -> int:
    """Return how many arrangements of units within blocks there are."""
    return math.prod(math.factorial(block.size) for block in blocks)


def _all(blocks: Sequence[Ints], n: int) -> Ints:
    ways = [list(itertools.permutations(block.tolist())) for block in blocks]
    places = np.empty((arrangements(blocks), n), dtype=np.int64)
    order = np.concatenate(blocks)
    for row, chosen in enumerate(itertools.product(*ways)):
        places[row, order] = list(itertools.chain.from_iterable(chosen))
    return places


def _drawn(blocks: Sequence[Ints], n: int, draws: int, seed: int) -> Ints:
    rng = default_rng(seed)
    places = np.tile(np.arange(n, dtype=np.int64), (draws, 1))
    for block in blocks:
        places[:, block] = rng.permuted(places[:, block], axis=1)
    return places
