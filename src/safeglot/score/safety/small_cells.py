"""Each cell's safety shrunk towards its neighbours', for ranking and heat maps, not for claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from safeglot.score.arrays import Floats, Ints
from safeglot.score.frame import Extra, Sheet, empty_row, filled_row, planned, rows_of
from safeglot.score.safety.safety import counts_of
from safeglot.score.stats.linear import cells
from safeglot.score.stats.shrinkage import Prior, Shrunk, averaged, fit_beta, shrink
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ShrunkCells:
    prior: Prior
    cells: Shrunk


def safety_shrunk(sheet: Sheet) -> Iterator[Estimate]:
    """Yield `safety_shrunk` for each language and, within it, each category.

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
    shrunk = _pooled(rate_H * table.n_eff_H, table.n_eff_H, group_H, level=frame.level)
    missing_H = planned(frame.by_category, cube.planned_LP, cube.samples) - table.n_H
    for h, (language, (category, macro)) in enumerate(
        product(cube.languages, zip(cube.categories, macros, strict=True))
    ):
        row, n = sheet.row_of("safety_shrunk", language, category), int(table.n_H[h])
        if not n:
            yield empty_row(row, missing_H[h])
            continue
        group = group_H[h]
        a, b = float(shrunk.prior.a_F[group]), float(shrunk.prior.b_F[group])
        extra: Extra = {"a": a, "b": b, "raw": float(rate_H[h]), "macro": macro}
        method = "beta-binomial empirical Bayes; interval over all priors that the cells allow"
        point = shrunk.cells.mean_K[h], shrunk.cells.low_K[h], shrunk.cells.high_K[h]
        yield filled_row(row, point, (n, missing_H[h]), method=method, extra=extra)


def _codes(macros: Sequence[str | None]) -> Ints:
    names = list(dict.fromkeys(macros))
    return np.array([names.index(name) for name in macros], dtype=np.int64)


def _pooled(safe_H: Floats, n_H: Floats, group_H: Ints, *, level: float) -> _ShrunkCells:
    """Return the prior of each group and the cells' intervals over all priors that its cells allow."""
    members = [np.flatnonzero((group_H == f) & (n_H > 0)) for f in range(int(group_H.max()) + 1)]
    prior = _fit([(safe_H[at_K], n_H[at_K]) for at_K in members])
    cells_H = shrink(safe_H, n_H, a=prior.a_F[group_H], b=prior.b_F[group_H], level=level)
    for at_K in members:
        if len(at_K) > 1:
            part = averaged(safe_H[at_K], n_H[at_K], level=level)
            cells_H.low_K[at_K] = np.minimum(part.low_K, cells_H.mean_K[at_K])
            cells_H.high_K[at_K] = np.maximum(part.high_K, cells_H.mean_K[at_K])
    return _ShrunkCells(prior=prior, cells=cells_H)


def _fit(rows: Sequence[tuple[Floats, Floats]]) -> Prior:
    """Return the prior of each row; rows of different length are filled up with cells of no answers."""
    width = max((len(n_K) for _, n_K in rows), default=0)
    safe_FK, n_FK = np.zeros((2, len(rows), width))
    for f, (safe_K, n_K) in enumerate(rows):
        safe_FK[f, : len(safe_K)], n_FK[f, : len(n_K)] = safe_K, n_K
    return fit_beta(safe_FK, n_FK)
