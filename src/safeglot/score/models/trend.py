"""Safety against model size, and instruct against base models.

The unit is the model, and models of one family are no independent witnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.association import (
    NoFit,
    Permuted,
    concordance,
    null_variance,
    permutation,
    ranks,
    tied,
    too_few,
)
from safeglot.score.stats.intervals import clustered_mean

_MOST_EXACT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratified:
    """Kendall's S summed over families, with its variance under no trend."""

    s: float
    variance: float
    z: float
    p: float
    families: int


def stratified_kendall(
    size: Numbers, safety: Numbers, families: Sequence[str]
) -> Stratified | NoFit:
    """Return a test for a trend with size within families; shapes (n,).

    Var = sum of k (k - 1) (2k + 5) / 18, less the share of ties within a family; z has a
    continuity correction of 1. Families of one model say nothing.
    Source: Hirsch and Slack 1984, Water Resources Research 20(6).
    """
    size, safety = floats(size), floats(safety)
    labels = np.asarray(families)
    s, variance, used = 0.0, 0.0, 0
    for family in dict.fromkeys(families):
        x, y = size[labels == family], safety[labels == family]
        here = null_variance(x.size, tied(x), tied(y))
        if here > 0:
            s, variance, used = s + concordance(x, y), variance + here, used + 1
    if not used:
        return NoFit(reason="no family has two models that differ in size and in safety")
    z = float(np.sign(s)) * max(abs(s) - 1, 0.0) / variance**0.5
    p = 2 * float(special.ndtr(-abs(z)))
    return Stratified(s=s, variance=variance, z=z, p=p, families=used)


def isotonic(x: Numbers, y: Numbers) -> Floats:
    """Return the least-squares fit that never falls as x grows, in the order of the rows; (n,).

    Rows of equal x share one fitted value. Source: Barlow et al. 1972, Statistical Inference
    under Order Restrictions.
    """
    x, y = floats(x), floats(y)
    _, place = np.unique(x, return_inverse=True)
    weight = np.bincount(place).astype(np.float64)
    return _pooled(np.bincount(place, y) / weight, weight)[place]


def _pooled(mean: Floats, weight: Floats) -> Floats:
    """Return the nearest rising sequence, by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for value, w in zip(mean.tolist(), weight.tolist(), strict=True):
        block = (value, w, 1)
        while blocks and blocks[-1][0] >= block[0]:
            before = blocks.pop()
            total = before[1] + block[1]
            joint = (before[0] * before[1] + block[0] * block[1]) / total
            block = (joint, total, before[2] + block[2])
        blocks.append(block)
    return np.concatenate([np.full(size, value) for value, _, size in blocks])


@dataclass(frozen=True, slots=True, kw_only=True)
class Isotonic:
    """How much of the variance a rising step function explains, and how often chance does so."""

    r2: float
    p: Permuted


def isotonic_trend(
    x: Numbers,
    y: Numbers,
    *,
    families: Sequence[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Isotonic | NoFit:
    """Return R2 of the isotonic fit with its permutation p, within families where they allow it."""
    x, y = floats(x), floats(y)
    refused = too_few(x, least=3, unit="models") or too_few(y, least=3, unit="models")
    if refused:
        return refused
    total = float(((y - y.mean()) ** 2).sum())

    def r2(places: Ints) -> Floats:
        return floats(
            [1 - float(((y[order] - isotonic(x, y[order])) ** 2).sum()) / total for order in places]
        )

    p = permutation(r2, x.size, families=families, draws=draws, seed=seed, most_exact=draws)
    return Isotonic(r2=float(r2(np.arange(x.size)[None])[0]), p=p)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedModels:
    """Instruct less base over pairs; the interval is Student's over families, None for one family.

    A percentile interval of families drawn again is far too short with few families: a coverage of
    0.76 for three at 0.95.
    """

    mean: float
    low: float | None
    high: float | None
    wilcoxon_p: float
    sign_p: float
    pairs: int
    families: int
    reason: str = ""


def paired_models(
    difference: Numbers, families: Sequence[str], *, level: float = 0.95
) -> PairedModels | NoFit:
    """Return how instruct models differ from their base models; shapes (n,).

    Wilcoxon's signed-rank test is exact, ties and all; differences of zero are left out of both
    tests. The interval is that of a mean clustered by family.
    Source: Wilcoxon 1945, Biometrics Bulletin 1.
    """
    d = floats(difference)
    if not d.size:
        return NoFit(reason="no base model has its instruct model beside it")
    few, many = int((d < 0).sum()), int((d > 0).sum())
    sign = min(1.0, 2 * float(special.bdtr(min(few, many), few + many, 0.5))) if few + many else 1.0
    _, group = np.unique(np.asarray(families, dtype=np.str_), return_inverse=True)
    mean = clustered_mean(d, group, level=level)
    alone = mean.clusters < 2
    return PairedModels(
        mean=mean.mean,
        low=mean.low,
        high=mean.high,
        wilcoxon_p=wilcoxon(d),
        sign_p=sign,
        pairs=d.size,
        families=mean.clusters,
        reason="one family: no interval over families" if alone else "",
    )


def wilcoxon(difference: Numbers) -> float:
    """Return the two-sided p of the signed-rank test; exact up to 60 pairs, else normal."""
    d = floats(difference)
    d = d[d != 0]
    if not d.size:
        return 1.0
    twice = np.rint(2 * ranks(np.abs(d))).astype(np.int64)
    up, total = int(twice[d > 0].sum()), int(twice.sum())
    few = min(up, total - up)
    if d.size > _MOST_EXACT:
        z = (few - total / 2) / (float((twice.astype(np.float64) ** 2).sum()) / 4) ** 0.5
        return min(1.0, 2 * float(special.ndtr(z)))
    chance = np.zeros(total + 1)
    chance[0] = 1.0
    for step in twice.tolist():
        chance[step:] = (chance[step:] + chance[: total + 1 - step]) / 2
        chance[:step] /= 2
    return min(1.0, 2 * float(chance[: few + 1].sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """How much steeper logit safety rises with log10 of the size in instruct than in base models."""

    value: float
    low: float
    high: float
    p: float


def logit_safety(safety: Numbers, n: Numbers) -> Floats:
    """Return the log odds of (s + 1/2) / (n + 1), so that no unsafe answer is no fault; shape (n,)."""
    n = floats(n)
    return floats(special.logit((floats(safety) * n + 0.5) / (n + 1)))


def size_by_tuning(
    logit: Numbers,
    size: Numbers,
    *,
    tuned: Sequence[bool],
    families: Sequence[str],
    level: float = 0.95,
) -> Interaction | NoFit:
    """Return logit safety fitted on log10 size, tuning and their product; errors clustered by family.

    Errors are CR1 with Student's t of families - 1 degrees. At least five families must have both
    kinds: no more of them than there are coefficients leave the error without meaning.
    Source: Liang and Zeger 1986, Biometrika 73.
    """
    kinds = set(zip(families, tuned, strict=True))
    both = sum((family, True) in kinds for family, is_tuned in kinds if not is_tuned)
    if both < 5:
        return NoFit(
            reason=f"{both} families have base and instruct models, at least 5 are needed for an "
            "error over families"
        )
    x, y, is_tuned_n = floats(size), floats(logit), floats(tuned)
    design = np.column_stack([np.ones(x.size), x, is_tuned_n, x * is_tuned_n])
    if np.linalg.matrix_rank(design) < 4:
        return NoFit(reason="base and instruct models do not both come in two sizes")
    inverse = np.linalg.inv(design.T @ design)
    coef = inverse @ design.T @ y
    scores = design * (y - design @ coef)[:, None]
    labels = np.asarray(families)
    by_G = np.array([scores[labels == family].sum(axis=0) for family in sorted(set(families))])
    n, n_G = x.size, len(by_G)
    factor = n_G / (n_G - 1) * (n - 1) / max(n - 4, 1)
    variance = factor * (inverse @ (by_G.T @ by_G) @ inverse)[3, 3]
    se = float(variance) ** 0.5
    value, half = float(coef[3]), float(special.stdtrit(n_G - 1, 0.5 + level / 2)) * se
    p = 2 * float(special.stdtr(n_G - 1, -abs(value) / se)) if se > 0 else 1.0
    return Interaction(value=value, low=value - half, high=value + half, p=p)
