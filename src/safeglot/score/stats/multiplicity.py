"""Corrections for many tests at once; p outside [0, 1] and e below 0 raise ValueError."""

from __future__ import annotations

import numpy as np

from safeglot.score.arrays import Bools, Floats, Numbers, floats, shares


def holm(p: Numbers) -> Floats:
    """Return Holm's adjusted p values, which control the chance of any false claim; shape (n,).

    Source: Holm 1979, Scandinavian Journal of Statistics 6.
    """
    raw = shares(p, "p values")
    order = np.argsort(raw, kind="stable")
    scaled = raw[order] * np.arange(raw.size, 0, -1)
    return _unsort(np.minimum(np.maximum.accumulate(scaled), 1.0), order)


def holm_levels(p: Numbers, *, alpha: float) -> Floats:
    """Return the level at which Holm's procedure tests each hypothesis: rejected are those with p up to it.

    alpha over the hypotheses not yet rejected, for all from the first one kept on the same; shape (n,).
    Source: Holm 1979, Scandinavian Journal of Statistics 6.
    """
    raw = shares(p, "p values")
    order, left = np.argsort(raw, kind="stable"), np.arange(raw.size, 0, -1)
    kept = np.flatnonzero(raw[order] * left > alpha)
    return _unsort(alpha / np.maximum(left, left[kept[0]] if kept.size else 1), order)


def benjamini_hochberg(p: Numbers) -> Floats:
    """Return adjusted p values that control the false discovery rate; shape (n,).

    Source: Benjamini and Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x.
    """
    raw = shares(p, "p values")
    order = np.argsort(raw, kind="stable")
    scaled = raw[order] * np.maximum(raw.size / np.arange(1, raw.size + 1), 1.0)
    return _unsort(np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0), order)


def benjamini_yekutieli(p: Numbers) -> Floats:
    """Return adjusted p values that control the false discovery rate under any dependence; shape (n,).

    Those of Benjamini and Hochberg times 1 + 1/2 + ... + 1/n, at most 1.
    Source: Benjamini and Yekutieli 2001, doi 10.1214/aos/1013699998.
    """
    loose = benjamini_hochberg(p)
    return floats(np.minimum(loose * (1 / np.arange(1, loose.size + 1)).sum(), 1.0))


def e_bh(e: Numbers, *, alpha: float) -> Bools:
    """Return which hypotheses e-BH rejects, valid under any dependence; shape (n,).

    Rejects the k largest, k the greatest with e_(k) >= n / (alpha k).
    Source: Wang and Ramdas 2022, arXiv 2009.02824.
    """
    raw = floats(e)
    if not np.all(raw >= 0):
        raise ValueError(f"e values: {raw.tolist()}: must be 0 or more")
    order = np.argsort(-raw, kind="stable")
    ranks = np.arange(1, raw.size + 1)
    passed = np.flatnonzero(raw[order] * ranks * alpha >= raw.size)
    rejected = np.zeros(raw.size, dtype=np.bool_)
    if passed.size:
        rejected[order[: passed[-1] + 1]] = True
    return rejected


def corrected_where(p: Numbers, tested: Bools) -> tuple[Floats, Floats, Floats]:
    """Return p values by Holm, Benjamini-Hochberg and Benjamini-Yekutieli over the tests made; 1 elsewhere."""
    corrected = tuple(np.ones_like(floats(p)) for _ in range(3))
    for adjusted, correct in zip(
        corrected, (holm, benjamini_hochberg, benjamini_yekutieli), strict=True
    ):
        adjusted[tested] = correct(floats(p)[tested])
    return corrected[0], corrected[1], corrected[2]


def _unsort(ordered: Floats, order: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    result = np.empty_like(ordered)
    result[order] = ordered
    return result
