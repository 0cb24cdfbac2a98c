"""Each cell's safety drawn towards its neighbours', for ranking and heat maps, not for claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.random import default_rng

from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.frame import Extra, Sheet, planned, rows_of, tell, tell_nothing
from safeglot.score.linear import cells
from safeglot.score.safety import counts_of
from safeglot.score.shrinkage import (
    FEW_CELLS,
    REFITS,
    Prior,
    Shrunk,
    draw_again,
    fit_beta,
    shrink,
    widened,
)
from safeglot.types import Estimate

_SEED = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    prior: Prior
    few_F: Bools
    """Groups of 2 to 9 cells with data."""
    cells: Shrunk


def safety_shrunk(sheet: Sheet) -> Iterator[Estimate]:
    """Give `safety_shrunk` for each language and, within it, each category.

    One prior per macro category, from its cells in all languages; one in all where the taxonomy
    has no macro categories. A cell without verdicts has no data: the prior alone is no result.
    """
    frame, cube = sheet.frame, sheet.frame.cube
    n_LP, safe_LP = counts_of(sheet)
    layout = frame.by_category.repeat(len(cube.languages))
    table = cells(layout, rows_of(frame.by_category, n_LP, safe_LP, safe_LP))
    rate_H = table.total_H / np.maximum(table.n_H, 1)
    macros = cube.macro_C or (None,) * len(cube.categories)
    group_H = np.tile(_codes(macros), len(cube.languages))
    found = _pooled(rate_H * table.n_eff_H, table.n_eff_H, group_H, level=frame.level)
    missing_H = planned(layout, cube.samples) - table.n_H
    for h, (language, (category, macro)) in enumerate(
        product(cube.languages, zip(cube.categories, macros, strict=True))
    ):
        row, n = sheet.row_of("safety_shrunk", language, category), int(table.n_H[h])
        if not n:
            yield tell_nothing(row, missing_H[h])
            continue
        group = group_H[h]
        a, b = float(found.prior.a_F[group]), float(found.prior.b_F[group])
        extra: Extra = {"a": a, "b": b, "raw": float(rate_H[h]), "macro": macro}
        method = "beta-binomial empirical Bayes, Beta quantiles"
        if found.few_F[group]:
            method += ", widened by refits of the prior"
        point = found.cells.mean_K[h], found.cells.low_K[h], found.cells.high_K[h]
        yield tell(row, point, (n, missing_H[h]), method=method, extra=extra)


def _codes(macros: Sequence[str | None]) -> Ints:
    names = list(dict.fromkeys(macros))
    return np.array([names.index(name) for name in macros], dtype=np.int64)


def _pooled(safe_H: Floats, n_H: Floats, group_H: Ints, *, level: float) -> _Found:
    """Fit all groups' priors at once; those of few cells also to cells drawn again."""
    members = [np.flatnonzero((group_H == f) & (n_H > 0)) for f in range(int(group_H.max()) + 1)]
    prior = _fit([(safe_H[at_K], n_H[at_K]) for at_K in members])
    cells_H = shrink(safe_H, n_H, a=prior.a_F[group_H], b=prior.b_F[group_H], level=level)
    few_F = np.array([1 < len(at_K) < FEW_CELLS for at_K in members])
    again = _refits(prior, [n_H[at_K] for at_K in members], few_F)
    for refits, f in zip(again, np.flatnonzero(few_F), strict=True):
        at_K, one = members[f], Prior(a_F=prior.a_F[f : f + 1], b_F=prior.b_F[f : f + 1])
        part = widened(safe_H[at_K], n_H[at_K], prior=one, refits=refits, level=level)
        cells_H.low_K[at_K], cells_H.high_K[at_K] = part.low_K, part.high_K
    return _Found(prior=prior, few_F=few_F, cells=cells_H)


def _refits(prior: Prior, n_FK: Sequence[Floats], few_F: Bools) -> list[Prior]:
    rng = default_rng(_SEED)
    rows: list[tuple[Floats, Floats]] = []
    for f in np.flatnonzero(few_F).tolist():
        drawn_BK = draw_again(n_FK[f], a=float(prior.a_F[f]), b=float(prior.b_F[f]), rng=rng)
        rows += [(safe_K, np.rint(n_FK[f])) for safe_K in drawn_BK]
    fits = _fit(rows)
    return [
        Prior(a_F=fits.a_F[start : start + REFITS], b_F=fits.b_F[start : start + REFITS])
        for start in range(0, len(rows), REFITS)
    ]


def _fit(rows: Sequence[tuple[Floats, Floats]]) -> Prior:
    """Fit rows of different length, filled up with cells of no answers."""
    width = max((len(n_K) for _, n_K in rows), default=0)
    safe_FK, n_FK = np.zeros((2, len(rows), width))
    for f, (safe_K, n_K) in enumerate(rows):
        safe_FK[f, : len(safe_K)], n_FK[f, : len(n_K)] = safe_K, n_K
    return fit_beta(safe_FK, n_FK)
